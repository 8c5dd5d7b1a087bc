//! Hand-written manifests in `tests/corpus/<system>/<case>/`: what each lowers to and what is found, as snapshots.

use std::path::{Path, PathBuf};

use crate::support::rollgate;

fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|p| p.is_dir()).collect();
    folders.sort();
    folders
}

fn output(dir: &Path, args: &[&str]) -> String {
    let out = rollgate(dir).args(args).output().unwrap();
    let code = out.status.code().unwrap();
    assert!(code < 3, "{}: ended with {code}: {}", dir.display(), String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn cases() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for case in folders(&root).iter().flat_map(|system| folders(system)) {
        settings.set_snapshot_path(&case);
        settings.bind(|| {
            insta::assert_snapshot!("model", output(&case, &["inspect", "."]));
            let at = "2026-11-24T10:00:00Z";
            let args =
                ["check", ".", "--no-git", "--preset", "strict", "--format", "short", "--at", at, "--allow-empty"];
            insta::assert_snapshot!("findings", output(&case, &args));
        });
    }
}

#[test]
fn good_cases_are_clean_and_bad_ones_are_not() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    for case in folders(&root).iter().flat_map(|system| folders(system)) {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let args = ["check", ".", "--no-git", "--ignore", "rollback-drill-stale", "--format", "short", "--allow-empty"];
        let out = rollgate(&case).args(args).output().unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        let found = text.lines().any(|l| l.contains(": error: ") || l.contains(": warning: "));
        if name.starts_with("ok-") {
            assert!(!found, "{}: {text}", case.display());
        } else if name.starts_with("bad-") {
            assert!(found, "{}: nothing was found", case.display());
        }
    }
}

/// Every place that `inspect` names lies in its file on character boundaries, and a payload's place holds its value.
#[test]
fn places_hold_what_they_claim() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut looked_at = 0;
    for case in folders(&root).iter().flat_map(|system| folders(system)) {
        let model: serde_json::Value =
            serde_json::from_str(&output(&case, &["inspect", ".", "--format", "json"])).unwrap();
        for rollout in model["rollouts"].as_array().unwrap() {
            // What a rollout takes over from another object stands in that object's file.
            if !rollout["owns"].as_array().unwrap().is_empty() {
                continue;
            }
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(rollout["file"].as_str().unwrap());
            let text = std::fs::read_to_string(&file).unwrap();
            let slice = |span: &serde_json::Value| {
                let offset = |end: &str| usize::try_from(span[end]["offset"].as_u64().unwrap()).unwrap();
                let there = text.get(offset("start")..offset("end"));
                there.unwrap_or_else(|| panic!("{}: {span}", file.display())).to_owned()
            };
            for payload in rollout["payload"].as_array().unwrap() {
                let (value, there) = (payload["value"].as_str().unwrap(), slice(&payload["span"]));
                assert!(there.contains(value) || there.starts_with('*'), "`{there}` is not `{value}`");
                looked_at += 1;
            }
            for stage in rollout["progression"]["stages"].as_array().unwrap() {
                slice(&stage["span"]);
            }
        }
    }
    assert!(looked_at > 20, "the cases ship something");
}
