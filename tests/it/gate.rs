//! A change is judged by what it does, and by the base's rules.

use std::process::{Command, Stdio};

use crate::support::{FRIDAY, Repo, Run, TUESDAY, World, git_in};

/// No drill is asked for: drills have tests of their own.
pub(crate) const POLICY: &str = "version: 1\nrules: {rollback-drill-stale: off}\n";

pub(crate) fn kserve(percent: u32, model: u32) -> String {
    format!(
        "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {{name: sentiment}}\nspec:\n  predictor:\n    canaryTrafficPercent: {percent}\n    model: {{storageUri: 'gs://m/{model}'}}\n"
    )
}

pub(crate) const PLAN: &str = "apiVersion: rollgate/v1\nkind: RolloutPlan\nmetadata: {name: sentiment-plan, service: sentiment}\ngoverns: [{system: kserve, name: sentiment}]\nmonitors: [latency_p95, error_rate]\nrollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}\n";

pub(crate) fn rollout(image: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{name: web}}\nspec:\n  replicas: 10\n  selector: {{matchLabels: {{app: web}}}}\n  template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: web, image: '{image}'}}]}}}}\n  strategy:\n    canary:\n      analysis: {{templates: [{{templateName: errors}}]}}\n      steps: [{{setWeight: 10}}, {{pause: {{duration: 2h}}}}, {{setWeight: 50}}, {{pause: {{duration: 2h}}}}]\n"
    )
}

pub(crate) fn template(bound: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {{name: errors}}\nspec:\n  metrics:\n    - {{name: error-rate, interval: 1m, count: 10, failureCondition: 'result[0] > {bound}', provider: {{prometheus: {{query: 'sum(rate(http_errors[1m]))'}}}}}}\n    - {{name: latency-p95, interval: 1m, count: 10, failureCondition: 'result[0] > 2', provider: {{prometheus: {{query: 'x'}}}}}}\n"
    )
}

pub(crate) fn splits(arms: &[(&str, u32)]) -> String {
    let route =
        |(name, weight): &(&str, u32)| format!("{{destination: {{host: web, subset: {name}}}, weight: {weight}}}");
    let routes: Vec<String> = arms.iter().map(route).collect();
    format!(
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: web, annotations: {{rollgate/plan: plan.yaml}}}}\nspec:\n  hosts: [web]\n  http:\n    - route: [{}]\n",
        routes.join(", ")
    )
}

/// A repository where version 1 of the model serves everybody.
pub(crate) fn sentiment() -> Repo {
    let repo = Repo::new();
    repo.write("rollgate.yaml", POLICY).write("plan.yaml", PLAN).write("k.yaml", &kserve(100, 1));
    repo.commit("2026-11-02T10:00:00Z", "version 1");
    repo
}

/// What is found when `text` of `path` comes after `before`, each a commit of a day.
pub(crate) fn after(path: &str, before: &[&str], text: &str) -> Run {
    let repo = Repo::new();
    repo.write("rollgate.yaml", POLICY).write("plan.yaml", PLAN);
    for (day, text) in before.iter().enumerate() {
        repo.write(path, text).commit(&format!("2026-11-{:02}T10:00:00Z", day + 2), "before");
    }
    repo.branch("change").write(path, text).commit(TUESDAY, "change");
    repo.against_main(&[])
}

pub(crate) fn errors(run: &Run) -> Vec<String> {
    let json = run.json();
    let all = json["findings"].as_array().unwrap().iter();
    let errors = all.filter(|f| f["level"] == "error" && f["state"] == "active");
    errors.map(|f| f["rule"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_live_split_is_judged_by_what_a_change_makes_of_it() {
    let k = |stages: &[(u32, u32)]| stages.iter().map(|(p, m)| kserve(*p, *m)).collect::<Vec<_>>();
    let judge = |before: &[(u32, u32)], head: (u32, u32)| {
        let before = k(before);
        let before: Vec<&str> = before.iter().map(String::as_str).collect();
        errors(&after("k.yaml", &before, &kserve(head.0, head.1)))
    };
    assert_eq!(judge(&[(100, 1)], (100, 2)), ["big-bang"]);
    assert_eq!(judge(&[(100, 1)], (5, 2)), [""; 0]);
    assert_eq!(judge(&[(100, 1), (5, 2)], (25, 2)), [""; 0]);
    assert_eq!(judge(&[(100, 1), (5, 2)], (100, 2)), ["stage-skipped"]);
    assert_eq!(judge(&[(100, 1), (50, 2)], (100, 3)), ["big-bang"]);
    assert_eq!(judge(&[(100, 1), (50, 2)], (100, 1)), [""; 0], "going back");
    assert_eq!(judge(&[(100, 1), (50, 2)], (0, 2)), [""; 0], "going back by share");
    assert_eq!(judge(&[(100, 1), (5, 2), (100, 1)], (100, 2)), ["big-bang"], "what was rolled back is new again");
    assert_eq!(judge(&[(100, 1), (0, 2)], (100, 2)), ["big-bang"], "nobody had it");
}

#[test]
fn a_routers_destinations_are_told_by_their_history() {
    let judge = |before: &[&[(&str, u32)]], head: &[(&str, u32)]| {
        let before: Vec<String> = before.iter().map(|arms| splits(arms)).collect();
        let before: Vec<&str> = before.iter().map(String::as_str).collect();
        errors(&after("vs.yaml", &before, &splits(head)))
    };
    let v1: &[(&str, u32)] = &[("v1", 100)];
    assert_eq!(judge(&[v1], &[("v2", 100)]), ["big-bang"]);
    assert_eq!(judge(&[v1], &[("v1", 95), ("v2", 5)]), [""; 0]);
    assert_eq!(judge(&[v1, &[("v1", 95), ("v2", 5)]], &[("v2", 100)]), ["stage-skipped"]);
    assert_eq!(judge(&[v1, &[("v1", 50), ("v2", 50)]], &[("v1", 0), ("v2", 100)]), [""; 0]);
    assert_eq!(judge(&[v1, &[("v1", 50), ("v2", 50)]], &[("v1", 100)]), [""; 0], "going back");
    assert_eq!(judge(&[v1, &[("v2", 100)]], &[("v1", 100)]), [""; 0], "going back");
    // Names that tell nothing: what came later is the candidate.
    let a: &[(&str, u32)] = &[("a", 100)];
    assert_eq!(judge(&[a, &[("a", 95), ("b", 5)]], &[("a", 0), ("b", 100)]), ["stage-skipped"]);
    assert_eq!(judge(&[a, &[("a", 95), ("b", 5)]], &[("a", 100), ("b", 0)]), [""; 0]);
}

#[test]
fn steady_states_and_new_objects_are_no_findings() {
    let repo = sentiment();
    repo.branch("note")
        .write("k.yaml", &format!("# who is on call: Ada\n{}", kserve(100, 1)))
        .commit(TUESDAY, "a comment");
    let run = repo.against_main(&[]).ends(0);
    assert_eq!((run.rules().len(), run.json()["coverage"]["rollouts"].as_u64()), (0, Some(0)));
    repo.switch("main").branch("second").write("k2.yaml", &kserve(100, 1).replace("sentiment", "other"));
    assert_eq!(errors(&repo.commit(TUESDAY, "another service").against_main(&[])), [""; 0]);
}

#[test]
fn a_file_that_moves_stays_the_same_rollout() {
    let repo = sentiment();
    repo.branch("move").git(&["mv", "k.yaml", "moved.yaml"]);
    let _ = repo.commit(TUESDAY, "move").against_main(&[]).ends(0);
    repo.write("moved.yaml", &kserve(100, 2)).commit(TUESDAY, "and a new model");
    assert_eq!(errors(&repo.against_main(&[])), ["big-bang"]);
    // Out of a file that stays, into one that is new.
    let two = sentiment();
    let both = format!("{}---\n{}", kserve(100, 1).replace("sentiment", "other"), kserve(100, 1));
    two.write("k.yaml", &both).commit("2026-11-03T10:00:00Z", "two in one file").branch("split");
    two.write("k.yaml", &kserve(100, 1).replace("sentiment", "other")).write("s.yaml", &kserve(100, 2));
    assert_eq!(errors(&two.commit(TUESDAY, "apart").against_main(&[])), ["big-bang"]);
    // The same object for another environment is another one.
    let dev = Repo::new();
    dev.write("rollgate.yaml", POLICY).write("plan.yaml", PLAN).write("dev/k.yaml", &kserve(100, 1));
    dev.commit("2026-11-02T10:00:00Z", "dev").branch("prod").write("prod/k.yaml", &kserve(100, 2));
    assert_eq!(errors(&dev.commit(TUESDAY, "prod").against_main(&[])), [""; 0]);
}

#[test]
fn what_a_rollout_refers_to_counts_wherever_it_stands() {
    let repo = Repo::new();
    repo.write("rollgate.yaml", POLICY)
        .write("a/web.yaml", &rollout("web:1"))
        .write("t/errors.yaml", &template("0.01"));
    repo.commit("2026-11-02T10:00:00Z", "version 1");
    repo.branch("ship").write("a/web.yaml", &rollout("web:2")).commit(TUESDAY, "version 2");
    let _ = repo.against_main(&[]).ends(0);
    repo.write("t/errors.yaml", &template("0.2")).commit(TUESDAY, "less noise");
    let run = repo.against_main(&[]).ends(1);
    assert_eq!(errors(&run), ["criteria-loosened"]);
    assert_eq!(run.of("criteria-loosened")[0]["file"], "t/errors.yaml");
    repo.switch("main").branch("alone").write("t/errors.yaml", &template("0.2")).commit(TUESDAY, "a change of its own");
    let run = repo.against_main(&[]).ends(0);
    assert_eq!(run.json()["coverage"]["rollouts"], 1, "the rollout is touched through its template");
}

#[test]
fn a_rollback_passes_on_friday_and_a_deploy_does_not() {
    let repo = Repo::new();
    repo.write("rollgate.yaml", POLICY).write("web.yaml", &rollout("web:1")).write("t.yaml", &template("0.01"));
    repo.commit("2026-11-02T10:00:00Z", "version 1");
    repo.write("web.yaml", &rollout("web:2")).commit("2026-11-03T10:00:00Z", "version 2");
    let at = |image: &str| {
        repo.git(&["switch", "-q", "-C", "change", "main"]);
        repo.write("web.yaml", &rollout(image)).commit(FRIDAY, "change");
        repo.world.check(&["--base", "main", "--at", FRIDAY])
    };
    assert_eq!(errors(&at("web:3").ends(1)), ["deploy-window"]);
    let back = at("web:1").ends(0);
    assert!(back.json()["notices"].to_string().contains("rollback: Rollout `web` returns to what it shipped before"));
}

#[test]
fn the_base_judges_and_the_change_cannot_talk_it_down() {
    let repo = sentiment();
    repo.branch("bang").write("k.yaml", &kserve(100, 2));
    repo.write("rollgate.yaml", "version: 1\nrules: {rollback-drill-stale: off, big-bang: off}\n").commit(TUESDAY, "x");
    let run = repo.against_main(&[]).ends(1);
    assert_eq!(run.rules(), ["big-bang", "policy-weakened"]);
    assert_eq!(run.json()["policy"]["trust"], "base");
    assert_eq!(run.json()["policy"]["commit"], repo.git(&["rev-parse", "main"]).as_str());
    let head = repo.against_main(&["--trust", "head"]).ends(0);
    assert_eq!(head.json()["policy"]["trust"], "head");
    assert!(head.json()["notices"].to_string().contains("`--trust head` was given"));
    repo.write("rollgate.yaml", "version: 1\nrules: {big-bang: of}\n").commit(TUESDAY, "a policy that cannot be read");
    let _ = repo.against_main(&[]).ends(2).complains("big-bang");
}

#[test]
fn a_base_without_a_policy_has_the_default_one() {
    let repo = Repo::new();
    repo.write("k.yaml", &kserve(100, 1)).commit("2026-11-02T10:00:00Z", "version 1");
    repo.branch("bang").write("k.yaml", &kserve(100, 2)).write("rollgate.yaml", "version: 1\nextends: []\n");
    let run = repo.commit(TUESDAY, "x").against_main(&["--ignore", "rollback-drill-stale"]).ends(1);
    assert!(errors(&run).contains(&"big-bang".to_owned()), "{:?}", errors(&run));
    assert!(run.json()["notices"].to_string().contains("the base has no policy"));
}

#[test]
fn an_override_passes_once_where_the_base_allows_it() {
    let repo = sentiment();
    let bang = |message: &str| {
        repo.git(&["switch", "-q", "-C", "bang", "main"]);
        repo.write("k.yaml", &kserve(100, 2)).commit(TUESDAY, message);
        repo.against_main(&[])
    };
    let asked = "hotfix\n\nRollgate-Override: the old model leaks data\n";
    assert!(bang(asked).ends(1).json()["notices"].to_string().contains("which this policy does not allow"));
    let allow = |forbid: &str| {
        let policy = format!("{POLICY}overrides: {{allow: true{forbid}}}\n");
        repo.switch("main").write("rollgate.yaml", &policy).commit("2026-11-03T10:00:00Z", "break glass");
    };
    allow("");
    let run = bang(asked).ends(0);
    assert_eq!(run.of("big-bang")[0]["state"], "overridden");
    assert!(run.json()["notices"].to_string().contains("the old model leaks data; it covers big-bang"));
    let _ = bang("hotfix\n\nRollgate-Override:\n").ends(1);
    let _ = bang("Rollgate-Override: in the subject\n").ends(1);
    allow(", forbid: [big-bang]");
    let _ = bang(asked).ends(1);
}

#[test]
fn what_is_staged_counts_and_not_what_lies_in_the_work_tree() {
    let repo = sentiment();
    let staged = |repo: &Repo| repo.world.check(&["--staged", "--at", TUESDAY]);
    repo.write("k.yaml", &kserve(100, 2)).git(&["add", "k.yaml"]);
    repo.write("k.yaml", &kserve(5, 2));
    assert_eq!(errors(&staged(&repo).ends(1)), ["big-bang"]);
    repo.git(&["add", "k.yaml"]);
    repo.write("k.yaml", &kserve(100, 2));
    let _ = staged(&repo).ends(0);
    let unborn = Repo::new();
    unborn.write("k.yaml", &kserve(100, 1)).git(&["add", "-A"]);
    let _ = unborn.world.check(&["--staged", "--at", TUESDAY, "--select", "big-bang,rollback-drill-stale"]).ends(0);
}

#[test]
fn prompts_need_a_rollout_of_the_same_change() {
    let repo = Repo::new();
    let services = "services: [{name: assistant, paths: ['prompts/**']}]\n";
    repo.write("rollgate.yaml", &format!("{POLICY}{services}")).write("prompts/a.md", "one").write("README.md", "x");
    repo.commit("2026-11-02T10:00:00Z", "first").write("prompts/a.md", "two").commit("2026-11-03T10:00:00Z", "second");
    repo.branch("change").write("prompts/a.md", "three").commit(TUESDAY, "third");
    let run = repo.against_main(&[]).ends(1);
    assert_eq!(
        (errors(&run), &run.of("ungated-change")[0]["file"]),
        (vec!["ungated-change".into()], &"prompts/a.md".into())
    );
    let _ = repo.write("prompts/a.md", "one").commit(TUESDAY, "back to the first").against_main(&[]).ends(0);
    repo.write("prompts/a.md", "two").write("README.md", "y").commit(TUESDAY, "nothing governed");
    let _ = repo.against_main(&[]).ends(0).says("touches no rollout");
}

#[test]
fn a_plan_that_names_a_file_ships_its_content() {
    let plan = |note: &str| {
        format!(
            "apiVersion: rollgate/v1\nkind: RolloutPlan\nmetadata: {{name: a, service: a}}\nchange: {{kind: config, summary: {note}, payload: [{{file: p.md}}]}}\nstrategy: canary\nstages: [{{exposure: 5%, hold: 2h}}, {{exposure: 50%, hold: 2h}}, {{exposure: 100%}}]\nmonitors: [latency_p95, error_rate]\nrollback: {{criteria: [{{metric: error_rate, above: 0.5%}}], method: flag-off, keep-old-for: 1h}}\n"
        )
    };
    let repo = Repo::new();
    repo.write("rollgate.yaml", POLICY).write("p.md", "one").write("r/plan.yaml", &plan("one"));
    repo.commit("2026-11-02T10:00:00Z", "first");
    repo.branch("change").write("p.md", "two").commit(TUESDAY, "second");
    assert_eq!(errors(&repo.against_main(&[]).ends(1)), ["ungated-change"], "the plan covered the change before");
    let _ = repo.write("r/plan.yaml", &plan("two")).commit(TUESDAY, "with its plan").against_main(&[]).ends(0);
}

#[test]
fn criteria_that_come_after_the_first_people() {
    let repo = Repo::new();
    repo.write("rollgate.yaml", POLICY).write("k.yaml", &kserve(100, 1)).commit("2026-11-02T10:00:00Z", "version 1");
    repo.write("k.yaml", &kserve(5, 2)).commit("2026-11-03T10:00:00Z", "5 %, and nothing to stop it");
    repo.write("plan.yaml", PLAN).commit("2026-11-04T10:00:00Z", "oh");
    repo.branch("on").write("k.yaml", &kserve(25, 2)).commit(TUESDAY, "25 %");
    assert_eq!(errors(&repo.against_main(&[]).ends(1)), ["criteria-after-exposure"]);
}

#[test]
fn every_commit_of_a_range_at_its_own_time() {
    let repo = sentiment();
    let stage = |percent, time| repo.write("k.yaml", &kserve(percent, 2)).commit(time, "stage");
    stage(5, "2026-11-03T10:00:00Z");
    stage(25, "2026-11-03T10:05:00Z");
    stage(50, "2026-11-06T10:00:00Z");
    stage(100, "2026-11-09T10:00:00Z");
    let run = repo.world.check(&["--range", "HEAD~4..HEAD"]).ends(1);
    assert_eq!(errors(&run), ["hold-cut-short", "deploy-window"]);
    let id = |rev: &str| repo.git(&["rev-parse", rev])[..7].to_owned();
    assert_eq!(run.of("hold-cut-short")[0]["commit"], id("HEAD~2").as_str());
    assert_eq!(run.of("deploy-window")[0]["commit"], id("HEAD~1").as_str());
    let _ = repo.world.check(&["--range", "HEAD..HEAD~4"]).ends(2);
    let _ = repo.world.check(&["--range", "HEAD"]).ends(2);
}

#[test]
fn what_git_cannot_tell_is_never_green() {
    let _ =
        World::new().file("k.yaml", kserve(100, 1)).check(&["--base", "main"]).ends(2).complains("no git repository");
    let repo = Repo::new();
    repo.write("k.yaml", &kserve(100, 1));
    let _ = repo.world.check(&["--base", "HEAD"]).ends(2).complains("no commit yet");
    repo.commit("2026-11-02T10:00:00Z", "x");
    let _ = repo.world.check(&["--base", "nowhere"]).ends(2).complains("`nowhere` is no commit");
    repo.git(&["switch", "-q", "--orphan", "other"]);
    let _ = repo
        .write("k.yaml", &kserve(100, 2))
        .commit(TUESDAY, "another history")
        .against_main(&[])
        .ends(2)
        .complains("in common");
    let repo = sentiment();
    repo.branch("a").write("k.yaml", &kserve(5, 2)).commit(TUESDAY, "a");
    repo.switch("main").write("k.yaml", &kserve(5, 3)).commit(TUESDAY, "b");
    assert!(!git_in(repo.world.path()).args(["merge", "-q", "a"]).status().unwrap().success());
    let _ = repo.world.check(&["--staged"]).ends(2).complains("conflict");
}

#[test]
fn an_unreadable_manifest_fails_the_change_that_brings_it() {
    let repo = sentiment();
    repo.branch("broken").write("k.yaml", "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\n  x: [\n");
    assert_eq!(errors(&repo.commit(TUESDAY, "x").against_main(&[]).ends(1)), ["manifest-unreadable"]);
    repo.switch("main").branch("pointer");
    repo.write("k.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n").commit(TUESDAY, "x");
    assert_eq!(errors(&repo.against_main(&[]).ends(1)), ["manifest-unreadable"]);
    repo.switch("main").branch("link").git(&["rm", "-q", "k.yaml"]);
    std::os::unix::fs::symlink("/etc/passwd", repo.world.path().join("k.yaml")).unwrap();
    let _ = repo.commit(TUESDAY, "x").against_main(&[]).ends(2).says("leads out of the repository");
}

/// A merge ref as GitHub makes it, fetched at `depth` into a new clone.
fn merge_ref(depth: Option<&str>) -> (Repo, Repo) {
    let origin = sentiment();
    origin.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    for day in 3..8 {
        origin.write("README.md", &day.to_string()).commit(&format!("2026-11-{day:02}T10:00:00Z"), "more");
    }
    origin.branch("topic").write("k.yaml", &kserve(100, 2)).commit(TUESDAY, "bang");
    origin.switch("main");
    origin.git(&["switch", "-q", "--detach"]);
    origin.git_at(TUESDAY, &["merge", "-q", "--no-ff", "-m", "Merge topic into main", "topic"]);
    origin.git(&["update-ref", "refs/pull/7/merge", "HEAD"]);
    origin.switch("main");
    let clone = Repo::new();
    let url = format!("file://{}", origin.world.path().display());
    clone.git(&["remote", "add", "origin", &url]);
    let mut fetch = vec!["fetch", "-q", "--no-tags"];
    fetch.extend(depth);
    fetch.extend(["origin", "+refs/pull/7/merge:refs/remotes/pull/7/merge"]);
    clone.git(&fetch);
    clone.git(&["checkout", "-q", "--force", "refs/remotes/pull/7/merge"]);
    (origin, clone)
}

#[test]
fn a_pull_requests_merge_ref_on_github() {
    for (depth, code) in [(Some("--depth=1"), 2), (Some("--depth=2"), 1), (None, 1)] {
        let (origin, clone) = merge_ref(depth);
        let (topic, main) = (origin.git(&["rev-parse", "topic"]), origin.git(&["rev-parse", "main"]));
        let event = format!(
            "{{\"pull_request\": {{\"head\": {{\"sha\": \"{topic}\"}}, \"base\": {{\"sha\": \"{main}\", \"ref\": \"main\"}}}}}}"
        );
        let file = clone.world.write(".git/event.json", event);
        let merge = clone.git(&["rev-parse", "HEAD"]);
        let env = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", "pull_request"),
            ("GITHUB_EVENT_PATH", file.to_str().unwrap()),
            ("GITHUB_SHA", merge.as_str()),
            ("GITHUB_REF", "refs/pull/7/merge"),
            ("GITHUB_BASE_REF", "main"),
        ];
        let run = clone.world.run_env(&env, &["check", "--ci", "--at", TUESDAY, "--format", "json"]).ends(code);
        if code == 2 {
            let run = run.complains("fetch-depth: 2");
            assert!(run.err.contains("R1: "), "{}", run.err);
        } else {
            assert_eq!(errors(&run), ["big-bang"], "{depth:?}");
            let told = run.json()["notices"][0].as_str().unwrap().to_owned();
            assert!(told.starts_with("GitHub Actions") && told.matches("GitHub Actions").count() == 1, "{told}");
        }
    }
}

#[test]
fn a_merge_request_on_gitlab() {
    let origin = sentiment();
    origin.branch("topic").write("k.yaml", &kserve(100, 2)).commit(TUESDAY, "bang");
    let (topic, main) = (origin.git(&["rev-parse", "topic"]), origin.git(&["rev-parse", "main"]));
    let clone = Repo::new();
    clone.git(&["remote", "add", "origin", &format!("file://{}", origin.world.path().display())]);
    clone.git(&["fetch", "-q", "origin"]);
    clone.git(&["checkout", "-q", &topic]);
    let env = [
        ("GITLAB_CI", "true"),
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("CI_MERGE_REQUEST_EVENT_TYPE", "detached"),
        ("CI_COMMIT_SHA", topic.as_str()),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", main.as_str()),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
    ];
    let run = clone.world.run_env(&env, &["check", "--ci", "--at", TUESDAY, "--format", "json"]).ends(1);
    assert_eq!(errors(&run), ["big-bang"]);
}

/// Installs `hook` in `repo` and lets it find this binary.
fn hooked(repo: &Repo, hook: &str) {
    let _ = repo.world.run_env(&[("PATH", "/usr/bin:/bin")], &["hook", "install", hook]).ends(0);
}

#[test]
fn hooks_judge_commits_pushes_and_what_is_received() {
    let server = Repo::new();
    server.git(&["config", "core.bare", "true"]);
    let repo = sentiment();
    repo.git(&["remote", "add", "origin", &format!("file://{}", server.world.path().display())]);
    repo.git(&["push", "-q", "origin", "main"]);
    repo.git(&["fetch", "-q", "origin"]);
    hooked(&repo, "pre-commit");
    let git = |args: &[&str]| git_in(repo.world.path()).args(args).stderr(Stdio::null()).stdout(Stdio::null()).status();
    // Another file is staged; what is committed is told by its own index.
    repo.write("k.yaml", &kserve(100, 2)).write("b.txt", "fine").git(&["add", "-A"]);
    assert!(git(&["commit", "-m", "fine", "b.txt"]).unwrap().success());
    assert!(!git(&["commit", "-m", "bang"]).unwrap().success());
    assert!(git(&["commit", "--no-verify", "-m", "bang"]).unwrap().success());
    hooked(&repo, "pre-push");
    assert!(!git(&["push", "origin", "HEAD:refs/heads/new-branch"]).unwrap().success());
    // The server judges for itself, while the objects are still in quarantine.
    let folder = server.world.path().join(".git");
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollgate"));
        command.args(args).current_dir(&folder).env_clear().env("PATH", "/usr/bin:/bin").output().unwrap()
    };
    assert!(run(&["hook", "install", "pre-receive"]).status.success());
    let push = git_in(repo.world.path()).args(["push", "--no-verify", "origin", "HEAD:main"]).output().unwrap();
    let said = String::from_utf8_lossy(&push.stderr).into_owned();
    assert!(!push.status.success() && said.contains("big-bang"), "{said}");
    repo.write("k.yaml", &kserve(5, 2)).git(&["add", "-A"]);
    assert!(git(&["commit", "--amend", "--no-verify", "-m", "5 %"]).unwrap().success());
    let push = git_in(repo.world.path()).args(["push", "origin", "HEAD:main"]).output().unwrap();
    assert!(push.status.success() == on_an_open_day(), "{}", String::from_utf8_lossy(&push.stderr));
}

/// Hooks judge for now: from Friday to Sunday the default windows are closed.
fn on_an_open_day() -> bool {
    let open = World::new().run(&["window"]);
    open.code == Some(0)
}

#[test]
fn policy_tests_can_tell_a_history() {
    let test = |expect: &str| {
        format!(
            "tests:\n  - name: from 5 to everybody\n    as-of: 2026-11-24T10:00:00Z\n    policy: {{rules: {{rollback-drill-stale: off}}}}\n    history:\n      - {{at: 2026-11-02T10:00:00Z, message: one, files: {{k.yaml: {:?}}}}}\n      - {{at: 2026-11-03T10:00:00Z, files: {{k.yaml: {:?}}}}}\n    files: {{k.yaml: {:?}}}\n    expect: [{expect}]\n",
            kserve(100, 1),
            kserve(5, 2),
            kserve(100, 2),
        )
    };
    let run = |expect| World::new().file("t.yaml", test(expect)).run(&["policy", "test", "t.yaml"]);
    let _ = run("stage-skipped").ends(0);
    let _ = run("big-bang").ends(1).says("expected big-bang, which was not found");
}
