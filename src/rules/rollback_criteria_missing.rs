//! `rollback-criteria-missing`: nothing says when to go back.

use super::{Cx, NoParams, Rule};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::Wish;
use crate::model::{GateKind, Move, Progression, Rollout, Share, Stage, SubjectKind};

declare_rule! {
    /// ## What it checks
    ///
    /// A rollout says when it goes back: it has at least one rollback criterion, whatever its strategy. A criterion that
    /// this tool cannot read a number from (a webhook, a Job, a statistical test) is one too;
    /// `rollback-criterion-not-numeric` speaks of those. A live split is asked only while it lies strictly between 0 and
    /// 100 %: at rest there is nothing to go back from. Plain workloads and patches are not asked.
    ///
    /// ## Why it matters
    ///
    /// Stages without a criterion are a slow big bang: the new version meets more and more people, and whether it does
    /// harm is settled by whoever happens to look. What counts as harm is best decided before anybody is tired.
    ///
    /// ## What to do
    ///
    /// Write down a metric and the number at which the rollout goes back: an analysis with a condition, a metric with a
    /// threshold, an alarm, or `rollback.criteria` of a RolloutPlan. A live split takes its criteria from the plan that
    /// its `rollgate/plan` annotation names, or that names it under `governs`; a flag from the plan that names it as its
    /// `flag`.
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
    /// rollback: {method: traffic-flip, keep-old-for: 1h}
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
    /// rollback: {criteria: [error rate exceeds 0.5% over 10m], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// Criteria that live in a vendor's console, and those of a template that is not among the checked files: the
    /// rollout is then undetermined.
    pub RollbackCriteriaMissing {
        id: "rollback-criteria-missing",
        family: Rollback,
        summary: "nothing says when to roll back",
        level: Error,
    }
}

impl Rule for RollbackCriteriaMissing {
    type Params = NoParams;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(_params: &NoParams, rollout: &Rollout, cx: &mut Cx<'_>) {
        if !rollout.stands_alone() || !rollout.rollback.criteria.is_empty() || runs_a_test(rollout) {
            return;
        }
        let anchor = rollout.rollback.anchor;
        let grows = cx.change().is_some_and(|c| c.moves.iter().any(Move::grows));
        let meets = if grows { Meets::Somebody } else { meets_people(&rollout.progression) };
        match meets {
            Meets::Nobody => return,
            Meets::Unknown => {
                let dynamic = rollout.stages().iter().find(|s| s.exposure.is_dynamic());
                let place = dynamic.map_or(anchor, |stage| stage.exposure.span());
                return cx.unknown(rollout, place, "whether anybody meets the new version is unknown");
            }
            Meets::Somebody => {}
        }
        if let Some(hidden) = rollout.hidden_criteria() {
            let what =
                format!("criteria may stand in {} `{}`, which is not in the checked set", hidden.kind, hidden.name);
            return cx.undetermined(hidden.span, "unresolved-reference", what);
        }
        let what = match rollout.progression {
            Progression::Declared(_) => "no rollback criterion: nothing says when this rollout goes back",
            Progression::Live(_) if grows => {
                "no rollback criterion while traffic moves to a new version: nothing says when it goes back"
            }
            Progression::Live(_) => "no rollback criterion while traffic is split: nothing says when it goes back",
        };
        let help = match rollout.progression {
            Progression::Declared(_) => {
                "add a condition with a number that sends it back: in its analysis, or as `rollback: {criteria: [error rate exceeds 0.5% over 10m]}` of a RolloutPlan".to_owned()
            }
            Progression::Live(_) => {
                let joined = joined(rollout);
                format!("write a RolloutPlan with `rollback: {{criteria: [error rate exceeds 0.5% over 10m]}}`, and {joined}")
            }
        };
        let raw = cx.report(anchor, what, help);
        raw.measured("0 criteria", ">= 1 criterion").about("rollback criteria");
        if !rollout.progression.is_live() {
            raw.wish(Wish::Criterion);
        }
    }
}

/// How a live split and the plan that speaks for it are joined.
pub(super) fn joined(rollout: &Rollout) -> String {
    if rollout.subject == SubjectKind::Flag {
        return format!("name this flag in it: `flag: {{system: {}, key: {}}}`", rollout.adapter.id, rollout.id.name);
    }
    "name it in the annotation `rollgate/plan`".to_owned()
}

/// Does anybody meet the new version?
enum Meets {
    Nobody,
    Somebody,
    Unknown,
}

fn meets_people(progression: &Progression) -> Meets {
    let (stages, met): (&[Stage], fn(Share) -> bool) = match progression {
        Progression::Declared(stages) => (stages, |share| share > Share::NONE),
        Progression::Live(candidates) => (candidates, Share::is_limited),
    };
    let by_audience = !progression.is_live() && (stages.is_empty() || stages.iter().any(|s| s.audience.is_some()));
    if by_audience || stages.iter().any(|s| s.share().is_some_and(met)) {
        Meets::Somebody
    } else if stages.iter().any(|s| s.exposure.is_dynamic()) {
        Meets::Unknown
    } else {
        Meets::Nobody
    }
}

/// Is there a test that a stage waits for? What it looks at is opaque, but something says no.
fn runs_a_test(rollout: &Rollout) -> bool {
    rollout.stages().iter().flat_map(|s| &s.gates).any(|g| g.blocking && g.kind == GateKind::Test)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{CriterionClass, Fact, Gate, Hold, Remark, RemarkKind, Strategy, Unresolved};
    use crate::rules::testing::{HERE, at, canary, check, check_facts, criterion, facts, live, stage};
    use crate::text::Spanned;

    fn found(rollout: Rollout) -> usize {
        check::<RollbackCriteriaMissing>(json!({}), rollout).len()
    }

    #[test]
    fn a_plan_of_any_strategy_needs_one() {
        let mut rollout = canary(vec![stage(10.0, Hold::Gated), stage(100.0, Hold::None)]);
        assert_eq!(found(rollout.clone()), 1);
        rollout.strategy = Spanned::new(Strategy::BlueGreen, HERE);
        assert_eq!(found(rollout.clone()), 1);
        let mut opaque = criterion("webhook", "1");
        opaque.class = CriterionClass::Opaque;
        rollout.rollback.criteria.push(opaque);
        assert_eq!(found(rollout), 0);
    }

    #[test]
    fn a_live_split_only_while_it_is_split() {
        assert_eq!((found(live(0.0)), found(live(0.1)), found(live(99.9)), found(live(100.0))), (0, 1, 1, 0));
    }

    #[test]
    fn what_is_not_asked() {
        let plan = || canary(vec![stage(10.0, Hold::Gated)]);
        assert_eq!(found(Rollout { partial: true, ..plan() }), 0);
        assert_eq!(found(Rollout { plain_workload: true, ..plan() }), 0);
        assert_eq!(found(canary(vec![stage(0.0, Hold::Gated)])), 0);
        let mut tested = plan();
        let gate = Gate { kind: GateKind::Test, name: "smoke".into(), blocking: true, span: HERE };
        let Progression::Declared(stages) = &mut tested.progression else { unreachable!() };
        stages[0].gates.push(gate);
        assert_eq!(found(tested), 0);
    }

    #[test]
    fn unknown_is_said() {
        let mut hidden = canary(vec![stage(10.0, Hold::Gated)]);
        let because = "so its criteria are unknown";
        hidden.unresolved.push(Unresolved { kind: "T".into(), name: "slo".into(), span: HERE, because });
        let (found, undetermined) = check_facts::<RollbackCriteriaMissing>(json!({}), &facts(vec![hidden]));
        assert_eq!((found.len(), undetermined[0].1), (0, "unresolved-reference"));
        let mut templated = live(10.0);
        let dynamic = Stage::new(Fact::Dynamic { expr: "{{ w }}".into(), span: HERE }, HERE);
        templated.progression = Progression::Live(vec![dynamic]);
        let (found, undetermined) = check_facts::<RollbackCriteriaMissing>(json!({}), &facts(vec![templated]));
        assert_eq!((found.len(), undetermined[0].1), (0, "template"));
    }

    #[test]
    fn what_is_reported_as_invalid_is_not_undetermined_too() {
        let mut negative = live(10.0);
        let dynamic = Stage::new(Fact::Dynamic { expr: "-5".into(), span: at(9) }, HERE);
        negative.progression = Progression::Live(vec![dynamic]);
        negative.remarks.push(Remark {
            kind: RemarkKind::Invalid,
            span: at(9),
            message: "negative".into(),
            help: "write 0 or more".into(),
            found: None,
            required: None,
            related: None,
            instead: None,
        });
        let (found, undetermined) = check_facts::<RollbackCriteriaMissing>(json!({}), &facts(vec![negative]));
        assert_eq!((found.len(), undetermined.len()), (0, 0));
    }
}
