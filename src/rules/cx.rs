//! What a rule may know, and where it puts what it found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Ignore;
use crate::catalog::RuleMeta;
use crate::clock::holidays::Calendars;
use crate::clock::{Moment, Tz};
use crate::finding::{Label, Safety, Wish};
use crate::model::{Change, Drill, DrillLog, Instead, Problem, Proof, Remark, RemarkKind, Rollout, Sign, Unknown};
use crate::text::Span;

/// A service that the policy names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredService {
    /// Its name.
    pub name: Box<str>,
    /// Where the policy names it.
    pub span: Span,
}

/// A change of a file that is shipped without a manifest of its own: a prompt, a model's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GovernedChange {
    /// Its path.
    pub path: Box<str>,
    /// The start of the file, at head or, where it is gone, at base.
    pub span: Span,
    /// Who ships it: the service of the policy, or the plan that names it as payload.
    pub shipped_by: String,
    /// Where that is said.
    pub said: Span,
    /// The rollouts of the same change that carry it, by their numbers.
    pub carriers: Vec<usize>,
    /// Does it return to what it was before what is there now?
    pub returns: bool,
    /// What git shows of it.
    pub signs: Vec<Sign>,
}

/// A gate of an evaluation that lets more pass than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoosenedGate {
    /// Where it stands after the change.
    pub span: Span,
    /// In words: "threshold of `llm-rubric` falls from 0.8 to 0.5".
    pub what: Box<str>,
}

/// Something that this change loosens: in the policy, or among the waivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weakened {
    /// Where the new version says so, or where what was taken away would stand.
    pub span: Span,
    /// One sentence: `` `canary-too-small.min` falls from 1% to 0.5% ``.
    pub what: String,
    /// What it is about: stable under edits elsewhere.
    pub about: String,
    /// What to do.
    pub help: String,
}

/// Everything a run knows beside the one rollout a rule is looking at.
pub struct Facts {
    /// The moment of the run.
    pub now: Moment,
    /// When the deploy would start, where that is told (`--at`).
    pub at: Option<Moment>,
    /// The policy's zone.
    pub zone: Tz,
    /// The calendars that the policy names.
    pub calendars: Calendars,
    /// Every rollout of the checked set, sorted by place; where a change is judged, those that it touches.
    pub rollouts: Vec<Box<Rollout>>,
    /// Where a change is judged: what it makes of each of `rollouts`. Empty where a tree is.
    pub changes: Vec<Change>,
    /// What a file itself says that it changes, by the rollout's number: a plan holds both states.
    pub planned: BTreeMap<usize, Change>,
    /// Where a change is judged: files it touches that are shipped without a manifest of their own.
    pub governed: Vec<GovernedChange>,
    /// Gates of evaluations that the change loosens while it ships something.
    pub loosened_gates: Vec<LoosenedGate>,
    /// Every drill on record.
    pub drills: Vec<Drill>,
    /// The path of every file of the run, repository-relative, by its [`FileId`](crate::text::FileId).
    pub paths: Vec<Arc<str>>,
    /// Files and documents that yielded no rollout.
    pub problems: Vec<Problem>,
    /// The services the policy names.
    pub services: Vec<DeclaredService>,
    /// What git says of drills; `None` where there is no repository, or `--no-git` was given.
    pub drill_log: Option<DrillLog>,
    /// What this change loosens; nothing where no change is judged.
    pub weakened: Vec<Weakened>,
    /// Inline ignores: of the change, where one is judged. Nothing until all other rules have spoken.
    pub ignores: Vec<Ignore>,
    /// Indices into `rollouts`: of each service the one that findings about the service are anchored at.
    pub service_anchors: BTreeSet<usize>,
}

impl Facts {
    /// The path of the file that `span` lies in; "" if it is not known.
    pub fn path(&self, span: Span) -> &str {
        self.paths.get(span.file.0 as usize).map_or("", |p| p.as_ref())
    }

    /// What happens to the rollout of that number.
    pub fn change(&self, index: usize) -> Option<&Change> {
        self.changes.get(index).or_else(|| self.planned.get(&index))
    }

    /// What git says of the drill on record of that number; `None` where there is no repository.
    pub fn proof(&self, number: usize) -> Option<&Proof> {
        self.drill_log.as_ref()?.proofs.get(number)
    }

    /// When the deploy starts as far as records are concerned: `--at`, else the moment of the run.
    pub fn moment(&self) -> Moment {
        self.at.unwrap_or(self.now)
    }
}

/// A finding before the policy has given it its level.
#[derive(Clone, Debug, PartialEq)]
pub struct Raw {
    /// The exact value.
    pub primary: Span,
    /// One sentence: what was found against what is required.
    pub what: String,
    /// The smallest edit that mends it.
    pub help: String,
    /// What was found, short.
    pub found: Option<String>,
    /// What is required, short.
    pub required: Option<String>,
    /// Other places.
    pub related: Vec<Label>,
    /// What it is about within the rollout: stable under edits elsewhere.
    pub about: String,
    /// The parameter that sets the limit, so that the report can show where it was set.
    pub limit: Option<&'static str>,
    /// What would mend it.
    pub wish: Option<Wish>,
}

impl Raw {
    /// What was found against what is required, short: `1%` and `>= 2%`.
    pub fn measured(&mut self, found: impl Into<String>, required: impl Into<String>) -> &mut Self {
        self.found = Some(found.into());
        self.required = Some(required.into());
        self
    }

    /// Another place that belongs to it.
    pub fn because(&mut self, span: Span, text: impl Into<String>) -> &mut Self {
        self.related.push(Label { span, text: text.into() });
        self
    }

    /// What it is about within the rollout: a field path, a stage's number, a metric's name.
    pub fn about(&mut self, about: impl Into<String>) -> &mut Self {
        self.about = about.into();
        self
    }

    /// What the model would say if it were mended.
    pub fn wish(&mut self, wish: Wish) -> &mut Self {
        self.wish = Some(wish);
        self
    }

    /// The parameter of this rule that sets the limit.
    pub fn limit(&mut self, parameter: &'static str) -> &mut Self {
        self.limit = Some(parameter);
        self
    }
}

/// What a rule works with.
pub struct Cx<'a> {
    /// The rule at work.
    pub rule: &'static RuleMeta,
    /// What the run knows.
    pub facts: &'a Facts,
    /// The index of the rollout at hand in `facts.rollouts`, while one is judged.
    pub index: Option<usize>,
    found: Vec<Raw>,
    undetermined: Vec<(Span, &'static str, String)>,
}

impl<'a> Cx<'a> {
    /// A desk for `rule`.
    pub const fn new(rule: &'static RuleMeta, facts: &'a Facts, index: Option<usize>) -> Self {
        Self { rule, facts, index, found: Vec::new(), undetermined: Vec::new() }
    }

    /// Reports a finding at `span`: what was found against what is required, and the smallest edit that mends it.
    pub fn report(&mut self, span: Span, what: impl Into<String>, help: impl Into<String>) -> &mut Raw {
        let at = self.found.len();
        self.found.push(Raw {
            primary: span,
            what: what.into(),
            help: help.into(),
            found: None,
            required: None,
            related: Vec::new(),
            about: String::new(),
            limit: None,
            wish: None,
        });
        &mut self.found[at]
    }

    /// Reports what an adapter remarked: its sentence, its edit and its second place.
    pub fn report_remark(&mut self, remark: &Remark) {
        let raw = self.report(remark.span, &*remark.message, &*remark.help).about(&*remark.message);
        raw.found = remark.found.as_deref().map(str::to_owned);
        raw.required = remark.required.as_deref().map(str::to_owned);
        if let Some((span, text)) = &remark.related {
            raw.because(*span, &**text);
        }
        raw.wish = remark.instead.as_ref().map(written);
    }

    /// Says that the rule cannot decide: `reason` is a word for tools, `what` a sentence for people. Silent where the
    /// value at `span` is reported as invalid already.
    pub fn undetermined(&mut self, span: Span, reason: &'static str, what: impl Into<String>) {
        let invalid = |r: &Remark| r.kind == RemarkKind::Invalid && r.span == span;
        let rollout = self.index.and_then(|i| self.facts.rollouts.get(i));
        if !rollout.is_some_and(|r| r.remarks.iter().any(invalid)) {
            self.undetermined.push((span, reason, what.into()));
        }
    }

    /// Says that the rule cannot decide because nobody can know the value at `span`: a template, or a reference that
    /// leads out of the checked set.
    pub fn unknown(&mut self, rollout: &Rollout, span: Span, what: impl Into<String>) {
        let written = rollout.undetermined.iter().find(|u: &&Unknown| u.span == span);
        let hidden = if rollout.unresolved.is_empty() { "template" } else { "unresolved-reference" };
        self.undetermined(span, written.map_or(hidden, |u| u.reason), what);
    }

    /// What is made of the rollout at hand, where a change is judged.
    pub fn change(&self) -> Option<&'a Change> {
        self.facts.change(self.index?)
    }

    /// Is the rollout at hand the one that findings about its service are anchored at?
    pub fn speaks_for_its_service(&self) -> bool {
        self.index.is_some_and(|i| self.facts.service_anchors.contains(&i))
    }

    /// What was found, and what could not be decided.
    pub fn into_parts(self) -> (Vec<Raw>, Vec<(Span, &'static str, String)>) {
        (self.found, self.undetermined)
    }
}

/// The wish for another word.
pub(super) fn written(instead: &Instead) -> Wish {
    let safety = if instead.same_meaning { Safety::Safe } else { Safety::Suggested };
    Wish::Written { span: instead.span, text: instead.text.clone(), safety }
}
