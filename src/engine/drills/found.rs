//! Drills that git alone tells of: tags, trailers and reverts.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone};

use super::Desk;
use crate::clock::Moment;
use crate::collect::shown;
use crate::engine::past::horizon;
use crate::history::{Blob, Commit, End, FileChange, HistoryError, Horizon, ObjectId, Sides, Tag, reverts, trailer};
use crate::model::{DrillLog, DrillSource, FoundDrill, Looked, Rollout, Stage};

/// What the name of a tag says of a drill.
#[derive(Clone, Copy)]
pub(super) struct Named<'t> {
    pub(super) service: &'t str,
    /// In the policy's zone.
    pub(super) day: NaiveDate,
    /// The moment that is written, else the day's noon.
    pub(super) moment: Moment,
}

impl Desk<'_> {
    /// Service and day of a tag that tells of a drill.
    pub(super) fn parts<'t>(&self, tag: &'t Tag) -> Option<Named<'t>> {
        let wanted = match &self.asked.policy.drills.tags {
            Some(globs) => globs.matches(&tag.name),
            None => tag.name.starts_with("rollback-drill/"),
        };
        let (rest, last) = tag.name.rsplit_once('/').filter(|_| wanted)?;
        let service = rest.split_once('/').map_or(rest, |(_, service)| service);
        if let Ok(day) = NaiveDate::parse_from_str(last, "%Y-%m-%d") {
            let noon = day.and_time(NaiveTime::from_hms_opt(12, 0, 0)?);
            let here = self.asked.policy.timezone.from_local_datetime(&noon).earliest();
            return Some(Named { service, day, moment: here.map_or_else(|| noon.and_utc(), |t| t.to_utc()) });
        }
        let moment = DateTime::from_timestamp(last.parse().ok()?, 0)?;
        Some(Named { service, day: self.day(moment), moment })
    }

    /// Annotated tags that tell of a drill, each made soon after the day in its name.
    pub(super) fn by_tags(&self) -> Vec<FoundDrill> {
        let one = |tag: &Tag| {
            let (named, tagged) = (self.parts(tag)?, tag.tagged?);
            let too_early = self.day(tagged) < named.day - TimeDelta::days(1);
            let found = || FoundDrill {
                service: named.service.to_owned(),
                // Nobody tags a drill that is still to come.
                performed: named.moment.min(tagged),
                source: DrillSource::Tag,
                name: tag.name.to_string(),
            };
            (!too_early && self.in_time(named.moment, tagged)).then(found)
        };
        self.tags.iter().filter_map(one).collect()
    }

    /// Looks for trailers and real reverts along first parents, and in what merges brought there.
    pub(super) fn walk(&self, since: Moment, log: &mut DrillLog) -> Result<(), HistoryError> {
        let Some(line) = self.asked.line else {
            log.looked = Looked::Nowhere;
            return Ok(());
        };
        let limit = horizon(self.asked.policy, self.asked.at);
        let back = Horizon { not_before: since - TimeDelta::days(1), ..limit };
        let mut walk = self.asked.git.first_parents(line, back);
        let (mut sides, mut merges) = (Sides::new(self.asked.git, back), Vec::new());
        // A commit is no newer than what came after it.
        let mut at = Moment::MAX_UTC;
        for commit in walk.by_ref() {
            let commit = commit?;
            at = at.min(commit.time);
            self.tell(&commit, (&commit, at), log)?;
            if !merges.is_empty() {
                sides.pass(commit.id);
            }
            if commit.parents.len() > 1 {
                merges.push((commit, at));
            }
        }
        for (merge, at) in merges.iter().rev() {
            for commit in sides.brought(merge)? {
                self.tell(&commit, (merge, *at), log)?;
            }
        }
        if !walk.end().is_some_and(End::is_complete) || !sides.is_complete() {
            log.looked = Looked::Truncated;
        }
        Ok(())
    }

    /// Adds the drills that `commit` tells of, which came to the line with the commit `with`, at that moment.
    fn tell(&self, commit: &Commit, (with, at): (&Commit, Moment), log: &mut DrillLog) -> Result<(), HistoryError> {
        let drills = &self.asked.policy.drills;
        let by_default = [Box::from("Rollback-Drill")];
        let keys = drills.trailers.as_deref().unwrap_or(&by_default);
        let found = |service, source| FoundDrill { service, performed: at, source, name: commit.id.short() };
        for service in keys.iter().flat_map(|key| trailer(&commit.message, key)) {
            // Like the evidence of a record, it has to touch the service, and be told in time.
            let changes = self.changes_of(commit)?.filter(|_| self.in_time(commit.time, at)).unwrap_or_default();
            if self.touch(&changes, &service)? {
                log.found.push(found(service, DrillSource::Trailer));
            }
        }
        if let Some(of) = reverts(&commit.message).filter(|_| drills.reverts != Some(false)) {
            // What a branch takes back of its own was never live: the merge has to take it back.
            match self.taken_back(with, &of)? {
                Some(services) => log.found.extend(services.into_iter().map(|s| found(s, DrillSource::Revert))),
                None => log.looked = Looked::Truncated,
            }
        }
        Ok(())
    }

    /// The services that `commit` takes back to what they were before the commit `of`, which came before it. `None` where
    /// this clone ends too early to tell.
    fn taken_back(&self, commit: &Commit, of: &ObjectId) -> Result<Option<BTreeSet<String>>, HistoryError> {
        let git = self.asked.git;
        let unseen = || Ok(if git.is_shallow() { None } else { Some(BTreeSet::new()) });
        let Some(changes) = self.changes_of(commit)?.filter(|_| git.has(of)) else { return unseen() };
        let of = git.commit(of)?;
        let Some(parent) = of.parents.first().filter(|p| git.has(p)) else { return unseen() };
        let before = git.commit(parent)?.tree;
        let mut services = BTreeSet::new();
        for change in &changes {
            let Some((now, then)) = change.new.zip(git.find(&before, &change.path)?) else { continue };
            if git.find(&of.tree, &change.path)? != Some(then) {
                services.extend(self.returned(change, (now, then))?);
            }
        }
        // What never was on the line cannot be taken back from it.
        let Some(line) = commit.parents.first().filter(|_| !services.is_empty()) else { return Ok(Some(services)) };
        match git.is_ancestor(&of.id, line) {
            Ok(true) => Ok(Some(services)),
            Ok(false) => Ok(Some(BTreeSet::new())),
            Err(HistoryError::Shallow { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The services of one file that are `now` what they were `then`, and were something else in between.
    fn returned(&self, change: &FileChange, (now, then): (Blob, Blob)) -> Result<BTreeSet<String>, HistoryError> {
        let rollouts = self.rollouts(&change.path, &now)?;
        let replaced = match &change.old {
            Some(old) => self.rollouts(&change.path, old)?,
            None => Vec::new(),
        };
        // What a comment or a threshold says is taken back as well; that is no way back of the service.
        let moved = |r: &&Rollout| replaced.iter().any(|o| o.id == r.id && !serves_the_same(o, r));
        if now == then {
            let owner = self.asked.policy.service_of(&shown(&change.path)).map(|s| s.name.value.to_string());
            return Ok(rollouts.iter().filter(moved).map(|r| r.service.to_string()).chain(owner).collect());
        }
        let earlier = self.rollouts(&change.path, &then)?;
        let back = |r: &&Rollout| earlier.iter().any(|e| e.id == r.id && serves_the_same(e, r));
        Ok(rollouts.iter().filter(moved).filter(back).map(|r| r.service.to_string()).collect())
    }
}

/// Do both ship the same to the same shares?
fn serves_the_same(one: &Rollout, other: &Rollout) -> bool {
    let payload = |r: &Rollout| r.payload.iter().map(|p| p.value.clone()).collect::<Vec<_>>();
    let shares = |r: &Rollout| r.stages().iter().map(Stage::share).collect::<Vec<_>>();
    payload(one) == payload(other) && shares(one) == shares(other)
}
