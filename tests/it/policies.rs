//! The shipped presets: complete, and as their tests in the users' own format say.

use std::path::Path;
use std::sync::Arc;

use rollgate::adapters;
use rollgate::catalog::{Level, RuleMeta};
use rollgate::collect::{File, Origin, WorkingSet};
use rollgate::engine::{self, Registry};
use rollgate::finding::Finding;
use rollgate::policy::{Expected, Known, PRESETS, Policy, PolicyTest, Selector, Source, TestPolicy, TestsFile};
use rollgate::rules;
use rollgate::text::Sources;

fn folder(name: &str) -> Vec<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let names = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut stems: Vec<String> = names.map(|n| n.strip_suffix(".yaml").unwrap().to_owned()).collect();
    stems.sort();
    stems
}

fn with_known<T>(use_it: impl FnOnce(&Known<'_>) -> T) -> T {
    let rules: Vec<&'static RuleMeta> = rules::ALL.iter().map(|d| d.meta).collect();
    let systems: Vec<&'static str> = adapters::ALL.iter().map(|a| a.meta().id).collect();
    use_it(&Known { rules: &rules, systems: &systems, binder: &Registry, first_file: 1 << 31 })
}

fn load(source: Source) -> Policy {
    with_known(|known| Policy::load(known, source, &mut |_| Ok(None)).unwrap())
}

#[test]
fn every_preset_is_embedded_and_tested() {
    let names: Vec<&str> = PRESETS.iter().map(|p| p.name).collect();
    assert_eq!(folder("policies"), names);
    assert_eq!(folder("tests/policies"), names);
}

#[test]
fn recommended_gives_every_rule_the_level_that_the_rule_documents() {
    let recommended = PRESETS.iter().find(|p| p.name == "recommended").unwrap();
    let settings = load(Source::Preset("recommended".into())).settings(&Selector::default());
    for def in rules::ALL {
        let (id, line) = (def.meta.id, format!("\n  {}: {}\n", def.meta.id, def.meta.level.name()));
        assert!(recommended.text.contains(&line), "recommended says nothing else than `{}`", line.trim());
        assert_eq!(settings[id].level, def.meta.level);
    }
    let rules = recommended.text.split("\nclasses:").next().unwrap();
    let named = rules.lines().filter(|l| l.starts_with("  ") && !l.trim_start().starts_with('#')).count();
    assert_eq!(named, rules::ALL.len(), "recommended names a rule that there is not");
}

#[test]
fn strict_warns_of_nothing() {
    for (id, setting) in load(Source::Preset("strict".into())).settings(&Selector::default()) {
        assert_ne!(setting.level, Level::Warning, "{id}");
    }
}

#[test]
fn presets_bind() {
    for preset in PRESETS {
        // As a file of the repository, so that parameters are looked at as a user's are.
        load(Source::File { path: "p.yaml".into(), text: preset.text.into(), root: String::new() });
    }
}

#[test]
fn presets_do_what_their_tests_say() {
    let mut failed = Vec::new();
    for name in folder("tests/policies") {
        let path = format!("tests/policies/{name}.yaml");
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path)).unwrap();
        let tests = with_known(|known| TestsFile::read(known, &path, text.into())).unwrap_or_else(|e| panic!("{e:#?}"));
        assert!(tests.tests.len() >= 4, "{path}");
        for test in &tests.tests {
            failed.extend(run(test).into_iter().map(|why| format!("{path}: {}: {why}", test.name.value)));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn run(test: &PolicyTest) -> Vec<String> {
    let TestPolicy::Here(source) = test.policy.clone() else { panic!("{}: names no policy", test.name.value) };
    let policy = load(source);
    let file = |f: &rollgate::policy::TestFile| File {
        path: f.path.as_ref().into(),
        origin: Origin::Memory(Arc::from(f.text.as_bytes())),
    };
    let mut files: Vec<File> = test.files.iter().map(file).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let (report, sources) = engine::check(&engine::Input {
        set: WorkingSet { files, ..WorkingSet::default() },
        policy: &policy,
        choice: engine::Choice::default(),
        now: test.as_of.unwrap_or_default(),
        at: test.as_of,
        git: None,
        fail_on: None,
        baseline: None,
        allow_empty: false,
        fixes: false,
    });
    assert!(report.failures.is_empty(), "{:?}", report.failures);
    let found = &report.findings;
    let mut why = Vec::new();
    for expected in test.expect.iter().flatten() {
        if !found.iter().any(|f| meets(f, expected, &sources)) {
            why.push(format!("expected {} {:?} and found {}", expected.rule.id, expected.line, told(found, &sources)));
        }
    }
    if test.expect.as_ref().is_some_and(Vec::is_empty) && !found.is_empty() {
        why.push(format!("expected nothing and found {}", told(found, &sources)));
    }
    for rule in test.forbid.iter().filter(|rule| found.iter().any(|f| f.rule.id == rule.value.id)) {
        why.push(format!("{} must not speak", rule.value.id));
    }
    why
}

fn meets(finding: &Finding, expected: &Expected, sources: &Sources) -> bool {
    let name = finding.rollout.as_ref().map(|r| &r.name);
    finding.rule.id == expected.rule.id
        && expected.file.as_ref().is_none_or(|file| **file == *sources.path(finding.primary.file))
        && expected.line.is_none_or(|line| line == sources.positions(finding.primary).0.line)
        && expected.rollout.as_ref().is_none_or(|rollout| Some(rollout) == name)
}

fn told(found: &[Finding], sources: &Sources) -> String {
    let one = |f: &Finding| format!("\n    {} in line {}: {}", f.rule.id, sources.positions(f.primary).0.line, f.what);
    found.iter().map(one).collect()
}
