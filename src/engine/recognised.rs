//! What git shows of prompts and models in a change, where nothing declares what the change is.

use std::ops::Range;

use super::compare::{Compared, Desk};
use super::governed::returns;
use super::reading::OWN_GROUP;
use super::settle::settle;
use crate::adapters;
use crate::collect::shown;
use crate::history::{Blob, FileChange, HistoryError, Mode, Step};
use crate::model::{Change, ChangeKind, Destination, Past, Payload, Rollout, Sign, SubjectKind};
use crate::recognition::{self, Bar, Changed, Confidence, Recognised};
use crate::rules::LoosenedGate;
use crate::text::{FileId, Span};

/// What one file shows.
struct Seen<'s> {
    change: &'s FileChange,
    path: String,
    found: Vec<Recognised>,
}

/// Tells the rollouts of `compared` what git shows of their kinds of change, adds those changes that no rollout carries,
/// and the gates of evaluations that are loosened beside them.
pub(super) fn tell(desk: &mut Desk<'_>, step: &Step, compared: &mut Compared) -> Result<(), HistoryError> {
    let mut bare = Vec::new();
    for seen in look(desk, step, &compared.files)? {
        compared.loosened_gates.extend(seen.found.iter().filter_map(gate));
        let signs = seen.found.iter().filter(|r| r.confidence > Confidence::Low).map(sign);
        let loose: Vec<Sign> = signs.filter(|sign| !is_told(sign, &mut compared.rollouts)).collect();
        match compared.governed.iter_mut().find(|g| *g.path == *seen.path) {
            Some(governed) => {
                for carrier in &governed.carriers {
                    compared.rollouts[*carrier].recognised.extend(loose.iter().cloned());
                }
                governed.signs = loose;
            }
            // What measures is not shipped.
            None if loose.iter().all(|s| s.kind == ChangeKind::Config) || returns(desk, step, seen.change)? => {}
            None => bare.push((seen.path, loose)),
        }
    }
    let Some(own) = adapters::ALL.iter().find(|a| a.meta().id == OWN_GROUP) else { return Ok(()) };
    let mut bare: Vec<Rollout> =
        bare.into_iter().filter_map(|(path, signs)| Rollout::unplanned(own.meta(), &path, signs)).collect();
    settle(bare.iter_mut(), &desk.files, desk.policy);
    for rollout in bare {
        let mut change = Change::between(step.at, None, &rollout, Past::NONE);
        change.commit = step.commit.map(|id| id.short().into());
        compared.rollouts.push(rollout);
        compared.changes.push(change);
    }
    for (rollout, change) in compared.rollouts.iter_mut().zip(&compared.changes) {
        let Some(before) = change.before.as_deref() else { continue };
        let mut more: Vec<Sign> = image(before, rollout).into_iter().collect();
        more.extend(variations(before, change, rollout).iter().map(sign));
        rollout.recognised.extend(more);
    }
    if !ships(compared) {
        compared.loosened_gates.clear();
    }
    Ok(())
}

/// Does the change bring something that people will meet, and not only what measures it?
fn ships(compared: &Compared) -> bool {
    let signs = compared.governed.iter().flat_map(|g| &g.signs);
    let mut signs = signs.chain(compared.rollouts.iter().flat_map(|r| &r.recognised));
    compared.changes.iter().any(Change::deploys) || signs.any(|sign| sign.kind != ChangeKind::Config)
}

/// Every file of the step that shows something. Those that stand among `loaded` keep their numbers.
fn look<'s>(desk: &mut Desk<'_>, step: &'s Step, loaded: &Range<usize>) -> Result<Vec<Seen<'s>>, HistoryError> {
    let mut all = Vec::new();
    for change in &step.files {
        let path = shown(&change.path);
        if !desk.policy.choice.takes(&path) || !recognition::may_tell(&path) {
            continue;
        }
        let old_path = change.old_path.as_ref().map(|p| shown(p));
        let before = side(desk, old_path.as_deref().unwrap_or(&path), change.old)?;
        let after = side(desk, &path, change.new)?;
        let standing = loaded.clone().find(|n| desk.files.get(*n).is_some_and(|f| *f.path == *path));
        let number = u32::try_from(standing.unwrap_or(desk.files.len())).unwrap_or(u32::MAX);
        let (before, old_path) = (before.as_deref(), old_path.as_deref());
        let changed = Changed { path: &path, old_path, before, after: after.as_deref() };
        let found = recognition::recognise(&changed, FileId(number));
        if !found.is_empty() {
            if standing.is_none() {
                desk.show(&path, after.unwrap_or_default());
            }
            all.push(((change, path), found));
        }
    }
    let concluded = recognition::conclude(all).into_iter();
    Ok(concluded.map(|((change, path), found)| Seen { change, path, found }).collect())
}

fn side(desk: &Desk<'_>, path: &str, blob: Option<Blob>) -> Result<Option<Vec<u8>>, HistoryError> {
    blob.filter(|b| b.mode == Mode::File).map(|b| desk.read(path, &b)).transpose()
}

fn sign(recognised: &Recognised) -> Sign {
    Sign { kind: recognised.kind.change(), what: recognised.what.clone(), span: recognised.span }
}

/// Does it stand in the text of a rollout that is judged as a whole? That rollout is told.
fn is_told(sign: &Sign, rollouts: &mut [Rollout]) -> bool {
    let holds =
        |outer: Span| outer.file == sign.span.file && outer.start <= sign.span.start && sign.span.end <= outer.end;
    let inside = rollouts.iter_mut().filter(|r| r.stands_alone() && holds(r.span));
    let Some(rollout) = inside.min_by_key(|r| r.span.end - r.span.start) else { return false };
    rollout.recognised.push(sign.clone());
    true
}

/// Another image is other code.
fn image(before: &Rollout, after: &Rollout) -> Option<Sign> {
    let old = |path: &str| before.payload.iter().find(|p| *p.path == *path && p.path.ends_with("image"));
    let (old, new) =
        after.payload.iter().filter_map(|new| Some((old(&new.path)?, new))).find(|(o, n)| o.value != n.value)?;
    let what = format!("image `{}` becomes `{}`", old.value, new.value);
    Some(Sign { kind: ChangeKind::Code, what: what.into(), span: new.span })
}

/// The models that a flag chooses among: a variation becomes another model, or more people meet one.
fn variations(before: &Rollout, change: &Change, after: &Rollout) -> Vec<Recognised> {
    if after.subject != SubjectKind::Flag || !change.exposes() {
        return Vec::new();
    }
    let old = |new: &Payload| before.payload.iter().find(|p| p.path == new.path);
    let in_place = after.payload.iter().filter_map(|new| Some((&*old(new)?.value, &*new.value, new.span)));
    let grows = |to: &&Destination| change.moves.iter().any(|m| m.grows() && m.is_of(to));
    let (met, left): (Vec<&Destination>, Vec<&Destination>) = after.destinations.iter().partition(grows);
    let moved = met.iter().flat_map(|to| left.iter().map(move |from| (from, to)));
    let moved = moved.filter_map(|(from, to)| Some((&**from.ships.first()?, &**to.ships.first()?, to.span)));
    let pairs = in_place.chain(moved).filter(|(old, new, _)| old != new);
    pairs.flat_map(|(old, new, span)| recognition::values(old, new, span)).collect()
}

fn gate(recognised: &Recognised) -> Option<LoosenedGate> {
    let is_looser = recognised.bar == Some(Bar::Loosened) && recognised.confidence > Confidence::Low;
    is_looser.then(|| LoosenedGate { span: recognised.span, what: recognised.what.clone() })
}
