//! `rollback-starts-late`: the first people are on their own.

use super::{Cx, NoParams, Rule};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::model::{Criterion, Exposure, Hold, Progression, Rollout, Share, Stage};
use crate::text::Span;

declare_rule! {
    /// ## What it checks
    ///
    /// Some rollback criterion is looked at during the first stage in which people meet the new version. Stages that
    /// are passed at once, with no hold, are not meant: nothing could be seen there. Of a blue-green rollout the first
    /// such stage is the switch: analysis before the promotion sees the preview, and nothing watches afterwards.
    ///
    /// ## Why it matters
    ///
    /// Most failures show in the first minutes. An analysis that starts at the third stage lets the first two do their
    /// harm unobserved, and compares a damaged baseline with itself.
    ///
    /// ## What to do
    ///
    /// Start the analysis with the first weight, or run it in the background from the beginning; with blue-green, add an
    /// analysis after promotion.
    ///
    /// ## Examples
    ///
    /// ```yaml violates
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Rollout
    /// metadata: {name: web}
    /// spec:
    ///   replicas: 20
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec: {containers: [{name: web, image: "registry.example/web:1.4"}]}
    ///   strategy:
    ///     canary:
    ///       steps:
    ///         - setWeight: 5
    ///         - pause: {duration: 1h}
    ///         - setWeight: 40
    ///         - analysis: {templates: [{templateName: errors}]}
    /// ---
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: AnalysisTemplate
    /// metadata: {name: errors}
    /// spec:
    ///   metrics:
    ///     - name: error-rate
    ///       interval: 5m
    ///       count: 12
    ///       failureLimit: 1
    ///       failureCondition: result[0] > 0.005
    ///       provider: {prometheus: {address: "http://prometheus.example", query: errors_per_request}}
    /// ```
    ///
    /// ```yaml passes
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Rollout
    /// metadata: {name: web}
    /// spec:
    ///   replicas: 20
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec: {containers: [{name: web, image: "registry.example/web:1.4"}]}
    ///   strategy:
    ///     canary:
    ///       analysis: {templates: [{templateName: errors}]}
    ///       steps:
    ///         - setWeight: 5
    ///         - pause: {duration: 1h}
    ///         - setWeight: 40
    ///         - pause: {duration: 1h}
    /// ---
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: AnalysisTemplate
    /// metadata: {name: errors}
    /// spec:
    ///   metrics:
    ///     - name: error-rate
    ///       interval: 5m
    ///       failureLimit: 1
    ///       failureCondition: result[0] > 0.005
    ///       provider: {prometheus: {address: "http://prometheus.example", query: errors_per_request}}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// Dashboards that people watch by hand, and criteria of templates that are not among the checked files.
    pub RollbackStartsLate {
        id: "rollback-starts-late",
        family: Rollback,
        summary: "the first exposed stage is watched by no rollback criterion",
        level: Warning,
    }
}

impl Rule for RollbackStartsLate {
    type Params = NoParams;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(_params: &NoParams, rollout: &Rollout, cx: &mut Cx<'_>) {
        let Progression::Declared(stages) = &rollout.progression else { return };
        let watched: Vec<&Criterion> = rollout.rollback.criteria.iter().filter(|c| c.is_watched()).collect();
        if watched.is_empty() || !rollout.stands_alone() {
            return;
        }
        let Some((index, stage)) = first_exposed(stages) else { return };
        if watched.iter().any(|c| c.covers.holds(index)) {
            return;
        }
        if let Some(hidden) = rollout.hidden_criteria() {
            let what =
                format!("criteria may stand in {} `{}`, which is not in the checked set", hidden.kind, hidden.name);
            return cx.undetermined(hidden.span, "unresolved-reference", what);
        }
        if let Some(dynamic) = stages[..=index].iter().find(|s| s.exposure.is_dynamic() || s.hold.is_dynamic()) {
            let what = "which stage is the first exposed one is unknown";
            let place = if dynamic.exposure.is_dynamic() { dynamic.exposure.span() } else { dynamic.hold.span() };
            return cx.unknown(rollout, place, what);
        }
        let anchor = place(stage, rollout);
        let what = what(stages, index, &watched);
        let help = if stage.share() == Some(Share::ALL) {
            "add an analysis that goes on after the switch to 100%"
        } else {
            "start the analysis with the first exposed stage"
        };
        let raw = cx.report(anchor, what, help);
        raw.measured("0 criteria", ">= 1 criterion from the first exposed stage on").about("first exposed stage");
        if let Some(first) = watched.iter().min_by_key(|c| c.covers.first) {
            raw.because(first.via.unwrap_or(first.span), format!("`{}` is looked at only elsewhere", first.label()));
        }
    }
}

/// The first stage in which people meet the new version for longer than an instant, or the last one.
fn first_exposed(stages: &[Stage]) -> Option<(usize, &Stage)> {
    let exposed = |stage: &Stage| match stage.share() {
        Some(share) => share > Share::NONE,
        None => stage.audience.is_some(),
    };
    let lasts = |stage: &Stage| stage.hold.known() != Some(&Hold::None) || stage.share() == Some(Share::ALL);
    stages.iter().enumerate().find(|(_, stage)| exposed(stage) && lasts(stage))
}

/// Where the stage is written, or where a reader would look for the criteria if the platform adds it.
const fn place(stage: &Stage, rollout: &Rollout) -> Span {
    if stage.implied { rollout.rollback.anchor } else { stage.exposure.span() }
}

fn what(stages: &[Stage], index: usize, watched: &[&Criterion]) -> String {
    if stages[index].share() == Some(Share::ALL) && watched.iter().all(|c| c.covers.last < index) {
        return "nothing watches after the switch: every rollback criterion is looked at before it only".to_owned();
    }
    let name = |stage: &Stage| match (stage.exposure.known().map(Exposure::judged), &stage.audience) {
        (Some(share), _) => share.to_string(),
        (None, Some(audience)) => format!("`{}`", audience.name),
        (None, None) => "unknown".to_owned(),
    };
    let next = watched.iter().map(|c| c.covers.first).filter(|first| *first > index).min();
    let since = match next.and_then(|at| stages.get(at)) {
        Some(stage) => format!("the first is looked at from {} on", name(stage)),
        None => "all are looked at before it only".to_owned(),
    };
    format!("the first exposed stage ({}) is watched by no rollback criterion; {since}", name(&stages[index]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Audience, Evaluated, Fact, StageRange, Strategy, Unresolved};
    use crate::rules::testing::{HERE, canary, check, check_facts, criterion, facts, live, stage};
    use crate::text::Spanned;

    fn from(first: usize) -> Criterion {
        Criterion { covers: StageRange { first, last: usize::MAX }, ..criterion("error-rate", "1%") }
    }

    fn plan(stages: Vec<Stage>, criteria: Vec<Criterion>) -> Rollout {
        let mut rollout = canary(stages);
        rollout.rollback.criteria = criteria;
        rollout
    }

    fn steps() -> Vec<Stage> {
        vec![stage(0.0, Hold::Gated), stage(1.0, Hold::None), stage(5.0, Hold::Timed(60)), stage(100.0, Hold::None)]
    }

    fn found(rollout: Rollout) -> Vec<String> {
        check::<RollbackStartsLate>(json!({}), rollout).into_iter().map(|r| r.what).collect()
    }

    #[test]
    fn the_first_stage_that_lasts_is_covered() {
        let late =
            "the first exposed stage (5%) is watched by no rollback criterion; the first is looked at from 100% on";
        assert_eq!(found(plan(steps(), vec![from(3)])), [late]);
        assert!(found(plan(steps(), vec![from(3), from(2)])).is_empty());
        let off = Criterion { evaluated: Evaluated::No("dry run".into()), ..from(2) };
        assert_eq!(found(plan(steps(), vec![from(3), off])).len(), 1);
    }

    #[test]
    fn blue_green_is_watched_after_the_switch() {
        let mut rollout = plan(vec![stage(0.0, Hold::Gated), stage(100.0, Hold::None)], vec![]);
        rollout.strategy = Spanned::new(Strategy::BlueGreen, HERE);
        rollout.rollback.criteria = vec![Criterion { covers: StageRange::one(0), ..from(0) }];
        assert!(found(rollout.clone())[0].starts_with("nothing watches after the switch"));
        rollout.rollback.criteria.push(Criterion { covers: StageRange::one(1), ..from(0) });
        assert!(found(rollout).is_empty());
    }

    #[test]
    fn rings_live_splits_patches_and_rollouts_without_criteria() {
        let mut ring = stage(0.0, Hold::Timed(60));
        ring.exposure = Fact::Absent { near: HERE };
        ring.audience = Some(Audience { name: "internal".into(), size: None, customers: false });
        assert_eq!(found(plan(vec![ring, stage(5.0, Hold::Gated)], vec![from(1)])).len(), 1);
        assert!(found(plan(steps(), vec![])).is_empty());
        assert!(found(Rollout { partial: true, ..plan(steps(), vec![from(3)]) }).is_empty());
        let mut split = live(5.0);
        split.rollback.criteria = vec![from(3)];
        assert!(found(split).is_empty());
    }

    #[test]
    fn unknown_is_said() {
        let mut hidden = plan(steps(), vec![from(3)]);
        let because = "so its criteria are unknown";
        hidden.unresolved.push(Unresolved { kind: "T".into(), name: "slo".into(), span: HERE, because });
        let mut templated = plan(steps(), vec![from(3)]);
        let Progression::Declared(stages) = &mut templated.progression else { unreachable!() };
        stages[0].exposure = Fact::Dynamic { expr: "{{ w }}".into(), span: HERE };
        for rollout in [hidden, templated] {
            let (found, undetermined) = check_facts::<RollbackStartsLate>(json!({}), &facts(vec![rollout]));
            assert_eq!((found.len(), undetermined.len()), (0, 1));
        }
    }
}
