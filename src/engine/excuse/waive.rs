//! Waivers and the baseline against findings that no ignore hides.

use std::collections::{BTreeMap, BTreeSet};

use super::can_be_hidden;
use crate::clock::{Moment, period};
use crate::engine::Loaded;
use crate::engine::judge::{Judged, fingerprint};
use crate::finding::{Baseline, Finding, State};
use crate::model::Waiver;
use crate::policy::{Policy, Waived};
use crate::rules;
use crate::text::{Sources, nearest};

/// Where waivers are kept. Elsewhere they waive nothing.
pub const WAIVERS: &str = ".rollgate/waivers.yaml";

/// Where the baseline is kept, unless the command line names another.
pub const BASELINE: &str = ".rollgate/baseline.json";

/// What there is to say where `path` is the file of the waivers and nothing in it is a document of ours: it was meant to
/// waive something.
pub(in crate::engine) fn without_waivers(path: &str, loaded: &Loaded) -> Option<String> {
    let is_told = loaded.failure.is_some() || loaded.skipped.is_some() || !loaded.lowered.problems.is_empty();
    let is_other = path == WAIVERS && loaded.documents > 0 && loaded.lowered.claimed == 0 && !is_told;
    is_other.then(|| {
        format!("`{WAIVERS}` waives nothing: it does not begin with `apiVersion: rollgate/v1` and `kind: Waivers`")
    })
}

/// The baseline of a run.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its path.
    pub path: String,
    /// What it holds.
    pub baseline: Baseline,
    /// Those of its files that are not there any more: what was found in them may have moved.
    pub gone: BTreeSet<String>,
}

/// What findings are held against, and where they stand.
pub(in crate::engine) struct Records<'a> {
    pub(in crate::engine) policy: &'a Policy,
    pub(in crate::engine) sources: &'a Sources,
    pub(in crate::engine) waivers: &'a [Waiver],
    pub(in crate::engine) baseline: Option<&'a Kept>,
}

impl Records<'_> {
    /// Excuses what waivers cover and what the baseline holds. `at` says for when a finding is judged. Returns what there
    /// is to say of waivers that waive nothing.
    pub(in crate::engine) fn excuse(&self, findings: &mut [Finding], at: impl Fn(&Finding) -> Moment) -> Vec<String> {
        let mut told = Vec::new();
        for waiver in self.waivers {
            match Waived::new(waiver) {
                Ok(waived) => told.extend(self.waive(&waived, findings, &at)),
                Err(why) => told.push(format!("the waiver of `{}` waives nothing: {why}", waiver.rule.value)),
            }
        }
        if let Some(kept) = self.baseline {
            self.settle(kept, findings);
        }
        told
    }

    fn waive(&self, waived: &Waived<'_>, findings: &mut [Finding], at: &impl Fn(&Finding) -> Moment) -> Option<String> {
        let Waiver { rule, expires, .. } = waived.waiver;
        if rules::find(&rule.value).is_none() {
            let near = nearest(&rule.value, rules::ALL.iter().map(|def| def.meta.id));
            let meant = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            return Some(format!("the waiver of `{}` waives nothing: there is no such rule{meant}", rule.value));
        }
        let mut late = 0;
        for finding in findings.iter_mut().filter(|f| f.state == State::Active && f.rule.id != "manifest-unreadable") {
            let name = finding.rollout.as_ref().map(|r| &*r.name);
            if !waived.covers(finding.rule.id, name, self.sources.path(finding.primary.file)) {
                continue;
            }
            if period::is_past(expires.value, at(finding), self.policy.timezone) {
                late += 1;
            } else {
                finding.state = State::Waived;
                finding.excuse = Some(excuse(waived.waiver));
            }
        }
        let what = if late == 1 { "a finding of it counts".to_owned() } else { format!("{late} findings of it count") };
        (late > 0).then(|| format!("a waiver of `{}` ended on {}, so {what} again", rule.value, expires.value))
    }

    /// Excuses what `kept` holds: as many of the same identity in the same file as it counted, and where that file is
    /// gone, wherever they are now. Each commit is held against it on its own.
    fn settle(&self, kept: &Kept, findings: &mut [Finding]) {
        let mut left: BTreeMap<Option<String>, Left<'_>> = BTreeMap::new();
        for finding in findings.iter_mut().filter(|f| f.state == State::Active && can_be_hidden(self.policy, f.rule)) {
            let left = left.entry(finding.commit.clone()).or_insert_with(|| Left::new(kept));
            if left.take(&identity(finding), self.sources.path(finding.primary.file)) {
                finding.state = State::Baselined;
                finding.excuse = Some(format!("it was there when `{}` was written", kept.path));
            }
        }
    }

    /// The entries of the baseline that no finding of a whole run matches any more, as a sentence. `ran` are the rules
    /// that were asked.
    pub(in crate::engine) fn stale(
        &self,
        sealed: &Judged,
        ran: &BTreeSet<&str>,
        checked: &BTreeSet<&str>,
    ) -> Option<String> {
        let kept = self.baseline?;
        let mut left = Left::new(kept);
        for finding in &sealed.findings {
            left.take(&identity(finding), self.sources.path(finding.primary.file));
        }
        let open = |rule: &str, file: &str| {
            sealed.undetermined.iter().any(|u| u.rule.id == rule && self.sources.path(u.span.file) == file)
        };
        let is_stale = |file: &str, rule: &str| {
            let was_looked_at = checked.contains(file) || kept.gone.contains(file);
            was_looked_at && (ran.contains(rule) || rules::find(rule).is_none()) && !open(rule, file)
        };
        let entries = kept.baseline.findings.iter();
        let stale = entries.filter(|e| left.has(&e.fingerprint, &e.file) && is_stale(&e.file, &e.rule));
        let stale: Vec<String> = stale.map(|e| format!("{} in {}", e.rule, e.file)).collect();
        let first = stale.first()?;
        let more = if stale.len() > 1 { format!(" and {} more", stale.len() - 1) } else { String::new() };
        let version = kept.baseline.version();
        let other =
            if version == env!("CARGO_PKG_VERSION") { String::new() } else { format!(", by rollgate {version}") };
        Some(format!(
            "`{}` holds what is not found any more{other}: {first}{more}; `rollgate baseline write` takes it out",
            kept.path
        ))
    }
}

/// What of a baseline has not been matched yet.
struct Left<'k> {
    kept: &'k Kept,
    /// By fingerprint: files and how many.
    entries: BTreeMap<&'k str, Vec<(&'k str, u32)>>,
}

impl<'k> Left<'k> {
    fn new(kept: &'k Kept) -> Self {
        let mut entries: BTreeMap<&str, Vec<(&str, u32)>> = BTreeMap::new();
        for entry in &kept.baseline.findings {
            entries.entry(&entry.fingerprint).or_default().push((&entry.file, entry.count));
        }
        Self { kept, entries }
    }

    fn take(&mut self, fingerprint: &str, path: &str) -> bool {
        let Some(entries) = self.entries.get_mut(fingerprint) else { return false };
        let there = entries.iter().position(|(file, left)| *file == path && *left > 0);
        let moved = || entries.iter().position(|(file, left)| self.kept.gone.contains(*file) && *left > 0);
        let Some(at) = there.or_else(moved) else { return false };
        entries[at].1 -= 1;
        true
    }

    fn has(&self, fingerprint: &str, path: &str) -> bool {
        let entries = self.entries.get(fingerprint).into_iter().flatten();
        entries.into_iter().any(|(file, left)| *file == path && *left > 0)
    }
}

/// What a finding is in a baseline: its fingerprint without the order among those that say the same, since a change
/// shows only some of them.
pub(in crate::engine) fn identity(finding: &Finding) -> String {
    fingerprint(finding.rule.id, finding.rollout.as_ref(), &finding.about, 0).to_string()
}

/// `40 requests a minute, until 2027-01-31, approved by sre@example.com, owned by web-team, OPS-1123`.
fn excuse(waiver: &Waiver) -> String {
    let told =
        |word: &str, what: &Option<Box<str>>| what.as_ref().map(|what| format!(", {word}{what}")).unwrap_or_default();
    let (by, owner) = (told("approved by ", &waiver.approved_by), told("owned by ", &waiver.owner));
    format!("{}, until {}{by}{owner}{}", waiver.reason, waiver.expires.value, told("", &waiver.ticket))
}

/// The baseline of a run's findings: of all that count and can be hidden.
pub fn baseline_of(findings: &[Finding], sources: &Sources, policy: &Policy) -> Baseline {
    let hidden = |f: &&Finding| f.state == State::Active && can_be_hidden(policy, f.rule);
    Baseline::of(findings.iter().filter(hidden).map(|f| (sources.path(f.primary.file), f.rule.id, identity(f))))
}
