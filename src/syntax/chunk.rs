//! A stream cut into documents, as the stream reader of Kubernetes (apimachinery) cuts it.

use super::json_scan;
use super::tree::offset;

/// One document of a stream, not yet parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'s> {
    /// Its text, without the separator line before it.
    pub text: &'s str,
    /// Where it starts in the file, in bytes.
    pub offset: u32,
    /// Whether the text is strictly JSON; any other text is read as YAML.
    pub json: bool,
}

/// Cuts a stream into documents the way apimachinery does: JSON objects first, then YAML between `---` lines.
///
/// Nothing is parsed. A line such as `--- {a: 1}`, which that reader refuses, stays in its document, and
/// [`super::parse`] refuses the document for it.
pub fn chunks(text: &str) -> impl Iterator<Item = Chunk<'_>> {
    Chunks { text, at: 0, yaml: false }
}

struct Chunks<'s> {
    text: &'s str,
    at: usize,
    /// Once a document was YAML, so is the rest.
    yaml: bool,
}

impl<'s> Iterator for Chunks<'s> {
    type Item = Chunk<'s>;

    fn next(&mut self) -> Option<Chunk<'s>> {
        if !self.yaml {
            if let Some(chunk) = self.json() {
                return Some(chunk);
            }
            self.yaml = true;
        }
        while self.at < self.text.len() {
            let rest = &self.text[self.at..];
            let (body, after) = separator(rest);
            let start = self.at;
            self.at += after;
            if body > 0 {
                return Some(Chunk { text: &rest[..body], offset: offset(start), json: false });
            }
        }
        None
    }
}

impl<'s> Chunks<'s> {
    /// The JSON object (or the array that is the whole text) that comes next.
    fn json(&mut self) -> Option<Chunk<'s>> {
        let mut rest = self.text[self.at..].trim_start();
        if self.at > 0 && rest.starts_with("---") && is_separator(&rest[3..line_end(rest, 0)]) {
            let after = line_end(rest, 0);
            self.at = self.text.len() - rest.len() + after;
            rest = rest[after..].trim_start();
        }
        if rest.is_empty() && self.at > 0 {
            self.at = self.text.len();
            return None;
        }
        let array = self.at == 0 && rest.starts_with('[');
        if !rest.starts_with('{') && !array {
            return None;
        }
        let end = json_scan::value_end(rest)?;
        if array && !rest[end..].trim_start().is_empty() {
            return None;
        }
        let start = self.text.len() - rest.len();
        self.at = start + end;
        Some(Chunk { text: &rest[..end], offset: offset(start), json: true })
    }
}

/// The length of the text before the next separator line, and the length with that line.
fn separator(text: &str) -> (usize, usize) {
    let mut from = 0;
    while let Some(at) = next_dashes(text, from) {
        let end = line_end(text, at);
        if is_separator(&text[at + 3..end]) {
            return (at, end);
        }
        from = end;
    }
    (text.len(), text.len())
}

/// The end of the line that `at` is in, with its line break.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |n| at + n + 1)
}

/// Whether `---` and then `rest` (to the end of the line) separates documents.
fn is_separator(rest: &str) -> bool {
    let rest = rest.trim();
    rest.is_empty() || rest.starts_with('#')
}

/// The first line at or after the line start `from` that begins with `---`.
pub(super) fn next_dashes(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes[from..].starts_with(b"---") {
        return Some(from);
    }
    let mut at = from;
    while let Some(block) = bytes.get(at..at + BLOCK + 3) {
        if has_dashes(block) {
            break;
        }
        at += BLOCK;
    }
    bytes[at..].windows(4).position(|w| w == b"\n---").map(|n| at + n + 1)
}

const BLOCK: usize = 64;

/// Whether `\n---` starts in the first [`BLOCK`] bytes. Written so that the compiler makes vector code of it.
fn has_dashes(block: &[u8]) -> bool {
    let mut found = 0;
    for i in 0..BLOCK {
        let is = |at: usize, byte: u8| u8::from(block[i + at] == byte);
        found |= is(0, b'\n') & is(1, b'-') & is(2, b'-') & is(3, b'-');
    }
    found != 0
}

/// The front matter of `text`, between two `---` lines, and where the body behind it starts. Comments may stand before it.
pub fn front_matter(text: &str) -> Option<(Chunk<'_>, usize)> {
    let mut at = 0;
    let mut start = None;
    for line in text.split_inclusive('\n') {
        let next = at + line.len();
        match (line.trim_end(), start) {
            ("---", None) => start = Some(next),
            ("---", Some(start)) => {
                let chunk = Chunk { text: &text[start..at], offset: u32::try_from(start).ok()?, json: false };
                return Some((chunk, next));
            }
            (other, None) if other.is_empty() || other.starts_with('#') => {}
            (_, None) => return None,
            (_, Some(_)) => {}
        }
        at = next;
    }
    None
}
