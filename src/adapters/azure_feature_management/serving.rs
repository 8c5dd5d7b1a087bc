//! The switch, and what those get who pass it.

use super::filters::{self, Gate};
use super::{find, switch};
use crate::adapters::flag::{Arm, Flag, Split, Variation};
use crate::adapters::{Lowering, is_template};
use crate::model::Share;
use crate::syntax::Node;

/// Who passes: the switch first, then the filters.
pub(super) fn gate(node: Node<'_>, cx: &mut Lowering<'_>) -> Gate {
    if let Some(on) = switch(node) {
        return Gate::of(on, node.span());
    }
    if let Some(list) = find(node, "EnabledFor") {
        let is_off = find(node, "status").and_then(Node::text).is_some_and(|s| s.eq_ignore_ascii_case("disabled"));
        if is_off || list.items().next().is_none() {
            return Gate::of(false, list.anchor());
        }
        return filters::read(list, find(node, "RequirementType"), cx);
    }
    let Some(enabled) = find(node, "enabled") else { return Gate::of(false, node.anchor()) };
    let on = cx.take(enabled, "enabled", "`true` or `false`", switch);
    match on.known() {
        Some(true) => {}
        Some(false) => return Gate::of(false, enabled.span()),
        // Text that is neither is off.
        None if !enabled.text().is_some_and(is_template) => return Gate::of(false, enabled.span()),
        None => return Gate::unknown(enabled.span()),
    }
    let conditions = find(node, "conditions");
    match conditions.and_then(|c| find(c, "client_filters")).filter(|f| f.items().next().is_some()) {
        Some(list) => filters::read(list, conditions.and_then(|c| find(c, "requirement_type")), cx),
        None => Gate::of(true, enabled.span()),
    }
}

/// A flag that is on or off and has no variants.
pub(super) fn switched(flag: &mut Flag, gate: &Gate) {
    let of = |(name, is_false): (&str, bool)| Variation { name: name.into(), is_false, ships: Vec::new() };
    flag.variations = [("on", false), ("off", true)].map(of).into();
    flag.off = Some(1);
    let on = Split::all(Some(0), gate.span);
    flag.rings = gate.rings.iter().map(|ring| ring.ring(scaled(&on, Some(ring.share), Some(1)))).collect();
    flag.rest = scaled(&on, gate.share, Some(1));
}

/// `split` for the `share` of those who pass, and `off` for the others.
pub(super) fn scaled(split: &Split, share: Option<Share>, off: Option<usize>) -> Split {
    let Some(share) = share.filter(|_| !split.arms.is_empty()) else { return Split::unknown(split.span) };
    let part = |of: Share| Share::of(u64::from(of.ppm()) * u64::from(share.ppm()), 1_000_000_000_000);
    let mut arms: Vec<Arm> = Vec::new();
    if share != Share::NONE {
        arms.extend(split.arms.iter().map(|arm| Arm { share: arm.share.map(part), ..arm.clone() }));
    }
    let left = Share::from_ppm(Share::ALL.ppm() - share.ppm());
    if left != Share::NONE {
        arms.push(Arm { variation: off, share: Some(left), written: None, span: split.span });
    }
    Split { arms, span: split.span }
}
