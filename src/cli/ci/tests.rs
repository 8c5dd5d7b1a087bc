//! One case a row of the table, and what a job file could try.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Ancestry, BaseChoice, Chosen, CiEnv, Provider, deepen_hint, detect, history_failure, provider, tags_hint};
use crate::cli::failure::Failure;
use crate::history::{HistoryError, Needed, ObjectId};

/// The id of the commit that is called `name` in these tests: its letters, as hexadecimal digits, and an end of its own.
fn hex(name: &str) -> String {
    let digits: Vec<String> = name.bytes().map(|b| format!("{b:02x}")).collect();
    format!("{:a<40}", digits.concat())
}

fn oid(name: &str) -> ObjectId {
    ObjectId::from_hex(&hex(name)).unwrap()
}

/// A history as a list of `name: parents`, names of refs, and where the clone ends.
#[derive(Default)]
struct Fake {
    parents: BTreeMap<ObjectId, Vec<ObjectId>>,
    names: BTreeMap<String, ObjectId>,
    shallow: bool,
}

impl Fake {
    /// `main` is m0 m1 m2; `f1` is on m0; `merge` is m1 with f1.
    fn new() -> Self {
        let mut fake = Self::default();
        for (name, parents) in [
            ("m0", &[][..]),
            ("m1", &["m0"]),
            ("m2", &["m1"]),
            ("f1", &["m0"]),
            ("f2", &["f1"]),
            ("merge", &["m1", "f1"]),
        ] {
            fake = fake.commit(name, parents);
        }
        fake.name("refs/remotes/origin/main", "m2")
    }

    fn commit(mut self, name: &str, parents: &[&str]) -> Self {
        self.parents.insert(oid(name), parents.iter().map(|p| oid(p)).collect());
        self
    }

    fn name(mut self, name: &str, commit: &str) -> Self {
        self.names.insert(name.to_owned(), oid(commit));
        self
    }

    fn head(self, commit: &str) -> Self {
        self.name("HEAD", commit)
    }

    fn without(mut self, names: &[&str]) -> Self {
        for name in names {
            // A ref's name is no commit's.
            ObjectId::from_hex(&hex(name)).map(|id| self.parents.remove(&id));
        }
        self.names.retain(|name, _| !names.contains(&name.as_str()));
        self
    }

    fn shallow(mut self) -> Self {
        self.shallow = true;
        self
    }
}

impl Ancestry for Fake {
    fn resolve(&self, rev: &str) -> Result<Option<ObjectId>, HistoryError> {
        let short = |id: &&ObjectId| rev.len() >= 7 && id.to_string().starts_with(rev);
        let mut ids = self.parents.keys().filter(short);
        let by_id = ids.next().copied().filter(|_| ids.next().is_none());
        Ok(self.names.get(rev).copied().or(by_id))
    }

    fn parents(&self, id: ObjectId) -> Result<Vec<ObjectId>, HistoryError> {
        let missing = HistoryError::Missing { id, partial: false, path: None };
        self.parents.get(&id).cloned().ok_or(missing)
    }

    fn is_ancestor(&self, old: ObjectId, new: ObjectId) -> Result<bool, HistoryError> {
        if old == new {
            return Ok(true);
        }
        let Some(parents) = self.parents.get(&new) else {
            return Err(HistoryError::Shallow { needed: Needed::MergeBase, boundary: new });
        };
        for parent in parents {
            if self.is_ancestor(old, *parent)? {
                return Ok(true);
            }
        }
        if self.shallow {
            return Err(HistoryError::Shallow { needed: Needed::MergeBase, boundary: new });
        }
        Ok(false)
    }

    fn has(&self, id: ObjectId) -> bool {
        self.parents.contains_key(&id)
    }
}

fn env(variables: &[(&str, &str)]) -> CiEnv {
    env_with(variables, None)
}

fn env_with(variables: &[(&str, &str)], event: Option<&Value>) -> CiEnv {
    let read = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
    let read =
        |name: &str| read(name).or_else(|| (name == "GITHUB_EVENT_PATH").then(|| event.map(|_| "e.json".into()))?);
    CiEnv::take(read, |_| Ok(event.unwrap().to_string()))
}

/// `exact base head trusted` or `beside base head trusted`, by the names of these tests.
fn said(chosen: &Chosen) -> String {
    let word = match chosen.base {
        BaseChoice::Exact(_) => "exact",
        BaseChoice::MergeBaseWith(_) => "beside",
    };
    let name = |id: ObjectId| {
        let names = ["m0", "m1", "m2", "f1", "f2", "merge", "q1", "q2", "twist"];
        names.into_iter().find(|n| oid(n) == id).unwrap()
    };
    format!("{word} {} {} {}", name(chosen.base.rev().id), name(chosen.head.id), name(chosen.trusted.id))
}

#[track_caller]
fn decides(env: &CiEnv, git: &Fake, expected: &str) -> String {
    let chosen = detect(env, git).unwrap_or_else(|f| panic!("{f:?}"));
    assert_eq!(said(&chosen), expected, "{}", chosen.how);
    chosen.how
}

#[track_caller]
fn refuses(env: &CiEnv, git: &Fake, message: &str, help: &str) {
    let Failure { message: said, help: advice, .. } = detect(env, git).unwrap_err();
    assert!(said.contains(message), "no {message:?} in {said:?}");
    let advice = advice.unwrap();
    assert!(advice.contains(help), "no {help:?} in {advice:?}");
}

fn github(event_name: &str, sha: &str, more: &[(&str, &str)], event: &Value) -> CiEnv {
    let sha = hex(sha);
    let mut variables = vec![("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", event_name), ("GITHUB_SHA", &*sha)];
    variables.extend_from_slice(more);
    env_with(&variables, Some(event))
}

fn pull_request(head: &str, base: &str) -> Value {
    json!({
        "action": "synchronize", "number": 7,
        "pull_request": {
            "number": 7,
            "head": {"sha": hex(head), "ref": "canary", "repo": {"full_name": "fork/shop"}},
            "base": {"sha": hex(base), "ref": "main", "repo": {"full_name": "acme/shop"}},
        },
    })
}

#[test]
fn github_pull_requests() {
    let on_main: &[(&str, &str)] = &[("GITHUB_BASE_REF", "main"), ("GITHUB_REF", "refs/pull/7/merge")];
    let event = pull_request("f1", "m0");
    let merge = github("pull_request", "merge", on_main, &event);
    let how = decides(&merge, &Fake::new().head("merge"), "exact m1 merge m2");
    assert!(
        how.starts_with("GitHub Actions pull request, merged with 6631aaa: HEAD (6d65726) is compared with HEAD^1"),
        "{how}"
    );
    // Depth 2: neither the target's branch nor what is older is here.
    let depth_2 = Fake::new().head("merge").without(&["m0", "m2", "refs/remotes/origin/main"]);
    let how = decides(&merge, &depth_2, "exact m1 merge m1");
    assert!(how.contains("origin/main is not in this clone"), "{how}");
    // Depth 1.
    let depth_1 = Fake::new().head("merge").without(&["m0", "m1", "m2", "f1", "refs/remotes/origin/main"]);
    refuses(&merge, &depth_1, "R1: GitHub Actions: HEAD^1 (6d31aaa)", "`fetch-depth: 2`");
    // The workflow checks out the request's own head.
    decides(&merge, &Fake::new().head("f1"), "beside m2 f1 m2");
    decides(&merge, &Fake::new().head("f1").without(&["refs/remotes/origin/main"]), "beside m0 f1 m0");
    // … or something else.
    refuses(&merge, &Fake::new().head("m2"), "the pull request is about", "check out the pull request");
    // A merge with something that the target never had.
    let fake = Fake::new().commit("twist", &["f2", "f1"]).head("twist");
    refuses(
        &github("pull_request", "twist", on_main, &event),
        &fake,
        "is no part of origin/main (6d32aaa)",
        "--base REV",
    );
}

#[test]
fn github_pull_request_target() {
    let on_main: &[(&str, &str)] = &[("GITHUB_BASE_REF", "refs/heads/main")];
    let env = github("pull_request_target", "m2", on_main, &pull_request("f1", "m0"));
    decides(&env, &Fake::new().head("m2"), "beside m2 f1 m2");
    refuses(&env, &Fake::new().head("m2").without(&["f1"]), "R1: ", "git fetch origin refs/pull/7/head");
    let same = github("pull_request_target", "m2", on_main, &pull_request("m2", "m0"));
    refuses(&same, &Fake::new().head("m2"), "nothing would be compared", "--head REV");
    let merged = github("pull_request_target", "m2", on_main, &pull_request("m1", "m0"));
    refuses(&merged, &Fake::new().head("m2"), "nothing would be compared", "--head REV");
}

#[test]
fn github_merge_queue() {
    let group = |head: &str, base: &str| {
        json!({"action": "checks_requested", "merge_group": {
            "head_sha": hex(head), "base_sha": hex(base), "base_ref": "refs/heads/main",
            "head_ref": "refs/heads/gh-readonly-queue/main/pr-7-6d32",
        }})
    };
    let fake = || Fake::new().commit("q1", &["m2"]).commit("q2", &["q1"]).head("q2");
    decides(&github("merge_group", "q1", &[], &group("q1", "m2")), &fake(), "exact m2 q1 m2");
    decides(&github("merge_group", "q2", &[], &group("q2", "q1")), &fake(), "exact q1 q2 m2");
    refuses(
        &github("merge_group", "q2", &[], &group("q1", "m2")),
        &fake(),
        "is built, and the queue's entry",
        "--base",
    );
    refuses(&github("merge_group", "q2", &[], &group("q2", "f2")), &fake(), "is no part of origin/main", "--base");
    let depth_1 = fake().without(&["m0", "m1", "m2", "q1", "refs/remotes/origin/main"]);
    refuses(&github("merge_group", "q2", &[], &group("q2", "q1")), &depth_1, "R1: ", "fetch-depth: 2");
}

fn pushed(before: &str, after: &str, forced: bool) -> Value {
    json!({"ref": "refs/heads/main", "before": before, "after": hex(after), "forced": forced, "created": false,
           "repository": {"default_branch": "main"}})
}

#[test]
fn github_pushes() {
    let main: &[(&str, &str)] = &[("GITHUB_REF", "refs/heads/main"), ("GITHUB_REF_NAME", "main")];
    let fix: &[(&str, &str)] = &[("GITHUB_REF", "refs/heads/fix"), ("GITHUB_REF_NAME", "fix")];
    let zeros = "0".repeat(40);
    let of = |branch, before: &str, after, forced| github("push", after, branch, &pushed(before, after, forced));
    let how = decides(&of(main, &hex("m0"), "m2", false), &Fake::new().head("m2"), "exact m0 m2 m0");
    assert!(how.contains("judged by its policy"), "{how}");
    let fake = || Fake::new().name("refs/remotes/origin/fix", "f2").head("f2");
    // The branch's own policy could have been loosened by the push before.
    let how = decides(&of(fix, &hex("f1"), "f2", false), &fake(), "exact f1 f2 m2");
    assert!(how.contains("the policy is that of origin/main"), "{how}");
    let no_main = fake().without(&["refs/remotes/origin/main"]);
    refuses(&of(fix, &hex("f1"), "f2", false), &no_main, "origin/main is not", "git fetch origin +refs/heads/main:");
    let how = decides(&of(fix, &zeros, "f2", false), &fake(), "beside m2 f2 m2");
    assert!(how.contains("push of a new branch"), "{how}");
    // Rewritten, whether or not what stood before is still here.
    decides(&of(fix, &hex("gone"), "f2", true), &fake(), "beside m2 f2 m2");
    let how = decides(&of(fix, &hex("m1"), "f2", false), &fake(), "beside m2 f2 m2");
    assert!(how.contains("rewrites history"), "{how}");
    refuses(&of(main, &hex("f1"), "m2", true), &fake(), "`main` is the default branch itself", "--base REV");
    refuses(&of(main, &zeros, "m2", false), &fake(), "`main` is the default branch itself", "--base REV");
    refuses(&of(main, &hex("gone"), "m2", false), &fake(), "R1: ", "fetch-depth: 0");
    refuses(&of(fix, &zeros, "f2", false), &no_main, "origin/main is not", "git fetch");
    let tag: &[(&str, &str)] = &[("GITHUB_REF", "refs/tags/v1"), ("GITHUB_REF_NAME", "v1")];
    refuses(&of(tag, &zeros, "m2", false), &fake(), "the push of a tag", "--base");
    let other = github("push", "m2", main, &pushed(&hex("m0"), "m1", false));
    refuses(&other, &fake(), "the push ended at", "--base");
    refuses(&github("schedule", "m2", &[], &json!({})), &fake(), "`schedule` names no change", "ROLLGATE_BASE");
}

fn gitlab(source: &str, sha: &str, more: &[(&str, &str)]) -> CiEnv {
    let sha = hex(sha);
    let mut variables = vec![("GITLAB_CI", "true"), ("CI_PIPELINE_SOURCE", source), ("CI_COMMIT_SHA", &*sha)];
    variables.extend_from_slice(more);
    env(&variables)
}

fn merge_request(kind: &str, sha: &str, more: &[(&str, &str)]) -> CiEnv {
    let target = [("CI_MERGE_REQUEST_EVENT_TYPE", kind), ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main")];
    gitlab("merge_request_event", sha, &[&target, more].concat())
}

#[test]
fn gitlab_merge_requests() {
    let (m0, m1, m2, f1) = (hex("m0"), hex("m1"), hex("m2"), hex("f1"));
    let detached = |base| merge_request("detached", "f1", &[("CI_MERGE_REQUEST_DIFF_BASE_SHA", base)]);
    decides(&detached(&m0), &Fake::new(), "exact m0 f1 m2");
    refuses(&detached(&m0), &Fake::new().without(&["refs/remotes/origin/main"]), "origin/main is not", "GIT_DEPTH: 0");
    refuses(&detached(&m0), &Fake::new().without(&["m0"]), "R1: ", "`GIT_DEPTH: 0`");
    refuses(&detached(&hex("f2")), &Fake::new(), "is no part of origin/main", "--base");
    let sides: &[(&str, &str)] =
        &[("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", &m1), ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", &f1)];
    decides(&merge_request("merged_result", "merge", sides), &Fake::new(), "exact m1 merge m2");
    let no_target = Fake::new().without(&["refs/remotes/origin/main"]);
    decides(&merge_request("merged_result", "merge", sides), &no_target, "exact m1 merge m1");
    let wrong = merge_request("merged_result", "merge", &[("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", &m2)]);
    refuses(&wrong, &Fake::new(), "merges 6d31aaa, and not CI_MERGE_REQUEST_TARGET_BRANCH_SHA (6d32aaa)", "--base");
    refuses(&merge_request("merged_result", "f1", &[]), &Fake::new(), "should be a merge", "--base");
    let train = Fake::new().commit("q1", &["m2", "f1"]).commit("q2", &["q1", "f2"]);
    decides(&merge_request("merge_train", "q2", &[]), &train, "exact q1 q2 m2");
    decides(&merge_request("merge_train", "f2", &[]), &Fake::new(), "beside m2 f2 m2");
    refuses(&merge_request("odd\n", "f2", &[]), &Fake::new(), "none we know", "--base");
}

#[test]
fn gitlab_pushes() {
    let (zeros, m1, f1) = ("0".repeat(40), hex("m1"), hex("f1"));
    let push = |before, branch, sha| {
        gitlab(
            "push",
            sha,
            &[("CI_COMMIT_BEFORE_SHA", before), ("CI_COMMIT_BRANCH", branch), ("CI_DEFAULT_BRANCH", "main")],
        )
    };
    decides(&push(&m1, "main", "m2"), &Fake::new(), "exact m1 m2 m1");
    decides(&push(&f1, "fix", "f2"), &Fake::new(), "exact f1 f2 m2");
    decides(&push(&zeros, "fix", "f2"), &Fake::new(), "beside m2 f2 m2");
    refuses(&gitlab("schedule", "m2", &[]), &Fake::new(), "`schedule` names no change", "--base");
    refuses(&gitlab("push", "m2", &[("CI_COMMIT_TAG", "v1")]), &Fake::new(), "a tag", "--base");
}

#[test]
fn bitbucket() {
    let (f1, m1) = (hex("f1"), hex("m1"));
    let of =
        |more: &[(&str, &str)]| env(&[&[("BITBUCKET_BUILD_NUMBER", "12"), ("BITBUCKET_COMMIT", &*f1)], more].concat());
    let request = |commit| {
        of(&[
            ("BITBUCKET_PR_ID", "7"),
            ("BITBUCKET_PR_DESTINATION_COMMIT", commit),
            ("BITBUCKET_PR_DESTINATION_BRANCH", "main"),
        ])
    };
    decides(&request(&m1), &Fake::new(), "beside m1 f1 m2");
    decides(&request(&m1[..12]), &Fake::new(), "beside m1 f1 m2");
    refuses(&request("123456789012"), &Fake::new(), "as one single commit", "clone: depth: full");
    // A branch that is called like the prefix is not what was meant.
    let trap = Fake::new().name("123456789012", "m0");
    refuses(&request("123456789012"), &trap, "as one single commit", "clone: depth: full");
    decides(
        &of(&[("BITBUCKET_BRANCH", "fix")]),
        &Fake::new().name("refs/remotes/origin/HEAD", "m2"),
        "beside m2 f1 m2",
    );
    refuses(&of(&[("BITBUCKET_BRANCH", "fix")]), &Fake::new(), "no origin/HEAD", "ROLLGATE_BASE");
    refuses(&of(&[]), &Fake::new(), "neither a pull request nor a branch", "ROLLGATE_BASE");
}

#[test]
fn azure() {
    let f1 = hex("f1");
    let of = |reason, sha: &str, more: &[(&str, &str)]| {
        let sha = hex(sha);
        env(&[&[("TF_BUILD", "True"), ("BUILD_REASON", reason), ("BUILD_SOURCEVERSION", &*sha)], more].concat())
    };
    for target in ["main", "refs/heads/main"] {
        let more: &[(&str, &str)] =
            &[("SYSTEM_PULLREQUEST_SOURCECOMMITID", &f1), ("SYSTEM_PULLREQUEST_TARGETBRANCH", target)];
        decides(&of("PullRequest", "merge", more), &Fake::new(), "exact m1 merge m2");
        decides(&of("PullRequest", "f1", more), &Fake::new(), "beside m2 f1 m2");
        refuses(&of("PullRequest", "merge", more), &Fake::new().without(&["m1"]), "R1: ", "`fetchDepth: 0`");
    }
    let branch: &[(&str, &str)] = &[("BUILD_SOURCEBRANCH", "refs/heads/fix")];
    for reason in ["IndividualCI", "BatchedCI"] {
        decides(&of(reason, "f1", branch), &Fake::new().name("refs/remotes/origin/HEAD", "m2"), "beside m2 f1 m2");
    }
    refuses(&of("Schedule", "f1", branch), &Fake::new(), "`Schedule` names no change", "--base");
    refuses(&of("BatchedCI", "f1", &[("BUILD_SOURCEBRANCH", "refs/tags/v1")]), &Fake::new(), "a tag", "--base");
}

#[test]
fn jenkins() {
    let of = |sha: &str, more: &[(&str, &str)]| {
        let sha = hex(sha);
        env(&[&[("JENKINS_URL", "https://ci.example.com/"), ("GIT_COMMIT", &*sha)], more].concat())
    };
    let change: &[(&str, &str)] = &[("CHANGE_ID", "7"), ("CHANGE_TARGET", "main")];
    decides(&of("f1", change), &Fake::new(), "beside m2 f1 m2");
    // Merged either way round, the parent that the target has is the base.
    decides(&of("merge", change), &Fake::new(), "exact m1 merge m2");
    decides(&of("twist", change), &Fake::new().commit("twist", &["f1", "m1"]), "exact m1 twist m2");
    decides(&of("twist", change), &Fake::new().commit("twist", &["f1", "f2"]), "beside m2 twist m2");
    refuses(&of("f1", change), &Fake::new().without(&["refs/remotes/origin/main"]), "R1: ", "`honorRefspec` off");
    refuses(
        &of("f1", &[("BRANCH_NAME", "fix")]),
        &Fake::new(),
        "CHANGE_ID is not set",
        "GIT_PREVIOUS_SUCCESSFUL_COMMIT",
    );
    let plain = env(&[("JENKINS_URL", "https://ci.example.com/"), ("CHANGE_ID", "7"), ("CHANGE_TARGET", "main")]);
    decides(&plain, &Fake::new().head("f1"), "beside m2 f1 m2");
}

#[test]
fn buildkite() {
    let (f1, m2, q1) = (hex("f1"), hex("m2"), hex("q1"));
    let of =
        |commit, more: &[(&str, &str)]| env(&[&[("BUILDKITE", "true"), ("BUILDKITE_COMMIT", commit)], more].concat());
    let request: &[(&str, &str)] = &[("BUILDKITE_PULL_REQUEST", "7"), ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "main")];
    decides(&of(&f1, request), &Fake::new(), "beside m2 f1 m2");
    decides(&of("HEAD", request), &Fake::new().head("f1"), "beside m2 f1 m2");
    let merge = [request, &[("BUILDKITE_PULL_REQUEST_USING_MERGE_REFSPEC", "true")]].concat();
    decides(&of(&f1, &merge), &Fake::new().head("merge"), "exact m1 merge m2");
    refuses(&of(&f1, &merge), &Fake::new().head("f1"), "merge and is none", "--base");
    refuses(&of(&m2, &merge), &Fake::new().head("merge"), "is not the merge of", "--base");
    let queue: &[(&str, &str)] =
        &[("BUILDKITE_MERGE_QUEUE_BASE_COMMIT", &m2), ("BUILDKITE_MERGE_QUEUE_BASE_BRANCH", "main")];
    decides(&of(&q1, queue), &Fake::new().commit("q1", &["m2"]), "exact m2 q1 m2");
    let branch: &[(&str, &str)] = &[("BUILDKITE_PULL_REQUEST", "false"), ("BUILDKITE_PIPELINE_DEFAULT_BRANCH", "main")];
    decides(&of(&f1, branch), &Fake::new(), "beside m2 f1 m2");
    refuses(&of(&m2, branch), &Fake::new(), "nothing would be compared", "--base");
}

#[test]
fn circleci_needs_a_word() {
    refuses(
        &env(&[("CIRCLECI", "true")]),
        &Fake::new(),
        "no variable of this service names the target",
        "ROLLGATE_BASE",
    );
    let env = env(&[("CIRCLECI", "true"), ("ROLLGATE_BASE", "main")]);
    decides(&env, &Fake::new().head("f1"), "beside m2 f1 m2");
}

#[test]
fn the_users_word_wins_and_says_over_what() {
    let m0 = hex("m0");
    for (word, base) in [("main", "m2"), ("refs/heads/main", "m2"), (&*m0, "m0"), ("v1", "m1"), ("HEAD~1", "m0")] {
        let env = merge_request("detached", "f1", &[("CI_MERGE_REQUEST_DIFF_BASE_SHA", &m0), ("ROLLGATE_BASE", word)]);
        let fake = Fake::new().name("v1", "m1").name("HEAD~1", "m0");
        let how = decides(&env, &fake, &format!("beside {base} f1 {base}"));
        assert!(how.contains("; without it: GitLab CI merge request: "), "{how}");
    }
    let alone = env(&[("ROLLGATE_BASE", "main")]);
    assert_eq!(detect(&alone, &Fake::new().head("f1")).unwrap().provider, "ROLLGATE_BASE");
    refuses(&alone, &Fake::new().head("m2"), "nothing would be compared", "--head REV");
    refuses(&alone, &Fake::new(), "no commit yet", "commit something");
}

#[test]
fn nothing_is_guessed() {
    refuses(&env(&[]), &Fake::new().head("m2"), "no CI provider was recognised", "--base REV");
    let two = env(&[("GITHUB_ACTIONS", "true"), ("BUILDKITE", "true")]);
    refuses(&two, &Fake::new().head("m2"), "GitHub Actions and Buildkite", "--base REV");
    assert_eq!(provider(&two), None);
    assert_eq!(provider(&env(&[("TF_BUILD", "True")])), Some(Provider::Azure));
    // An empty value, or a `false`, is no marker.
    for (name, value) in [("GITHUB_ACTIONS", ""), ("GITLAB_CI", "false"), ("JENKINS_URL", "")] {
        assert_eq!(provider(&env(&[(name, value)])), None);
    }
    let missing = env(&[("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "pull_request")]);
    refuses(&missing, &Fake::new(), "GITHUB_EVENT_PATH is not set", "--base");
    let sha = hex("m2");
    let broken = env_with(
        &[("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "push"), ("GITHUB_SHA", &sha)],
        Some(&json!({"after": 7})),
    );
    refuses(&broken, &Fake::new(), "the event holds no `after`", "--base");
}

const HOSTILE: [&str; 14] = [
    "--upload-pack=touch /tmp/x",
    "-x",
    "main\n::error::forged",
    "\u{1b}[2Jmain",
    "main..evil",
    "main@{1}",
    "main^{/x}",
    "a b",
    "refs/tags/v1",
    "../../x",
    "refs/heads/",
    "HEAD",
    "@",
    "a.lock",
];

#[test]
fn hostile_values_are_never_resolved() {
    /// Takes every name, so that whatever reaches it would pass.
    struct Gullible(Fake);
    impl Ancestry for Gullible {
        fn resolve(&self, rev: &str) -> Result<Option<ObjectId>, HistoryError> {
            assert!(!HOSTILE.contains(&rev.trim_start_matches("refs/remotes/origin/")), "{rev:?}");
            Ok(Some(oid("m2")))
        }
        fn parents(&self, id: ObjectId) -> Result<Vec<ObjectId>, HistoryError> {
            self.0.parents(id)
        }
        fn is_ancestor(&self, _: ObjectId, _: ObjectId) -> Result<bool, HistoryError> {
            Ok(true)
        }
        fn has(&self, _: ObjectId) -> bool {
            true
        }
    }
    let git = Gullible(Fake::new());
    let f1 = hex("f1");
    for value in HOSTILE {
        let named = env(&[
            ("GITLAB_CI", "true"),
            ("CI_PIPELINE_SOURCE", "merge_request_event"),
            ("CI_COMMIT_SHA", &f1),
            ("CI_MERGE_REQUEST_EVENT_TYPE", "detached"),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", value),
        ]);
        assert!(detect(&named, &git).is_err(), "{value:?}");
        let commit = env(&[("GITLAB_CI", "true"), ("CI_PIPELINE_SOURCE", "push"), ("CI_COMMIT_SHA", value)]);
        assert!(detect(&commit, &git).is_err(), "{value:?}");
    }
    for value in HOSTILE.into_iter().take(4).chain(["", &"x".repeat(2000), &"0".repeat(40)]) {
        assert!(detect(&env(&[("ROLLGATE_BASE", value)]), &git).is_err(), "{value:?}");
    }
}

#[test]
fn long_values_are_cut() {
    let failure = detect(&env(&[("ROLLGATE_BASE", &"é".repeat(100_000))]), &Fake::new()).unwrap_err();
    assert!(failure.message.len() < 400);
}

#[test]
fn a_clone_that_ends_too_early_says_so() {
    let fake = Fake::new().shallow().head("merge");
    let event = pull_request("f1", "m0");
    let fake = fake.commit("twist", &["f2", "f1"]).head("twist");
    let env = github("pull_request", "twist", &[("GITHUB_BASE_REF", "main")], &event);
    refuses(&env, &fake, "R1: cannot find the merge base: this clone is shallow", "`fetch-depth: 0`");
}

#[test]
fn every_provider_names_its_setting() {
    for (provider, setting) in [
        (Provider::GitHub, "`fetch-depth: 0`"),
        (Provider::GitLab, "`GIT_DEPTH: 0`"),
        (Provider::Bitbucket, "`clone: depth: full`"),
        (Provider::Azure, "`fetchDepth: 0`"),
        (Provider::Jenkins, "`shallow` off"),
        (Provider::Buildkite, "BUILDKITE_GIT_CLONE_FLAGS"),
        (Provider::CircleCi, "`method: full`"),
    ] {
        for needed in [Needed::Trees, Needed::MergeBase, Needed::History] {
            let hint = deepen_hint(Some(provider), needed);
            assert!(hint.contains(setting) && hint.contains("git fetch --unshallow --filter=blob:limit=1m"), "{hint}");
        }
        assert!(tags_hint(Some(provider)).ends_with("; here: git fetch --tags origin"));
    }
    assert!(deepen_hint(None, Needed::History).starts_with("here: git fetch --deepen=100 origin main"));
    assert!(tags_hint(Some(Provider::GitHub)).contains("`fetch-tags: true`"));
}

#[test]
fn every_error_of_history_has_advice() {
    let (id, boundary) = (oid("m1"), oid("m0"));
    let text = |t: &str| t.to_owned();
    for (error, start) in [
        (HistoryError::Shallow { needed: Needed::Trees, boundary }, "R1: "),
        (HistoryError::Shallow { needed: Needed::MergeBase, boundary }, "R1: cannot find the merge base"),
        (HistoryError::Shallow { needed: Needed::History, boundary }, "R2: "),
        (HistoryError::Missing { id, partial: true, path: Some(text("a.yaml")) }, "R4: a.yaml: object 6d31aaa"),
        (HistoryError::Missing { id, partial: false, path: None }, "R4: object 6d31aaa"),
        (HistoryError::NoRepository, "there is no git repository"),
        (HistoryError::Unreadable { message: text("x"), help: text("y") }, "the git repository cannot be read: x"),
        (HistoryError::NoSuchRevision { name: text("x") }, "`x`"),
        (HistoryError::Unborn, "this branch"),
        (HistoryError::Unrelated { one: text("a"), other: text("b") }, "`a` and `b`"),
        (HistoryError::TooLarge { id, size: 2, limit: 1 }, "object"),
        (HistoryError::TooMany { id, limit: 1 }, "the files below tree"),
        (HistoryError::Conflict { path: text("a.yaml") }, "`a.yaml`"),
        (HistoryError::Damaged { id, what: text("x") }, "object"),
    ] {
        let failure = history_failure(&error, None);
        assert!(failure.message.starts_with(start), "{failure:?}");
        assert!(!failure.help.unwrap().is_empty());
    }
}
