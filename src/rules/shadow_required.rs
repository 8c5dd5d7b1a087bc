//! `shadow-required`: a change that needs mirrored traffic first has none.

use schemars::JsonSchema;
use serde::Deserialize;

use super::flag_required::{names, planned, told};
use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::Weaker;
use crate::model::{Change, ChangeKind, Risk, Rollout};

declare_rule! {
    /// ## What it checks
    ///
    /// A rollout of one of the kinds of change in `for` mirrors traffic before or while it is exposed: a plan's `shadow`, a mirror
    /// of its platform, the plan that governs it. Without `for` these are `model-upgrade` and `vendor-switch`, and a
    /// `prompt-tweak` of high risk. A live split may have been mirrored in an earlier commit.
    ///
    /// ## Why it matters
    ///
    /// A mirror meets every question that people ask and answers none of them. What breaks there breaks for nobody.
    ///
    /// ## What to do
    ///
    /// Mirror traffic to the new version first, and compare: `shadow: {duration: 48h, compare: {metrics: [{metric: eval_score,
    /// drop: 3pp}]}}`.
    ///
    /// ## Examples
    ///
    /// ```yaml before file:rollgate.yaml
    /// rules: {shadow-required: error}
    /// ```
    ///
    /// ```yaml violates file:plan.yaml
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: model-upgrade}
    /// strategy: canary
    /// stages: [{exposure: 5%, hold: 24h}, {exposure: 50%, hold: 24h}, {exposure: 100%}]
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ```yaml before file:rollgate.yaml
    /// rules: {shadow-required: error}
    /// ```
    ///
    /// ```yaml passes file:plan.yaml
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: model-upgrade}
    /// strategy: canary
    /// shadow: {duration: 48h, compare: {metrics: [{metric: eval_score, drop: 3pp}]}}
    /// stages: [{exposure: 5%, hold: 24h}, {exposure: 50%, hold: 24h}, {exposure: 100%}]
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// A mirror that something outside of the checked files makes.
    pub ShadowRequired {
        id: "shadow-required",
        family: Shadow,
        summary: "a change that needs mirrored traffic first has none",
        level: Off,
    }
}

/// Parameters of `shadow-required`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The kinds of change that are asked; without it `model-upgrade`, `vendor-switch`, and a `prompt-tweak` of high risk.
    #[schemars(extend("default" = ["model-upgrade", "vendor-switch"]))]
    pub r#for: Option<Vec<ChangeKind>>,
}

impl Rule for ShadowRequired {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;
    const JUDGES_UNPLANNED: bool = true;

    fn rollout(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        let asked = |kind: &ChangeKind| {
            params.r#for.as_ref().map_or_else(|| needs_one(*kind, rollout), |kinds| kinds.contains(kind))
        };
        let Some(kind) = rollout.kinds().into_iter().find(|kind| rollout.stands_alone() && asked(kind)) else { return };
        if rollout.shadow.is_some() || was_mirrored(cx.change()) {
            return;
        }
        let what = format!("{} that mirrors no traffic first", told(rollout, kind));
        let help = "mirror traffic before anybody meets it: `shadow: {duration: 48h, compare: {metrics: [{metric: eval_score, drop: 3pp}]}}`";
        let raw = cx.report(rollout.name_span, what, planned(rollout, kind, help));
        raw.measured("no shadow", "a shadow").about("shadow");
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        let kinds = |params: &Params| params.r#for.as_deref().map_or_else(|| names(&ALWAYS), names);
        weaker::loses("for", &kinds(before), &kinds(after)).into_iter().collect()
    }
}

/// Another model is always asked.
const ALWAYS: [ChangeKind; 2] = [ChangeKind::ModelUpgrade, ChangeKind::VendorSwitch];

fn needs_one(kind: ChangeKind, rollout: &Rollout) -> bool {
    let risky = kind == ChangeKind::PromptTweak && rollout.declared.risk == Some(Risk::High);
    ALWAYS.contains(&kind) || risky
}

/// Was traffic mirrored in an earlier commit?
fn was_mirrored(change: Option<&Change>) -> bool {
    let Some(change) = change else { return false };
    let past = change.past.versions.iter().filter_map(|v| v.rollout.as_deref());
    past.chain(change.before.as_deref()).any(|rollout| rollout.shadow.is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Comparer, Fact, Hold, Shadow, Share};
    use crate::rules::testing::{HERE, canary, check, stage};

    fn plan(kind: ChangeKind, risk: Risk) -> Rollout {
        let mut rollout = canary(vec![stage(5.0, Hold::Gated)]);
        (rollout.declared.change, rollout.declared.risk) = (Some(kind), Some(risk));
        rollout
    }

    #[test]
    fn models_and_risky_prompts() {
        let judge = |rollout| check::<ShadowRequired>(json!({}), rollout).len();
        assert_eq!(judge(plan(ChangeKind::ModelUpgrade, Risk::Low)), 1);
        assert_eq!(judge(plan(ChangeKind::PromptTweak, Risk::Medium)), 0);
        assert_eq!(judge(plan(ChangeKind::PromptTweak, Risk::High)), 1);
        let mut mirrored = plan(ChangeKind::VendorSwitch, Risk::High);
        let (share, duration) = (Fact::stated(Share::ALL, HERE), Fact::Absent { near: HERE });
        mirrored.shadow = Some(Shadow { share, duration, comparer: Comparer::Unknown, span: HERE });
        assert_eq!(judge(mirrored), 0);
    }

    #[test]
    fn a_list_replaces_the_kinds() {
        let judge = |rollout| check::<ShadowRequired>(json!({"for": ["architecture"]}), rollout).len();
        assert_eq!(judge(plan(ChangeKind::Architecture, Risk::Low)), 1);
        assert_eq!(judge(plan(ChangeKind::PromptTweak, Risk::High)), 0);
    }
}
