use crate::adapters::testing::{Wanted, lower, stages};
use crate::model::Basis;

fn owned(wanted: Wanted) -> Vec<(String, f64)> {
    wanted.iter().map(|(n, p)| ((*n).to_owned(), *p)).collect()
}

const EVERYBODY: &str = r#"{"matcherType": "ALL_KEYS", "negate": false}"#;
const STAFF: &str = r#"{"matcherType": "IN_SEGMENT", "negate": false, "userDefinedSegmentMatcherData": {"segmentName": "staff"}, "keySelector": {"trafficType": "user", "attribute": null}}"#;
const KEYS: &str =
    r#"{"matcherType": "WHITELIST", "negate": false, "whitelistMatcherData": {"whitelist": ["a-1", "a-2"]}}"#;
const OTHER: &str =
    r#"{"matcherType": "IN_SPLIT_TREATMENT", "dependencyMatcherData": {"split": "x", "treatments": ["on"]}}"#;

fn condition(kind: &str, matchers: &str, sizes: &[(&str, &str)]) -> String {
    let part = |(treatment, size): &(&str, &str)| format!(r#"{{"treatment": "{treatment}", "size": {size}}}"#);
    let parts: Vec<String> = sizes.iter().map(part).collect();
    let kind = if kind.is_empty() { String::new() } else { format!(r#""conditionType": "{kind}", "#) };
    let parts = parts.join(", ");
    format!(r#"{{{kind}"matcherGroup": {{"combiner": "AND", "matchers": [{matchers}]}}, "partitions": [{parts}]}}"#)
}

fn flag(head: &str, conditions: &[String]) -> String {
    let all = conditions.join(", ");
    format!(r#"{{"ff": {{"d": [{{"name": "model", "defaultTreatment": "off"{head}, "conditions": [{all}]}}]}}}}"#)
}

fn rest(sizes: &[(&str, &str)]) -> String {
    condition("ROLLOUT", EVERYBODY, sizes)
}

#[test]
fn shares_are_those_of_the_engine() {
    let five = || rest(&[("on", "5"), ("off", "95")]);
    let untyped = || condition("", EVERYBODY, &[("on", "5"), ("off", "95")]);
    let keys = || condition("WHITELIST", KEYS, &[("on", "100")]);
    let staff = || condition("ROLLOUT", STAFF, &[("on", "100")]);
    let table: [(&str, Vec<String>, Wanted); 21] = [
        ("", vec![five()], &[("on", 5.0)]),
        (r#", "trafficAllocation": 5"#, vec![five()], &[("on", 0.25)]),
        (r#", "trafficAllocation": 5"#, vec![rest(&[("on", "100")])], &[("on", 5.0)]),
        (r#", "trafficAllocation": 0"#, vec![five()], &[("on", 0.0)]),
        (r#", "trafficAllocation": 5"#, vec![untyped()], &[("on", 5.0)]),
        (r#", "trafficAllocation": 50"#, vec![staff(), untyped()], &[("segment staff: on", -1.0), ("on", 2.5)]),
        (r#", "trafficAllocation": 50"#, vec![keys(), five()], &[("key a-1, a-2: on", -1.0), ("on", 2.5)]),
        (r#", "trafficAllocation": "all""#, vec![five()], &[("?", -2.0)]),
        (r#", "killed": true"#, vec![five()], &[]),
        (r#", "killed": "{{ k }}""#, vec![five()], &[("?", -2.0)]),
        (r#", "status": "ARCHIVED""#, vec![five()], &[]),
        ("", vec![rest(&[("on", "100"), ("off", "0")])], &[]),
        ("", vec![rest(&[("on", "0.5"), ("off", "99.5")])], &[("on", 0.0)]),
        ("", vec![rest(&[("v1", "10"), ("v2", "20"), ("off", "70")])], &[("v1", 10.0), ("v2", 20.0)]),
        ("", vec![rest(&[("on", "10"), ("off", "30"), ("on", "60")])], &[("on", 70.0)]),
        ("", vec![rest(&[("on", "10")])], &[("on", 10.0)]),
        ("", vec![rest(&[("on", "60"), ("v2", "60")])], &[("on", 60.0), ("v2", 40.0)]),
        ("", vec![five(), rest(&[("on", "100")])], &[("on", 5.0)]),
        ("", vec![condition("ROLLOUT", OTHER, &[("on", "100")])], &[("?", -2.0)]),
        ("", vec![condition("ROLLOUT", &EVERYBODY.replace("false", "true"), &[("on", "100")])], &[]),
        ("", vec![], &[]),
    ];
    for (head, conditions, wanted) in table {
        let text = flag(head, &conditions);
        assert_eq!(stages(&lower(&text)), owned(wanted), "{text}");
    }
}

#[test]
fn what_is_written_and_what_is_served() {
    let found = lower(&flag(r#", "trafficAllocation": 5"#, &[rest(&[("on", "5"), ("off", "95")])]));
    let exposure = *found[0].stages()[0].exposure.known().unwrap();
    assert_eq!((exposure.written.percent(), exposure.judged().percent()), (5.0, 0.25));
    assert_eq!(lower(&flag("", &[rest(&[("on", "10")])]))[0].remarks.len(), 1, "sizes that do not add up");
}

#[test]
fn the_traffic_type_tells_the_unit_and_configurations_ship() {
    let head = r#", "trafficTypeName": "account", "configurations": {"on": "{\"model\": \"m-2\"}"}"#;
    let found =
        lower(&flag(head, &[condition("WHITELIST", KEYS, &[("on", "100")]), rest(&[("on", "2"), ("off", "98")])]));
    assert_eq!(found[0].stages()[1].exposure.known().unwrap().basis, Basis::Tenants);
    let ring = found[0].stages()[0].audience.as_ref().unwrap();
    assert_eq!((&*ring.name, ring.size, ring.customers), ("account a-1, a-2", Some(2), true));
    assert_eq!(found[0].contents(), [("on", r#"{"model": "m-2"}"#)]);
}

#[test]
fn older_lists_and_single_definitions() {
    let one = flag("", &[rest(&[("on", "5"), ("off", "95")])]);
    let alone = one.trim_start_matches(r#"{"ff": {"d": ["#).trim_end_matches("]}}");
    for text in [alone.to_owned(), format!(r#"{{"splits": [{alone}], "till": 1}}"#), format!("[{alone}]")] {
        assert_eq!(stages(&lower(&text)), owned(&[("on", 5.0)]), "{text}");
    }
}

#[test]
fn requests_list_keys_before_rules() {
    let text = r#"{"name": "model", "environment": {"name": "production"}, "trafficType": {"name": "user"},
        "treatments": [{"name": "on", "keys": ["u-1"], "segments": ["staff"]}, {"name": "off"}],
        "defaultTreatment": "off", "trafficAllocation": 50,
        "rules": [{"condition": {"matchers": [{"type": "IN_LIST_STRING", "attribute": "plan", "strings": ["pro"]}]},
            "buckets": [{"treatment": "on", "size": 100}]}],
        "defaultRule": [{"treatment": "on", "size": 4}, {"treatment": "off", "size": 96}]}"#;
    let found = lower(text);
    let wanted: Wanted = &[("user u-1: on", -1.0), ("segment staff: on", -1.0), ("plan pro: on", -1.0), ("on", 2.0)];
    assert_eq!((stages(&found), found[0].environment.as_deref()), (owned(wanted), Some("production")));
    assert!(lower(&text.replace("\"trafficAllocation\"", "\"killed\": true, \"trafficAllocation\"")).is_empty());
}

#[test]
fn localhost_files_name_a_treatment_for_keys_or_for_all() {
    let table: [(&str, Wanted); 4] = [
        ("- a: {treatment: \"on\"}\n", &[]),
        ("- a: {treatment: \"on\", keys: [x, y]}\n- a: {treatment: \"off\"}\n", &[("key x, y: on", -1.0)]),
        ("- a: {treatment: \"off\"}\n- a: {treatment: \"on\", keys: x}\n", &[("key x: on", -1.0)]),
        ("- a: {treatment: \"on\", config: \"{}\"}\n- b: {treatment: \"v2\", keys: x}\n", &[("key x: v2", -1.0)]),
    ];
    for (text, wanted) in table {
        assert_eq!(stages(&lower(text)), owned(wanted), "{text}");
    }
    let found = lower("- a: {treatment: \"on\", keys: x}\n- b: {treatment: on}\n");
    assert_eq!(found.iter().map(|r| r.remarks.len()).collect::<Vec<_>>(), [0, 1], "a boolean to readers of YAML 1.1");
}

#[test]
fn keys_that_are_filled_in_later_are_a_ring() {
    let text =
        flag("", &[condition("WHITELIST", &KEYS.replace(r#"["a-1", "a-2"]"#, r#"["{{ a }}"]"#), &[("on", "100")])]);
    assert_eq!(stages(&lower(&text)), owned(&[("key {{ a }}: on", -1.0)]));
}

#[test]
fn what_only_looks_like_it_is_not_claimed() {
    assert!(lower("- a: {treatment: rest, dose: 5}\n").is_empty());
    assert!(lower(r#"{"name": "x", "conditions": [{"if": "y"}], "defaultTreatment": "off"}"#).is_empty());
}
