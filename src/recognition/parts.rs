//! What a model may call, what follows on it, what holds it back, and what comes in its place.

use std::collections::BTreeSet;

use super::context::{At, Context, clip};
use super::diff::{Edit, shown};
use super::keyed::architecture;
use super::keys::{self, Group};
use super::kind::{Confidence, Recognised};
use super::models::Model;
use super::paths::Form;
use super::tree::Value;
use Confidence::{High, Medium};

/// What `edit` says of the parts; `None` where it is about none of them.
pub(super) fn judge(edit: &Edit<'_>, at: &At, cx: Context) -> Option<Vec<Recognised>> {
    let (depth, group) = edit.trail.iter().enumerate().find_map(|(i, part)| {
        let key = keys::key(part).filter(|_| !part.starts_with('['))?;
        let part = matches!(key.group, Group::Graph | Group::Guardrail | Group::Fallback | Group::Contract);
        part.then_some((i, key.group))
    })?;
    let name = &*edit.trail[depth];
    let inside = edit.trail.len() - depth - 1;
    match group {
        Group::Fallback => Some(fallbacks(edit, at, cx, inside)),
        Group::Guardrail => Some(guardrails(edit, at, cx, name)),
        Group::Contract => {
            let at = At { key: shown(&edit.trail[..=depth]).into(), ..*at };
            let what = format!("`{name}` changes: answers have another form");
            Some(has_contract(cx.form).then(|| architecture(&at, Medium, what)).into_iter().collect())
        }
        Group::Graph => graph(edit, at, cx, name, inside),
        Group::Model
        | Group::Pin
        | Group::Vendor
        | Group::Endpoint
        | Group::Prompt
        | Group::Decoding
        | Group::Retrieval
        | Group::Judge => None,
    }
}

/// Does a file of that form say what answers look like?
fn has_contract(form: Form) -> bool {
    match form {
        Form::Prompty | Form::Dotprompt | Form::PromptData => true,
        Form::Text
        | Form::Promptfoo
        | Form::Registry
        | Form::Flow
        | Form::Data
        | Form::Hcl
        | Form::Lines
        | Form::Baml
        | Form::Manifest
        | Form::Code { .. } => false,
    }
}

/// Names that a value holds, at any depth.
fn words(value: Option<&Value>) -> Vec<&str> {
    let mut found = Vec::new();
    if let Some(value) = value {
        value.walk(&mut |v| found.extend(v.text()));
    }
    found
}

/// The chain of what comes in a model's place.
fn fallbacks(edit: &Edit<'_>, at: &At, cx: Context, inside: usize) -> Vec<Recognised> {
    let (old, new) = (words(edit.before), words(edit.after));
    let known = old.iter().chain(&new).any(|w| Model::read(w).is_some_and(|m| m.telling));
    let setting = inside > 0 && !known;
    if !(known || (cx.telling && at.sure)) || setting || old == new {
        return Vec::new();
    }
    let (a, b): (BTreeSet<&str>, BTreeSet<&str>) = (old.iter().copied().collect(), new.iter().copied().collect());
    let list = |x: &BTreeSet<&str>, y: &BTreeSet<&str>| {
        x.difference(y).take(4).map(|w| format!("`{}`", clip(w))).collect::<Vec<_>>().join(", ")
    };
    let what = match (list(&a, &b), list(&b, &a)) {
        (gone, came) if gone.is_empty() && came.is_empty() => {
            "models come in each other's place in another order".to_owned()
        }
        (gone, came) if came.is_empty() => format!("{gone} no longer comes in another model's place"),
        (gone, came) if gone.is_empty() => format!("{came} now comes in another model's place"),
        (gone, came) => format!("{came} comes in another model's place instead of {gone}"),
    };
    vec![architecture(at, if known { High } else { Medium }, what)]
}

/// What holds a model back is taken away or switched off.
fn guardrails(edit: &Edit<'_>, at: &At, cx: Context, name: &str) -> Vec<Recognised> {
    if !(at.sure || cx.telling) {
        return Vec::new();
    }
    let off = edit.texts().is_some_and(|(b, a)| is_on(b) && is_off(a));
    let list = |value: Option<&Value>| {
        value.and_then(Value::words).unwrap_or_default().into_iter().map(str::to_owned).collect()
    };
    let (old, new): (BTreeSet<String>, BTreeSet<String>) = (list(edit.before), list(edit.after));
    let whole = edit.after.is_none() && edit.before.is_some_and(|v| v.text().is_none());
    let missing = old.difference(&new).next().filter(|_| edit.after.is_some());
    match (off || whole, missing) {
        (true, _) => {
            vec![architecture(at, Medium, format!("`{name}` loses `{}`", edit.trail.last().map_or("", |p| p)))]
        }
        (false, Some(missing)) => vec![architecture(at, Medium, format!("`{name}` loses `{}`", clip(missing)))],
        (false, None) => Vec::new(),
    }
}

fn is_on(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "true" | "on" | "enabled" | "yes" | "block")
}

fn is_off(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "false" | "off" | "disabled" | "no" | "none")
}

/// Tools, agents, nodes and edges come and go. `inside` is how many keys below the list the value stands.
fn graph(edit: &Edit<'_>, at: &At, cx: Context, name: &str, inside: usize) -> Option<Vec<Recognised>> {
    let folded = keys::fold(name);
    let nodes = matches!(&*folded, "nodes" | "edges");
    if !(cx.is_ours() || (at.sure && !nodes)) {
        return (inside <= 1).then(Vec::new);
    }
    if let (Some(before), Some(after)) = (edit.before.and_then(Value::words), edit.after.and_then(Value::words)) {
        if inside > 0 {
            return None;
        }
        return Some(names(&before, &after, at, name));
    }
    if inside > 1 || (inside == 1 && edit.before.is_some() == edit.after.is_some()) {
        return None;
    }
    let one = edit
        .trail
        .last()
        .filter(|_| inside == 1)
        .map_or_else(String::new, |p| format!(" `{}`", p.trim_matches(['[', ']'])));
    let what = match (edit.before.is_some(), edit.after.is_some()) {
        (true, false) => format!("`{name}` loses{}", if one.is_empty() { " all it had" } else { &one }),
        (false, true) => format!("`{name}` gains{}", if one.is_empty() { " its first" } else { &one }),
        (true, true) | (false, false) => format!("`{name}` changes"),
    };
    Some(vec![architecture(at, if cx.is_ours() { High } else { Medium }, what)])
}

/// A list of names.
fn names(before: &[&str], after: &[&str], at: &At, name: &str) -> Vec<Recognised> {
    let (a, b): (BTreeSet<&&str>, BTreeSet<&&str>) = (before.iter().collect(), after.iter().collect());
    let list = |x: &BTreeSet<&&str>, y: &BTreeSet<&&str>| {
        x.difference(y).take(4).map(|w| format!("`{}`", clip(w))).collect::<Vec<_>>().join(", ")
    };
    let what = match (list(&a, &b), list(&b, &a)) {
        (gone, came) if gone.is_empty() && came.is_empty() => return Vec::new(),
        (gone, came) if came.is_empty() => format!("`{name}` loses {gone}"),
        (gone, came) if gone.is_empty() => format!("`{name}` gains {came}"),
        (gone, came) => format!("`{name}` has {came} instead of {gone}"),
    };
    vec![architecture(at, Medium, what)]
}
