//! The proving ground: files lowered as they stand, one of them exchanged for what an edit makes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Guess;
use crate::adapters::Audience;
use crate::collect::{File, Origin, WorkingSet};
use crate::engine::check::{Input, Lenders, bounds, recheck};
use crate::engine::judge::{Judged, judge, key_of};
use crate::engine::plan::{Choice, Plan, Selection};
use crate::engine::settle::{selection, service_anchors, settle};
use crate::engine::standing::{Standing, Stood};
use crate::engine::{LoadLimits, load};
use crate::finding::{Finding, RolloutKey, State, Wish, edited};
use crate::model::{Fact, Problem, Progression, Rollout, Stage};
use crate::rules::Facts;
use crate::text::Span;

/// Something that is said, told apart from everything else that is: rule, rollout, subject, file.
type Said = (&'static str, Option<RolloutKey>, String, u32);

/// How often each thing is said.
pub(super) type Counted = BTreeMap<Said, usize>;

/// What counts of `findings`.
pub(super) fn counted(findings: &[Finding]) -> Counted {
    let mut said = Counted::new();
    let active = findings.iter().filter(|f| f.state == State::Active);
    active.for_each(|f| *said.entry(sealed(f)).or_insert(0) += 1);
    said
}

/// `finding` as a report says it.
fn sealed(finding: &Finding) -> Said {
    (finding.rule.id, finding.rollout.clone(), finding.about.clone(), finding.primary.file.0)
}

/// What some files come to.
struct Come {
    rollouts: Vec<Rollout>,
    said: BTreeMap<Said, usize>,
}

/// The files of a run, as far as fixes of `asked` depend on them.
pub(super) struct Ground<'a> {
    input: &'a Input<'a>,
    limits: LoadLimits,
    plan: Plan,
    standing: Standing,
    problems: BTreeMap<usize, Vec<Problem>>,
    /// Files that rollouts of others live by.
    reaching: &'a [usize],
    /// What stands, by the file that was looked at.
    known: BTreeMap<usize, Come>,
}

impl<'a> Ground<'a> {
    /// Lets the files of `asked` and `lenders` stand.
    pub(super) fn new(input: &'a Input<'a>, asked: BTreeSet<usize>, lenders: &'a Lenders) -> Self {
        let mut ground = Self {
            input,
            limits: bounds(input.policy),
            plan: Plan::default(),
            standing: Standing::default(),
            problems: BTreeMap::new(),
            reaching: &lenders.reaching,
            known: BTreeMap::new(),
        };
        ground.bring(asked.into_iter().chain(lenders.all.iter().copied()));
        ground
    }

    /// Lets the files `numbers` stand, those that do not yet.
    fn bring(&mut self, numbers: impl Iterator<Item = usize>) {
        for number in numbers {
            let file = &self.input.set.files[number];
            if self.problems.contains_key(&number) {
                continue;
            }
            if let Some((stood, problems)) = self.lowered(number, file) {
                self.standing.put(&file.path, stood);
                self.problems.insert(number, problems);
            }
        }
    }

    /// Does the edit of `guess` to the file `number`, whose text is `text`, end `finding`, start nothing else, and change
    /// no more than it means to?
    pub(super) fn proves(&mut self, number: usize, text: &str, guess: &Guess, finding: &Finding) -> bool {
        let Some(new) = edited(text, [&guess.edit]) else { return false };
        let at = guess.edit.span.start;
        if !guess.intent.is_all(text, &new, at, &self.limits.document) {
            return false;
        }
        let path = Arc::clone(&self.input.set.files[number].path);
        let file = File { path: Arc::clone(&path), origin: Origin::Memory(new.into_bytes().into()) };
        let Some((stood, problems)) = self.lowered(number, &file) else { return false };
        if !self.known.contains_key(&number) {
            let state = self.state(number);
            self.known.insert(number, state);
        }
        let old = self.standing.take(&path);
        let before = self.problems.insert(number, problems);
        self.standing.put(&path, stood);
        let after = self.state(number);
        let reaches = self.reaching.contains(&number) || self.standing.lends(&path);
        let others_after = if reaches { self.others(&path) } else { Vec::new() };
        self.standing.take(&path);
        if let Some(old) = old {
            self.standing.put(&path, old);
        }
        self.problems.insert(number, before.unwrap_or_default());
        let others = if reaches { self.others(&path) } else { Vec::new() };
        let left_alone =
            others.len() == others_after.len() && others.iter().zip(&others_after).all(|(a, b)| alike(a, b));
        left_alone && self.known.get(&number).is_some_and(|before| mends(before, &after, finding, &self.said(finding)))
    }

    /// The rollouts of all files but the one at `path`, which may live by it.
    fn others(&mut self, path: &str) -> Vec<Rollout> {
        self.bring(0..self.input.set.files.len());
        self.standing.paths().filter(|p| ***p != *path).flat_map(|p| self.standing.rollouts(p)).collect()
    }

    /// As [`Ground::proves`], of a comment: what it hides is known only when everything is judged.
    pub(super) fn proves_whole(
        &self,
        number: usize,
        text: &str,
        guess: &Guess,
        (finding, before): (&Finding, &Counted),
    ) -> bool {
        let Some(new) = edited(text, [&guess.edit]) else { return false };
        if !guess.intent.is_all(text, &new, guess.edit.span.start, &self.limits.document) {
            return false;
        }
        let mut files = self.input.set.files.clone();
        files[number].origin = Origin::Memory(new.into_bytes().into());
        let set = WorkingSet { files, ..WorkingSet::default() };
        let input = Input { set, choice: self.input.choice.clone(), allow_empty: true, fixes: false, ..*self.input };
        let after = counted(&recheck(&input, None).0.findings);
        let count = |all: &Counted, said: &Said| all.get(said).copied().unwrap_or(0);
        let target = sealed(finding);
        count(&after, &target) + 1 == count(before, &target) && after.iter().all(|(said, n)| *n <= count(before, said))
    }

    fn lowered(&self, number: usize, file: &File) -> Option<(Stood, Vec<Problem>)> {
        let one = load(number, std::slice::from_ref(file), &self.limits, Audience::Rules).pop()?;
        let mut lowered = one.lowered;
        let problems = std::mem::take(&mut lowered.problems);
        (one.failure.is_none() && one.skipped.is_none()).then(|| (lowered.into(), problems))
    }

    /// What the file `number` comes to, judged by everything that the policy asks.
    fn state(&mut self, number: usize) -> Come {
        let (input, policy) = (self.input, self.input.policy);
        let path = &input.set.files[number].path;
        let mut rollouts: Vec<Box<Rollout>> = self.standing.rollouts(path).into_iter().map(Box::new).collect();
        settle(rollouts.iter_mut().map(|r| &mut **r), &input.set.files, policy);
        let selections: Vec<Selection> = rollouts.iter().map(|r| selection(policy, r, &input.set.files)).collect();
        let base = Selection::base();
        selections.iter().chain([&base]).for_each(|s| self.plan.bind(policy, &Choice::default(), s));
        let facts = Facts {
            now: input.now,
            at: input.at,
            zone: policy.timezone,
            calendars: policy.calendars.clone(),
            service_anchors: service_anchors(rollouts.iter().map(|r| &**r), |_| false),
            rollouts,
            changes: Vec::new(),
            planned: BTreeMap::new(),
            governed: Vec::new(),
            loosened_gates: Vec::new(),
            drills: Vec::new(),
            paths: Vec::new(),
            problems: self.problems.get(&number).cloned().unwrap_or_default(),
            services: Vec::new(),
            drill_log: None,
            weakened: Vec::new(),
            ignores: Vec::new(),
        };
        let Judged { findings, undetermined } = judge(&self.plan, &facts, &selections, &base);
        let mut said = BTreeMap::new();
        let unknown = undetermined
            .into_iter()
            .map(|u| (u.rule.id, u.rollout, format!("undetermined {}", u.reason), u.span.file.0));
        let found = findings.into_iter().map(|f| (f.rule.id, f.rollout, f.about, f.primary.file.0));
        found.chain(unknown).for_each(|one| *said.entry(one).or_insert(0) += 1);
        Come { rollouts: facts.rollouts.into_iter().map(|r| *r).collect(), said }
    }

    /// `finding` as the proving ground says it: what belongs to no rollout is sealed with its path.
    fn said(&self, finding: &Finding) -> Said {
        let file = finding.primary.file;
        let path = self.input.set.files.get(file.0 as usize).map_or("", |f| &*f.path);
        let about = match &finding.rollout {
            None => finding.about.strip_prefix(path).map_or(&*finding.about, str::trim_start),
            Some(_) => &finding.about,
        };
        (finding.rule.id, finding.rollout.clone(), about.to_owned(), file.0)
    }
}

/// Is `target` gone, nothing new said, and every rollout what it was but for what was wished for?
fn mends(before: &Come, after: &Come, finding: &Finding, target: &Said) -> bool {
    let count = |state: &Come, said: &Said| state.said.get(said).copied().unwrap_or(0);
    let is_gone = count(after, target) + 1 == count(before, target);
    let nothing_new = after.said.iter().all(|(said, n)| *n <= count(before, said));
    let pairs = || before.rollouts.iter().zip(&after.rollouts);
    let same = |(old, new): (&Rollout, &Rollout)| alike(&granted(old, new, finding), new);
    is_gone && nothing_new && before.rollouts.len() == after.rollouts.len() && pairs().all(same)
}

/// Do two rollouts say the same, wherever they say it?
fn alike(old: &Rollout, new: &Rollout) -> bool {
    old == new || unplaced(old.clone()) == unplaced(new.clone())
}

/// `old` with what was wished for as `new` has it: what is written, or missing, where the finding stands.
fn granted(old: &Rollout, new: &Rollout, finding: &Finding) -> Rollout {
    let (mut out, at) = (old.clone(), finding.primary);
    let is_its = finding.rollout.as_ref().is_some_and(|key| *key == key_of(old));
    match finding.wish {
        // A word that was none may say anything of its own rollout.
        Some(Wish::Written { .. }) if is_its => return new.clone(),
        Some(Wish::Criterion) if is_its => out.rollback.clone_from(&new.rollback),
        Some(Wish::Exposure { .. }) => {
            each_stage(&mut out, new, |old, new| grant(&mut old.exposure, &new.exposure, at));
        }
        // What is mirrored while a stage is held is so as long as the stage.
        Some(Wish::Hold { .. } | Wish::Shadow { .. }) => {
            each_stage(&mut out, new, |old, new| grant(&mut old.hold, &new.hold, at));
            if let (Some(old), Some(new)) = (&mut out.shadow, &new.shadow) {
                grant(&mut old.duration, &new.duration, at);
            }
        }
        Some(Wish::WayBack { .. }) => grant(&mut out.rollback.way_back, &new.rollback.way_back, at),
        Some(Wish::Revisions { .. }) => grant(&mut out.rollback.revisions, &new.rollback.revisions, at),
        Some(Wish::Written { .. } | Wish::Appended { .. } | Wish::Criterion) | None => {}
    }
    out
}

/// Calls `grant` with each stage of both.
fn each_stage(old: &mut Rollout, new: &Rollout, grant: impl Fn(&mut Stage, &Stage)) {
    let (Progression::Declared(stages) | Progression::Live(stages)) = &mut old.progression;
    stages.iter_mut().zip(new.stages()).for_each(|(old, new)| grant(old, new));
}

fn grant<T: Clone>(fact: &mut Fact<T>, new: &Fact<T>, at: Span) {
    if fact.span() == at {
        fact.clone_from(new);
    }
}

/// Everything that `rollout` says, without the places where it is said: an edit moves what stands behind it. Remarks are
/// compared as what rules make of them.
///
/// The derived text is every field there is, so that none can be forgotten.
fn unplaced(mut rollout: Rollout) -> String {
    const OPEN: &str = "Span { file: FileId(";
    rollout.remarks.clear();
    let text = format!("{rollout:?}");
    let (mut out, mut rest) = (String::with_capacity(text.len()), &*text);
    while let Some(at) = rest.find(OPEN) {
        out += &rest[..at];
        rest = rest[at..].find('}').map_or("", |end| &rest[at + end + 1..]);
    }
    out + rest
}
