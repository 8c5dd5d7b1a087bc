//! Findings, and faults of the policy, as diagnostics.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lsp_types::{Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString, Range, Uri};

use super::super::failure::Failure;
use super::place::Page;
use super::state::{Judged, State};
use crate::catalog::Level;
use crate::collect::Roots;
use crate::finding::{Finding, State as Counts};
use crate::text::Span;

/// What is found, by the file it is found in.
type Found = BTreeMap<PathBuf, (Uri, Vec<Diagnostic>)>;

/// Adds the findings of `judged` in documents that are open.
pub(super) fn findings(state: &State, judged: &Judged, found: &mut Found) {
    for finding in judged.report.findings.iter().filter(|f| f.state == Counts::Active) {
        let severity = match finding.level {
            Level::Error => DiagnosticSeverity::ERROR,
            Level::Warning | Level::Off => DiagnosticSeverity::WARNING,
        };
        let message = format!("{}\nhelp: {}", finding.what, finding.help);
        let diagnostic = Diagnostic {
            related_information: related(state, judged, finding),
            ..diagnostic(severity, finding.rule.id, message)
        };
        add(state, judged, finding.primary, diagnostic, found);
    }
    for unknown in &judged.report.undetermined {
        let message = format!("undetermined: {}", unknown.what);
        let diagnostic = diagnostic(DiagnosticSeverity::INFORMATION, unknown.rule.id, message);
        add(state, judged, unknown.span, diagnostic, found);
    }
}

fn diagnostic(severity: DiagnosticSeverity, rule: &str, message: String) -> Diagnostic {
    Diagnostic {
        severity: Some(severity),
        code: Some(NumberOrString::String(rule.to_owned())),
        source: Some("rollgate".to_owned()),
        message,
        ..Diagnostic::default()
    }
}

fn add(state: &State, judged: &Judged, span: Span, diagnostic: Diagnostic, found: &mut Found) {
    let path = judged.root.join(judged.sources.path(span.file));
    if let Some((_, all)) = found.get_mut(&path)
        && let Some(range) = range(state, judged, span)
    {
        all.push(Diagnostic { range, ..diagnostic });
    }
}

fn range(state: &State, judged: &Judged, span: Span) -> Option<Range> {
    let source = judged.sources.text(span.file)?;
    Some(Page::new(&source.text, state.encoding).range(span))
}

fn related(state: &State, judged: &Judged, finding: &Finding) -> Option<Vec<DiagnosticRelatedInformation>> {
    let one = |label: &crate::finding::Label| {
        let uri = state.uri(&judged.root.join(judged.sources.path(label.span.file)))?;
        let location = Location { uri, range: range(state, judged, label.span)? };
        Some(DiagnosticRelatedInformation { location, message: label.text.clone() })
    };
    let all: Vec<_> = finding.related.iter().filter_map(one).collect();
    (!all.is_empty()).then_some(all)
}

/// Adds what kept a tree from being judged: a fault of the policy where it stands, anything else on every document.
pub(super) fn failures(state: &State, roots: &Roots, failures: &[Failure], found: &mut Found) {
    for failure in failures {
        let help = failure.help.as_deref().map(|h| format!("\nhelp: {h}")).unwrap_or_default();
        let message = format!("{}{help}", failure.message);
        let mut diagnostic = diagnostic(DiagnosticSeverity::ERROR, "policy", message);
        let Some(place) = &failure.place else {
            let here = found.iter_mut().filter(|(path, _)| path.starts_with(&roots.root));
            here.for_each(|(_, (_, all))| all.push(diagnostic.clone()));
            continue;
        };
        let folders = std::iter::once(&roots.root).chain(roots.folder.as_ref());
        let paths = folders.map(|f| f.join(&place.path)).find(|p| p.symlink_metadata().is_ok());
        let path = paths.unwrap_or_else(|| roots.root.join(&place.path));
        diagnostic.range = Page::new(&place.text, state.encoding).range(place.span);
        if let Some(uri) = state.uri(&path) {
            found.entry(path).or_insert((uri, Vec::new())).1.push(diagnostic);
        }
    }
}
