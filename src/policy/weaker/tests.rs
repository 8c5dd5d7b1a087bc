//! What is weaker, key by key, and what is not.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::finding::Weaker;
use crate::policy::tests::{load_bound, policy};

/// Rules with a minimum or a maximum in percent, a followed one among them.
struct Numbers;

impl Binder for Numbers {
    fn refuses(&self, _: &str, _: &Value) -> Option<String> {
        None
    }

    fn schema(&self, rule: &str) -> Value {
        if rule == "deploy-window" { json!({"properties": {"timezone": {}}}) } else { Value::Null }
    }

    fn follows(&self, rule: &str) -> &'static [(&'static str, &'static str, &'static str)] {
        if rule == "big-bang" { &[("min", "canary-too-small", "min")] } else { &[] }
    }

    fn weakened(&self, rule: &str, before: &Value, after: &Value) -> Vec<Weaker> {
        let number = |value: &Value, name: &str| {
            let text = value.get(name).and_then(Value::as_str).unwrap_or("10%").to_owned();
            text.trim_end_matches('%').parse::<f64>().unwrap_or(10.0)
        };
        if rule == "deploy-window" {
            let same = before["timezone"] == after["timezone"];
            return if same { Vec::new() } else { vec![Weaker::new("timezone", "moves")] };
        }
        let (from, to) = (number(before, "min"), number(after, "min"));
        let falls = (to < from).then(|| Weaker::new("min", format!("falls from {from}% to {to}%")));
        let (from, to) = (number(before, "max"), number(after, "max"));
        let rises = (to > from).then(|| Weaker::new("max", format!("rises from {from}% to {to}%")));
        falls.into_iter().chain(rises).collect()
    }
}

/// Everything of which `after` asks for less, each with the line of its place.
fn diff(before: &str, after: &str) -> Vec<String> {
    let (before, after) = (policy(before), policy(after));
    let line = |weakening: &Weakening| {
        let span = weakening.span?;
        Some(after.files.iter().find(|file| file.id == span.file)?.position(span).line)
    };
    let show = |w: Weakening| format!("{} {}", line(&w).map_or("-".to_owned(), |l| l.to_string()), w.what);
    weakenings(&before, &after, &Numbers).into_iter().map(show).collect()
}

/// The later text asks for less in this alone, and the earlier one in nothing.
fn one_way(before: &str, after: &str, told: &str) {
    assert_eq!(diff(before, after), [told], "{before} -> {after}");
    assert_eq!(diff(after, before), Vec::<String>::new(), "{after} -> {before}");
}

#[test]
fn levels_and_parameters() {
    one_way(
        "rules:\n  big-bang: error\n",
        "\nrules:\n  big-bang: warning\n",
        "3 `big-bang` goes from error to warning",
    );
    one_way("rules: {big-bang: warning}", "rules: {big-bang: off}", "1 `big-bang` goes from warning to off");
    one_way(
        "rules:\n  canary-too-large: {max: 5%}\n",
        "rules:\n  canary-too-large:\n    max: 7%\n",
        "3 `canary-too-large.max` rises from 5% to 7%",
    );
    one_way(
        "rules: {canary-too-large: {max: 5%}}",
        "version: 1\nfail-on: error\n",
        "1 `canary-too-large.max` rises from 5% to 10%",
    );
    let off = "rules: {canary-too-large: {level: off, max: 5%}}";
    assert!(diff(off, "rules: {canary-too-large: {level: off, max: 50%}}").is_empty(), "off on both sides");
    assert!(diff(off, "rules: {canary-too-large: {level: warning, max: 50%}}").is_empty(), "off before");
}

#[test]
fn what_follows_another_is_told_once_or_alone() {
    one_way("rules: {canary-too-small: {min: 20%}}", "version: 1", "1 `canary-too-small.min` falls from 20% to 10%");
    one_way(
        "rules: {canary-too-small: {level: off, min: 20%}}",
        "rules: {canary-too-small: {level: off, min: 5%}}",
        "1 `big-bang.min` falls from 20% to 5%",
    );
    let both = diff("timezone: Europe/Berlin\n", "version: 1\ntimezone: UTC\n");
    assert_eq!(both, ["2 `deploy-window.timezone` moves"]);
    assert!(diff("timezone: UTC", "version: 1").is_empty());
}

#[test]
fn presets_that_are_taken_away_are_told_by_their_effects() {
    let told = diff("extends: [strict]", "extends: [recommended]");
    assert!(told.contains(&"1 `undetermined` goes from error to warning".to_owned()), "{told:?}");
    assert!(told.contains(&"1 `step-too-steep` goes from error to warning".to_owned()), "{told:?}");
    assert!(diff("extends: [recommended]", "extends: [strict]").is_empty());
    assert_eq!(diff("extends: [recommended]", "extends: []").len(), crate::policy::tests::known().rules.len());
}

#[test]
fn classes_and_scopes() {
    one_way(
        "classes: {prompt-tweak: {rules: {canary-too-large: {max: 2%}}}}",
        "classes:\n  prompt-tweak:\n    rules: {canary-too-large: {max: 4%}}\n",
        "3 class prompt-tweak: `canary-too-large.max` rises from 2% to 4%",
    );
    one_way(
        "scopes: [{match: {environment: production}, rules: {canary-too-large: {max: 2%}}}]",
        "version: 1",
        "1 scope environment=production: `canary-too-large.max` rises from 2% to 10%",
    );
    one_way(
        "version: 1",
        "scopes: [{match: {environment: staging, labels: {tier: '0'}}, rules: {big-bang: off}}]",
        "1 scope environment=staging, labels.tier=0: `big-bang` goes from error to off",
    );
    let moved =
        "rules: {canary-too-large: {max: 2%}}\nscopes: [{match: {service: a}, rules: {canary-too-large: {max: 2%}}}]";
    assert!(diff(moved, "rules: {canary-too-large: {max: 2%}}").is_empty(), "the scope says nothing of its own");
    let told = diff(
        "rules: {big-bang: error}\nscopes: [{match: {service: a}, rules: {step-too-steep: error}}]",
        "rules: {big-bang: off}\nscopes: [{match: {service: a}, rules: {step-too-steep: error}}]",
    );
    assert_eq!(told, ["1 `big-bang` goes from error to off"], "what holds for all is told once");
}

#[test]
fn a_scope_that_holds_for_more_is_not_weaker_and_one_that_holds_for_less_is() {
    let scope =
        |globs: &str| format!("scopes: [{{match: {{service: {globs}}}, rules: {{canary-too-large: {{max: 2%}}}}}}]");
    one_way(
        &scope("[pay, shop]"),
        &scope("pay"),
        "1 scope service=pay|shop: `canary-too-large.max` rises from 2% to 10%",
    );
    one_way(&scope("'pay*'"), &scope("pay-api"), "1 scope service=pay*: `canary-too-large.max` rises from 2% to 10%");
}

#[test]
fn an_order_of_scopes_is_told_only_where_it_matters() {
    let scopes = |one: &str, other: &str| format!("scopes:\n- {{match: {{{one}}}}}\n- {{match: {{{other}}}}}\n");
    let (tight, lax) = (
        "environment: production}, rules: {canary-too-large: {max: 2%}",
        "service: a}, rules: {canary-too-large: {max: 5%}",
    );
    one_way(
        &scopes(lax, tight),
        &scopes(tight, lax),
        "3 scope environment=production, service=a: `canary-too-large.max` rises from 2% to 5%",
    );
    let apart = "environment: staging}, rules: {canary-too-large: {max: 5%}";
    assert!(diff(&scopes(apart, tight), &scopes(tight, apart)).is_empty());
}

#[test]
fn more_scopes_than_can_be_compared_are_said_aloud() {
    let scope = |n: usize| format!("- {{match: {{service: s{n}}}, rules: {{big-bang: warning}}}}\n");
    let of = |first: &str, count| first.to_owned() + "scopes:\n" + &(0..count).map(scope).collect::<String>();
    assert!(diff(&of("", 200), &of("fail-on: error\n", 200)).is_empty());
    let said = "1 there are too many scopes to tell whether less is asked where two of them hold";
    assert_eq!(diff(&of("", 201), &of("fail-on: error\n", 201)), [said]);
    assert!(diff(&of("", 201), &of("", 201)).is_empty(), "the same text");
    assert_eq!(diff(&of("", 2001), &of("fail-on: error\n", 2001)), [said]);
}

#[test]
fn own_keys() {
    one_way("fail-on: warning", "fail-on: error", "1 `fail-on` goes from warning to error");
    one_way("undetermined: error", "version: 1\nundetermined: off", "2 `undetermined` goes from error to off");
    one_way("files: {exclude: [a/**]}", "files:\n  exclude: [a/**, b/**]", "2 `files.exclude` newly names `b/**`");
    one_way("files: {include: [a/**, b/**]}", "files: {include: [a/**]}", "1 `files.include` no longer names `b/**`");
    let only = "1 `files.include` is new: of all files only `a/**` would be checked";
    one_way("version: 1", "files: {include: [a/**]}", only);
    assert!(diff("version: 1", "files: {include: ['**']}").is_empty());
    assert!(diff("files: {exclude: ['a/*']}", "files: {exclude: ['a/*', a/b]}").is_empty(), "held already");
    one_way(
        "suppressions: {require-reason: true}",
        "suppressions: {require-reason: false}",
        "1 `suppressions.require-reason` goes from true to false",
    );
    one_way("version: 1", "suppressions: {max-age: 100 days}", "1 `suppressions.max-age` rises from 90d to 100d");
    one_way(
        "suppressions: {forbid: [big-bang]}",
        "suppressions: {forbid: []}",
        "1 `suppressions.forbid` no longer names `big-bang`",
    );
    one_way(
        "version: 1",
        "suppressions: {trust: head}",
        "1 `suppressions.trust` goes from base to head: a change can hide its own findings",
    );
    one_way(
        "overrides: {forbid: [big-bang]}",
        "overrides: {allow: true}",
        "1 `overrides.allow` goes from false to true",
    );
    one_way(
        "overrides: {allow: true, forbid: [big-bang]}",
        "overrides: {allow: true}",
        "1 `overrides.forbid` no longer names `big-bang`",
    );
    one_way(
        "drills: {reverts: false}",
        "version: 1",
        "1 `drills.reverts` goes from false to true: a rollback in history counts as a drill",
    );
    one_way("version: 1", "drills: {tags: ['rollback-drill/*', 'v*']}", "1 `drills.tags` newly believes `v*`");
    assert!(diff("version: 1", "limits: {depth: 3, commits: 1}").is_empty());
}

#[test]
fn declared_things() {
    let production = "environments: {production: {paths: ['prod/**'], namespaces: [prod]}}";
    one_way(
        production,
        "environments: {production: {paths: ['prod/**']}}",
        "1 environment `production` no longer holds `prod`",
    );
    one_way(production, "version: 1", "1 environment `production` is no longer told apart");
    let lax = "scopes: [{match: {environment: dev}, rules: {big-bang: off}}]\n";
    let told = diff(
        &format!("{lax}environments: {{dev: {{paths: ['dev/**']}}}}"),
        &format!("{lax}environments: {{dev: {{paths: ['dev/**', 'prod/**']}}}}"),
    );
    assert_eq!(told, ["2 environment `dev`, of which less is asked, newly holds `prod/**`"]);
    one_way("services: [{name: a, paths: ['a/**']}]", "services: [{name: a}]", "1 service `a` no longer holds `a/**`");
    one_way("services: [{name: a}]", "services: []", "1 service `a` is no longer named");
    let tweak = "classes: {model-upgrade: {rules: {canary-too-large: {max: 2%}}}}\nservices: [{name: a, change: ";
    one_way(
        &format!("{tweak}model-upgrade}}]"),
        &format!("{tweak}config}}]"),
        "2 service `a` goes from model-upgrade and no risk to config and no risk, of which less is asked",
    );
}

#[test]
fn metrics_by_other_kinds() {
    let of = |kind: &str, name: &str| format!("metrics: [{{kind: {kind}, match: ['{name}']}}]");
    let gone = "1 metric `judge*` is no longer taken for eval-score";
    one_way(&of("eval-score", "judge*"), "version: 1", gone);
    let changed = diff(&of("eval-score", "judge*"), &of("business", "judge*"));
    assert_eq!(changed, ["1 metric `judge*` goes from eval-score to business"]);
    assert_eq!(
        diff("version: 1", &of("business", "error_rate")),
        ["1 metric `error_rate` goes from error-rate to business"]
    );
    assert!(diff(&of("error-rate", "error_rate"), "version: 1").is_empty(), "it is taken for one anyway");
    assert!(diff("version: 1", &of("error-rate", "failures*")).is_empty());
}

#[test]
fn text_makes_no_difference() {
    let one = "# a\nrules: {big-bang: warning, canary-too-large: {level: error, max: 5%}}\nfail-on: warning\n";
    let other =
        "fail-on: warning\nrules:\n  canary-too-large:\n    max: 5%   # five\n    level: error\n  big-bang: warning\n";
    assert!(diff(one, other).is_empty() && diff(other, one).is_empty());
    let shared = load_bound("extends: [base.yaml]", &[("base.yaml", one)], &Numbers).unwrap();
    let own = policy(one);
    assert!(weakenings(&own, &shared, &Numbers).is_empty() && weakenings(&shared, &own, &Numbers).is_empty());
}

#[test]
fn an_extended_file_is_the_place_of_what_it_says() {
    let before = load_bound("extends: [base.yaml]", &[("base.yaml", "fail-on: warning")], &Numbers).unwrap();
    let after = load_bound("extends: [base.yaml]", &[("base.yaml", "version: 1\nfail-on: error")], &Numbers).unwrap();
    let found = weakenings(&before, &after, &Numbers).remove(0);
    let file = after.files.iter().find(|f| Some(f.id) == found.span.map(|s| s.file)).unwrap();
    assert_eq!(
        (&*file.path, found.span.unwrap().slice(&file.text), &*found.about),
        ("base.yaml", "fail-on", "fail-on")
    );
}

/// The text of a policy, a line for each number: the larger it is, the less is asked.
fn text(n: &[u8]) -> String {
    const LEVELS: [&str; 3] = ["error", "warning", "off"];
    let level = |i: usize| LEVELS[usize::from(n[i]) % 3];
    let (max, forbid) = (n[4], if n[5] < 2 { "big-bang" } else { "" });
    format!(
        "undetermined: {}\nrules: {{big-bang: {}, canary-too-large: {{max: {}%}}}}\nscopes:\n\
         - {{match: {{service: a}}, rules: {{step-too-steep: {}}}}}\n\
         - {{match: {{environment: 'p*'}}, rules: {{canary-too-large: {{max: {max}%}}}}}}\n\
         classes: {{config: {{rules: {{canary-too-large: {{max: {max}%}}}}}}}}\n\
         suppressions: {{forbid: [{forbid}]}}\n",
        level(0),
        level(1),
        n[2],
        level(3)
    )
}

proptest! {
    #[test]
    fn nothing_is_weaker_than_itself(n in prop::collection::vec(0u8..3, 6)) {
        prop_assert_eq!(diff(&text(&n), &format!("# said again\n{}", text(&n))), Vec::<String>::new());
    }

    #[test]
    fn what_only_becomes_stricter_is_never_told_and_the_way_back_is(
        n in prop::collection::vec(1u8..3, 6), at in 0usize..6
    ) {
        let mut stricter = n.clone();
        stricter[at] -= 1;
        prop_assert_eq!(diff(&text(&n), &text(&stricter)), Vec::<String>::new());
        let differs = text(&n) != text(&stricter);
        prop_assert!(!differs || !diff(&text(&stricter), &text(&n)).is_empty());
    }
}
