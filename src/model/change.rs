//! One rollout between two states of the repository, and what stood before.

use std::sync::Arc;

use super::{Destination, Exposure, Fact, Hold, Progression, Rollout, Share, Stage};
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

/// How one candidate's exposure moves in a change.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// What tells the candidate from others over time.
    pub key: String,
    /// How people call it, where it has a name.
    pub name: Option<Box<str>>,
    /// Its share before; nothing where nobody had met it.
    pub from: Share,
    /// Its share after.
    pub to: Share,
    /// Where the share after stands, or what is shipped.
    pub span: Span,
}

impl Move {
    /// Does more of the world meet it?
    pub fn grows(&self) -> bool {
        self.to > self.from
    }
}

/// Why a change is a rollback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rollback {
    /// What is shipped returns to what was shipped before what is there now.
    PayloadReturns,
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
        let moves = before.as_ref().map_or_else(Vec::new, |b| moves(b, after, &past));
        let payload_changed = before.as_ref().is_some_and(|b| ships_another(b, after));
        let plan_changed = before.as_ref().is_none_or(|b| goes_another_way(b, after));
        let mut change = Self {
            at,
            commit: None,
            edited: true,
            before,
            payload_changed,
            plan_changed,
            moves,
            rollback: None,
            past,
            criteria_at_start: CriteriaAtStart::NotAsked,
        };
        change.rollback = change.going_back(after);
        change
    }

    /// Does it take the past to tell what happens to `after`, which was `before`?
    pub fn asks_for_the_past(before: &Rollout, after: &Rollout) -> bool {
        after.progression.is_live() || ships_another(before, after)
    }

    /// Is `after` another rollout than what it was, wherever it is written?
    pub fn differs(&self, after: &Rollout) -> bool {
        self.payload_changed || self.plan_changed || self.before.as_ref().is_none_or(|b| !b.is_like(after))
    }

    /// Does something start that people will meet: a new rollout, other content, another way, more exposure?
    pub const fn deploys(&self) -> bool {
        self.rollback.is_none() && (self.before.is_none() || self.payload_changed || self.plan_changed)
    }

    /// Does it ship something or expose more people to it?
    pub fn exposes(&self) -> bool {
        self.payload_changed || self.moves.iter().any(Move::grows)
    }

    /// Is a candidate, which some but not all meet at base, carried on?
    pub fn goes_on(&self) -> bool {
        self.moves.iter().any(|m| m.from.is_limited())
    }

    fn going_back(&self, after: &Rollout) -> Option<Rollback> {
        let before = self.before.as_deref()?;
        if returns(after, &self.past) || goes_to_an_older_number(before, after, &self.moves) {
            return Some(Rollback::PayloadReturns);
        }
        if self.moves.iter().any(Move::grows) {
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

/// What a rollout ships, in an order that does not depend on where it is written.
fn shipped(rollout: &Rollout) -> Vec<&str> {
    let mut values: Vec<&str> = rollout.payload.iter().map(|p| &*p.value).collect();
    values.sort_unstable();
    values
}

fn key_of(rollout: &Rollout) -> String {
    shipped(rollout).join("\n")
}

/// Do both say what they ship, and is it not the same? A router's payload are the names it sends to: its shares tell.
fn ships_another(before: &Rollout, after: &Rollout) -> bool {
    if !before.destinations.is_empty() || !after.destinations.is_empty() {
        // What nobody is sent to is not shipped yet.
        let met = |d: &&Destination| !d.ships.is_empty() && d.share != Some(Share::NONE);
        let new: Vec<String> = after.destinations.iter().filter(met).map(Destination::key).collect();
        return new.iter().any(|key| before.destinations.iter().all(|d| d.key() != *key));
    }
    let (old, new) = (shipped(before), shipped(after));
    !old.is_empty() && !new.is_empty() && old != new
}

/// Does the new version come another way: another strategy, other stages, another mirror?
fn goes_another_way(before: &Rollout, after: &Rollout) -> bool {
    let stage = |s: &Stage| {
        let gates: Vec<_> = s.gates.iter().map(|g| (g.kind, g.name.clone(), g.blocking)).collect();
        (s.audience.clone(), s.exposure.known().copied(), s.hold.known().copied(), gates)
    };
    let stages = |r: &Rollout| r.stages().iter().map(stage).collect::<Vec<_>>();
    let shares = |r: &Rollout| r.destinations.iter().map(|d| (d.rule.clone(), d.key(), d.share)).collect::<Vec<_>>();
    let mirror = |r: &Rollout| r.shadow.as_ref().map(|s| s.share.known().copied());
    before.strategy.value != after.strategy.value
        || stages(before) != stages(after)
        || shares(before) != shares(after)
        || mirror(before) != mirror(after)
}

/// The share of the one candidate of a live split that names no destinations: its first stage, else everybody.
fn own_share(rollout: &Rollout) -> Option<Share> {
    match rollout.stages().first() {
        None => Some(Share::ALL),
        Some(stage) => stage.share(),
    }
}

/// The share that the candidate `key` has in `rollout`, where it is there and its share is known.
fn share_of(rollout: &Rollout, key: &str) -> Option<Share> {
    if rollout.destinations.is_empty() {
        return (key_of(rollout) == *key).then(|| own_share(rollout)).flatten();
    }
    let (rule, key) = key.split_once('\0')?;
    rollout.destinations.iter().filter(|d| *d.rule == *rule && d.key() == *key).try_fold(None, |sum, d| {
        let sum: Option<Share> = sum;
        Some(Some(sum.unwrap_or(Share::NONE).plus(d.share?)))
    })?
}

fn moves(before: &Rollout, after: &Rollout, past: &Past) -> Vec<Move> {
    if !after.progression.is_live() {
        return Vec::new();
    }
    if before.destinations.is_empty() && after.destinations.is_empty() {
        return own_move(before, after).into_iter().collect();
    }
    let mut rules: Vec<&str> = after.destinations.iter().map(|d| &*d.rule).collect();
    rules.dedup();
    rules.iter().flat_map(|rule| moves_in(rule, before, after, past)).collect()
}

/// A live split that ships one thing and says what share meets it.
fn own_move(before: &Rollout, after: &Rollout) -> Option<Move> {
    let to = own_share(after)?;
    let new = ships_another(before, after);
    let from = if new { Share::NONE } else { own_share(before)? };
    let changed = || {
        let old = shipped(before);
        after.payload.iter().find(|p| old.binary_search(&&*p.value).is_err()).map(|p| p.span)
    };
    let share = after.stages().first().map(|s| s.exposure.span());
    let span = if new { changed() } else { share }.or(share).unwrap_or(after.name_span);
    let name = after.stages().first().and_then(|s| s.name.clone());
    (from != to).then(|| Move { key: key_of(if new { after } else { before }), name, from, to, span })
}

/// How the candidates of one rule move: every destination but the one that was there first.
fn moves_in(rule: &str, before: &Rollout, after: &Rollout, past: &Past) -> Vec<Move> {
    let of = |r: &Rollout| r.destinations.iter().filter(|d| *d.rule == *rule).cloned().collect::<Vec<_>>();
    let (old, new) = (of(before), of(after));
    let one_kin = |d: &Destination| !d.kin.is_empty() && d.kin == old[0].kin;
    if old.is_empty() || !old.iter().chain(&new).all(one_kin) {
        return Vec::new();
    }
    let Some(base) = baseline(rule, &old, past) else { return Vec::new() };
    let mut keys: Vec<String> = new.iter().chain(&old).map(Destination::key).collect();
    keys.sort();
    keys.dedup();
    let share = |all: &[Destination], key: &str| {
        let mut found = all.iter().filter(|d| d.key() == *key);
        found.try_fold(Share::NONE, |sum, d| Some(sum.plus(d.share?)))
    };
    let one = |key: &String| {
        let (from, to) = (share(&old, key)?, share(&new, key)?);
        let here = new.iter().find(|d| d.key() == *key).or_else(|| new.first())?;
        let name = new.iter().chain(&old).find(|d| d.key() == *key).map(|d| d.name.clone());
        (from != to).then(|| Move { key: format!("{rule}\0{key}"), name, from, to, span: here.span })
    };
    keys.iter().filter(|key| **key != base).filter_map(one).collect()
}

/// The destination of `old` that is the baseline: of those that anybody met, the one introduced first; else the one
/// named so, the lower version, the larger share, the one written first (clarifications 13).
fn baseline(rule: &str, old: &[Destination], past: &Past) -> Option<String> {
    let met = old.iter().any(|d| d.share.is_some_and(|s| s > Share::NONE));
    let candidates = old.iter().enumerate().filter(|(_, d)| !met || d.share.is_none_or(|s| s > Share::NONE));
    let rank = |(index, d): &(usize, &Destination)| {
        let share = std::cmp::Reverse(d.share.unwrap_or(Share::NONE));
        (introduced(rule, &d.key(), past), d.leaning, d.number.unwrap_or(0), share, *index)
    };
    candidates.min_by_key(rank).map(|(_, d)| d.key())
}

/// How late the destination came, counted in versions from the oldest that is known.
fn introduced(rule: &str, key: &str, past: &Past) -> usize {
    let names = |v: &PastVersion| {
        v.rollout.as_deref().is_some_and(|r| r.destinations.iter().any(|d| *d.rule == *rule && d.key() == *key))
    };
    past.versions.iter().rev().position(names).unwrap_or(usize::MAX)
}

/// Gives a live split the candidates that its history tells, where names told others (clarifications 13).
pub fn settle_candidates(rollout: &mut Rollout, past: &Past) {
    let picks_people = rollout.stages().iter().any(|s| s.audience.is_some());
    if rollout.destinations.is_empty() || past.versions.is_empty() || picks_people {
        return;
    }
    let mut rules: Vec<&str> = rollout.destinations.iter().map(|d| &*d.rule).collect();
    rules.dedup();
    let mut stages = Vec::new();
    for rule in rules {
        let here: Vec<Destination> = rollout.destinations.iter().filter(|d| *d.rule == *rule).cloned().collect();
        if here.iter().any(|d| d.share.is_none() || d.kin.is_empty() || d.kin != here[0].kin) {
            return;
        }
        let base = baseline(rule, &here, past);
        stages.extend(here.iter().filter(|d| Some(d.key()) != base).map(|d| stage_of(rollout, d)));
    }
    if !stages.is_empty() && stages.len() == rollout.stages().len() {
        rollout.progression = Progression::Live(stages);
    }
}

/// The stage of a destination: the one that is there, else one of its share.
fn stage_of(rollout: &Rollout, destination: &Destination) -> Stage {
    if let Some(stage) = rollout.stages().iter().find(|s| s.exposure.span() == destination.span) {
        return stage.clone();
    }
    let share = destination.share.unwrap_or(Share::NONE);
    let exposure = Fact::stated(Exposure::exact(share, destination.basis), destination.span);
    let mut stage = Stage::new(exposure, destination.span);
    stage.hold = Fact::stated(Hold::Unknown, destination.span);
    stage.name = Some(destination.name.clone());
    stage
}

/// Is what `after` ships the one right below what base ships on the stack of what was deployed? A rollback takes the top
/// off, so going forward again to what was rolled back is a new deploy (clarifications 18).
fn returns(after: &Rollout, past: &Past) -> bool {
    let mut stack: Vec<String> = Vec::new();
    for version in past.versions.iter().rev() {
        if let Some(rollout) = &version.rollout {
            push(&mut stack, deployed(rollout, past));
        }
    }
    let now = deployed(after, past);
    let (Some(now), [.., below, top]) = (now, &*stack) else { return false };
    now == *below && now != *top
}

/// Does everything that grows have a lower version number than what stood before it? For names that history does not
/// know: a revision that was there before this file began to name revisions.
fn goes_to_an_older_number(before: &Rollout, after: &Rollout, moves: &[Move]) -> bool {
    let number = |m: &Move| {
        let (rule, key) = m.key.split_once('\0')?;
        after.destinations.iter().find(|d| *d.rule == *rule && d.key() == *key)?.number
    };
    let met = before.destinations.iter().filter(|d| d.share.is_some_and(|s| s > Share::NONE));
    let Some(newest) = met.map(|d| d.number).max().flatten() else { return false };
    let mut growing = moves.iter().filter(|m| m.grows()).peekable();
    growing.peek().is_some() && growing.all(|m| number(m).is_some_and(|n| n < newest))
}

fn push(stack: &mut Vec<String>, payload: Option<String>) {
    let Some(payload) = payload.filter(|p| stack.last() != Some(p)) else { return };
    if stack.len() > 1 && stack[stack.len() - 2] == payload {
        stack.pop();
    } else {
        stack.push(payload);
    }
}

/// What is being deployed: what it ships; of a router the destination introduced last that anybody meets.
fn deployed(rollout: &Rollout, past: &Past) -> Option<String> {
    if rollout.destinations.is_empty() {
        return Some(key_of(rollout)).filter(|key| !key.is_empty());
    }
    let met = rollout.destinations.iter().filter(|d| d.share.is_some_and(|s| s > Share::NONE));
    let newest = met.max_by_key(|d| (introduced(&d.rule, &d.key(), past), d.leaning, d.number));
    newest.map(|d| format!("{}\0{}", d.rule, d.key()))
}
