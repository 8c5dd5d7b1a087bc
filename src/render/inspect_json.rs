//! The model as JSON, `rollgate/model/v1`: what a file lowers to.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::json::{JsonSkipped, JsonSpan, json_span, print};
use crate::finding::Skipped;
use crate::model::{CriteriaDocument, Criterion, Fact, Hold, PromptFile, Rollout, Shadow, Share, Stage};
use crate::text::{Sources, Span};

/// Everything some files lowered to.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "rollgate model v1")]
pub struct ModelReport {
    /// The name and version of this form.
    #[schemars(extend("const" = "rollgate/model/v1"))]
    schema: &'static str,
    rollouts: Vec<JsonRollout>,
    /// Documents that hold criteria and roll nothing out.
    criteria_documents: Vec<JsonCriteriaDocument>,
    /// What says which model is asked what, and rolls nothing out.
    prompts: Vec<JsonPrompt>,
    skipped: Vec<JsonSkipped>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rollout")]
struct JsonRollout {
    system: &'static str,
    group: String,
    kind: String,
    namespace: Option<String>,
    name: String,
    file: String,
    span: JsonSpan,
    service: String,
    environment: Option<String>,
    /// The kind of change, where it is declared.
    #[schemars(extend("enum" = ["prompt-tweak", "model-upgrade", "vendor-switch", "new-feature", "architecture", "code", "config", null]))]
    change: Option<&'static str>,
    #[schemars(extend("enum" = ["low", "medium", "high", null]))]
    risk: Option<&'static str>,
    #[schemars(extend("enum" = ["canary", "blue-green", "rolling", "recreate", "all-at-once", "shadow", "ab-test", "flag", "unknown"]))]
    strategy: &'static str,
    payload: Vec<JsonPayload>,
    progression: JsonProgression,
    shadow: Option<JsonShadow>,
    criteria: Vec<JsonCriterion>,
    /// Canonical kinds of the metrics that are watched.
    monitors: Vec<&'static str>,
    /// Seconds the old side stays ready after everybody has the new one.
    way_back_seconds: Option<u64>,
    owns: Vec<JsonObject>,
    /// The object that rewrites this one; it is judged in this one's place.
    owner: Option<JsonObject>,
    unresolved: Vec<JsonUnresolved>,
    /// JSON pointers of values nobody can know from these files.
    undetermined: Vec<String>,
    /// A kustomize patch: nothing is missing from it.
    partial: bool,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Payload")]
struct JsonPayload {
    /// JSON pointer of the value in its manifest.
    path: String,
    value: String,
    span: JsonSpan,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Progression")]
struct JsonProgression {
    /// declared: the file is the plan; live: its git history is.
    #[schemars(extend("enum" = ["declared", "live"]))]
    kind: &'static str,
    stages: Vec<JsonStage>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Stage")]
struct JsonStage {
    name: Option<String>,
    audience: Option<String>,
    /// As written, rounded to four decimals.
    exposure_percent: Option<f64>,
    /// As the platform serves it.
    effective_percent: Option<f64>,
    /// What the percentages are a share of.
    #[schemars(extend("enum" = ["requests", "pods", "users", "tenants", "segment", "config-fetches", "unknown"]))]
    basis: &'static str,
    hold: JsonHold,
    gates: Vec<JsonGate>,
    span: JsonSpan,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Hold")]
struct JsonHold {
    /// `gated` waits for a person or for an analysis without an end.
    #[schemars(extend("enum" = ["timed", "ramp", "gated", "none", "unknown"]))]
    kind: &'static str,
    /// How long; null for what is gated or unknown.
    seconds: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Gate")]
struct JsonGate {
    #[schemars(extend("enum" = ["analysis", "approval", "test", "experiment"]))]
    kind: &'static str,
    name: String,
    blocking: bool,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Shadow")]
struct JsonShadow {
    share_percent: Option<f64>,
    duration_seconds: Option<u64>,
    /// What compares the answers; null where nothing does.
    comparison: Option<String>,
    span: JsonSpan,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Criterion")]
struct JsonCriterion {
    /// Canonical kind.
    #[schemars(extend("enum" = ["error-rate", "success-rate", "latency", "cost-per-call", "eval-score", "saturation", "business", "custom"]))]
    metric: &'static str,
    /// Name as written.
    name: String,
    #[schemars(extend("enum" = ["absolute", "relative", "score", "statistical", "opaque", "text"]))]
    class: &'static str,
    /// The direction to roll back on.
    #[schemars(extend("enum" = ["above", "below", "rise", "drop", null]))]
    comparison: Option<&'static str>,
    bound: Option<JsonBound>,
    text: Option<String>,
    window_seconds: Option<u64>,
    tolerated: Option<u32>,
    #[schemars(extend("enum" = ["rollback", "pause", "notify"]))]
    action: &'static str,
    /// Does anything look at it while people are exposed?
    #[schemars(extend("enum" = ["yes", "no", "after-exposure", "unknown"]))]
    evaluated: &'static str,
    span: JsonSpan,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Bound")]
struct JsonBound {
    number: f64,
    /// percent, points, seconds, currency:CODE, ratio, count or none.
    unit: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Object")]
struct JsonObject {
    group: String,
    kind: String,
    namespace: Option<String>,
    name: String,
}

impl From<&crate::model::ObjectRef> for JsonObject {
    fn from(id: &crate::model::ObjectRef) -> Self {
        Self {
            group: id.group.to_string(),
            kind: id.kind.to_string(),
            namespace: id.namespace.as_deref().map(str::to_owned),
            name: id.name.to_string(),
        }
    }
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Unresolved")]
struct JsonUnresolved {
    kind: String,
    name: String,
    span: JsonSpan,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CriteriaDocument")]
struct JsonCriteriaDocument {
    system: &'static str,
    kind: String,
    name: String,
    file: String,
    criteria: Vec<JsonCriterion>,
    span: JsonSpan,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Prompt")]
struct JsonPrompt {
    system: &'static str,
    kind: &'static str,
    name: String,
    file: String,
    /// As written; null where the file names none, or leaves it to what is around it.
    model: Option<String>,
    vendor: Option<String>,
    /// How the model is asked, as written.
    parameters: BTreeMap<String, String>,
    /// What the text is filled with.
    variables: Vec<String>,
    /// What the model may call.
    tools: Vec<String>,
    /// Expressions of values that these files do not tell.
    undetermined: Vec<String>,
    span: JsonSpan,
}

/// What files lowered to, as renderers take it.
pub struct Model<'a> {
    /// The rollouts.
    pub rollouts: &'a [Box<Rollout>],
    /// Documents that hold criteria.
    pub criteria: &'a [CriteriaDocument],
    /// Prompts.
    pub prompts: &'a [PromptFile],
    /// Files that were left out.
    pub skipped: &'a [Skipped],
}

/// The model as JSON text, with a final line break.
pub fn inspect_json(model: &Model<'_>, sources: &Sources) -> String {
    print(&build(model, sources))
}

fn build(model: &Model<'_>, sources: &Sources) -> ModelReport {
    let skipped = model.skipped.iter().map(JsonSkipped::from);
    ModelReport {
        schema: "rollgate/model/v1",
        rollouts: model.rollouts.iter().map(|r| rollout(r, sources)).collect(),
        criteria_documents: model.criteria.iter().map(|d| document(d, sources)).collect(),
        prompts: model.prompts.iter().map(|p| prompt(p, sources)).collect(),
        skipped: skipped.collect(),
    }
}

fn prompt(prompt: &PromptFile, sources: &Sources) -> JsonPrompt {
    let texts = |all: &[Box<str>]| all.iter().map(ToString::to_string).collect();
    let parameters = prompt.parameters.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    let unknown = match &prompt.model {
        Fact::Dynamic { expr, .. } => Some(expr.to_string()),
        Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Absent { .. } => None,
    };
    JsonPrompt {
        system: prompt.system,
        kind: prompt.kind,
        name: prompt.name.value.to_string(),
        file: sources.path(prompt.span.file).to_owned(),
        model: prompt.model.known().map(ToString::to_string),
        vendor: prompt.vendor.as_deref().map(str::to_owned),
        parameters: parameters.collect(),
        variables: texts(&prompt.variables),
        tools: texts(&prompt.tools),
        undetermined: unknown.into_iter().collect(),
        span: json_span(sources, prompt.span),
    }
}

fn rollout(rollout: &Rollout, sources: &Sources) -> JsonRollout {
    let span = |span: Span| json_span(sources, span);
    let payload = rollout.payload.iter();
    let kind = if rollout.progression.is_live() { "live" } else { "declared" };
    let unresolved = rollout.unresolved.iter();
    let mut monitors: Vec<&str> = rollout.monitors.iter().map(|m| m.value.kind.name()).collect();
    monitors.sort_unstable();
    monitors.dedup();
    JsonRollout {
        system: rollout.adapter.id,
        group: rollout.id.group.to_string(),
        kind: rollout.id.kind.to_string(),
        namespace: rollout.id.namespace.as_deref().map(str::to_owned),
        name: rollout.id.name.to_string(),
        file: sources.path(rollout.span.file).to_owned(),
        span: span(rollout.span),
        service: rollout.service.to_string(),
        environment: rollout.environment.as_deref().map(str::to_owned),
        change: rollout.declared.change.map(crate::model::ChangeKind::name),
        risk: rollout.declared.risk.map(crate::model::Risk::name),
        strategy: rollout.strategy.value.name(),
        payload: payload
            .map(|p| JsonPayload { path: p.path.to_string(), value: p.value.to_string(), span: span(p.span) })
            .collect(),
        progression: JsonProgression { kind, stages: rollout.stages().iter().map(|s| stage(s, sources)).collect() },
        shadow: rollout.shadow.as_ref().map(|s| shadow(s, sources)),
        criteria: rollout.rollback.criteria.iter().map(|c| criterion(c, sources)).collect(),
        monitors,
        way_back_seconds: rollout.rollback.way_back.known().copied(),
        owns: rollout.owns.iter().map(Into::into).collect(),
        owner: rollout.owner.as_ref().map(Into::into),
        unresolved: unresolved
            .map(|u| JsonUnresolved { kind: u.kind.to_string(), name: u.name.to_string(), span: span(u.span) })
            .collect(),
        undetermined: rollout.undetermined.iter().map(|u| u.path.to_string()).collect(),
        partial: rollout.partial,
    }
}

fn stage(stage: &Stage, sources: &Sources) -> JsonStage {
    let exposure = stage.exposure.known();
    let hold = match &stage.hold {
        Fact::Stated(_) | Fact::Defaulted { .. } => stage.hold.known().copied().unwrap_or(Hold::Unknown),
        Fact::Absent { .. } => Hold::None,
        Fact::Dynamic { .. } => Hold::Unknown,
    };
    let basis = match (exposure, &stage.audience) {
        (Some(e), _) => e.basis,
        (None, Some(a)) if a.customers => crate::model::Basis::Tenants,
        (None, Some(_)) => crate::model::Basis::Segment,
        (None, None) => crate::model::Basis::Unknown,
    };
    let gates = stage.gates.iter();
    JsonStage {
        name: stage.name.as_deref().map(str::to_owned),
        audience: stage.audience.as_ref().map(|a| a.name.to_string()),
        exposure_percent: exposure.map(|e| e.written.percent()),
        effective_percent: exposure.and_then(|e| e.effective).map(Share::percent),
        basis: basis.name(),
        hold: JsonHold { kind: hold.name(), seconds: hold.seconds() },
        gates: gates
            .map(|g| JsonGate { kind: g.kind.name(), name: g.name.to_string(), blocking: g.blocking })
            .collect(),
        span: json_span(sources, stage.span),
    }
}

fn shadow(shadow: &Shadow, sources: &Sources) -> JsonShadow {
    use crate::model::Comparer;
    JsonShadow {
        share_percent: shadow.share.known().map(|s| s.percent()),
        duration_seconds: shadow.duration.known().copied(),
        comparison: match &shadow.comparer {
            Comparer::Named(name) => Some(name.to_string()),
            Comparer::Nothing | Comparer::Unknown => None,
        },
        span: json_span(sources, shadow.span),
    }
}

fn criterion(criterion: &Criterion, sources: &Sources) -> JsonCriterion {
    JsonCriterion {
        metric: criterion.metric.kind.name(),
        name: criterion.metric.name.to_string(),
        class: criterion.class.name(),
        comparison: criterion.comparison.map(crate::model::Comparison::name),
        bound: criterion.bound.known().map(|b| JsonBound { number: b.number, unit: b.unit.name().into_owned() }),
        text: criterion.text.as_deref().map(str::to_owned),
        window_seconds: criterion.window,
        tolerated: criterion.tolerated,
        action: criterion.action.name(),
        evaluated: criterion.evaluated.name(),
        span: json_span(sources, criterion.span),
    }
}

fn document(document: &CriteriaDocument, sources: &Sources) -> JsonCriteriaDocument {
    JsonCriteriaDocument {
        system: document.system,
        kind: document.kind.to_string(),
        name: document.name.value.to_string(),
        file: sources.path(document.span.file).to_owned(),
        criteria: document.criteria.iter().map(|c| criterion(c, sources)).collect(),
        span: json_span(sources, document.span),
    }
}
