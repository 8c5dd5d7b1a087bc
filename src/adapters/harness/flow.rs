//! Which steps run, how often, and for how long.

use super::kinds::{Does, does};
use super::share::weighted;
use super::{items, present, take, text};
use crate::adapters::Lowering;
use crate::model::units::parse_seconds;
use crate::model::{Fact, Hold};
use crate::syntax::Node;

/// Is the step, group or stage switched off, or there for a failure only?
pub(super) fn is_off(node: Node<'_>) -> bool {
    let when = |key: &str| node.path(&["when", key]).and_then(Node::text).unwrap_or_default().trim();
    when("condition") == "false"
        || when("stageStatus") == "Failure"
        || when("pipelineStatus") == "Failure"
        || text(node, "skipCondition").trim() == "true"
}

/// The condition that only a run can tell.
pub(super) fn condition(node: Node<'_>) -> Option<Node<'_>> {
    let open = |n: &Node<'_>| n.text().is_some_and(|t| !matches!(t.trim(), "" | "true" | "false"));
    let when = node.path(&["when", "condition"]).filter(open);
    when.or_else(|| node.get("skipCondition").filter(open))
}

/// The most values that a loop is walked for.
const MOST: usize = 100;

/// The values that a loop goes through one after the other, each with the name that steps know it by.
pub(super) fn looped(node: Node<'_>) -> Vec<(String, Node<'_>)> {
    let in_turn = |strategy: Node<'_>| text(strategy, "maxConcurrency") == "1";
    if let Some(matrix) = node.path(&["strategy", "matrix"]).filter(|m| in_turn(*m)) {
        let mut axes = matrix.entries().filter(|(key, _)| {
            !matches!(key.text(), Some("maxConcurrency" | "nodeName" | "exclude" | "include" | "batchSize"))
        });
        return match (axes.next(), axes.next()) {
            (Some((key, values)), None) => named(&format!("matrix.{}", key.text().unwrap_or_default()), values),
            (Some(_) | None, _) => Vec::new(),
        };
    }
    let repeat = node.path(&["strategy", "repeat"]).filter(|r| in_turn(*r));
    repeat.and_then(|r| r.get("items")).map_or_else(Vec::new, |values| named("repeat.item", values))
}

fn named<'d>(name: &str, values: Node<'d>) -> Vec<(String, Node<'d>)> {
    let all: Vec<_> = values.items().map(|value| (name.to_owned(), value)).collect();
    if all.len() > MOST { Vec::new() } else { all }
}

/// Does a step of the entry expose somebody?
pub(super) fn moves(entry: Node<'_>) -> bool {
    let of_step = |step: Node<'_>| match does(text(step, "type")) {
        Does::Nobody
        | Does::Canary
        | Does::Route
        | Does::Shift(_)
        | Does::Revisions
        | Does::Swap
        | Does::Roll
        | Does::Deploy
        | Does::Delete
        | Does::ScaleDown => true,
        Does::Wait | Does::Approve | Does::Verify | Does::Other => false,
    };
    entry.get("step").is_some_and(of_step)
        || entry.get("stepGroup").is_some_and(|group| items(group, "steps").any(moves))
        || items(entry, "parallel").any(moves)
}

/// Does a step of the entry set weights of routes by itself?
pub(super) fn routes(entry: Node<'_>) -> bool {
    let weighs = |step: Node<'_>| {
        does(text(step, "type")) == Does::Route && step.get("spec").is_some_and(|spec| !weighted(spec).is_empty())
    };
    entry.get("step").is_some_and(weighs)
        || entry.get("stepGroup").is_some_and(|group| items(group, "steps").any(routes))
        || items(entry, "parallel").any(routes)
}

/// The `duration` of a step's settings; `kind` is where its absence is noted.
pub(super) fn length(settings: Option<Node<'_>>, kind: Node<'_>, cx: &mut Lowering<'_>) -> Fact<Hold> {
    match settings.and_then(|s| present(s, "duration")) {
        Some(node) => take(node, ("duration", "a duration such as `10m`"), cx, parse_seconds).map(Hold::Timed),
        None => Fact::stated(Hold::Unknown, kind.span()),
    }
}

/// Of two holds that run at the same time the one that ends last.
pub(super) fn longer(a: Fact<Hold>, b: Fact<Hold>) -> Fact<Hold> {
    let rank = |fact: &Fact<Hold>| match fact.known() {
        Some(Hold::Gated) => (3, 0),
        None | Some(Hold::Unknown) => (2, 0),
        Some(Hold::Timed(seconds) | Hold::Ramp(seconds)) => (1, *seconds),
        Some(Hold::None) => (0, 0),
    };
    if rank(&b) > rank(&a) { b } else { a }
}
