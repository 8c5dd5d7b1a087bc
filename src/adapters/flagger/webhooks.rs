//! Webhooks: checks from outside, and the questions that a run waits for.

use super::analysis::{Analysis, Way};
use crate::adapters::nodes::{items, text};
use crate::model::{Comparer, Criterion, Gate, GateKind, Rollout, StageRange};
use crate::syntax::Node;
use crate::text::Span;

/// No stage: over before anybody is exposed.
const BEFORE: StageRange = StageRange { first: usize::MAX, last: usize::MAX };

/// The type of a webhook; absent is `rollout`.
fn kind(webhook: Node<'_>) -> &str {
    match text(webhook, "type") {
        "" => "rollout",
        kind => kind,
    }
}

fn name_span(webhook: Node<'_>) -> Span {
    webhook.get("name").unwrap_or(webhook).span()
}

/// Webhooks whose failure counts as a failed check are opaque criteria.
pub(super) fn read(analysis: &Analysis<'_>, rollout: &mut Rollout) {
    let Some(node) = analysis.node else { return };
    let evaluated = super::metrics::evaluated(analysis);
    for webhook in items(node, "webhooks") {
        let covers = match kind(webhook) {
            "rollout" => super::metrics::covers(analysis, rollout),
            "pre-rollout" if analysis.way == Way::BlueGreen => StageRange::one(0),
            "pre-rollout" => BEFORE,
            _ => continue,
        };
        let name = text(webhook, "name");
        let text = format!("{} webhook", kind(webhook));
        let mut criterion = Criterion::opaque(name, &text, covers, name_span(webhook));
        criterion.tolerated = analysis.tolerated;
        criterion.evaluated = evaluated.clone();
        rollout.rollback.criteria.push(criterion);
        if let Some(shadow) = rollout.shadow.as_mut().filter(|_| super::metrics::tells_difference(name)) {
            shadow.comparer = Comparer::Named(name.into());
        }
    }
}

/// What has to succeed before traffic is routed.
pub(super) fn tests(node: Node<'_>) -> Vec<Gate> {
    gates(node, "pre-rollout", GateKind::Test)
}

fn gates(node: Node<'_>, wanted: &str, gate: GateKind) -> Vec<Gate> {
    let fitting = items(node, "webhooks").filter(|w| kind(*w) == wanted);
    fitting.map(|w| Gate { kind: gate, name: text(w, "name").into(), blocking: true, span: name_span(w) }).collect()
}

/// The questions that a run waits for.
pub(super) struct Confirms {
    /// Before it starts.
    pub(super) rollout: Vec<Gate>,
    /// Before each growth.
    pub(super) increase: Vec<Gate>,
    /// Before everybody gets it.
    pub(super) promotion: Vec<Gate>,
}

impl Confirms {
    /// The confirmations among the webhooks of the analysis `node`.
    pub(super) fn of(node: Node<'_>) -> Self {
        let of = |kind| gates(node, kind, GateKind::Approval);
        Self {
            rollout: of("confirm-rollout"),
            increase: of("confirm-traffic-increase"),
            promotion: of("confirm-promotion"),
        }
    }
}
