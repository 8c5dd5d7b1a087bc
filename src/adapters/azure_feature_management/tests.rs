use crate::adapters::testing::{Wanted, lower, stages};
use crate::model::Basis;

fn flag(rest: &str) -> String {
    format!(r#"{{"feature_management": {{"feature_flags": [{{"id": "new", {rest}}}]}}}}"#)
}

/// An enabled flag with those filters.
fn filtered(requirement: &str, filters: &[&str]) -> String {
    let filters = filters.join(", ");
    flag(&format!(
        r#""enabled": "true", "conditions": {{"requirement_type": "{requirement}", "client_filters": [{filters}]}}"#
    ))
}

const FIVE: &str = r#"{"name": "Microsoft.Targeting", "parameters": {"Audience": {"DefaultRolloutPercentage": 5}}}"#;
const TWENTY: &str =
    r#"{"name": "Microsoft.Targeting", "parameters": {"Audience": {"DefaultRolloutPercentage": "20"}}}"#;
const RINGS: &str = r#"{"name": "Microsoft.Targeting", "parameters": {"Audience": {"Users": ["Adam", "Eve"],
    "Groups": [{"Name": "tenant-us", "RolloutPercentage": 100}, {"Name": "b", "RolloutPercentage": 50}, {"Name": "c"}],
    "Exclusion": {"Users": ["Cain"]}}}}"#;
const HALF: &str = r#"{"name": "Percentage", "parameters": {"Value": 50}}"#;
const WINDOW: &str = r#"{"name": "Microsoft.TimeWindow", "parameters": {"Start": "Tue, 27 Jun 2023 06:00:00 GMT"}}"#;
const NO_WINDOW: &str = r#"{"name": "Microsoft.TimeWindow", "parameters": {}}"#;
const CUSTOM: &str = r#"{"name": "Browser", "parameters": {"Allowed": ["Edge"]}}"#;

#[test]
fn shares_are_those_of_the_engine() {
    let in_rings: Wanted = &[("user Adam, Eve: on", -1.0), ("group tenant-us: on", -1.0), ("50% of group b: on", -1.0)];
    let table: [(String, Wanted); 19] = [
        (filtered("Any", &[FIVE]), &[("on", 5.0)]),
        (filtered("Any", &[FIVE, TWENTY]), &[("on", 20.0)]),
        (filtered("All", &[FIVE, TWENTY]), &[("on", 5.0)]),
        (filtered("Any", &[FIVE, HALF]), &[("on", 52.5)]),
        (filtered("All", &[TWENTY, HALF]), &[("on", 10.0)]),
        (filtered("Any", &[HALF]), &[("on", 50.0)]),
        (filtered("Any", &[RINGS]), in_rings),
        (filtered("All", &[RINGS, NO_WINDOW]), &[]),
        (filtered("Any", &[FIVE, WINDOW]), &[("on", -2.0)]),
        (filtered("All", &[FIVE, WINDOW]), &[("on", 5.0)]),
        (filtered("Any", &[FIVE, NO_WINDOW]), &[("on", 5.0)]),
        (filtered("Any", &[WINDOW]), &[]),
        (filtered("All", &[CUSTOM]), &[("?", -2.0)]),
        (filtered("Any", &[FIVE, CUSTOM]), &[("?", -2.0)]),
        (filtered("All", &[CUSTOM, NO_WINDOW]), &[]),
        (filtered("Any", &[]), &[]),
        (filtered("Any", &[FIVE]).replace(r#""true""#, "false"), &[]),
        (filtered("Any", &[FIVE]).replace(r#""enabled": "true","#, ""), &[]),
        (filtered("Any", &[FIVE]).replace(r#""true""#, r#""${ON}""#), &[("?", -2.0)]),
    ];
    for (text, wanted) in table {
        let mut wanted: Vec<(String, f64)> = wanted.iter().map(|(n, p)| ((*n).to_owned(), *p)).collect();
        let found = stages(&lower(&text));
        // What is not known has no name.
        wanted.iter_mut().filter(|(_, p)| *p <= -2.0).for_each(|(n, _)| "?".clone_into(n));
        assert_eq!(found, wanted, "{text}");
    }
}

const VARIANTS: &str = r#""variants": [{"name": "m1", "configuration_value": "m-1"}, {"name": "m2", "configuration_value": {"model": "m-2"}}]"#;

fn allocated(filters: &str, allocation: &str) -> String {
    flag(&format!(
        r#""enabled": true, "conditions": {{"client_filters": [{filters}]}}, {VARIANTS}, "allocation": {{{allocation}}}"#
    ))
}

#[test]
fn variants_share_who_passes() {
    let ten = r#""percentile": [{"variant": "m2", "from": 0, "to": 10}]"#;
    let table: [(String, Wanted); 9] = [
        (allocated("", &format!(r#"{ten}, "default_when_enabled": "m1""#)), &[("m2", 10.0)]),
        (allocated("", ten), &[("m2", 10.0)]),
        (
            allocated(FIVE, &format!(r#"{ten}, "default_when_enabled": "m1", "default_when_disabled": "m1""#)),
            &[("m2", 0.5)],
        ),
        (allocated(TWENTY, &format!(r#"{ten}, "default_when_enabled": "m1""#)), &[("m2", 2.0), ("m1", 18.0)]),
        (
            allocated(
                "",
                r#""percentile": [{"variant": "m1", "from": 0, "to": 50}, {"variant": "m2", "from": 50, "to": 100}]"#,
            ),
            &[("?", -2.0)],
        ),
        (
            allocated(
                "",
                r#""percentile": [{"variant": "m1", "from": 0, "to": 50}, {"variant": "m2", "from": 40, "to": 100}]"#,
            ),
            &[("?", -2.0)],
        ),
        (
            allocated(
                "",
                r#""user": [{"variant": "m2", "users": ["Adam"]}], "group": [{"variant": "m2", "groups": ["g"]}], "default_when_enabled": "m1""#,
            ),
            &[("user Adam: m2", -1.0), ("group g: m2", -1.0)],
        ),
        (allocated("", r#""default_when_enabled": "m2", "default_when_disabled": "m1""#), &[]),
        (allocated(HALF, r#""default_when_enabled": "m2", "default_when_disabled": "m1""#), &[("m2", 50.0)]),
    ];
    for (text, wanted) in table {
        let wanted: Vec<(String, f64)> = wanted.iter().map(|(n, p)| ((*n).to_owned(), *p)).collect();
        assert_eq!(stages(&lower(&text)), wanted, "{text}");
    }
    let found = lower(&allocated("", &format!(r#"{ten}, "default_when_enabled": "m9""#)));
    assert_eq!((found[0].remarks.len(), found[0].payload.len()), (1, 2));
}

#[test]
fn what_a_ring_and_a_share_are_of() {
    let found = lower(&filtered("Any", &[RINGS]));
    let audience = |i: usize| found[0].stages()[i].audience.clone().unwrap();
    assert_eq!((audience(0).size, audience(0).customers, audience(1).customers), (Some(2), false, true));
    let basis = |text: &str| lower(text)[0].stages()[0].exposure.known().unwrap().basis;
    assert_eq!(basis(&filtered("Any", &[HALF])), Basis::Requests);
    assert_eq!(basis(&filtered("Any", &[HALF, FIVE])), Basis::Users);
    let wrong = FIVE.replace('5', "500");
    assert_eq!(lower(&filtered("Any", &[&wrong]))[0].remarks.len(), 1);
    assert_eq!(lower(&flag(r#""enabled": "maybe""#))[0].remarks.len(), 1);
}

#[test]
fn the_map_of_dotnet() {
    let text = r#"{
        // .NET takes comments, and commas at the end.
        "Logging": {"LogLevel": {"Default": "Information"}},
        "FeatureManagement": {
            "On": true, "Off": "false", "Nobody": {"EnabledFor": []}, "Title": "x",
            "Some": {"RequirementType": "All", "EnabledFor": [{"Name": "Percentage", "Parameters": {"Value": 10}}, {"Name": "AlwaysOn"}]},
            "Variants": {"EnabledFor": [{"Name": "AlwaysOn"}], "Variants": [{"Name": "a"}, {"Name": "b"}],
                "Allocation": {"DefaultWhenEnabled": "a", "Percentile": [{"Variant": "b", "From": 0, "To": 25}]}},
        },
    }"#;
    assert_eq!(stages(&lower(text)), [("on".to_owned(), 10.0), ("b".to_owned(), 25.0)]);
    assert_eq!(super::environment("src/appsettings.Production.json").as_deref(), Some("production"));
    assert_eq!(super::environment("src/appsettings.json"), None);
}

#[test]
fn a_flag_alone_and_what_only_looks_like_one() {
    let alone = format!(r#"{{"id": "new", "enabled": true, "conditions": {{"client_filters": [{FIVE}]}}}}"#);
    assert_eq!(stages(&lower(&alone)), [("on".to_owned(), 5.0)]);
    for other in [
        r#"{"FeatureManagement": {"Provider": "custom", "Url": {"x": 1}}}"#,
        r#"{"feature_management": {"feature_flags": {"new": {"rollout": 5}}}}"#,
        r#"{"id": "new", "conditions": []}"#,
    ] {
        assert_eq!(crate::adapters::testing::lower_all(other).rollouts.len(), 0, "{other}");
    }
}
