//! `shadow-without-comparison`: a mirror nobody looks into.

use super::{Cx, NoParams, Rule};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::model::{Comparer, Rollout, Shadow, Share};

declare_rule! {
    /// ## What it checks
    ///
    /// Where traffic is mirrored to the new version, something compares its answers with those that people got: an analysis
    /// that runs meanwhile, an experiment, a plan's `shadow.compare`. Writing the answers down is no comparison. A live mirror
    /// is judged as well.
    ///
    /// ## Why it matters
    ///
    /// A mirror costs as much as a second service and shows nothing by itself. A shadow that nobody compares gives confidence
    /// without a reason.
    ///
    /// ## What to do
    ///
    /// Say what is compared: `compare: {against: baseline, metrics: [{metric: eval_score, drop: 3pp}]}`; in Argo an `analysis` or
    /// an `experiment` while the mirror is on.
    ///
    /// ## Examples
    ///
    /// ```yaml violates
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: config}
    /// strategy: canary
    /// shadow: {duration: 48h}
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
    /// shadow: {duration: 48h, compare: {metrics: [{metric: eval_score, drop: 3pp}]}}
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
    /// Comparisons in other systems. A RolloutPlan named in the annotation `rollgate/plan` tells of them.
    pub ShadowWithoutComparison {
        id: "shadow-without-comparison",
        family: Shadow,
        summary: "traffic is mirrored, and nothing compares the outputs",
        level: Error,
    }
}

impl Rule for ShadowWithoutComparison {
    type Params = NoParams;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(_params: &NoParams, rollout: &Rollout, cx: &mut Cx<'_>) {
        let Some(shadow) = mirror(rollout) else { return };
        match shadow.comparer {
            Comparer::Nothing if !rollout.partial => {
                let what = "traffic is mirrored, and nothing compares the answers with those that people get";
                let help = "analyse it while it mirrors, or name a RolloutPlan in the annotation `rollgate/plan`, with `shadow: {duration: 24h, compare: {against: baseline, metrics: [{metric: eval_score, drop: 3pp}]}}`";
                cx.report(shadow.span, what, help).measured("no comparison", "a comparison").about("shadow");
            }
            Comparer::Unknown => {
                cx.unknown(rollout, shadow.span, "what compares the mirrored answers is not in these files");
            }
            Comparer::Nothing | Comparer::Named(_) => {}
        }
    }
}

/// The mirror of a rollout that is judged, unless it mirrors nothing.
pub(super) fn mirror(rollout: &Rollout) -> Option<&Shadow> {
    let shadow = rollout.shadow.as_ref().filter(|_| rollout.is_judged())?;
    (shadow.share.known() != Some(&Share::NONE)).then_some(shadow)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Fact;
    use crate::rules::testing::{HERE, canary, check_facts, facts, live};

    fn judge(mut rollout: Rollout, comparer: Comparer, percent: f64) -> (usize, usize) {
        let share = Fact::stated(Share::from_percent(percent), HERE);
        rollout.shadow = Some(Shadow { share, duration: Fact::Absent { near: HERE }, comparer, span: HERE });
        let (found, undetermined) = check_facts::<ShadowWithoutComparison>(json!({}), &facts(vec![rollout]));
        (found.len(), undetermined.len())
    }

    #[test]
    fn nothing_something_and_who_knows() {
        assert_eq!(judge(canary(vec![]), Comparer::Nothing, 100.0), (1, 0));
        assert_eq!(judge(live(100.0), Comparer::Nothing, 5.0), (1, 0));
        assert_eq!(judge(canary(vec![]), Comparer::Named("analysis".into()), 100.0), (0, 0));
        assert_eq!(judge(canary(vec![]), Comparer::Unknown, 100.0), (0, 1));
    }

    #[test]
    fn patches_and_mirrors_of_nothing() {
        assert_eq!(judge(canary(vec![]), Comparer::Nothing, 0.0), (0, 0));
        assert_eq!(judge(Rollout { partial: true, ..canary(vec![]) }, Comparer::Nothing, 100.0), (0, 0));
    }
}
