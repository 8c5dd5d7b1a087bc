//! `manifest-invalid`: a manifest that breaks its system's own rules.

use super::cx::written;
use super::{Cx, NoParams, Rule};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::model::{ProblemKind, RemarkKind, Rollout};

declare_rule! {
    /// ## What it checks
    ///
    /// The fields that make up the rollout follow the rules of the system they are written for: weights between 0 and
    /// 100 that add up, numbers where numbers are asked for, steps that exist. In our own documents an unknown key, a
    /// wrong type and a missing part are this, too.
    ///
    /// ## Why it matters
    ///
    /// A manifest that its controller refuses rolls nothing out, or keeps the state of before; one that it half accepts
    /// does something nobody planned.
    ///
    /// ## What to do
    ///
    /// Correct the value; the message says what would be valid.
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
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h, keep-older: 2h}
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
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// Fields that have nothing to do with rolling out: a schema validator checks those.
    pub ManifestInvalid {
        id: "manifest-invalid",
        family: Hygiene,
        summary: "rollout fields that break the system's own rules",
        level: Error,
    }
}

impl Rule for ManifestInvalid {
    type Params = NoParams;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(_params: &NoParams, rollout: &Rollout, cx: &mut Cx<'_>) {
        for remark in rollout.remarks.iter().filter(|r| r.kind == RemarkKind::Invalid) {
            cx.report_remark(remark);
        }
    }

    fn repository(_params: &NoParams, cx: &mut Cx<'_>) {
        let facts = cx.facts;
        for problem in facts.problems.iter().filter(|p| p.kind == ProblemKind::Invalid) {
            let raw = cx.report(problem.span, &*problem.message, &*problem.help).about(&*problem.message);
            raw.wish = problem.instead.as_ref().map(written);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Problem;
    use crate::rules::testing::{at, canary, check_facts, facts, remark};

    #[test]
    fn remarks_of_rollouts_and_problems_of_files() {
        let mut rollout = canary(vec![]);
        rollout.remarks = vec![remark(RemarkKind::Invalid, at(4)), remark(RemarkKind::Ignored, at(7))];
        let mut facts = facts(vec![rollout]);
        for (kind, place) in [(ProblemKind::Invalid, 8), (ProblemKind::Unreadable, 9), (ProblemKind::Template, 10)] {
            facts.problems.push(Problem {
                kind,
                span: at(place),
                message: "m".into(),
                help: "h".into(),
                instead: None,
            });
        }
        let (found, undetermined) = check_facts::<ManifestInvalid>(json!({}), &facts);
        assert_eq!(found.iter().map(|r| r.primary).collect::<Vec<_>>(), [at(4), at(8)]);
        assert!(undetermined.is_empty());
    }
}
