//! Rollback drills as git knows them: records held against it, and drills that it alone tells of.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta};

use super::past::horizon;
use super::settle::settle;
use super::standing::Standing;
use super::{LoadLimits, load};
use crate::adapters::{Audience, Lowered};
use crate::catalog::Level;
use crate::clock::{Moment, period};
use crate::collect::{File, Origin, is_manifest, shown};
use crate::history::{
    Blob, Commit, End, FileChange, Git, GitPath, HistoryError, Horizon, Mode, ObjectId, Prefixes, Tag, Versions,
    reverts, trailer,
};
use crate::model::units::{Period, parse_period};
use crate::model::{Drill, DrillLog, DrillOutcome, DrillSource, Evidence, FoundDrill, Looked, Proof, Rollout};
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
    let desk = Desk {
        asked: question,
        delay: period_of("rollback-drill-unproven", "max-record-delay").unwrap_or(DELAY),
        tags_may_be_missing: tags.is_empty() && question.git.is_shallow(),
        tags,
    };
    log.tags_may_be_missing = desk.tags_may_be_missing;
    for (index, entered) in desk.entered()?.into_iter().enumerate() {
        log.proofs.push(desk.proof(index, entered)?);
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
}

/// When a record entered git.
#[derive(Clone, Copy)]
enum Entered {
    /// Then.
    At(Moment),
    /// Not yet: it is entering now.
    Now,
    /// Before history begins here.
    Early,
}

impl Desk<'_> {
    /// May something of `moment` be told as late as `told`?
    fn in_time(&self, moment: Moment, told: Moment) -> bool {
        let back = period::before(told, self.delay.months, self.delay.seconds).unwrap_or(told);
        // Days are told without hours, and clocks differ.
        moment + TimeDelta::days(1) >= back
    }

    /// When each record entered git: one walk for all of them.
    fn entered(&self) -> Result<Vec<Entered>, HistoryError> {
        let (asked, Some(line)) = (self.asked, self.asked.line) else {
            return Ok(vec![Entered::Early; self.asked.drills.len()]);
        };
        let oldest = asked.drills.iter().map(|(d, _)| d.performed.value.to_utc()).min();
        let Some(oldest) = oldest else { return Ok(Vec::new()) };
        let limit = horizon(asked.policy, asked.at);
        let back = Horizon { not_before: limit.not_before.max(oldest - TimeDelta::days(1)), ..limit };
        let paths: Vec<GitPath> = asked.drills.iter().map(|(_, path)| path.as_bytes().into()).collect();
        let versions = asked.git.versions(line, back, &paths)?;
        let all = asked.drills.iter().zip(&versions);
        all.map(|((drill, _), versions)| self.entered_by(drill, versions, back.not_before)).collect()
    }

    /// When the drill entered the file that holds it: a file can be there long before, and a record be edited.
    fn entered_by(&self, drill: &Drill, versions: &Versions, not_before: Moment) -> Result<Entered, HistoryError> {
        let mut entered = Entered::Now;
        for (index, version) in versions.list.iter().enumerate() {
            let Some(blob) = version.blob.filter(|b| b.mode == Mode::File) else { break };
            let there = self.lowered(&version.path, &blob)?.drills;
            let same = |d: &Drill| d.service.value == drill.service.value && d.performed.value == drill.performed.value;
            if !there.iter().any(same) {
                break;
            }
            let is_last = index + 1 == versions.list.len() && versions.end != End::Root;
            // The version that stood where the walk ended may be older than that.
            let older = is_last && (version.time < not_before || matches!(versions.end, End::ShallowBoundary(_)));
            entered = if older { Entered::Early } else { Entered::At(version.time) };
        }
        Ok(entered)
    }

    fn proof(&self, index: usize, entered: Entered) -> Result<Proof, HistoryError> {
        let (drill, _) = &self.asked.drills[index];
        let performed = drill.performed.value.to_utc();
        if self.asked.line.is_none() {
            return Ok(unknown("no-history", "cannot be confirmed: nothing is committed yet"));
        }
        let told = match entered {
            Entered::At(moment) => moment,
            Entered::Now => self.asked.at,
            Entered::Early => performed,
        };
        if !self.in_time(performed, told) {
            let day = told.with_timezone(&self.asked.policy.timezone).date_naive();
            return Ok(Proof::Refuted(format!("entered git on {day}, long after it is said to have been performed")));
        }
        if let Some(other) = self.same_evidence(index) {
            let day = other.performed.value.with_timezone(&self.asked.policy.timezone).date_naive();
            return Ok(Proof::Refuted(format!("rests on the same evidence as the drill of {day}")));
        }
        let mut all = Vec::new();
        for evidence in &drill.evidence {
            all.push(match &evidence.value {
                Evidence::Commit(id) => self.by_commit(id, drill)?,
                Evidence::Tag(name) => self.by_tag(name, drill),
            });
        }
        let confirmed = all.iter().position(|p| *p == Proof::Confirmed);
        let open = all.iter().position(|p| matches!(p, Proof::Unknown(..)));
        let none = || unknown("no-evidence", "names nothing that git could confirm it by");
        Ok(confirmed.or(open).map(|i| all.swap_remove(i)).or_else(|| all.into_iter().next()).unwrap_or_else(none))
    }

    /// A drill of the service that was performed on an earlier day and rests on the same commit or tag.
    fn same_evidence(&self, index: usize) -> Option<&Drill> {
        let (drill, _) = &self.asked.drills[index];
        let shares = |other: &Drill| other.evidence.iter().any(|e| drill.evidence.iter().any(|o| o.value == e.value));
        let day = |d: &Drill| d.performed.value.to_utc().date_naive();
        let others = self.asked.drills.iter().map(|(d, _)| *d);
        others.into_iter().find(|o| o.service.value == drill.service.value && day(o) < day(drill) && shares(o))
    }

    fn by_commit(&self, name: &str, drill: &Drill) -> Result<Proof, HistoryError> {
        let (git, Some(line)) = (self.asked.git, self.asked.line) else { return Ok(Proof::Confirmed) };
        let is_hex = name.len() >= 4 && name.bytes().all(|b| b.is_ascii_hexdigit());
        let is_its_id = |id: &ObjectId| is_hex && id.to_string().starts_with(&name.to_ascii_lowercase());
        let Some(id) = git.resolve(name).ok().filter(is_its_id) else {
            return Ok(if git.is_shallow() {
                unknown("history-truncated", &format!("names commit {name}, which this shallow clone does not have"))
            } else {
                Proof::Refuted(format!("names commit {name}, which is no commit of this repository"))
            });
        };
        match git.is_ancestor(&id, &line) {
            Ok(true) => {}
            Ok(false) => return Ok(Proof::Refuted(format!("names commit {name}, which is not on the checked line"))),
            Err(HistoryError::Shallow { .. }) => {
                return Ok(unknown(
                    "history-truncated",
                    &format!("names commit {name}, and this clone ends too early"),
                ));
            }
            Err(error) => return Err(error),
        }
        let commit = git.commit(&id)?;
        let performed = drill.performed.value.to_utc();
        if commit.time < performed - TimeDelta::days(1) || !self.in_time(performed, commit.time) {
            let day = commit.time.with_timezone(&self.asked.policy.timezone).date_naive();
            return Ok(Proof::Refuted(format!("names commit {name}, which is of {day}")));
        }
        let service = &drill.service.value;
        match self.changes_of(&commit)? {
            None => Ok(unknown("history-truncated", &format!("names commit {name}, and this clone ends there"))),
            Some(changes) if self.touch(&changes, service)? => Ok(Proof::Confirmed),
            Some(_) => Ok(Proof::Refuted(format!("names commit {name}, which touches nothing of `{service}`"))),
        }
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

    fn by_tag(&self, name: &str, drill: &Drill) -> Proof {
        let Some(tag) = self.tags.iter().find(|t| *t.name == *name) else {
            return if self.tags_may_be_missing {
                unknown("history-no-tags", &format!("names tag {name}, and this clone has no tags"))
            } else if self.asked.git.is_shallow() {
                unknown("history-truncated", &format!("names tag {name}, which this shallow clone may lack"))
            } else {
                Proof::Refuted(format!("names tag {name}, which is not there"))
            };
        };
        let Some(tagged) = tag.tagged else {
            return Proof::Refuted(format!("names tag {name}, which is a lightweight one and bears no date"));
        };
        let performed = drill.performed.value.to_utc();
        if let Some((service, day)) = self.parts(tag) {
            if *service != *drill.service.value {
                return Proof::Refuted(format!("names tag {name}, which is of `{service}`"));
            }
            if (day - performed).abs() > TimeDelta::days(1) {
                return Proof::Refuted(format!("names tag {name}, which is of another day"));
            }
        }
        if tagged < performed - TimeDelta::days(1) || !self.in_time(performed, tagged) {
            let day = tagged.with_timezone(&self.asked.policy.timezone).date_naive();
            return Proof::Refuted(format!("names tag {name}, which was made on {day}"));
        }
        Proof::Confirmed
    }

    /// Service and day of a tag that tells of a drill.
    fn parts<'t>(&self, tag: &'t Tag) -> Option<(&'t str, Moment)> {
        let wanted = match &self.asked.policy.drills.tags {
            Some(globs) => globs.matches(&tag.name),
            None => tag.name.starts_with("rollback-drill/"),
        };
        let (rest, last) = tag.name.rsplit_once('/').filter(|_| wanted)?;
        let service = rest.split_once('/').map_or(rest, |(_, service)| service);
        let date = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        let noon = NaiveTime::from_hms_opt(12, 0, 0)?;
        let day = date(last).map(|d| d.and_time(noon).and_utc());
        Some((service, day.or_else(|| DateTime::from_timestamp(last.parse().ok()?, 0))?))
    }

    /// Annotated tags that tell of a drill, each made soon after the day in its name.
    fn by_tags(&self) -> Vec<FoundDrill> {
        let one = |tag: &Tag| {
            let (service, performed) = self.parts(tag)?;
            let fits = tag.tagged.is_some_and(|t| t >= performed - TimeDelta::days(1) && self.in_time(performed, t));
            let found = || FoundDrill {
                service: service.to_owned(),
                performed,
                source: DrillSource::Tag,
                name: tag.name.to_string(),
            };
            fits.then(found)
        };
        self.tags.iter().filter_map(one).collect()
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

    /// Looks for trailers and real reverts along first parents.
    fn walk(&self, since: Moment, log: &mut DrillLog) -> Result<(), HistoryError> {
        let Some(line) = self.asked.line else {
            log.looked = Looked::Nowhere;
            return Ok(());
        };
        let limit = horizon(self.asked.policy, self.asked.at);
        let not_before = since - TimeDelta::days(1);
        let mut walk = self.asked.git.first_parents(line, Horizon { not_before, ..limit });
        let by_default = [Box::from("Rollback-Drill")];
        let keys = self.asked.policy.drills.trailers.as_deref().unwrap_or(&by_default);
        let count_reverts = self.asked.policy.drills.reverts != Some(false);
        for commit in walk.by_ref() {
            let commit = commit?;
            for service in keys.iter().flat_map(|key| trailer(&commit.message, key)) {
                log.found.push(found(service, &commit, DrillSource::Trailer));
            }
            if count_reverts && let Some(of) = reverts(&commit.message) {
                for service in self.taken_back(&commit, &of)? {
                    log.found.push(found(service, &commit, DrillSource::Revert));
                }
            }
        }
        if !walk.end().is_some_and(End::is_complete) {
            log.looked = Looked::Truncated;
        }
        Ok(())
    }

    /// The services that `commit` takes back to what they were before the commit `of`, as its message says it does.
    fn taken_back(&self, commit: &Commit, of: &ObjectId) -> Result<BTreeSet<String>, HistoryError> {
        let (git, mut services) = (self.asked.git, BTreeSet::new());
        let Some(changes) = self.changes_of(commit)?.filter(|_| git.has(of)) else { return Ok(services) };
        let Some(parent) = git.commit(of)?.parents.first().copied().filter(|p| git.has(p)) else { return Ok(services) };
        let before = git.commit(&parent)?.tree;
        for change in &changes {
            let Some((now, then)) = change.new.zip(git.find(&before, &change.path)?) else { continue };
            let rollouts = self.rollouts(&change.path, &now)?;
            let replaced = match &change.old {
                Some(old) => self.rollouts(&change.path, old)?,
                None => Vec::new(),
            };
            // What a comment or a threshold says is taken back as well; that is no way back of the service.
            let moved = |r: &&Rollout| replaced.iter().any(|o| o.id == r.id && !serves_the_same(o, r));
            if now == then {
                services.extend(rollouts.iter().filter(moved).map(|r| r.service.to_string()));
                let owner = self.asked.policy.service_of(&shown(&change.path));
                services.extend(owner.map(|s| s.name.value.to_string()));
                continue;
            }
            let earlier = self.rollouts(&change.path, &then)?;
            let back = |r: &&Rollout| earlier.iter().any(|e| e.id == r.id && serves_the_same(e, r));
            services.extend(rollouts.iter().filter(moved).filter(back).map(|r| r.service.to_string()));
        }
        Ok(services)
    }
}

/// Do both ship the same to the same shares?
fn serves_the_same(one: &Rollout, other: &Rollout) -> bool {
    let payload = |r: &Rollout| r.payload.iter().map(|p| p.value.clone()).collect::<Vec<_>>();
    let shares = |r: &Rollout| r.stages().iter().map(crate::model::Stage::share).collect::<Vec<_>>();
    payload(one) == payload(other) && shares(one) == shares(other)
}

fn found(service: String, commit: &Commit, source: DrillSource) -> FoundDrill {
    FoundDrill { service, performed: commit.time, source, name: commit.id.short() }
}

fn unknown(reason: &'static str, why: &str) -> Proof {
    Proof::Unknown(reason, why.to_owned())
}
