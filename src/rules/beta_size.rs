//! `beta-size`: the first ring of customers is too small or too large.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::Weaker;
use crate::model::Rollout;

declare_rule! {
    /// ## What it checks
    ///
    /// The first ring of customers (tenants, or an audience whose size is told in customers) has between `min` and `max` members;
    /// both are allowed. A ring of people inside the house before it is none. Without such a ring there is nothing to count.
    ///
    /// ## Why it matters
    ///
    /// One friendly customer tells little, and twenty are no beta: nobody calls all of them.
    ///
    /// ## What to do
    ///
    /// Name three to five customers who agreed to it.
    ///
    /// ## Examples
    ///
    /// ```yaml before file:rollgate.yaml
    /// rules: {beta-size: warning}
    /// ```
    ///
    /// ```yaml violates file:plan.yaml
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: new-feature}
    /// strategy: canary
    /// stages: [{name: beta, tenants: [acme], hold: 48h}, {exposure: 50%, hold: 24h}, {exposure: 100%}]
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ```yaml before file:rollgate.yaml
    /// rules: {beta-size: warning}
    /// ```
    ///
    /// ```yaml passes file:plan.yaml
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: new-feature}
    /// strategy: canary
    /// stages: [{name: beta, tenants: [acme, globex, initech], hold: 48h}, {exposure: 50%, hold: 24h}, {exposure: 100%}]
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// Whether the customers are alike.
    pub BetaSize {
        id: "beta-size",
        family: Monitors,
        summary: "the first ring of customers is too small or too large",
        level: Off,
    }
}

/// Parameters of `beta-size`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The fewest customers of the first ring; exactly this many are allowed.
    pub min: u64,
    /// The most customers of the first ring; exactly this many are allowed.
    pub max: u64,
}

impl Default for Params {
    fn default() -> Self {
        Self { min: 3, max: 5 }
    }
}

impl Rule for BetaSize {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        if !rollout.stands_alone() {
            return;
        }
        let customers = rollout.stages().iter().filter_map(|s| Some((s, s.audience.as_ref()?)));
        let Some((stage, audience)) = customers.into_iter().find(|(_, audience)| audience.customers) else { return };
        let Some(size) = audience.size else { return };
        let (limit, help) = if size < params.min {
            ("min", format!("ask {} customers or more", params.min))
        } else if size > params.max {
            ("max", format!("begin with {} customers at most", params.max))
        } else {
            return;
        };
        let who = if size == 1 { "customer" } else { "customers" };
        let what = format!("the first ring has {size} {who}; this policy asks for {} to {}", params.min, params.max);
        let raw = cx.report(stage.span, what, help);
        raw.measured(size.to_string(), format!("{} to {}", params.min, params.max)).about("beta").limit(limit);
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        let fewer = weaker::falls("min", &before.min, &after.min);
        fewer.into_iter().chain(weaker::rises("max", &before.max, &after.max)).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Audience, Fact, Stage};
    use crate::rules::testing::{HERE, canary, check};

    fn ring(customers: bool, size: Option<u64>) -> Stage {
        let mut ring = Stage::new(Fact::Absent { near: HERE }, HERE);
        ring.audience = Some(Audience { name: "r".into(), size, customers });
        ring
    }

    #[test]
    fn three_to_five_customers() {
        let judge = |stages| check::<BetaSize>(json!({}), canary(stages)).len();
        let sizes =
            [2, 3, 5, 6].map(|size| judge(vec![ring(false, Some(40)), ring(true, Some(size)), ring(true, Some(90))]));
        assert_eq!(sizes, [1, 0, 0, 1]);
        assert_eq!(judge(vec![ring(true, None)]), 0);
        assert_eq!(judge(vec![ring(false, Some(1))]), 0, "people inside the house are no customers");
    }
}
