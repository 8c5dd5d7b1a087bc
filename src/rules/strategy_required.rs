//! `strategy-required`: another strategy than the policy names for this change.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::Weaker;
use crate::model::{Rollout, Strategy};

declare_rule! {
    /// ## What it checks
    ///
    /// The rollout's strategy is one of `any-of`. An empty list asks for nothing. A strategy that these files do not tell is
    /// undetermined. A live split is not asked: its strategy is what its history does.
    ///
    /// ## Why it matters
    ///
    /// Some changes cannot be met by halves: another architecture needs a second stack beside the first, which a canary in the
    /// same stack is not.
    ///
    /// ## What to do
    ///
    /// Use one of the strategies, or set in the policy which ones this kind of change may use.
    ///
    /// ## Examples
    ///
    /// ```yaml before file:rollgate.yaml
    /// rules: {strategy-required: {level: error, any-of: [blue-green]}}
    /// ```
    ///
    /// ```yaml violates file:plan.yaml
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: architecture}
    /// strategy: canary
    /// stages: [{exposure: 5%, hold: 24h}, {exposure: 50%, hold: 24h}, {exposure: 100%}]
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ```yaml before file:rollgate.yaml
    /// rules: {strategy-required: {level: error, any-of: [blue-green]}}
    /// ```
    ///
    /// ```yaml passes file:plan.yaml
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: architecture}
    /// strategy: blue-green
    /// stages: [{exposure: 100%, hold: 1h, approval: on-call}]
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// What a plan calls blue-green and is none.
    pub StrategyRequired {
        id: "strategy-required",
        family: Monitors,
        summary: "another strategy than the policy names for this change",
        level: Off,
    }
}

/// Parameters of `strategy-required`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The strategies that may be used; none named is all of them.
    #[schemars(extend("default" = []))]
    pub any_of: Vec<Strategy>,
}

impl Rule for StrategyRequired {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;
    const JUDGES_UNPLANNED: bool = true;

    fn rollout(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        let strategy = rollout.strategy;
        let exempt = !rollout.stands_alone() || rollout.progression.is_live();
        if exempt || params.any_of.is_empty() || params.any_of.contains(&strategy.value) {
            return;
        }
        if strategy.value == Strategy::Unknown {
            return cx.unknown(
                rollout,
                strategy.span,
                "how the new version replaces the old one is not written in these files",
            );
        }
        let (found, wanted) = (strategy.value.name(), names(&params.any_of).join(" or "));
        let what = format!("the strategy is {found}; this policy asks for {wanted}");
        let raw = cx.report(strategy.span, what, format!("roll it out by {wanted}"));
        raw.measured(found, wanted).about("strategy").limit("any-of");
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        if before.any_of.is_empty() {
            return Vec::new();
        }
        if after.any_of.is_empty() {
            return vec![Weaker::new("any-of", "no longer names a strategy")];
        }
        weaker::gains("any-of", &names(&before.any_of), &names(&after.any_of)).into_iter().collect()
    }
}

fn names(strategies: &[Strategy]) -> Vec<String> {
    strategies.iter().map(|s| s.name().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Hold;
    use crate::rules::testing::{HERE, canary, check, check_facts, facts, live, stage};
    use crate::text::Spanned;

    #[test]
    fn one_of_those_named() {
        let plan = || canary(vec![stage(5.0, Hold::Gated)]);
        assert!(check::<StrategyRequired>(json!({}), plan()).is_empty());
        assert!(check::<StrategyRequired>(json!({"any-of": ["canary", "blue-green"]}), plan()).is_empty());
        let found = check::<StrategyRequired>(json!({"any-of": ["blue-green", "shadow"]}), plan());
        assert_eq!(found[0].what, "the strategy is canary; this policy asks for blue-green or shadow");
        assert!(check::<StrategyRequired>(json!({"any-of": ["blue-green"]}), live(5.0)).is_empty());
        let unknown = Rollout { strategy: Spanned::new(Strategy::Unknown, HERE), ..plan() };
        let (found, undetermined) =
            check_facts::<StrategyRequired>(json!({"any-of": ["canary"]}), &facts(vec![unknown]));
        assert_eq!((found.len(), undetermined.len()), (0, 1));
    }
}
