use crate::adapters::testing::{Wanted, lower, stages};
use crate::model::{Basis, Share};

/// A context with the feature `new` and those segments.
fn context(feature: &str, segments: &str) -> String {
    format!(
        r#"{{"environment": {{"key": "prod", "name": "Production"}},
        "features": {{"new": {{"key": "1", "name": "new", {feature}}}}}, "segments": {{{segments}}}}}"#
    )
}

/// A segment with that rule, whose override sets `new`.
fn segment(name: &str, rule: &str, set: &str) -> String {
    format!(
        r#""{name}": {{"key": "{name}", "name": "{name}", "rules": [{rule}], "overrides": [{{"key": "1", "name": "new", {set}}}]}}"#
    )
}

fn split(kind: &str, percent: &str, more: &str) -> String {
    format!(
        r#"{{"type": "{kind}", "conditions": [{{"operator": "PERCENTAGE_SPLIT", "property": "$.identity.key", "value": {percent}}}{more}]}}"#
    )
}

const OFF: &str = r#""enabled": false, "value": null"#;
const ON: &str = r#""enabled": true, "value": null"#;
const BETA: &str = r#", {"operator": "EQUAL", "property": "beta", "value": "true"}"#;

#[test]
fn shares_are_those_of_the_engine() {
    let one = |rule: String| context(OFF, &segment("s", &rule, ON));
    let two = context(
        OFF,
        &[segment("a", &split("ALL", "\"10\"", ""), ON), segment("b", &split("ALL", "\"50\"", ""), ON)].join(", "),
    );
    let nested = format!(r#"{{"type": "ALL", "conditions": [], "rules": [{}]}}"#, split("ANY", "\"5\"", ""));
    let here = r#"{"type": "ANY", "conditions": [{"operator": "EQUAL", "property": "$.environment.name", "value": "Production"}]}"#;
    let variants = |all: &str| context(&format!(r#""enabled": true, "value": "m-1", "variants": [{all}]"#), "");
    let table: [(String, Wanted); 19] = [
        (
            context(
                OFF,
                &segment("s", here, r#""enabled": true, "value": "m-1", "variants": [{"value": "m-2", "weight": 5}]"#),
            ),
            &[("m-2", 5.0)],
        ),
        (one(split("ALL", "\"2\"", "")), &[("on", 2.0)]),
        (one(split("ALL", "0.5", "")), &[("on", 0.5)]),
        (one(split("ALL", "\"20\"", BETA)), &[("20% of segment s: on", -1.0)]),
        (one(split("ANY", "\"20\"", BETA)), &[("segment s: on", -1.0), ("on", 20.0)]),
        (one(split("NONE", "\"98\"", "")), &[("on", 2.0)]),
        (one(format!("{}, {}", split("ALL", "\"20\"", ""), split("ALL", "\"5\"", ""))), &[("on", 5.0)]),
        (one(nested), &[("on", 5.0)]),
        (one(here.to_owned()), &[]),
        (one(here.replace("Production", "Test")), &[]),
        (one(String::new()), &[]),
        (one(split("ALL", "\"${P}\"", "")), &[("?", -2.0)]),
        (two, &[("on", 55.0)]),
        (context(ON, &segment("s", &split("ALL", "\"2\"", ""), ON)), &[]),
        (variants(r#"{"value": "m-2", "weight": 5, "priority": 1}"#), &[("m-2", 5.0)]),
        (
            variants(
                r#"{"value": "m-2", "weight": 70, "priority": 20}, {"value": "m-3", "weight": 60, "priority": 10}"#,
            ),
            &[("m-3", 60.0), ("m-2", 40.0)],
        ),
        (variants(r#"{"value": "m-2", "weight": 0}"#), &[("m-2", 0.0)]),
        (variants(r#"{"value": "m-2", "weight": 5}"#).replace("true", "false"), &[]),
        (
            context(
                r#""enabled": true, "value": "m-1""#,
                &segment("s", &split("ALL", "\"5\"", ""), r#""enabled": true, "value": "m-2""#),
            ),
            &[("m-2", 5.0)],
        ),
    ];
    for (text, wanted) in table {
        let wanted: Vec<(String, f64)> = wanted.iter().map(|(n, p)| ((*n).to_owned(), *p)).collect();
        assert_eq!(stages(&lower(&text)), wanted, "{text}");
    }
}

#[test]
fn the_lowest_priority_comes_first() {
    let with = |percent: &str, set: &str, priority: u8| {
        let set = format!(r#"{set}, "priority": {priority}"#);
        segment(&format!("s{priority}"), &split("ALL", percent, ""), &set)
    };
    let off_first = context(OFF, &[with("\"50\"", ON, 2), with("\"50\"", OFF, 1)].join(", "));
    assert_eq!(stages(&lower(&off_first)), [("on".to_owned(), 25.0)]);
    let found =
        lower(&context(OFF, &segment("s", &split("ALL", "\"2\"", "").replace("$.identity.key", "company_id"), ON)));
    let exposure = found[0].stages()[0].exposure.known().unwrap();
    assert_eq!((exposure.effective, exposure.basis), (Some(Share::of(2, 100)), Basis::Tenants));
    let listed =
        r#"{"type": "ALL", "conditions": [{"operator": "IN", "property": "organisation_id", "value": "1,2"}]}"#;
    let audience = lower(&context(OFF, &segment("friends", listed, ON)))[0].stages()[0].audience.clone().unwrap();
    assert_eq!((&*audience.name, audience.size, audience.customers), ("segment friends", Some(2), true));
    assert_eq!(lower(&context(OFF, &segment("s", &split("ALL", "\"200\"", ""), ON)))[0].remarks.len(), 1);
}

const DOCUMENT: &str = r#"{"api_key": "k", "name": "Production", "project": {"organisation": {"stop_serving_flags": false}, "segments": [
    {"id": 7, "name": "few", "rules": [{"type": "ALL", "rules": [{"type": "ANY", "rules": [], "conditions": [
        {"operator": "PERCENTAGE_SPLIT", "property_": null, "value": "5"}]}]}],
        "feature_states": [{"feature": {"name": "new"}, "enabled": true, "feature_state_value": null, "feature_segment": {"priority": 0}}]}]},
    "feature_states": [{"feature": {"name": "new"}, "enabled": false, "feature_state_value": null, "multivariate_feature_state_values": []},
        {"feature": {"name": "model"}, "enabled": true, "feature_state_value": "m-1", "multivariate_feature_state_values": [
            {"percentage_allocation": 10.0, "multivariate_feature_option": {"value": "m-2"}}]}],
    "identity_overrides": [{"identifier": "ann", "identity_features": [{"feature": {"name": "new"}, "enabled": true, "feature_state_value": null}]}]}"#;

#[test]
fn environment_documents_and_answers() {
    let wanted = [("identity ann: on", -1.0), ("on", 5.0), ("m-2", 10.0)];
    let found = lower(DOCUMENT);
    assert_eq!(stages(&found), wanted.map(|(n, p)| (n.to_owned(), p)));
    assert_eq!(found[0].environment.as_deref(), Some("Production"));
    let stopped = DOCUMENT.replace("\"stop_serving_flags\": false", "\"stop_serving_flags\": true");
    assert!(lower(&stopped).is_empty());
    let elsewhere = DOCUMENT.replace(
        "\"name\": \"Production\",",
        "\"segment_overrides\": [{\"segment_id\": 9, \"feature\": {\"name\": \"new\"}, \"enabled\": true}],",
    );
    assert!(lower(&elsewhere)[0].exposure_is_dynamic(), "a segment that the file does not hold");
    let answers = r#"[{"feature": {"name": "new"}, "enabled": true, "feature_state_value": "x"}]"#;
    assert!(lower(answers).is_empty(), "one value for everybody");
}

#[test]
fn what_only_looks_like_it_is_not_claimed() {
    for other in [
        r#"{"environment": {"key": "x"}, "features": {"new": {"rollout": 5}}, "segments": {}}"#,
        r#"{"features": {"new": {"enabled": true, "value": 1}}}"#,
        r#"{"feature_states": {"new": true}}"#,
        r#"[{"enabled": true, "feature": "new"}]"#,
    ] {
        assert!(!crate::adapters::testing::with_root(other, |root| super::context(root).is_some()), "{other}");
        assert!(lower(other).is_empty(), "{other}");
    }
}
