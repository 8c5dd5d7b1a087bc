//! Byte offsets to lines and columns.

use serde::Serialize;

/// A place for people and tools, 1-based.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in Unicode scalar values, from 1.
    pub column: u32,
    /// Column in UTF-16 code units, from 1 (SARIF counts in these).
    pub column_utf16: u32,
    /// Byte offset, from 0.
    pub offset: u32,
}

/// Where the lines of one text begin. A line ends at LF; a CR before it belongs to the line.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Indexes `text`.
    pub fn new(text: &str) -> Self {
        let newlines = text.bytes().enumerate().filter(|&(_, b)| b == b'\n');
        let starts = std::iter::once(0).chain(newlines.map(|(i, _)| offset(i + 1))).collect();
        Self { starts }
    }

    /// The offset at which line `number` (from 1) begins, if there is such a line.
    pub fn start_of(&self, number: u32) -> Option<usize> {
        let index = (number as usize).checked_sub(1)?;
        self.starts.get(index).map(|s| *s as usize)
    }

    /// The place of byte `at` of `text`, which must be the text that was indexed. An offset past the end or inside a
    /// character gives the nearest place before it.
    pub fn position(&self, text: &str, at: u32) -> Position {
        let mut at = (at as usize).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let line = self.starts.partition_point(|&s| s as usize <= at) - 1;
        let before = &text[self.starts[line] as usize..at];
        Position {
            line: offset(line) + 1,
            column: offset(before.chars().count()) + 1,
            column_utf16: offset(before.encode_utf16().count()) + 1,
            offset: offset(at),
        }
    }
}

/// Offsets fit in 32 bits: a file is at most 256 MiB.
fn offset(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_count_scalars_and_utf16_units() {
        let text = "a: é\r\nkey: \u{1F600}x\n";
        let lines = LineIndex::new(text);
        let x = u32::try_from(text.find('x').unwrap()).unwrap();
        let at = lines.position(text, x);
        assert_eq!((at.line, at.column, at.column_utf16, at.offset), (2, 7, 8, x));
        assert_eq!(lines.position(text, 9_999).line, 3);
    }

    proptest! {
        #[test]
        fn a_position_finds_its_line(text in "[a-z\u{e9}\u{1F600}\r\n]{0,60}", at in 0usize..80) {
            let at = (0..=at.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
            let here = LineIndex::new(&text).position(&text, u32::try_from(at).unwrap());
            let before = &text[..at];
            prop_assert_eq!(here.line as usize, before.matches('\n').count() + 1);
            let line = before.rsplit('\n').next().unwrap_or("");
            prop_assert_eq!(here.column as usize, line.chars().count() + 1);
        }
    }
}
