//! `monitor-missing`: a metric nobody watches.

use schemars::JsonSchema;
use serde::Deserialize;

use super::rollback_criteria_missing::joined;
use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::Weaker;
use crate::model::{MetricKind, Progression, Rollout, Share, Stage};

declare_rule! {
    /// ## What it checks
    ///
    /// While the new version is rolled out, every kind of metric in `require` is watched: by a criterion, by an analysis, or as
    /// a monitor. Success rate and error rate answer for each other. Kinds are told from a metric's name, its query, and the
    /// policy's `metrics:`.
    ///
    /// Not judged: plain workloads, patches, and live splits that stand still at 0 or 100 %. Where a template that is referred
    /// to is not in the checked set, the rule is undetermined.
    ///
    /// ## Why it matters
    ///
    /// What is not watched goes wrong unseen. A model that answers fast and without errors can still cost ten times as much.
    ///
    /// ## What to do
    ///
    /// Add the metric to the analysis or to `monitors:`; if it is watched under a name of your own, map it in the policy:
    /// `metrics: [{kind: error-rate, match: ["frobnications*"]}]`.
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
    /// monitors: [error_rate]
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
    /// Dashboards and alerts that no manifest refers to.
    pub MonitorMissing {
        id: "monitor-missing",
        family: Monitors,
        summary: "a required metric is not watched during exposure",
        level: Warning,
    }
}

/// Parameters of `monitor-missing`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The kinds of metric that are watched.
    #[schemars(extend("default" = ["latency", "error-rate"]))]
    pub require: Vec<MetricKind>,
}

impl Default for Params {
    fn default() -> Self {
        Self { require: vec![MetricKind::Latency, MetricKind::ErrorRate] }
    }
}

impl Rule for MonitorMissing {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        let met = is_met(&rollout.progression);
        let dynamic = rollout.stages().iter().find(|s| s.exposure.is_dynamic()).filter(|_| !met);
        if !rollout.stands_alone() || !met && dynamic.is_none() {
            return;
        }
        let watched = |wanted: MetricKind| rollout.monitors.iter().any(|m| m.value.kind.answers(wanted));
        let missing: Vec<&str> = params.require.iter().filter(|k| !watched(**k)).map(|k| k.name()).collect();
        if missing.is_empty() {
            return;
        }
        if let Some(hidden) = rollout.hidden_criteria() {
            let what =
                format!("metrics may be watched by {} `{}`, which is not in the checked set", hidden.kind, hidden.name);
            return cx.undetermined(hidden.span, "unresolved-reference", what);
        }
        if let Some(dynamic) = dynamic {
            return cx.unknown(rollout, dynamic.exposure.span(), "whether anybody meets the new version is unknown");
        }
        let missing = missing.join(", ");
        let required = params.require.iter().map(|k| k.name()).collect::<Vec<_>>().join(", ");
        let what = format!("nothing watches {missing} during the rollout, and this policy asks for that");
        let plan = format!("`monitors: [{missing}]` of a RolloutPlan");
        let help = if rollout.progression.is_live() {
            format!("watch {missing}, and say so: write {plan}, and {}", joined(rollout))
        } else {
            format!("watch {missing}: in the analysis, or as {plan}")
        };
        cx.report(rollout.rollback.anchor, what, help)
            .measured(found(rollout), required)
            .about(missing)
            .limit("require");
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        let names = |params: &Params| params.require.iter().map(|kind| kind.name().to_owned()).collect::<Vec<_>>();
        weaker::loses("require", &names(before), &names(after)).into_iter().collect()
    }
}

/// The kinds that are watched.
fn found(rollout: &Rollout) -> String {
    let mut kinds: Vec<_> = rollout.monitors.iter().map(|m| m.value.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.is_empty() { "nothing".to_owned() } else { kinds.iter().map(|k| k.name()).collect::<Vec<_>>().join(", ") }
}

/// Is anybody on the way to the new version? A live split is, while it stands between nobody and everybody.
fn is_met(progression: &Progression) -> bool {
    match progression {
        Progression::Declared(stages) => {
            let meets = |s: &Stage| s.share() != Some(Share::NONE) && !s.exposure.is_dynamic() || s.audience.is_some();
            stages.is_empty() || stages.iter().any(meets)
        }
        Progression::Live(candidates) => candidates.iter().any(|s| s.share().is_some_and(Share::is_limited)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{Fact, Hold, Metric};
    use crate::rules::testing::{HERE, canary, check, check_facts, facts, live, stage};
    use crate::text::Spanned;

    fn watching(mut rollout: Rollout, params: Value, names: &[&str]) -> Vec<String> {
        rollout.monitors = names.iter().map(|n| Spanned::new(Metric::recognise(n, ""), HERE)).collect();
        check::<MonitorMissing>(params, rollout).into_iter().map(|r| r.about).collect()
    }

    fn plan() -> Rollout {
        canary(vec![stage(5.0, Hold::Gated), stage(100.0, Hold::None)])
    }

    #[test]
    fn stages_that_nobody_knows_may_be_watched_ones() {
        let mut plan = canary(vec![stage(5.0, Hold::Gated)]);
        let Progression::Declared(stages) = &mut plan.progression else { panic!("a canary declares its stages") };
        stages[0].exposure = Fact::Dynamic { expr: "".into(), span: HERE };
        let facts = facts(vec![plan]);
        let (found, undetermined) = check_facts::<MonitorMissing>(json!({}), &facts);
        assert_eq!((found.len(), undetermined.len()), (0, 1));
    }

    #[test]
    fn each_kind_is_asked_for() {
        assert_eq!(watching(plan(), json!({}), &["success-rate"]), ["latency"]);
        assert_eq!(watching(plan(), json!({}), &[]), ["latency, error-rate"]);
        assert!(watching(plan(), json!({}), &["http_5xx", "p95"]).is_empty());
        assert_eq!(watching(plan(), json!({"require": ["eval-score"]}), &["p95"]), ["eval-score"]);
        assert!(serde_json::from_value::<Params>(json!({"require": ["speed"]})).is_err());
    }

    #[test]
    fn steady_splits_patches_and_workloads_are_not_asked() {
        assert_eq!(watching(live(5.0), json!({}), &[]).len(), 1);
        assert!(watching(live(100.0), json!({}), &[]).is_empty());
        assert!(watching(Rollout { partial: true, ..plan() }, json!({}), &[]).is_empty());
        assert!(watching(Rollout { plain_workload: true, ..plan() }, json!({}), &[]).is_empty());
    }

    #[test]
    fn a_split_of_unknown_weights_is_undetermined() {
        let mut templated = live(5.0);
        let Progression::Live(stages) = &mut templated.progression else { unreachable!() };
        stages[0].exposure = Fact::Dynamic { expr: "{{ w }}".into(), span: HERE };
        let (found, undetermined) = check_facts::<MonitorMissing>(json!({}), &facts(vec![templated]));
        assert_eq!((found.len(), undetermined[0].1), (0, "template"));
    }

    #[test]
    fn the_schema_tells_the_defaults() {
        crate::rules::testing::schema_tells_the_defaults::<MonitorMissing>();
    }
}
