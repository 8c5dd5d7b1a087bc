//! White space, escapes and line breaks that our parser takes and go-yaml refuses, and the range of block scalars.

use super::build::Open;
use super::tree::{Context, Document, Raw, Style, offset};
use super::{SyntaxError, SyntaxErrorKind};

fn tab(cx: &Context<'_>, at: usize) -> SyntaxError {
    let message = "a tab where Kubernetes takes only spaces";
    cx.error(SyntaxErrorKind::Malformed, offset(at), offset(at + 1), message)
}

/// Refuses a tab between the `-` of a list and its item at `start`.
pub(super) fn before_item(cx: &Context<'_>, parent: Option<&Open>, start: u32) -> Result<(), SyntaxError> {
    if !parent.is_some_and(|open| !open.flow && !open.map) {
        return Ok(());
    }
    let before = &cx.text[..start as usize];
    let mark = before.trim_end_matches([' ', '\t']);
    match before[mark.len()..].find('\t') {
        Some(at) if mark.ends_with('-') => Err(tab(cx, mark.len() + at)),
        _ => Ok(()),
    }
}

/// Refuses the tabs around a scalar that go-yaml refuses.
pub(super) fn around_scalar(
    cx: &Context<'_>,
    doc: &Document<'_>,
    stack: &[Open],
    raw: &Raw<'_>,
) -> Result<(), SyntaxError> {
    before_item(cx, stack.last(), raw.start)?;
    if matches!(raw.style, Style::Literal | Style::Folded) {
        return Ok(());
    }
    let flow = stack.last().is_some_and(|open| open.flow);
    let mut plain = raw.style == Style::Plain;
    let mut gap = Gap::Line;
    for (i, b) in cx.text.as_bytes()[raw.end as usize..].iter().enumerate() {
        gap = match (b, gap) {
            (b'\n', _) => Gap::Column(0),
            (_, Gap::Comment) => Gap::Comment,
            (b'\t', Gap::Column(n)) if (plain && n < indent(cx, doc, stack)) || (!plain && !flow) => {
                return Err(tab(cx, raw.end as usize + i));
            }
            (b' ' | b'\r' | b'\t', Gap::Column(n)) => Gap::Column(n + 1),
            (b' ' | b'\r' | b'\t', Gap::Line) => Gap::Line,
            (b'#', _) => {
                // Behind a comment a plain scalar does not go on.
                plain = false;
                Gap::Comment
            }
            _ => break,
        };
    }
    Ok(())
}

/// Where we are between two tokens.
#[derive(Clone, Copy)]
enum Gap {
    /// Still on the first token's line.
    Line,
    /// At this column of a later line.
    Column(usize),
    /// In a comment.
    Comment,
}

/// The column at which the lines of a plain scalar may start.
fn indent(cx: &Context<'_>, doc: &Document<'_>, stack: &[Open]) -> usize {
    let Some(block) = stack.iter().rev().find(|open| !open.flow) else { return 0 };
    let start = doc.nodes[block.node as usize].start as usize;
    let line = cx.text[..start].rfind('\n').map_or(0, |n| n + 1);
    start - line + 1
}

/// Refuses the escapes that JSON has and go-yaml does not.
pub(super) fn escapes(cx: &Context<'_>, raw: &Raw<'_>) -> Result<(), SyntaxError> {
    let bytes = &cx.text.as_bytes()[raw.start as usize..raw.end as usize];
    let mut at = 0;
    while let Some(n) = bytes.get(at..).and_then(|rest| rest.iter().position(|&b| b == b'\\')) {
        at += n;
        let foreign = match bytes.get(at + 1..).unwrap_or(&[]) {
            [b'/', ..] => true,
            [b'u', b'd' | b'D', third, ..] => matches!(third, b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F'),
            _ => false,
        };
        if foreign {
            let start = raw.start + offset(at);
            let message = "Kubernetes knows this escape in JSON only; write the character itself";
            return Err(cx.error(SyntaxErrorKind::Malformed, start, start + 2, message));
        }
        at += 2;
    }
    Ok(())
}

/// Refuses a key inside braces that is not on one line with its colon.
pub(super) fn flow_key(cx: &Context<'_>, raw: &Raw<'_>) -> Result<(), SyntaxError> {
    let (start, end) = (raw.start as usize, raw.end as usize);
    let bytes = cx.text.as_bytes();
    let gap = bytes[end..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    if bytes.get(end + gap) != Some(&b':') || !bytes[start..end + gap].contains(&b'\n') {
        return Ok(());
    }
    if cx.text[..start].trim_end().ends_with('?') {
        return Ok(());
    }
    let message = "Kubernetes wants a key and its colon on one line";
    Err(cx.error(SyntaxErrorKind::Malformed, raw.start, raw.end, message))
}

/// Where the first `-` of a list is in the text from its key to its first item: behind the colon, comments and
/// properties.
pub(super) fn dash(between: &str) -> Option<usize> {
    let mut at = between.find(':')? + 1;
    loop {
        at += between[at..].find(|c: char| !c.is_whitespace())?;
        let word = match between.as_bytes()[at] {
            b'-' => return Some(at),
            b'#' => between[at..].find('\n')?,
            b'&' | b'!' => between[at..].find(char::is_whitespace)?,
            _ => return None,
        };
        at += word;
    }
}

/// The range of a block scalar from its `|` or `>` to the end of its last line of text, given the range of its content,
/// and whether the end of the text cuts a line break off that belongs to the value.
pub(super) fn block_range(text: &str, start: usize, end: usize) -> (usize, usize, bool) {
    let before = text[..start].trim_end();
    let line = before.rfind('\n').map_or(0, |n| n + 1);
    let header = header(&before[line..]).map_or(start, |n| line + n);
    let last = header + text[header..end].trim_end().len();
    let keeps = !text[header..].bytes().take(3).any(|b| b == b'-');
    let cut = keeps && end == text.len() && start < end && !text.trim_end_matches([' ', '\t']).ends_with('\n');
    (header, last, cut)
}

/// Where `|` or `>` stands in the line that opens a block scalar.
fn header(line: &str) -> Option<usize> {
    line.match_indices(['|', '>']).map(|(n, _)| n).find(|&n| {
        let rest = line[n + 1..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '+' || c == '-');
        rest.is_empty() || (rest.starts_with([' ', '\t']) && rest.trim_start().starts_with('#'))
    })
}

/// Refuses the tabs in a block scalar that stand before its indentation is reached.
pub(super) fn block_tabs(cx: &Context<'_>, raw: &Raw<'_>) -> Result<(), SyntaxError> {
    let body = &cx.text[raw.start as usize..raw.end as usize];
    if !body.contains('\t') {
        return Ok(());
    }
    let mut at = raw.start as usize;
    let mut indent = usize::MAX;
    for (i, line) in body.split_inclusive('\n').enumerate() {
        let spaces = line.bytes().take_while(|&b| b == b' ').count();
        let rest = &line.as_bytes()[spaces..];
        if i > 0 && spaces < indent && rest.first() == Some(&b'\t') {
            return Err(tab(cx, at + spaces));
        }
        if i > 0 && indent == usize::MAX && !matches!(rest.first(), None | Some(b'\n' | b'\r')) {
            indent = spaces;
        }
        at += line.len();
    }
    Ok(())
}
