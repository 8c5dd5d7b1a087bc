//! Which states a push is judged by, with the real git: branches that come, move, are rewritten, and refs that are none.

use std::process::{Output, Stdio};

use crate::gate::kserve;
use crate::support::{Repo, git_in};

/// A policy that no day of the week and no missing drill fails.
const POLICY: &str = "version: 1\nrules: {rollback-drill-stale: off, deploy-window: off}\n";
/// One that asks for nothing.
const NOTHING: &str = "version: 1\nextends: []\n";

/// A repository that receives, its `HEAD` naming `main`, and one that pushes to it as `origin`; nothing is there yet.
fn sides() -> (Repo, Repo) {
    let (server, repo) = (Repo::new(), Repo::new());
    server.git(&["config", "core.bare", "true"]);
    repo.git(&["remote", "add", "origin", &url(&server)]);
    (server, repo)
}

fn url(server: &Repo) -> String {
    format!("file://{}", server.world.path().join(".git").display())
}

/// Both, with version 1 for everybody on `main`.
fn serving() -> (Repo, Repo) {
    let (server, repo) = sides();
    repo.write("rollgate.yaml", POLICY).write("k.yaml", &kserve(100, 1)).commit("2026-11-02T10:00:00Z", "version 1");
    repo.git(&["push", "-q", "origin", "main"]);
    (server, repo)
}

fn hooked(repo: &Repo, dir: &str, hook: &str) {
    let _ = repo.world.run(&["hook", "install", hook, "--dir", dir]).ends(0);
}

#[track_caller]
fn push(repo: &Repo, args: &[&str], is_taken: bool) -> String {
    let mut command = git_in(repo.world.path());
    let Output { status, stderr, stdout } =
        command.args([&["push"], args].concat()).stdin(Stdio::null()).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&stderr), String::from_utf8_lossy(&stdout));
    assert_eq!(status.success(), is_taken, "{said}");
    said
}

#[test]
fn a_push_that_goes_back_is_judged_and_told() {
    let (server, repo) = serving();
    repo.write("rollgate.yaml", NOTHING).commit("2026-11-03T10:00:00Z", "no rules");
    repo.write("rollgate.yaml", POLICY).write("k.yaml", &kserve(5, 2)).commit("2026-11-04T10:00:00Z", "rules, 5 %");
    repo.git(&["push", "-q", "origin", "main"]);
    hooked(&server, ".git/hooks", "pre-receive");
    // The policy of what stood there judges: it is taken away by going back, and that is found.
    let said = push(&repo, &["--force", "origin", "main~1:main"], true);
    assert!(said.contains("rewrites history") && said.contains("policy-weakened"), "{said}");
    repo.git(&["push", "-q", "origin", "main"]);
    // Nothing that is judged differs, and it is said all the same.
    repo.write("a.txt", "a\n").git(&["add", "-A"]);
    repo.git(&["commit", "-q", "--amend", "-m", "other words"]);
    let said = push(&repo, &["--force", "origin", "main"], true);
    assert!(said.contains("`refs/heads/main` rewrites history"), "{said}");
    // Forward again without a word.
    repo.write("a.txt", "b\n").commit("2026-11-05T10:00:00Z", "text");
    let said = push(&repo, &["origin", "main"], true);
    assert!(!said.contains("judged"), "{said}");
    // The side that pushes says the same.
    hooked(&repo, ".git/hooks", "pre-push");
    let _ = std::fs::remove_file(server.world.path().join(".git/hooks/pre-receive"));
    let said = push(&repo, &["--force", "origin", "main~2:main"], true);
    assert!(said.contains("rewrites history") && said.contains("policy-weakened"), "{said}");
}

#[test]
fn a_branch_cannot_loosen_the_policy_for_its_next_push() {
    for hook in ["pre-receive", "pre-push"] {
        let (server, repo) = serving();
        repo.branch("topic").write("rollgate.yaml", NOTHING).commit("2026-11-03T10:00:00Z", "no rules");
        repo.git(&["push", "-q", "origin", "topic"]);
        hooked(if hook == "pre-push" { &repo } else { &server }, ".git/hooks", hook);
        repo.write("k.yaml", &kserve(100, 2)).commit("2026-11-04T10:00:00Z", "bang");
        let said = push(&repo, &["origin", "topic"], false);
        assert!(said.contains("big-bang"), "{hook}: {said}");
    }
}

#[test]
fn a_ref_that_is_no_branch_is_told_and_not_judged() {
    let (server, repo) = serving();
    hooked(&server, ".git/hooks", "pre-receive");
    hooked(&repo, ".git/hooks", "pre-push");
    repo.git(&["notes", "add", "-m", "hello"]);
    let said = push(&repo, &["origin", "refs/notes/commits"], true);
    assert_eq!(said.matches("`refs/notes/commits` is no branch, so nothing of it is judged").count(), 2, "{said}");
    repo.git(&["tag", "-a", "-m", "x", "v1"]);
    let said = push(&repo, &["origin", "v1"], true);
    assert!(!said.contains("notice"), "{said}");
}

#[test]
fn an_orphan_branch_is_compared_with_nothing_by_the_default_branchs_policy() {
    let (server, repo) = serving();
    hooked(&server, ".git/hooks", "pre-receive");
    hooked(&repo, ".git/hooks", "pre-push");
    repo.git(&["switch", "-q", "--orphan", "pages"]);
    repo.write("index.html", "<p>hello\n").commit("2026-11-03T10:00:00Z", "pages");
    let said = push(&repo, &["origin", "pages"], true);
    assert_eq!(said.matches("`refs/heads/pages` shares no history with `refs/heads/main`").count(), 2, "{said}");
    let said = push(&repo, &["origin", "pages:again"], true);
    assert!(said.contains("shares no history"), "{said}");
    repo.write("index.html", "<p>bye\n").commit("2026-11-04T10:00:00Z", "pages");
    let said = push(&repo, &["origin", "pages"], true);
    assert!(!said.contains("notice"), "{said}");
    // Its manifests are judged by the policy of `main`.
    let rollout = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web}\nspec:\n  template: {spec: {containers: [{name: web, image: 'web:1'}]}}\n  strategy: {canary: {}}\n";
    repo.git(&["switch", "-q", "--orphan", "other"]);
    repo.write("rollgate.yaml", NOTHING).write("r.yaml", rollout).commit("2026-11-03T10:00:00Z", "other");
    let said = push(&repo, &["origin", "other"], false);
    assert!(said.contains("big-bang"), "{said}");
}

#[test]
fn a_first_push_and_a_push_by_address() {
    let (server, repo) = sides();
    hooked(&repo, ".git/hooks", "pre-push");
    hooked(&server, ".git/hooks", "pre-receive");
    repo.write("rollgate.yaml", POLICY).write("k.yaml", &kserve(100, 1)).commit("2026-11-02T10:00:00Z", "version 1");
    let said = push(&repo, &["origin", "main"], true);
    assert_eq!(said.matches("nothing yet to compare with").count(), 2, "{said}");
    assert_eq!(said.matches("no branch of `origin` is known here, so it is taken for empty").count(), 1, "{said}");
    // The address is that of `origin`.
    repo.branch("bang").write("k.yaml", &kserve(100, 2)).commit("2026-11-03T10:00:00Z", "bang");
    std::fs::remove_file(server.world.path().join(".git/hooks/pre-receive")).unwrap();
    let said = push(&repo, &[&url(&server), "bang"], false);
    assert!(said.contains("big-bang") && !said.contains("stands for"), "{said}");
    // One that nobody knows is held against what is known of `origin`.
    let other = Repo::new();
    other.git(&["config", "core.bare", "true"]);
    let said = push(&repo, &[&url(&other), "bang"], false);
    assert!(said.contains("big-bang") && said.contains("`origin/main` stands for the default branch of"), "{said}");
    let said = push(&repo, &[&url(&other), "main"], true);
    assert!(said.contains("`origin/main` stands for the default branch of"), "{said}");
    // Without any remote a branch is all that there is of its own past.
    repo.git(&["remote", "remove", "origin"]);
    let said = push(&repo, &[&url(&other), "bang:main"], false);
    assert!(said.contains("big-bang") && said.contains("is judged by its own policy"), "{said}");
    repo.git(&["remote", "add", "origin", &url(&server)]);
    repo.git(&["push", "-q", "--no-verify", &url(&server), "main:a", "main:b"]);
    repo.git(&["fetch", "-q", "origin", "a:refs/remotes/origin/a", "b:refs/remotes/origin/b"]);
    repo.git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    repo.git(&["remote", "set-head", "origin", "--delete"]);
    let said = push(&repo, &["origin", "bang"], false);
    assert!(said.contains("git remote set-head origin --auto"), "{said}");
}

#[test]
fn a_head_that_names_no_branch_fails_or_says_who_stands_in() {
    let (server, repo) = serving();
    server.git(&["symbolic-ref", "HEAD", "refs/heads/gone"]);
    hooked(&server, ".git/hooks", "pre-receive");
    repo.branch("bang").write("k.yaml", &kserve(100, 2)).commit("2026-11-03T10:00:00Z", "bang");
    let said = push(&repo, &["origin", "bang"], false);
    assert!(said.contains("big-bang"), "{said}");
    assert!(said.contains("`HEAD` names `refs/heads/gone`, which is not there; `main` stands for"), "{said}");
    // Two branches, and neither has a name that says so.
    server.git(&["update-ref", "refs/heads/a", "refs/heads/main"]);
    server.git(&["update-ref", "refs/heads/b", "refs/heads/main"]);
    server.git(&["update-ref", "-d", "refs/heads/main"]);
    repo.git(&["switch", "-q", "--detach", "main"]);
    repo.write("a.txt", "a\n").commit("2026-11-03T10:00:00Z", "text");
    for name in ["HEAD:refs/heads/c", "HEAD:a"] {
        let said = push(&repo, &["origin", name], false);
        assert!(
            said.contains("no branch says whose policy judges") && said.contains("git symbolic-ref HEAD"),
            "{said}"
        );
    }
    server.git(&["symbolic-ref", "HEAD", "refs/heads/a"]);
    let _ = push(&repo, &["origin", "HEAD:refs/heads/c"], true);
}
