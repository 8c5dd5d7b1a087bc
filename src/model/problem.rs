//! What is wrong with a file that belongs to no rollout.

use crate::text::Span;

/// Why a file or a document of a known kind yields no rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// Its system ignores a field that looks safe, in a document that is no rollout: `field-ignored`.
    Ignored,
    /// It cannot be parsed: `manifest-unreadable`.
    Unreadable,
    /// It breaks its system's own rules before it is a rollout: `manifest-invalid`.
    Invalid,
    /// It holds template syntax and is no YAML: undetermined, reason `template`.
    Template,
}

/// The word that was meant where another one stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Instead {
    /// The word as it is written, a key or a value.
    pub span: Span,
    /// What should stand there.
    pub text: Box<str>,
    /// Does what is written say just that, in a spelling that the system does not know? Else it is the likeliest guess.
    pub same_meaning: bool,
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
    /// The word that was meant.
    pub instead: Option<Instead>,
}
