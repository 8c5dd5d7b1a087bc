//! Tags as people write them, and `!!binary`.

use granit_parser::Tag;

const CORE: &str = "tag:yaml.org,2002:";

/// `tag` in its short spelling: `!!int`, `!Ref`, `!`, or the whole of a verbatim one.
pub(super) fn short(tag: &Tag) -> Box<str> {
    let long = format!("{}{}", tag.handle(), tag.suffix());
    match long.strip_prefix(CORE) {
        Some(name) => format!("!!{name}").into(),
        None => long.into(),
    }
}

/// Whether a tag has only characters that go-yaml takes in one.
pub(super) fn is_plain(tag: &str) -> bool {
    tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_;/?:@&=+$,.!~*'()[]%".contains(&b))
}

/// The text that `!!binary` stands for. Bytes that are not UTF-8 become U+FFFD, as in Go's JSON.
pub(super) fn binary(text: &str) -> Option<String> {
    let digits: Vec<u8> = text.bytes().filter(|b| !matches!(b, b'\n' | b'\r')).collect();
    let body = digits.strip_suffix(b"==").or_else(|| digits.strip_suffix(b"=")).unwrap_or(&digits);
    if !digits.len().is_multiple_of(4) || body.len() % 4 == 1 {
        return None;
    }
    let mut out = Vec::with_capacity(body.len() / 4 * 3 + 2);
    for group in body.chunks(4) {
        let mut bits = 0u32;
        for &b in group {
            bits = bits << 6 | u32::from(sextet(b)?);
        }
        bits <<= 6 * (4 - group.len());
        out.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

fn sextet(b: u8) -> Option<u8> {
    match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'a'..=b'z' => Some(b - b'a' + 26),
        b'0'..=b'9' => Some(b - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}
