//! OpenKruise Rollouts: steps of pods and traffic, with no metrics.

mod release;
mod steps;
#[cfg(test)]
mod tests;

use super::{Adapter, Lowering, Object, Workload, backing, pod_template};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;

declare_adapter! {
    /// ## What is read
    ///
    /// `Rollout` of `rollouts.kruise.io`, versions v1beta1 and v1alpha1. `CloneSet`, `StatefulSet` and `DaemonSet` of
    /// `apps.kruise.io` are read for what a Rollout takes from them (images and replicas) and are not judged. A
    /// `BatchRelease` is written by the controller and is not read.
    ///
    /// ## Mapping
    ///
    /// | manifest | model | when absent |
    /// |---|---|---|
    /// | `spec.workloadRef` (v1alpha1: `spec.objectRef.workloadRef`) | the workload it owns; its images are the payload | required |
    /// | `spec.strategy.canary`, `spec.strategy.blueGreen` | strategy | everybody at once |
    /// | `steps[].traffic` (v1alpha1: `weight`) with `trafficRoutings` | share of requests | the share of pods |
    /// | `steps[].replicas` | share of pods: a percentage rounded up to whole pods, or a number of the workload's replicas | required (v1alpha1: `weight` percent) |
    /// | `steps[].matches` | a segment of unknown size | – |
    /// | `steps[].pause.duration` | hold in seconds | waits for a person |
    /// | after the last step | a stage of 100%, implied | – |
    /// | `trafficRoutings[0]` | the Ingress, HTTPRoute or other router it owns | – |
    /// | `spec.disabled: true`, `spec.strategy.paused: true` | bypass | false |
    ///
    /// ## What bites
    ///
    /// - A step without a `pause` and one with `pause: {}` are the same: both wait for a person.
    /// - `pause.duration` is a whole number of seconds; `10m` is refused.
    /// - `traffic` is text with a percent sign. `0%` is refused in a canary and allowed in a blue-green release.
    /// - `matches` win over `traffic` where both are written, and neither does anything without `trafficRoutings`.
    /// - `replicas: 1` is one pod; `replicas: 1%` is rounded up to at least one.
    /// - A canary's last step with `replicas: "100%"` is not paused: the release finishes at once.
    /// - Where no extra workload is made (partition style), a step with traffic holds at most 50% of the pods.
    /// - With `disabled: true` the steps do nothing: the workload is updated as if there were no Rollout.
    /// - Nothing here looks at a metric, so no rollback criterion can be written in this kind. `failureThreshold`
    ///   counts broken pods.
    ///
    /// Sources: openkruise/rollouts: `api/v1beta1/rollout_types.go`, `api/v1alpha1/conversion.go`,
    /// `pkg/webhook/rollout/validating/`, `pkg/controller/rollout/rollout_canary.go`,
    /// `pkg/controller/rollout/rollout_bluegreen.go`.
    ///
    /// ## What it cannot see
    ///
    /// The share of pods where the workload is not in the checked set, or where an autoscaler sets its replicas. What a
    /// `TrafficRouting` object named by the Rollout routes.
    pub OpenKruise {
        id: "openkruise",
        title: "OpenKruise",
        summary: "Rollout, with CloneSet, StatefulSet and DaemonSet as what it ships",
        kinds: [
            ("rollouts.kruise.io", "Rollout"),
            ("apps.kruise.io", "CloneSet"),
            ("apps.kruise.io", "StatefulSet"),
            ("apps.kruise.io", "DaemonSet"),
        ],
    }
}

impl Adapter for OpenKruise {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        match object.kind {
            "Rollout" => release::lower(object, cx),
            _ => workload(object, cx),
        }
    }
}

/// A workload that a Rollout of this or another kind may name.
fn workload(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(spec) = object.spec() else { return };
    let Some(template) = spec.get("template") else { return };
    let replicas = cx.read_u64(spec, "replicas");
    cx.forget();
    let payload = pod_template(template);
    backing::define(object, Some(template), &payload, cx);
    cx.define(object.id(), Workload { payload, replicas });
}
