//! One deployment stage: a rollout.

use super::failure::{self, Then};
use super::walk::Walk;
use super::{is_expression, items, present};
use crate::adapters::{Lowering, Object};
use crate::model::{Fact, Method, ObjectRef, Progression, Rollout, Strategy, SubjectKind};
use crate::syntax::Node;
use crate::text::Spanned;

pub(super) fn lower(pipeline: &Object<'_>, stage: Node<'_>, cx: &mut Lowering<'_>) {
    if super::flow::is_off(stage) {
        return;
    }
    let name = present(stage, "identifier").or_else(|| present(stage, "name"));
    let object = Object::document(stage, pipeline.group, pipeline.kind, name);
    let mut rollout = cx.blank(&object, SubjectKind::Workload);
    let full = format!("{}/{}", pipeline.name(), object.name());
    rollout.id = ObjectRef::new(pipeline.group, pipeline.kind, None, &full);
    rollout.service = full.into();
    let plain = |path: &[&str]| stage.path(path).and_then(Node::text).filter(|t| !t.is_empty() && !is_expression(t));
    if let Some(service) = plain(&["spec", "service", "serviceRef"]) {
        rollout.service = service.into();
    }
    if let Some(environment) = plain(&["spec", "environment", "environmentRef"]) {
        rollout.declared.labels = [("environment".into(), environment.into())].into_iter().collect();
    }
    let steps = stage.path(&["spec", "execution", "steps"]);
    let backs = has_rollback_steps(stage);
    let mut walk = Walk::new(&rollout.service, present(stage, "failureStrategies"), backs);
    if let Some(template) = present(stage, "template") {
        walk.template(template, cx);
    }
    if let Some(steps) = steps {
        walk.is_routed = steps.items().any(super::flow::routes);
        walk.steps(steps, cx);
    }
    if walk.stages.is_empty() {
        return cx.forget();
    }
    give(walk, &mut rollout, steps.unwrap_or(stage));
    goes_back(stage, backs, &mut rollout, cx);
    cx.rollout(rollout);
}

/// Are there steps that go back, in the stage or in a group? A template may have some.
fn has_rollback_steps(stage: Node<'_>) -> bool {
    let Some(execution) = stage.path(&["spec", "execution"]) else { return true };
    listed(execution) || items(execution, "steps").any(has_rollback_in)
}

fn listed(node: Node<'_>) -> bool {
    let written = node.get("rollbackSteps");
    written.is_some_and(|list| list.items().next().is_some() || list.text().is_some_and(is_expression))
}

fn has_rollback_in(entry: Node<'_>) -> bool {
    let inner = |key: &str| entry.get(key).into_iter().flat_map(|group| items(group, "steps")).any(has_rollback_in);
    let is_template = |key: &str| entry.path(&[key, "template"]).is_some();
    entry.get("stepGroup").is_some_and(listed)
        || is_template("stepGroup")
        || inner("stepGroup")
        || items(entry, "parallel").any(has_rollback_in)
}

fn give(walk: Walk<'_>, rollout: &mut Rollout, near: Node<'_>) {
    rollout.strategy = Spanned::new(walk.strategy(), near.anchor());
    rollout.rollback.anchor = near.anchor();
    rollout.rollback.way_back = walk.way_back(near.anchor());
    rollout.rollback.criteria = walk.criteria;
    rollout.unresolved = walk.unresolved;
    rollout.progression = Progression::Declared(walk.stages);
}

/// Whether and how it goes back when a step fails.
fn goes_back(stage: Node<'_>, backs: bool, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    let found = failure::of_verification(present(stage, "failureStrategies").into_iter());
    rollout.rollback.automatic = match found {
        None => Fact::Absent { near: stage.anchor() },
        Some((Then::Unknown, span)) => Fact::Dynamic { expr: "failureStrategies".into(), span },
        Some((then, span)) => Fact::stated(then == Then::Rollback && backs, span),
    };
    let switched = rollout.strategy.value == Strategy::BlueGreen;
    rollout.rollback.method = backs.then_some(if switched { Method::TrafficFlip } else { Method::Redeploy });
    if let (Some((Then::Rollback, span)), false) = (found, backs) {
        let empty = stage.path(&["spec", "execution", "rollbackSteps"]).is_some();
        let how = if empty { "is empty" } else { "is not there" };
        let message = format!("the rollback of a failure has nothing to run: `rollbackSteps` {how}");
        cx.ignored(span, message, "write the steps that go back into `rollbackSteps`");
    }
}
