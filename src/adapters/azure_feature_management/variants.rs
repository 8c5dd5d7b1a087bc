//! Variants: who gets which, of those who pass the filters.

use super::filters::{Gate, people};
use super::serving::scaled;
use super::{find, items};
use crate::adapters::Lowering;
use crate::adapters::flag::{Arm, Flag, Split, Variation};
use crate::model::Share;
use crate::syntax::Node;

/// Fills `flag`, whose variants `allocation` gives to those who pass `gate`.
pub(super) fn read(flag: &mut Flag, node: Node<'_>, allocation: Node<'_>, gate: &Gate, cx: &mut Lowering<'_>) {
    flag.variations = items(node, "variants").filter_map(variation).collect();
    let disabled = named(flag, find(allocation, "default_when_disabled"), cx);
    let enabled = named(flag, find(allocation, "default_when_enabled"), cx);
    let (passing, is_whole) = percentiles(flag, allocation, enabled, cx);
    flag.off = disabled;
    let is_open = gate.share == Some(Share::ALL);
    if flag.off.is_none() && (!is_open || (flag.control().is_none() && enabled.is_none() && !is_whole)) {
        flag.off = Some(flag.variations.len());
        flag.variations.push(Variation { name: "no variant".into(), is_false: false, ships: Vec::new() });
    }
    if flag.control().is_none() {
        flag.off = enabled;
    }
    if gate.share != Some(Share::NONE) || !gate.rings.is_empty() {
        for (list, noun, members) in [("user", "user", "users"), ("group", "group", "groups")] {
            for one in items(allocation, list) {
                let names: Vec<&str> = items(one, members).filter_map(Node::text).collect();
                let variant = named(flag, find(one, "variant"), cx);
                let split = Split::all(variant, one.anchor());
                flag.rings.extend(people(noun, &names).map(|who| who.ring(split)));
            }
        }
    }
    let off = flag.off;
    flag.rings.extend(gate.rings.iter().map(|ring| ring.ring(scaled(&passing, Some(ring.share), off))));
    flag.rest = scaled(&passing, gate.share, off);
}

fn variation(variant: Node<'_>) -> Option<Variation> {
    let name = find(variant, "name")?.text()?;
    let value = find(variant, "configuration_value");
    Some(match value {
        Some(value) => Variation::of(name, value),
        None => Variation { name: name.into(), is_false: false, ships: Vec::new() },
    })
}

/// The variant of that name; a name that is none of them gives no variant.
fn named(flag: &Flag, name: Option<Node<'_>>, cx: &mut Lowering<'_>) -> Option<usize> {
    let node = name?;
    let text = node.text()?;
    let found = flag.variations.iter().position(|v| v.name.eq_ignore_ascii_case(text));
    if found.is_none() {
        let message = format!("`{text}` is none of the variants, so no variant is given");
        cx.invalid(node.span(), message, "name one of the variants").found = Some(text.into());
    }
    found
}

/// Shares of the variants among those who pass, and whether no share is left over.
fn percentiles(flag: &Flag, allocation: Node<'_>, rest: Option<usize>, cx: &mut Lowering<'_>) -> (Split, bool) {
    let (mut arms, mut ranges, mut sum) = (Vec::new(), Vec::new(), 0.0);
    for one in items(allocation, "percentile") {
        let mut bound = |key: &str, absent: f64| match find(one, key) {
            Some(node) => percentile(node, key, cx),
            None => Some(absent),
        };
        let (Some(from), Some(to)) = (bound("from", 0.0), bound("to", 0.0)) else {
            return (Split::unknown(one.anchor()), true);
        };
        if to <= from {
            continue;
        }
        if ranges.iter().any(|(f, t): &(f64, f64)| from < *t && *f < to) {
            return (Split::unknown(one.anchor()), true);
        }
        ranges.push((from, to));
        sum += to - from;
        let span = find(one, "to").unwrap_or(one).span();
        let share = Some(Share::from_percent(to - from));
        arms.push(Arm { variation: named(flag, find(one, "variant"), cx), share, written: None, span });
    }
    let span = find(allocation, "percentile").map_or_else(|| allocation.anchor(), Node::anchor);
    let left = Share::from_percent(100.0 - sum);
    if left != Share::NONE {
        let span = find(allocation, "default_when_enabled").map_or(span, Node::span);
        arms.push(Arm { variation: rest, share: Some(left), written: None, span });
    }
    (Split { arms, span }, left == Share::NONE)
}

fn percentile(node: Node<'_>, key: &str, cx: &mut Lowering<'_>) -> Option<f64> {
    let number = |n: Node<'_>| n.text()?.trim().parse::<f64>().ok().filter(|p| (0.0..=100.0).contains(p));
    cx.take(node, key, "a percent from 0 to 100", number).known().copied()
}
