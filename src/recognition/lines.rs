//! Files of one setting a line: `.env`, properties, and the plain parts of TOML and INI.

use super::tree::{Shape, Value};
use crate::text::{FileId, Span};

/// The settings of `text` as one mapping; those under `[section]` in one of their own. What spans lines is left out.
pub(super) fn read(file: FileId, text: &str) -> Option<Value> {
    let span = |start: usize, end: usize| Some(Span::new(file, u32::try_from(start).ok()?, u32::try_from(end).ok()?));
    let mut root: Vec<(Box<str>, Value)> = Vec::new();
    let mut section: Option<Box<str>> = None;
    let mut until: Option<&str> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        if let Some(end) = until {
            until = (!line.contains(end)).then_some(end);
            continue;
        }
        let trimmed = line.trim();
        if let Some(name) = trimmed.strip_prefix('[').and_then(|t| t.split(']').next()) {
            section = Some(name.trim_matches('[').into());
            continue;
        }
        let Some((name, value)) = setting(trimmed) else { continue };
        until = ["\"\"\"", "'''"].into_iter().find(|quote| value.matches(quote).count() == 1);
        if until.is_some() {
            continue;
        }
        let from = start + line.find(value).unwrap_or_default();
        let value = Value { span: span(from, from + value.len())?, shape: Shape::Scalar(unquoted(value).into()) };
        let Some(name_of) = &section else {
            root.push((name.into(), value));
            continue;
        };
        let known = root.iter_mut().find(|(k, v)| k == name_of && !v.entries().is_empty());
        if let Some((_, Value { shape: Shape::Map(entries), .. })) = known {
            entries.push((name.into(), value));
        } else {
            let (span, entries) = (value.span, vec![(name.into(), value)]);
            root.push((name_of.clone(), Value { span, shape: Shape::Map(entries) }));
        }
    }
    let whole = span(0, text.len())?;
    let map = Value { span: whole, shape: Shape::Map(root) };
    Some(Value { span: whole, shape: Shape::List(vec![map]) })
}

/// Name and value of a line.
fn setting(line: &str) -> Option<(&str, &str)> {
    if line.starts_with(['#', ';', '!', '/']) {
        return None;
    }
    let line = line.strip_prefix("export ").unwrap_or(line);
    let at = line.find(['=', ':'])?;
    let (name, value) = (line[..at].trim().trim_matches('"'), line[at + 1..].trim());
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    (!name.is_empty() && name.chars().all(plain) && !value.is_empty()).then_some((name, value))
}

/// Without quotes, and without a comment behind.
fn unquoted(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote) {
            return inner.split(quote).next().unwrap_or(inner);
        }
    }
    value.split(" #").next().unwrap_or(value).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_line_by_line() {
        let text = "# A=1\nexport A=\"x y\" # c\nB: z # c\n[llm]\nmodel = 'm'\ntext = \"\"\"\nC=1\n\"\"\"\nd=2\n";
        let value = read(FileId(0), text).unwrap();
        let map = &value.items()[0];
        assert_eq!(map.word("A"), Some("x y"));
        assert_eq!(map.word("B"), Some("z"));
        let section = map.get("llm").unwrap();
        assert_eq!((section.word("model"), section.word("d"), section.word("C")), (Some("m"), Some("2"), None));
        assert_eq!(map.get("B").unwrap().span.slice(text), "z # c");
    }
}
