//! Walks the paths that were asked for.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use ignore::{DirEntry, WalkBuilder};

use super::roots::{MANIFESTS, PROMPTS, normal};
use super::{Failure, File, Origin, Roots, Skipped, WorkingSet, drain};

const LINK_HELP: &str = "check the file it points to by its own path, or remove the link";
const LEADS_OUT: &str = "is a link that leads out of the tree";

/// The manifests under `paths` (relative to the absolute `cwd`): every manifest and prompt of a folder, by its name, that git
/// does not ignore, and every file named on its own, whatever it is called. Sorted by path, each once.
///
/// Links are not followed out of the root. One that stays inside leads to what is checked by its own path, or is checked
/// here: what it points to may lie outside of `paths`, or have another name.
pub fn walk(roots: &Roots, cwd: &Path, paths: &[PathBuf]) -> WorkingSet {
    let root = roots.root.canonicalize().unwrap_or_else(|_| roots.root.clone());
    let mut walk = Walk { roots, root, set: WorkingSet::default(), folders: Vec::new(), links: Vec::new() };
    for given in paths {
        walk.given(given, normal(&cwd.join(given)));
    }
    walk.follow();
    let mut set = walk.set;
    set.files.sort_by(|a, b| a.path.cmp(&b.path));
    set.files.dedup_by(|a, b| a.path == b.path);
    set.failures.sort();
    set.skipped.sort();
    set
}

struct Walk<'a> {
    roots: &'a Roots,
    /// The root without links in it.
    root: PathBuf,
    set: WorkingSet,
    /// The folders that were walked: as named, and without links in the name.
    folders: Vec<(PathBuf, PathBuf)>,
    /// Links that stay inside: where they are, and what they point to.
    links: Vec<(PathBuf, PathBuf)>,
}

impl Walk<'_> {
    fn given(&mut self, given: &Path, path: PathBuf) {
        let meta = match path.metadata() {
            Ok(meta) => meta,
            Err(error) => {
                let message = format!("cannot be read: {error}");
                return self.fail(given.display().to_string(), message, "name a file or a folder that is there");
            }
        };
        if self.leads_out(&path, &meta) {
            self.fail(self.roots.show(&path), LEADS_OUT.to_owned(), LINK_HELP);
        } else if meta.is_dir() {
            self.folder(path);
        } else if meta.is_file() {
            self.add(path);
        } else {
            self.stream(path);
        }
    }

    /// Does a path that lies inside, by its name, lead out? What was named outside of the root was meant to be there.
    fn leads_out(&self, path: &Path, meta: &Metadata) -> bool {
        let real = (meta.is_dir() || meta.is_file()).then(|| path.canonicalize().ok()).flatten();
        path.starts_with(&self.roots.root) && real.is_some_and(|real| !real.starts_with(&self.root))
    }

    fn folder(&mut self, path: PathBuf) {
        let walker = WalkBuilder::new(&path)
            .standard_filters(false)
            .git_ignore(true)
            .parents(true)
            .require_git(true)
            .filter_entry(|e| e.file_name() != ".git")
            .build();
        for entry in walker {
            match entry {
                Ok(entry) => self.visit(entry),
                Err(error) => {
                    let (shown, message) = (self.roots.show(&path), format!("cannot be walked: {error}"));
                    self.fail(shown, message, "make it readable for the user that runs the check");
                }
            }
        }
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        self.folders.push((path, real));
    }

    fn visit(&mut self, entry: DirEntry) {
        let Some(kind) = entry.file_type() else { return };
        if kind.is_symlink() {
            // The folder that was asked for may itself be a link; it is what was asked for.
            if entry.depth() > 0 {
                self.link(entry.into_path());
            }
        } else if kind.is_file() && (is_manifest(entry.path()) || is_prompt(entry.path())) {
            self.add(entry.into_path());
        }
    }

    /// One that leads out, in a circle or nowhere might hide a manifest, so the run can't say that all is well.
    fn link(&mut self, path: PathBuf) {
        let shown = self.roots.show(&path);
        match path.canonicalize() {
            Ok(target) if target.starts_with(&self.root) => self.links.push((path, target)),
            Ok(target) if target.is_dir() || is_manifest(&path) => self.fail(shown, LEADS_OUT.to_owned(), LINK_HELP),
            Err(error) if is_manifest(&path) => {
                self.fail(shown, format!("is a link that can't be followed: {error}"), LINK_HELP);
            }
            Ok(_) | Err(_) => {}
        }
    }

    /// Checks what links point to and no walk came by. Ends because no folder is walked twice.
    fn follow(&mut self) {
        while let Some((path, target)) = self.links.pop() {
            if !target.is_dir() {
                self.follow_file(path, &target);
            } else if !self.folders.iter().any(|(_, real)| target.starts_with(real)) {
                let inside = target.strip_prefix(&self.root).unwrap_or(&target).to_path_buf();
                self.folder(self.roots.root.join(inside));
            }
        }
    }

    fn follow_file(&mut self, path: PathBuf, target: &Path) {
        if !is_manifest(&path) {
            return;
        }
        let here = |(named, real): &(PathBuf, PathBuf)| Some(named.join(target.strip_prefix(real).ok()?));
        let names: BTreeSet<PathBuf> = self.folders.iter().filter_map(here).collect();
        let disk = |f: &File| matches!(&f.origin, Origin::Disk(path) if names.contains(path));
        if self.set.files.iter().any(disk) {
            let reason = "a link to a file of the same tree".to_owned();
            self.set.skipped.push(Skipped { path: self.roots.show(&path), reason });
        } else {
            self.add(path);
        }
    }

    fn add(&mut self, path: PathBuf) {
        let shown = self.roots.show(&path);
        self.set.files.push(File { path: shown.into(), origin: Origin::Disk(path) });
    }

    /// A pipe can be read only once, so it is read now.
    fn stream(&mut self, path: PathBuf) {
        let shown = self.roots.show(&path);
        match std::fs::File::open(path).and_then(drain) {
            Ok(bytes) => self.set.files.push(File { path: shown.into(), origin: Origin::Memory(bytes.into()) }),
            Err(error) => self.fail(shown, format!("cannot be read: {error}"), "name a file or a folder"),
        }
    }

    fn fail(&mut self, path: String, message: String, help: &'static str) {
        self.set.failures.push(Failure { path, message, help });
    }
}

fn is_manifest(path: &Path) -> bool {
    ends_in(path, &MANIFESTS)
}

fn is_prompt(path: &Path) -> bool {
    ends_in(path, &PROMPTS)
}

fn ends_in(path: &Path, endings: &[&str]) -> bool {
    path.extension().is_some_and(|e| endings.iter().any(|known| e.eq_ignore_ascii_case(known)))
}
