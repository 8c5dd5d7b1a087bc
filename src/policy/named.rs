//! Reads `rules`: a level, or a mapping of a level and parameters, under each rule's name.

use super::desk::{Desk, meant, shown};
use super::setting::{Named, Param, Part};
use crate::catalog::Level;
use crate::syntax::{Node, Scalar};
use crate::text::Spanned;

/// Every level, by the name a policy gives it.
const LEVELS: [Level; 3] = [Level::Error, Level::Warning, Level::Off];

/// What people write who have used other linters.
const ALIASES: &[(&str, Level)] = &[
    ("warn", Level::Warning),
    ("warnings", Level::Warning),
    ("err", Level::Error),
    ("deny", Level::Error),
    ("none", Level::Off),
    ("ignore", Level::Off),
    ("disable", Level::Off),
    ("disabled", Level::Off),
    ("allow", Level::Off),
];

/// The rules that `node` names, which is the value of a key `rules`.
pub(super) fn read(desk: &mut Desk<'_>, node: Node<'_>, part: Part) -> Vec<Named> {
    let mut all = Vec::new();
    for (name, value) in desk.entries(node, "`rules`") {
        let rule = desk.rule(name);
        let (level, params) = setting(desk, name, value, part);
        let Some(rule) = rule else { continue };
        let from = desk.provenance(name.span, part);
        all.push(Named { rule, level, from, params, pointer: value.pointer(), span: name.span });
    }
    all
}

fn setting(
    desk: &mut Desk<'_>,
    name: Spanned<&str>,
    value: Node<'_>,
    part: Part,
) -> (Option<Level>, Vec<(String, Param)>) {
    if !value.is_map() {
        return (level(desk, value, &format!("the level of `{}`", shown(name.value))), Vec::new());
    }
    let mut found = None;
    let mut params = Vec::new();
    for (key, value) in value.entries() {
        let key_text = key.text().unwrap_or("");
        if key_text == "level" {
            found = level(desk, value, &format!("the level of `{}`", shown(name.value)));
            continue;
        }
        let param =
            Param { value: value.to_value(), span: desk.shown(value.span()), from: desk.provenance(key.span(), part) };
        params.push((key_text.to_owned(), param));
    }
    (found, params)
}

/// A level, by its name.
pub(super) fn level(desk: &mut Desk<'_>, node: Node<'_>, what: &str) -> Option<Level> {
    let text = match node.scalar() {
        Some(Scalar::Str(text)) => text,
        Some(Scalar::Bool(false)) => "false",
        Some(Scalar::Bool(true) | Scalar::Null | Scalar::Int(_) | Scalar::Uint(_) | Scalar::Float(_)) | None => {
            desk.wrong(node, &format!("{what} is `error`, `warning` or `off`"));
            return None;
        }
    };
    let found = LEVELS.into_iter().find(|l| l.name() == text);
    if found.is_none() {
        let lower = text.to_lowercase();
        let alias = ALIASES.iter().find(|(name, _)| *name == lower).map(|(_, level)| level.name());
        let help = match alias.or((text == "false").then_some("off")) {
            Some(name) => format!("did you mean `{name}`?"),
            None => meant(text, LEVELS.iter().map(|l| l.name()), "levels"),
        };
        desk.fault(node.span(), format!("`{}` is not a level", shown(text)), help);
    }
    found
}
