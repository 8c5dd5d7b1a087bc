//! Automations: how long a phase is held, and what happens when a job fails.

use super::{Field, GROUP, block, name_of};
use crate::adapters::duration::go_seconds;
use crate::adapters::{Lowering, Object, World};
use crate::model::{Action, Fact, Hold, ObjectRef, Progression, Rollout, Share, Stage};
use crate::text::Span;

/// What one automation does for a pipeline.
pub(super) struct Automation {
    /// The targets it is for; `None` is one that nobody can know: picked by a label, or an expression.
    targets: Vec<Option<Box<str>>>,
    /// May it be switched off, for all these files tell?
    uncertain: bool,
    advances: Vec<Advance>,
    repairs: Vec<Repair>,
}

/// A rule that lets the next phase begin.
struct Advance {
    /// After which phases; after each if there are none. `None` is one that nobody can know.
    phases: Vec<Option<Box<str>>>,
    wait: Fact<Hold>,
}

/// A rule that goes back when a job fails.
struct Repair {
    phases: Vec<Option<Box<str>>>,
    jobs: Vec<Option<Box<str>>>,
    span: Span,
}

impl Automation {
    /// Is it for `target`? `None` where nobody can know.
    fn selects(&self, target: &str) -> Option<bool> {
        let all = self.targets.iter().any(|t| t.as_deref() == Some("*"));
        let chosen = if all { Some(true) } else { among(&self.targets, Some(target)) };
        if self.uncertain && chosen == Some(true) { None } else { chosen }
    }
}

/// Is `name` among `all`? `None` where nobody can know.
fn among(all: &[Option<Box<str>>], name: Option<&str>) -> Option<bool> {
    let name = name?;
    if all.iter().flatten().any(|other| **other == *name) {
        return Some(true);
    }
    all.iter().all(Option::is_some).then_some(false)
}

/// The same, where an empty list is everything.
fn covers(all: &[Option<Box<str>>], name: Option<&str>) -> Option<bool> {
    if all.is_empty() { Some(true) } else { among(all, name) }
}

fn of_pipeline(pipeline: &str) -> ObjectRef {
    ObjectRef::new(GROUP, "Automation", None, pipeline)
}

pub(super) fn define(object: &Object<'_>, body: &Field<'_>, cx: &mut Lowering<'_>) {
    let suspended = body.get("Suspended");
    if suspended.and_then(|s| s.boolean()) == Some(true) {
        return;
    }
    let written = body.get("DeliveryPipeline").and_then(|p| name_of(&p));
    let pipeline = written.or_else(|| Some(object.name().split_once('/')?.0.into()));
    let Some(pipeline) = pipeline else { return };
    let rules = block(body, "Rules").map(|r| r.items()).unwrap_or_default();
    let automation = Automation {
        targets: block(body, "Selector").map_or_else(|| vec![None], |s| selected(&s)),
        uncertain: suspended.is_some_and(|s| s.unknown().is_some()),
        advances: rules.iter().filter_map(advance).collect(),
        repairs: rules.iter().filter_map(repair).collect(),
    };
    cx.define(of_pipeline(&pipeline), automation);
}

/// `targets: [{id}]`, or a list of `{target: {id}}` as older files have it.
fn selected(selector: &Field<'_>) -> Vec<Option<Box<str>>> {
    let id = |target: &Field<'_>| target.get("Id").and_then(|id| name_of(&id));
    match block(selector, "Targets") {
        Some(targets) => targets.items().iter().map(id).collect(),
        None => selector.items().iter().map(|s| block(s, "Target").and_then(|t| id(&t))).collect(),
    }
}

fn names(rule: &Field<'_>, keys: &[&str]) -> Vec<Option<Box<str>>> {
    let all = rule.any(keys).map(|f| f.items()).unwrap_or_default();
    all.iter().map(|name| name.text().map(Into::into)).collect()
}

fn advance(rule: &Field<'_>) -> Option<Advance> {
    let rule = block(rule, "AdvanceRolloutRule").or_else(|| block(rule, "AdvanceRollout"))?;
    let wait = match rule.get("Wait") {
        None => Fact::Defaulted { value: Hold::None, by: "Cloud Deploy: no wait when absent", near: rule.anchor() },
        Some(wait) => match wait.text().and_then(go_seconds).and_then(|s| u64::try_from(s).ok()) {
            Some(0) => wait.fact(Hold::None),
            Some(seconds) => wait.fact(Hold::Timed(seconds)),
            None => Fact::Dynamic { expr: wait.as_written().unwrap_or_default().into(), span: wait.span() },
        },
    };
    Some(Advance { phases: names(&rule, &["SourcePhases", "FromPhases"]), wait })
}

fn repair(rule: &Field<'_>) -> Option<Repair> {
    let rule = block(rule, "RepairRolloutRule").or_else(|| block(rule, "RepairRollout"))?;
    let modes = rule.any(&["RepairPhases", "RepairModes"]).map(|m| m.items()).unwrap_or_default();
    let back = modes.iter().find_map(|mode| block(mode, "Rollback"))?;
    let phases = names(&rule, &["Phases", "SourcePhases"]);
    Some(Repair { phases, jobs: names(&rule, &["Jobs"]), span: back.anchor() })
}

/// Gives the phases of `rollout` their holds, and its criteria what they do.
pub(super) fn apply(rollout: &mut Rollout, pipeline: &str, target: &str, world: &World<'_>) {
    let id = of_pipeline(pipeline);
    let here = |a: &Automation| a.selects(target) != Some(false);
    let advancing = world.nearest::<Automation>(&id, |a| here(a) && !a.advances.is_empty());
    let Progression::Declared(stages) = &mut rollout.progression else { return };
    for stage in stages.iter_mut().filter(|s| s.share() != Some(Share::ALL)) {
        let next = next_begins(&advancing, target, stage);
        stage.hold = match (stage.hold.known().copied(), next) {
            (Some(own), Fact::Stated(next)) => Fact::stated(own.then(next.value), next.span),
            (Some(own), Fact::Defaulted { value, by, near }) => Fact::Defaulted { value: own.then(value), by, near },
            (Some(_), next) => next,
            (None, _) => continue,
        };
    }
    let repairing = world.nearest::<Automation>(&id, |a| here(a) && !a.repairs.is_empty());
    let names: Vec<Option<Box<str>>> = stages.iter().map(|s| s.name.clone()).collect();
    for automation in repairing {
        automation.repairs.iter().for_each(|r| repaired(rollout, automation.selects(target), r, &names));
    }
}

/// When the next phase begins, counted from the end of `stage`: by a rule, or when a person says so.
fn next_begins(automations: &[&Automation], target: &str, stage: &Stage) -> Fact<Hold> {
    let mut uncertain = None;
    for automation in automations {
        for advance in &automation.advances {
            match (automation.selects(target), covers(&advance.phases, stage.name.as_deref())) {
                (Some(true), Some(true)) => return advance.wait.clone(),
                (Some(false), _) | (_, Some(false)) => {}
                (None, _) | (_, None) => uncertain = Some(advance.wait.span()),
            }
        }
    }
    match uncertain {
        Some(span) => Fact::Dynamic { expr: "".into(), span },
        None => Fact::stated(Hold::Gated, stage.span),
    }
}

fn repaired(rollout: &mut Rollout, selected: Option<bool>, repair: &Repair, stages: &[Option<Box<str>>]) {
    rollout.rollback.automatic = match selected {
        Some(_) => Fact::stated(true, repair.span),
        None => Fact::Dynamic { expr: "".into(), span: repair.span },
    };
    for criterion in &mut rollout.rollback.criteria {
        let phase = stages.get(criterion.covers.first).and_then(|name| name.as_deref());
        let job = Some(&*criterion.metric.name);
        if covers(&repair.phases, phase) != Some(false) && covers(&repair.jobs, job) != Some(false) {
            criterion.action = Action::Rollback;
        }
    }
}
