//! Text from manifests, made harmless for a terminal.

use std::borrow::Cow;
use std::fmt::Write;

/// May this character reach a terminal as it is? Control characters, bidirectional overrides, invisible characters and
/// exotic line separators may not: they can forge output or hide it.
pub(super) const fn is_plain(c: char) -> bool {
    !matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Writes `c`, as `\u{1b}` where it could forge or hide output, or would make a command of what stands before it: GitHub
/// Actions reads `##[` anywhere in a line of a job's output.
pub(super) fn push_visible(out: &mut String, c: char) {
    let commands = c == '[' && out.ends_with("##");
    if is_plain(c) && !commands { out.push(c) } else { out.extend(c.escape_unicode()) }
}

/// Does `::` begin here? At the start of a line of a job's output it is a command of GitHub Actions, and a line may be
/// broken at any blank.
fn begins_a_command(before: &str, c: char) -> bool {
    let rest = before.strip_suffix(':').filter(|_| c == ':');
    rest.is_some_and(|rest| rest.chars().next_back().is_none_or(char::is_whitespace))
}

/// `text` with every character that could forge or hide output written as `\u{1b}`; line breaks and tabs too.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) && !text.contains("##[") && !text.contains("::") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if begins_a_command(&out, c) { out.extend(c.escape_unicode()) } else { push_visible(&mut out, c) }
    }
    Cow::Owned(out)
}

/// `text` like [`visible`], but with its line breaks: help may be a piece of a file.
pub(super) fn visible_lines(text: &str) -> String {
    text.lines().map(visible).collect::<Vec<_>>().join("\n")
}

/// JSON text with what could forge a terminal's output written as `\u001b`. It stands only inside of strings, where the
/// two spellings mean the same.
pub(super) fn visible_json(text: String) -> String {
    let harmless = |c: char| c == '\n' || is_plain(c);
    if text.chars().all(harmless) && !text.contains("##[") {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if harmless(c) && !(c == '[' && out.ends_with("##")) {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{visible, visible_json, visible_lines};

    #[test]
    fn nothing_moves_the_cursor() {
        assert_eq!(visible("a\u{1b}[2Jb\u{202e}c\n"), "a\\u{1b}[2Jb\\u{202e}c\\u{a}");
        assert_eq!(visible("é 世界"), "é 世界");
        assert_eq!(visible_lines("a\n  b\u{9b}\r\n"), "a\n  b\\u{9b}");
    }

    #[test]
    fn nothing_is_a_command_of_a_ci_service() {
        assert_eq!(visible("##[set-output name=a]b"), "##\\u{5b}set-output name=a]b");
        assert_eq!(visible("::error::x ::y"), ":\\u{3a}error::x :\\u{3a}y");
        assert_eq!(visible("arn:aws:s3:::web job::rate"), "arn:aws:s3:::web job::rate");
    }

    #[test]
    fn json_means_the_same() {
        let text = "##[error]x\u{9b}31m\u{202e}\u{e0041}\u{7f}";
        let escaped = visible_json(serde_json::to_string(text).unwrap());
        assert!(escaped.is_ascii() && !escaped.contains("##["));
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
    }
}
