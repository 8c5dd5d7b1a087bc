//! GitLab's own development flags: definitions, and the gates of a running installation.

use super::{OFF, ON, blank, members};
use crate::adapters::flag::{Arm, Flag, Ring, Split, hand_in};
use crate::adapters::infra::{Field, Template};
use crate::adapters::{Lowering, Object};
use crate::model::{Basis, Fact, Share};
use crate::syntax::Node;
use crate::text::Span;

/// Is it the definition of a development flag?
pub(super) fn is_definition(root: Node<'_>, path: &str) -> bool {
    const TELLING: [&str; 4] = ["introduced_by_url", "rollout_issue_url", "milestone", "group"];
    let has = |key: &str| root.get(key).and_then(Node::text).is_some();
    let is_known = path.contains("feature_flags/") || TELLING.iter().any(|key| root.get(key).is_some());
    let is_switch = has("default_enabled") || root.get("rollout_issue_url").is_some();
    has("name") && has("type") && is_switch && is_known
}

pub(super) fn lower(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let template = Template::document(object.node);
    let body = template.body();
    let Some(name) = body.get("name") else { return };
    let Some(key) = name.text() else { return };
    let mut flag = blank(key, name.span(), object.node.span());
    // Each installation meets it when it updates.
    flag.basis = Basis::Tenants;
    let default = cx.field(&body, &["default_enabled"], "`true` or `false`", Field::boolean);
    flag.rest = match default {
        Fact::Stated(is_on) => Split::all(Some(if is_on.value { ON } else { OFF }), is_on.span),
        Fact::Defaulted { near, .. } | Fact::Absent { near } => Split::all(Some(OFF), near),
        Fact::Dynamic { span, .. } => Split::unknown(span),
    };
    hand_in(flag.rollout(object, cx), cx);
}

/// The flags of a saved answer of `/features`.
pub(super) fn features(root: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let is_gate = |g: Node<'_>| g.get("key").is_some() && g.get("value").is_some();
    let is_feature = move |n: &Node<'_>| {
        let gates = n.get("gates").filter(|g| g.is_seq() && g.items().all(is_gate));
        n.get("name").is_some() && gates.is_some() && n.get("state").is_some()
    };
    members(root).filter(is_feature)
}

pub(super) fn lower_features(object: &Object<'_>, cx: &mut Lowering<'_>) {
    for node in features(object.node) {
        let template = Template::document(node);
        let body = template.body();
        let Some(name) = body.get("name") else { continue };
        let mut flag = blank(name.text().unwrap_or_default(), name.span(), node.span());
        gates(&mut flag, &body, cx);
        hand_in(flag.rollout(object, cx), cx);
    }
}

/// Any one gate is enough.
fn gates(flag: &mut Flag, body: &Field<'_>, cx: &mut Lowering<'_>) {
    let mut open = Vec::new();
    for gate in body.get("gates").iter().flat_map(Field::items) {
        let (Some(key), Some(value)) = (gate.get("key").and_then(|k| k.text()), gate.get("value")) else { continue };
        match key {
            "boolean" if value.boolean() == Some(true) => {
                flag.rest = Split::all(Some(ON), value.span());
                return;
            }
            "percentage_of_actors" | "percentage_of_time" => {
                let in_reach = |f: &Field<'_>| f.number().filter(|n| (0.0..=100.0).contains(n));
                let share = cx.take_field(&value, key, "a percentage from 0 to 100", in_reach);
                let share = share.known().map(|p| Share::from_percent(*p));
                let basis = if key == "percentage_of_time" { Basis::Requests } else { Basis::Users };
                open.push((share, basis, value.span()));
            }
            "groups" | "actors" => flag.rings.extend(ring(key, &value)),
            _ => {}
        }
    }
    flag.rest = rest(&open, body.anchor());
    flag.basis = open.iter().max_by_key(|(share, ..)| *share).map_or(Basis::Users, |(_, basis, _)| *basis);
    if open.iter().any(|(share, ..)| *share == Some(Share::ALL)) {
        flag.rings.clear();
    }
}

/// What the percentages come to: they are drawn apart from each other.
fn rest(open: &[(Option<Share>, Basis, Span)], at: Span) -> Split {
    let whole = u64::from(Share::ALL.ppm());
    let mut left = whole;
    for (share, _, span) in open {
        let Some(share) = share else { return Split::unknown(*span) };
        left = left * (whole - u64::from(share.ppm())) / whole;
    }
    let most = open.iter().max_by_key(|(share, ..)| *share);
    let span = most.map_or(at, |(.., span)| *span);
    let share = Share::of(whole - left, whole);
    let arm = |variation, share, written| Arm { variation: Some(variation), share: Some(share), written, span };
    match share {
        Share::NONE => Split::all(Some(OFF), span),
        Share::ALL => Split::all(Some(ON), span),
        share => {
            let written = most.and_then(|(share, ..)| *share).filter(|written| *written != share);
            let off = Share::from_ppm(Share::ALL.ppm() - share.ppm());
            Split { arms: vec![arm(ON, share, written), arm(OFF, off, None)], span }
        }
    }
}

fn ring(kind: &str, value: &Field<'_>) -> Option<Ring> {
    let items = value.items();
    let names: Vec<&str> = items.iter().filter_map(Field::text).collect();
    let is_customer = |name: &&str| ["Group:", "Project:", "Namespace"].iter().any(|c| name.starts_with(c));
    let split = Split::all(Some(ON), value.span());
    let customers = names.iter().any(is_customer);
    let size = (kind == "actors").then_some(names.len() as u64);
    (!names.is_empty()).then(|| Ring { name: format!("{kind} {}", names.join(", ")).into(), size, customers, split })
}
