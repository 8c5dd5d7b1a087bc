//! One name everywhere: of a rule and of a format, file, registry entry, struct, page, schema and level agree.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rollgate::catalog::Level;
use rollgate::{adapters, policy, rules};

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// `big-bang` as the name of a struct.
fn struct_name(id: &str) -> String {
    let upper = |word: &str| word[..1].to_uppercase() + &word[1..];
    id.split('-').map(upper).collect()
}

/// The files of `src/<folder>` that declare something with `macro_name`, as (module, text).
fn declaring(folder: &str, macro_name: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root("src").join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let file = if path.is_dir() { path.join("mod.rs") } else { path };
        let text = std::fs::read_to_string(file).unwrap();
        if name != "mod" && text.contains(&format!("{macro_name}! {{")) {
            found.push((name, text));
        }
    }
    found.sort();
    found
}

/// The names, without their ending, of the files in `folder`.
fn stems(folder: &str, ending: &str) -> BTreeSet<String> {
    let entries =
        std::fs::read_dir(root(folder)).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
    entries.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).filter(|name| name != "README").collect()
}

fn rule_ids() -> BTreeSet<String> {
    rules::ALL.iter().map(|def| def.meta.id.to_owned()).collect()
}

fn adapter_ids() -> BTreeSet<String> {
    adapters::ALL.iter().map(|a| a.meta().id.to_owned()).collect()
}

#[test]
fn rules_are_sorted_and_each_is_there_once() {
    let keys: Vec<_> = rules::ALL.iter().map(|def| (def.meta.family, def.meta.id)).collect();
    assert!(keys.is_sorted(), "not sorted by family and id: {keys:#?}");
    assert_eq!(rule_ids().len(), keys.len(), "an id is there twice");
}

#[test]
fn a_rule_is_its_file_its_struct_and_its_page() {
    let files = declaring("rules", "declare_rule");
    let names: BTreeSet<String> = files.iter().map(|(module, _)| module.replace('_', "-")).collect();
    assert_eq!(names, rule_ids(), "files of src/rules and rules::ALL");
    for (module, text) in &files {
        let declared = format!("pub {} {{", struct_name(&module.replace('_', "-")));
        assert!(text.contains(&declared), "{module}: no `{declared}`");
    }
    assert_eq!(stems("docs/rules", ".md"), rule_ids(), "docs/rules and rules::ALL");
}

#[test]
fn every_rule_has_its_level_in_the_root_preset() {
    let recommended = policy::preset("recommended").unwrap();
    let mut named = BTreeSet::new();
    let rules_only =
        recommended.text.lines().skip_while(|l| *l != "rules:").skip(1).take_while(|l| l.starts_with("  "));
    for line in rules_only.filter(|l| !l.trim_start().starts_with('#')) {
        let (id, level) = line.trim().split_once(": ").unwrap();
        let Some(def) = rules::find(id) else { panic!("recommended names `{id}`, which is no rule") };
        let level = level.trim_start_matches("{level: ").split([' ', ',', '}']).next().unwrap();
        assert_eq!(level, def.meta.level.name(), "{id}: its level here and in `recommended` differ");
        assert!(named.insert(id.to_owned()), "recommended names `{id}` twice");
    }
    assert_eq!(named, rule_ids(), "recommended and rules::ALL");
    assert!(rules::ALL.iter().any(|def| def.meta.level == Level::Error));
}

#[test]
fn every_rule_is_part_of_the_policy_schema() {
    let schema = rollgate::docgen::schema("policy").unwrap().to_string();
    for id in rule_ids() {
        assert!(schema.contains(&format!("\"{id}\":")), "{id} is not in the policy's schema");
    }
}

#[test]
fn adapters_are_sorted_and_each_kind_has_one() {
    let ids: Vec<&str> = adapters::ALL.iter().map(|a| a.meta().id).collect();
    assert!(ids.is_sorted(), "not sorted: {ids:?}");
    let mut kinds = BTreeSet::new();
    for meta in adapters::ALL.iter().map(|a| a.meta()) {
        for kind in meta.kinds {
            assert!(
                kinds.insert((kind.group, kind.kind)),
                "{}: {} {} is claimed twice",
                meta.id,
                kind.group,
                kind.kind
            );
        }
    }
}

#[test]
fn an_adapter_is_its_file_its_struct_and_its_page() {
    let files = declaring("adapters", "declare_adapter");
    let names: BTreeSet<String> = files.iter().map(|(module, _)| module.replace('_', "-")).collect();
    assert_eq!(names, adapter_ids(), "files of src/adapters and adapters::ALL");
    for (module, text) in &files {
        let declared = format!("pub {} {{", struct_name(&module.replace('_', "-")));
        assert!(text.to_lowercase().contains(&declared.to_lowercase()), "{module}: no `{declared}`");
    }
    assert_eq!(stems("docs/formats", ".md"), adapter_ids(), "docs/formats and adapters::ALL");
}

/// What is only shown: no rule asks anything of these, so none of them can be bad.
const UNJUDGED: [&str; 5] = ["dotprompt", "github-models-prompt", "openai-evals", "promptflow", "prompty"];

#[test]
fn every_adapter_has_good_bad_and_odd_cases() {
    let mut missing = Vec::new();
    for id in adapter_ids() {
        let folder = root("tests/corpus").join(&id);
        let cases: Vec<String> = std::fs::read_dir(&folder).map_or_else(
            |_| Vec::new(),
            |entries| entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect(),
        );
        let judged = !UNJUDGED.contains(&&*id);
        for kind in ["ok-", "bad-", "odd-"] {
            if (judged || kind != "bad-") && !cases.iter().any(|case| case.starts_with(kind)) {
                missing.push(format!("tests/corpus/{id}/{kind}*"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_parameter_tells_its_default() {
    for def in rules::ALL {
        let schema: serde_json::Value = (def.schema)(&mut schemars::SchemaGenerator::default()).into();
        let nothing_is_fine = |p: &serde_json::Value| p.to_string().contains("\"null\"");
        let properties = schema["properties"].as_object().into_iter().flatten();
        for (name, property) in properties.filter(|(_, p)| !nothing_is_fine(p)) {
            let default =
                property.get("default").unwrap_or_else(|| panic!("{}: `{name}` tells no default", def.meta.id));
            let params = serde_json::json!({ name: default });
            assert!(
                default.is_null() || (def.bind)(&params).is_ok(),
                "{}: `{name}: {default}` is refused",
                def.meta.id
            );
        }
    }
}

/// A rule, one of its parameters, a value of it, and one that asks for less.
const LOOSER: [(&str, &str, &str, &str); 33] = [
    ("big-bang", "min-retention", r#""1h""#, r#""59m""#),
    ("canary-too-large", "max", r#""5%""#, r#""5.1%""#),
    ("canary-too-small", "min", r#""1%""#, r#""0.9%""#),
    ("stage-skipped", "max-increase", r#""10pp""#, r#""11pp""#),
    ("stage-skipped", "max-factor", "2", "2.5"),
    ("step-too-steep", "max-increase", r#""10pp""#, r#""11pp""#),
    ("step-too-steep", "max-factor", "2", "2.5"),
    ("ungated-workload", "kinds", r#"["Deployment", "DaemonSet"]"#, r#"["Deployment"]"#),
    ("ungated-workload", "exclude", r#"["a"]"#, r#"["a", "b-*"]"#),
    ("hold-cut-short", "min", r#""1h""#, r#""30m""#),
    ("hold-too-short", "min", r#""1h""#, r#""30m""#),
    ("rollout-too-fast", "min", r#""1 week""#, r#""6 days""#),
    ("rollback-criterion-not-numeric", "accept", r#"["opaque"]"#, r#"["statistical", "opaque"]"#),
    (
        "rollback-criterion-too-loose",
        "ceilings",
        r#"[{"metric": "error-rate", "above": "1%"}]"#,
        r#"[{"metric": "error-rate", "above": "2%"}]"#,
    ),
    ("rollback-path-missing", "min-retention", r#""1h""#, r#""30s""#),
    ("shadow-too-short", "min", r#""48h""#, r#""1 day""#),
    ("shadow-required", "for", r#"["architecture", "code"]"#, r#"["code"]"#),
    ("beta-size", "min", "3", "2"),
    ("beta-size", "max", "5", "6"),
    ("flag-required", "for", r#"["prompt-tweak", "code"]"#, r#"["code"]"#),
    ("flag-required", "unit", r#""tenant""#, r#""any""#),
    ("offline-eval-missing", "for", r#"["prompt-tweak", "code"]"#, r#"["code"]"#),
    ("rings-required", "for", r#"{"tenancy": "multi"}"#, r#"{"tenancy": "multi", "tier": "1"}"#),
    ("rings-required", "order", r#"["internal", "beta"]"#, r#"["beta"]"#),
    ("strategy-required", "any-of", r#"["blue-green"]"#, r#"["blue-green", "canary"]"#),
    ("monitor-missing", "require", r#"["latency", "eval-score"]"#, r#"["eval-score"]"#),
    ("deploy-window", "allow", r#"[{"days": "mon-wed"}]"#, r#"[{"days": "tue-wed"}, {"days": "mon,thu"}]"#),
    ("deploy-window", "freeze", r#"[{"from": "2026-12-01", "until": "2026-12-31"}]"#, "[]"),
    ("deploy-window", "calendars", r#"["calendars/de.ics"]"#, "[]"),
    // From no zone to another is neither: some moments open and others close. A window that is open all week is the
    // same in each; `src/rules/weaker/windows.rs` has the rest.
    ("deploy-window", "timezone", "", ""),
    ("rollback-drill-slow", "max-time", r#""5m""#, r#""6m""#),
    ("rollback-drill-stale", "within", r#""1 month""#, r#""3 months""#),
    ("rollback-drill-unproven", "max-record-delay", r#""7 days""#, r#""8 days""#),
];

#[test]
fn every_parameter_says_when_it_asks_for_less() {
    let mut all = BTreeSet::new();
    for def in rules::ALL {
        let schema: serde_json::Value = (def.schema)(&mut schemars::SchemaGenerator::default()).into();
        let names = schema["properties"].as_object().into_iter().flatten();
        all.extend(names.map(|(name, _)| (def.meta.id.to_owned(), name.clone())));
    }
    let compared = LOOSER.iter().map(|(rule, parameter, ..)| ((*rule).to_owned(), (*parameter).to_owned())).collect();
    assert_eq!(all, compared, "parameters, and what LOOSER holds");
    for (rule, parameter, strict, loose) in LOOSER.iter().filter(|row| !row.2.is_empty()) {
        let params =
            |value: &str| serde_json::json!({ *parameter: serde_json::from_str::<serde_json::Value>(value).unwrap() });
        let (strict, loose) = (params(strict), params(loose));
        let weakened = rules::find(rule).unwrap().weakened;
        let told: Vec<&str> = weakened(&strict, &loose).iter().map(|w| w.parameter).collect();
        assert_eq!(told, [*parameter], "{rule}: {strict} -> {loose}");
        assert_eq!(weakened(&loose, &strict), [], "{rule}: {loose} -> {strict}");
        assert_eq!(weakened(&loose, &loose), [], "{rule}: {loose}");
    }
}
