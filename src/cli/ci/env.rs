//! What CI services and git put into the environment, as a snapshot.

use std::collections::BTreeMap;

/// The variables that are looked at. `cli::surroundings` reads them, and nothing else of a CI service.
const NAMES: [&str; 46] = [
    "ROLLGATE_BASE",
    "GITHUB_ACTIONS",
    "GITHUB_EVENT_NAME",
    "GITHUB_EVENT_PATH",
    "GITHUB_SHA",
    "GITHUB_REF",
    "GITHUB_REF_NAME",
    "GITHUB_BASE_REF",
    "GITLAB_CI",
    "CI_PIPELINE_SOURCE",
    "CI_MERGE_REQUEST_EVENT_TYPE",
    "CI_COMMIT_SHA",
    "CI_COMMIT_BEFORE_SHA",
    "CI_COMMIT_BRANCH",
    "CI_COMMIT_TAG",
    "CI_DEFAULT_BRANCH",
    "CI_MERGE_REQUEST_DIFF_BASE_SHA",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "CI_MERGE_REQUEST_TARGET_BRANCH_SHA",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA",
    "BITBUCKET_BUILD_NUMBER",
    "BITBUCKET_PR_ID",
    "BITBUCKET_COMMIT",
    "BITBUCKET_BRANCH",
    "BITBUCKET_PR_DESTINATION_COMMIT",
    "BITBUCKET_PR_DESTINATION_BRANCH",
    "TF_BUILD",
    "BUILD_REASON",
    "BUILD_SOURCEVERSION",
    "BUILD_SOURCEBRANCH",
    "SYSTEM_PULLREQUEST_SOURCECOMMITID",
    "SYSTEM_PULLREQUEST_TARGETBRANCH",
    "JENKINS_URL",
    "CHANGE_ID",
    "CHANGE_TARGET",
    "GIT_COMMIT",
    "BUILDKITE",
    "BUILDKITE_COMMIT",
    "BUILDKITE_TAG",
    "BUILDKITE_PULL_REQUEST",
    "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
    "BUILDKITE_PULL_REQUEST_USING_MERGE_REFSPEC",
    "BUILDKITE_PIPELINE_DEFAULT_BRANCH",
    "BUILDKITE_MERGE_QUEUE_BASE_COMMIT",
    "BUILDKITE_MERGE_QUEUE_BASE_BRANCH",
    "CIRCLECI",
];

/// A snapshot of the variables that say what a CI job is about.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct CiEnv {
    variables: BTreeMap<&'static str, String>,
    /// The text of the event that `GITHUB_EVENT_PATH` names, or why it can't be read.
    event: Option<Result<String, String>>,
}

impl CiEnv {
    /// Takes every variable that is looked at from `variable`, and the event's text from `file`.
    pub(in crate::cli) fn take(
        variable: impl Fn(&str) -> Option<String>,
        file: impl Fn(&str) -> Result<String, String>,
    ) -> Self {
        let one = |name: &'static str| Some((name, variable(name).filter(|v| !v.is_empty())?));
        let variables: BTreeMap<_, _> = NAMES.into_iter().filter_map(one).collect();
        let event = variables.get("GITHUB_EVENT_PATH").map(|path| file(path));
        Self { variables, event }
    }

    /// A variable's value; an empty one is not set.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Is a variable set to `true`, however it is capitalised?
    pub(super) fn says_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|v| v.eq_ignore_ascii_case("true"))
    }

    /// The event's text.
    pub(super) fn event(&self) -> Option<&Result<String, String>> {
        self.event.as_ref()
    }
}
