use crate::adapters::testing::{Wanted, lower, stages};
use crate::model::{Action, Basis, Comparison, CriterionClass, Hold};

fn flag(strategies: &str) -> String {
    format!(
        r#"{{"version": 2, "features": [{{"name": "model", "enabled": true, "strategies": [{strategies}]}}],
        "segments": [{{"id": 7, "name": "staff", "constraints": [{{"contextName": "tenantId", "operator": "IN", "values": ["t-1"]}}]}}]}}"#
    )
}

fn rollout(share: &str) -> String {
    format!(
        r#"{{"name": "flexibleRollout", "parameters": {{"rollout": {share}, "stickiness": "userId", "groupId": "a"}}}}"#
    )
}

fn owned(wanted: &[(&str, f64)]) -> Vec<(String, f64)> {
    wanted.iter().map(|(n, p)| ((*n).to_owned(), *p)).collect()
}

#[test]
fn shares_are_those_of_the_engine() {
    let list = |all: &[&str]| all.join(", ");
    let (two, five) = (rollout(r#""2""#), rollout(r#""5""#));
    let by_session = rollout(r#""50""#).replace("userId", "sessionId");
    let random = r#"{"name": "gradualRolloutRandom", "parameters": {"percentage": "50"}}"#;
    let everybody = r#"{"name": "default", "parameters": {}}"#;
    let no_parameters = r#"{"name": "flexibleRollout"}"#;
    let disabled = everybody.replace("{}", r#"{}, "disabled": true"#);
    let ids = |ids: &str| format!(r#"{{"name": "userWithId", "parameters": {{"userIds": "{ids}"}}}}"#);
    let own = r#"{"name": "tenants", "parameters": {"ids": "1"}}"#;
    let within = |constraint: &str| five.replace("}}", &format!(r#"}}, "constraints": [{constraint}]}}"#));
    let staff = r#"{"contextName": "email", "operator": "STR_ENDS_WITH", "values": ["@our.example"]}"#;
    let date = r#"{"contextName": "currentTime", "operator": "DATE_AFTER", "value": "2026-01-01T00:00:00Z"}"#;
    let none = r#"{"contextName": "userId", "operator": "IN", "values": []}"#;
    let anybody = none.replace("IN", "NOT_IN");
    let segment = five.replace("}}", r#"}, "segments": [7]}"#);
    let table: [(String, Wanted); 24] = [
        (two.clone(), &[("on", 2.0)]),
        (rollout("2"), &[("on", 2.0)]),
        (rollout(r#""1.9""#), &[("on", 1.0)]),
        (rollout(r#""0.5""#), &[("on", 0.0)]),
        (rollout(r#""25%""#), &[("?", -2.0)]),
        (rollout(r#""""#), &[("?", -2.0)]),
        (rollout(r#""100""#), &[]),
        (rollout(r#""0""#), &[]),
        (no_parameters.to_owned(), &[]),
        (String::new(), &[]),
        (list(&[&two, &five]), &[("on", 5.0)]),
        (list(&[&rollout(r#""50""#), &by_session]), &[("on", 75.0)]),
        (list(&[random, random]), &[("on", 75.0)]),
        (list(&[&two, everybody]), &[]),
        (list(&[&two, &disabled]), &[("on", 2.0)]),
        (list(&[&ids("a, b"), &two]), &[("user a, b: on", -1.0), ("on", 2.0)]),
        (ids(""), &[]),
        (list(&[own, &two]), &[("?", -2.0)]),
        (list(&[own, everybody]), &[]),
        (within(staff), &[("email ends with @our.example: on", -1.0)]),
        (within(date), &[("?", -2.0)]),
        (within(none), &[]),
        (within(&anybody), &[("on", 5.0)]),
        (segment, &[("segment staff: on", -1.0)]),
    ];
    for (strategies, wanted) in table {
        assert_eq!(stages(&lower(&flag(&strategies))), owned(wanted), "{strategies}");
    }
}

#[test]
fn what_limits_nothing_is_remarked_on() {
    let everybody = r#", {"name": "default"}"#;
    assert_eq!(lower(&flag(&(rollout("2") + everybody)))[0].remarks.len(), 1);
    assert_eq!(lower(&flag(&rollout(r#""0.1""#)))[0].remarks.len(), 1);
    let exposure = lower(&flag(&rollout(r#""1.9""#)))[0].stages()[0].exposure.known().copied().unwrap();
    assert_eq!((exposure.written.percent(), exposure.judged().percent()), (1.9, 1.0));
}

#[test]
fn the_unit_tells_what_a_share_is_of() {
    let basis = |unit: &str| {
        let found = lower(&flag(&rollout("2").replace("userId", unit)));
        found[0].stages()[0].exposure.known().unwrap().basis
    };
    assert_eq!(["default", "random", "tenantId"].map(basis), [Basis::Users, Basis::Requests, Basis::Tenants]);
}

#[test]
fn off_is_off_whatever_else_is_written() {
    let off = flag(&rollout("2")).replace("\"enabled\": true", "\"enabled\": false");
    assert!(lower(&off).is_empty());
    assert!(lower(&flag(&rollout("2")).replace("\"enabled\": true, ", "")).is_empty(), "off where nothing is written");
    assert!(lower(&flag(&rollout("2")).replace("\"enabled\"", "\"archived\": true, \"enabled\"")).is_empty());
    assert!(lower(&flag(&rollout("2")).replace("true", "\"${ON}\""))[0].exposure_is_dynamic());
}

#[test]
fn environments_of_constraints_are_told_apart() {
    let only = |rollout: String, environment: &str| {
        let constraint = format!(r#"{{"contextName": "environment", "operator": "IN", "values": ["{environment}"]}}"#);
        rollout.replace("}}", &format!(r#"}}, "constraints": [{constraint}]}}"#))
    };
    let found = lower(&flag(&[only(rollout("2"), "production"), only(rollout("100"), "dev")].join(", ")));
    let places: Vec<_> = found.iter().map(|r| r.environment.as_deref()).collect();
    assert_eq!((stages(&found), places), (owned(&[("on", 2.0)]), vec![Some("production")]));
}

#[test]
fn variants_share_out_who_has_it() {
    let with = |share: &str, variants: &str| {
        flag(&rollout(share)).replace("]}],", &format!("], \"variants\": [{variants}]}}],"))
    };
    let variant = |name: &str, weight: u64, more: &str| {
        format!(
            r#"{{"name": "{name}", "weight": {weight}, "payload": {{"type": "string", "value": "m-{name}"}}{more}}}"#
        )
    };
    let (control, new) = (variant("control", 900, ""), variant("new", 100, ""));
    assert_eq!(stages(&lower(&with("100", &format!("{control}, {new}")))), owned(&[("new", 10.0)]));
    let relative = format!("{}, {}", variant("control", 3, ""), variant("new", 1, ""));
    assert_eq!(stages(&lower(&with("100", &relative))), owned(&[("new", 25.0)]));
    let limited = lower(&with("10", &format!("{control}, {new}")));
    assert_eq!((stages(&limited), limited[0].payload.len()), (owned(&[("on", 10.0)]), 2));
    assert!(lower(&with("100", &new)).is_empty(), "one variant is the flag");
    let pinned = variant("new", 0, r#", "overrides": [{"contextName": "tenantId", "values": ["t-1"]}]"#);
    let found = lower(&with("100", &format!("{control}, {pinned}")));
    assert_eq!(stages(&found)[0], ("tenantId t-1: new".to_owned(), -1.0));
}

const EXPORT: &str = r#"{
    "features": [{"name": "model"}, {"name": "old", "archived": true}],
    "featureStrategies": [
        {"id": "1", "featureName": "model", "name": "flexibleRollout", "parameters": {"rollout": "3"}},
        {"id": "2", "featureName": "old", "name": "flexibleRollout", "parameters": {"rollout": "3"}}],
    "featureEnvironments": [
        {"featureName": "model", "environment": "production", "enabled": true},
        {"featureName": "old", "environment": "production", "enabled": true}]}"#;

#[test]
fn exports_are_joined_by_name_and_environment() {
    let found = lower(EXPORT);
    assert_eq!((stages(&found), found[0].environment.as_deref()), (owned(&[("on", 3.0)]), Some("production")));
    let import = format!(r#"{{"project": "p", "environment": "live", "data": {EXPORT}}}"#);
    assert_eq!(lower(&import)[0].environment.as_deref(), Some("live"));
    let state = EXPORT
        .replace("\"name\": \"flexibleRollout\"", "\"strategyName\": \"flexibleRollout\", \"environment\": \"test\"");
    assert!(lower(&state).is_empty(), "a strategy of another environment leaves none, and so everybody");
    assert_eq!(stages(&lower(&state.replace("test", ":global:"))), owned(&[("on", 3.0)]));
}

#[test]
fn later_events_take_the_place_of_earlier_ones() {
    let one = |share: &str| format!(r#"{{"name": "model", "enabled": true, "strategies": [{}]}}"#, rollout(share));
    let text = format!(
        r#"{{"events": [{{"type": "hydration", "features": [{}]}}, {{"type": "feature-updated", "feature": {}}}]}}"#,
        one("2"),
        one("4")
    );
    assert_eq!(stages(&lower(&text)), owned(&[("on", 4.0)]));
}

const PLAN: &str = r#"{"discriminator": "plan", "name": "Model change", "featureName": "model", "environment": "production",
    "milestones": [
        {"name": "All", "sortOrder": 2, "strategies": [{"name": "default"}]},
        {"name": "Internal", "sortOrder": 0, "transitionCondition": {"intervalMinutes": 1440},
         "strategies": [{"name": "default", "constraints": [{"contextName": "tenantId", "operator": "IN", "values": ["t-1"]}]}]},
        {"name": "Canary", "sortOrder": 1, "strategies": [{"name": "flexibleRollout", "parameters": {"rollout": "2", "stickiness": "tenantId"}}]}],
    "safeguards": [{"action": {"type": "pauseReleasePlanProgressions"},
        "impactMetric": {"metricName": "answer_errors", "timeRange": "hour", "aggregationMode": "rps"},
        "triggerCondition": {"operator": ">", "threshold": 2}}]}"#;

#[test]
fn milestones_are_stages_and_safeguards_criteria() {
    let found = lower(PLAN);
    assert_eq!(stages(&found), owned(&[("Internal", -1.0), ("Canary", 2.0), ("All", 100.0)]));
    assert_eq!((&*found[0].id.name, found[0].environment.as_deref()), ("model", Some("production")));
    let holds: Vec<_> = found[0].stages().iter().map(|s| s.hold.known().copied().unwrap()).collect();
    assert_eq!(holds, [Hold::Timed(86_400), Hold::Gated, Hold::None]);
    let one = &found[0].rollback.criteria[0];
    assert_eq!((one.class, one.comparison), (CriterionClass::Absolute, Some(Comparison::Above)));
    assert_eq!((one.action, one.window, one.bound.known().unwrap().number), (Action::Pause, Some(3_600), 2.0));
    assert_eq!((found[0].rollback.automatic.known(), one.cannot_fire.is_none()), (Some(&false), true));
    let back = PLAN.replace("pauseReleasePlanProgressions", "disableFeatureEnvironment");
    assert_eq!(lower(&back)[0].rollback.automatic.known(), Some(&true));
    let quick = PLAN
        .replace("1440", "5")
        .replace("\"sortOrder\": 1,", "\"sortOrder\": 1, \"transitionCondition\": {\"intervalMinutes\": 10},");
    assert!(lower(&quick)[0].rollback.criteria[0].cannot_fire.is_some(), "over before the range is");
}

#[test]
fn terraform_of_both_kinds() {
    let whole = r#"
resource "unleash_feature_v2" "model" {
  name = "answer-model"
  type = "release"
  environment {
    name = "production"
    strategy {
      name       = "flexibleRollout"
      parameters = { rollout = "5", stickiness = "tenantId" }
    }
    strategy {
      name       = "remoteAddress"
      parameters = { IPs = "10.0.0.1" }
    }
  }
}
"#;
    let found = lower(whole);
    assert_eq!(stages(&found), owned(&[("address 10.0.0.1: on", -1.0), ("on", 5.0)]));
    assert_eq!((&*found[0].id.name, found[0].environment.as_deref()), ("answer-model", Some("production")));
    assert!(lower(&whole.replace("\"5\"", "var.share"))[0].exposure_is_dynamic());
    assert!(
        lower(&whole.replace("{ rollout = \"5\", stickiness = \"tenantId\" }", "var.all"))[0].exposure_is_dynamic()
    );
    let constrained = whole.replace(
        "\n    strategy {\n      name       = \"flex",
        "\n    strategy {\n      constraint = var.who\n      name       = \"flex",
    );
    assert!(lower(&constrained)[0].exposure_is_dynamic(), "whom it leaves nobody can know");
    let of = "constraint {\n context_name = \"environment\"\n operator = \"IN\"\n values = [var.e]\n }";
    let by_place = constrained.replace("constraint = var.who", of);
    assert!(lower(&by_place)[0].exposure_is_dynamic(), "{by_place}");
    let parts = r#"
resource "unleash_strategy_assignment" "model" {
  feature_name  = "answer-model"
  environment   = "production"
  strategy_name = "flexibleRollout"
  parameters    = { rollout = "5" }
}
resource "unleash_feature_enabling" "model" {
  feature_name = "answer-model"
  environment  = "production"
  enabled      = true
}
"#;
    assert_eq!(stages(&lower(parts)), owned(&[("on", 5.0)]));
    let elsewhere = parts.replacen("production", "test", 1);
    assert!(lower(&elsewhere)[0].exposure_is_dynamic(), "its strategies are elsewhere");
    let weights = whole.replace("\n  environment {", "\n  variant {\n    name = \"control\"\n    weight_type = \"fix\"\n    weight = 800\n  }\n  variant {\n    name = \"new\"\n    weight = 7\n  }\n  environment {");
    assert_eq!(stages(&lower(&weights.replace("\"5\"", "\"100\""))), owned(&[("new", 20.0)]));
}

#[test]
fn levers_and_what_only_looks_like_flags() {
    let lever = |share: &str| flag(&rollout(share)).replace("\"enabled\"", "\"type\": \"kill-switch\", \"enabled\"");
    assert!(lower(&lever("100")).is_empty());
    assert_eq!(stages(&lower(&lever("10"))), owned(&[("on", 10.0)]));
    assert!(
        lower(r#"{"features": [{"name": "x", "environments": [{"name": "production", "enabled": true}]}]}"#).is_empty()
    );
    let empty = r#"{"features": [{"name": "x", "enabled": "${ON}", "strategies": []}]}"#;
    assert!(lower(empty).is_empty());
    assert_eq!(lower(&empty.replace("{\"features", "{\"version\": 1, \"features")).len(), 1);
    assert!(lower(r#"{"strategies": [{"name": "default", "parameters": [{"name": "x"}]}]}"#).is_empty());
}
