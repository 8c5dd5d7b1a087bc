//! A Rollout: what both strategies share, and which of the two it is.

use super::canary::{self, Serving};
use super::plan::Plan;
use super::template::{present, written};
use super::{blue_green, checks, owns};
use crate::adapters::{Lowering, Object, Workload, World, is_template, pod_template};
use crate::model::{
    Basis, Criterion, Fact, Method, ObjectRef, Remark, RemarkKind, Rollout, StageRange, Strategy, SubjectKind, Unknown,
    Unresolved,
};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

/// A whole Rollout, as its patches find it.
pub(super) struct Whole {
    /// Does a router split requests?
    router: bool,
}

/// The object that carries the pods, named by `workloadRef`.
struct Carrier {
    id: ObjectRef,
    span: Span,
}

/// Lowers a Rollout.
pub(super) fn lower(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(spec) = object.spec().filter(|s| s.is_map()) else { return };
    let mut rollout = cx.blank(object, SubjectKind::Workload);
    let bare = ["template", "workloadRef", "selector"].iter().all(|k| present(spec, k).is_none());
    // One that says how many and how stands for itself, shortened; a patch says one thing or another.
    let shortened = bare && present(spec, "replicas").is_some() && present(spec, "strategy").is_some();
    rollout.partial = bare && !shortened;
    rollout.payload = present(spec, "template").map(pod_template).unwrap_or_default();
    rollout.replicas = cx.read_u64(spec, "replicas");
    rollout.rollback.revisions =
        cx.read_u64(spec, "revisionHistoryLimit").or_default(10, "argo-rollouts: 10 when absent");
    let carrier = carrier(object, spec);
    rollout.owns.extend(carrier.as_ref().map(|c| c.id.clone()));
    let mut plan = strategy(object, spec, &mut rollout, cx);
    // What a template hides is not missing.
    rollout.partial |= plan.hidden;
    checks::common(spec, rollout.partial, cx);
    if present(spec, "progressDeadlineAbort").and_then(Node::as_bool) == Some(true) {
        let near = spec.get("progressDeadlineAbort").map_or(rollout.name_span, Node::span);
        plan.criteria.push(Criterion::opaque(
            "progressDeadlineSeconds",
            "no progress before the deadline",
            StageRange::ALL,
            near,
        ));
    }
    if !bare && !object.name().is_empty() {
        let router = spec.path(&["strategy", "canary", "trafficRouting"]).is_some_and(|n| !n.is_null());
        cx.define_base(object.id(), Whole { router });
    }
    cx.rollout_after(rollout, move |rollout, world| {
        if let Some(carrier) = &carrier {
            carry(carrier, rollout, world);
        }
        plan.clone().finish(rollout, world);
        rollout.partial |= shortened && world.find::<Whole>(&rollout.id).is_some();
        if rollout.partial {
            see_base(rollout, world);
        }
    });
}

fn strategy(object: &Object<'_>, spec: Node<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) -> Plan {
    let strategy = present(spec, "strategy");
    let part = |key: &str| strategy.and_then(|s| present(s, key));
    let (canary, blue_green) = (part("canary"), part("blueGreen"));
    match (canary, blue_green) {
        (Some(one), Some(other)) => {
            let message = "`strategy` has both `canary` and `blueGreen`, and a rollout needs exactly one";
            cx.invalid(other.anchor(), message, "remove one of the two").related =
                Some((one.anchor(), "the other one".into()));
        }
        (None, None) if !rollout.partial => {
            let span = strategy.unwrap_or(spec).anchor();
            let message = "`strategy` has neither `canary` nor `blueGreen`, and a rollout needs exactly one";
            cx.invalid(span, message, "write `strategy: {canary: {steps: [{setWeight: 5}, {pause: {}}]}}`");
        }
        _ => {}
    }
    if let Some(node) = canary.or(blue_green).filter(|n| !n.is_map()) {
        not_a_mapping(node, rollout, cx);
        return Plan::default();
    }
    if let Some(node) = canary {
        rollout.strategy = Spanned::new(Strategy::Canary, node.anchor());
        return read_canary(object, node, rollout, cx);
    }
    if let Some(node) = blue_green {
        rollout.strategy = Spanned::new(Strategy::BlueGreen, node.anchor());
        checks::foreign(node, "blueGreen", &checks::CANARY_ONLY, cx);
        return blue_green::read(object.node, node, rollout, cx);
    }
    Plan::default()
}

/// A strategy that a template hides is not judged; anything else that is no mapping is refused.
fn not_a_mapping(node: Node<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    if node.text().is_some_and(is_template) {
        cx.unknown(node, "template");
        rollout.partial = true;
        return;
    }
    cx.invalid(node.span(), "the strategy is not a mapping", "write `canary: {steps: [{setWeight: 5}, {pause: {}}]}`");
}

fn read_canary(object: &Object<'_>, node: Node<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) -> Plan {
    let routing = present(node, "trafficRouting");
    let may_surge = checks::surge(node, cx);
    let serving = match (routing, &rollout.replicas) {
        (Some(routing), _) => Serving::Router { max: checks::max_weight(routing, cx) },
        (None, Fact::Stated(replicas)) => Serving::Pods { replicas: replicas.value, may_surge },
        (None, Fact::Defaulted { .. } | Fact::Absent { .. } | Fact::Dynamic { .. }) => Serving::Unknown,
    };
    if serving == Serving::Unknown && rollout.replicas.is_absent() && present(node, "steps").is_some() {
        // An autoscaler may well set them.
        let path = format!("{}/replicas", object.spec().map(Node::pointer).unwrap_or_default()).into();
        rollout.undetermined.push(Unknown { path, span: rollout.replicas.span(), reason: "no-replicas" });
    }
    rollout.owns.extend(routing.into_iter().flat_map(|r| owns::routed(object, r)));
    rollout.rollback.anchor = present(node, "analysis").unwrap_or(node).anchor();
    rollout.rollback.method = Some(if routing.is_some() { Method::TrafficFlip } else { Method::Redeploy });
    rollout.rollback.way_back = way_back(node, routing.is_some(), rollout.partial, cx);
    checks::foreign(node, "canary", &checks::BLUE_GREEN_ONLY, cx);
    checks::canary(node, routing, rollout.partial, cx);
    canary::walk(object.node, node, serving, cx)
}

/// How long the old pods stay when everybody has the new version.
fn way_back(canary: Node<'_>, router: bool, partial: bool, cx: &mut Lowering<'_>) -> Fact<u64> {
    let delay = cx.read_u64(canary, "scaleDownDelaySeconds");
    let dynamic = cx.read_bool(canary, "dynamicStableScale");
    if let Fact::Stated(shrinks) = &dynamic
        && shrinks.value
        && router
    {
        if let Fact::Stated(delay) = &delay {
            let message = "`scaleDownDelaySeconds` and `dynamicStableScale: true` exclude each other";
            cx.invalid(delay.span, message, "remove one of the two").related =
                Some((shrinks.span, "the old version shrinks while the new one grows".into()));
        }
        // The old version is gone by the time that the new one serves everybody.
        return Fact::stated(0, shrinks.span);
    }
    match delay {
        Fact::Absent { near } if router => {
            Fact::Defaulted { value: 30, by: "argo-rollouts: 30 with a traffic router", near }
        }
        Fact::Stated(delay) if !router && !partial => {
            let message = "`scaleDownDelaySeconds` needs a traffic router; without one no old pods are kept";
            cx.ignored(delay.span, message, "add `trafficRouting`, or remove it");
            Fact::Absent { near: canary.anchor() }
        }
        other @ (Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Absent { .. } | Fact::Dynamic { .. }) => other,
    }
}

/// The object that `workloadRef` names.
fn carrier(object: &Object<'_>, spec: Node<'_>) -> Option<Carrier> {
    let reference = present(spec, "workloadRef")?;
    let api = reference.get("apiVersion").and_then(Node::text).unwrap_or("apps/v1");
    let group = api.split_once('/').map_or("", |(group, _)| group);
    let kind = reference.get("kind").and_then(Node::text).unwrap_or("Deployment");
    let name = written(reference, "name")?;
    Some(Carrier { id: object.neighbour(group, kind, &name.text), span: name.span })
}

/// Takes the payload from the object that carries the pods.
fn carry(carrier: &Carrier, rollout: &mut Rollout, world: &World<'_>) {
    if let Some(workload) = world.find::<Workload>(&carrier.id) {
        rollout.payload.extend(workload.payload.iter().cloned());
        return;
    }
    if crate::adapters::claiming(&carrier.id.group, &carrier.id.kind).is_none() {
        // A kind that is never read (a PodTemplate) may well be there.
        return;
    }
    rollout.unresolved.push(Unresolved {
        kind: carrier.id.kind.clone(),
        name: carrier.id.name.clone(),
        span: carrier.span,
        because: "so what it ships is unknown",
    });
}

/// A patch says nothing of a router that the object it patches has.
fn see_base(rollout: &mut Rollout, world: &World<'_>) {
    if !world.find::<Whole>(&rollout.id).is_some_and(|base| base.router) {
        return;
    }
    rollout.remarks.retain(|r: &Remark| r.kind != RemarkKind::Unreachable);
    let crate::model::Progression::Declared(stages) = &mut rollout.progression else { return };
    for stage in stages {
        let routed = |exposure: &mut crate::model::Exposure| {
            if exposure.basis == Basis::Pods || exposure.basis == Basis::Unknown {
                *exposure = crate::model::Exposure::exact(exposure.written, Basis::Requests);
            }
        };
        match &mut stage.exposure {
            Fact::Stated(s) => routed(&mut s.value),
            Fact::Defaulted { value, .. } => routed(value),
            Fact::Absent { .. } | Fact::Dynamic { .. } => {}
        }
    }
}
