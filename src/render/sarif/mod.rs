//! SARIF 2.1.0: one run, all rules that ran, what was found.

mod notes;
mod place;
mod result;
mod rules;

use std::collections::BTreeMap;

use serde::Serialize;

use super::json::print;
use super::{Excused, visible};
use crate::catalog::{Level, RuleMeta};
use crate::finding::Report;
use crate::text::Sources;
use notes::Notification;
use place::ArtifactLocation;
use result::SarifResult;
use rules::Descriptor;

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    original_uri_base_ids: BTreeMap<&'static str, Base>,
    column_kind: &'static str,
    results: Vec<SarifResult>,
    properties: RunProperties,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    information_uri: Option<&'static str>,
    rules: Vec<Descriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Base {
    description: Message,
}

#[derive(Serialize)]
struct RunProperties {
    verdict: &'static str,
    policy: String,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

impl Message {
    /// Plain text: `[text](target)` would be a link there, so the two are drawn apart. It has no arguments, so braces
    /// stand for themselves.
    fn new(text: &str) -> Self {
        let lines: Vec<_> = text.lines().map(visible).collect();
        Self { text: lines.join("\n").replace("](", "] (") }
    }
}

/// The report as SARIF.
pub fn sarif(report: &Report, sources: &Sources, excused: Excused) -> String {
    let rules = all_rules(report);
    let desk = Desk { sources, rules: &rules };
    let repository = env!("CARGO_PKG_REPOSITORY");
    let run = Run {
        tool: Tool {
            driver: Driver {
                name: "rollgate",
                semantic_version: env!("CARGO_PKG_VERSION"),
                information_uri: Some(repository).filter(|r| !r.is_empty()),
                rules: rules.iter().map(|rule| Descriptor::of(rule)).collect(),
            },
        },
        invocations: [Invocation {
            execution_successful: report.failures.is_empty(),
            tool_execution_notifications: desk.notifications(report),
        }],
        original_uri_base_ids: BTreeMap::from([(
            ArtifactLocation::ROOT,
            Base { description: Message::new("the root of the repository") },
        )]),
        column_kind: "utf16CodeUnits",
        results: excused.of(&report.findings).map(|f| desk.result(f)).collect(),
        properties: RunProperties { verdict: report.verdict().name(), policy: report.policy.source.clone() },
    };
    print(&Log {
        schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        version: "2.1.0",
        runs: [run],
    })
}

/// The rules that ran, and whatever else something is said by.
fn all_rules(report: &Report) -> Vec<&'static RuleMeta> {
    let mut rules = report.rules.clone();
    let said = report.findings.iter().map(|f| f.rule).chain(report.undetermined.iter().map(|u| u.rule));
    for rule in said {
        if !rules.iter().any(|r| r.id == rule.id) {
            rules.push(rule);
        }
    }
    rules
}

/// SARIF's name for a level.
const fn level_name(level: Level) -> &'static str {
    match level {
        Level::Off => "none",
        Level::Warning => "warning",
        Level::Error => "error",
    }
}

/// What results and notes are made from.
struct Desk<'a> {
    sources: &'a Sources,
    rules: &'a [&'static RuleMeta],
}

impl Desk<'_> {
    fn index(&self, rule: &RuleMeta) -> Option<usize> {
        self.rules.iter().position(|r| r.id == rule.id)
    }
}
