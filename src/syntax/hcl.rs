//! HCL to the same tree, in the shape that Terraform's JSON syntax has.
//!
//! `resource "a" "b" {}` is `resource: [{a: {b: {}}}]`, an expression is the text `${…}`, `jsonencode(x)` is `x`.

use std::borrow::Cow;
use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, Object, ObjectKey};
use hcl_edit::structure::{Block, BlockLabel, Body, Structure};

use super::tree::{Context, Document, Kind, NONE, Raw, Style, offset};
use super::{Engine, SyntaxError, SyntaxErrorKind};

/// Reads `cx.text` as HCL, or as OCL.
pub(super) fn parse(cx: Context<'_>) -> Result<Document<'_>, SyntaxError> {
    let plain = if cx.engine == Engine::Ocl { without_templates(cx.text) } else { cx.text.into() };
    let body = hcl_edit::parser::parse_body(&plain).map_err(|error| {
        let at = offset(error.location().offset());
        cx.error(SyntaxErrorKind::Malformed, at, at, error.message())
    })?;
    let shape = Shaper { text: cx.text };
    let root = shape.body(&body, 0..cx.text.len());
    let mut tree = Tree { doc: Document::new(&cx, Vec::with_capacity(cx.text.len() / 16 + 1)), cx };
    tree.push(root, NONE, 0)?;
    Ok(tree.doc)
}

/// `text` with the beginnings of HCL's templates masked, byte for byte: scripts are full of `${NAME:-x}` and `%{code}`.
fn without_templates(text: &str) -> Cow<'_, str> {
    if text.contains("${") || text.contains("%{") {
        text.replace("${", "#{").replace("%{", "#{").into()
    } else {
        text.into()
    }
}

/// A value in the shape of JSON.
enum Value<'s> {
    Scalar(Cow<'s, str>, Style, Range<usize>),
    Seq(Vec<Value<'s>>, Range<usize>),
    Map(Vec<(Key<'s>, Value<'s>)>, Range<usize>),
}

struct Key<'s> {
    text: Cow<'s, str>,
    range: Range<usize>,
}

struct Shaper<'s> {
    text: &'s str,
}

impl<'s> Shaper<'s> {
    fn slice(&self, range: &Range<usize>) -> &'s str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    fn body(&self, body: &Body, range: Range<usize>) -> Value<'s> {
        let mut entries: Vec<(Key<'s>, Value<'s>)> = Vec::new();
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => {
                    let range = attribute.key.span().unwrap_or_default();
                    let key = Key { text: self.slice(&range).into(), range };
                    entries.push((key, self.expression(&attribute.value)));
                }
                Structure::Block(block) => self.block(block, &mut entries),
            }
        }
        Value::Map(entries, range)
    }

    /// Adds a block to the list of those of its name. What a `dynamic` block makes can't be known.
    fn block(&self, block: &Block, entries: &mut Vec<(Key<'s>, Value<'s>)>) {
        let range = block.span().unwrap_or_default();
        let ident = block.ident.span().unwrap_or_default();
        let key = Key { text: self.slice(&ident).into(), range: ident };
        let mut labels = block.labels.iter().map(|label| self.label(label));
        let (key, value) = match (&*key.text, labels.next()) {
            ("dynamic", Some(label)) => (label, Value::Scalar("${dynamic}".into(), Style::Double, range)),
            (_, first) => {
                let labels: Vec<Key<'s>> = first.into_iter().chain(labels).collect();
                let inner = self.body(&block.body, range.clone());
                let nested = labels
                    .into_iter()
                    .rev()
                    .fold(inner, |value, label| Value::Map(vec![(label, value)], range.clone()));
                (key, nested)
            }
        };
        match entries.iter_mut().find(|(k, _)| k.text == key.text).map(|(_, value)| value) {
            Some(Value::Seq(all, _)) => all.push(value),
            Some(Value::Scalar(..) | Value::Map(..)) => {}
            None if matches!(value, Value::Scalar(..)) => entries.push((key, value)),
            None => {
                let range = block.span().unwrap_or_default();
                entries.push((key, Value::Seq(vec![value], range)));
            }
        }
    }

    fn label(&self, label: &BlockLabel) -> Key<'s> {
        match label {
            BlockLabel::Ident(ident) => {
                let range = ident.span().unwrap_or_default();
                Key { text: self.slice(&range).into(), range }
            }
            BlockLabel::String(text) => {
                Key { text: Cow::Owned(text.value().clone()), range: text.span().unwrap_or_default() }
            }
        }
    }

    fn expression(&self, value: &Expression) -> Value<'s> {
        let range = value.span().unwrap_or_default();
        let text = self.slice(&range);
        match value {
            Expression::Null(_) | Expression::Bool(_) | Expression::Number(_) => {
                Value::Scalar(text.into(), Style::Json, range)
            }
            Expression::String(s) => Value::Scalar(Cow::Owned(s.value().clone()), Style::Double, range),
            Expression::StringTemplate(_) => {
                let inner = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
                Value::Scalar(inner.into(), Style::Double, range)
            }
            Expression::HeredocTemplate(heredoc) => {
                Value::Scalar(Cow::Owned(heredoc.template.to_string()), Style::Literal, range)
            }
            Expression::Array(items) => Value::Seq(items.iter().map(|item| self.expression(item)).collect(), range),
            Expression::Object(object) => self.object(object, range),
            Expression::Parenthesis(inner) => self.expression(inner.inner()),
            Expression::FuncCall(call) if &**call.name.name.value() == "jsonencode" && call.args.len() == 1 => {
                call.args.iter().next().map_or_else(|| dynamic(text, range), |argument| self.expression(argument))
            }
            Expression::UnaryOp(_) if text.parse::<f64>().is_ok() => Value::Scalar(text.into(), Style::Json, range),
            Expression::Variable(_)
            | Expression::Conditional(_)
            | Expression::FuncCall(_)
            | Expression::Traversal(_)
            | Expression::UnaryOp(_)
            | Expression::BinaryOp(_)
            | Expression::ForExpr(_) => dynamic(text, range),
        }
    }

    fn object(&self, object: &Object, range: Range<usize>) -> Value<'s> {
        let key = |key: &ObjectKey| match key {
            ObjectKey::Ident(ident) => {
                let range = ident.span().unwrap_or_default();
                Key { text: self.slice(&range).into(), range }
            }
            ObjectKey::Expression(Expression::String(s)) => {
                Key { text: Cow::Owned(s.value().clone()), range: s.span().unwrap_or_default() }
            }
            ObjectKey::Expression(other) => {
                let range = other.span().unwrap_or_default();
                Key { text: Cow::Owned(format!("${{{}}}", self.slice(&range))), range }
            }
        };
        Value::Map(object.iter().map(|(k, v)| (key(k), self.expression(v.expr()))).collect(), range)
    }
}

fn dynamic<'s>(text: &str, range: Range<usize>) -> Value<'s> {
    Value::Scalar(Cow::Owned(format!("${{{text}}}")), Style::Double, range)
}

struct Tree<'s> {
    doc: Document<'s>,
    cx: Context<'s>,
}

impl<'s> Tree<'s> {
    fn push(&mut self, value: Value<'s>, parent: u32, depth: usize) -> Result<u32, SyntaxError> {
        let (kind, range) = match &value {
            Value::Scalar(_, _, range) => (Kind::Scalar, range),
            Value::Seq(_, range) => (Kind::Seq, range),
            Value::Map(_, range) => (Kind::Map, range),
        };
        let (start, end) = (offset(range.start), offset(range.end));
        if depth >= self.cx.limits.depth || self.doc.nodes.len() >= self.cx.limits.nodes {
            let message = format!("this file nests more than {} deep or is too large", self.cx.limits.depth);
            return Err(self.cx.error(SyntaxErrorKind::Limit, start, start, message));
        }
        let id = offset(self.doc.nodes.len());
        self.doc.nodes.push(Raw { parent, ..Raw::new(kind, start, end) });
        match value {
            Value::Scalar(text, style, _) => {
                let raw = &mut self.doc.nodes[id as usize];
                (raw.text, raw.style) = (text, style);
            }
            Value::Seq(items, _) => {
                let mut last = NONE;
                for item in items {
                    let child = self.push(item, id, depth + 1)?;
                    self.link(id, &mut last, child);
                }
            }
            Value::Map(entries, _) => {
                let mut last = NONE;
                for (key, value) in entries {
                    let key = Value::Scalar(key.text, Style::Double, key.range);
                    let key = self.push(key, id, depth + 1)?;
                    self.link(id, &mut last, key);
                    let value = self.push(value, id, depth + 1)?;
                    self.link(id, &mut last, value);
                }
            }
        }
        Ok(id)
    }

    fn link(&mut self, parent: u32, last: &mut u32, child: u32) {
        if *last == NONE {
            self.doc.nodes[parent as usize].first = child;
        } else {
            self.doc.nodes[*last as usize].next = child;
        }
        *last = child;
    }
}
