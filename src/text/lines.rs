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
    /// Columns counted so far at places inside long lines, so that a minified file costs no count from its start.
    milestones: Vec<Milestone>,
}

/// A byte inside a long line and the columns before it.
#[derive(Clone, Copy, Debug)]
struct Milestone {
    offset: u32,
    scalars: u32,
    utf16: u32,
}

/// Bytes between two milestones.
const STRIDE: usize = 4096;

impl LineIndex {
    /// Indexes `text`.
    pub fn new(text: &str) -> Self {
        let newlines = text.bytes().enumerate().filter(|&(_, b)| b == b'\n');
        let starts: Vec<u32> = std::iter::once(0).chain(newlines.map(|(i, _)| offset(i + 1))).collect();
        let milestones = milestones(text, &starts);
        Self { starts, milestones }
    }

    /// The number (from 1) of the line that byte `at` lies in.
    pub fn line_of(&self, at: u32) -> u32 {
        offset(self.starts.partition_point(|&s| s <= at))
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
        let passed = self.milestones.partition_point(|m| m.offset as usize <= at);
        let start = Milestone { offset: self.starts[line], scalars: 0, utf16: 0 };
        let last = passed.checked_sub(1).map_or(start, |i| self.milestones[i]);
        let from = if last.offset < start.offset { start } else { last };
        let before = &text[from.offset as usize..at];
        Position {
            line: offset(line) + 1,
            column: from.scalars + offset(before.chars().count()) + 1,
            column_utf16: from.utf16 + offset(before.encode_utf16().count()) + 1,
            offset: offset(at),
        }
    }
}

fn milestones(text: &str, starts: &[u32]) -> Vec<Milestone> {
    let mut all = Vec::new();
    for (i, &start) in starts.iter().enumerate() {
        let end = starts.get(i + 1).map_or(text.len(), |&s| s as usize);
        let mut last = Milestone { offset: start, scalars: 0, utf16: 0 };
        while end - last.offset as usize > STRIDE {
            let mut at = last.offset as usize + STRIDE;
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            let piece = &text[last.offset as usize..at];
            last = Milestone {
                offset: offset(at),
                scalars: last.scalars + offset(piece.chars().count()),
                utf16: last.utf16 + offset(piece.encode_utf16().count()),
            };
            all.push(last);
        }
    }
    all
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

    #[test]
    fn long_lines_count_from_milestones() {
        let text = format!("{}\n{}x\n", "\u{1F600}".repeat(3000), "é".repeat(10_000));
        let lines = LineIndex::new(&text);
        let x = u32::try_from(text.find('x').unwrap()).unwrap();
        assert_eq!(lines.position(&text, x).column, 10_001);
        let first = lines.position(&text, 4 * 2500);
        assert_eq!((first.line, first.column, first.column_utf16), (1, 2501, 5001));
        assert_eq!((lines.line_of(0), lines.line_of(x)), (1, 2));
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
