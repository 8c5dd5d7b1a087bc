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
