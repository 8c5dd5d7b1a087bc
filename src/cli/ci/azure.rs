//! Azure Pipelines.

use super::look::{Look, shown};
use super::{BaseChoice, Chosen};
use crate::cli::failure::Failure;
use crate::history::Needed;

/// Decides by the build's reason.
pub(super) fn choose(look: &Look<'_>) -> Result<Chosen, Failure> {
    let head = look.commit("BUILD_SOURCEVERSION", look.need("BUILD_SOURCEVERSION")?, Needed::Trees)?;
    match look.need("BUILD_REASON")? {
        "PullRequest" => {
            let name = "SYSTEM_PULLREQUEST_SOURCECOMMITID";
            let proposed = look.id(name, look.need(name)?)?;
            let target = look.target_of("SYSTEM_PULLREQUEST_TARGETBRANCH")?;
            let parents = look.parents(head.id)?;
            if parents.len() == 2 && parents[1] == proposed.id {
                let base = look.first_parent(&head, &parents)?;
                look.held(&base, &target)?;
                return look.chosen("pull request", head, BaseChoice::Exact(base.clone()), &target, Some(base));
            }
            look.beside("pull request", head, &target)
        }
        "IndividualCI" | "BatchedCI" => {
            let branch = look.need("BUILD_SOURCEBRANCH")?;
            if branch.starts_with("refs/tags/") {
                return Err(look.names_no_change("the push of a tag names no change"));
            }
            look.beside("push", head, &look.default_of_origin()?)
        }
        other => Err(look.names_no_change(&format!("the build's reason `{}` names no change", shown(other)))),
    }
}
