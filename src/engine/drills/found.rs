//! Drills that git alone tells of: tags, trailers and reverts.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone};

use super::Desk;
use crate::clock::Moment;
use crate::collect::shown;
use crate::engine::past::horizon;
use crate::history::{Commit, End, HistoryError, Horizon, ObjectId, Tag, reverts, trailer};
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

    /// Looks for trailers and real reverts along first parents.
    pub(super) fn walk(&self, since: Moment, log: &mut DrillLog) -> Result<(), HistoryError> {
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

    /// The services that `commit` takes back to what they were before the commit `of`, which came before it.
    fn taken_back(&self, commit: &Commit, of: &ObjectId) -> Result<BTreeSet<String>, HistoryError> {
        let (git, mut services) = (self.asked.git, BTreeSet::new());
        let Some(changes) = self.changes_of(commit)?.filter(|_| git.has(of)) else { return Ok(services) };
        let of = git.commit(of)?;
        let Some(parent) = of.parents.first().copied().filter(|p| git.has(p)) else { return Ok(services) };
        let before = git.commit(&parent)?.tree;
        for change in &changes {
            let Some((now, then)) = change.new.zip(git.find(&before, &change.path)?) else { continue };
            if git.find(&of.tree, &change.path)? == Some(then) {
                continue;
            }
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
        // What never was on the line cannot be taken back from it.
        let came_before = match commit.parents.first().filter(|_| !services.is_empty()) {
            Some(parent) => match git.is_ancestor(&of.id, parent) {
                Err(HistoryError::Shallow { .. }) => false,
                known => known?,
            },
            None => false,
        };
        Ok(if came_before { services } else { BTreeSet::new() })
    }
}

/// Do both ship the same to the same shares?
fn serves_the_same(one: &Rollout, other: &Rollout) -> bool {
    let payload = |r: &Rollout| r.payload.iter().map(|p| p.value.clone()).collect::<Vec<_>>();
    let shares = |r: &Rollout| r.stages().iter().map(Stage::share).collect::<Vec<_>>();
    payload(one) == payload(other) && shares(one) == shares(other)
}

fn found(service: String, commit: &Commit, source: DrillSource) -> FoundDrill {
    FoundDrill { service, performed: commit.time, source, name: commit.id.short() }
}
