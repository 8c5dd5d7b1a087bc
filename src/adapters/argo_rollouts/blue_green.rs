//! The blue-green strategy: a second stack, then a switch.

use super::canary::used;
use super::plan::{Attached, Part, PartLength, Plan, Role, gate, given};
use super::template::{present, written};
use crate::adapters::Lowering;
use crate::model::{Basis, Exposure, Fact, GateKind, Hold, Method, Rollout, Share, StageRange};
use crate::syntax::Node;

/// Reads `blueGreen` into a plan of two stages.
pub(super) fn read(root: Node<'_>, node: Node<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) -> Plan {
    let mut plan = Plan { steps: 2, ..Plan::default() };
    let preview = present(node, "previewService").map_or_else(|| node.anchor(), Node::span);
    let nobody = Exposure::exact(Share::NONE, Basis::Requests);
    plan.stages.push(given(nobody, "argo-rollouts: the new stack gets no requests before the switch", preview));
    let everybody = Exposure::exact(Share::ALL, Basis::Requests);
    let mut last = given(everybody, "argo-rollouts: the switch moves everybody", node.anchor());
    last.implied = true;
    plan.stages.push(last);
    promotion(node, &mut plan, cx);
    attach(root, node, ("prePromotionAnalysis", 0), &mut plan);
    attach(root, node, ("postPromotionAnalysis", 1), &mut plan);
    rollout.rollback.way_back =
        cx.read_u64(node, "scaleDownDelaySeconds").or_default(30, "argo-rollouts: 30 when absent");
    rollout.rollback.method = Some(Method::TrafficFlip);
    let analysis = ["postPromotionAnalysis", "prePromotionAnalysis"].into_iter().find_map(|k| present(node, k));
    rollout.rollback.anchor = analysis.unwrap_or(node).anchor();
    let services = (written(node, "activeService"), written(node, "previewService"));
    if let (Some(active), Some(preview)) = services
        && active.text == preview.text
    {
        let message =
            format!("`previewService` is `{}`, the same as `activeService`; two services are needed", preview.text);
        cx.invalid(preview.span, message, "name a service of its own for the preview").related =
            Some((active.span, "the active service".into()));
    }
    plan
}

/// What the switch waits for.
fn promotion(node: Node<'_>, plan: &mut Plan, cx: &mut Lowering<'_>) {
    let enabled = cx.read_bool(node, "autoPromotionEnabled");
    let seconds = cx.read_u64(node, "autoPromotionSeconds");
    let part = |span, length| Part { stage: 0, step: 0, span, length };
    match (&enabled, &seconds) {
        (Fact::Stated(by_itself), _) if !by_itself.value => {
            plan.parts.push(part(by_itself.span, PartLength::Fixed(Hold::Gated)));
            plan.stages[0].gates.push(gate(GateKind::Approval, "promotion".to_owned(), true, by_itself.span));
            if let Fact::Stated(s) = &seconds {
                let message = format!(
                    "`autoPromotionSeconds: {}` is ignored: `autoPromotionEnabled: false` waits for a person",
                    s.value
                );
                cx.ignored(s.span, message, "remove one of the two").related =
                    Some((by_itself.span, "promotion waits for a person".into()));
            }
        }
        (Fact::Dynamic { expr, span }, _) | (_, Fact::Dynamic { expr, span }) => {
            plan.parts.push(part(*span, PartLength::Dynamic(expr.clone())));
        }
        (_, Fact::Stated(s)) if s.value > 0 => {
            plan.parts.push(part(s.span, PartLength::Fixed(Hold::Timed(s.value))));
        }
        _ => {}
    }
}

/// Attaches the analysis under `key` to the stage `at`. It runs beside the timer before the switch.
fn attach(root: Node<'_>, node: Node<'_>, (key, at): (&str, usize), plan: &mut Plan) {
    let Some(block) = present(node, key) else { return };
    let used = used(block, root);
    if used.templates.is_empty() {
        return;
    }
    let run = plan.attached.len();
    plan.stages[at].gates.push(gate(GateKind::Analysis, used.name(), true, block.anchor()));
    plan.attached.push(Attached { used, role: Role::Blocking, covers: StageRange::one(at) });
    let timer = plan.parts.iter_mut().find(|p| p.stage == at && matches!(p.length, PartLength::Fixed(Hold::Timed(_))));
    match timer {
        Some(part) => {
            if let PartLength::Fixed(hold) = part.length {
                part.length = PartLength::Trial { duration: Some(hold), runs: vec![run] };
            }
        }
        None => plan.parts.push(Part { stage: at, step: at, span: block.anchor(), length: PartLength::Run(run) }),
    }
}
