//! What to set where this clone does not hold what was asked, in the words of the service that made it.

use super::Provider;
use crate::cli::failure::Failure;
use crate::history::{HistoryError, Needed, ObjectId};

impl Provider {
    /// The setting of this service that fetches enough.
    pub(in crate::cli) const fn deepen_hint(self, needed: Needed) -> &'static str {
        match (self, needed) {
            (Self::GitHub, Needed::Trees) => {
                "GitHub Actions: actions/checkout with `fetch-depth: 2` is enough for the manifests that a pull request \
                 changes; `fetch-depth: 0` for pushes and history rules"
            }
            (Self::GitHub, Needed::MergeBase | Needed::History) => {
                "GitHub Actions: actions/checkout with `fetch-depth: 0`"
            }
            (Self::GitLab, _) => "GitLab CI: `GIT_DEPTH: 0` in the job's variables",
            (Self::Bitbucket, _) => "Bitbucket Pipelines: `clone: depth: full`",
            (Self::Azure, _) => "Azure Pipelines: `fetchDepth: 0` at the `checkout` step",
            (Self::Jenkins, _) => "Jenkins: CloneOption with `shallow` off and `honorRefspec` off",
            (Self::Buildkite, _) => {
                "Buildkite: no `--depth` in BUILDKITE_GIT_CLONE_FLAGS and BUILDKITE_GIT_FETCH_FLAGS"
            }
            (Self::CircleCi, _) => "CircleCI: `checkout` with `method: full`",
        }
    }

    const fn tags_hint(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub Actions: actions/checkout with `fetch-tags: true`",
            Self::GitLab => "GitLab CI: `GIT_FETCH_EXTRA_FLAGS: --tags` and `GIT_DEPTH: 0` in the job's variables",
            Self::Azure => "Azure Pipelines: `fetchTags: true` at the `checkout` step",
            Self::Jenkins => "Jenkins: CloneOption with `noTags` off",
            Self::Buildkite => "Buildkite: no `--no-tags` in BUILDKITE_GIT_CLONE_FLAGS and BUILDKITE_GIT_FETCH_FLAGS",
            Self::Bitbucket | Self::CircleCi => self.deepen_hint(Needed::History),
        }
    }
}

/// What fetches enough: the service's setting, and the command for the clone that is here.
pub(in crate::cli) fn deepen_hint(provider: Option<Provider>, needed: Needed) -> String {
    let setting = provider.map(|p| format!("{}; ", p.deepen_hint(needed))).unwrap_or_default();
    format!("{setting}here: git fetch --deepen=100 origin main, or git fetch --unshallow --filter=blob:limit=1m")
}

/// What fetches the tags that a rule wants to see (R3).
pub(in crate::cli) fn tags_hint(provider: Option<Provider>) -> String {
    let setting = provider.map(|p| format!("{}; ", p.tags_hint())).unwrap_or_default();
    format!("{setting}here: git fetch --tags origin")
}

/// What git could not tell, as a failure with the advice of the service that made the clone.
pub(in crate::cli) fn history_failure(error: &HistoryError, provider: Option<Provider>) -> Failure {
    match error {
        HistoryError::Shallow { needed, boundary } => shallow(*needed, *boundary, provider),
        HistoryError::Missing { id, partial, path } => missing(*id, *partial, path.as_deref(), provider),
        HistoryError::Unreadable { help, .. } => Failure::new(error.to_string(), help),
        HistoryError::NoRepository => {
            Failure::new(error.to_string(), "run this in a clone, or check files without --base")
        }
        HistoryError::NoSuchRevision { .. } => {
            Failure::new(error.to_string(), "fetch it, or name a commit, a tag or a branch that is here")
        }
        HistoryError::Unborn => {
            Failure::new(error.to_string(), "commit something first, or check files without --base")
        }
        HistoryError::Unrelated { .. } => {
            Failure::new(error.to_string(), "name a commit that the change was made from: `--base REV`")
        }
        HistoryError::TooLarge { .. } => {
            Failure::new(error.to_string(), "keep what is no manifest out of the files that are checked")
        }
        HistoryError::TooMany { .. } => {
            Failure::new(error.to_string(), "look for folders that hold each other: `git ls-tree -r -t REV | head`")
        }
        HistoryError::Conflict { path } => {
            Failure::new(error.to_string(), format!("finish the merge and stage `{path}`"))
        }
        HistoryError::Damaged { .. } => Failure::new(error.to_string(), "run `git fsck`, and clone again"),
    }
}

fn shallow(needed: Needed, boundary: ObjectId, provider: Option<Provider>) -> Failure {
    let boundary = boundary.short();
    let message = match needed {
        Needed::Trees => {
            format!("R1: the commit to compare with is not here: this clone is shallow and ends at {boundary}")
        }
        Needed::MergeBase => format!("R1: cannot find the merge base: this clone is shallow and ends at {boundary}"),
        Needed::History => format!("R2: the history that is asked for ends at {boundary}: this clone is shallow"),
    };
    Failure::new(message, deepen_hint(provider, needed))
}

fn missing(id: ObjectId, partial: bool, path: Option<&str>, provider: Option<Provider>) -> Failure {
    let (path, id) = (path.map(|p| format!("{p}: ")).unwrap_or_default(), id.short());
    if partial {
        let help = "clone with `--filter=blob:limit=1m`; here: git fetch --refetch --filter=blob:limit=1m";
        return Failure::new(format!("R4: {path}object {id} is not in this clone, which is a partial one"), help);
    }
    Failure::new(
        format!("R4: {path}object {id} is not in this clone"),
        format!("{}; in a clone that is complete: git fsck", deepen_hint(provider, Needed::Trees)),
    )
}
