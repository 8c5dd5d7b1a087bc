//! What the framework pre-commit tells of a push: variables, and of one ref only, where git would write lines.

use super::lines::{PrePush, PushedRef};
use crate::cli::failure::Failure;
use crate::cli::history::explain;
use crate::history::Git;

/// The variables that pre-commit sets for a push.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct PreCommit {
    from: Option<String>,
    to: Option<String>,
    remote: Option<String>,
    url: Option<String>,
    local_ref: Option<String>,
    remote_ref: Option<String>,
}

impl PreCommit {
    /// Takes what is set; an empty one is not.
    pub(in crate::cli) fn take(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(&format!("PRE_COMMIT_{name}")).filter(|value| !value.is_empty());
        Self {
            from: set("FROM_REF"),
            to: set("TO_REF"),
            remote: set("REMOTE_NAME"),
            url: set("REMOTE_URL"),
            local_ref: set("LOCAL_BRANCH"),
            remote_ref: set("REMOTE_BRANCH"),
        }
    }

    /// What is pushed, and to which remote: to `origin`, where that is left out.
    ///
    /// A branch that the remote does not have yet is told with the commit where it left the remote's branches; where
    /// the remote's default branch is known here, the branch is new and that one judges.
    pub(super) fn pushed(self, git: &Git) -> Result<PrePush, Vec<Failure>> {
        let Some(tip) = self.to.or_else(|| self.local_ref.clone()) else {
            let message = "neither git nor pre-commit says what is pushed";
            let help = "let `git push` call this, or give pre-commit `--from-ref REV --to-ref REV`";
            return Err(vec![Failure::new(message, help)]);
        };
        let resolve = |rev: &str| git.resolve(rev).map_err(|error| vec![explain(&error)]);
        let local = Some(resolve(&tip)?);
        let left = self.from.as_deref().map(resolve).transpose()?;
        let remote = self.remote.unwrap_or_else(|| "origin".to_owned());
        let local_ref = self.local_ref.unwrap_or(tip);
        let remote_ref = self.remote_ref.unwrap_or_else(|| local_ref.clone());
        let there = |name: &str| git.resolve(&format!("refs/remotes/{remote}/{name}")).is_ok();
        let is_new = remote_ref.strip_prefix("refs/heads/").is_some_and(|branch| !there(branch));
        let remote_id = left.filter(|_| !(is_new && there("HEAD")));
        let refs = vec![PushedRef { local_ref, local, remote_ref, remote: remote_id }];
        Ok(PrePush { remote, url: self.url.unwrap_or_default(), refs })
    }
}
