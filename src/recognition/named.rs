//! Models, their versions, vendors and addresses: a value becomes another.

use super::context::{At, Context, clip};
use super::diff::Edit;
use super::families::{ADDRESSES, HOSTS};
use super::keys::{self, Group};
use super::kind::{Confidence, Recognised, RecognisedKind};
use super::models::{Model, Step, Written};
use super::paths::Form;
use super::tree::Value;
use Confidence::{High, Low, Medium};
use RecognisedKind::{JudgeChange, ModelUnpin, ModelUpgrade, RetrievalChange, VendorSwitch};

/// What `before` and `after`, the values of one key, say of models.
pub(super) fn models(before: &str, after: &str, at: &At) -> Vec<Recognised> {
    let (old, new) = (Written::read(before), Written::read(after));
    let known = |written: Written<'_>| written.value().and_then(Model::read);
    let keyed = at.group.is_some_and(|k| matches!(k.group, Group::Model | Group::Judge | Group::Retrieval));
    let mut found = match (known(old), known(new)) {
        (Some(a), Some(b)) if (a.telling && b.telling) || (keyed && at.sure) => {
            let confidence = if keyed || at.sure { High } else { Medium };
            steps(&a, &b, &names(before, after), at, confidence)
        }
        (a, b) if keyed => {
            let sure = at.sure || a.or(b).is_some_and(|m| m.telling) || at.group.is_some_and(|k| k.own);
            if sure { opaque(old, new, &names(before, after), at) } else { Vec::new() }
        }
        _ => Vec::new(),
    };
    for one in &mut found {
        *one = one.clone().with(Some(before), Some(after));
    }
    found
}

/// "`a` becomes `b`".
fn names(before: &str, after: &str) -> String {
    format!("`{}` becomes `{}`", clip(before), clip(after))
}

/// Two known models.
fn steps(a: &Model, b: &Model, names: &str, at: &At, confidence: Confidence) -> Vec<Recognised> {
    let step = a.step(b);
    let kind = match step {
        Step::Same => return Vec::new(),
        _ if at.judge || at.group.is_some_and(|k| k.group == Group::Judge) => {
            return vec![at.says(JudgeChange, confidence, format!("the judge's model {names}"))];
        }
        Step::Vendor | Step::Upgrade if a.embeds || b.embeds => {
            let what = format!("embedding model {names}: stored vectors do not match the new ones");
            return vec![at.says(RetrievalChange, confidence, what)];
        }
        Step::Vendor | Step::Host => VendorSwitch,
        Step::Upgrade | Step::Date | Step::Pinned => ModelUpgrade,
        Step::Unpinned => ModelUnpin,
    };
    let loses = a.pin.is_some() && b.pin.is_none();
    let (confidence, more) = match step {
        Step::Vendor => (confidence, format!(", from {} to {}", a.vendor, b.vendor)),
        Step::Host => (Medium, ": the same model at another host".to_owned()),
        Step::Date => (confidence, ": another date of the same version".to_owned()),
        Step::Pinned => (Low, ": the version is fixed now".to_owned()),
        Step::Unpinned => (confidence, ": the version is no longer fixed".to_owned()),
        Step::Same | Step::Upgrade => (confidence, String::new()),
    };
    let mut found = vec![at.says(kind, confidence, format!("model {names}{more}"))];
    if loses && matches!(step, Step::Vendor | Step::Upgrade) {
        found.push(at.says(ModelUnpin, confidence, format!("model {names}: the version was fixed and no longer is")));
    }
    found
}

/// At least one side is no model that is known.
fn opaque(old: Written<'_>, new: Written<'_>, names: &str, at: &At) -> Vec<Recognised> {
    let judge = at.judge || at.group.is_some_and(|k| k.group == Group::Judge);
    let retrieval = at.group.is_some_and(|k| k.group == Group::Retrieval);
    let kind = match () {
        () if judge => JudgeChange,
        () if retrieval => RetrievalChange,
        () => ModelUpgrade,
    };
    match (old, new) {
        (Written::Plain(a) | Written::Default(a), Written::Plain(b) | Written::Default(b)) => {
            if a == b || !is_token(a) || !is_token(b) {
                return Vec::new();
            }
            if let (Some(a), Some(b)) = (registered(a), registered(b)) {
                return vec![registry(a, b, names, at)];
            }
            vec![at.says(kind, Medium, format!("model {names}"))]
        }
        (Written::Plain(_) | Written::Default(_), Written::Elsewhere) => {
            vec![at.says(ModelUnpin, Medium, format!("model {names}: it is decided outside of this file"))]
        }
        (Written::Elsewhere, Written::Plain(b) | Written::Default(b)) if is_token(b) => {
            vec![at.says(kind, Medium, format!("model {names}: what was decided elsewhere is fixed here"))]
        }
        (Written::Elsewhere, Written::Elsewhere | Written::Plain(_) | Written::Default(_))
        | (Written::Template, _)
        | (_, Written::Template) => Vec::new(),
    }
}

/// One word with a letter in it.
fn is_token(text: &str) -> bool {
    text.len() <= 200 && !text.contains(char::is_whitespace) && text.contains(char::is_alphabetic) && !is_flag(text)
}

fn is_flag(text: &str) -> bool {
    matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "false" | "yes" | "no" | "on" | "off" | "none" | "auto" | "default"
    )
}

/// Name and version of `models:/name/3` or `models:/name@alias`.
fn registered(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("models:/")?;
    rest.split_once(['/', '@'])
}

/// A model of a registry.
fn registry(a: (&str, &str), b: (&str, &str), names: &str, at: &At) -> Recognised {
    let fixed = |version: &str| version.bytes().all(|c| c.is_ascii_digit());
    match (fixed(a.1), fixed(b.1)) {
        (true, false) if a.0 == b.0 => {
            at.says(ModelUnpin, Medium, format!("model {names}: the version is no longer fixed"))
        }
        (false, true) if a.0 == b.0 => at.says(ModelUpgrade, Low, format!("model {names}: the version is fixed now")),
        _ => at.says(ModelUpgrade, Medium, format!("model {names}")),
    }
}

/// A model that one side alone states.
pub(super) fn one_sided(edit: &Edit<'_>, at: &At) -> Option<Recognised> {
    let renamed = |map: &Value, text: &str| {
        map.entries()
            .iter()
            .any(|(k, v)| keys::key(k).is_some_and(|k| k.group == Group::Model) && v.text() == Some(text))
    };
    let text = edit.before.or(edit.after)?.text()?;
    let model = Written::read(text).value().and_then(Model::read).filter(|m| m.telling || at.sure)?;
    let other = if edit.after.is_some() { edit.old_home } else { edit.home };
    if model.embeds || renamed(other, text) {
        return None;
    }
    let what = if edit.after.is_some() { "is stated now" } else { "is no longer stated here" };
    let kind = if edit.after.is_some() { ModelUpgrade } else { ModelUnpin };
    let found = at.says(kind, Low, format!("model `{}` {what}", clip(text)));
    Some(found.with(edit.before.and_then(Value::text), edit.after.and_then(Value::text)))
}

/// A version that stands beside a model's name.
pub(super) fn pins(edit: &Edit<'_>, at: &At) -> Option<Recognised> {
    let name = edit.name();
    let folded = keys::fold(&name);
    let (before, after) = (edit.before.and_then(Value::text), edit.after.and_then(Value::text));
    if folded == "apiversion" {
        return api(edit, at, before?, after?);
    }
    let old = named_beside(edit.old_home)?;
    if Some(old) != named_beside(edit.home) || matches!(&*folded, "alias" | "stage" | "label") {
        return None;
    }
    let is_known = Model::read(old).is_some_and(|m| m.telling);
    let hub = matches!(&*folded, "revision" | "modelrevision" | "modelversion") && at.sure;
    if !is_known && !hub {
        return None;
    }
    let floats = |v: Option<&str>| v.is_none_or(|v| matches!(v, "latest" | "main" | "master" | "stable" | "auto" | ""));
    let (kind, confidence, what) = match (floats(before), floats(after)) {
        (true, true) => return None,
        (false, true) => {
            (ModelUnpin, High, format!("version `{}` of model `{}` is no longer fixed", clip(before?), clip(old)))
        }
        (true, false) => (ModelUpgrade, Low, format!("model `{}` is fixed to version `{}`", clip(old), clip(after?))),
        (false, false) => (
            ModelUpgrade,
            High,
            format!("version `{}` of model `{}` becomes `{}`", clip(before?), clip(old), clip(after?)),
        ),
    };
    let kind = if at.judge { JudgeChange } else { kind };
    Some(at.says(kind, confidence, what).with(before, after))
}

/// The model whose version stands in `map`.
fn named_beside(map: &Value) -> Option<&str> {
    let keyed = map.entries().iter().find(|(k, _)| keys::key(k).is_some_and(|k| k.group == Group::Model));
    let text = keyed.and_then(|(_, v)| v.text());
    text.or_else(|| ["name", "id"].iter().find_map(|key| map.word(key)))
}

/// The version of a vendor's interface.
fn api(edit: &Edit<'_>, at: &At, before: &str, after: &str) -> Option<Recognised> {
    let azure = |(key, value): &(Box<str>, Value)| {
        keys::fold(key).starts_with("azure") || value.text().is_some_and(|t| t.contains("azure"))
    };
    let beside = edit.home.entries().iter().any(azure) && edit.home.get("kind").is_none();
    let dated = |text: &str| text.starts_with("20");
    (beside && at.sure && dated(before) && dated(after)).then(|| {
        let what = format!("version `{before}` of the model's interface becomes `{after}`");
        at.says(if at.judge { JudgeChange } else { ModelUpgrade }, Medium, what).with(Some(before), Some(after))
    })
}

/// The host of that name, and the vendor whose own it is.
fn host(name: &str) -> Option<(&'static str, &'static str)> {
    let folded = keys::fold(name);
    HOSTS.iter().find(|(written, ..)| keys::fold(written) == folded).map(|(_, host, own)| (*host, *own))
}

/// One vendor's name becomes another's.
pub(super) fn vendors(edit: &Edit<'_>, at: &At) -> Option<Recognised> {
    let (before, after) = edit.texts()?;
    let own = at.group.is_some_and(|k| k.own);
    if !(at.sure || own) {
        return None;
    }
    let (a, b) = (host(before)?, host(after)?);
    let judge = if at.judge { JudgeChange } else { VendorSwitch };
    let vendors = !a.1.is_empty() && !b.1.is_empty();
    (a.0 != b.0).then(|| {
        let confidence = if vendors { High } else { Medium };
        at.says(judge, confidence, format!("vendor `{before}` becomes `{after}`")).with(Some(before), Some(after))
    })
}

/// The address at which a model is asked.
pub(super) fn endpoints(edit: &Edit<'_>, at: &At, cx: Context) -> Option<Recognised> {
    let (before, after) = (edit.before.and_then(Value::text), edit.after.and_then(Value::text));
    let own = at.group.is_some_and(|k| k.own);
    let kind = if at.judge { JudgeChange } else { VendorSwitch };
    let (Some(b), Some(a)) = (before, after) else {
        // In a prompt's own file an endpoint that comes or goes moves every call.
        let text = before.or(after)?;
        let known = served_by(text).is_some() || Written::read(text) == Written::Elsewhere;
        let asks = own && known && matches!(cx.form, Form::Prompty | Form::PromptData | Form::Dotprompt);
        let what = if after.is_some() { "is stated now" } else { "is no longer stated" };
        return asks.then(|| at.says(kind, Medium, format!("endpoint `{}` {what}", clip(text))).with(before, after));
    };
    let (old, new) = (served_by(b), served_by(a));
    let known = match (old, new) {
        (Some(x), Some(y)) => x != y,
        (Some(_), None) | (None, Some(_)) => at.sure || own,
        (None, None) => own && at.sure,
    };
    let moved = authority(b)? != authority(a)?;
    (known && moved).then(|| at.says(kind, Medium, format!("endpoint {}", names(b, a))).with(before, after))
}

/// Host and port of an address.
fn authority(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let authority = &rest[..end];
    (!authority.is_empty() && !authority.contains(['$', '{', ' '])).then_some(authority)
}

/// Who answers at an address.
fn served_by(text: &str) -> Option<&'static str> {
    let name = authority(text)?.split(':').next()?.to_ascii_lowercase();
    let bedrock = name.starts_with("bedrock-runtime.").then_some("bedrock");
    bedrock.or_else(|| ADDRESSES.iter().find(|(end, _)| name.ends_with(end)).map(|(_, host)| *host))
}
