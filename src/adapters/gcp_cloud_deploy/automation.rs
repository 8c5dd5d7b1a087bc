//! Automations: how long a phase is held, and what happens when a job fails.

use super::names::{self, Name, last_part};
use super::{Field, GROUP, Place, block};
use crate::adapters::duration::go_seconds;
use crate::adapters::{Lowering, Object, World};
use crate::model::{Action, Fact, Hold, ObjectRef, Progression, Rollout, Share, Stage, Strategy};
use crate::text::Span;

/// What one automation does for a pipeline.
pub(super) struct Automation {
    /// The targets it is for; `None` is one that nobody can know: picked by a label, or an expression.
    targets: Vec<Option<Name>>,
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
    fn selects(&self, target: &str, world: &World<'_>) -> Option<bool> {
        let is_it = |other: &Option<Name>| match other.as_ref()?.known(world)? {
            "*" => Some(true),
            other => names::same(other, target),
        };
        let mut chosen = Some(false);
        for found in self.targets.iter().map(is_it) {
            match found {
                Some(true) => return if self.uncertain { None } else { Some(true) },
                Some(false) => {}
                None => chosen = None,
            }
        }
        chosen
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
    let Some(pipeline) = pipeline_of(object, body, cx.path) else { return };
    let rules = block(body, "Rules").map(|r| r.items()).unwrap_or_default();
    let automation = Automation {
        targets: block(body, "Selector").map_or_else(|| vec![None], |s| selected(&s, cx.path)),
        uncertain: suspended.is_some_and(|s| s.unknown().is_some()),
        advances: rules.iter().filter_map(advance).collect(),
        repairs: rules.iter().filter_map(repair).collect(),
    };
    match pipeline {
        Name::Plain(name) => cx.define(of_pipeline(&name), automation),
        Name::Elsewhere(address) => cx.define(of_pipeline(&address.name), automation),
    }
}

/// The pipeline that an automation belongs to: named by a field, by a reference, or in front of its own name.
fn pipeline_of(object: &Object<'_>, body: &Field<'_>, path: &str) -> Option<Name> {
    if let Some(written) = body.get("DeliveryPipeline") {
        return Name::of(&written, path);
    }
    if let Some(reference) = body.get("DeliveryPipelineRef") {
        return referred(&reference);
    }
    let name = object.name();
    let whole = name.split_once("/deliveryPipelines/").map_or(name, |(_, rest)| rest);
    Some(Name::Plain(whole.split_once('/')?.0.into()))
}

/// What a reference of Config Connector names.
fn referred(reference: &Field<'_>) -> Option<Name> {
    let name = reference.any(&["Name", "External"])?;
    Some(Name::Plain(last_part(name.as_written()?).into()))
}

/// `targets: [{id}]`, a list of `{target: {id}}` as older files have it, or `{targetRef: {name}}` of Config Connector.
fn selected(selector: &Field<'_>, path: &str) -> Vec<Option<Name>> {
    let id = |target: &Field<'_>| match target.get("TargetRef") {
        Some(reference) => referred(&reference),
        None => target.get("Id").and_then(|id| Name::of(&id, path)),
    };
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
pub(super) fn apply(rollout: &mut Rollout, place: &Place, target: &str, world: &World<'_>) {
    let here = |a: &Automation| a.selects(target, world) != Some(false);
    let called = [Some(&place.pipeline), place.address.as_ref().map(|a| &a.name)];
    let ids: Vec<ObjectRef> = called.into_iter().flatten().map(|name| of_pipeline(name)).collect();
    let all = |wanted: fn(&Automation) -> bool| {
        ids.iter().flat_map(|id| world.nearest::<Automation>(id, |a| here(a) && wanted(a))).collect::<Vec<_>>()
    };
    let advancing: Vec<_> =
        all(|a| !a.advances.is_empty()).into_iter().map(|a| (a, a.selects(target, world))).collect();
    let strategy = rollout.strategy.value;
    let Progression::Declared(stages) = &mut rollout.progression else { return };
    for stage in stages.iter_mut().filter(|s| s.share() != Some(Share::ALL)) {
        // Phases that these files do not tell are left in a way that they do not tell either.
        if strategy == Strategy::Unknown {
            stage.hold = Fact::Dynamic { expr: "".into(), span: stage.span };
            continue;
        }
        let next = next_begins(&advancing, stage);
        stage.hold = match (stage.hold.known().copied(), next) {
            (Some(own), Fact::Stated(next)) => Fact::stated(own.then(next.value), next.span),
            (Some(own), Fact::Defaulted { value, by, near }) => Fact::Defaulted { value: own.then(value), by, near },
            (Some(_), next) => next,
            (None, _) => continue,
        };
    }
    let names: Vec<Option<Box<str>>> = stages.iter().map(|s| s.name.clone()).collect();
    for automation in all(|a| !a.repairs.is_empty()) {
        automation.repairs.iter().for_each(|r| repaired(rollout, automation.selects(target, world), r, &names));
    }
}

/// When the next phase begins, counted from the end of `stage`: by a rule, or when a person says so.
fn next_begins(automations: &[(&Automation, Option<bool>)], stage: &Stage) -> Fact<Hold> {
    let mut uncertain = None;
    for (automation, selects) in automations {
        for advance in &automation.advances {
            match (*selects, covers(&advance.phases, stage.name.as_deref())) {
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
