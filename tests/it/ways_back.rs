//! A way back is never blocked, and hides nothing else.

use crate::gate::{PLAN, POLICY, errors, kserve};
use crate::support::{Repo, Run, TUESDAY};

/// A repository with a plan, where each of `before` was committed on a day of its own as `path`.
fn history(path: &str, before: &[&str]) -> Repo {
    let repo = Repo::new();
    repo.write("rollgate.yaml", POLICY).write("plan.yaml", PLAN);
    for (day, text) in before.iter().enumerate() {
        repo.write(path, text).commit(&format!("2026-11-{:02}T10:00:00Z", day + 2), "before");
    }
    repo.branch("change");
    repo
}

fn is_rollback(run: &Run) -> bool {
    run.json()["notices"].to_string().contains("rollback: ")
}

#[test]
fn a_fall_of_exposure_does_not_cover_the_removal_of_criteria() {
    let judge = |plan: &str| {
        let repo = history("k.yaml", &[&kserve(100, 1), &kserve(10, 2)]);
        repo.write("k.yaml", &kserve(9, 2)).write("plan.yaml", plan).commit(TUESDAY, "back a little");
        let run = repo.against_main(&[]);
        assert!(is_rollback(&run));
        run.rules()
    };
    let criteria = "criteria: [{metric: error_rate, above: 0.5%}], automatic: true, ";
    assert_eq!(judge(&PLAN.replace(criteria, "")), ["rollback-criteria-missing"]);
    assert_eq!(judge(&PLAN.replace("monitors: [latency_p95, error_rate]", "monitors: []")), ["monitor-missing"]);
    assert_eq!(judge(PLAN), [""; 0]);
    // What was missing before is no news on the way back.
    let bare = history("k.yaml", &[&kserve(100, 1), &kserve(10, 2)]);
    bare.write("plan.yaml", &PLAN.replace(criteria, "")).commit(TUESDAY, "no criteria").git(&["branch", "-f", "main"]);
    let run = bare.write("k.yaml", &kserve(100, 1)).commit(TUESDAY, "back").against_main(&[]);
    assert_eq!((errors(&run), is_rollback(&run)), (vec![], true));
}
