//! A change that is told and not committed by anybody: policy tests, and the examples of rules' pages.

use super::gate::{ChangeInput, check_change};
use super::plan::Choice;
use crate::clock::Moment;
use crate::finding::{Report, Trust};
use crate::history::{Git, HistoryError, ObjectId, Prefixes, Snapshot, Step};
use crate::policy::Policy;
use crate::text::Sources;

/// A commit as it is told.
pub struct Told<'t> {
    /// When.
    pub at: Moment,
    /// What it says.
    pub message: &'t str,
    /// What it writes; `None` takes the file away.
    pub files: Vec<(&'t str, Option<&'t [u8]>)>,
}

/// A change as it is told.
pub struct Rehearsal<'t> {
    /// The commits before it, the oldest first.
    pub before: &'t [Told<'t>],
    /// The change itself.
    pub change: &'t Told<'t>,
    /// The policy that judges.
    pub policy: &'t Policy,
    /// The policy that the change brings, if it brings one.
    pub brought: Option<&'t Policy>,
    /// Which rules are asked for.
    pub choice: Choice,
}

/// Commits what is told into a repository in memory, and judges the last of it.
///
/// # Errors
/// When the repository cannot be made.
pub fn rehearse(told: &Rehearsal<'_>) -> Result<(Report, Sources), HistoryError> {
    let git = Git::in_memory()?;
    let mut base: Option<ObjectId> = None;
    for commit in told.before {
        base = Some(git.record(base, commit.at, commit.message, &commit.files)?);
    }
    let at = told.change.at;
    let head = git.record(base, at, told.change.message, &told.change.files)?;
    let tree = |id: ObjectId| git.commit(&id).map(|c| c.tree);
    let (old, new) = (base.map(tree).transpose()?, tree(head)?);
    let files = git.diff(old.as_ref(), Some(&new), &Prefixes::all())?;
    let (old, new) = (old.map_or(Snapshot::Empty, Snapshot::Tree), Snapshot::Tree(new));
    check_change(&ChangeInput {
        git: &git,
        trusted: old.clone(),
        baseline: None,
        steps: vec![Step { old, new, files, at, commit: None, past: base }],
        policy: told.policy,
        trust: Trust { side: "base", commit: None },
        choice: told.choice.clone(),
        now: at,
        fail_on: None,
        brought: told.brought.map(|new| (told.policy, new)),
        overrides: Vec::new(),
        notices: Vec::new(),
        deepen: String::new(),
        fetch_tags: String::new(),
    })
}
