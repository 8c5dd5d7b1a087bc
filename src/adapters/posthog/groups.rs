//! Groups: one of them is enough; in order, and all of one draw.

use crate::adapters::Lowering;
use crate::adapters::flag::{Arm, Flag, Ring, Split, is_tenant};
use crate::adapters::nodes::{items, present, text};
use crate::model::{Basis, Share};
use crate::syntax::Node;
use crate::text::Span;

/// How many values a name lists.
const LISTED: usize = 3;

/// Reads the groups of `filters` into `flag`; `nothing` is what those get whom no group takes.
pub(super) fn read(flag: &mut Flag, filters: Node<'_>, nothing: Option<usize>, cx: &mut Lowering<'_>) {
    let early_exit = filters.get("early_exit").and_then(Node::as_bool) == Some(true);
    let per_group = |node: Node<'_>| present(node, "aggregation_group_type_index").is_some();
    let variants = variants(filters, cx);
    let span = filters.get("groups").map_or_else(|| filters.anchor(), Node::anchor);
    let (mut arms, mut reached, mut is_known) = (Vec::new(), 0.0, true);
    if per_group(filters) {
        flag.basis = Basis::Tenants;
    }
    for group in items(filters, "groups") {
        let percent = percent(group, cx);
        let at = present(group, "rollout_percentage").map_or_else(|| group.anchor(), Node::span);
        let what = variants.as_deref().map(|all| forced(flag, group).map_or_else(|| all.to_vec(), |v| vec![(v, 1.0)]));
        let properties: Vec<Node<'_>> = items(group, "properties").collect();
        if !properties.is_empty() {
            let part = percent.map(|p| p / 100.0);
            let split = Split { arms: of(what.as_deref(), part, nothing, at), span: group.span() };
            flag.rings.push(ring(&properties, split));
            continue;
        }
        if per_group(group) {
            flag.basis = Basis::Tenants;
        }
        // Every group draws alike: who was drawn by a larger share before is not drawn again.
        match percent {
            Some(percent) if percent > reached => {
                arms.extend(served(what.as_deref(), Some((percent - reached) / 100.0), at));
                reached = percent;
            }
            Some(_) => {}
            None => is_known = false,
        }
        if early_exit {
            break;
        }
    }
    flag.rest = if is_known {
        if reached < 100.0 {
            arms.push(Arm {
                variation: nothing,
                share: Some(Share::from_percent(100.0 - reached)),
                written: None,
                span,
            });
        }
        Split { arms, span }
    } else {
        Split::unknown(span)
    };
}

fn percent(group: Node<'_>, cx: &mut Lowering<'_>) -> Option<f64> {
    let wanted = "a number of percent, from 0 to 100, or null for everybody";
    let take = |n: Node<'_>| n.as_f64().filter(|p| (0.0..=100.0).contains(p));
    if present(group, "rollout_percentage").is_none() {
        return Some(100.0);
    }
    cx.read(group, "rollout_percentage", wanted, take).known().copied()
}

/// The variant that a group forces, if there is one of that name.
fn forced(flag: &Flag, group: Node<'_>) -> Option<usize> {
    let name = present(group, "variant").and_then(Node::text)?;
    let variants = flag.variations.len().saturating_sub(2);
    flag.variations.iter().take(variants).position(|v| *v.name == *name)
}

/// The variants with their parts, and `true` for those who are left; `None` where a part is not known.
fn variants(filters: Node<'_>, cx: &mut Lowering<'_>) -> Option<Vec<(usize, f64)>> {
    let listed: Vec<Node<'_>> = filters.get("multivariate").into_iter().flat_map(|m| items(m, "variants")).collect();
    let mut left = 1.0;
    let mut all = Vec::new();
    for (index, variant) in listed.iter().enumerate() {
        let wanted = "a number of percent, from 0 to 100";
        let take = |n: Node<'_>| n.as_f64().filter(|p| (0.0..=100.0).contains(p));
        let part = cx.read(*variant, "rollout_percentage", wanted, take).known().copied()? / 100.0;
        let taken = part.min(left);
        left -= taken;
        all.push((index, taken));
    }
    // A hundredth of a percent is what rounding leaves.
    if left > 0.0001 {
        all.push((listed.len(), left));
    }
    Some(all)
}

/// The arms of `part` of everybody who get `what`.
fn served(what: Option<&[(usize, f64)]>, part: Option<f64>, span: Span) -> Vec<Arm> {
    let arm = |(variation, share): &(usize, f64)| {
        let share = part.map(|part| Share::from_percent(part * share * 100.0));
        Arm { variation: Some(*variation), share, written: None, span }
    };
    match what {
        Some(what) => what.iter().map(arm).filter(|a| a.share != Some(Share::NONE)).collect(),
        None => vec![Arm { variation: Some(0), share: None, written: None, span }],
    }
}

/// The same for a ring, with what those get who are not drawn.
fn of(what: Option<&[(usize, f64)]>, part: Option<f64>, nothing: Option<usize>, span: Span) -> Vec<Arm> {
    let mut arms = served(what, part, span);
    let share = part.map(|part| Share::from_percent((1.0 - part) * 100.0));
    arms.push(Arm { variation: nothing, share, written: None, span });
    arms
}

fn ring(properties: &[Node<'_>], split: Split) -> Ring {
    let name = properties.iter().map(|p| spelled(*p)).collect::<Vec<_>>().join(" and ");
    let customers = properties.iter().any(|p| is_tenant(text(*p, "key")));
    let size = match properties {
        [one] if matches!(text(*one, "key"), "email" | "distinct_id" | "$group_key") && operator(*one) == "exact" => {
            Some(values(*one).len() as u64)
        }
        _ => None,
    };
    Ring { name: name.into(), size, customers, split }
}

fn operator(property: Node<'_>) -> &str {
    Some(text(property, "operator")).filter(|o| !o.is_empty()).unwrap_or("exact")
}

fn values(property: Node<'_>) -> Vec<&str> {
    let Some(value) = property.get("value") else { return Vec::new() };
    if value.is_seq() { value.items().filter_map(Node::text).collect() } else { value.text().into_iter().collect() }
}

fn spelled(property: Node<'_>) -> String {
    let values = values(property);
    let more = values.len().saturating_sub(LISTED);
    let mut listed = values[..values.len().min(LISTED)].join(", ");
    if more > 0 {
        listed += &format!(" and {more} more");
    }
    let not = if property.get("negation").and_then(Node::as_bool) == Some(true) { "not " } else { "" };
    let key = text(property, "key");
    match (text(property, "type"), operator(property)) {
        ("cohort", _) => format!("{not}cohort {listed}"),
        ("flag", _) => format!("{not}flag {key} is {listed}"),
        (_, "exact") => format!("{not}{key} {listed}"),
        (_, operator) => format!("{not}{key} {} {listed}", operator.replace('_', " ")),
    }
}
