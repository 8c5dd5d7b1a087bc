//! A walk over the steps of a stage.

use super::failure::{self, Then};
use super::flow::{condition, is_off, length, longer, looped, moves};
use super::kinds::{Does, does};
use super::share::{Bound, Reader, everybody};
use super::{present, template_type, text};
use crate::adapters::Lowering;
use crate::model::{
    Action, Basis, Criterion, CriterionClass, Evaluated, Exposure, Fact, Gate, GateKind, Hold, Share, Stage,
    StageRange, Strategy, Unresolved,
};
use crate::syntax::Node;
use crate::text::Span;

/// The kind of what hides steps.
const TEMPLATE: &str = "template";

/// What was met so far.
#[derive(Default)]
pub(super) struct Walk<'d> {
    pub(super) stages: Vec<Stage>,
    pub(super) criteria: Vec<Criterion>,
    pub(super) unresolved: Vec<Unresolved>,
    /// The service, whose monitored service is looked at where no other is named.
    service: Box<str>,
    /// Does a step route, so that instances alone tell no share?
    pub(super) is_routed: bool,
    /// How the step ships that exposes somebody first.
    first: Option<Strategy>,
    /// Has the canary been taken away, so that what follows holds nothing?
    is_gone: bool,
    /// Where the old side is taken away after a switch.
    scaled_down: Option<Span>,
    /// Are there steps that go back?
    backs: bool,
    bound: Bound<'d>,
    /// The failure strategies around, outermost first.
    strategies: Vec<Node<'d>>,
    /// The conditions around that only a run can tell.
    conditions: Vec<Node<'d>>,
}

impl<'d> Walk<'d> {
    pub(super) fn new(service: &str, strategies: Option<Node<'d>>, backs: bool) -> Self {
        Self { service: service.into(), strategies: strategies.into_iter().collect(), backs, ..Self::default() }
    }

    pub(super) fn steps(&mut self, list: Node<'d>, cx: &mut Lowering<'_>) {
        for entry in list.items() {
            self.entry(entry, cx);
        }
    }

    fn entry(&mut self, entry: Node<'d>, cx: &mut Lowering<'_>) {
        if let Some(group) = entry.get("stepGroup") {
            self.enter(group, cx, |walk, cx| match (present(group, "template"), group.get("steps")) {
                (Some(template), _) => walk.template(template, cx),
                (None, Some(steps)) => walk.steps(steps, cx),
                (None, None) => {}
            });
        } else if let Some(step) = entry.get("step") {
            self.enter(step, cx, |walk, cx| match present(step, "template") {
                Some(template) if does(template_type(step)) != Does::Other || template_type(step).is_empty() => {
                    walk.template(template, cx);
                }
                Some(_) => {}
                None => walk.step(step, cx),
            });
        } else if let Some(branches) = entry.get("parallel") {
            self.parallel(branches, cx);
        }
    }

    /// Runs `run` with what `node` says of failures, conditions and loops.
    fn enter(&mut self, node: Node<'d>, cx: &mut Lowering<'_>, run: impl Fn(&mut Self, &mut Lowering<'_>)) {
        if is_off(node) {
            return;
        }
        let depth = (self.strategies.len(), self.conditions.len(), self.bound.len());
        self.strategies.extend(present(node, "failureStrategies"));
        if let Some(condition) = condition(node) {
            cx.unknown(condition, "template");
            self.conditions.push(condition);
        }
        // A loop within a loop is walked once: what it goes through is not multiplied.
        let values = if self.bound.is_empty() { looped(node) } else { Vec::new() };
        if values.is_empty() {
            run(self, cx);
        }
        for value in values {
            self.bound.push(value);
            run(self, cx);
            self.bound.truncate(depth.2);
        }
        self.strategies.truncate(depth.0);
        self.conditions.truncate(depth.1);
    }

    /// Branches that expose come first; the longest hold of the others is the hold of all.
    fn parallel(&mut self, branches: Node<'d>, cx: &mut Lowering<'_>) {
        let (moving, waiting): (Vec<Node<'d>>, Vec<Node<'d>>) = branches.items().partition(|b| moves(*b));
        for branch in moving {
            self.entry(branch, cx);
        }
        let Some(at) = self.stages.len().checked_sub(1) else { return };
        let none = || Fact::stated(Hold::None, branches.anchor());
        let before = std::mem::replace(&mut self.stages[at].hold, none());
        let mut longest = none();
        for branch in waiting {
            self.entry(branch, cx);
            let own = std::mem::replace(&mut self.stages[at].hold, none());
            longest = longer(longest, own);
        }
        self.stages[at].hold = before;
        self.hold(longest);
    }

    fn step(&mut self, step: Node<'d>, cx: &mut Lowering<'_>) {
        let Some(kind) = step.get("type") else { return };
        let spec = present(step, "spec");
        let does = does(kind.text().unwrap_or_default());
        let bound = std::mem::take(&mut self.bound);
        let shares = Reader { bound: &bound, kind, spec };
        match does {
            Does::Nobody => self.nobody(kind.span()),
            Does::Canary => {
                let exposure = shares.routed(cx).unwrap_or_else(|| shares.instances(self.is_routed, cx));
                self.expose(exposure, Strategy::Canary);
            }
            Does::Route => {
                if let Some(exposure) = shares.routed(cx) {
                    self.expose(exposure, Strategy::AllAtOnce);
                }
            }
            Does::Shift(path) => self.expose(shares.shift(path, cx), Strategy::AllAtOnce),
            Does::Revisions => self.expose(shares.revisions(cx), Strategy::AllAtOnce),
            Does::Swap => self.expose(everybody(kind.span()), Strategy::BlueGreen),
            Does::Roll => self.expose(everybody(kind.span()), Strategy::Rolling),
            Does::Deploy => match spec.and_then(|s| s.get("skipTrafficShift")).and_then(Node::text) {
                Some("true") => self.nobody(kind.span()),
                Some(_) | None => self.expose(everybody(kind.span()), Strategy::AllAtOnce),
            },
            Does::Delete => self.is_gone = true,
            Does::ScaleDown => self.scaled_down = Some(kind.span()),
            Does::Wait => {
                let length = length(spec, kind, cx);
                self.hold(length);
            }
            Does::Approve => self.approve(step, kind),
            Does::Verify => self.verify(step, kind, cx),
            Does::Other => {}
        }
        self.bound = bound;
    }

    /// What is in a template is on the server, or in a file that this one does not tell.
    pub(super) fn template(&mut self, template: Node<'d>, cx: &mut Lowering<'_>) {
        let name = present(template, "templateRef").unwrap_or(template);
        self.unresolved.push(Unresolved {
            kind: TEMPLATE.into(),
            name: name.text().unwrap_or_default().into(),
            span: name.span(),
            because: "so its steps and criteria are unknown",
        });
        if self.stages.is_empty() {
            cx.unknown(name, "template");
            let exposure = Fact::Dynamic { expr: name.text().unwrap_or_default().into(), span: name.span() };
            self.stages.push(Stage::new(exposure, name.span()));
        }
        self.hold(Fact::stated(Hold::Unknown, name.span()));
    }

    fn nobody(&mut self, span: Span) {
        if self.stages.is_empty() {
            let exposure = Fact::stated(Exposure::exact(Share::NONE, Basis::Requests), span);
            self.stages.push(Stage::new(exposure, span));
        }
    }

    fn expose(&mut self, exposure: Fact<Exposure>, by: Strategy) {
        let exposure = match self.conditions.last() {
            Some(condition) => {
                Fact::Dynamic { expr: condition.text().unwrap_or_default().into(), span: exposure.span() }
            }
            None => exposure,
        };
        self.is_gone = false;
        let share = exposure.known().map(Exposure::judged);
        if self.first.is_none() && share != Some(Share::NONE) {
            let is_beside = by == Strategy::AllAtOnce && !self.stages.is_empty();
            let at_once = if is_beside { Strategy::BlueGreen } else { by };
            self.first = Some(if share == Some(Share::ALL) { at_once } else { Strategy::Canary });
        }
        let same = |s: &Stage| s.share().is_some() && s.share() == share;
        if !self.stages.last().is_some_and(same) {
            let span = exposure.span();
            self.stages.push(Stage::new(exposure, span));
        }
    }

    /// Adds to the hold of the stage that stands; before anybody is exposed a wait holds nothing.
    fn hold(&mut self, more: Fact<Hold>) {
        let is_sure = self.conditions.is_empty();
        let Some(stage) = self.stages.last_mut().filter(|_| !self.is_gone) else { return };
        let more = if is_sure { more } else { Fact::stated(Hold::Unknown, more.span()) };
        let sofar = stage.hold.known().copied();
        stage.hold = match (sofar, more) {
            (Some(sofar), Fact::Stated(more)) => Fact::stated(sofar.then(more.value), more.span),
            (Some(sofar), more) if sofar == Hold::Gated || more.is_absent() => return,
            (Some(_), more) => more,
            (None, Fact::Stated(more)) if more.value == Hold::Gated => Fact::Stated(more),
            (None, _) => return,
        };
    }

    fn gate(&mut self, kind: GateKind, step: Node<'d>, blocking: bool) {
        let Some(stage) = self.stages.last_mut().filter(|_| !self.is_gone) else { return };
        let name = present(step, "name").unwrap_or(step);
        let blocking = blocking && self.conditions.is_empty();
        stage.gates.push(Gate { kind, name: name.text().unwrap_or_default().into(), blocking, span: name.span() });
    }

    fn approve(&mut self, step: Node<'d>, kind: Node<'d>) {
        let by_itself = step.path(&["spec", "autoApproval"]).is_some();
        self.gate(GateKind::Approval, step, true);
        self.hold(Fact::stated(if by_itself { Hold::Unknown } else { Hold::Gated }, kind.span()));
    }

    fn verify(&mut self, step: Node<'d>, kind: Node<'d>, cx: &mut Lowering<'_>) {
        let Some(at) = self.stages.len().checked_sub(1) else { return };
        let spec = present(step, "spec");
        let inner = spec.and_then(|s| present(s, "spec"));
        let then = failure::of_verification(self.strategies.iter().rev().copied());
        let then = then.map_or(Then::Stop, |(then, _)| then);
        self.gate(GateKind::Analysis, step, then != Then::Ignore);
        let held = length(inner, kind, cx);
        let window = held.known().and_then(|h| h.seconds());
        self.hold(held);
        let kind_of = spec.map_or("", |s| text(s, "type"));
        let sensitivity = inner.map_or("", |s| text(s, "sensitivity"));
        let label = format!("{kind_of} verification {sensitivity}");
        let base = Criterion::opaque(text(step, "name"), label.trim(), StageRange::one(at), kind.span());
        // A simple verification holds numbers against the metrics, but they stand in the monitored service.
        let number = kind_of == "SimpleVerification";
        let bound = Fact::Dynamic { expr: "monitoredService".into(), span: kind.span() };
        self.criteria.push(Criterion {
            class: if number { CriterionClass::Absolute } else { CriterionClass::Statistical },
            bound: if number { bound } else { base.bound.clone() },
            window,
            action: self.action(then),
            evaluated: self.evaluated(then, at),
            ..base
        });
        self.monitored(spec.and_then(|s| s.path(&["monitoredService", "spec", "monitoredServiceRef"])), kind.span());
    }

    fn monitored(&mut self, named: Option<Node<'d>>, near: Span) {
        self.unresolved.push(Unresolved {
            kind: "monitored service".into(),
            name: named.and_then(Node::text).map_or_else(|| self.service.clone(), Box::from),
            span: named.map_or(near, Node::span),
            because: "so its metrics and the numbers of its criteria are unknown",
        });
    }

    fn action(&self, then: Then) -> Action {
        match then {
            Then::Rollback if self.backs => Action::Rollback,
            Then::Rollback | Then::Stop | Then::Unknown => Action::Pause,
            Then::Ignore => Action::Notify,
        }
    }

    fn evaluated(&self, then: Then, at: usize) -> Evaluated {
        let everybody = self.stages.get(at).and_then(Stage::share) == Some(Share::ALL);
        if self.is_gone {
            Evaluated::No("the canary is deleted before it".into())
        } else if then == Then::Ignore {
            Evaluated::No("`Ignore` of its failure, so the pipeline goes on whatever it finds".into())
        } else if everybody {
            Evaluated::AfterExposure
        } else if then == Then::Unknown || !self.conditions.is_empty() {
            Evaluated::Unknown
        } else {
            Evaluated::Yes
        }
    }

    pub(super) fn strategy(&self) -> Strategy {
        let is_hidden = self.unresolved.iter().any(|u| &*u.kind == TEMPLATE);
        if is_hidden && self.first != Some(Strategy::Canary) {
            return Strategy::Unknown;
        }
        self.first.unwrap_or(Strategy::Unknown)
    }

    /// How long the old side stands after a switch; without a step that takes it away the file does not tell.
    pub(super) fn way_back(&self, near: Span) -> Fact<u64> {
        let held = self.stages.last().and_then(|s| s.hold.known()).and_then(|h| h.seconds());
        match (self.scaled_down, held, self.first) {
            (Some(span), Some(held), Some(Strategy::BlueGreen)) => Fact::stated(held, span),
            (Some(_) | None, _, _) => Fact::Absent { near },
        }
    }
}
