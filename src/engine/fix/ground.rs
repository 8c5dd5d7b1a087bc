//! The proving ground: files lowered as they stand, one of them exchanged for what an edit makes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Guess;
use crate::adapters::Audience;
use crate::collect::{File, Origin};
use crate::engine::check::{Input, Lenders, bounds};
use crate::engine::judge::{Judged, judge, key_of};
use crate::engine::plan::{Choice, Plan};
use crate::engine::settle::{facets, service_anchors, settle};
use crate::engine::standing::{Standing, Stood};
use crate::engine::{LoadLimits, load};
use crate::finding::{Finding, RolloutKey, Wish, edited};
use crate::model::{Fact, Problem, Rollout};
use crate::policy::Selector;
use crate::rules::Facts;
use crate::text::Span;

/// Something that is said, told apart from everything else that is: rule, rollout, subject, file.
type Said = (&'static str, Option<RolloutKey>, String, u32);

/// What some files come to.
struct State {
    rollouts: Vec<Box<Rollout>>,
    said: BTreeMap<Said, usize>,
}

/// The files of a run, as far as fixes of `asked` depend on them.
pub(super) struct Ground<'a> {
    input: &'a Input<'a>,
    limits: LoadLimits,
    plan: Plan,
    standing: Standing,
    problems: BTreeMap<usize, Vec<Problem>>,
    /// Do all files stand?
    is_whole: bool,
    /// What stands, by the file that was looked at.
    known: BTreeMap<usize, State>,
}

impl<'a> Ground<'a> {
    /// Lets the files of `asked` and `lenders` stand; all files where others live by one of the first,
    /// since then its edit may reach any of them.
    pub(super) fn new(input: &'a Input<'a>, asked: BTreeSet<usize>, lenders: &Lenders) -> Self {
        let is_whole = asked.iter().any(|n| lenders.reaching.contains(n));
        let mut ground = Self {
            input,
            limits: bounds(input.policy),
            plan: Plan::default(),
            standing: Standing::default(),
            problems: BTreeMap::new(),
            is_whole,
            known: BTreeMap::new(),
        };
        let numbers: BTreeSet<usize> = if is_whole {
            (0..input.set.files.len()).collect()
        } else {
            asked.into_iter().chain(lenders.all.iter().copied()).collect()
        };
        for number in numbers {
            if let Some((stood, problems)) = ground.lowered(number, &input.set.files[number]) {
                ground.standing.put(&input.set.files[number].path, stood);
                ground.problems.insert(number, problems);
            }
        }
        ground
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
        let numbers: Vec<usize> = if self.is_whole { (0..self.input.set.files.len()).collect() } else { vec![number] };
        let key = numbers[0];
        if !self.known.contains_key(&key) {
            let state = self.state(&numbers);
            self.known.insert(key, state);
        }
        let old = self.standing.take(&path);
        let before = self.problems.insert(number, problems);
        self.standing.put(&path, stood);
        let after = self.state(&numbers);
        self.standing.take(&path);
        if let Some(old) = old {
            self.standing.put(&path, old);
        }
        self.problems.insert(number, before.unwrap_or_default());
        self.known.get(&key).is_some_and(|before| mends(before, &after, finding, &self.said(finding)))
    }

    fn lowered(&self, number: usize, file: &File) -> Option<(Stood, Vec<Problem>)> {
        let one = load(number, std::slice::from_ref(file), &self.limits, Audience::Rules).pop()?;
        let mut lowered = one.lowered;
        let problems = std::mem::take(&mut lowered.problems);
        (one.failure.is_none() && one.skipped.is_none()).then(|| (lowered.into(), problems))
    }

    /// What the files `numbers` come to, judged by everything that the policy asks.
    fn state(&mut self, numbers: &[usize]) -> State {
        let (input, policy) = (self.input, self.input.policy);
        let paths = numbers.iter().map(|n| &*input.set.files[*n].path);
        let mut rollouts: Vec<Box<Rollout>> = paths.flat_map(|p| self.standing.rollouts(p)).map(Box::new).collect();
        settle(rollouts.iter_mut().map(|r| &mut **r), &input.set.files, policy);
        let selectors: Vec<Selector> = rollouts.iter().map(|r| policy.selector(&facets(r, &input.set.files))).collect();
        let base = Selector::default();
        selectors.iter().chain([&base]).for_each(|s| self.plan.bind(policy, &Choice::default(), s));
        let facts = Facts {
            now: input.now,
            at: input.at,
            zone: policy.timezone,
            calendars: policy.calendars.clone(),
            service_anchors: service_anchors(rollouts.iter().map(|r| &**r), |_| false),
            rollouts,
            changes: Vec::new(),
            governed: Vec::new(),
            drills: Vec::new(),
            paths: Vec::new(),
            problems: numbers.iter().filter_map(|n| self.problems.get(n)).flatten().cloned().collect(),
            services: Vec::new(),
            drill_log: None,
            weakened: Vec::new(),
            ignores: Vec::new(),
        };
        let Judged { findings, undetermined } = judge(&self.plan, &facts, &selectors, &base);
        let mut said = BTreeMap::new();
        let unknown = undetermined
            .into_iter()
            .map(|u| (u.rule.id, u.rollout, format!("undetermined {}", u.reason), u.span.file.0));
        let found = findings.into_iter().map(|f| (f.rule.id, f.rollout, f.about, f.primary.file.0));
        found.chain(unknown).for_each(|one| *said.entry(one).or_insert(0) += 1);
        State { rollouts: facts.rollouts, said }
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
fn mends(before: &State, after: &State, finding: &Finding, target: &Said) -> bool {
    let count = |state: &State, said: &Said| state.said.get(said).copied().unwrap_or(0);
    let is_gone = count(after, target) + 1 == count(before, target);
    let nothing_new = after.said.iter().all(|(said, n)| *n <= count(before, said));
    let pairs = || before.rollouts.iter().zip(&after.rollouts);
    let same =
        |(old, new): (&Box<Rollout>, &Box<Rollout>)| unplaced(granted(old, new, finding)) == unplaced((**new).clone());
    is_gone && nothing_new && before.rollouts.len() == after.rollouts.len() && pairs().all(same)
}

/// `old` with what was wished for as `new` has it: what is written, or missing, where the finding stands.
fn granted(old: &Rollout, new: &Rollout, finding: &Finding) -> Rollout {
    let mut out = old.clone();
    let is_its = finding.rollout.as_ref().is_some_and(|key| *key == key_of(old));
    match finding.wish {
        // A word that was none may say anything of its own rollout.
        Some(Wish::Written { .. }) if is_its => return new.clone(),
        Some(Wish::Criterion) if is_its => out.rollback.clone_from(&new.rollback),
        Some(
            Wish::Written { .. }
            | Wish::Criterion
            | Wish::Exposure { .. }
            | Wish::Hold { .. }
            | Wish::Shadow { .. }
            | Wish::WayBack { .. }
            | Wish::Revisions { .. },
        )
        | None => {}
    }
    let at = finding.primary;
    let mut stages = out.stages().to_vec();
    for (stage, new) in stages.iter_mut().zip(new.stages()) {
        grant(&mut stage.exposure, &new.exposure, at);
        grant(&mut stage.hold, &new.hold, at);
    }
    match &mut out.progression {
        crate::model::Progression::Declared(all) | crate::model::Progression::Live(all) => *all = stages,
    }
    if let (Some(shadow), Some(new)) = (&mut out.shadow, &new.shadow) {
        grant(&mut shadow.duration, &new.duration, at);
    }
    grant(&mut out.rollback.way_back, &new.rollback.way_back, at);
    grant(&mut out.rollback.revisions, &new.rollback.revisions, at);
    out
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
