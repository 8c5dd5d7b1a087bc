//! One step that replaces the old version: a rollout.

use super::FORM;
use super::scope::Scope;
use super::steps::{Barrier, Replacing, WINDOW, property};
use crate::adapters::nodes::text;
use crate::adapters::{Lowering, Object};
use crate::model::{
    Basis, Exposure, Fact, Gate, GateKind, Hold, Method, ObjectRef, Progression, Rollout, Share, Stage, Strategy,
    SubjectKind,
};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

const REPLICAS: &str = "Octopus.Action.KubernetesContainers.Replicas";

/// What a step rolls out, `before` being what it waits for.
pub(super) fn of(replacing: &Replacing<'_>, before: &[Barrier<'_>], cx: &mut Lowering<'_>) -> Rollout {
    let Replacing { part, action, at, strategy } = *replacing;
    let object = Object::document(part.body, FORM, "DeploymentProcess", Some(part.label));
    let mut rollout = cx.blank(&object, SubjectKind::Workload);
    if let Some(project) = project(cx.path) {
        rollout.id = ObjectRef::new(FORM, object.kind, None, &format!("{project}/{}", object.name()));
        rollout.service = project.into();
    }
    if let [environment] = *Scope::of(action).environments {
        rollout.declared.labels = [("environment".into(), environment.into())].into_iter().collect();
    }
    rollout.strategy = Spanned::new(strategy, at.span());
    rollout.plain_workload = strategy != Strategy::BlueGreen;
    rollout.rollback.method = Some(Method::Redeploy);
    rollout.rollback.anchor = at.span();
    rollout.replicas = replicas(action, cx);
    if property(part.body, WINDOW).is_some() {
        cx.unknown(at, "number-of-targets");
    }
    let mut last = everybody(strategy, at.span(), &mut rollout);
    let mut stages: Vec<Stage> = nobody(replacing, before).into_iter().collect();
    if rollout.plain_workload {
        // No stage of its own: whoever took the approval away would seem to expose everybody.
        last.gates = stages.drain(..).flat_map(|stage| stage.gates).collect();
    }
    stages.push(last);
    rollout.progression = Progression::Declared(stages);
    rollout
}

/// The folder of the process below `.octopus/`, else the one that holds `.octopus/`.
pub(super) fn project(path: &str) -> Option<&str> {
    let mut folders: Vec<&str> = path.split('/').collect();
    folders.pop();
    let root = folders.iter().rposition(|folder| *folder == ".octopus")?;
    let below = folders.last().filter(|_| root + 1 < folders.len());
    below.or_else(|| folders.get(root.checked_sub(1)?)).copied()
}

fn replicas(action: Node<'_>, cx: &mut Lowering<'_>) -> Fact<u64> {
    let Some(node) = property(action, REPLICAS) else { return Fact::Absent { near: action.anchor() } };
    match node.text().filter(|text| text.contains("#{")) {
        Some(expr) => {
            cx.unknown(node, "template");
            Fact::Dynamic { expr: expr.into(), span: node.span() }
        }
        None => cx.take(node, "Replicas", "a whole number, 0 or more", |n| n.text()?.trim().parse().ok()),
    }
}

/// The stage before anybody is exposed, where something may hold it.
fn nobody(replacing: &Replacing<'_>, before: &[Barrier<'_>]) -> Option<Stage> {
    let exposure = |span| Fact::stated(Exposure::exact(Share::NONE, Basis::Requests), span);
    let whatever = !matches!(text(replacing.part.body, "condition"), "" | "Success");
    let scope = Scope::of(replacing.action);
    let mut gates = Vec::new();
    let mut unknown = None;
    for barrier in before {
        let covers = barrier.action.and_then(|action| Scope::of(action).covers(&scope));
        let name = barrier.label.text().unwrap_or_default();
        match covers {
            Some(false) => {}
            Some(true) if !barrier.conditional && !whatever => {
                let span = barrier.label.span();
                gates.push(Gate { kind: GateKind::Approval, name: name.into(), blocking: true, span });
            }
            Some(true) | None => unknown = Some((name, barrier.label.span())),
        }
    }
    let held = |hold: Fact<Hold>, span: Span| Stage { hold, ..Stage::new(exposure(span), span) };
    match (gates.first().map(|gate| gate.span), unknown) {
        (Some(span), _) => Some(Stage { gates, ..held(Fact::stated(Hold::Gated, span), span) }),
        (None, Some((name, span))) => Some(held(Fact::Dynamic { expr: name.into(), span }, span)),
        (None, None) => None,
    }
}

/// The stage that ends every deployment. What a blue-green deployment leaves goes into the rollback of `rollout`.
fn everybody(strategy: Strategy, span: Span, rollout: &mut Rollout) -> Stage {
    if strategy == Strategy::BlueGreen {
        let by = "Octopus: takes the old Deployment away after the switch";
        rollout.rollback.way_back = Fact::Defaulted { value: 0, by, near: span };
        return Stage::new(Fact::stated(Exposure::exact(Share::ALL, Basis::Requests), span), span);
    }
    let value = Exposure::exact(Share::ALL, Basis::Pods);
    let by = "Octopus: everybody has it when the step is done";
    Stage { implied: true, ..Stage::new(Fact::Defaulted { value, by, near: span }, span) }
}
