//! Writes what is to be added in the layout of what surrounds it: block or flow, JSON, LF or CRLF.

use serde_json::Value;

use crate::adapters::Addition;
use crate::finding::Edit;
use crate::syntax::Node;
use crate::text::Span;

/// The edit that writes `addition` into `text`; `None` where the surroundings are laid out in a way nobody expects.
pub(super) fn insertion(text: &str, addition: &Addition<'_>, json: bool) -> Option<Edit> {
    match addition {
        Addition::Key { map, key, value } => {
            let entry = entry(key, value, json);
            if is_flow(text, *map, '{') { key_in_flow(text, *map, &entry) } else { key_in_block(text, *map, &entry) }
        }
        Addition::Item { after, value } => {
            let list = after.parent()?;
            let item = flow(value, json);
            if is_flow(text, list, '[') {
                item_in_flow(text, *after, &item)
            } else {
                item_in_block(text, *after, value)
            }
        }
    }
}

/// `key: value` on one line.
pub(super) fn entry(key: &str, value: &Value, json: bool) -> String {
    if json { format!("\"{key}\": {}", flow(value, json)) } else { format!("{key}: {}", flow(value, json)) }
}

/// An item of a block list, without its dash: a mapping of one key needs no braces.
pub(super) fn item(value: &Value) -> String {
    match value.as_object().and_then(|map| map.iter().next().filter(|_| map.len() == 1)) {
        Some((key, value)) => entry(key, value, false),
        None => flow(value, false),
    }
}

/// `value` on one line. Adapters add words and numbers that need no quotes in YAML.
fn flow(value: &Value, json: bool) -> String {
    match value {
        Value::Object(map) => {
            let entries: Vec<String> = map.iter().map(|(key, value)| entry(key, value, json)).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::String(text) if !json => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => value.to_string(),
    }
}

fn is_flow(text: &str, node: Node<'_>, open: char) -> bool {
    node.span().slice(text).starts_with(open)
}

/// What stands before `at` on its line.
fn lead(text: &str, at: usize) -> Option<&str> {
    let before = text.get(..at)?;
    Some(&before[before.rfind('\n').map_or(0, |n| n + 1)..])
}

/// The line break that the line of `at` ends with, or one like the first of the text.
fn line_break(text: &str) -> &'static str {
    let first = text.find('\n').unwrap_or(0);
    if first > 0 && text.as_bytes()[first - 1] == b'\r' { "\r\n" } else { "\n" }
}

/// Where the last line of the block node at `span` ends, its line break left out.
fn line_end(text: &str, span: Span) -> Option<usize> {
    let last = span.start as usize + span.slice(text).trim_end().len();
    let rest = text.get(last..)?;
    let line = rest.split('\n').next()?;
    Some(last + line.trim_end_matches('\r').len())
}

fn put(span: Span, at: usize, text: String) -> Option<Edit> {
    let at = u32::try_from(at).ok()?;
    Some(Edit { span: Span::new(span.file, at, at), text })
}

fn key_in_block(text: &str, map: Node<'_>, entry: &str) -> Option<Edit> {
    let span = map.span();
    let lead = lead(text, span.start as usize)?;
    if !lead.chars().all(|c| matches!(c, ' ' | '-')) {
        return None;
    }
    let indent = " ".repeat(lead.len());
    put(span, line_end(text, span)?, format!("{}{indent}{entry}", line_break(text)))
}

fn item_in_block(text: &str, after: Node<'_>, value: &Value) -> Option<Edit> {
    let span = after.span();
    let (indent, gap) = lead(text, span.start as usize)?.split_once('-')?;
    let blank = |part: &str| part.chars().all(|c| c == ' ');
    if !blank(indent) || gap.is_empty() || !blank(gap) {
        return None;
    }
    put(span, line_end(text, span)?, format!("{}{indent}-{gap}{}", line_break(text), item(value)))
}

fn key_in_flow(text: &str, map: Node<'_>, entry: &str) -> Option<Edit> {
    let span = map.span();
    let inside = span.slice(text).strip_suffix('}')?.trim_end();
    let at = span.start as usize + inside.len();
    let first = map.entries().next().map(|(key, _)| key.span());
    let Some(first) = first else { return put(span, at, entry.to_owned()) };
    put(span, at, format!("{}{entry}", apart(text, first, inside.ends_with(','))?))
}

fn item_in_flow(text: &str, after: Node<'_>, item: &str) -> Option<Edit> {
    let span = after.span();
    put(span, span.end as usize, format!("{}{item}", apart(text, span, false)?))
}

/// What parts an entry from the one before it: a line of its own where `sibling` has one.
fn apart(text: &str, sibling: Span, comma: bool) -> Option<String> {
    let lead = lead(text, sibling.start as usize)?;
    let comma = if comma { "" } else { "," };
    let own_line = lead.chars().all(|c| matches!(c, ' ' | '\t')) && sibling.start as usize > lead.len();
    Some(if own_line { format!("{comma}{}{lead}", line_break(text)) } else { format!("{comma} ") })
}
