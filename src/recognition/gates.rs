//! Evaluations: what is asked for, by whom it is judged, and whether a failure stops anything.

use super::context::{At, Context, clip};
use super::diff::Edit;
use super::keys;
use super::kind::{Bar, Confidence, Recognised, RecognisedKind};
use super::named;
use super::paths::Form;
use super::pipeline;
use super::prompt;
use super::tree::Value;
use Bar::{Loosened, Moved, Tightened};
use Confidence::{High, Medium};
use RecognisedKind::JudgeChange;

/// Metrics of which less is better, by a word in their names.
const LESS: &[&str] = &[
    "latency",
    "cost",
    "perplexity",
    "levenshtein",
    "hallucination",
    "toxicity",
    "bias",
    "error",
    "wer",
    "max",
    "failure",
    "refusal",
];

/// What `edit` says of an evaluation; `None` where it is about something else.
pub(super) fn judge(edit: &Edit<'_>, at: &At, cx: Context) -> Option<Vec<Recognised>> {
    let root = edit.trail.first().map_or("", |part| &**part);
    if cx.pipeline {
        return Some(pipeline::judge(edit, at));
    }
    match cx.form {
        Form::Promptfoo => Some(promptfoo(edit, at)),
        Form::Registry => Some(registry(edit, at, cx)),
        Form::Flow => super::flow::judge(edit, at),
        Form::PromptData if matches!(root, "testData" | "evaluators") => Some(evaluators(edit, at)),
        Form::Data if cx.eval => cases(edit, at),
        Form::PromptData
        | Form::Data
        | Form::Prompty
        | Form::Dotprompt
        | Form::Text
        | Form::Hcl
        | Form::Lines
        | Form::Baml
        | Form::Manifest
        | Form::Code { .. } => None,
    }
}

/// Cases, asserts and bars of promptfoo. Its prompts and models are candidates: none of them runs anywhere.
fn promptfoo(edit: &Edit<'_>, at: &At) -> Vec<Recognised> {
    let last = key(edit);
    let under = |name: &str| edit.trail.iter().any(|part| &**part == name);
    let root = edit.trail.first().map_or("", |part| &**part);
    if matches!(
        root,
        "providers"
            | "targets"
            | "prompts"
            | "redteam"
            | "description"
            | "tags"
            | "outputPath"
            | "sharing"
            | "metadata"
    ) {
        return Vec::new();
    }
    if under("provider") || last == "rubricPrompt" {
        return grading(edit, at);
    }
    if last == "threshold" || last.starts_with("PROMPTFOO_") {
        return threshold(edit, at, last).into_iter().collect();
    }
    let item = edit.trail.last().is_some_and(|part| part.starts_with('['));
    let counted = matches!(last, "tests" | "assert" | "scenarios" | "defaultTest");
    let whose = if under("assert") || last == "assert" { "an assert" } else { "a test case" };
    match (edit.before, edit.after) {
        (Some(_), None) if counted => vec![at.bar(Loosened, High, format!("{whose} is gone"))],
        (None, Some(_)) if counted => vec![at.bar(Tightened, High, format!("{whose} is new"))],
        (Some(_), Some(_)) if counted && !item => vec![at.bar(Moved, Medium, "other test cases are run".to_owned())],
        (Some(_), Some(_)) if under("assert") && matches!(last, "value" | "type" | "weight") => {
            vec![at.bar(Moved, High, format!("the `{last}` of an assert changes"))]
        }
        _ => Vec::new(),
    }
}

/// The last key that is no item of a list.
fn key<'e>(edit: &'e Edit<'_>) -> &'e str {
    edit.trail.iter().rev().find(|part| !part.starts_with('[')).map_or("", |part| part)
}

/// The judge of an evaluation becomes another.
fn grading(edit: &Edit<'_>, at: &At) -> Vec<Recognised> {
    let judge = At { key: at.key.clone(), judge: true, sure: true, ..*at };
    if let Some((before, after)) = edit.texts() {
        if let Some(found) = prompt_of(before, after, &judge) {
            return vec![found];
        }
        let found = named::models(before, after, &judge);
        if !found.is_empty() {
            return found;
        }
    }
    let whole = keys::fold(key(edit)) == "provider" || keys::fold(key(edit)) == "rubricprompt";
    let models = |v: Option<&Value>| v.and_then(Value::text).is_some_and(|t| super::models::Model::read(t).is_some());
    if models(edit.before) && models(edit.after) || !whole {
        return Vec::new();
    }
    let what = "the judge of the evaluation becomes another".to_owned();
    vec![judge.says(JudgeChange, High, what).with(edit.before.and_then(Value::text), edit.after.and_then(Value::text))]
}

/// Two texts, if they are words for a judge.
fn prompt_of(before: &str, after: &str, judge: &At) -> Option<Recognised> {
    (prompt::is_text(before) && prompt::is_text(after)).then(|| prompt::texts(before, after, judge, High)).flatten()
}

/// Is less of what this bar measures better? The type of an assert says so, or words in names.
fn is_less_better(edit: &Edit<'_>, name: &str) -> bool {
    let kind = edit.home.word("type").or_else(|| edit.home.word("metric")).or_else(|| edit.home.word("name"));
    let turned = kind.is_some_and(|k| k.starts_with("not-"));
    let words = [kind.unwrap_or_default(), name, edit.trail.iter().rev().nth(1).map_or("", |p| p)];
    let less = |text: &str| {
        text.split(|c: char| !c.is_ascii_alphabetic()).any(|w| LESS.contains(&w.to_ascii_lowercase().as_str()))
    };
    words.iter().any(|w| less(w)) != turned
}

/// A number that decides what passes.
pub(super) fn threshold(edit: &Edit<'_>, at: &At, name: &str) -> Option<Recognised> {
    let number =
        |value: Option<&Value>| value.and_then(Value::text).and_then(|t| t.trim_end_matches('%').parse::<f64>().ok());
    let texts = (edit.before.and_then(Value::text), edit.after.and_then(Value::text));
    let less = is_less_better(edit, name);
    let whole = edit.home.get("assert").is_some() || edit.old_home.get("assert").is_some();
    let (bar, what) = match (number(edit.before), number(edit.after)) {
        (Some(b), Some(a)) if name == "PROMPTFOO_FAILED_TEST_EXIT_CODE" => {
            let bar = if a == 0.0 {
                Loosened
            } else if b == 0.0 {
                Tightened
            } else {
                return None;
            };
            (bar, format!("failed tests end with {a} instead of {b}"))
        }
        (Some(b), Some(a)) => {
            let bar = if (a < b) == less { Tightened } else { Loosened };
            (bar, format!("the bar `{name}` {b} becomes {a}"))
        }
        // With a bar of its own a test passes although asserts fail.
        (None, Some(a)) if edit.before.is_none() => {
            (if whole { Loosened } else { Moved }, format!("the bar `{name}` is {a} and was not stated"))
        }
        (Some(b), None) if edit.after.is_none() => {
            (if whole { Tightened } else { Moved }, format!("the bar `{name}` was {b} and is no longer stated"))
        }
        (None | Some(_), None | Some(_)) => return None,
    };
    Some(at.bar(bar, High, what).with(texts.0, texts.1))
}

/// Test data and evaluators beside a prompt.
fn evaluators(edit: &Edit<'_>, at: &At) -> Vec<Recognised> {
    let evaluator = edit.trail.first().is_some_and(|part| &**part == "evaluators");
    if evaluator && let Some((before, after)) = edit.texts() {
        let judge = At { key: at.key.clone(), judge: true, ..*at };
        let found = if prompt::is_text(before) {
            prompt_of(before, after, &judge).into_iter().collect()
        } else {
            named::models(before, after, &judge)
        };
        if !found.is_empty() {
            return found;
        }
    }
    let whose = if evaluator { "an evaluator" } else { "a test case" };
    let entire = edit.trail.len() <= 2;
    match (edit.before, edit.after) {
        (Some(_), None) if entire => vec![at.bar(Loosened, High, format!("{whose} is gone"))],
        (None, Some(_)) if entire => vec![at.bar(Tightened, High, format!("{whose} is new"))],
        _ if evaluator => vec![at.bar(Moved, High, "an evaluator changes".to_owned())],
        _ => Vec::new(),
    }
}

/// Evals of OpenAI's registry: `modelgraded` holds judges, `completion_fns` what is tried.
fn registry(edit: &Edit<'_>, at: &At, cx: Context) -> Vec<Recognised> {
    let last = key(edit);
    let says = |what: &str| vec![at.says(JudgeChange, High, what.to_owned())];
    match (last, edit.texts()) {
        ("prompt", Some((before, after))) if cx.judge => prompt_of(before, after, at).into_iter().collect(),
        ("choice_scores" | "choice_strings" | "eval_type", _) if cx.judge => {
            vec![at.bar(Moved, High, format!("`{last}` of the judge changes"))]
        }
        ("modelgraded_spec", Some((before, after))) => {
            says(&format!("judge `{}` becomes `{}`", clip(before), clip(after)))
        }
        ("samples_jsonl", Some(_)) => vec![at.bar(Moved, High, "other test cases are run".to_owned())],
        _ if edit.trail.len() == 1 && cx.eval && edit.after.is_none() => {
            vec![at.bar(Loosened, High, "an evaluation is gone".to_owned())]
        }
        _ => Vec::new(),
    }
}

/// Words of keys that are bars.
const BARS: &[&str] = &[
    "threshold",
    "passrate",
    "minscore",
    "minimumscore",
    "minpass",
    "maxerror",
    "maxlatency",
    "maxcost",
    "passthreshold",
];

/// Cases and bars in files of an evaluation's folder.
fn cases(edit: &Edit<'_>, at: &At) -> Option<Vec<Recognised>> {
    let last = key(edit);
    let folded = keys::fold(last);
    if BARS.iter().any(|bar| folded.contains(bar)) || (edit.lies_under(&["threshold"]) && edit.texts().is_some()) {
        return Some(threshold(edit, at, last).into_iter().collect());
    }
    let item = edit.trail.last().is_some_and(|part| part.starts_with('['));
    let listed = matches!(
        &*folded,
        "tests" | "cases" | "testcases" | "asserts" | "assert" | "assertions" | "samples" | "testdata" | "metrics"
    );
    // A file that is a list of cases.
    let bare = edit.trail.len() == 1 && item;
    let one_sided = edit.before.is_some() != edit.after.is_some();
    if one_sided && ((listed && edit.trail.len() > 1) || bare) {
        let asserts = folded.starts_with("assert") || folded == "metrics";
        let whose = if asserts { "an assert" } else { "a test case" };
        let (bar, word) = if edit.after.is_none() { (Loosened, "is gone") } else { (Tightened, "is new") };
        return Some(vec![at.bar(bar, Medium, format!("{whose} {word}"))]);
    }
    None
}
