//! `shadow-too-short`: a mirror of too little.

use schemars::JsonSchema;
use serde::Deserialize;

use super::shadow_without_comparison::mirror;
use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::{Weaker, Wish};
use crate::model::Rollout;
use crate::model::units::{Length, display_seconds};

declare_rule! {
    /// ## What it checks
    ///
    /// Where traffic is mirrored to the new version and the file says for how long, that is at least `min`. A live mirror says
    /// nothing about time; its history does.
    ///
    /// ## Why it matters
    ///
    /// Traffic has a daily shape: batch jobs at night, another continent in the morning. A shadow of an hour has seen one hour's
    /// questions.
    ///
    /// ## What to do
    ///
    /// Mirror for at least a whole day.
    ///
    /// ## Examples
    ///
    /// ```yaml violates
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: config}
    /// strategy: canary
    /// shadow: {duration: 4h, compare: {metrics: [{metric: eval_score, drop: 3pp}]}}
    /// stages:
    ///   - {exposure: 5%, hold: 1h}
    ///   - {exposure: 50%, hold: 1h}
    ///   - {exposure: 100%}
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ```yaml passes
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: config}
    /// strategy: canary
    /// shadow: {duration: 24h, compare: {metrics: [{metric: eval_score, drop: 3pp}]}}
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
    /// How much was mirrored in that time.
    pub ShadowTooShort {
        id: "shadow-too-short",
        family: Shadow,
        summary: "traffic is mirrored for less than the minimum",
        level: Warning,
    }
}

/// Parameters of `shadow-too-short`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The least time of mirrored traffic; exactly this much is allowed.
    pub min: Length,
}

impl Default for Params {
    fn default() -> Self {
        Self { min: Length(86_400) }
    }
}

impl Rule for ShadowTooShort {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        let Some(shadow) = mirror(rollout) else { return };
        let span = shadow.duration.span();
        if shadow.duration.is_dynamic() {
            return cx.unknown(rollout, span, "how long traffic is mirrored is not written in these files");
        }
        let Some(seconds) = shadow.duration.known().filter(|s| **s < params.min.0) else { return };
        let (found, min) = (display_seconds(*seconds), params.min);
        let what = format!("traffic is mirrored for {found}; this policy asks for at least {min}");
        cx.report(span, what, format!("mirror for {min} or more"))
            .measured(found, format!(">= {min}"))
            .about("shadow")
            .limit("min")
            .wish(Wish::Shadow { seconds: min.0 });
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        weaker::falls("min", &before.min, &after.min).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Comparer, Fact, Shadow, Share};
    use crate::rules::testing::{HERE, canary, check_facts, facts};

    fn judge(duration: Fact<u64>) -> (usize, usize) {
        let mut rollout = canary(vec![]);
        let share = Fact::stated(Share::ALL, HERE);
        rollout.shadow = Some(Shadow { share, duration, comparer: Comparer::Unknown, span: HERE });
        let (found, undetermined) = check_facts::<ShadowTooShort>(json!({}), &facts(vec![rollout]));
        (found.len(), undetermined.len())
    }

    #[test]
    fn exactly_a_day_is_allowed_and_a_live_mirror_is_not_judged() {
        assert_eq!(judge(Fact::stated(86_399, HERE)), (1, 0));
        assert_eq!(judge(Fact::stated(86_400, HERE)), (0, 0));
        assert_eq!(judge(Fact::Absent { near: HERE }), (0, 0));
        assert_eq!(judge(Fact::Dynamic { expr: "{{ d }}".into(), span: HERE }), (0, 1));
    }
}
