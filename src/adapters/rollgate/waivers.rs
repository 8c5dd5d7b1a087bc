//! `Waivers`: accepted findings, each with the day on which the acceptance ends.

use chrono::NaiveDate;

use super::desk::{Desk, Refusal, id, present};
use super::keys;
use crate::adapters::{Lowering, Object};
use crate::model::{Fact, Waiver, WaiverTarget};
use crate::syntax::Node;

/// Lowers one list; an entry that is not whole is a problem and waives nothing.
pub(super) fn lower(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let mut desk = Desk::default();
    desk.open(object.node, &keys::WAIVERS, object.name_span());
    let waivers: Vec<_> = desk.list(object.node, "waivers").into_iter().filter_map(|n| waiver(&mut desk, n)).collect();
    desk.onto_file(cx);
    for waiver in waivers {
        cx.waiver(waiver);
    }
}

fn waiver<'d>(desk: &mut Desk<'d>, node: Node<'d>) -> Option<Waiver> {
    if !desk.open(node, &keys::WAIVER, node.anchor()) {
        return None;
    }
    let rule = desk.text(node, "rule");
    let target = target(desk, node);
    let reason = desk.own_text(node, "reason");
    let (owner, approved_by) = (desk.own_text(node, "owner"), desk.own_text(node, "approved-by"));
    let ticket = desk.read(node, "ticket", id).known().cloned();
    let (Fact::Stated(rule), Fact::Stated(expires)) = (rule, desk.read(node, "expires", day)) else { return None };
    Some(Waiver { rule, target: target?, reason: reason?, owner, approved_by, ticket, expires, span: node.span() })
}

fn target<'d>(desk: &mut Desk<'d>, node: Node<'d>) -> Option<WaiverTarget> {
    let (rollout, path) = (desk.own_text(node, "rollout"), desk.own_text(node, "path"));
    let written = |key| present(node, key).is_some();
    match (written("rollout"), written("path")) {
        (true, true) => {
            let span = node.key("path").map_or(node.span(), Node::span);
            desk.wrong(span, "a waiver covers `rollout` or `path`, not both", "write two waivers");
            None
        }
        (false, false) => {
            desk.wrong(node.anchor(), "a waiver needs `rollout` or `path`, and has neither", "add `rollout: web`");
            None
        }
        (true, false) => rollout.map(WaiverTarget::Rollout),
        (false, true) => path.map(WaiverTarget::Path),
    }
}

fn day(node: Node<'_>) -> Result<NaiveDate, Refusal> {
    let day = node.text().and_then(|t| NaiveDate::parse_from_str(t.trim(), "%Y-%m-%d").ok());
    day.ok_or_else(|| Refusal::not(node, "a day such as `2027-01-31`"))
}
