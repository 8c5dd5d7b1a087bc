//! A plan and the flag it names: what the plan lends.

use crate::support::{Repo, Run, TUESDAY, World};

/// A flag `answers` of each system that a few meet, without criteria of its own: the system, a file, its text.
const FLAGS: &[(&str, &str, &str)] = &[
    (
        "azure-feature-management",
        "flags.json",
        r#"{"feature_management": {"feature_flags": [{"id": "answers", "enabled": true, "conditions": {"client_filters": [
            {"name": "Microsoft.Targeting", "parameters": {"Audience": {"DefaultRolloutPercentage": 5}}}]}}]}}"#,
    ),
    (
        "configcat",
        "config_v6.json",
        r#"{"p": {"u": "https://cdn-global.configcat.com", "r": 0, "s": "c2FsdA=="}, "f": {"answers": {"t": 0, "v": {"b": false},
            "p": [{"p": 5, "v": {"b": true}, "i": "a"}, {"p": 95, "v": {"b": false}, "i": "b"}], "i": "c"}}}"#,
    ),
    (
        "flagd",
        "flags.json",
        r#"{"flags": {"answers": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
            "targeting": {"fractional": [["on", 5], ["off", 95]]}}}}"#,
    ),
    (
        "flagsmith",
        "environment.json",
        r#"{"environment": {"key": "prod", "name": "Production"}, "features": {"answers": {"key": "1", "name": "answers",
            "enabled": false, "value": null}}, "segments": {"7": {"key": "7", "name": "5 percent", "rules": [{"type": "ALL",
            "conditions": [{"operator": "PERCENTAGE_SPLIT", "property": "$.identity.key", "value": "5"}]}],
            "overrides": [{"key": "1", "name": "answers", "enabled": true, "value": null, "priority": 1}]}}}"#,
    ),
    (
        "flipt",
        "features.yaml",
        "version: '1.5'\nflags:\n  - {key: answers, name: A, type: BOOLEAN_FLAG_TYPE, enabled: false, rollouts: [{threshold: {percentage: 5, value: true}}]}\n",
    ),
    (
        "gitlab-feature-flags",
        "flags.json",
        r#"[{"name": "answers", "active": true, "version": "new_version_flag", "strategies": [{"name": "gradualRolloutUserId",
            "parameters": {"percentage": "5"}, "scopes": [{"environment_scope": "production"}]}]}]"#,
    ),
    (
        "go-feature-flag",
        "flags.goff.yaml",
        "answers:\n  variations: {old: false, new: true}\n  defaultRule: {percentage: {old: 95, new: 5}}\n",
    ),
    (
        "growthbook",
        "features.json",
        r#"{"features": {"answers": {"defaultValue": false, "rules": [{"force": true, "coverage": 0.05, "hashAttribute": "id"}]}}}"#,
    ),
    (
        "launchdarkly",
        "flags.tf",
        r#"
resource "launchdarkly_feature_flag" "answers" {
  key            = "answers"
  variation_type = "boolean"
  variations     = [{ value = true }, { value = false }]
}
resource "launchdarkly_feature_flag_environment" "answers" {
  flag_id       = launchdarkly_feature_flag.answers.id
  env_key       = "production"
  on            = true
  fallthrough   = { rollout_weights = [5000, 95000] }
  off_variation = 1
}
"#,
    ),
    (
        "posthog",
        "flag.json",
        r#"{"key": "answers", "active": true, "filters": {"groups": [{"properties": [], "rollout_percentage": 5}]}}"#,
    ),
    (
        "split-fme",
        "splits.json",
        r#"{"ff": {"d": [{"name": "answers", "trafficTypeName": "user", "status": "ACTIVE", "killed": false, "defaultTreatment": "off",
            "trafficAllocation": 100, "conditions": [{"conditionType": "ROLLOUT", "matcherGroup": {"combiner": "AND",
            "matchers": [{"matcherType": "ALL_KEYS", "negate": false}]},
            "partitions": [{"treatment": "on", "size": 5}, {"treatment": "off", "size": 95}]}]}], "s": -1, "t": 1}}"#,
    ),
    (
        "statsig",
        "gate.json",
        r#"{"id": "answers", "isEnabled": true, "idType": "userID", "rules": [
            {"name": "everyone", "passPercentage": 5, "conditions": [{"type": "public"}]}]}"#,
    ),
    (
        "unleash",
        "flags.json",
        r#"{"version": 2, "features": [{"name": "answers", "type": "release", "enabled": true, "strategies": [
            {"name": "flexibleRollout", "parameters": {"rollout": "5", "stickiness": "userId", "groupId": "answers"}}]}]}"#,
    ),
];

/// A plan with criteria that names `flag`, for `environment`.
fn plan(flag: &str, environment: &str) -> String {
    format!(
        "apiVersion: rollgate/v1\nkind: RolloutPlan\nmetadata: {{name: answers-2, service: assistant{environment}}}\nchange: {{kind: model-upgrade}}\nstrategy: canary\nflag: {{{flag}}}\nstages: [{{exposure: 5%, hold: 24h}}, {{exposure: 50%, hold: 24h}}, {{exposure: 100%}}]\nmonitors: [latency_p95, error_rate]\nrollback: {{criteria: [{{metric: error_rate, above: 0.5%}}], method: flag-off, keep-old-for: 1h}}\n"
    )
}

/// The rules that speak of `flag` beside a `plan`.
fn found((path, flag): (&str, &str), plan: Option<String>) -> Vec<String> {
    let world = World::new().file(path, flag);
    if let Some(plan) = plan {
        world.write("plan.yaml", plan);
    }
    let run = world.check(&[".", "--no-git", "--ignore", "rollback-drill-stale"]);
    run.rules()
}

#[test]
fn a_plan_lends_its_criteria_and_monitors_to_the_flag_it_names() {
    for (system, path, flag) in FLAGS {
        let alone = found((path, flag), None);
        let missing = ["monitor-missing", "rollback-criteria-missing"].map(str::to_owned);
        assert!(missing.iter().all(|rule| alone.contains(rule)), "{system}: {alone:?}");
        let rest: Vec<String> = alone.iter().filter(|rule| !missing.contains(rule)).cloned().collect();
        let with = |names: &str| found((path, flag), Some(plan(names, "")));
        assert_eq!(with(&format!("system: {system}, key: answers")), rest, "{system}");
        assert_eq!(with("key: answers"), rest, "{system}: a plan that names no system");
        assert_eq!(with(&format!("system: {system}, key: others")), alone, "{system}: another flag");
        assert_eq!(with("system: elsewhere, key: answers"), alone, "{system}: another system");
    }
}

#[test]
fn a_plan_of_another_environment_lends_nothing() {
    let (_, path, flag) = FLAGS.iter().find(|(system, ..)| *system == "launchdarkly").unwrap();
    let of = |environment: &str| found((path, flag), Some(plan("system: launchdarkly, key: answers", environment)));
    assert!(!of(", environment: production").contains(&"rollback-criteria-missing".to_owned()));
    assert!(of(", environment: staging").contains(&"rollback-criteria-missing".to_owned()));
}

const GATED: &str = "version: 1\nrules: {rollback-drill-stale: off, deploy-window: off, hold-cut-short: off, canary-too-large: off, criteria-after-exposure: off}\n";

/// A flag of flagd named `answers` that so many percent meet.
fn flag(percent: u32) -> String {
    let (off, on) = (100 - percent, percent);
    let text = r#"{"flags": {"answers": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
        "targeting": {"fractional": [["on", ON], ["off", OFF]]}}}}"#;
    if percent == 100 {
        return text.replace(r#""fractional": [["on", ON], ["off", OFF]]"#, "").replace(r#""off","#, r#""on","#);
    }
    text.replace("ON]", &format!("{on}]")).replace("OFF", &off.to_string())
}

/// What is found when the flag goes from its share to another one, and `plan` is written before or in the same change.
fn moved(from: Option<u32>, to: u32, (plan, comes_with_it): (&str, bool)) -> Vec<(String, Vec<String>)> {
    let repo = Repo::new();
    repo.write("rollgate.yaml", GATED);
    if !comes_with_it {
        repo.write("plan.yaml", plan);
    }
    if let Some(from) = from {
        repo.write("flags.json", &flag(from));
    }
    repo.commit("2026-11-02T10:00:00Z", "before").branch("change").write("flags.json", &flag(to));
    if comes_with_it {
        repo.write("plan.yaml", plan);
    }
    told(&repo.commit(TUESDAY, "change").against_main(&[]))
}

/// The rule of each error, with the second places that it names.
fn told(run: &Run) -> Vec<(String, Vec<String>)> {
    let json = run.json();
    let place = |p: &serde_json::Value| {
        format!("{}:{}: {}", p["file"].as_str().unwrap(), p["span"]["start"]["line"], p["message"].as_str().unwrap())
    };
    let one = |f: &serde_json::Value| {
        assert_eq!(f["file"], "flags.json", "{f}");
        (f["rule"].as_str().unwrap().to_owned(), f["related"].as_array().unwrap().iter().map(place).collect())
    };
    json["findings"].as_array().unwrap().iter().map(one).collect()
}

/// A rule's name, with the second places that it names.
fn one(rule: &str, places: &[&str]) -> Vec<(String, Vec<String>)> {
    vec![(rule.to_owned(), places.iter().map(|p| (*p).to_owned()).collect())]
}

const FIRST: &str = "plan.yaml:7: the plan `answers-2` gives 5% here first";
const NAMED: &str = "plan.yaml:6: the plan names this flag here";

#[test]
fn a_flag_that_comes_with_its_plan_is_held_against_the_plan() {
    let plan = plan("system: flagd, key: answers", "");
    let together = |from, to| moved(from, to, (&plan, true));
    assert_eq!(together(Some(0), 100), one("big-bang", &[FIRST]));
    assert_eq!(together(None, 100), one("big-bang", &[FIRST]));
    assert_eq!(together(Some(0), 30), one("stage-skipped", &[FIRST, NAMED]));
    assert_eq!(together(None, 30), one("stage-skipped", &[FIRST, NAMED]));
    let second = "plan.yaml:7: the plan `answers-2` gives 50% here first";
    assert_eq!(together(Some(5), 60), one("stage-skipped", &[second, NAMED]), "told once, though it is 55 points");
    for (from, to) in [(Some(0), 5), (None, 5), (Some(5), 50), (Some(50), 100), (Some(100), 100), (Some(100), 5)] {
        assert_eq!(together(from, to), [], "{from:?} to {to}");
    }
}

#[test]
fn a_plan_that_stands_may_be_an_old_one() {
    let plan = plan("system: flagd, key: answers", "");
    let later = |from, to| moved(from, to, (&plan, false));
    assert_eq!(later(Some(0), 100), one("big-bang", &[]));
    assert_eq!(later(Some(5), 100), one("stage-skipped", &[]), "as the policy has it");
    for (from, to) in [(Some(0), 30), (None, 100), (Some(50), 100)] {
        assert_eq!(later(from, to), [], "{from:?} to {to}");
    }
}

#[test]
fn another_flag_system_or_environment_is_not_held_against_the_plan() {
    for (names, environment) in [("system: flagd, key: others", ""), ("system: flipt, key: answers", "")] {
        assert_eq!(moved(Some(0), 30, (&plan(names, environment), true)).len(), 2, "criteria are missing, no more");
    }
    let production = plan("system: flagd, key: answers", ", environment: production");
    assert_eq!(moved(Some(0), 30, (&production, true)), one("stage-skipped", &[FIRST, NAMED]));
}

/// What a tree is told at a moment where a plan starts on the first of December and a flag has that share.
fn standing(path: &str, percent: u32, at: &str) -> Vec<String> {
    let plan = plan("system: flagd, key: answers", ", environment: production");
    let start = format!("{plan}schedule: {{start: 2026-12-01T10:00:00Z}}\n");
    let world = World::new().file(path, flag(percent)).file("plan.yaml", start).file("rollgate.yaml", GATED);
    world.check(&[".", "--no-git", "--at", at]).rules()
}

#[test]
fn where_the_plan_says_when_it_starts_a_tree_is_held_against_it() {
    let skipped = ["stage-skipped"];
    let (before, first, second, over) =
        ("2026-11-24T10:00:00Z", "2026-12-01T11:00:00Z", "2026-12-02T11:00:00Z", "2026-12-03T11:00:00Z");
    for percent in [30, 100] {
        assert_eq!(standing("flags.json", percent, before), skipped);
        assert_eq!(standing("flags.json", percent, first), skipped);
        assert_eq!(standing("flags.json", percent, over), [""; 0]);
        assert_eq!(standing("staging/flags.json", percent, before), [""; 0]);
    }
    assert_eq!(standing("flags.json", 100, second), skipped);
    for (percent, at) in [(0, before), (5, before), (50, second)] {
        assert_eq!(standing("flags.json", percent, at), [""; 0], "{percent} at {at}");
    }
}

/// A rollout of the image `tag` whose first stage is 5%.
fn code(tag: u32) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{name: web}}\nspec:\n  replicas: 20\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec: {{containers: [{{name: web, image: \"registry.example/web:{tag}\"}}]}}\n  strategy:\n    canary:\n      steps:\n        - setWeight: 5\n        - pause: {{duration: 24h}}\n        - setWeight: 50\n        - pause: {{duration: 24h}}\n"
    )
}

/// What is found when the flag goes from one share to another and the code from image 1 to `image`, where a plan that
/// governs `governed` names the flag.
fn shipped((from, to): (u32, u32), image: u32, governed: &str) -> Vec<(String, Vec<String>)> {
    let repo = Repo::new();
    let plan = format!(
        "apiVersion: rollgate/v1\nkind: RolloutPlan\nmetadata: {{name: assistant}}\ngoverns: [{{system: argo-rollouts, name: {governed}}}]\nflag: {{system: flagd, key: answers}}\nmonitors: [latency_p95, error_rate]\nrollback: {{criteria: [{{metric: error_rate, above: 0.5%}}]}}\n"
    );
    repo.write("rollgate.yaml", GATED).write("plan.yaml", &plan).write("web.yaml", &code(1));
    repo.write("flags.json", &flag(from)).commit("2026-11-02T10:00:00Z", "before").branch("change");
    repo.write("flags.json", &flag(to)).write("web.yaml", &code(image));
    told(&repo.commit(TUESDAY, "change").against_main(&["--select", "big-bang,stage-skipped"]))
}

#[test]
fn a_flag_is_held_to_the_first_stage_of_the_code_that_comes_with_it() {
    let first = "web.yaml:13: Rollout `web`, which carries the code, gives 5% here first";
    let named = "plan.yaml:5: the plan names this flag here";
    assert_eq!(shipped((0, 100), 2, "web"), one("big-bang", &[first]));
    assert_eq!(shipped((0, 40), 2, "web"), one("stage-skipped", &[first, named]));
    assert_eq!(shipped((0, 5), 2, "web"), []);
    assert_eq!(shipped((0, 40), 1, "web"), [], "the code was there before");
    assert_eq!(shipped((100, 100), 2, "web"), [], "the flag was on before");
    assert_eq!(shipped((0, 40), 2, "other"), [], "nothing ties them");
}
