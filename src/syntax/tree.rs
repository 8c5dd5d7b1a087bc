//! The arena a document lives in.

use super::node::Node;
use super::note::Note;
use super::resolve::{self, Scalar};
use super::{Engine, Limits, SyntaxError, SyntaxErrorKind};
use crate::text::{FileId, Span};
use std::borrow::Cow;
use std::cell::Cell;

/// No node.
pub(super) const NONE: u32 = u32::MAX;

/// What one parse is about.
#[derive(Clone, Copy)]
pub(super) struct Context<'s> {
    pub(super) file: FileId,
    pub(super) text: &'s str,
    pub(super) base: u32,
    pub(super) engine: Engine,
    pub(super) limits: Limits,
}

impl Context<'_> {
    /// The same parse without the first `start` bytes.
    pub(super) fn from(&self, start: usize) -> Self {
        let base = self.base.saturating_add(offset(start));
        Self { text: self.text.get(start..).unwrap_or_default(), base, ..*self }
    }

    /// The bytes `start..end` of this document, as a span of the file.
    pub(super) fn span(&self, start: u32, end: u32) -> Span {
        Span::new(self.file, self.base.saturating_add(start), self.base.saturating_add(end))
    }

    /// An error at the bytes `start..end` of this document.
    pub(super) fn error(&self, kind: SyntaxErrorKind, start: u32, end: u32, message: impl Into<String>) -> SyntaxError {
        SyntaxError { span: self.span(start, end), message: message.into(), kind }
    }
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar,
    Map,
    Seq,
    Alias,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Nothing is written at all.
    Empty,
    Plain,
    Single,
    Double,
    Literal,
    Folded,
    /// `true`, `false`, `null` or a number of a JSON text.
    Json,
}

/// One node. Children of a collection are a linked list; those of a mapping alternate between key and value.
pub(super) struct Raw<'s> {
    pub(super) text: Cow<'s, str>,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) parent: u32,
    pub(super) next: u32,
    /// First child of a collection, target of an alias.
    pub(super) first: u32,
    /// A mapping's entry in `views`, a scalar key's in `key_texts`.
    pub(super) aux: u32,
    /// Entry in `tags`.
    pub(super) tag: u32,
    pub(super) kind: Kind,
    pub(super) style: Style,
}

impl Raw<'_> {
    /// A node of this kind at `start..end`, not yet linked to anything.
    pub(super) fn new(kind: Kind, start: u32, end: u32) -> Self {
        Self {
            text: Cow::Borrowed(""),
            start,
            end,
            parent: NONE,
            next: NONE,
            first: NONE,
            aux: NONE,
            tag: NONE,
            kind,
            style: Style::Plain,
        }
    }
}

/// The effective entries (key, value) of a mapping that has merges, duplicates or keys that are not strings.
pub(super) type View = Vec<(u32, u32)>;

/// A comment beside the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// From `#` to the end of its line.
    pub span: Span,
    /// The text after `#`, without the white space around it.
    pub text: String,
    /// Whether nothing else stands on its line.
    pub own_line: bool,
}

/// One document: a tree of nodes, as one engine reads it.
pub struct Document<'s> {
    pub(super) nodes: Vec<Raw<'s>>,
    pub(super) tags: Vec<Box<str>>,
    pub(super) views: Vec<View>,
    pub(super) key_texts: Vec<Box<str>>,
    pub(super) notes: Vec<Note>,
    pub(super) comments: Vec<Comment>,
    pub(super) touched: Vec<Cell<u64>>,
    pub(super) file: FileId,
    pub(super) base: u32,
    pub(super) length: u32,
    pub(super) engine: Engine,
}

impl std::fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document").field("engine", &self.engine).field("root", &self.root()).finish_non_exhaustive()
    }
}

impl<'s> Document<'s> {
    /// An empty tree for `cx`.
    pub(super) fn new(cx: &Context<'s>, nodes: Vec<Raw<'s>>) -> Self {
        Self {
            nodes,
            tags: Vec::new(),
            views: Vec::new(),
            key_texts: Vec::new(),
            notes: Vec::new(),
            comments: Vec::new(),
            touched: Vec::new(),
            file: cx.file,
            base: cx.base,
            length: offset(cx.text.len()),
            engine: cx.engine,
        }
    }

    /// Starts keeping track of what is looked at, if there is anything to report about it.
    pub(super) fn watch(&mut self) {
        if !self.notes.is_empty() {
            self.touched = vec![Cell::new(0); self.nodes.len().div_ceil(64)];
        }
    }

    /// The node everything else hangs on. An empty document has a null root.
    pub fn root(&self) -> Node<'_> {
        Node::new(self, 0)
    }

    /// The scalar that is written at `span`, a key or a value. An alias is none.
    pub fn scalar_at(&self, span: Span) -> Option<Node<'_>> {
        let here = |raw: &Raw<'_>| raw.kind == Kind::Scalar && self.base.saturating_add(raw.start) == span.start;
        let ends = |raw: &Raw<'_>| span.file == self.file && self.base.saturating_add(raw.end) == span.end;
        let id = self.nodes.iter().position(|raw| here(raw) && ends(raw) && raw.end > raw.start)?;
        Some(Node::new(self, offset(id)))
    }

    /// The nodes that are no collections, in the order in which they are written.
    pub fn leaves(&self) -> impl Iterator<Item = Node<'_>> {
        let all = (0..).zip(&self.nodes).filter(|(_, raw)| !matches!(raw.kind, Kind::Map | Kind::Seq));
        all.map(|(id, _)| Node::new(self, id))
    }

    /// The whole text of this document.
    pub fn span(&self) -> Span {
        Span::new(self.file, self.base, self.base.saturating_add(self.length))
    }

    /// Whose reading this is.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// All spellings of this document that readers understand differently.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The notes on nodes that were looked at so far, and those that concern the whole document.
    pub fn touched_notes(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter().filter(|note| note.node.is_none_or(|id| self.is_touched(id)))
    }

    /// The comments, if [`super::parse`] was asked to keep them.
    pub fn comments(&self) -> &[Comment] {
        &self.comments
    }

    /// Follows an alias to the node it stands for.
    pub(super) fn follow(&self, id: u32) -> u32 {
        let node = &self.nodes[id as usize];
        if node.kind == Kind::Alias { node.first } else { id }
    }

    /// The scalar `id`, behind an alias, as the engine reads it; null for a collection.
    pub(super) fn read(&self, id: u32) -> Scalar<'_> {
        let raw = &self.nodes[self.follow(id) as usize];
        if raw.kind != Kind::Scalar {
            return Scalar::Null;
        }
        resolve::scalar(self.engine, raw, self.tags.get(raw.tag as usize).map(|tag| &**tag))
    }

    /// The scalar `id`, behind an alias, as the JSON key it becomes.
    pub(super) fn key_text(&self, id: u32) -> &str {
        let raw = &self.nodes[self.follow(id) as usize];
        self.key_texts.get(raw.aux as usize).map_or(&*raw.text, |text| text)
    }

    /// Remembers that `id` was looked at.
    pub(super) fn touch(&self, id: u32) {
        if let Some(cell) = self.touched.get(id as usize / 64) {
            cell.set(cell.get() | 1 << (id % 64));
        }
    }

    fn is_touched(&self, id: u32) -> bool {
        self.touched.get(id as usize / 64).is_some_and(|cell| cell.get() & (1 << (id % 64)) != 0)
    }
}

/// Offsets and node numbers fit in 32 bits: documents are bounded.
pub(super) fn offset(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
