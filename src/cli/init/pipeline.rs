//! The CI file: which service is used here, and what it is told.

use std::path::Path;

use crate::cli::args::CiService;
use crate::cli::ci::Provider;
use crate::collect::{self, Content, File, Origin};
use crate::history::{Git, Needed};

/// `actions/checkout` 5.0.0 by its commit: a tag can be moved.
const CHECKOUT: &str = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0";

/// Files by which a service is known.
const SIGNS: [(&str, Provider); 7] = [
    (".github/workflows", Provider::GitHub),
    (".gitlab-ci.yml", Provider::GitLab),
    ("bitbucket-pipelines.yml", Provider::Bitbucket),
    ("azure-pipelines.yml", Provider::Azure),
    ("Jenkinsfile", Provider::Jenkins),
    (".buildkite", Provider::Buildkite),
    (".circleci", Provider::CircleCi),
];

/// The service that this repository seems to use: by its files, else by where `origin` lies.
pub(super) fn detect(root: &Path, git: Option<&Git>) -> Option<Provider> {
    let by_file = SIGNS.iter().find(|(path, _)| root.join(path).symlink_metadata().is_ok());
    by_file.map(|(_, provider)| *provider).or_else(|| {
        let url = git?.config("remote.origin.url")?;
        let hosts =
            [("github.com", Provider::GitHub), ("gitlab.", Provider::GitLab), ("bitbucket.org", Provider::Bitbucket)];
        hosts.into_iter().find(|(host, _)| url.contains(host)).map(|(_, provider)| provider)
    })
}

/// The service that was asked for; `None` where none is.
pub(super) const fn asked(service: CiService, detected: Option<Provider>) -> Option<Provider> {
    match service {
        CiService::Auto => detected,
        CiService::Github => Some(Provider::GitHub),
        CiService::Gitlab => Some(Provider::GitLab),
        CiService::None => None,
    }
}

/// The branch that changes go to.
pub(super) fn default_branch(git: Option<&Git>) -> String {
    let from = |name: &str, prefix: &str| {
        let path = git?.common_dir().join(name);
        let file = File { path: name.into(), origin: Origin::Disk(path) };
        let Ok(Content::Text(text)) = collect::read(&file, 1 << 12) else { return None };
        Some(text.trim().strip_prefix("ref: ")?.strip_prefix(prefix)?.to_owned())
    };
    let told = from("refs/remotes/origin/HEAD", "refs/remotes/origin/").or_else(|| from("HEAD", "refs/heads/"));
    let is_plain = |name: &String| name.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    told.filter(is_plain).unwrap_or_else(|| "main".to_owned())
}

/// What is written for a service, and what is left to do by hand.
#[derive(Debug, Default)]
pub(super) struct Pipeline {
    /// Files by path.
    pub(super) files: Vec<(&'static str, String)>,
    /// What to do beside that.
    pub(super) by_hand: Vec<String>,
}

/// The pipeline of `provider`. `install` puts rollgate on the path of a job.
pub(super) fn write(provider: Provider, root: &Path, branch: &str, install: &str) -> Pipeline {
    let mut pipeline = Pipeline::default();
    match provider {
        Provider::GitHub => pipeline.files.push((".github/workflows/rollgate.yml", github(branch, install))),
        Provider::GitLab => {
            pipeline.files.push((".gitlab/rollgate.yml", gitlab(install)));
            let include = "include:\n  - local: .gitlab/rollgate.yml\n";
            if root.join(".gitlab-ci.yml").symlink_metadata().is_ok() {
                pipeline.by_hand.push("add to .gitlab-ci.yml: `include: [{local: .gitlab/rollgate.yml}]`".to_owned());
            } else {
                pipeline.files.push((".gitlab-ci.yml", include.to_owned()));
            }
        }
        Provider::Bitbucket | Provider::Azure | Provider::Jenkins | Provider::Buildkite | Provider::CircleCi => {
            let clone = provider.deepen_hint(Needed::History);
            pipeline
                .by_hand
                .push(format!("add a step to your pipeline: `rollgate check --ci`, in a whole clone ({clone})"));
        }
    }
    let file = pipeline.files.first().map(|(path, _)| *path);
    pipeline.by_hand.extend(to_install(root, file, install));
    pipeline
}

/// What is left to do for rollgate to be on the path of the job that `file` describes.
fn to_install(root: &Path, file: Option<&str>, install: &str) -> Option<String> {
    let Some(file) = file else {
        return install.is_empty().then(|| "put rollgate on the path of that step".to_owned());
    };
    match (root.join(file).symlink_metadata().is_ok(), install.is_empty()) {
        (false, true) => Some(format!(
            "put rollgate on the path of that job: a comment in {file} says where; `--install COMMAND` would have written it"
        )),
        (true, false) => Some(format!("add the command of `--install` to {file} by hand, since the file is kept")),
        (false, false) | (true, true) => None,
    }
}

fn github(branch: &str, install: &str) -> String {
    let mut out = format!(
        "# Judges what a pull request, a queued merge or a push to the default branch changes. Written by `rollgate init`.\n\
         name: rollgate\n\
         on:\n  pull_request:\n  merge_group:\n  push:\n    branches: [\"{branch}\"]\n\
         permissions: {{}}\n\
         jobs:\n  rollgate:\n    name: rollout policy\n    runs-on: ubuntu-latest\n    timeout-minutes: 30\n    permissions:\n      contents: read\n    steps:\n      \
         - name: Check out\n        uses: {CHECKOUT}\n        with:\n          \
         # The rules of history need the history; with less, rollgate ends with 2 and says so.\n          \
         fetch-depth: 0\n          persist-credentials: false\n"
    );
    if install.is_empty() {
        out += "      # rollgate has to be on the path from here on: add a step that puts it there.\n";
    } else {
        out += "      - name: Install rollgate\n        run: |\n";
        out += &indented(install, 10);
    }
    out + "      - name: Check what changes\n        run: rollgate check --ci\n"
}

fn gitlab(install: &str) -> String {
    let mut out =
        "# Judges what a merge request, or a push to the default branch, changes. Written by `rollgate init`.\n\
                   rollgate:\n  stage: test\n  variables:\n    \
                   # The rules of history need the history; with less, rollgate ends with 2 and says so.\n    \
                   GIT_DEPTH: \"0\"\n  rules:\n    \
                   - if: $CI_PIPELINE_SOURCE == \"merge_request_event\"\n    \
                   - if: $CI_PIPELINE_SOURCE == \"push\" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH\n"
            .to_owned();
    if install.is_empty() {
        out += "  # rollgate has to be on the path of this job: name an `image` that has it, or install it in `before_script`.\n";
    } else {
        out += "  before_script:\n    - |\n";
        out += &indented(install, 6);
    }
    out + "  script:\n    \
           - rollgate check --ci --output gitlab=gl-code-quality-report.json --output junit=rollgate-junit.xml\n  \
           artifacts:\n    when: always\n    reports:\n      \
           codequality: gl-code-quality-report.json\n      junit: rollgate-junit.xml\n"
}

/// The lines of a command in a block of YAML.
fn indented(command: &str, by: usize) -> String {
    let pad = " ".repeat(by);
    let lines = command.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.flat_map(|line| [pad.as_str(), line, "\n"]).collect()
}
