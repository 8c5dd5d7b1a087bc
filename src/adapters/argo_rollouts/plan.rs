//! A plan in the making: stages, what holds them, and the runs attached to them, until every file has been read.

use super::criteria::too_late;
use super::run::{Length, Run, Use, run};
use crate::adapters::World;
use crate::model::{
    Comparer, Criterion, Evaluated, Exposure, Fact, Gate, GateKind, Hold, Progression, Rollout, Shadow, Share, Stage,
    StageRange,
};
use crate::text::Span;

/// What holds a stage, or a part of it.
#[derive(Clone, Debug)]
pub(super) enum PartLength {
    /// A pause of this length, or one that waits for a person.
    Fixed(Hold),
    /// A pause whose length a template hides.
    Dynamic(Box<str>),
    /// A run that the stage waits for.
    Run(usize),
    /// Pods side by side for a time, and the runs that have to complete.
    Trial { duration: Option<Hold>, runs: Vec<usize> },
}

/// One part of a stage's hold.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) stage: usize,
    pub(super) step: usize,
    pub(super) span: Span,
    pub(super) length: PartLength,
}

/// When a run is under way.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Role {
    /// The stage waits for it.
    Blocking,
    /// Beside the steps, from this one on.
    Background { from_step: usize },
    /// Never: why.
    Never(&'static str),
    /// While pods of an experiment run, for this many seconds at most.
    Trial(Option<u64>),
}

/// A run attached to stages.
#[derive(Clone, Debug)]
pub(super) struct Attached {
    pub(super) used: Use,
    pub(super) role: Role,
    pub(super) covers: StageRange,
}

/// Mirrored traffic, between two steps.
#[derive(Clone, Debug)]
pub(super) struct Mirror {
    pub(super) share: Fact<Share>,
    pub(super) span: Span,
    pub(super) from_step: usize,
    /// The step that removes it, or one past the last.
    pub(super) until_step: usize,
    /// The name of an experiment that runs meanwhile.
    pub(super) experiment: Option<Box<str>>,
    /// Attached runs that are under way meanwhile.
    pub(super) runs: Vec<usize>,
}

/// A plan in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) stages: Vec<Stage>,
    pub(super) parts: Vec<Part>,
    pub(super) attached: Vec<Attached>,
    pub(super) mirror: Option<Mirror>,
    /// How many steps there are.
    pub(super) steps: usize,
    /// Does a template hide steps, and maybe analyses among them?
    pub(super) hidden: bool,
    /// Criteria that no template gives.
    pub(super) criteria: Vec<Criterion>,
}

impl Plan {
    /// Completes `rollout` from what all files say.
    pub(super) fn finish(mut self, rollout: &mut Rollout, world: &World<'_>) {
        let mut runs: Vec<Run> = self.attached.iter().map(|a| run(&a.used, &rollout.id, world)).collect();
        self.settle_holds(&runs);
        for (attached, run) in self.attached.iter().zip(&mut runs) {
            let steps_take = self.time_beside(attached);
            settle(attached, run, steps_take);
        }
        rollout.shadow = self.mirror.as_ref().map(|m| self.shadow(m, &runs));
        rollout.rollback.criteria.append(&mut self.criteria);
        for run in runs {
            for judged in run.judged {
                add(judged.criterion, &mut rollout.rollback.criteria);
            }
            for monitor in run.monitors {
                if !rollout.monitors.contains(&monitor) {
                    rollout.monitors.push(monitor);
                }
            }
            rollout.undetermined.extend(run.undetermined);
            rollout.remarks.extend(run.remarks);
            rollout.unresolved.extend(run.unresolved);
        }
        rollout.undetermined.dedup();
        rollout.unresolved.dedup();
        if !rollout.rollback.criteria.is_empty() {
            let near = rollout.rollback.anchor;
            let by = "argo-rollouts: a failed analysis aborts the rollout";
            rollout.rollback.automatic = Fact::Defaulted { value: true, by, near };
        }
        rollout.progression = Progression::Declared(self.stages);
    }

    fn settle_holds(&mut self, runs: &[Run]) {
        for (at, stage) in self.stages.iter_mut().enumerate() {
            let parts = self.parts.iter().filter(|p| p.stage == at);
            stage.hold = hold(parts, runs).unwrap_or(Fact::stated(Hold::None, stage.span));
        }
    }

    /// Seconds that the steps beside a background run take, if all of them have a known length.
    fn time_beside(&self, attached: &Attached) -> Option<u64> {
        match attached.role {
            // Without steps the pods are replaced in a time of their own.
            Role::Background { .. } if self.steps == 0 => None,
            Role::Background { from_step } => self.seconds_between(from_step, usize::MAX),
            Role::Trial(duration) => duration,
            Role::Blocking | Role::Never(_) => None,
        }
    }

    /// Seconds that the parts of steps `from..until` hold, if all of them are pauses of a known length.
    fn seconds_between(&self, from: usize, until: usize) -> Option<u64> {
        let parts = self.parts.iter().filter(|p| (from..until).contains(&p.step));
        parts.map(|p| fixed(&p.length)).try_fold(0u64, |sum, seconds| sum.checked_add(seconds?))
    }

    fn shadow(&self, mirror: &Mirror, runs: &[Run]) -> Shadow {
        let parts: Vec<&Part> =
            self.parts.iter().filter(|p| (mirror.from_step..mirror.until_step).contains(&p.step)).collect();
        let span = parts.first().map_or(mirror.span, |p| p.span);
        let duration = match hold(parts.into_iter(), runs) {
            // Until a person goes on is longer than any minimum, and no number.
            Some(Fact::Stated(s)) if s.value == Hold::Gated => Fact::Absent { near: span },
            Some(Fact::Stated(s)) => match s.value.seconds() {
                Some(seconds) => Fact::stated(seconds, s.span),
                None => Fact::Dynamic { expr: "an analysis without a known length".into(), span },
            },
            Some(Fact::Dynamic { expr, span }) => Fact::Dynamic { expr, span },
            Some(Fact::Defaulted { .. } | Fact::Absent { .. }) | None => Fact::stated(0, mirror.span),
        };
        Shadow { share: mirror.share.clone(), duration, comparer: self.comparer(mirror, runs), span: mirror.span }
    }

    fn comparer(&self, mirror: &Mirror, runs: &[Run]) -> Comparer {
        if let Some(name) = &mirror.experiment {
            return Comparer::Named(format!("experiment {name}").into());
        }
        let known = mirror.runs.iter().find(|i| runs.get(**i).is_some_and(|r| !r.monitors.is_empty()));
        if let Some(attached) = known.and_then(|i| self.attached.get(*i)) {
            return Comparer::Named(format!("analysis {}", attached.used.name()).into());
        }
        if mirror.runs.is_empty() { Comparer::Nothing } else { Comparer::Unknown }
    }
}

/// Seconds of a pause, if it has a known length.
fn fixed(length: &PartLength) -> Option<u64> {
    match length {
        PartLength::Fixed(hold) => hold.seconds(),
        PartLength::Trial { duration, runs } if runs.is_empty() => duration.and_then(Hold::seconds),
        PartLength::Dynamic(_) | PartLength::Run(_) | PartLength::Trial { .. } => None,
    }
}

/// The parts of a stage joined: known lengths add up, a gate makes it a gate. A part without a known length makes the
/// sum a least length; if it stands alone, nothing is known.
fn hold<'p>(parts: impl Iterator<Item = &'p Part>, runs: &[Run]) -> Option<Fact<Hold>> {
    let mut sum: Option<(u64, Span)> = None;
    let mut dynamic = None;
    let mut unknown = None;
    for part in parts {
        let (length, gated) = match &part.length {
            PartLength::Fixed(Hold::Gated) => (Length::default(), true),
            PartLength::Fixed(hold) => {
                let (at_least, open) = (hold.seconds().unwrap_or(0), *hold == Hold::Unknown);
                (Length { at_least, open, endless: false }, false)
            }
            PartLength::Dynamic(expr) => {
                dynamic = dynamic.or(Some(Fact::Dynamic { expr: expr.clone(), span: part.span }));
                continue;
            }
            PartLength::Run(run) => (length_of(runs, *run), false),
            PartLength::Trial { duration, runs: needed } => {
                let least = duration.and_then(Hold::seconds).unwrap_or(0);
                let own = Length { at_least: least, ..Length::default() };
                let whole = needed.iter().fold(own, |all, run| all.beside(length_of(runs, *run)));
                (whole, duration.is_none() && needed.is_empty())
            }
        };
        if gated || length.endless {
            return Some(Fact::stated(Hold::Gated, part.span));
        }
        if length.at_least > 0 {
            let (before, span) = sum.unwrap_or((0, part.span));
            sum = Some((before.saturating_add(length.at_least), span));
        }
        unknown = unknown.or(length.open.then_some(part.span));
    }
    let known = sum.map(|(seconds, span)| Fact::stated(Hold::Timed(seconds), span));
    dynamic.or(known).or(unknown.map(|span| Fact::stated(Hold::Unknown, span)))
}

/// Adds a criterion; one that an earlier step looks at as well is the same one over more stages.
fn add(criterion: Criterion, criteria: &mut Vec<Criterion>) {
    let continues = |c: &Criterion| {
        let next_to =
            criterion.covers.first <= c.covers.last.saturating_add(1) && c.covers.first <= criterion.covers.first;
        let again = Criterion { covers: c.covers, via: c.via, ..criterion.clone() };
        next_to && again == *c
    };
    match criteria.iter_mut().find(|c| continues(c)) {
        Some(before) => before.covers.last = before.covers.last.max(criterion.covers.last),
        None => criteria.push(criterion),
    }
}

fn length_of(runs: &[Run], at: usize) -> Length {
    runs.get(at).map(|r| r.length).unwrap_or_default()
}

/// Says of every criterion of a run what its place in the plan tells: which stages it covers, if it is looked at, and
/// if it can trip while it is.
fn settle(attached: &Attached, run: &mut Run, steps_take: Option<u64>) {
    for judged in &mut run.judged {
        judged.criterion.covers = attached.covers;
        if let (Role::Never(why), Evaluated::Yes) = (&attached.role, &judged.criterion.evaluated) {
            judged.criterion.evaluated = Evaluated::No((*why).into());
        }
        if judged.criterion.cannot_fire.is_some() {
            continue;
        }
        let via = judged.criterion.via.unwrap_or(judged.criterion.span);
        judged.criterion.cannot_fire = steps_take.and_then(|take| too_late(judged, take)).map(|why| (why, via));
    }
}

/// A gate of an attached run.
pub(super) fn gate(kind: GateKind, name: String, blocking: bool, span: Span) -> Gate {
    Gate { kind, name: name.into(), blocking, span }
}

/// A stage whose share nobody wrote: the platform gives it.
pub(super) fn given(exposure: Exposure, by: &'static str, near: Span) -> Stage {
    Stage::new(Fact::Defaulted { value: exposure, by, near }, near)
}
