use crate::adapters::testing::{Wanted, lower, stages};

/// A file with the flag `model` of that body.
fn file(flag: &str) -> String {
    format!(
        "version: \"1.5\"\nnamespace: production\nflags:\n  - {{key: model, name: Model, {flag}}}\nsegments:\n  - {{key: all, name: All, match_type: ANY_MATCH_TYPE}}\n  - {{key: staff, match_type: ALL_MATCH_TYPE, constraints: [{{type: STRING_COMPARISON_TYPE, property: email, operator: suffix, value: '@our.example'}}]}}\n  - {{key: friends, match_type: ALL_MATCH_TYPE, constraints: [{{type: STRING_COMPARISON_TYPE, property: tenant_id, operator: isoneof, value: '[\"t-1\",\"t-2\"]'}}]}}\n"
    )
}

fn boolean(enabled: bool, rollouts: &str) -> String {
    file(&format!("type: BOOLEAN_FLAG_TYPE, enabled: {enabled}, rollouts: [{rollouts}]"))
}

fn variant(rules: &str) -> String {
    file(&format!(
        "type: VARIANT_FLAG_TYPE, enabled: true, variants: [{{key: v1, default: true, attachment: {{model: m-1}}}}, {{key: v2, attachment: {{model: m-2}}}}, {{key: v3}}], rules: [{rules}]"
    ))
}

fn expect(table: &[(&str, Wanted)], text: impl Fn(&str) -> String) {
    for (written, wanted) in table {
        let wanted: Vec<(String, f64)> = wanted.iter().map(|(n, p)| ((*n).to_owned(), *p)).collect();
        assert_eq!(stages(&lower(&text(written))), wanted, "{written}");
    }
}

#[test]
fn boolean_shares_are_those_of_the_engine() {
    let table: [(&str, Wanted); 12] = [
        ("", &[]),
        ("{threshold: {percentage: 2, value: true}}", &[("true", 2.0)]),
        ("{threshold: {percentage: 0.5, value: true}}", &[("true", 1.0)]),
        ("{threshold: {percentage: 2.5, value: true}}", &[("true", 3.0)]),
        ("{threshold: {percentage: 10, value: true}}, {threshold: {percentage: 30, value: true}}", &[("true", 30.0)]),
        ("{threshold: {percentage: 10}}, {threshold: {percentage: 30, value: true}}", &[("true", 20.0)]),
        ("{threshold: {percentage: 30, value: true}}, {threshold: {percentage: 10, value: false}}", &[("true", 30.0)]),
        ("{threshold: {percentage: 10}}, {segment: {key: all, value: true}}", &[("true", 90.0)]),
        ("{segment: {key: all, value: false}}, {threshold: {percentage: 50, value: true}}", &[]),
        (
            "{segment: {key: staff, value: true}}, {segment: {keys: [friends], value: true}}, {threshold: {percentage: 2, value: true}}",
            &[("staff: true", -1.0), ("friends: true", -1.0), ("true", 2.0)],
        ),
        (
            "{segment: {keys: [staff, friends], operator: AND_SEGMENT_OPERATOR, value: true}}",
            &[("staff and friends: true", -1.0)],
        ),
        ("{threshold: {percentage: '{{ .Values.share }}', value: true}}", &[("?", -2.0)]),
    ];
    expect(&table, |rollouts| boolean(false, rollouts));
    expect(&[("{threshold: {percentage: 10, value: false}}", &[("true", 90.0)])], |rollouts| boolean(true, rollouts));
}

#[test]
fn variant_shares_are_those_of_the_engine() {
    let table: [(&str, Wanted); 13] = [
        ("{segment: all, distributions: [{variant: v1, rollout: 98}, {variant: v2, rollout: 2}]}", &[("v2", 2.0)]),
        ("{segment: all, distributions: [{variant: v1, rollout: 10}, {variant: v2, rollout: 10}]}", &[("v2", 50.0)]),
        ("{segment: all, distributions: [{variant: v2, rollout: 5}]}", &[]),
        (
            "{segment: all, distributions: [{variant: v1, rollout: 33.34}, {variant: v2, rollout: 33.33}, {variant: v3, rollout: 33.33}]}",
            &[("v2", 33.3), ("v3", 33.4)],
        ),
        (
            "{segment: all, distributions: [{variant: v2, rollout: 0.25}, {variant: v1, rollout: 99.75}]}",
            &[("v2", 0.2)],
        ),
        ("{segment: all, distributions: [{variant: v2, rollout: 0}, {variant: v1, rollout: 100}]}", &[]),
        ("{segment: all}, {segment: staff, distributions: [{variant: v2, rollout: 100}]}", &[]),
        ("{segment: {keys: [staff]}, distributions: [{variant: v2, rollout: 100}]}", &[("staff: v2", -1.0)]),
        ("{segments: [staff, all], distributions: [{variant: v2, rollout: 100}]}", &[]),
        ("{segment_key: friends, distributions: [{variant: v1, rollout: 100}]}", &[]),
        ("{distributions: [{variant: v2, rollout: 100}]}", &[]),
        (
            "{rank: 2, segment: all, distributions: [{variant: v3, rollout: 1}, {variant: v1, rollout: 99}]}, {rank: 1, segment: staff, distributions: [{variant: v2, rollout: 100}]}",
            &[("staff: v2", -1.0), ("v3", 1.0)],
        ),
        (
            "{segment: all, distributions: [{variant: v2, rollout: '${SHARE}'}, {variant: v1, rollout: 50}]}",
            &[("?", -2.0)],
        ),
    ];
    expect(&table, variant);
    let off = variant(table[0].0).replace("enabled: true", "enabled: false");
    assert!(lower(&off).is_empty());
    assert!(lower(&off.replace("enabled: false, ", "")).is_empty());
}

#[test]
fn what_is_served_in_vain_is_said() {
    let remarks = |text: &str| lower(text).iter().map(|r| r.remarks.len()).sum::<usize>();
    assert_eq!(remarks(&boolean(true, "{threshold: {percentage: 2, value: true}}")), 1);
    assert_eq!(remarks(&boolean(true, "{segment: {key: staff, value: true}}")), 0, "left over, and does no harm");
    assert_eq!(remarks(&boolean(false, "{threshold: {percentage: 2}}")), 1);
    assert_eq!(remarks(&boolean(false, "{threshold: {percentage: 2, value: false}}")), 0);
    assert_eq!(remarks(&boolean(true, "{threshold: {percentage: 2}}")), 0);
    assert_eq!(remarks(&variant("{segment: all, distributions: [{variant: v2, rollout: 5}]}")), 1);
    assert_eq!(remarks(&variant("{segment: all, distributions: [{variant: v9, rollout: 100}]}")), 1);
    assert_eq!(remarks(&variant("{segment: all, distributions: [{variant: v2, rollout: 110}]}")), 1);
    let both = "enabled: false, rollouts: [{threshold: {percentage: 50, value: true}}]";
    assert_eq!(remarks(&file(both)), 1, "a variant flag has no rollouts");
}

#[test]
fn a_flag_is_of_its_namespace_and_ships_its_attachments() {
    let found = lower(&variant("{segment: friends, distributions: [{variant: v2, rollout: 100}]}"));
    let audience = found[0].stages()[0].audience.clone().unwrap();
    assert_eq!((audience.size, audience.customers), (Some(2), true));
    assert_eq!((found[0].id.namespace.as_deref(), &*found[0].service), (Some("production"), "model"));
    assert_eq!(found[0].payload.iter().map(|p| &*p.value).collect::<Vec<_>>(), ["m-1", "m-2"]);
    let elsewhere = lower(&variant("{segment: unheard-of, distributions: [{variant: v2, rollout: 100}]}"));
    assert_eq!((elsewhere[0].undetermined.len(), elsewhere[0].stages().len()), (1, 1));
    let matched = variant("{segment: friends}").replace("default: true, ", "");
    assert_eq!(stages(&lower(&matched)), [("friends: match".to_owned(), -1.0)]);
    let whole = boolean(false, "{threshold: {percentage: 2, value: true}}");
    let named = whole.replace("namespace: production", "namespace: {key: default, name: Default}");
    assert_eq!(lower(&named)[0].id.namespace, None);
}

#[test]
fn what_only_looks_like_it_is_not_claimed() {
    assert!(
        lower("flags:\n  - {key: new, enabled: true, rollouts: [{threshold: {percentage: 5, value: true}}]}\n")
            .is_empty()
    );
    assert!(lower("flags: {new: {type: BOOLEAN_FLAG_TYPE, enabled: false, rollouts: [{threshold: {percentage: 5, value: true}}]}}\n").is_empty());
    assert!(lower("segments: [{key: all, match_type: ALL_MATCH_TYPE}]\n").is_empty());
}
