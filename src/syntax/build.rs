//! Events of the YAML parser to a tree.

use super::note::{Note, NoteKind, quoted};
use super::resolve::{self, Hint, Scalar};
use super::tree::{Comment, Context, Document, Kind, NONE, Raw, Style, offset};
use super::{Engine, SyntaxError, SyntaxErrorKind, differs, maps, tags};
use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, StructureStyle, Tag};
use std::borrow::Cow;

/// Reads `cx.text` as one YAML document.
pub(super) fn parse(cx: Context<'_>, comments: bool) -> Result<Document<'_>, SyntaxError> {
    let options = granit_parser::options! {
        disallow_directives: cx.engine.is_go(),
        bom_inside_document_as_content: true,
        emit_anchor_events: true,
        emit_comments: comments,
        max_buffered_comment_events: usize::MAX,
        flow_nesting_limit: cx.limits.depth,
        block_nesting_limit: cx.limits.depth,
    };
    let nodes = Vec::with_capacity(cx.text.len() / 16 + 1);
    let mut builder = Builder {
        doc: Document::new(&cx, nodes),
        cx,
        stack: Vec::new(),
        anchors: Vec::new(),
        scratch: Vec::new(),
        decoded: 0,
        aliased: 0,
        ended: false,
    };
    for event in Parser::new_from_str_with_options(cx.text, options) {
        let (event, span) = event.map_err(|error| builder.scan_error(&error))?;
        builder.event(event, &span)?;
    }
    builder.finish()
}

/// A collection that is still open.
struct Open {
    node: u32,
    last: u32,
    children: u32,
    flow: bool,
    /// A mapping whose entries are not simply its children.
    special: bool,
    map: bool,
    anchor: usize,
    began: u64,
}

/// An anchor and how many nodes it expands to; 0 while it is open.
#[derive(Clone, Copy)]
struct Anchor {
    node: u32,
    size: u64,
}

struct Builder<'s> {
    cx: Context<'s>,
    doc: Document<'s>,
    stack: Vec<Open>,
    anchors: Vec<Anchor>,
    scratch: Vec<(u64, u32)>,
    /// Nodes with aliases expanded, and how many of them come from aliases: go-yaml's counts.
    decoded: u64,
    aliased: u64,
    ended: bool,
}

impl<'s> Builder<'s> {
    fn event(&mut self, event: Event<'s>, span: &granit_parser::Span) -> Result<(), SyntaxError> {
        let (start, end) = range(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => self.scalar(text, style, anchor, tag, start, end),
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

    fn tag(&mut self, tag: Option<Cow<'s, Tag>>) -> u32 {
        let Some(tag) = tag else { return NONE };
        self.doc.tags.push(tags::short(&tag));
        offset(self.doc.tags.len() - 1)
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
        let began = self.decoded;
        let tag = self.tag(tag);
        let node = self.push(Raw { tag, ..Raw::new(kind, start, start) })?;
        self.define(anchor, node, 0);
        let flow = style == StructureStyle::Flow;
        let map = kind == Kind::Map;
        self.stack.push(Open { node, last: NONE, children: 0, flow, special: false, map, anchor, began });
        Ok(())
    }

    fn close(&mut self, end: u32) -> Result<(), SyntaxError> {
        let Some(open) = self.stack.pop() else { return Ok(()) };
        let last_end = self.doc.nodes.get(open.last as usize).map(|last| last.end);
        let node = &mut self.doc.nodes[open.node as usize];
        node.end = match last_end {
            Some(last) if !open.flow => last,
            _ => end.max(node.start),
        };
        self.define(open.anchor, open.node, self.decoded - open.began);
        if open.map && (open.special || maps::has_duplicates(&self.doc, open.node, open.children, &mut self.scratch)) {
            maps::view(&mut self.doc, &self.cx, open.node)?;
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        text: Cow<'s, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<Cow<'s, Tag>>,
        start: u32,
        end: u32,
    ) -> Result<(), SyntaxError> {
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
        let plain = style == Style::Plain;
        let suspicious = match style {
            Style::Plain => resolve::hint(&text) != Hint::Text,
            Style::Empty => key,
            Style::Single | Style::Double | Style::Literal | Style::Folded | Style::Json => false,
        };
        let tag = self.tag(tag);
        let block = matches!(style, Style::Literal | Style::Folded);
        let id = self.push(Raw { text, tag, style, ..Raw::new(Kind::Scalar, start, end) })?;
        self.define(anchor, id, 1);
        if plain && self.stack.last().is_some_and(|open| open.flow) && self.cx.engine.is_go() {
            self.flow_plain(id)?;
        }
        if tag != NONE {
            self.check_tag(id)?;
        }
        if suspicious || tag != NONE {
            self.look(id, key)?;
        }
        if block { self.check_block(id) } else { Ok(()) }
    }

    /// A scalar that may be more than text.
    fn look(&mut self, id: u32, key: bool) -> Result<(), SyntaxError> {
        if key && maps::is_merge(&self.doc, id) {
            if let Some(open) = self.stack.last_mut() {
                open.special = true;
            }
            return Ok(());
        }
        if self.cx.engine.is_go() {
            let raw = &self.doc.nodes[id as usize];
            if raw.tag == NONE
                && let Some(message) = differs::check(&raw.text, key)
            {
                let span = self.cx.span(raw.start, raw.end);
                self.doc.notes.push(Note { span, message, kind: NoteKind::ScalarDiffers, node: Some(id) });
            }
        }
        if key { self.key(id, id) } else { self.check_finite(id) }
    }

    /// A key that may not be a string: `target` is the scalar, `id` the key as written (an alias perhaps).
    fn key(&mut self, id: u32, target: u32) -> Result<(), SyntaxError> {
        let Some(text) = maps::odd_key(&self.doc, &self.cx, id, target)? else { return Ok(()) };
        self.doc.nodes[target as usize].aux = offset(self.doc.key_texts.len());
        self.doc.key_texts.push(text);
        if let Some(open) = self.stack.last_mut() {
            open.special = true;
        }
        Ok(())
    }

    fn check_finite(&self, id: u32) -> Result<(), SyntaxError> {
        if !self.cx.engine.is_go() {
            return Ok(());
        }
        let infinite = matches!(self.doc.read(id), Scalar::Float(f) if !f.is_finite());
        if !infinite {
            return Ok(());
        }
        let raw = &self.doc.nodes[id as usize];
        let message = format!("{} is not a number that JSON has, so Kubernetes refuses it", quoted(&raw.text));
        Err(self.cx.error(SyntaxErrorKind::Malformed, raw.start, raw.end, message))
    }

    fn check_tag(&mut self, id: u32) -> Result<(), SyntaxError> {
        let raw = &self.doc.nodes[id as usize];
        let tag = &self.doc.tags[raw.tag as usize];
        let (start, end) = (raw.start, raw.end);
        if &**tag == "!!binary" {
            let Some(text) = tags::binary(&raw.text) else {
                return Err(self.cx.error(SyntaxErrorKind::Malformed, start, end, "this is not base64"));
            };
            self.doc.nodes[id as usize].text = Cow::Owned(text);
            return Ok(());
        }
        if !self.cx.engine.is_go() {
            return Ok(());
        }
        if resolve::tagged(self.cx.engine, &raw.text, tag, raw.style).is_none() {
            let message = format!("{} is not of the type that its tag {tag} names", quoted(&raw.text));
            return Err(self.cx.error(SyntaxErrorKind::Malformed, start, end, message));
        }
        let other = if self.cx.engine == Engine::GoYamlV2 { Engine::GoYamlV3 } else { Engine::GoYamlV2 };
        let apart = match resolve::tagged(other, &raw.text, tag, raw.style) {
            Some(value) => !value.same(self.doc.read(id)),
            None => true,
        };
        if apart || &**tag == "!!timestamp" {
            let message = format!(
                "go-yaml v2 (Kubernetes) and v3 (kustomize) read {} with the tag {tag} differently; drop the tag",
                quoted(&raw.text)
            );
            let span = self.cx.span(start, end);
            self.doc.notes.push(Note { span, message, kind: NoteKind::Tag, node: Some(id) });
        }
        Ok(())
    }

    /// In flow text a `:` before `,` or a bracket belongs to the word for go-yaml, and ends it for others.
    fn flow_plain(&mut self, id: u32) -> Result<(), SyntaxError> {
        let raw = &self.doc.nodes[id as usize];
        let (start, end) = (raw.start, raw.end);
        let after = &self.cx.text.as_bytes()[end as usize..];
        let colon = matches!(after, [b':', b',' | b'[' | b']' | b'{' | b'}', ..]);
        if colon || raw.text.starts_with(['?', ':']) {
            let message = format!(
                "readers split {} differently inside brackets; quote it, or put a space after the colon",
                quoted(&raw.text)
            );
            return Err(self.cx.error(SyntaxErrorKind::Refused, start, end, message));
        }
        if raw.text.contains('?') {
            let message = format!("Kubernetes may refuse the `?` in {} inside brackets; quote it", quoted(&raw.text));
            let span = self.cx.span(start, end);
            self.doc.notes.push(Note { span, message, kind: NoteKind::Character, node: Some(id) });
        }
        Ok(())
    }

    fn check_block(&mut self, id: u32) -> Result<(), SyntaxError> {
        let raw = &self.doc.nodes[id as usize];
        let (start, end) = (raw.start as usize, raw.end as usize);
        let written = &self.cx.text[start..end];
        if self.cx.engine.is_go() && self.stack.is_empty() {
            let message = "a block scalar that is the whole document is read differently by different readers";
            return Err(self.cx.error(SyntaxErrorKind::Refused, raw.start, raw.end, message));
        }
        let header = written.lines().next().unwrap_or("");
        let cut = self.cx.text[end..].is_empty() && !written.ends_with('\n') && written.contains('\n');
        if cut && !header.split('#').next().unwrap_or("").contains('-') {
            let message = "the file ends in the last line of this block: kubectl adds the line break, other readers of the same library do not; end the file with a line break".to_owned();
            let span = self.cx.span(raw.start, raw.end);
            self.doc.notes.push(Note { span, message, kind: NoteKind::BlockEof, node: Some(id) });
        }
        Ok(())
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
        if key {
            if let Some(open) = self.stack.last_mut() {
                open.special = true;
            }
            self.key(id, target)?;
        }
        Ok(())
    }

    fn anchor_name(&self, name: &str, start: u32, end: u32) -> Result<(), SyntaxError> {
        let simple = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if simple || !self.cx.engine.is_go() {
            return Ok(());
        }
        let message = format!("Kubernetes takes only letters, digits, `_` and `-` in anchors, not {}", quoted(name));
        Err(self.cx.error(SyntaxErrorKind::Refused, start, end, message))
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
