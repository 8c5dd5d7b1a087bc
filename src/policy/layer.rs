//! Reads one policy file.

use super::declared::{Drills, Environment, MetricNames, Overrides, PolicyLimits, Service, Suppressions};
use super::desk::Desk;
use super::fault::{FileKind, PolicyFile};
use super::globs::{Globs, Over};
use super::scope::{Class, Scope};
use super::setting::{Named, Part, Provenance};
use super::{named, parts, scopes};
use serde_json::Value;

use crate::catalog::Level;
use crate::clock::Tz;
use crate::syntax::{self, Chunk, Document, Engine, Limits, Node, NoteKind};
use crate::text::{Span, Spanned};

/// The keys of a policy file.
pub(super) const KEYS: &[&str] = &[
    "version",
    "extends",
    "timezone",
    "fail-on",
    "undetermined",
    "files",
    "environments",
    "rules",
    "scopes",
    "classes",
    "services",
    "metrics",
    "drills",
    "suppressions",
    "overrides",
    "limits",
];
/// The keys of `files`.
pub(super) const FILES_KEYS: &[&str] = &["include", "exclude"];

/// A value of one file and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Given<T> {
    pub(super) value: T,
    pub(super) from: Provenance,
}

/// One policy file as it stands, before anything is put on top of anything.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    /// Its place among the policy's files.
    pub(super) file: usize,
    /// What it extends; `None` where it does not say.
    pub(super) extends: Option<Vec<Spanned<Box<str>>>>,
    pub(super) timezone: Option<Given<Tz>>,
    pub(super) fail_on: Option<Given<Level>>,
    pub(super) undetermined: Option<Given<Level>>,
    pub(super) include: Option<Given<Globs>>,
    pub(super) exclude: Option<Given<Globs>>,
    pub(super) environments: Vec<Environment>,
    pub(super) rules: Vec<Named>,
    pub(super) scopes: Vec<Scope>,
    pub(super) classes: Vec<Class>,
    pub(super) services: Option<Vec<Service>>,
    pub(super) metrics: Option<Vec<MetricNames>>,
    pub(super) drills: Drills,
    pub(super) suppressions: Suppressions,
    pub(super) overrides: Overrides,
    pub(super) limits: PolicyLimits,
    /// What the file says beside rules, as it stands, for `policy show`.
    pub(super) written: Vec<Written>,
}

impl Layer {
    /// Every place that names a rule, whatever it is for.
    pub(super) fn named(&self) -> impl Iterator<Item = &Named> {
        let scopes = self.scopes.iter().flat_map(|scope| &scope.rules);
        let classes = self.classes.iter().flat_map(|class| &class.rules);
        self.rules.iter().chain(scopes).chain(classes)
    }
}

/// A key of a policy file, or a key in it, with its value as it stands.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) key: &'static str,
    /// The key in it, where later files replace key by key.
    pub(super) inner: Option<String>,
    pub(super) value: Value,
    pub(super) from: Provenance,
}

/// Parses `file`, runs `read` on its policy, and writes down what is wrong with the text itself.
pub(super) fn with_root<T>(desk: &mut Desk<'_>, read: impl FnOnce(&mut Desk<'_>, Node<'_>) -> T) -> Option<T> {
    let file = desk.file;
    let chunks: Vec<Chunk<'_>> = syntax::chunks(&file.text).filter(|c| !is_blank(c.text)).collect();
    let chunk = chunks.first()?;
    if let Some(second) = chunks.get(1) {
        let span = Span::new(file.id, second.offset, second.offset);
        let help = "remove the `---` line, or move what follows it to a file of its own";
        desk.fault(span, "a policy is one document, and here a second one begins", help);
    }
    let document = match parse(file, chunk, Engine::Core12) {
        Ok(document) => document,
        Err(error) => {
            desk.fault(error.span, error.message, "mend the YAML; nothing of the policy was read");
            return None;
        }
    };
    if file.kind == FileKind::Repository && file.root.is_empty() {
        ambiguities(desk, &document, chunk);
    }
    let root = document.root().at(&file.root)?;
    Some(read(desk, root))
}

pub(super) fn parse<'s>(
    file: &PolicyFile,
    chunk: &Chunk<'s>,
    engine: Engine,
) -> Result<Document<'s>, syntax::SyntaxError> {
    syntax::parse(file.id, chunk, engine, &Limits::default(), false)
}

/// Is there nothing but comments?
pub(super) fn is_blank(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim_start_matches('\u{feff}').trim();
        line.is_empty() || line.starts_with('#') || line == "---" || line == "..."
    })
}

/// Spellings that readers of YAML understand differently are faults: other tools read this file too. Words such as
/// `off` and dates are text to us, and every policy writes them.
fn ambiguities(desk: &mut Desk<'_>, document: &Document<'_>, chunk: &Chunk<'_>) {
    for note in document.notes() {
        desk.fault(note.span, note.message.clone(), "write it so that every reader understands the same");
    }
    let Ok(other) = parse(desk.file, chunk, Engine::GoYamlV2) else { return };
    for note in other.notes().iter().filter(|note| note.kind == NoteKind::ScalarDiffers) {
        let text = note.span.slice(&desk.file.text).trim();
        let is_word = text.bytes().all(|b| b.is_ascii_alphabetic());
        let is_date = text.len() >= 8 && text.as_bytes().get(4) == Some(&b'-');
        if !is_word && !is_date {
            desk.fault(note.span, note.message.clone(), format!("put it in quotes if it is text: \"{text}\""));
        }
    }
}

/// Reads the file of `desk`.
pub(super) fn read(desk: &mut Desk<'_>) -> Layer {
    let file = desk.index;
    let layer = with_root(desk, |desk, root| {
        let mut layer = Layer::default();
        if !root.is_null() {
            for (key, value) in desk.fields(root, "a policy", KEYS) {
                write_down(desk, &mut layer, key.value, value);
                field(desk, &mut layer, key.value, value);
            }
        }
        layer
    });
    Layer { file, ..layer.unwrap_or_default() }
}

/// Keys whose value is replaced key by key.
const BY_KEY: &[&str] = &["files", "environments", "drills", "suppressions", "overrides", "limits"];
/// Keys that are not part of what is written down.
const NOT_WRITTEN: &[&str] = &["version", "extends", "rules", "scopes", "classes"];

fn write_down(desk: &Desk<'_>, layer: &mut Layer, key: &str, value: Node<'_>) {
    let Some(key) = KEYS.iter().copied().find(|k| *k == key && !NOT_WRITTEN.contains(k)) else { return };
    let mut add = |inner: Option<&str>, value: Node<'_>| {
        let from = desk.provenance(value.span(), Part::File);
        layer.written.push(Written { key, inner: inner.map(str::to_owned), value: value.to_value(), from });
    };
    if !BY_KEY.contains(&key) {
        add(None, value);
        return;
    }
    for (inner, value) in value.entries() {
        add(inner.text(), value);
    }
}

fn field(desk: &mut Desk<'_>, layer: &mut Layer, key: &str, value: Node<'_>) {
    let from = desk.provenance(value.span(), Part::File);
    let given_level = |level| Given { value: level, from: from.clone() };
    match key {
        "version" => version(desk, value),
        "extends" => layer.extends = Some(extends(desk, value)),
        "timezone" => layer.timezone = parts::timezone(desk, value).map(|value| Given { value, from }),
        "fail-on" => {
            let levels = [Level::Error, Level::Warning].map(|l| (l.name(), l));
            layer.fail_on = desk.one_of(value, "`fail-on`", &levels).map(given_level);
        }
        "undetermined" => layer.undetermined = named::level(desk, value, "`undetermined`").map(given_level),
        "files" => files(desk, layer, value),
        "environments" => layer.environments = parts::environments(desk, value),
        "rules" => layer.rules = named::read(desk, value, Part::File),
        "scopes" => layer.scopes = scopes::scopes(desk, value),
        "classes" => layer.classes = scopes::classes(desk, value),
        "services" => layer.services = Some(parts::services(desk, value)),
        "metrics" => layer.metrics = Some(parts::metrics(desk, value)),
        "drills" => layer.drills = parts::drills(desk, value),
        "suppressions" => layer.suppressions = parts::suppressions(desk, value),
        "overrides" => layer.overrides = parts::overrides(desk, value),
        _ => layer.limits = parts::limits(desk, value),
    }
}

fn version(desk: &mut Desk<'_>, value: Node<'_>) {
    if value.as_i64() != Some(1) {
        desk.wrong(value, "`version` is `1`");
    }
}

fn extends(desk: &mut Desk<'_>, value: Node<'_>) -> Vec<Spanned<Box<str>>> {
    let texts = desk.texts(value, "`extends`");
    texts.into_iter().map(|text| Spanned::new(text.value.into(), text.span)).collect()
}

fn files(desk: &mut Desk<'_>, layer: &mut Layer, node: Node<'_>) {
    for (key, value) in desk.fields(node, "`files`", FILES_KEYS) {
        let from = desk.provenance(value.span(), Part::File);
        let globs = Some(Given { value: desk.globs(value, &format!("`{}`", key.value), Over::Paths), from });
        match key.value {
            "include" => layer.include = globs,
            _ => layer.exclude = globs,
        }
    }
}
