//! The canary strategy: its steps, walked with a running weight.

use super::duration::{go_text, pause_seconds};
use super::plan::{Attached, Mirror, Part, PartLength, Plan, Role, gate, given};
use super::pods;
use super::run::Use;
use super::template::{arguments, dry_run, items, present, references, written};
use crate::adapters::{Lowering, is_template};
use crate::model::units::parse_seconds;
use crate::model::{Audience, Basis, Criterion, Exposure, Fact, GateKind, Hold, RemarkKind, Share, Stage, StageRange};
use crate::syntax::Node;
use crate::text::Span;

/// What turns a weight into exposure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Serving {
    /// A router splits requests; weights count to this.
    Router { max: u64 },
    /// Requests follow the pods.
    Pods { replicas: u64, may_surge: bool },
    /// Requests follow the pods, and how many there are is not in the file.
    Unknown,
}

/// The steps of a canary being walked.
pub(super) struct Walk<'d, 'c, 'a> {
    pub(super) cx: &'c mut Lowering<'a>,
    pub(super) root: Node<'d>,
    pub(super) canary: Node<'d>,
    pub(super) serving: Serving,
    pub(super) plan: Plan,
    /// The exposure that the last weight set.
    weight: Option<Fact<Exposure>>,
    /// Is the last stage still the current one?
    open: bool,
    /// The audience that a header route sends to the new version while the weight is 0.
    audience: Option<(Audience, Span)>,
    step: usize,
    /// Which stage is current when each step begins.
    stage_at: Vec<usize>,
}

/// Walks the steps of `canary`.
pub(super) fn walk<'d>(root: Node<'d>, canary: Node<'d>, serving: Serving, cx: &mut Lowering<'_>) -> Plan {
    let mut walk = Walk {
        cx,
        root,
        canary,
        serving,
        plan: Plan::default(),
        weight: None,
        open: false,
        audience: None,
        step: 0,
        stage_at: Vec::new(),
    };
    walk.steps();
    walk.background();
    walk.plan
}

/// Everybody, by pods or by requests.
fn everybody(serving: Serving) -> Exposure {
    let basis = if matches!(serving, Serving::Router { .. }) { Basis::Requests } else { Basis::Pods };
    Exposure::exact(Share::ALL, basis)
}

impl<'d> Walk<'d, '_, '_> {
    fn steps(&mut self) {
        if let Some(steps) = present(self.canary, "steps").filter(|s| !s.is_seq())
            && !self.hidden(steps)
        {
            self.cx.invalid(steps.span(), "`steps` is not a list", "write `steps:` with one `- setWeight: 5` a line");
        }
        let steps: Vec<Node<'d>> = items(self.canary, "steps").collect();
        self.plan.steps = steps.len();
        for (at, step) in steps.iter().enumerate() {
            self.step = at;
            let before = self.plan.stages.len();
            self.take(*step);
            // The stage that is current once the step has begun: the one it opens, or the one that stands.
            let opened = self.plan.stages.len() > before;
            self.stage_at.push(if opened { before } else { before.saturating_sub(usize::from(before > 0)) });
        }
        let near = present(self.canary, "steps").map_or_else(|| self.canary.anchor(), Node::anchor);
        let at_full = self.weight.as_ref().and_then(Fact::known).is_some_and(|e| e.written == Share::ALL);
        if !at_full {
            let by = if steps.is_empty() {
                "argo-rollouts: without steps every pod is replaced"
            } else {
                "argo-rollouts: 100% after the last step"
            };
            let mut last = given(everybody(self.serving), by, near);
            last.implied = true;
            self.plan.stages.push(last);
        }
    }

    /// Is `node` a template? Then what stands there is a stage of which nothing is known.
    fn hidden(&mut self, node: Node<'d>) -> bool {
        let Some(text) = node.text().filter(|t| is_template(t)) else { return false };
        self.cx.unknown(node, "template");
        self.plan.hidden = true;
        let expr: Box<str> = text.into();
        self.plan.stages.push(Stage::new(Fact::Dynamic { expr: expr.clone(), span: node.span() }, node.span()));
        self.open = true;
        self.hold(node, node.span(), PartLength::Dynamic(expr));
        true
    }

    /// Takes one step.
    fn take(&mut self, step: Node<'d>) {
        if self.hidden(step) {
            return;
        }
        let known = [
            "setWeight",
            "pause",
            "analysis",
            "experiment",
            "setCanaryScale",
            "setHeaderRoute",
            "setMirrorRoute",
            "plugin",
        ];
        let found: Vec<&str> = known.into_iter().filter(|k| present(step, k).is_some()).collect();
        self.check_actions(step, &found);
        for action in found {
            let Some(node) = step.get(action) else { continue };
            match action {
                "setWeight" => self.set_weight(step, node),
                "pause" => self.pause(step, node),
                "analysis" => self.analysis(step, node),
                "experiment" => self.experiment(step, node),
                "setHeaderRoute" => self.header_route(node),
                "setMirrorRoute" => self.mirror_route(node),
                "plugin" => self.plugin(step, node),
                _ => {}
            }
        }
    }

    fn check_actions(&mut self, step: Node<'d>, found: &[&str]) {
        let exclusive: Vec<&str> =
            found.iter().copied().filter(|k| !k.starts_with("set") || *k == "setWeight").collect();
        if exclusive.len() > 1 {
            let message =
                format!("the step does {} things ({}), and a step does one", exclusive.len(), exclusive.join(", "));
            self.cx.invalid(step.span(), message, "split it: one `- ` a step");
            return;
        }
        if !found.is_empty() {
            return;
        }
        if let Some(key) = step.key("pause") {
            let message = "`pause` is empty, which is no step; `pause: {}` waits for a person";
            self.cx.invalid(key.span(), message, "write `pause: {}` or `pause: {duration: 10m}`");
            return;
        }
        let message = "the step does nothing that a canary knows";
        self.cx.invalid(step.anchor(), message, "write `setWeight`, `pause`, `analysis` or `experiment`");
    }

    fn set_weight(&mut self, step: Node<'d>, node: Node<'d>) {
        let max = if let Serving::Router { max } = self.serving { max } else { 100 };
        let wanted = format!("a whole number from 0 to {max}");
        let within = |n: Node<'_>| n.as_i64().and_then(|w| u64::try_from(w).ok()).filter(|w| *w <= max);
        let weight = self.cx.take(node, "setWeight", &wanted, within);
        let exposure = weight.map(|w| (w, self.exposure(w)));
        if let Some((weight, Exposure { effective: Some(served), .. })) = exposure.known() {
            self.unreachable(*weight, *served, node.span());
        }
        let exposure = exposure.map(|(_, exposure)| exposure);
        self.weight = Some(exposure.clone());
        self.plan.stages.push(Stage::new(exposure, step.span()));
        self.open = true;
    }

    fn exposure(&self, weight: u64) -> Exposure {
        match self.serving {
            Serving::Router { max } => Exposure::exact(Share::of(weight, max), Basis::Requests),
            Serving::Pods { replicas, may_surge } => Exposure {
                written: Share::of(weight, 100),
                effective: pods::served(replicas, weight, may_surge),
                basis: Basis::Pods,
            },
            Serving::Unknown => {
                let written = Share::of(weight, 100);
                // Nobody and everybody need no arithmetic.
                let effective = (!written.is_limited()).then_some(written);
                let basis = if effective.is_some() { Basis::Pods } else { Basis::Unknown };
                Exposure { written, effective, basis }
            }
        }
    }

    fn unreachable(&mut self, weight: u64, served: Share, span: Span) {
        let Serving::Pods { replicas, may_surge } = self.serving else { return };
        if !pods::is_unreachable(weight, served) {
            return;
        }
        let pods_word = if replicas == 1 { "1 replica" } else { &format!("{replicas} replicas") };
        let message = format!(
            "{pods_word} without a traffic router can't serve {weight}%: whole pods make it {served} of the traffic"
        );
        let least = pods::least_replicas(weight, may_surge);
        let help = format!("add `trafficRouting`, or run {least} replicas");
        let remark = self.cx.remark(RemarkKind::Unreachable, span, message, help);
        remark.found = Some(served.to_string().into());
        remark.required = Some(format!("{weight}%").into());
    }

    /// The current stage; opens one at the running weight if none is open.
    fn stage(&mut self, step: Node<'d>) -> usize {
        if !self.open {
            let stage = match (&self.weight, &self.audience) {
                (Some(weight), _) => Stage::new(weight.clone(), step.span()),
                (None, Some((audience, span))) => {
                    let exposure = Exposure { written: Share::NONE, effective: None, basis: Basis::Segment };
                    let mut stage = Stage::new(Fact::stated(exposure, *span), step.span());
                    stage.audience = Some(audience.clone());
                    stage
                }
                (None, None) => {
                    let exposure = Exposure::exact(Share::NONE, everybody(self.serving).basis);
                    let by = "argo-rollouts: 0% before the first setWeight";
                    let near = present(self.canary, "steps").map_or(step.anchor(), Node::anchor);
                    let mut stage = given(exposure, by, near);
                    stage.span = step.span();
                    stage
                }
            };
            self.plan.stages.push(stage);
            self.open = true;
        }
        self.plan.stages.len() - 1
    }

    fn hold(&mut self, step: Node<'d>, span: Span, length: PartLength) -> usize {
        let stage = self.stage(step);
        self.plan.parts.push(Part { stage, step: self.step, span, length });
        stage
    }

    fn pause(&mut self, step: Node<'d>, node: Node<'d>) {
        if let Some(text) = node.text().filter(|t| is_template(t)) {
            self.cx.unknown(node, "template");
            self.hold(step, node.span(), PartLength::Dynamic(text.into()));
            return;
        }
        if !node.is_map() {
            let message = "`pause` is no mapping";
            self.cx.invalid(node.span(), message, "write `pause: {}` or `pause: {duration: 10m}`");
            return;
        }
        let wanted = "seconds (`600`) or a length in `s`, `m` and `h` (`10m`)";
        let seconds = |n: Node<'_>| {
            let value = n.as_i64().or_else(|| n.as_str().and_then(pause_seconds));
            value.and_then(|s| u64::try_from(s).ok())
        };
        let duration = self.cx.read(node, "duration", wanted, seconds);
        let other = node.get("duration").and_then(|n| Some((n.span(), parse_seconds(n.text()?)?)));
        if let (Fact::Dynamic { span, .. }, Some((at, seconds))) = (&duration, other)
            && *span == at
        {
            self.cx.same_as(at, go_text(seconds));
        }
        match duration {
            Fact::Absent { .. } => {
                let stage = self.hold(step, node.anchor(), PartLength::Fixed(Hold::Gated));
                let gate = gate(GateKind::Approval, "pause".to_owned(), true, node.anchor());
                self.plan.stages[stage].gates.push(gate);
            }
            Fact::Dynamic { expr, span } => _ = self.hold(step, span, PartLength::Dynamic(expr)),
            Fact::Stated(s) if s.value > 0 => _ = self.hold(step, s.span, PartLength::Fixed(Hold::Timed(s.value))),
            // A length of 0 falls through; it does not wait for a person.
            Fact::Stated(_) | Fact::Defaulted { .. } => {}
        }
    }

    fn analysis(&mut self, step: Node<'d>, node: Node<'d>) {
        let used = self.used(node);
        if used.templates.is_empty() {
            return;
        }
        let (name, span) = (used.name(), node.anchor());
        let stage = self.hold(step, span, PartLength::Run(self.plan.attached.len()));
        self.plan.attached.push(Attached { used, role: Role::Blocking, covers: StageRange::one(stage) });
        self.plan.stages[stage].gates.push(gate(GateKind::Analysis, name, true, span));
    }

    /// The reference to templates in an analysis block.
    fn used(&self, node: Node<'d>) -> Use {
        used(node, self.root)
    }

    fn experiment(&mut self, step: Node<'d>, node: Node<'d>) {
        let share = self.experiment_share(node);
        if share > 0 {
            let before = self.weight.as_ref().and_then(Fact::known).map_or(0, |e| u64::from(e.written.ppm()));
            let share = Share::of(before + share, 1_000_000);
            let span = present(node, "templates").map_or(node.anchor(), Node::anchor);
            let exposure = Exposure::exact(share, Basis::Requests);
            self.plan.stages.push(Stage::new(Fact::stated(exposure, span), step.span()));
            self.open = true;
        }
        let duration = super::experiment::duration(node, self.cx);
        let stage = self.stage(step);
        let seconds = duration.as_ref().and_then(|d| d.known().copied());
        let mut needed = Vec::new();
        for analysis in items(node, "analyses") {
            let Some(used) = super::experiment::used(analysis, node, self.root) else { continue };
            let required = analysis.get("requiredForCompletion").and_then(Node::as_bool) == Some(true);
            if required {
                needed.push(self.plan.attached.len());
            }
            let name = used.name();
            let role = if required { Role::Blocking } else { Role::Trial(seconds) };
            self.plan.attached.push(Attached { used, role, covers: StageRange::one(stage) });
            self.plan.stages[stage].gates.push(gate(GateKind::Analysis, name, true, analysis.anchor()));
        }
        let span = duration.as_ref().map_or(node.anchor(), Fact::span);
        let length = match duration {
            Some(Fact::Dynamic { expr, .. }) => PartLength::Dynamic(expr),
            _ => PartLength::Trial { duration: seconds.map(Hold::Timed), runs: needed },
        };
        self.hold(step, span, length);
        let name = super::experiment::name(node);
        if let Some(mirror) = self.plan.mirror.as_mut().filter(|m| m.until_step == usize::MAX) {
            mirror.experiment.get_or_insert(name.clone().into());
        }
        self.plan.stages[stage].gates.push(gate(GateKind::Experiment, name, true, node.anchor()));
        // When the experiment is over its pods get no requests any more.
        self.open = self.open && share == 0;
    }

    /// Parts per million of the requests that an experiment's pods of the new version get.
    fn experiment_share(&self, node: Node<'d>) -> u64 {
        let Serving::Router { max } = self.serving else { return 0 };
        let candidates = items(node, "templates").filter(|t| t.get("specRef").and_then(Node::text) == Some("canary"));
        let weights = candidates.filter_map(|t| t.get("weight")?.as_i64()).filter_map(|w| u64::try_from(w).ok());
        u64::from(Share::of(weights.fold(0, u64::saturating_add), max).ppm())
    }

    fn plugin(&mut self, step: Node<'d>, node: Node<'d>) {
        let name = written(node, "name").map_or_else(|| "plugin".into(), |n| n.text);
        let span = node.get("name").map_or(node.anchor(), Node::span);
        let stage = self.hold(step, span, PartLength::Fixed(Hold::Unknown));
        self.plan.stages[stage].gates.push(gate(GateKind::Test, name.to_string(), true, span));
        self.plan.criteria.push(Criterion::opaque(&name, &format!("plugin {name}"), StageRange::one(stage), span));
    }

    fn header_route(&mut self, node: Node<'d>) {
        let route = |m: Node<'d>| Some(format!("requests with header {}", m.get("headerName")?.text()?));
        let audience = present(node, "match").and_then(|m| m.items().find_map(route));
        if self.weight.is_some() {
            return;
        }
        self.open = false;
        let span = node.get("name").map_or(node.anchor(), Node::span);
        self.audience = audience.map(|name| (Audience { name: name.into(), size: None, customers: false }, span));
    }

    fn mirror_route(&mut self, node: Node<'d>) {
        let adds = present(node, "match").is_some() || present(node, "percentage").is_some();
        if !adds {
            if let Some(mirror) = &mut self.plan.mirror {
                mirror.until_step = mirror.until_step.min(self.step);
            }
            return;
        }
        if self.plan.mirror.is_some() {
            return;
        }
        let within = |n: Node<'_>| n.as_i64().and_then(|p| u64::try_from(p).ok()).filter(|p| *p <= 100);
        let share = self.cx.read(node, "percentage", "a whole number from 0 to 100", within);
        let share = share.map(|p| Share::of(p, 100)).or_default(Share::ALL, "argo-rollouts: 100 when absent");
        let span = node.anchor();
        let (from_step, until_step) = (self.step, usize::MAX);
        self.plan.mirror = Some(Mirror { share, span, from_step, until_step, experiment: None, runs: Vec::new() });
    }

    /// The analysis beside the steps, and what runs while traffic is mirrored.
    fn background(&mut self) {
        let steps = self.stage_at.len();
        let explicit = self.plan.stages.iter().filter(|s| !s.implied).count();
        if let Some(node) = present(self.canary, "analysis") {
            let used = self.used(node);
            if !used.templates.is_empty() {
                self.attach_background(node, used, steps, explicit);
            }
        }
        let Some(mirror) = &mut self.plan.mirror else { return };
        mirror.until_step = mirror.until_step.min(steps);
        let first = self.stage_at.get(mirror.from_step).copied().unwrap_or(0);
        let last = self.stage_at.get(mirror.until_step.saturating_sub(1)).copied().unwrap_or(0);
        let meanwhile = |a: &Attached| match a.role {
            Role::Background { from_step } => from_step < mirror.until_step,
            Role::Blocking | Role::Trial(_) => a.covers.first <= last && first <= a.covers.last,
            Role::Never(_) => false,
        };
        let attached = self.plan.attached.iter().enumerate();
        mirror.runs = attached.filter(|(_, a)| meanwhile(a)).map(|(i, _)| i).collect();
    }

    fn attach_background(&mut self, node: Node<'d>, used: Use, steps: usize, explicit: usize) {
        let start = self.cx.read_u64(node, "startingStep");
        let from_step = start.known().and_then(|s| usize::try_from(*s).ok()).unwrap_or(0);
        let never = from_step >= steps && from_step > 0;
        if never {
            let message = format!(
                "`startingStep: {from_step}` lies beyond the last of {steps} steps (they count from 0), so the analysis never starts"
            );
            self.cx.ignored(start.span(), message, "set `startingStep` to a step that there is");
        }
        let first = self.stage_at.get(from_step).copied().unwrap_or(0);
        // The run ends with the last step, before everybody has the new version.
        let last = explicit.saturating_sub(1).max(first);
        let covers = StageRange { first, last };
        let (name, span) = (used.name(), node.anchor());
        let role = if never { Role::Never("it starts after the last step") } else { Role::Background { from_step } };
        if !never {
            for (_, stage) in self.plan.stages.iter_mut().enumerate().filter(|(at, _)| covers.holds(*at)) {
                stage.gates.push(gate(GateKind::Analysis, name.clone(), false, span));
            }
        }
        self.plan.attached.push(Attached { used, role, covers });
    }
}

/// The reference to templates in an analysis block of the object `root`.
pub(super) fn used(node: Node<'_>, root: Node<'_>) -> Use {
    Use {
        templates: references(node),
        arguments: node.get("args").map(|n| arguments(n, Some(root))).unwrap_or_default(),
        dry_run: dry_run(node),
    }
}
