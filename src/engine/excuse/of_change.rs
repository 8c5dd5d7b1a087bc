//! The ignores of a change: which of them count, and which are the change's own.

use std::collections::BTreeMap;
use std::ops::Range;

use super::hide::{Candidate, allows, files_with_findings};
use super::written::{Written, written};
use crate::collect::{is_manifest, shown};
use crate::engine::compare::Desk;
use crate::engine::gate::ChangeInput;
use crate::engine::judge::Judged;
use crate::history::{HistoryError, Mode, Snapshot, Step};
use crate::policy::Trust;
use crate::rules::Facts;
use crate::text::FileId;

/// The ignores that matter to `step`, whose files after it have the numbers `files`: those of these files, and those of
/// others in which something was found.
pub(in crate::engine) fn candidates(
    input: &ChangeInput<'_>,
    desk: &Desk<'_>,
    step: &Step,
    (facts, files, judged): (&Facts, Range<usize>, &Judged),
) -> Result<Vec<Candidate>, HistoryError> {
    let found = files_with_findings(judged);
    let is_touched = |file: FileId| files.contains(&(file.0 as usize));
    let head: Vec<&Written> =
        desk.ignores.iter().filter(|w| is_touched(w.span.file) || found.contains(&w.span.file)).collect();
    let approved = match trusted(input, step) {
        Some(snapshot) => Base { desk, step, snapshot }.approved(&head)?,
        None => vec![true; head.len()],
    };
    let mut all = of_policy(input, desk);
    for (written, is_approved) in head.into_iter().zip(approved) {
        let (file, at) = (written.span.file, written.at);
        let is_policy = input.policy.repository_files().any(|p| p.path == desk.files[file.0 as usize].path);
        // What was there before is judged with the rollout it stands in.
        let mut spans = facts.rollouts.iter().map(|r| r.span);
        let is_of_it = !is_approved || spans.any(|s| s.file == file && s.start <= at && at < s.end);
        let is_judged = is_touched(file) && !is_policy && is_of_it;
        all.push(Candidate { written: written.clone(), is_approved, is_judged });
    }
    Ok(all)
}

/// The ignores of the policy that judges; it is no part of the change.
fn of_policy(input: &ChangeInput<'_>, desk: &Desk<'_>) -> Vec<Candidate> {
    let all = input.policy.repository_files().flat_map(|p| written(p.id, &p.text, &desk.limits.document));
    all.map(|written| Candidate { written, is_approved: true, is_judged: false }).collect()
}

/// The state that an ignore must be in already to count; `None` where all of them do.
fn trusted<'a>(input: &'a ChangeInput<'_>, step: &'a Step) -> Option<&'a Snapshot> {
    let by_head = input.policy.suppressions.trust() == Trust::Head || input.trust.side == "head";
    let before = if step.commit.is_some() { &step.old } else { &input.trusted };
    (!by_head).then_some(before)
}

/// The state that an ignore must be in already.
struct Base<'a> {
    desk: &'a Desk<'a>,
    step: &'a Step,
    snapshot: &'a Snapshot,
}

impl Base<'_> {
    /// Which of the ignores `head` are there too: beside the same thing, for the same rules, and for at least as long.
    /// Each of those there counts once, so that a copy is a new one. They are looked for in the same file first, then
    /// in all files of the change: an object that moves takes its ignores with it.
    fn approved(&self, head: &[&Written]) -> Result<Vec<bool>, HistoryError> {
        let path = |w: &Written| &*self.desk.files[w.span.file.0 as usize].path;
        let mut there: BTreeMap<&str, Vec<Written>> = BTreeMap::new();
        let mut approved = Vec::with_capacity(head.len());
        for written in head {
            let known = match there.entry(path(written)) {
                std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::btree_map::Entry::Vacant(new) => new.insert(self.of(path(written).as_bytes())?),
            };
            approved.push(take(known, written));
        }
        let is_open = |(written, approved): &(&&Written, &bool)| !**approved && written.is_of_an_object;
        if !head.iter().zip(&approved).any(|pair| is_open(&pair)) {
            return Ok(approved);
        }
        let mut left: Vec<Written> = there.values().flatten().cloned().collect();
        for change in self.step.files.iter().filter(|c| c.old.is_some() && is_manifest(&c.path)) {
            let old = change.old_path.as_ref().unwrap_or(&change.path);
            if !there.contains_key(&*shown(old)) {
                left.extend(self.of(old)?);
            }
        }
        for (written, approved) in head.iter().zip(&mut approved).filter(|(w, a)| !**a && w.is_of_an_object) {
            *approved = take(&mut left, written);
        }
        Ok(approved)
    }

    /// The ignores of the file at `path`.
    fn of(&self, path: &[u8]) -> Result<Vec<Written>, HistoryError> {
        let found = self.snapshot.find(self.desk.git, path)?;
        let Some(blob) = found.filter(|blob| blob.mode == Mode::File) else { return Ok(Vec::new()) };
        let bytes = self.desk.read(&String::from_utf8_lossy(path), &blob)?;
        let limits = &self.desk.limits.document;
        Ok(std::str::from_utf8(&bytes).map_or_else(|_| Vec::new(), |text| written(FileId(0), text, limits)))
    }
}

/// Takes out of `base` the first one that allows `head`.
fn take(base: &mut Vec<Written>, head: &Written) -> bool {
    let found = base.iter().position(|base| allows(base, head));
    found.map(|at| base.remove(at)).is_some()
}
