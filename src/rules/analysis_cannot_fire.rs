//! `analysis-cannot-fire`: an analysis that cannot trip, or not in time.

use std::collections::BTreeSet;

use super::{Cx, NoParams, Rule};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::model::{Evaluated, Rollout};

declare_rule! {
    /// ## What it checks
    ///
    /// Each analysis that is looked at can trip before the stage it guards is over: its first measurement comes before
    /// the promotion, its count of measurements exceeds what it tolerates, and it has a condition that can be false. The
    /// arithmetic is the platform's own, defaults included. A metric in a dry run is left to `rollback-not-enforced`. A
    /// change that touches the template alone is judged for every rollout that refers to it.
    ///
    /// ## Why it matters
    ///
    /// Three measurements with a failure limit of three pass whatever is measured. Nobody notices until the rollout that
    /// should have been stopped was not.
    ///
    /// ## What to do
    ///
    /// Lower the limit of tolerated failures, take more measurements, or shorten the interval or the initial delay so
    /// that the analysis has its answer while the stage still lasts.
    ///
    /// ## Examples
    ///
    /// ```yaml violates
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Rollout
    /// metadata: {name: web}
    /// spec:
    ///   replicas: 20
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec: {containers: [{name: web, image: "registry.example/web:1.4"}]}
    ///   strategy:
    ///     canary:
    ///       steps:
    ///         - setWeight: 5
    ///         - analysis: {templates: [{templateName: errors}]}
    /// ---
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: AnalysisTemplate
    /// metadata: {name: errors}
    /// spec:
    ///   metrics:
    ///     - name: error-rate
    ///       interval: 5m
    ///       count: 3
    ///       failureLimit: 3
    ///       failureCondition: result[0] > 0.005
    ///       provider: {prometheus: {address: "http://prometheus.example", query: errors_per_request}}
    /// ```
    ///
    /// ```yaml passes
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Rollout
    /// metadata: {name: web}
    /// spec:
    ///   replicas: 20
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec: {containers: [{name: web, image: "registry.example/web:1.4"}]}
    ///   strategy:
    ///     canary:
    ///       steps:
    ///         - setWeight: 5
    ///         - analysis: {templates: [{templateName: errors}]}
    /// ---
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: AnalysisTemplate
    /// metadata: {name: errors}
    /// spec:
    ///   metrics:
    ///     - name: error-rate
    ///       interval: 5m
    ///       count: 3
    ///       failureLimit: 1
    ///       failureCondition: result[0] > 0.005
    ///       provider: {prometheus: {address: "http://prometheus.example", query: errors_per_request}}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// Whether the query ever returns data, and what the platform does when it returns none.
    pub AnalysisCannotFire {
        id: "analysis-cannot-fire",
        family: Rollback,
        summary: "an analysis that cannot trip before its stage is over, or at all",
        level: Error,
    }
}

impl Rule for AnalysisCannotFire {
    type Params = NoParams;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(_params: &NoParams, rollout: &Rollout, cx: &mut Cx<'_>) {
        let mut seen = BTreeSet::new();
        for criterion in &rollout.rollback.criteria {
            let Some((why, place)) = &criterion.cannot_fire else { continue };
            let off = matches!(criterion.evaluated, Evaluated::No(_));
            if off || !seen.insert((criterion.span, why)) {
                continue;
            }
            let what = format!("the analysis of `{}` {why}", criterion.label());
            let help = "let it measure more often than it tolerates failures, with a condition that can be false, while its stage lasts";
            let raw = cx.report(criterion.span, what, help);
            raw.about(format!("{} {why}", criterion.label()));
            if *place != criterion.span {
                raw.because(*place, "decided here");
            }
            if let Some(via) = criterion.via.filter(|via| via != place) {
                raw.because(via, "the rollout refers to it here");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Criterion, Hold};
    use crate::rules::testing::{at, canary, check, criterion, stage};

    fn stuck(place: u32, why: &str, cause: u32) -> Criterion {
        Criterion { span: at(place), cannot_fire: Some((why.into(), at(cause))), ..criterion("error-rate", "1%") }
    }

    #[test]
    fn one_finding_for_each_criterion_at_its_place() {
        let mut rollout = canary(vec![stage(10.0, Hold::Gated)]);
        let twice = stuck(4, "cannot trip: 3 measurements and 3 failures tolerated", 9);
        let off = Criterion { evaluated: Evaluated::No("dry run".into()), ..stuck(7, "has no condition", 7) };
        rollout.rollback.criteria =
            vec![twice.clone(), twice, criterion("ok", "1%"), stuck(6, "has no condition", 6), off];
        let found = check::<AnalysisCannotFire>(json!({}), rollout);
        assert_eq!(found.iter().map(|r| r.primary).collect::<Vec<_>>(), [at(4), at(6)]);
        assert_eq!(found[0].what, "the analysis of `error-rate` cannot trip: 3 measurements and 3 failures tolerated");
        assert_eq!(found[0].related.iter().map(|l| l.span).collect::<Vec<_>>(), [at(9)]);
        assert!(found[1].related.is_empty());
    }
}
