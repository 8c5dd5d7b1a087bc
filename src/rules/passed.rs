//! Flags held against the plans that name them: stages that a flag has passed over.
//!
//! Precision comes first. A plan that stands may be an old one whose rollout is over, so it says something of a flag only
//! where both come in one change, or where its `schedule.start` and its holds say how far it can have come.

use super::Cx;
use crate::model::{Change, Destination, Planned, Rollout, Share, Stage, exceeds};
use crate::text::Span;

/// A limited stage that more people have met than it allows.
pub(super) struct Passed<'a> {
    /// The plan that names the flag.
    pub(super) plan: &'a Planned,
    /// How people call what they meet.
    pub(super) name: Box<str>,
    /// Its share before the change; `None` where the plan's schedule tells, not a change.
    pub(super) from: Option<Share>,
    /// Its share now.
    pub(super) to: Share,
    /// Where that stands.
    pub(super) span: Span,
    /// The stage.
    pub(super) stage: &'a Stage,
    /// Whose stage it is: the plan's own, or that of the code that it governs.
    pub(super) whose: String,
}

impl Passed<'_> {
    /// Is it from nobody to everybody? `big-bang` speaks of that.
    pub(super) fn is_big_bang(&self) -> bool {
        self.from == Some(Share::NONE) && self.to == Share::ALL
    }

    /// The share of the stage.
    pub(super) fn share(&self) -> Share {
        self.stage.share().unwrap_or(Share::NONE)
    }

    /// What the second place says.
    pub(super) fn label(&self) -> String {
        format!("{} gives {} here first", self.whose, self.share())
    }
}

/// The stages that the flag `rollout` has passed over, one for each value and plan.
pub(super) fn passed<'a>(rollout: &'a Rollout, cx: &Cx<'a>) -> Vec<Passed<'a>> {
    if !rollout.progression.is_live() {
        return Vec::new();
    }
    let path = cx.facts.path(rollout.span);
    let mut all: Vec<Passed<'a>> = Vec::new();
    for plan in rollout.planned.iter().filter(|p| is_there(p, rollout, path)) {
        let found = cx.change().map_or_else(Vec::new, |change| by_change(rollout, plan, change, cx));
        let found = if found.is_empty() { by_schedule(rollout, plan, cx) } else { found };
        for one in found {
            if all.iter().all(|known| known.span != one.span || known.name != one.name) {
                all.push(one);
            }
        }
    }
    all
}

/// Do both surely go to the same environment? A flag that tells none counts unless its path names another one.
fn is_there(plan: &Planned, rollout: &Rollout, path: &str) -> bool {
    match (plan.environment.as_deref(), rollout.environment.as_deref()) {
        (Some(planned), Some(own)) => planned == own,
        (None, Some(own)) => own.starts_with("prod"),
        (_, None) => {
            let words = || path.split(|c: char| !c.is_alphanumeric()).map(str::to_ascii_lowercase);
            !words().any(|word| ELSEWHERE.contains(&&*word) && plan.environment.as_deref() != Some(&*word))
        }
    }
}

/// What folders and files of environments are called in which nothing is at stake.
const ELSEWHERE: [&str; 15] = [
    "dev",
    "development",
    "test",
    "testing",
    "tests",
    "qa",
    "stage",
    "staging",
    "stg",
    "uat",
    "preprod",
    "preview",
    "sandbox",
    "local",
    "example",
];

/// What the change to `rollout` passes over, where it brings the plan too, or the code that the plan governs.
fn by_change<'a>(rollout: &'a Rollout, plan: &'a Planned, change: &'a Change, cx: &Cx<'a>) -> Vec<Passed<'a>> {
    let brings_plan = changes(cx).any(|(one, c)| one.name_span == plan.name.span && c.edited);
    let one = |(name, from, to, span): (Box<str>, Share, Share, Span)| {
        let own = plan.left_out(from, to).filter(|_| brings_plan);
        let (stage, whose) = match own {
            Some(stage) => (stage, format!("the plan `{}`", plan.name.value)),
            None => code(plan, to, cx)?,
        };
        Some(Passed { plan, name, from: Some(from), to, span, stage, whose })
    };
    grown(rollout, change).into_iter().filter_map(one).collect()
}

/// Every rollout of the change with what it makes of it.
fn changes<'a>(cx: &Cx<'a>) -> impl Iterator<Item = (&'a Rollout, &'a Change)> + use<'a> {
    cx.facts.rollouts.iter().map(|r| &**r).zip(&cx.facts.changes)
}

/// What more people meet after the change: its name, its share before and after, and where that stands.
fn grown(rollout: &Rollout, change: &Change) -> Vec<(Box<str>, Share, Share, Span)> {
    if change.before.is_none() {
        let new = rollout.destinations.iter().filter(|d| d.leaning > 0);
        return new.filter_map(|d| Some((d.name.clone(), Share::NONE, d.share?, d.span))).collect();
    }
    let name = |name: &Option<Box<str>>| name.clone().unwrap_or_else(|| rollout.id.name.clone());
    change.moves.iter().filter(|m| m.grows()).map(|m| (name(&m.name), m.from, m.to, m.span)).collect()
}

/// The first stage of the code that the plan governs and that the same change ships, where it is for fewer than `to`.
fn code<'a>(plan: &Planned, to: Share, cx: &Cx<'a>) -> Option<(&'a Stage, String)> {
    let is_code = |one: &Rollout| {
        let tied = one.guards.flag.as_ref().is_some_and(|flag| flag.span == plan.named);
        tied && one.planned.is_empty() && one.name_span != plan.name.span
    };
    let ships = |change: &Change| change.before.is_none() || change.payload_changed;
    let limited = |(one, change): (&'a Rollout, &Change)| {
        let met = |s: &&Stage| s.audience.is_none() && s.share().is_none_or(|share| share > Share::NONE);
        let first = one.stages().iter().find(met).filter(|_| is_code(one) && ships(change))?;
        first.share().filter(|share| share.is_limited() && exceeds(to, *share))?;
        Some((first, format!("{} `{}`, which carries the code,", one.id.kind, one.id.name)))
    };
    changes(cx).find_map(limited)
}

/// What stands past the stage that the plan can have reached by now.
fn by_schedule<'a>(rollout: &'a Rollout, plan: &'a Planned, cx: &Cx<'a>) -> Vec<Passed<'a>> {
    let known = plan.stages.iter().all(|s| !s.exposure.is_dynamic());
    let Some(stage) = plan.reached(cx.facts.moment()).filter(|_| known) else { return Vec::new() };
    let Some(share) = stage.share().filter(|share| share.is_limited()) else { return Vec::new() };
    let one = |d: &'a Destination| {
        let to = d.share.filter(|to| exceeds(*to, share) && is_meant(d, plan))?;
        let whose = format!("the plan `{}`", plan.name.value);
        Some(Passed { plan, name: d.name.clone(), from: None, to, span: d.span, stage, whose })
    };
    rollout.destinations.iter().filter_map(one).collect()
}

/// Is the value behind `destination` surely the one that `plan` rolls out: a switch that is on, or what the plan ships?
fn is_meant(destination: &Destination, plan: &Planned) -> bool {
    let ships = &destination.ships;
    destination.leaning > 0 && (ships.is_empty() || ships.iter().any(|value| plan.ships.contains(value)))
}
