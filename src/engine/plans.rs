//! Plans that speak for objects of other systems: `rollgate/plan` annotations, a plan's `governs`, the flag it names.

use crate::adapters::{Governed, PlanParts, World};
use crate::model::{Comparer, Planned, Rollout, Schedule, StageRange, SubjectKind, Unresolved};

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
    if is_flag(rollout) {
        for plan in world.all::<PlanParts>(&PlanParts::switching(&rollout.id.name)) {
            if switches(plan, rollout) {
                switch(rollout, plan);
            }
        }
    }
}

/// Is it a flag of its own file, and no plan that rolls out by one?
pub(super) fn is_flag(rollout: &Rollout) -> bool {
    rollout.subject == SubjectKind::Flag && *rollout.id.kind == *"Flag"
}

/// When the first plan starts that names the flag that `rollout` is, and says so.
pub(super) fn start_of(rollout: &Rollout, world: &World<'_>) -> Option<Schedule> {
    let plans = world.all::<PlanParts>(&PlanParts::switching(&rollout.id.name));
    let starts = plans.into_iter().filter(|plan| switches(plan, rollout)).filter_map(|plan| plan.schedule.as_ref());
    starts.min_by_key(|schedule| schedule.start.value).filter(|_| is_flag(rollout)).cloned()
}

/// Does `plan` name the flag that `rollout` is? Where one of the two says nothing of its system or its environment, the
/// key tells.
fn switches(plan: &PlanParts, rollout: &Rollout) -> bool {
    let Some(flag) = plan.guards.flag.as_ref() else { return false };
    let elsewhere =
        plan.environment.as_ref().zip(rollout.environment.as_ref()).is_some_and(|(asked, own)| asked != own);
    flag.key == rollout.id.name && flag.system.as_deref().is_none_or(|s| s == rollout.adapter.id) && !elsewhere
}

/// Gives the flag what guards the plan that it switches. What the change is, what it mirrors and when it starts is asked
/// of the plan; a flag that moves later moves then.
fn switch(rollout: &mut Rollout, plan: &PlanParts) {
    if let (None, Some(service)) = (&rollout.declared.service, &plan.service) {
        rollout.declared.service = Some(service.clone());
        rollout.service.clone_from(service);
    }
    guard(rollout, plan);
    rollout.planned.extend(plan.guards.flag.as_ref().map(|flag| Planned {
        name: plan.name.clone(),
        named: flag.span,
        environment: plan.environment.clone(),
        stages: plan.stages.clone(),
        start: plan.schedule.as_ref().map(|s| s.start.value),
        ships: plan.ships.clone(),
    }));
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

/// Gives `rollout` all that `plan` says of it.
fn supply(rollout: &mut Rollout, plan: &PlanParts) {
    guard(rollout, plan);
    if let (Some(own), Some(planned)) = (&mut rollout.shadow, &plan.shadow) {
        if own.comparer == Comparer::Nothing {
            own.comparer = planned.comparer.clone();
        }
        if own.duration.is_absent() {
            own.duration = planned.duration.clone();
        }
    }
    if rollout.declared.change.is_none() && plan.change.is_some() {
        rollout.declared.change = plan.change;
        rollout.declared.risk = rollout.declared.risk.or(plan.risk);
    }
    rollout.schedule = rollout.schedule.take().or_else(|| plan.schedule.clone());
}

/// Gives `rollout` the criteria, monitors, guards and way back of `plan`.
fn guard(rollout: &mut Rollout, plan: &PlanParts) {
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
    let (guards, more) = (&mut rollout.guards, plan.guards.clone());
    guards.flag = guards.flag.take().or(more.flag);
    guards.offline_eval = guards.offline_eval.take().or(more.offline_eval);
    guards.multi_tenant = guards.multi_tenant.or(more.multi_tenant);
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
