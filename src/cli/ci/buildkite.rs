//! Buildkite.

use super::look::Look;
use super::{BaseChoice, Chosen, Rev};
use crate::cli::failure::Failure;
use crate::history::Needed;

/// Decides by queue, pull request or branch.
pub(super) fn choose(look: &Look<'_>) -> Result<Chosen, Failure> {
    let head = head(look)?;
    let queue = "BUILDKITE_MERGE_QUEUE_BASE_COMMIT";
    if let Some(text) = look.env.get(queue) {
        let base = look.commit(queue, text, Needed::Trees)?;
        let target = look.target_of("BUILDKITE_MERGE_QUEUE_BASE_BRANCH")?;
        look.held_in_queue(&base, &head, &target)?;
        return look.chosen("merge queue", head, BaseChoice::Exact(base.clone()), &target, Some(base));
    }
    if look.need("BUILDKITE_PULL_REQUEST")? != "false" {
        return pull_request(look, head);
    }
    if look.env.get("BUILDKITE_TAG").is_some() {
        return Err(look.names_no_change("the build of a tag names no change"));
    }
    look.beside("branch", head, &look.target_of("BUILDKITE_PIPELINE_DEFAULT_BRANCH")?)
}

/// A build that was started by hand says `HEAD`.
fn head(look: &Look<'_>) -> Result<Rev, Failure> {
    match look.need("BUILDKITE_COMMIT")? {
        "HEAD" => look.head(),
        text => look.commit("BUILDKITE_COMMIT", text, Needed::Trees),
    }
}

fn pull_request(look: &Look<'_>, head: Rev) -> Result<Chosen, Failure> {
    let target = look.target_of("BUILDKITE_PULL_REQUEST_BASE_BRANCH")?;
    if !look.env.says_true("BUILDKITE_PULL_REQUEST_USING_MERGE_REFSPEC") {
        return look.beside("pull request", head, &target);
    }
    // The commit that is named is the pull request's; what is checked out is its merge with the target.
    let merge = look.head()?;
    let parents = look.parents(merge.id)?;
    if parents.len() != 2 {
        return Err(look.names_no_change(&format!("{merge} should be the pull request's merge and is none")));
    }
    if merge.id != head.id && parents[1] != head.id {
        return Err(look.names_no_change(&format!("{merge} is not the merge of {head}")));
    }
    let base = look.first_parent(&merge, &parents)?;
    look.held(&base, &target)?;
    look.chosen("pull request", merge, BaseChoice::Exact(base.clone()), &target, Some(base))
}
