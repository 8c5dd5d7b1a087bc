//! How the exposure of candidates moves between two states of a live split.

use std::collections::BTreeMap;

use super::change::Past;
use super::{Destination, Exposure, Fact, Hold, Progression, Rollout, RouterRule, Share, Stage, stack};
use crate::text::Span;

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

    /// Is it `destination` that moves?
    pub fn is_of(&self, destination: &Destination) -> bool {
        self.key == key_in(&destination.rule, &destination.key())
    }
}

/// Requests that go another way, of which these files do not tell who meets what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unclear {
    /// Where they go now.
    pub span: Span,
    /// What is not known: a sentence.
    pub what: String,
    /// The share of them that goes there now, where it is known.
    pub to: Option<Share>,
}

/// What a change makes of a live split.
#[derive(Default)]
pub(super) struct Moved {
    /// How the exposure of its candidates moves.
    pub(super) moves: Vec<Move>,
    /// What of it these files do not tell.
    pub(super) unclear: Vec<Unclear>,
    /// Does all that grows return to what was there before what is there now?
    pub(super) returns: bool,
}

/// One rule of a router with its destinations.
struct Arms<'r> {
    rule: &'r RouterRule,
    all: Vec<&'r Destination>,
}

impl<'r> Arms<'r> {
    fn of(rollout: &'r Rollout) -> Vec<Self> {
        let mut rules: Vec<Self> = Vec::new();
        for one in &rollout.destinations {
            match rules.iter_mut().find(|r| r.rule.key == one.rule.key) {
                Some(same) => same.all.push(one),
                None => rules.push(Self { rule: &one.rule, all: vec![one] }),
            }
        }
        rules
    }

    /// The share of every destination that somebody may meet; `None` in it is a share that is not known.
    fn shares(&self) -> BTreeMap<String, Option<Share>> {
        let mut shares = BTreeMap::new();
        for one in self.all.iter().filter(|d| d.share != Some(Share::NONE)) {
            let so_far = shares.entry(one.key()).or_insert(Some(Share::NONE));
            *so_far = so_far.zip(one.share).map(|(a, b)| a.plus(b));
        }
        shares
    }

    fn find(&self, key: &str) -> Option<&'r Destination> {
        self.all.iter().copied().find(|d| d.key() == *key)
    }
}

/// How the candidates of `after` move, which was `before` and has that `past`.
pub(super) fn moves(before: &Rollout, after: &Rollout, past: &Past) -> Moved {
    if !after.progression.is_live() {
        return Moved { returns: stack::ships_what_was_below(after, past), ..Moved::default() };
    }
    if before.destinations.is_empty() && after.destinations.is_empty() {
        let moves = own_move(before, after).into_iter().collect();
        return Moved { moves, unclear: Vec::new(), returns: stack::ships_what_was_below(after, past) };
    }
    let (old, new) = (Arms::of(before), Arms::of(after));
    let mut moved = Moved::default();
    let mut returns = Vec::new();
    for (one, partner) in new.iter().zip(partners(&old, &new)) {
        let there = match partner {
            Partner::Itself(index) | Partner::Rest(index) => &old[index],
            Partner::Nobody => {
                moved.unclear.extend(strange(&old, one));
                continue;
            }
        };
        let line = line(there.rule, past);
        let found = moves_in(there, one, &line);
        let is_itself = matches!(partner, Partner::Itself(_));
        let back = stack::returns(&line, &one.all)
            || stack::goes_to_older_revisions(&there.all, &one.all, past)
            || switches_off(there, one);
        if is_itself && back || found.moves.iter().any(Move::grows) {
            returns.push(back);
        }
        // Less of what the rest of the requests meets, for the few that a new rule takes, is no way back.
        moved.moves.extend(found.moves.into_iter().filter(|m| is_itself || m.grows()));
        // Where it goes back, it is known where to.
        moved.unclear.extend(found.unclear.into_iter().filter(|_| !back));
    }
    moved.unclear.extend(left_behind(&old, &new));
    moved.returns = moved.unclear.is_empty() && !returns.is_empty() && returns.iter().all(|back| *back);
    moved
}

/// Where the requests of a rule were before.
#[derive(Clone, Copy)]
enum Partner {
    /// In the rule of that index, which it was.
    Itself(usize),
    /// In the rule of that index, which took whatever no other did.
    Rest(usize),
    Nobody,
}

/// What each rule of `new` was: of the same name or match, else at the same place, else the one that took the rest.
fn partners(old: &[Arms<'_>], new: &[Arms<'_>]) -> Vec<Partner> {
    let same = |n: &Arms<'_>| old.iter().position(|o| o.rule.key == n.rule.key);
    let mut found: Vec<Option<usize>> = new.iter().map(same).collect();
    for (index, one) in new.iter().enumerate() {
        let free = |i: &usize| !found.contains(&Some(*i)) && old[*i].rule.place == one.rule.place;
        if found[index].is_none() {
            found[index] = (0..old.len()).find(free);
        }
    }
    let rest = old.iter().position(|o| o.rule.takes_the_rest);
    found.into_iter().map(|f| f.map(Partner::Itself).or(rest.map(Partner::Rest)).unwrap_or(Partner::Nobody)).collect()
}

/// Requests that no rule took before and that now meet another version of what is there already.
fn strange(old: &[Arms<'_>], new: &Arms<'_>) -> Option<Unclear> {
    let everywhere = || old.iter().flat_map(|o| &o.all);
    let at_rest = |d: &Destination| everywhere().any(|o| o.key() == d.key() && o.share == Some(Share::ALL));
    let is_known = |d: &Destination| !d.kin.is_empty() && everywhere().any(|o| o.kin == d.kin);
    let found = new.all.iter().find(|d| d.share != Some(Share::NONE) && is_known(d) && !at_rest(d))?;
    let what = format!("who met what before is not known of the requests that now go to `{}`", found.name);
    Some(Unclear { span: found.span, what, to: found.share })
}

/// What the rest of the requests meets, once a rule is gone that kept some of them from it.
fn left_behind(old: &[Arms<'_>], new: &[Arms<'_>]) -> Vec<Unclear> {
    let Some(rest) = new.iter().find(|n| n.rule.takes_the_rest) else { return Vec::new() };
    let taken: Vec<usize> = partners(old, new)
        .into_iter()
        .filter_map(|p| match p {
            Partner::Itself(index) => Some(index),
            Partner::Rest(_) | Partner::Nobody => None,
        })
        .collect();
    let gone = old.iter().enumerate().filter(|(i, _)| !taken.contains(i)).map(|(_, o)| o);
    let more = |gone: &Arms<'_>| {
        let (had, has) = (gone.shares(), rest.shares());
        let grown = has.iter().find(|(key, share)| had.get(*key).is_none_or(|s| s < *share))?;
        let there = rest.find(grown.0)?;
        let what = format!("a rule is gone, and whether its requests meet `{}` now is not known", there.name);
        Some(Unclear { span: there.span, what, to: there.share })
    };
    gone.filter_map(more).collect()
}

/// A live split that ships one thing and says what share meets it.
fn own_move(before: &Rollout, after: &Rollout) -> Option<Move> {
    let to = own_share(after)?;
    let new = stack::ships_another(before, after);
    let from = if new { Share::NONE } else { own_share(before)? };
    let changed = || {
        let old = before.contents();
        after.payload.iter().find(|p| old.binary_search(&p.content()).is_err()).map(|p| p.span)
    };
    let share = after.stages().first().map(|s| s.exposure.span());
    let span = if new { changed() } else { share }.or(share).unwrap_or(after.name_span);
    let name = after.stages().first().and_then(|s| s.name.clone());
    let key = stack::key_of(if new { after } else { before });
    (from != to).then_some(Move { key, name, from, to, span })
}

/// How the candidates of one rule move: every destination but the one that was there first.
fn moves_in(old: &Arms<'_>, new: &Arms<'_>, line: &[Vec<&Destination>]) -> Moved {
    let (had, has) = (old.shares(), new.shares());
    if had == has {
        return Moved::default();
    }
    let first = old.all[0];
    let stranger = new.all.iter().chain(&old.all).find(|d| d.kin.is_empty() || d.kin != first.kin);
    if stranger.is_some() || had.values().chain(has.values()).any(Option::is_none) {
        return Moved { unclear: unclear(old, new).into_iter().collect(), ..Moved::default() };
    }
    let base = baseline(&old.all, line);
    let mut keys: Vec<&String> = has.keys().chain(had.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let share =
        |all: &BTreeMap<String, Option<Share>>, key: &str| all.get(key).copied().flatten().unwrap_or(Share::NONE);
    let one = |key: &String| {
        let (from, to) = (share(&had, key), share(&has, key));
        let here = new.find(key).or_else(|| new.all.first().copied())?;
        let name = new.find(key).or_else(|| old.find(key)).map(|d| d.name.clone());
        (from != to).then(|| Move { key: key_in(old.rule, key), name, from, to, span: here.span })
    };
    let moves = keys.into_iter().filter(|key| Some(*key) != base.as_ref()).filter_map(one).collect();
    Moved { moves, ..Moved::default() }
}

/// Is an off value all that more of the requests go to? It needs no history to be a way back.
fn switches_off(old: &Arms<'_>, new: &Arms<'_>) -> bool {
    let had = old.shares();
    let grows = |d: &&&Destination| d.is_met() && had.get(&d.key()).is_none_or(|s| s.is_none_or(|s| d.share > Some(s)));
    let mut growing = new.all.iter().filter(grows).peekable();
    let are_known = new.all.iter().all(|d| d.share.is_some());
    are_known && growing.peek().is_some() && growing.all(|d| d.leaning == Destination::OFF)
}

/// What is not known where shares are not, or where nothing tells that the destinations are versions of one service.
fn unclear(old: &Arms<'_>, new: &Arms<'_>) -> Option<Unclear> {
    let had = old.shares();
    let grows = |d: &&&Destination| match (had.get(&d.key()).copied(), d.share) {
        (_, None) | (Some(None), Some(_)) => true,
        (None, Some(share)) => share > Share::NONE,
        (Some(Some(before)), Some(share)) => share > before,
    };
    let there = new.all.iter().find(grows)?;
    let met = old.all.iter().max_by_key(|d| d.share).filter(|d| d.share.is_some() && there.share.is_some());
    let what = match met {
        Some(met) => {
            format!(
                "whether `{}` is another version of `{}`, which had these requests, is not known",
                there.name, met.name
            )
        }
        None => format!("what share `{}` gets is not written in these files", there.name),
    };
    Some(Unclear { span: there.span, what, to: there.share })
}

/// The share of the one candidate of a live split that names no destinations: its first stage, else everybody.
fn own_share(rollout: &Rollout) -> Option<Share> {
    match rollout.stages().first() {
        None => Some(Share::ALL),
        Some(stage) => stage.share(),
    }
}

/// What tells the destination `key` of `rule` from those of others.
fn key_in(rule: &RouterRule, key: &str) -> String {
    format!("{}\0{key}", rule.key)
}

/// The share that the candidate `key` has in `rollout`, where it is there and its share is known.
pub(super) fn share_of(rollout: &Rollout, key: &str) -> Option<Share> {
    if rollout.destinations.is_empty() {
        return (stack::key_of(rollout) == *key).then(|| own_share(rollout)).flatten();
    }
    let (rule, key) = key.split_once('\0')?;
    rollout.destinations.iter().filter(|d| *d.rule.key == *rule && d.key() == *key).try_fold(None, |sum, d| {
        let sum: Option<Share> = sum;
        Some(Some(sum.unwrap_or(Share::NONE).plus(d.share?)))
    })?
}

/// What the rule, which stands at base, sent to in every version, newest first: it may have had another name or match,
/// and is told by its place then.
fn line<'p>(rule: &RouterRule, past: &'p Past) -> Vec<Vec<&'p Destination>> {
    let (mut key, mut place) = (&rule.key, rule.place);
    let mut line = Vec::with_capacity(past.versions.len());
    for version in &past.versions {
        let all = || version.rollout.iter().flat_map(|r| &r.destinations);
        let there = all().find(|d| d.rule.key == *key).or_else(|| all().find(|d| d.rule.place == place));
        if let Some(there) = there {
            (key, place) = (&there.rule.key, there.rule.place);
        }
        line.push(all().filter(|d| d.rule.key == *key).collect());
    }
    line
}

/// The destination of `old` that is the baseline: of those that anybody met, an off value; else the one met for longest;
/// else the one introduced first, the one named so, the lower version, the larger share, the one written first (clarifications 13).
fn baseline(old: &[&Destination], line: &[Vec<&Destination>]) -> Option<String> {
    let met = old.iter().any(|d| d.is_met());
    let candidates = old.iter().enumerate().filter(|(_, d)| !met || d.share.is_none_or(|s| s > Share::NONE));
    let rank = |(index, d): &(usize, &&Destination)| {
        let (key, share) = (d.key(), std::cmp::Reverse(d.share.unwrap_or(Share::NONE)));
        let is_new = d.leaning != Destination::OFF;
        (is_new, met_since(&key, line), introduced(&key, line), d.leaning, d.number.unwrap_or(0), share, *index)
    };
    candidates.min_by_key(rank).map(|(_, d)| d.key())
}

/// How late the destination came, counted in versions from the oldest that is known.
fn introduced(key: &str, line: &[Vec<&Destination>]) -> usize {
    line.iter().rev().position(|here| here.iter().any(|d| d.key() == *key)).unwrap_or(usize::MAX)
}

/// How late somebody began to meet the destination without a break since, counted as [`introduced`] counts.
fn met_since(key: &str, line: &[Vec<&Destination>]) -> usize {
    let meets = |here: &&Vec<&Destination>| here.iter().any(|d| d.key() == *key && d.is_met());
    match line.iter().take_while(meets).count() {
        0 => usize::MAX,
        stretch => line.len() - stretch,
    }
}

/// Gives a live split the candidates that its history tells, where names told others (clarifications 13).
pub fn settle_candidates(rollout: &mut Rollout, past: &Past) {
    let picks_people = rollout.stages().iter().any(|s| s.audience.is_some());
    if rollout.destinations.is_empty() || past.versions.is_empty() || picks_people {
        return;
    }
    let mut stages = Vec::new();
    for Arms { rule, all } in Arms::of(rollout) {
        if all.iter().any(|d| d.share.is_none() || d.kin.is_empty() || d.kin != all[0].kin) {
            return;
        }
        let base = baseline(&all, &line(rule, past));
        stages.extend(all.iter().filter(|d| Some(d.key()) != base).map(|d| stage_of(rollout, d)));
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
