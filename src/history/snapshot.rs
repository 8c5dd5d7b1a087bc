//! One state of the repository's files: a commit's tree, the index, or nothing at all.

use std::sync::Arc;

use super::{Blob, FileChange, Git, GitPath, HistoryError, ObjectId, Prefixes, TreeFile};
use crate::clock::Moment;

/// One state of the repository's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Snapshot {
    /// No files: before the first commit.
    Empty,
    /// The tree of that id.
    Tree(ObjectId),
    /// What is staged, sorted by path.
    Index(Arc<[TreeFile]>),
}

impl Snapshot {
    /// The file at `path`, if there is one.
    ///
    /// # Errors
    /// When a tree on the way is not in this clone.
    pub fn find(&self, git: &Git, path: &[u8]) -> Result<Option<Blob>, HistoryError> {
        match self {
            Self::Empty => Ok(None),
            Self::Tree(tree) => git.find(tree, path),
            Self::Index(files) => Ok(files.binary_search_by(|f| (*f.path).cmp(path)).ok().map(|i| files[i].blob)),
        }
    }

    /// Every file below one of the `folders`; "" is the root.
    ///
    /// # Errors
    /// When a tree is not in this clone.
    pub fn files_below<'f>(
        &self,
        git: &Git,
        folders: impl Iterator<Item = &'f str>,
    ) -> Result<Vec<TreeFile>, HistoryError> {
        let prefixes = Prefixes::new(folders.map(str::as_bytes));
        match self {
            Self::Empty => Ok(Vec::new()),
            Self::Tree(tree) => git.files(tree, &prefixes),
            Self::Index(files) => Ok(files.iter().filter(|f| prefixes.holds(&f.path)).cloned().collect()),
        }
    }

    /// Every file.
    ///
    /// # Errors
    /// When a tree is not in this clone.
    pub fn files(&self, git: &Git) -> Result<Vec<TreeFile>, HistoryError> {
        match self {
            Self::Empty => Ok(Vec::new()),
            Self::Tree(tree) => git.files(tree, &Prefixes::all()),
            Self::Index(files) => Ok(files.to_vec()),
        }
    }
}

/// A change from one state to another.
#[derive(Clone, Debug)]
pub struct Step {
    /// Before it.
    pub old: Snapshot,
    /// After it.
    pub new: Snapshot,
    /// What differs, sorted by path.
    pub files: Vec<FileChange>,
    /// When it takes effect.
    pub at: Moment,
    /// The commit that makes it, where each commit is judged on its own.
    pub commit: Option<ObjectId>,
    /// The commit from which on back, along first parents, lies what was there before; none before the first commit.
    pub past: Option<ObjectId>,
}

impl Step {
    /// Where the file that comes to lie at `path` lay before, if the step moves it.
    pub fn moved_from(&self, path: &[u8]) -> Option<&GitPath> {
        self.files.iter().find(|file| *file.path == *path)?.old_path.as_ref()
    }
}
