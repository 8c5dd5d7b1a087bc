//! A Rollout: its style, its router, and what it takes from the workload.

use super::steps::{self, Step};
use crate::adapters::nodes::{items, present, text};
use crate::adapters::{Lowering, Object, Workload, World, claiming};
use crate::model::{
    Basis, Exposure, Fact, Hold, Method, ObjectRef, Progression, Rollout, Share, Stage, Strategy, SubjectKind,
    Unresolved,
};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

/// What sends requests to the new pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Router {
    /// Nothing: requests follow the pods.
    Nothing,
    /// The first of `trafficRoutings`.
    Steps,
    /// A TrafficRouting object that the Rollout names: what it routes is not in the steps.
    Elsewhere,
}

/// How pods and requests move.
#[derive(Clone, Copy)]
pub(super) struct Style<'d> {
    /// `canary:` or `blueGreen:`.
    pub(super) block: Node<'d>,
    /// Is it `blueGreen:`?
    pub(super) blue_green: bool,
    /// Is it v1alpha1?
    pub(super) alpha: bool,
    /// Are the workload's own pods replaced, with no second workload beside it?
    pub(super) partition: bool,
    /// What sends requests to the new pods.
    pub(super) router: Router,
}

/// The workload that the Rollout releases.
struct Released {
    id: ObjectRef,
    span: Span,
}

/// Lowers a Rollout.
pub(super) fn lower(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(spec) = object.spec().filter(|s| s.is_map()) else { return };
    let mut rollout = cx.blank(object, SubjectKind::Workload);
    let alpha = object.version.starts_with("v1alpha");
    rollout.partial = present(spec, "workloadRef").is_none() && present(spec, "objectRef").is_none();
    let released = released(object, spec, alpha, cx);
    rollout.owns.extend(released.as_ref().map(|r| r.id.clone()));
    let steps = match style(object, spec, released.as_ref(), cx) {
        Some(style) => planned(object, spec, style, &mut rollout, cx),
        None => unplanned(spec, &mut rollout),
    };
    cx.rollout_after(rollout, move |rollout, world| {
        let workload = released.as_ref().and_then(|r| carry(r, rollout, world));
        let replicas = workload.and_then(|w| w.replicas.known().copied());
        steps::finish(&steps, replicas, rollout);
    });
}

fn released(object: &Object<'_>, spec: Node<'_>, alpha: bool, cx: &mut Lowering<'_>) -> Option<Released> {
    let (right, wrong) = if alpha {
        ("`objectRef.workloadRef`", present(spec, "workloadRef"))
    } else {
        ("`workloadRef`", present(spec, "objectRef"))
    };
    let here =
        if alpha { spec.get("objectRef").and_then(|o| o.get("workloadRef")) } else { present(spec, "workloadRef") };
    if let Some(wrong) = wrong.filter(|_| here.is_none()) {
        let message = format!("{} wants the workload under {right}, and nothing stands there", object.version);
        cx.invalid(wrong.anchor(), message, format!("move it to {right}"));
    }
    let reference = here.filter(|r| r.is_map())?;
    let group = text(reference, "apiVersion").split_once('/').map_or("", |(group, _)| group);
    let name = reference.get("name").filter(|n| n.text().is_some_and(|t| !t.is_empty()))?;
    let id = object.neighbour(group, text(reference, "kind"), name.text().unwrap_or_default());
    Some(Released { id, span: name.span() })
}

/// The strategy's block with what decides how it works; `None` where there is none.
fn style<'d>(
    object: &Object<'d>,
    spec: Node<'d>,
    released: Option<&Released>,
    cx: &mut Lowering<'_>,
) -> Option<Style<'d>> {
    let alpha = object.version.starts_with("v1alpha");
    let strategy = present(spec, "strategy")?;
    let (canary, blue_green) = (present(strategy, "canary"), present(strategy, "blueGreen"));
    if let Some(other) = blue_green.filter(|_| alpha) {
        let message = format!("{} has no `blueGreen`; only `canary` is read", object.version);
        cx.invalid(other.anchor(), message, "write `apiVersion: rollouts.kruise.io/v1beta1`");
    } else if let (Some(one), Some(other)) = (canary, blue_green) {
        let message = "`strategy` has both `canary` and `blueGreen`, and a rollout needs exactly one";
        cx.invalid(other.anchor(), message, "remove one of the two").related = Some((one.anchor(), "the other".into()));
    }
    let blue_green = blue_green.filter(|_| !alpha && canary.is_none());
    let block = canary.or(blue_green)?;
    let extra = if alpha {
        let style = object.annotation("rollouts.kruise.io/rolling-style").and_then(Node::text);
        !style.is_some_and(|s| s.eq_ignore_ascii_case("partition"))
    } else {
        cx.read_bool(block, "enableExtraWorkloadForCanary").known() == Some(&true)
    };
    // Only a native Deployment can have a second one beside it.
    let deployment = released.is_none_or(|r| &*r.id.group == "apps" && &*r.id.kind == "Deployment");
    let named = present(block, "trafficRoutingRef").or_else(|| object.annotation("rollouts.kruise.io/trafficrouting"));
    let router = match (items(block, "trafficRoutings").next(), named) {
        (Some(_), _) => Router::Steps,
        (None, Some(_)) => Router::Elsewhere,
        (None, None) => Router::Nothing,
    };
    let blue_green = blue_green.is_some();
    Some(Style { block, blue_green, alpha, partition: !(blue_green || extra && deployment), router })
}

/// Reads the steps into stages.
fn planned(
    object: &Object<'_>,
    spec: Node<'_>,
    style: Style<'_>,
    rollout: &mut Rollout,
    cx: &mut Lowering<'_>,
) -> Vec<Step> {
    let strategy = if style.blue_green { Strategy::BlueGreen } else { Strategy::Canary };
    rollout.strategy = Spanned::new(strategy, style.block.anchor());
    rollout.rollback.anchor = style.block.anchor();
    let routed = style.router != Router::Nothing;
    rollout.rollback.method = Some(if routed { Method::TrafficFlip } else { Method::Redeploy });
    routers(object, style.block, rollout, cx);
    if let Some(paused) = spec.get("strategy").and_then(|s| s.get("paused")).filter(|p| p.as_bool() == Some(true)) {
        rollout.bypass = Some(Spanned::new("`paused: true` stops the release where it is".into(), paused.span()));
    }
    let disabled = cx.read_bool(spec, "disabled");
    if disabled.known() == Some(&true) {
        switched_off(disabled.span(), style.block, rollout, cx);
        return Vec::new();
    }
    let steps = steps::read(style, rollout, cx);
    if style.blue_green {
        rollout.rollback.way_back = kept(rollout.stages(), style.block.anchor());
    }
    steps
}

/// Without a strategy the workload is updated as if there were no Rollout.
fn unplanned(spec: Node<'_>, rollout: &mut Rollout) -> Vec<Step> {
    if !rollout.partial {
        let near = present(spec, "strategy").map_or(rollout.name_span, Node::anchor);
        at_once(near, "openkruise: without steps the workload is updated as a whole", rollout);
    }
    Vec::new()
}

fn switched_off(disabled: Span, block: Node<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    rollout.bypass =
        Some(Spanned::new("`disabled: true`: the workload is updated without these steps".into(), disabled));
    if let Some(steps) = present(block, "steps") {
        let message = "`steps` do nothing under `disabled: true`: the workload is updated as a whole";
        cx.ignored(steps.anchor(), message, "remove `disabled: true`").related =
            Some((disabled, "switched off here".into()));
    }
    at_once(disabled, "openkruise: a disabled Rollout leaves the workload to its own update", rollout);
}

fn at_once(near: Span, by: &'static str, rollout: &mut Rollout) {
    rollout.strategy = Spanned::new(Strategy::AllAtOnce, near);
    let value = Exposure::exact(Share::ALL, Basis::Pods);
    let mut stage = Stage::new(Fact::Defaulted { value, by, near }, near);
    stage.implied = true;
    rollout.progression = Progression::Declared(vec![stage]);
}

/// The objects whose weights or backends the controller rewrites.
fn routers(object: &Object<'_>, block: Node<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    if let Some(second) = items(block, "trafficRoutings").nth(1) {
        let message = "`trafficRoutings` has more than one entry, and only one is supported";
        cx.invalid(second.span(), message, "keep one entry");
    }
    let Some(routing) = items(block, "trafficRoutings").next() else { return };
    if let Some(name) = routing.path(&["ingress", "name"]).and_then(Node::text) {
        for group in ["networking.k8s.io", "extensions"] {
            rollout.owns.push(object.neighbour(group, "Ingress", name));
            rollout.owns.push(object.neighbour(group, "Ingress", &format!("{name}-canary")));
        }
    }
    if let Some(name) = routing.path(&["gateway", "httpRouteName"]).and_then(Node::text) {
        rollout.owns.push(object.neighbour("gateway.networking.k8s.io", "HTTPRoute", name));
    }
    for custom in items(routing, "customNetworkRefs") {
        let group = text(custom, "apiVersion").split_once('/').map_or("", |(group, _)| group);
        rollout.owns.push(object.neighbour(group, text(custom, "kind"), text(custom, "name")));
    }
}

/// How long a blue-green release keeps the old pods when everybody has the new ones: as long as its stages at 100%.
fn kept(stages: &[Stage], near: Span) -> Fact<u64> {
    let last = stages.iter().filter(|s| s.share() == Some(Share::ALL));
    let mut all = Hold::None;
    let mut span = stages.last().map_or(near, |s| s.exposure.span());
    for stage in last {
        all = all.then(stage.hold.known().copied().unwrap_or(Hold::Unknown));
        span = stage.hold.span();
    }
    match all.seconds() {
        Some(seconds) => Fact::stated(seconds, span),
        // A person decides when they go.
        None => Fact::Absent { near: span },
    }
}

/// Takes the payload from the workload.
fn carry<'w>(released: &Released, rollout: &mut Rollout, world: &World<'w>) -> Option<&'w Workload> {
    let found = world.find::<Workload>(&released.id);
    if let Some(workload) = found {
        rollout.payload.extend(workload.payload.iter().cloned());
    } else if claiming(&released.id.group, &released.id.kind).is_some() {
        rollout.unresolved.push(Unresolved {
            kind: released.id.kind.clone(),
            name: released.id.name.clone(),
            span: released.span,
            because: "so what it ships is unknown",
        });
    }
    found
}
