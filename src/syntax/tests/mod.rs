//! What each engine makes of a text, and what we refuse or note.

mod guards;
mod hcl;
mod maps;
mod nodes;
mod properties;
mod scalars;
mod stream;

use super::{Chunk, Document, Engine, Limits, Node, NoteKind, SyntaxError, SyntaxErrorKind, parse};
use crate::text::FileId;
use serde_json::Value;

fn read(text: &str, engine: Engine) -> Result<Document<'_>, SyntaxError> {
    let json = text.starts_with("{\"");
    parse(FileId(0), &Chunk { text, offset: 0, json }, engine, &Limits::default(), true)
}

/// The JSON that `engine` makes of `text`.
fn value(text: &str, engine: Engine) -> Value {
    read(text, engine).unwrap_or_else(|e| panic!("{text:?}: {e}")).root().to_value()
}

fn kubernetes(text: &str) -> Value {
    value(text, Engine::GoYamlV2)
}

/// Why `text` is not read for Kubernetes.
fn refusal(text: &str) -> SyntaxErrorKind {
    read(text, Engine::GoYamlV2).map(|_| text.to_owned()).expect_err("this text must be refused").kind
}

/// What is noted about `text`: the class and the spelling.
fn notes(text: &str) -> Vec<(NoteKind, &str)> {
    let doc = read(text, Engine::GoYamlV2).unwrap();
    doc.notes().iter().map(|note| (note.kind, note.span.slice(text))).collect()
}
