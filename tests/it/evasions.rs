//! What a change does counts, however it is written down.

use crate::gate::{PLAN, POLICY, errors, kserve, rollout, template};
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

/// A policy that asks of staging less than of production.
const ENVIRONMENTS: &str = "version: 1\nenvironments: {staging: {paths: ['staging/**']}, production: {paths: ['prod/**']}}\nrules: {rollback-drill-stale: off}\nscopes: [{match: {environment: staging}, rules: {big-bang: off}}]\n";

/// A rollout that everybody meets at once.
fn at_once(image: &str) -> String {
    let (head, _) = rollout(image).split_once("      steps").map(|(h, t)| (h.to_owned(), t.to_owned())).unwrap();
    head + "      steps: []\n"
}

fn moved(policy: &str, text: &str, (from, to): (&str, &str)) -> Run {
    let repo = with_template();
    repo.git(&["rm", "-q", "web.yaml"]);
    repo.write("rollgate.yaml", policy).write(from, text).commit("2026-11-03T10:00:00Z", "it stands");
    repo.branch("f").world.write(to, text);
    repo.git(&["rm", "-q", from]);
    repo.commit(TUESDAY, "it moves").against_main(&[])
}

#[test]
fn a_manifest_that_moves_is_judged_where_other_rules_hold() {
    let to_prod = ("staging/web.yaml", "prod/web.yaml");
    assert_eq!(errors(&moved(ENVIRONMENTS, &at_once("web:1"), to_prod).ends(1)), ["big-bang"]);
    let by_path = "version: 1\nrules: {rollback-drill-stale: off}\nscopes: [{match: {path: 'staging/**'}, rules: {big-bang: off}}]\n";
    assert_eq!(errors(&moved(by_path, &at_once("web:1"), to_prod).ends(1)), ["big-bang"]);
    for same in [("staging/web.yaml", "staging/a/web.yaml"), ("prod/web.yaml", "prod/a/web.yaml"), ("a.yaml", "b.yaml")]
    {
        assert_eq!(touched(&moved(ENVIRONMENTS, &at_once("web:1"), same).ends(0)), Some(0), "{same:?}");
    }
}

#[test]
fn of_two_that_have_gone_the_one_that_comes_is_not_taken_for_the_one_that_suits() {
    let repo = Repo::new();
    repo.write("rollgate.yaml", POLICY).write("plan.yaml", PLAN).write("dev/k.yaml", &kserve(100, 2));
    repo.write("prod/k.yaml", &kserve(100, 1)).commit("2026-11-02T10:00:00Z", "two of them");
    repo.branch("f").git(&["rm", "-q", "dev/k.yaml", "prod/k.yaml"]);
    repo.write("prod2/k.yaml", &kserve(100, 2)).commit(TUESDAY, "one of them");
    let _ = repo.against_main(&[]).ends(2).says("the one of dev/k.yaml or the one of prod/k.yaml");
    repo.write("prod2/k.yaml", &kserve(100, 1)).write("dev2/k.yaml", &kserve(100, 2)).commit(TUESDAY, "both");
    assert_eq!(touched(&repo.against_main(&[]).ends(0)), Some(0));
}

#[test]
fn our_own_documents_are_looked_at_whatever_files_the_policy_chooses() {
    let waiver = "apiVersion: rollgate/v1\nkind: Waivers\nwaivers: [{rule: big-bang, path: web.yaml, reason: x, owner: a, approved-by: b, expires: 2027-01-01}]\n";
    let repo = Repo::new();
    repo.write("rollgate.yaml", &format!("{POLICY}files: {{include: ['deploy/**'], exclude: ['.rollgate/**']}}\n"));
    repo.commit("2026-11-02T10:00:00Z", "few files").branch("f").write(".rollgate/waivers.yaml", waiver);
    repo.write("other/waivers.yaml", waiver).commit(TUESDAY, "a waiver");
    let run = repo.against_main(&[]);
    assert_eq!(
        (run.rules(), run.files()),
        (vec!["policy-weakened".to_owned()], vec![".rollgate/waivers.yaml".to_owned()])
    );
    repo.write("drills/a.yaml", "apiVersion: rollgate/v1\nkind: RollbackDrill\nwrong: 1\n").commit(TUESDAY, "a record");
    assert!(repo.against_main(&[]).ends(1).rules().contains(&"manifest-invalid".to_owned()));
}

/// The event `title` on each of `days`.
fn calendar(title: &str, days: &[&str]) -> String {
    let event = |(number, day): (usize, &&str)| {
        format!(
            "BEGIN:VEVENT\r\nUID:{number}\r\nDTSTAMP:20200101T000000Z\r\nDTSTART;VALUE=DATE:{day}\r\nSUMMARY:{title}\r\nEND:VEVENT\r\n"
        )
    };
    let events: String = days.iter().enumerate().map(event).collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{events}END:VCALENDAR\r\n")
}

#[test]
fn a_calendar_that_holds_less_is_a_policy_that_asks_for_less() {
    let told = |text: &str| {
        let repo = Repo::new();
        repo.write("rollgate.yaml", "version: 1\nrules: {deploy-window: {calendars: [c/h.ics]}}\n");
        repo.write("c/h.ics", &calendar("off", &["20261201", "20260105"])).commit("2026-11-02T10:00:00Z", "a calendar");
        repo.branch("f").write("c/h.ics", text).commit(TUESDAY, "another");
        let found = repo.against_main(&[]).of("policy-weakened");
        found.iter().map(|f| f["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let moved = "`deploy-window.calendars` names `c/h.ics`, which no longer holds all of `off` (2026-12-01)";
    assert_eq!(told(&calendar("off", &["20271201"])), [moved]);
    assert!(
        told(&calendar("free", &["20261201", "20261225"])).is_empty(),
        "more, by another name, without what is past"
    );
}
