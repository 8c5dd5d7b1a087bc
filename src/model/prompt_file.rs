//! Files that say which model is asked what, and how. They roll nothing out.

use super::Fact;
use crate::text::{Span, Spanned};

/// One prompt, one node of a flow, one model of an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct PromptFile {
    /// The adapter's id.
    pub system: &'static str,
    /// What it is there: `Prompt`, `Node`.
    pub kind: &'static str,
    /// Its name.
    pub name: Spanned<Box<str>>,
    /// The model that is asked, as written.
    pub model: Fact<Box<str>>,
    /// Whose model it is: as the file says, else as its name tells.
    pub vendor: Option<Box<str>>,
    /// How it is asked: decoding, endpoints, forms of the answer; by name, as written.
    pub parameters: Vec<(Box<str>, Box<str>)>,
    /// What the prompt's text is filled with.
    pub variables: Vec<Box<str>>,
    /// What the model may call.
    pub tools: Vec<Box<str>>,
    /// Where it stands.
    pub span: Span,
}
