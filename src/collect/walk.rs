//! Walks the paths that were asked for.

use std::path::{Path, PathBuf};

use ignore::{DirEntry, WalkBuilder};

use super::roots::normal;
use super::{Failure, File, Origin, Roots, Skipped, WorkingSet};

const LINK_HELP: &str = "check the file it points to by its own path, or remove the link";

/// The manifests under `paths` (relative to the absolute `cwd`): every `.yaml`, `.yml` and `.json` of a folder that git
/// does not ignore, and every file named on its own, whatever it is called. Sorted by path, each once.
pub fn walk(roots: &Roots, cwd: &Path, paths: &[PathBuf]) -> WorkingSet {
    let mut set = WorkingSet::default();
    for given in paths {
        let path = normal(&cwd.join(given));
        match path.metadata() {
            Ok(meta) if meta.is_dir() => folder(roots, &path, &mut set),
            Ok(_) => add(roots, path, &mut set),
            Err(error) => set.failures.push(Failure {
                path: given.display().to_string(),
                message: format!("cannot be read: {error}"),
                help: "name a file or a folder that is there",
            }),
        }
    }
    set.files.sort_by(|a, b| a.path.cmp(&b.path));
    set.files.dedup_by(|a, b| a.path == b.path);
    set.failures.sort();
    set.skipped.sort();
    set
}

fn folder(roots: &Roots, path: &Path, set: &mut WorkingSet) {
    let walker = WalkBuilder::new(path)
        .standard_filters(false)
        .git_ignore(true)
        .parents(true)
        .require_git(true)
        .filter_entry(|e| e.file_name() != ".git")
        .build();
    for entry in walker {
        match entry {
            Ok(entry) => visit(roots, entry, set),
            Err(error) => set.failures.push(Failure {
                path: roots.show(path),
                message: format!("cannot be walked: {error}"),
                help: "make it readable for the user that runs the check",
            }),
        }
    }
}

fn visit(roots: &Roots, entry: DirEntry, set: &mut WorkingSet) {
    let Some(kind) = entry.file_type() else { return };
    if kind.is_symlink() {
        link(roots, entry.path(), set);
    } else if kind.is_file() && is_manifest(entry.path()) {
        add(roots, entry.into_path(), set);
    }
}

/// A link inside the root leads to what is checked by its own path; one that leads out, in a circle or nowhere might
/// hide a manifest, so the run can't say that all is well.
fn link(roots: &Roots, path: &Path, set: &mut WorkingSet) {
    let target = path.canonicalize();
    let root = roots.root.canonicalize().unwrap_or_else(|_| roots.root.clone());
    let shown = roots.show(path);
    match target {
        Ok(target) if target.starts_with(&root) => {
            if is_manifest(path) {
                set.skipped.push(Skipped { path: shown, reason: "a link to a file of the same tree".to_owned() });
            }
        }
        Ok(target) if target.is_dir() || is_manifest(path) => {
            let message = "is a link that leads out of the tree".to_owned();
            set.failures.push(Failure { path: shown, message, help: LINK_HELP });
        }
        Err(error) if is_manifest(path) => {
            let message = format!("is a link that can't be followed: {error}");
            set.failures.push(Failure { path: shown, message, help: LINK_HELP });
        }
        Ok(_) | Err(_) => {}
    }
}

fn add(roots: &Roots, path: PathBuf, set: &mut WorkingSet) {
    let shown = roots.show(&path);
    set.files.push(File { path: shown.into(), origin: Origin::Disk(path) });
}

fn is_manifest(path: &Path) -> bool {
    let known = |e: &std::ffi::OsStr| ["yaml", "yml", "json"].iter().any(|k| e.eq_ignore_ascii_case(k));
    path.extension().is_some_and(known)
}
