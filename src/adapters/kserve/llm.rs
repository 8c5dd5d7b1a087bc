//! LLMInferenceService: members of a group share its requests, wherever their files are.

use crate::adapters::nodes::present;
use crate::adapters::split::{Arm, baseline};
use crate::adapters::{Lowering, Object, World, live_stage, payload};
use crate::model::{Basis, Exposure, Fact, ObjectRef, Progression, Rollout, Share, Strategy, SubjectKind};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

/// One member of a group.
#[derive(Clone)]
struct Member {
    name: Box<str>,
    /// 0 when it is stopped; `None` where it cannot be known.
    weight: Option<u64>,
    span: Span,
}

pub(super) fn lower(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(spec) = object.spec() else { return };
    let mut rollout = cx.blank(object, SubjectKind::Model);
    rollout.payload = spec.path(&["model", "uri"]).and_then(payload).into_iter().collect();
    rollout.partial = present(spec, "model").is_none() && present(spec, "baseRefs").is_none();
    let route = spec.path(&["router", "route"]).filter(|r| r.is_map());
    let group = route.and_then(|r| present(r, "group"));
    let weight = route.map_or(Fact::Absent { near: object.name_span() }, |r| cx.read_u64(r, "weight"));
    match (group, weight.is_absent()) {
        (Some(node), true) => {
            cx.invalid(node.span(), "`group` without `weight` is refused", "add `weight:` beside it");
        }
        (None, false) => {
            cx.invalid(weight.span(), "`weight` without `group` is refused", "add `group:` beside it");
        }
        _ => {}
    }
    rollout.strategy = Spanned::new(Strategy::Rolling, object.name_span());
    let Some(group) = group.and_then(Node::text) else {
        let near = object.name_span();
        let everybody = Exposure::exact(Share::ALL, Basis::Requests);
        let by = "kserve: a service outside of a group takes everything";
        rollout.progression = Progression::Live(vec![live_stage(Fact::Defaulted { value: everybody, by, near }, near)]);
        return cx.rollout(rollout);
    };
    rollout.strategy = Spanned::new(Strategy::Canary, object.name_span());
    let stopped = object.annotation("serving.kserve.io/stop").and_then(Node::text) == Some("true");
    let number = if stopped { Some(0) } else { weight.known().copied() };
    let member = Member { name: object.name().into(), weight: number, span: weight.span() };
    let id = ObjectRef::new("serving.kserve.io", "LLMInferenceServiceGroup", object.namespace(), group);
    cx.define(id.clone(), member);
    cx.rollout_after(rollout, move |rollout, world| share(rollout, &id, world));
}

/// The share of this member once every member is known; the baseline of the group is no candidate.
fn share(rollout: &mut Rollout, group: &ObjectRef, world: &World<'_>) {
    let arm = |m: &&Member| Arm { service: m.name.to_string(), version: None, weight: m.weight, span: m.span };
    let mut members = world.all::<Member>(group);
    members.sort_by(|a, b| a.name.cmp(&b.name));
    let arms: Vec<Arm> = members.iter().map(arm).collect();
    let Some(own) = arms.iter().position(|a| *a.service == *rollout.id.name) else { return };
    let total: Option<u64> = arms.iter().map(|a| a.weight).sum();
    let span = arms[own].span;
    let exposure = match (arms[own].weight, total) {
        (Some(_), Some(_)) if arms.len() == 1 => Fact::stated(Exposure::exact(Share::ALL, Basis::Requests), span),
        (Some(weight), Some(total)) => Fact::stated(Exposure::exact(Share::of(weight, total), Basis::Requests), span),
        (Some(_) | None, _) => Fact::Dynamic { expr: "".into(), span },
    };
    if arms.len() == 1 || baseline(&arms) != own {
        rollout.progression = Progression::Live(vec![live_stage(exposure, span)]);
    } else {
        rollout.progression = Progression::Live(Vec::new());
    }
}
