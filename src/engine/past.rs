//! What rollouts were before, on the base's first-parent line.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::governed;
use super::moved::Sought;
use super::standing::Standing;
use super::{LoadLimits, load};
use crate::adapters::Audience;
use crate::clock::{Moment, period};
use crate::collect::{File, Origin, shown};
use crate::history::{End, Git, GitPath, HistoryError, Horizon, Mode, ObjectId, Snapshot, Step, Version, Versions};
use crate::model::{Past, PastEnd, PastVersion, Rollout};
use crate::policy::Policy;

/// Numbers of files that are never shown.
pub(super) const UNSHOWN: usize = 0xE000_0000;

/// How far back history is read where the policy does not say.
const HORIZON_DAYS: i64 = 400;
/// How many commits are read where the policy does not say.
const MOST_COMMITS: usize = 200_000;
/// How often a rollout is followed to another file.
const MOST_MOVES: usize = 8;

/// The horizon of a walk that looks back from `at`.
pub(super) fn horizon(policy: &Policy, at: Moment) -> Horizon {
    let by_policy = policy.limits.history.and_then(|back| period::before(at, back.months, back.seconds));
    Horizon {
        not_before: by_policy.unwrap_or(at - TimeDelta::days(HORIZON_DAYS)),
        max_commits: policy.limits.commits.and_then(|n| usize::try_from(n).ok()).unwrap_or(MOST_COMMITS),
    }
}

/// The pasts that were asked for, each read once and carried on.
#[derive(Default)]
pub(super) struct Pasts {
    /// By identity and path.
    known: BTreeMap<(String, String), Past>,
}

fn identity(rollout: &Rollout) -> String {
    let id = &rollout.id;
    let namespace = id.namespace.as_deref().unwrap_or_default();
    [rollout.adapter.id, &*id.group, &*id.kind, namespace, &*id.name].join("\0")
}

impl Pasts {
    /// What the rollout `there` was before `step`. It stands in the first of `paths` before it; in the others stands what it
    /// ships.
    pub(super) fn of(
        &mut self,
        git: &Git,
        (policy, limits): (&Policy, &LoadLimits),
        step: &Step,
        (there, paths): (&Rollout, &[String]),
    ) -> Result<Past, HistoryError> {
        let key = (identity(there), paths.first().cloned().unwrap_or_default());
        if let Some(past) = self.known.get(&key) {
            return Ok(past.clone());
        }
        let Some(from) = step.past else { return Ok(Past::NONE) };
        let paths = paths.iter().map(|p| p.as_bytes().into()).collect();
        let past =
            past(&Sought { git, policy, limits, there }, Stretch { from, horizon: horizon(policy, step.at), paths })?;
        self.known.insert(key, past.clone());
        Ok(past)
    }

    /// Carries on what the rollout, which stood at `old`, has become by `step`.
    pub(super) fn note(&mut self, step: &Step, old: Option<&str>, new: &str, after: &Rollout) {
        let Some(old) = old else { return };
        let Some(mut past) = self.known.remove(&(identity(after), old.to_owned())) else { return };
        let commit = step.commit.map(|id| id.to_string()).unwrap_or_default().into();
        past.versions.insert(0, PastVersion { at: step.at, commit, rollout: Some(Arc::new(after.clone())) });
        self.known.insert((identity(after), new.to_owned()), past);
    }
}

/// A stretch of history in which the rollout lies in one file.
struct Stretch {
    from: ObjectId,
    horizon: Horizon,
    /// Its own first.
    paths: Vec<GitPath>,
}

/// Reads a rollout's past from the newest stretch on, through all the files that it lay in.
fn past(sought: &Sought<'_>, mut stretch: Stretch) -> Result<Past, HistoryError> {
    let mut past = Past::NONE;
    for more in (0..=MOST_MOVES).rev() {
        let found = sought.git.versions(stretch.from, stretch.horizon, &stretch.paths)?;
        let Some(end) = found.first().map(|own| own.end) else { return Ok(past) };
        // Each commit that changes one of the files is a version of the rollout that they make together.
        let moments: BTreeMap<usize, &Version> = found.iter().flat_map(|v| &v.list).map(|v| (v.depth, v)).collect();
        let told = moments.iter().map(|(depth, newest)| version(sought, (newest, &standing_at(&found, *depth))));
        let told: Vec<PastVersion> = told.collect::<Result<_, _>>()?;
        let depths: Vec<usize> = moments.into_keys().collect();
        let next = if more == 0 { None } else { stretch_before(sought, &stretch, &found, (&told, &depths))? };
        let Some((kept, before)) = next else {
            past.versions.extend(told);
            past.end = match end {
                End::Root => PastEnd::Complete,
                End::Horizon => PastEnd::Horizon,
                End::MaxCommits | End::ShallowBoundary(_) => PastEnd::Truncated,
            };
            return Ok(past);
        };
        past.versions.extend(told.into_iter().take(kept));
        stretch = before;
    }
    Ok(past)
}

/// What the files were at a commit of that depth.
fn standing_at(found: &[Versions], depth: usize) -> Vec<Option<&Version>> {
    found.iter().map(|v| v.list.iter().find(|v| v.depth >= depth)).collect()
}

/// The stretch before the newest commit in which the rollout came from another file, and how many versions are no older
/// than that commit.
fn stretch_before(
    sought: &Sought<'_>,
    stretch: &Stretch,
    found: &[Versions],
    (told, depths): (&[PastVersion], &[usize]),
) -> Result<Option<(usize, Stretch)>, HistoryError> {
    let stands = |index: usize| told.get(index).is_some_and(|v| v.rollout.is_some());
    let begins = |index: &usize| stands(*index) && !stands(index + 1);
    for (index, depth) in depths.iter().copied().enumerate().filter(|(index, _)| begins(index)).take(MOST_MOVES) {
        let Some(own) = standing_at(found, depth).first().copied().flatten() else { continue };
        let newer = sought.git.commit(&own.commit)?;
        let Some(from) = newer.parents.first().copied().filter(|id| own.depth == depth && sought.git.has(id)) else {
            continue;
        };
        let older = sought.git.commit(&from)?;
        let Some(path) = sought.left(&own.path, &older, &newer)? else { continue };
        let mut paths = vec![path];
        for (other, versions) in stretch.paths.iter().zip(found).skip(1) {
            // It may have been renamed since.
            let mut names = std::iter::once(other).chain(versions.list.iter().map(|v| &v.path));
            let there = names.find(|name| matches!(sought.git.find(&older.tree, name), Ok(Some(_))));
            paths.extend(there.filter(|name| !paths.contains(name)).cloned());
        }
        let horizon = Horizon { max_commits: stretch.horizon.max_commits.saturating_sub(depth + 1), ..stretch.horizon };
        return Ok(Some((index + 1, Stretch { from, horizon, paths })));
    }
    Ok(None)
}

/// The rollout that is sought as `files` made it, its own first, from `newest` on.
fn version(sought: &Sought<'_>, (newest, files): (&Version, &[Option<&Version>])) -> Result<PastVersion, HistoryError> {
    let (git, limits) = (sought.git, sought.limits);
    let mut standing = Standing::default();
    for (number, file) in files.iter().enumerate() {
        let Some((file, blob)) = file.and_then(|f| Some((f, f.blob.filter(|b| b.mode == Mode::File)?))) else {
            continue;
        };
        let path: Arc<str> = shown(&file.path).into();
        let bytes = git.read(&blob.id, limits.file_bytes)?;
        let file = File { path: Arc::clone(&path), origin: Origin::Memory(bytes.into()) };
        for loaded in load(UNSHOWN + number, &[file], limits, Audience::Change) {
            standing.put(&path, loaded.lowered.into());
        }
    }
    let own = files.first().copied().flatten().map(|v| shown(&v.path)).unwrap_or_default();
    let mut rollout = standing.rollouts(&own).into_iter().find(|r| sought.is(r));
    if let Some(found) = rollout.as_mut().filter(|r| governed::names_files(r)) {
        let tree = Snapshot::Tree(git.commit(&newest.commit)?.tree);
        governed::digest(git, &tree, found)?;
    }
    let rollout = rollout.map(Arc::new);
    Ok(PastVersion { at: newest.time, commit: newest.commit.to_string().into(), rollout })
}
