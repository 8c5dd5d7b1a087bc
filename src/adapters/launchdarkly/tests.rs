use crate::adapters::testing::{Wanted, lower, stages};
use crate::model::{Action, Basis, Comparison, CriterionClass, Hold};

fn flag(rest: &str) -> String {
    format!(r#"{{"flags": {{"model": {{"variations": ["m-1", "m-2", "m-3"], "offVariation": 0, {rest}}}}}}}"#)
}

fn weights(all: &[(u64, u64)]) -> String {
    let one = |(variation, weight): &(u64, u64)| format!(r#"{{"variation": {variation}, "weight": {weight}}}"#);
    let all: Vec<String> = all.iter().map(one).collect();
    format!(r#""on": true, "fallthrough": {{"rollout": {{"variations": [{}]}}}}"#, all.join(", "))
}

#[test]
fn shares_are_those_of_the_engine() {
    let rule = r#""on": true, "fallthrough": {"variation": 0}, "rules": [{"variation": 1, "clauses": [{"attribute": "x", "op": "segmentMatch", "values": ["staff"]}]}]"#;
    let target = r#""on": true, "fallthrough": {"variation": 0}, "contextTargets": [{"contextKind": "account", "values": ["a", "b"], "variation": 1}, {"values": [], "variation": 2}]"#;
    let table: [(String, Wanted); 13] = [
        (weights(&[(0, 95_000), (1, 5_000)]), &[("m-2", 5.0)]),
        (weights(&[(1, 100), (0, 99_900)]), &[("m-2", 0.1)]),
        (weights(&[(0, 99), (1, 1)]), &[("m-2", 99.901)]),
        (weights(&[(1, 1000), (2, 1000), (0, 1000)]), &[("m-2", 1.0), ("m-3", 1.0)]),
        (weights(&[(1, 60_000), (2, 60_000), (0, 5)]), &[("m-2", 60.0), ("m-3", 40.0)]),
        (weights(&[(1, 5_000), (0, 90_000), (1, 5_000)]), &[("m-2", 10.0)]),
        (weights(&[(1, 7)]), &[]),
        (weights(&[(9, 1000), (0, 99_000)]), &[("?", -2.0)]),
        (r#""on": true, "fallthrough": {"variation": 1}"#.to_owned(), &[]),
        (weights(&[(1, 5_000), (0, 95_000)]).replace("true", "false"), &[]),
        (weights(&[(1, 5_000), (0, 95_000)]).replace(r#""on": true,"#, ""), &[]),
        (rule.to_owned(), &[("segment staff: m-2", -1.0)]),
        (target.to_owned(), &[("account a, b: m-2", -1.0)]),
    ];
    for (rest, wanted) in table {
        let wanted: Vec<(String, f64)> = wanted.iter().map(|(n, p)| ((*n).to_owned(), *p)).collect();
        assert_eq!(stages(&lower(&flag(&rest))), wanted, "{rest}");
    }
}

#[test]
fn percents_in_place_of_thousandths_are_remarked_on() {
    let found = lower(&flag(&weights(&[(0, 99), (1, 1)])));
    let exposure = found[0].stages()[0].exposure.known().unwrap();
    assert_eq!((found[0].remarks.len(), exposure.written.percent()), (1, 0.001));
    assert_eq!(lower(&flag(r#""on": true, "fallthrough": {"variation": 7}"#))[0].remarks.len(), 1);
}

#[test]
fn an_export_has_one_flag_per_environment() {
    let text = r#"{"key": "model", "variations": [{"name": "new", "value": true}, {"value": false}], "environments": {
        "production": {"on": true, "offVariation": 1, "fallthrough": {"rollout": {"contextKind": "account", "variations": [{"variation": 0, "weight": 2000}, {"variation": 1, "weight": 98000}]}}},
        "test": {"on": true, "offVariation": 1, "fallthrough": {"variation": 0}}}}"#;
    let found = lower(text);
    assert_eq!(stages(&found), [("new".to_owned(), 2.0)]);
    assert_eq!((found.len(), found[0].environment.as_deref()), (1, Some("production")));
    assert_eq!(found[0].stages()[0].exposure.known().unwrap().basis, Basis::Tenants);
}

const BLOCKS: &str = r#"
resource "launchdarkly_feature_flag" "model" {
  key = "answer-model"
  variation_type = "string"
  variations { value = "m-1" }
  variations { value = "m-2" }
}
resource "launchdarkly_feature_flag_environment" "model" {
  flag_id = launchdarkly_feature_flag.model.id
  env_key = "production"
  targeting_enabled = true
  user_targets { values = [] }
  user_targets { values = ["u-1"] }
  flag_fallthrough { rollout_weights = [95000, 5000] }
  off_variation = 0
}
"#;

#[test]
fn terraform_of_both_spellings() {
    let found = lower(BLOCKS);
    assert_eq!(stages(&found), [("user u-1: m-2".to_owned(), -1.0), ("m-2".to_owned(), 5.0)]);
    assert_eq!((&*found[0].id.name, found[0].environment.as_deref()), ("answer-model", Some("production")));
    let attributes = BLOCKS
        .replace("flag_fallthrough {", "fallthrough = {")
        .replace("targeting_enabled", "on")
        .replace("  user_targets { values = [] }\n", "")
        .replace("user_targets { values = [\"u-1\"] }", "targets = [{ values = [\"u-1\"], variation = 1 }]");
    assert_eq!(stages(&lower(&attributes)), stages(&found));
    let dynamic = BLOCKS.replace("[95000, 5000]", "[100000 - var.share, var.share]");
    assert!(lower(&dynamic)[0].exposure_is_dynamic());
}

#[test]
fn a_release_policy_is_a_plan_held_against_the_control() {
    let found = lower(
        r#"
resource "launchdarkly_metric" "errors" {
  key = "answer-error-rate"
  success_criteria = "LowerThanBaseline"
}
resource "launchdarkly_release_policy" "models" {
  key = "models"
  release_method = "guarded-release"
  guarded_release_config = {
    rollback_on_regression = true
    metric_keys = [launchdarkly_metric.errors.key, "p95-latency"]
    stages = [{ allocation = 2, duration_millis = 86400000 }, { allocation = 25000, duration_millis = 3600000 }]
  }
}
"#,
    );
    assert_eq!(stages(&found).iter().map(|(_, p)| *p).collect::<Vec<_>>(), [2.0, 25.0, 100.0]);
    assert_eq!(found[0].stages()[0].hold.known(), Some(&Hold::Timed(86_400)));
    let criteria = &found[0].rollback.criteria;
    assert_eq!(
        (criteria.len(), criteria[0].class, criteria[0].action),
        (2, CriterionClass::Statistical, Action::Rollback)
    );
    assert_eq!((&*criteria[0].metric.name, criteria[0].comparison), ("answer-error-rate", Some(Comparison::Rise)));
}

#[test]
fn what_only_looks_like_it_is_not_claimed() {
    assert!(lower(r#"{"flags": {"x": {"default": true, "fallthrough": "no"}}}"#).is_empty());
    assert!(lower(r#"{"flagValues": {"model": "m-2"}}"#).is_empty(), "one value for everybody");
}
