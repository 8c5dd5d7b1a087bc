//! `rollback-not-enforced`: criteria that nothing acts on.

use super::{Cx, NoParams, Rule};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::model::{Criterion, Evaluated, Fact, Rollout};

declare_rule! {
    /// ## What it checks
    ///
    /// Of the criteria a rollout has, at least one is looked at while people are exposed and does something when it
    /// trips: it rolls back, or it pauses, so that exposure stops growing and somebody is asked. None does where every
    /// metric is a dry run, muted or disabled, where the analysis is attached to no stage or runs when everybody has the
    /// new version already, or where `automatic: true` promises a rollback and every criterion only notifies. Where
    /// people are meant to act (`automatic` is false or not written), to be told is enough.
    ///
    /// ## Why it matters
    ///
    /// It looks safe and is not: the criteria are in the review, the dashboard is green, and the rollout goes on to
    /// everybody whatever is measured.
    ///
    /// ## What to do
    ///
    /// Take the metric out of the dry run, attach the analysis to a stage, enable the alarm's rollback, or set the
    /// criterion's action to `rollback` or `pause`.
    ///
    /// ## Examples
    ///
    /// ```yaml violates
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: config}
    /// strategy: canary
    /// stages:
    ///   - {exposure: 5%, hold: 1h}
    ///   - {exposure: 50%, hold: 1h}
    ///   - {exposure: 100%}
    /// monitors: [latency_p95, error_rate]
    /// rollback:
    ///   criteria: [{metric: error_rate, above: 0.5%, action: notify}]
    ///   automatic: true
    ///   method: traffic-flip
    ///   keep-old-for: 1h
    /// ```
    ///
    /// ```yaml passes
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: config}
    /// strategy: canary
    /// stages:
    ///   - {exposure: 5%, hold: 1h}
    ///   - {exposure: 50%, hold: 1h}
    ///   - {exposure: 100%}
    /// monitors: [latency_p95, error_rate]
    /// rollback:
    ///   criteria: [{metric: error_rate, above: 0.5%, action: pause}]
    ///   automatic: true
    ///   method: traffic-flip
    ///   keep-old-for: 1h
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// Whether the machinery that a plan relies on is installed and running.
    pub RollbackNotEnforced {
        id: "rollback-not-enforced",
        family: Rollback,
        summary: "criteria exist, and nothing acts on them during exposure",
        level: Error,
    }
}

impl Rule for RollbackNotEnforced {
    type Params = NoParams;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(_params: &NoParams, rollout: &Rollout, cx: &mut Cx<'_>) {
        let criteria = &rollout.rollback.criteria;
        if criteria.is_empty() || !rollout.stands_alone() || criteria.iter().any(|c| idle(c, rollout).is_none()) {
            return;
        }
        if let Some(hidden) = rollout.hidden_criteria() {
            let what = format!(
                "criteria that act may stand in {} `{}`, which is not in the checked set",
                hidden.kind, hidden.name
            );
            return cx.undetermined(hidden.span, "unresolved-reference", what);
        }
        report(rollout, cx);
    }
}

/// Why nothing acts on `criterion` while people are exposed; `None` where something does or may.
fn idle(criterion: &Criterion, rollout: &Rollout) -> Option<Idle> {
    match &criterion.evaluated {
        Evaluated::No(why) => {
            Some(Idle { why: why.to_string(), help: "let the rollout itself look at it and act on it" })
        }
        Evaluated::AfterExposure => Some(Idle {
            why: "looked at only when everybody has the new version".to_owned(),
            help: "run the analysis at a stage before 100%",
        }),
        Evaluated::Yes | Evaluated::Unknown if criterion.action.stops_growth() => None,
        Evaluated::Yes | Evaluated::Unknown => match &rollout.rollback.automatic {
            Fact::Stated(automatic) if automatic.value => Some(ONLY_NOTIFIES),
            Fact::Defaulted { value: true, .. } => Some(ONLY_NOTIFIES),
            Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Absent { .. } | Fact::Dynamic { .. } => None,
        },
    }
}

/// Why a criterion is idle, and what would change that.
struct Idle {
    why: String,
    help: &'static str,
}

const ONLY_NOTIFIES: Idle = Idle {
    why: String::new(),
    help: "set `action: rollback` or `action: pause`, or `automatic: false` where people act",
};

impl Idle {
    fn reason(&self) -> &str {
        if self.why.is_empty() { "only notifies, and `automatic: true` promises more" } else { &self.why }
    }
}

fn report(rollout: &Rollout, cx: &mut Cx<'_>) {
    let mut idle = rollout.rollback.criteria.iter().filter_map(|c| Some((c, idle(c, rollout)?)));
    let Some((first, cause)) = idle.next() else { return };
    let count = rollout.rollback.criteria.len();
    let what = format!("nothing acts on {} during exposure: `{}`: {}", noun(count), first.label(), cause.reason());
    let raw = cx.report(first.span, what, cause.help);
    raw.measured("0 criteria that act", ">= 1 criterion").about("rollback criteria");
    let mut places = vec![first.span];
    if let Some(via) = first.via {
        places.push(via);
        raw.because(via, "the rollout refers to it here");
    }
    for (criterion, cause) in idle {
        if !places.contains(&criterion.span) {
            places.push(criterion.span);
            raw.because(criterion.span, format!("`{}`: {}", criterion.label(), cause.reason()));
        }
    }
}

fn noun(count: usize) -> String {
    if count == 1 { "the one rollback criterion".to_owned() } else { format!("any of {count} rollback criteria") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Action, Hold, StageRange, Strategy, Unresolved};
    use crate::rules::testing::{HERE, at, canary, check, check_facts, criterion, facts, stage};
    use crate::text::Spanned;

    fn with(criteria: Vec<Criterion>) -> Rollout {
        let mut rollout = canary(vec![stage(10.0, Hold::Gated)]);
        rollout.rollback.criteria = criteria;
        rollout
    }

    fn dry(place: u32) -> Criterion {
        Criterion { evaluated: Evaluated::No("dry run".into()), span: at(place), ..criterion("error_rate", "1%") }
    }

    #[test]
    fn none_acts() {
        let found = check::<RollbackNotEnforced>(json!({}), with(vec![dry(3), dry(5)]));
        assert_eq!((found.len(), found[0].primary, found[0].related.len()), (1, at(3), 1));
        assert_eq!(found[0].what, "nothing acts on any of 2 rollback criteria during exposure: `error_rate`: dry run");
        let late = Criterion { evaluated: Evaluated::AfterExposure, ..dry(3) };
        assert_eq!(check::<RollbackNotEnforced>(json!({}), with(vec![late])).len(), 1);
    }

    #[test]
    fn one_that_acts_is_enough() {
        for acting in [
            criterion("latency", "1s"),
            Criterion { action: Action::Pause, ..criterion("latency", "1s") },
            Criterion { evaluated: Evaluated::Unknown, ..criterion("latency", "1s") },
        ] {
            assert!(check::<RollbackNotEnforced>(json!({}), with(vec![dry(3), acting])).is_empty());
        }
        assert!(check::<RollbackNotEnforced>(json!({}), with(vec![])).is_empty());
        let mut before = with(vec![Criterion { covers: StageRange::one(0), ..criterion("smoke", "1") }]);
        before.strategy = Spanned::new(Strategy::BlueGreen, HERE);
        assert!(check::<RollbackNotEnforced>(json!({}), before).is_empty());
    }

    #[test]
    fn notify_is_enough_where_people_act() {
        let told = |automatic| {
            let mut rollout = with(vec![Criterion { action: Action::Notify, ..criterion("latency", "1s") }]);
            rollout.rollback.automatic = automatic;
            check::<RollbackNotEnforced>(json!({}), rollout).len()
        };
        assert_eq!(told(Fact::stated(true, HERE)), 1);
        assert_eq!(told(Fact::stated(false, HERE)), 0);
        assert_eq!(told(Fact::Absent { near: HERE }), 0);
        assert_eq!(told(Fact::Dynamic { expr: "{{ a }}".into(), span: HERE }), 0);
    }

    #[test]
    fn what_may_stand_elsewhere() {
        let mut hidden = with(vec![dry(3)]);
        let because = "so its criteria are unknown";
        hidden.unresolved.push(Unresolved { kind: "T".into(), name: "slo".into(), span: HERE, because });
        let (found, undetermined) = check_facts::<RollbackNotEnforced>(json!({}), &facts(vec![hidden]));
        assert_eq!((found.len(), undetermined.len()), (0, 1));
        assert!(check::<RollbackNotEnforced>(json!({}), Rollout { partial: true, ..with(vec![dry(3)]) }).is_empty());
    }
}
