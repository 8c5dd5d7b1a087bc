//! One line a finding: `path:line:column: level: message [rule]`.

use super::visible;
use super::wrap::put;
use crate::catalog::Level;
use crate::finding::Report;
use crate::text::{Sources, Span};

/// The report, one line a finding, then what could not be known, then failures and notices.
pub fn short(report: &Report, sources: &Sources) -> String {
    let mut out = String::new();
    let place = |span: Span| {
        let (start, _) = sources.positions(span);
        format!("{}:{}:{}", visible(sources.path(span.file)), start.line, start.column)
    };
    for finding in &report.findings {
        let (level, what, rule) = (finding.level.name(), visible(&finding.what), finding.rule.id);
        put(&mut out, format_args!("{}: {level}: {what} [{rule}]\n", place(finding.primary)));
    }
    if report.undetermined_level != Level::Error {
        for unknown in &report.undetermined {
            let (what, rule, reason) = (visible(&unknown.what), unknown.rule.id, unknown.reason);
            put(&mut out, format_args!("{}: undetermined: {what} [{rule}: {reason}]\n", place(unknown.span)));
        }
    }
    for failure in &report.failures {
        let path = failure.path.as_deref().map(|p| format!("{}: ", visible(p))).unwrap_or_default();
        put(&mut out, format_args!("{path}failure: {}; {}\n", visible(&failure.message), visible(&failure.help)));
    }
    for notice in &report.notices {
        put(&mut out, format_args!("notice: {}\n", visible(notice)));
    }
    out
}
