//! One rollout between two states of the repository, and what stood before.

use std::sync::Arc;

use super::moves::{Move, Moved, Unclear, moves, share_of};
use super::{Rollout, Share, Stage, stack};
use crate::clock::Moment;
use crate::text::Span;

/// A version of a rollout on the base's line of history.
#[derive(Clone, Debug)]
pub struct PastVersion {
    /// When it came: the committer date on the first-parent line.
    pub at: Moment,
    /// The commit that brought it: its whole id.
    pub commit: Box<str>,
    /// The rollout from then on; `None` where it was taken away.
    pub rollout: Option<Arc<Rollout>>,
}

/// Why the past is not known back to its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PastEnd {
    /// It is: back to the first commit.
    Complete,
    /// It was read as far back as the policy's `limits: {history}` asks for.
    Horizon,
    /// The clone is shallow, or a limit of commits was reached: what is older is not here.
    Truncated,
}

/// What a rollout was before, on the base's first-parent line.
#[derive(Clone, Debug)]
pub struct Past {
    /// Newest first; the first is what stands at base.
    pub versions: Vec<PastVersion>,
    /// How far back that goes.
    pub end: PastEnd,
}

impl Past {
    /// Nothing before.
    pub const NONE: Self = Self { versions: Vec::new(), end: PastEnd::Complete };
}

/// Why a change is a rollback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rollback {
    /// What is shipped returns to what was shipped before what is there now.
    PayloadReturns,
    /// A plan returns as a whole to what it was before what it is now.
    PlanReturns,
    /// The candidate's exposure falls.
    ExposureFalls {
        /// From.
        from: Share,
        /// To.
        to: Share,
    },
}

/// What history says of the criteria when the candidate met its first people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CriteriaAtStart {
    /// Nobody meets a candidate yet, or there are no criteria now.
    NotAsked,
    /// There were some.
    There,
    /// There were none, at the commit of that name.
    Missing(Box<str>),
    /// History ends after that.
    Unknown,
}

/// One rollout between base and head.
#[derive(Clone, Debug)]
pub struct Change {
    /// When it takes effect.
    pub at: Moment,
    /// The commit, shortened, where each is judged on its own.
    pub commit: Option<Box<str>>,
    /// The rollout at base; `None` where it is new.
    pub before: Option<Arc<Rollout>>,
    /// Is its own text another one?
    pub edited: bool,
    /// Does it ship something else?
    pub payload_changed: bool,
    /// Does it go another way: other stages, shares, strategy, mirror?
    pub plan_changed: bool,
    /// How the exposure of candidates moves: live splits alone.
    pub moves: Vec<Move>,
    /// What of that these files do not tell.
    pub unclear: Vec<Unclear>,
    /// Where it reaches people whom no share tells: others whom a match picks, more pods of a partition.
    pub others: Option<Span>,
    /// Why it is a rollback, if it is one.
    pub rollback: Option<Rollback>,
    /// What it was before.
    pub past: Past,
    /// Were there criteria when the candidate that goes on met its first people?
    pub criteria_at_start: CriteriaAtStart,
}

impl Change {
    /// What happens to `after`, which was `before` and has that `past`.
    pub fn between(at: Moment, before: Option<Arc<Rollout>>, after: &Rollout, past: Past) -> Self {
        let Moved { moves, unclear, returns } = before.as_ref().map_or_else(Moved::default, |b| moves(b, after, &past));
        let mut change = Self {
            at,
            commit: None,
            edited: true,
            payload_changed: before.as_ref().is_some_and(|b| stack::ships_another(b, after)),
            plan_changed: before.as_ref().is_none_or(|b| stack::goes_another_way(b, after)),
            others: before.as_ref().and_then(|b| others(b, after)),
            before,
            moves,
            unclear,
            rollback: returns.then_some(Rollback::PayloadReturns),
            past,
            criteria_at_start: CriteriaAtStart::NotAsked,
        };
        change.rollback = change.rollback.take().or_else(|| change.going_back(after));
        change
    }

    /// Does it take the past to tell what happens to `after`, which was `before`?
    pub fn asks_for_the_past(before: &Rollout, after: &Rollout) -> bool {
        after.progression.is_live() || stack::ships_another(before, after) || stack::goes_another_way(before, after)
    }

    /// Is `after` another rollout than what it was, wherever it is written?
    pub fn differs(&self, after: &Rollout) -> bool {
        self.before.as_ref().is_none_or(|b| !b.is_like(after))
    }

    /// Does something start that people will meet: a new rollout, other content, more exposure? A plan that is edited
    /// and ships nothing starts nothing.
    pub fn deploys(&self) -> bool {
        self.rollback.is_none() && (self.before.is_none() || self.others.is_some() || self.exposes())
    }

    /// Does it ship something or expose more people to it, as far as is known?
    pub fn exposes(&self) -> bool {
        self.payload_changed || !self.unclear.is_empty() || self.moves.iter().any(Move::grows)
    }

    /// Is a candidate, which some but not all meet at base, carried on?
    pub fn goes_on(&self) -> bool {
        self.moves.iter().any(|m| m.from.is_limited() && m.to > Share::NONE)
    }

    fn going_back(&self, after: &Rollout) -> Option<Rollback> {
        let before = self.before.as_deref()?;
        if self.plan_changed && !after.progression.is_live() && stack::is_what_was_below(after, &self.past) {
            return Some(Rollback::PlanReturns);
        }
        if self.exposes() || self.others.is_some() || stack::serves_another(before, after) {
            return None;
        }
        let fallen = self.moves.iter().find(|m| m.to < m.from)?;
        Some(Rollback::ExposureFalls { from: fallen.from, to: fallen.to })
    }

    /// Since when the candidate `key` has stood at its share of base without a break; see [`Since`].
    pub fn since(&self, key: &str) -> Since {
        let mut entered: Option<&PastVersion> = None;
        let mut share = None;
        for version in &self.past.versions {
            let there = version.rollout.as_deref().and_then(|r| share_of(r, key));
            if entered.is_none() {
                share = there;
            }
            if there.is_none() || there != share {
                return entered.map_or(Since::Unknown, |v| Since::Known(v.at));
            }
            entered = Some(version);
        }
        match (entered, self.past.end) {
            (Some(v), PastEnd::Complete) => Since::Known(v.at),
            (Some(v), PastEnd::Horizon | PastEnd::Truncated) => Since::AtLeast(v.at),
            (None, _) => Since::Unknown,
        }
    }

    /// The versions of base, newest first, in which somebody met the candidate `key`, back to when that began.
    pub fn exposed(&self, key: &str) -> impl Iterator<Item = &PastVersion> {
        let meets = move |r: &Rollout| share_of(r, key).is_some_and(|s| s > Share::NONE);
        self.past.versions.iter().take_while(move |v| v.rollout.as_deref().is_some_and(&meets))
    }
}

/// Since when something has stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// Since then.
    Known(Moment),
    /// Since then or earlier: what is older is not known.
    AtLeast(Moment),
    /// History does not tell.
    Unknown,
}

/// Where people meet something new whom no move tells: those whom a match picks, or the pods that a partition lets go.
fn others(before: &Rollout, after: &Rollout) -> Option<Span> {
    if after.progression.is_live() {
        let known =
            |stage: &Stage| before.stages().iter().any(|s| s.audience == stage.audience && s.name == stage.name);
        return after.stages().iter().find(|s| s.audience.is_some() && !known(s)).map(|s| s.span);
    }
    let at_once = |r: &Rollout| r.stages().first().and_then(Stage::share);
    let grows = before.plain_workload && after.plain_workload && at_once(after) > at_once(before);
    after.stages().first().filter(|_| grows).map(|s| s.span)
}
