//! What an action of a listener says: where requests go, and whose.

use super::GROUP;
use crate::adapters::infra::Field;
use crate::adapters::split::{self, Arm};
use crate::adapters::{Lowering, Object};
use crate::model::{Basis, Fact, Stage};
use crate::text::Span;

const WEIGHT: &str = "a whole number from 0 to 999";

/// The action that sends requests on: authentication may come before it.
pub(super) fn forward<'d>(body: &Field<'d>) -> Option<Field<'d>> {
    let actions = body.any(&["DefaultActions", "Actions", "default_action", "action"])?;
    let forwards = |action: &Field<'d>| action.get("Type").and_then(|t| t.text()) == Some("forward");
    actions.items().into_iter().find(forwards)
}

/// What `action` says beside its target groups.
fn config<'d>(action: &Field<'d>) -> Option<Field<'d>> {
    action.any(&["ForwardConfig", "forward"])
}

pub(super) fn arms(object: &Object<'_>, action: &Field<'_>, cx: &mut Lowering<'_>) -> Vec<Arm> {
    let groups = config(action).and_then(|c| c.any(&["TargetGroups", "target_group"]));
    let Some(groups) = groups else {
        let lone = action.get("TargetGroupArn");
        return lone.map(|group| arm(object, &group, Some(1), group.span())).into_iter().collect();
    };
    let whole = |f: &Field<'_>| f.whole().filter(|n| *n <= 999);
    let listed = groups.items();
    let mut arms = Vec::new();
    for group in &listed {
        let weight = cx.field(group, &["Weight"], WEIGHT, whole);
        let span = if weight.is_absent() { group.span() } else { weight.span() };
        let known = match &weight {
            Fact::Absent { .. } if object.group == GROUP => {
                if listed.len() > 1 {
                    cx.unknown(group.node, "weight");
                }
                None
            }
            Fact::Absent { .. } => Some(1),
            Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Dynamic { .. } => weight.known().copied(),
        };
        let named = group.any(&["TargetGroupArn", "arn"]).filter(|_| group.unknown().is_none());
        arms.push(arm(object, &named.unwrap_or(*group), known, span));
    }
    arms
}

fn arm(object: &Object<'_>, group: &Field<'_>, weight: Option<u64>, span: Span) -> Arm {
    let version = Some(called(group.as_written().unwrap_or_default()).to_owned());
    Arm { service: object.name().to_owned(), version, weight, span }
}

/// What people call the target group of which `text` is the name, the ARN or a reference.
fn called(text: &str) -> &str {
    if let Some((_, rest)) = text.split_once(":targetgroup/") {
        return rest.split('/').next().unwrap_or(rest);
    }
    let inner = text.strip_prefix("${").and_then(|t| t.strip_suffix('}')).unwrap_or(text).trim();
    let inner = inner.strip_suffix(".arn").or_else(|| inner.strip_suffix(".id")).unwrap_or(inner);
    match inner.split_once('.') {
        Some((kind, label)) if kind.ends_with("_target_group") => label,
        Some(_) | None => inner,
    }
}

/// The candidates, where the names of the groups tell versions.
pub(super) fn staged(arms: &[Arm], people: Option<Span>, basis: Basis) -> Vec<Stage> {
    let is_dead = arms.iter().all(|arm| arm.weight == Some(0));
    if arms.len() < 2 || is_dead || !split::tells_versions(arms) {
        return Vec::new();
    }
    let found = split::candidates(arms, None, basis);
    match people {
        Some(people) => found.into_iter().map(|stage| split::picked(stage, people)).collect(),
        None => found,
    }
}

/// Is somebody sent to the same target group again?
pub(super) fn is_sticky(action: &Field<'_>) -> bool {
    let sticky = config(action).and_then(|c| c.any(&["TargetGroupStickinessConfig", "stickiness"]));
    sticky.and_then(|s| s.get("Enabled")?.boolean()) == Some(true)
}

/// Where the conditions of a rule pick people. One that takes any value picks nobody.
pub(super) fn people(body: &Field<'_>) -> Option<Span> {
    let picks = [
        ("http-header", "HttpHeaderConfig", "http_header"),
        ("query-string", "QueryStringConfig", "query_string"),
        ("source-ip", "SourceIpConfig", "source_ip"),
    ];
    let conditions = body.any(&["Conditions", "condition"])?.items();
    let picking = |condition: &Field<'_>| {
        let named = condition.get("Field").and_then(|field| field.text());
        picks.iter().any(|(name, config, block)| {
            let settings = condition.any(&[config, block]).filter(|c| c.node.is_map() || !c.items().is_empty());
            let values = settings.and_then(|c| c.get("Values")).map(|v| v.items()).unwrap_or_default();
            let anything = values.iter().any(|value| value.text() == Some("*"));
            !anything && (named == Some(*name) || settings.is_some())
        })
    };
    conditions.iter().find(|c| picking(c)).map(Field::span)
}

/// Where Terraform is told to leave the actions as they are.
pub(super) fn ignored<'d>(body: &Field<'d>) -> Option<Field<'d>> {
    let ignored = body.path(&["lifecycle", "ignore_changes"])?;
    let acts = |f: &Field<'_>| f.as_written().is_some_and(|t| t.contains("action") || matches!(t, "all" | "${all}"));
    (acts(&ignored) || ignored.items().iter().any(acts)).then_some(ignored)
}
