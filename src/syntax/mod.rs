//! Text to trees with spans: YAML and JSON documents, read as the engine that will run them reads them.
//!
//! [`chunks`] cuts a stream into documents, [`parse`] turns one of them into a [`Document`], and [`Node`] is how the
//! rest of the program looks at it. What a text *means* differs between readers (Kubernetes, kustomize, YAML 1.2), so
//! the [`Engine`] is chosen per document, and a spelling on which readers disagree leaves a [`Note`].

mod build;
mod checks;
mod chunk;
mod differs;
mod error;
mod guard;
mod hcl;
mod json;
mod json_scan;
mod layout;
mod maps;
mod node;
mod note;
mod number;
mod resolve;
mod tags;
#[cfg(test)]
mod tests;
mod tree;
mod value;

pub use chunk::{Chunk, chunks, front_matter};
pub use error::{SyntaxError, SyntaxErrorKind};
pub use node::Node;
pub use note::{Note, NoteKind};
pub use resolve::Scalar;
pub use tree::{Comment, Document};

use crate::text::FileId;

/// Whose reading of a document counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    /// go-yaml v2 by way of sigs.k8s.io/yaml: the Kubernetes API server, kubectl, Helm.
    GoYamlV2,
    /// go-yaml v3: kustomize, Flux.
    GoYamlV3,
    /// The YAML 1.2 core schema, with merge keys: our own files and systems outside of Kubernetes.
    Core12,
    /// [`Engine::Core12`] where custom tags (`!Ref`) are part of the language.
    CloudFormation,
    /// HCL, the language of Terraform: expressions stay text, `${var.x}`, and blocks are lists of mappings, as Terraform
    /// itself writes both in JSON.
    Hcl,
    /// OCL, the language of Octopus Deploy: HCL where `${` and `%{` in a text are text. They read as `#{` here.
    Ocl,
}

impl Engine {
    /// Whether this is one of the two Go libraries.
    pub(crate) const fn is_go(self) -> bool {
        matches!(self, Self::GoYamlV2 | Self::GoYamlV3)
    }
}

/// How much of a document we are willing to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one document.
    pub document_bytes: usize,
    /// Collections nested in each other.
    pub depth: usize,
    /// Nodes of one document.
    pub nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { document_bytes: 8 << 20, depth: 255, nodes: 1_000_000 }
    }
}

/// Reads one document as `engine` reads it. With `comments`, they are kept beside the tree.
///
/// # Errors
///
/// A text that does not parse, that readers of this engine would read in ways we cannot follow (a guard), or that is
/// larger than `limits`.
pub fn parse<'s>(
    file: FileId,
    chunk: &Chunk<'s>,
    engine: Engine,
    limits: &Limits,
    comments: bool,
) -> Result<Document<'s>, SyntaxError> {
    let cx = tree::Context { file, text: chunk.text, base: chunk.offset, engine, limits: *limits };
    if chunk.text.len() > limits.document_bytes {
        let message =
            format!("this document has {} bytes; at most {} are read", chunk.text.len(), limits.document_bytes);
        return Err(cx.error(SyntaxErrorKind::Limit, 0, 0, message));
    }
    if matches!(engine, Engine::Hcl | Engine::Ocl) {
        return hcl::parse(cx);
    }
    // With comments it is no JSON to whoever cuts a stream, but to the tools that take them.
    let lenient = may_be_json(chunk.text).filter(|_| engine == Engine::Core12);
    let json = if chunk.json { Some(cx) } else { lenient.map(|start| cx.from(start)) };
    if let Some(read) = json.and_then(json::parse) {
        return read;
    }
    let tabs = guard::check(cx)?;
    build::parse(cx, comments, tabs)
}

/// Where `text` starts with an object, or with a comment as JSON may have one.
fn may_be_json(text: &str) -> Option<usize> {
    let body = text.trim_start_matches('\u{feff}').trim_start();
    (body.starts_with('{') || body.starts_with('/')).then(|| text.len() - body.len())
}
