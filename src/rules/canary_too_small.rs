//! `canary-too-small`: a first stage that shows nothing.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::{Weaker, Wish};
use crate::model::{Change, Exposure, Rollout, Share, Stage};

declare_rule! {
    /// ## What it checks
    ///
    /// The first limited stage (above 0 %, below 100 %) exposes at least `min`. The *effective* share is judged: what
    /// the platform really serves, not what is written. Rings and tenants without a share are not judged;
    /// customers who meet it first are the first stage, so that what comes after them is none.
    ///
    /// ## Why it matters
    ///
    /// A canary of 0.1 % sees too few requests to show anything but a total failure, so the next stage is taken on
    /// trust. For most metrics one to five percent is the least that tells a regression from noise.
    ///
    /// ## What to do
    ///
    /// Raise the first weight, or hold the stage on a named audience (a ring, a list of tenants) instead of a share.
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
    ///   - {exposure: 0.1%, hold: 1h}
    ///   - {exposure: 10%, hold: 1h}
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
    ///   - {exposure: 1%, hold: 1h}
    ///   - {exposure: 10%, hold: 1h}
    ///   - {exposure: 50%, hold: 1h}
    ///   - {exposure: 100%}
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// How much traffic there is: `canary-underpowered` does that arithmetic where the traffic is written down.
    pub CanaryTooSmall {
        id: "canary-too-small",
        family: Exposure,
        summary: "first limited stage below the minimum: too little signal",
        level: Error,
    }
}

/// Parameters of `canary-too-small`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The least share of the first limited stage; exactly this much is allowed.
    pub min: Share,
}

impl Default for Params {
    fn default() -> Self {
        Self { min: Share::from_percent(1.0) }
    }
}

impl Rule for CanaryTooSmall {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        let Some((index, stage, exposure)) = first_limited(rollout, cx) else { return };
        let share = exposure.judged();
        if share >= params.min {
            return;
        }
        let what = format!("{}; this policy asks for at least {}", exposes(rollout, index, exposure), params.min);
        let help = format!("raise {} to {} or more", subject(rollout), params.min);
        let raw = cx.report(stage.exposure.span(), what, help);
        raw.measured(share.to_string(), format!(">= {}", params.min)).about(format!("stage {index}")).limit("min");
        // One share of a live split can't be written without the others.
        if !rollout.progression.is_live() {
            raw.wish(Wish::Exposure { stage: index, ppm: params.min.ppm() });
        }
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        weaker::falls("min", &before.min, &after.min).into_iter().collect()
    }
}

/// The first limited stage with its place and exposure. A share before it that nobody knows may be the first one.
///
/// The candidates of a live split stand side by side: the largest counts.
pub(super) fn first_limited<'r>(rollout: &'r Rollout, cx: &mut Cx<'_>) -> Option<(usize, &'r Stage, &'r Exposure)> {
    let limited = |stage: &'r Stage| stage.exposure.known().filter(|e| e.judged().is_limited());
    // History shows that the first limited share lies behind it: how it goes on is `stage-skipped`'s matter.
    if cx.change().is_some_and(Change::goes_on) {
        return None;
    }
    if rollout.progression.is_live() && rollout.is_judged() && !rollout.exposure_is_dynamic() {
        let found = rollout.stages().iter().enumerate().filter_map(|(i, s)| Some((i, s, limited(s)?)));
        return found.max_by_key(|(i, _, exposure)| (exposure.judged(), std::cmp::Reverse(*i)));
    }
    for (index, stage) in rollout.stages().iter().enumerate().filter(|_| rollout.is_judged()) {
        if stage.exposure.is_dynamic() {
            cx.unknown(rollout, stage.exposure.span(), "the first share is not written in these files");
            return None;
        }
        if let Some(exposure) = limited(stage) {
            return Some((index, stage, exposure));
        }
        // Customers who meet it first are the first limited stage, and have no share to judge.
        if stage.audience.as_ref().is_some_and(|a| a.customers) {
            return None;
        }
    }
    None
}

/// What the first stage does. A live split holds one moment, so whether it is the first one is not said.
pub(super) fn exposes(rollout: &Rollout, index: usize, exposure: &Exposure) -> String {
    let served = served(exposure);
    let (before, from) = rollout.stages().split_at(index.min(rollout.stages().len()));
    match (rollout.progression.is_live(), from.first().and_then(|s| s.name.as_ref())) {
        (false, _) if before.iter().any(Stage::is_ring) => format!("first stage with a share exposes {served}"),
        (false, _) => format!("first stage exposes {served}"),
        (true, Some(name)) => format!("the split gives `{name}` {served}"),
        (true, None) => format!("the split gives the new version {served}"),
    }
}

/// What is to be changed.
pub(super) const fn subject(rollout: &Rollout) -> &'static str {
    if rollout.progression.is_live() { "its first share" } else { "the first stage" }
}

/// The share of a stage in words; says both numbers where the platform bends the written one.
fn served(exposure: &Exposure) -> String {
    let (share, noun) = (exposure.judged(), exposure.basis.noun());
    if share == exposure.written {
        format!("{share} of {noun}")
    } else {
        format!("{share} of {noun} ({} is written)", exposure.written)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Fact, Hold};
    use crate::rules::testing::{HERE, canary, check, live, stage};

    #[test]
    fn below_the_minimum() {
        let found = check::<CanaryTooSmall>(json!({}), canary(vec![stage(0.0, Hold::Gated), stage(0.1, Hold::None)]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].what, "first stage exposes 0.1% of traffic; this policy asks for at least 1%");
        assert_eq!(check::<CanaryTooSmall>(json!({"min": "2%"}), live(1.0)).len(), 1);
    }

    #[test]
    fn exactly_the_minimum_and_rings_pass() {
        assert!(check::<CanaryTooSmall>(json!({}), canary(vec![stage(1.0, Hold::None)])).is_empty());
        let ring = Stage::new(Fact::Absent { near: HERE }, HERE);
        assert!(check::<CanaryTooSmall>(json!({}), canary(vec![ring, stage(20.0, Hold::None)])).is_empty());
    }
}
