//! A model's name, taken apart, and what becomes of it.

use super::families::{BEDROCK, FAMILIES, Family, HOSTS, REGIONS};

/// The longest text that is looked at as a name.
const LONGEST: usize = 256;

/// A model by its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Model {
    /// Who serves it, where that is written and is not the vendor.
    pub(super) host: Option<&'static str>,
    /// Whose it is.
    pub(super) vendor: &'static str,
    /// Its family, version and size, in small letters.
    pub(super) core: Vec<String>,
    /// The date or number that fixes its version.
    pub(super) pin: Option<String>,
    /// Does it make vectors?
    pub(super) embeds: bool,
    /// Can the name mean nothing but a model?
    pub(super) telling: bool,
}

/// What becomes of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is the same.
    Same,
    /// Another vendor's.
    Vendor,
    /// The same, elsewhere.
    Host,
    /// Another one of the same vendor.
    Upgrade,
    /// The same, of another date.
    Date,
    /// Its date is no longer fixed.
    Unpinned,
    /// Its date is fixed now.
    Pinned,
}

impl Model {
    /// The model that `text` names as a whole.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.len() > LONGEST || text.contains(char::is_whitespace) {
            return None;
        }
        let lower = text.to_ascii_lowercase();
        let (host, name) = place(&lower)?;
        let (family, rest) = family(name)?;
        let (mut core, pin) = parts(name, rest);
        core.insert(0, stem(family).to_owned());
        let host = host.filter(|h| h.1 != family.vendor).map(|h| h.0);
        let telling = family.telling || host.is_some_and(|h| h == "bedrock");
        Some(Self { host, vendor: family.vendor, core, pin, embeds: family.embeds, telling })
    }

    /// What it takes to come from here to `after`.
    pub(super) fn step(&self, after: &Self) -> Step {
        if self.vendor != after.vendor {
            return Step::Vendor;
        }
        if self.core != after.core {
            return Step::Upgrade;
        }
        match (&self.pin, &after.pin) {
            (Some(a), Some(b)) if a != b => Step::Date,
            (Some(_), None) => Step::Unpinned,
            (None, Some(_)) => Step::Pinned,
            (Some(_), Some(_)) | (None, None) if self.host != after.host => Step::Host,
            (Some(_), Some(_)) | (None, None) => Step::Same,
        }
    }
}

/// One word for spellings of one family.
fn stem(family: &Family) -> &'static str {
    let stem = family.stem.trim_end_matches('-');
    stem.strip_prefix("meta-").unwrap_or(stem)
}

/// The host (with the vendor whose own it is) and the bare name.
fn place(text: &str) -> Option<(Option<(&'static str, &'static str)>, &str)> {
    let mut host = None;
    let mut rest = text;
    if let Some(arn) = text.strip_prefix("arn:") {
        let (head, name) = arn.split_once('/')?;
        let known = head.contains(":bedrock:") && !head.contains("application-inference-profile");
        (host, rest) = (known.then_some(("bedrock", "")), name);
        host?;
    }
    for _ in 0..6 {
        let Some((head, tail)) = rest.split_once(['/', ':']) else { break };
        let slash = rest.as_bytes().get(head.len()) == Some(&b'/');
        if let Some((_, name, own)) = HOSTS.iter().find(|(written, ..)| *written == head) {
            // `openrouter/openai/gpt-4o` is served by the first.
            host = host.or(Some((*name, *own)));
        } else {
            // `openai:chat:gpt-4o` says between host and name how it is called.
            let call = host.is_some()
                && matches!(head, "chat" | "messages" | "completion" | "embedding" | "embeddings" | "responses");
            if !(slash || call) {
                break;
            }
        }
        rest = tail;
    }
    let dotted = REGIONS.iter().find_map(|r| rest.strip_prefix(r)?.strip_prefix('.')).unwrap_or(rest);
    if let Some(name) = BEDROCK.iter().find_map(|v| dotted.strip_prefix(v)?.strip_prefix('.')) {
        return Some((Some(("bedrock", "")), name));
    }
    Some((host, rest))
}

/// The family of `name` and what follows its stem.
fn family(name: &str) -> Option<(&'static Family, &str)> {
    let fits = |family: &&'static Family| {
        let rest = name.strip_prefix(family.stem)?;
        let free =
            rest.is_empty() || family.stem.ends_with('-') || !rest.starts_with(|c: char| c.is_ascii_alphabetic());
        let then = |t: &&&str| if t.is_empty() { rest.is_empty() } else { rest.starts_with(**t) };
        let next = family.then.iter().find(then);
        let ok = if family.then.is_empty() { free } else { next.is_some() };
        ok.then(|| (family.stem.len() + next.map_or(0, |t| t.len()), *family, rest))
    };
    let best = FAMILIES.iter().filter_map(|f| fits(&f)).max_by_key(|(length, ..)| *length)?;
    is_name(name).then_some((best.1, best.2))
}

/// Is it written as names of models are: no path of a web page, no file?
fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '@');
    let file = [".txt", ".md", ".json", ".yaml", ".yml", ".py", ".js", ".ts", ".gguf", ".bin", ".com", ".html", ".sh"];
    name.chars().all(plain) && name.len() <= 80 && !file.iter().any(|end| name.ends_with(end))
}

/// Words that say how a model is served, and which it isn't.
const SAYS_NOTHING: &[&str] = &["latest", "stable", "main", "free", "0"];

/// What follows the stem: the words of version and size, and the pin.
fn parts(name: &str, rest: &str) -> (Vec<String>, Option<String>) {
    let mut rest = rest;
    // `-v1:0` of Bedrock numbers the way of calling it, where a date says the version.
    if let Some((head, tail)) = rest.rsplit_once(':')
        && is_digits(tail)
    {
        rest = head;
        if let Some((dated, v)) = head.rsplit_once("-v")
            && is_digits(v)
            && dated.len() >= 8
            && is_digits(&dated[dated.len() - 8..])
        {
            rest = dated;
        }
    }
    let words: Vec<&str> = rest.split(['-', '_', ':', '@', '.']).filter(|w| !w.is_empty()).collect();
    let (mut core, mut pin): (Vec<String>, Vec<&str>) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < words.len() {
        let taken = date(&words, at);
        if taken > 0 {
            pin.extend(&words[at..at + taken]);
        } else if !SAYS_NOTHING.contains(&words[at]) {
            core.push(words[at].to_owned());
        }
        at += taken.max(1);
    }
    // Azure writes 3.5 without a dot.
    if name.starts_with("gpt-35") && core.first().is_some_and(|w| w == "35") {
        core.splice(0..1, ["3".to_owned(), "5".to_owned()]);
    }
    (core, (!pin.is_empty()).then(|| pin.join("-")))
}

/// How many words at `at` are a date or a number that stands for one.
fn date(words: &[&str], at: usize) -> usize {
    let digits = |i: usize, n: usize| words.get(at + i).is_some_and(|w| w.len() == n && is_digits(w));
    let year = |i: usize| digits(i, 4) && words.get(at + i).is_some_and(|w| w.starts_with("20"));
    match () {
        () if year(0) && digits(1, 2) && digits(2, 2) => 3,
        () if digits(0, 2) && year(1) => 2,
        () if digits(0, 2) && digits(1, 2) && at > 0 && matches!(words[at - 1], "preview" | "exp" | "thinking") => 2,
        () if digits(0, 8) || digits(0, 6) || digits(0, 4) || (at > 0 && digits(0, 3)) => 1,
        () => 0,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// What stands in a place for a value that is decided elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written<'t> {
    /// The value itself.
    Plain(&'t str),
    /// The environment, with the value where it is silent.
    Default(&'t str),
    /// The environment, without a value of its own.
    Elsewhere,
    /// A template, or a variable that another file fills.
    Template,
}

impl<'t> Written<'t> {
    /// Reads `text`.
    pub(super) fn read(text: &'t str) -> Self {
        let text = text.trim();
        let is_name =
            |n: &str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if !["${", "{{", "$(", "<%"].iter().any(|open| text.contains(open)) {
            let variable = text.strip_prefix('$').is_some_and(is_name);
            return if variable { Self::Elsewhere } else { Self::Plain(text) };
        }
        let Some(inner) = text.strip_prefix("${").and_then(|t| t.strip_suffix('}')) else { return Self::Template };
        let named = inner.strip_prefix("env:").or_else(|| inner.strip_prefix("ENV:")).unwrap_or(inner);
        let (name, default) = match named.split_once(":-").or_else(|| named.split_once(':')) {
            Some((name, default)) => (name, default.trim()),
            None => (named, ""),
        };
        match () {
            () if !is_name(name) && named == inner => Self::Template,
            () if default.is_empty() => Self::Elsewhere,
            () if default.contains(['$', '{']) => Self::Template,
            () => Self::Default(default),
        }
    }

    /// What is written or holds where nothing else is said.
    pub(super) fn value(self) -> Option<&'t str> {
        match self {
            Self::Plain(text) | Self::Default(text) => Some(text),
            Self::Elsewhere | Self::Template => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(before: &str, after: &str) -> Step {
        Model::read(before).unwrap().step(&Model::read(after).unwrap())
    }

    #[test]
    fn what_becomes_of_a_model() {
        let table = [
            ("gpt-4o", "gpt-5", Step::Upgrade),
            ("gpt-5", "gpt-5-nano", Step::Upgrade),
            ("openai/gpt-4o", "gpt-4o", Step::Same),
            ("azure/gpt-4o", "openai/gpt-4o", Step::Host),
            ("gpt-4o-2024-08-06", "gpt-4o-2024-11-20", Step::Date),
            ("gpt-4o-2024-08-06", "gpt-4o", Step::Unpinned),
            ("gpt-4o", "gpt-4o-2024-08-06", Step::Pinned),
            ("gpt-35-turbo", "gpt-3.5-turbo", Step::Same),
            ("gpt-4-0613", "gpt-4-1106-preview", Step::Upgrade),
            ("claude-3-5-sonnet-20241022", "claude-3-5-sonnet-latest", Step::Unpinned),
            ("claude-3-5-sonnet-20241022", "anthropic.claude-3-5-sonnet-20241022-v2:0", Step::Host),
            (
                "us.anthropic.claude-3-5-sonnet-20241022-v2:0",
                "eu.anthropic.claude-3-5-sonnet-20241022-v2:0",
                Step::Same,
            ),
            ("openrouter/anthropic/claude-3.5-sonnet", "openrouter/openai/gpt-4o", Step::Vendor),
            ("models/gemini-2.0-flash", "models/gemini-2.5-flash", Step::Upgrade),
            ("gemini-2.5-flash-preview-05-20", "gemini-2.5-flash-preview-09-25", Step::Date),
            ("googleai/gemini-2.5-pro", "vertexai/gemini-2.5-pro", Step::Host),
            ("command-r-08-2024", "command-r", Step::Unpinned),
            ("meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.3-70B-Instruct", Step::Upgrade),
            ("openai:chat:gpt-4o", "openai:gpt-4o", Step::Same),
            ("llama3.1:8b", "llama3.1:70b", Step::Upgrade),
        ];
        for (before, after, wanted) in table {
            assert_eq!(step(before, after), wanted, "{before} to {after}");
        }
    }

    #[test]
    fn an_arn_names_its_model() {
        let of = |name: &str| format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.{name}");
        let before = of("claude-3-7-sonnet-20250219-v1:0");
        assert_eq!(step(&before, &of("claude-haiku-4-5-20251001-v1:0")), Step::Upgrade);
        assert_eq!(step(&before, &before.replace("1234", "4321")), Step::Same);
        assert_eq!(Model::read("arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2"), None);
        assert_eq!(Model::read("arn:aws:s3:::models/gpt-4o"), None);
    }

    #[test]
    fn what_is_no_model() {
        let table = [
            "gpt-engineer",
            "claude-code",
            "gemini-cli",
            "mistral-api",
            "sonarqube",
            "granite-countertop",
            "e5-2670",
            "llama",
            "o1x",
            "phi-node",
            "v1.2.3",
            "gpt",
            "model 3",
            "qwenty",
            "https://example.com/gpt-4o.html",
            "",
            "prompts/gpt-4.txt",
            "golf-gti",
            "nova",
            "titan",
            "@anthropic-ai/claude-agent-sdk",
            "llamaindex",
            "glm-ok",
        ];
        for name in table {
            assert_eq!(Model::read(name), None, "{name}");
        }
    }

    #[test]
    fn where_a_value_comes_from() {
        assert_eq!(Written::read("gpt-4o"), Written::Plain("gpt-4o"));
        assert_eq!(Written::read("${MODEL:-gpt-4o}"), Written::Default("gpt-4o"));
        assert_eq!(Written::read("${env:MODEL:gpt-4o}"), Written::Default("gpt-4o"));
        assert_eq!(Written::read("${env:MODEL}"), Written::Elsewhere);
        assert_eq!(Written::read("{{ .Values.model }}"), Written::Template);
        assert_eq!(Written::read("${var.model}"), Written::Template);
        assert_eq!(Written::read("$MODEL"), Written::Elsewhere);
    }
}
