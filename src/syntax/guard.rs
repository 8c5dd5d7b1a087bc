//! Refuses the characters and lines on which readers take different paths, before the text is parsed.

use super::chunk::next_dashes;
use super::tree::{Context, offset};
use super::{SyntaxError, SyntaxErrorKind};

/// Refuses a text that readers would cut or break into lines differently. Says whether there are tabs in it.
pub(super) fn check(cx: Context<'_>) -> Result<bool, SyntaxError> {
    let (blocks, rest) = cx.text.as_bytes().as_chunks::<64>();
    let mut at = 0;
    let mut tabs = 0;
    for block in blocks {
        let found = look(block);
        if found & SUSPICIOUS != 0 {
            characters(cx, at, block.len())?;
        }
        tabs |= found & TAB;
        at += block.len();
    }
    let found = look(rest);
    if found & SUSPICIOUS != 0 {
        characters(cx, at, rest.len())?;
    }
    if cx.engine.is_go() {
        dashes(cx)?;
        dots(cx)?;
    }
    Ok((tabs | found) & TAB != 0)
}

const SUSPICIOUS: u8 = 1;
const TAB: u8 = 2;

/// Written so that the compiler makes vector code of it.
#[inline(never)]
fn look(block: &[u8]) -> u8 {
    let (mut suspicious, mut tab) = (0, 0);
    for &b in block {
        let space = u8::from(b == b'\n') | u8::from(b == b'\r') | u8::from(b == b'\t');
        suspicious |= (u8::from(b < 0x20) & (space ^ 1)) | u8::from(b >= 0x7f);
        tab |= u8::from(b == b'\t');
    }
    suspicious | tab << 1
}

/// Looks at the characters that start in `from..from + length`.
fn characters(cx: Context<'_>, from: usize, length: usize) -> Result<(), SyntaxError> {
    let start = (from..cx.text.len()).find(|&i| cx.text.is_char_boundary(i)).unwrap_or(cx.text.len());
    for (i, c) in cx.text[start..].char_indices() {
        let at = start + i;
        if at >= from + length {
            break;
        }
        if let Some(message) = objection(cx, at, c) {
            let span = (offset(at), offset(at + c.len_utf8()));
            return Err(cx.error(SyntaxErrorKind::Refused, span.0, span.1, message));
        }
    }
    Ok(())
}

fn objection(cx: Context<'_>, at: usize, c: char) -> Option<String> {
    let code = u32::from(c);
    match c {
        '\n' | '\r' | '\t' => None,
        '\u{85}' | '\u{2028}' | '\u{2029}' if cx.engine.is_go() => Some(format!(
            "U+{code:04X} ends a line for Kubernetes but not for most other readers; remove it, or write it as an escape in double quotes"
        )),
        '\u{feff}' if at > 0 && cx.engine.is_go() => {
            Some("a byte order mark inside a document is invisible text; remove it".to_owned())
        }
        '\0'..='\u{1f}' | '\u{7f}' | '\u{80}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
            Some(format!("the control character U+{code:04X} is not allowed in YAML"))
        }
        _ => None,
    }
}

/// Refuses a document that ends (`...`) before it has begun.
fn dots(cx: Context<'_>) -> Result<(), SyntaxError> {
    let text = cx.text.strip_prefix('\u{feff}').unwrap_or(cx.text);
    let blank = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let Some(line) = text.split('\n').find(|line| !blank(line)).filter(|line| line.starts_with("...")) else {
        return Ok(());
    };
    let at = cx.text.find(line).unwrap_or(0);
    if !line[3..].is_empty() && !line[3..].starts_with([' ', '\t', '\r']) {
        return Ok(());
    }
    Err(cx.error(SyntaxErrorKind::Malformed, offset(at), offset(at + 3), "`...` ends a document that has not begun"))
}

/// Refuses what stands behind `---` on its line: some readers take it, some skip it, kubectl stops.
fn dashes(cx: Context<'_>) -> Result<(), SyntaxError> {
    let Some(at) = next_dashes(cx.text, 0) else { return Ok(()) };
    let end = cx.text[at..].find('\n').map_or(cx.text.len(), |n| at + n);
    if cx.text[at + 3..end].trim().is_empty() {
        return Ok(());
    }
    let message = "text on a `---` line: kubectl stops here, other readers take it as content or skip it; move it to the next line";
    Err(cx.error(SyntaxErrorKind::Refused, offset(at), offset(end), message))
}
