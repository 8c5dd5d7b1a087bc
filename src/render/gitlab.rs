//! GitLab Code Quality: an array of findings, empty when there is nothing to tell. A merge request shows those that are
//! new against its target branch, by their fingerprints.

use std::collections::BTreeMap;

use serde::Serialize;

use super::json::print;
use super::words::{advice, excuse};
use super::{Excused, visible};
use crate::catalog::Level;
use crate::finding::{Failure, Finding, Fingerprint, Report, RolloutKey, Undetermined};
use crate::text::{Sources, Span};

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// The file that a failure of no file is shown at: GitLab knows no issue without one, and an empty array would be clean.
const NOWHERE: &str = "rollgate.yaml";

/// The report as GitLab Code Quality. What could not be known is in it where it fails the run.
pub fn gitlab(report: &Report, sources: &Sources, excused: Excused) -> String {
    let mut issues: Vec<Issue> = excused.of(&report.findings).map(|f| of_finding(f, sources)).collect();
    if report.unknown_fails() && report.undetermined_level != Level::Error {
        issues.extend(report.undetermined.iter().map(|u| of_unknown(u, sources)));
    }
    issues.extend(report.failures.iter().map(of_failure));
    tell_apart(&mut issues);
    print(&issues)
}

fn location(sources: &Sources, span: Span) -> Location {
    let (start, _) = sources.positions(span);
    Location { path: sources.path(span.file).to_owned(), lines: Lines { begin: start.line } }
}

fn of_finding(finding: &Finding, sources: &Sources) -> Issue {
    let excuse = excuse(finding);
    let severity = match finding.level {
        _ if excuse.is_some() => "info",
        Level::Error => "major",
        Level::Warning | Level::Off => "minor",
    };
    let excuse = excuse.map(|why| format!(" ({})", visible(&why))).unwrap_or_default();
    Issue {
        description: format!("{}{}{excuse}", visible(&finding.what), advice(&finding.help)),
        check_name: finding.rule.id,
        fingerprint: finding.fingerprint.to_string(),
        severity,
        location: location(sources, finding.primary),
    }
}

fn of_unknown(unknown: &Undetermined, sources: &Sources) -> Issue {
    let (path, object) =
        (sources.path(unknown.span.file), unknown.rollout.as_ref().map(RolloutKey::title).unwrap_or_default());
    Issue {
        description: format!("undetermined: {}", visible(&unknown.what)),
        check_name: unknown.rule.id,
        fingerprint: Fingerprint::of(["undetermined", unknown.rule.id, unknown.reason, path, &object]).to_string(),
        severity: "minor",
        location: location(sources, unknown.span),
    }
}

fn of_failure(failure: &Failure) -> Issue {
    let path = failure.path.as_deref().unwrap_or(NOWHERE);
    Issue {
        description: format!("could not decide: {}{}", visible(&failure.message), advice(&failure.help)),
        check_name: "undecided",
        fingerprint: Fingerprint::of(["undecided", path, &failure.message]).to_string(),
        severity: "blocker",
        location: Location { path: path.to_owned(), lines: Lines { begin: 1 } },
    }
}

/// Two issues with one fingerprint would be shown once: the commits of a range can hold the same finding.
fn tell_apart(issues: &mut [Issue]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for issue in issues {
        let count = seen.entry(issue.fingerprint.clone()).or_default();
        *count += 1;
        if *count > 1 {
            issue.fingerprint = Fingerprint::of([&*issue.fingerprint, &count.to_string()]).to_string();
        }
    }
}
