//! One line a finding: `path:line:column: level: message [rule]`.

use std::fmt::Write;

use super::visible;
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
        line(&mut out, format_args!("{}: {level}: {what} [{rule}]", place(finding.primary)));
    }
    if report.undetermined_level != Level::Error {
        for unknown in &report.undetermined {
            let (what, rule, reason) = (visible(&unknown.what), unknown.rule.id, unknown.reason);
            line(&mut out, format_args!("{}: undetermined: {what} [{rule}: {reason}]", place(unknown.span)));
        }
    }
    for failure in &report.failures {
        let path = failure.path.as_deref().map(|p| format!("{}: ", visible(p))).unwrap_or_default();
        line(&mut out, format_args!("{path}failure: {}; {}", visible(&failure.message), failure.help));
    }
    for notice in &report.notices {
        line(&mut out, format_args!("notice: {}", visible(notice)));
    }
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a `String` cannot fail.
    let _ = writeln!(out, "{text}");
}
