//! How a deployment configuration moves traffic.

use super::named::Named;
use crate::adapters::infra::Field;
use crate::adapters::{Lowering, Object, World};
use crate::model::{Basis, Exposure, Fact, Hold, ObjectRef, Progression, Rollout, Share, Stage, Strategy, Unresolved};
use crate::text::{Span, Spanned};

/// The kinds of deployment configurations.
pub(super) const CONFIGS: [(&str, &str); 3] = [
    ("AWS::CodeDeploy", "DeploymentConfig"),
    ("terraform", "aws_codedeploy_deployment_config"),
    ("terraform", "awscc_codedeploy_deployment_config"),
];

/// A strategy and its stages.
#[derive(Clone)]
pub(super) struct Shape {
    strategy: Strategy,
    stages: Vec<Stage>,
}

/// Where the shape of a rollout is said.
pub(super) enum Said {
    /// Here.
    Here(Shape),
    /// By the configuration of that name, in some file.
    By(Box<str>),
    /// In a value that nobody can know.
    Nowhere,
}

fn named(name: &str) -> ObjectRef {
    ObjectRef::new("AWS::CodeDeploy", "DeploymentConfig", None, name)
}

/// Defines the configuration `object` for rollouts of other files that name it.
pub(super) fn define(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(name) = object.body().and_then(|body| body.get("DeploymentConfigName")?.text()) else { return };
    let Some(shape) = of_config(object, cx) else { return };
    cx.forget();
    cx.define(named(name), shape);
}

/// What the value `field` (a name, or a reference to a configuration of the same template) says.
pub(super) fn said(object: &Object<'_>, field: &Field<'_>, cx: &mut Lowering<'_>) -> Said {
    if let Some(config) = field.resource().filter(|o| CONFIGS.contains(&(o.group, o.kind))) {
        return of_config(&config, cx).map_or(Said::Nowhere, Said::Here);
    }
    if let Some(why) = field.unknown() {
        cx.unknown(field.node, why);
        return Said::Nowhere;
    }
    let Some(name) = field.text() else {
        cx.unknown(field.node, "reference");
        return Said::Nowhere;
    };
    if let Some(known) = Named::new(name) {
        return Said::Here(of_name(known, field));
    }
    let is_it = |o: &Object<'_>| o.body().and_then(|b| b.get("DeploymentConfigName")?.as_written()) == Some(name);
    match object.neighbours(&CONFIGS).into_iter().find(is_it) {
        Some(config) => of_config(&config, cx).map_or(Said::Nowhere, Said::Here),
        None => Said::By(name.into()),
    }
}

impl Shape {
    /// Everybody at once, said at `span`.
    pub(super) fn at_once(exposure: Fact<Exposure>, span: Span) -> Self {
        Self { strategy: Strategy::AllAtOnce, stages: vec![Stage::new(exposure, span)] }
    }

    /// Stages that nobody can know.
    pub(super) fn unknown(span: Span) -> Self {
        let exposure = Fact::Dynamic { expr: "".into(), span };
        Self { strategy: Strategy::Unknown, stages: vec![Stage::new(exposure, span)] }
    }

    /// What the hook of a template does when its routing is not written.
    pub(super) fn hook_default(span: Span) -> Self {
        let by = "CloudFormation: 15 % for 5 minutes when the routing is not written";
        let mut stage = Stage::new(
            Fact::Defaulted { value: Exposure::exact(Share::of(15, 100), Basis::Requests), by, near: span },
            span,
        );
        stage.hold = Fact::Defaulted { value: Hold::Timed(300), by, near: span };
        Self { strategy: Strategy::Canary, stages: vec![stage, everybody(span, Basis::Requests)] }
    }

    /// The share and the length that `field` holds under the names of `block`, once or again and again.
    pub(super) fn steps(field: &Field<'_>, block: &Block, again: bool, cx: &mut Lowering<'_>) -> Self {
        let percent = |f: &Field<'_>| f.whole().filter(|n| (1..100).contains(n));
        let share = cx.field(field, &block.percent, "a whole number from 1 to 99, in percent", percent);
        let minutes = cx.field(field, &block.minutes, "a whole number of minutes", Field::whole);
        let hold = match minutes.map(|m| Hold::Timed(m.saturating_mul(60))) {
            Fact::Absent { near } => Fact::stated(Hold::None, near),
            known @ (Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Dynamic { .. }) => known,
        };
        let step = |share: Fact<u64>| {
            let exposure = share.map(|n| Exposure::exact(Share::of(n, 100), Basis::Requests));
            let span = exposure.span();
            Stage { hold: hold.clone(), ..Stage::new(exposure, span) }
        };
        let mut stages = Vec::new();
        match share.known().copied().filter(|_| again) {
            Some(first) => {
                let shares = (1..=100 / first).map(|n| n * first).filter(|n| *n < 100);
                stages.extend(shares.map(|n| step(share.clone().map(|_| n))));
            }
            None => stages.push(step(share)),
        }
        stages.push(everybody(field.anchor(), Basis::Requests));
        Self { strategy: Strategy::Canary, stages }
    }

    /// Seconds in which not everybody has the new version, where all of them are known.
    pub(super) fn exposed(rollout: &Rollout) -> Option<u64> {
        let limited = rollout.stages().iter().filter(|s| s.share().is_some_and(Share::is_limited));
        limited.map(|s| s.hold.known().and_then(|h| h.seconds())).sum()
    }

    fn give(self, rollout: &mut Rollout, span: Span) {
        rollout.strategy = Spanned::new(self.strategy, span);
        rollout.progression = Progression::Declared(self.stages);
    }
}

impl Said {
    /// Gives the rollout its stages, now or when all files are read.
    pub(super) fn finish(
        self,
        rollout: &mut Rollout,
        span: Span,
    ) -> impl Fn(&mut Rollout, &World<'_>) + Send + Sync + 'static {
        let name = match self {
            Self::Here(shape) => {
                shape.give(rollout, span);
                None
            }
            Self::By(name) => Some(name),
            Self::Nowhere => {
                Shape::unknown(span).give(rollout, span);
                None
            }
        };
        move |rollout, world| {
            let Some(name) = &name else { return };
            if let Some(shape) = world.find::<Shape>(&named(name)) {
                return shape.clone().give(rollout, span);
            }
            let because = "so its stages are unknown";
            rollout.unresolved.push(Unresolved { kind: "DeploymentConfig".into(), name: name.clone(), span, because });
            Shape::unknown(span).give(rollout, span);
        }
    }
}

fn of_name(named: Named, field: &Field<'_>) -> Shape {
    let requests = |percent: u64| field.fact(Exposure::exact(Share::of(percent, 100), Basis::Requests));
    let (strategy, first) = match named {
        Named::AllAtOnce => return Shape::at_once(requests(100), field.span()),
        Named::HalfAtATime => {
            let half = field.fact(Exposure::exact(Share::of(50, 100), Basis::Pods));
            return fleet(half, field.span());
        }
        Named::OneAtATime => {
            return fleet(Fact::Dynamic { expr: "one of a fleet".into(), span: field.span() }, field.span());
        }
        Named::Canary { percent, minutes } => (Strategy::Canary, (percent, minutes, false)),
        Named::Linear { percent, minutes } => (Strategy::Canary, (percent, minutes, true)),
    };
    let (percent, minutes, again) = first;
    let mut stages = Vec::new();
    let mut share = percent;
    while share < 100 {
        let mut stage = Stage::new(requests(share), field.span());
        stage.hold = field.fact(Hold::Timed(minutes * 60));
        stages.push(stage);
        share = if again { share + percent } else { 100 };
    }
    stages.push(everybody(field.span(), Basis::Requests));
    Shape { strategy, stages }
}

/// Batch after batch of a fleet, none of them held.
fn fleet(batch: Fact<Exposure>, span: Span) -> Shape {
    let stages = vec![Stage::new(batch, span), everybody(span, Basis::Pods)];
    Shape { strategy: Strategy::Rolling, stages }
}

fn everybody(span: Span, basis: Basis) -> Stage {
    let mut stage = Stage::new(Fact::stated(Exposure::exact(Share::ALL, basis), span), span);
    stage.implied = true;
    stage
}

/// The stages of a configuration that somebody wrote.
fn of_config(object: &Object<'_>, cx: &mut Lowering<'_>) -> Option<Shape> {
    let body = object.body()?;
    let Some(routing) = body.get("TrafficRoutingConfig") else { return Some(of_hosts(&body, cx)) };
    let Some(kind) = routing.get("Type") else { return Some(Shape::unknown(routing.anchor())) };
    match kind.text() {
        Some("AllAtOnce") => {
            let all = kind.fact(Exposure::exact(Share::ALL, Basis::Requests));
            Some(Shape::at_once(all, kind.span()))
        }
        Some("TimeBasedCanary") => Some(timed(&routing, &CANARY, cx)),
        Some("TimeBasedLinear") => Some(timed(&routing, &LINEAR, cx)),
        Some(_) | None => {
            cx.take_field(&kind, "Type", "`TimeBasedCanary`, `TimeBasedLinear` or `AllAtOnce`", |_| None::<()>);
            Some(Shape::unknown(kind.span()))
        }
    }
}

/// How a block calls its share and its length: CloudFormation's name, Terraform's, the name in the template's hook.
pub(super) struct Block {
    name: &'static str,
    percent: [&'static str; 3],
    minutes: [&'static str; 3],
    again: bool,
}

pub(super) const CANARY: Block = Block {
    name: "TimeBasedCanary",
    percent: ["CanaryPercentage", "percentage", "StepPercentage"],
    minutes: ["CanaryInterval", "interval", "BakeTimeMins"],
    again: false,
};
pub(super) const LINEAR: Block = Block {
    name: "TimeBasedLinear",
    percent: ["LinearPercentage", "percentage", "StepPercentage"],
    minutes: ["LinearInterval", "interval", "BakeTimeMins"],
    again: true,
};

pub(super) const STEPPED: Block = Block {
    name: "DeploymentPreference",
    percent: ["Percentage", "Percentage", "Percentage"],
    minutes: ["Interval", "Interval", "Interval"],
    again: false,
};

/// The stages of a block of shares and minutes.
pub(super) fn timed(routing: &Field<'_>, block: &Block, cx: &mut Lowering<'_>) -> Shape {
    let Some(field) = routing.get(block.name) else {
        let message = format!("the type is `{}`, and the block of that name is not there", block.name);
        cx.invalid(routing.anchor(), message, format!("add `{}`", block.name));
        return Shape::unknown(routing.anchor());
    };
    Shape::steps(&field, block, block.again, cx)
}

/// Of servers so many stay up while the others are replaced.
fn of_hosts(body: &Field<'_>, cx: &mut Lowering<'_>) -> Shape {
    let Some(healthy) = body.get("MinimumHealthyHosts") else { return Shape::unknown(body.anchor()) };
    let value = cx.field(&healthy, &["Value"], "a whole number", Field::whole);
    let by_percent = healthy.get("Type").and_then(|t| t.text()) == Some("FLEET_PERCENT");
    let batch = if by_percent {
        value.map(|n| Exposure::exact(Share::of(100_u64.saturating_sub(n), 100), Basis::Pods))
    } else {
        Fact::Dynamic { expr: "a number of hosts".into(), span: value.span() }
    };
    fleet(batch, healthy.anchor())
}
