//! Reads `scopes` and `classes`.

use super::desk::Desk;
use super::globs::{Globs, Over};
use super::named;
use super::scope::{Class, Condition, Scope};
use super::setting::Part;
use crate::model::{ChangeKind, Risk};
use crate::syntax::Node;
use crate::text::Spanned;

/// The keys of a scope.
pub(super) const SCOPE_KEYS: &[&str] = &["match", "rules"];
/// The keys of a scope's `match`.
pub(super) const MATCH_KEYS: &[&str] =
    &["environment", "service", "system", "kind", "namespace", "name", "labels", "path", "change", "risk"];
/// The keys of a class.
pub(super) const CLASS_KEYS: &[&str] = &["rules"];

pub(super) fn scopes(desk: &mut Desk<'_>, node: Node<'_>) -> Vec<Scope> {
    let items = desk.items(node, "`scopes`");
    let mut all = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let (mut conditions, mut rules) = (None, None);
        for (key, value) in desk.fields(item, "a scope", SCOPE_KEYS) {
            match key.value {
                "match" => conditions = Some(conditions_of(desk, value)),
                _ => rules = Some(named::read(desk, value, Part::Scope(index + 1))),
            }
        }
        if item.is_map() {
            if conditions.is_none() {
                let help = "add what it is for, such as `match: {environment: staging}`";
                desk.fault(item.anchor(), "this scope does not say what it matches", help);
            }
            if rules.is_none() {
                let help = "add `rules: {…}`, or remove the scope";
                desk.fault(item.anchor(), "this scope names no rules", help);
            }
        }
        all.push(Scope { conditions: conditions.unwrap_or_default(), rules: rules.unwrap_or_default() });
    }
    all
}

fn conditions_of(desk: &mut Desk<'_>, node: Node<'_>) -> Vec<Condition> {
    let fields = desk.fields(node, "`match`", MATCH_KEYS);
    if node.is_map() && node.entries().next().is_none() {
        let help = "name at least one thing to match, or put the rules under the policy's own `rules`";
        desk.fault(node.span(), "this scope matches everything", help);
    }
    let mut all = Vec::new();
    for (key, value) in fields {
        if key.value == "labels" {
            for (label, value) in desk.entries(value, "`labels`") {
                let globs = patterns(desk, value, &format!("label `{}`", label.value), Over::Names);
                all.push(Condition::Label(label.value.into(), globs));
            }
            continue;
        }
        let over = if key.value == "path" { Over::Paths } else { Over::Names };
        let globs = patterns(desk, value, &format!("`{}`", key.value), over);
        all.push(condition(desk, key.value, value, globs));
    }
    all
}

fn condition(desk: &mut Desk<'_>, key: &str, value: Node<'_>, globs: Globs) -> Condition {
    match key {
        "environment" => Condition::Environment(globs),
        "service" => Condition::Service(globs),
        "system" => {
            let systems = desk.known.systems;
            closed(desk, value, "system", systems);
            Condition::System(globs)
        }
        "kind" => Condition::Kind(globs),
        "namespace" => Condition::Namespace(globs),
        "name" => Condition::Name(globs),
        "path" => Condition::Path(globs),
        "change" => {
            closed(desk, value, "kind of change", &ChangeKind::ALL.map(ChangeKind::name));
            Condition::Change(globs)
        }
        _ => {
            closed(desk, value, "risk", &Risk::ALL.map(Risk::name));
            Condition::Risk(globs)
        }
    }
}

/// One glob or a list of them.
fn patterns(desk: &mut Desk<'_>, node: Node<'_>, what: &str, over: Over) -> Globs {
    if node.is_seq() {
        return desk.globs(node, what, over);
    }
    let mut globs = Globs::default();
    if let Some(text) = desk.text(node, what) {
        desk.glob(&mut globs, Spanned::new(text, node.span()), over);
    }
    globs
}

/// A name that no member of the set has would never match: a scope that looks like a rule and is none.
fn closed(desk: &mut Desk<'_>, node: Node<'_>, what: &str, all: &[&str]) {
    let one = node.as_str().map(|text| Spanned::new(text, node.span()));
    let many = node.items().filter_map(|item| Some(Spanned::new(item.as_str()?, item.span())));
    for text in one.into_iter().chain(many) {
        desk.of_set(text, what, all);
    }
}

pub(super) fn classes(desk: &mut Desk<'_>, node: Node<'_>) -> Vec<Class> {
    let names: Vec<&str> = ChangeKind::ALL.iter().map(|k| k.name()).collect();
    let mut all = Vec::new();
    for (key, value) in desk.fields(node, "`classes`", &names) {
        let Some(change) = ChangeKind::from_name(key.value) else { continue };
        for (_, rules) in desk.fields(value, "a class", CLASS_KEYS) {
            all.push(Class { change, rules: named::read(desk, rules, Part::Class(change)) });
        }
    }
    all
}
