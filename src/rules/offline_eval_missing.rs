//! `offline-eval-missing`: exposure without an offline evaluation before it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::flag_required::{asked_of, names, planned, told};
use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::Weaker;
use crate::model::{ChangeKind, Rollout};

declare_rule! {
    /// ## What it checks
    ///
    /// A rollout of one of the kinds of change in `for` names the evaluation that was run before anybody met it: its suite and
    /// its result. A rollout whose kind of change is not told is not asked.
    ///
    /// ## Why it matters
    ///
    /// Another model answers other questions badly than the old one did. A suite of known questions finds that in an hour and
    /// on nobody.
    ///
    /// ## What to do
    ///
    /// Run the suite, keep its result in the repository, and name both: `offline-eval: {suite: evals/support.yaml, result:
    /// evals/results/support-v7.json}`.
    ///
    /// ## Examples
    ///
    /// ```yaml before file:rollgate.yaml
    /// rules: {offline-eval-missing: error}
    /// ```
    ///
    /// ```yaml violates file:plan.yaml
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: model-upgrade}
    /// strategy: canary
    /// offline-eval: {suite: evals/support.yaml}
    /// stages: [{exposure: 5%, hold: 24h}, {exposure: 50%, hold: 24h}, {exposure: 100%}]
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ```yaml before file:rollgate.yaml
    /// rules: {offline-eval-missing: error}
    /// ```
    ///
    /// ```yaml passes file:plan.yaml
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: model-upgrade}
    /// strategy: canary
    /// offline-eval: {suite: evals/support.yaml, result: evals/v7.json}
    /// stages: [{exposure: 5%, hold: 24h}, {exposure: 50%, hold: 24h}, {exposure: 100%}]
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// What the result says, and whether the files are there.
    pub OfflineEvalMissing {
        id: "offline-eval-missing",
        family: Monitors,
        summary: "exposure without an offline evaluation before it",
        level: Off,
    }
}

/// Parameters of `offline-eval-missing`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The kinds of change that are asked.
    #[schemars(extend("default" = ["model-upgrade", "vendor-switch"]))]
    pub r#for: Vec<ChangeKind>,
}

impl Default for Params {
    fn default() -> Self {
        Self { r#for: vec![ChangeKind::ModelUpgrade, ChangeKind::VendorSwitch] }
    }
}

impl Rule for OfflineEvalMissing {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;
    const JUDGES_UNPLANNED: bool = true;

    fn rollout(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        let Some(kind) = asked_of(rollout, &params.r#for) else { return };
        let help = "run the suite before anybody meets it, and name both: `offline-eval: {suite: evals/support.yaml, result: evals/results/v7.json}`";
        let (place, lacks) = match &rollout.guards.offline_eval {
            None => (rollout.name_span, "an offline evaluation before it"),
            Some(eval) if eval.suite.is_none() => (eval.span, "the suite of its offline evaluation"),
            Some(eval) if eval.result.is_none() => (eval.span, "the result of its offline evaluation"),
            Some(_) => return,
        };
        let what = format!("{} that does not name {lacks}", told(rollout, kind));
        cx.report(place, what, planned(rollout, kind, help)).about("offline evaluation");
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        weaker::loses("for", &names(&before.r#for), &names(&after.r#for)).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Hold, OfflineEval};
    use crate::rules::testing::{HERE, canary, check, stage};
    use crate::text::Spanned;

    fn judge(change: ChangeKind, named: Option<(bool, bool)>) -> usize {
        let mut rollout = canary(vec![stage(5.0, Hold::Gated)]);
        rollout.declared.change = Some(change);
        let file = |there: bool| there.then(|| Spanned::new("f".into(), HERE));
        rollout.guards.offline_eval =
            named.map(|(suite, result)| OfflineEval { suite: file(suite), result: file(result), span: HERE });
        check::<OfflineEvalMissing>(json!({}), rollout).len()
    }

    #[test]
    fn suite_and_result_are_both_asked() {
        assert_eq!(judge(ChangeKind::ModelUpgrade, None), 1);
        assert_eq!(judge(ChangeKind::ModelUpgrade, Some((true, false))), 1);
        assert_eq!(judge(ChangeKind::ModelUpgrade, Some((false, true))), 1);
        assert_eq!(judge(ChangeKind::ModelUpgrade, Some((true, true))), 0);
        assert_eq!(judge(ChangeKind::PromptTweak, None), 0);
    }
}
