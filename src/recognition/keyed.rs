//! One value that differs, judged by its key and by what is around it.

use super::context::{At, Context, clip, is_role};
use super::diff::Edit;
use super::gates;
use super::keys::{self, Group};
use super::kind::{Confidence, Recognised, RecognisedKind};
use super::models::{Model, Written};
use super::named;
use super::parts;
use super::paths::{Form, Signal};
use super::prompt;
use super::tree::Value;
use Confidence::{High, Medium};
use RecognisedKind::{ArchitectureChange, DecodingChange, RetrievalChange};

/// Keys above a value that make it one of retrieval.
const LOOKS_UP: &[&str] = &["retriev", "rerank", "embed", "vector", "rag"];

/// What `edit` says.
pub(super) fn judge(edit: &Edit<'_>, cx: Context) -> Vec<Recognised> {
    let at = edit.at(cx);
    if let Some(found) = gates::judge(edit, &at, cx) {
        return found;
    }
    if edit.is_remark() {
        return Vec::new();
    }
    if let Some(found) = parts::judge(edit, &at, cx) {
        return found;
    }
    if let Some(found) = arguments(edit, &at) {
        return found;
    }
    match at.group.map(|k| k.group) {
        Some(Group::Model) => model(edit, &at),
        Some(Group::Judge) => judges(edit, &at, cx),
        Some(Group::Pin) => named::pins(edit, &at).into_iter().collect(),
        Some(Group::Vendor) => named::vendors(edit, &at).into_iter().collect(),
        Some(Group::Endpoint) => named::endpoints(edit, &at, cx).into_iter().collect(),
        Some(Group::Prompt) => prompts(edit, &at, cx).into_iter().collect(),
        Some(Group::Decoding) => decoding(edit, &at).into_iter().collect(),
        Some(Group::Retrieval) => retrieval(edit, &at, cx),
        Some(Group::Contract | Group::Graph | Group::Guardrail | Group::Fallback) => Vec::new(),
        None => other(edit, &at, cx),
    }
}

fn model(edit: &Edit<'_>, at: &At) -> Vec<Recognised> {
    let embeds = edit.lies_under(&["embed"]);
    match edit.texts() {
        Some((before, after)) if before.contains("://") && after.contains("://") => stored(edit, before, after, at),
        Some((before, after)) if embeds => named::models(before, after, &looks_up(at)),
        Some((before, after)) => named::models(before, after, at),
        None => named::one_sided(edit, at).into_iter().collect(),
    }
}

/// The same place, as one of retrieval.
fn looks_up(at: &At) -> At {
    let group = at.group.map(|k| keys::Key { group: Group::Retrieval, ..k });
    At { key: at.key.clone(), group, ..*at }
}

/// A model that is loaded from an address.
fn stored(edit: &Edit<'_>, before: &str, after: &str, at: &At) -> Vec<Recognised> {
    let plain = |text| Written::read(text) == Written::Plain(text);
    if keys::fold(&edit.name()) != "storageuri" || before == after || !plain(before) || !plain(after) {
        return Vec::new();
    }
    let what = format!("model `{}` becomes `{}`", clip(before), clip(after));
    vec![at.says(RecognisedKind::ModelUpgrade, Medium, what).with(Some(before), Some(after))]
}

fn judges(edit: &Edit<'_>, at: &At, cx: Context) -> Vec<Recognised> {
    let Some((before, after)) = edit.texts() else { return Vec::new() };
    if prompt::is_text(before) && prompt::is_text(after) {
        let judge = At { key: at.key.clone(), judge: true, ..*at };
        let sure = at.sure || cx.eval || at.group.is_some_and(|k| k.own);
        return sure.then(|| prompt::texts(before, after, &judge, Medium)).flatten().into_iter().collect();
    }
    let sure = At { key: at.key.clone(), sure: at.sure || cx.eval, ..*at };
    named::models(before, after, &sure)
}

/// The words of a prompt.
fn prompts(edit: &Edit<'_>, at: &At, cx: Context) -> Option<Recognised> {
    let own = at.group.is_some_and(|k| k.own);
    if !(at.sure || own) {
        return None;
    }
    let confidence = if at.sure { High } else { Medium };
    let joined = |value: &Value| value.text().map(str::to_owned).or_else(|| value.words().map(|w| w.join("\n")));
    match (edit.before.map(joined), edit.after.map(joined)) {
        (Some(Some(b)), Some(Some(a))) => {
            if prompt::is_reference(&b) && prompt::is_reference(&a) {
                return switched(&b, &a, at);
            }
            // `template: base` of a page and `prompt: Name?` of a form are no prompts.
            let common = matches!(&*keys::fold(&edit.name()), "template" | "examples") && cx.signal < Signal::Strong;
            let text = prompt::is_text(&b) && prompt::is_text(&a);
            (text && !common).then(|| prompt::texts(&b, &a, at, confidence)).flatten()
        }
        // A prompt that a known place did not have, or no longer has.
        (before, after) => {
            let text = before.or(after).flatten()?;
            let (word, kind) = (if edit.after.is_some() { "is new" } else { "is gone" }, RecognisedKind::PromptTweak);
            let kind = if at.judge { RecognisedKind::JudgeChange } else { kind };
            let what = format!("`{}` {word}: {} words for the model", edit.name(), text.split_whitespace().count());
            (at.sure && prompt::is_text(&text) && !moved(edit, &text)).then(|| at.says(kind, Medium, what))
        }
    }
}

/// Did the text only get another key?
fn moved(edit: &Edit<'_>, text: &str) -> bool {
    let other = if edit.after.is_some() { edit.old_home } else { edit.home };
    let same = |value: &Value| value.text().is_some_and(|t| prompt::normal(t) == prompt::normal(text));
    other.entries().iter().any(|(_, value)| same(value))
}

/// Another prompt is named.
fn switched(before: &str, after: &str, at: &At) -> Option<Recognised> {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    // A prompt that moved to another folder is the same one.
    (name(before) != name(after)).then(|| {
        let kind = if at.judge { RecognisedKind::JudgeChange } else { RecognisedKind::PromptTweak };
        at.says(kind, Medium, format!("prompt `{}` becomes `{}`", clip(before), clip(after)))
            .with(Some(before), Some(after))
    })
}

/// How words are picked.
fn decoding(edit: &Edit<'_>, at: &At) -> Option<Recognised> {
    let name = edit.name();
    if keys::fold(&name) == "topk" && edit.lies_under(LOOKS_UP) {
        return looked_up(edit, at);
    }
    let own = at.group.is_some_and(|k| k.own);
    if !(at.sure || own) || at.judge {
        return None;
    }
    let text = |value: Option<&Value>| value.map(|v| v.text().map_or_else(|| "another value".to_owned(), clip));
    let short = |value: Option<&Value>| value.and_then(Value::text).is_none_or(|t| t.len() <= 40);
    if !short(edit.before) || !short(edit.after) || [edit.before, edit.after].iter().flatten().any(|v| is_dynamic(v)) {
        return None;
    }
    let what = match (text(edit.before), text(edit.after)) {
        (Some(b), Some(a)) => format!("`{name}` {b} becomes {a}"),
        (None, Some(a)) => format!("`{name}` is {a} and was not stated"),
        (Some(b), None) => format!("`{name}` was {b} and is no longer stated"),
        (None, None) => return None,
    };
    let confidence = if at.sure { High } else { Medium };
    Some(
        at.says(DecodingChange, confidence, what)
            .with(edit.before.and_then(Value::text), edit.after.and_then(Value::text)),
    )
}

fn is_dynamic(value: &Value) -> bool {
    value.text().is_some_and(|t| Written::read(t).value().is_none())
}

fn retrieval(edit: &Edit<'_>, at: &At, cx: Context) -> Vec<Recognised> {
    let own = at.group.is_some_and(|k| k.own);
    if let Some((before, after)) = edit.texts() {
        if before.contains(char::is_whitespace) || after.contains(char::is_whitespace) {
            return Vec::new();
        }
        let models = own && !matches!(&*keys::fold(&edit.name()), "chunkoverlap" | "vectorstore" | "vectordb");
        if models {
            return named::models(before, after, at);
        }
        let beside =
            |(key, _): &(Box<str>, Value)| keys::key(key).is_some_and(|k| k.own && k.group == Group::Retrieval);
        let sure = own || edit.lies_under(LOOKS_UP) || edit.home.entries().iter().any(beside);
        let plain = ![before, after].iter().any(|t| Written::read(t).value().is_none());
        return if sure && plain { looked_up(edit, at).into_iter().collect() } else { Vec::new() };
    }
    let comes = edit.before.is_none() != edit.after.is_none();
    let sure = at.sure && cx.telling && own && comes && !is_number(edit.before.or(edit.after));
    if !sure {
        return Vec::new();
    }
    let what = format!(
        "`{}` {}: answers are found in another way",
        edit.name(),
        if edit.after.is_some() { "is new" } else { "is gone" }
    );
    vec![at.says(RetrievalChange, Medium, what)]
}

fn is_number(value: Option<&Value>) -> bool {
    value.and_then(Value::text).is_some_and(|t| t.parse::<f64>().is_ok())
}

/// A number or a name of retrieval.
fn looked_up(edit: &Edit<'_>, at: &At) -> Option<Recognised> {
    let (before, after) = edit.texts()?;
    let what = format!("`{}` {} becomes {}", edit.name(), clip(before), clip(after));
    Some(at.says(RetrievalChange, Medium, what).with(Some(before), Some(after)))
}

/// A key that tells nothing.
fn other(edit: &Edit<'_>, at: &At, cx: Context) -> Vec<Recognised> {
    let Some((before, after)) = edit.texts() else { return Vec::new() };
    let name = edit.trail.last().map_or("", |part| &**part);
    let said = edit.home.word("role").is_some_and(is_role) && matches!(name, "content" | "text");
    let lines =
        cx.form == Form::Data && cx.signal == Signal::Strong || cx.form == Form::PromptData && name == "content";
    if said || (lines && before.len() >= 20 && name != "name") {
        let text = prompt::is_text(before) && prompt::is_text(after);
        let confidence = if said && at.sure { High } else { Medium };
        return text.then(|| prompt::texts(before, after, at, confidence)).flatten().into_iter().collect();
    }
    // In a list of models a name is a choice, not what runs.
    if matches!(name, "name" | "id") || cx.form == Form::Promptfoo {
        return Vec::new();
    }
    named::models(before, after, at)
}

/// Arguments of a command line and variables in a list: `--model x`, `MODEL=x`.
fn arguments(edit: &Edit<'_>, at: &At) -> Option<Vec<Recognised>> {
    let name = edit.name();
    if !matches!(&*keys::fold(&name), "args" | "arguments" | "command" | "environment" | "env") {
        return None;
    }
    let (before, after) = (edit.before?.words()?, edit.after?.words()?);
    let (old, new) = (flags(&before), flags(&after));
    let mut found = Vec::new();
    for (flag, b) in &old {
        let Some((_, a)) = new.iter().find(|(f, a)| f == flag && a != b) else { continue };
        let group = keys::key(flag.trim_start_matches('-'));
        let known = Written::read(a).value().and_then(Model::read).is_some()
            || Written::read(b).value().and_then(Model::read).is_some();
        if known && group.is_some_and(|k| matches!(k.group, Group::Model | Group::Retrieval)) {
            let here = At { key: format!("{}.{flag}", at.key).into(), group, ..*at };
            found.extend(named::models(b, a, &here));
        }
    }
    Some(found)
}

/// Names with their values.
fn flags<'w>(words: &[&'w str]) -> Vec<(&'w str, &'w str)> {
    let mut out = Vec::new();
    for (i, word) in words.iter().enumerate() {
        match word.split_once('=') {
            Some((name, value)) => out.push((name, value)),
            None if word.starts_with("--") => out.extend(words.get(i + 1).map(|value| (*word, *value))),
            None => {}
        }
    }
    out
}

/// Says that the parts are put together in another way.
pub(super) fn architecture(at: &At, confidence: Confidence, what: String) -> Recognised {
    let kind = if at.judge { RecognisedKind::JudgeChange } else { ArchitectureChange };
    at.says(kind, confidence, what)
}
