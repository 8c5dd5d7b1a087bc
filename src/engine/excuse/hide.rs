//! Ignores against findings: what each hides, and what came of it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::written::Written;
use super::{can_be_hidden, comment::Said};
use crate::catalog::RuleMeta;
use crate::clock::{Moment, period};
use crate::engine::judge::Judged;
use crate::engine::plan::{Plan, Selection};
use crate::finding::{Finding, State};
use crate::policy::Policy;
use crate::rules::{self, Facts, Fate, Ignore, Term};
use crate::text::{FileId, Span, Spanned, nearest};

/// An ignore of this run.
pub(in crate::engine) struct Candidate {
    /// As it is written.
    pub(in crate::engine) written: Written,
    /// Does it count as far as the base branch is concerned?
    pub(in crate::engine) is_approved: bool,
    /// Is it of what is judged, so that what is wrong with it is reported?
    pub(in crate::engine) is_judged: bool,
}

/// What was asked in this run, and where.
pub(in crate::engine) struct Asked<'a> {
    pub(in crate::engine) policy: &'a Policy,
    pub(in crate::engine) at: Moment,
    pub(in crate::engine) facts: &'a Facts,
    pub(in crate::engine) plan: &'a Plan,
    /// In the order of the rollouts.
    pub(in crate::engine) selections: &'a [Selection],
}

/// Hides the findings that ignores hide, and returns the ignores that are judged themselves.
pub(in crate::engine) fn hide(asked: &Asked<'_>, candidates: Vec<Candidate>, judged: &mut Judged) -> Vec<Ignore> {
    if candidates.is_empty() {
        return Vec::new();
    }
    let mut all = Vec::new();
    let mut places: BTreeMap<FileId, Vec<usize>> = BTreeMap::new();
    for (index, finding) in judged.findings.iter().enumerate() {
        places.entry(finding.primary.file).or_default().push(index);
    }
    for Candidate { written, is_approved, is_judged } in candidates {
        let mut ignore = asked.ignore(&written, is_approved);
        if let (true, Ok(said)) = (ignore.holds(), &written.said) {
            let excuse = excuse(said);
            for (rule, fate) in ignore.rules.iter_mut().filter(|(_, fate)| *fate == Fate::HidesNothing) {
                let hides = |f: &Finding| f.rule.id == &*rule.value && covers(&written, f.primary);
                let mut count = 0;
                for index in places.get(&written.span.file).into_iter().flatten() {
                    let finding = &mut judged.findings[*index];
                    if hides(finding) {
                        finding.state = State::Suppressed;
                        finding.excuse.get_or_insert_with(|| excuse.clone());
                        count += 1;
                    }
                }
                *fate = match count {
                    0 if asked.answers(&written, &rule.value, judged) => Fate::HidesNothing,
                    0 => Fate::NotTold,
                    _ => Fate::Hides,
                };
            }
        } else {
            // It hides nothing whatever there is to hide; that is told already.
            let told = |fate: &Fate| matches!(fate, Fate::Forbidden | Fate::Unknown(_));
            ignore.rules.iter_mut().filter(|(_, fate)| !told(fate)).for_each(|(_, fate)| *fate = Fate::NotTold);
        }
        all.extend(Some(ignore).filter(|_| is_judged));
    }
    all
}

/// Does an ignore speak of the line on which `place` begins?
pub(super) fn covers(written: &Written, place: Span) -> bool {
    let on = |line: &std::ops::Range<u32>| line.start <= place.start && place.start <= line.end;
    written.span.file == place.file && written.lines.iter().any(on)
}

fn excuse(said: &Said) -> String {
    let until = said.until.as_deref().unwrap_or_default();
    match said.reason.as_deref().filter(|reason| !reason.is_empty()) {
        Some(reason) => format!("{reason}, until {until}"),
        None => format!("until {until}"),
    }
}

impl Asked<'_> {
    fn ignore(&self, written: &Written, is_approved: bool) -> Ignore {
        let (span, beside) = (written.span, written.beside.clone());
        let said = match &written.said {
            Ok(said) => said,
            Err(why) => {
                let (unread, rules) = (Some(why.clone()), Vec::new());
                return Ignore { span, beside, unread, is_explained: false, term: Term::Holds, is_approved, rules };
            }
        };
        let rule = |(at, name): &(usize, Box<str>)| {
            let start = span.start + u32::try_from(*at).unwrap_or(0);
            let end = start + u32::try_from(name.len()).unwrap_or(0);
            (Spanned::new(name.clone(), Span::new(span.file, start, end)), self.first_fate(name))
        };
        let rules = said.rules.iter().map(rule).collect();
        let has_reason = said.reason.as_deref().is_some_and(|reason| !reason.is_empty());
        let is_explained = has_reason || !self.policy.suppressions.requires_reason();
        Ignore { span, beside, unread: None, is_explained, term: self.term(said), is_approved, rules }
    }

    fn first_fate(&self, name: &str) -> Fate {
        match rules::find(name) {
            None => Fate::Unknown(nearest(name, rules::ALL.iter().map(|def| def.meta.id))),
            Some(def) if can_be_hidden(self.policy, def.meta) => Fate::HidesNothing,
            Some(_) => Fate::Forbidden,
        }
    }

    fn term(&self, said: &Said) -> Term {
        let (zone, age) = (self.policy.timezone, self.policy.suppressions.max_age());
        let last: Option<NaiveDate> = period::last_day(self.at, age.months, age.seconds, zone);
        match said.last_day() {
            Ok(None) => Term::Missing { last },
            Err(text) => Term::Malformed { text: text.into(), last },
            Ok(Some(day)) if period::is_past(day, self.at, zone) => Term::Over(day),
            Ok(Some(day)) if last.is_some_and(|last| day > last) => Term::TooFar { day, last },
            Ok(Some(_)) => Term::Holds,
        }
    }

    /// Was `rule` asked where `written` stands, so that it would have a finding there if there were one?
    fn answers(&self, written: &Written, rule: &str, judged: &Judged) -> bool {
        let (file, rollouts) = (written.span.file, &self.facts.rollouts);
        let here = |u: &crate::finding::Undetermined| u.rule.id == rule && u.span.file == file;
        let passes = rules::find(rule).is_none_or(|def| def.comes_and_goes);
        if passes || judged.undetermined.iter().any(here) {
            return false;
        }
        let holds = |span: Span| span.file == file && span.start <= written.at && written.at < span.end;
        let inside = rollouts.iter().enumerate().filter(|(_, r)| holds(r.span));
        let Some((index, rollout)) = inside.min_by_key(|(_, r)| r.span.end - r.span.start) else {
            let is_tree = self.facts.changes.is_empty();
            return is_tree
                && !written.lends
                && self.selections.iter().chain([&Selection::base()]).any(|s| self.binds(s, rule));
        };
        let goes_back = self.facts.change(index).is_some_and(|c| c.rollback.is_some());
        let is_asked = [&self.selections[index], &Selection::base()].into_iter().any(|s| self.binds(s, rule));
        is_asked && rollout.is_judged() && rollout.unresolved.is_empty() && !goes_back
    }

    fn binds(&self, selection: &Selection, rule: &str) -> bool {
        self.plan.rules(selection).iter().any(|bound| bound.def.meta.id == rule)
    }
}

/// Does the base's ignore allow the one that stands there now: beside the same thing, for the same rules, and for at least
/// as long?
pub(super) fn allows(base: &Written, head: &Written) -> bool {
    let is_same = match (&base.said, &head.said) {
        (Ok(base), Ok(head)) => {
            let known: BTreeSet<&str> = base.rules.iter().map(|(_, name)| &**name).collect();
            let is_shorter =
                matches!((head.last_day(), base.last_day()), (Ok(Some(head)), Ok(Some(base))) if head <= base);
            head.rules.iter().all(|(_, name)| known.contains(&**name)) && (is_shorter || head.until == base.until)
        }
        (base, head) => base == head,
    };
    base.beside == head.beside && is_same
}

/// The files in which findings stand.
pub(super) fn files_with_findings(judged: &Judged) -> BTreeSet<FileId> {
    judged.findings.iter().map(|f| f.primary.file).collect()
}

/// Is `rule` one of those that judge ignores?
pub(in crate::engine) fn judges_ignores(rule: &RuleMeta) -> bool {
    rule.id.starts_with("suppression-")
}
