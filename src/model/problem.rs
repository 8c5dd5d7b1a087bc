//! What is wrong with a file that belongs to no rollout.

use crate::text::Span;

/// Why a file or a document of a known kind yields no rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// It cannot be parsed: `manifest-unreadable`.
    Unreadable,
    /// It breaks its system's own rules before it is a rollout: `manifest-invalid`.
    Invalid,
    /// It holds template syntax and is no YAML: undetermined, reason `template`.
    Template,
}

/// Something wrong with a file that belongs to no rollout.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Which kind.
    pub kind: ProblemKind,
    /// Where.
    pub span: Span,
    /// One sentence, no final stop.
    pub message: String,
    /// What to do.
    pub help: String,
}
