//! `rings-required`: a multi-tenant service rolled out by percentage.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::Weaker;
use crate::model::{Rollout, Share, Stage, Strategy};

declare_rule! {
    /// ## What it checks
    ///
    /// A service of several customers (`tenancy: multi` in its plan, or labels that `for` names) goes to rings first: before any
    /// share of everybody there is a stage for an audience or for tenants. With `order` the rings that have these names come in
    /// that order.
    ///
    /// ## Why it matters
    ///
    /// Five percent of all requests is a bit of every customer at once: a regression breaks every contract a little. A ring is
    /// one customer who agreed to it.
    ///
    /// ## What to do
    ///
    /// Begin with rings: `{name: internal, audience: internal}`, then `{name: beta, tenants: [acme, globex]}`, then shares.
    ///
    /// ## Examples
    ///
    /// ```yaml before file:rollgate.yaml
    /// rules: {rings-required: error}
    /// ```
    ///
    /// ```yaml violates file:plan.yaml
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: model-upgrade}
    /// strategy: canary
    /// tenancy: multi
    /// stages: [{exposure: 5%, hold: 24h}, {exposure: 50%, hold: 24h}, {exposure: 100%}]
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ```yaml before file:rollgate.yaml
    /// rules: {rings-required: error}
    /// ```
    ///
    /// ```yaml passes file:plan.yaml
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: model-upgrade}
    /// strategy: canary
    /// tenancy: multi
    /// stages: [{name: internal, audience: internal, hold: 24h}, {exposure: 50%, hold: 24h}, {exposure: 100%}]
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// Who is in a ring.
    pub RingsRequired {
        id: "rings-required",
        family: Monitors,
        summary: "a multi-tenant service rolled out by percentage",
        level: Off,
    }
}

/// Parameters of `rings-required`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Labels of services that have several customers, beside those whose plan says so.
    #[schemars(extend("default" = {}))]
    pub r#for: BTreeMap<String, String>,
    /// The order of rings that have these names.
    #[schemars(extend("default" = []))]
    pub order: Vec<String>,
}

impl Rule for RingsRequired {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        if !rollout.stands_alone() || rollout.strategy.value == Strategy::Shadow || !is_multi(params, rollout) {
            return;
        }
        let stages = rollout.stages();
        let ring = stages.iter().position(|s| s.audience.is_some());
        let shared =
            stages.iter().position(|s| s.audience.is_none() && s.share().is_some_and(|share| share > Share::NONE));
        match (shared, ring) {
            (Some(shared), ring) if ring.is_none_or(|ring| shared < ring) => {
                let stage = &stages[shared];
                let share = stage.share().unwrap_or_default();
                let what = format!("a service of several customers goes to {share} of everybody before any ring");
                let help = "begin with a ring: `{name: internal, audience: internal, hold: 24h}`";
                cx.report(stage.exposure.span(), what, help)
                    .measured(format!("{share} first"), "a ring first")
                    .about("rings");
            }
            (Some(_) | None, _) => in_order(params, rollout, cx),
        }
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        let labels = |params: &Params| params.r#for.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>();
        // More labels ask less of a service that has not all of them.
        let gained = weaker::gains("for", &labels(before), &labels(after)).filter(|_| !before.r#for.is_empty());
        let none =
            (!before.r#for.is_empty() && after.r#for.is_empty()).then(|| Weaker::new("for", "no longer names labels"));
        weaker::loses("order", &before.order, &after.order).into_iter().chain(gained).chain(none).collect()
    }
}

/// Has the service several customers, by its plan or by its labels?
fn is_multi(params: &Params, rollout: &Rollout) -> bool {
    let labels = &rollout.declared.labels;
    let named = !params.r#for.is_empty() && params.r#for.iter().all(|(k, v)| labels.get(k) == Some(v));
    rollout.guards.multi_tenant.map_or(named, |multi| multi.value)
}

/// The rings that the policy orders come in its order.
fn in_order(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
    let place = |stage: &Stage| {
        let audience = stage.audience.as_ref().map(|a| &*a.name);
        let is_it = |name: &String| stage.name.as_deref() == Some(name) || audience == Some(name);
        params.order.iter().position(is_it)
    };
    let placed: Vec<(usize, &Stage)> = rollout.stages().iter().filter_map(|s| Some((place(s)?, s))).collect();
    for pair in placed.windows(2) {
        let [(before, first), (after, second)] = pair else { continue };
        if before > after {
            let (first_name, second_name) = (&params.order[*before], &params.order[*after]);
            let what = format!(
                "ring `{first_name}` comes before ring `{second_name}`; this policy orders them the other way round"
            );
            let raw = cx.report(second.span, what, format!("move `{second_name}` before `{first_name}`"));
            raw.because(first.span, "the ring that comes too early")
                .about(format!("order {second_name}"))
                .limit("order");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Audience, Fact, Hold};
    use crate::rules::testing::{HERE, canary, check, stage};
    use crate::text::Spanned;

    fn ring(name: &str) -> Stage {
        let mut ring = Stage::new(Fact::Absent { near: HERE }, HERE);
        ring.audience = Some(Audience { name: name.into(), size: None, customers: true });
        ring
    }

    fn plan(stages: Vec<Stage>) -> Rollout {
        let mut plan = canary(stages);
        plan.guards.multi_tenant = Some(Spanned::new(true, HERE));
        plan
    }

    #[test]
    fn a_ring_comes_before_a_share() {
        let judge = |rollout| check::<RingsRequired>(json!({}), rollout).len();
        assert_eq!(judge(plan(vec![stage(5.0, Hold::Gated), stage(100.0, Hold::None)])), 1);
        assert_eq!(judge(plan(vec![ring("internal"), stage(5.0, Hold::Gated)])), 0);
        assert_eq!(judge(plan(vec![stage(0.0, Hold::Gated), ring("internal"), stage(100.0, Hold::None)])), 0);
        assert_eq!(judge(plan(vec![stage(5.0, Hold::Gated), ring("late")])), 1);
        assert_eq!(judge(canary(vec![stage(5.0, Hold::Gated)])), 0, "nobody said that it has several customers");
    }

    #[test]
    fn labels_and_order() {
        let mut labelled = canary(vec![stage(5.0, Hold::Gated)]);
        labelled.declared.labels = [("tenancy".into(), "multi".into())].into_iter().collect();
        assert_eq!(check::<RingsRequired>(json!({"for": {"tenancy": "multi"}}), labelled).len(), 1);
        let rings = plan(vec![ring("beta"), ring("internal"), stage(100.0, Hold::None)]);
        assert_eq!(check::<RingsRequired>(json!({"order": ["internal", "beta"]}), rings).len(), 1);
        let rings = plan(vec![ring("internal"), ring("other"), ring("beta"), stage(100.0, Hold::None)]);
        assert_eq!(check::<RingsRequired>(json!({"order": ["internal", "beta"]}), rings).len(), 0);
    }
}
