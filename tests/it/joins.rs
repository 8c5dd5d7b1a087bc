//! A plan and the flag it names: what the plan lends.

use crate::support::World;

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
