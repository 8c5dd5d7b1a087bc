//! `rollback-path-missing`: no fast way back.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::{Weaker, Wish};
use crate::model::units::{Length, display_seconds};
use crate::model::{Fact, Rollout};

declare_rule! {
    /// ## What it checks
    ///
    /// Where the way of rolling out keeps the old version beside the new one, it is kept for at least `min-retention`
    /// after everybody has the new one; exactly that much is allowed. Where old revisions are kept to return to, at least
    /// one is. Rolling updates keep no old side and are not asked for one.
    ///
    /// ## Why it matters
    ///
    /// Most regressions that pass the canary show within minutes of the switch. While the old side still runs, going
    /// back is a change of traffic and takes seconds; afterwards it is a deployment, with images to pull and caches cold.
    ///
    /// ## What to do
    ///
    /// Keep the old side longer (`scaleDownDelaySeconds`, `keep-old-for`), and keep revisions (`revisionHistoryLimit`).
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
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 10s}
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
    /// Whether the old version would still work: a migrated database or a changed queue format shuts the way back, too.
    pub RollbackPathMissing {
        id: "rollback-path-missing",
        family: Rollback,
        summary: "no fast way back: old side removed at once, or no revision kept",
        level: Warning,
    }
}

/// Parameters of `rollback-path-missing`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// How long the old side stays ready after everybody has the new one; exactly this much is allowed.
    pub min_retention: Length,
}

impl Default for Params {
    fn default() -> Self {
        Self { min_retention: Length(30) }
    }
}

impl Rule for RollbackPathMissing {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        if rollout.plain_workload {
            return;
        }
        old_side(params.min_retention, rollout, cx);
        if told(&rollout.rollback.revisions, rollout) == Some(&0) {
            let what = "no old revision is kept: going back means building and deploying again";
            let raw = cx.report(rollout.rollback.revisions.span(), what, "keep at least 1 old revision");
            raw.measured("0", ">= 1").about("revisions").wish(Wish::Revisions { count: 1 });
        }
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        weaker::falls("min-retention", &before.min_retention, &after.min_retention).into_iter().collect()
    }
}

fn old_side(min: Length, rollout: &Rollout, cx: &mut Cx<'_>) {
    let fact = &rollout.rollback.way_back;
    if fact.is_dynamic() {
        return cx.unknown(rollout, fact.span(), "how long the old side stays is not written in these files");
    }
    let Some(&kept) = told(fact, rollout).filter(|kept| **kept < min.0) else { return };
    let found = display_seconds(kept);
    let what = if kept == 0 {
        format!("the old side is removed at once when everybody has the new one; this policy asks for at least {min}")
    } else {
        format!(
            "the old side stays ready for {found} after everybody has the new one; this policy asks for at least {min}"
        )
    };
    let raw = cx.report(fact.span(), what, format!("keep the old side for {min} or more"));
    raw.measured(found, format!(">= {min}")).about("way back").limit("min-retention");
    raw.wish(Wish::WayBack { seconds: min.0 });
}

/// The value; of a patch only what it writes, since its base may say otherwise.
const fn told<'r, T>(fact: &'r Fact<T>, rollout: &Rollout) -> Option<&'r T> {
    if rollout.partial { fact.written() } else { fact.known() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Hold;
    use crate::rules::testing::{HERE, canary, check, check_facts, facts, stage};

    fn kept(params: Value, way_back: Fact<u64>) -> usize {
        let mut rollout = canary(vec![stage(10.0, Hold::Gated)]);
        rollout.rollback.way_back = way_back;
        check::<RollbackPathMissing>(params, rollout).len()
    }

    #[test]
    fn exactly_the_minimum_is_allowed() {
        assert_eq!(kept(json!({}), Fact::stated(29, HERE)), 1);
        assert_eq!(kept(json!({}), Fact::stated(30, HERE)), 0);
        assert_eq!(kept(json!({}), Fact::Defaulted { value: 30, by: "test: 30 when absent", near: HERE }), 0);
        assert_eq!(kept(json!({"min-retention": "1h"}), Fact::Defaulted { value: 30, by: "test", near: HERE }), 1);
        assert_eq!(kept(json!({}), Fact::Absent { near: HERE }), 0);
    }

    #[test]
    fn no_revision_patches_and_plain_workloads() {
        let mut rollout = canary(vec![stage(10.0, Hold::Gated)]);
        rollout.rollback.revisions = Fact::stated(0, HERE);
        assert_eq!(check::<RollbackPathMissing>(json!({}), rollout.clone()).len(), 1);
        let plain = Rollout { plain_workload: true, ..rollout.clone() };
        assert!(check::<RollbackPathMissing>(json!({}), plain).is_empty());
        rollout.rollback.revisions = Fact::Defaulted { value: 0, by: "test", near: HERE };
        rollout.partial = true;
        assert!(check::<RollbackPathMissing>(json!({}), rollout).is_empty());
    }

    #[test]
    fn a_template_is_unknown() {
        let mut rollout = canary(vec![]);
        rollout.rollback.way_back = Fact::Dynamic { expr: "{{ d }}".into(), span: HERE };
        let (found, undetermined) = check_facts::<RollbackPathMissing>(json!({}), &facts(vec![rollout]));
        assert_eq!((found.len(), undetermined.len()), (0, 1));
    }
}
