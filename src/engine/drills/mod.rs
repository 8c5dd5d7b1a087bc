//! Rollback drills as git knows them: records held against it, and drills that it alone tells of.

mod found;
mod records;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};

use super::settle::settle;
use super::standing::Standing;
use super::{LoadLimits, load};
use crate::adapters::{Audience, Lowered};
use crate::catalog::Level;
use crate::clock::{Moment, period};
use crate::collect::{File, Origin, is_manifest, shown};
use crate::history::{Blob, Commit, FileChange, Git, HistoryError, Mode, ObjectId, Prefixes, Tag};
use crate::model::units::{Period, parse_period};
use crate::model::{Drill, DrillLog, DrillOutcome, Looked, Proof, Rollout};
use crate::policy::{Policy, Selector};

/// What git is asked about drills.
pub struct DrillQuestion<'a> {
    /// The repository.
    pub git: &'a Git,
    /// The newest commit of the line that is checked; none before the first commit.
    pub line: Option<ObjectId>,
    /// The policy that judges.
    pub policy: &'a Policy,
    /// How much is read.
    pub limits: LoadLimits,
    /// As of when.
    pub at: Moment,
    /// The earliest moment that is asked about; `at`, unless several are.
    pub from: Moment,
    /// The drills on record, each with the path of its file.
    pub drills: Vec<(&'a Drill, String)>,
    /// The services that are asked for a drill.
    pub services: BTreeSet<String>,
}

/// The cadence where the policy does not say.
const WITHIN: Period = Period { months: 3, seconds: 0 };
/// How late a record may be where the policy does not say.
const DELAY: Period = Period { months: 0, seconds: 7 * 86_400 };

/// What git says of drills.
///
/// # Errors
/// When an object is not here that has to be.
pub fn drill_log(question: &DrillQuestion<'_>) -> Result<DrillLog, HistoryError> {
    let settings = question.policy.settings(&Selector::default());
    let on = |rule: &str| settings.get(rule).is_some_and(|s| s.level != Level::Off);
    let mut log =
        DrillLog { proofs: Vec::new(), found: Vec::new(), looked: Looked::Everywhere, tags_may_be_missing: false };
    if !on("rollback-drill-stale") && !on("rollback-drill-unproven") {
        return Ok(log);
    }
    let period_of = |rule: &str, parameter: &str| {
        settings.get(rule).and_then(|s| s.params.get(parameter)?.value.as_str().and_then(parse_period))
    };
    let tags = question.git.tags(&|_| true)?;
    let mut desk = Desk {
        asked: question,
        delay: period_of("rollback-drill-unproven", "max-record-delay").unwrap_or(DELAY),
        tags_may_be_missing: tags.is_empty() && question.git.is_shallow(),
        tags,
        dates: BTreeMap::new(),
    };
    desk.dates = desk.dates()?;
    log.tags_may_be_missing = desk.tags_may_be_missing;
    for (index, entered) in desk.entered()?.into_iter().enumerate() {
        log.proofs.push(desk.proof(index, &entered)?);
    }
    log.found = desk.by_tags();
    let within = period_of("rollback-drill-stale", "within").unwrap_or(WITHIN);
    let since = period::before(question.from, within.months, within.seconds).unwrap_or(question.from);
    if on("rollback-drill-stale") && desk.needs_walk(since, &log) {
        desk.walk(since, &mut log)?;
    }
    Ok(log)
}

struct Desk<'a> {
    asked: &'a DrillQuestion<'a>,
    delay: Period,
    tags: Vec<Tag>,
    tags_may_be_missing: bool,
    /// Of commits that records name: no later than what came after them.
    dates: BTreeMap<ObjectId, Moment>,
}

impl Desk<'_> {
    /// May something of `moment` be told as late as `told`?
    fn in_time(&self, moment: Moment, told: Moment) -> bool {
        let back = period::before(told, self.delay.months, self.delay.seconds).unwrap_or(told);
        // Days are told without hours, and clocks differ.
        moment + TimeDelta::days(1) >= back
    }

    /// The day of `moment` in the policy's zone.
    fn day(&self, moment: Moment) -> NaiveDate {
        moment.with_timezone(&self.asked.policy.timezone).date_naive()
    }

    /// What a commit changes against its first parent; `None` where that is not here.
    fn changes_of(&self, commit: &Commit) -> Result<Option<Vec<FileChange>>, HistoryError> {
        let git = self.asked.git;
        let old = match commit.parents.first() {
            None => None,
            Some(parent) if git.has(parent) => Some(git.commit(parent)?.tree),
            Some(_) => return Ok(None),
        };
        git.diff(old.as_ref(), Some(&commit.tree), &Prefixes::all()).map(Some)
    }

    /// Is one of the files of the service?
    fn touch(&self, changes: &[FileChange], service: &str) -> Result<bool, HistoryError> {
        for change in changes {
            let owner = self.asked.policy.service_of(&shown(&change.path));
            if owner.is_some_and(|s| *s.name.value == *service) {
                return Ok(true);
            }
            for blob in [change.new, change.old].into_iter().flatten() {
                if self.rollouts(&change.path, &blob)?.iter().any(|r| *r.service == *service) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// What one file lowers to on its own.
    fn lowered(&self, path: &[u8], blob: &Blob) -> Result<Lowered, HistoryError> {
        let bytes = self.asked.git.read(&blob.id, self.asked.limits.file_bytes)?;
        let files = [File { path: shown(path).into(), origin: Origin::Memory(bytes.into()) }];
        let loaded = load(0, &files, &self.asked.limits, Audience::Change).pop();
        Ok(loaded.map(|l| l.lowered).unwrap_or_default())
    }

    /// The rollouts of one file, as it says them on its own.
    fn rollouts(&self, path: &[u8], blob: &Blob) -> Result<Vec<Rollout>, HistoryError> {
        if !is_manifest(path) || blob.mode != Mode::File {
            return Ok(Vec::new());
        }
        let path_shown: Arc<str> = shown(path).into();
        let mut standing = Standing::default();
        standing.put(&path_shown, self.lowered(path, blob)?.into());
        let mut all = standing.rollouts(&path_shown);
        let files = [File { path: path_shown, origin: Origin::Memory(Arc::from(&[][..])) }];
        settle(all.iter_mut(), &files, self.asked.policy);
        Ok(all)
    }

    /// Is there a service of which no record and no tag since `since` counts?
    fn needs_walk(&self, since: Moment, log: &DrillLog) -> bool {
        let recorded = |service: &str| {
            let of = |((d, _), proof): (&(&Drill, String), &Proof)| {
                let counts = d.outcome.value == DrillOutcome::Success && !matches!(proof, Proof::Refuted(_));
                let performed = d.performed.value.to_utc();
                *d.service.value == *service && counts && performed >= since && performed <= self.asked.at
            };
            self.asked.drills.iter().zip(&log.proofs).any(of)
        };
        let tagged = |service: &str| log.found.iter().any(|f| f.service == *service && f.performed >= since);
        self.asked.services.iter().any(|s| !recorded(s) && !tagged(s))
    }
}

fn unknown(reason: &'static str, why: &str) -> Proof {
    Proof::Unknown(reason, why.to_owned())
}
