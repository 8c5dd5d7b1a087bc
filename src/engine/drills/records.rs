//! Records of drills, held against git.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::{Desk, unknown};
use crate::clock::Moment;
use crate::engine::past::horizon;
use crate::history::{Commit, End, GitPath, HistoryError, Horizon, Mode, ObjectId, Versions};
use crate::model::{Drill, DrillOutcome, Evidence, Proof};

/// When a record entered git.
#[derive(Clone, Copy)]
pub(super) enum Entered {
    /// Then.
    At(Moment),
    /// Not yet: it is entering now.
    Now,
    /// Before history begins here.
    Early,
}

/// What a piece of evidence comes to, however it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Ground {
    Commit(ObjectId),
    /// What is no commit here, or a tag that tells of a drill by its name.
    Named(Evidence),
}

impl Desk<'_> {
    /// How far back the records are looked for: no further than the oldest drill.
    fn back(&self) -> Option<Horizon> {
        let oldest = self.asked.drills.iter().map(|(d, _)| d.performed.value.to_utc()).min()?;
        let limit = horizon(self.asked.policy, self.asked.at);
        Some(Horizon { not_before: limit.not_before.max(oldest - TimeDelta::days(1)), ..limit })
    }

    /// When each piece of evidence of each record entered git: one walk for all of them.
    pub(super) fn entered(&self) -> Result<Vec<Vec<Entered>>, HistoryError> {
        let asked = self.asked;
        let (Some(line), Some(back)) = (asked.line, self.back()) else {
            return Ok(vec![Vec::new(); asked.drills.len()]);
        };
        let paths: Vec<GitPath> = asked.drills.iter().map(|(_, path)| path.as_bytes().into()).collect();
        let versions = asked.git.versions(line, back, &paths)?;
        let all = asked.drills.iter().zip(&versions);
        all.map(|((drill, _), versions)| self.entered_by(drill, versions, back.not_before)).collect()
    }

    /// When the drill entered the file that holds it, with each piece of its evidence: a file can be there long before, and
    /// a record be edited.
    fn entered_by(&self, drill: &Drill, versions: &Versions, not_before: Moment) -> Result<Vec<Entered>, HistoryError> {
        let grounds = self.grounds(drill);
        let mut entered = vec![Entered::Now; grounds.len()];
        let mut open: Vec<usize> = (0..grounds.len()).collect();
        for (index, version) in versions.list.iter().enumerate() {
            let Some(blob) = version.blob.filter(|b| b.mode == Mode::File) else { break };
            let there = self.lowered(&version.path, &blob)?.drills;
            let said = there.iter().filter(|earlier| says_the_same(earlier, drill));
            let said: Vec<Ground> = said.flat_map(|earlier| self.grounds(earlier)).collect();
            open.retain(|number| said.contains(&grounds[*number]));
            if open.is_empty() {
                break;
            }
            let is_last = index + 1 == versions.list.len() && versions.end != End::Root;
            // The version that stood where the walk ended may be older than that.
            let older = is_last && (version.time < not_before || matches!(versions.end, End::ShallowBoundary(_)));
            for number in &open {
                entered[*number] = if older { Entered::Early } else { Entered::At(version.time) };
            }
        }
        Ok(entered)
    }

    fn grounds(&self, drill: &Drill) -> Vec<Ground> {
        drill.evidence.iter().map(|e| self.ground(&e.value)).collect()
    }

    fn ground(&self, evidence: &Evidence) -> Ground {
        let commit = match evidence {
            Evidence::Commit(name) => self.commit_named(name),
            Evidence::Tag(name) => {
                let tag = self.tags.iter().find(|t| t.name == *name);
                tag.filter(|t| self.parts(t).is_none()).and_then(|t| t.commit)
            }
        };
        commit.map_or_else(|| Ground::Named(evidence.clone()), Ground::Commit)
    }

    /// The commit of that id, maybe abbreviated.
    fn commit_named(&self, name: &str) -> Option<ObjectId> {
        let is_hex = name.len() >= 4 && name.bytes().all(|b| b.is_ascii_hexdigit());
        let is_its_id = |id: &ObjectId| id.to_string().starts_with(&name.to_ascii_lowercase());
        self.asked.git.resolve(name).ok().filter(|id| is_hex && is_its_id(id))
    }

    pub(super) fn proof(&self, index: usize, entered: &[Entered]) -> Result<Proof, HistoryError> {
        let (drill, _) = &self.asked.drills[index];
        let performed = drill.performed.value.to_utc();
        if self.asked.line.is_none() {
            return Ok(unknown("no-history", "cannot be confirmed: nothing is committed yet"));
        }
        if let Some(other) = self.same_evidence(index) {
            let day = self.day(other.performed.value.to_utc());
            return Ok(Proof::Refuted(format!("rests on the same evidence as the drill of {day}")));
        }
        let mut all = Vec::new();
        for (evidence, entered) in drill.evidence.iter().zip(entered) {
            let told = match entered {
                Entered::At(moment) => *moment,
                Entered::Now => self.asked.at,
                Entered::Early => performed,
            };
            let late = || format!("entered git on {}, long after it is said to have been performed", self.day(told));
            all.push(match &evidence.value {
                _ if !self.in_time(performed, told) => Proof::Refuted(late()),
                Evidence::Commit(name) => self.by_commit(name, drill)?,
                Evidence::Tag(name) => self.by_tag(name, drill)?,
            });
        }
        let confirmed = all.iter().position(|p| *p == Proof::Confirmed);
        let open = all.iter().position(|p| matches!(p, Proof::Unknown(..)));
        let none = || Proof::Refuted("names nothing that git could confirm it by".to_owned());
        Ok(confirmed.or(open).map(|i| all.swap_remove(i)).or_else(|| all.into_iter().next()).unwrap_or_else(none))
    }

    /// A drill of the service that was performed on an earlier day and rests on the same commit or tag.
    fn same_evidence(&self, index: usize) -> Option<&Drill> {
        let (drill, _) = &self.asked.drills[index];
        let grounds = self.grounds(drill);
        let shares = |other: &Drill| self.grounds(other).iter().any(|ground| grounds.contains(ground));
        let day = |d: &Drill| self.day(d.performed.value.to_utc());
        let others = self.asked.drills.iter().map(|(d, _)| *d);
        others.into_iter().find(|o| o.service.value == drill.service.value && day(o) < day(drill) && shares(o))
    }

    fn by_commit(&self, name: &str, drill: &Drill) -> Result<Proof, HistoryError> {
        match self.commit_named(name) {
            Some(id) => self.of_commit(&id, &format!("commit {name}, which"), drill),
            None if self.asked.git.is_shallow() => Ok(unknown(
                "history-truncated",
                &format!("names commit {name}, which this shallow clone does not have"),
            )),
            None => Ok(Proof::Refuted(format!("names commit {name}, which is no commit of this repository"))),
        }
    }

    /// Is the commit, named as `what`, on the line, of the drill's days, and does it touch the service?
    fn of_commit(&self, id: &ObjectId, what: &str, drill: &Drill) -> Result<Proof, HistoryError> {
        let (git, Some(line)) = (self.asked.git, self.asked.line) else { return Ok(Proof::Confirmed) };
        match git.is_ancestor(id, &line) {
            Ok(true) => {}
            Ok(false) => return Ok(Proof::Refuted(format!("names {what} is not on the checked line"))),
            Err(HistoryError::Shallow { .. }) => {
                return Ok(unknown("history-truncated", &format!("names {what} this clone ends too early to place")));
            }
            Err(error) => return Err(error),
        }
        let commit = git.commit(id)?;
        let performed = drill.performed.value.to_utc();
        let time = self.dates.get(id).copied().unwrap_or(commit.time);
        if time < performed - TimeDelta::days(1) || !self.in_time(performed, time) {
            return Ok(Proof::Refuted(format!("names {what} is of {}", self.day(time))));
        }
        let service = &drill.service.value;
        match self.changes_of(&commit)? {
            None => Ok(unknown("history-truncated", &format!("names {what} is the last of this clone"))),
            Some(changes) if self.touch(&changes, service)? => Ok(Proof::Confirmed),
            Some(_) => Ok(Proof::Refuted(format!("names {what} touches nothing of `{service}`"))),
        }
    }

    /// The dates of the commits that records name, each no later than those of the commits that came after it.
    pub(super) fn dates(&self) -> Result<BTreeMap<ObjectId, Moment>, HistoryError> {
        let grounds = self.asked.drills.iter().flat_map(|(drill, _)| self.grounds(drill));
        let mut wanted: BTreeSet<ObjectId> = grounds
            .filter_map(|ground| match ground {
                Ground::Commit(id) => Some(id),
                Ground::Named(_) => None,
            })
            .collect();
        let (mut dates, mut latest) = (BTreeMap::new(), Moment::MAX_UTC);
        let (Some(line), Some(back)) = (self.asked.line, self.back()) else { return Ok(dates) };
        let mut walk = self.asked.git.first_parents(line, back);
        while !wanted.is_empty()
            && let Some(commit) = walk.next()
        {
            let Commit { id, time, .. } = commit?;
            latest = latest.min(time);
            if wanted.remove(&id) {
                dates.insert(id, latest);
            }
        }
        Ok(dates)
    }

    fn by_tag(&self, name: &str, drill: &Drill) -> Result<Proof, HistoryError> {
        let Some(tag) = self.tags.iter().find(|t| *t.name == *name) else {
            return Ok(if self.tags_may_be_missing {
                unknown("history-no-tags", &format!("names tag {name}, and this clone has no tags"))
            } else if self.asked.git.is_shallow() {
                unknown("history-truncated", &format!("names tag {name}, which this shallow clone may lack"))
            } else {
                Proof::Refuted(format!("names tag {name}, which is not there"))
            });
        };
        let refuted = |why: String| Ok(Proof::Refuted(format!("names tag {name}, which {why}")));
        let Some(tagged) = tag.tagged else {
            return refuted("is a lightweight one and bears no date".to_owned());
        };
        let performed = drill.performed.value.to_utc();
        let named = self.parts(tag);
        if let Some(named) = named {
            if *named.service != *drill.service.value {
                return refuted(format!("is of `{}`", named.service));
            }
            if (named.day - self.day(performed)).abs() > TimeDelta::days(1) {
                return refuted("is of another day".to_owned());
            }
        }
        let too_early = self.day(tagged) < self.day(performed) - TimeDelta::days(1);
        if too_early || !self.in_time(performed, tagged) {
            return refuted(format!("was made on {}", self.day(tagged)));
        }
        match (named, tag.commit) {
            (Some(_), _) => Ok(Proof::Confirmed),
            // Its name tells of no drill, so its commit has to.
            (None, Some(id)) => self.of_commit(&id, &format!("tag {name}, whose commit"), drill),
            (None, None) => refuted("leads to no commit".to_owned()),
        }
    }
}

/// Did `earlier` tell of the same drill, and no worse of it? A failure that is admitted later makes nothing count.
fn says_the_same(earlier: &Drill, drill: &Drill) -> bool {
    earlier.service.value == drill.service.value
        && earlier.performed.value == drill.performed.value
        && earlier.environment == drill.environment
        && (earlier.outcome.value == drill.outcome.value || drill.outcome.value == DrillOutcome::Failure)
}
