//! Release pipelines: phases that say where a change is live, each with its time and its review.

use super::condition::{self, Condition, Scope};
use crate::adapters::infra::Field;
use crate::adapters::{Lowering, Object};
use crate::model::{
    Audience, Basis, Exposure, Fact, Gate, GateKind, Hold, Method, ObjectRef, Progression, Share, Stage, Strategy,
    SubjectKind,
};
use crate::text::{Span, Spanned};

/// Reads the pipeline at `field`.
pub(super) fn lower((key, name_span): (&str, Span), field: &Field<'_>, (object, cx): (&Object<'_>, &mut Lowering<'_>)) {
    let phases = field.get("phases").map(|p| p.items()).unwrap_or_default();
    let mut stages: Vec<Stage> = phases.iter().map(|phase| stage(phase, cx)).collect();
    if let ([phase], [only]) = (&*phases, &mut *stages)
        && only.gates.is_empty()
        && whom(phase).1.is_empty()
    {
        // One phase for everybody that nobody reviews is no pipeline.
        only.audience = None;
        only.exposure = Fact::stated(Exposure::exact(Share::ALL, Basis::Users), only.span);
    }
    let mut rollout = cx.blank(object, SubjectKind::Flag);
    rollout.id = ObjectRef::new(cx.adapter.id, "ReleasePipeline", None, key);
    (rollout.name_span, rollout.span) = (name_span, field.span());
    rollout.service = rollout.declared.service.clone().unwrap_or_else(|| key.into());
    rollout.strategy = Spanned::new(Strategy::Canary, name_span);
    rollout.replicas = Fact::Absent { near: name_span };
    rollout.progression = Progression::Declared(stages);
    rollout.rollback.method = Some(Method::FlagOff);
    rollout.rollback.anchor = name_span;
    cx.rollout(rollout);
}

fn stage(phase: &Field<'_>, cx: &mut Lowering<'_>) -> Stage {
    let (scope, conditions) = whom(phase);
    let mut parts: Vec<String> = Vec::new();
    let named: Vec<&str> = scope.named().collect();
    if !named.is_empty() {
        parts.push(named.join(", "));
    }
    let people = condition::spelled(&conditions);
    if !conditions.is_empty() {
        parts.push(people.name);
    }
    let name = phase.get("name").and_then(|n| n.text()).filter(|n| !n.is_empty());
    let audience = if parts.is_empty() { name.unwrap_or("everybody").to_owned() } else { parts.join(", ") };
    let mut stage = Stage::new(Fact::Absent { near: phase.anchor() }, phase.span());
    stage.name = name.map(Into::into);
    stage.audience = Some(Audience { name: audience.into(), size: people.size, customers: people.customers });
    let hold = cx.field(phase, &["timeIntervalMs"], "a whole number of milliseconds", |f| Some(f.whole()? / 1000));
    stage.hold = match hold {
        Fact::Absent { near } => Fact::stated(Hold::None, near),
        known @ (Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Dynamic { .. }) => known.map(Hold::Timed),
    };
    if let Some(review) = phase.get("RequiredReview").filter(|r| r.boolean() == Some(true)) {
        stage.gates.push(Gate { kind: GateKind::Approval, name: "review".into(), blocking: true, span: review.span() });
    }
    stage
}

/// The environments of all rules of a phase, and what narrows them down.
fn whom<'d>(phase: &Field<'d>) -> (Scope<'d>, Vec<Condition>) {
    let mut scope = Scope::default();
    let mut conditions = Vec::new();
    for rule in phase.get("rules").iter().flat_map(Field::items) {
        let names: Vec<&str> =
            rule.get("environments").iter().flat_map(Field::items).filter_map(|e| e.text()).collect();
        if !names.is_empty() {
            scope.only.push(names);
        }
        for one in rule.get("conditions").iter().flat_map(Field::items) {
            conditions.extend(condition::read(&one, &mut scope));
        }
    }
    (scope, conditions)
}
