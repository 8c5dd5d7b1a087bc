//! `rollgate init` on repositories made here: what it proposes, writes, keeps, and never touches.

use std::path::Path;

use crate::support::{Repo, World};

const ROLLOUT: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata:\n  name: web\n  namespace: shop-prod\n  \
    labels: {app.kubernetes.io/name: storefront}\nspec:\n  replicas: 10\n  strategy:\n    canary:\n      steps:\n      \
    - setWeight: 10\n      - pause: {duration: 1h}\n";
const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: batch}\nspec: {replicas: 2}\n";

fn repository() -> Repo {
    let repo = Repo::new();
    repo.write("deploy/prod/web.yaml", ROLLOUT).write("deploy/staging/batch.yaml", DEPLOYMENT);
    repo.write("internal/testdata/web.yaml", ROLLOUT).write("prompts/support/system.md", "Be kind.\n");
    repo.commit("2026-11-02T10:00:00Z", "first");
    repo
}

fn text(repo: &Repo, path: &str) -> String {
    std::fs::read_to_string(repo.world.path().join(path)).unwrap()
}

/// Every file below `folder` but git's own, with its text.
fn tree(folder: &Path) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.extend((!path.ends_with(".git")).then_some(path));
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                all.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    all.sort();
    all
}

#[test]
fn what_is_found_is_proposed_and_written() {
    let repo = repository();
    let run = repo.world.run(&["init", "--yes", "--ci", "github", "--install", "cargo install --path tools/rollgate"]);
    let run = run.ends(0).says("found 1 rollout (1 Argo Rollouts) and 1 plain workload in 3 files\n");
    let _ = run.says("wrote rollgate.yaml\nwrote .github/workflows/rollgate.yml\nnext: rollgate check\n");
    let policy = text(&repo, "rollgate.yaml");
    for part in [
        "extends: [recommended]\n",
        "environments:\n  production: {paths: [\"**/prod/**\"], namespaces: [\"shop-prod\"]}\n  staging: {paths: [\"**/staging/**\"]}\n",
        "as labels and names tell them: \"batch\", \"storefront\".\n",
        "# files: {exclude: [\"**/testdata/**\"]}\n",
        "# services:\n#   - {name: \"support\", paths: [\"prompts/support/**\"], change: prompt-tweak}\n",
    ] {
        assert!(policy.contains(part), "no {part:?} in\n{policy}");
    }
    let _ = repo.world.run(&["policy", "check"]).ends(0).says("rollgate.yaml: valid");
    let model = repo.world.run(&["inspect", "deploy", "--format", "json"]).ends(0).json();
    assert_eq!(model["rollouts"][0]["environment"], "production");
    let workflow = text(&repo, ".github/workflows/rollgate.yml");
    for part in ["fetch-depth: 0", "    branches: [\"main\"]", "          cargo install --path tools/rollgate\n"] {
        assert!(workflow.contains(part), "no {part:?} in\n{workflow}");
    }
}

#[test]
fn nothing_is_overwritten() {
    let repo = repository();
    for path in ["rollgate.yaml", ".gitlab-ci.yml", ".gitlab/rollgate.yml"] {
        repo.write(path, "mine: true\n");
    }
    let before = tree(repo.world.path());
    let run = repo.world.run(&["init", "--yes"]).ends(0);
    let run = run.says("kept rollgate.yaml: it is there already\nkept .gitlab/rollgate.yml: it is there already\n");
    let _ = run.says("add to .gitlab-ci.yml: ");
    assert_eq!(tree(repo.world.path()), before);
    // The other place of a policy counts too, and so does a link that leads nowhere.
    std::fs::rename(repo.world.path().join("rollgate.yaml"), repo.world.path().join("x")).unwrap();
    repo.write(".github/rollgate.yaml", "version: 1\n");
    let _ = repo.world.run(&["init", "--yes", "--ci", "none"]).ends(0).says("kept .github/rollgate.yaml");
    std::fs::remove_file(repo.world.path().join(".github/rollgate.yaml")).unwrap();
    let _ = std::os::unix::fs::symlink("../elsewhere", repo.world.path().join("rollgate.yaml"));
    let _ = repo.world.run(&["init", "--yes", "--ci", "none"]).ends(0).says("kept rollgate.yaml");
    assert!(!repo.world.path().join("../elsewhere").exists());
}

#[test]
fn no_link_leads_the_writing_out() {
    let world = World::new().file("outside/a", "").file("repo/.git/HEAD", "ref: refs/heads/main\n");
    let world = world.link("repo/.github", "../outside");
    let run = world.run_in("repo", &["init", "--yes", "--ci", "github"]).ends(2);
    let _ = run.says("wrote rollgate.yaml").complains("a link that leads out of the repository");
    assert!(!world.path().join("outside/workflows").exists());
}

#[test]
fn the_ci_service_is_told_by_files_then_by_the_remote() {
    let at = |url: &str| {
        let repo = repository();
        repo.git(&["remote", "add", "origin", url]);
        repo
    };
    let _ =
        at("git@github.com:a/b.git").world.run(&["init", "-y"]).ends(0).says("wrote .github/workflows/rollgate.yml");
    let repo = at("https://gitlab.example.com/a/b.git");
    let _ = repo.world.run(&["init", "-y"]).ends(0).says("wrote .gitlab/rollgate.yml\nwrote .gitlab-ci.yml\n");
    assert!(text(&repo, ".gitlab/rollgate.yml").contains("GIT_DEPTH: \"0\""));
    let repo = at("git@github.com:a/b.git");
    repo.write("Jenkinsfile", "node {}\n");
    let run = repo.world.run(&["init", "-y"]).ends(0).says("add a step to your pipeline: `rollgate check --ci`");
    assert!(!run.out.contains("workflows"), "{}", run.out);
    let run = repository().world.run(&["init", "-y"]).ends(0);
    assert!(run.out.contains("wrote rollgate.yaml\nnext: "), "{}", run.out);
}

#[test]
fn what_is_left_to_install_can_be_done() {
    let repo = repository();
    let init = |args: &[&str]| repo.world.run(&[&["init", "--yes", "--ci", "github"], args].concat()).ends(0);
    let _ =
        init(&[]).says("put rollgate on the path of that job: a comment in .github/workflows/rollgate.yml says where");
    assert!(!init(&[]).out.contains("path of that job"), "the file is kept, and may have the step by now");
    let again = init(&["--install", "cargo install rollgate"]);
    let _ = again
        .says("add the command of `--install` to .github/workflows/rollgate.yml by hand, since the file is kept\n");
}

#[test]
fn hooks_on_request() {
    let repo = repository();
    let _ = repo.world.run(&["init", "--yes", "--ci", "none"]).ends(0);
    assert!(!repo.world.path().join(".git/hooks/pre-commit").exists());
    let run = repo.world.run(&["init", "--yes", "--ci", "none", "--hook"]).ends(0).says("kept rollgate.yaml");
    let _ = run.says("pre-commit: installed").says("pre-push: installed");
    let _ = World::new().run(&["init", "--hook"]).ends(2).complains("no git repository");
}

#[test]
fn what_is_asked_for_must_be_there() {
    let empty = World::new();
    let _ = empty.run(&["init", "--preset", "strct"]).ends(2).complains("strct").complains("did you mean `strict`?");
    let _ = empty.run(&["init", "--timezone", "Berlin"]).ends(2).complains("Berlin");
    let _ = empty.run(&["init", "--ci", "github", "--install", "a\tb"]).ends(2).complains("control character");
    assert_eq!(tree(empty.path()), []);
    // Nothing to find: there is still a policy, and the command that comes next works.
    let run = empty.run(&["init", "--preset", "strict", "--timezone", "Europe/Berlin"]).ends(0);
    let _ = run.says("found 0 rollouts and 0 plain workloads in 0 files").says("next: rollgate check --allow-empty\n");
    let _ = empty.run(&["check", "--allow-empty"]).ends(0);
}

#[test]
fn a_hostile_name_stays_a_name() {
    let world = World::new().repository();
    let name = "x\\\", {a: b}]\\n# rules: {big-bang: off}\\u001b[31m";
    let plan = format!(
        "apiVersion: rollgate/v1\nkind: RolloutPlan\nmetadata: {{name: \"{name}\", service: \"{name}\"}}\nstrategy: all-at-once\n"
    );
    let world = world.file("prod/plan.yaml", plan);
    let run = world.run(&["init", "--yes"]).ends(0);
    assert!(!run.out.contains('\u{1b}'));
    let _ = world.run(&["policy", "check"]).ends(0);
    let policy = std::fs::read_to_string(world.path().join("rollgate.yaml")).unwrap();
    assert!(!policy.contains('\u{1b}') && !policy.contains("\n# rules: {big-bang: off}"), "{policy}");
}
