//! Texts of prompts: what counts as another one, and how much of it is.

use std::collections::{BTreeMap, BTreeSet};

use super::context::At;
use super::kind::{Confidence, Recognised, RecognisedKind};

/// A text as a model is given it: without the blanks at the ends of lines and around it, and without what its template
/// leaves out.
pub(super) fn normal(text: &str) -> String {
    let text = uncommented(text);
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').trim_end().to_owned()
}

/// Without the comments of Jinja and Handlebars.
fn uncommented(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, end)) = opening(rest) {
        let Some(length) = rest[at..].find(end) else { break };
        out += &rest[..at];
        rest = &rest[at + length + end.len()..];
    }
    out + rest
}

/// The first comment, and what ends it.
fn opening(text: &str) -> Option<(usize, &'static str)> {
    let marks = [("{#", "#}"), ("{{!--", "--}}"), ("{{!", "}}")];
    let found = marks.iter().filter_map(|(open, close)| Some((text.find(open)?, *close)));
    // Of two that begin at one place the longer one is listed first.
    found.min_by_key(|(at, _)| *at)
}

/// What `before` and `after` say, if they differ as prompts do.
pub(super) fn texts(before: &str, after: &str, at: &At, confidence: Confidence) -> Option<Recognised> {
    let (old, new) = (normal(before), normal(after));
    if old == new {
        return None;
    }
    let (words, all) = words(&old, &new);
    let size = match words {
        0 => "its words stand in another order or on other lines".to_owned(),
        1 => format!("1 word of {all} differs"),
        n => format!("{n} words of {all} differ"),
    };
    let (had, has) = (variables(&old), variables(&new));
    let list = |a: &BTreeSet<String>, b: &BTreeSet<String>| {
        a.difference(b).take(3).map(|v| format!("`{v}`")).collect::<Vec<_>>().join(", ")
    };
    let (gone, came) = (list(&had, &has), list(&has, &had));
    let mut more = String::new();
    if !came.is_empty() {
        more += &format!("; it takes {came} now");
    }
    if !gone.is_empty() {
        more += &format!("; it no longer takes {gone}");
    }
    let confidence = if more.is_empty() { confidence } else { confidence.max(Confidence::Medium) };
    let (kind, whose) = if at.judge {
        (RecognisedKind::JudgeChange, "the judge's prompt")
    } else {
        (RecognisedKind::PromptTweak, "the prompt")
    };
    Some(at.says(kind, confidence, format!("the text of {whose} changes: {size}{more}")))
}

/// How many words one text has and the other doesn't, the larger of both ways, and how many the longer text has.
fn words(before: &str, after: &str) -> (usize, usize) {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    before.split_whitespace().for_each(|w| counts.entry(w).or_default().0 += 1);
    after.split_whitespace().for_each(|w| counts.entry(w).or_default().1 += 1);
    let gone: usize = counts.values().map(|(a, b)| a.saturating_sub(*b)).sum();
    let came: usize = counts.values().map(|(a, b)| b.saturating_sub(*a)).sum();
    let (old, new): (usize, usize) = counts.values().fold((0, 0), |(x, y), (a, b)| (x + a, y + b));
    (gone.max(came), old.max(new))
}

/// What a template asks for: `{{name}}`, `{name}`.
fn variables(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        rest = rest[at..].trim_start_matches('{');
        let name: String =
            rest.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')).collect();
        let after = rest.trim_start()[name.len()..].trim_start();
        let closes = after.starts_with('}') || after.starts_with('|');
        if closes && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            found.insert(name);
        }
    }
    found
}

/// Is it words for a model rather than a name or a label?
pub(super) fn is_text(text: &str) -> bool {
    text.split_whitespace().nth(3).is_some()
}

/// Is it the path or the name of a prompt?
pub(super) fn is_reference(text: &str) -> bool {
    let ends = [
        ".txt",
        ".md",
        ".prompt",
        ".prompty",
        ".j2",
        ".jinja2",
        ".jinja",
        ".hbs",
        ".mustache",
        ".yaml",
        ".yml",
        ".json",
    ];
    !text.contains(char::is_whitespace) && (ends.iter().any(|end| text.ends_with(end)) || text.starts_with("prompts:/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_comments_are_no_words() {
        assert_eq!(normal("a  \r\nb\n\n"), normal("a\nb"));
        assert_eq!(normal("a{# note #} b"), normal("a b"));
        assert_eq!(normal("a{{!-- x }} y --}}b{{! z }}"), "ab");
        assert_ne!(normal("a\n\nb"), normal("a\nb"));
        assert_eq!(normal("{# never closed"), "{# never closed");
    }

    #[test]
    fn words_and_variables_are_counted() {
        assert_eq!(words("do not lie", "do lie"), (1, 3));
        assert_eq!(words("a b", "b a"), (0, 2));
        let names: Vec<String> =
            variables("{{ name }} {age} {{#if x}} { \"json\": 1 } {{user.id | upper}}").into_iter().collect();
        assert_eq!(names, ["age", "name", "user.id"]);
    }
}
