//! Definitions as SDKs get them.

use super::audience;
use super::treatments::{self, Reached};
use crate::adapters::flag::{Flag, Split, Variation, basis_of, hand_in};
use crate::adapters::infra::{Field, Template};
use crate::adapters::{Lowering, Object};
use crate::syntax::Node;

/// The definitions of a document: one, or the list that an SDK gets.
pub(super) fn all(root: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let list = root.path(&["ff", "d"]).or_else(|| root.get("splits")).or(Some(root).filter(|n| n.is_seq()));
    let one = Some(root).filter(|n| n.is_map());
    one.into_iter().chain(list.into_iter().flat_map(Node::items)).filter(|n| is_definition(*n))
}

fn is_definition(node: Node<'_>) -> bool {
    let is_condition = |c: Node<'_>| c.get("partitions").is_some_and(Node::is_seq) && c.get("matcherGroup").is_some();
    let conditions = node.get("conditions").filter(|c| c.is_seq() && c.items().all(is_condition));
    node.get("name").is_some() && conditions.is_some()
}

pub(super) fn lower(object: &Object<'_>, cx: &mut Lowering<'_>) {
    for node in all(object.node) {
        let template = Template::document(node);
        let body = template.body();
        let Some(name) = body.get("name") else { continue };
        let mut flag = treatments::blank(name.text().unwrap_or_default(), name.span(), node.span());
        read(&mut flag, &body, cx);
        hand_in(flag.rollout(object, cx), cx);
    }
}

fn read(flag: &mut Flag, body: &Field<'_>, cx: &mut Lowering<'_>) {
    for (treatment, configuration) in body.get("configurations").iter().flat_map(Field::entries) {
        flag.variations.push(Variation::of(treatment.text().unwrap_or_default(), configuration.node));
    }
    let conditions = body.get("conditions").map(|c| c.items()).unwrap_or_default();
    let unit = body.get("trafficTypeName").and_then(|t| t.text()).unwrap_or("key");
    flag.basis = basis_of(unit);
    if let Some(default) = body.get("defaultTreatment").and_then(|d| d.text()) {
        flag.off = Some(treatments::place_of(flag, default));
    }
    if body.get("status").and_then(|s| s.text()) == Some("ARCHIVED") {
        flag.rest = Split::all(None, flag.name_span);
        return;
    }
    if stopped(flag, body) {
        return;
    }
    let allocation = Reached::read(body, cx);
    let everybody = Reached::all(flag.name_span);
    let mut is_allocated = false;
    for condition in &conditions {
        is_allocated |= condition.get("conditionType").is_some_and(|t| t.text() == Some("ROLLOUT"));
        let reached = if is_allocated { &allocation } else { &everybody };
        let matchers = condition.path(&["matcherGroup", "matchers"]).map(|m| m.items()).unwrap_or_default();
        let Some(partitions) = condition.get("partitions") else { continue };
        let split = treatments::split(flag, &partitions, reached, cx);
        if treatments::takes_the_rest(flag, audience::of(&matchers, unit), split, condition.span()) {
            return;
        }
    }
    flag.rest = Split::all(flag.off, body.get("defaultTreatment").map_or(flag.name_span, |d| d.span()));
}

/// Is the flag killed, or can nobody know whether it is?
pub(super) fn stopped(flag: &mut Flag, body: &Field<'_>) -> bool {
    let Some(killed) = body.get("killed") else { return false };
    match killed.boolean() {
        Some(true) => flag.rest = Split::all(flag.off, killed.span()),
        Some(false) => return false,
        None => flag.rest = Split::unknown(killed.span()),
    }
    true
}
