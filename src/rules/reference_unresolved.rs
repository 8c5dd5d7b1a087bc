//! `reference-unresolved`: a reference out of the checked set.

use super::{Cx, NoParams, Rule};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::model::Rollout;

declare_rule! {
    /// ## What it checks
    ///
    /// Every template, alarm and target that a rollout names is among the checked files, so that its criteria and
    /// payload can be judged.
    ///
    /// ## Why it matters
    ///
    /// Half of what decides a rollout may stand in the template. Where it is missing, the rules that need it say that
    /// they cannot decide.
    ///
    /// ## What to do
    ///
    /// Check the files that define it together with the rollout (`rollgate check deploy/ templates/`), or correct the
    /// name.
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
    ///         - setWeight: 10
    ///         - analysis: {templates: [{templateName: errors}]}
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
    ///         - setWeight: 10
    ///         - analysis: {templates: [{templateName: errors}]}
    /// ---
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: AnalysisTemplate
    /// metadata: {name: errors}
    /// spec:
    ///   metrics:
    ///     - name: error-rate
    ///       interval: 5m
    ///       count: 12
    ///       failureLimit: 1
    ///       failureCondition: result[0] > 0.005
    ///       provider: {prometheus: {address: "http://prometheus.example", query: errors_per_request}}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// Objects that exist only in the cluster.
    pub ReferenceUnresolved {
        id: "reference-unresolved",
        family: Hygiene,
        summary: "a template or target named by the rollout is not in the checked set",
        level: Warning,
    }
}

impl Rule for ReferenceUnresolved {
    type Params = NoParams;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(_params: &NoParams, rollout: &Rollout, cx: &mut Cx<'_>) {
        for one in &rollout.unresolved {
            let what = format!("{} `{}` is not in the checked set, {}", one.kind, one.name, one.because);
            let help = format!(
                "check the file that defines {} `{}` together with this one, or correct the name",
                one.kind, one.name
            );
            cx.report(one.span, what, help).about(format!("{} {}", one.kind, one.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Unresolved;
    use crate::rules::testing::{at, canary, check};

    #[test]
    fn each_reference_where_it_is_named() {
        let mut rollout = canary(vec![]);
        let because = "so its criteria are unknown";
        let named =
            |place| Unresolved { kind: "AnalysisTemplate".into(), name: "slo".into(), span: at(place), because };
        rollout.unresolved = vec![named(4), named(9)];
        let found = check::<ReferenceUnresolved>(json!({}), rollout);
        assert_eq!(found.iter().map(|r| r.primary).collect::<Vec<_>>(), [at(4), at(9)]);
        assert_eq!(found[0].what, "AnalysisTemplate `slo` is not in the checked set, so its criteria are unknown");
    }
}
