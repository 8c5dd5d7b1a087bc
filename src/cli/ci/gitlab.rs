//! GitLab CI.

use super::look::{Look, Push, Target, shown};
use super::{BaseChoice, Chosen, Rev};
use crate::cli::failure::Failure;
use crate::history::Needed;

/// Decides by what started the pipeline.
pub(super) fn choose(look: &Look<'_>) -> Result<Chosen, Failure> {
    let head = look.commit("CI_COMMIT_SHA", look.need("CI_COMMIT_SHA")?, Needed::Trees)?;
    match look.need("CI_PIPELINE_SOURCE")? {
        "merge_request_event" => merge_request(look, head),
        "push" if look.env.get("CI_COMMIT_TAG").is_some() => {
            Err(look.names_no_change("the push of a tag names no change"))
        }
        "push" => look.push(Push {
            branch: ("CI_COMMIT_BRANCH", look.need("CI_COMMIT_BRANCH")?),
            default: ("CI_DEFAULT_BRANCH", look.env.get("CI_DEFAULT_BRANCH")),
            before: ("CI_COMMIT_BEFORE_SHA", look.need("CI_COMMIT_BEFORE_SHA")?),
            after: head,
            forced: false,
        }),
        other => Err(look.names_no_change(&format!("a pipeline started by `{}` names no change", shown(other)))),
    }
}

fn merge_request(look: &Look<'_>, head: Rev) -> Result<Chosen, Failure> {
    let target = look.target_of("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")?;
    match look.need("CI_MERGE_REQUEST_EVENT_TYPE")? {
        "detached" => {
            let name = "CI_MERGE_REQUEST_DIFF_BASE_SHA";
            let base = look.commit(name, look.need(name)?, Needed::Trees)?;
            look.held(&base, &target)?;
            // This base is as old as the branch: only the target's tip may stand for the policy.
            look.chosen("merge request", head, BaseChoice::Exact(base), &target, None)
        }
        "merged_result" => merged_result(look, head, &target),
        "merge_train" => merge_train(look, head, &target),
        other => {
            Err(look
                .names_no_change(&format!("CI_MERGE_REQUEST_EVENT_TYPE is `{}`, which is none we know", shown(other))))
        }
    }
}

fn merged_result(look: &Look<'_>, head: Rev, target: &Target) -> Result<Chosen, Failure> {
    let parents = look.parents(head.id)?;
    let base = look.first_parent(&head, &parents)?;
    if parents.len() != 2 {
        return Err(look.names_no_change(&format!("{head} should be a merge and is none")));
    }
    let sides = ["CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"];
    for (name, parent) in sides.into_iter().zip(&parents) {
        let Some(text) = look.env.get(name) else { continue };
        let said = look.id(name, text)?;
        if said.id != *parent {
            return Err(look.names_no_change(&format!("{head} merges {}, and not {said}", parent.short())));
        }
    }
    look.held(&base, target)?;
    look.chosen("merged result", head, BaseChoice::Exact(base.clone()), target, Some(base))
}

/// The first parent is the train's car before; a train that fast-forwards has no merges, and is held against the target.
fn merge_train(look: &Look<'_>, head: Rev, target: &Target) -> Result<Chosen, Failure> {
    let parents = look.parents(head.id)?;
    if parents.len() == 2 {
        let base = look.first_parent(&head, &parents)?;
        look.held_in_queue(&base, &head, target)?;
        return look.chosen("merge train", head, BaseChoice::Exact(base.clone()), target, Some(base));
    }
    look.beside("merge train", head, target)
}
