//! A way back is never blocked, and hides nothing else.

use crate::gate::{PLAN, POLICY, errors, kserve, rollout, splits, template};
use crate::support::{FRIDAY, Repo, Run, TUESDAY};

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

#[test]
fn a_lower_number_is_a_way_back_only_where_it_stood_before() {
    let judge = |before: &[&str], head: &str| {
        let before: Vec<String> = before.iter().map(|name| splits(&[(name, 100)])).collect();
        let repo = history("vs.yaml", &before.iter().map(String::as_str).collect::<Vec<_>>());
        errors(&repo.write("vs.yaml", &splits(&[(head, 100)])).commit(TUESDAY, "x").against_main(&[]))
    };
    assert_eq!(judge(&["v5"], "v4"), ["big-bang"]);
    assert_eq!(judge(&["v4", "v5"], "v4"), [""; 0]);
}

/// A Knative Service whose template makes `newest` and whose requests go to `revision`.
fn knative(newest: u32, revision: u32) -> String {
    format!(
        "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {{name: web}}\nspec:\n  template: {{metadata: {{name: web-{newest}}}, spec: {{containers: [{{image: 'web:{newest}'}}]}}}}\n  traffic: [{{revisionName: web-{revision}, percent: 100}}]\n"
    )
}

#[test]
fn revisions_are_known_by_their_names_or_where_history_ends_by_their_numbers() {
    let judge = |policy: &str, before: &[String], head: &str| {
        let repo = history("k.yaml", &before.iter().map(String::as_str).collect::<Vec<_>>());
        let policy = format!("{POLICY}{policy}");
        repo.switch("main").write("rollgate.yaml", &policy).commit("2026-11-20T10:00:00Z", "policy").branch("now");
        let run = repo.write("k.yaml", head).commit(TUESDAY, "x").against_main(&[]);
        errors(&run).contains(&"big-bang".to_owned())
    };
    let whole = [knative(41, 41), knative(42, 42)];
    assert!(!judge("", &whole, &knative(42, 41)), "its template stood in history");
    assert!(judge("", &whole, &knative(42, 40)));
    assert!(judge("", &whole, &knative(43, 43)));
    let recent = "limits: {commits: 2}\n";
    assert!(!judge(recent, &whole, &knative(42, 40)), "older than what is read");
    assert!(judge(recent, &whole, &knative(43, 43)));
}

#[test]
fn a_plan_may_be_mended_and_go_back_in_a_freeze_and_nothing_ships() {
    let steps = |weight: u32, image: &str| rollout(image).replace("setWeight: 10", &format!("setWeight: {weight}"));
    let repo = history("web.yaml", &[&steps(10, "web:1"), &steps(5, "web:1")]);
    repo.switch("main").write("t.yaml", &template("0.01")).commit("2026-11-20T10:00:00Z", "criteria");
    let at_friday = |text: &str| {
        repo.git(&["switch", "-q", "-C", "now", "main"]);
        repo.write("web.yaml", text).commit(FRIDAY, "x");
        repo.world.check(&["--base", "main", "--at", FRIDAY])
    };
    let back = at_friday(&steps(10, "web:1")).ends(0);
    assert!(back.json()["notices"].to_string().contains("returns to the plan it had before"));
    assert!(!is_rollback(&at_friday(&steps(2, "web:1")).ends(0)), "tightened");
    assert_eq!(errors(&at_friday(&steps(5, "web:2")).ends(1)), ["deploy-window"]);
    assert_eq!(errors(&at_friday(&steps(10, "web:2")).ends(1)), ["deploy-window"], "the old plan ships something new");
    // Pods that a partition lets go are people who meet something.
    let set = |partition: u32| {
        format!(
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: db}}\nspec:\n  replicas: 10\n  selector: {{}}\n  template: {{spec: {{containers: [{{name: db, image: 'db:1'}}]}}}}\n  updateStrategy: {{rollingUpdate: {{partition: {partition}}}}}\n"
        )
    };
    repo.switch("main").write("db.yaml", &set(9)).commit("2026-11-21T10:00:00Z", "a set");
    let let_go = |partition: u32| {
        repo.git(&["switch", "-q", "-C", "now", "main"]);
        repo.write("db.yaml", &set(partition)).commit(FRIDAY, "x");
        errors(&repo.world.check(&["--base", "main", "--at", FRIDAY]))
    };
    assert_eq!((let_go(5), let_go(10)), (vec!["deploy-window".to_owned()], vec![]));
}

#[test]
fn a_start_that_moves_is_held_against_the_windows() {
    let plan = |start: &str| {
        format!("{}schedule: {{start: {start}}}\n", PLAN.replace("governs", "strategy: canary\nstages: [{exposure: 5%, hold: 24h}, {exposure: 50%, hold: 24h}, {exposure: 100%}]\nchange: {kind: config}\n#governs"))
    };
    let repo = history("p.yaml", &[&plan("2026-11-24T10:00:00Z")]);
    let judge = |text: &str| {
        repo.git(&["switch", "-q", "-C", "now", "main"]);
        errors(&repo.write("p.yaml", text).commit(TUESDAY, "x").against_main(&[]))
    };
    assert_eq!(judge(&plan("2026-11-28T10:00:00Z")), ["deploy-window"]);
    assert_eq!(judge(&plan("2026-11-25T10:00:00Z")), [""; 0]);
}

#[test]
fn what_a_file_ships_is_told_part_by_part() {
    let web = |a: &str, b: &str| {
        rollout("x")
            .replace("{name: web, image: 'x'}", &format!("{{name: web, image: '{a}'}}, {{name: log, image: '{b}'}}"))
    };
    let repo = history("web.yaml", &[&web("web:1", "web:2")]);
    repo.switch("main").write("t.yaml", &template("0.01")).commit("2026-11-20T10:00:00Z", "criteria");
    let at_friday = |text: &str| {
        repo.git(&["switch", "-q", "-C", "now", "main"]);
        repo.write("web.yaml", text).commit(FRIDAY, "x");
        errors(&repo.world.check(&["--base", "main", "--at", FRIDAY]))
    };
    assert_eq!(at_friday(&web("web:2", "web:1")), ["deploy-window"], "two containers swap their images");
    let reordered =
        rollout("x").replace("{name: web, image: 'x'}", "{name: log, image: 'web:2'}, {name: web, image: 'web:1'}");
    assert_eq!(at_friday(&reordered), [""; 0]);
    // A model where there was none.
    let none = kserve(100, 1).replace("{storageUri: 'gs://m/1'}", "{modelFormat: {name: onnx}}");
    let repo = history("k.yaml", &[&none]);
    assert_eq!(errors(&repo.write("k.yaml", &kserve(100, 2)).commit(TUESDAY, "x").against_main(&[])), ["big-bang"]);
    let repo = history("k.yaml", &[&none]);
    assert_eq!(errors(&repo.write("k.yaml", &kserve(5, 2)).commit(TUESDAY, "x").against_main(&[])), [""; 0]);
}

#[test]
fn a_candidate_that_takes_the_place_of_another_starts_anew() {
    let seldon = |percent: u32, model: u32| {
        let predictor = |name: &str, traffic: u32, model: u32| {
            format!(
                "{{name: {name}, traffic: {traffic}, graph: {{name: c, implementation: SKLEARN_SERVER, modelUri: 'gs://m/{model}'}}}}"
            )
        };
        format!(
            "apiVersion: machinelearning.seldon.io/v1\nkind: SeldonDeployment\nmetadata: {{name: m, annotations: {{rollgate/plan: plan.yaml}}}}\nspec: {{predictors: [{}, {}]}}\n",
            predictor("main", 100 - percent, 1),
            predictor("canary", percent, model)
        )
    };
    let judge = |percent: u32, model: u32| {
        let repo = history("s.yaml", &[&seldon(5, 2), &seldon(25, 2)]);
        repo.write("s.yaml", &seldon(percent, model)).commit(TUESDAY, "x").against_main(&[]).rules()
    };
    assert!(judge(25, 3).contains(&"canary-too-large".to_owned()));
    assert!(!judge(50, 2).contains(&"canary-too-large".to_owned()), "it goes on");
}

#[test]
fn what_moved_to_another_file_still_has_its_past() {
    let two = |b: &str| format!("{}---\n{b}", kserve(100, 1).replace("name: sentiment", "name: api"));
    let moved = |left: &str, policy: &str| {
        let repo = history("old/k.yaml", &[&two(&kserve(100, 1)), &two(&kserve(10, 2))]);
        repo.write("old/k.yaml", left).write("new/k.yaml", &kserve(10, 2)).commit("2026-11-10T10:00:00Z", "apart");
        repo.write("rollgate.yaml", &format!("{POLICY}{policy}")).commit("2026-11-11T10:00:00Z", "policy");
        repo.git(&["branch", "-f", "main"]);
        let run = repo.write("new/k.yaml", &kserve(100, 1)).commit(TUESDAY, "back").against_main(&[]);
        (errors(&run), is_rollback(&run))
    };
    let alone = kserve(100, 1).replace("name: sentiment", "name: api");
    assert_eq!(moved(&alone, ""), (vec![], true));
    let big_bang = (vec!["big-bang".to_owned()], false);
    assert_eq!(moved(&two(&kserve(10, 2)), ""), big_bang, "a copy was never what the other was");
    let environments = "environments: {one: {paths: ['old/**']}, two: {paths: ['new/**']}}\n";
    assert_eq!(moved(&alone, environments), big_bang, "another environment is another object");
}

/// A flag of Unleash that is on or off, at a share.
fn flag(enabled: bool, share: u32) -> String {
    format!(
        r#"{{"features": [{{"name": "web", "enabled": {enabled}, "strategies": [{{"name": "flexibleRollout", "parameters": {{"rollout": "{share}"}}}}]}}]}}"#
    )
}

#[test]
fn switching_a_flag_off_needs_no_history_and_switching_it_on_again_is_no_way_back() {
    let judge = |before: &[String], head: &str| {
        let repo = history("flags.json", &before.iter().map(String::as_str).collect::<Vec<_>>());
        let run = repo.write("flags.json", head).commit(TUESDAY, "x").against_main(&[]);
        (errors(&run), is_rollback(&run))
    };
    assert_eq!(judge(&[flag(true, 100)], &flag(false, 100)), (vec![], true), "it was born on");
    assert_eq!(judge(&[flag(true, 5), flag(true, 100), flag(true, 5)], &flag(false, 5)), (vec![], true));
    let (found, back) = judge(&[flag(true, 100), flag(false, 100)], &flag(true, 100));
    assert_eq!((found.contains(&"big-bang".to_owned()), back), (true, false));
    // A value that ships something is one that people may never have met.
    let value = |on: bool| {
        format!(
            r#"{{"flags": {{"web": {{"on": {on}, "variations": ["m-1", "m-2"], "offVariation": 0, "fallthrough": {{"variation": 1}}}}}}}}"#
        )
    };
    let (found, back) = judge(&[value(true)], &value(false));
    assert_eq!((found.contains(&"big-bang".to_owned()), back), (true, false));
}
