//! A team adopts rollgate: the shop of `tests/demo.sh` gets a policy, a baseline, a bad change and a waiver for it.
//! `docs/guide/adopting.md` tells the same.

use std::path::Path;

use crate::support::{Repo, Run, git_in};

/// The repository that `tests/demo.sh` makes.
fn shop() -> Repo {
    let repo = Repo { world: crate::support::World::new() };
    // The environment of git, with another program in it.
    let mut script = std::process::Command::new("sh");
    let git = git_in(repo.world.path());
    script.env_clear().envs(git.get_envs().filter_map(|(key, value)| Some((key, value?))));
    script.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/demo.sh")).current_dir(repo.world.path());
    let output = script.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    repo
}

/// The day of the bad change.
const THEN: &str = "2026-12-01T09:00:00Z";
const FORMATS: [&str; 8] = ["human", "short", "json", "sarif", "junit", "github", "gitlab", "markdown"];

/// Judges the branch `hurry` against `main`, as of `at`.
fn gate(repo: &Repo, at: &str, args: &[&str]) -> Run {
    repo.world.run(&[&["check", "--base", "main", "--head", "hurry", "--at", at], args].concat())
}

/// The states of what is found of `rule`.
fn states(run: &Run, rule: &str) -> Vec<String> {
    run.of(rule).iter().map(|f| f["state"].as_str().unwrap().to_owned()).collect()
}

/// The shop with a policy and a baseline on `main`.
fn gated() -> Repo {
    let repo = shop();
    let run = repo.world.run(&["init", "--yes", "--install", "cargo install --path tools/rollgate"]).ends(0);
    let _ = run.says("wrote rollgate.yaml\nwrote .github/workflows/rollgate.yml\nnext: rollgate check\n");
    let run = repo.world.check(&[]).ends(1);
    let levels: Vec<_> = run.json()["findings"].as_array().unwrap().iter().map(|f| f["level"].clone()).collect();
    assert_eq!((levels.iter().filter(|l| *l == "error").count(), levels.len()), (4, 13));
    let _ = repo.world.run(&["baseline", "write"]).ends(0).says("wrote .rollgate/baseline.json: 13 findings\n");
    let clean = repo.world.check(&["--fail-on", "warning"]).ends(0).json();
    assert_eq!(clean["verdict"], "clean");
    assert!(clean["findings"].as_array().unwrap().iter().all(|f| f["state"] == "baselined"), "{clean}");
    repo.commit("2026-11-30T10:00:00Z", "a gate, and what stood before it");
    repo
}

/// Puts version 1.5.0 before everybody, on the branch `hurry`.
fn hurry(repo: &Repo) {
    let path = "deploy/prod/web.yaml";
    let text = std::fs::read_to_string(repo.world.path().join(path)).unwrap();
    let (head, _) = text.split_once("        - setWeight").unwrap();
    let text = format!("{}        - setWeight: 100\n", head.replace("web:1.4.0", "web:1.5.0"));
    repo.branch("hurry").write(path, &text).commit(THEN, "web 1.5.0").switch("main");
}

#[test]
fn a_bad_change_fails_in_every_format_until_it_is_waived_and_again_after() {
    let repo = gated();
    hurry(&repo);
    for format in FORMATS {
        let run = gate(&repo, THEN, &["--format", format]).ends(1).says("big-bang");
        assert!(run.out.contains("deploy/prod/web.yaml"), "{format}: {}", run.out);
        // JSON holds everything, each with its state.
        let shows_old = format != "json" && run.out.contains("nothing says when this rollout goes back");
        assert!(!shows_old, "{format} shows what stood before: {}", run.out);
    }
    let waiver = "apiVersion: rollgate/v1\nkind: Waivers\nwaivers:\n  - {rule: big-bang, rollout: web, reason: 1.4.0 loses orders, \
        owner: storefront, approved-by: sre@example.com, expires: 2026-12-02}\n";
    repo.write(".rollgate/waivers.yaml", waiver).commit(THEN, "approve");
    for format in FORMATS {
        let _ = gate(&repo, THEN, &["--format", format]).ends(0);
    }
    let passes = gate(&repo, "2026-12-02T23:59:59Z", &["--format", "json"]).ends(0);
    assert_eq!(states(&passes, "big-bang"), ["waived"]);
    for format in FORMATS {
        let _ = gate(&repo, "2026-12-03T00:00:00Z", &["--format", format]).ends(1).says("big-bang");
    }
    let fails = gate(&repo, "2026-12-03T00:00:00Z", &["--format", "json"]).ends(1);
    assert_eq!(states(&fails, "big-bang"), ["active"]);
    let notices = fails.json()["notices"].to_string();
    assert!(notices.contains("a waiver of `big-bang` ended on 2026-12-02"), "{notices}");
}

#[test]
fn a_waiver_that_the_change_brings_itself_covers_nothing() {
    let repo = gated();
    hurry(&repo);
    repo.switch("hurry");
    let waiver = "apiVersion: rollgate/v1\nkind: Waivers\nwaivers:\n  - {rule: big-bang, rollout: web, reason: trust me, \
        owner: storefront, approved-by: ada@example.com, expires: 2026-12-02}\n";
    repo.write(".rollgate/waivers.yaml", waiver).commit(THEN, "waive it");
    let run = gate(&repo, THEN, &["--format", "json"]).ends(1);
    assert_eq!(states(&run, "big-bang"), ["active"]);
    assert_eq!(states(&run, "policy-weakened"), ["active"]);
}
