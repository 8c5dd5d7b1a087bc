//! Why a document could not be read.

use crate::text::Span;

/// Why a document could not be read, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// The place.
    pub span: Span,
    /// What is wrong there, for people.
    pub message: String,
    /// Whose limit was met.
    pub kind: SyntaxErrorKind,
}

/// What kind of reading failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyntaxErrorKind {
    /// The user's: the text is not valid for the engine.
    Malformed,
    /// The user's: a spelling that readers understand in different ways, so that no reading of ours would be safe.
    Refused,
    /// The user's: the document is larger or deeper than we read.
    Limit,
}
