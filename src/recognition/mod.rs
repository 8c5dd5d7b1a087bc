//! What a change does to prompts, models and what is around them, told by both sides of a file.
//!
//! [`may_tell`] says by the path whether a file is worth reading, [`recognise`] compares its sides by parsed values, and
//! [`conclude`] looks over all files of a change. In doubt nothing is said: a wrong guess costs more than a missed one.
//! Nothing is read here, neither files nor git.

mod baml;
mod code;
mod context;
mod diff;
mod families;
mod flow;
mod front;
mod gates;
mod keyed;
mod keys;
mod kind;
mod lines;
mod models;
mod named;
mod parts;
mod paths;
mod pipeline;
mod prompt;
mod signs;
#[cfg(test)]
mod tests;
mod tree;

pub use kind::{Bar, Confidence, Recognised, RecognisedKind, Sign};
pub use paths::may_tell;
pub use signs::conclude;

use crate::syntax::Engine;
use crate::text::{FileId, Span};
use context::{At, Context};
use paths::{Form, Path};
use tree::Value;

/// Files larger than this are not looked at.
const LARGEST: usize = 1 << 20;

/// One file that a change touches.
#[derive(Clone, Copy, Debug)]
pub struct Changed<'a> {
    /// Where it is.
    pub path: &'a str,
    /// Where it was, if it was moved.
    pub old_path: Option<&'a str>,
    /// What it was; `None` where it is new.
    pub before: Option<&'a [u8]>,
    /// What it is; `None` where it was taken away.
    pub after: Option<&'a [u8]>,
}

/// What the change of one file says. Spans point into `file`, the text after the change.
///
/// A path that [`may_tell`] refuses is judged like any other: a policy may ask for one of them.
pub fn recognise(changed: &Changed<'_>, file: FileId) -> Vec<Recognised> {
    let path = Path::new(changed.path);
    let Some(form) = paths::form(&path) else { return Vec::new() };
    let cx = Context::new(&path, form);
    let text = |bytes: &'_ [u8]| {
        (bytes.len() <= LARGEST).then(|| std::str::from_utf8(bytes).ok().map(str::to_owned)).flatten()
    };
    let found = match (changed.before, changed.after) {
        (Some(before), Some(after)) if before != after => {
            let (Some(before), Some(after)) = (text(before), text(after)) else { return Vec::new() };
            compare(&path, &before, &after, file, cx)
        }
        (None, Some(after)) => text(after).and_then(|after| new(&path, &after, file, cx)).into_iter().collect(),
        (Some(_) | None, Some(_) | None) => Vec::new(),
    };
    merged(found)
}

/// What it says of models that people who met the value `before` now meet the value `after`, which stands at `span`.
///
/// For values that no key tells of: the variations of a flag.
pub fn values(before: &str, after: &str, span: Span) -> Vec<Recognised> {
    named::models(before, after, &At { key: "".into(), group: None, span, sure: false, judge: false })
}

/// Whose model that is, where its name tells.
pub fn vendor_of(model: &str) -> Option<&'static str> {
    Some(models::Model::read(model)?.vendor).filter(|vendor| !vendor.is_empty())
}

/// Both sides of a file that is there before and after.
fn compare(path: &Path, before: &str, after: &str, file: FileId, cx: Context) -> Vec<Recognised> {
    match cx.form {
        Form::Manifest => signs::library(before, after, &path.name, file).into_iter().collect(),
        Form::Code { hash } => code::compare(before, after, file, hash),
        Form::Prompty | Form::Dotprompt | Form::Text => prompts(before, after, file, cx).unwrap_or_default(),
        Form::PromptData
        | Form::Promptfoo
        | Form::Registry
        | Form::Flow
        | Form::Data
        | Form::Hcl
        | Form::Lines
        | Form::Baml => trees(read(before, file, cx.form), read(after, file, cx.form), cx),
    }
}

/// A file that was not there: signs of a new feature at most.
fn new(path: &Path, after: &str, file: FileId, cx: Context) -> Option<Recognised> {
    if cx.form == Form::Manifest {
        return signs::library("", after, &path.name, file);
    }
    signs::prompt_file(after, file, cx).or_else(|| {
        let data = matches!(cx.form, Form::Data | Form::Lines) && !cx.eval && !cx.pipeline;
        signs::in_new(&read(after, file, cx.form).filter(|_| data)?, after, file)
    })
}

/// The text as a tree.
fn read(text: &str, file: FileId, form: Form) -> Option<Value> {
    match form {
        Form::Lines => lines::read(file, text),
        Form::Baml => baml::read(file, text),
        Form::Hcl => tree::documents(file, text, 0, Engine::Hcl),
        Form::PromptData | Form::Promptfoo | Form::Registry | Form::Flow | Form::Data => {
            // Tags of CloudFormation's kind are let through.
            tree::documents(file, text, 0, Engine::CloudFormation)
        }
        Form::Prompty | Form::Dotprompt | Form::Text | Form::Manifest | Form::Code { .. } => None,
    }
}

/// Front matter and body.
fn prompts(before: &str, after: &str, file: FileId, cx: Context) -> Option<Vec<Recognised>> {
    let (old, new) = (front::read(file, before)?, front::read(file, after)?);
    let at = At { key: "".into(), group: None, span: new.span, sure: true, judge: cx.judge };
    let body = prompt::texts(old.body, new.body, &at, Confidence::High);
    let mut found = trees(old.front, new.front, cx);
    found.extend(body);
    Some(found)
}

/// Two trees.
fn trees(before: Option<Value>, after: Option<Value>, mut cx: Context) -> Vec<Recognised> {
    let (Some(before), Some(after)) = (before, after) else { return Vec::new() };
    if before.items().iter().chain(after.items()).any(|d| d.get("openapi").is_some() || d.get("swagger").is_some()) {
        return Vec::new();
    }
    if cx.form == Form::Data && after.items().first().is_some_and(is_promptfoo) {
        cx.form = Form::Promptfoo;
    }
    cx.telling = context::is_telling(&after) || context::is_telling(&before);
    let mut found = Vec::new();
    for edit in diff::edits(&before, &after).unwrap_or_default() {
        found.extend(keyed::judge(&edit, cx));
        found.extend(signs::key(&edit, &edit.at(cx), cx));
    }
    found
}

/// Is it a configuration of promptfoo under another name?
fn is_promptfoo(root: &Value) -> bool {
    let has = |key: &str| root.get(key).is_some();
    has("prompts") && (has("providers") || has("targets")) && (has("tests") || has("defaultTest") || has("scenarios"))
}

/// What is said more than once is said once, with how often.
fn merged(found: Vec<Recognised>) -> Vec<Recognised> {
    let mut out: Vec<(Recognised, usize)> = Vec::new();
    for one in found {
        let same = |(other, _): &&mut (Recognised, usize)| {
            let gate = one.kind == RecognisedKind::EvalGateChange && one.what == other.what && one.bar == other.bar;
            gate || (one.sign.is_some() && one.sign == other.sign)
                || (one.key == other.key && one.kind == other.kind && one.what == other.what)
        };
        match out.iter_mut().find(same) {
            Some((_, count)) => *count += 1,
            None => out.push((one, 1)),
        }
    }
    let counted = |(mut one, count): (Recognised, usize)| {
        if count > 1 && one.kind == RecognisedKind::EvalGateChange {
            one.what = format!("{} ({count} times)", one.what).into();
        }
        one
    };
    out.into_iter().map(counted).collect()
}
