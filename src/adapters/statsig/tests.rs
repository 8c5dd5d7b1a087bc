use crate::adapters::testing::{Wanted, lower, stages};
use crate::model::{Basis, GateKind, Hold, RemarkKind, Rollout};

fn wanted(all: Wanted) -> Vec<(String, f64)> {
    all.iter().map(|(n, p)| ((*n).to_owned(), *p)).collect()
}

fn gate(rules: &str) -> String {
    format!(r#"{{"id": "model", "isEnabled": true, "idType": "userID", "rules": [{rules}]}}"#)
}

const STAFF: &str =
    r#"{"name": "staff", "passPercentage": 100, "conditions": [{"type": "passes_segment", "targetValue": ["staff"]}]}"#;

fn everyone(percent: &str) -> String {
    format!(r#"{{"name": "everyone", "passPercentage": {percent}, "conditions": [{{"type": "public"}}]}}"#)
}

#[test]
fn shares_of_a_gate_are_those_of_the_engine() {
    let narrow = r#"{"name": "friends", "passPercentage": 10, "conditions": [{"type": "public"},
        {"type": "unit_id", "customID": "companyID", "operator": "any", "targetValue": ["c_1", "c_2"]}]}"#;
    let unnamed = narrow.replace(r#""name": "friends", "#, "");
    let late = r#"{"name": "later", "passPercentage": 100, "conditions": [{"type": "time", "operator": "after", "targetValue": [1643070357193]}]}"#;
    let table: [(String, Wanted); 14] = [
        (everyone("5"), &[("true", 5.0)]),
        (everyone("0.5"), &[("true", 0.5)]),
        (everyone("0.005"), &[("true", 0.01)]),
        (everyone("0"), &[]),
        (everyone("100"), &[]),
        (String::new(), &[]),
        (r#"{"passPercentage": 5, "conditions": []}"#.to_owned(), &[("true", 5.0)]),
        (format!("{STAFF}, {}", everyone("2")), &[("staff: true", -1.0), ("true", 2.0)]),
        (format!("{}, {STAFF}", everyone("5")), &[("true", 5.0)]),
        (format!("{}, {}", everyone("5"), everyone("20")), &[("true", 5.0)]),
        (narrow.to_owned(), &[("friends: true", -1.0)]),
        (unnamed, &[("companyID c_1, c_2: true", -1.0)]),
        (format!("{}, {late}, {}", STAFF, everyone("5")), &[("staff: true", -1.0), ("?", -2.0)]),
        (everyone("\"x\""), &[("true", -2.0)]),
    ];
    for (rules, all) in table {
        assert_eq!(stages(&lower(&gate(&rules))), wanted(all), "{rules}");
    }
}

#[test]
fn who_is_off_launched_or_a_template() {
    let of = |change: (&str, &str)| stages(&lower(&gate(&everyone("5")).replace(change.0, change.1)));
    assert!(of((r#""isEnabled": true"#, r#""isEnabled": false"#)).is_empty());
    assert!(of((r#""isEnabled": true"#, r#""isEnabled": true, "status": "Launched""#)).is_empty());
    assert!(of((r#""isEnabled": true"#, r#""isEnabled": true, "status": "Archived""#)).is_empty());
    assert!(of((r#""isEnabled": true"#, r#""isEnabled": true, "type": "TEMPLATE""#)).is_empty());
    assert_eq!(of((r#""isEnabled": true"#, r#""isEnabled": true, "status": "In Progress""#)).len(), 1);
}

#[test]
fn a_rule_behind_one_for_everybody_is_remarked_on() {
    let found = lower(&gate(&format!("{}, {STAFF}", everyone("5"))));
    assert_eq!(found[0].remarks.len(), 1);
    assert_eq!(found[0].remarks[0].kind, RemarkKind::Ignored);
    // It is tried where the rule before it is not.
    let here = everyone("5").replace(r#""name""#, r#""environments": ["production"], "name""#);
    assert!(lower(&gate(&format!("{here}, {STAFF}"))).iter().all(|r| r.remarks.is_empty()));
    assert_eq!(lower(&gate(&everyone("120")))[0].remarks.len(), 1);
}

#[test]
fn each_environment_is_a_rollout() {
    let in_production = everyone("2").replace(r#""name""#, r#""environments": ["production"], "name""#);
    let in_test = r#"{"name": "tests", "passPercentage": 50, "environments": null, "conditions": [
        {"type": "environment_tier", "operator": "any", "targetValue": ["test"]}]}"#;
    let found = lower(&gate(&format!("{in_production}, {in_test}")));
    let named: Vec<_> = found.iter().map(|r| (r.environment.as_deref(), stages(std::slice::from_ref(r)))).collect();
    let share = |percent| vec![("true".to_owned(), percent)];
    assert_eq!(named, [(Some("production"), share(2.0)), (Some("test"), share(50.0))]);
    // A rule without environments is for production too.
    let found = lower(&gate(&format!("{in_test}, {}", everyone("5"))));
    let named: Vec<_> = found.iter().map(|r| (r.environment.as_deref(), stages(std::slice::from_ref(r)))).collect();
    assert_eq!(named, [(Some("test"), share(50.0)), (None, share(5.0))]);
}

/// Specs as SDKs get them; `gates` and `configs` are members of an object.
fn specs(gates: &str, configs: &str) -> String {
    format!(
        r#"{{"feature_gates": {{{gates}}}, "dynamic_configs": {{{configs}}}, "layer_configs": {{}}, "condition_map": {{
        "all": {{"type": "public"}},
        "half": {{"type": "pass_gate", "targetValue": "half"}},
        "unhalf": {{"type": "fail_gate", "targetValue": "half"}},
        "held": {{"type": "pass_gate", "targetValue": "holdout"}},
        "loop": {{"type": "pass_gate", "targetValue": "loop"}},
        "segment": {{"type": "fail_gate", "targetValue": "segment:friends"}},
        "ids": {{"type": "unit_id", "idType": "userID", "operator": "any", "targetValue": ["a", "b"]}},
        "none": {{"type": "user_bucket", "operator": "any", "targetValue": {{"-1": true}}, "additionalValues": {{"salt": "l"}}}},
        "tenth": {{"type": "user_bucket", "operator": "none", "targetValue": [{}], "additionalValues": {{"salt": "l"}}}},
        "500": {{"type": "user_bucket", "operator": "lt", "targetValue": 500, "additionalValues": {{"salt": "x"}}}},
        "1000": {{"type": "user_bucket", "operator": "lt", "targetValue": 1000, "additionalValues": {{"salt": "x"}}}}
        }}}}"#,
        (0..100).map(|n| n.to_string()).collect::<Vec<_>>().join(", ")
    )
}

fn served(entity: &str, rules: &[(&str, &str, &str, &str)]) -> String {
    let default = if entity == "feature_gate" { "false" } else { r#"{"model": "m-1"}"# };
    let kind = if entity == "feature_gate" { "feature_gate" } else { "dynamic_config" };
    let rule = |(condition, percent, value, group): &(&str, &str, &str, &str)| {
        format!(
            r#"{{"name": "id", "id": "id", "salt": "s", "groupName": {group}, "passPercentage": {percent}, "returnValue": {value}, "conditions": ["{condition}"]}}"#
        )
    };
    let rules: Vec<String> = rules.iter().map(rule).collect();
    format!(
        r#"{{"type": "{kind}", "entity": "{entity}", "enabled": true, "defaultValue": {default}, "idType": "userID", "rules": [{}]}}"#,
        rules.join(", ")
    )
}

#[test]
fn shares_of_specs_are_those_of_the_engine() {
    let half = format!(r#""half": {}"#, served("feature_gate", &[("all", "50", "true", "null")]));
    let holdout = format!(r#""holdout": {}"#, served("holdout", &[("all", "5", "true", "null")]));
    let gate = |rules| served("feature_gate", rules);
    let (control, test) =
        (("500", "100", r#"{"model": "m-1"}"#, r#""Control""#), ("1000", "100", r#"{"model": "m-2"}"#, r#""Test""#));
    let layer = |condition| (condition, "100", "{}", "null");
    let table: [(String, Wanted); 13] = [
        (gate(&[("half", "50", "true", "null")]), &[("true", 25.0)]),
        (gate(&[("unhalf", "10", "true", "null")]), &[("true", 5.0)]),
        (gate(&[("half", "100", "true", "null"), ("all", "10", "true", "null")]), &[("true", 55.0)]),
        (gate(&[("half", "0", "true", "null"), ("half", "100", "true", "null")]), &[]),
        (gate(&[("held", "100", "false", "null"), ("all", "10", "true", "null")]), &[("true", 10.0)]),
        (gate(&[("loop", "50", "true", "null")]), &[("gate loop: true", -1.0)]),
        (
            gate(&[("ids", "100", "true", "null"), ("all", "1", "true", "null")]),
            &[("userID a, b: true", -1.0), ("true", 1.0)],
        ),
        (gate(&[("500", "50", "true", "null")]), &[("true", 25.0)]),
        (served("experiment", &[layer("none"), control, test]), &[("Test", 50.0)]),
        (served("experiment", &[layer("tenth"), control, test]), &[("Test", 5.0)]),
        (served("experiment", &[layer("half"), layer("tenth"), control, test]), &[("Test", 2.5)]),
        (served("experiment", &[layer("segment"), ("all", "100", r#"{"model": "m-2"}"#, r#""Test""#)]), &[]),
        (served("dynamic_config", &[("all", "5", r#"{"model": "m-2"}"#, "null")]), &[("m-2", 5.0)]),
    ];
    for (spec, all) in table {
        let is_gate = spec.contains(r#""feature_gate""#);
        let gates = if is_gate { format!(r#", "loop": {spec}"#) } else { String::new() };
        let configs = if is_gate { String::new() } else { format!(r#""loop": {spec}"#) };
        let found = lower(&specs(&format!("{half}, {holdout}{gates}"), &configs));
        let own: Vec<Rollout> = found.into_iter().filter(|r| &*r.id.name == "loop").collect();
        assert_eq!(stages(&own), wanted(all), "{spec}");
    }
}

#[test]
fn what_a_dynamic_config_serves_is_shipped() {
    let config = format!(r#""model": {}"#, served("dynamic_config", &[("all", "5", r#"{"model": "m-2"}"#, "null")]));
    let found = lower(&specs("", &config));
    let ships: Vec<&str> = found[0].payload.iter().map(|p| &*p.value).collect();
    assert_eq!(ships, ["m-1", "m-2"]);
    assert_eq!((&*found[0].destinations[1].name, found[0].destinations[1].leaning), ("default", -1));
}

#[test]
fn experiments_of_the_console_and_of_terraform() {
    let text = r#"{"data": [{"id": "tone", "idType": "companyID", "allocation": 20, "status": "active", "groups": [
        {"id": "g1", "name": "Control", "size": 50, "parameterValues": {"tone": "dry"}},
        {"id": "g2", "name": "Warm", "size": 50, "parameterValues": {"tone": "warm"}}]}]}"#;
    let found = lower(text);
    assert_eq!(stages(&found), wanted(&[("Warm", 10.0)]));
    assert_eq!(found[0].stages()[0].exposure.known().unwrap().basis, Basis::Tenants);
    assert!(lower(&text.replace("active", "setup")).is_empty());
    let launched = text.replace(r#""active""#, r#""decision_made", "launchedGroupID": "g2""#);
    assert!(lower(&launched).is_empty());
    let found = lower(
        r#"
resource "statsig_experiment" "tone" {
  name       = "tone"
  allocation = var.share
  groups     = [{ name = "A", size = 50, parameter_values = { tone = "dry" } }, { name = "B", size = 40, parameter_values = {} }]
}
"#,
    );
    assert_eq!(stages(&found), wanted(&[("A", -2.0), ("B", -2.0)]));
    assert_eq!(found[0].remarks.len(), 1, "90% in all");
}

#[test]
fn terraform_gates_ask_each_other() {
    let found = lower(
        r#"
resource "statsig_gate" "half" {
  name       = "half"
  is_enabled = true
  rules      = [{ name = "all", pass_percentage = 50, conditions = [{ type = "public" }] }]
}
resource "statsig_gate" "model" {
  name               = "model"
  is_enabled         = true
  id_type            = "companyID"
  monitoring_metrics = [{ name = "error_rate", type = "ratio" }]
  rules = [
    { name = "some", pass_percentage = 10, environments = ["production"],
      conditions = [{ type = "passes_gate", target_value = [statsig_gate.half.name] }] },
  ]
}
"#,
    );
    assert_eq!(stages(&found), wanted(&[("true", 50.0), ("true", 5.0)]));
    assert_eq!((&*found[1].id.name, found[1].environment.as_deref()), ("model", Some("production")));
    assert_eq!((found[1].monitors.len(), found[1].stages()[0].exposure.known().unwrap().written.percent()), (1, 10.0));
}

#[test]
fn a_schedule_is_a_plan() {
    let rule = everyone("2").replace(
        r#""name""#,
        r#""completedAutomatedRollouts": [{"time": 1797913600000, "passPercent": 2}],
        "pendingAutomatedRollouts": [{"time": 1798000000000, "passPercent": 10}, {"time": 1798172800000, "passPercent": 50}], "name""#,
    );
    let found = lower(&gate(&format!("{STAFF}, {rule}")));
    assert!(!found[0].progression.is_live());
    assert_eq!(stages(&found), wanted(&[("staff: true", -1.0), ("?", 2.0), ("?", 10.0), ("?", 50.0)]));
    let holds: Vec<Hold> = found[0].stages().iter().map(|s| *s.hold.known().unwrap()).collect();
    assert_eq!(holds, [Hold::None, Hold::Timed(86_400), Hold::Timed(172_800), Hold::None]);
    assert!(found[0].schedule.is_none(), "it has begun");
    let unbegun = rule
        .replace(r#""passPercentage": 2"#, r#""passPercentage": 0"#)
        .replace(r#""completedAutomatedRollouts": [{"time": 1797913600000, "passPercent": 2}],"#, "");
    let found = lower(&gate(&unbegun));
    assert_eq!(found[0].schedule.as_ref().unwrap().start.value.timestamp(), 1_798_000_000);
    assert_eq!(stages(&found), wanted(&[("?", 10.0), ("?", 50.0)]));
}

#[test]
fn a_pipeline_says_where_and_not_for_how_many() {
    let phase = |name: &str, time: u64, review: bool, environment: &str| {
        format!(
            r#"{{"name": "{name}", "timeIntervalMs": {time}, "requiredReview": {review}, "rules": [{{"name": "r", "environments": ["{environment}"], "conditions": []}}]}}"#
        )
    };
    let of =
        |phases: &[String]| lower(&format!(r#"{{"id": "p", "name": "models", "phases": [{}]}}"#, phases.join(", ")));
    let found = of(&[phase("try", 3_600_000, false, "staging"), phase("live", 0, true, "production")]);
    assert_eq!(stages(&found), wanted(&[("try", -1.0), ("live", -1.0)]));
    assert_eq!(found[0].stages()[0].hold.known(), Some(&Hold::Timed(3600)));
    assert_eq!(found[0].stages()[1].gates[0].kind, GateKind::Approval);
    assert_eq!(stages(&of(&[phase("prod", 0, false, "production")])), wanted(&[("prod", 100.0)]));
}

#[test]
fn what_only_looks_like_it_is_not_claimed() {
    for text in [
        r#"{"name": "g", "ruleID": "r", "idType": "userID", "value": true}"#,
        r#"{"feature_gates": {"h": {"value": true, "rule_id": "r"}}, "dynamic_configs": {}, "layer_configs": {}, "has_updates": true}"#,
        r#"{"id": "h", "passPercentage": 5, "isGlobal": true, "gateIDs": ["g"], "experimentIDs": []}"#,
        r#"{"id": "s", "type": "rule_based", "rules": [{"passPercentage": 10, "conditions": [{"type": "public"}]}]}"#,
        r#"{"rules": [{"name": "x", "percent": 5}], "isEnabled": true}"#,
    ] {
        assert!(lower(text).is_empty(), "{text}");
    }
}
