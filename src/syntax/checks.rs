//! What is refused or noted about single scalars, tags and anchors while the tree is built.

use super::build::Builder;
use super::note::{Note, NoteKind, quoted};
use super::resolve::{self, Scalar};
use super::tree::{NONE, Style, offset};
use super::{Engine, SyntaxError, SyntaxErrorKind, differs, layout, maps, tags};
use std::borrow::Cow;

impl Builder<'_> {
    /// A scalar that may be more than text.
    pub(super) fn look(&mut self, id: u32, key: bool) -> Result<(), SyntaxError> {
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
    pub(super) fn key(&mut self, id: u32, target: u32) -> Result<(), SyntaxError> {
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

    pub(super) fn check_tag(&mut self, id: u32) -> Result<(), SyntaxError> {
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

    /// What go-yaml has to say about the way a scalar is written.
    pub(super) fn check_spelling(&mut self, id: u32, key: bool) -> Result<(), SyntaxError> {
        let raw = &self.doc.nodes[id as usize];
        let flow = self.stack.last().is_some_and(|open| open.flow);
        if self.tabs {
            layout::around_scalar(&self.cx, &self.doc, &self.stack, raw)?;
        }
        if raw.style == Style::Double && matches!(raw.text, Cow::Owned(_)) {
            layout::escapes(&self.cx, raw)?;
        }
        if !flow {
            return Ok(());
        }
        if key {
            layout::flow_key(&self.cx, raw)?;
        }
        if raw.style == Style::Plain { self.flow_plain(id) } else { Ok(()) }
    }

    /// A block scalar: gives it the span of what is written, and notes the end of the file in it.
    pub(super) fn block(&mut self, id: u32) -> Result<(), SyntaxError> {
        let raw = &mut self.doc.nodes[id as usize];
        let (start, end, cut) = layout::block_range(self.cx.text, raw);
        (raw.start, raw.end) = (offset(start), offset(end));
        if !self.cx.engine.is_go() {
            return Ok(());
        }
        if self.stack.is_empty() {
            let message = "a block scalar that is the whole document is read differently by different readers";
            return Err(self.cx.error(SyntaxErrorKind::Refused, raw.start, raw.end, message));
        }
        if self.tabs {
            layout::block_tabs(&self.cx, raw)?;
            layout::before_item(&self.cx, self.stack.last(), raw.start)?;
        }
        if cut {
            let message = "the file ends in the last line of this block: kubectl adds the line break, other readers do not; end the file with a line break".to_owned();
            let span = self.cx.span(raw.start, raw.end);
            self.doc.notes.push(Note { span, message, kind: NoteKind::BlockEof, node: Some(id) });
        }
        Ok(())
    }

    pub(super) fn anchor_name(&self, name: &str, start: u32, end: u32) -> Result<(), SyntaxError> {
        let simple = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if simple || !self.cx.engine.is_go() {
            return Ok(());
        }
        let message = format!("Kubernetes takes only letters, digits, `_` and `-` in anchors, not {}", quoted(name));
        Err(self.cx.error(SyntaxErrorKind::Refused, start, end, message))
    }
}
