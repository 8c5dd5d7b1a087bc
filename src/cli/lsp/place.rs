//! Where things are, as editors say it: URIs, and positions in UTF-8 or UTF-16.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use lsp_types::{InitializeParams, Position, PositionEncodingKind, Range, Uri};

use crate::text::{LineIndex, Span};

/// What a column counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units: what an editor means that says nothing.
    Utf16,
}

impl Encoding {
    /// Bytes where the editor can, since that is what we count.
    pub(super) fn choose(params: &InitializeParams) -> Self {
        let offered = params.capabilities.general.as_ref().and_then(|g| g.position_encodings.as_ref());
        if offered.is_some_and(|all| all.contains(&PositionEncodingKind::UTF8)) { Self::Utf8 } else { Self::Utf16 }
    }
}

/// The text of a document, and where its lines begin.
pub(super) struct Page<'t> {
    text: &'t str,
    lines: LineIndex,
    encoding: Encoding,
}

impl<'t> Page<'t> {
    /// The page of `text`.
    pub(super) fn new(text: &'t str, encoding: Encoding) -> Self {
        Self { text, lines: LineIndex::new(text), encoding }
    }

    /// `span` as a range.
    pub(super) fn range(&self, span: Span) -> Range {
        Range { start: self.position(span.start), end: self.position(span.end) }
    }

    fn position(&self, at: u32) -> Position {
        let place = self.lines.position(self.text, at);
        let line = place.line - 1;
        let start = self.lines.start_of(place.line).unwrap_or_default();
        let character = match self.encoding {
            Encoding::Utf8 => place.offset - u32::try_from(start).unwrap_or(place.offset),
            Encoding::Utf16 => place.column_utf16 - 1,
        };
        Position { line, character }
    }

    /// The byte at `position`. A column past the end of its line is the end, one inside of a character its start.
    pub(super) fn offset(&self, position: Position) -> usize {
        let Some(start) = self.lines.start_of(position.line.saturating_add(1)) else { return self.text.len() };
        let line = self.text[start..].split('\n').next().unwrap_or_default().trim_end_matches('\r');
        let wanted = position.character as usize;
        let mut units = 0;
        for (at, c) in line.char_indices() {
            let length = match self.encoding {
                Encoding::Utf8 => c.len_utf8(),
                Encoding::Utf16 => c.len_utf16(),
            };
            if units + length > wanted {
                return start + at;
            }
            units += length;
        }
        start + line.len()
    }
}

/// The path that `uri` names, if it names a file.
pub(super) fn path_of(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.as_str().strip_prefix("file://")?;
    let path = &rest[rest.find('/')?..];
    let mut bytes = Vec::with_capacity(path.len());
    let mut left = path.bytes();
    while let Some(byte) = left.next() {
        let decoded = if byte == b'%' {
            let hex = [left.next()?, left.next()?];
            u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok()?
        } else {
            byte
        };
        bytes.push(decoded);
    }
    let path = String::from_utf8(bytes).ok()?;
    // `/c:/x` is a path of Windows.
    let drive = path.as_bytes().get(2) == Some(&b':') && cfg!(windows);
    Some(PathBuf::from(if drive { &path[1..] } else { &path }))
}

/// The URI of the file at the absolute `path`.
pub(super) fn uri_of(path: &Path) -> Option<Uri> {
    let text = path.to_str()?.replace('\\', "/");
    let mut out = String::from(if text.starts_with('/') { "file://" } else { "file:///" });
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out += &format!("%{byte:02X}"),
        }
    }
    Uri::from_str(&out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::FileId;

    #[test]
    fn columns_in_both_encodings() {
        let text = "a: é\u{1F600}x\r\nb: 1";
        for (encoding, x) in [(Encoding::Utf8, 9), (Encoding::Utf16, 6)] {
            let page = Page::new(text, encoding);
            let place = page.range(Span::new(FileId(0), 9, 10));
            assert_eq!((place.start.line, place.start.character, place.end.character), (0, x, x + 1));
            assert_eq!(page.offset(place.start), 9);
            assert_eq!(page.offset(Position { line: 0, character: x - 1 }), 5, "inside of a character is its start");
            assert_eq!(page.offset(Position { line: 0, character: 99 }), 10, "the line ends before its break");
            assert_eq!(page.offset(Position { line: 1, character: 1 }), 13);
            assert_eq!(page.offset(Position { line: 9, character: 0 }), text.len());
        }
    }

    #[test]
    fn uris_and_back() {
        let path = Path::new("/a b/é#%.yaml");
        let uri = uri_of(path).unwrap();
        assert_eq!(uri.as_str(), "file:///a%20b/%C3%A9%23%25.yaml");
        assert_eq!(path_of(&uri).unwrap(), path);
        assert_eq!(path_of(&Uri::from_str("untitled:x").unwrap()), None);
    }
}
