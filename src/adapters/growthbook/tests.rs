use crate::adapters::testing::{Wanted, lower, stages};
use crate::model::{Action, Basis, CriterionClass, Evaluated, Hold, Share};

fn feature(rules: &str) -> String {
    format!(r#"{{"features": {{"model": {{"defaultValue": "control", "rules": [{rules}]}}}}}}"#)
}

#[test]
fn shares_are_those_of_the_engine() {
    let table: [(&str, Wanted); 20] = [
        (r#"{"force": "m-2", "coverage": 0.05}"#, &[("m-2", 5.0)]),
        (r#"{"force": "m-2", "coverage": 0}"#, &[("m-2", 0.0)]),
        (r#"{"force": "m-2", "coverage": 5}"#, &[]),
        (r#"{"force": "m-2"}"#, &[]),
        (r#"{"force": "m-2", "coverage": 0.01, "range": [0.2, 0.6]}"#, &[("m-2", 40.0)]),
        (r#"{"force": "m-2", "coverage": 0.1}, {"force": "m-3", "coverage": 0.3}"#, &[("m-2", 10.0), ("m-3", 20.0)]),
        (
            r#"{"force": "m-2", "coverage": 0.1}, {"force": "m-3", "coverage": 0.3, "seed": "x"}"#,
            &[("m-2", 10.0), ("m-3", 27.0)],
        ),
        (r#"{"force": "m-2", "coverage": 0.3}, {"force": "control"}"#, &[("m-2", 30.0)]),
        (r#"{"force": "control"}, {"force": "m-2", "coverage": 0.3}"#, &[]),
        (r#"{"variations": ["control", "m-2"]}"#, &[("m-2", 50.0)]),
        (r#"{"variations": ["control", "m-2"], "weights": [0.9, 0.1], "coverage": 0.5}"#, &[("m-2", 5.0)]),
        (r#"{"variations": ["control", "m-2"], "weights": [98, 2]}"#, &[("m-2", 50.0)]),
        (r#"{"variations": ["control", "m-2", "m-3"], "weights": [0.9, 0.1]}"#, &[("m-2", 33.3333), ("m-3", 33.3333)]),
        (r#"{"variations": ["control", "m-2"], "weights": [0.5, 0.505]}"#, &[("m-2", 50.0)]),
        (r#"{"variations": ["control", "m-2"], "ranges": [[0, 0.1], [0.1, 0.12]], "coverage": 0.01}"#, &[("m-2", 2.0)]),
        (r#"{"variations": ["control", "m-2"], "namespace": ["n", 0, 0.2]}"#, &[("m-2", 10.0)]),
        (
            r#"{"variations": ["control", "m-2"], "filters": [{"seed": "n", "ranges": [[0, 0.1], [0.5, 0.6]]}]}"#,
            &[("m-2", 10.0)],
        ),
        (r#"{"force": "m-2", "coverage": "${SHARE}"}"#, &[("?", -2.0)]),
        (
            r#"{"condition": {"company": {"$in": ["us", "friend"]}}, "force": "m-2"}, {"force": "m-2", "coverage": 0.02}"#,
            &[("company us, friend: m-2", -1.0), ("m-2", 2.0)],
        ),
        (r#"{"condition": {"beta": true}, "variations": ["control", "m-2"]}, {}"#, &[("beta true: m-2", -1.0)]),
    ];
    for (rules, wanted) in table {
        let wanted: Vec<(String, f64)> = wanted.iter().map(|(n, p)| ((*n).to_owned(), *p)).collect();
        assert_eq!(stages(&lower(&feature(rules))), wanted, "{rules}");
    }
}

#[test]
fn what_the_engine_replaces_is_remarked_on() {
    let found =
        lower(&feature(r#"{"variations": ["control", "m-2"], "weights": [98, 2], "hashAttribute": "company"}"#));
    let exposure = found[0].stages()[0].exposure.known().unwrap();
    assert_eq!((found[0].remarks.len(), exposure.written.percent(), exposure.basis), (1, 2.0, Basis::Tenants));
    assert_eq!(lower(&feature(r#"{"force": "m-2", "coverage": 5}"#))[0].remarks.len(), 1);
    let found = lower(&feature(r#"{"condition": {"company": {"$in": ["us", "friend"]}}, "force": "m-2"}"#));
    let audience = found[0].stages()[0].audience.clone().unwrap();
    assert_eq!((audience.size, audience.customers), (Some(2), true));
}

#[test]
fn the_rest_api_has_environments() {
    let text = r#"{"features": [{"id": "new", "valueType": "boolean", "defaultValue": "false", "environments": {
        "production": {"enabled": true, "rules": [
            {"type": "force", "value": "true", "condition": "{\"company\": \"us\"}", "enabled": true},
            {"type": "force", "value": "true", "condition": "", "enabled": false},
            {"type": "rollout", "value": "true", "coverage": 0.1, "hashAttribute": "id"}]},
        "test": {"enabled": false, "rules": [{"type": "rollout", "value": "true", "coverage": 0.1}]},
        "dev": {"enabled": true, "rules": [{"type": "experiment", "coverage": 0.5, "trackingKey": "t", "value": [
            {"value": "false", "weight": 0.8}, {"value": "true", "weight": 0.2}]}]},
        "stage": {"enabled": true, "rules": [{"type": "experiment-ref", "experimentId": "e",
            "variations": [{"variationId": "a", "value": "false"}, {"variationId": "b", "value": "true"}]}]}}}]}"#;
    let found = lower(text);
    let places: Vec<_> = found.iter().filter_map(|f| f.environment.as_deref()).collect();
    assert_eq!(places, ["production", "dev", "stage"]);
    let wanted = [("{\"company\": \"us\"}: true", -1.0), ("true", 10.0), ("true", 10.0), ("?", -2.0)];
    assert_eq!(stages(&found), wanted.map(|(n, p)| (n.to_owned(), p)));
}

const RAMP: &str = r#"{"name": "models", "targets": [{"entityId": "answer-model", "environment": "production"}],
    "startDate": "2026-11-24T10:00:00Z", "status": "ready",
    "monitoringConfig": {"guardrailMetricIds": ["met_error_rate"], "signalMetricIds": ["met_latency_p95"], "srmAction": "rollback", "updateScheduleMinutes": 30},
    "steps": [
        {"interval": 86400, "monitored": true, "actions": [{"targetType": "feature-rule", "targetId": "t", "patch": {"ruleId": "r", "coverage": 0.02}}]},
        {"interval": 3600, "holdConditions": {"requiresApproval": true}, "actions": []},
        {"interval": null, "actions": [{"targetType": "feature-rule", "targetId": "t", "patch": {"ruleId": "r", "coverage": 0.5}}]}]}"#;

#[test]
fn a_ramp_is_a_plan_that_ends_with_everybody() {
    let found = lower(RAMP);
    let percents: Vec<f64> = stages(&found).into_iter().map(|(_, p)| p).collect();
    assert_eq!(percents, [2.0, 2.0, 50.0, 100.0]);
    let holds: Vec<_> = found[0].stages().iter().map(|s| *s.hold.known().unwrap()).collect();
    assert_eq!(holds, [Hold::Timed(86_400), Hold::Timed(3600), Hold::None, Hold::None]);
    assert_eq!((&*found[0].service, found[0].environment.as_deref()), ("answer-model", Some("production")));
    assert!(found[0].schedule.is_some() && !found[0].progression.is_live() && found[0].stages()[3].implied);
    let ended = RAMP.replace("\"ready\"", "\"completed\"");
    assert!(lower(&ended).is_empty());
    let whole = RAMP.replace("\"coverage\": 0.5", "\"coverage\": 1");
    assert_eq!(lower(&whole)[0].stages().len(), 3);
    let capped = RAMP.replace("0.02", "0.8");
    assert_eq!((lower(&capped)[0].remarks.len(), lower(&capped)[0].stages()[0].share().unwrap().percent()), (1, 50.0));
    let older = RAMP.replace("\"interval\": 86400", "\"trigger\": {\"type\": \"interval\", \"seconds\": 60}");
    assert_eq!(lower(&older)[0].stages()[0].share(), Some(Share::of(1, 100)));
    assert_eq!(lower(&older)[0].stages()[0].hold.known(), Some(&Hold::Timed(60)));
}

#[test]
fn guardrails_have_no_number() {
    let found = lower(RAMP);
    let criteria = &found[0].rollback.criteria;
    let told: Vec<_> = criteria.iter().map(|c| (c.class, c.action)).collect();
    let (test, other) = (CriterionClass::Statistical, CriterionClass::Opaque);
    assert_eq!(told, [(test, Action::Rollback), (test, Action::Pause), (other, Action::Rollback)]);
    assert_eq!((criteria[0].covers.first, criteria[0].covers.last, found[0].monitors.len()), (0, 0, 2));
    assert!(criteria[0].cannot_fire.is_none());
    let seldom = RAMP.replace("\"updateScheduleMinutes\": 30", "\"updateScheduleMinutes\": 2880");
    assert!(lower(&seldom)[0].rollback.criteria[0].cannot_fire.is_some());
    let nobody = RAMP.replace("\"monitored\": true, ", "");
    assert!(matches!(lower(&nobody)[0].rollback.criteria[0].evaluated, Evaluated::No(_)));
}

#[test]
fn a_safe_rollout_gives_half_of_each_step() {
    let text = r#"{"featureId": "answer-model", "environment": "production", "status": "running", "autoRollback": false,
        "guardrailMetricIds": ["errors"], "maxDuration": {"amount": 2, "unit": "days"},
        "rampUpSchedule": {"enabled": true, "steps": [{"percent": 0.1}, {"percent": 1}]}}"#;
    let found = lower(text);
    assert_eq!(stages(&found).into_iter().map(|(_, p)| p).collect::<Vec<_>>(), [5.0, 50.0, 100.0]);
    assert_eq!(found[0].rollback.criteria[0].action, Action::Notify);
    assert_eq!(found[0].stages()[0].exposure.known().unwrap().written, Share::of(10, 100));
    assert_eq!(found[0].stages()[1].hold.known(), Some(&Hold::Gated));
}

#[test]
fn forms_and_what_only_looks_like_them() {
    let bare = r#"{"new": {"defaultValue": false, "rules": [{"force": true, "coverage": 0.5}]}}"#;
    assert_eq!(stages(&lower(bare)), [("true".to_owned(), 50.0)]);
    assert!(lower(r#"{"status": 200, "encryptedFeatures": "a.b"}"#)[0].exposure_is_dynamic());
    for other in [
        r#"{"features": {"ghcr.io/devcontainers/features/node:1": {"version": "lts"}}}"#,
        r#"{"features": {"new": {"defaultValue": true, "rollout": 5}}}"#,
        r#"{"parameters": {"name": {"type": "string", "defaultValue": "x"}}}"#,
        r#"{"feature": [["name", {"features": {}}, "x"]], "specVersion": 5}"#,
        r#"{"steps": [{"interval": 5, "actions": []}]}"#,
    ] {
        assert!(lower(other).is_empty(), "{other}");
    }
}
