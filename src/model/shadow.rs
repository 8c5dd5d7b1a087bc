//! Mirrored traffic and what is made of it.

use super::{Fact, Share};
use crate::text::Span;

/// What compares the answers of the shadow with the answers people got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparer {
    /// Nothing that these files show.
    Nothing,
    /// Something does: its name (`analysis success-rate`, `experiment`, `baseline: eval_score`).
    Named(Box<str>),
    /// These files do not tell (a template or plan that is not in the checked set).
    Unknown,
}

/// A copy of the traffic that goes to the new version and is answered by nobody.
#[derive(Clone, Debug, PartialEq)]
pub struct Shadow {
    /// Share mirrored.
    pub share: Fact<Share>,
    /// Seconds it lasts; `Absent` for a live split, whose history alone tells.
    pub duration: Fact<u64>,
    /// What compares the answers.
    pub comparer: Comparer,
    /// Where the mirror is written.
    pub span: Span,
}
