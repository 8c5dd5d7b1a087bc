//! The JSON report, `rollgate/report/v1`. Fields are only ever added.

use schemars::JsonSchema;
use serde::Serialize;

use super::escape::visible_json;
use crate::finding::{Edit, Finding, Fix, Report, RolloutKey, Skipped, Undetermined};
use crate::text::{Position, Sources, Span};

/// The report of one run.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "rollgate report v1")]
pub struct JsonReport {
    /// The name and version of this form.
    #[schemars(extend("const" = "rollgate/report/v1"))]
    schema: &'static str,
    tool: Tool,
    /// The moment judged for, RFC 3339 in UTC.
    as_of: String,
    policy: Policy,
    /// How the run ended. `undecided` beats `findings`: something that should have been judged could not be.
    #[schemars(extend("enum" = ["clean", "findings", "undecided"]))]
    verdict: &'static str,
    coverage: Coverage,
    findings: Vec<JsonFinding>,
    /// What could not be known from the files.
    undetermined: Vec<JsonUndetermined>,
    /// What is said beside the findings.
    notices: Vec<String>,
    /// Why the run could not decide; empty unless the verdict is `undecided`.
    failures: Vec<JsonFailure>,
}

#[derive(Serialize, JsonSchema)]
struct Tool {
    #[schemars(extend("const" = "rollgate"))]
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize, JsonSchema)]
struct Policy {
    /// Path of the policy file, or `preset NAME`.
    source: String,
    extends: Vec<String>,
    /// Whose policy judged, in gate modes: `base` or `head`.
    trust: Option<String>,
    /// The commit the policy was read from, in gate modes.
    commit: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Coverage {
    files: usize,
    documents: usize,
    rollouts: usize,
    skipped: Vec<JsonSkipped>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Skipped")]
pub(super) struct JsonSkipped {
    file: String,
    reason: String,
}

impl From<&Skipped> for JsonSkipped {
    fn from(skipped: &Skipped) -> Self {
        Self { file: skipped.path.clone(), reason: skipped.reason.clone() }
    }
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Failure")]
struct JsonFailure {
    file: Option<String>,
    message: String,
    help: String,
}

/// A place: lines and columns from 1, columns in Unicode scalar values, offsets in bytes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Span")]
pub(super) struct JsonSpan {
    start: Place,
    end: Place,
}

#[derive(Serialize, JsonSchema)]
struct Place {
    line: u32,
    column: u32,
    offset: u32,
}

impl From<Position> for Place {
    fn from(at: Position) -> Self {
        Self { line: at.line, column: at.column, offset: at.offset }
    }
}

/// The JSON form of `span`.
pub(super) fn json_span(sources: &Sources, span: Span) -> JsonSpan {
    let (start, end) = sources.positions(span);
    JsonSpan { start: start.into(), end: end.into() }
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rollout")]
struct JsonRollout {
    system: &'static str,
    group: String,
    kind: String,
    namespace: Option<String>,
    name: String,
    service: String,
    environment: Option<String>,
}

impl From<&RolloutKey> for JsonRollout {
    fn from(key: &RolloutKey) -> Self {
        Self {
            system: key.system,
            group: key.group.to_string(),
            kind: key.kind.to_string(),
            namespace: key.namespace.as_deref().map(str::to_owned),
            name: key.name.to_string(),
            service: key.service.to_string(),
            environment: key.environment.as_deref().map(str::to_owned),
        }
    }
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Related")]
struct JsonRelated {
    file: String,
    span: JsonSpan,
    message: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Finding")]
struct JsonFinding {
    /// The rule's id.
    rule: &'static str,
    #[schemars(extend("enum" = ["warning", "error"]))]
    level: &'static str,
    /// Only an active finding counts.
    #[schemars(extend("enum" = ["active", "suppressed", "waived", "baselined", "overridden"]))]
    state: &'static str,
    /// Why it does not count, where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    excuse: Option<String>,
    file: String,
    span: JsonSpan,
    rollout: Option<JsonRollout>,
    message: String,
    /// What was found, short.
    found: Option<String>,
    /// What is required, short.
    required: Option<String>,
    help: String,
    related: Vec<JsonRelated>,
    /// Stable across runs: no line number in it.
    fingerprint: String,
    docs: String,
    /// Ways to mend it, each proved on the file: it ends the finding, starts no other and changes nothing else. Only
    /// where a tree is checked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<JsonFix>,
    /// The commit it belongs to, where each commit is judged on its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Fix")]
struct JsonFix {
    /// What it does, as a command.
    title: String,
    /// `safe`: what is written has one meaning and no valid spelling. `suggested`: it changes how the rollout goes.
    #[schemars(extend("enum" = ["safe", "suggested"]))]
    safety: &'static str,
    edits: Vec<JsonEdit>,
}

/// A replacement of bytes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Edit")]
struct JsonEdit {
    file: String,
    span: JsonSpan,
    /// What stands there afterwards.
    text: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Undetermined")]
struct JsonUndetermined {
    rule: &'static str,
    file: String,
    span: JsonSpan,
    /// Why, as a word: `template`, `no-repository`.
    reason: &'static str,
    message: String,
    rollout: Option<JsonRollout>,
}

/// The report as JSON text, with a final line break.
pub fn json(report: &Report, sources: &Sources) -> String {
    print(&build(report, sources))
}

/// `value` as indented JSON with a final line break, safe to print on a terminal.
pub(super) fn print(value: &impl Serialize) -> String {
    // Plain structs of strings and numbers have no way to fail.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    visible_json(text)
}

fn build(report: &Report, sources: &Sources) -> JsonReport {
    let coverage = &report.coverage;
    let skipped = coverage.skipped.iter();
    let failures = report.failures.iter();
    JsonReport {
        schema: "rollgate/report/v1",
        tool: Tool { name: "rollgate", version: env!("CARGO_PKG_VERSION") },
        as_of: report.as_of.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        policy: Policy {
            source: report.policy.source.clone(),
            extends: report.policy.extends.clone(),
            trust: report.policy.trust.as_ref().map(|t| t.side.to_owned()),
            commit: report.policy.trust.as_ref().and_then(|t| t.commit.clone()),
        },
        verdict: report.verdict().name(),
        coverage: Coverage {
            files: coverage.files,
            documents: coverage.documents,
            rollouts: coverage.rollouts,
            skipped: skipped.map(JsonSkipped::from).collect(),
        },
        findings: report.findings.iter().map(|f| finding(f, sources)).collect(),
        undetermined: report.undetermined.iter().map(|u| undetermined(u, sources)).collect(),
        notices: report.notices.clone(),
        failures: failures
            .map(|f| JsonFailure { file: f.path.clone(), message: f.message.clone(), help: f.help.clone() })
            .collect(),
    }
}

fn finding(finding: &Finding, sources: &Sources) -> JsonFinding {
    let related = finding.related.iter().map(|label| JsonRelated {
        file: sources.path(label.span.file).to_owned(),
        span: json_span(sources, label.span),
        message: label.text.clone(),
    });
    JsonFinding {
        rule: finding.rule.id,
        level: finding.level.name(),
        state: finding.state.name(),
        excuse: finding.excuse.clone(),
        file: sources.path(finding.primary.file).to_owned(),
        span: json_span(sources, finding.primary),
        rollout: finding.rollout.as_ref().map(Into::into),
        message: finding.what.clone(),
        found: finding.found.clone(),
        required: finding.required.clone(),
        help: finding.help.clone(),
        related: related.collect(),
        fingerprint: finding.fingerprint.to_string(),
        docs: format!("docs/rules/{}.md", finding.rule.id),
        fixes: finding.fixes.iter().map(|f| fix(f, sources)).collect(),
        commit: finding.commit.clone(),
    }
}

fn fix(fix: &Fix, sources: &Sources) -> JsonFix {
    let edit = |edit: &Edit| JsonEdit {
        file: sources.path(edit.span.file).to_owned(),
        span: json_span(sources, edit.span),
        text: edit.text.clone(),
    };
    JsonFix { title: fix.title.clone(), safety: fix.safety.name(), edits: fix.edits.iter().map(edit).collect() }
}

fn undetermined(unknown: &Undetermined, sources: &Sources) -> JsonUndetermined {
    JsonUndetermined {
        rule: unknown.rule.id,
        file: sources.path(unknown.span.file).to_owned(),
        span: json_span(sources, unknown.span),
        reason: unknown.reason,
        message: unknown.what.clone(),
        rollout: unknown.rollout.as_ref().map(Into::into),
    }
}
