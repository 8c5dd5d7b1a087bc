//! Plans that speak for objects of other systems: `rollgate/plan` annotations and a plan's `governs`.

use crate::adapters::{Governed, PlanParts, World};
use crate::model::{Comparer, Rollout, StageRange, Unresolved};

/// Gives `rollout` the criteria, monitors, guards, schedule, way back and kind of change of every plan that speaks for it.
pub(super) fn apply(rollout: &mut Rollout, world: &World<'_>) {
    if let Some(path) = rollout.declared.plan.as_ref().and_then(|p| p.written().cloned()) {
        let span = rollout.declared.plan.as_ref().map_or(rollout.name_span, crate::model::Fact::span);
        match world.find::<PlanParts>(&PlanParts::of_file(path.trim_start_matches("./"))) {
            Some(plan) => supply(rollout, plan),
            None => rollout.unresolved.push(Unresolved {
                kind: "RolloutPlan".into(),
                name: path,
                span,
                because: "so the criteria it supplies are unknown",
            }),
        }
    }
    let governing = PlanParts::governing(rollout.id.namespace.as_deref(), &rollout.id.name);
    for plan in world.all::<PlanParts>(&governing) {
        let names = |g: &&Governed| names(g, rollout);
        if plan.governs.iter().any(|g| names(&g)) {
            supply(rollout, plan);
        }
    }
}

fn names(governed: &Governed, rollout: &Rollout) -> bool {
    let fits = |asked: &Option<Box<str>>, there: &str| asked.as_deref().is_none_or(|a| a == there);
    let namespace = match (&governed.namespace, &rollout.id.namespace) {
        (Some(asked), Some(there)) => asked == there,
        (None, _) | (_, None) => true,
    };
    *governed.name == *rollout.id.name
        && namespace
        && fits(&governed.system, rollout.adapter.id)
        && fits(&governed.kind, &rollout.id.kind)
}

fn supply(rollout: &mut Rollout, plan: &PlanParts) {
    let via = plan.name.span;
    for criterion in &plan.rollback.criteria {
        let mut criterion = criterion.clone();
        criterion.via = Some(via);
        // The plan's own stages are not this object's.
        criterion.covers = StageRange::ALL;
        if !rollout.rollback.criteria.contains(&criterion) {
            rollout.rollback.criteria.push(criterion);
        }
    }
    for monitor in &plan.monitors {
        if !rollout.monitors.contains(monitor) {
            rollout.monitors.push(monitor.clone());
        }
    }
    if let (Some(own), Some(planned)) = (&mut rollout.shadow, &plan.shadow) {
        if own.comparer == Comparer::Nothing {
            own.comparer = planned.comparer.clone();
        }
        if own.duration.is_absent() {
            own.duration = planned.duration.clone();
        }
    }
    let (guards, more) = (&mut rollout.guards, plan.guards.clone());
    guards.flag = guards.flag.take().or(more.flag);
    guards.offline_eval = guards.offline_eval.take().or(more.offline_eval);
    guards.multi_tenant = guards.multi_tenant.or(more.multi_tenant);
    if rollout.declared.change.is_none() && plan.change.is_some() {
        rollout.declared.change = plan.change;
        rollout.declared.risk = rollout.declared.risk.or(plan.risk);
    }
    rollout.schedule = rollout.schedule.take().or_else(|| plan.schedule.clone());
    let (own, planned) = (&mut rollout.rollback, &plan.rollback);
    if own.automatic.is_absent() {
        own.automatic = planned.automatic.clone();
    }
    if own.way_back.is_absent() {
        own.way_back = planned.way_back.clone();
    }
    own.on_call = own.on_call.take().or_else(|| planned.on_call.clone());
    own.method = own.method.or(planned.method);
}
