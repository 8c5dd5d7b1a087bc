//! `RolloutPlan`: the deploy ticket as a file.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset};

use super::criteria::{bound, compared, criteria};
use super::desk::{Desk, Refusal, id, present, text, unit};
use super::keys;
use super::stages::{basis, stages};
use crate::adapters::object::parse_traffic;
use crate::adapters::{Lowering, Object, payload};
use crate::model::units::Length;
use crate::model::{
    ChangeKind, Comparer, Comparison, Fact, FlagUse, Guards, Method, Metric, ObjectRef, OfflineEval, Payload,
    Progression, Risk, RollbackPlan, Rollout, Schedule, Shadow, Share, Stage, Strategy, SubjectKind,
};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

/// What a plan lends to a rollout that is written elsewhere: a live split that it governs or that refers to it, the flag
/// that it names.
#[derive(Clone, Debug)]
pub struct PlanParts {
    /// Its file, repository-relative.
    pub path: Arc<str>,
    /// Its name, and where that stands.
    pub name: Spanned<Box<str>>,
    /// Criteria, method, way back, who is on call.
    pub rollback: RollbackPlan,
    /// Metrics that are watched, criteria's included.
    pub monitors: Vec<Spanned<Metric>>,
    /// When it starts.
    pub schedule: Option<Schedule>,
    /// What it mirrors, and what compares the answers.
    pub shadow: Option<Shadow>,
    /// Its flag, the evaluation before it, whom it serves.
    pub guards: Guards,
    /// What kind of change it is about.
    pub change: Option<ChangeKind>,
    /// How much a wrong change would hurt.
    pub risk: Option<Risk>,
    /// The service it names.
    pub service: Option<Box<str>>,
    /// Where it goes, where it says so.
    pub environment: Option<Box<str>>,
    /// Its stages.
    pub stages: Vec<Stage>,
    /// What it ships.
    pub ships: Vec<Box<str>>,
    /// The objects it says it governs.
    pub governs: Vec<Governed>,
}

/// An object that a plan says it governs. What is not written matches anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Governed {
    /// The adapter's id: `kserve`.
    pub system: Option<Box<str>>,
    /// Kind.
    pub kind: Option<Box<str>>,
    /// Namespace.
    pub namespace: Option<Box<str>>,
    /// Name.
    pub name: Box<str>,
    /// Where it is named.
    pub span: Span,
}

impl PlanParts {
    /// The identity under which the plan of the file `path` is defined beside its own.
    pub fn of_file(path: &str) -> ObjectRef {
        ObjectRef::new("rollgate", "PlanFile", None, path)
    }

    /// The identity under which every plan that governs an object of this name is defined.
    pub fn governing(namespace: Option<&str>, name: &str) -> ObjectRef {
        ObjectRef::new("rollgate", "Governs", namespace, name)
    }

    /// The identity under which every plan that names the flag `key` is defined.
    pub fn switching(key: &str) -> ObjectRef {
        ObjectRef::new("rollgate", "Switches", None, key)
    }
}

const STRATEGIES: [(&str, Strategy); 6] = [
    ("canary", Strategy::Canary),
    ("blue-green", Strategy::BlueGreen),
    ("shadow", Strategy::Shadow),
    ("ab-test", Strategy::AbTest),
    ("flag", Strategy::Flag),
    ("all-at-once", Strategy::AllAtOnce),
];

/// The ways back, by name.
pub(super) const METHODS: [(&str, Method); 3] =
    [("flag-off", Method::FlagOff), ("traffic-flip", Method::TrafficFlip), ("redeploy", Method::Redeploy)];

/// Lowers one plan.
pub(super) fn lower(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let root = object.node;
    let mut desk = Desk::default();
    desk.open(root, &keys::PLAN, object.name_span());
    let mut rollout = cx.blank(object, SubjectKind::Workload);
    metadata(&mut desk, root, &mut rollout);
    change(&mut desk, root, &mut rollout);
    rollout.guards.flag = flag(&mut desk, root);
    let governs = governs(&mut desk, root);
    rollout.owns = governs.iter().filter_map(workload).collect();
    rollout.partial = !governs.is_empty() && present(root, "strategy").or(present(root, "stages")).is_none();
    strategy(&mut desk, object, &mut rollout);
    let stages = if rollout.partial {
        Vec::new()
    } else {
        stages(&mut desk, root, rollout.strategy, basis(rollout.guards.flag.as_ref().and_then(|f| f.unit.as_deref())))
    };
    rollout.progression = Progression::Declared(stages);
    rollout.shadow = shadow(&mut desk, root, rollout.strategy);
    evidence(&mut desk, root, &mut rollout);
    rollback(&mut desk, root, &mut rollout);
    rollout.subject = subject(&rollout);
    desk.onto_rollout(cx);
    define(object, &rollout, governs, cx);
    cx.rollout(rollout);
}

/// The plain workload that `governed` is: the plan is its rollout, and what is to be said of it is said of the plan.
fn workload(governed: &Governed) -> Option<ObjectRef> {
    let kind = governed.kind.as_deref().filter(|k| ["Deployment", "StatefulSet", "DaemonSet"].contains(k))?;
    let is_plain = governed.system.as_deref().is_none_or(|s| s == "kubernetes");
    is_plain.then(|| ObjectRef::new("apps", kind, governed.namespace.as_deref(), &governed.name))
}

/// Makes the plan's parts findable by its identity, by its file, by what it governs and by its flag.
fn define(object: &Object<'_>, rollout: &Rollout, governs: Vec<Governed>, cx: &mut Lowering<'_>) {
    let parts = PlanParts {
        path: Arc::clone(cx.path),
        name: Spanned::new(object.name().into(), rollout.name_span),
        rollback: rollout.rollback.clone(),
        monitors: rollout.monitors.clone(),
        schedule: rollout.schedule.clone(),
        shadow: rollout.shadow.clone(),
        guards: rollout.guards.clone(),
        change: rollout.declared.change,
        risk: rollout.declared.risk,
        service: rollout.declared.service.clone(),
        environment: rollout.declared.environment.clone(),
        stages: rollout.stages().to_vec(),
        ships: rollout.payload.iter().map(|p| p.value.clone()).collect(),
        governs,
    };
    for governed in &parts.governs {
        cx.define(PlanParts::governing(governed.namespace.as_deref(), &governed.name), parts.clone());
    }
    if let Some(flag) = &parts.guards.flag {
        cx.define(PlanParts::switching(&flag.key), parts.clone());
    }
    cx.define(PlanParts::of_file(cx.path), parts.clone());
    cx.define(object.id(), parts);
}

fn metadata<'d>(desk: &mut Desk<'d>, root: Node<'d>, rollout: &mut Rollout) {
    let Some(node) = desk.map(root, "metadata", &keys::PLAN_METADATA) else { return };
    desk.own_text(node, "name");
    rollout.declared.service = desk.own_text(node, "service");
    rollout.declared.environment = desk.own_text(node, "environment");
    rollout.environment.clone_from(&rollout.declared.environment);
    if let Some(labels) = present(node, "labels") {
        for (key, value) in labels.entries() {
            desk.take(value, key.text().unwrap_or_default(), |n| {
                n.as_str().map(|_| ()).ok_or_else(|| Refusal::not(n, "text in quotes"))
            });
        }
        if !labels.is_map() {
            desk.wrong(labels.span(), "`labels` is a mapping of names to text", "write `labels: {tier: \"1\"}`");
        }
    }
    if let Some(service) = rollout.declared.own_service() {
        rollout.service = service.into();
    }
}

fn change<'d>(desk: &mut Desk<'d>, root: Node<'d>, rollout: &mut Rollout) {
    rollout.declared.risk = Some(Risk::Medium);
    let Some(node) = desk.map(root, "change", &keys::CHANGE) else { return };
    let kinds = ChangeKind::ALL.map(|k| (k.name(), k));
    rollout.declared.change = desk.one_of(node, "kind", &kinds).known().copied();
    let risk = desk.one_of(node, "risk", &Risk::ALL.map(|r| (r.name(), r)));
    rollout.declared.risk = risk.known().copied().or(rollout.declared.risk);
    desk.text(node, "summary");
    rollout.payload = desk.list(node, "payload").into_iter().filter_map(|item| shipped(desk, item)).collect();
}

/// One entry of `change.payload`: `{model: …}` or `{file: …}`.
fn shipped<'d>(desk: &mut Desk<'d>, item: Node<'d>) -> Option<Payload> {
    let (_, value) = one_key(desk, item, &keys::PAYLOAD, "`{model: example-2026-10}` or `{file: prompts/system.md}`")?;
    payload(value)
}

/// The one entry of a mapping that holds one of `names`; messages show `example`.
pub(super) fn one_key<'d>(
    desk: &mut Desk<'d>,
    item: Node<'d>,
    names: &[&'static str],
    example: &str,
) -> Option<(&'static str, Node<'d>)> {
    let entries: Vec<_> = item.entries().collect();
    let known = |key: Node<'_>| names.iter().copied().find(|n| key.text() == Some(n));
    let [(key, value)] = entries.as_slice() else {
        let message = format!("this is {}, and an entry holds one of {example}", super::desk::written(item));
        desk.wrong(item.span(), message, format!("write {example}"));
        return None;
    };
    let Some(name) = known(*key) else {
        let text = key.text().unwrap_or_default();
        let nearest = crate::text::nearest(text, names.iter().copied());
        let hint = nearest.map(|n| format!("; the nearest is `{n}`")).unwrap_or_default();
        desk.wrong(key.span(), format!("`{text}` is no key of this entry{hint}"), format!("write {example}"));
        return None;
    };
    desk.take(*value, name, id).known()?;
    Some((name, *value))
}

/// The flag that switches it.
fn flag<'d>(desk: &mut Desk<'d>, root: Node<'d>) -> Option<FlagUse> {
    let node = desk.map(root, "flag", &keys::FLAG)?;
    let system = desk.own_text(node, "system");
    let key = desk.read(node, "key", id).known().cloned().unwrap_or_default();
    Some(FlagUse { system, key, unit: desk.own_text(node, "unit"), span: node.anchor() })
}

fn governs<'d>(desk: &mut Desk<'d>, root: Node<'d>) -> Vec<Governed> {
    let mut all = Vec::new();
    for node in desk.list(root, "governs") {
        if !desk.open(node, &keys::GOVERNED, node.anchor()) {
            continue;
        }
        let (system, kind) = (desk.own_text(node, "system"), desk.own_text(node, "kind"));
        let namespace = desk.own_text(node, "namespace");
        if let Fact::Stated(Spanned { value: name, span }) = desk.text(node, "name") {
            all.push(Governed { system, kind, namespace, name, span });
        }
    }
    all
}

fn strategy<'d>(desk: &mut Desk<'d>, object: &Object<'d>, rollout: &mut Rollout) {
    let fact = desk.one_of(object.node, "strategy", &STRATEGIES);
    if fact.is_absent() && !rollout.partial {
        let names = STRATEGIES.map(|(name, _)| format!("`{name}`")).join(", ");
        let message = format!("a RolloutPlan needs `strategy`, one of {names}");
        desk.wrong(object.name_span(), message, "add `strategy: canary`");
    }
    if let Fact::Stated(strategy) = fact {
        rollout.strategy = strategy;
    }
}

/// Mirrored traffic, and what compares the answers.
fn shadow<'d>(desk: &mut Desk<'d>, root: Node<'d>, strategy: Spanned<Strategy>) -> Option<Shadow> {
    if strategy.value == Strategy::Shadow && present(root, "shadow").is_none() {
        desk.wrong(
            strategy.span,
            "strategy `shadow` needs `shadow`, which is missing",
            "add `shadow: {duration: 48h}`",
        );
    }
    let node = desk.map(root, "shadow", &keys::SHADOW)?;
    let known = |fact: Fact<Length>| fact.map(|l| l.0);
    let duration = match known(desk.unit::<Length>(node, "duration")) {
        // Reported as missing; what nobody can know is not judged as well.
        Fact::Absent { near } => Fact::Dynamic { expr: "".into(), span: near },
        other @ (Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Dynamic { .. }) => other,
    };
    let share = desk.unit::<Share>(node, "share").or_default(Share::ALL, "rollgate: 100% when absent");
    Some(Shadow { share, duration, comparer: comparer(desk, node), span: node.anchor() })
}

fn comparer<'d>(desk: &mut Desk<'d>, shadow: Node<'d>) -> Comparer {
    if present(shadow, "compare").is_none() {
        return Comparer::Nothing;
    }
    let Some(node) = desk.map(shadow, "compare", &keys::COMPARE) else { return Comparer::Unknown };
    let against = desk.own_text(node, "against").unwrap_or_else(|| "baseline".into());
    let items = desk.list(node, "metrics");
    let names: Vec<_> = items.into_iter().flat_map(|item| compared(desk, item)).collect();
    if names.is_empty() {
        let list = present(node, "metrics").filter(|n| n.is_seq());
        if let Some(list) = list {
            desk.wrong(
                list.anchor(),
                "`metrics` names nothing that is compared",
                "name a metric: `metrics: [eval_score]`",
            );
        }
        return Comparer::Unknown;
    }
    Comparer::Named(format!("{against}: {}", names.join(", ")).into())
}

/// What the model holds of monitors, traffic and schedule; of the rest the shape is checked.
fn evidence<'d>(desk: &mut Desk<'d>, root: Node<'d>, rollout: &mut Rollout) {
    for node in desk.list(root, "monitors") {
        if let Fact::Stated(name) = desk.take(node, "monitor", text) {
            rollout.monitors.push(Spanned::new(Metric::recognise(&name.value, ""), name.span));
        }
    }
    rollout.declared.traffic = desk.read(root, "traffic", traffic).known().copied();
    if let Fact::Stated(multi) = desk.one_of(root, "tenancy", &[("single", false), ("multi", true)]) {
        rollout.guards.multi_tenant = Some(multi);
    }
    if let Some(node) = desk.map(root, "detect", &keys::DETECT) {
        let kind =
            desk.own_text(node, "metric").map_or(crate::model::MetricKind::Custom, |m| Metric::recognise(&m, "").kind);
        desk.read(node, "baseline", |n| bound(n, kind, Comparison::Above));
        desk.read(node, "regression", |n| bound(n, kind, Comparison::Rise));
    }
    if let Some(node) = desk.map(root, "offline-eval", &keys::OFFLINE_EVAL) {
        let mut named = |key: &str| match desk.text(node, key) {
            Fact::Stated(text) => Some(text),
            Fact::Defaulted { .. } | Fact::Absent { .. } | Fact::Dynamic { .. } => None,
        };
        let (suite, result) = (named("suite"), named("result"));
        rollout.guards.offline_eval = Some(OfflineEval { suite, result, span: node.anchor() });
    }
    if let Some(node) = desk.map(root, "schedule", &keys::SCHEDULE)
        && let Fact::Stated(start) = desk.read(node, "start", moment)
    {
        rollout.schedule = Some(Schedule { start });
    }
}

fn rollback<'d>(desk: &mut Desk<'d>, root: Node<'d>, rollout: &mut Rollout) {
    rollout.rollback.on_call = desk.own_text(root, "on-call");
    let Some(node) = present(root, "rollback") else { return };
    rollout.rollback.anchor = node.anchor();
    if !desk.open(node, &keys::ROLLBACK, node.anchor()) {
        return;
    }
    let items = desk.list(node, "criteria");
    let criteria: Vec<_> = items.into_iter().flat_map(|item| criteria(desk, item)).collect();
    let watched = criteria.iter().filter(|c| c.is_numeric()).map(|c| Spanned::new(c.metric.clone(), c.span));
    rollout.monitors.extend(watched);
    let plan = &mut rollout.rollback;
    plan.criteria = criteria;
    plan.automatic = desk.read(node, "automatic", |n| n.as_bool().ok_or_else(|| Refusal::not(n, "`true` or `false`")));
    plan.method = desk.one_of(node, "method", &METHODS).known().copied();
    plan.way_back = desk.read(node, "keep-old-for", unit::<Length>).map(|l| l.0);
}

fn subject(rollout: &Rollout) -> SubjectKind {
    match rollout.declared.change {
        Some(ChangeKind::PromptTweak) => SubjectKind::Prompt,
        Some(ChangeKind::ModelUpgrade | ChangeKind::VendorSwitch) => SubjectKind::Model,
        Some(ChangeKind::NewFeature | ChangeKind::Architecture | ChangeKind::Code | ChangeKind::Config) | None => {
            if rollout.strategy.value == Strategy::Flag {
                SubjectKind::Flag
            } else {
                SubjectKind::Workload
            }
        }
    }
}

/// Takes requests in a length of time: `120000/day`.
fn traffic(node: Node<'_>) -> Result<f64, Refusal> {
    let text = node.text().unwrap_or_default();
    if super::desk::number(text).is_some() {
        let tail = format!(": `{text}` has no unit: `{text}/day` or `{text}/s`?");
        return Err(Refusal::because(tail, "write the requests with their time, such as `120000/day`"));
    }
    node.as_str().and_then(parse_traffic).ok_or_else(|| Refusal::not(node, "requests in a time such as `120000/day`"))
}

/// Takes a moment with its offset.
pub(super) fn moment(node: Node<'_>) -> Result<DateTime<FixedOffset>, Refusal> {
    let moment = node.text().and_then(|t| DateTime::parse_from_rfc3339(t.trim()).ok());
    moment.ok_or_else(|| Refusal::not(node, "a moment with its offset such as `2026-11-24T10:00:00+01:00`"))
}
