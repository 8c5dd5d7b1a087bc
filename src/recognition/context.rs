//! What is known about a file and about the surroundings of a value, before the value is judged.

use super::diff::{Edit, shown};
use super::keys::{self, Group, Key};
use super::kind::{Bar, Confidence, Recognised, RecognisedKind, Sign};
use super::models::{Model, Written};
use super::paths::{Form, Path, Signal};
use super::tree::{Shape, Value};
use crate::text::Span;

/// A value shown in a sentence has at most this many letters.
const SHOWN: usize = 80;

/// Entries of a mapping that are asked what they tell.
const ASKED: usize = 200;

/// What is known about the file.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one path")]
pub(super) struct Context {
    pub(super) form: Form,
    pub(super) signal: Signal,
    /// It belongs to a judge.
    pub(super) judge: bool,
    /// It belongs to an evaluation.
    pub(super) eval: bool,
    /// It is a pipeline.
    pub(super) pipeline: bool,
    /// It holds flags.
    pub(super) flags: bool,
    /// Something in it can only be about a language model.
    pub(super) telling: bool,
}

impl Context {
    pub(super) fn new(path: &Path, form: Form) -> Self {
        Self {
            form,
            signal: super::paths::signal(path),
            judge: path.is_judge(),
            eval: if form == Form::Registry { path.is_registered() } else { path.is_eval() },
            pipeline: path.is_pipeline(),
            flags: path.is_flags(),
            telling: false,
        }
    }

    /// Is the file about prompts and models as a whole?
    pub(super) fn is_ours(self) -> bool {
        let format = match self.form {
            Form::Prompty
            | Form::Dotprompt
            | Form::Text
            | Form::PromptData
            | Form::Flow
            | Form::Registry
            | Form::Baml => true,
            Form::Promptfoo | Form::Data | Form::Hcl | Form::Lines | Form::Manifest | Form::Code { .. } => false,
        };
        format || self.signal == Signal::Strong || (self.signal == Signal::Medium && self.telling)
    }
}

/// A value that is judged: what it is called, where it stands, what is around it.
pub(super) struct At {
    /// The path of keys.
    pub(super) key: Box<str>,
    /// What the key is about.
    pub(super) group: Option<Key>,
    /// Where the value stands after the change.
    pub(super) span: Span,
    /// Does something beside it tell that a language model is meant?
    pub(super) sure: bool,
    /// Does it belong to a judge?
    pub(super) judge: bool,
}

impl At {
    /// Says `what`.
    pub(super) fn says(&self, kind: RecognisedKind, confidence: Confidence, what: String) -> Recognised {
        Recognised {
            kind,
            what: what.into(),
            key: self.key.clone(),
            before: None,
            after: None,
            confidence,
            span: self.span,
            bar: None,
            sign: None,
        }
    }

    /// Says that the bar of an evaluation moves.
    pub(super) fn bar(&self, bar: Bar, confidence: Confidence, what: String) -> Recognised {
        Recognised { bar: Some(bar), ..self.says(RecognisedKind::EvalGateChange, confidence, what) }
    }

    /// Says one sign of a new feature.
    pub(super) fn sign(&self, sign: Sign, what: String) -> Recognised {
        Recognised { sign: Some(sign), ..self.says(RecognisedKind::NewAiFeature, Confidence::Low, what) }
    }
}

impl Recognised {
    /// With the values, shortened.
    pub(super) fn with(self, before: Option<&str>, after: Option<&str>) -> Self {
        let short = |text: &str| clip(text).into();
        Self { before: before.map(short), after: after.map(short), ..self }
    }
}

/// `text`, cut where it is too long to be shown.
pub(super) fn clip(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    if line.chars().count() <= SHOWN && line.len() == text.trim().len() {
        return line.to_owned();
    }
    line.chars().take(SHOWN).collect::<String>() + "…"
}

impl Edit<'_> {
    /// Where and what it is.
    pub(super) fn at(&self, cx: Context) -> At {
        let name = self.name();
        let span = self.after.map_or(self.home.span, |v| v.span);
        let judge = cx.judge || self.lies_under(&["judge", "grader", "evaluator"]);
        At { key: shown(&self.trail).into(), group: keys::key(&name), span, sure: self.is_sure(cx), judge }
    }

    /// The key that says what the value is: `OPENAI_MODEL` of `{name: OPENAI_MODEL, value: gpt-4o}`, `model` of `model.id`.
    pub(super) fn name(&self) -> String {
        let mut parts = self.trail.iter().rev().filter(|part| !part.starts_with('['));
        let last = parts.next().map_or("", |part| &**part);
        let outer = parts.next().map_or("", |part| &**part);
        match last {
            "value" | "default" => {
                let named = self.home.word("name").or_else(|| self.home.word("key"));
                named.unwrap_or(outer).to_owned()
            }
            "id" | "name" | "Value" if keys::key(outer).is_some_and(|k| k.group != Group::Graph) => outer.to_owned(),
            _ => last.to_owned(),
        }
    }

    /// Does a key above it hold one of `words`?
    pub(super) fn lies_under(&self, words: &[&str]) -> bool {
        let above = self.trail.len().saturating_sub(1);
        let holds = |part: &str| words.iter().any(|word| keys::fold(part).contains(word));
        self.trail[..above].iter().filter(|part| !part.starts_with('[')).any(|part| holds(part))
    }

    /// Does the file or something beside the value tell that a language model is meant?
    fn is_sure(&self, cx: Context) -> bool {
        let own = self.trail.last().map_or("", |part| &**part);
        cx.is_ours() || tells(self.home, own, true) || self.outer.is_some_and(|outer| tells(outer, "", false))
    }

    /// Both texts, where both sides are scalars.
    pub(super) fn texts(&self) -> Option<(&str, &str)> {
        Some((self.before?.text()?, self.after?.text()?))
    }

    /// Does it say something about a thing only?
    pub(super) fn is_remark(&self) -> bool {
        self.trail.iter().any(|part| keys::is_remark(part))
    }
}

/// Does an entry of `map`, other than `except`, tell of a language model? With `deep`, what its own mappings hold counts too.
fn tells(map: &Value, except: &str, deep: bool) -> bool {
    if caps_answers(map) {
        return true;
    }
    map.entries().iter().take(ASKED).filter(|(key, _)| &**key != except).any(|(key, value)| {
        entry_tells(key, value)
            || (deep && tells(value, "", false))
            || (&**key == "role" && value.text().is_some_and(is_role))
    })
}

/// Does `map` cap the tokens of an answer? So do limits of requests, but beside nothing else of a model.
fn caps_answers(map: &Value) -> bool {
    let is_cap = |key: &str| keys::fold(key) == "maxtokens";
    let beside = |key: &str| {
        let group = keys::key(key).map(|k| k.group);
        !is_cap(key) && matches!(group, Some(Group::Model | Group::Prompt | Group::Decoding | Group::Vendor))
    };
    map.entries().iter().any(|(key, _)| is_cap(key)) && map.entries().iter().any(|(key, _)| beside(key))
}

/// Does one entry tell it?
fn entry_tells(key: &str, value: &Value) -> bool {
    let known = keys::key(key);
    known.is_some_and(|k| k.own)
        || value.text().is_some_and(|text| {
            let model = Written::read(text).value().and_then(Model::read);
            model.is_some_and(|m| m.telling && (known.is_some() || matches!(key, "name" | "id" | "value" | "default")))
        })
}

/// Who speaks in a conversation.
pub(super) fn is_role(text: &str) -> bool {
    matches!(text, "system" | "user" | "assistant" | "developer")
}

/// Can something in `root` only be about a language model?
pub(super) fn is_telling(root: &Value) -> bool {
    let mut found = false;
    root.walk(&mut |value| {
        if !found && let Shape::Map(entries) = &value.shape {
            found = entries.iter().any(|(key, value)| entry_tells(key, value));
        }
    });
    found
}
