//! JSON to the same tree.

use super::note::quoted;
use super::tree::{Context, Document, Kind, NONE, Raw, Style, offset};
use super::{Engine, SyntaxError, SyntaxErrorKind, maps};
use jsonc_parser::ast::{ObjectProp, ObjectPropName, Value};
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use std::borrow::Cow;

/// Reads `cx.text` as JSON; `None` if it is none, or deeper than the JSON reader goes. The tools that read neither as
/// Kubernetes nor as CloudFormation take comments and trailing commas (.NET does).
pub(super) fn parse(cx: Context<'_>) -> Option<Result<Document<'_>, SyntaxError>> {
    let is_lenient = cx.engine == Engine::Core12;
    let options = ParseOptions {
        allow_comments: is_lenient,
        allow_loose_object_property_names: false,
        allow_trailing_commas: is_lenient,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let value = parse_to_ast(cx.text, &CollectOptions::default(), &options).ok()?.value?;
    let nodes = Vec::with_capacity(cx.text.len() / 16 + 1);
    let mut tree = Tree { doc: Document::new(&cx, nodes), cx, scratch: Vec::new() };
    Some(tree.value(value, NONE, 0).map(|_| {
        tree.doc.watch();
        tree.doc
    }))
}

struct Tree<'s> {
    doc: Document<'s>,
    cx: Context<'s>,
    scratch: Vec<(u64, u32)>,
}

impl<'s> Tree<'s> {
    fn push(&mut self, raw: Raw<'s>) -> Result<u32, SyntaxError> {
        if self.doc.nodes.len() >= self.cx.limits.nodes {
            let message = format!("this document has more than {} nodes", self.cx.limits.nodes);
            return Err(self.cx.error(SyntaxErrorKind::Limit, raw.start, raw.end, message));
        }
        self.doc.nodes.push(raw);
        Ok(offset(self.doc.nodes.len() - 1))
    }

    fn value(&mut self, value: Value<'s>, parent: u32, depth: usize) -> Result<u32, SyntaxError> {
        let range = value.range();
        match value {
            Value::StringLit(text) => self.scalar(text.value, Style::Double, range, parent),
            Value::NumberLit(number) => self.number(number.value, range, parent),
            Value::BooleanLit(word) => {
                self.scalar(Cow::Borrowed(if word.value { "true" } else { "false" }), Style::Json, range, parent)
            }
            Value::NullKeyword(_) => self.scalar(Cow::Borrowed("null"), Style::Json, range, parent),
            Value::Object(object) => self.object(object.properties, range, parent, depth),
            Value::Array(array) => {
                let node = self.collection(Kind::Seq, range, parent, depth)?;
                let mut last = NONE;
                for element in array.elements {
                    let child = self.value(element, node, depth + 1)?;
                    self.link(node, &mut last, child);
                }
                Ok(node)
            }
        }
    }

    fn object(
        &mut self,
        properties: Vec<ObjectProp<'s>>,
        range: Range,
        parent: u32,
        depth: usize,
    ) -> Result<u32, SyntaxError> {
        let node = self.collection(Kind::Map, range, parent, depth)?;
        let children = offset(properties.len().saturating_mul(2));
        let mut last = NONE;
        for property in properties {
            let range = property.name.range();
            let name = match property.name {
                ObjectPropName::String(name) => name.value,
                ObjectPropName::Word(name) => Cow::Borrowed(name.value),
            };
            let key = self.scalar(name, Style::Double, range, node)?;
            self.link(node, &mut last, key);
            let value = self.value(property.value, node, depth + 1)?;
            self.link(node, &mut last, value);
        }
        if maps::has_duplicates(&self.doc, node, children, &mut self.scratch) {
            maps::view(&mut self.doc, &self.cx, node)?;
        }
        Ok(node)
    }

    fn collection(&mut self, kind: Kind, range: Range, parent: u32, depth: usize) -> Result<u32, SyntaxError> {
        let (start, end) = (offset(range.start), offset(range.end));
        if depth >= self.cx.limits.depth {
            let message = format!("collections are nested more than {} deep", self.cx.limits.depth);
            return Err(self.cx.error(SyntaxErrorKind::Limit, start, start + 1, message));
        }
        self.push(Raw { parent, ..Raw::new(kind, start, end) })
    }

    fn number(&mut self, text: &'s str, range: Range, parent: u32) -> Result<u32, SyntaxError> {
        if text.parse::<f64>().is_ok_and(f64::is_finite) {
            return self.scalar(Cow::Borrowed(text), Style::Json, range, parent);
        }
        let message = format!("{} is too large for a number", quoted(text));
        Err(self.cx.error(SyntaxErrorKind::Malformed, offset(range.start), offset(range.end), message))
    }

    fn scalar(&mut self, text: Cow<'s, str>, style: Style, range: Range, parent: u32) -> Result<u32, SyntaxError> {
        let raw = Raw::new(Kind::Scalar, offset(range.start), offset(range.end));
        self.push(Raw { text, parent, style, ..raw })
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
