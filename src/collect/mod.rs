//! The working set: which files are checked, and their bytes. The only module that reads files.

mod read;
mod roots;
mod walk;

pub use read::{Content, ReadError, any_window, drain, policy_text, read};
pub use roots::{Roots, is_manifest, shown};
pub use walk::walk;

use std::path::PathBuf;
use std::sync::Arc;

/// A file of the working set. Its index in the sorted list is its `FileId`.
#[derive(Clone, Debug)]
pub struct File {
    /// Path as reports show it and globs match it: relative to the root, with `/`.
    pub path: Arc<str>,
    /// Where its bytes are.
    pub origin: Origin,
}

/// Where a file's bytes are.
#[derive(Clone, Debug)]
pub enum Origin {
    /// On disk.
    Disk(PathBuf),
    /// Given with the request: standard input, a policy test.
    Memory(Arc<[u8]>),
}

/// Something that should have been checked and can't be: the run ends undecided.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// The path as reports show it.
    pub path: String,
    /// What is wrong, no final stop.
    pub message: String,
    /// What to do.
    pub help: &'static str,
}

/// A file that is left out on purpose, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// The path as reports show it.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// Which files are checked.
#[derive(Debug, Default)]
pub struct WorkingSet {
    /// The files, sorted by path.
    pub files: Vec<File>,
    /// What could not be looked at.
    pub failures: Vec<Failure>,
    /// What was left out.
    pub skipped: Vec<Skipped>,
}
