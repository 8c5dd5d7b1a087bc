use crate::adapters::testing::{Wanted, lower, stages};
use crate::model::Basis;

fn file(setting: &str) -> String {
    format!(
        r#"{{"p": {{"u": "https://cdn-global.configcat.com", "r": 0, "s": "x"}}, "s": [{{"n": "staff", "r": []}}], "f": {{"model": {{{setting}}}}}}}"#
    )
}

/// Percentage options of booleans.
fn options(all: &[(i64, bool)]) -> String {
    let one = |(p, v): &(i64, bool)| format!(r#"{{"p": {p}, "v": {{"b": {v}}}}}"#);
    format!(r#""p": [{}]"#, all.iter().map(one).collect::<Vec<_>>().join(", "))
}

#[test]
fn shares_are_those_of_the_engine() {
    let off = r#""t": 0, "v": {"b": false}"#;
    let rule = |condition: &str, served: &str| format!(r#"{off}, "r": [{{"c": [{condition}], {served}}}]"#);
    let on = r#""s": {"v": {"b": true}}"#;
    let tenant = r#"{"u": {"a": "TenantId", "c": 28, "s": "t-us"}}"#;
    let table: [(String, Wanted); 16] = [
        (format!("{off}, {}", options(&[(2, true), (98, false)])), &[("true", 2.0)]),
        (format!("{off}, {}", options(&[(0, true), (100, false)])), &[]),
        (format!("{off}, {}", options(&[(2, true)])), &[]),
        (format!("{off}, {}", options(&[(60, false), (60, true)])), &[("true", 40.0)]),
        (format!("{off}, {}", options(&[(5, true), (90, false), (5, true)])), &[("true", 10.0)]),
        (format!("{off}, {}", options(&[(120, true)])), &[("?", -2.0)]),
        (off.to_owned(), &[]),
        (off.replace("false", "true"), &[]),
        (rule(tenant, on), &[("TenantId t-us: true", -1.0)]),
        (rule(r#"{"s": {"s": 0, "c": 0}}"#, on), &[("segment staff: true", -1.0)]),
        (rule(r#"{"p": {"f": "other", "c": 0, "v": {"b": true}}}"#, on), &[("flag other is true: true", -1.0)]),
        (rule(tenant, &options(&[(10, true), (90, false)])), &[("TenantId t-us: true", -1.0)]),
        (rule(tenant, r#""s": {"v": {"b": false}}"#), &[]),
        (
            r#""t": 1, "v": {"s": "m-1"}, "p": [{"p": 5, "v": {"s": "m-2"}}, {"p": 95, "v": {"s": "m-1"}}]"#.to_owned(),
            &[("m-2", 5.0)],
        ),
        (
            r#""t": 0, "v": false, "p": [{"o": 0, "p": 5, "v": true}, {"o": 1, "p": 95, "v": false}]"#.to_owned(),
            &[("true", 5.0)],
        ),
        (
            r#""t": 0, "v": false, "r": [{"o": 0, "a": "Email", "t": 2, "c": "@a.example", "v": true}]"#.to_owned(),
            &[("Email contains @a.example: true", -1.0)],
        ),
    ];
    for (setting, wanted) in table {
        let wanted: Vec<(String, f64)> = wanted.iter().map(|(n, p)| ((*n).to_owned(), *p)).collect();
        assert_eq!(stages(&lower(&file(&setting))), wanted, "{setting}");
    }
}

#[test]
fn percentages_below_a_hundred_are_an_error() {
    let found = lower(&file(&format!(r#""t": 0, "v": {{"b": true}}, {}"#, options(&[(2, true)]))));
    assert_eq!((found[0].remarks.len(), found[0].stages().len()), (1, 0));
    assert_eq!(&*found[0].destinations[0].name, "the caller's default");
}

#[test]
fn a_ring_of_customers_and_shares_of_tenants() {
    let found = lower(&file(&format!(
        r#""t": 0, "a": "TenantId", "v": {{"b": false}}, {}, "r": [{{"c": [{{"u": {{"a": "TenantId", "c": 16, "l": ["h1", "h2"]}}}}], "s": {{"v": {{"b": true}}}}}}]"#,
        options(&[(2, true), (98, false)])
    )));
    let audience = found[0].stages()[0].audience.clone().unwrap();
    assert_eq!((&*audience.name, audience.size, audience.customers), ("TenantId 2 hashed values", Some(2), true));
    assert_eq!(found[0].stages()[1].exposure.known().unwrap().basis, Basis::Tenants);
}

#[test]
fn what_only_looks_like_it_is_not_claimed() {
    for text in [
        r#"{"f": {"a": {"t": 1, "v": "x", "p": [{"p": 5}]}}}"#,
        r#"{"f": {"a": {"t": 9, "v": {"b": true}, "p": [{"p": 5, "v": {"b": true}}]}}}"#,
        r#"{"flags": {"a": true}}"#,
        r#"{"f": {}}"#,
    ] {
        assert!(lower(text).is_empty(), "{text}");
    }
}
