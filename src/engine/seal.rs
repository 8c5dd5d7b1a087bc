//! Sorts, drops what is said twice, and gives every finding its identity.

use std::collections::BTreeMap;

use super::judge::{Judged, fingerprint};
use crate::catalog::Level;
use crate::finding::{Finding, State, Undetermined};
use crate::text::{Sources, Span};

/// Puts findings and undetermined values into their final order: path, place, rule, message. What two rollouts say of
/// the same place (a template that both refer to) is said once.
pub(super) fn seal(judged: Judged, sources: &Sources) -> Judged {
    let Judged { mut findings, mut undetermined } = judged;
    let path = |span: Span| sources.path(span.file);
    findings.sort_by(|a, b| {
        let place = |f: &Finding| (f.primary.start, f.primary.end, f.rule.id);
        let paths = path(a.primary).cmp(path(b.primary));
        paths.then_with(|| place(a).cmp(&place(b))).then_with(|| a.what.cmp(&b.what))
    });
    findings.dedup_by(|a, b| a.rule == b.rule && a.primary == b.primary && a.what == b.what);
    undetermined.sort_by(|a, b| {
        let place = |u: &Undetermined| (u.span, u.rule.id, u.reason);
        path(a.span).cmp(path(b.span)).then_with(|| place(a).cmp(&place(b)))
    });
    undetermined.dedup_by(|a, b| a.rule == b.rule && a.span == b.span && a.reason == b.reason);
    number(&mut findings, sources);
    Judged { findings, undetermined }
}

/// With `undetermined` at error, what could not be decided is a finding too.
pub(super) fn raise(judged: &mut Judged, undetermined_level: Level) {
    if undetermined_level == Level::Error {
        judged.findings.extend(judged.undetermined.iter().map(as_finding));
    }
}

/// Several findings of one rule about one subject are told apart by their order; a finding of no rollout by its path.
fn number(findings: &mut [Finding], sources: &Sources) {
    let mut seen = BTreeMap::new();
    for finding in findings {
        if finding.rollout.is_none() {
            finding.about = format!("{} {}", sources.path(finding.primary.file), finding.about);
        }
        let first = fingerprint(finding.rule.id, finding.rollout.as_ref(), &finding.about, 0);
        let ordinal = *seen.entry(first).and_modify(|n| *n += 1).or_insert(0_usize);
        finding.fingerprint = fingerprint(finding.rule.id, finding.rollout.as_ref(), &finding.about, ordinal);
    }
}

fn as_finding(unknown: &Undetermined) -> Finding {
    Finding {
        rule: unknown.rule,
        level: Level::Error,
        state: State::Active,
        excuse: None,
        primary: unknown.span,
        what: unknown.what.clone(),
        help: help_for(unknown.reason).to_owned(),
        found: None,
        required: None,
        related: Vec::new(),
        rollout: unknown.rollout.clone(),
        about: format!("undetermined {}", unknown.reason),
        wish: None,
        fixes: Vec::new(),
        commit: None,
        fingerprint: crate::finding::Fingerprint::default(),
    }
}

/// What would settle it.
fn help_for(reason: &str) -> &'static str {
    match reason {
        "no-repository" => {
            "run it in the repository without `--no-git`, write a RollbackDrill, or set `undetermined: warning` in the policy"
        }
        "no-history" => "commit something, or set `undetermined: warning` in the policy",
        "history-truncated" | "history-no-tags" | "history-dates" | "history-unknown" => {
            "fetch the whole history and its tags: `git fetch --unshallow --tags`"
        }
        "unresolved-reference" => {
            "check the file that defines it together with this one, or set `undetermined: warning` in the policy"
        }
        "no-replicas" | "replicas-unknown" => {
            "write `replicas`, check the workload together with this file, or set `undetermined: warning` in the policy"
        }
        "template" => "check what the template renders to, or set `undetermined: warning` in the policy",
        _ => "write the value out, or set `undetermined: warning` in the policy",
    }
}
