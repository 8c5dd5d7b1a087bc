//! The desk a policy file is read at: every fault is written down, and reading goes on.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::Known;
use super::fault::{Fault, FileKind, PolicyFile};
use super::globs::{Globs, Over, is_pattern, matcher};
use super::presets::LATER;
use super::setting::{Part, Provenance};
use crate::catalog::RuleMeta;
use crate::syntax::{Node, Scalar};
use crate::text::{Span, Spanned, nearest};

/// The desk a policy file is read at.
pub(super) struct Desk<'a> {
    pub(super) known: &'a Known<'a>,
    pub(super) file: &'a PolicyFile,
    /// The place of `file` among the policy's files.
    pub(super) index: usize,
    pub(super) faults: Vec<Fault>,
}

impl<'a> Desk<'a> {
    pub(super) const fn new(known: &'a Known<'a>, file: &'a PolicyFile, index: usize) -> Self {
        Self { known, file, index, faults: Vec::new() }
    }

    pub(super) fn fault(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(Fault { file: self.index, span, message: message.into(), help: help.into() });
    }

    /// Where the value at `span` comes from.
    pub(super) fn provenance(&self, span: Span, part: Part) -> Provenance {
        let line = match self.file.kind {
            FileKind::Preset => None,
            FileKind::Repository => Some(self.file.position(span).line),
        };
        Provenance::Written { by: Arc::clone(&self.file.path), line, part }
    }

    /// `span`, where a reader has the file.
    pub(super) const fn shown(&self, span: Span) -> Option<Span> {
        match self.file.kind {
            FileKind::Preset => None,
            FileKind::Repository => Some(span),
        }
    }

    /// The entries of a mapping whose keys are names the user chose. Anything but a mapping is a fault.
    pub(super) fn entries<'d>(&mut self, node: Node<'d>, what: &str) -> Vec<(Spanned<&'d str>, Node<'d>)> {
        if !node.is_map() {
            self.wrong(node, &format!("{what} is a mapping"));
            return Vec::new();
        }
        let entries = node.entries().map(|(key, value)| (Spanned::new(key.text().unwrap_or(""), key.span()), value));
        entries.collect()
    }

    /// The entries of a mapping that takes `keys` and no others.
    pub(super) fn fields<'d>(
        &mut self,
        node: Node<'d>,
        what: &str,
        keys: &[&str],
    ) -> Vec<(Spanned<&'d str>, Node<'d>)> {
        let mut entries = self.entries(node, what);
        entries.retain(|(key, _)| {
            let known = keys.contains(&key.value);
            if !known {
                let help = meant(key.value, keys.iter().copied(), "keys");
                self.fault(key.span, format!("{what} has no key `{}`", shown(key.value)), help);
            }
            known
        });
        entries
    }

    /// The items of a list. Anything but a list is a fault.
    pub(super) fn items<'d>(&mut self, node: Node<'d>, what: &str) -> Vec<Node<'d>> {
        if node.is_seq() {
            return node.items().collect();
        }
        self.wrong(node, &format!("{what} is a list"));
        Vec::new()
    }

    /// A text.
    pub(super) fn text<'d>(&mut self, node: Node<'d>, what: &str) -> Option<&'d str> {
        match node.scalar() {
            Some(Scalar::Str(text)) if !text.trim().is_empty() => Some(text),
            Some(Scalar::Int(_) | Scalar::Uint(_) | Scalar::Float(_) | Scalar::Bool(_)) => {
                let text = node.text().unwrap_or("");
                self.fault(
                    node.span(),
                    format!("{what} is a text, and `{}` is not one", shown(text)),
                    format!("put it in quotes: \"{}\"", shown(text)),
                );
                None
            }
            Some(Scalar::Null | Scalar::Str(_)) | None => {
                self.wrong(node, &format!("{what} is a text"));
                None
            }
        }
    }

    /// A list of texts.
    pub(super) fn texts<'d>(&mut self, node: Node<'d>, what: &str) -> Vec<Spanned<&'d str>> {
        let items = self.items(node, what);
        let mut texts = Vec::new();
        for item in items {
            texts.extend(self.text(item, &format!("an entry of {what}")).map(|t| Spanned::new(t, item.span())));
        }
        texts
    }

    /// A list of globs.
    pub(super) fn globs(&mut self, node: Node<'_>, what: &str, over: Over) -> Globs {
        let mut globs = Globs::default();
        for text in self.texts(node, what) {
            self.glob(&mut globs, text, over);
        }
        globs
    }

    /// One glob, added to `globs`.
    pub(super) fn glob(&mut self, globs: &mut Globs, text: Spanned<&str>, over: Over) {
        match matcher(text.value, over) {
            Ok(matcher) => globs.push(matcher),
            Err(error) => {
                let help = "globs use `*`, `?`, `[a-z]` and `{a,b}`; write `\\[` for a bracket itself";
                self.fault(text.span, format!("`{}` is not a glob: {error}", shown(text.value)), help);
            }
        }
    }

    /// One of the names of a closed set.
    pub(super) fn one_of<T: Copy>(&mut self, node: Node<'_>, what: &str, all: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(node, what)?;
        let found = all.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let help = meant(text, all.iter().map(|(name, _)| *name), "values");
            self.fault(node.span(), format!("`{}` is not a value of {what}", shown(text)), help);
        }
        found.map(|(_, value)| *value)
    }

    /// A switch: `true` or `false`.
    pub(super) fn switch(&mut self, node: Node<'_>, what: &str) -> Option<bool> {
        let read = node.as_bool();
        if read.is_none() {
            self.wrong(node, &format!("{what} is `true` or `false`"));
        }
        read
    }

    /// A value that one of the model's units reads; the message is that unit's.
    pub(super) fn unit<T: DeserializeOwned>(&mut self, node: Node<'_>, what: &str) -> Option<T> {
        match serde_json::from_value(node.to_value()) {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(node.span(), format!("{what}: {error}"), format!("give {what} a unit that it takes"));
                None
            }
        }
    }

    /// The rule of that name.
    pub(super) fn rule(&mut self, name: Spanned<&str>) -> Option<&'static RuleMeta> {
        let found = self.known.rules.iter().find(|meta| meta.id == name.value).copied();
        if found.is_some() || self.file.kind == FileKind::Preset {
            return found;
        }
        if LATER.contains(&name.value) {
            let message = format!("`{}` is a rule of a later version: this one does not have it yet", name.value);
            self.fault(name.span, message, "leave it out until the version that brings it");
            return None;
        }
        let help = match nearest(name.value, self.known.rules.iter().map(|meta| meta.id)) {
            Some(rule) => format!("did you mean `{rule}`?"),
            None => "`rollgate rules` lists them all".to_owned(),
        };
        self.fault(name.span, format!("there is no rule `{}`", shown(name.value)), help);
        None
    }

    /// A name or glob that must match one of `all`, if it is no pattern and the set is closed.
    pub(super) fn of_set(&mut self, text: Spanned<&str>, what: &str, all: &[&str]) {
        if !is_pattern(text.value) && !all.is_empty() && !all.contains(&text.value) {
            let help = meant(text.value, all.iter().copied(), "values");
            self.fault(text.span, format!("`{}` is not a {what}", shown(text.value)), help);
        }
    }

    /// A value of the wrong type; `wanted` is a sentence without its stop.
    pub(super) fn wrong(&mut self, node: Node<'_>, wanted: &str) {
        if node.is_null() {
            let span = if node.span().start == node.span().end { node.anchor() } else { node.span() };
            self.fault(span, format!("{wanted}, and nothing is written here"), "write a value, or remove the key");
            return;
        }
        let found = match node.text() {
            Some(text) => format!("`{}`", shown(text)),
            None if node.is_map() => "a mapping".to_owned(),
            None => "a list".to_owned(),
        };
        let message = format!("{wanted}, and this is {found}");
        self.fault(node.span(), message, "see `rollgate schema policy` for the shape of every key");
    }
}

/// "did you mean", or else all the names there are.
pub(super) fn meant<'n>(written: &str, names: impl Iterator<Item = &'n str> + Clone, noun: &str) -> String {
    if let Some(name) = nearest(written, names.clone()) {
        return format!("did you mean `{name}`?");
    }
    let all: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    format!("the {noun} are {}", all.join(", "))
}

/// A text of the file as messages quote it: its first line, not too long.
pub(super) fn shown(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    let short: String = line.chars().take(60).collect();
    if short.len() < text.trim_end().len() { short + "…" } else { short }
}
