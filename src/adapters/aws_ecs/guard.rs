//! What stops a deployment of a service, and what sends it back.

use super::service::Service;
use crate::adapters::cloudwatch::{self, Watched};
use crate::adapters::infra::Field;
use crate::adapters::{Lowering, Object};
use crate::model::{
    Basis, Criterion, Evaluated, Exposure, Fact, Gate, GateKind, Progression, Rollout, Share, Stage, Strategy,
};
use crate::text::Span;

const YES_OR_NO: &str = "`true` or `false`";

/// A switch and whether it sends the deployment back.
struct Switch<'d> {
    field: Field<'d>,
    enabled: Fact<bool>,
    rolls_back: Fact<bool>,
}

/// The alarms and the circuit breaker of a service.
pub(super) struct Guard<'d> {
    alarms: Option<Switch<'d>>,
    breaker: Option<Switch<'d>>,
    near: Span,
}

impl<'d> Guard<'d> {
    pub(super) fn new(service: &Service<'d>, cx: &mut Lowering<'_>) -> Self {
        let mut switch = |name: &str| {
            let field = service.setting(&[name])?;
            let enabled = cx.field(&field, &["Enable"], YES_OR_NO, Field::boolean);
            let rolls_back = cx.field(&field, &["Rollback"], YES_OR_NO, Field::boolean);
            Some(Switch { field, enabled, rolls_back })
        };
        Self { alarms: switch("Alarms"), breaker: switch("DeploymentCircuitBreaker"), near: service.near }
    }

    /// The alarms that are named.
    pub(super) fn alarms(&self, object: &Object<'_>, cx: &mut Lowering<'_>) -> Watched {
        let names = self.alarms.as_ref().and_then(|alarms| alarms.field.get("AlarmNames"));
        Watched::new(object, &names.map(|n| n.items()).unwrap_or_default(), cx)
    }

    /// What an alarm does when it goes off.
    pub(super) fn action(&self) -> impl Fn(&mut Criterion) + Send + Sync + use<> {
        let (enabled, rolls_back) = match &self.alarms {
            Some(alarms) => (state(&alarms.enabled), state(&alarms.rolls_back)),
            None => (None, None),
        };
        move |criterion| {
            cloudwatch::acts(criterion, rolls_back != Some(false));
            match enabled {
                Some(true) => {}
                Some(false) => cloudwatch::ignored(criterion, "the service's alarms are not switched on"),
                None => criterion.evaluated = Evaluated::Unknown,
            }
        }
    }

    /// Does the service go back by itself?
    pub(super) fn rolls_back(&self, rollout: &mut Rollout) {
        if let Some(alarms) = &self.alarms {
            rollout.rollback.anchor = alarms.field.anchor();
        }
        let both = |switch: &Switch<'_>| match (state(&switch.enabled), state(&switch.rolls_back)) {
            (Some(enabled), Some(back)) => Fact::stated(enabled && back, switch.field.anchor()),
            (None, _) | (_, None) => Fact::Dynamic { expr: "".into(), span: switch.field.anchor() },
        };
        rollout.rollback.automatic = match (&self.alarms, &self.breaker) {
            (Some(switch), _) | (None, Some(switch)) => both(switch),
            (None, None) => Fact::Defaulted { value: false, by: "ECS: off when absent", near: self.near },
        };
    }

    /// Adds the circuit breaker and the lifecycle hooks to the stages.
    pub(super) fn gates(&self, service: &Service<'_>, rollout: &mut Rollout) {
        let on = self.breaker.as_ref().filter(|breaker| state(&breaker.enabled) == Some(true));
        let breaker = on.map(|breaker| Gate {
            kind: GateKind::Test,
            name: "deployment circuit breaker".into(),
            // It counts tasks that don't start, and no stage waits for it.
            blocking: false,
            span: breaker.field.anchor(),
        });
        let hooks: Vec<Hook> = service
            .setting(&["LifecycleHooks", "lifecycle_hook"])
            .map(|hooks| hooks.items().iter().filter_map(hook).collect())
            .unwrap_or_default();
        let (Progression::Declared(stages) | Progression::Live(stages)) = &mut rollout.progression;
        if let Some(first) = stages.first_mut() {
            first.gates.extend(breaker);
        }
        let steps = stages.len().saturating_sub(1);
        for hook in &hooks {
            let upto = if hook.during { stages.len() } else { steps * usize::from(hook.each_step) };
            stages.iter_mut().take(upto).for_each(|stage| stage.gates.push(hook.gate.clone()));
        }
        let waits: Vec<Gate> = hooks.into_iter().filter(|h| h.before).map(|h| h.gate).collect();
        if rollout.strategy.value == Strategy::BlueGreen && !waits.is_empty() {
            let span = waits[0].span;
            let nobody = Exposure::exact(Share::NONE, Basis::Requests);
            let preview = Stage { gates: waits, ..Stage::new(Fact::stated(nobody, span), span) };
            stages.insert(0, preview);
        }
    }
}

/// A switch that is required and missing is off.
const fn state(fact: &Fact<bool>) -> Option<bool> {
    match fact {
        Fact::Stated(value) => Some(value.value),
        Fact::Defaulted { value, .. } => Some(*value),
        Fact::Absent { .. } => Some(false),
        Fact::Dynamic { .. } => None,
    }
}

/// A lifecycle hook.
struct Hook {
    gate: Gate,
    /// Does it run while people meet the new revision?
    during: bool,
    /// Does it run before each step of production traffic?
    each_step: bool,
    /// Does it run before anybody meets the new revision?
    before: bool,
}

/// What a hook comes to; one whose stages nobody can know may run at any.
fn hook(field: &Field<'_>) -> Option<Hook> {
    let stages = field.get("LifecycleStages")?.items();
    let runs = |name: &str| stages.iter().any(|s| s.unknown().is_some() || s.text() == Some(name));
    let during = runs("PRODUCTION_TRAFFIC_SHIFT") || runs("POST_PRODUCTION_TRAFFIC_SHIFT");
    let each_step = runs("PRE_PRODUCTION_TRAFFIC_SHIFT");
    let admits = ["RECONCILE_SERVICE", "PRE_SCALE_UP"].iter().any(|name| runs(name));
    let tests = ["POST_SCALE_UP", "TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT"].iter().any(|name| runs(name));
    let target = field.get("HookTargetArn");
    let on_timeout = field.path(&["TimeoutConfiguration", "Action"]);
    let gate = Gate {
        // Before there is a new revision there is nothing to test.
        kind: if target.is_some() && (during || each_step || tests) { GateKind::Test } else { GateKind::Approval },
        name: target.and_then(|t| t.as_written()).unwrap_or("pause").into(),
        blocking: on_timeout.is_none_or(|action| action.text() != Some("CONTINUE")),
        span: field.span(),
    };
    Some(Hook { gate, during, each_step, before: each_step || admits || tests })
}

/// Seconds in which some but not everybody have the new revision, where that is known.
pub(super) fn exposed(rollout: &Rollout) -> Option<u64> {
    if rollout.strategy.value != Strategy::Canary {
        return None;
    }
    let limited = rollout.stages().iter().filter(|s| s.share().is_some_and(Share::is_limited));
    limited.map(|s| s.hold.known().and_then(|h| h.seconds())).sum()
}
