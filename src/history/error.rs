//! Why git could not tell.

use super::ObjectId;

/// What was asked of history when this clone turned out not to hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// The two trees of a change.
    Trees,
    /// The merge base.
    MergeBase,
    /// The history of some files.
    History,
}

/// Why git could not tell. Never a finding: the run ends undecided.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// The environment's: no repository where one is needed.
    #[error("there is no git repository here")]
    NoRepository,
    /// The environment's: the repository can't be opened (owned by somebody else, broken, of a kind that is not read).
    #[error("the git repository cannot be read: {message}")]
    Unreadable {
        /// What is wrong, no final stop.
        message: String,
        /// What to do.
        help: String,
    },
    /// The user's: no commit of that name.
    #[error("`{name}` is no commit of this repository")]
    NoSuchRevision {
        /// As it was written.
        name: String,
    },
    /// The user's: nothing was ever committed.
    #[error("this branch has no commit yet")]
    Unborn,
    /// The user's: two commits with no history in common, in a complete clone.
    #[error("`{one}` and `{other}` have no history in common")]
    Unrelated {
        /// One side, as it was named.
        one: String,
        /// The other side.
        other: String,
    },
    /// The environment's: the clone is shallow and ends before what is needed.
    #[error("this clone is shallow and ends at {boundary}")]
    Shallow {
        /// What was asked.
        needed: Needed,
        /// Where the clone ends.
        boundary: ObjectId,
    },
    /// The environment's: an object that a partial clone left behind.
    #[error("object {id} is not in this clone")]
    Missing {
        /// The object.
        id: ObjectId,
        /// Was the clone made with a filter?
        partial: bool,
        /// The file it is the content of, where that is known.
        path: Option<String>,
    },
    /// The user's: an object over the size that is read.
    #[error("object {id} has {size} bytes; at most {limit} are read")]
    TooLarge {
        /// The object.
        id: ObjectId,
        /// Its size.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// The user's: more files than are listed, be it that a few folders hold each other over and over.
    #[error("the files below tree {id} take more than {limit} bytes to list")]
    TooMany {
        /// A tree that was not read any more.
        id: ObjectId,
        /// The limit.
        limit: usize,
    },
    /// The user's: a merge that is not finished.
    #[error("`{path}` has a conflict in the index")]
    Conflict {
        /// The path.
        path: String,
    },
    /// Somebody's: the object is not what it should be.
    #[error("object {id} is damaged: {what}")]
    Damaged {
        /// The object.
        id: ObjectId,
        /// What is wrong.
        what: String,
    },
}
