//! `step-too-steep`: a jump between two stages.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::big_bang::{is_ramp, speaks};
use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::Weaker;
use crate::model::units::Points;
use crate::model::{Rollout, Share, Stage, Strategy};

declare_rule! {
    /// ## What it checks
    ///
    /// From one stage to the next, the last one to 100 % included, exposure grows by at most `max-increase` points *and* to at
    /// most `max-factor` times what it was. From 0 % only points count. Effective shares are judged.
    ///
    /// Not judged: blue-green and all-at-once, which jump by their nature; live splits, whose history tells; a ramp, which
    /// grows all the time; the step out of a ring whose share is not written.
    ///
    /// ## Why it matters
    ///
    /// A stage tells only about what it saw. Load, caches, quotas and rare customers show up with scale: a version that did
    /// well at 1 % has told little about 100 %.
    ///
    /// ## What to do
    ///
    /// Put a stage between the two.
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
    ///   - {exposure: 40%, hold: 1h}
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
    ///   - {exposure: 5%, hold: 1h}
    ///   - {exposure: 50%, hold: 1h}
    ///   - {exposure: 100%}
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// How long the stages last: that is `hold-too-short`.
    pub StepTooSteep {
        id: "step-too-steep",
        family: Exposure,
        summary: "exposure grows too much between two stages",
        level: Warning,
    }
}

/// Parameters of `step-too-steep`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// By how many points exposure may grow in one step; exactly this much is allowed.
    pub max_increase: Points,
    /// To how many times what it was exposure may grow in one step; exactly this much is allowed.
    #[serde(deserialize_with = "factor")]
    #[schemars(range(min = 1.0))]
    pub max_factor: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self { max_increase: Points(500_000), max_factor: 10.0 }
    }
}

pub(super) fn factor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let factor = f64::deserialize(deserializer)?;
    let error = || serde::de::Error::custom(format!("`{factor}` is no factor of growth: write a number of at least 1"));
    (factor >= 1.0 && factor.is_finite()).then_some(factor).ok_or_else(error)
}

impl Rule for StepTooSteep {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        if !is_stepped(rollout) {
            return;
        }
        let mut before: (Option<Share>, Option<&Stage>) = (Some(Share::NONE), None);
        for (index, stage) in rollout.stages().iter().enumerate() {
            if stage.exposure.is_dynamic() {
                cx.unknown(rollout, stage.exposure.span(), "how far this step goes is not written in these files");
            }
            let share = stage.share().filter(|_| !stage.is_ring());
            if let (Some(from), Some(to)) = (before.0, share)
                && !before.1.is_some_and(is_ramp)
            {
                step(params, (from, to), (before.1, stage, index), cx);
            }
            before = (share, Some(stage));
        }
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        [
            weaker::rises("max-increase", &before.max_increase, &after.max_increase),
            weaker::rises("max-factor", &before.max_factor, &after.max_factor),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Does exposure grow in steps that this file holds?
fn is_stepped(rollout: &Rollout) -> bool {
    let jumps = match rollout.strategy.value {
        Strategy::BlueGreen | Strategy::AllAtOnce | Strategy::Recreate | Strategy::Rolling => true,
        Strategy::Canary | Strategy::Shadow | Strategy::AbTest | Strategy::Flag | Strategy::Unknown => false,
    };
    !jumps && !rollout.plain_workload && !rollout.progression.is_live() && !speaks(rollout)
}

fn step(params: &Params, (from, to): (Share, Share), at: (Option<&Stage>, &Stage, usize), cx: &mut Cx<'_>) {
    let (before, stage, index) = at;
    let points = Points(to.ppm().saturating_sub(from.ppm()));
    let times = f64::from(to.ppm()) / f64::from(from.ppm().max(1));
    let by_points = points > params.max_increase;
    let by_factor = from > Share::NONE && times > params.max_factor;
    if !by_points && !by_factor {
        return;
    }
    let (found, limit, parameter) = if by_points {
        (points.to_string(), params.max_increase.to_string(), "max-increase")
    } else {
        (format!("{} times", rounded(times)), format!("{} times", params.max_factor), "max-factor")
    };
    let what =
        format!("exposure grows from {from} to {to}, by {found}, in one step; this policy allows at most {limit}");
    let between = between(params.max_increase, params.max_factor, from, to);
    let help = format!("put a stage between the two, such as {between}");
    let raw = cx.report(stage.exposure.span(), what, help);
    raw.measured(found, format!("<= {limit}")).about(format!("stage {index}")).limit(parameter);
    if let Some(before) = before.filter(|b| b.exposure.span() != stage.exposure.span()) {
        raw.because(before.exposure.span(), format!("{from} is the stage before"));
    }
}

/// The largest share that may follow `from`, or half the way to `to` where that is less.
pub(super) fn between(increase: Points, factor: f64, from: Share, to: Share) -> Share {
    let by_points = from.ppm().saturating_add(increase.0);
    let by_factor = if from > Share::NONE { from.percent() * factor } else { 100.0 };
    let half = Share::from_ppm(from.ppm().midpoint(to.ppm()));
    Share::from_ppm(by_points).min(Share::from_percent(by_factor)).min(half)
}

/// A factor with at most one decimal.
fn rounded(times: f64) -> f64 {
    (times * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{Fact, Hold};
    use crate::rules::testing::{HERE, canary, check, check_facts, facts, live, stage};
    use crate::text::Spanned;

    fn steps(params: Value, shares: &[f64]) -> Vec<String> {
        let stages = shares.iter().map(|s| stage(*s, Hold::Timed(60))).collect();
        check::<StepTooSteep>(params, canary(stages)).into_iter().map(|r| r.what).collect()
    }

    #[test]
    fn either_limit_counts_and_exactly_the_limit_is_allowed() {
        assert_eq!(
            steps(json!({}), &[5.0, 40.0, 100.0]),
            ["exposure grows from 40% to 100%, by 60pp, in one step; this policy allows at most 50pp"]
        );
        assert_eq!(
            steps(json!({}), &[1.0, 11.0, 50.0, 100.0]),
            ["exposure grows from 1% to 11%, by 11 times, in one step; this policy allows at most 10 times"]
        );
        assert!(steps(json!({}), &[0.0, 5.0, 50.0, 100.0]).is_empty());
        assert_eq!(steps(json!({"max-increase": "49pp"}), &[5.0, 50.0, 100.0]).len(), 1);
    }

    #[test]
    fn from_nobody_only_points_count() {
        assert!(steps(json!({}), &[50.0, 100.0]).is_empty());
        assert_eq!(steps(json!({}), &[0.0, 51.0, 100.0]).len(), 1);
        assert!(steps(json!({}), &[0.0, 100.0]).is_empty(), "that is a big bang");
    }

    #[test]
    fn what_jumps_by_nature_grows_or_is_unknown() {
        let all = || stage(100.0, Hold::None);
        let is_silent = |rollout: Rollout| check::<StepTooSteep>(json!({}), rollout).is_empty();
        assert!(is_silent(live(1.0)));
        assert!(is_silent(canary(vec![stage(1.0, Hold::Ramp(3600)), all()])));
        assert!(is_silent(canary(vec![Stage::new(Fact::Absent { near: HERE }, HERE), all()])));
        let steep = canary(vec![stage(1.0, Hold::None), all()]);
        assert!(!is_silent(steep.clone()));
        assert!(is_silent(Rollout { strategy: Spanned::new(Strategy::BlueGreen, HERE), ..steep }));
        let unknown = Stage::new(Fact::Dynamic { expr: "{{ w }}".into(), span: HERE }, HERE);
        let run = facts(vec![canary(vec![stage(5.0, Hold::None), unknown, all()])]);
        let (found, undetermined) = check_facts::<StepTooSteep>(json!({}), &run);
        assert_eq!((found.len(), undetermined.len()), (0, 1));
        assert!(serde_json::from_value::<Params>(json!({"max-factor": 0.5})).is_err());
    }
}
