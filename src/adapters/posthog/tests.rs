use crate::adapters::testing::{Wanted, lower, stages};
use crate::model::Basis;

fn flag(groups: &str, more: &str) -> String {
    format!(
        r#"{{"key": "model", "active": true, "rollout_percentage": null, "filters": {{"groups": [{groups}]{more}}}}}"#
    )
}

/// Groups of everybody with those percentages.
fn public(all: &[&str]) -> String {
    let one = |p: &&str| format!(r#"{{"properties": [], "rollout_percentage": {p}}}"#);
    all.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[test]
fn shares_are_those_of_the_engine() {
    let ring = r#"{"properties": [{"key": "email", "operator": "icontains", "value": "@a.example"}], "rollout_percentage": 50}"#;
    let cohort = r#"{"properties": [{"key": "id", "type": "cohort", "value": 7}], "rollout_percentage": null}"#;
    let two = r#", "multivariate": {"variants": [{"key": "a", "rollout_percentage": 50}, {"key": "b", "rollout_percentage": 30}]}"#;
    let control = r#", "multivariate": {"variants": [{"key": "control", "rollout_percentage": 50}, {"key": "b", "rollout_percentage": 50}]}"#;
    let forced = r#"{"properties": [], "rollout_percentage": 10, "variant": "b"}"#;
    let table: [(String, &str, Wanted); 16] = [
        (public(&["5"]), "", &[("true", 5.0)]),
        (public(&["0.5"]), "", &[("true", 0.5)]),
        (public(&["0"]), "", &[]),
        (public(&["null"]), "", &[]),
        (r#"{"properties": []}"#.to_owned(), "", &[]),
        (String::new(), "", &[]),
        (public(&["10", "20"]), "", &[("true", 20.0)]),
        (public(&["20", "10"]), "", &[("true", 20.0)]),
        (public(&["10", "20"]), r#", "early_exit": true"#, &[("true", 10.0)]),
        (format!("{ring}, {}", public(&["2"])), "", &[("email icontains @a.example: true", -1.0), ("true", 2.0)]),
        (cohort.to_owned(), "", &[("cohort 7: true", -1.0)]),
        (public(&["10"]), two, &[("a", 5.0), ("b", 3.0), ("true", 2.0)]),
        (public(&["10"]), control, &[("b", 5.0)]),
        (format!("{forced}, {}", public(&["30"])), control, &[("b", 20.0)]),
        (forced.replace("\"b\"", "\"c\""), control, &[("b", 5.0)]),
        (public(&["\"x\""]), "", &[("?", -2.0)]),
    ];
    for (groups, more, wanted) in table {
        let wanted: Vec<(String, f64)> = wanted.iter().map(|(n, p)| ((*n).to_owned(), *p)).collect();
        assert_eq!(stages(&lower(&flag(&groups, more))), wanted, "{groups}{more}");
    }
}

#[test]
fn who_is_off_or_deleted_and_lists() {
    let on = flag(&public(&["5"]), "");
    assert!(lower(&on.replace("true", "false")).is_empty());
    assert!(lower(&on.replace(r#""active": true"#, r#""active": true, "deleted": true"#)).is_empty());
    assert_eq!(lower(&format!(r#"{{"results": [{on}]}}"#)).len(), 1);
    assert_eq!(lower(&format!(r#"{{"flags": [{on}], "group_type_mapping": {{}}}}"#)).len(), 1);
}

#[test]
fn tenants_and_payloads() {
    let more = r#", "aggregation_group_type_index": 0, "payloads": {"true": "{\"model\": \"m-2\"}"}"#;
    let ring = r#"{"properties": [{"key": "company_id", "type": "group", "operator": "exact", "value": ["c-1"]}], "rollout_percentage": 100}"#;
    let found = lower(&flag(&format!("{ring}, {}", public(&["2"])), more));
    assert!(found[0].stages()[0].audience.as_ref().unwrap().customers);
    assert_eq!(found[0].stages()[1].exposure.known().unwrap().basis, Basis::Tenants);
    assert_eq!(found[0].payload.len(), 1);
}

#[test]
fn what_only_looks_like_it_is_not_claimed() {
    for text in [
        r#"{"key": "a", "enabled": true, "filters": {"groups": [{"rollout_percentage": 5}]}}"#,
        r#"{"flags": [{"key": "a", "active": true, "rollout_percentage": 5}]}"#,
        r#"{"key": "a", "active": true, "filters": {"groups": 5}, "rollout_percentage": 5}"#,
    ] {
        assert!(lower(text).is_empty(), "{text}");
    }
}
