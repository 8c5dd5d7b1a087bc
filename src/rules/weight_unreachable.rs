//! `weight-unreachable`: a share that pods cannot make.

use super::{Cx, NoParams, Rule};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::model::{RemarkKind, Rollout};

declare_rule! {
    /// ## What it checks
    ///
    /// Without a traffic router the share of requests follows the number of pods. A weight that the replicas cannot make is
    /// rounded by the platform, often upwards: 5 % of three pods is one pod, and that is 33 %. The effective share is named.
    ///
    /// ## Why it matters
    ///
    /// The plan says 5 % and a third of all people meet the new version. The other rules judge the effective share; this one
    /// says why it differs.
    ///
    /// ## What to do
    ///
    /// Add a traffic router, use weights that the replicas can make, or run more replicas.
    ///
    /// ## Examples
    ///
    /// ```yaml violates
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Rollout
    /// metadata: {name: web}
    /// spec:
    ///   replicas: 3
    ///   selector: {matchLabels: {app: web}}
    ///   template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: web:2}]}}
    ///   strategy:
    ///     canary:
    ///       steps: [{setWeight: 5}, {pause: {duration: 1h}}]
    /// ```
    ///
    /// ```yaml passes
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Rollout
    /// metadata: {name: web}
    /// spec:
    ///   replicas: 20
    ///   selector: {matchLabels: {app: web}}
    ///   template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: web:2}]}}
    ///   strategy:
    ///     canary:
    ///       steps: [{setWeight: 5}, {pause: {duration: 1h}}]
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// The number of replicas where an autoscaler sets it.
    pub WeightUnreachable {
        id: "weight-unreachable",
        family: Exposure,
        summary: "a share that the replicas cannot realise without a router",
        level: Warning,
    }
}

impl Rule for WeightUnreachable {
    type Params = NoParams;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(_params: &NoParams, rollout: &Rollout, cx: &mut Cx<'_>) {
        for remark in rollout.remarks.iter().filter(|r| r.kind == RemarkKind::Unreachable) {
            cx.report_remark(remark);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::reports_only;

    #[test]
    fn only_its_own_remarks() {
        reports_only::<WeightUnreachable>(RemarkKind::Unreachable, RemarkKind::Invalid);
    }
}
