//! Deployment groups, and the blue-green hook of a template.

use super::sam::settle;
use super::shape::{self, Said, Shape};
use crate::adapters::cloudwatch::{self, Watched};
use crate::adapters::infra::Field;
use crate::adapters::{Lowering, Object, aws_load_balancer};
use crate::model::{Basis, Evaluated, Exposure, Fact, Method, ObjectRef, Rollout, Share, Strategy, SubjectKind};
use crate::text::{Span, Spanned};

pub(super) fn lower(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(body) = object.body() else { return };
    let mut rollout = cx.blank(object, SubjectKind::Workload);
    let (said, span) = match body.get("DeploymentConfigName") {
        Some(name) => (shape::said(object, &name, cx), name.span()),
        None => (by_platform(object, &body), object.name_span()),
    };
    let alarms = body.any(&["AlarmConfiguration", "alarm_configuration"]);
    rollout.rollback.anchor = alarms.as_ref().map_or(object.name_span(), Field::anchor);
    rollout.rollback.method = Some(Method::TrafficFlip);
    rollout.owns = routes(object, &body);
    let rolls_back = goes_back(&body, &mut rollout, cx);
    retention(&body, &mut rollout, cx);
    let enabled = alarms.as_ref().and_then(|a| a.get("Enabled"));
    let listed = alarms.as_ref().and_then(|a| a.get("Alarms")).map(|a| a.items()).unwrap_or_default();
    let names: Vec<Field<'_>> = listed.iter().map(|one| one.get("Name").unwrap_or(*one)).collect();
    let watched = Watched::new(object, &names, cx);
    let looked_at = match enabled.map(|e| e.boolean()) {
        Some(Some(true)) => Evaluated::Yes,
        Some(None) => Evaluated::Unknown,
        Some(Some(false)) => Evaluated::No("the group's alarms are switched off".into()),
        None => Evaluated::No("the group's alarms are off when `Enabled` is absent".into()),
    };
    let staged = said.finish(&mut rollout, span);
    let alarmed = watched.finish(&mut rollout, move |criterion| {
        cloudwatch::acts(criterion, rolls_back);
        criterion.evaluated = looked_at.clone();
    });
    let replaced = replaced(&body);
    cx.rollout_after(rollout, move |rollout, world| {
        staged(rollout, world);
        alarmed(rollout, world);
        if let Some(span) = replaced {
            blue_green(rollout, span);
        }
        settle(rollout);
    });
}

/// The listeners whose target groups it exchanges.
fn routes(object: &Object<'_>, body: &Field<'_>) -> Vec<ObjectRef> {
    let balancer = body.any(&["LoadBalancerInfo", "load_balancer_info"]);
    let pairs = balancer.and_then(|b| b.any(&["TargetGroupPairInfoList", "TargetGroupPairInfo"]));
    let mut all = Vec::new();
    for pair in pairs.map(|p| p.items()).unwrap_or_default() {
        for route in ["ProdTrafficRoute", "TestTrafficRoute"].iter().filter_map(|name| pair.get(name)) {
            let listeners = route.get("ListenerArns").map(|l| l.items()).unwrap_or_default();
            all.extend(listeners.iter().filter_map(|arn| aws_load_balancer::routed(object, arn)));
        }
    }
    all
}

/// The same of a hook, which names them by their logical ids.
fn stack_routes(body: &Field<'_>) -> Vec<ObjectRef> {
    let mut all = Vec::new();
    for application in body.get("Applications").map(|a| a.items()).unwrap_or_default() {
        let Some(routing) = application.path(&["ECSAttributes", "TrafficRouting"]) else { continue };
        for route in ["ProdTrafficRoute", "TestTrafficRoute"].iter().filter_map(|name| routing.get(name)) {
            all.extend(route.get("LogicalID").and_then(|id| id.text()).map(aws_load_balancer::listener));
        }
    }
    all
}

/// Without a name the platform's own configuration counts.
fn by_platform(object: &Object<'_>, body: &Field<'_>) -> Said {
    let application = body.any(&["ApplicationName", "app_name"]).and_then(|a| a.resource());
    let platform = application.and_then(|a| a.body()?.get("ComputePlatform"));
    match platform.and_then(|p| p.text()) {
        Some("Lambda" | "ECS") => {
            let by = "CodeDeploy: AllAtOnce when no configuration is named";
            let value = Exposure::exact(Share::ALL, Basis::Requests);
            let near = object.name_span();
            Said::Here(Shape::at_once(Fact::Defaulted { value, by, near }, near))
        }
        Some(_) | None => Said::Nowhere,
    }
}

/// Does an alarm send the deployment back, rather than only stop it?
fn goes_back(body: &Field<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) -> bool {
    let near = rollout.rollback.anchor;
    let Some(back) = body.get("AutoRollbackConfiguration") else {
        rollout.rollback.automatic = Fact::Defaulted { value: false, by: "CodeDeploy: off when absent", near };
        return false;
    };
    let enabled = cx.field(&back, &["Enabled"], "`true` or `false`", Field::boolean);
    let events = back.get("Events").map(|e| e.items()).unwrap_or_default();
    let on_alarm = events.iter().any(|e| e.unknown().is_some() || e.text() == Some("DEPLOYMENT_STOP_ON_ALARM"));
    let acts = enabled.known() == Some(&true) && on_alarm;
    rollout.rollback.automatic = match enabled {
        Fact::Absent { near } => Fact::Defaulted { value: false, by: "CodeDeploy: off when absent", near },
        known @ (Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Dynamic { .. }) => {
            known.map(|enabled| enabled && on_alarm)
        }
    };
    acts || rollout.rollback.automatic.is_dynamic()
}

/// How long the old side stays after everybody has the new one.
fn retention(body: &Field<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    let blue_green = body.any(&["BlueGreenDeploymentConfiguration", "blue_green_deployment_config"]);
    let old = ["TerminateBlueInstancesOnDeploymentSuccess", "terminate_blue_instances_on_deployment_success"];
    let Some(end) = blue_green.and_then(|b| b.any(&old)) else { return };
    if end.get("Action").and_then(|a| a.text()) == Some("KEEP_ALIVE") {
        return;
    }
    let minutes = cx.field(&end, &["TerminationWaitTimeInMinutes"], "a whole number of minutes", Field::whole);
    rollout.rollback.way_back =
        minutes.or_default(0, "CodeDeploy: the old side goes at once").map(|m| m.saturating_mul(60));
}

/// Where the group says that a second fleet of servers takes over.
fn replaced(body: &Field<'_>) -> Option<Span> {
    let style = body.get("DeploymentStyle")?.get("DeploymentType")?;
    (style.text() == Some("BLUE_GREEN")).then(|| style.span())
}

/// A second stack that takes everything at once is a blue-green rollout.
fn blue_green(rollout: &mut Rollout, span: Span) {
    if rollout.strategy.value == Strategy::AllAtOnce {
        rollout.strategy = Spanned::new(Strategy::BlueGreen, span);
    }
}

/// The hook `AWS::CodeDeploy::BlueGreen` of a template: an ECS service that the stack itself shifts.
pub(super) fn hook(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(body) = object.body() else { return };
    let mut rollout = cx.blank(object, SubjectKind::Workload);
    rollout.rollback.method = Some(Method::TrafficFlip);
    rollout.owns = stack_routes(&body);
    let routing = body.get("TrafficRoutingConfig");
    let kind = routing.and_then(|r| r.get("Type"));
    let span = kind.as_ref().map_or(object.name_span(), Field::span);
    let shape = match (routing, kind.and_then(|k| k.text())) {
        (Some(routing), Some("TimeBasedLinear")) => shape::timed(&routing, &shape::LINEAR, cx),
        (Some(routing), Some("TimeBasedCanary")) => shape::timed(&routing, &shape::CANARY, cx),
        (Some(_), None) if kind.is_some() => Shape::unknown(span),
        (_, Some("AllAtOnce")) => {
            Shape::at_once(Fact::stated(Exposure::exact(Share::ALL, Basis::Requests), span), span)
        }
        (None | Some(_), _) => Shape::hook_default(span),
    };
    let kept = body.path(&["AdditionalOptions"]);
    if let Some(options) = kept {
        let minutes = cx.field(&options, &["TerminationWaitTimeInMinutes"], "a whole number of minutes", Field::whole);
        rollout.rollback.way_back = minutes.map(|m| m.saturating_mul(60));
    }
    let staged = Said::Here(shape).finish(&mut rollout, span);
    cx.rollout_after(rollout, staged);
}
