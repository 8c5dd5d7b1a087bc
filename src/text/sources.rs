//! The texts that a report shows.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{FileId, LineIndex, Position, Span};

/// A text and its lines.
#[derive(Clone, Debug)]
pub struct SourceText {
    /// The text.
    pub text: Arc<str>,
    /// Where its lines begin.
    pub lines: LineIndex,
}

/// The paths of every file of a run, and the texts of those that the report shows.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    paths: Vec<Arc<str>>,
    others: BTreeMap<FileId, Arc<str>>,
    texts: BTreeMap<FileId, SourceText>,
}

impl Sources {
    /// Sources with these paths, in the order of their `FileId`s, and no text yet.
    pub const fn new(paths: Vec<Arc<str>>) -> Self {
        Self { paths, others: BTreeMap::new(), texts: BTreeMap::new() }
    }

    /// Adds a file whose number is not of the list: a policy's.
    pub fn add(&mut self, file: FileId, path: Arc<str>, text: Arc<str>) {
        self.others.insert(file, path);
        self.set_text(file, text);
    }

    /// Gives `file` its text.
    pub fn set_text(&mut self, file: FileId, text: Arc<str>) {
        let lines = LineIndex::new(&text);
        self.texts.insert(file, SourceText { text, lines });
    }

    /// The path of `file`, "" for a number that no file has.
    pub fn path(&self, file: FileId) -> &str {
        self.paths.get(file.0 as usize).or_else(|| self.others.get(&file)).map_or("", |p| p)
    }

    /// The text of `file`, if it is loaded.
    pub fn text(&self, file: FileId) -> Option<&SourceText> {
        self.texts.get(&file)
    }

    /// Line and column of both ends of `span`; the start of the file where its text is not loaded.
    pub fn positions(&self, span: Span) -> (Position, Position) {
        let Some(source) = self.texts.get(&span.file) else {
            let start = Position { line: 1, column: 1, column_utf16: 1, offset: 0 };
            return (start, start);
        };
        let at = |offset| source.lines.position(&source.text, offset);
        (at(span.start), at(span.end))
    }
}
