//! Commits one by one and what git can't give: whom an override covers, empty ranges, trees and blobs that are odd.

use std::io::Write;
use std::process::Stdio;

use crate::gate::{POLICY, errors, kserve, sentiment};
use crate::support::{Repo, Run, TUESDAY, World, git_in};

fn notices(run: &Run) -> Vec<String> {
    let json = run.json();
    json["notices"].as_array().unwrap().iter().map(|n| n.as_str().unwrap().to_owned()).collect()
}

/// `sentiment`, whose policy lets people through.
fn lenient() -> Repo {
    let repo = sentiment();
    repo.write("rollgate.yaml", &format!("{POLICY}overrides: {{allow: true}}\n"));
    repo.commit("2026-11-03T10:00:00Z", "break glass");
    repo
}

#[test]
fn an_override_in_a_range_covers_its_own_commit() {
    let repo = lenient();
    repo.write("k.yaml", &kserve(100, 2)).commit(TUESDAY, "bang");
    repo.write("k.yaml", &kserve(100, 3)).commit(TUESDAY, "hotfix\n\nRollgate-Override: the old model leaks data\n");
    let run = repo.world.check(&["--range", "HEAD~2..HEAD"]).ends(1);
    let id = |rev: &str| repo.git(&["rev-parse", rev])[..7].to_owned();
    let seen: Vec<_> = run.of("big-bang").iter().map(|f| (f["commit"].clone(), f["state"].clone())).collect();
    assert_eq!(seen, [(id("HEAD~1").into(), "active".into()), (id("HEAD").into(), "overridden".into())]);
    let _ = repo.world.check(&["--range", "HEAD~1..HEAD"]).ends(0);
    // What a merge brings is covered by what it brings.
    repo.branch("side").write("k.yaml", &kserve(100, 4)).commit(TUESDAY, "x\n\nRollgate-Override: again\n");
    repo.switch("main").write("a.txt", "a\n").commit(TUESDAY, "text");
    repo.git_at(TUESDAY, &["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    let run = repo.world.check(&["--range", "HEAD~2..HEAD"]).ends(0);
    assert_eq!(run.of("big-bang")[0]["state"], "overridden");
}

#[test]
fn a_range_says_how_much_it_is() {
    let repo = sentiment();
    let run = repo.world.check(&["--range", "main..main"]).ends(0);
    assert!(notices(&run)[0].starts_with("no commit lies on the line from "), "{:?}", notices(&run));
    repo.write("a.txt", "a\n").commit(TUESDAY, "text");
    let run = repo.world.check(&["--range", "HEAD~1..HEAD"]).ends(0);
    assert!(notices(&run)[0].starts_with("1 commit from "), "{:?}", notices(&run));
    let _ = repo.world.check(&["--range", "HEAD~1..HEAD", "--at", TUESDAY]).ends(2).complains("--at");
    let _ = World::new().run(&["check", "--help"]).ends(0).says("which is why `--at` does not go with it");
}

/// A branch `topic` and `main` that merged each other, the commit of `main` asking for an override.
fn criss_cross(salt: u32) -> (Repo, bool) {
    let repo = lenient();
    repo.branch("topic").write("a.txt", &salt.to_string()).commit("2026-11-04T10:00:00Z", "of the topic");
    repo.switch("main").write("b.txt", "b\n").commit("2026-11-04T10:00:00Z", "m\n\nRollgate-Override: another's\n");
    let (main, topic) = (repo.git(&["rev-parse", "main"]), repo.git(&["rev-parse", "topic"]));
    repo.git(&["merge", "-q", "-m", "merge", "topic"]);
    repo.switch("topic").git(&["merge", "-q", "-m", "merge", &main]);
    repo.write("k.yaml", &kserve(100, 2)).commit(TUESDAY, "bang");
    (repo, topic < main)
}

#[test]
fn an_override_that_stands_on_the_target_covers_nothing_more() {
    // Which merge base comes first is up to their ids: both orders count.
    let mut orders = [false, false];
    for salt in 0..16 {
        let (repo, topic_first) = criss_cross(salt);
        if !std::mem::replace(&mut orders[usize::from(topic_first)], true) {
            let run = repo.against_main(&[]).ends(1);
            assert_eq!(errors(&run), ["big-bang"], "{topic_first}");
        }
        if orders == [true, true] {
            return;
        }
    }
    panic!("sixteen ids in a row on one side");
}

#[test]
fn a_policy_that_a_partial_clone_left_behind_is_missing_and_not_wrong() {
    let repo = sentiment();
    repo.branch("topic").write("k.yaml", &kserve(100, 2)).commit(TUESDAY, "bang");
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", repo.world.path().display());
    for (filter, what) in [("blob:none", "R4: rollgate.yaml: object "), ("tree:0", "R4: object ")] {
        let clone = World::new();
        let args = ["clone", "-q", "--no-checkout", "--filter", filter, &url, "."];
        assert!(git_in(clone.path()).args(args).status().unwrap().success());
        let run = clone.check(&["--base", "origin/main", "--head", "origin/topic", "--at", TUESDAY]).ends(2);
        let run = run.complains(what).complains("--filter=blob:limit=1m");
        assert!(!run.err.contains("UTF-8"), "{}", run.err);
    }
}

#[test]
fn nothing_staged_is_not_no_index() {
    let repo = sentiment();
    let _ = repo.world.check(&["--staged"]).ends(0);
    let none = [("GIT_INDEX_FILE", "/nonexistent/index")];
    let _ = repo.world.run_env(&none, &["check", "--staged"]).ends(2).complains("`/nonexistent/index` does not exist");
    repo.git(&["clone", "-q", "--bare", ".", "bare.git"]);
    let _ = repo.world.run_in("bare.git", &["check", "--staged"]).ends(2).complains("it has no index");
    // Before the first commit there is none yet.
    let _ = Repo::new().world.check(&["--staged"]).ends(0);
}

/// What git writes of `input`.
fn fed(repo: &Repo, args: &[&str], input: &str) -> String {
    let mut git = git_in(repo.world.path());
    let mut child = git.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap().trim_end().to_owned()
}

#[test]
fn folders_that_hold_each_other_end_and_are_said() {
    let repo = sentiment();
    let mut tree = repo.git(&["rev-parse", "main^{tree}"]);
    for _ in 0..12 {
        let entries: Vec<String> = (0..10).map(|n| format!("040000 tree {tree}\td{n}")).collect();
        tree = fed(&repo, &["mktree"], &(entries.join("\n") + "\n"));
    }
    let bomb = repo.git(&["commit-tree", "-p", "main", "-m", "bomb", &tree]);
    let _ = repo.world.check(&["--base", "main", "--head", &bomb]).ends(2).complains("bytes to list");
    let _ = repo.world.check(&["--range", &format!("main..{bomb}")]).ends(2).complains("bytes to list");
}
