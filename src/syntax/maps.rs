//! The effective entries of a mapping: duplicates, merges, and keys that are not strings.

use super::note::{Note, NoteKind, quoted};
use super::number;
use super::resolve::Scalar;
use super::tree::{Context, Document, Kind, NONE, Style, View, offset};
use super::{Engine, SyntaxError, SyntaxErrorKind};
use std::collections::BTreeMap;
use std::mem::discriminant;

/// Whether two keys of a mapping with string keys only have the same text. `scratch` is only room to work in.
pub(super) fn has_duplicates(doc: &Document<'_>, map: u32, children: u32, scratch: &mut Vec<(u64, u32)>) -> bool {
    if children < 4 {
        return false;
    }
    scratch.clear();
    let mut key = doc.nodes[map as usize].first;
    while key != NONE {
        scratch.push((fingerprint(doc.nodes[key as usize].text.as_bytes()), key));
        key = doc.nodes[doc.nodes[key as usize].next as usize].next;
    }
    let same = |a: u32, b: u32| doc.nodes[a as usize].text == doc.nodes[b as usize].text;
    if scratch.len() <= 16 {
        let pairs = scratch.iter().enumerate();
        return pairs
            .into_iter()
            .any(|(i, &(print, a))| scratch[..i].iter().any(|&(other, b)| other == print && same(a, b)));
    }
    scratch.sort_unstable_by(|a, b| {
        let text = |id: u32| &*doc.nodes[id as usize].text;
        a.0.cmp(&b.0).then_with(|| text(a.1).cmp(text(b.1)))
    });
    scratch.windows(2).any(|w| w[0].0 == w[1].0 && same(w[0].1, w[1].1))
}

/// Length, first and last bytes: enough to tell almost all keys of one mapping apart.
fn fingerprint(text: &[u8]) -> u64 {
    let (first, last) = match text.len() {
        0 => (0, 0),
        n @ 1..4 => (u32::from(text[0]), u32::from(text[n - 1]) << 8 | u32::from(text[n / 2])),
        n => (
            u32::from_le_bytes([text[0], text[1], text[2], text[3]]),
            u32::from_le_bytes([text[n - 4], text[n - 3], text[n - 2], text[n - 1]]),
        ),
    };
    u64::from(first) << 32 ^ u64::from(last) ^ (text.len() as u64) << 24
}

/// Whether the key `id` merges another mapping into this one.
pub(super) fn is_merge(doc: &Document<'_>, id: u32) -> bool {
    let raw = &doc.nodes[id as usize];
    if raw.kind != Kind::Scalar || &*raw.text != "<<" {
        return false;
    }
    match doc.tags.get(raw.tag as usize).map(|tag| &**tag) {
        None | Some("!") => raw.style == Style::Plain,
        Some(tag) => tag == "!!merge",
    }
}

/// The JSON key that the scalar `target` becomes, if that is not its text. `id` is the key as it is written.
pub(super) fn odd_key(
    doc: &Document<'_>,
    cx: &Context<'_>,
    id: u32,
    target: u32,
) -> Result<Option<Box<str>>, SyntaxError> {
    let here = &doc.nodes[id as usize];
    let bad = |message: &str| Err(cx.error(SyntaxErrorKind::Malformed, here.start, here.end, message));
    if doc.nodes[target as usize].kind != Kind::Scalar {
        return bad("a mapping or sequence cannot be a key");
    }
    if !cx.engine.is_go() {
        return Ok(None);
    }
    let text = match doc.read(target) {
        Scalar::Str(_) => return Ok(None),
        Scalar::Null => return bad("null cannot be a key in Kubernetes; quote it"),
        Scalar::Uint(_) => return bad("a number this large cannot be a key in Kubernetes; quote it"),
        Scalar::Bool(b) => b.to_string(),
        Scalar::Int(n) => n.to_string(),
        Scalar::Float(f) if cx.engine == Engine::GoYamlV2 => number::key_32(f),
        Scalar::Float(f) => number::key_64(f),
    };
    Ok(Some(text.into()))
}

/// Works out the entries of `map` and stores them as a view.
pub(super) fn view(doc: &mut Document<'_>, cx: &Context<'_>, map: u32) -> Result<(), SyntaxError> {
    let mut work = Work { doc, cx, entries: Vec::new(), index: BTreeMap::new(), notes: Vec::new() };
    work.run(map)?;
    let (view, notes) = (work.entries.iter().map(|entry| (entry.key, entry.value)).collect::<View>(), work.notes);
    doc.notes.extend(notes);
    doc.nodes[map as usize].aux = offset(doc.views.len());
    doc.views.push(view);
    Ok(())
}

struct Entry {
    key: u32,
    value: u32,
    /// Written in this mapping, not merged into it.
    written: bool,
}

struct Work<'w> {
    doc: &'w Document<'w>,
    cx: &'w Context<'w>,
    entries: Vec<Entry>,
    index: BTreeMap<&'w str, usize>,
    notes: Vec<Note>,
}

impl Work<'_> {
    fn run(&mut self, map: u32) -> Result<(), SyntaxError> {
        let in_order = self.cx.engine == Engine::GoYamlV2;
        let pairs = self.pairs(map);
        let mut merges = Vec::new();
        for (key, value) in pairs {
            if !is_merge(self.doc, key) {
                self.write(key, value)?;
                continue;
            }
            if !merges.is_empty() {
                self.second_merge(key)?;
            }
            merges.push((key, value));
            self.conflicts(key, value)?;
            if in_order {
                self.merge(key, value)?;
            }
        }
        if !in_order {
            merges.into_iter().try_for_each(|(key, value)| self.merge(key, value))?;
        }
        Ok(())
    }

    /// Key and value of each entry, of a mapping's view if it has one.
    fn pairs(&self, map: u32) -> Vec<(u32, u32)> {
        let nodes = &self.doc.nodes;
        if let Some(view) = self.doc.views.get(nodes[map as usize].aux as usize) {
            return view.clone();
        }
        let first = Some(nodes[map as usize].first).filter(|&id| id != NONE);
        let after = |id: u32| Some(nodes[nodes[id as usize].next as usize].next).filter(|&id| id != NONE);
        std::iter::successors(first, |&key| after(key)).map(|key| (key, nodes[key as usize].next)).collect()
    }

    fn note(&mut self, at: u32, node: u32, kind: NoteKind, message: String) {
        let raw = &self.doc.nodes[at as usize];
        self.notes.push(Note { span: self.cx.span(raw.start, raw.end), message, kind, node: Some(node) });
    }

    fn error(&self, at: u32, kind: SyntaxErrorKind, message: impl Into<String>) -> SyntaxError {
        let raw = &self.doc.nodes[at as usize];
        self.cx.error(kind, raw.start, raw.end, message)
    }

    /// A key that is written in this mapping.
    fn write(&mut self, key: u32, value: u32) -> Result<(), SyntaxError> {
        let text = self.doc.key_text(key);
        let written = Entry { key, value, written: true };
        let Some(&at) = self.index.get(text) else {
            self.index.insert(text, self.entries.len());
            self.entries.push(written);
            return Ok(());
        };
        self.collision(self.entries[at].key, key)?;
        if self.entries[at].written {
            self.duplicate(self.entries[at].key, key)?;
        }
        self.entries[at] = written;
        Ok(())
    }

    /// Two keys that are different to YAML and equal as JSON: Go picks one at random.
    fn collision(&self, old: u32, key: u32) -> Result<(), SyntaxError> {
        let (a, b) = (self.doc.read(old), self.doc.read(key));
        if !self.cx.engine.is_go() || (discriminant(&a) == discriminant(&b) && a.same(b)) {
            return Ok(());
        }
        let text = quoted(self.doc.key_text(key));
        let message = format!(
            "this key and another one both become {text}: which of the values Kubernetes takes is random; remove one"
        );
        Err(self.error(key, SyntaxErrorKind::Refused, message))
    }

    fn duplicate(&mut self, old: u32, key: u32) -> Result<(), SyntaxError> {
        let text = quoted(self.doc.key_text(key));
        // v3 compares keys as they are written: `1` and `0x1` pass, and the last one wins.
        let raw = |id: u32| &self.doc.nodes[self.doc.follow(id) as usize].text;
        if self.cx.engine == Engine::GoYamlV3 && raw(old) == raw(key) {
            let message = format!("{text} is written twice in this mapping");
            return Err(self.error(key, SyntaxErrorKind::Malformed, message));
        }
        let message = if self.cx.engine.is_go() {
            format!(
                "{text} is written twice in this mapping: Kubernetes takes the last value, kustomize refuses the file; keep one"
            )
        } else {
            format!(
                "{text} is written twice in this mapping: some readers take the last value, others refuse the file; keep one"
            )
        };
        self.note(key, key, NoteKind::DuplicateKey, message);
        Ok(())
    }

    fn second_merge(&mut self, key: u32) -> Result<(), SyntaxError> {
        let message = "a second `<<` in one mapping: Kubernetes merges both, kustomize refuses the file; write one `<<` with a list";
        if self.cx.engine == Engine::GoYamlV3 {
            return Err(self.error(key, SyntaxErrorKind::Malformed, message));
        }
        let map = self.doc.nodes[key as usize].parent;
        self.note(key, map, NoteKind::MergeOrder, message.to_owned());
        Ok(())
    }

    /// Notes the keys that are written before the merge `key` and that it sets as well.
    fn conflicts(&mut self, key: u32, value: u32) -> Result<(), SyntaxError> {
        if !self.cx.engine.is_go() {
            return Ok(());
        }
        for source in self.sources(key, value)? {
            for (merged, other) in self.pairs(source) {
                let Some(&at) = self.index.get(self.doc.key_text(merged)) else { continue };
                let Entry { key: own, value, written } = self.entries[at];
                if written && !self.equal(value, other) {
                    let text = quoted(self.doc.key_text(own));
                    let message = format!(
                        "{text} is set here and again by the `<<` after it: Kubernetes takes the merged value, kustomize this one; write `<<` first"
                    );
                    self.note(own, own, NoteKind::MergeOrder, message);
                }
            }
        }
        Ok(())
    }

    /// Whether two values are the same scalar.
    fn equal(&self, a: u32, b: u32) -> bool {
        let scalar = |id: u32| self.doc.nodes[self.doc.follow(id) as usize].kind == Kind::Scalar;
        a == b || (scalar(a) && scalar(b) && self.doc.read(a).same(self.doc.read(b)))
    }

    /// The mappings that a `<<` names, the strongest first.
    fn sources(&self, key: u32, value: u32) -> Result<Vec<u32>, SyntaxError> {
        let nodes = &self.doc.nodes;
        let maps = if nodes[value as usize].kind == Kind::Seq {
            let first = Some(nodes[value as usize].first).filter(|&id| id != NONE);
            std::iter::successors(first, |&id| Some(nodes[id as usize].next).filter(|&id| id != NONE)).collect()
        } else {
            vec![value]
        };
        let maps: Vec<u32> = maps.into_iter().map(|id| self.doc.follow(id)).collect();
        if maps.iter().all(|&id| nodes[id as usize].kind == Kind::Map) {
            return Ok(maps);
        }
        Err(self.error(key, SyntaxErrorKind::Malformed, "`<<` takes a mapping, an alias of one, or a list of these"))
    }

    fn merge(&mut self, key: u32, value: u32) -> Result<(), SyntaxError> {
        let overwrite = self.cx.engine == Engine::GoYamlV2;
        let mut sources = self.sources(key, value)?;
        if overwrite {
            sources.reverse();
        }
        for source in sources {
            for (key, value) in self.pairs(source) {
                self.merge_entry(key, value, overwrite)?;
            }
        }
        Ok(())
    }

    fn merge_entry(&mut self, key: u32, value: u32, overwrite: bool) -> Result<(), SyntaxError> {
        let text = self.doc.key_text(key);
        let Some(&at) = self.index.get(text) else {
            self.index.insert(text, self.entries.len());
            self.entries.push(Entry { key, value, written: false });
            return Ok(());
        };
        self.collision(self.entries[at].key, key)?;
        if overwrite {
            // The key written here stays the place to point at; only its value comes from elsewhere.
            let own = &mut self.entries[at];
            (own.key, own.value) = if own.written { (own.key, value) } else { (key, value) };
        }
        Ok(())
    }
}
