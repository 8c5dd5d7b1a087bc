//! `rollout-too-fast`: everybody too soon.

use schemars::JsonSchema;
use serde::Deserialize;

use super::big_bang::is_ramp;
use super::hold_too_short::{asked, has_held_stages, waits_for_a_person};
use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::Weaker;
use crate::model::units::{Length, display_seconds};
use crate::model::{Fact, Hold, Rollout, Share, Stage};
use crate::text::Span;

declare_rule! {
    /// ## What it checks
    ///
    /// From the first stage that anybody meets (a share, a ring, tenants, or a ramp) to the one that reaches everybody at
    /// least `min` passes: the holds and ramps between add up. A stage that waits for a person makes it long enough.
    ///
    /// Not judged: live splits, whose history tells; plain workloads; plans that never reach everybody; what `big-bang` speaks
    /// of.
    ///
    /// ## Why it matters
    ///
    /// However many stages there are, together they have to outlast what a regression needs to show: a cache that fills, a
    /// nightly job, a working day in another time zone.
    ///
    /// ## What to do
    ///
    /// Raise the holds, or add a stage.
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
    ///   - {exposure: 5%, hold: 15m}
    ///   - {exposure: 50%, hold: 15m}
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
    /// How long people take over the gates, and how long the platform takes between stages.
    pub RolloutTooFast {
        id: "rollout-too-fast",
        family: Hold,
        summary: "from first exposure to everyone in less than the minimum",
        level: Warning,
    }
}

/// Parameters of `rollout-too-fast`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The least time from the first exposure to everybody; exactly this much is allowed.
    pub min: Length,
}

impl Default for Params {
    fn default() -> Self {
        Self { min: Length(3600) }
    }
}

impl Rule for RolloutTooFast {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        if !has_held_stages(rollout) || rollout.partial {
            return;
        }
        let needed = rollout.ceiling.map_or(params.min.0, |c| params.min.0.min(c.whole));
        let (first, seconds, unknown) = match way(rollout.stages()) {
            Way::Takes { first, seconds, unknown } if seconds < needed => (first, seconds, unknown),
            Way::Takes { .. } | Way::Waits | Way::Nowhere => return,
        };
        if let Some(span) = unknown {
            return cx.unknown(rollout, span, "how long the rollout takes is not written in these files");
        }
        let found = display_seconds(seconds);
        let ceiling = rollout.ceiling.map(|c| (c, c.whole));
        let (asks, min, help) = asked(params.min, ceiling, "raise the holds until they add up to");
        let what = format!("from the first exposure to everybody it takes {found}; {asks}");
        let raw = cx.report(rollout.strategy.span, what, help);
        raw.measured(found, format!(">= {min}")).about("whole rollout").limit("min");
        if first.span != rollout.strategy.span {
            raw.because(first.span, "the first exposure");
        }
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        weaker::falls("min", &before.min, &after.min).into_iter().collect()
    }
}

/// The way from the first exposure to everybody.
enum Way<'r> {
    /// So many seconds at least; and where a part stands that is not known.
    Takes { first: &'r Stage, seconds: u64, unknown: Option<Span> },
    /// It waits for a person.
    Waits,
    /// It does not lead to everybody, or not from somebody.
    Nowhere,
}

fn way(stages: &[Stage]) -> Way<'_> {
    let Some(end) = stages.iter().position(|s| s.share() == Some(Share::ALL)) else { return Way::Nowhere };
    let is_met =
        |s: &Stage| s.is_ring() || s.exposure.is_absent() || s.share().is_some_and(Share::is_limited) || is_ramp(s);
    let begins = |s: &&Stage| is_met(s) || s.exposure.is_dynamic();
    let Some(begin) = stages[..end].iter().position(|s| begins(&s)) else { return Way::Nowhere };
    let (mut seconds, mut unknown) = (0u64, None);
    if let Fact::Dynamic { span, .. } = stages[begin].exposure {
        unknown = Some(span);
    }
    for stage in &stages[begin..end] {
        match stage.hold.known() {
            Some(Hold::Timed(s) | Hold::Ramp(s)) => seconds = seconds.saturating_add(*s),
            Some(Hold::None) => {}
            Some(Hold::Gated) => return Way::Waits,
            Some(Hold::Unknown) | None => unknown = Some(stage.hold.span()),
        }
        if waits_for_a_person(&stage.gates) {
            return Way::Waits;
        }
    }
    Way::Takes { first: &stages[begin], seconds, unknown }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::testing::{HERE, canary, check_facts, facts, live, stage};

    fn judge(rollout: Rollout) -> (usize, usize) {
        let (found, undetermined) = check_facts::<RolloutTooFast>(json!({}), &facts(vec![rollout]));
        (found.len(), undetermined.len())
    }

    fn plan(holds: &[Hold]) -> Rollout {
        let mut stages: Vec<Stage> = holds.iter().map(|h| stage(5.0, *h)).collect();
        stages.push(stage(100.0, Hold::Timed(9999)));
        canary(stages)
    }

    #[test]
    fn holds_add_up_and_exactly_the_minimum_is_allowed() {
        assert_eq!(judge(plan(&[Hold::Timed(1800), Hold::Timed(1799)])), (1, 0));
        assert_eq!(judge(plan(&[Hold::Timed(1800), Hold::Timed(1800)])), (0, 0));
        assert_eq!(judge(plan(&[Hold::None, Hold::Gated])), (0, 0));
        assert_eq!(judge(plan(&[Hold::Timed(60), Hold::Unknown])), (0, 1));
        assert_eq!(judge(plan(&[Hold::Timed(3600), Hold::Unknown])), (0, 0), "long enough whatever the other is");
    }

    #[test]
    fn it_begins_where_somebody_meets_it() {
        let all = || stage(100.0, Hold::None);
        let ring =
            || Stage { hold: Fact::stated(Hold::Timed(3600), HERE), ..Stage::new(Fact::Absent { near: HERE }, HERE) };
        assert_eq!(judge(canary(vec![ring(), stage(5.0, Hold::None), all()])), (0, 0));
        assert_eq!(judge(canary(vec![stage(0.0, Hold::Timed(9999)), stage(5.0, Hold::Timed(60)), all()])), (1, 0));
        assert_eq!(judge(canary(vec![stage(0.0, Hold::Ramp(3599)), all()])), (1, 0));
        assert_eq!(judge(canary(vec![stage(0.0, Hold::Ramp(3600)), all()])), (0, 0));
        assert_eq!(judge(canary(vec![stage(5.0, Hold::Timed(60))])), (0, 0), "it never reaches everybody");
        assert_eq!(judge(canary(vec![stage(0.0, Hold::None), all()])), (0, 0), "that is a big bang");
        assert_eq!(judge(live(5.0)), (0, 0));
        assert_eq!(judge(Rollout { partial: true, ..plan(&[Hold::None]) }), (0, 0));
    }
}
