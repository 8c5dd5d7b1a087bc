//! Experiments: pods side by side for a while, as a step of a canary or on their own.

use super::duration::go_seconds;
use super::plan::{Attached, Part, PartLength, Plan, Role, gate, given};
use super::run::Use;
use super::template::{arguments, dry_run, items, present, reference};
use crate::adapters::{Lowering, Object, pod_template};
use crate::model::{
    Basis, Exposure, Fact, GateKind, Hold, Progression, RollbackPlan, Share, StageRange, Strategy, SubjectKind,
};
use crate::syntax::Node;
use crate::text::Spanned;

/// How many seconds the experiment in `node` lasts, where that is written.
pub(super) fn duration(node: Node<'_>, cx: &mut Lowering<'_>) -> Option<Fact<u64>> {
    present(node, "duration")?;
    let seconds = |n: Node<'_>| n.as_str().and_then(go_seconds).and_then(|s| u64::try_from(s).ok());
    Some(cx.read(node, "duration", "a length in `s`, `m` and `h` (`10m`)", seconds))
}

/// What people call the experiment: its templates' names.
pub(super) fn name(node: Node<'_>) -> String {
    let names: Vec<&str> = items(node, "templates").filter_map(|t| t.get("name")?.text()).collect();
    if names.is_empty() { "experiment".to_owned() } else { names.join(", ") }
}

/// The template that an experiment's analysis names.
pub(super) fn used(analysis: Node<'_>, experiment: Node<'_>, root: Node<'_>) -> Option<Use> {
    Some(Use {
        templates: vec![reference(analysis)?],
        arguments: analysis.get("args").map(|n| arguments(n, Some(root))).unwrap_or_default(),
        dry_run: dry_run(experiment),
    })
}

/// Lowers an experiment that stands on its own: no router sends its pods a share of the requests.
pub(super) fn lower(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(spec) = object.spec().filter(|s| s.is_map()) else { return };
    let mut rollout = cx.blank(object, SubjectKind::Workload);
    rollout.strategy = Spanned::new(Strategy::AbTest, spec.anchor());
    rollout.payload = items(spec, "templates").filter_map(|t| t.get("template")).flat_map(pod_template).collect();
    rollout.rollback.anchor = present(spec, "analyses").map_or(rollout.name_span, Node::anchor);
    rollout.progression = Progression::Declared(Vec::new());
    let near = present(spec, "templates").map_or_else(|| spec.anchor(), Node::anchor);
    let by = "argo-rollouts: no router sends requests to an experiment of its own";
    let mut stage = given(Exposure::exact(Share::NONE, Basis::Requests), by, near);
    let length = duration(spec, cx);
    let seconds = length.as_ref().and_then(|d| d.known().copied());
    let mut plan = Plan::default();
    let mut needed = Vec::new();
    for analysis in items(spec, "analyses") {
        let Some(used) = used(analysis, spec, object.node) else { continue };
        let required = analysis.get("requiredForCompletion").and_then(Node::as_bool) == Some(true);
        if required {
            needed.push(plan.attached.len());
        }
        stage.gates.push(gate(GateKind::Analysis, used.name(), true, analysis.anchor()));
        let role = if required { Role::Blocking } else { Role::Trial(seconds) };
        plan.attached.push(Attached { used, role, covers: StageRange::one(0) });
    }
    stage.gates.push(gate(GateKind::Experiment, name(spec), true, near));
    let span = length.as_ref().map_or(near, Fact::span);
    let length = match length {
        Some(Fact::Dynamic { expr, .. }) => PartLength::Dynamic(expr),
        _ => PartLength::Trial { duration: seconds.map(Hold::Timed), runs: needed },
    };
    plan.parts.push(Part { stage: 0, step: 0, span, length });
    plan.stages.push(stage);
    cx.rollout_after(rollout, move |rollout, world| {
        plan.clone().finish(rollout, world);
        // Nobody is exposed, so what decides about the experiment takes nothing back.
        rollout.rollback = RollbackPlan::none(rollout.rollback.anchor);
    });
}
