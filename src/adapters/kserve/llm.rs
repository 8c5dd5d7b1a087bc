//! LLMInferenceService: members of a group share its requests, wherever their files are.

use std::collections::BTreeSet;

use super::ships;
use crate::adapters::nodes::{items, present};
use crate::adapters::split::{Arm, baseline, total};
use crate::adapters::{Lowering, Object, Workload, World, gateway_api, live_stage};
use crate::model::{Basis, Exposure, Fact, ObjectRef, Progression, Rollout, Share, Strategy, SubjectKind};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

/// One member of a group.
#[derive(Clone)]
struct Member {
    name: Box<str>,
    /// 0 when it is stopped; `None` where it cannot be known.
    weight: Option<u64>,
    span: Span,
}

/// The largest weight that the API takes.
const MAX_WEIGHT: u64 = 1_000_000;

/// Holds what a configuration ships, for the services that are based on it.
pub(super) fn define(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(spec) = object.spec() else { return };
    cx.define(object.id(), Workload { payload: ships::llm(spec), replicas: Fact::Absent { near: object.name_span() } });
}

pub(super) fn lower(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(spec) = object.spec().filter(|s| s.is_map()) else { return };
    let mut rollout = cx.blank(object, SubjectKind::Model);
    rollout.payload = ships::llm(spec);
    rollout.partial = present(spec, "model").is_none() && present(spec, "baseRefs").is_none();
    let route = spec.path(&["router", "route"]).filter(|r| r.is_map());
    let embedded = route.and_then(|r| r.path(&["http", "spec"]));
    let mut stages = embedded.map(|e| gateway_api::route(e, &mut rollout, cx)).unwrap_or_default();
    if stages.is_empty() {
        // Its own model is what it ships then, and no router chooses.
        rollout.destinations.clear();
    }
    let group = route.and_then(|r| member(object, r, cx));
    let split = !stages.is_empty() || group.is_some();
    let value = if split { Strategy::Canary } else { Strategy::Rolling };
    rollout.strategy = Spanned::new(value, object.name_span());
    if !split && !rollout.partial {
        let near = object.name_span();
        let everybody = Exposure::exact(Share::ALL, Basis::Requests);
        let by = "kserve: a service outside of a group takes everything";
        stages.push(live_stage(Fact::Defaulted { value: everybody, by, near }, near));
    }
    rollout.progression = Progression::Live(stages);
    let base = |name: &str| object.neighbour("serving.kserve.io", "LLMInferenceServiceConfig", name);
    let bases: Vec<ObjectRef> =
        items(spec, "baseRefs").filter_map(|b| b.get("name")).filter_map(Node::text).map(base).collect();
    cx.rollout_after(rollout, move |rollout, world| {
        let shipped = bases.iter().filter_map(|id| world.find::<Workload>(id));
        rollout.payload.extend(shipped.flat_map(|w| w.payload.iter().cloned()));
        if let Some(group) = &group {
            share(rollout, group, world);
        }
    });
}

/// Makes the service a member of the group that its route names.
fn member(object: &Object<'_>, route: Node<'_>, cx: &mut Lowering<'_>) -> Option<ObjectRef> {
    let group = present(route, "group");
    let weight = cx.read_u64(route, "weight");
    match (group, weight.is_absent()) {
        (Some(node), true) => {
            let message = "`group` stands without `weight`, and KServe takes both or neither";
            cx.invalid(node.span(), message, "add `weight:` beside it");
        }
        (None, false) => {
            let message = "`weight` stands without `group`, and KServe takes both or neither";
            cx.invalid(weight.span(), message, "add `group:` beside it");
        }
        _ => {}
    }
    if let Some(number) = weight.written().filter(|w| **w > MAX_WEIGHT) {
        let message = format!("`weight` is {number}, and at most {MAX_WEIGHT} is allowed");
        cx.invalid(weight.span(), message, "write a smaller one");
    }
    let group = group.and_then(Node::text)?;
    let stopped = object.annotation("serving.kserve.io/stop").and_then(Node::text) == Some("true");
    let number = if stopped { Some(0) } else { weight.known().copied() };
    let id = ObjectRef::new("serving.kserve.io", "LLMInferenceServiceGroup", object.namespace(), group);
    cx.define(id.clone(), Member { name: object.name().into(), weight: number, span: weight.span() });
    Some(id)
}

/// The share of this member once every member is known; the baseline of the group is no candidate.
///
/// One repository may hold a group several times, for each environment once: of equal names the nearest counts.
fn share(rollout: &mut Rollout, group: &ObjectRef, world: &World<'_>) {
    let mut names = BTreeSet::new();
    let mut members: Vec<&Member> = world.all::<Member>(group);
    members.retain(|m| names.insert(m.name.clone()));
    members.sort_by(|a, b| a.name.cmp(&b.name));
    let arm = |m: &&Member| Arm { service: m.name.to_string(), version: None, weight: m.weight, span: m.span };
    let arms: Vec<Arm> = members.iter().map(arm).collect();
    let Some(own) = arms.iter().position(|a| *a.service == *rollout.id.name) else { return };
    let total = total(&arms);
    let span = arms[own].span;
    let exposure = match (arms[own].weight, total) {
        _ if arms.len() == 1 => Fact::stated(Exposure::exact(Share::ALL, Basis::Requests), span),
        (Some(weight), Some(total)) => Fact::stated(Exposure::exact(Share::of(weight, total), Basis::Requests), span),
        (Some(_) | None, _) => Fact::Dynamic { expr: "".into(), span },
    };
    if arms.len() > 1 && baseline(&arms) == own {
        return;
    }
    let stage = live_stage(exposure, span);
    match &mut rollout.progression {
        Progression::Declared(stages) | Progression::Live(stages) => stages.push(stage),
    }
}
