//! The lines of a file that a frame shows, made harmless, with the places to underline in them.

use super::escape::{is_plain, push_visible};
use crate::text::{SourceText, Span};

/// Some lines of one file, cut to size and escaped.
pub(super) struct Excerpt {
    /// The lines, joined by line breaks.
    pub(super) text: String,
    rows: Vec<Row>,
}

/// A line of an excerpt.
#[derive(Clone, Copy)]
struct Row {
    /// Its number in the file, from 1.
    number: u32,
    /// Where it begins and ends in the excerpt's text.
    start: usize,
    end: usize,
}

/// A place in an excerpt's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Its first byte.
    pub(super) start: usize,
    /// One past its last byte.
    pub(super) end: usize,
}

/// Some whole rows that follow each other in the file.
pub(super) struct Lines {
    /// Where they begin and end in the excerpt's text.
    pub(super) start: usize,
    pub(super) end: usize,
    /// The number of the first, from 1.
    pub(super) number: u32,
    /// How many they are.
    pub(super) count: usize,
}

impl Excerpt {
    /// The lines around `spans`, cut to about `width` columns around what is marked, and the mark of each span. A span
    /// is marked up to the end of its first line; the mark is missing where the cut or an earlier mark is in its way.
    pub(super) fn new(source: &SourceText, spans: &[Span], width: usize) -> (Self, Vec<Option<Mark>>) {
        let mut excerpt = Self { text: String::new(), rows: Vec::new() };
        let mut marks = vec![None; spans.len()];
        let places: Vec<Place> = spans.iter().map(|span| Place::of(source, *span)).collect();
        let mut numbers: Vec<u32> = places.iter().flat_map(|p| p.line.saturating_sub(1)..=p.line + 1).collect();
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            let Some((start, end)) = bounds(source, number) else { continue };
            let here: Vec<(usize, Place)> =
                places.iter().copied().enumerate().filter(|(_, p)| p.line == number).collect();
            let cut = Cut::around(&source.text, (start, end), here.first().map(|(_, p)| *p), width);
            let row = excerpt.push(number, &source.text, &cut);
            for (index, place) in here {
                let mark = cut.mark(&source.text, place).map(|m| Mark { start: row + m.start, end: row + m.end });
                let free = |m: &Mark| marks.iter().flatten().all(|o: &Mark| m.end <= o.start || o.end <= m.start);
                marks[index] = mark.filter(free);
            }
        }
        (excerpt, marks)
    }

    /// How many columns stand before `at` in its row.
    pub(super) fn column(&self, at: usize) -> usize {
        let start = self.rows.iter().rev().find(|row| row.start <= at).map_or(0, |row| row.start);
        self.text[start..].char_indices().take_while(|(i, _)| start + i < at).map(|(_, c)| shown_columns(c)).sum()
    }

    fn push(&mut self, number: u32, text: &str, cut: &Cut) -> usize {
        if !self.rows.is_empty() {
            self.text.push('\n');
        }
        let start = self.text.len();
        self.text += cut.head;
        push_shown(&mut self.text, &text[cut.start..cut.end]);
        self.text += cut.tail;
        self.rows.push(Row { number, start, end: self.text.len() });
        start
    }

    /// The rows that `start..end` touches with `context` more on each side; none where lines of the file are missing
    /// between its ends.
    pub(super) fn lines(&self, start: usize, end: usize, context: usize) -> Option<Lines> {
        let row_of = |at: usize| self.rows.iter().position(|row| row.start <= at && at <= row.end);
        let (first, last) = (row_of(start)?, row_of(end)?);
        let follows = |i: usize| self.rows[i].number + 1 == self.rows[i + 1].number;
        if !(first..last).all(follows) {
            return None;
        }
        let top = (first.saturating_sub(context)..first).rev().take_while(|i| follows(*i)).last().unwrap_or(first);
        let bottom = (last + 1..self.rows.len()).take(context).take_while(|i| follows(i - 1)).last().unwrap_or(last);
        let (top_row, bottom_row) = (self.rows[top], self.rows[bottom]);
        Some(Lines { start: top_row.start, end: bottom_row.end, number: top_row.number, count: bottom - top + 1 })
    }
}

/// The part of a span that lies on its first line, in bytes of the file.
#[derive(Clone, Copy)]
struct Place {
    line: u32,
    start: usize,
    end: usize,
}

impl Place {
    fn of(source: &SourceText, span: Span) -> Self {
        let start = floor(&source.text, span.start as usize);
        let line = source.lines.line_of(u32::try_from(start).unwrap_or(u32::MAX));
        let (_, line_end) = bounds(source, line).unwrap_or((start, start));
        let start = start.min(line_end);
        Self { line, start, end: floor(&source.text, span.end as usize).clamp(start, line_end) }
    }
}

/// The bytes of line `number` without its line break; none where there is no such line, or only what follows the last
/// line break.
fn bounds(source: &SourceText, number: u32) -> Option<(usize, usize)> {
    let start = source.lines.start_of(number)?;
    let end = source.lines.start_of(number + 1).map_or(source.text.len(), |next| next - 1);
    if start == source.text.len() && number > 1 {
        return None;
    }
    let line = &source.text[start..end];
    Some((start, start + line.strip_suffix('\r').unwrap_or(line).len()))
}

/// The part of a line that is shown.
struct Cut {
    start: usize,
    end: usize,
    head: &'static str,
    tail: &'static str,
}

impl Cut {
    /// Cuts the line `(from, to)` to `width` columns: around `place`, or from its start where nothing is marked.
    fn around(text: &str, (from, to): (usize, usize), place: Option<Place>, width: usize) -> Self {
        let whole = Self { start: from, end: to, head: "", tail: "" };
        // What is written beneath the mark wants room too.
        let far = place.is_some_and(|p| !fits(&text[from..floor(text, p.start.midpoint(p.end))], width - width / 3));
        if fits(&text[from..to], width) && !far {
            return whole;
        }
        let place = place.unwrap_or(Place { line: 0, start: from, end: from });
        let room = width.saturating_sub(4);
        // Half the room is for what stands before the mark, at most; what stands after it gets the rest.
        let before = text[from..place.start].char_indices().rev();
        let start = walk(before.map(|(i, c)| (from + i, c)), place.start, room / 2);
        let used: usize = text[start..place.start].chars().map(shown_columns).sum();
        let after = text[place.start..to].char_indices().map(|(i, c)| (place.start + i + c.len_utf8(), c));
        let end = walk(after, place.start, room - used.min(room));
        Self { start, end, head: if start > from { "… " } else { "" }, tail: if end < to { " …" } else { "" } }
    }

    /// Where `place` stands in the shown line.
    fn mark(&self, text: &str, place: Place) -> Option<Mark> {
        if place.start < self.start || place.start > self.end {
            return None;
        }
        let at = |offset: usize| {
            let mut before = self.head.to_owned();
            push_shown(&mut before, &text[self.start..offset]);
            before.len()
        };
        Some(Mark { start: at(place.start), end: at(place.end.min(self.end)) })
    }
}

/// Takes characters while they fit into `room`, and gives the far end of the last one.
fn walk(chars: impl Iterator<Item = (usize, char)>, from: usize, room: usize) -> usize {
    let mut left = room;
    let mut reached = from;
    for (at, c) in chars {
        let Some(rest) = left.checked_sub(shown_columns(c)) else { break };
        (left, reached) = (rest, at);
    }
    reached
}

fn fits(line: &str, width: usize) -> bool {
    let mut left = width;
    line.chars().all(|c| {
        let rest = left.checked_sub(shown_columns(c));
        left = rest.unwrap_or(0);
        rest.is_some()
    })
}

/// Spaces for a tab: its columns would depend on the gutter before it.
const TAB: &str = "  ";

fn shown_columns(c: char) -> usize {
    match c {
        '\t' => TAB.len(),
        _ if !is_plain(c) => c.escape_unicode().len(),
        _ if c < '\u{1100}' => 1,
        _ => 2,
    }
}

fn push_shown(out: &mut String, text: &str) {
    for c in text.chars() {
        if c == '\t' { out.push_str(TAB) } else { push_visible(out, c) }
    }
}

/// The character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::text::{FileId, LineIndex};

    fn source(text: &str) -> SourceText {
        SourceText { lines: LineIndex::new(text), text: Arc::from(text) }
    }

    fn span(text: &str, what: &str) -> Span {
        let start = u32::try_from(text.find(what).unwrap()).unwrap();
        Span::new(FileId(0), start, start + u32::try_from(what.len()).unwrap())
    }

    fn marked(excerpt: &Excerpt, mark: Option<Mark>) -> &str {
        mark.map_or("", |m| &excerpt.text[m.start..m.end])
    }

    #[test]
    fn escapes_keep_the_mark_on_its_value() {
        let text = "a\u{1b}[2J: 1\n\tb\u{202e}: 5%\r\nc: 2\n";
        let (excerpt, marks) = Excerpt::new(&source(text), &[span(text, "5%"), span(text, "2\n")], 80);
        assert_eq!(excerpt.text, "a\\u{1b}[2J: 1\n  b\\u{202e}: 5%\nc: 2");
        assert_eq!(marked(&excerpt, marks[0]), "5%");
        assert_eq!(marked(&excerpt, marks[1]), "2");
    }

    #[test]
    fn long_lines_are_cut_around_the_mark() {
        let text = format!("{{{}\"weight\": 5, {}}}", "\"a\": 1, ".repeat(400), "\"b\": 2, ".repeat(400));
        let (excerpt, marks) = Excerpt::new(&source(&text), &[span(&text, "5")], 60);
        assert!(excerpt.text.chars().count() <= 60, "{}", excerpt.text);
        assert!(excerpt.text.starts_with("… ") && excerpt.text.ends_with(" …"));
        assert_eq!(marked(&excerpt, marks[0]), "5");
    }

    #[test]
    fn lines_in_between_are_left_out() {
        let text = (1..=20).map(|i| format!("line {i}")).collect::<Vec<_>>().join("\n");
        let (excerpt, marks) = Excerpt::new(&source(&text), &[span(&text, "line 3"), span(&text, "line 15")], 80);
        let (a, b) = (marks[0].unwrap(), marks[1].unwrap());
        assert!(excerpt.lines(a.start, b.end, 1).is_none());
        let around = excerpt.lines(b.start, b.end, 1).unwrap();
        assert_eq!((around.number, around.count), (14, 3));
        assert_eq!(&excerpt.text[around.start..around.end], "line 14\nline 15\nline 16");
    }

    proptest! {
        #[test]
        fn any_span_of_any_text(text in "[a\u{e9}\u{1F600}\u{1b}\t\r\n]{0,60}", a in 0u32..70, b in 0u32..70, width in 5usize..40) {
            let span = Span::new(FileId(0), a.min(b), a.max(b));
            let (excerpt, marks) = Excerpt::new(&source(&text), &[span, span], width);
            for mark in marks.into_iter().flatten() {
                prop_assert!(excerpt.text.get(mark.start..mark.end).is_some());
                prop_assert!(excerpt.lines(mark.start, mark.end, 1).is_some());
            }
            let harmless = excerpt.text.chars().all(|c| c == '\n' || is_plain(c));
            prop_assert!(harmless);
        }
    }
}
