//! Joins what the files came to: references resolved, owners found.

use std::collections::BTreeMap;

use super::{Loaded, plans};
use crate::adapters::{Definitions, Finish, World, may_mean, within_reach};
use crate::collect::File;
use crate::model::{CriteriaDocument, Drill, ObjectRef, Problem, PromptFile, Rollout, Waiver};

/// Everything the files came to, joined.
#[derive(Default)]
pub struct Linked {
    /// Rollouts, in the order of their places.
    pub rollouts: Vec<Box<Rollout>>,
    /// What some of them are before their file is applied, in no particular order.
    pub before: Vec<Box<Rollout>>,
    /// Documents that hold criteria and roll nothing out.
    pub criteria: Vec<CriteriaDocument>,
    /// Prompts, which roll nothing out.
    pub prompts: Vec<PromptFile>,
    /// Drills on record.
    pub drills: Vec<Drill>,
    /// Waivers on record.
    pub waivers: Vec<Waiver>,
    /// What belongs to no rollout.
    pub problems: Vec<Problem>,
}

/// Joins `loaded`, the results of `files` in their order.
pub fn link(files: &[File], loaded: Vec<Loaded>) -> Linked {
    let count = loaded.iter().map(|l| l.lowered.rollouts.len()).sum();
    let mut out = Linked { rollouts: Vec::with_capacity(count), ..Linked::default() };
    let mut definitions = Definitions::default();
    let mut at_rest = Vec::new();
    let mut waiting: Vec<(usize, usize, Finish)> = Vec::new();
    let mut earlier: Vec<(usize, usize, Finish)> = Vec::new();
    for (number, one) in loaded.into_iter().enumerate() {
        let lowered = one.lowered;
        for (id, value) in lowered.definitions {
            definitions.add(id, &files[number].path, value);
        }
        for (rollout, finish) in lowered.rollouts {
            waiting.extend(finish.map(|f| (out.rollouts.len(), number, f)));
            out.rollouts.push(rollout);
        }
        for (rollout, finish) in lowered.before {
            earlier.extend(finish.map(|f| (out.before.len(), number, f)));
            out.before.push(rollout);
        }
        at_rest.extend(lowered.at_rest);
        out.criteria.extend(lowered.criteria);
        out.prompts.extend(lowered.prompts);
        out.drills.extend(lowered.drills);
        out.waivers.extend(lowered.waivers);
        out.problems.extend(lowered.problems);
    }
    for (at, number, finish) in waiting {
        finish(&mut out.rollouts[at], &World::new(&definitions, &files[number].path));
        out.rollouts[at].shrink();
    }
    for (at, number, finish) in earlier {
        finish(&mut out.before[at], &World::new(&definitions, &files[number].path));
    }
    let planned = planned(at_rest, (&definitions, files));
    if !planned.is_empty() {
        out.rollouts.extend(planned.into_iter().map(Box::new));
        out.rollouts.sort_by_key(|r| r.span.file);
    }
    let any_plan = definitions.holds_group("rollgate");
    for rollout in &mut out.rollouts {
        if any_plan || rollout.declared.plan.is_some() {
            plans::apply(rollout, &World::new(&definitions, &files[rollout.span.file.0 as usize].path));
        }
    }
    settle_owners(files, &mut out.rollouts);
    out
}

/// The flags among those that are on for everybody of which a plan says when they may be. Nothing is missing from what is
/// at rest, and it moves when its plan does.
fn planned(at_rest: Vec<Rollout>, (all, files): (&Definitions, &[File])) -> Vec<Rollout> {
    let bring = |mut rollout: Rollout| {
        let path = &files[rollout.span.file.0 as usize].path;
        let start = plans::start_of(&rollout, &World::new(all, path))?;
        (rollout.schedule, rollout.partial) = (Some(start), true);
        Some(rollout)
    };
    at_rest.into_iter().filter_map(bring).collect()
}

/// Marks every rollout that another one rewrites.
fn settle_owners(files: &[File], rollouts: &mut [Box<Rollout>]) {
    let mut owned: BTreeMap<&str, Vec<(usize, &ObjectRef)>> = BTreeMap::new();
    for (index, rollout) in rollouts.iter().enumerate() {
        for object in &rollout.owns {
            owned.entry(&object.name).or_default().push((index, object));
        }
    }
    let path = |index: usize| &*files[rollouts[index].span.file.0 as usize].path;
    let owner_of = |index: usize, id: &ObjectRef| {
        let same = |o: &ObjectRef| o.group == id.group && o.kind == id.kind && may_mean(&id.namespace, &o.namespace);
        let owns = |(owner, object): &&(usize, &ObjectRef)| {
            *owner != index && same(object) && within_reach(object, path(*owner), path(index))
        };
        owned.get(&*id.name)?.iter().find(owns).map(|(owner, _)| *owner)
    };
    let owners: Vec<(usize, usize)> =
        rollouts.iter().enumerate().filter_map(|(i, r)| Some((i, owner_of(i, &r.id)?))).collect();
    for (index, owner) in owners {
        rollouts[index].owner = Some(rollouts[owner].id.clone());
    }
}
