//! Links and submodules in the place of manifests.

use crate::gate::{POLICY, errors, rollout, template};
use crate::support::{FRIDAY, Repo, Run, TUESDAY};

/// A rollout that everybody meets at once.
fn at_once() -> String {
    let text = rollout("web:2");
    format!("{}      steps: []\n", text.split_once("      steps").unwrap().0)
}

/// A rollout in a folder, and a template for it.
fn web(policy: &str) -> Repo {
    let repo = Repo::new();
    repo.write("rollgate.yaml", policy).write("d/web.yaml", &rollout("web:1")).write("t.yaml", &template("0.01"));
    repo.write("web.txt", "steps\n").commit("2026-11-02T10:00:00Z", "version 1").branch("f");
    repo
}

/// Puts a link in the place of what stands at `path`.
fn link(repo: &Repo, path: &str, target: &str) {
    repo.git(&["rm", "-rq", "--ignore-unmatch", path]);
    let path = repo.world.path().join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(target, path).unwrap();
}

fn judged(repo: &Repo) -> Run {
    repo.commit(TUESDAY, "a change").against_main(&[])
}

#[test]
fn a_link_is_judged_as_what_it_leads_to() {
    for (policy, target) in [
        (POLICY.to_owned(), "../web.txt"),
        (format!("{POLICY}files: {{exclude: ['x/**']}}\n"), "../x/web.yaml"),
        (POLICY.to_owned(), "../chain"),
    ] {
        let repo = web(&policy);
        link(&repo, "d/web.yaml", target);
        link(&repo, "chain", "y/z.txt");
        link(&repo, "y", "real");
        repo.write("web.txt", &at_once()).write("x/web.yaml", &at_once()).write("real/z.txt", &at_once());
        let run = judged(&repo).ends(1);
        let (errors, files) = (errors(&run), run.files());
        assert!(
            errors.contains(&"big-bang".to_owned()) && files.contains(&"d/web.yaml".to_owned()),
            "{target}: {files:?}"
        );
    }
}

#[test]
fn a_link_that_leads_to_no_file_is_undecided() {
    for (target, why) in [
        ("../gone.yaml", "leads nowhere"),
        ("web.yaml", "leads nowhere"),
        ("../rollgate.yaml/a.yaml", "leads nowhere"),
        ("../e", "leads to a folder"),
        ("../../web.yaml", "leads out of the repository"),
        ("/web.yaml", "leads out of the repository"),
        ("../out/a.yaml", "leads out of the repository"),
    ] {
        let repo = web(POLICY);
        repo.write("e/a.txt", "");
        link(&repo, "out", "..");
        link(&repo, "d/web.yaml", target);
        let _ = judged(&repo).ends(2).says(&format!("is a link that {why}"));
        repo.switch("main").git(&["merge", "-q", "f"]);
        repo.branch("mended").git(&["rm", "-q", "d/web.yaml"]);
        let _ = judged(repo.write("d/web.yaml", &rollout("web:1"))).ends(0);
    }
}

#[test]
fn a_link_to_the_same_text_changes_nothing() {
    let repo = web(POLICY);
    link(&repo, "d/web.yaml", "../base/web.yaml");
    repo.write("base/web.yaml", &rollout("web:1")).commit(TUESDAY, "it moves and leaves a link");
    let run = repo.world.check(&["--base", "main", "--at", FRIDAY]).ends(0);
    assert_eq!(run.json()["coverage"]["rollouts"], 0);
    repo.switch("main").git(&["merge", "-q", "f"]);
    repo.branch("g");
    link(&repo, "d/web.yaml", "../copy.yaml");
    let run = judged(repo.write("copy.yaml", &at_once())).ends(1);
    assert!(run.files().contains(&"d/web.yaml".to_owned()), "the link is at another text");
}

#[test]
fn a_folder_of_manifests_is_not_taken_away_behind_a_link_or_a_submodule() {
    let repo = web(POLICY);
    repo.write("other/web.yaml", &rollout("web:1"));
    link(&repo, "d", "other");
    assert_eq!(judged(&repo).ends(0).json()["coverage"]["rollouts"], 0);
    repo.write("other/more.yaml", &at_once());
    let _ = judged(&repo).ends(2).says("became a link, and other manifests stand where it leads to");
    for (path, code) in [("d", 2), ("d/web.yaml", 2), ("e", 0)] {
        let repo = web(POLICY);
        if code == 2 {
            repo.git(&["rm", "-rq", path]);
        }
        let entry = format!("160000,{},{path}", "1".repeat(40));
        repo.git(&["update-index", "--add", "--cacheinfo", &entry]);
        repo.git_at(TUESDAY, &["commit", "-q", "-m", "a submodule"]);
        let run = repo.against_main(&[]).ends(code);
        let _ = run.says(if code == 2 { "became a submodule" } else { "a submodule" });
    }
}
