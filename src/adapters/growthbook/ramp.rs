//! Ramp schedules and safe rollouts: planned steps, watched by guardrails.

use super::guardrails;
use super::weights::fraction;
use crate::adapters::flag::basis_of;
use crate::adapters::nodes::{items, present, text};
use crate::adapters::{Lowering, Object};
use crate::model::{
    Audience, Basis, Exposure, Fact, Gate, GateKind, Hold, Method, ObjectRef, Progression, RollbackPlan, Rollout,
    Schedule, Share, Stage, Strategy, SubjectKind,
};
use crate::syntax::Node;
use crate::text::{Span, Spanned};
use chrono::DateTime;

/// The most of everybody to whom a watched step can give the new value: the control is as large.
const MOST: f64 = 0.5;

/// Is it a ramp schedule, or a template of one?
pub(super) fn is_schedule(root: Node<'_>) -> bool {
    let is_ours = |action: Node<'_>| text(action, "targetType") == "feature-rule";
    items(root, "steps").any(|step| items(step, "actions").any(is_ours))
}

/// Is it the older object of a safe rollout?
pub(super) fn is_safe_rollout(root: Node<'_>) -> bool {
    root.get("guardrailMetricIds").is_some_and(Node::is_seq) && root.get("rampUpSchedule").is_some_and(Node::is_map)
}

pub(super) fn schedule(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let root = object.node;
    // What has ended is no plan any more.
    if matches!(text(root, "status"), "completed" | "rolled-back") {
        return;
    }
    let target = items(root, "targets").next();
    let action = items(root, "steps").flat_map(|s| items(s, "actions")).find_map(|a| present(a, "targetId"));
    let of_target = target.and_then(|t| present(t, "entityId"));
    let named =
        present(root, "entityId").or_else(|| present(root, "featureId")).or(of_target).or(present(root, "name"));
    let mut rollout = blank(object, named.or(action), target.map_or("", |t| text(t, "environment")), cx);
    let mut stages = Vec::new();
    for step in items(root, "steps") {
        let last: Option<&Stage> = stages.last();
        let stage = stage(step, last, cx);
        stages.push(stage);
    }
    end(root, &mut stages, cx);
    let plan = guardrails::of_schedule(root, &stages);
    (rollout.rollback.criteria, rollout.monitors) = plan;
    let anchor = present(root, "monitoringConfig").map_or(rollout.name_span, Node::anchor);
    guarded(&mut rollout, anchor);
    let starts = matches!(text(root, "status"), "" | "pending" | "ready");
    rollout.schedule = present(root, "startDate").filter(|_| starts).and_then(moment);
    rollout.progression = Progression::Declared(stages);
    cx.rollout(rollout);
}

pub(super) fn safe_rollout(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let root = object.node;
    if matches!(text(root, "status"), "released" | "rolled-back" | "stopped") {
        return;
    }
    let mut rollout = blank(object, present(root, "featureId"), text(root, "environment"), cx);
    let ramp = root.get("rampUpSchedule").filter(|r| r.get("enabled").and_then(Node::as_bool) != Some(false));
    let basis = basis_of(text(root, "hashAttribute"));
    let mut stages = Vec::new();
    for step in ramp.into_iter().flat_map(|r| items(r, "steps")) {
        // Half of those who take part are the control.
        let part = fraction(step, "percent", cx).map(|p| (p, p / 2.0));
        let mut one = Stage::new(share(part, basis, step.span()), step.span());
        one.hold = Fact::stated(Hold::Unknown, step.span());
        stages.push(one);
    }
    let span = root.get("rampUpSchedule").unwrap_or(root).anchor();
    if stages.is_empty() {
        stages.push(Stage::new(share(Some((1.0, MOST)), basis, span), span));
    }
    if let Some(last) = stages.last_mut() {
        last.hold = Fact::stated(Hold::Gated, last.span);
        last.gates.push(approval("release", last.span));
    }
    stages.push(everybody(span, basis));
    (rollout.rollback.criteria, rollout.monitors) = guardrails::of_safe_rollout(root);
    let back = cx.read_bool(root, "autoRollback");
    guarded(&mut rollout, root.key("guardrailMetricIds").unwrap_or(root).span());
    rollout.rollback.automatic = back;
    rollout.progression = Progression::Declared(stages);
    cx.rollout(rollout);
}

fn blank(object: &Object<'_>, named: Option<Node<'_>>, environment: &str, cx: &Lowering<'_>) -> Rollout {
    let mut rollout = cx.blank(object, SubjectKind::Flag);
    let key = named.and_then(Node::text).unwrap_or_default();
    rollout.name_span = named.unwrap_or(object.node).span();
    let environment = Some(environment).filter(|e| !e.is_empty());
    rollout.id = ObjectRef::new(cx.adapter.id, object.kind, environment, key);
    rollout.service = key.into();
    rollout.environment = environment.map(Into::into);
    rollout.strategy = Spanned::new(Strategy::Canary, rollout.name_span);
    rollout.replicas = Fact::Absent { near: rollout.name_span };
    rollout.rollback = RollbackPlan { method: Some(Method::FlagOff), ..RollbackPlan::none(rollout.name_span) };
    rollout
}

/// Says where the guards stand, and that they act.
fn guarded(rollout: &mut Rollout, anchor: Span) {
    rollout.rollback.anchor = anchor;
    let acts = rollout.rollback.criteria.iter().any(|c| c.action == crate::model::Action::Rollback);
    if acts {
        rollout.rollback.automatic = Fact::stated(true, anchor);
    }
}

/// One step: what it does not say is as it was before.
fn stage(step: Node<'_>, before: Option<&Stage>, cx: &mut Lowering<'_>) -> Stage {
    let span = step.span();
    let patches: Vec<Node<'_>> = items(step, "actions").filter_map(|a| a.get("patch")).collect();
    let is_watched = present(step, "monitored").and_then(Node::as_bool) == Some(true);
    let written = patches.iter().find(|p| present(**p, "coverage").is_some());
    let exposure = match written {
        Some(patch) => covered(*patch, is_watched, step.get("trigger").is_some(), cx),
        None => before.map_or(Fact::Dynamic { expr: "".into(), span }, |b| b.exposure.clone()),
    };
    let mut stage = Stage::new(exposure, span);
    let picked = patches.iter().find_map(|p| super::audience::of(*p));
    stage.audience =
        picked.map(|who| Audience { name: who.name.into(), size: who.size, customers: who.customers }).or_else(|| {
            before.and_then(|b| b.audience.clone()).filter(|_| !patches.iter().any(|p| p.key("condition").is_some()))
        });
    if stage.audience.is_some() {
        stage.exposure = Fact::Absent { near: span };
    }
    let (time, approves) = gates(step, cx);
    stage.hold = time;
    if approves {
        stage.gates.push(approval("requiresApproval", span));
    }
    if is_watched {
        stage.gates.push(Gate { kind: GateKind::Analysis, name: "guardrails".into(), blocking: true, span });
    }
    stage
}

/// The share that a step gives the new value to. Schedules with a `trigger` are the older ones: there the coverage of a
/// watched step counts the control too.
fn covered(patch: Node<'_>, is_watched: bool, is_older: bool, cx: &mut Lowering<'_>) -> Fact<Exposure> {
    let span = present(patch, "coverage").unwrap_or(patch).span();
    let written = fraction(patch, "coverage", cx);
    let served = match written {
        Some(part) if is_watched && is_older => Some(part / 2.0),
        Some(part) if is_watched && part > MOST => {
            let message = format!("a monitored step has a control of the same size, and `coverage` is {part}");
            cx.invalid(span, message, "write 0.5 or less");
            Some(MOST)
        }
        other => other,
    };
    share(written.zip(served), Basis::Users, span)
}

/// The exposure that was written and the one that is served.
fn share(parts: Option<(f64, f64)>, basis: Basis, span: Span) -> Fact<Exposure> {
    let Some((written, served)) = parts else { return Fact::Dynamic { expr: "".into(), span } };
    let of = |part: f64| Share::from_percent(part * 100.0);
    Fact::stated(Exposure { written: of(written), effective: Some(of(served)), basis }, span)
}

/// How long a step lasts, and whether a person lets it go on. Without a time and without a person it is left at once.
fn gates(step: Node<'_>, cx: &mut Lowering<'_>) -> (Fact<Hold>, bool) {
    let trigger = present(step, "trigger");
    let kind = trigger.map_or("", |t| text(t, "type"));
    let holds = step.get("holdConditions");
    let asks =
        holds.and_then(|h| h.get("requiresApproval")).and_then(Node::as_bool) == Some(true) || kind == "approval";
    let samples = holds.is_some_and(|h| present(h, "minSampleSize").is_some());
    let seconds = match trigger.filter(|_| kind == "interval") {
        Some(trigger) => cx.read_u64(trigger, "seconds"),
        None => cx.read_u64(step, "interval"),
    };
    let hold = match seconds {
        Fact::Absent { near } if kind == "scheduled" => Fact::stated(Hold::Unknown, near),
        Fact::Absent { near } if asks || samples => Fact::stated(Hold::Gated, near),
        Fact::Absent { near } => Fact::stated(Hold::None, near),
        time @ (Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Dynamic { .. }) => time.map(Hold::Timed),
    };
    (hold, asks)
}

/// What the rule comes to after its last step: everybody, unless it says otherwise.
fn end(root: Node<'_>, stages: &mut Vec<Stage>, cx: &mut Lowering<'_>) {
    let patch = items(root, "endActions").find_map(|a| a.get("patch")).or_else(|| present(root, "endPatch"));
    let written = patch.filter(|p| present(*p, "coverage").is_some());
    let last = stages.last();
    let is_whole = last.is_some_and(|s| s.share() == Some(Share::ALL) && s.audience.is_none());
    let stage = match written {
        Some(patch) => Stage::new(covered(patch, false, false, cx), patch.span()),
        None => everybody(root.key("steps").unwrap_or(root).span(), Basis::Users),
    };
    if !(is_whole && stage.share() == Some(Share::ALL)) && last.is_some() {
        stages.push(stage);
    }
}

fn everybody(span: Span, basis: Basis) -> Stage {
    let mut stage = Stage::new(Fact::stated(Exposure::exact(Share::ALL, basis), span), span);
    stage.implied = true;
    stage
}

fn approval(name: &str, span: Span) -> Gate {
    Gate { kind: GateKind::Approval, name: name.into(), blocking: true, span }
}

fn moment(node: Node<'_>) -> Option<Schedule> {
    let start = DateTime::parse_from_rfc3339(node.text()?).ok()?;
    Some(Schedule { start: Spanned::new(start, node.span()) })
}
