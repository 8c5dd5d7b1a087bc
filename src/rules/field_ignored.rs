//! `field-ignored`: a safety field that the system ignores.

use super::{Cx, NoParams, Rule};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::model::{ProblemKind, RemarkKind, Rollout};

declare_rule! {
    /// ## What it checks
    ///
    /// No field that limits exposure, holds a stage or rolls back stands where its system ignores it: on the wrong
    /// level, in a mode that does not read it, beside a field that overrides it, or for a provider that does not know
    /// it.
    ///
    /// ## Why it matters
    ///
    /// It looks safe and is not. The review sees a canary of ten percent; the platform sees nothing and gives the new
    /// version to everybody.
    ///
    /// ## What to do
    ///
    /// Move the field to where it is read, or switch to the mode that reads it. The message names both.
    ///
    /// ## Examples
    ///
    /// ```yaml violates
    /// apiVersion: serving.kserve.io/v1beta1
    /// kind: InferenceService
    /// metadata:
    ///   name: sentiment
    ///   annotations: {serving.kserve.io/deploymentMode: RawDeployment}
    /// spec:
    ///   predictor:
    ///     canaryTrafficPercent: 10
    ///     model:
    ///       modelFormat: {name: sklearn}
    ///       storageUri: "gs://example/sentiment/2"
    /// ```
    ///
    /// ```yaml passes
    /// apiVersion: serving.kserve.io/v1beta1
    /// kind: InferenceService
    /// metadata:
    ///   name: sentiment
    ///   annotations: {serving.kserve.io/deploymentMode: Serverless}
    /// spec:
    ///   predictor:
    ///     canaryTrafficPercent: 10
    ///     model:
    ///       modelFormat: {name: sklearn}
    ///       storageUri: "gs://example/sentiment/2"
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// Modes that a cluster's own configuration sets. Where the manifest does not name the mode, the field is taken to
    /// work.
    pub FieldIgnored {
        id: "field-ignored",
        family: Hygiene,
        summary: "a safety field that the system ignores where it stands",
        level: Warning,
    }
}

impl Rule for FieldIgnored {
    type Params = NoParams;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(_params: &NoParams, rollout: &Rollout, cx: &mut Cx<'_>) {
        for remark in rollout.remarks.iter().filter(|r| r.kind == RemarkKind::Ignored) {
            cx.report_remark(remark);
        }
    }

    fn repository(_params: &NoParams, cx: &mut Cx<'_>) {
        let facts = cx.facts;
        for problem in facts.problems.iter().filter(|p| p.kind == ProblemKind::Ignored) {
            cx.report(problem.span, &*problem.message, &*problem.help).about(&*problem.message);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Problem;
    use crate::rules::testing::{at, check_facts, facts, reports_only};

    #[test]
    fn only_its_own_remarks() {
        reports_only::<FieldIgnored>(RemarkKind::Ignored, RemarkKind::Invalid);
        let mut facts = facts(vec![]);
        for (kind, place) in [(ProblemKind::Invalid, 8), (ProblemKind::Ignored, 9)] {
            let (message, help) = ("m".into(), "h".into());
            facts.problems.push(Problem { kind, span: at(place), message, help, instead: None });
        }
        let (found, _) = check_facts::<FieldIgnored>(json!({}), &facts);
        assert_eq!(found.iter().map(|r| r.primary).collect::<Vec<_>>(), [at(9)]);
    }
}
