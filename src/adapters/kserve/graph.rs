//! InferenceGraph: splitters between models.

use crate::adapters::nodes::{present, text};
use crate::adapters::split::{Arm, candidates, of_arms, total};
use crate::adapters::{Lowering, Object, payload};
use crate::model::{Basis, Destination, Progression, Rollout, RouterRule, Stage, Strategy, SubjectKind};
use crate::syntax::Node;
use crate::text::Spanned;

pub(super) fn lower(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(nodes) = object.spec().and_then(|s| present(s, "nodes")) else { return };
    let mut rollout = cx.blank(object, SubjectKind::Model);
    let mut stages = Vec::new();
    for (key, node) in nodes.entries() {
        if text(node, "routerType") == "Splitter" {
            stages.extend(splitter(key.text().unwrap_or_default(), node, &mut rollout, cx));
        }
    }
    if stages.is_empty() && !cx.has_remarks() && !cx.compares(&rollout) {
        return;
    }
    rollout.strategy = Spanned::new(Strategy::Canary, object.name_span());
    rollout.progression = Progression::Live(stages);
    cx.rollout(rollout);
}

fn splitter(name: &str, node: Node<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) -> Vec<Stage> {
    // The API writes `steps`; `routes` is what the type is called, and stands in some files.
    let Some(list) = present(node, "steps").or_else(|| present(node, "routes")) else { return Vec::new() };
    let routes: Vec<Node<'_>> = list.items().collect();
    let mut arms = Vec::new();
    for route in &routes {
        let weight = cx.read_u64(*route, "weight");
        if weight.is_absent() {
            cx.invalid(route.span(), format!("a route of splitter `{name}` has no weight"), "add `weight:`");
        }
        let target = route.get("serviceName").or_else(|| route.get("nodeName"));
        let service = target.and_then(Node::text).unwrap_or_default().to_owned();
        let span = if weight.is_absent() { route.span() } else { weight.span() };
        rollout.payload.extend(target.and_then(payload));
        arms.push(Arm { service, version: None, weight: weight.known().copied(), span });
    }
    let sum = total(&arms);
    if let Some(sum) = sum.filter(|s| *s != 100) {
        let message = format!("the weights of splitter `{name}` add up to {sum}, and have to be 100");
        cx.invalid(list.anchor(), message, "make the weights add up to 100").found = Some(sum.to_string().into());
    }
    let rule = RouterRule { key: name.into(), place: rollout.destinations.len(), takes_the_rest: false };
    let destinations = of_arms(&arms, &rule, Basis::Requests);
    // What one splitter names is meant to be chosen from, whatever it is called.
    rollout.destinations.extend(destinations.into_iter().map(|d| Destination { kin: name.into(), ..d }));
    if arms.len() < 2 { Vec::new() } else { candidates(&arms, Some(name), Basis::Requests) }
}
