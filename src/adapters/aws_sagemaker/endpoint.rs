//! How an update of an endpoint spreads.

use super::variants::{self, Reach};
use crate::adapters::cloudwatch::{self, Watched};
use crate::adapters::infra::{Field, in_folder};
use crate::adapters::{Lowering, Object, payload};
use crate::model::{
    Basis, Ceiling, Exposure, Fact, Hold, Method, ObjectRef, Payload, Progression, Rollout, Share, Stage, Strategy,
    SubjectKind, Unresolved,
};
use crate::text::{Span, Spanned};

const SECONDS: &str = "a whole number of seconds, 0 to 3600";

const CEILING: Ceiling = Ceiling {
    stage: 3_600,
    whole: 28_800,
    of: "SageMaker",
    instead: "let a shadow variant or the weights of two variants carry the rest",
};

/// Lowers the endpoint `object`.
pub(super) fn lower(object: &Object<'_>, body: &Field<'_>, cx: &mut Lowering<'_>) {
    let mut rollout = cx.blank(object, SubjectKind::Model);
    let named = body.get("EndpointConfigName");
    let config = named.and_then(|name| name.resource()).and_then(|config| config.body());
    rollout.payload = shipped(config.as_ref(), named.as_ref());
    let deployment = body.get("DeploymentConfig");
    match deployment {
        Some(deployment) if deployment.unknown().is_none() => {
            let fleet = config.as_ref().and_then(variants::instances);
            configured(&deployment, fleet, &mut rollout, cx);
        }
        Some(deployment) => {
            cx.unknown(deployment.node, deployment.unknown().unwrap_or("expression"));
            unknown(&mut rollout, deployment.span());
        }
        None => absent(body, &mut rollout, cx),
    }
    let is_at_once = deployment.is_none() && rollout.strategy.value == Strategy::AllAtOnce;
    let elsewhere = if is_at_once { at_once(object, body, &mut rollout, cx) } else { None };
    let back = deployment.and_then(|d| d.get("AutoRollbackConfiguration"));
    let listed = back.as_ref().and_then(|b| b.get("Alarms")).map(|a| a.items()).unwrap_or_default();
    let alarms: Vec<Field<'_>> = listed.iter().map(|one| one.get("AlarmName").unwrap_or(*one)).collect();
    let near = back.or(deployment).as_ref().map_or(object.name_span(), Field::anchor);
    rollout.rollback.anchor = near;
    rollout.rollback.automatic = if alarms.is_empty() {
        Fact::Defaulted { value: false, by: "SageMaker: nothing goes back without alarms", near }
    } else {
        Fact::stated(true, near)
    };
    let watched = Watched::new(object, &alarms, cx);
    let complete = watched.finish(&mut rollout, |criterion| cloudwatch::acts(criterion, true));
    cx.rollout_after(rollout, move |rollout, world| {
        complete(rollout, world);
        if let Some(reach) = elsewhere.as_ref().and_then(|config| world.find::<Reach>(config)) {
            reaches(*reach, rollout, rollout.name_span);
        }
        in_time(rollout);
    });
}

/// What an alarm takes too long to see does not act while a few are exposed.
fn in_time(rollout: &mut Rollout) {
    let limited = rollout.stages().iter().filter(|s| s.share().is_some_and(Share::is_limited));
    let seconds = |stage: &Stage| stage.hold.known().and_then(|hold| hold.seconds());
    let exposed = limited.map(seconds).sum::<Option<u64>>();
    if let Some(exposed) = exposed.filter(|_| rollout.strategy.value == Strategy::Canary) {
        rollout.rollback.criteria.iter_mut().for_each(|c| cloudwatch::in_time(c, exposed));
    }
}

/// Whom an update at once reaches: says so, or names the configuration in another file that does.
fn at_once(object: &Object<'_>, body: &Field<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) -> Option<ObjectRef> {
    let named = body.get("EndpointConfigName")?;
    if replaced_behind(object, body) {
        let name = body.get("EndpointName").unwrap_or(named);
        cx.unknown(name.node, "expression");
        unknown(rollout, name.span());
        return None;
    }
    let Some(config) = named.resource().and_then(|config| config.body()) else { return elsewhere(&named, cx.path) };
    let reach = variants::reach(&config);
    if reach == Reach::Unknown {
        cx.unknown(named.node, "condition");
    }
    reaches(reach, rollout, named.span());
    None
}

/// The models of the configuration's variants where it is in the same template, else its name.
fn shipped(config: Option<&Field<'_>>, named: Option<&Field<'_>>) -> Vec<Payload> {
    let variants = config.and_then(|config| config.get("ProductionVariants")).map(|v| v.items()).unwrap_or_default();
    let models = variants.iter().filter(|v| v.unknown().is_none()).filter_map(|v| v.get("ModelName"));
    let models: Vec<Payload> = models.filter_map(|model| payload(model.node)).collect();
    if models.is_empty() { named.and_then(|name| payload(name.node)).into_iter().collect() } else { models }
}

/// The configuration that `name` means, in another file.
fn elsewhere(name: &Field<'_>, path: &str) -> Option<ObjectRef> {
    name.text().map(variants::named).or_else(|| name.address().map(|address| in_folder(path, address)))
}

/// Where the new fleet holds several models, their weights say who meets the new one: the configuration is judged for it.
fn reaches(reach: Reach, rollout: &mut Rollout, span: Span) {
    match reach {
        Reach::Everybody => {}
        Reach::Weighed => {
            rollout.strategy.value = Strategy::Unknown;
            rollout.payload.clear();
            rollout.progression = Progression::Live(Vec::new());
        }
        Reach::Unknown => unknown(rollout, span),
    }
}

/// May each release have an endpoint of its own, behind a function that moves its callers by steps? The name of the endpoint
/// is computed then, since one under the same name is updated in place.
fn replaced_behind(object: &Object<'_>, body: &Field<'_>) -> bool {
    let calls = |function: &Object<'_>| {
        let body = function.body().filter(|b| b.get("DeploymentPreference").is_some());
        let variables = body.and_then(|b| b.path(&["Environment", "Variables"])).map(|v| v.entries());
        let is_it = |value: &Field<'_>| value.resource().is_some_and(|r| r.name() == object.name());
        variables.unwrap_or_default().iter().any(|(_, value)| is_it(value))
    };
    let computed = body.get("EndpointName").is_some_and(|name| name.text().is_none());
    computed && object.neighbours(&[("AWS::Serverless", "Function")]).iter().any(calls)
}

/// Stages that these files do not tell.
fn unknown(rollout: &mut Rollout, span: Span) {
    rollout.strategy = Spanned::new(Strategy::Unknown, span);
    let exposure = Fact::Dynamic { expr: "".into(), span };
    rollout.progression = Progression::Declared(vec![Stage::new(exposure, span)]);
}

/// Without a policy an update moves everybody, unless the last one's is kept.
fn absent(body: &Field<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    if let Some(kept) = body.get("RetainDeploymentConfig").filter(|kept| kept.boolean() != Some(false)) {
        let (name, because) = ("of the last update".into(), "so its stages and criteria are unknown");
        let span = kept.span();
        cx.unknown(kept.node, "retained");
        rollout.unresolved.push(Unresolved { kind: "deployment configuration".into(), name, span, because });
        return unknown(rollout, span);
    }
    let near = rollout.name_span;
    let by = "SageMaker: all traffic at once when `DeploymentConfig` is absent";
    let value = Exposure::exact(Share::ALL, Basis::Requests);
    rollout.strategy = Spanned::new(Strategy::AllAtOnce, near);
    rollout.progression = Progression::Declared(vec![Stage::new(Fact::Defaulted { value, by, near }, near)]);
}

/// One way of moving traffic: its strategy, the field that says the size of a step, the least percentage of that.
struct Way<'d> {
    size: Option<Field<'d>>,
    least: u64,
    again: bool,
    basis: Basis,
    wait: Fact<u64>,
    span: Span,
}

fn configured(deployment: &Field<'_>, fleet: Option<u64>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    rollout.ceiling = Some(CEILING);
    if let Some(policy) = deployment.get("RollingUpdatePolicy") {
        let wait = wait(&policy, cx);
        let size = policy.get("MaximumBatchSize");
        let way = Way { size, least: 5, again: true, basis: Basis::Pods, wait, span: policy.anchor() };
        rollout.rollback.method = Some(Method::Redeploy);
        return stages(&way, fleet, rollout, cx);
    }
    let Some(policy) = deployment.get("BlueGreenUpdatePolicy") else {
        let near = deployment.anchor();
        let by = "SageMaker: all traffic at once when no policy is written";
        let all = Exposure::exact(Share::ALL, Basis::Requests);
        rollout.strategy = Spanned::new(Strategy::AllAtOnce, near);
        rollout.progression = Progression::Declared(vec![Stage::new(Fact::Defaulted { value: all, by, near }, near)]);
        return;
    };
    rollout.rollback.method = Some(Method::TrafficFlip);
    blue_green(&policy, fleet, rollout, cx);
}

/// A second fleet that takes the traffic over.
fn blue_green(policy: &Field<'_>, fleet: Option<u64>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    let length = |f: &Field<'_>| f.whole().filter(|n| *n <= 3600);
    let kept = cx.field(policy, &["TerminationWaitInSeconds"], SECONDS, length);
    rollout.rollback.way_back = kept.or_default(0, "SageMaker: the old fleet goes at once");
    let Some(routing) = policy.get("TrafficRoutingConfiguration") else { return unknown(rollout, policy.anchor()) };
    let kind = routing.get("Type");
    let span = kind.as_ref().map_or(routing.anchor(), Field::span);
    let told = kind.and_then(|k| k.text()).map(|text| text.replace('_', "").to_ascii_uppercase());
    let wait = wait(&routing, cx);
    let (name, least, again) = match told.as_deref() {
        Some("ALLATONCE") => {
            let mut all = Stage::new(Fact::stated(Exposure::exact(Share::ALL, Basis::Requests), span), span);
            all.hold = wait.map(timed);
            rollout.strategy = Spanned::new(Strategy::AllAtOnce, span);
            rollout.progression = Progression::Declared(vec![all]);
            return;
        }
        Some("CANARY") => ("CanarySize", 1, false),
        Some("LINEAR") => ("LinearStepSize", 10, true),
        Some(_) | None => {
            if let Some(kind) = kind {
                cx.take_field(&kind, "Type", "`ALL_AT_ONCE`, `CANARY` or `LINEAR`", |_| None::<()>);
            }
            return unknown(rollout, span);
        }
    };
    let size = routing.get(name);
    if size.is_none() {
        let message = format!("the type is `{}`, and `{name}` is not there", told.unwrap_or_default());
        cx.invalid(span, message, format!("add `{name}`"));
    }
    stages(&Way { size, least, again, basis: Basis::Requests, wait, span }, fleet, rollout, cx);
}

const fn timed(seconds: u64) -> Hold {
    if seconds == 0 { Hold::None } else { Hold::Timed(seconds) }
}

/// The seconds after each step.
fn wait(policy: &Field<'_>, cx: &mut Lowering<'_>) -> Fact<u64> {
    let length = |f: &Field<'_>| f.whole().filter(|n| *n <= 3600);
    let wait = cx.field(policy, &["WaitIntervalInSeconds"], SECONDS, length);
    if wait.is_absent() { Fact::stated(0, policy.anchor()) } else { wait }
}

/// The stages that `way` makes of a fleet of so many instances, if that is known.
fn stages(way: &Way<'_>, fleet: Option<u64>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    rollout.strategy = Spanned::new(Strategy::Canary, way.span);
    let share = match &way.size {
        Some(size) => share(size, way.least, fleet, cx),
        None => Fact::Dynamic { expr: "".into(), span: way.span },
    };
    let step = |share: Fact<Share>| {
        let exposure = share.map(|share| Exposure::exact(share, way.basis));
        let span = exposure.span();
        Stage { hold: way.wait.clone().map(timed), ..Stage::new(exposure, span) }
    };
    let mut all = match share.known().copied().filter(|s| way.again && s.ppm() > 0) {
        Some(first) => {
            let sums = std::iter::successors(Some(first), |sum| Some(sum.plus(first)));
            sums.take_while(|sum| *sum < Share::ALL).map(|sum| step(share.clone().map(|_| sum))).collect()
        }
        None => vec![step(share)],
    };
    let everybody = Fact::stated(Exposure::exact(Share::ALL, way.basis), way.span);
    let mut last = Stage { hold: way.wait.clone().map(timed), ..Stage::new(everybody, way.span) };
    last.implied = true;
    all.push(last);
    rollout.progression = Progression::Declared(all);
}

/// The part of the fleet that `size` says.
fn share(size: &Field<'_>, least: u64, fleet: Option<u64>, cx: &mut Lowering<'_>) -> Fact<Share> {
    let kind = size.get("Type");
    match kind.as_ref().and_then(Field::text).map(str::to_ascii_uppercase).as_deref() {
        Some("CAPACITY_PERCENT") => {
            let wanted = format!("a whole number from {least} to 50, in percent");
            let percent = |f: &Field<'_>| f.whole().filter(|n| (least..=50).contains(n));
            cx.field(size, &["Value"], &wanted, percent).map(|n| Share::of(n, 100))
        }
        Some("INSTANCE_COUNT") => {
            let count = cx.field(size, &["Value"], "a whole number of instances", Field::whole);
            match (fleet, count.is_dynamic()) {
                (Some(fleet), false) => count.map(|n| Share::of(n.min(fleet), fleet)),
                (None, false) => {
                    cx.unknown(size.node, "fleet-size");
                    Fact::Dynamic { expr: "instances of a fleet".into(), span: count.span() }
                }
                (_, true) => count.map(|_| Share::NONE),
            }
        }
        Some(_) | None => {
            cx.unknown(size.node, "size");
            Fact::Dynamic { expr: "".into(), span: size.span() }
        }
    }
}
