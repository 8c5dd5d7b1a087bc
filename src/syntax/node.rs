//! How the rest of the program looks at a document.

use super::resolve::{self, Scalar};
use super::tree::{Document, Kind, NONE, Raw, Style};
use super::value;
use crate::text::Span;

/// A node of a document: a mapping, a sequence or a scalar. An alias is the node it stands for, except in
/// [`Node::span`].
#[derive(Clone, Copy)]
pub struct Node<'d> {
    doc: &'d Document<'d>,
    id: u32,
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Node({}..{})", self.span().start, self.span().end)
    }
}

impl PartialEq for Node<'_> {
    /// Whether both are the same place of the same document.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.doc, other.doc) && self.id == other.id
    }
}

impl<'d> Node<'d> {
    pub(super) fn new(doc: &'d Document<'_>, id: u32) -> Self {
        Self { doc, id }
    }

    fn here(self) -> &'d Raw<'d> {
        &self.doc.nodes[self.id as usize]
    }

    /// The node itself, behind an alias.
    fn raw(self) -> &'d Raw<'d> {
        &self.doc.nodes[self.doc.follow(self.id) as usize]
    }

    fn to_span(self, raw: &Raw<'_>) -> Span {
        let base = self.doc.base;
        Span::new(self.doc.file, base.saturating_add(raw.start), base.saturating_add(raw.end))
    }

    fn at_id(self, id: u32) -> Self {
        Self { doc: self.doc, id }
    }

    fn touched(self) -> Self {
        self.doc.touch(self.id);
        if self.here().kind == Kind::Alias {
            self.doc.touch(self.doc.follow(self.id));
        }
        self
    }

    /// Where this value is written; for an alias, where the alias is.
    pub fn span(self) -> Span {
        self.to_span(self.here())
    }

    /// Where the value's text is: the anchored node, where this is an alias.
    pub fn definition_span(self) -> Span {
        self.to_span(self.raw())
    }

    /// Where to point when something is missing in this node: the key it is written under, or else its own first key,
    /// or else the node.
    pub fn anchor(self) -> Span {
        let first = |node: Node<'d>| self.doc.nodes.get(node.raw().first as usize).map(|raw| self.to_span(raw));
        let key = self.parent().filter(|parent| parent.is_map()).and_then(|parent| parent.key_before(self));
        key.map(Node::span).or_else(|| first(self).filter(|_| self.is_map())).unwrap_or_else(|| self.span())
    }

    /// The key that `child`, a value, is written under.
    fn key_before(self, child: Node<'d>) -> Option<Node<'d>> {
        let mut key = self.here().first;
        while key != NONE {
            let node = self.at_id(key);
            if node.here().next == child.id {
                return Some(node);
            }
            key = self.at_id(node.here().next).here().next;
        }
        None
    }

    /// Whether this is a mapping.
    pub fn is_map(self) -> bool {
        self.raw().kind == Kind::Map
    }

    /// Whether this is a sequence.
    pub fn is_seq(self) -> bool {
        self.raw().kind == Kind::Seq
    }

    /// Whether this is a scalar; nothing written at all is one.
    pub fn is_scalar(self) -> bool {
        self.raw().kind == Kind::Scalar
    }

    /// Whether this is null, or nothing is written.
    pub fn is_null(self) -> bool {
        self.scalar() == Some(Scalar::Null)
    }

    /// The scalar, as the document's engine reads it.
    pub fn scalar(self) -> Option<Scalar<'d>> {
        let raw = self.raw();
        (raw.kind == Kind::Scalar).then(|| resolve::scalar(self.doc.engine, raw, self.tag()))
    }

    /// The scalar's text after unescaping, whatever it means: the same for `"1"` and `1`.
    pub fn text(self) -> Option<&'d str> {
        let raw = self.raw();
        (raw.kind == Kind::Scalar).then_some(&*raw.text)
    }

    /// The text, if the engine reads a string.
    pub fn as_str(self) -> Option<&'d str> {
        if let Some(Scalar::Str(text)) = self.scalar() { Some(text) } else { None }
    }

    /// The boolean, if the engine reads one.
    pub fn as_bool(self) -> Option<bool> {
        if let Some(Scalar::Bool(b)) = self.scalar() { Some(b) } else { None }
    }

    /// The integer, if the engine reads one. To the Go engines `1e1` is one: they print it as `10`.
    pub fn as_i64(self) -> Option<i64> {
        match self.scalar()? {
            Scalar::Int(n) => Some(n),
            Scalar::Float(f) if self.doc.engine.is_go() => value::whole(f),
            Scalar::Null | Scalar::Bool(_) | Scalar::Uint(_) | Scalar::Float(_) | Scalar::Str(_) => None,
        }
    }

    /// The number, if the engine reads one.
    #[expect(clippy::cast_precision_loss, reason = "the caller asks for a float")]
    pub fn as_f64(self) -> Option<f64> {
        match self.scalar()? {
            Scalar::Int(n) => Some(n as f64),
            Scalar::Uint(n) => Some(n as f64),
            Scalar::Float(f) => Some(f),
            Scalar::Null | Scalar::Bool(_) | Scalar::Str(_) => None,
        }
    }

    /// Whether a scalar is written in quotes.
    pub fn is_quoted(self) -> bool {
        matches!(self.raw().style, Style::Single | Style::Double)
    }

    /// The tag as written, in its short form: `!Ref`, `!!int`.
    pub fn tag(self) -> Option<&'d str> {
        self.doc.tags.get(self.raw().tag as usize).map(|tag| &**tag)
    }

    /// A scalar as the JSON key it becomes.
    pub(super) fn key_text(self) -> &'d str {
        self.doc.key_text(self.id)
    }

    /// The value under `key`, as the engine reads the mapping: with its merges, and the last of equal keys.
    pub fn get(self, key: &str) -> Option<Node<'d>> {
        self.find(key).map(|(_, value)| value)
    }

    /// The key `key` itself.
    pub fn key(self, key: &str) -> Option<Node<'d>> {
        self.find(key).map(|(key, _)| key)
    }

    fn find(self, key: &str) -> Option<(Node<'d>, Node<'d>)> {
        let raw = self.raw();
        if raw.kind != Kind::Map {
            return None;
        }
        let found = self.pairs(raw).find(|(k, _)| k.key_text() == key);
        if found.is_none() && raw.aux != NONE {
            // `on` asked for, `on` written, but read as `true`: whoever asks must hear of it.
            self.pairs(raw).filter(|(k, _)| k.text() == Some(key)).for_each(|(k, _)| _ = k.touched());
        }
        found.map(|(k, v)| (k.touched(), v.touched()))
    }

    /// Effective entries, not marked as looked at.
    fn pairs(self, raw: &'d Raw<'d>) -> Pairs<'d> {
        match self.doc.views.get(raw.aux as usize) {
            Some(view) if raw.kind == Kind::Map => Pairs { node: self, next: NONE, view: view.iter() },
            _ => Pairs { node: self, next: raw.first, view: [].iter() },
        }
    }

    /// The value found by following `keys` from here.
    pub fn path(self, keys: &[&str]) -> Option<Node<'d>> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The entries of a mapping, in order, as the engine reads it; empty for anything else.
    pub fn entries(self) -> impl Iterator<Item = (Node<'d>, Node<'d>)> {
        let raw = self.raw();
        let pairs = (raw.kind == Kind::Map).then(|| self.pairs(raw));
        pairs.into_iter().flatten().map(|(key, value)| (key.touched(), value.touched()))
    }

    /// Whether a key of this mapping passes `test`. Only asking is not reading: no note counts as touched by it.
    pub fn any_key(self, test: impl Fn(&str) -> bool) -> bool {
        let raw = self.raw();
        raw.kind == Kind::Map && self.pairs(raw).any(|(key, _)| key.text().is_some_and(&test))
    }

    /// The items of a sequence; empty for anything else.
    pub fn items(self) -> impl Iterator<Item = Node<'d>> {
        let raw = self.raw();
        let mut next = if raw.kind == Kind::Seq { raw.first } else { NONE };
        std::iter::from_fn(move || {
            let item = self.doc.nodes.get(next as usize).map(|_| self.at_id(next))?;
            next = item.here().next;
            Some(item.touched())
        })
    }

    /// The node at a JSON pointer (RFC 6901), from here.
    pub fn at(self, pointer: &str) -> Option<Node<'d>> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |node, part| {
            if node.is_seq() {
                return part.parse().ok().and_then(|n| node.items().nth(n));
            }
            node.get(&part.replace("~1", "/").replace("~0", "~"))
        })
    }

    /// The JSON pointer of this node from the root, by where it is written.
    pub fn pointer(self) -> String {
        let mut out = String::with_capacity(48);
        self.write_pointer(&mut out);
        out
    }

    /// Documents nest at most 255 deep, and so does this.
    fn write_pointer(self, out: &mut String) {
        if let Some(parent) = self.parent() {
            parent.write_pointer(out);
            out.push('/');
            parent.write_part(self, out);
        }
    }

    /// How this collection calls its child `child`.
    fn write_part(self, child: Node<'d>, out: &mut String) {
        let raw = self.here();
        if raw.kind == Kind::Seq {
            let next = |&id: &u32| Some(self.at_id(id).here().next);
            let before = std::iter::successors(Some(raw.first), next).take_while(|&id| id != child.id).count();
            *out += &before.to_string();
            return;
        }
        let key = self.key_before(child).unwrap_or(child).key_text();
        for c in key.chars() {
            match c {
                '~' => *out += "~0",
                '/' => *out += "~1",
                _ => out.push(c),
            }
        }
    }

    /// Whether this is a key of the mapping it is written in.
    pub fn is_key(self) -> bool {
        self.parent().is_some_and(|parent| parent.here().kind == Kind::Map && parent.key_before(self).is_none())
    }

    /// The mapping or sequence this node is written in.
    pub fn parent(self) -> Option<Node<'d>> {
        let parent = self.here().parent;
        (parent != NONE).then(|| self.at_id(parent))
    }

    /// The JSON value that the engine makes of this node. A float that JSON cannot hold is null.
    pub fn to_value(self) -> serde_json::Value {
        value::of(self)
    }
}

/// Key and value, from the list of children or from a view.
struct Pairs<'d> {
    node: Node<'d>,
    next: u32,
    view: std::slice::Iter<'d, (u32, u32)>,
}

impl<'d> Iterator for Pairs<'d> {
    type Item = (Node<'d>, Node<'d>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.next == NONE {
            return self.view.next().map(|&(key, value)| (self.node.at_id(key), self.node.at_id(value)));
        }
        let key = self.node.at_id(self.next);
        let value = self.node.at_id(key.here().next);
        self.next = value.here().next;
        Some((key, value))
    }
}
