//! What a change does counts, however it is written down.

use crate::gate::{POLICY, errors, rollout, template};
use crate::support::{Repo, Run, TUESDAY};

/// A rollout that lives by a template of another file.
fn with_template() -> Repo {
    let repo = Repo::new();
    repo.write("rollgate.yaml", POLICY).write("web.yaml", &rollout("web:1")).write("t.yaml", &template("0.01"));
    repo.commit("2026-11-02T10:00:00Z", "version 1");
    repo
}

fn touched(run: &Run) -> Option<u64> {
    run.json()["coverage"]["rollouts"].as_u64()
}

#[test]
fn whatever_changes_in_a_template_is_judged_and_how_it_is_written_is_not() {
    let repo = with_template();
    let never = template("0.01").replace("count: 10", "count: 10, failureLimit: 10");
    repo.branch("never").write("t.yaml", &never).commit(TUESDAY, "it can never fail");
    assert_eq!(errors(&repo.against_main(&[]).ends(1)), ["analysis-cannot-fire"; 2]);
    repo.switch("main").branch("note").write("t.yaml", &format!("# who asked for it\n{}", template("0.01")));
    assert_eq!(touched(&repo.commit(TUESDAY, "a comment").against_main(&[]).ends(0)), Some(0));
}
