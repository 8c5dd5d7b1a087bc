//! Words of a condition in the expression language of Argo Rollouts (expr-lang).

/// One word of a condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A number.
    Number(f64),
    /// A text in quotes.
    Text,
    /// A name, `#` included.
    Name(String),
    /// A template that nobody filled in: `{{args.limit}}`, `{{ .Values.limit }}`.
    Hole(String),
    /// An operator or a bracket.
    Sign(&'static str),
}

/// Operators and brackets, the longer ones first.
const SIGNS: [&str; 34] = [
    "??", "?.", "..", "==", "!=", "<=", ">=", "&&", "||", "**", "<", ">", "!", "?", ":", "+", "-", "*", "/", "%", "^",
    "|", "(", ")", "[", "]", "{", "}", ",", ".", ";", "=", "&", "~",
];

/// The words of `text`, or nothing if a character belongs to no word.
pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut rest = text.trim_start();
    let mut tokens = Vec::new();
    while !rest.is_empty() {
        let (token, after) = next(rest)?;
        tokens.push(token);
        rest = after.trim_start();
    }
    Some(tokens)
}

fn next(text: &str) -> Option<(Token, &str)> {
    if let Some((hole, after)) = hole(text) {
        return Some((Token::Hole(hole.to_owned()), after));
    }
    let first = text.chars().next()?;
    if matches!(first, '\'' | '"' | '`') {
        return quoted(text, first).map(|after| (Token::Text, after));
    }
    if first.is_ascii_digit() || (first == '.' && text[1..].starts_with(|c: char| c.is_ascii_digit())) {
        return number(text);
    }
    if first == '#' {
        return Some((Token::Name("#".to_owned()), &text[1..]));
    }
    if first.is_alphabetic() || matches!(first, '_' | '$') {
        let end = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$'))).unwrap_or(text.len());
        return Some((Token::Name(text[..end].to_owned()), &text[end..]));
    }
    let sign = SIGNS.into_iter().find(|s| text.starts_with(s))?;
    Some((Token::Sign(sign), &text[sign.len()..]))
}

/// A template at the start of `text`, and what follows it.
pub(super) fn hole(text: &str) -> Option<(&str, &str)> {
    let (_, close) =
        [("{{", "}}"), ("${", "}"), ("$(", ")"), ("<%", "%>")].into_iter().find(|(o, _)| text.starts_with(o))?;
    let end = text.find(close)? + close.len();
    Some((&text[..end], &text[end..]))
}

/// What follows the text in quotes that `text` starts with.
fn quoted(text: &str, quote: char) -> Option<&str> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            _ if c == quote => return Some(&text[at + c.len_utf8()..]),
            _ => {}
        }
    }
    None
}

/// A number at the start of `text`: `0.95`, `1_000`, `5e-3`.
fn number(text: &str) -> Option<(Token, &str)> {
    let bytes = text.as_bytes();
    let mut end = 0;
    while let Some(&b) = bytes.get(end) {
        let exponent_sign = matches!(b, b'+' | b'-') && matches!(bytes.get(end.wrapping_sub(1)), Some(b'e' | b'E'));
        let range = b == b'.' && bytes.get(end + 1) == Some(&b'.');
        if range || !(b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'e' | b'E') || exponent_sign) {
            break;
        }
        end += 1;
    }
    let value = text[..end].replace('_', "").parse().ok()?;
    Some((Token::Number(value), &text[end..]))
}
