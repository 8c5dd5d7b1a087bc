//! A prompt's file in two parts: front matter between `---` lines, and the body.

use super::tree::{Shape, Value, documents};
use crate::syntax::{Engine, front_matter};
use crate::text::{FileId, Span};

/// A prompt's file.
pub(super) struct Prompt<'t> {
    /// What the front matter says, an empty mapping where there is none; `None` where it can't be read.
    pub(super) front: Option<Value>,
    /// The text that a model is given.
    pub(super) body: &'t str,
    /// Where the body stands.
    pub(super) span: Span,
}

/// Takes `text` apart.
pub(super) fn read(file: FileId, text: &str) -> Option<Prompt<'_>> {
    let span = |start: usize, end: usize| Some(Span::new(file, u32::try_from(start).ok()?, u32::try_from(end).ok()?));
    let Some((start, end, body)) = bounds(text) else {
        let front = list(span(0, 0)?);
        return Some(Prompt { front: Some(front), body: text, span: span(0, text.len())? });
    };
    let mut front = documents(file, &text[start..end], start, Engine::Core12);
    if front.as_ref().is_some_and(|front| front.items().is_empty()) {
        front = Some(list(span(start, end)?));
    }
    if let Some(Value { shape: Shape::List(items), .. }) = &mut front {
        items.iter_mut().for_each(long);
    }
    Some(Prompt { front, body: &text[body..], span: span(body, text.len())? })
}

/// One empty document.
fn list(span: Span) -> Value {
    Value { span, shape: Shape::List(vec![Value { span, shape: Shape::Map(Vec::new()) }]) }
}

/// Where the front matter starts and ends, and where the body starts.
fn bounds(text: &str) -> Option<(usize, usize, usize)> {
    let (front, body) = front_matter(text)?;
    let start = front.offset as usize;
    Some((start, start + front.text.len(), body))
}

/// `model: x` is short for `model: {id: x}`.
fn long(front: &mut Value) {
    let Shape::Map(entries) = &mut front.shape else { return };
    for (key, value) in entries {
        if &**key == "model" && value.text().is_some() {
            let shape = Shape::Map(vec![("id".into(), value.clone())]);
            *value = Value { span: value.span, shape };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_and_body_are_taken_apart() {
        let text = "# licence\n---\nmodel: gpt-4o\n---\nsystem:\nBe kind.\n";
        let prompt = read(FileId(0), text).unwrap();
        let front = prompt.front.unwrap();
        let model = front.items()[0].get("model").unwrap();
        assert_eq!(model.word("id"), Some("gpt-4o"));
        assert_eq!(model.span.slice(text), "gpt-4o");
        assert_eq!(prompt.body, "system:\nBe kind.\n");
        let bare = read(FileId(0), "Be kind.\n---\nx: 1\n---\n").unwrap();
        assert!(bare.front.unwrap().items()[0].entries().is_empty() && bare.body.starts_with("Be kind."));
    }
}
