//! What SARIF tells of a rule.

use serde::Serialize;

use super::level_name;
use crate::catalog::{Level, RuleMeta};
use crate::render::explain::{plain, sentence};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    id: &'static str,
    name: String,
    short_description: Text,
    full_description: Text,
    help: Help,
    default_configuration: Configuration,
    properties: Properties,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Configuration {
    #[serde(skip_serializing_if = "is_true")]
    enabled: bool,
    level: &'static str,
}

/// What code scanning sorts and filters by. No `security-severity`: it would turn findings into security alerts.
#[derive(Serialize)]
struct Properties {
    tags: [String; 2],
    precision: &'static str,
    #[serde(rename = "problem.severity")]
    severity: &'static str,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands in a reference")]
const fn is_true(value: &bool) -> bool {
    *value
}

/// The plain text of a rule's page is wrapped at this many columns.
const WIDTH: usize = 100;

impl Descriptor {
    pub(super) fn of(rule: &RuleMeta) -> Self {
        let severity = match rule.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Off => "recommendation",
        };
        let family = rule.family.title().to_lowercase().replace(", ", "-").replace(' ', "-");
        Self {
            id: rule.id,
            name: pascal_case(rule.id),
            short_description: Text { text: sentence(rule.summary) },
            full_description: Text { text: first_paragraph(rule) },
            help: Help { text: plain(rule.docs, WIDTH), markdown: markdown(rule.docs) },
            default_configuration: Configuration { enabled: rule.level != Level::Off, level: level_name(rule.level) },
            properties: Properties { tags: ["rollout".to_owned(), family], precision: "high", severity },
        }
    }
}

/// `canary-too-small` as `CanaryTooSmall`.
fn pascal_case(id: &str) -> String {
    id.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

/// The first paragraph under the page's first heading, on one line; its summary where the page is empty.
fn first_paragraph(rule: &RuleMeta) -> String {
    let lines = rule.docs.lines().map(str::trim).skip_while(|l| l.is_empty() || l.starts_with('#'));
    let text = lines.take_while(|l| !l.is_empty()).collect::<Vec<_>>().join(" ");
    if text.is_empty() { sentence(rule.summary) } else { text }
}

/// The rule's page: our marks on its examples become words above them.
fn markdown(docs: &str) -> String {
    let mut out = String::new();
    for line in docs.lines().map(|l| l.strip_prefix(' ').unwrap_or(l)) {
        let info = line.strip_prefix("```yaml ").unwrap_or_default();
        out += match info.split(' ').next() {
            Some("violates") => "This is found:\n\n",
            Some("passes") => "This passes:\n\n",
            Some("before") => "Before the change:\n\n",
            Some("also") => "The change also brings:\n\n",
            Some(_) | None => "",
        };
        out += if info.is_empty() { line } else { "```yaml" };
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{markdown, pascal_case};

    #[test]
    fn names_and_marks() {
        assert_eq!(pascal_case("canary-too-small"), "CanaryTooSmall");
        assert_eq!(
            markdown(" a\n ```yaml violates at:x\n  b: 1\n ```\n"),
            "a\nThis is found:\n\n```yaml\n b: 1\n```\n"
        );
    }
}
