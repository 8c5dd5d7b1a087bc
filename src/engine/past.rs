//! What rollouts were before, on the base's first-parent line.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::governed;
use super::standing::Standing;
use super::{LoadLimits, load};
use crate::adapters::Audience;
use crate::clock::{Moment, period};
use crate::collect::{File, Origin, shown};
use crate::history::{End, Git, HistoryError, Horizon, Mode, Snapshot, Step, Version};
use crate::model::{Past, PastEnd, PastVersion, Rollout};
use crate::policy::Policy;

/// Numbers of files that are never shown.
const UNSHOWN: usize = 0xE000_0000;

/// How far back history is read where the policy does not say.
const HORIZON_DAYS: i64 = 400;
/// How many commits are read where the policy does not say.
const MOST_COMMITS: usize = 200_000;

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
        let found = git.versions(
            from,
            horizon(policy, step.at),
            &paths.iter().map(|p| p.as_bytes().into()).collect::<Vec<_>>(),
        )?;
        let Some(end) = found.first().map(|own| own.end) else { return Ok(Past::NONE) };
        // Each commit that changes one of the files is a version of the rollout that they make together.
        let moments: BTreeMap<usize, &Version> = found.iter().flat_map(|v| &v.list).map(|v| (v.depth, v)).collect();
        let at = |(depth, newest): (usize, &Version)| {
            let files = found.iter().map(|v| v.list.iter().find(|v| v.depth >= depth)).collect::<Vec<_>>();
            version(git, limits, (newest, &files), there)
        };
        let versions = moments.into_iter().map(at).collect::<Result<_, _>>()?;
        let end = match end {
            End::Root => PastEnd::Complete,
            End::Horizon => PastEnd::Horizon,
            End::MaxCommits | End::ShallowBoundary(_) => PastEnd::Truncated,
        };
        let past = Past { versions, end };
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

/// The rollout of the identity of `there` as `files` made it, its own first, from `newest` on.
fn version(
    git: &Git,
    limits: &LoadLimits,
    (newest, files): (&Version, &[Option<&Version>]),
    there: &Rollout,
) -> Result<PastVersion, HistoryError> {
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
    let same = |r: &Rollout| r.adapter.id == there.adapter.id && r.id == there.id;
    let mut rollout = standing.rollouts(&own).into_iter().find(same);
    if let Some(found) = rollout.as_mut().filter(|r| governed::names_files(r)) {
        let tree = Snapshot::Tree(git.commit(&newest.commit)?.tree);
        governed::digest(git, &tree, found)?;
    }
    let rollout = rollout.map(Arc::new);
    Ok(PastVersion { at: newest.time, commit: newest.commit.to_string().into(), rollout })
}
