//! Facts from git: what a change touches, what stood before, and when. `git.rs` is the only file that names git2.
//!
//! Every walk says how it ended ([`End`]): a fact drawn from a history that ends too early is *at least* or *unknown*,
//! never "there is none".

mod commit;
mod error;
mod events;
mod git;
mod id;
mod message;
mod program;
mod sides;
mod snapshot;
mod tree;
mod walk;

pub use error::{HistoryError, Needed};
pub use events::{Event, Observe, Observed, What, events};
pub use git::Git;
pub use id::ObjectId;
pub use message::{key_value, reverts, trailer, trailer_block, trailers};
pub use sides::Sides;
pub use snapshot::{Snapshot, Step};
pub use tree::Prefixes;
pub use walk::Walk;

use std::sync::Arc;

use crate::clock::Moment;

/// What a tree entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// A file, executable or not.
    File,
    /// A symbolic link: its blob is the target's path. Never followed.
    Link,
    /// A commit of a submodule. Never entered.
    Submodule,
}

/// A file's content at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Blob {
    /// Its id.
    pub id: ObjectId,
    /// What the entry is.
    pub mode: Mode,
}

/// A path of the repository, bytes with `/`, as git keeps it.
pub type GitPath = Arc<[u8]>;

/// One file of a tree or of the index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TreeFile {
    /// Its path from the root.
    pub path: GitPath,
    /// Its content.
    pub blob: Blob,
}

/// One file that differs between two trees. At least one side is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Its path at head, or at base where head has none.
    pub path: GitPath,
    /// Where it lay at base, if a file of the same content was taken away elsewhere in the same comparison.
    pub old_path: Option<GitPath>,
    /// At base.
    pub old: Option<Blob>,
    /// At head.
    pub new: Option<Blob>,
}

/// A commit, read from its own bytes: neither grafts nor a shallow boundary can lie about its parents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: ObjectId,
    /// Its tree.
    pub tree: ObjectId,
    /// Its parents, the first one first, whether or not this clone has them.
    pub parents: Vec<ObjectId>,
    /// The committer's date.
    pub time: Moment,
    /// The whole message; bytes that are no UTF-8 are replaced.
    pub message: Box<str>,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its name without `refs/tags/`.
    pub name: Box<str>,
    /// The commit it leads to; `None` where it leads to something else.
    pub commit: Option<ObjectId>,
    /// The tagger's date of an annotated tag; `None` of a lightweight one.
    pub tagged: Option<Moment>,
    /// The annotated tag's message; "" of a lightweight one.
    pub message: Box<str>,
}

/// How far a walk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizon {
    /// Commits older than this need not be seen. The walk goes on for a while behind the first of them, since committer
    /// dates can run backwards.
    pub not_before: Moment,
    /// At most this many commits.
    pub max_commits: usize,
}

impl Horizon {
    /// Everything there is.
    pub const EVERYTHING: Self = Self { not_before: Moment::MIN_UTC, max_commits: usize::MAX };
}

/// How a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// At the first commit: everything was seen.
    Root,
    /// At the horizon: everything that was asked for was seen.
    Horizon,
    /// At the limit of commits.
    MaxCommits,
    /// At the boundary of a shallow clone, whose parents are not here.
    ShallowBoundary(ObjectId),
}

impl End {
    /// Was everything seen that was asked for?
    pub const fn is_complete(self) -> bool {
        matches!(self, Self::Root | Self::Horizon)
    }
}

/// One version of a file: the commit that brought it, and what it then was (`None`: it was taken away).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The commit on the first-parent line.
    pub commit: ObjectId,
    /// Its committer date.
    pub time: Moment,
    /// How many commits of the walk are newer: the order of versions of different files.
    pub depth: usize,
    /// Where the file lay then.
    pub path: GitPath,
    /// The content from then on.
    pub blob: Option<Blob>,
}

/// The versions of one file, newest first, and how the walk for them ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// Newest first. A rename without a change of content is followed and makes no version.
    pub list: Vec<Version>,
    /// How the walk ended.
    pub end: End,
}
