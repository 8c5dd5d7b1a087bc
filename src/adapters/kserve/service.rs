//! InferenceService: one moment of a split between the newest revision and the one before.

use crate::adapters::nodes::present;
use crate::adapters::{Lowering, Object, live_stage, payload};
use crate::model::{Basis, Exposure, Fact, Payload, Progression, Rollout, Share, Stage, Strategy, SubjectKind};
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
    let Some(spec) = object.spec() else { return };
    let mut rollout = cx.blank(object, SubjectKind::Model);
    if object.version == "v1alpha2" {
        old_shape(object, spec, &mut rollout, cx);
        return cx.rollout(rollout);
    }
    let (mode, mode_span) = mode(object);
    rollout.partial = present(spec, "predictor").is_none();
    misplaced(object, spec, cx);
    let mut stages = Vec::new();
    for name in COMPONENTS {
        let Some(component) = present(spec, name) else { continue };
        rollout.payload.extend(payloads(component));
        let percent = cx.read_u64(component, "canaryTrafficPercent");
        if name == "predictor" || !percent.is_absent() {
            stages.push(stage(object, component, name, &percent, mode, cx));
        }
        if let (Mode::Standard | Mode::ModelMesh, Fact::Stated(written)) = (mode, &percent) {
            ignored_percent(written.span, mode, mode_span, cx);
        }
        deployment_strategy(component, mode, mode_span, &mut rollout, cx);
    }
    if rollout.strategy.value == Strategy::Unknown {
        let split = stages.iter().any(|s| s.exposure.written().is_some());
        let value = if split && mode != Mode::Standard { Strategy::Canary } else { Strategy::AllAtOnce };
        rollout.strategy = Spanned::new(value, object.name_span());
    }
    rollout.progression = Progression::Live(stages);
    cx.rollout(rollout);
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

fn stage(
    object: &Object<'_>,
    component: Node<'_>,
    name: &str,
    percent: &Fact<u64>,
    mode: Mode,
    cx: &mut Lowering<'_>,
) -> Stage {
    if let Some(number) = percent.written().filter(|p| **p > 100) {
        let message = format!("`canaryTrafficPercent` is {number}, and at most 100 is allowed");
        cx.invalid(percent.span(), message, "write a percentage between 0 and 100");
    }
    let bent = matches!(mode, Mode::Standard | Mode::ModelMesh);
    let exposure = |percent: u64| {
        let written = Share::of(percent.min(100), 100);
        let effective = if bent { Share::ALL } else { written };
        Exposure { written, effective: Some(effective), basis: Basis::Requests }
    };
    let near = percent.span();
    let fact = match percent {
        Fact::Absent { .. } => Fact::Defaulted {
            value: Exposure::exact(Share::ALL, Basis::Requests),
            by: "kserve: 100 when absent",
            near: component.anchor(),
        },
        Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Dynamic { .. } => percent.clone().map(exposure),
    };
    let mut stage = live_stage(fact, near);
    let alone = object.spec().is_some_and(|s| present(s, "transformer").is_none() && present(s, "explainer").is_none());
    stage.name = (!alone).then(|| name.into());
    stage
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

/// Fields that v1beta1 does not have where they stand.
fn misplaced(object: &Object<'_>, spec: Node<'_>, cx: &mut Lowering<'_>) {
    let keys = MISPLACED.iter().filter_map(|k| spec.key(k));
    let annotation = object.node.path(&["metadata", "annotations"]);
    let annotation = annotation.and_then(|a| a.key("serving.kserve.io/canaryTrafficPercent"));
    for key in keys.chain(annotation) {
        let name = key.text().unwrap_or_default();
        let message = format!("`{name}` is no field of v1beta1 here and is dropped: everybody gets the new revision");
        cx.ignored(key.span(), message, "write `canaryTrafficPercent` under `predictor:`");
    }
}

/// v1alpha2: two endpoints side by side, the canary's share on top.
fn old_shape(object: &Object<'_>, spec: Node<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    let arms = ["default", "canary"].into_iter().filter_map(|k| present(spec, k));
    let predictors = arms.clone().filter_map(|a| present(a, "predictor"));
    rollout.payload = predictors.flat_map(payloads).collect();
    let percent = cx.read_u64(spec, "canaryTrafficPercent").or_default(0, "kserve v1alpha2: 0 when absent");
    let canary = present(spec, "canary");
    let value = if canary.is_some() { Strategy::Canary } else { Strategy::AllAtOnce };
    rollout.strategy = Spanned::new(value, object.name_span());
    let exposure = percent.map(|p| Exposure::exact(Share::of(p.min(100), 100), Basis::Requests));
    let stages = canary.map(|c| live_stage(exposure, c.anchor()));
    rollout.progression = Progression::Live(stages.into_iter().collect());
}

/// What a component ships: storage URIs and images, at its own level, under its model or framework, in its containers.
fn payloads(component: Node<'_>) -> Vec<Payload> {
    let mut found = Vec::new();
    let holders = std::iter::once(component).chain(component.entries().map(|(_, v)| v).filter(|v| v.is_map()));
    for holder in holders {
        for key in ["storageUri", "image"] {
            found.extend(holder.get(key).and_then(payload));
        }
    }
    let containers = component.get("containers").into_iter().flat_map(Node::items);
    for container in containers {
        found.extend(container.get("image").and_then(payload));
        let variables = container.get("env").into_iter().flat_map(Node::items);
        let storage = variables.filter(|v| v.get("name").and_then(Node::text) == Some("STORAGE_URI"));
        found.extend(storage.filter_map(|v| v.get("value")).filter_map(payload));
    }
    found
}
