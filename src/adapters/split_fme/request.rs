//! Definitions of the admin API.

use super::audience;
use super::definition::stopped;
use super::treatments::{self, Reached};
use crate::adapters::flag::{Flag, Split, Variation, basis_of, hand_in, is_tenant};
use crate::adapters::infra::{Field, Template};
use crate::adapters::{Lowering, Object};
use crate::syntax::Node;

/// The definitions of a document: one, or a list of them.
pub(super) fn all(root: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let listed = root.get("objects").filter(|n| n.is_seq()).or(Some(root).filter(|n| n.is_seq()));
    let one = Some(root).filter(|n| n.is_map());
    one.into_iter().chain(listed.into_iter().flat_map(Node::items)).filter(|n| is_request(*n))
}

fn is_request(node: Node<'_>) -> bool {
    let is_treatment = |t: Node<'_>| t.get("name").is_some();
    let is_bucket = |b: Node<'_>| b.get("treatment").is_some();
    let treatments = node.get("treatments").filter(|t| t.is_seq() && t.items().all(is_treatment));
    let rule = node.get("defaultRule").filter(|r| r.is_seq() && r.items().all(is_bucket));
    treatments.is_some() && rule.is_some()
}

pub(super) fn lower(object: &Object<'_>, cx: &mut Lowering<'_>) {
    for node in all(object.node) {
        let template = Template::document(node);
        let body = template.body();
        let name = body.get("name");
        let span = name.map_or(node.span(), |n| n.span());
        let mut flag = treatments::blank(name.and_then(|n| n.text()).unwrap_or_default(), span, node.span());
        flag.environment = body.path(&["environment", "name"]).and_then(|e| e.text()).map(Into::into);
        read(&mut flag, &body, cx);
        hand_in(flag.rollout(object, cx), cx);
    }
}

fn read(flag: &mut Flag, body: &Field<'_>, cx: &mut Lowering<'_>) {
    let all = body.get("treatments").map(|t| t.items()).unwrap_or_default();
    for treatment in &all {
        let name = treatment.get("name").and_then(|n| n.text()).unwrap_or_default();
        let configuration = treatment.get("configurations").filter(|c| c.text().is_some());
        let plain = || Variation { name: name.into(), is_false: false, ships: Vec::new() };
        flag.variations.push(configuration.map_or_else(plain, |c| Variation::of(name, c.node)));
    }
    let unit = body.path(&["trafficType", "name"]).and_then(|t| t.text()).unwrap_or("key");
    flag.basis = basis_of(unit);
    if let Some(default) = body.get("defaultTreatment").and_then(|d| d.text()) {
        flag.off = Some(treatments::place_of(flag, default));
    }
    if stopped(flag, body) {
        return;
    }
    let listed = all.iter().enumerate().flat_map(|(index, treatment)| individual(index, treatment, unit));
    flag.rings = listed.collect();
    let reached = Reached::read(body, cx);
    for rule in body.get("rules").iter().flat_map(Field::items) {
        let matchers = rule.path(&["condition", "matchers"]).map(|m| m.items()).unwrap_or_default();
        let Some(buckets) = rule.get("buckets") else { continue };
        let split = treatments::split(flag, &buckets, &reached, cx);
        if treatments::takes_the_rest(flag, audience::of(&matchers, unit), split, rule.span()) {
            return;
        }
    }
    let Some(rule) = body.get("defaultRule") else { return };
    flag.rest = treatments::split(flag, &rule, &reached, cx);
}

/// Those who are listed with a treatment: keys and segments.
fn individual(index: usize, treatment: &Field<'_>, unit: &str) -> Vec<crate::adapters::flag::Ring> {
    let texts = |key: &str| {
        let list = treatment.get(key).map(|k| k.items()).unwrap_or_default();
        list.iter().filter_map(|k| k.text().map(str::to_owned)).collect::<Vec<_>>()
    };
    let (keys, segments) = (texts("keys"), texts("segments"));
    let split = || Split::all(Some(index), treatment.span());
    let mut rings = Vec::new();
    if !keys.is_empty() {
        let (name, size) = (format!("{unit} {}", audience::joined(&keys)), Some(keys.len() as u64));
        rings.push(treatments::ring(name, size, is_tenant(unit), split()));
    }
    for segment in segments {
        rings.push(treatments::ring(format!("segment {segment}"), None, is_tenant(unit), split()));
    }
    rings
}
