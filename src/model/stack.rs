//! What was deployed, one on top of the other: a way back takes the top off (clarifications 18).

use std::collections::BTreeMap;

use super::change::{Past, PastEnd};
use super::{Audience, Destination, Exposure, GateKind, Hold, Rollout, Share, Stage, Strategy};

/// What a rollout without destinations ships, as one text.
pub(super) fn key_of(rollout: &Rollout) -> String {
    let one = |(slot, value): (&str, &str)| if slot.is_empty() { value.to_owned() } else { format!("{slot}={value}") };
    rollout.contents().into_iter().map(one).collect::<Vec<_>>().join("\n")
}

/// Is something else shipped? A router's payload are the names it sends to: its shares tell.
pub(super) fn ships_another(before: &Rollout, after: &Rollout) -> bool {
    if !before.destinations.is_empty() || !after.destinations.is_empty() {
        // What nobody is sent to is not shipped yet.
        let mut met = after.destinations.iter().filter(|d| !d.ships.is_empty() && d.share != Some(Share::NONE));
        let same = |d: &Destination, b: &Destination| b.key() == d.key() && (b.ships.is_empty() || b.ships == d.ships);
        return met.any(|d| !before.destinations.iter().any(|b| same(d, b)));
    }
    let (old, new) = (before.contents(), after.contents());
    // A patch, and what refers to something out of the checked set, ships what nobody can see.
    let is_told = !old.is_empty() || !before.partial && before.unresolved.is_empty();
    is_told && !new.is_empty() && old != new
}

/// How the new version comes, places left out.
#[derive(PartialEq)]
struct Way<'r> {
    strategy: Strategy,
    stages: Vec<WayStage<'r>>,
    shares: Vec<(&'r str, String, Option<Share>)>,
    /// Is something mirrored, and how much of it, where that is known?
    mirror: (bool, Option<Share>),
}

/// One stage of a way.
type WayStage<'r> = (Option<&'r Audience>, Option<Exposure>, Option<Hold>, Vec<(GateKind, &'r str, bool)>);

fn way(rollout: &Rollout) -> Way<'_> {
    let stage = |s| {
        let s: &Stage = s;
        let gates = s.gates.iter().map(|g| (g.kind, &*g.name, g.blocking)).collect();
        (s.audience.as_ref(), s.exposure.known().copied(), s.hold.known().copied(), gates)
    };
    Way {
        strategy: rollout.strategy.value,
        stages: rollout.stages().iter().map(stage).collect(),
        shares: rollout.destinations.iter().map(|d| (&*d.rule.key, d.key(), d.share)).collect(),
        mirror: (rollout.shadow.is_some(), rollout.shadow.as_ref().and_then(|s| s.share.known().copied())),
    }
}

/// Does the new version come another way: another strategy, other stages, another mirror?
pub(super) fn goes_another_way(before: &Rollout, after: &Rollout) -> bool {
    way(before) != way(after)
}

/// Does a plan become as a whole what it was right below what it is?
pub(super) fn is_what_was_below(after: &Rollout, past: &Past) -> bool {
    let whole = |r| (key_of(r), way(r));
    let versions = past.versions.iter().rev().filter_map(|v| v.rollout.as_deref());
    let stack = stack(versions.map(whole));
    let [.., below, top] = &*stack else { return false };
    let now = whole(after);
    now == *below && now != *top
}

/// Is what `after` ships, which names no destinations, the one right below what base ships?
pub(super) fn ships_what_was_below(after: &Rollout, past: &Past) -> bool {
    let versions = past.versions.iter().rev().filter_map(|v| v.rollout.as_deref());
    let stack = stack(versions.map(key_of).filter(|key| !key.is_empty()));
    let [.., below, top] = &*stack else { return false };
    let now = key_of(after);
    now == *below && now != *top
}

/// What is left of `all`, oldest first, once every way back has taken the top off.
fn stack<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut stack: Vec<T> = Vec::new();
    for one in all {
        match &*stack {
            [.., top] if *top == one => {}
            [.., below, _] if *below == one => _ = stack.pop(),
            _ => stack.push(one),
        }
    }
    stack
}

/// What a rule of a router deploys: of the destinations that anybody meets the one met for the shortest time.
struct Deployed<'r> {
    key: String,
    /// What runs behind it.
    serves: Option<Vec<(&'r str, &'r str)>>,
    /// Is it an off value? Whatever was deployed is taken off by it.
    is_off: bool,
}

/// Since which version each destination is met without a break.
type Since = BTreeMap<String, usize>;

fn deployed<'r>(here: &[&'r Destination], since: &mut Since, version: usize) -> Option<Deployed<'r>> {
    let met = || here.iter().filter(|d| d.is_met());
    *since = met().map(|d| (d.key(), since.get(&d.key()).copied().unwrap_or(version))).collect();
    let newest = met().max_by_key(|d| (since.get(&d.key()).copied(), d.leaning, d.number))?;
    Some(Deployed { key: newest.key(), serves: newest.serves(), is_off: newest.leaning == Destination::OFF })
}

/// Does a rule of a router that now sends to `after` go back to what it sent to before? A name does not suffice: where
/// it is known what runs behind it, that has to be what ran there when somebody last met it.
pub(super) fn returns(line: &[Vec<&Destination>], after: &[&Destination]) -> bool {
    let mut since = Since::new();
    let mut stack: Vec<Deployed<'_>> = Vec::new();
    for (version, here) in line.iter().rev().enumerate() {
        let Some(one) = deployed(here, &mut since, version) else { continue };
        let same = |d: &Deployed<'_>| d.key == one.key;
        match &*stack {
            [.., top] if same(top) => _ = stack.pop(),
            _ if one.is_off => stack.clear(),
            [.., below, _] if same(below) && below.serves == one.serves => stack.truncate(stack.len() - 2),
            _ => {}
        }
        stack.push(one);
    }
    let [.., below, top] = &*stack else { return false };
    let now = deployed(after, &mut since, line.len());
    now.is_some_and(|now| now.key != top.key && now.key == below.key && now.serves == below.serves)
}

/// Does all that grows go to revisions of a lower number, which history does not reach back to?
pub(super) fn goes_to_older_revisions(before: &[&Destination], after: &[&Destination], past: &Past) -> bool {
    let met = before.iter().filter(|d| d.is_met());
    let Some(newest) = met.map(|d| d.number).max().flatten() else { return false };
    let had = |d: &Destination| before.iter().find(|b| b.key() == d.key()).and_then(|b| b.share);
    let mut growing = after.iter().filter(|d| d.share > had(d).or(Some(Share::NONE))).peekable();
    past.end != PastEnd::Complete
        && growing.peek().is_some()
        && growing.all(|d| d.immutable && d.number.is_some_and(|n| n < newest))
}

/// Does something that people meet run other content than it did at base under the same name?
pub(super) fn serves_another(before: &Rollout, after: &Rollout) -> bool {
    let same = |a: &Destination, b: &Destination| a.rule.key == b.rule.key && a.key() == b.key();
    let was = |d: &Destination| before.destinations.iter().find(|b| same(b, d));
    after.destinations.iter().filter(|d| d.is_met()).any(|d| was(d).is_some_and(|b| b.serves() != d.serves()))
}
