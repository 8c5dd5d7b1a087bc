//! Events of the YAML parser to a tree.

use super::note::quoted;
use super::resolve::{self, Hint};
use super::tree::{Comment, Context, Document, Kind, NONE, Raw, Style, offset};
use super::{SyntaxError, SyntaxErrorKind, layout, maps, tags};
use granit_parser::{
    ErrorKind, Event, Parser, ScalarStyle, ScanError, StructureStyle, Tag, TryLoadError, TrySpannedEventReceiver,
};
use std::borrow::Cow;

/// Reads `cx.text` as one YAML document.
pub(super) fn parse(cx: Context<'_>, comments: bool, tabs: bool) -> Result<Document<'_>, SyntaxError> {
    let options = granit_parser::options! {
        disallow_directives: cx.engine.is_go(),
        bom_inside_document_as_content: true,
        emit_anchor_events: true,
        emit_comments: comments,
        max_buffered_comment_events: usize::MAX,
        flow_nesting_limit: cx.limits.depth,
        block_nesting_limit: cx.limits.depth,
    };
    let nodes = Vec::with_capacity(cx.text.len() / 10 + 1);
    let mut builder = Builder {
        doc: Document::new(&cx, nodes),
        cx,
        stack: Vec::new(),
        tabs,
        anchors: Vec::new(),
        scratch: Vec::new(),
        decoded: 0,
        aliased: 0,
        ended: false,
    };
    if tabs && cx.engine.is_go() {
        layout::before_all(&cx)?;
    }
    match Parser::new_from_str_with_options(cx.text, options).try_load(&mut builder, true) {
        Ok(()) => builder.finish(),
        Err(TryLoadError::Receiver(error)) => Err(error),
        Err(TryLoadError::Scan(error)) => Err(builder.scan_error(&error)),
    }
}

/// A collection that is still open.
pub(super) struct Open {
    pub(super) node: u32,
    last: u32,
    children: u32,
    pub(super) flow: bool,
    /// A mapping whose entries are not simply its children.
    pub(super) special: bool,
    pub(super) map: bool,
    anchor: usize,
    began: u64,
}

/// An anchor and how many nodes it expands to; 0 while it is open.
#[derive(Clone, Copy)]
struct Anchor {
    node: u32,
    size: u64,
}

/// A scalar as the parser delivers it.
struct Written<'s> {
    text: Cow<'s, str>,
    style: ScalarStyle,
    anchor: usize,
    tag: Option<Cow<'s, Tag>>,
    start: u32,
    end: u32,
}

/// The tree under construction.
pub(super) struct Builder<'s> {
    pub(super) cx: Context<'s>,
    pub(super) doc: Document<'s>,
    pub(super) stack: Vec<Open>,
    /// Whether the text holds tabs at all.
    pub(super) tabs: bool,
    anchors: Vec<Anchor>,
    scratch: Vec<(u64, u32)>,
    /// Nodes with aliases expanded, and how many of them come from aliases: go-yaml's counts.
    decoded: u64,
    aliased: u64,
    ended: bool,
}

/// Parsing pushes events here; pulling them costs another copy of each.
impl<'s> TrySpannedEventReceiver<'s> for Builder<'s> {
    type Error = SyntaxError;

    fn on_event(&mut self, event: Event<'s>, span: granit_parser::Span) -> Result<(), SyntaxError> {
        let (start, end) = range(&span);
        match event {
            Event::Scalar(text, style, anchor, tag) => self.scalar(Written { text, style, anchor, tag, start, end }),
            Event::MappingStart(style, anchor, tag) => self.open(Kind::Map, style, anchor, tag, start),
            Event::SequenceStart(style, anchor, tag) => self.open(Kind::Seq, style, anchor, tag, start),
            Event::MappingEnd | Event::SequenceEnd => self.close(end),
            Event::Alias(anchor) => self.alias(anchor, start, end),
            Event::Anchor(_, name) => self.anchor_name(&name, start, end),
            Event::UnresolvedAlias(name) => {
                let message = format!("there is no anchor {} before this", quoted(&name));
                Err(self.cx.error(SyntaxErrorKind::Malformed, start, end, message))
            }
            Event::Comment(text, _) => {
                self.comment(&text, start, end);
                Ok(())
            }
            Event::DocumentStart(..) if self.ended => self.trailing(start),
            Event::DocumentEnd => {
                self.ended = true;
                Ok(())
            }
            Event::StreamStart | Event::StreamEnd | Event::DocumentStart(..) | _ => Ok(()),
        }
    }
}

impl<'s> Builder<'s> {
    fn trailing(&self, start: u32) -> Result<(), SyntaxError> {
        let message = "Kubernetes does not read what follows the end of a document (`...`); start it with a `---` line";
        Err(self.cx.error(SyntaxErrorKind::Refused, start, offset(self.cx.text.len()), message))
    }

    fn scan_error(&self, error: &ScanError) -> SyntaxError {
        let at = offset(error.marker().byte_offset().unwrap_or(0)).min(offset(self.cx.text.len()));
        let (kind, message) = if *error.kind() == ErrorKind::RecursionLimitExceeded {
            (SyntaxErrorKind::Limit, self.depth_message())
        } else if *error.kind() == ErrorKind::DirectiveDisallowed {
            let message = "a `%` directive: Kubernetes and other readers treat it differently; remove the line";
            (SyntaxErrorKind::Refused, message.to_owned())
        } else {
            (SyntaxErrorKind::Malformed, error.info())
        };
        let kind = if self.ended && kind == SyntaxErrorKind::Malformed { SyntaxErrorKind::Refused } else { kind };
        let at = self.boundary(at);
        self.cx.error(kind, at, self.after_char(at), message)
    }

    fn depth_message(&self) -> String {
        format!("collections are nested more than {} deep", self.cx.limits.depth)
    }

    fn boundary(&self, at: u32) -> u32 {
        (0..=at).rev().find(|&i| self.cx.text.is_char_boundary(i as usize)).unwrap_or(0)
    }

    fn after_char(&self, at: u32) -> u32 {
        let next = self.cx.text.get(at as usize..).and_then(|rest| rest.chars().next());
        at + next.filter(|&c| c != '\n').map_or(0, |c| offset(c.len_utf8()))
    }

    /// Whether the next node is a key.
    fn is_key(&self) -> bool {
        self.stack.last().is_some_and(|open| open.map && open.children.is_multiple_of(2))
    }

    #[inline]
    fn push(&mut self, mut raw: Raw<'s>) -> Result<u32, SyntaxError> {
        let id = offset(self.doc.nodes.len());
        if self.doc.nodes.len() >= self.cx.limits.nodes {
            let message = format!("this document has more than {} nodes", self.cx.limits.nodes);
            return Err(self.cx.error(SyntaxErrorKind::Limit, raw.start, raw.end, message));
        }
        self.decoded += 1;
        if let Some(open) = self.stack.last_mut() {
            raw.parent = open.node;
            let link = if open.last == NONE {
                &mut self.doc.nodes[open.node as usize].first
            } else {
                &mut self.doc.nodes[open.last as usize].next
            };
            *link = id;
            open.last = id;
            open.children += 1;
        }
        self.doc.nodes.push(raw);
        Ok(id)
    }

    #[cold]
    fn tag(&mut self, tag: &Tag, at: u32) -> Result<u32, SyntaxError> {
        let tag = tags::short(tag);
        if self.cx.engine.is_go() && !tags::is_plain(&tag) {
            let message = format!("Kubernetes does not take the tag {}", quoted(&tag));
            return Err(self.cx.error(SyntaxErrorKind::Refused, at, at, message));
        }
        self.doc.tags.push(tag);
        Ok(offset(self.doc.tags.len() - 1))
    }

    fn define(&mut self, anchor: usize, node: u32, size: u64) {
        if anchor == 0 {
            return;
        }
        if self.anchors.len() <= anchor {
            self.anchors.resize(anchor + 1, Anchor { node: NONE, size: 0 });
        }
        self.anchors[anchor] = Anchor { node, size };
    }

    fn open(
        &mut self,
        kind: Kind,
        style: StructureStyle,
        anchor: usize,
        tag: Option<Cow<'s, Tag>>,
        start: u32,
    ) -> Result<(), SyntaxError> {
        if self.is_key() {
            let message = "a mapping or sequence cannot be a key";
            return Err(self.cx.error(SyntaxErrorKind::Malformed, start, start, message));
        }
        if self.stack.len() >= self.cx.limits.depth {
            return Err(self.cx.error(SyntaxErrorKind::Limit, start, start, self.depth_message()));
        }
        let flow = style == StructureStyle::Flow;
        let start = if flow || kind == Kind::Map { start } else { self.first_dash(start) };
        let began = self.decoded;
        let tag = match tag {
            Some(tag) => self.tag(&tag, start)?,
            None => NONE,
        };
        let node = self.push(Raw { tag, ..Raw::new(kind, start, start) })?;
        if self.tabs && self.cx.engine.is_go() {
            layout::before_item(&self.cx, self.stack.last(), start)?;
        }
        self.define(anchor, node, 0);
        let map = kind == Kind::Map;
        self.stack.push(Open { node, last: NONE, children: 0, flow, special: false, map, anchor, began });
        Ok(())
    }

    /// A list that is not indented under its key starts at its first `-`, and not, as the parser has it, behind that.
    fn first_dash(&self, start: u32) -> u32 {
        let Some(open) = self.stack.last().filter(|open| open.map && open.last != NONE) else { return start };
        let from = self.doc.nodes[open.last as usize].end as usize;
        let between = self.cx.text.get(from..start as usize).unwrap_or("");
        layout::dash(between).map_or(start, |n| offset(from + n))
    }

    fn close(&mut self, end: u32) -> Result<(), SyntaxError> {
        let Some(open) = self.stack.pop() else { return Ok(()) };
        let last_end = self.doc.nodes.get(open.last as usize).map(|last| last.end);
        let node = &mut self.doc.nodes[open.node as usize];
        node.end = match last_end {
            Some(last)
                if !open.flow || (open.map && self.cx.text.as_bytes().get(node.start as usize) != Some(&b'{')) =>
            {
                last
            }
            _ => end.max(node.start),
        };
        self.define(open.anchor, open.node, self.decoded - open.began);
        if self.tabs && open.flow && self.cx.engine.is_go() {
            layout::after_token(&self.cx, &self.stack, end)?;
        }
        if open.map && (open.special || maps::has_duplicates(&self.doc, open.node, open.children, &mut self.scratch)) {
            maps::view(&mut self.doc, &self.cx, open.node)?;
        }
        Ok(())
    }

    #[inline]
    fn scalar(&mut self, written: Written<'s>) -> Result<(), SyntaxError> {
        let Written { text, style, anchor, tag, start, end } = written;
        let style = match style {
            ScalarStyle::Plain if start == end => Style::Empty,
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::Single,
            ScalarStyle::DoubleQuoted => Style::Double,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        let text = if style == Style::Empty { Cow::Borrowed("") } else { text };
        let key = self.is_key();
        let suspicious = match style {
            Style::Plain => resolve::hint(&text) != Hint::Text,
            Style::Empty => key,
            Style::Single | Style::Double | Style::Literal | Style::Folded | Style::Json => false,
        };
        let tag = match tag {
            Some(tag) => self.tag(&tag, start)?,
            None => NONE,
        };
        let id = self.push(Raw { text, tag, style, ..Raw::new(Kind::Scalar, start, end) })?;
        self.define(anchor, id, 1);
        let flow = self.stack.last().is_some_and(|open| open.flow);
        if (flow || self.tabs || style == Style::Double) && self.cx.engine.is_go() {
            self.check_spelling(id, key)?;
        }
        if matches!(style, Style::Literal | Style::Folded) {
            self.block(id)?;
        }
        if tag != NONE {
            self.check_tag(id)?;
        }
        if suspicious || tag != NONE { self.look(id, key) } else { Ok(()) }
    }

    fn alias(&mut self, anchor: usize, start: u32, end: u32) -> Result<(), SyntaxError> {
        let key = self.is_key();
        let Some(&Anchor { node: target, size }) = self.anchors.get(anchor).filter(|a| a.node != NONE) else {
            return Err(self.cx.error(SyntaxErrorKind::Malformed, start, end, "there is no such anchor before this"));
        };
        if size == 0 {
            return Err(self.cx.error(SyntaxErrorKind::Malformed, start, end, "this anchor's value contains itself"));
        }
        let id = self.push(Raw { first: target, ..Raw::new(Kind::Alias, start, end) })?;
        self.decoded = self.decoded.saturating_add(size);
        self.aliased = self.aliased.saturating_add(size);
        if self.aliased > 100 && self.decoded > 1000 && is_excessive(self.aliased, self.decoded) {
            let message = "this document repeats itself too often by aliases";
            return Err(self.cx.error(SyntaxErrorKind::Limit, start, end, message));
        }
        if self.tabs && self.cx.engine.is_go() {
            layout::after_token(&self.cx, &self.stack, end)?;
        }
        if key {
            if let Some(open) = self.stack.last_mut() {
                open.special = true;
            }
            self.key(id, target)?;
        }
        Ok(())
    }

    fn comment(&mut self, text: &str, start: u32, end: u32) {
        let before = self.cx.text[..start as usize].rsplit(['\n', '\r']).next().unwrap_or("");
        let own_line = before.trim_start_matches('\u{feff}').trim().is_empty();
        self.doc.comments.push(Comment { span: self.cx.span(start, end), text: text.trim().to_owned(), own_line });
    }

    fn finish(mut self) -> Result<Document<'s>, SyntaxError> {
        if self.doc.nodes.is_empty() {
            self.push(Raw { style: Style::Empty, ..Raw::new(Kind::Scalar, 0, 0) })?;
        }
        self.doc.watch();
        Ok(self.doc)
    }
}

fn range(span: &granit_parser::Span) -> (u32, u32) {
    (offset(span.start.byte_offset().unwrap_or(0)), offset(span.end.byte_offset().unwrap_or(0)))
}

/// go-yaml allows 99 % of 400,000 nodes to come from aliases, and 10 % of 4,000,000.
#[expect(clippy::cast_precision_loss, reason = "go-yaml's own arithmetic")]
fn is_excessive(aliased: u64, decoded: u64) -> bool {
    let ratio = aliased as f64 / decoded as f64;
    let scale = (decoded as f64 - 400_000.0) / 3_600_000.0;
    ratio > 0.99 - 0.89 * scale.clamp(0.0, 1.0)
}
