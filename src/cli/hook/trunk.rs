//! The branch whose policy judges all the others, where a hook runs.

use std::collections::BTreeMap;

use super::lines::PrePush;
use crate::cli::failure::Failure;
use crate::cli::history::explain;
use crate::history::{Git, HistoryError, ObjectId};

/// The default branch of the repository that receives.
pub(super) struct Trunk {
    /// Its whole name there.
    pub(super) name: String,
    /// Where it is, as far as this repository knows.
    pub(super) tip: ObjectId,
    /// What people should know where another branch stands for it.
    pub(super) notice: Option<String>,
}

/// The branch that `HEAD` of this repository names; none before the first branch.
pub(super) fn of_this(git: &Git) -> Result<Option<Trunk>, Vec<Failure>> {
    let failed = |error: HistoryError| vec![explain(&error)];
    let named = git.leads_to("HEAD").map_err(failed)?;
    if let (Some(name), Some(tip)) = (&named, git.head().map_err(failed)?) {
        return Ok(Some(Trunk { name: name.clone(), tip, notice: None }));
    }
    let branches = git.refs_below("refs/heads/").map_err(failed)?;
    if branches.is_empty() {
        return Ok(None);
    }
    let wrong = match &named {
        Some(name) => format!("`HEAD` names `{name}`, which is not there"),
        None => "`HEAD` names no branch".to_owned(),
    };
    let Some((branch, tip)) = stand_in(&branches) else {
        let message = format!("{wrong}, so no branch says whose policy judges");
        let help = "in the repository that receives: `git symbolic-ref HEAD refs/heads/BRANCH`";
        return Err(vec![Failure::new(message, help)]);
    };
    let notice = format!("{wrong}; `{branch}` stands for the default branch");
    Ok(Some(Trunk { name: format!("refs/heads/{branch}"), tip: *tip, notice: Some(notice) }))
}

/// The default branch of the other side, as this repository saw it last; none where it never saw a branch of any remote.
pub(super) fn of_remote(git: &Git, told: &PrePush) -> Result<Option<Trunk>, Vec<Failure>> {
    let failed = |error: HistoryError| vec![explain(&error)];
    let all = git.remotes();
    let same = |name: &&String| **name == told.remote || urls(git, name).contains(&told.url);
    let own = all.iter().find(|name| **name == told.remote).or_else(|| all.iter().find(same));
    let first = all.iter().find(|name| *name == "origin");
    let only = all.first().filter(|_| all.len() == 1);
    for remote in own.into_iter().chain(first).chain(only) {
        let folder = format!("refs/remotes/{remote}/");
        let branches = git.refs_below(&folder).map_err(failed)?;
        if branches.is_empty() {
            continue;
        }
        let named = git.leads_to(&format!("{folder}HEAD")).map_err(failed)?;
        let branch = named.as_ref().and_then(|name| name.strip_prefix(&folder));
        let named = branch.and_then(|branch| branches.get_key_value(branch));
        let Some((branch, tip)) = named.or_else(|| stand_in(&branches)) else {
            let message =
                format!("the default branch of `{remote}` is not known here, so it is open whose policy judges");
            return Err(vec![Failure::new(message, format!("git remote set-head {remote} --auto"))]);
        };
        let usual = named.is_some() || matches!(&**branch, "main" | "master");
        let notice = (!usual || Some(remote) != own)
            .then(|| format!("`{remote}/{branch}` stands for the default branch of `{}`", told.remote));
        return Ok(Some(Trunk { name: format!("refs/heads/{branch}"), tip: *tip, notice }));
    }
    Ok(None)
}

/// What a remote is reached by.
fn urls(git: &Git, remote: &str) -> Vec<String> {
    ["url", "pushurl"].iter().filter_map(|key| git.config(&format!("remote.{remote}.{key}"))).collect()
}

/// The only branch, or the one with a name that says so.
fn stand_in(branches: &BTreeMap<String, ObjectId>) -> Option<(&String, &ObjectId)> {
    let only = branches.iter().next().filter(|_| branches.len() == 1);
    only.or_else(|| ["main", "master"].iter().find_map(|name| branches.get_key_value(*name)))
}
