//! What `presets.md` and `policy.md` promise, sentence by sentence.

use std::sync::Arc;

use super::*;
use crate::catalog::{Family, Level, RuleMeta};
use crate::model::{ChangeKind, Labels, Risk};

macro_rules! rules {
    ($($id:literal $level:ident),+ $(,)?) => {
        &[$(&RuleMeta { id: $id, summary: "", docs: "", family: Family::Exposure, level: Level::$level, since: "0.1.0", file: "", line: 0 }),+]
    };
}

/// The rules of this version, as far as these tests know.
const RULES: &[&RuleMeta] = rules![
    "analysis-cannot-fire" Error,
    "big-bang" Error,
    "canary-too-large" Warning,
    "canary-too-small" Error,
    "deploy-window" Error,
    "hold-too-short" Warning,
    "monitor-missing" Warning,
    "rollback-criteria-missing" Error,
    "rollback-drill-stale" Error,
    "rollback-path-missing" Warning,
    "rollout-too-fast" Warning,
    "shadow-too-short" Warning,
    "step-too-steep" Warning,
];

pub(super) fn known() -> Known<'static> {
    Known { rules: RULES, systems: &["argo-rollouts", "flagger", "rollgate"], binder: &TakesAll, first_file: 100 }
}

fn file(text: &str) -> Source {
    Source::File { path: "rollgate.yaml".into(), text: text.into(), root: String::new() }
}

fn load_with(text: &str, others: &[(&str, &str)]) -> Result<Policy, PolicyError> {
    load_bound(text, others, &TakesAll)
}

pub(super) fn load_bound(text: &str, others: &[(&str, &str)], binder: &dyn Binder) -> Result<Policy, PolicyError> {
    let mut read =
        |path: &str| Ok(others.iter().find(|(name, _)| *name == path).map(|(_, text)| Arc::<str>::from(*text)));
    load(&Known { binder, ..known() }, file(text), &mut read)
}

pub(super) fn policy(text: &str) -> Policy {
    load_with(text, &[]).unwrap_or_else(|error| panic!("{error}: {error:?}"))
}

/// The faults of `text` where rules take their parameters as `binder` says.
pub(super) fn faults_bound(text: &str, binder: &dyn Binder) -> Vec<String> {
    let Err(PolicyError::Faults { faults, files }) = load_bound(text, &[], binder) else { return Vec::new() };
    show_faults(&faults, &files)
}

/// Every fault as `line:column "underlined" message | help`.
fn faults_with(text: &str, others: &[(&str, &str)]) -> Vec<String> {
    let Err(PolicyError::Faults { faults, files }) = load_with(text, others) else { return Vec::new() };
    show_faults(&faults, &files)
}

pub(super) fn show_faults(faults: &[Fault], files: &[PolicyFile]) -> Vec<String> {
    let show = |fault: &Fault| {
        let file = &files[fault.file];
        assert_eq!(file.id, fault.span.file);
        let at = file.position(fault.span);
        let text = fault.span.slice(&file.text);
        format!("{}:{} \"{text}\" {} | {}", at.line, at.column, fault.message, fault.help)
    };
    faults.iter().map(show).collect()
}

fn faults(text: &str) -> Vec<String> {
    faults_with(text, &[])
}

pub(super) fn facets() -> Facets<'static> {
    Facets {
        environment: Some("production"),
        service: "payments-api",
        system: "argo-rollouts",
        kind: "Rollout",
        namespace: Some("prod-eu"),
        name: "payments",
        labels: Labels::NONE,
        path: "deploy/prod/payments.yaml",
        change: None,
        risk: None,
    }
}

fn level_and<'p>(policy: &Policy, facets: &Facets<'_>, rule: &'p str, param: &'p str) -> (Level, Option<String>) {
    let settings = policy.settings(&policy.selector(facets));
    let setting = &settings[rule];
    (setting.level, setting.params.get(param).map(|p| p.value.as_str().map_or_else(|| p.value.to_string(), Into::into)))
}

fn of(policy: &Policy, rule: &str, param: &str) -> (Level, Option<String>) {
    level_and(policy, &facets(), rule, param)
}

fn value(level: Level, text: &str) -> (Level, Option<String>) {
    (level, Some(text.to_owned()))
}

#[test]
fn presets_are_read_without_a_fault_and_extend_recommended() {
    for preset in PRESETS {
        let policy = load(&known(), Source::Preset(preset.name.into()), &mut |_| Ok(None)).unwrap();
        assert_eq!(policy.extends().is_empty(), preset.name == DEFAULT, "{}", preset.name);
        assert_eq!(policy.settings(&Selector::default())["big-bang"].level, Level::Error);
    }
    assert!(PRESETS.is_sorted_by_key(|p| p.name));
}

struct TakesAll;

impl Binder for TakesAll {
    fn refuses(&self, _: &str, _: &serde_json::Value) -> Option<String> {
        None
    }
    fn schema(&self, _: &str) -> serde_json::Value {
        serde_json::Value::Null
    }
}

#[test]
fn an_unknown_preset_has_a_near_one() {
    let error = load(&known(), Source::Preset("strikt".into()), &mut |_| Ok(None)).unwrap_err();
    let PolicyError::UnknownPreset { help, .. } = error else { panic!("{error}") };
    assert_eq!(help, "did you mean `strict`?");
}

#[test]
fn without_a_file_or_without_extends_recommended_applies() {
    let none = load(&known(), Source::Default, &mut |_| Ok(None)).unwrap();
    assert_eq!(of(&none, "canary-too-small", "min"), (Level::Error, None));
    for text in ["", "# nothing\n", "version: 1\n", "rules: {big-bang: warning}\n"] {
        assert_eq!(of(&policy(text), "hold-too-short", "min"), (Level::Warning, None), "{text}");
    }
    assert_eq!(policy("version: 1").extends(), ["recommended"]);
}

#[test]
fn extends_nothing_starts_from_nothing() {
    let own = policy("extends: []\nrules:\n  big-bang: warning\n  hold-too-short: {min: 1h}\n");
    assert_eq!(of(&own, "big-bang", ""), (Level::Warning, None));
    assert_eq!(of(&own, "canary-too-small", ""), (Level::Off, None));
    // Named without a level: the rule's own.
    assert_eq!(of(&own, "hold-too-short", "min"), value(Level::Warning, "1h"));
    assert_eq!(own.settings(&Selector::default())["canary-too-small"].level_from, Provenance::Unnamed);
}

#[test]
fn a_shared_ancestor_applies_once_and_first() {
    let own = policy("extends: [friday-freeze, strict, recommended]\n");
    assert_eq!(own.extends(), ["recommended", "friday-freeze", "strict"]);
    assert_eq!(of(&own, "canary-too-large", "max"), value(Level::Error, "5%"));
    assert_eq!(own.undetermined, Level::Error);
}

#[test]
fn presets_come_before_files_and_own_comes_last() {
    let team = ("team/policy.yaml", "extends: []\nrules: {canary-too-large: {max: 7%}, hold-too-short: {min: 2h}}\n");
    let own = load_with("extends: [team/policy.yaml, strict]\nrules: {hold-too-short: {min: 3h}}\n", &[team]).unwrap();
    assert_eq!(own.extends(), ["recommended", "strict", "team/policy.yaml"]);
    assert_eq!(of(&own, "canary-too-large", "max"), value(Level::Error, "7%"));
    assert_eq!(of(&own, "hold-too-short", "min"), value(Level::Error, "3h"));
}

#[test]
fn a_level_or_a_parameter_replaces_and_lists_replace() {
    let own = policy("extends: [ai]\nrules:\n  monitor-missing: {require: [latency]}\n  canary-too-small: warning\n");
    assert_eq!(of(&own, "monitor-missing", "require"), value(Level::Error, "[\"latency\"]"));
    assert_eq!(of(&own, "canary-too-small", "min"), (Level::Warning, None));
}

#[test]
fn in_a_layer_classes_beat_scopes_beat_rules() {
    let own = policy(
        "rules: {hold-too-short: {min: 1h}, step-too-steep: {max-factor: 1}}
classes: {config: {rules: {hold-too-short: {min: 4h}}}}
scopes:
  - {match: {environment: production}, rules: {hold-too-short: {min: 2h}, step-too-steep: {max-factor: 2}}}
  - {match: {service: payments-*}, rules: {hold-too-short: {min: 3h}}}
  - {match: {environment: staging}, rules: {hold-too-short: off}}
",
    );
    assert_eq!(of(&own, "hold-too-short", "min"), value(Level::Warning, "3h"));
    let config = Facets { change: Some(ChangeKind::Config), ..facets() };
    assert_eq!(level_and(&own, &config, "hold-too-short", "min"), value(Level::Warning, "4h"));
    assert_eq!(level_and(&own, &config, "step-too-steep", "max-factor"), value(Level::Warning, "2"));
    let staging = Facets { environment: Some("staging"), service: "web", ..facets() };
    assert_eq!(level_and(&own, &staging, "hold-too-short", "min"), value(Level::Off, "1h"));
}

#[test]
fn your_own_rules_beat_the_scopes_and_classes_of_what_you_extend() {
    let upgrade = Facets { change: Some(ChangeKind::ModelUpgrade), ..facets() };
    let plain = policy("extends: [ai]\n");
    assert_eq!(level_and(&plain, &upgrade, "canary-too-large", "max"), value(Level::Error, "5%"));
    let own = policy("extends: [ai]\nrules: {canary-too-large: {max: 20%}}\n");
    assert_eq!(level_and(&own, &upgrade, "canary-too-large", "max"), value(Level::Error, "20%"));
}

#[test]
fn the_matrix_of_ai() {
    let ai = policy("extends: [ai]\n");
    let change = |kind| Facets { change: Some(kind), ..facets() };
    let switch = change(ChangeKind::VendorSwitch);
    assert_eq!(level_and(&ai, &switch, "rollout-too-fast", "min"), value(Level::Warning, "1 week"));
    assert_eq!(level_and(&ai, &switch, "shadow-too-short", "min"), value(Level::Error, "48h"));
    let tweak = change(ChangeKind::PromptTweak);
    assert_eq!(level_and(&ai, &tweak, "rollout-too-fast", "min"), value(Level::Error, "24h"));
    assert_eq!(level_and(&ai, &tweak, "shadow-too-short", "min"), (Level::Warning, None));
    let risky = Facets { risk: Some(Risk::High), ..tweak };
    assert_eq!(level_and(&ai, &risky, "shadow-too-short", "min"), value(Level::Error, "24h"));
    let recommended = policy("");
    let upgrade = change(ChangeKind::ModelUpgrade);
    assert_eq!(level_and(&recommended, &upgrade, "shadow-too-short", "min"), value(Level::Warning, "48h"));
}

#[test]
fn selectors_are_equal_where_settings_are() {
    let plain = policy("");
    assert_eq!(plain.selector(&facets()), Selector::default());
    assert_eq!(plain.selector(&Facets { change: Some(ChangeKind::Code), ..facets() }), Selector::default());
    assert_ne!(plain.selector(&Facets { change: Some(ChangeKind::ModelUpgrade), ..facets() }), Selector::default());
}

#[test]
fn every_key_of_a_match_must_hold() {
    let labels = Labels::from_iter([("tier".into(), "0".into())]);
    let facets = Facets { labels: &labels, ..facets() };
    let holds = |condition: &str| {
        let own = policy(&format!("scopes: [{{match: {{{condition}}}, rules: {{big-bang: off}}}}]\n"));
        level_and(&own, &facets, "big-bang", "").0 == Level::Off
    };
    for yes in [
        "environment: production",
        "service: payments-*",
        "system: argo-*",
        "kind: Rollout",
        "namespace: prod-*",
        "name: payments",
        "labels: {tier: \"0\"}",
        "path: \"deploy/**\"",
        "service: [web, payments-api]",
        "labels: {tier: \"[01]\"}, kind: \"R*\"",
    ] {
        assert!(holds(yes), "{yes}");
    }
    for no in [
        "environment: prod",
        "service: Payments-*",
        "path: \"deploy/*\"",
        "labels: {team: \"*\"}",
        "change: config",
        "risk: high",
        "kind: Rollout, namespace: staging",
    ] {
        assert!(!holds(no), "{no}");
    }
    let unknown = Facets { environment: None, ..facets };
    let own = policy("scopes: [{match: {environment: \"*\"}, rules: {big-bang: off}}]\n");
    assert_eq!(level_and(&own, &unknown, "big-bang", "").0, Level::Error);
}

#[test]
fn off_is_off_and_other_words_are_not() {
    assert_eq!(of(&policy("rules: {big-bang: off}"), "big-bang", "").0, Level::Off);
    assert_eq!(of(&policy("rules: {big-bang: \"off\"}"), "big-bang", "").0, Level::Off);
    let found =
        faults("rules:\n  big-bang: warn\n  hold-too-short: false\n  canary-too-small: Error\n  monitor-missing:\n");
    assert_eq!(
        found,
        [
            "2:13 \"warn\" `warn` is not a level | did you mean `warning`?",
            "3:19 \"false\" `false` is not a level | did you mean `off`?",
            "4:21 \"Error\" `Error` is not a level | did you mean `error`?",
            "5:3 \"monitor-missing\" the level of `monitor-missing` is `error`, `warning` or `off`, and nothing is written here | write a value, or remove the key",
        ]
    );
}

#[test]
fn all_faults_are_found_at_once() {
    let found = faults(
        "version: 2
extends: [recommended, strikt, ../x.yaml, https://example.com/p.yaml, gone.yaml]
timezone: Europe/Berln
fail-on: off
undetermind: error
rules:
  big-bagn: error
  flag-required: error
scopes:
  - match: {environment: staging, servce: x, system: argo-rollout, change: config-change}
    rules: {canary-too-smal: off}
  - rules: {big-bang: off}
classes: {model-upgrad: {rules: {}}}
limits: {depth: 0, file-size: 10}
",
    );
    let expected = [
        "1:10 \"2\" `version` is `1`, and this is `2` | see `rollgate schema policy` for the shape of every key",
        "2:24 \"strikt\" there is no preset `strikt` | did you mean `strict`?",
        "2:32 \"../x.yaml\" `../x.yaml` leads out of the repository | copy the file into the repository and name it by its path from the root",
        "2:43 \"https://example.com/p.yaml\" `https://example.com/p.yaml` is an address, and nothing is fetched | copy the file into the repository and name it by its path from the root",
        "2:71 \"gone.yaml\" there is no file `gone.yaml` | paths in `extends` start at the repository's root",
        "3:11 \"Europe/Berln\" `Europe/Berln` is not a time zone | did you mean `Europe/Berlin`?",
        "4:10 \"off\" `off` is not a value of `fail-on` | the values are `error`, `warning`",
        "5:1 \"undetermind\" a policy has no key `undetermind` | did you mean `undetermined`?",
        "7:3 \"big-bagn\" there is no rule `big-bagn` | did you mean `big-bang`?",
        "8:3 \"flag-required\" `flag-required` is a rule of a later version: this one does not have it yet | leave it out until the version that brings it",
        "10:35 \"servce\" `match` has no key `servce` | did you mean `service`?",
        "10:54 \"argo-rollout\" `argo-rollout` is not a system | did you mean `argo-rollouts`?",
        "10:76 \"config-change\" `config-change` is not a kind of change | the values are `prompt-tweak`, `model-upgrade`, `vendor-switch`, `new-feature`, `architecture`, `code`, `config`",
        "11:13 \"canary-too-smal\" there is no rule `canary-too-smal` | did you mean `canary-too-small`?",
        "12:5 \"rules\" this scope does not say what it matches | add what it is for, such as `match: {environment: staging}`",
        "13:11 \"model-upgrad\" `classes` has no key `model-upgrad` | did you mean `model-upgrade`?",
        "14:17 \"0\" `depth` is a whole number from 1 to 1000, and this is `0` | see `rollgate schema policy` for the shape of every key",
        "14:31 \"10\" `10` has no unit: `10 MiB` or `10 KiB`? | give `file-size` a unit",
    ];
    assert_eq!(found, expected);
}

#[test]
fn circles_are_named() {
    let a = ("a.yaml", "extends: [b.yaml]\n");
    let b = ("b.yaml", "extends: [recommended, ./a.yaml]\n");
    let found = faults_with("extends: [a.yaml]\n", &[a, b]);
    assert_eq!(
        found,
        [
            "1:24 \"./a.yaml\" these policies extend each other in a circle: a.yaml → b.yaml → a.yaml | remove one of the `extends` entries"
        ]
    );
    assert_eq!(faults_with("extends: [rollgate.yaml]\n", &[]).len(), 1);
}

#[test]
fn what_readers_read_differently_is_refused() {
    assert_eq!(faults("rules: {big-bang: off}\nrules: {big-bang: error}\n").len(), 1);
    assert_eq!(faults("limits: {depth: 010}\n").len(), 1);
    assert_eq!(faults("rules: [\n").len(), 1);
    assert_eq!(faults("version: 1\n---\nversion: 1\n").len(), 1);
    assert_eq!(faults("- a\n").len(), 1);
    assert_eq!(
        faults("rules: {deploy-window: {freeze: [{from: 2026-12-18, until: 2027-01-04}]}}\n"),
        Vec::<String>::new()
    );
}

#[test]
fn the_example_of_the_guide_is_read() {
    let own = policy(include_str!("testdata/full.yaml"));
    assert_eq!(own.timezone.name(), "Europe/Berlin");
    assert_eq!(own.environment_of("deploy/prod/a.yaml", None), Some("production"));
    assert_eq!(own.environment_of("deploy/a.yaml", Some("prod-eu")), Some("production"));
    assert_eq!(own.environment_of("deploy/a.yaml", None), None);
    let service = own.service_of("prompts/support/x/system.md").unwrap();
    assert_eq!((&*service.name.value, service.traffic), ("support-assistant", Some(120_000.0)));
    assert_eq!(own.metric_kind("faithfulness_v2"), Some(crate::model::MetricKind::EvalScore));
    assert!(
        own.choice.takes("deploy/a.yaml") && !own.choice.takes("deploy/testdata/a.yaml") && !own.choice.takes("x.yaml")
    );
    assert_eq!(own.limits.file_size, Some(64 << 20));
    let param = &own.settings(&Selector::default())["canary-too-small"].params["min"];
    assert_eq!(param.from.to_string(), "rollgate.yaml:18");
    let ai = policy("extends: [ai]\n");
    let switch = Facets { change: Some(ChangeKind::VendorSwitch), ..facets() };
    let param = &ai.settings(&ai.selector(&switch))["canary-too-large"].params["max"];
    assert_eq!((param.span, param.from.to_string()), (None, "preset ai, class vendor-switch".to_owned()));
}

/// A policy text that gives `hold-too-short` these settings in its rules, a matching scope and a matching class.
fn layer_text(head: &str, slots: &[Option<(bool, u32)>]) -> String {
    let rules = |slot: &Option<(bool, u32)>| match slot {
        Some((true, n)) => format!("{{hold-too-short: {{min: {n}m}}}}"),
        Some((false, n)) => format!("{{hold-too-short: {}}}", ["off", "warning", "error"][*n as usize % 3]),
        None => "{}".to_owned(),
    };
    format!(
        "{head}\nclasses: {{config: {{rules: {}}}}}\nscopes: [{{match: {{name: payments}}, rules: {}}}]\nrules: {}\n",
        rules(&slots[2]),
        rules(&slots[1]),
        rules(&slots[0])
    )
}

proptest::proptest! {
    /// Whatever is named last wins, and level and parameter are on their own.
    #[test]
    fn the_last_word_wins(slots in proptest::collection::vec(proptest::option::of((proptest::bool::ANY, 0u32..9)), 6)) {
        let team = layer_text("extends: []", &slots[..3]);
        let own = load_with(&layer_text("extends: [strict, team.yaml]", &slots[3..]), &[("team.yaml", &team)]).unwrap();
        let config = Facets { change: Some(ChangeKind::Config), ..facets() };
        let said = |parameter: bool| slots.iter().flatten().rev().find(|(p, _)| *p == parameter).map(|(_, n)| *n);
        let min = said(true).map_or("1h".to_owned(), |n| format!("{n}m"));
        let level = said(false).map_or(Level::Error, |n| [Level::Off, Level::Warning, Level::Error][n as usize % 3]);
        proptest::prop_assert_eq!(level_and(&own, &config, "hold-too-short", "min"), value(level, &min));
    }

    /// No text makes the reader panic, and every fault underlines something that is there.
    #[test]
    fn any_text_is_a_policy_or_has_faults(
        key in "version|extends|timezone|fail-on|rules|scopes|classes|services|limits|files|metrics|drills|zé",
        text in r#"[-a-z0-9é:{}\[\], "'*&|#\n]{0,40}"#,
    ) {
        match load_with(&format!("{key}: {text}"), &[]) {
            Ok(_) => {}
            Err(PolicyError::Faults { faults, files }) => {
                proptest::prop_assert!(!faults.is_empty());
                for fault in faults {
                    let file = &files[fault.file];
                    let range = fault.span.start as usize..fault.span.end as usize;
                    proptest::prop_assert!(file.text.get(range).is_some(), "{:?}", fault);
                    proptest::prop_assert!(!fault.message.is_empty() && !fault.help.is_empty());
                }
            }
            Err(other) => proptest::prop_assert!(false, "{}", other),
        }
    }
}
