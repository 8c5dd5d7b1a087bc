//! Both sides of a change in one shape, whatever they are written in.

use crate::syntax::{Chunk, Engine, Limits, Node, chunks, parse};
use crate::text::{FileId, Span};

/// Values of one file that are looked at, at most; aliases count as often as they are used.
const VALUES: usize = 100_000;
/// How deep they may nest.
const DEPTH: usize = 64;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value {
    pub(super) span: Span,
    pub(super) shape: Shape,
}

/// What a value is. Null is no value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Scalar(Box<str>),
    List(Vec<Value>),
    Map(Vec<(Box<str>, Value)>),
}

impl Value {
    pub(super) fn text(&self) -> Option<&str> {
        match &self.shape {
            Shape::Scalar(text) => Some(text),
            Shape::List(_) | Shape::Map(_) => None,
        }
    }

    pub(super) fn entries(&self) -> &[(Box<str>, Value)] {
        match &self.shape {
            Shape::Map(entries) => entries,
            Shape::Scalar(_) | Shape::List(_) => &[],
        }
    }

    pub(super) fn items(&self) -> &[Value] {
        match &self.shape {
            Shape::List(items) => items,
            Shape::Scalar(_) | Shape::Map(_) => &[],
        }
    }

    /// The value under `key`, the last of equal ones.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.entries().iter().rev().find(|(k, _)| &**k == key).map(|(_, v)| v)
    }

    /// The text under `key`.
    pub(super) fn word(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// A list of scalars alone: one value, made of words.
    pub(super) fn words(&self) -> Option<Vec<&str>> {
        let Shape::List(items) = &self.shape else { return None };
        items.iter().map(Value::text).collect()
    }

    /// Puts it and all that is in it at `span`.
    fn stand_at(&mut self, span: Span) {
        self.span = span;
        match &mut self.shape {
            Shape::Scalar(_) => {}
            Shape::List(items) => items.iter_mut().for_each(|item| item.stand_at(span)),
            Shape::Map(entries) => entries.iter_mut().for_each(|(_, value)| value.stand_at(span)),
        }
    }

    /// All values in it, itself among them.
    pub(super) fn walk<'v>(&'v self, visit: &mut dyn FnMut(&'v Value)) {
        visit(self);
        self.entries().iter().for_each(|(_, v)| v.walk(visit));
        self.items().iter().for_each(|v| v.walk(visit));
    }
}

/// Is it the same, as numbers where both are, and without the blanks behind?
pub(super) fn same_text(a: &str, b: &str) -> bool {
    a.trim_end() == b.trim_end()
        || matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(x), Ok(y)) if x.to_bits() == y.to_bits())
}

/// The documents of `text`, which starts at byte `base` of `file`, as one list; `None` where that can't be read.
pub(super) fn documents(file: FileId, text: &str, base: usize, engine: Engine) -> Option<Value> {
    let base = u32::try_from(base).ok()?;
    let length = u32::try_from(text.len()).ok()?;
    let whole = [Chunk { text, offset: 0, json: false }];
    let parts: Vec<Chunk<'_>> = if engine == Engine::Hcl { whole.to_vec() } else { chunks(text).collect() };
    let mut left = VALUES;
    let mut items = Vec::new();
    for chunk in parts {
        let chunk = Chunk { offset: chunk.offset.saturating_add(base), ..chunk };
        let document = parse(file, &chunk, engine, &Limits::default(), false).ok()?;
        items.extend(of(document.root(), &mut left, 0)?);
    }
    Some(Value { span: Span::new(file, base, base.saturating_add(length)), shape: Shape::List(items) })
}

/// The document that a text of a `ConfigMap` is, by its key. All of it stands where the text does.
fn embedded(key: &str, value: &Value, left: &mut usize, depth: usize) -> Option<Value> {
    let text = value.text().filter(|text| text.contains('\n') && depth < 8)?;
    if ![".yaml", ".yml", ".json"].iter().any(|end| key.ends_with(end)) {
        return None;
    }
    let chunk = chunks(text).next().filter(|chunk| chunk.text.trim_end().len() == text.trim_end().len())?;
    let document = parse(value.span.file, &chunk, Engine::Core12, &Limits::default(), false).ok()?;
    let mut inner = of(document.root(), left, depth + 1).flatten().filter(|inner| inner.text().is_none())?;
    inner.stand_at(value.span);
    Some(inner)
}

/// The value of a node: `Some(None)` for null, `None` where it is too large.
#[expect(clippy::option_option, reason = "null and too much are two things")]
fn of(node: Node<'_>, left: &mut usize, depth: usize) -> Option<Option<Value>> {
    *left = left.checked_sub(1)?;
    if depth > DEPTH {
        return None;
    }
    let shape = if node.is_map() {
        let mut entries = Vec::new();
        for (key, value) in node.entries() {
            let Some(value) = of(value, left, depth + 1)? else { continue };
            let key = key.text().unwrap_or_default();
            let value = embedded(key, &value, left, depth).unwrap_or(value);
            entries.push((key.into(), value));
        }
        Shape::Map(entries)
    } else if node.is_seq() {
        let mut items = Vec::new();
        for item in node.items() {
            items.extend(of(item, left, depth + 1)?);
        }
        Shape::List(items)
    } else if node.is_null() {
        return Some(None);
    } else {
        let text = node.text().unwrap_or_default();
        // `!Ref X` is the value of something else.
        match node.tag().filter(|tag| !tag.starts_with("!!") && *tag != "!Sub") {
            Some(tag) => Shape::Scalar(format!("${{{tag} {text}}}").into()),
            None => Shape::Scalar(text.into()),
        }
    };
    Some(Some(Value { span: node.span(), shape }))
}
