//! Pipelines of Spinnaker that hold canary stages.

use super::config::{self, Config};
use super::{items, number, present, score, swapped, text};
use crate::adapters::{Lowering, Object, World, is_template};
use crate::model::{
    Action, Basis, Criterion, Evaluated, Exposure, Fact, Gate, GateKind, Hold, Progression, Rollout, Share, Stage,
    StageRange, Strategy, SubjectKind, Unresolved,
};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

/// The stages that judge a canary while people meet it.
pub(super) fn canaries(pipeline: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    items(pipeline, "stages").filter(|stage| text(*stage, "type") == "kayentaCanary")
}

/// The config that a stage names.
struct Use {
    names: Vec<Box<str>>,
    span: Span,
    /// The stage's place in the progression.
    at: usize,
    action: Action,
    evaluated: Evaluated,
}

pub(super) fn lower(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let mut rollout = cx.blank(object, SubjectKind::Workload);
    if let Some(application) = present(object.node, "application").and_then(Node::text) {
        rollout.service = application.into();
    }
    let live = canaries(object.node).filter(|s| !text(*s, "analysisType").eq_ignore_ascii_case("retrospective"));
    let is_asked = asks_how_stages_end(object.node);
    let (mut stages, mut uses) = (Vec::new(), Vec::new());
    for node in live {
        let one = Canary::of(node, stages.len(), is_asked);
        stages.push(one.stage(cx));
        rollout.rollback.criteria.push(one.gate(cx));
        uses.extend(one.config(cx));
    }
    if stages.is_empty() {
        cx.forget();
        return;
    }
    rollout.strategy = Spanned::new(Strategy::Canary, object.name_span());
    let everybody = Exposure::exact(Share::from_percent(100.0), Basis::Unknown);
    let last = Stage::new(Fact::stated(everybody, object.name_span()), object.name_span());
    stages.push(Stage { implied: true, ..last });
    rollout.progression = Progression::Declared(stages);
    cx.rollout_after(rollout, move |rollout, world| uses.iter().for_each(|one| one.finish(rollout, world)));
}

/// Does an expression of the pipeline look at how its stages ended? Branches that take a failed canary back do.
fn asks_how_stages_end(pipeline: Node<'_>) -> bool {
    let text = pipeline.to_value().to_string();
    text.contains("#stage") || text.contains("execution")
}

/// One stage.
struct Canary<'d> {
    node: Node<'d>,
    /// Its `canaryConfig`.
    config: Node<'d>,
    at: usize,
    is_asked: bool,
}

impl<'d> Canary<'d> {
    fn of(node: Node<'d>, at: usize, is_asked: bool) -> Self {
        let config = present(node, "canaryConfig").filter(|n| n.is_map()).unwrap_or(node);
        Self { node, config, at, is_asked }
    }

    fn span(&self) -> Span {
        self.node.get("name").unwrap_or(self.node).span()
    }

    /// Does the pipeline go on where the canary fails?
    fn is_ignored(&self) -> bool {
        text(self.node, "continuePipeline").eq_ignore_ascii_case("true")
    }

    fn action(&self) -> Action {
        if self.is_ignored() { Action::Notify } else { Action::Pause }
    }

    /// Does anything act on it? Where the pipeline goes on, a later stage may ask how this one ended.
    fn evaluated(&self) -> Evaluated {
        match self.condition() {
            Evaluated::Yes if self.is_ignored() && self.is_asked => Evaluated::Unknown,
            Evaluated::Yes if self.is_ignored() => {
                Evaluated::No("`continuePipeline: true`, so the pipeline goes on whatever the score".into())
            }
            told @ (Evaluated::Yes | Evaluated::No(_) | Evaluated::AfterExposure | Evaluated::Unknown) => told,
        }
    }

    /// Does the stage run? A condition is an expression that only a run can tell.
    fn condition(&self) -> Evaluated {
        let condition = self.node.path(&["stageEnabled", "expression"]).and_then(Node::text).map(str::trim);
        match condition {
            None | Some("" | "true") => Evaluated::Yes,
            Some("false") => Evaluated::No("`stageEnabled` is false".into()),
            Some(_) => Evaluated::Unknown,
        }
    }

    fn stage(&self, cx: &mut Lowering<'_>) -> Stage {
        let span = self.span();
        let hold = match self.condition() {
            Evaluated::Yes => self.hold(cx),
            Evaluated::No(_) => Fact::stated(Hold::None, span),
            Evaluated::Unknown | Evaluated::AfterExposure => Fact::stated(Hold::Unknown, span),
        };
        let name: Box<str> = text(self.node, "name").into();
        let gate = Gate { kind: GateKind::Analysis, name: name.clone(), blocking: !self.is_ignored(), span };
        // The share follows from numbers of instances that only the server knows.
        let exposure = Fact::Dynamic { expr: "".into(), span };
        Stage { name: Some(name), hold, gates: vec![gate], ..Stage::new(exposure, span) }
    }

    /// The warm-up, then the lifetime; without one the times of the scopes say how long.
    fn hold(&self, cx: &mut Lowering<'_>) -> Fact<Hold> {
        let iso = "a duration of ISO 8601, such as `PT1H30M`";
        let written = cx.read(self.config, "lifetimeDuration", iso, |n| iso_seconds(n.text()?));
        let lifetime = if written.is_absent() {
            number(self.config, "lifetimeHours", "a number of hours", 1e6, cx).map(|hours| whole(hours * 3600.0))
        } else {
            written
        };
        let warmup = number(self.config, "beginCanaryAnalysisAfterMins", "a number of minutes", 1e6, cx);
        match (&warmup, lifetime) {
            (_, Fact::Absent { near }) => Fact::stated(Hold::Unknown, near),
            (Fact::Dynamic { expr, span }, _) => Fact::Dynamic { expr: expr.clone(), span: *span },
            (Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Absent { .. }, lifetime) => {
                let before = whole(warmup.known().map_or(0.0, |minutes| minutes * 60.0));
                lifetime.map(|seconds| Hold::Timed(before + seconds))
            }
        }
    }

    /// The score that the stage asks for.
    fn gate(&self, cx: &mut Lowering<'_>) -> Criterion {
        let pass = score(self.config, "pass", cx).or_default(75.0, "Spinnaker: 75 when absent");
        let marginal = score(self.config, "marginal", cx);
        if let Some((message, help)) = swapped(&pass, &marginal) {
            cx.invalid(marginal.span(), message, help);
        }
        let gate = config::gate(pass, self.evaluated());
        Criterion { action: self.action(), covers: StageRange::one(self.at), ..gate }
    }

    fn config(&self, cx: &mut Lowering<'_>) -> Option<Use> {
        let keys = ["canaryConfigId", "canaryConfigName"];
        let written: Vec<Node<'_>> = keys.iter().filter_map(|key| present(self.config, key)).collect();
        let first = *written.first()?;
        let (hidden, plain): (Vec<Node<'_>>, Vec<Node<'_>>) =
            written.into_iter().partition(|n| n.text().is_none_or(is_template));
        for node in &hidden {
            cx.unknown(*node, "template");
        }
        let names = plain.iter().chain(&hidden).filter_map(|n| n.text().map(Box::from)).collect();
        Some(Use { names, span: first.span(), at: self.at, action: self.action(), evaluated: self.evaluated() })
    }
}

impl Use {
    /// Takes the tests of the config; most are kept on the server only.
    fn finish(&self, rollout: &mut Rollout, world: &World<'_>) {
        let Some(config) = self.names.iter().find_map(|name| world.find::<Config>(&config::named(name))) else {
            rollout.unresolved.extend(self.names.first().map(|name| Unresolved {
                kind: "CanaryConfig".into(),
                name: name.clone(),
                span: self.span,
                because: "so its criteria are unknown",
            }));
            return;
        };
        if config.0.is_empty() {
            // Every metric is muted: a score of nothing is no criterion.
            rollout.rollback.criteria.retain(|c| c.covers != StageRange::one(self.at));
        }
        for test in &config.0 {
            let evaluated = match &test.evaluated {
                Evaluated::No(why) => Evaluated::No(why.clone()),
                Evaluated::Yes | Evaluated::Unknown | Evaluated::AfterExposure => self.evaluated.clone(),
            };
            let monitor = Spanned::new(test.metric.clone(), self.span);
            if !rollout.monitors.iter().any(|m| m.value == monitor.value) {
                rollout.monitors.push(monitor);
            }
            let (covers, via) = (StageRange::one(self.at), Some(self.span));
            let action = self.action;
            rollout.rollback.criteria.push(Criterion { action, evaluated, covers, via, ..test.clone() });
        }
    }
}

/// Reads `PT1H30M`, `P1DT2H`, `P2W` to seconds; months and years have no length.
pub(super) fn iso_seconds(text: &str) -> Option<u64> {
    let (days, time) = match text.trim().strip_prefix(['P', 'p'])?.split_once(['T', 't']) {
        Some((days, time)) => (days, Some(time).filter(|t| !t.is_empty())),
        None => (text.trim().get(1..)?, None),
    };
    if days.is_empty() && time.is_none() {
        return None;
    }
    let dated = parts(days, &[('W', 604_800.0), ('D', 86_400.0)])?;
    Some(whole(dated + parts(time.unwrap_or_default(), &[('H', 3600.0), ('M', 60.0), ('S', 1.0)])?))
}

/// The sum of numbers that are each followed by one of `units`.
fn parts(mut rest: &str, units: &[(char, f64)]) -> Option<f64> {
    let mut total = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let unit = rest[end..].chars().next()?.to_ascii_uppercase();
        let (_, size) = units.iter().find(|(name, _)| *name == unit)?;
        total += rest[..end].parse::<f64>().ok().filter(|n| (0.0..1e9).contains(n))? * size;
        rest = &rest[end + 1..];
    }
    Some(total)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "lengths that are read are small and positive"
)]
fn whole(seconds: f64) -> u64 {
    seconds as u64
}
