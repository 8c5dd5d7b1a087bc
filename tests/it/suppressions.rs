//! Ignores in comments: what they hide, until when, and that no change hides its own findings.

use rollgate::docgen::{self, Kind};
use rollgate::finding::State;

use crate::support::{Repo, Run, TUESDAY, World};

/// A canary whose first step is too large; `{0}` stands behind that step, `{1}` alone above it.
fn rollout(above: &str, behind: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{name: web}}\nspec:\n  replicas: 7\n  strategy:\n    canary:\n      steps:\n{above}        - setWeight: 20{behind}\n        - pause: {{duration: 1h}}\n"
    )
}

/// Of the findings of `rule`: their states.
fn states(run: &Run, rule: &str) -> Vec<String> {
    run.of(rule).iter().map(|f| f["state"].as_str().unwrap().to_owned()).collect()
}

/// The rules that judge ignores and found something.
fn told(run: &Run) -> Vec<String> {
    run.rules()
        .into_iter()
        .filter(|r| r.starts_with("suppression-"))
        .map(|r| r["suppression-".len()..].to_owned())
        .collect()
}

/// Checks a tree with this file.
fn tree(text: &str) -> Run {
    World::new().file("web.yaml", text).check(&["--at", TUESDAY])
}

const GOOD: &str = "# rollgate: ignore[canary-too-large] reason=\"internal users only\" until=2026-12-31";

#[test]
fn it_hides_the_finding_of_its_line_and_of_the_line_below() {
    for text in [rollout("", &format!(" {GOOD}")), rollout(&format!("        {GOOD}\n"), "")] {
        let run = tree(&text);
        assert_eq!((states(&run, "canary-too-large"), told(&run)), (vec!["suppressed".to_owned()], vec![]), "{text}");
    }
    for text in [
        rollout(&format!("        {GOOD}\n\n"), ""),
        rollout(&format!("        {GOOD}\n        # why\n"), ""),
        rollout(&format!("        - setWeight: 0 {GOOD}\n"), ""),
        rollout("", &format!("\n        {GOOD}")),
    ] {
        let run = tree(&text);
        assert_eq!(
            (states(&run, "canary-too-large"), told(&run)),
            (vec!["active".to_owned()], vec!["unused".to_owned()]),
            "{text}"
        );
    }
}

#[test]
fn a_hidden_finding_does_not_fail_the_check() {
    let world = World::new().file("web.yaml", rollout("", ""));
    let only = ["--select", "canary-too-large", "--at", TUESDAY, "--fail-on", "warning"];
    assert_eq!(world.check(&only).code, Some(1));
    world.write("web.yaml", rollout("", &format!(" {GOOD}")));
    assert_eq!(world.check(&only).code, Some(0));
}

#[test]
fn what_does_not_hold_hides_nothing_and_is_told() {
    let cases: [(&str, &[&str]); 9] = [
        ("ignore[canary-too-large]", &["expired", "unexplained"]),
        ("ignore[canary-too-large] until=2026-12-31", &["unexplained"]),
        ("ignore[canary-too-large] reason=\" \" until=2026-12-31", &["unexplained"]),
        ("ignore[canary-too-large] reason=x", &["expired"]),
        ("ignore[canary-too-large] reason=x until=2026-11-23", &["expired"]),
        ("ignore[canary-too-large] reason=x until=2026-13-01", &["expired"]),
        ("ignore[canary-too-large] reason=x until=2027-02-23", &["expired"]),
        ("ignore[canary-to-large] reason=x until=2026-12-31", &["unused"]),
        ("ignore canary-too-large", &["unexplained"]),
    ];
    for (ignore, rules) in cases {
        let run = tree(&rollout("", &format!(" # rollgate: {ignore}")));
        assert_eq!(
            (states(&run, "canary-too-large"), told(&run)),
            (vec!["active".to_owned()], rules.iter().map(|r| (*r).to_owned()).collect()),
            "{ignore}"
        );
    }
}

#[test]
fn the_last_day_and_the_furthest_one_are_included() {
    let at = |until: &str, at: &str, policy: &str| {
        let text = rollout("", &format!(" # rollgate: ignore[canary-too-large] reason=x until={until}"));
        let world = World::new().repository().file("rollgate.yaml", policy).file("web.yaml", text);
        states(&world.check(&["--at", at]), "canary-too-large").remove(0)
    };
    assert_eq!(at("2026-11-24", "2026-11-24T23:59:59Z", "version: 1\n"), "suppressed");
    assert_eq!(at("2026-11-24", "2026-11-25T00:00:00Z", "version: 1\n"), "active");
    assert_eq!(at("2026-11-24", "2026-11-25T04:59:59Z", "version: 1\ntimezone: America/New_York\n"), "suppressed");
    assert_eq!(at("2027-02-22", TUESDAY, "version: 1\n"), "suppressed");
    assert_eq!(at("2027-02-22", TUESDAY, "version: 1\nsuppressions: {max-age: 2 months}\n"), "active");
    assert_eq!(at("2027-01-24", TUESDAY, "version: 1\nsuppressions: {max-age: 2 months}\n"), "suppressed");
}

#[test]
fn the_policy_says_what_an_ignore_must_say_and_what_it_cannot_hide() {
    let with = |suppressions: &str, ignore: &str| {
        let text = rollout("", &format!(" # rollgate: ignore[canary-too-large] {ignore}"));
        let policy = format!("version: 1\nsuppressions: {suppressions}\n");
        World::new().repository().file("rollgate.yaml", policy).file("web.yaml", text).check(&["--at", TUESDAY])
    };
    let run = with("{require-reason: false}", "until=2026-12-31");
    assert_eq!((states(&run, "canary-too-large"), told(&run)), (vec!["suppressed".to_owned()], vec![]));
    let run = with("{forbid: [canary-too-large]}", "reason=x until=2026-12-31");
    assert_eq!(
        (states(&run, "canary-too-large"), told(&run)),
        (vec!["active".to_owned()], vec!["unapproved".to_owned()])
    );
}

#[test]
fn what_judges_ignores_cannot_be_ignored() {
    let run = tree(&rollout(
        "        # rollgate: ignore[suppression-expired] reason=x until=2026-12-31\n",
        " # rollgate: ignore[canary-too-large] reason=x",
    ));
    assert_eq!(
        (states(&run, "suppression-expired"), told(&run)),
        (vec!["active".to_owned()], vec!["expired".to_owned(), "unapproved".to_owned()])
    );
}

#[test]
fn unused_is_told_only_of_rules_that_were_asked() {
    let with = |rule: &str, args: &[&str]| {
        let text = rollout("", &format!(" # rollgate: ignore[{rule}] reason=x until=2026-12-31"));
        told(&World::new().file("web.yaml", text).check(args))
    };
    assert_eq!(with("canary-too-small", &[]), ["unused"]);
    assert_eq!(with("canary-too-small", &["--ignore", "canary-too-small"]), [""; 0]);
    assert_eq!(with("stage-skipped", &[]), [""; 0], "a rule that judges changes");
    assert_eq!(with("shadow-required", &[]), [""; 0], "a rule that is off");
    assert_eq!(with("shadow-wanted", &[]), ["unused"], "no rule at all");
}

#[test]
fn several_rules_are_held_each_on_its_own() {
    let ignore = " # rollgate: ignore[canary-too-large, big-bang, canary-too-small] reason=x until=2026-12-31";
    let run = tree(&rollout("", ignore));
    let unused = run.of("suppression-unused");
    assert_eq!(states(&run, "canary-too-large"), ["suppressed"]);
    assert_eq!(unused.len(), 1, "big-bang comes and goes");
    assert!(unused[0]["message"].as_str().unwrap().contains("`canary-too-small`"));
    let text = rollout("", ignore);
    let line = text.lines().position(|l| l.contains("ignore[")).unwrap() + 1;
    let column = text.lines().nth(line - 1).unwrap().find("canary-too-small").unwrap() + 1;
    assert_eq!(unused[0]["span"]["start"]["line"], line);
    assert_eq!(unused[0]["span"]["start"]["column"], column);
}

/// No drill is asked for: drills have tests of their own.
const POLICY: &str = "version: 1\nrules: {rollback-drill-stale: off}\n";

/// A repository that has `base`, and on a branch `head`.
fn change(base: &str, head: &str) -> Repo {
    let repo = Repo::new();
    repo.write("rollgate.yaml", POLICY).write("web.yaml", base).commit("2026-11-02T10:00:00Z", "base");
    repo.branch("change").write("web.yaml", head).commit(TUESDAY, "change");
    repo
}

#[test]
fn a_change_cannot_hide_its_own_findings() {
    let run = change(&rollout("", "").replace("20", "5"), &rollout("", &format!(" {GOOD}"))).against_main(&[]);
    assert_eq!(
        (states(&run, "canary-too-large"), told(&run)),
        (vec!["active".to_owned()], vec!["unapproved".to_owned()])
    );
    let again = change(&rollout("", &format!(" {GOOD}")), &rollout("", &format!(" {GOOD}")).replace('7', "8"));
    let run = again.against_main(&[]);
    assert_eq!((states(&run, "canary-too-large"), told(&run)), (vec!["suppressed".to_owned()], vec![]));
}

#[test]
fn an_ignore_that_moves_lasts_longer_or_is_copied_is_new() {
    let good = rollout("", &format!(" {GOOD}"));
    let judged = |head: &str| {
        let run = change(&good, head).against_main(&[]);
        (states(&run, "canary-too-large"), told(&run))
    };
    let (active, suppressed) = (|| vec!["active".to_owned()], || vec!["suppressed".to_owned()]);
    assert_eq!(judged(&good.replace("12-31", "12-30")), (suppressed(), vec![]), "shorter");
    assert_eq!(judged(&good.replace("internal", "our own")), (suppressed(), vec![]), "another reason");
    assert_eq!(judged(&rollout(&format!("        {GOOD}\n"), "")), (suppressed(), vec![]), "above the same step");
    assert_eq!(judged(&good.replace("2026-12-31", "2027-01-15")), (active(), vec!["unapproved".to_owned()]), "longer");
    assert_eq!(
        judged(&good.replace("[canary-too-large]", "[canary-too-large, big-bang]")),
        (active(), vec!["unapproved".to_owned()])
    );
    assert_eq!(
        judged(&good.replace("name: web", "name: other")),
        (active(), vec!["unapproved".to_owned()]),
        "another object"
    );
    let two = format!("{good}---\n{}", good.replace('7', "8"));
    assert_eq!(judged(&two).1, ["unapproved"], "a copy");
}

#[test]
fn whose_ignores_count_is_said_by_the_base_or_on_the_command_line() {
    let head = rollout("", &format!(" {GOOD}"));
    let repo = change(&rollout("", ""), &head);
    let run = repo.against_main(&["--trust", "head"]);
    assert_eq!((states(&run, "canary-too-large"), told(&run)), (vec!["suppressed".to_owned()], vec![]));
    let repo = Repo::new();
    repo.write("rollgate.yaml", &format!("{POLICY}suppressions: {{trust: head}}\n"))
        .write("web.yaml", &rollout("", ""));
    repo.commit("2026-11-02T10:00:00Z", "base").branch("change").write("web.yaml", &head).commit(TUESDAY, "change");
    assert_eq!(states(&repo.against_main(&[]), "canary-too-large"), ["suppressed"]);
}

#[test]
fn an_ignore_goes_with_its_file_and_is_withdrawn_by_the_base() {
    let good = rollout("", &format!(" {GOOD}"));
    let repo = change(&good, &good.replace('7', "8"));
    repo.git(&["mv", "web.yaml", "moved.yaml"]);
    repo.commit(TUESDAY, "move");
    assert_eq!(states(&repo.against_main(&[]), "canary-too-large"), ["suppressed"]);
    repo.switch("main").write("web.yaml", &rollout("", "")).commit(TUESDAY, "withdrawn").switch("change");
    let run = repo.against_main(&[]);
    assert_eq!(
        (states(&run, "canary-too-large"), told(&run)),
        (vec!["active".to_owned()], vec!["unapproved".to_owned()])
    );
}

#[test]
fn each_commit_of_a_range_is_held_against_the_one_before() {
    let repo = Repo::new();
    let good = rollout("", &format!(" {GOOD}"));
    repo.write("rollgate.yaml", POLICY).write("web.yaml", &rollout("", "").replace("20", "5"));
    repo.commit("2026-11-02T10:00:00Z", "base").write("web.yaml", &good).commit("2026-11-03T10:00:00Z", "ignored");
    repo.write("web.yaml", &good.replace('7', "8")).commit("2026-11-04T10:00:00Z", "more");
    let run = repo.world.check(&["--range", "HEAD~2..HEAD"]);
    assert_eq!(states(&run, "canary-too-large"), ["active", "suppressed"]);
    assert_eq!(run.of("suppression-unapproved").len(), 1);
}

#[test]
fn what_stands_elsewhere_in_the_file_is_not_judged_with_a_change() {
    let old = "apiVersion: v1\nkind: Service\nmetadata: {name: web} # rollgate: ignore[big-bang] reason=x until=2026-10-01\n---\n";
    let base = format!("{old}{}", rollout("", ""));
    let run = change(&base, &base.replace('7', "8")).against_main(&[]);
    assert_eq!((states(&run, "canary-too-large"), told(&run)), (vec!["active".to_owned()], vec![]));
    assert_eq!(told(&tree(&base)), ["expired"]);
}

#[test]
fn a_service_of_the_policy_can_be_ignored_there() {
    let policy = "version: 1\nservices:\n  - name: web # rollgate: ignore[rollback-drill-stale] reason=new until=2026-12-31\n    paths: [\"prompts/**\"]\n";
    let repo = Repo::new();
    repo.write("rollgate.yaml", policy).write("a.yaml", "kind: RolloutPlan\n").commit("2026-11-02T10:00:00Z", "base");
    let run = repo.world.check(&["--allow-empty", "--at", TUESDAY]);
    assert_eq!(
        (states(&run, "rollback-drill-stale"), told(&run)),
        (vec!["suppressed".to_owned()], vec![]),
        "{}",
        run.out
    );
}

/// The text with an ignore of `rule` on its own line above line `line`, as far in as that is.
fn ignored_above(text: &str, line: usize, rule: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let indent = lines[line - 1].len() - lines[line - 1].trim_start().len();
    let ignore = format!("# rollgate: ignore[{rule}] reason=x until=2026-12-31");
    lines.insert(line - 1, format!("{}{ignore}", " ".repeat(indent)));
    lines.join("\n") + "\n"
}

#[test]
fn what_the_pages_show_can_be_ignored_where_it_is_found() {
    let mut wrong = Vec::new();
    let mut hidden = 0;
    for def in rollgate::rules::ALL {
        let id = def.meta.id;
        // A manifest that can't be read has no comments; what judges ignores can't be ignored.
        if id.starts_with("suppression-") || id == "manifest-unreadable" {
            continue;
        }
        for mut example in
            docgen::examples(def.meta).into_iter().filter(|e| e.kind == Kind::Violates && e.before.is_empty())
        {
            let (report, sources) = example.check(Some(id)).unwrap();
            let found = report.findings.iter().find(|f| f.rule.id == id).unwrap();
            let line = sources.positions(found.primary).0.line as usize;
            example.shown.text = ignored_above(&example.shown.text, line, id);
            let (report, _) = example.check(Some(id)).unwrap();
            let states: Vec<State> = report.findings.iter().filter(|f| f.rule.id == id).map(|f| f.state).collect();
            if states == [State::Suppressed] {
                hidden += 1;
            } else {
                wrong.push(format!("{id}: {states:?} in\n{}", example.shown.text));
            }
        }
    }
    assert!(wrong.is_empty() && hidden > 20, "{hidden} hidden\n{}", wrong.join("\n"));
}
