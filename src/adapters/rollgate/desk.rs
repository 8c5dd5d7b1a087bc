//! Reads our own documents: strict about keys and types, and says everything that is wrong at once.

use serde::de::DeserializeOwned;

use super::keys::Keys;
use crate::adapters::{Lowering, is_template};
use crate::model::{Fact, Instead};
use crate::syntax::Node;
use crate::text::{Span, nearest, same_name};

/// Why a value is refused, as the end of a sentence that began with its name.
pub(super) struct Refusal {
    tail: String,
    help: String,
    /// The word that was meant, and whether it says the same.
    instead: Option<(Box<str>, bool)>,
}

impl Refusal {
    /// It is not `wanted`, which is what would be valid.
    pub(super) fn not(node: Node<'_>, wanted: &str) -> Self {
        Self {
            tail: format!(" is {}, which is not {wanted}", written(node)),
            help: format!("write {wanted}"),
            instead: None,
        }
    }

    /// What follows the name in the message, its leading space or colon included.
    pub(super) fn because(tail: impl Into<String>, help: impl Into<String>) -> Self {
        Self { tail: tail.into(), help: help.into(), instead: None }
    }
}

/// Something wrong in one of our own documents.
struct Wrong {
    span: Span,
    message: String,
    help: String,
    instead: Option<Instead>,
}

/// The reader of one document. What it refuses is `Dynamic` afterwards, so that no rule takes it for missing.
#[derive(Default)]
pub(super) struct Desk<'d> {
    wrong: Vec<Wrong>,
    templates: Vec<Node<'d>>,
}

impl<'d> Desk<'d> {
    /// Reports something wrong at `span`.
    pub(super) fn wrong(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.wrong.push(Wrong { span, message: message.into(), help: help.into(), instead: None });
    }

    /// Says which word was meant by the one at `node`, which was just reported, and whether it says the same.
    fn meant(&mut self, node: Node<'d>, (text, same_meaning): (&str, bool)) {
        if let Some(wrong) = self.wrong.last_mut() {
            wrong.instead = Some(Instead { span: node.span(), text: text.into(), same_meaning });
        }
    }

    /// Hands everything over as remarks on the next rollout; templates become unknown values.
    pub(super) fn onto_rollout(self, cx: &mut Lowering<'_>) {
        for wrong in self.wrong {
            cx.invalid(wrong.span, wrong.message, wrong.help).instead = wrong.instead;
        }
        for node in self.templates {
            cx.unknown(node, "template");
        }
    }

    /// Hands everything over as problems of the file. A record is read as it stands, so a template in it is one.
    pub(super) fn onto_file(self, cx: &mut Lowering<'_>) {
        for wrong in self.wrong {
            cx.problem(wrong.span, wrong.message, wrong.help).instead = wrong.instead;
        }
        for node in self.templates {
            let text = node.text().unwrap_or_default();
            cx.problem(
                node.span(),
                format!("`{text}` is a template, and a record is read as it stands"),
                "write the value",
            );
        }
    }

    /// Opens the mapping at `node`: reports keys that it does not have and those it lacks, a misspelled one once. Is it a
    /// mapping at all?
    pub(super) fn open(&mut self, node: Node<'d>, keys: &Keys, missing_at: Span) -> bool {
        if !node.is_map() {
            let message = format!("{} is a mapping, and this is {}", keys.what, written(node));
            self.wrong(node.span(), message, format!("write a mapping of {}", listed(keys.all)));
            return false;
        }
        let meant: Vec<_> = node.entries().filter_map(|(key, _)| self.known_key(key, keys)).collect();
        for key in keys.required {
            if present(node, key).is_none() && !meant.contains(key) {
                let message = format!("{} needs `{key}`, which is missing", keys.what);
                self.wrong(missing_at, message, format!("add `{key}:`"));
            }
        }
        true
    }

    /// Reports `key` where it is none of `keys`, and returns the key that was meant.
    fn known_key(&mut self, key: Node<'d>, keys: &Keys) -> Option<&'static str> {
        let text = key.text().unwrap_or_default();
        if keys.all.contains(&text) {
            return None;
        }
        let meant = nearest(text, keys.all.iter().copied());
        if let Some(name) = meant {
            let message = format!("`{text}` is no key of {}; the nearest is `{name}`", keys.what);
            self.wrong(key.span(), message, format!("write `{name}`"));
            self.meant(key, (name, same_name(text, name)));
        } else {
            let message = format!("`{text}` is no key of {}", keys.what);
            self.wrong(key.span(), message, format!("its keys are {}", listed(keys.all)));
        }
        meant
    }

    /// The mapping under `parent.key`, its keys checked.
    pub(super) fn map(&mut self, parent: Node<'d>, key: &str, keys: &Keys) -> Option<Node<'d>> {
        let node = present(parent, key)?;
        self.open(node, keys, node.anchor()).then_some(node)
    }

    /// The items of the list under `parent.key`; none if it is not there.
    pub(super) fn list(&mut self, parent: Node<'d>, key: &str) -> Vec<Node<'d>> {
        let Some(node) = present(parent, key) else { return Vec::new() };
        if !node.is_seq() {
            self.wrong(node.span(), format!("`{key}` is a list, and this is {}", written(node)), "write a list: `[…]`");
        }
        node.items().collect()
    }

    /// Reads `parent.key` by `take`.
    pub(super) fn read<T>(
        &mut self,
        parent: Node<'d>,
        key: &str,
        take: impl FnOnce(Node<'d>) -> Result<T, Refusal>,
    ) -> Fact<T> {
        match present(parent, key) {
            Some(node) => self.take(node, key, take),
            None => Fact::Absent { near: parent.anchor() },
        }
    }

    /// Reads the value at `node`, which messages call `name`, by `take`.
    pub(super) fn take<T>(
        &mut self,
        node: Node<'d>,
        name: &str,
        take: impl FnOnce(Node<'d>) -> Result<T, Refusal>,
    ) -> Fact<T> {
        let expr = node.text().unwrap_or_default();
        if is_template(expr) {
            self.templates.push(node);
            return Fact::Dynamic { expr: expr.into(), span: node.span() };
        }
        match take(node) {
            Ok(value) => Fact::stated(value, node.span()),
            Err(Refusal { tail, help, instead }) => {
                self.wrong(node.span(), format!("`{name}`{tail}"), help);
                if let Some((text, same)) = instead {
                    self.meant(node, (&text, same));
                }
                Fact::Dynamic { expr: expr.into(), span: node.span() }
            }
        }
    }

    /// Text, not empty.
    pub(super) fn text(&mut self, parent: Node<'d>, key: &str) -> Fact<Box<str>> {
        self.read(parent, key, text)
    }

    /// Text where it is written and readable.
    pub(super) fn own_text(&mut self, parent: Node<'d>, key: &str) -> Option<Box<str>> {
        match self.text(parent, key) {
            Fact::Stated(text) => Some(text.value),
            Fact::Defaulted { .. } | Fact::Absent { .. } | Fact::Dynamic { .. } => None,
        }
    }

    /// One of `names`.
    pub(super) fn one_of<T: Copy>(&mut self, parent: Node<'d>, key: &str, names: &[(&'static str, T)]) -> Fact<T> {
        self.read(parent, key, |node| {
            let text = node.text().unwrap_or_default();
            let found = names.iter().find(|(name, _)| node.as_str().is_some() && *name == text);
            found
                .map(|(_, value)| *value)
                .ok_or_else(|| no_name(node, &names.iter().map(|(name, _)| *name).collect::<Vec<_>>()))
        })
    }

    /// A value of a policy unit: a share, a duration; a number without its unit is refused with its readings.
    pub(super) fn unit<T: DeserializeOwned>(&mut self, parent: Node<'d>, key: &str) -> Fact<T> {
        self.read(parent, key, unit)
    }
}

/// The refusal of a value that is none of `names`.
fn no_name(node: Node<'_>, names: &[&'static str]) -> Refusal {
    let text = node.text().unwrap_or_default();
    let near = nearest(text, names.iter().copied());
    let help = near.map_or_else(|| format!("write one of {}", listed(names)), |name| format!("write `{name}`"));
    let refusal = Refusal::because(format!(" is {}, which is none of {}", written(node), listed(names)), help);
    Refusal { instead: near.map(|name| (name.into(), same_name(text, name))), ..refusal }
}

/// Takes text that is not empty.
pub(super) fn text(node: Node<'_>) -> Result<Box<str>, Refusal> {
    node.as_str().filter(|t| !t.trim().is_empty()).map(Into::into).ok_or_else(|| Refusal::not(node, "text"))
}

/// Takes an id, which may look like a number: a commit, a ticket.
pub(super) fn id(node: Node<'_>) -> Result<Box<str>, Refusal> {
    let is_id = node.is_scalar() && !node.is_null() && node.as_bool().is_none();
    node.text().filter(|t| is_id && !t.trim().is_empty()).map(Into::into).ok_or_else(|| Refusal::not(node, "an id"))
}

/// Takes a value of a policy unit, by the unit's own reader and its messages.
pub(super) fn unit<T: DeserializeOwned>(node: Node<'_>) -> Result<T, Refusal> {
    let value = match node.as_str().and_then(number) {
        Some(bare) => bare.into(),
        None => node.to_value(),
    };
    serde_json::from_value(value).map_err(|e| {
        let refusal = Refusal::because(format!(": {e}"), "write the number with its unit");
        Refusal { instead: with_sign::<T>(node).map(|text| (text, true)), ..refusal }
    })
}

/// A percentage whose sign is written as a word, where that is all that is wrong with it.
fn with_sign<T: DeserializeOwned>(node: Node<'_>) -> Option<Box<str>> {
    let text = node.as_str()?.trim();
    let bare = ["percent", "per cent", "pct"].iter().find_map(|word| text.strip_suffix(word))?;
    let signed = format!("{}%", bare.trim_end());
    serde_json::from_value::<T>(signed.clone().into()).ok().map(|_| signed.into())
}

/// The number that `text` is, if it is nothing but one.
pub(super) fn number(text: &str) -> Option<f64> {
    let plain = text.trim().bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+'));
    text.trim().parse().ok().filter(|_| plain)
}

/// Is one of `keys` written in the mapping at `node`, rightly or misspelled?
pub(super) fn holds_any(node: Node<'_>, keys: &[&'static str], all: &Keys) -> bool {
    let names = || all.all.iter().copied();
    node.entries().any(|(key, value)| {
        let written = key.text().unwrap_or_default();
        !value.is_null() && nearest(written, names()).is_some_and(|name| keys.contains(&name))
    })
}

/// The value under `parent.key` unless it is null.
pub(super) fn present<'d>(parent: Node<'d>, key: &str) -> Option<Node<'d>> {
    parent.get(key).filter(|n| !n.is_null())
}

/// Names for a message: `a`, `b`.
fn listed(names: &[&str]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}

/// How a value reads in a message: its text in backquotes, or what it is.
pub(super) fn written(node: Node<'_>) -> String {
    match node.text() {
        Some("") if node.as_str().is_some() => "empty".to_owned(),
        Some(_) if node.is_null() => "empty".to_owned(),
        Some(text) => format!("`{text}`"),
        None if node.is_map() => "a mapping".to_owned(),
        None => "a list".to_owned(),
    }
}
