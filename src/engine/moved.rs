//! Where an object lay before it came to the file it lies in now.

use std::sync::Arc;

use super::pair::Fit;
use super::past::UNSHOWN;
use super::standing::Standing;
use super::{LoadLimits, load};
use crate::adapters::Audience;
use crate::collect::{File, Origin, is_manifest, shown};
use crate::history::{Blob, Commit, FileChange, Git, GitPath, HistoryError, Mode, Prefixes};
use crate::model::Rollout;
use crate::policy::Policy;

/// Of a commit that changes more manifests than this, nobody asks which of them an object came from.
const MOST_FILES: usize = 500;

/// The object that is looked for.
pub(super) struct Sought<'a> {
    pub(super) git: &'a Git,
    pub(super) policy: &'a Policy,
    pub(super) limits: &'a LoadLimits,
    pub(super) there: &'a Rollout,
}

impl Sought<'_> {
    /// Is `other` that object?
    pub(super) fn is(&self, other: &Rollout) -> bool {
        other.adapter.id == self.there.adapter.id && other.id == self.there.id
    }

    /// The one file that the object left for `path` from `older` to `newer`. What stays where it was has not moved, and
    /// what may have come from several files or from another environment came from nowhere that is known.
    pub(super) fn left(&self, path: &[u8], older: &Commit, newer: &Commit) -> Result<Option<GitPath>, HistoryError> {
        let changes = self.git.diff(Some(&older.tree), Some(&newer.tree), &Prefixes::all())?;
        let may_hold = |c: &&FileChange| *c.path != *path && c.old_path.is_none() && is_manifest(&c.path);
        let others: Vec<(&FileChange, Blob)> =
            changes.iter().filter(may_hold).filter_map(|c| Some((c, c.old?))).take(MOST_FILES + 1).collect();
        if others.len() > MOST_FILES || !changes.iter().any(|c| *c.path == *path) {
            return Ok(None);
        }
        let mut found = None;
        for (change, old) in others {
            // What cannot be read did not hold it, and holds it still.
            let Ok(Some(was)) = self.in_file(&change.path, old) else { continue };
            if !self.may_be(&change.path, &was) {
                continue;
            }
            let stays = change.new.is_some_and(|new| !matches!(self.in_file(&change.path, new), Ok(None)));
            if stays || found.is_some() {
                return Ok(None);
            }
            found = Some(GitPath::clone(&change.path));
        }
        Ok(found)
    }

    /// The object as the file holds it.
    fn in_file(&self, path: &[u8], blob: Blob) -> Result<Option<Rollout>, HistoryError> {
        if blob.mode != Mode::File {
            return Ok(None);
        }
        let bytes = self.git.read(&blob.id, self.limits.file_bytes)?;
        let name = self.there.id.name.as_bytes();
        if name.is_empty() || !bytes.windows(name.len()).any(|w| w == name) {
            return Ok(None);
        }
        let path: Arc<str> = shown(path).into();
        let mut standing = Standing::default();
        let file = File { path: Arc::clone(&path), origin: Origin::Memory(bytes.into()) };
        for loaded in load(UNSHOWN, &[file], self.limits, Audience::Change) {
            standing.put(&path, loaded.lowered.into());
        }
        Ok(standing.rollouts(&path).into_iter().find(|r| self.is(r)))
    }

    /// May what lay at `path` be the object, as far as environments tell?
    fn may_be(&self, path: &[u8], was: &Rollout) -> bool {
        let namespace = was.id.namespace.as_deref();
        let environment = was.environment.as_deref().or_else(|| self.policy.environment_of(&shown(path), namespace));
        Fit::between(environment, self.there.environment.as_deref()) != Fit::No
    }
}
