//! Flagger: canaries, A/B tests and blue-green rollouts, and the metric templates they refer to.

mod analysis;
mod checks;
mod metrics;
mod owns;
mod plan;
mod webhooks;

use self::analysis::Analysis;
use self::metrics::Template;
use super::nodes::{present, text};
use super::{Adapter, Lowering, Object, Workload, World};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{Criterion, Fact, Method, ObjectRef, Rollout, SubjectKind};
use crate::syntax::Node;
use crate::text::Spanned;

declare_adapter! {
    /// ## What is read
    ///
    /// `flagger.app` `Canary` of `v1beta1` and older, and `MetricTemplate`. An `AlertProvider` only tells people; it is
    /// skipped.
    ///
    /// ## Mapping
    ///
    /// | manifest | model | when absent |
    /// |---|---|---|
    /// | `spec.analysis` (old: `spec.canaryAnalysis`) | the plan | no analysis at all: everybody at once |
    /// | `spec.skipAnalysis: true` | everybody at once; criteria are not evaluated | false |
    /// | `analysis.stepWeight`, `maxWeight` | stages of step, 2 step, … until the weight *reaches* `maxWeight`; then 100 % | 0; 100 |
    /// | `analysis.stepWeights` | stages as listed; then 100 % | – |
    /// | `analysis.iterations` | blue-green: 0 % for `iterations * interval`, then 100 % | 0 |
    /// | `analysis.iterations` with `match` | A/B test: a segment for `iterations * interval`, then 100 % | – |
    /// | `analysis.interval` | hold of every stage | 60 s; never less than 10 s |
    /// | `analysis.threshold` | failed checks tolerated: one less than written | 1 |
    /// | `analysis.mirror`, `mirrorWeight` | shadow; with weights a first stage of 0 % | off; 100 % |
    /// | `metrics[].thresholdRange.{min,max}` | criteria below `min`, above `max` | – |
    /// | `metrics[].threshold` | below it for `request-success-rate`, above it for all others | no number: a criterion without one |
    /// | `metrics[].interval` | window | 1m for built-in metrics and queries |
    /// | `metrics[].templateRef` | what the metric is, by the template's query | – |
    /// | `webhooks[]` of type `rollout` | opaque criterion | type `rollout` |
    /// | `webhooks[]` of type `pre-rollout` | opaque criterion before anybody is exposed, and a test | – |
    /// | `webhooks[]` of types `confirm-*` | approval that its stage waits for | – |
    /// | `webhooks[]` of types `rollback`, `post-rollout`, `event` | nothing | – |
    /// | `spec.progressDeadlineSeconds` | opaque criterion where it is written | 600 |
    /// | `spec.suspend: true` | bypass | false |
    /// | `spec.targetRef` | payload, and an object it owns | – |
    ///
    /// Units: percent for `request-success-rate`, milliseconds for `request-duration`; what a query returns is unknown.
    ///
    /// ## What bites
    ///
    /// - The strategy is chosen in the controller's order: no analysis, A/B, blue-green, weights.
    /// - `stepWeight: 30` with `maxWeight: 50` really serves 30 % and then 60 %.
    /// - `provider: kubernetes` can't split traffic: it runs 10 checks (or `iterations`) and promotes. Weights, matches
    ///   and mirrors are ignored there.
    /// - The schema is stricter than the controller: `interval`, `threshold` and exactly one of `iterations`,
    ///   `stepWeight`, `stepWeights`; intervals start with digits and `m` or `s`. What breaks it is `manifest-invalid`,
    ///   and is lowered as the controller would run it.
    /// - Nobody looks at metrics while the primary is replaced. A blue-green switch of a mesh is watched for about one
    ///   interval, with the old version ready; without a mesh the old version is gone with the switch.
    /// - Failed checks count over the whole run, not in a row.
    /// - Only Istio mirrors at any time and honours `mirrorWeight`; the Gateway API mirrors everything, and only in
    ///   blue-green.
    /// - A mirror compares nothing by itself. A template whose query measures a difference does.
    ///
    /// Sources: fluxcd/flagger: `pkg/apis/flagger/v1beta1/canary.go`, `pkg/apis/flagger/v1beta1/metric.go`,
    /// `pkg/controller/scheduler.go`, `pkg/controller/scheduler_metrics.go`, `pkg/controller/scheduler_hooks.go`,
    /// `pkg/canary/status.go`, `pkg/router/istio.go`, `pkg/router/gateway_api.go`, `artifacts/flagger/crd.yaml`,
    /// `docs/gitbook/usage/deployment-strategies.md`, `docs/gitbook/usage/metrics.md`, `docs/gitbook/usage/webhooks.md`.
    ///
    /// ## What it cannot see
    ///
    /// Which router the controller uses where `spec.provider` is absent. What a webhook checks. How long a stage lasts
    /// when checks fail: `interval` is the least.
    pub Flagger {
        id: "flagger",
        title: "Flagger",
        summary: "Canary and MetricTemplate of flagger.app",
        kinds: [("flagger.app", "Canary"), ("flagger.app", "MetricTemplate")],
    }
}

impl Adapter for Flagger {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let Some(spec) = object.spec() else { return };
        match object.kind {
            "MetricTemplate" => cx.define(object.id(), Template { query: text(spec, "query").into() }),
            _ => canary(object, spec, cx),
        }
    }
}

fn canary(object: &Object<'_>, spec: Node<'_>, cx: &mut Lowering<'_>) {
    let mut rollout = cx.blank(object, SubjectKind::Workload);
    rollout.partial = present(spec, "targetRef").is_none();
    rollout.rollback.method = Some(Method::TrafficFlip);
    rollout.owns = owns::generated(object, spec);
    let target = owns::target(object, spec);
    rollout.owns.extend(target.clone());
    let analysis = Analysis::of(object, spec, rollout.partial, cx);
    let near = analysis.anchor(object);
    rollout.rollback.anchor = near;
    rollout.rollback.automatic = Fact::Defaulted { value: true, by: "flagger: goes back by itself", near };
    suspended(spec, &mut rollout, cx);
    plan::read(object, &analysis, &mut rollout, cx);
    let metrics = metrics::read(object, &analysis, &mut rollout, cx);
    webhooks::read(&analysis, &mut rollout);
    deadline(spec, &analysis, &mut rollout, cx);
    cx.rollout_after(rollout, move |rollout, world| {
        carry(target.as_ref(), rollout, world);
        metrics.finish(rollout, world);
    });
}

/// A suspended canary runs nothing until it is resumed.
fn suspended(spec: Node<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    if let Fact::Stated(suspend) = cx.read_bool(spec, "suspend")
        && suspend.value
    {
        rollout.bypass = Some(Spanned::new("`suspend: true` stops every run".into(), suspend.span));
    }
}

/// Pods that are not ready in time send the canary back, which says nothing of the quality of its answers.
fn deadline(spec: Node<'_>, analysis: &Analysis<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    let Fact::Stated(seconds) = cx.read_u64(spec, "progressDeadlineSeconds") else { return };
    let text = format!("no progress within {}", crate::model::units::display_seconds(seconds.value));
    let covers = analysis.readiness();
    rollout.rollback.criteria.push(Criterion::opaque("progressDeadlineSeconds", &text, covers, seconds.span));
}

/// Takes the payload from the workload that the canary rolls out.
fn carry(target: Option<&ObjectRef>, rollout: &mut Rollout, world: &World<'_>) {
    if let Some(workload) = target.and_then(|id| world.find::<Workload>(id)) {
        rollout.payload.extend(workload.payload.iter().cloned());
    }
}

#[cfg(test)]
mod tests;
