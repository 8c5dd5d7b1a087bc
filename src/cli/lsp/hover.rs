//! What is known of a place: the rollout that stands there, stage by stage, and the rules that found something.

use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind};

use super::place::Page;
use super::state::Judged;
use crate::engine::Inspected;
use crate::finding::{Finding, State};
use crate::render::{self, Model};
use crate::text::Span;

/// What is known of the byte `at`.
pub(super) fn hover(judged: &Judged, inspected: &Inspected, page: &Page<'_>, at: usize) -> Option<Hover> {
    let is_here =
        |span: Span| Some(span.file) == judged.file && (span.start as usize..=span.end as usize).contains(&at);
    let mut findings: Vec<&Finding> =
        judged.report.findings.iter().filter(|f| f.state == State::Active && is_here(f.primary)).collect();
    findings.dedup_by_key(|f| f.rule.id);
    let mut parts: Vec<String> = findings.iter().map(|f| rule(f)).collect();
    let rollouts: Vec<_> = inspected.linked.rollouts.iter().filter(|r| is_here(r.span)).cloned().collect();
    if !rollouts.is_empty() {
        let model = Model { rollouts: &rollouts, criteria: &[], prompts: &[], skipped: &[] };
        parts.push(format!("```text\n{}```", render::inspect(&model, &inspected.sources).replace("```", "` ` `")));
    }
    let value = parts.join("\n\n---\n\n");
    let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value });
    let range = findings.first().map(|f| page.range(f.primary));
    (!parts.is_empty()).then_some(Hover { contents, range })
}

/// What a rule found, and its page up to the examples.
fn rule(finding: &Finding) -> String {
    let page: Vec<&str> = finding.rule.docs.lines().map(|l| l.strip_prefix(' ').unwrap_or(l)).collect();
    let end = page.iter().position(|l| *l == "## Examples").unwrap_or(page.len());
    let what = render::visible(&finding.what).replace('<', "\\<");
    format!("**{}**: {what}\n\n{}", finding.rule.id, page[..end].join("\n").replace("## ", "#### ").trim())
}
