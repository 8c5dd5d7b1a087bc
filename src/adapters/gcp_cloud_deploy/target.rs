//! Targets: who is asked before anybody is exposed.

use super::{Field, GROUP, names};
use crate::adapters::{Lowering, Object, World};
use crate::model::{Basis, Exposure, Fact, Gate, GateKind, Hold, ObjectRef, Progression, Rollout, Share, Stage};
use crate::text::Span;

/// A target that asks somebody before a rollout, and where it says so.
struct Target {
    asks: Option<Span>,
}

pub(super) fn define(object: &Object<'_>, body: &Field<'_>, cx: &mut Lowering<'_>) {
    let approval = body.get("RequireApproval");
    let asks = approval.and_then(|a| a.boolean().filter(|asks| *asks).map(|_| a.span()));
    let name = names::own(object, body);
    names::tell(object, &name, cx);
    cx.define(ObjectRef::new(GROUP, "Target", None, &name), Target { asks });
}

/// An approval comes before anybody is exposed.
pub(super) fn approve(rollout: &mut Rollout, target: &str, world: &World<'_>) {
    let found = world.find::<Target>(&ObjectRef::new(GROUP, "Target", None, target));
    let (Some(span), Progression::Declared(stages)) = (found.and_then(|t| t.asks), &mut rollout.progression) else {
        return;
    };
    let basis = stages.iter().find_map(|s| Some(s.exposure.known()?.basis)).unwrap_or(Basis::Requests);
    let mut stage = Stage::new(Fact::stated(Exposure::exact(Share::NONE, basis), span), span);
    stage.name = Some("approval".into());
    stage.hold = Fact::stated(Hold::Gated, span);
    stage.gates.push(Gate { kind: GateKind::Approval, name: "requireApproval".into(), blocking: true, span });
    stages.insert(0, stage);
    for criterion in &mut rollout.rollback.criteria {
        criterion.covers.first += 1;
        criterion.covers.last = criterion.covers.last.saturating_add(1);
    }
}
