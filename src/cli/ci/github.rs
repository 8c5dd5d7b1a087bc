//! GitHub Actions.

use serde_json::Value;

use super::look::{Look, Push, shown};
use super::{BaseChoice, Chosen, Rev};
use crate::cli::failure::Failure;
use crate::history::Needed;

/// Decides by the event.
pub(super) fn choose(look: &Look<'_>) -> Result<Chosen, Failure> {
    match look.need("GITHUB_EVENT_NAME")? {
        "pull_request" => pull_request(look),
        "pull_request_target" => pull_request_target(look),
        "merge_group" => merge_group(look),
        "push" => push(look),
        other => Err(look.names_no_change(&format!("the event `{}` names no change", shown(other)))),
    }
}

/// The checkout is the merge of the pull request, whose first parent is the target as it was then; or the request's own
/// head, where the workflow asked for it.
fn pull_request(look: &Look<'_>) -> Result<Chosen, Failure> {
    let event = look.event()?;
    let proposed = look.id("pull_request.head.sha", look.of_event(&event, "/pull_request/head/sha")?)?;
    let merge = look.id("GITHUB_SHA", look.need("GITHUB_SHA")?)?;
    let target = look.target_of("GITHUB_BASE_REF")?;
    let head = look.head()?;
    let parents = look.parents(head.id)?;
    if parents.len() == 2 && parents[1] == proposed.id {
        let base = look.first_parent(&head, &parents)?;
        look.held(&base, &target)?;
        let what = format!("pull request, merged with {}", proposed.id.short());
        return look.chosen(&what, head, BaseChoice::Exact(base.clone()), &target, Some(base));
    }
    if head.id != proposed.id && head.id != merge.id {
        let message = format!("{head} is checked out, and the pull request is about {proposed}");
        let help = "check out the pull request, or name both sides with `--base REV --head REV`";
        return Err(look.fail(&message, help));
    }
    if target.tip().is_some() {
        return look.beside("pull request", head, &target);
    }
    // Stale where the target has moved since; the merge base is the same.
    let base = look.of_event(&event, "/pull_request/base/sha")?;
    let base = look.commit("pull_request.base.sha", base, Needed::MergeBase)?;
    look.chosen("pull request", head, BaseChoice::MergeBaseWith(base.clone()), &target, Some(base))
}

/// The checkout is the target; what is proposed has to be fetched.
fn pull_request_target(look: &Look<'_>) -> Result<Chosen, Failure> {
    let event = look.event()?;
    let name = "pull_request.head.sha";
    let head = look.id(name, look.of_event(&event, "/pull_request/head/sha")?)?;
    if !look.git.has(head.id) {
        let number = event.pointer("/pull_request/number").and_then(Value::as_u64);
        let number = number.map_or_else(|| "N".to_owned(), |n| n.to_string());
        let message = format!("R1: GitHub Actions: {head} is not in this clone, which has the target branch alone");
        return Err(Failure::new(message, format!("git fetch origin refs/pull/{number}/head before the check")));
    }
    let base = look.commit("GITHUB_SHA", look.need("GITHUB_SHA")?, Needed::MergeBase)?;
    let target = look.target_of("GITHUB_BASE_REF")?;
    look.held(&base, &target)?;
    look.chosen("pull request (target)", head, BaseChoice::MergeBaseWith(base.clone()), &target, Some(base))
}

/// Entries of a queue may be squashed or rebased: the two commits of the event are the only right pair.
fn merge_group(look: &Look<'_>) -> Result<Chosen, Failure> {
    let event = look.event()?;
    let head = look.of_event(&event, "/merge_group/head_sha")?;
    let head = look.commit("merge_group.head_sha", head, Needed::Trees)?;
    let built = look.id("GITHUB_SHA", look.need("GITHUB_SHA")?)?;
    if built.id != head.id {
        return Err(look.names_no_change(&format!("{built} is built, and the queue's entry is {head}")));
    }
    let base = look.of_event(&event, "/merge_group/base_sha")?;
    let base = look.commit("merge_group.base_sha", base, Needed::Trees)?;
    let target = look.target("merge_group.base_ref", look.of_event(&event, "/merge_group/base_ref")?)?;
    look.held_in_queue(&base, &head, &target)?;
    look.chosen("merge queue", head, BaseChoice::Exact(base.clone()), &target, Some(base))
}

fn push(look: &Look<'_>) -> Result<Chosen, Failure> {
    if look.env.get("GITHUB_REF").is_some_and(|r| r.starts_with("refs/tags/")) {
        return Err(look.names_no_change("the push of a tag names no change"));
    }
    let event = look.event()?;
    let after = look.commit("GITHUB_SHA", look.need("GITHUB_SHA")?, Needed::Trees)?;
    let said: Rev = look.id("after", look.of_event(&event, "/after")?)?;
    if said.id != after.id {
        return Err(look.names_no_change(&format!("{after} is built, and the push ended at {said}")));
    }
    look.push(Push {
        branch: ("GITHUB_REF_NAME", look.need("GITHUB_REF_NAME")?),
        default: ("repository.default_branch", event.pointer("/repository/default_branch").and_then(Value::as_str)),
        before: ("before", look.of_event(&event, "/before")?),
        after,
        forced: event.pointer("/forced").and_then(Value::as_bool) == Some(true),
    })
}
