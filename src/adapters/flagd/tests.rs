use crate::adapters::testing::{Wanted, lower, stages};
use crate::model::{Basis, Hold, Share};

/// A flag of `v1` and `v2` with that default and targeting.
fn flag(default: &str, targeting: &str) -> String {
    format!(
        r#"{{"flags": {{"model": {{"state": "ENABLED", "variants": {{"off": "m-1", "v2": "m-2", "v3": "m-3"}},
        "defaultVariant": {default}, "targeting": {targeting}}}}},
        "$evaluators": {{"friends": {{"in": [{{"var": "tenantId"}}, ["t-1", "t-2"]]}}, "loop": {{"$ref": "loop"}}}}}}"#
    )
}

#[test]
fn shares_are_those_of_the_engine() {
    let table: [(&str, &str, Wanted); 15] = [
        (r#""off""#, r#"{"fractional": [["v2", 5], ["off", 5]]}"#, &[("v2", 50.0)]),
        (r#""off""#, r#"{"fractional": [["v2", 2], ["off", 98]]}"#, &[("v2", 2.0)]),
        (r#""off""#, r#"{"fractional": [["v2"], ["off"], ["off"]]}"#, &[("v2", 33.3333)]),
        (r#""off""#, r#"{"fractional": [["v2", 1], ["off", 1000000]]}"#, &[("v2", 0.0001)]),
        (r#""off""#, r#"{"fractional": [["v2", 5], [null, 95]]}"#, &[("v2", 5.0)]),
        (r#""v2""#, r#"{"fractional": [["off", 5], [null, 95]]}"#, &[("v2", 95.0)]),
        (r#""off""#, r#"{"fractional": [["v2", 5], ["off", 90], ["v2", 5]]}"#, &[("v2", 10.0)]),
        (r#""off""#, r#"{"fractional": [["v2", 10], ["v3", 20], ["off", 70]]}"#, &[("v2", 10.0), ("v3", 20.0)]),
        (r#""off""#, r#"{"fractional": [[{"fractional": [["v2", 1], ["off", 3]]}, 20], ["off", 80]]}"#, &[("v2", 5.0)]),
        (r#""off""#, r#"{"fractional": [["v2", 0], ["v3", 0]]}"#, &[]),
        (r#""off""#, r#"{"fractional": [["v2", 7]]}"#, &[]),
        (r#""off""#, r#"{"fractional": [["v2", {"var": "weight"}], ["off", 5]]}"#, &[("?", -2.0)]),
        (r#""off""#, r#"{"if": [{"$ref": "friends"}, "v2"]}"#, &[("friends: v2", -1.0)]),
        (
            r#""off""#,
            r#"{"if": [{"ends_with": [{"var": "email"}, "@a.example"]}, "v2", {"fractional": [["v2", 1], ["off", 9]]}]}"#,
            &[("email ends with @a.example: v2", -1.0), ("v2", 10.0)],
        ),
        ("null", r#"{"if": [{"==": [{"var": "beta"}, true]}, "off", "off"]}"#, &[]),
    ];
    for (default, targeting, wanted) in table {
        let wanted: Vec<(String, f64)> = wanted.iter().map(|(n, p)| ((*n).to_owned(), *p)).collect();
        assert_eq!(stages(&lower(&flag(default, targeting))), wanted, "{targeting}");
    }
}

#[test]
fn a_ring_tells_whom_it_is_for() {
    let found = lower(&flag(
        r#""off""#,
        r#"{"if": [{"$ref": "friends"}, "v2", {"fractional": [
        {"cat": [{"var": "$flagd.flagKey"}, {"var": "tenantId"}]}, ["v2", 2], ["off", 98]]}]}"#,
    ));
    let audience = found[0].stages()[0].audience.clone().unwrap();
    assert_eq!((&*audience.name, audience.size, audience.customers), ("friends", Some(2), true));
    assert_eq!(found[0].stages()[1].exposure.known().unwrap().basis, Basis::Tenants);
    assert_eq!((&*found[0].service, &*found[0].id.name), ("model", "model"));
}

#[test]
fn what_fails_serves_the_default() {
    for weight in ["-1", "2.5", "\"5\""] {
        let found = lower(&flag(r#""off""#, &format!(r#"{{"fractional": [["v2", {weight}], ["off", 95]]}}"#)));
        assert_eq!((found[0].remarks.len(), found[0].stages().len()), (1, 0), "{weight}");
        assert_eq!((&*found[0].destinations[0].name, found[0].destinations[0].share), ("off", Some(Share::ALL)));
    }
    let found = lower(&flag(r#""v1""#, r#"{"if": {"op": "percentage"}, "then": "v2"}"#));
    assert_eq!((found[0].remarks.len(), found[0].exposure_is_dynamic()), (2, true));
    assert_eq!(lower(&flag(r#""off""#, r#"{"fractional": [["v9", 5], ["off", 95]]}"#))[0].remarks.len(), 1);
    assert!(lower(&flag(r#""off""#, r#"{"if": [{"$ref": "loop"}, "v2", {"$ref": "loop"}]}"#))[0].exposure_is_dynamic());
}

#[test]
fn time_makes_a_ramp() {
    let found = lower(&flag(
        r#""off""#,
        r#"{"fractional": [["v2", {"-": [{"var": "$flagd.timestamp"}, 1740000000]}],
        ["off", {"-": [1740086400, {"var": "$flagd.timestamp"}]}]]}"#,
    ));
    assert_eq!(stages(&found), [("v2".to_owned(), 0.0), ("v2".to_owned(), 100.0)]);
    assert!(!found[0].progression.is_live());
    assert_eq!(found[0].stages()[0].hold.known(), Some(&Hold::Ramp(86_400)));
    assert_eq!(found[0].schedule.as_ref().unwrap().start.value.timestamp(), 1_740_000_000);
    let by_time = r#"{"if": [{">": [{"var": "$flagd.timestamp"}, 1740000000]}, "v2", "off"]}"#;
    assert!(lower(&flag(r#""off""#, by_time))[0].exposure_is_dynamic());
}

#[test]
fn resources_lists_and_what_only_looks_like_it() {
    let resource = "apiVersion: core.openfeature.dev/v1beta1\nkind: FeatureFlag\nmetadata: {name: flags, namespace: web}\nspec: {flagSpec: {flags: {new: {state: ENABLED, variants: {'on': true, 'off': false}, defaultVariant: 'off', targeting: {fractional: [['on', 1], ['off', 19]]}}}}}\n";
    assert_eq!(stages(&lower(resource)), [("on".to_owned(), 5.0)]);
    let list = r#"{"flags": [{"key": "new", "state": "ENABLED", "variants": {"on": true, "no": false}, "defaultVariant": "no", "targeting": {"in": [1, [1]]}}]}"#;
    assert_eq!(lower(list)[0].remarks.len(), 2, "`true` and `false` are no variants of it");
    assert!(
        lower(r#"{"flags": {"new": {"state": "DISABLED", "variants": {"on": true}, "defaultVariant": "on"}}}"#)
            .is_empty()
    );
    assert!(lower(r#"{"flags": {"new": {"enabled": true, "defaultVariant": "on"}}}"#).is_empty());
}
