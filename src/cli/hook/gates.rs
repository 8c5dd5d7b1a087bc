//! The hooks that judge: what is staged, what is pushed, what is received.

use std::io::Read;

use super::lines::{PrePush, override_reason, pre_push_lines, pre_receive_lines};
use super::trunk::{self, Trunk};
use crate::cli::args::Check;
use crate::cli::failure::Failure;
use crate::cli::gate::{self, Resolved};
use crate::cli::history::explain;
use crate::cli::surroundings::Surroundings;
use crate::cli::{Outcome, failure, output, say};
use crate::collect::is_manifest;
use crate::engine::Override;
use crate::history::{Git, HistoryError, ObjectId};
use crate::render::{Detail, visible};

/// `rollgate hook run pre-commit`.
pub(super) fn pre_commit(around: &Surroundings) -> Outcome {
    let git = gate::open(around)?;
    let staged = gate::staged(&git, around.now).map_err(|error| vec![explain(&error)])?;
    judge(around, &git, staged, Vec::new())
}

/// `rollgate hook run pre-push REMOTE URL`.
pub(super) fn pre_push(remote: &str, url: &str, around: &Surroundings) -> Outcome {
    let told = pre_push_lines(&stdin()?, remote, url).map_err(|failure| vec![failure])?;
    Ok(push(&gate::open(around)?, &told, around))
}

/// `rollgate hook run pre-push`, called by the framework pre-commit.
pub(super) fn pre_push_by_pre_commit(around: &Surroundings) -> Outcome {
    let git = gate::open(around)?;
    Ok(push(&git, &Surroundings::pre_commit().pushed(&git)?, around))
}

fn push(git: &Git, told: &PrePush, around: &Surroundings) -> u8 {
    each(told.refs.iter(), around, |pushed| {
        let Some(new) = pushed.local.filter(|_| is_branch(&pushed.remote_ref)) else { return Ok(None) };
        let moved = Moved { name: &pushed.remote_ref, old: pushed.remote, new };
        if let Some(there) = moved.old.filter(|there| !git.has(there)) {
            let (name, remote) = (moved.name, &told.remote);
            let message = format!("`{name}` is at {} on `{remote}`, which is not here", there.short());
            return Err(vec![Failure::new(message, format!("git fetch {remote}"))]);
        }
        let trunk = trunk::of_remote(git, told)?;
        let is_unseen = trunk.is_none() && moved.old.is_none();
        let (resolved, mut notices) = resolve(git, &moved, trunk, around)?;
        if is_unseen {
            notices.push(format!("no branch of `{}` is known here, so it is taken for empty", told.remote));
        }
        Ok(Some(judge(around, git, resolved, notices)?))
    })
}

/// `rollgate hook run pre-receive`.
pub(super) fn pre_receive(around: &Surroundings) -> Outcome {
    let refs = pre_receive_lines(&stdin()?).map_err(|failure| vec![failure])?;
    let reason = override_reason(&Surroundings::push_options()).map_err(|failure| vec![failure])?;
    let git = gate::open(around)?;
    Ok(each(refs.iter(), around, |updated| {
        let Some(new) = updated.new.filter(|_| is_branch(&updated.name)) else { return Ok(None) };
        let moved = Moved { name: &updated.name, old: updated.old, new };
        let (mut resolved, notices) = resolve(&git, &moved, trunk::of_this(&git)?, around)?;
        let by = "a push option".to_owned();
        resolved.overrides.extend(reason.clone().map(|reason| Override { by, reason, commit: None }));
        Ok(Some(judge(around, &git, resolved, notices)?))
    }))
}

/// A branch that comes, or moves.
struct Moved<'a> {
    /// Its whole name.
    name: &'a str,
    /// Where it is; `None` where it is new.
    old: Option<ObjectId>,
    /// Where it would be.
    new: ObjectId,
}

/// Nothing is deployed from any other ref; that nobody looked at one is said. A tag moves no branch, and what it names
/// came with one. Git writes whole names: any other was given by people, for a branch.
fn is_branch(name: &str) -> bool {
    let is_branch = name.starts_with("refs/heads/") || !name.starts_with("refs/");
    if !is_branch && !name.starts_with("refs/tags/") {
        say(&format!("notice: `{}` is no branch, so nothing of it is judged\n", visible(name)));
    }
    is_branch
}

/// What a branch is compared with: where it is, else where it left the default branch. That branch's policy judges, as
/// the branch's own could have been loosened by the push before. With it, what people should know.
fn resolve(
    git: &Git,
    moved: &Moved<'_>,
    trunk: Option<Trunk>,
    around: &Surroundings,
) -> Result<(Resolved, Vec<String>), Vec<Failure>> {
    let failed = |error: HistoryError| vec![explain(&error)];
    let mut notices: Vec<String> = trunk.iter().filter_map(|trunk| trunk.notice.clone()).collect();
    let resolved = match (moved.old, trunk) {
        (None, None) => gate::from_nothing(git, &moved.new, around.now),
        (None, Some(trunk)) => match gate::against(git, &trunk.tip, &moved.new, around.now) {
            Err(HistoryError::Unrelated { .. }) => {
                notices
                    .push(format!("`{}` shares no history with `{}`, so all of it is judged", moved.name, trunk.name));
                gate::between(git, &[], &trunk.tip, &moved.new, around.now)
            }
            resolved => resolved,
        },
        (Some(old), trunk) => {
            if !git.is_ancestor(&old, &moved.new).map_err(failed)? {
                notices.push(format!("`{}` rewrites history: {} is no longer part of it", moved.name, old.short()));
            }
            if trunk.is_none() {
                notices
                    .push(format!("no default branch is known here, so `{}` is judged by its own policy", moved.name));
            }
            let tip = trunk.filter(|trunk| trunk.name != moved.name).map_or(old, |trunk| trunk.tip);
            gate::between(git, &[old], &tip, &moved.new, around.now)
        }
    };
    Ok((resolved.map_err(failed)?, notices))
}

/// Judges one after the other; could not decide beats findings, and every one of them is told.
fn each<T>(
    refs: impl Iterator<Item = T>,
    around: &Surroundings,
    mut one: impl FnMut(T) -> Result<Option<u8>, Vec<Failure>>,
) -> u8 {
    let mut worst = 0;
    for pushed in refs {
        match one(pushed) {
            Ok(code) => worst = worst.max(code.unwrap_or(0)),
            Err(failures) => {
                say(&failure::show(&failures, output::style(around.color_on_stderr(), Detail::Normal, around)));
                worst = 2;
            }
        }
    }
    worst
}

/// Judges, and says no more of a change that touches no manifest than how it ended, unless there is a notice of its own.
fn judge(around: &Surroundings, git: &Git, mut resolved: Resolved, notices: Vec<String>) -> Outcome {
    let of_no_concern = |name: &[u8]| !is_manifest(name);
    let quiet = notices.is_empty()
        && resolved.overrides.is_empty()
        && resolved.steps.iter().flat_map(|s| &s.files).all(|f| of_no_concern(&f.path));
    resolved.notices.extend(notices);
    let args = Check { quiet, ..Check::default() };
    gate::judge(&args, around, git, resolved)
}

fn stdin() -> Result<Vec<u8>, Vec<Failure>> {
    const LARGEST: u64 = 64 << 20;
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(LARGEST).read_to_end(&mut bytes);
    let failure = |error| Failure::new(format!("standard input cannot be read: {error}"), "let git call the hook");
    read.map(|_| bytes).map_err(|error| vec![failure(error)])
}
