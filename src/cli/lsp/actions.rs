//! What can be done about a finding: its fixes, and an ignore that says why and until when.

use std::ops::RangeInclusive;

use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionResponse, DocumentChanges, OneOf,
    OptionalVersionedTextDocumentIdentifier, TextDocumentEdit, TextEdit, WorkspaceEdit,
};

use super::place::Page;
use super::state::{Document, Judged};
use crate::engine::can_be_hidden;
use crate::finding::{Edit, Finding, Fix, Safety, State, edited};
use crate::syntax::{self, Engine, Limits};
use crate::text::{FileId, Span};

/// How long an ignore lasts that nobody thought about: long enough to mend what it hides.
const DAYS: i64 = 30;

/// What can be done about the findings of `document` that touch the bytes `range`.
pub(super) fn actions(
    judged: &Judged,
    document: &Document,
    page: &Page<'_>,
    range: RangeInclusive<usize>,
) -> CodeActionResponse {
    let touches = |span: Span| {
        Some(span.file) == judged.file && span.start as usize <= *range.end() && *range.start() <= span.end as usize
    };
    let here = |f: &&Finding| f.state == State::Active && touches(f.primary);
    let findings: Vec<&Finding> = judged.report.findings.iter().filter(here).collect();
    let fixes = findings.iter().flat_map(|f| f.fixes.iter().map(|fix| mend(fix, document, page)));
    let ignores = findings.iter().filter_map(|f| ignore(judged, f, document, page));
    fixes.chain(ignores).map(CodeActionOrCommand::CodeAction).collect()
}

fn mend(fix: &Fix, document: &Document, page: &Page<'_>) -> CodeAction {
    let note = if fix.safety == Safety::Safe { "" } else { " (changes the rollout)" };
    let action = action(format!("rollgate: {}{note}", fix.title), &fix.edits, document, page);
    CodeAction { is_preferred: Some(fix.safety == Safety::Safe), ..action }
}

fn action(title: String, edits: &[Edit], document: &Document, page: &Page<'_>) -> CodeAction {
    let edit = |edit: &Edit| OneOf::Left(TextEdit { range: page.range(edit.span), new_text: edit.text.clone() });
    let text_document =
        OptionalVersionedTextDocumentIdentifier { uri: document.uri.clone(), version: Some(document.version) };
    let change = TextDocumentEdit { text_document, edits: edits.iter().map(edit).collect() };
    CodeAction {
        title,
        kind: Some(CodeActionKind::QUICKFIX),
        edit: Some(WorkspaceEdit {
            document_changes: Some(DocumentChanges::Edits(vec![change])),
            ..WorkspaceEdit::default()
        }),
        ..CodeAction::default()
    }
}

/// An ignore on the line above, whose reason is left to a person: without one it hides nothing.
fn ignore(judged: &Judged, finding: &Finding, document: &Document, page: &Page<'_>) -> Option<CodeAction> {
    if !can_be_hidden(&judged.policy, finding.rule) {
        return None;
    }
    let text = &*document.text;
    let start = text.get(..finding.primary.start as usize)?.rfind('\n').map_or(0, |n| n + 1);
    let indent: String = text[start..].chars().take_while(|c| *c == ' ').collect();
    let until = judged.report.as_of.with_timezone(&judged.report.zone).date_naive() + chrono::TimeDelta::days(DAYS);
    let line_break = if text[start..].lines().next().is_some() && text.contains("\r\n") { "\r\n" } else { "\n" };
    let comment = format!("{indent}# rollgate: ignore[{}] reason=\"\" until={until}{line_break}", finding.rule.id);
    let at = u32::try_from(start).ok()?;
    let edit = Edit { span: Span::new(finding.primary.file, at, at), text: comment };
    let new = edited(text, [&edit])?;
    let title = format!("rollgate: ignore {} until {until}, for a reason you write", finding.rule.id);
    says_the_same(text, &new).then(|| action(title, &[edit], document, page))
}

/// Do two texts hold the same values? In a block of text, or in JSON, a comment is none.
fn says_the_same(old: &str, new: &str) -> bool {
    let values = |text: &str| -> Option<Vec<serde_json::Value>> {
        let parse = |c: syntax::Chunk<'_>| {
            let yaml = syntax::parse(FileId(0), &c, Engine::GoYamlV2, &Limits::default(), false).ok()?;
            (!c.json).then(|| yaml.root().to_value())
        };
        syntax::chunks(text).map(parse).collect()
    };
    values(old).is_some_and(|old| Some(old) == values(new))
}
