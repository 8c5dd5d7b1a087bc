//! Argo Rollouts: canaries, blue-green rollouts, analysis templates and experiments.

mod add;
mod blue_green;
mod canary;
mod checks;
mod criteria;
mod experiment;
mod expr;
mod owns;
mod parser;
mod plan;
mod pods;
mod rollout;
mod run;
mod template;
#[cfg(test)]
mod tests;
mod tokens;

use self::run::{Arguments, Run};
use super::{Adapter, Addition, Lowering, Object, duration};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::finding::Wish;
use crate::model::{CriteriaDocument, Evaluated};
use crate::text::{Span, Spanned};

declare_adapter! {
    /// ## What is read
    ///
    /// `argoproj.io` `Rollout`, `AnalysisTemplate`, `ClusterAnalysisTemplate` and `Experiment`. An `AnalysisRun` is what
    /// the controller makes of a template; it is skipped. Other kinds of the group (`Application`, `Workflow`) are not
    /// claimed. `Rollout` of `rollouts.kruise.io` is another system.
    ///
    /// ## Mapping
    ///
    /// | manifest | model | default |
    /// |---|---|---|
    /// | `strategy.canary.steps[].setWeight` | opens a stage; share of `maxTrafficWeight` with a router, of whole pods without | 0 before the first, 100 after the last |
    /// | `steps[].pause.duration` | hold: seconds, or a Go duration; `0` falls through | absent: waits for a person |
    /// | `steps[].analysis` | gate that the stage waits for; its criteria cover that stage; hold = `initialDelay + interval * (count - 1)` | `interval` without `count`: without an end |
    /// | `steps[].experiment` | gate; hold = `duration`; `weight` of its canary pods adds exposure | absent: without an end |
    /// | `steps[].setHeaderRoute` | a stage for a segment while the weight is 0 | |
    /// | `steps[].setMirrorRoute` | shadow until removed | 100 % |
    /// | `steps[].plugin` | gate and opaque criterion | |
    /// | `canary.analysis` | criteria from the stage of `startingStep` to the last step | step 0 |
    /// | `canary` without `steps` | one stage of 100 % | |
    /// | `blueGreen` | a stage of 0 % (hold `autoPromotionSeconds`, gate `prePromotionAnalysis`), then 100 % (gate `postPromotionAnalysis`) | promotes by itself at once |
    /// | `scaleDownDelaySeconds` | way back | 30 with a router and for blue-green; none without a router |
    /// | `dynamicStableScale: true` | way back of 0 seconds | false |
    /// | `revisionHistoryLimit` | revisions | 10 |
    /// | `progressDeadlineAbort: true` | opaque criterion | false |
    /// | `template`, or the workload of `workloadRef` | payload | |
    /// | `trafficRouting.*`, `workloadRef` | objects it owns | |
    /// | metric `successCondition`, `failureCondition` | one criterion a comparison; a success condition turned round | neither: a monitor, not a criterion |
    /// | metric `failureLimit`, `interval` | tolerated failures, window | 0, one measurement |
    /// | `provider.kayenta.threshold` | scores: below `marginal` rolls back, below `pass` pauses | |
    /// | `provider.job`, `provider.plugin` | opaque criterion | |
    /// | `dryRun[].metricName` | criterion that is not evaluated, by regular expression | |
    ///
    /// ## What bites
    ///
    /// - Without a router the controller serves whole pods: `replicas: 5` and `setWeight: 1` is one pod of six. The
    ///   share that is served is judged, and `weight-unreachable` names it where it is far from what is written. Without
    ///   `replicas` (an autoscaler may set them) it is unknown.
    /// - `pause: {}` waits for a person, `pause: {duration: 0}` does not, `pause:` is no step. Days are no unit.
    /// - A run fails when *more* measurements fail than `failureLimit`: a `count` that is not larger can never fail.
    /// - The first measurement is taken at once, or after `initialDelay`; each further one after an `interval`. A run
    ///   beside the steps ends as a success with the last step, so one that needs longer can't fail in time.
    /// - With both conditions, a measurement that meets neither is inconclusive: it pauses and rolls nothing back.
    /// - A template is looked up by kind: a name without `clusterScope: true` never means a cluster template.
    /// - Arguments: the rollout's `args`, then the template's own values; a name that no template declares is dropped.
    /// - A patch (no `template`, `workloadRef` or `selector`) is judged by what it says; nothing is missing from it. If the
    ///   rollout it patches is in the checked set and has a router, its weights are served as written.
    ///
    /// ## What it cannot see
    ///
    /// That a first deploy skips steps and analysis; that going back within `rollbackWindow` skips them too; how many
    /// pods an autoscaler runs; how long a Job or a plugin takes; what a query returns. An `Experiment` of its own is
    /// taken to get no requests, though a Service may select its pods.
    ///
    /// Sources: argoproj/argo-rollouts: `pkg/apis/rollouts/v1alpha1/types.go`,
    /// `pkg/apis/rollouts/v1alpha1/analysis_types.go`, `utils/defaults/defaults.go`,
    /// `pkg/apis/rollouts/validation/validation.go`, `utils/replicaset/canary.go`, `analysis/analysis.go`,
    /// `utils/analysis/helpers.go`, `utils/analysis/factory.go`.
    pub ArgoRollouts {
        id: "argo-rollouts",
        title: "Argo Rollouts",
        summary: "Rollout, AnalysisTemplate, ClusterAnalysisTemplate and Experiment of argoproj.io",
        kinds: [
            ("argoproj.io", "AnalysisTemplate"),
            ("argoproj.io", "ClusterAnalysisTemplate"),
            ("argoproj.io", "Experiment"),
            ("argoproj.io", "Rollout"),
        ],
    }
}

impl Adapter for ArgoRollouts {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        match object.kind {
            "Rollout" => rollout::lower(object, cx),
            "Experiment" => experiment::lower(object, cx),
            _ => lower_template(object, cx),
        }
    }

    fn add<'d>(&self, object: &Object<'d>, wish: &Wish, at: Span) -> Option<Addition<'d>> {
        add::add(object, wish, at)
    }
}

/// A template is a definition for rollouts, and a document of criteria by itself.
fn lower_template(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let template = template::read(object, cx);
    cx.criteria(|| CriteriaDocument {
        system: ArgoRollouts::META.id,
        kind: object.kind.into(),
        name: Spanned::new(object.name().into(), object.name_span()),
        criteria: own_criteria(&template),
        span: object.node.span(),
    });
    let mut id = object.id();
    if object.kind == "ClusterAnalysisTemplate" {
        id.namespace = None;
    }
    cx.define(id, template);
}

/// The criteria of a template by itself, with nobody supplying arguments.
fn own_criteria(template: &template::Template) -> Vec<crate::model::Criterion> {
    let run = Run::of_template(template, &Arguments::own(template));
    let unattached = |judged: criteria::Judged| {
        let mut criterion = judged.criterion;
        if criterion.evaluated == Evaluated::Yes {
            // Who refers to it is another document's affair.
            criterion.evaluated = Evaluated::Unknown;
        }
        criterion
    };
    run.judged.into_iter().map(unattached).collect()
}
