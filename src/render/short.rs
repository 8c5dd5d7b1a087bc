//! One line a finding: `path:line:column: level: message [rule]`.

use super::words::excuse;
use super::{Excused, visible};
use crate::catalog::Level;
use crate::finding::Report;
use crate::text::{Sources, Span};

/// The report, one line a finding, then what could not be known, then failures and notices.
pub fn short(report: &Report, sources: &Sources, excused: Excused) -> String {
    let mut out = String::new();
    let place = |span: Span| {
        let (start, _) = sources.positions(span);
        format!("{}:{}:{}", visible(sources.path(span.file)), start.line, start.column)
    };
    for finding in excused.of(&report.findings) {
        let (level, what, rule) = (finding.level.name(), visible(&finding.what), finding.rule.id);
        let excuse = excuse(finding).map(|why| format!(" ({})", visible(&why))).unwrap_or_default();
        out += &format!("{}: {level}: {what} [{rule}]{excuse}\n", place(finding.primary));
    }
    if report.undetermined_level != Level::Error {
        for unknown in &report.undetermined {
            let (what, rule, reason) = (visible(&unknown.what), unknown.rule.id, unknown.reason);
            out += &format!("{}: undetermined: {what} [{rule}: {reason}]\n", place(unknown.span));
        }
    }
    for failure in &report.failures {
        let path = failure.path.as_deref().map(|p| format!("{}: ", visible(p))).unwrap_or_default();
        out += &format!("{path}failure: {}; {}\n", visible(&failure.message), visible(&failure.help));
    }
    for notice in &report.notices {
        out += &format!("notice: {}\n", visible(notice));
    }
    out
}
