//! White space, escapes and line breaks that our parser takes and go-yaml refuses, and the range of block scalars.

use super::build::Open;
use super::tree::{Context, Document, Raw, Style, offset};
use super::{SyntaxError, SyntaxErrorKind};

fn tab(cx: &Context<'_>, at: usize) -> SyntaxError {
    let message = "a tab where Kubernetes takes only spaces";
    cx.error(SyntaxErrorKind::Malformed, offset(at), offset(at + 1), message)
}

/// Refuses a tab between the `-` of a list, or the `?` of a key, and what starts at `start`.
pub(super) fn before_item(cx: &Context<'_>, parent: Option<&Open>, start: u32) -> Result<(), SyntaxError> {
    let Some(open) = parent.filter(|open| !open.flow) else { return Ok(()) };
    let before = &cx.text[..start as usize];
    let mark = before.trim_end_matches([' ', '\t']);
    match before[mark.len()..].find('\t') {
        Some(at) if mark.ends_with(if open.map { '?' } else { '-' }) => Err(tab(cx, mark.len() + at)),
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
    let flow = stack.last().is_some_and(|open| open.flow);
    let indent = indent(cx, doc, stack);
    let limit = match raw.style {
        Style::Plain => indent,
        Style::Literal | Style::Folded => 1,
        Style::Empty | Style::Single | Style::Double | Style::Json if flow => 0,
        Style::Empty | Style::Single | Style::Double | Style::Json => usize::MAX,
    };
    let end = raw.end as usize;
    let below = |line: &str| line.trim_start_matches(' ').starts_with('\t') && line.find('\t') < Some(indent);
    let lines = cx.text[raw.start as usize..end].split_inclusive('\n');
    if raw.style == Style::Plain && lines.skip(1).any(below) {
        return Err(tab(cx, cx.text[..end].rfind('\t').unwrap_or(end)));
    }
    let colon = raw.style == Style::Empty && cx.text[end..].trim_start_matches(' ').starts_with(':');
    let from = if colon { cx.text[end..].find(':').map_or(end, |n| end + n + 1) } else { end };
    let start = if cx.text[..from].ends_with('\n') { Gap::Column(0) } else { Gap::Line };
    after(cx, from, start, (limit, if flow { 0 } else { usize::MAX }))
}

/// Refuses a tab before the first token.
pub(super) fn before_all(cx: &Context<'_>) -> Result<(), SyntaxError> {
    let mark = if cx.text.starts_with('\u{feff}') { 3 } else { 0 };
    after(cx, mark, Gap::Column(0), (usize::MAX, usize::MAX))
}

/// Refuses a tab behind a flow collection or an alias that ends at `from`.
pub(super) fn after_token(cx: &Context<'_>, stack: &[Open], from: u32) -> Result<(), SyntaxError> {
    let limit = if stack.last().is_some_and(|open| open.flow) { 0 } else { usize::MAX };
    after(cx, from as usize, Gap::Line, (limit, limit))
}

/// Refuses a tab in the space before the next token: on a later line, in a column below the first of `limits`, or
/// below the second once there was a comment (behind it a plain scalar does not go on).
fn after(cx: &Context<'_>, from: usize, start: Gap, limits: (usize, usize)) -> Result<(), SyntaxError> {
    let mut limit = limits.0;
    let mut gap = start;
    for (i, b) in cx.text.as_bytes()[from..].iter().enumerate() {
        gap = match (b, gap) {
            (b'\n' | b'\r', _) => Gap::Column(0),
            (_, Gap::Comment) => Gap::Comment,
            (b'\t', Gap::Column(n)) if n < limit => return Err(tab(cx, from + i)),
            (b' ' | b'\t', Gap::Column(n)) => Gap::Column(n + 1),
            (b' ' | b'\t', Gap::Line) => Gap::Line,
            (b'#', _) => {
                limit = limits.1;
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
pub(super) fn block_range(text: &str, raw: &Raw<'_>) -> (usize, usize, bool) {
    let (start, end, value) = (raw.start as usize, raw.end as usize, &*raw.text);
    let before = text[..start].trim_end();
    let line = before.rfind('\n').map_or(0, |n| n + 1);
    let header = header(&before[line..]).map_or(start, |n| line + n);
    let last = header + text[header..end].trim_end().len();
    let chomping = text[header..].bytes().take(3).find(|b| matches!(b, b'-' | b'+'));
    let last_line = text.rsplit('\n').next().unwrap_or("");
    // White space alone is text as well, where it is longer than the indentation.
    let text_in_it =
        chomping == Some(b'+') || !last_line.trim().is_empty() || value.trim_end_matches('\n').ends_with([' ', '\t']);
    let body = text[header..].contains('\n');
    let cut = body && chomping != Some(b'-') && end == text.len() && !last_line.is_empty() && text_in_it;
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
