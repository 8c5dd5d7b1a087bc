//! Writes out the escapes of double-quoted YAML and of JSON, wherever they stand.

/// `text` with its escapes written out, for a search. No reading of it: outside of double quotes they mean nothing.
pub(super) fn unmask(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.iter().position(|b| *b == b'\\') {
        out.extend_from_slice(&rest[..at]);
        rest = escape(&rest[at + 1..], &mut out);
    }
    out.extend_from_slice(rest);
    out
}

/// Writes out the escape behind a backslash and returns what follows it.
fn escape<'t>(rest: &'t [u8], out: &mut Vec<u8>) -> &'t [u8] {
    match rest {
        [b'x', after @ ..] => code(after, 2, out),
        [b'u', after @ ..] => code(after, 4, out),
        [b'U', after @ ..] => code(after, 8, out),
        [b'/', after @ ..] => {
            out.push(b'/');
            after
        }
        // Line breaks; for YAML 1.1 NEL, LS and PS are some too.
        [b'\n' | b'\r', after @ ..] | [0xc2, 0x85, after @ ..] | [0xe2, 0x80, 0xa8 | 0xa9, after @ ..] => {
            after.trim_ascii_start()
        }
        [other, after @ ..] => {
            out.extend_from_slice(&[b'\\', *other]);
            after
        }
        [] => rest,
    }
}

fn code<'t>(rest: &'t [u8], digits: usize, out: &mut Vec<u8>) -> &'t [u8] {
    let number = rest.get(..digits).and_then(|d| std::str::from_utf8(d).ok());
    let Some(read) = number.and_then(|d| u32::from_str_radix(d, 16).ok()).and_then(char::from_u32) else { return rest };
    out.extend_from_slice(read.encode_utf8(&mut [0; 4]).as_bytes());
    &rest[digits..]
}

#[cfg(test)]
mod tests {
    use super::unmask;

    #[test]
    fn escapes_are_written_out() {
        let out = |text: &str| String::from_utf8(unmask(text.as_bytes())).unwrap();
        assert_eq!(out(r"\x61\u0062\U00000063\/d"), "abc/d");
        assert_eq!(out("a\\\n   b\\\r\n c\\\u{2028} d"), "abcd");
        assert_eq!(out(r"a\\x41 \n \xzz \u12"), r"a\\x41 \n zz 12");
        assert_eq!(out("end\\"), "end");
    }
}
