//! How a service replaces its tasks.

use super::guard::{self, Guard};
use crate::adapters::infra::Field;
use crate::adapters::{Lowering, Object, aws_load_balancer, cloudwatch, payload};
use crate::model::{
    Basis, Ceiling, Exposure, Fact, Hold, Method, ObjectRef, Payload, Progression, Rollout, Share, Stage, Strategy,
    SubjectKind,
};
use crate::text::{Span, Spanned};

/// Seconds in a day, the longest of any length.
const DAY: u64 = 86_400;
/// Seconds that CloudFormation lets a whole deployment take.
const WHOLE: u64 = 33 * 3_600;

const MINUTES: &str = "a whole number of minutes, 0 to 1440";

/// What carries the stages where the service doesn't.
const CARRIERS: [(&str, &str); 4] = [
    ("AWS::CodeDeploy", "DeploymentGroup"),
    ("AWS::CodeDeploy", "BlueGreen"),
    ("terraform", "aws_codedeploy_deployment_group"),
    ("terraform", "awscc_codedeploy_deployment_group"),
];

/// A service, and where its deployment is configured: Terraform writes a part of that beside the block.
#[derive(Clone, Copy)]
pub(super) struct Service<'d> {
    body: Field<'d>,
    config: Option<Field<'d>>,
    /// Where a reader would look for what is not written.
    pub(super) near: Span,
}

impl<'d> Service<'d> {
    fn new(object: &Object<'_>, body: &Field<'d>) -> Self {
        let config = body.get("DeploymentConfiguration");
        Self { body: *body, config, near: config.as_ref().map_or(object.name_span(), Field::anchor) }
    }

    /// The setting of the deployment under the first of `names` that is there.
    pub(super) fn setting(&self, names: &[&str]) -> Option<Field<'d>> {
        self.config.and_then(|config| config.any(names)).or_else(|| self.body.any(names))
    }
}

/// Lowers the service `object`, whose properties are `body`.
pub(super) fn lower(object: &Object<'_>, body: &Field<'_>, cx: &mut Lowering<'_>) {
    let service = Service::new(object, body);
    let mut rollout = cx.blank(object, SubjectKind::Workload);
    rollout.payload = shipped(body);
    rollout.replicas = cx.field(body, &["DesiredCount"], "a whole number", Field::whole);
    rollout.rollback.anchor = service.near;
    if let Some(span) = elsewhere(body, cx) {
        if object.neighbours(&CARRIERS).is_empty() {
            carried(&mut rollout, span);
            cx.rollout(rollout);
        }
        return;
    }
    rollout.owns = routes(object, body);
    staged(&service, &mut rollout, cx);
    if object.group == "AWS::ECS" {
        too_long(&rollout, cx);
    }
    let guard = Guard::new(&service, cx);
    guard.gates(&service, &mut rollout);
    guard.rolls_back(&mut rollout);
    let watched = guard.alarms(object, cx);
    let alarmed = watched.finish(&mut rollout, guard.action());
    cx.rollout_after(rollout, move |rollout, world| {
        alarmed(rollout, world);
        if let Some(exposed) = guard::exposed(rollout) {
            rollout.rollback.criteria.iter_mut().for_each(|c| cloudwatch::in_time(c, exposed));
        }
    });
}

/// The images of the task definition where it is in the same template, else what names it.
fn shipped(body: &Field<'_>) -> Vec<Payload> {
    let Some(task) = body.get("TaskDefinition") else { return Vec::new() };
    let containers = task.resource().and_then(|task| task.body()?.get("ContainerDefinitions"));
    let image = |container: &Field<'_>| {
        let slot = container.any(&["Name", "name"]).and_then(|n| n.text()).unwrap_or_default().into();
        Some(Payload { slot, ..payload(container.any(&["Image", "image"])?.node)? })
    };
    let images: Vec<Payload> = containers
        .map(|c| c.items())
        .unwrap_or_default()
        .iter()
        .filter(|c| c.unknown().is_none())
        .filter_map(image)
        .collect();
    if images.is_empty() { payload(task.node).into_iter().collect() } else { images }
}

/// The rules of listeners whose weights ECS sets.
fn routes(object: &Object<'_>, body: &Field<'_>) -> Vec<ObjectRef> {
    let balancers = body.any(&["LoadBalancers", "load_balancer"]).map(|b| b.items()).unwrap_or_default();
    let mut all = Vec::new();
    for advanced in balancers.iter().filter_map(|balancer| balancer.get("AdvancedConfiguration")) {
        let rules = ["ProductionListenerRule", "TestListenerRule"].iter().filter_map(|name| advanced.get(name));
        all.extend(rules.filter_map(|arn| aws_load_balancer::routed(object, &arn)));
    }
    all
}

/// Where it says that something else than ECS decides over the stages.
fn elsewhere(body: &Field<'_>, cx: &mut Lowering<'_>) -> Option<Span> {
    if let Some(controller) = body.get("DeploymentController") {
        let kind = controller.get("Type").unwrap_or(controller);
        let span = kind.span();
        match kind.text() {
            Some("CODE_DEPLOY" | "EXTERNAL") => {
                cx.unknown(kind.node, "another-controller");
                return Some(span);
            }
            None if kind.unknown().is_some() => {
                cx.unknown(kind.node, "controller");
                return Some(span);
            }
            Some("ECS") if controller.text().is_some() => {
                let message = "`DeploymentController` is the text `ECS`, and it is an object that holds a `Type`";
                let remark = cx.invalid(span, message, "write `DeploymentController: {Type: ECS}`");
                remark.found = Some("the text `ECS`".into());
                remark.required = Some("an object".into());
            }
            Some(_) | None => {}
        }
    }
    let ignored = body.path(&["lifecycle", "ignore_changes"])?;
    let task = |f: &Field<'_>| f.as_written().is_some_and(|t| t.contains("task_definition"));
    (task(&ignored) || ignored.items().iter().any(task)).then(|| {
        cx.unknown(ignored.node, "ignore-changes");
        ignored.anchor()
    })
}

/// Something else carries the stages of the service: by this file it ships nothing.
fn carried(rollout: &mut Rollout, span: Span) {
    rollout.strategy = Spanned::new(Strategy::Unknown, span);
    let hold = Fact::stated(Hold::Unknown, span);
    rollout.progression = Progression::Declared(vec![Stage { hold, ..everybody(span, Basis::Pods, false) }]);
    rollout.plain_workload = true;
    rollout.payload.clear();
}

/// Stages that these files do not tell.
fn unknown(rollout: &mut Rollout, span: Span) {
    rollout.strategy = Spanned::new(Strategy::Unknown, span);
    let exposure = Fact::Dynamic { expr: "".into(), span };
    rollout.progression = Progression::Declared(vec![Stage::new(exposure, span)]);
}

/// Gives the rollout its strategy and its stages.
fn staged(service: &Service<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    let strategy = service.config.and_then(|config| config.get("Strategy"));
    let span = strategy.as_ref().map_or(service.near, Field::span);
    let name = strategy.map_or(Some("ROLLING"), |s| s.text());
    let (strategy, stages) = match name {
        Some("ROLLING") => return rolling(service, span, rollout, cx),
        Some("CANARY") => (Strategy::Canary, canary(service, cx)),
        Some("LINEAR") => (Strategy::Canary, linear(service, cx)),
        Some("BLUE_GREEN") => (Strategy::BlueGreen, Vec::new()),
        Some(_) | None => {
            if let Some(field) = strategy {
                let wanted = "`ROLLING`, `BLUE_GREEN`, `LINEAR` or `CANARY`";
                cx.take_field(&field, "Strategy", wanted, |_| None::<()>);
            }
            return unknown(rollout, span);
        }
    };
    let by = "ECS: 15 minutes when `BakeTimeInMinutes` is absent";
    let bake = minutes(service, service.config, "BakeTimeInMinutes", cx).or_default(15 * 60, by);
    let mut last = everybody(span, Basis::Requests, stages.is_empty());
    last.hold = bake.clone().map(timed);
    rollout.rollback.method = Some(Method::TrafficFlip);
    let final_bake = bake.known().copied().unwrap_or(0);
    rollout.rollback.way_back = bake;
    rollout.ceiling = (strategy == Strategy::Canary).then(|| Ceiling {
        stage: DAY,
        whole: WHOLE.saturating_sub(final_bake),
        of: "ECS",
        instead: "let a test listener and a lifecycle hook look at it before",
    });
    rollout.strategy = Spanned::new(strategy, span);
    rollout.progression = Progression::Declared(stages.into_iter().chain([last]).collect());
}

const fn timed(seconds: u64) -> Hold {
    if seconds == 0 { Hold::None } else { Hold::Timed(seconds) }
}

/// The seconds that `block` says in minutes.
fn minutes(service: &Service<'_>, block: Option<Field<'_>>, name: &str, cx: &mut Lowering<'_>) -> Fact<u64> {
    let length = |f: &Field<'_>| f.whole().filter(|n| *n <= 1440).map(|n| n * 60);
    match block {
        Some(block) => cx.field(&block, &[name], MINUTES, length),
        None => Fact::Absent { near: service.near },
    }
}

/// The percentage that `block` says, of at least `least`.
fn percent(
    service: &Service<'_>,
    block: Option<Field<'_>>,
    (name, least): (&str, f64),
    cx: &mut Lowering<'_>,
) -> Fact<f64> {
    let wanted = format!("a percentage from {least} to 100");
    let share = |f: &Field<'_>| f.number().filter(|n| (least..=100.0).contains(n));
    match block {
        Some(block) => cx.field(&block, &[name], &wanted, share),
        None => Fact::Absent { near: service.near },
    }
}

fn step(share: Fact<f64>, hold: &Fact<u64>) -> Stage {
    let exposure = share.map(|p| Exposure::exact(Share::from_percent(p), Basis::Requests));
    let span = exposure.span();
    Stage { hold: hold.clone().map(timed), ..Stage::new(exposure, span) }
}

/// The stages of a canary before everybody has it.
fn canary(service: &Service<'_>, cx: &mut Lowering<'_>) -> Vec<Stage> {
    let block = service.setting(&["CanaryConfiguration"]);
    let share = percent(service, block, ("CanaryPercent", 0.1), cx);
    let share = share.or_default(5.0, "ECS: 5 % when `CanaryPercent` is absent");
    let bake = minutes(service, block, "CanaryBakeTimeInMinutes", cx);
    let bake = bake.or_default(600, "ECS: 10 minutes when `CanaryBakeTimeInMinutes` is absent");
    vec![step(share, &bake)]
}

/// The same step again and again before everybody has it.
fn linear(service: &Service<'_>, cx: &mut Lowering<'_>) -> Vec<Stage> {
    let block = service.setting(&["LinearConfiguration"]);
    let share = percent(service, block, ("StepPercent", 3.0), cx);
    let share = share.or_default(10.0, "ECS: 10 % when `StepPercent` is absent");
    let bake = minutes(service, block, "StepBakeTimeInMinutes", cx);
    let bake = bake.or_default(360, "ECS: 6 minutes when `StepBakeTimeInMinutes` is absent");
    let Some(first) = share.known().copied() else { return vec![step(share, &bake)] };
    let shares = (1..=33_u8).map(|n| f64::from(n) * first).take_while(|p| *p < 100.0 - 1e-6);
    shares.map(|p| step(share.clone().map(|_| p), &bake)).collect()
}

fn everybody(span: Span, basis: Basis, written: bool) -> Stage {
    let mut stage = Stage::new(Fact::stated(Exposure::exact(Share::ALL, basis), span), span);
    stage.implied = !written;
    stage
}

/// Batch after batch, or all stopped before the new ones start.
fn rolling(service: &Service<'_>, span: Span, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    rollout.plain_workload = true;
    let mut limit = |names: &[&str]| {
        let field = service.setting(names)?;
        cx.take_field(&field, names[0], "a whole number, in percent", Field::whole).known().copied()
    };
    let healthy = limit(&["MinimumHealthyPercent", "deployment_minimum_healthy_percent"]);
    let most = limit(&["MaximumPercent", "deployment_maximum_percent"]);
    let strategy = if (healthy, most) == (Some(0), Some(100)) { Strategy::Recreate } else { Strategy::Rolling };
    rollout.strategy = Spanned::new(strategy, span);
    let mut last = everybody(span, Basis::Pods, false);
    let bake = minutes(service, service.config, "BakeTimeInMinutes", cx);
    if !bake.is_absent() {
        last.hold = bake.map(timed);
    }
    rollout.progression = Progression::Declared(vec![last]);
}

/// Remarks on a plan that takes longer than CloudFormation waits.
fn too_long(rollout: &Rollout, cx: &mut Lowering<'_>) {
    let seconds = |stage: &Stage| stage.hold.known().and_then(|hold| hold.seconds());
    let whole = rollout.stages().iter().map(seconds).sum::<Option<u64>>();
    let Some(whole) = whole.filter(|whole| *whole > WHOLE && !rollout.plain_workload) else { return };
    let length = crate::model::units::display_seconds(whole);
    let message = format!("the stages take {length} together, and CloudFormation refuses more than 33h");
    let remark = cx.invalid(rollout.strategy.span, message, "shorten the bake times to 33 hours in all");
    remark.found = Some(length.into());
    remark.required = Some("<= 33h".into());
}
