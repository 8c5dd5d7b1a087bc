//! Words that several outputs share: counts, names, the verdict.

use std::collections::BTreeSet;

use super::{Excused, visible};
use crate::catalog::Level;
use crate::finding::{Finding, Report, RolloutKey, State, Verdict};

/// The verdict in a word or two.
pub(super) fn verdict(report: &Report) -> &'static str {
    match report.verdict() {
        Verdict::Clean if report.findings.is_empty() && report.undetermined.is_empty() => "clean",
        Verdict::Clean => "passes",
        Verdict::Findings => "fails",
        Verdict::Undecided => "could not decide",
    }
}

/// `2 errors in 1 file, 3 undetermined, 1 waived`: what there is, or `no findings`.
pub(super) fn found(report: &Report, excused: Excused) -> String {
    let active: Vec<&Finding> = report.findings.iter().filter(|f| f.state == State::Active).collect();
    let count = |level| active.iter().filter(|f| f.level == level).count();
    let levels = [(count(Level::Error), "error"), (count(Level::Warning), "warning")];
    let mut parts: Vec<String> = levels.into_iter().filter(|(n, _)| *n > 0).map(|(n, noun)| plural(n, noun)).collect();
    let files: BTreeSet<_> = active.iter().map(|f| f.primary.file).collect();
    if let Some(last) = parts.last_mut() {
        *last += &format!(" in {}", plural(files.len(), "file"));
    }
    if !report.undetermined.is_empty() {
        parts.push(format!("{} undetermined", report.undetermined.len()));
    }
    parts.extend(uncounted(report, excused));
    if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") }
}

/// `2 waived, 1 baselined (--show-suppressed shows them)`: what does not count.
fn uncounted(report: &Report, excused: Excused) -> Option<String> {
    let states = [State::Suppressed, State::Waived, State::Baselined, State::Overridden];
    let count = |state| report.findings.iter().filter(|f| f.state == state).count();
    let parts = states.map(|state| (count(state), state.name())).into_iter().filter(|(n, _)| *n > 0);
    let parts: Vec<String> = parts.map(|(n, name)| format!("{n} {name}")).collect();
    let hint = if excused == Excused::Hidden { " (--show-suppressed shows them)" } else { "" };
    (!parts.is_empty()).then(|| format!("{}{hint}", parts.join(", ")))
}

/// `checked 2 rollouts, 4 documents, 3 files under rollgate.yaml`.
pub(super) fn checked(report: &Report) -> String {
    let coverage = &report.coverage;
    let seen =
        [plural(coverage.rollouts, "rollout"), plural(coverage.documents, "document"), plural(coverage.files, "file")];
    format!("checked {} under {}", seen.join(", "), report.policy.source)
}

/// `1 error`, `2 errors`.
pub(super) fn plural(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// `Rollout prod/web, service checkout, production`.
pub(super) fn object(key: &RolloutKey) -> String {
    let service = if key.service == key.name { String::new() } else { format!(", service {}", key.service) };
    let environment = key.environment.as_deref().map(|e| format!(", {e}")).unwrap_or_default();
    format!("{}{service}{environment}", key.title())
}

/// `found 0.1%, required >= 1%`, where the finding measured something.
pub(super) fn measured(finding: &Finding) -> String {
    match (&finding.found, &finding.required) {
        (Some(found), Some(required)) => format!("found {found}, required {required}"),
        (Some(found), None) => format!("found {found}"),
        (None, Some(required)) => format!("required {required}"),
        (None, None) => String::new(),
    }
}

/// `waived: until 2026-12-01, by ada`: why a finding does not count; nothing where it does.
pub(super) fn excuse(finding: &Finding) -> Option<String> {
    let name = match finding.state {
        State::Active => return None,
        State::Suppressed | State::Waived | State::Baselined | State::Overridden => finding.state.name(),
    };
    Some(finding.excuse.as_ref().map_or_else(|| name.to_owned(), |why| format!("{name}: {why}")))
}

/// `; raise it to 2%`: help that goes on the line of what it is about. Something to paste does not.
pub(super) fn advice(help: &str) -> String {
    if help.contains('\n') { String::new() } else { format!("; {}", visible(help)) }
}
