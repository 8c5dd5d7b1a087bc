//! One setting: its rules, its percentages, its value.

use super::audience;
use crate::adapters::flag::{self, Arm, Flag, Ring, Split, Variation, basis_of};
use crate::adapters::nodes::items;
use crate::adapters::{Lowering, Object};
use crate::model::{Basis, Share};
use crate::syntax::Node;
use crate::text::Span;

/// How the value of each type is called, by the number of the type.
const TYPES: [&str; 4] = ["b", "s", "i", "d"];

/// Is that a setting? One of version 5 is one only in a file with preferences: its value has no mark.
pub(super) fn is_setting(node: Node<'_>, has_preferences: bool) -> bool {
    let kind = node.get("t").and_then(Node::as_i64).filter(|t| (0..=3).contains(t));
    let Some(value) = node.get("v").filter(|_| kind.is_some()) else { return false };
    match wrapped(value) {
        Some(_) => value.entries().count() == 1,
        None => value.is_scalar() && has_preferences,
    }
}

fn wrapped(value: Node<'_>) -> Option<Node<'_>> {
    TYPES.iter().find_map(|key| value.get(key))
}

/// Hands in the setting of that key.
pub(super) fn lower<'d>((key, node): (Node<'d>, Node<'d>), object: &Object<'d>, cx: &mut Lowering<'_>) {
    let Some(name) = key.text() else { return };
    let mut values = Values::default();
    let fixed = values.of(node);
    let mut rings = Vec::new();
    let mut rest = None;
    for rule in items(node, "r") {
        let split = served(rule, &mut values, cx);
        let Some(who) = audience::of(rule, object.node) else {
            rest = Some(split);
            break;
        };
        rings.push(Ring { name: who.name.into(), size: who.size, customers: who.customers, split });
    }
    let has_options = items(node, "p").next().is_some();
    let rest = rest.unwrap_or_else(|| {
        if has_options { options(node, &mut values, cx) } else { Split::all(fixed, value_span(node)) }
    });
    let by = node.get("a").and_then(Node::text);
    let mut flag = Flag {
        key: name.into(),
        name_span: key.span(),
        span: node.span(),
        environment: None,
        variations: values.all,
        off: None,
        rings,
        rest,
        basis: by.map_or(Basis::Users, basis_of),
        plan: None,
    };
    let is_fixed = flag.rings.is_empty() && !has_options;
    let is_switch = node.get("t").and_then(Node::as_i64) == Some(0);
    if flag.control().is_none() && !is_fixed && !is_switch {
        flag.off = fixed;
    }
    let rollout = flag.rollout(object, cx);
    flag::hand_in(rollout, cx);
}

/// What those get whom `rule` picks.
fn served<'d>(rule: Node<'d>, values: &mut Values<'d>, cx: &mut Lowering<'_>) -> Split {
    if items(rule, "p").next().is_some() {
        return options(rule, values, cx);
    }
    let one = rule.get("s").filter(|s| s.is_map()).unwrap_or(rule);
    match values.of(one) {
        Some(index) => Split::all(Some(index), value_span(one)),
        None => Split::unknown(rule.span()),
    }
}

fn value_span(node: Node<'_>) -> Span {
    node.get("v").map_or_else(|| node.anchor(), |v| wrapped(v).unwrap_or(v).span())
}

/// Percentages: each takes its part of what is left, and below 100 in all the whole is an error.
fn options<'d>(place: Node<'d>, values: &mut Values<'d>, cx: &mut Lowering<'_>) -> Split {
    let span = place.key("p").map_or_else(|| place.anchor(), Node::span);
    let mut arms = Vec::new();
    let (mut left, mut sum, mut known) = (100, 0u64, true);
    for option in items(place, "p") {
        let wanted = "a whole number of percent, from 0 to 100";
        let whole = |n: Node<'_>| n.as_i64().and_then(|p| u64::try_from(p).ok()).filter(|p| *p <= 100);
        let percent = cx.read(option, "p", wanted, whole);
        let at = option.get("p").map_or_else(|| option.span(), Node::span);
        let Some(percent) = percent.known().copied() else {
            known = false;
            continue;
        };
        sum += percent;
        let taken = percent.min(left);
        left -= taken;
        let written = (taken != percent).then(|| Share::of(percent, 100));
        arms.push(Arm { variation: values.of(option), share: Some(Share::of(taken, 100)), written, span: at });
    }
    if !known {
        return Split::unknown(span);
    }
    if sum < 100 {
        let message = format!("the percentages add up to {sum}, and below 100 everybody gets the caller's own default");
        let remark = cx.invalid(span, message, "write percentages that add up to 100");
        remark.found = Some(sum.to_string().into());
        remark.required = Some("100".into());
        return Split::all(None, span);
    }
    arms.retain(|arm| arm.share != Some(Share::NONE));
    Split { arms, span }
}

/// The values of a setting, each once.
#[derive(Default)]
struct Values<'d> {
    all: Vec<Variation>,
    nodes: Vec<Node<'d>>,
}

impl<'d> Values<'d> {
    /// The variation of the value that stands at `node.v`.
    fn of(&mut self, node: Node<'d>) -> Option<usize> {
        let value = node.get("v")?;
        let value = wrapped(value).unwrap_or(value);
        if let Some(known) = self.nodes.iter().position(|n| n.to_value() == value.to_value()) {
            return Some(known);
        }
        let short = |text: &&str| !text.is_empty() && text.len() <= 40 && !text.contains('\n');
        let id = node.get("i").and_then(Node::text).filter(short);
        let place = format!("value {}", self.all.len());
        let name = value.text().filter(short).or(id).unwrap_or(&place);
        self.all.push(Variation::of(name, value));
        self.nodes.push(value);
        Some(self.all.len() - 1)
    }
}
