//! Which CI service runs us, by its own marker.

use super::CiEnv;

/// A CI service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Provider {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI.
    GitLab,
    /// Bitbucket Pipelines.
    Bitbucket,
    /// Azure Pipelines.
    Azure,
    /// Jenkins.
    Jenkins,
    /// Buildkite.
    Buildkite,
    /// `CircleCI`.
    CircleCi,
}

impl Provider {
    const ALL: [Self; 7] =
        [Self::GitHub, Self::GitLab, Self::Bitbucket, Self::Azure, Self::Jenkins, Self::Buildkite, Self::CircleCi];

    /// Its name for people.
    pub(in crate::cli) const fn name(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub Actions",
            Self::GitLab => "GitLab CI",
            Self::Bitbucket => "Bitbucket Pipelines",
            Self::Azure => "Azure Pipelines",
            Self::Jenkins => "Jenkins",
            Self::Buildkite => "Buildkite",
            Self::CircleCi => "CircleCI",
        }
    }

    fn is_marked(self, env: &CiEnv) -> bool {
        match self {
            Self::GitHub => env.says_true("GITHUB_ACTIONS"),
            Self::GitLab => env.says_true("GITLAB_CI"),
            Self::Bitbucket => env.get("BITBUCKET_BUILD_NUMBER").is_some(),
            Self::Azure => env.says_true("TF_BUILD"),
            Self::Jenkins => env.get("JENKINS_URL").is_some(),
            Self::Buildkite => env.says_true("BUILDKITE"),
            Self::CircleCi => env.says_true("CIRCLECI"),
        }
    }
}

/// Every service whose marker is set.
pub(super) fn markers(env: &CiEnv) -> Vec<Provider> {
    Provider::ALL.into_iter().filter(|p| p.is_marked(env)).collect()
}

/// The service that runs us; `None` where there is none, or more than one claims to.
pub(in crate::cli) fn provider(env: &CiEnv) -> Option<Provider> {
    match markers(env).as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}
