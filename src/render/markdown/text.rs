//! Foreign text in Markdown, where it can only ever be text: no link, no mention, no markup, no line of its own.

use crate::render::visible;

/// Drawn between two characters that would mean something together; it is not seen.
const APART: &str = "&#8203;";

/// `text` on one line, without markup. What stands in backticks stays code.
pub(super) fn prose(text: &str) -> String {
    let text = visible(text);
    let mut out = String::new();
    let parts: Vec<&str> = text.split('`').collect();
    for (index, part) in parts.iter().enumerate() {
        let in_pair = index % 2 == 1 && index + 1 < parts.len();
        if index % 2 == 1 && !in_pair {
            out += "\\`";
        }
        if in_pair { out += &code(part) } else { push_escaped(&mut out, part) }
    }
    out
}

/// `text` on one line as code; as text where it cannot stand between backticks in a table.
pub(super) fn code(text: &str) -> String {
    let text = visible(text);
    if text.is_empty() || text.contains(['`', '|', '\\']) || text.starts_with(' ') || text.ends_with(' ') {
        let mut out = String::new();
        push_escaped(&mut out, &text);
        return out;
    }
    format!("`{text}`")
}

/// `text` as a block of code, whose fence is longer than any within it.
pub(super) fn block(text: &str) -> String {
    let runs = text.split(|c| c != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or_default().max(2) + 1);
    let lines: Vec<_> = text.lines().map(visible).collect();
    format!("{fence}\n{}\n{fence}\n", lines.join("\n"))
}

/// Punctuation of Markdown gets a backslash, of HTML a name; what makes mentions, references and links of plain text is
/// drawn apart.
fn push_escaped(out: &mut String, text: &str) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '&' => *out += "&amp;",
            '<' => *out += "&lt;",
            '>' => *out += "&gt;",
            '|' => *out += "&#124;",
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '!' | '$' | '^' | '@' => out.extend(['\\', c]),
            _ => out.push(c),
        }
        let next = chars.peek().copied().unwrap_or(' ');
        let named = next.is_alphanumeric() || next == '"';
        let mention = matches!(c, '@' | '#' | '!' | '$' | '%' | '~' | '&' | '^') && named;
        let link = c == ':' && (next == '/' || next.is_alphanumeric());
        if mention || link || is_www(out, c) {
            *out += APART;
        }
    }
}

/// Does `www.` end here, which begins a link?
fn is_www(out: &str, c: char) -> bool {
    c == '.' && out.len() >= 4 && out.to_ascii_lowercase().ends_with("www.")
}

#[cfg(test)]
mod tests {
    use super::{block, code, prose};

    #[test]
    fn code_stays_code_and_the_rest_is_text() {
        assert_eq!(prose("`min` is *2%* of a_b"), "`min` is \\*2%\\* of a\\_b");
        assert_eq!(prose("a ` b"), "a \\` b");
        assert_eq!(code("deploy/web.yaml:8"), "`deploy/web.yaml:8`");
        assert_eq!(code("a|b"), "a&#124;b");
    }

    #[test]
    fn nobody_is_mentioned_and_nothing_is_a_link() {
        assert_eq!(prose("@ada fixes #12"), "\\@&#8203;ada fixes \\#&#8203;12");
        assert_eq!(prose("https://x.example www.x.example"), "https:&#8203;//x.example www.&#8203;x.example");
        assert_eq!(prose("<b>[a](b)"), "&lt;b&gt;\\[a\\](b)");
    }

    #[test]
    fn a_fence_outlasts_what_it_holds() {
        assert_eq!(block("a\n````\nb"), "`````\na\n````\nb\n`````\n");
    }
}
