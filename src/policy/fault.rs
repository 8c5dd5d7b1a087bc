//! What is wrong with a policy, and where.

use std::fmt;
use std::sync::Arc;

use crate::text::{FileId, LineIndex, Position, Span};

/// Something in a policy file that nobody can know the meaning of. All of them are reported at once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Which of the policy's files, by its place in [`Policy::files`](super::Policy::files).
    pub file: usize,
    /// What to underline.
    pub span: Span,
    /// What is wrong there, no final stop.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// A file that a policy is made of, a preset's own text included.
#[derive(Clone, Debug)]
pub struct PolicyFile {
    /// Its path relative to the repository, or `preset strict`.
    pub path: Arc<str>,
    /// Its text.
    pub text: Arc<str>,
    /// Where its lines begin.
    pub lines: LineIndex,
    /// The number that spans in it carry.
    pub id: FileId,
    /// Where in the file the policy stands, as a JSON pointer; "" is the whole file.
    pub root: String,
    /// Is it one of ours, so that no reader has it on disk?
    pub kind: FileKind,
}

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A preset that is part of the program.
    Preset,
    /// A file of the repository.
    Repository,
}

impl PolicyFile {
    /// The first place of `span`, which must be of this file.
    pub fn position(&self, span: Span) -> Position {
        self.lines.position(&self.text, span.start)
    }
}

/// Why there is no policy to judge by.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The user's: faults in policy files, each underlined.
    #[error("the policy cannot be used: {}", Count(faults.len()))]
    Faults {
        /// Every fault, by file and place.
        faults: Vec<Fault>,
        /// The files they are in.
        files: Vec<PolicyFile>,
    },
    /// The user's: a preset by a name that none has.
    #[error("there is no preset `{name}`")]
    UnknownPreset {
        /// The name that was asked for.
        name: String,
        /// What to write instead.
        help: String,
    },
}

struct Count(usize);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 fault"),
            n => write!(f, "{n} faults"),
        }
    }
}
