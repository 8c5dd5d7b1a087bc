//! Pages, schemas and tables are what the code says; examples show what they claim.

use std::path::{Path, PathBuf};

use rollgate::docgen::{self, Kind};
use rollgate::{adapters, rules};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Every file below `folder`, from the repository's root, with `/`.
fn files(folder: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(root().join(folder)) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|e| format!("{folder}/{}", e.unwrap().file_name().to_string_lossy())).collect();
    names.sort();
    names
}

/// `ROLLGATE_BLESS=1` writes what the code says; without it a difference fails.
#[test]
fn drift() {
    let bless = std::env::var_os("ROLLGATE_BLESS").is_some();
    let mut wanted = docgen::pages();
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap_or_default();
    if !readme.is_empty() {
        wanted.insert("README.md".to_owned(), docgen::readme(&readme));
    }
    let mut stale = Vec::new();
    for (path, text) in &wanted {
        let file = root().join(path);
        let current = std::fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
        if current != *text {
            stale.push(path.clone());
            if bless {
                std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                std::fs::write(&file, text).unwrap();
            }
        }
    }
    for path in ["docs/rules", "docs/formats", "schemas"].into_iter().flat_map(files) {
        if !wanted.contains_key(&path) {
            stale.push(path.clone());
            if bless {
                std::fs::remove_file(root().join(&path)).unwrap();
            }
        }
    }
    assert!(bless || stale.is_empty(), "run `ROLLGATE_BLESS=1 cargo test --test it drift`; stale: {stale:#?}");
}

#[test]
fn rules_say_what_they_are() {
    for def in rules::ALL {
        let (id, summary, docs) = (def.meta.id, def.meta.summary, def.meta.docs);
        assert!(summary.chars().count() <= 72, "{id}: the summary is longer than 72 characters");
        assert!(!summary.ends_with('.'), "{id}: the summary ends with a stop");
        assert!(!summary.starts_with(char::is_uppercase), "{id}: the summary begins with a capital");
        for heading in ["What it checks", "Why it matters", "What to do", "Examples"] {
            let found = docs.lines().any(|l| l.trim() == format!("## {heading}"));
            assert!(found, "{id}: no heading `## {heading}`");
        }
        let kinds: Vec<Kind> = docgen::examples(def.meta).iter().map(|e| e.kind).collect();
        let both = kinds.contains(&Kind::Violates) && kinds.contains(&Kind::Passes);
        assert!(both, "{id}: {kinds:?}");
    }
}

#[test]
fn formats_say_what_they_are() {
    for adapter in adapters::ALL {
        let meta = adapter.meta();
        assert!(!meta.summary.ends_with('.'), "{}: the summary ends with a stop", meta.id);
        for heading in ["What is read", "Mapping", "What bites", "What it cannot see"] {
            let found = meta.docs.lines().any(|l| l.trim() == format!("## {heading}"));
            assert!(found, "{}: no heading `## {heading}`", meta.id);
        }
    }
}

#[test]
fn examples_show_what_they_claim() {
    let mut wrong = Vec::new();
    for def in rules::ALL {
        for (number, example) in docgen::examples(def.meta).iter().enumerate() {
            let (report, _) = example.check(None).expect("preset recommended can be read");
            let own = report.findings.iter().filter(|f| f.rule.id == def.meta.id).count();
            let expected = match example.kind {
                Kind::Violates => 1,
                Kind::Passes => 0,
            };
            if own != expected {
                let found: Vec<String> = report.findings.iter().map(|f| format!("{}: {}", f.rule.id, f.what)).collect();
                wrong.push(format!(
                    "{}, example {}: {own} findings of it\n  {}",
                    def.meta.id,
                    number + 1,
                    found.join("\n  ")
                ));
            }
            let others =
                report.findings.iter().filter(|f| f.rule.id != def.meta.id && f.rule.id != "rollback-drill-stale");
            for other in others {
                println!("{}, example {}: also {}: {}", def.meta.id, number + 1, other.rule.id, other.what);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn schemas_can_be_used_and_reports_fit_them() {
    for name in docgen::SCHEMAS {
        let schema = docgen::schema(name).unwrap_or_else(|| panic!("`{name}` has no schema"));
        jsonschema::validator_for(&schema).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    let validator = jsonschema::validator_for(&docgen::schema("report-v1").unwrap()).unwrap();
    for def in rules::ALL {
        for example in docgen::examples(def.meta) {
            let (report, sources) = example.check(None).unwrap();
            let json = serde_json::from_str(&rollgate::render::json(&report, &sources)).unwrap();
            let faults: Vec<String> = validator.iter_errors(&json).map(|e| e.to_string()).collect();
            assert!(faults.is_empty(), "{}: {faults:?}", def.meta.id);
        }
    }
}

#[test]
fn what_the_corpus_prints_fits_the_schemas() {
    let validator = |name| jsonschema::validator_for(&docgen::schema(name).unwrap()).unwrap();
    let (model, report) = (validator("model-v1"), validator("report-v1"));
    let runs = [
        (&model, vec!["inspect", ".", "--format", "json"]),
        (&report, vec!["check", ".", "--format", "json", "--no-git", "--allow-empty", "--at", "2026-11-24T10:00:00Z"]),
    ];
    let mut seen = 0;
    for system in files("tests/corpus") {
        for (validator, args) in &runs {
            let out = crate::support::rollgate(&root().join(&system)).args(args).output().unwrap();
            let json = serde_json::from_slice(&out.stdout).unwrap();
            let faults: Vec<String> = validator.iter_errors(&json).map(|e| e.to_string()).collect();
            assert!(faults.is_empty(), "{system}: {args:?}: {faults:?}");
            seen += 1;
        }
    }
    assert!(seen > 0, "no corpus");
}
