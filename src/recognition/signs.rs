//! Signs of a new feature: a library, a prompt file, a variable, a flag. One alone is a note.

use super::context::{At, Context};
use super::diff::Edit;
use super::keys;
use super::kind::{Confidence, Recognised, RecognisedKind, Sign};
use super::models::{Model, Written};
use super::paths::{Form, Signal};
use super::tree::Value;
use crate::text::{FileId, Span};

/// Libraries for models. A `*` at the end stands for any ending.
const LIBRARIES: &[&str] = &[
    "openai",
    "anthropic",
    "@anthropic-ai/sdk",
    "@ai-sdk/*",
    "ai",
    "langchain",
    "langchain-*",
    "@langchain/*",
    "langgraph",
    "@langchain/langgraph",
    "llama-index",
    "llama-index-*",
    "llamaindex",
    "google-genai",
    "google-generativeai",
    "@google/genai",
    "@google/generative-ai",
    "litellm",
    "genkit",
    "@genkit-ai/*",
    "semantic-kernel",
    "ollama",
    "vllm",
    "cohere",
    "cohere-ai",
    "mistralai",
    "@mistralai/mistralai",
    "groq",
    "groq-sdk",
    "async-openai",
    "github.com/openai/openai-go",
    "github.com/sashabaranov/go-openai",
    "github.com/anthropics/anthropic-sdk-go",
    "github.com/tmc/langchaingo",
    "instructor",
    "pydantic-ai",
    "crewai",
    "autogen",
    "dspy",
    "dspy-ai",
    "haystack-ai",
    "@openai/agents",
    "openai-agents",
];

/// Words of a flag's name.
const TELLING_WORDS: &[&str] = &["ai", "llm", "assistant", "copilot", "chatbot", "genai", "gpt"];

fn whole(text: &str, file: FileId, key: &str) -> At {
    let span = Span::new(file, 0, u32::try_from(text.len()).unwrap_or(u32::MAX));
    At { key: key.into(), group: None, span, sure: true, judge: false }
}

/// A list of dependencies that had no library for models and has one.
pub(super) fn library(before: &str, after: &str, name: &str, file: FileId) -> Option<Recognised> {
    let listed = |text: &str| text.lines().any(|line| dependency(line, name).is_some());
    if listed(before) {
        return None;
    }
    let (line, found) = after.lines().find_map(|line| Some((line, dependency(line, name)?)))?;
    let start = u32::try_from(line.as_ptr().addr() - after.as_ptr().addr()).ok()?;
    let span = Span::new(file, start, start.saturating_add(u32::try_from(line.len()).ok()?));
    let at = At { span, ..whole(after, file, found) };
    Some(at.sign(Sign::Library, format!("`{found}` is the first library for models among the dependencies")))
}

/// The library that a line of a manifest depends on.
fn dependency<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let line = line.trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.' | '@');
    let word = match name {
        "package.json" => {
            line.strip_prefix('"')?
                .split_once("\":")
                .filter(|(_, v)| v.contains(|c: char| c.is_ascii_digit() || "*^~".contains(c)))?
                .0
        }
        "go.mod" => line.trim_start_matches("require").split_whitespace().next()?,
        "cargo.toml" => line.split_once('=')?.0.trim(),
        _ => {
            let bare = line.trim_start_matches(['"', '\'']);
            let end = bare.find(|c: char| !plain(c)).unwrap_or(bare.len());
            let next = bare[end..].trim_start();
            // Extras stand in brackets.
            let next = next.strip_prefix('[').and_then(|n| n.split_once(']')).map_or(next, |(_, n)| n);
            // In a table of TOML a word before `=` is a dependency when a version follows.
            let versioned = next.is_empty()
                || next.starts_with(['=', '>', '<', '~', '!', '"', '\'', ',', ']', ';', '^'])
                || !line.starts_with(bare);
            if name == "pyproject.toml" && next.is_empty() {
                return None;
            }
            versioned.then_some(&bare[..end])?
        }
    };
    let word = word.trim_matches(['"', '\'']);
    let lower = word.to_ascii_lowercase().replace('_', "-");
    let fits = |known: &&'static str| known.strip_suffix('*').map_or(**known == *lower, |head| lower.starts_with(head));
    // `ai` is a package of one registry alone.
    (LIBRARIES.iter().any(fits) && (lower != "ai" || name == "package.json")).then_some(word)
}

/// A prompt that was not there.
pub(super) fn prompt_file(text: &str, file: FileId, cx: Context) -> Option<Recognised> {
    let prompt = matches!(cx.form, Form::Prompty | Form::Dotprompt | Form::Text | Form::PromptData | Form::Baml);
    let there = !text.trim().is_empty() && prompt && cx.signal == Signal::Strong && !cx.judge && !cx.eval;
    there.then(|| whole(text, file, "").sign(Sign::PromptFile, "a prompt file is new".to_owned()))
}

/// A variable or a flag that was not there.
pub(super) fn key(edit: &Edit<'_>, at: &At, cx: Context) -> Option<Recognised> {
    if edit.before.is_some() || cx.eval || cx.pipeline {
        return None;
    }
    let value = edit.after?;
    // A list of variables gains one: `{name: OPENAI_API_KEY, value: …}`.
    let item = edit.trail.last()?.starts_with('[');
    let name = if item { value.word("name").or_else(|| value.word("key"))?.to_owned() } else { edit.name() };
    if is_variable(&name, if item { value.get("value") } else { Some(value) }) {
        return Some(at.sign(Sign::Variable, format!("the variable `{name}` is new")));
    }
    let words = || name.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase);
    let flag = cx.flags && edit.trail.len() <= 3 && words().any(|w| TELLING_WORDS.contains(&w.as_str()));
    flag.then(|| at.sign(Sign::Flag, format!("the flag `{name}` is new")))
}

/// Does a variable name a model, or a key to one?
fn is_variable(name: &str, value: Option<&Value>) -> bool {
    let upper = name.len() > 5 && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    let owners =
        ["OPENAI_", "ANTHROPIC_", "AZURE_OPENAI_", "BEDROCK_MODEL", "GEMINI_", "LLM_", "MISTRAL_API", "COHERE_API"];
    let owned = owners.iter().any(|owner| name.starts_with(owner))
        && ["KEY", "MODEL", "DEPLOYMENT", "ENDPOINT"].iter().any(|w| name.contains(w));
    let model = || value.and_then(Value::text).and_then(|t| Model::read(Written::read(t).value()?));
    upper && (owned || (keys::fold(name).contains("model") && model().is_some_and(|m| m.telling)))
}

/// What a new file says: its variables and flags.
pub(super) fn in_new(root: &Value, text: &str, file: FileId) -> Option<Recognised> {
    let mut found = None;
    root.walk(&mut |value| {
        let item = value.word("name").filter(|name| is_variable(name, value.get("value")));
        let entry = || value.entries().iter().find(|(k, v)| is_variable(k, Some(v))).map(|(k, _)| &**k);
        if found.is_none() {
            found = item.or_else(entry);
        }
    });
    let name = found?;
    Some(whole(text, file, name).sign(Sign::Variable, format!("the variable `{name}` is new")))
}

/// Looks over all files of a change: two different signs of a new feature make one.
///
/// A sign alone stays a note of low confidence; what else was recognised is handed back as it is.
pub fn conclude<P>(mut all: Vec<(P, Vec<Recognised>)>) -> Vec<(P, Vec<Recognised>)> {
    let mut signs: Vec<Sign> = all.iter().flat_map(|(_, found)| found).filter_map(|one| one.sign).collect();
    signs.sort_unstable();
    signs.dedup();
    if signs.len() >= 2 {
        let of_feature = |one: &&mut Recognised| one.kind == RecognisedKind::NewAiFeature;
        for one in all.iter_mut().flat_map(|(_, found)| found).filter(of_feature) {
            one.confidence = if signs.len() > 2 { Confidence::High } else { Confidence::Medium };
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_manifest_depends_on_a_library() {
        let table = [
            ("package.json", "  \"openai\": \"^4.0.0\",", Some("openai")),
            ("package.json", "  \"ai\": \"5.0.0\"", Some("ai")),
            ("package.json", "  \"@ai-sdk/openai\": \"1\",", Some("@ai-sdk/openai")),
            ("package.json", "  \"name\": \"openai\",", None),
            ("requirements.txt", "openai>=1.0", Some("openai")),
            ("requirements.txt", "langchain_openai[x]==0.2", Some("langchain_openai")),
            ("requirements.txt", "# openai", None),
            ("requirements.txt", "openapi-core==1", None),
            ("pyproject.toml", "    \"anthropic>=0.30\",", Some("anthropic")),
            ("pyproject.toml", "litellm = \"^1.4\"", Some("litellm")),
            ("pyproject.toml", "name = \"shop\"", None),
            ("cargo.toml", "async-openai = \"0.2\"", Some("async-openai")),
            ("go.mod", "\tgithub.com/openai/openai-go v1.0.0", Some("github.com/openai/openai-go")),
        ];
        for (name, line, wanted) in table {
            assert_eq!(dependency(line, name), wanted, "{line}");
        }
    }
}
