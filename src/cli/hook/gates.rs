//! The hooks that judge: what is staged, what is pushed, what is received.

use std::io::Read;

use super::lines::{PushedRef, UpdatedRef, override_reason, pre_push_lines, pre_receive_lines};
use crate::cli::args::Check;
use crate::cli::failure::Failure;
use crate::cli::gate::{self, Resolved};
use crate::cli::history::explain;
use crate::cli::surroundings::Surroundings;
use crate::cli::{Outcome, failure, output, say};
use crate::collect::is_manifest;
use crate::engine::Override;
use crate::history::{Git, HistoryError, ObjectId};
use crate::render::Detail;

/// `rollgate hook run pre-commit`.
pub(super) fn pre_commit(around: &Surroundings) -> Outcome {
    let git = gate::open(around)?;
    let staged = gate::staged(&git, around.now).map_err(|error| vec![explain(&error)])?;
    judge(around, &git, staged)
}

/// `rollgate hook run pre-push REMOTE URL`.
pub(super) fn pre_push(remote: &str, url: &str, around: &Surroundings) -> Outcome {
    let told = pre_push_lines(&stdin()?, remote, url).map_err(|failure| vec![failure])?;
    let git = gate::open(around)?;
    Ok(each(told.refs.iter(), around, |pushed| push(&git, &told.remote, pushed, around)))
}

/// `rollgate hook run pre-push`, called by the framework pre-commit.
pub(super) fn pre_push_by_pre_commit(around: &Surroundings) -> Outcome {
    let git = gate::open(around)?;
    let (remote, pushed) = Surroundings::pre_commit().pushed(&git)?;
    Ok(push(&git, &remote, &pushed, around)?.unwrap_or(0))
}

fn push(git: &Git, remote: &str, pushed: &PushedRef, around: &Surroundings) -> Result<Option<u8>, Vec<Failure>> {
    let Some(local) = pushed.local.filter(|_| !is_tag(&pushed.remote_ref)) else { return Ok(None) };
    let tip = pushed_onto(git, remote, pushed)?;
    let resolved = gate::against(git, &tip, &local, around.now).map_err(|error| vec![explain(&error)])?;
    Ok(Some(judge(around, git, resolved)?))
}

/// `rollgate hook run pre-receive`.
pub(super) fn pre_receive(around: &Surroundings) -> Outcome {
    let refs = pre_receive_lines(&stdin()?).map_err(|failure| vec![failure])?;
    let reason = override_reason(&Surroundings::push_options()).map_err(|failure| vec![failure])?;
    let git = gate::open(around)?;
    Ok(each(refs.iter(), around, |updated| {
        let Some(new) = updated.new.filter(|_| !is_tag(&updated.name)) else { return Ok(None) };
        let mut resolved = received(&git, updated, &new, around).map_err(|error| vec![explain(&error)])?;
        let by = "a push option".to_owned();
        resolved.overrides.extend(reason.clone().map(|reason| Override { by, reason, commit: None }));
        Ok(Some(judge(around, &git, resolved)?))
    }))
}

/// A tag moves no branch, and what it names came with one.
fn is_tag(name: &str) -> bool {
    name.starts_with("refs/tags/")
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

/// Judges, and is silent about a change that touches no manifest and lets nobody through.
fn judge(around: &Surroundings, git: &Git, resolved: Resolved) -> Outcome {
    let of_no_concern = |name: &[u8]| !is_manifest(name);
    let quiet = resolved.steps.iter().flat_map(|s| &s.files).all(|f| of_no_concern(&f.path));
    let args = Check { quiet, ..Check::default() };
    gate::judge(&args, around, git, resolved)
}

/// The commit that a pushed ref is compared with: where it is on the other side, else the remote's default branch.
fn pushed_onto(git: &Git, remote: &str, pushed: &PushedRef) -> Result<ObjectId, Vec<Failure>> {
    if let Some(there) = pushed.remote {
        if git.has(&there) {
            return Ok(there);
        }
        let message = format!("`{}` is at {} on `{remote}`, which is not here", pushed.remote_ref, there.short());
        return Err(vec![Failure::new(message, format!("git fetch {remote}"))]);
    }
    let named = ["HEAD", "main", "master"].map(|name| format!("refs/remotes/{remote}/{name}"));
    let found = named.iter().find_map(|name| git.resolve(name).ok());
    found.ok_or_else(|| {
        let message = format!("`{}` is new, and the default branch of `{remote}` is not known here", pushed.remote_ref);
        vec![Failure::new(message, format!("git fetch {remote}, and git remote set-head {remote} --auto"))]
    })
}

/// What a received ref is compared with: where it is, else the branch that the repository's `HEAD` names.
fn received(git: &Git, updated: &UpdatedRef, new: &ObjectId, around: &Surroundings) -> Result<Resolved, HistoryError> {
    let Some(old) = updated.old else {
        return match git.head()? {
            Some(tip) => gate::against(git, &tip, new, around.now),
            None => gate::from_nothing(git, new, around.now),
        };
    };
    let mut resolved = gate::against(git, &old, new, around.now)?;
    if !git.is_ancestor(&old, new)? {
        let told = format!("`{}` is rewritten: {} is no ancestor of {}", updated.name, old.short(), new.short());
        resolved.notices.push(told);
    }
    Ok(resolved)
}

fn stdin() -> Result<Vec<u8>, Vec<Failure>> {
    const LARGEST: u64 = 64 << 20;
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(LARGEST).read_to_end(&mut bytes);
    let failure = |error| Failure::new(format!("standard input cannot be read: {error}"), "let git call the hook");
    read.map(|_| bytes).map_err(|error| vec![failure(error)])
}
