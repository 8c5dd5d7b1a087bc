//! `canary-too-large`: a first stage that is no canary any more.

use schemars::JsonSchema;
use serde::Deserialize;

use super::canary_too_small::{exposes, first_limited, subject};
use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::{Weaker, Wish};
use crate::model::{Rollout, Share};

declare_rule! {
    /// ## What it checks
    ///
    /// The first limited stage (above 0 %, below 100 %) exposes at most `max`. The *effective* share is judged: what the
    /// platform really serves, not what is written: one of three pods is 33 %. Rings and tenants without a share are not
    /// judged; customers who meet it first are the first stage, so that what comes after them is none.
    ///
    /// ## Why it matters
    ///
    /// The first stage is where most bad versions are found. Everybody in it meets what is wrong before anybody knows.
    ///
    /// ## What to do
    ///
    /// Lower the first weight. Where the share follows replicas, add a traffic router or more replicas.
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
    ///   - {exposure: 25%, hold: 1h}
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
    /// stages:
    ///   - {exposure: 10%, hold: 1h}
    ///   - {exposure: 50%, hold: 1h}
    ///   - {exposure: 100%}
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// How many people a share is. One percent of a large service is more than all of a small one.
    pub CanaryTooLarge {
        id: "canary-too-large",
        family: Exposure,
        summary: "first limited stage above the maximum: too many meet it first",
        level: Warning,
    }
}

/// Parameters of `canary-too-large`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The largest share of the first limited stage; exactly this much is allowed.
    pub max: Share,
}

impl Default for Params {
    fn default() -> Self {
        Self { max: Share::from_percent(10.0) }
    }
}

impl Rule for CanaryTooLarge {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        let Some((index, stage, exposure)) = first_limited(rollout, cx) else { return };
        let share = exposure.judged();
        if share <= params.max {
            return;
        }
        let what = format!("{}; this policy allows at most {}", exposes(rollout, index, exposure), params.max);
        let help = format!("lower {} to {} or less", subject(rollout), params.max);
        let raw = cx.report(stage.exposure.span(), what, help);
        raw.measured(share.to_string(), format!("<= {}", params.max)).about(format!("stage {index}")).limit("max");
        // One share of a live split can't be written without the others.
        if !rollout.progression.is_live() {
            raw.wish(Wish::Exposure { stage: index, ppm: params.max.ppm() });
        }
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        weaker::rises("max", &before.max, &after.max).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Basis, Exposure, Fact, Hold, Stage};
    use crate::rules::testing::{HERE, canary, check, check_facts, facts, live, stage};

    #[test]
    fn a_ring_before_it_is_the_first_stage() {
        let mut ring = Stage::new(Fact::Absent { near: HERE }, HERE);
        ring.audience = Some(crate::model::Audience { name: "staff".into(), size: None, customers: false });
        let found = check::<CanaryTooLarge>(json!({}), canary(vec![ring, stage(50.0, Hold::Gated)]));
        assert_eq!(found[0].what, "first stage with a share exposes 50% of traffic; this policy allows at most 10%");
    }

    #[test]
    fn after_customers_no_share_is_the_first() {
        let mut beta = Stage::new(Fact::Absent { near: HERE }, HERE);
        beta.audience = Some(crate::model::Audience { name: "acme, globex".into(), size: Some(2), customers: true });
        assert!(check::<CanaryTooLarge>(json!({}), canary(vec![beta, stage(25.0, Hold::Gated)])).is_empty());
    }

    #[test]
    fn a_live_split_is_not_called_a_first_stage() {
        let found = check::<CanaryTooLarge>(json!({}), live(25.0));
        assert_eq!(found[0].what, "the split gives the new version 25% of traffic; this policy allows at most 10%");
        let mut named = live(25.0);
        if let crate::model::Progression::Live(stages) = &mut named.progression {
            stages[0].name = Some("web/v2".into());
        }
        let found = check::<CanaryTooLarge>(json!({}), named);
        assert_eq!(found[0].what, "the split gives `web/v2` 25% of traffic; this policy allows at most 10%");
    }

    #[test]
    fn above_the_maximum() {
        let found = check::<CanaryTooLarge>(json!({}), canary(vec![stage(0.0, Hold::Gated), stage(11.0, Hold::None)]));
        assert_eq!(found[0].what, "first stage exposes 11% of traffic; this policy allows at most 10%");
        assert_eq!(check::<CanaryTooLarge>(json!({"max": "5%"}), live(6.0)).len(), 1);
        let bent = Exposure { written: Share::from_percent(5.0), effective: Some(Share::of(1, 3)), basis: Basis::Pods };
        let found = check::<CanaryTooLarge>(json!({}), canary(vec![Stage::new(Fact::stated(bent, HERE), HERE)]));
        assert!(found[0].what.contains("33.3333% of pods (5% is written)"), "{}", found[0].what);
    }

    #[test]
    fn exactly_the_maximum_rings_and_everybody_pass() {
        let ring = Stage::new(Fact::Absent { near: HERE }, HERE);
        assert!(check::<CanaryTooLarge>(json!({}), canary(vec![ring, stage(10.0, Hold::None)])).is_empty());
        assert!(check::<CanaryTooLarge>(json!({}), live(100.0)).is_empty());
    }

    #[test]
    fn a_template_before_it_is_unknown() {
        let unknown = Stage::new(Fact::Dynamic { expr: "{{ w }}".into(), span: HERE }, HERE);
        let run = facts(vec![canary(vec![unknown, stage(50.0, Hold::None)])]);
        let (found, undetermined) = check_facts::<CanaryTooLarge>(json!({}), &run);
        assert_eq!((found.len(), undetermined.len()), (0, 1));
    }
}
