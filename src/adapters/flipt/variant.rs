//! Variant flags: rules, and the split of those whom each picks.

use super::segments::Segments;
use crate::adapters::Lowering;
use crate::adapters::flag::{Arm, Flag, Ring, Split, Variation};
use crate::adapters::nodes::{items, present, text};
use crate::model::Share;
use crate::syntax::Node;
use crate::text::Span;

/// What a rule without a distribution serves, where no variant is the default.
const MATCH: &str = "match";

/// How many buckets the engine has.
const BUCKETS: u64 = 1000;

/// The place of a variant, what is written of it, and where.
type Part = (usize, f64, Span);

pub(super) fn serve<'d>(flag: &mut Flag, node: Node<'d>, segments: &Segments<'d>, cx: &mut Lowering<'_>) {
    let enabled = cx.read_bool(node, "enabled");
    if enabled.is_dynamic() {
        flag.rest = Split::unknown(enabled.span());
        return;
    }
    if enabled.known() != Some(&true) {
        flag.rest = Split::all(flag.off, enabled.span());
        return;
    }
    let rules = in_order(node);
    if flag.off.is_none() && rules.iter().any(|rule| matches_alone(*rule)) {
        flag.variations.push(Variation { name: MATCH.into(), is_false: false, ships: Vec::new() });
    }
    for rule in rules {
        let Some(picked) = segments.picked(rule, cx) else { continue };
        let split = distributions(flag, rule, cx);
        if picked.everybody {
            flag.rest = split;
            return;
        }
        flag.rings.push(Ring { name: picked.name, size: picked.size, customers: picked.customers, split });
    }
    flag.rest = Split::all(flag.off, enabled.span());
}

/// The rules by their rank, where each has one, as exports have; else as they stand.
fn in_order(node: Node<'_>) -> Vec<Node<'_>> {
    let mut rules: Vec<Node<'_>> = items(node, "rules").collect();
    let rank = |rule: &Node<'_>| rule.get("rank").and_then(Node::as_i64);
    if rules.iter().all(|rule| rank(rule).is_some()) {
        rules.sort_by_key(rank);
    }
    rules
}

/// Parts of their sum, to a thousandth; the last one has what is left. Without a part it is the default variant.
fn distributions(flag: &Flag, rule: Node<'_>, cx: &mut Lowering<'_>) -> Split {
    let mut parts = Vec::new();
    if matches_alone(rule) {
        let matched = flag.variations.iter().rposition(|v| &*v.name == MATCH);
        return Split::all(flag.off.or(matched), rule.anchor());
    }
    for part in items(rule, "distributions") {
        let Some(variant) = present(part, "variant") else { continue };
        let wanted = "a number from 0 to 100";
        let rollout = cx.read(part, "rollout", wanted, |n| n.as_f64().filter(|r| (0.0..=100.0).contains(r)));
        if rollout.is_dynamic() {
            return Split::unknown(rollout.span());
        }
        let Some(number) = rollout.known().copied().filter(|r| *r > 0.0) else { continue };
        parts.extend(place(flag, variant, cx).map(|place| (place, number, rollout.span())));
    }
    let sum: f64 = parts.iter().map(|(_, number, _)| number).sum();
    let Some(last) = parts.len().checked_sub(1) else { return Split::all(flag.off, rule.anchor()) };
    adds_up(flag, sum, &parts[last], rule, cx);
    let mut left = BUCKETS;
    let arm = |(index, (place, number, span)): (usize, &Part)| {
        let buckets = if index == last { left } else { buckets(number / sum).min(left) };
        left -= buckets;
        let share = Share::of(buckets, BUCKETS);
        let written = Some(Share::from_percent(*number)).filter(|w| *w != share);
        Arm { variation: Some(*place), share: Some(share), written, span: *span }
    };
    let arms = parts.iter().enumerate().map(arm).collect();
    Split { arms, span: rule.anchor() }
}

/// Is nothing handed out: those whom the rule picks are told that it matched, with the default variant or none?
fn matches_alone(rule: Node<'_>) -> bool {
    items(rule, "distributions").all(|part| part.get("rollout").and_then(Node::as_f64) == Some(0.0))
}

/// What the arithmetic of floats is short of is no bucket less.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held within 0 and 1000")]
fn buckets(part: f64) -> u64 {
    (part * 1000.0 + 1e-6).clamp(0.0, 1000.0) as u64
}

/// The place of a variant; one that is none is left out by the engine.
fn place(flag: &Flag, variant: Node<'_>, cx: &mut Lowering<'_>) -> Option<usize> {
    let name = variant.text().unwrap_or_default();
    let found = flag.variations.iter().position(|v| *v.name == *name);
    if found.is_none() {
        let message = format!("`{name}` is none of the variants of `{}`", flag.key);
        cx.invalid(variant.span(), message, "name one of the variants").found = Some(name.into());
    }
    found
}

/// Parts that do not add up to 100 are served as if they did, by a server that is new enough.
fn adds_up(flag: &Flag, sum: f64, one: &Part, rule: Node<'_>, cx: &mut Lowering<'_>) {
    if (sum - 100.0).abs() <= 0.1 {
        return;
    }
    let name = &flag.variations[one.0].name;
    let share = Share::from_percent(one.1 / sum * 100.0);
    let message = format!("the distributions add up to {sum}, and are parts of that: `{name}` gets {share}");
    let span = present(rule, "distributions").map_or(rule.span(), Node::anchor);
    let remark = cx.invalid(span, message, "make them add up to 100");
    remark.found = Some(sum.to_string().into());
    remark.required = Some("100".into());
}

/// Rollouts of a variant flag are not looked at, nor rules of a boolean one.
pub(super) fn looked_at(node: Node<'_>, is_boolean: bool, cx: &mut Lowering<'_>) {
    let (of, key) = if is_boolean { ("boolean", "rules") } else { ("variant", "rollouts") };
    let Some(ignored) = present(node, key).filter(|list| list.items().next().is_some()) else { return };
    let message = format!("`{key}` of a {of} flag are not looked at");
    let help = match (is_boolean, text(node, "type")) {
        (false, "") => "write `type: BOOLEAN_FLAG_TYPE`",
        (false, _) => "write `rules`, or make it a boolean flag",
        (true, _) => "write `rollouts`, or make it a variant flag",
    };
    cx.ignored(ignored.anchor(), message, help);
}
