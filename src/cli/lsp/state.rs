//! What the editor has open, and what a check says of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lsp_types::{CodeActionParams, CodeActionResponse, Diagnostic, Hover, HoverParams, Position, Uri};

use super::super::args::PolicyChoice;
use super::super::failure::Failure;
use super::super::surroundings::Surroundings;
use super::super::{baseline, check, setup};
use super::place::{Encoding, Page, path_of, uri_of};
use super::{actions, diagnose, hover};
use crate::clock;
use crate::collect::{File, Origin, Roots, WorkingSet, is_manifest, walk};
use crate::engine::{self, Choice, Input, Inspected};
use crate::finding::Report;
use crate::policy::{Policy, Source};
use crate::text::{FileId, Sources};

/// What a check tells of one document.
pub(super) type Told = (Uri, Option<i32>, Vec<Diagnostic>);

/// A document that is open: its text counts, whatever lies on disk.
pub(super) struct Document {
    pub(super) uri: Uri,
    pub(super) version: i32,
    pub(super) text: Arc<str>,
}

/// A tree as it was judged.
pub(super) struct Judged {
    pub(super) root: PathBuf,
    pub(super) policy: Policy,
    pub(super) report: Report,
    pub(super) sources: Sources,
    /// The number of the document that was asked about.
    pub(super) file: Option<FileId>,
}

/// What the editor has open.
pub(super) struct State {
    around: Surroundings,
    pub(super) encoding: Encoding,
    documents: BTreeMap<PathBuf, Document>,
    /// Has something changed since the last check?
    stale: bool,
    /// Documents that something is shown of.
    shown: BTreeMap<PathBuf, Uri>,
}

impl State {
    pub(super) const fn new(around: Surroundings, encoding: Encoding) -> Self {
        Self { around, encoding, documents: BTreeMap::new(), stale: false, shown: BTreeMap::new() }
    }

    pub(super) const fn is_stale(&self) -> bool {
        self.stale
    }

    /// Something on disk may have changed.
    pub(super) const fn doubt(&mut self) {
        self.stale = true;
    }

    /// Takes the text of a document, in place of what it had.
    pub(super) fn open(&mut self, uri: Uri, version: i32, text: String) {
        if let Some(path) = path_of(&uri) {
            self.documents.insert(path, Document { uri, version, text: text.into() });
            self.stale = true;
        }
    }

    /// What lies on disk counts again.
    pub(super) fn close(&mut self, uri: &Uri) {
        if let Some(path) = path_of(uri) {
            self.documents.remove(&path);
            self.stale = true;
        }
    }

    /// Checks every tree that a document is open of, and returns what the editor has to be told.
    pub(super) fn check(&mut self) -> Vec<Told> {
        self.stale = false;
        let mut found: BTreeMap<PathBuf, (Uri, Vec<Diagnostic>)> = BTreeMap::new();
        let mut roots: BTreeMap<PathBuf, Roots> = BTreeMap::new();
        for (path, document) in &self.documents {
            found.insert(path.clone(), (document.uri.clone(), Vec::new()));
            let here = self.roots(path);
            roots.entry(area(&here).to_path_buf()).or_insert(here);
        }
        for here in roots.values() {
            match self.judge(here, None) {
                Ok(judged) => diagnose::findings(self, &judged, &mut found),
                Err(failures) => diagnose::failures(self, here, &failures, &mut found),
            }
        }
        let gone: Vec<(PathBuf, Uri)> =
            self.shown.iter().filter(|(p, _)| !found.contains_key(*p)).map(|(p, u)| (p.clone(), u.clone())).collect();
        self.shown = found.iter().map(|(path, (uri, _))| (path.clone(), uri.clone())).collect();
        let version = |path: &Path| self.documents.get(path).map(|d| d.version);
        let told = found.into_iter().map(|(path, (uri, all))| (uri, version(&path), all));
        told.chain(gone.into_iter().map(|(_, uri)| (uri, None, Vec::new()))).collect()
    }

    /// The tree that the file at `path` belongs to, found as `check` finds it.
    fn roots(&self, path: &Path) -> Roots {
        Roots::find(&self.around.cwd, &[path.to_path_buf()])
    }

    /// The document at `path`, if it is open.
    pub(super) fn document(&self, path: &Path) -> Option<&Document> {
        self.documents.get(path)
    }

    fn policy(&self, roots: &Roots) -> Result<Policy, Vec<Failure>> {
        let folders = std::iter::once(&roots.root).chain(roots.folder.as_ref());
        for (folder, name) in folders.flat_map(|f| setup::POLICY_PATHS.map(|name| (f, name))) {
            if let Some(document) = self.documents.get(&folder.join(name)) {
                let text = Arc::clone(&document.text);
                return setup::load(Source::File { path: name.into(), text, root: String::new() }, folder);
            }
            // The first one that is there counts, as on the command line.
            if folder.join(name).symlink_metadata().is_ok() {
                break;
            }
        }
        setup::policy(&PolicyChoice::default(), roots, &self.around)
    }

    /// The files of the tree, with the text of those that are open.
    fn files(&self, roots: &Roots, policy: &Policy) -> WorkingSet {
        let area = area(roots);
        let mut set = walk(roots, &self.around.cwd, &[area.to_path_buf()]);
        for (path, document) in self.documents.iter().filter(|(path, _)| path.starts_with(area)) {
            let shown = roots.show(path);
            let origin = Origin::Memory(Arc::from(document.text.as_bytes()));
            match set.files.iter_mut().find(|f| *f.path == *shown) {
                Some(file) => file.origin = origin,
                None if is_manifest(shown.as_bytes()) => set.files.push(File { path: shown.into(), origin }),
                None => {}
            }
        }
        set.files.sort_by(|a, b| a.path.cmp(&b.path));
        check::narrow(&mut set, policy);
        check::add_records(&mut set, policy, roots);
        set
    }

    /// Judges a tree as it stands in the editor; ways to mend what is found are looked for in the document at `mended`.
    ///
    /// What only git's history can tell is left to `check`: it would have to be walked at every key.
    fn judge(&self, roots: &Roots, mended: Option<&Path>) -> Result<Judged, Vec<Failure>> {
        let policy = self.policy(roots)?;
        let set = self.files(roots, &policy);
        let shown = mended.map(|path| roots.show(path));
        let number = shown.and_then(|shown| set.files.iter().position(|f| *f.path == *shown));
        let file = number.and_then(|n| u32::try_from(n).ok()).map(FileId);
        let baseline = baseline::of_tree(None, roots, &self.around)?;
        let ignore = ["rollback-drill-stale", "rollback-drill-unproven"].map(str::to_owned).to_vec();
        let input = Input {
            set,
            policy: &policy,
            choice: Choice { select: Vec::new(), ignore },
            now: clock::now(),
            at: None,
            git: None,
            fail_on: None,
            baseline: baseline.as_ref(),
            allow_empty: true,
            fixes: false,
        };
        let (report, sources) = engine::recheck(&input, file);
        Ok(Judged { root: roots.root.clone(), policy, report, sources, file })
    }

    /// What is known of the place in a document: its rollout's stages, and the rules that found something there.
    pub(super) fn hover(&self, params: &HoverParams) -> Option<Hover> {
        let place = &params.text_document_position_params;
        let (path, page, at) = self.look(&place.text_document.uri, place.position)?;
        let roots = self.roots(&path);
        let judged = self.judge(&roots, Some(&path)).ok()?;
        let inspected: Inspected = engine::inspect(&self.files(&roots, &judged.policy), &judged.policy);
        hover::hover(&judged, &inspected, &page, at)
    }

    /// What can be done about the findings in a range.
    pub(super) fn actions(&self, params: &CodeActionParams) -> CodeActionResponse {
        let Some((path, page, start)) = self.look(&params.text_document.uri, params.range.start) else {
            return Vec::new();
        };
        let (Some(document), end) = (self.document(&path), page.offset(params.range.end)) else { return Vec::new() };
        let Ok(judged) = self.judge(&self.roots(&path), Some(&path)) else { return Vec::new() };
        actions::actions(&judged, document, &page, start..=end)
    }

    /// The document at `uri`, and the byte at `position`.
    fn look(&self, uri: &Uri, position: Position) -> Option<(PathBuf, Page<'_>, usize)> {
        let path = path_of(uri)?;
        let page = Page::new(&self.documents.get(&path)?.text, self.encoding);
        let at = page.offset(position);
        Some((path, page, at))
    }

    /// The URI of a file of a tree: the editor's own where it has the file open.
    pub(super) fn uri(&self, path: &Path) -> Option<Uri> {
        self.documents.get(path).map(|d| d.uri.clone()).or_else(|| uri_of(path))
    }
}

/// What is walked: the repository, or else the folder that the document lies in.
fn area(roots: &Roots) -> &Path {
    match &roots.folder {
        Some(folder) if !roots.is_repository => folder,
        Some(_) | None => &roots.root,
    }
}
