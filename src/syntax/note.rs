//! Spellings that readers understand differently.

use crate::text::Span;

/// A spelling that readers understand differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The spelling.
    pub span: Span,
    /// What the readers make of it, and what to write instead.
    pub message: String,
    /// Its class.
    pub kind: NoteKind,
    /// The node whose reading it concerns; `None` concerns the whole document.
    pub(super) node: Option<u32>,
}

/// The class of a [`Note`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoteKind {
    /// A key written twice in one mapping.
    DuplicateKey,
    /// A merge that comes after a key it also sets, or after another merge.
    MergeOrder,
    /// A scalar with another value in another engine.
    ScalarDiffers,
    /// A block scalar that the end of the file cuts off before its line break.
    BlockEof,
    /// A character that readers treat differently.
    Character,
    /// Two keys that become one JSON key.
    KeyCollision,
    /// A tag that readers treat differently.
    Tag,
}

/// `text` as it is quoted in a message: short, on one line.
pub(super) fn quoted(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    let short: String = line.chars().take(40).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("`{short}{more}`")
}
