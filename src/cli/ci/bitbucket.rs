//! Bitbucket Pipelines.

use super::look::Look;
use super::{BaseChoice, Chosen};
use crate::cli::failure::Failure;

/// Decides by whether there is a pull request.
pub(super) fn choose(look: &Look<'_>) -> Result<Chosen, Failure> {
    let head = look.abbreviated("BITBUCKET_COMMIT", look.need("BITBUCKET_COMMIT")?)?;
    if look.env.get("BITBUCKET_PR_ID").is_some() {
        let name = "BITBUCKET_PR_DESTINATION_COMMIT";
        let base = look.abbreviated(name, look.need(name)?)?;
        let target = look.target_of("BITBUCKET_PR_DESTINATION_BRANCH")?;
        look.held(&base, &target)?;
        return look.chosen("pull request", head, BaseChoice::MergeBaseWith(base.clone()), &target, Some(base));
    }
    if look.env.get("BITBUCKET_BRANCH").is_none() {
        return Err(look.names_no_change("neither a pull request nor a branch is built"));
    }
    look.beside("push", head, &look.default_of_origin()?)
}
