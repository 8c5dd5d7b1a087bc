//! What merges brought to the first-parent line.

use std::collections::BTreeSet;

use super::{Commit, Git, HistoryError, Horizon, ObjectId};

/// Tells which commits each merge of a line brought. Every commit is read once, whatever the merges are.
pub struct Sides<'g> {
    git: &'g Git,
    horizon: Horizon,
    seen: BTreeSet<ObjectId>,
    is_complete: bool,
}

impl<'g> Sides<'g> {
    /// Sides as far as the horizon. Unlike a walk along the line, none goes on behind it.
    pub const fn new(git: &'g Git, horizon: Horizon) -> Self {
        Self { git, horizon, seen: BTreeSet::new(), is_complete: true }
    }

    /// Was everything seen that was asked for?
    pub const fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// A commit of the line itself: no merge brought it. Those that are newer than every merge need not be told.
    pub fn pass(&mut self, id: ObjectId) {
        self.seen.insert(id);
    }

    /// The commits that came with `merge` and with none before. Merges are asked about oldest first.
    ///
    /// # Errors
    /// When a commit is not here.
    pub fn brought(&mut self, merge: &Commit) -> Result<Vec<Commit>, HistoryError> {
        let mut found = Vec::new();
        if self.git.is_boundary(&merge.id) {
            self.is_complete = false;
            return Ok(found);
        }
        let mut next: Vec<ObjectId> = merge.parents.iter().skip(1).copied().collect();
        while let Some(id) = next.pop() {
            if self.seen.contains(&id) {
                continue;
            }
            if self.seen.len() >= self.horizon.max_commits {
                self.is_complete = false;
                break;
            }
            self.seen.insert(id);
            let commit = self.git.commit(&id)?;
            if commit.time < self.horizon.not_before {
                continue;
            }
            if self.git.is_boundary(&id) {
                self.is_complete = false;
            } else {
                next.extend(&commit.parents);
            }
            found.push(commit);
        }
        Ok(found)
    }
}
