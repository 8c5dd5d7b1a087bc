//! InferenceService: one moment of a split between the newest revision and the one before.

use super::ships::ships;
use crate::adapters::nodes::present;
use crate::adapters::{Lowering, Object, knative, live_stage};
use crate::model::{Basis, Exposure, Fact, Progression, Rollout, Share, Stage, Strategy, SubjectKind};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

/// The components that take traffic, in the order they are shown.
const COMPONENTS: [&str; 3] = ["predictor", "transformer", "explainer"];

/// Keys that people invent at the wrong level; the API server drops them.
const MISPLACED: [&str; 3] = ["canaryTrafficPercent", "canary", "canaryPredictor"];

/// How the service is deployed, as far as its own file says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Knative,
    Standard,
    ModelMesh,
    /// The cluster decides.
    Unsaid,
}

pub(super) fn lower(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(spec) = object.spec().filter(|s| s.is_map()) else { return };
    let mut rollout = cx.blank(object, SubjectKind::Model);
    knative::ramp(object, cx);
    if object.version == "v1alpha2" {
        old_shape(object, spec, &mut rollout, cx);
        return cx.rollout(rollout);
    }
    let (mode, mode_span) = mode(object);
    let shares: Vec<Component<'_>> = COMPONENTS.iter().filter_map(|name| Component::read(spec, name, cx)).collect();
    rollout.payload = shares.iter().flat_map(|c| ships(c.node)).collect();
    rollout.partial = rollout.payload.is_empty() && !shares.iter().any(Component::serves);
    for component in &shares {
        if let (Mode::Standard | Mode::ModelMesh, Fact::Stated(written)) = (mode, &component.percent) {
            ignored_percent(written.span, mode, mode_span, cx);
        }
        deployment_strategy(component.node, mode, mode_span, &mut rollout, cx);
    }
    if let Some(predictor) = present(spec, "predictor") {
        rollout.replicas = cx.read_u64(predictor, "minReplicas").or_default(1, "kserve: 1 when absent");
    }
    let dropped = misplaced(object, spec, cx);
    let stages = stages(&shares, dropped, mode, cx);
    strategy(object, mode, &stages, &mut rollout);
    rollout.progression = Progression::Live(stages);
    cx.rollout(rollout);
}

/// One component and the share of its newest revision.
struct Component<'d> {
    name: &'static str,
    node: Node<'d>,
    percent: Fact<u64>,
}

impl<'d> Component<'d> {
    fn read(spec: Node<'d>, name: &'static str, cx: &mut Lowering<'_>) -> Option<Self> {
        let node = present(spec, name)?;
        let percent = cx.read_u64(node, "canaryTrafficPercent");
        if let Some(number) = percent.written().filter(|p| **p > 100) {
            let message = format!("`canaryTrafficPercent` is {number}, and at most 100 is allowed");
            cx.invalid(percent.span(), message, "write a percentage between 0 and 100");
        }
        Some(Self { name, node, percent })
    }

    /// Does it say what it serves, if only in words that this reader does not know?
    fn serves(&self) -> bool {
        self.node.entries().any(|(key, value)| {
            let aside =
                ["deploymentStrategy", "logger", "batcher", "labels", "annotations", "affinity", "nodeSelector"];
            let known = key.text().is_some_and(|k| aside.contains(&k));
            value.is_map() && !known || key.text() == Some("containers")
        })
    }
}

/// The predictor's share, and those of other components that say another one.
fn stages(
    components: &[Component<'_>],
    dropped: Option<Spanned<u64>>,
    mode: Mode,
    cx: &mut Lowering<'_>,
) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut first: Option<&Component<'_>> = None;
    for component in components {
        let lead = component.name == "predictor";
        if !lead && component.percent.is_absent() {
            continue;
        }
        if let Some(first) = first {
            if first.percent.known() == component.percent.known() {
                continue;
            }
            if mode != Mode::Standard && mode != Mode::ModelMesh {
                skew(first, component, cx);
            }
        }
        stages.push(stage(component, dropped.filter(|_| lead), mode));
        first = first.or(Some(component));
    }
    if let [_, _, ..] = &*stages {
        let names = components.iter().filter(|c| c.name == "predictor" || !c.percent.is_absent()).map(|c| c.name);
        stages.iter_mut().zip(names).for_each(|(stage, name)| stage.name = Some(name.into()));
    }
    stages
}

/// Two components split on their own, so requests meet a new one beside an old one.
fn skew(one: &Component<'_>, other: &Component<'_>, cx: &mut Lowering<'_>) {
    let (Some(theirs), Some(own)) = (one.percent.written(), other.percent.written()) else { return };
    let message = format!(
        "the {} sends {own}% to its newest revision and the {} sends {theirs}%, each on its own: old and new ones meet at random",
        other.name, one.name
    );
    cx.ignored(other.percent.span(), message, format!("write `canaryTrafficPercent: {theirs}` in both")).related =
        Some((one.percent.span(), "the other share".into()));
}

fn stage(component: &Component<'_>, dropped: Option<Spanned<u64>>, mode: Mode) -> Stage {
    let bent = matches!(mode, Mode::Standard | Mode::ModelMesh);
    let exposure = |percent: u64, bent: bool| {
        let written = Share::of(percent.min(100), 100);
        let effective = if bent { Share::ALL } else { written };
        Exposure { written, effective: Some(effective), basis: Basis::Requests }
    };
    let fact = match (&component.percent, dropped) {
        // What stands at the wrong level is what the author wrote, and everybody is what the server makes of it.
        (Fact::Absent { .. }, Some(dropped)) => Fact::stated(exposure(dropped.value, true), dropped.span),
        (Fact::Absent { .. }, None) => Fact::Defaulted {
            value: Exposure::exact(Share::ALL, Basis::Requests),
            by: "kserve: 100 when absent",
            near: component.node.anchor(),
        },
        (written, _) => written.clone().map(|p| exposure(p, bent)),
    };
    let span = fact.span();
    live_stage(fact, span)
}

/// Without Knative every change is a rolling update, unless the Deployment's strategy says otherwise.
fn strategy(object: &Object<'_>, mode: Mode, stages: &[Stage], rollout: &mut Rollout) {
    if rollout.strategy.value != Strategy::Unknown {
        return;
    }
    let split = stages.iter().any(|s| s.exposure.is_dynamic() || s.share().is_some_and(|s| s != Share::ALL));
    let value = match mode {
        Mode::Standard | Mode::ModelMesh => Strategy::Rolling,
        Mode::Knative | Mode::Unsaid if split => Strategy::Canary,
        Mode::Knative | Mode::Unsaid => Strategy::AllAtOnce,
    };
    rollout.strategy = Spanned::new(value, object.name_span());
}

fn mode(object: &Object<'_>) -> (Mode, Span) {
    let written = object.annotation("serving.kserve.io/deploymentMode");
    let span = written.map_or_else(|| object.name_span(), Node::span);
    let mode = match written.and_then(Node::text) {
        Some("Knative" | "Serverless") => Mode::Knative,
        Some("Standard" | "RawDeployment") => Mode::Standard,
        Some("ModelMesh") => Mode::ModelMesh,
        Some(_) | None => Mode::Unsaid,
    };
    (mode, span)
}

fn ignored_percent(span: Span, mode: Mode, mode_span: Span, cx: &mut Lowering<'_>) {
    let name = if mode == Mode::Standard { "Standard (RawDeployment)" } else { "ModelMesh" };
    let message = format!("`canaryTrafficPercent` is ignored in {name} mode: everybody gets the new revision");
    let remark = cx.ignored(span, message, "deploy in Knative mode, or split the traffic with a router");
    remark.related = Some((mode_span, "the mode is set here".into()));
}

/// `deploymentStrategy` works in Standard mode only, where it is the strategy.
fn deployment_strategy(component: Node<'_>, mode: Mode, mode_span: Span, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    let Some(block) = present(component, "deploymentStrategy") else { return };
    if matches!(mode, Mode::Knative | Mode::ModelMesh) {
        let message = "`deploymentStrategy` is ignored outside of Standard (RawDeployment) mode";
        let remark = cx.ignored(block.anchor(), message, "remove it, or deploy in Standard mode");
        remark.related = Some((mode_span, "the mode is set here".into()));
        return;
    }
    if mode == Mode::Standard {
        let kind = block.get("type");
        let recreate = kind.and_then(Node::text) == Some("Recreate");
        let value = if recreate { Strategy::Recreate } else { Strategy::Rolling };
        rollout.strategy = Spanned::new(value, kind.unwrap_or(block).span());
    }
}

/// Fields that v1beta1 does not have where they stand; returns the percentage that the author meant.
fn misplaced(object: &Object<'_>, spec: Node<'_>, cx: &mut Lowering<'_>) -> Option<Spanned<u64>> {
    let annotations = object.node.path(&["metadata", "annotations"]);
    let annotated = ["serving.kserve.io/canaryTrafficPercent", "serving.kserve.io/canary-traffic-percent"];
    let mut keys: Vec<(Node<'_>, Node<'_>)> = MISPLACED.iter().filter_map(|k| spec.key(k).zip(spec.get(k))).collect();
    keys.extend(annotations.into_iter().flat_map(|a| annotated.iter().filter_map(move |k| a.key(k).zip(a.get(k)))));
    for component in COMPONENTS.iter().filter_map(|name| present(spec, name)) {
        let inner = component.entries().map(|(_, v)| v).filter(|v| v.is_map());
        keys.extend(inner.filter_map(|v| v.key("canaryTrafficPercent").zip(v.get("canaryTrafficPercent"))));
    }
    let mut meant = None;
    for (key, value) in keys {
        let name = key.text().unwrap_or_default();
        let message = format!("`{name}` is no field of v1beta1 here and is dropped: everybody gets the new revision");
        cx.ignored(key.span(), message, "write `canaryTrafficPercent` under `predictor:`");
        let percent = value.text().and_then(|t| t.trim().parse().ok()).filter(|p| *p <= 100);
        meant = meant.or(percent.map(|p| Spanned::new(p, value.span())));
    }
    meant
}

/// v1alpha2: two endpoints side by side, the canary's share on top.
fn old_shape(object: &Object<'_>, spec: Node<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    rollout.payload = ["default", "canary"].into_iter().filter_map(|k| present(spec, k)).flat_map(ships).collect();
    rollout.partial = present(spec, "default").is_none();
    let percent = cx.read_u64(spec, "canaryTrafficPercent");
    let stage = if let Some(canary) = present(spec, "canary") {
        let percent = percent.or_default(0, "kserve v1alpha2: 0 when absent");
        let near = if percent.written().is_some() { percent.span() } else { canary.anchor() };
        live_stage(percent.map(|p| Exposure::exact(Share::of(p.min(100), 100), Basis::Requests)), near)
    } else {
        let near = present(spec, "default").map_or_else(|| object.name_span(), Node::anchor);
        let value = Exposure::exact(Share::ALL, Basis::Requests);
        live_stage(Fact::Defaulted { value, by: "kserve v1alpha2: 100 % to `default` without `canary`", near }, near)
    };
    let split = stage.exposure.is_dynamic() || stage.share() != Some(Share::ALL);
    let value = if split { Strategy::Canary } else { Strategy::AllAtOnce };
    rollout.strategy = Spanned::new(value, object.name_span());
    rollout.progression = Progression::Live(vec![stage]);
}
