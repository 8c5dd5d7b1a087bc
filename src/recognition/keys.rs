//! Names of keys, as data: folded to small letters and digits.

use std::borrow::Cow;

/// What a key is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// Which model.
    Model,
    /// Which version of it.
    Pin,
    /// Whose.
    Vendor,
    /// At which address.
    Endpoint,
    /// The words it is given.
    Prompt,
    /// How it picks its words.
    Decoding,
    /// What is looked up for it.
    Retrieval,
    /// What it may call, and what follows on it.
    Graph,
    /// What holds it back.
    Guardrail,
    /// What comes in its place.
    Fallback,
    /// What judges it.
    Judge,
    /// The form of what goes in and comes out.
    Contract,
}

/// A key that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// What it is about.
    pub(super) group: Group,
    /// Does it say by itself that a language model is meant?
    pub(super) own: bool,
}

use Group::{Contract, Decoding, Endpoint, Fallback, Graph, Guardrail, Judge, Model, Pin, Prompt, Retrieval, Vendor};

/// The folded name, its group, and whether it speaks for itself.
const KEYS: &[(&str, Group, bool)] = &[
    ("model", Model, false),
    ("modelid", Model, false),
    ("modelname", Model, false),
    ("defaultmodel", Model, false),
    ("modelkey", Model, false),
    ("modeluri", Model, false),
    ("engine", Model, false),
    ("deployment", Model, false),
    ("deploymentname", Model, false),
    ("deploymentid", Model, false),
    ("basemodel", Model, false),
    ("azuredeployment", Model, true),
    ("llm", Model, true),
    ("llmmodel", Model, true),
    ("chatmodel", Model, true),
    ("completionmodel", Model, true),
    ("servedmodelname", Model, true),
    ("foundationmodel", Model, true),
    ("modelconfigkey", Model, true),
    ("inferenceprofile", Model, true),
    ("inferenceprofilearn", Model, true),
    ("storageuri", Model, false),
    ("repoid", Model, false),
    ("pretrainedmodelnameorpath", Model, true),
    ("revision", Pin, false),
    ("modelversion", Pin, false),
    ("modelrevision", Pin, false),
    ("version", Pin, false),
    ("apiversion", Pin, false),
    ("alias", Pin, false),
    ("stage", Pin, false),
    ("label", Pin, false),
    ("provider", Vendor, false),
    ("defaultprovider", Vendor, false),
    ("modelprovider", Vendor, true),
    ("llmprovider", Vendor, true),
    ("customllmprovider", Vendor, true),
    ("vendor", Vendor, false),
    ("clientclass", Vendor, false),
    ("baseurl", Endpoint, false),
    ("apibase", Endpoint, true),
    ("apibaseurl", Endpoint, false),
    ("endpoint", Endpoint, false),
    ("azureendpoint", Endpoint, true),
    ("prompt", Prompt, false),
    ("promptfile", Prompt, false),
    ("system", Prompt, false),
    ("systemprompt", Prompt, true),
    ("instructions", Prompt, false),
    ("systemmessage", Prompt, false),
    ("systeminstruction", Prompt, true),
    ("developermessage", Prompt, false),
    ("template", Prompt, false),
    ("prompttemplate", Prompt, true),
    ("preamble", Prompt, false),
    ("examples", Prompt, false),
    ("fewshot", Prompt, true),
    ("fewshots", Prompt, true),
    ("fewshotexamples", Prompt, true),
    ("temperature", Decoding, false),
    ("topp", Decoding, false),
    ("topk", Decoding, false),
    ("maxtokens", Decoding, false),
    ("maxcompletiontokens", Decoding, true),
    ("maxoutputtokens", Decoding, true),
    ("maxnewtokens", Decoding, true),
    ("stop", Decoding, false),
    ("stopsequences", Decoding, true),
    ("seed", Decoding, false),
    ("reasoningeffort", Decoding, true),
    ("thinking", Decoding, false),
    ("thinkingbudget", Decoding, true),
    ("budgettokens", Decoding, true),
    ("frequencypenalty", Decoding, true),
    ("presencepenalty", Decoding, true),
    ("repetitionpenalty", Decoding, true),
    ("responseformat", Contract, true),
    ("jsonschema", Contract, false),
    ("outputschema", Contract, false),
    ("output", Contract, false),
    ("outputs", Contract, false),
    ("embeddingmodel", Retrieval, true),
    ("embedder", Retrieval, true),
    ("embeddings", Retrieval, false),
    ("index", Retrieval, false),
    ("indexname", Retrieval, false),
    ("chunksize", Retrieval, false),
    ("chunkoverlap", Retrieval, true),
    ("reranker", Retrieval, true),
    ("rerankmodel", Retrieval, true),
    ("vectorstore", Retrieval, true),
    ("vectordb", Retrieval, true),
    ("tools", Graph, false),
    ("toolkeys", Graph, false),
    ("functions", Graph, false),
    ("nodes", Graph, false),
    ("edges", Graph, false),
    ("agents", Graph, false),
    ("handoffs", Graph, false),
    ("mcpservers", Graph, true),
    ("guardrails", Guardrail, false),
    ("guardrail", Guardrail, false),
    ("safetysettings", Guardrail, false),
    ("fallbacks", Fallback, false),
    ("fallbackmodels", Fallback, false),
    ("modelfallbacks", Fallback, true),
    ("contextwindowfallbacks", Fallback, true),
    ("contentpolicyfallbacks", Fallback, true),
    ("rubricprompt", Judge, true),
    ("evalmodel", Judge, true),
    ("evaluationmodel", Judge, true),
];

/// Vendors' names before a variable of the environment or a property: what follows is about a model.
const OWNERS: &[&str] = &[
    "azureopenai",
    "openai",
    "anthropic",
    "bedrock",
    "llm",
    "gemini",
    "mistral",
    "cohere",
    "vertex",
    "vertexai",
    "groq",
    "ollama",
    "litellm",
    "openrouter",
    "deepseek",
];

/// Ends of keys for a model, beside the listed ones.
const MODEL_ENDS: &[&str] = &["model", "modelid", "modelname", "modelkey"];

/// What follows `judge` in a key about one.
const JUDGED: &[&str] = &["", "model", "modelid", "modelname", "provider", "llm", "prompt", "rubric", "instructions"];

/// Keys that say something about a thing and change nothing of what it does.
const REMARKS: &[&str] = &[
    "description",
    "summary",
    "title",
    "tags",
    "sample",
    "samples",
    "testdata",
    "authors",
    "author",
    "comment",
    "comments",
    "note",
    "notes",
    "displayname",
    "license",
    "annotations",
    "metadata",
    "href",
    "url",
    "homepage",
    "repository",
    "image",
    "tag",
    "created",
    "updated",
    "lastupdated",
    "timestamp",
    "help",
    "doc",
    "docs",
    "changelog",
    "keywords",
    "placeholder",
];

/// Small letters and digits alone: `maxTokens`, `max_tokens` and `max-tokens` are one.
pub(super) fn fold(name: &str) -> Cow<'_, str> {
    if name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
        return Cow::Borrowed(name);
    }
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect::<String>().into()
}

/// What the key `name` is about.
pub(super) fn key(name: &str) -> Option<Key> {
    // `spring.ai.openai.chat.options.model` is read by its end.
    let last = match name.rsplit_once('.') {
        // The key of a text in a `ConfigMap`.
        Some((stem, "txt" | "md" | "j2" | "tmpl")) => stem,
        Some((_, last)) => last,
        None => name,
    };
    let folded = fold(last);
    let listed =
        |folded: &str| KEYS.iter().find(|(n, ..)| *n == folded).map(|(_, group, own)| Key { group: *group, own: *own });
    if let Some(found) = listed(&folded) {
        return Some(found);
    }
    let ends = MODEL_ENDS.iter().any(|end| folded.ends_with(end));
    let judge = ["judge", "grader"].iter().find_map(|head| folded.strip_prefix(head));
    if judge.is_some_and(|rest| JUDGED.contains(&rest))
        || (ends && ["judge", "grader", "evaluator"].iter().any(|w| folded.contains(w)))
    {
        return Some(Key { group: Judge, own: false });
    }
    if ends && folded.contains("embed") {
        return Some(Key { group: Retrieval, own: true });
    }
    if folded.starts_with("fewshot") {
        return Some(Key { group: Prompt, own: true });
    }
    let owned = OWNERS.iter().find_map(|owner| folded.strip_prefix(owner));
    if let Some(found) = owned.and_then(|rest| listed(rest).or_else(|| suffix(rest, ends))) {
        return Some(Key { own: !matches!(found.group, Pin), ..found });
    }
    if folded.ends_with("systemprompt") || folded.ends_with("prompttemplate") {
        return Some(Key { group: Prompt, own: true });
    }
    suffix(&folded, ends)
}

/// A key by its end.
fn suffix(folded: &str, model: bool) -> Option<Key> {
    let is = |group| Some(Key { group, own: false });
    match () {
        () if folded.contains("fallback") && model => is(Fallback),
        () if model || folded.contains("deploymentname") => is(Model),
        () if folded.ends_with("prompt") => is(Prompt),
        () => None,
    }
}

/// Does the key say something about a thing only?
pub(super) fn is_remark(name: &str) -> bool {
    REMARKS.contains(&&*fold(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_folded_and_told_by_their_ends() {
        let table = [
            ("default_model", Model, false),
            ("servedModelName", Model, true),
            ("OPENAI_MODEL", Model, true),
            ("AZURE_OPENAI_CHAT_DEPLOYMENT_NAME", Model, true),
            ("LLM_TEMPERATURE", Decoding, true),
            ("SUMMARY_MODEL_ID", Model, false),
            ("EMBEDDING_MODEL", Retrieval, true),
            ("spring.ai.openai.chat.options.max-tokens", Decoding, false),
            ("system_prompt.txt", Prompt, true),
            ("judge_model", Judge, false),
            ("mcpServers", Graph, true),
            ("SUPPORT_SYSTEM_PROMPT", Prompt, true),
        ];
        for (name, group, own) in table {
            assert_eq!(key(name), Some(Key { group, own }), "{name}");
        }
        for name in ["replicas", "OPENAI_API_KEY", "models", "LLM_TIMEOUT", "color", "judge_output"] {
            assert_eq!(key(name), None, "{name}");
        }
    }
}
