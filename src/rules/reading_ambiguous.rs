//! `reading-ambiguous`: a value that two parsers read differently.

use super::{Cx, NoParams, Rule};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::model::{RemarkKind, Rollout};

declare_rule! {
    /// ## What it checks
    ///
    /// No value that the rollout depends on is spelled so that the parsers of Kubernetes, of kustomize and of YAML 1.2
    /// read it differently: a key written twice, `010`, `1_0`, `1:30`, `yes`, a merge that comes after the key it sets.
    ///
    /// ## Why it matters
    ///
    /// The review reads one number and the cluster another. Which of two equal keys wins depends on the tool that
    /// touches the file last.
    ///
    /// ## What to do
    ///
    /// Write the value in the one way that all parsers agree on; the message says what each of them reads.
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
    ///         - setWeight: 010
    ///         - pause: {duration: 1h}
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
    ///         - pause: {duration: 1h}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// Fields that no rollout depends on; a linter for YAML as such is the better tool there.
    pub ReadingAmbiguous {
        id: "reading-ambiguous",
        family: Hygiene,
        summary: "a value that two parsers read differently, in a rollout field",
        level: Error,
    }
}

impl Rule for ReadingAmbiguous {
    type Params = NoParams;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(_params: &NoParams, rollout: &Rollout, cx: &mut Cx<'_>) {
        for remark in rollout.remarks.iter().filter(|r| r.kind == RemarkKind::Ambiguous) {
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
        reports_only::<ReadingAmbiguous>(RemarkKind::Ambiguous, RemarkKind::Ignored);
    }
}
