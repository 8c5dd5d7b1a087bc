//! What the controller refuses, and what it ignores.

use super::template::{items, present, written};
use crate::adapters::Lowering;
use crate::model::Fact;
use crate::syntax::Node;

/// Fields of a canary that a blue-green rollout ignores.
pub(super) const CANARY_ONLY: [&str; 7] =
    ["steps", "trafficRouting", "analysis", "canaryService", "stableService", "dynamicStableScale", "maxSurge"];

/// Fields of a blue-green rollout that a canary ignores.
pub(super) const BLUE_GREEN_ONLY: [&str; 7] = [
    "autoPromotionEnabled",
    "autoPromotionSeconds",
    "prePromotionAnalysis",
    "postPromotionAnalysis",
    "activeService",
    "previewService",
    "previewReplicaCount",
];

/// Says which fields of `node` belong to the other strategy.
pub(super) fn foreign(node: Node<'_>, own: &str, others: &[&str], cx: &mut Lowering<'_>) {
    let other = if own == "canary" { "blueGreen" } else { "canary" };
    for key in others.iter().filter_map(|k| node.key(k)) {
        let name = key.text().unwrap_or_default();
        let message = format!("`{name}` is a field of `{other}` and does nothing under `{own}`");
        cx.ignored(key.span(), message, format!("remove it, or move it to `strategy.{other}`"));
    }
}

/// What both strategies have to keep to.
pub(super) fn common(spec: Node<'_>, partial: bool, cx: &mut Lowering<'_>) {
    let deadline = cx.read_u64(spec, "progressDeadlineSeconds").or_default(600, "argo-rollouts: 600 when absent");
    let ready = cx.read_u64(spec, "minReadySeconds");
    if let (Some(deadline_s), Some(ready_s)) = (deadline.known(), ready.known())
        && deadline_s <= ready_s
        && !partial
    {
        let message =
            format!("`progressDeadlineSeconds` is {deadline_s} and has to be more than `minReadySeconds`, {ready_s}");
        let span = if deadline.written().is_some() { deadline.span() } else { ready.span() };
        cx.invalid(span, message, "raise `progressDeadlineSeconds`, or lower `minReadySeconds`");
    }
    if let Some(block) = present(spec, "analysis").and_then(|a| a.key("templates")) {
        let message = "`templates` stands under `spec.analysis`, which only limits how many runs are kept";
        cx.ignored(block.span(), message, "move it to `strategy.canary.analysis`");
    }
    let misplaced = ["steps", "trafficRouting", "canary", "blueGreen"];
    let strategy = present(spec, "strategy");
    let in_strategy = misplaced.iter().take(2).filter_map(|k| strategy.and_then(|s| s.key(k)));
    for key in misplaced.iter().filter_map(|k| spec.key(k)).chain(in_strategy) {
        let name = key.text().unwrap_or_default();
        let message = format!("`{name}` does nothing at this level");
        let help = if misplaced[..2].contains(&name) {
            "move it to `spec.strategy.canary`"
        } else {
            "move it to `spec.strategy`"
        };
        cx.ignored(key.span(), message, help);
    }
}

/// May there be more pods than asked for during the update? A quarter more by default.
pub(super) fn surge(canary: Node<'_>, cx: &mut Lowering<'_>) -> bool {
    let zero = |key: &str| canary.get(key).and_then(Node::text).is_some_and(|t| matches!(t, "0" | "0%"));
    let (surge, unavailable) = (zero("maxSurge"), zero("maxUnavailable"));
    if surge && unavailable {
        let span = canary.get("maxSurge").map_or(canary.anchor(), Node::span);
        let message = "`maxSurge` and `maxUnavailable` are both 0, so no pod could ever be replaced";
        cx.invalid(span, message, "write `maxSurge: 1`");
    }
    !surge
}

/// What the weights count to.
pub(super) fn max_weight(routing: Node<'_>, cx: &mut Lowering<'_>) -> u64 {
    let Fact::Stated(max) = cx.read_u64(routing, "maxTrafficWeight") else { return 100 };
    if present(routing, "nginx").is_none() && present(routing, "plugins").is_none() {
        let message = format!("`maxTrafficWeight: {}` works with the routers `nginx` and `plugins` only", max.value);
        cx.invalid(max.span, message, "remove it and write weights in percent");
    }
    if max.value == 0 {
        cx.invalid(max.span, "`maxTrafficWeight` is 0, so no weight means anything", "write `maxTrafficWeight: 100`");
        return 100;
    }
    max.value
}

/// What a canary has to keep to beyond its steps' own form.
pub(super) fn canary(canary: Node<'_>, routing: Option<Node<'_>>, partial: bool, cx: &mut Lowering<'_>) {
    let services = (written(canary, "canaryService"), written(canary, "stableService"));
    if let (Some(new), Some(old)) = services
        && new.text == old.text
    {
        let message =
            format!("`stableService` is `{}`, the same as `canaryService`; two services are needed", old.text);
        cx.invalid(old.span, message, "name a service of its own for each side").related =
            Some((new.span, "the canary's service".into()));
    }
    if routing.is_none() && partial {
        return;
    }
    if routing.is_none() && present(canary, "dynamicStableScale").and_then(Node::as_bool) == Some(true) {
        let span = canary.get("dynamicStableScale").map_or(canary.anchor(), Node::span);
        cx.ignored(span, "`dynamicStableScale` needs a traffic router", "add `trafficRouting`, or remove it");
    }
    for step in items(canary, "steps") {
        if let Some(scale) = step.key("setCanaryScale").filter(|_| routing.is_none()) {
            let message = "`setCanaryScale` needs a traffic router; without one the weight sets the pods";
            cx.ignored(scale.span(), message, "add `trafficRouting`, or remove the step");
        }
        route(step, "setHeaderRoute", &["istio", "alb", "apisix", "plugins"], routing, cx);
        route(step, "setMirrorRoute", &["istio", "plugins"], routing, cx);
    }
}

/// A step that routes needs a router that can, and a managed route of that name.
fn route(step: Node<'_>, kind: &str, able: &[&str], routing: Option<Node<'_>>, cx: &mut Lowering<'_>) {
    let Some(node) = present(step, kind) else { return };
    let can = routing.is_some_and(|r| able.iter().any(|k| present(r, k).is_some()));
    let Some(routing) = routing.filter(|_| can) else {
        let routers = able.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
        let message = format!("`{kind}` needs one of the routers {routers}");
        cx.invalid(node.anchor(), message, format!("add `trafficRouting: {{{}: …}}`", able[0]));
        return;
    };
    let Some(name) = written(node, "name").filter(|n| !crate::adapters::is_template(&n.text)) else { return };
    let managed = items(routing, "managedRoutes").filter_map(|r| r.get("name")?.text());
    if !managed.into_iter().any(|m| *m == *name.text) {
        let message = format!("`{kind}` names the route `{}`, which `managedRoutes` does not list", name.text);
        cx.invalid(name.span, message, format!("add `managedRoutes: [{{name: {}}}]` to `trafficRouting`", name.text));
    }
}
