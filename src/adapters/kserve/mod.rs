//! KServe: InferenceService, InferenceGraph, LLMInferenceService.

mod graph;
mod llm;
mod service;
mod ships;
#[cfg(test)]
mod tests;

use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;

declare_adapter! {
    /// ## What is read
    ///
    /// `InferenceService` (`serving.kserve.io`, and the old group `serving.kubeflow.org` with its v1alpha2 shape),
    /// `InferenceGraph` splitters, and `LLMInferenceService`. Runtimes and trained models are no rollouts.
    ///
    /// ## Mapping
    ///
    /// | manifest | model | when absent |
    /// |---|---|---|
    /// | `spec.{predictor,transformer,explainer}.canaryTrafficPercent` | share of requests of the newest revision of that component | 100 |
    /// | `storageUri`, `storage.path`, images, model ids in arguments, in any component | payload | – |
    /// | `spec.{default,canary}` and `spec.canaryTrafficPercent` of v1alpha2 | share of the canary | 0; without `canary` everything |
    /// | annotation `serving.kserve.io/deploymentMode` | does the percent work at all | as in Knative mode |
    /// | `spec.predictor.deploymentStrategy.type` | strategy, in Standard mode only | `RollingUpdate` |
    /// | InferenceGraph `spec.nodes.<n>.steps[].weight` of a `Splitter` | share of requests | invalid |
    /// | LLMInferenceService `spec.router.route.{group,weight}` | share: weight over the sum of the group, across files | everything |
    /// | LLMInferenceService `spec.router.route.http.spec` | splits and mirrors, as those of an HTTPRoute | – |
    /// | LLMInferenceService `spec.model.uri`, `spec.model.lora.adapters[].uri`, images | payload, with that of its `baseRefs` | – |
    ///
    /// ## What bites
    ///
    /// - Absent is not 0: the newest revision gets everybody as soon as it is ready. 0 pins the earlier revision.
    /// - The percent works in Knative mode only. In Standard (RawDeployment) and ModelMesh mode it is ignored.
    /// - `spec.canaryTrafficPercent`, `spec.canary` and `spec.canaryPredictor` are no fields of v1beta1: they are dropped, and
    ///   everybody gets the new revision.
    /// - A transformer with another percent than its predictor splits independently of it.
    /// - A group of LLM services is spread over files: its member named as the old side (or else with the largest share) is
    ///   the baseline, every other one is a candidate of its own. A member that is stopped weighs nothing.
    /// - A logger keeps payloads and compares nothing; an Ensemble asks all and is no shadow.
    /// - Nothing in these kinds is a rollback criterion.
    ///
    /// Sources: kserve/kserve: `pkg/apis/serving/v1beta1/component.go`,
    /// `pkg/controller/v1beta1/inferenceservice/reconcilers/knative/ksvc_reconciler.go`,
    /// `pkg/apis/serving/v1alpha1/inference_graph_validation.go`, `pkg/apis/serving/v1alpha2/llm_inference_service_types.go`.
    ///
    /// ## What it cannot see
    ///
    /// The mode where only the cluster's ConfigMap sets it, the first deployment (which ignores the percent), and how long
    /// a split stands: the file's history in git tells.
    pub KServe {
        id: "kserve",
        title: "KServe",
        summary: "InferenceService, InferenceGraph, LLMInferenceService",
        kinds: [
            ("serving.kserve.io", "InferenceService"),
            ("serving.kubeflow.org", "InferenceService"),
            ("serving.kserve.io", "InferenceGraph"),
            ("serving.kserve.io", "LLMInferenceService"),
            ("serving.kserve.io", "LLMInferenceServiceConfig"),
        ],
    }
}

impl Adapter for KServe {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        match object.kind {
            "InferenceGraph" => graph::lower(object, cx),
            "LLMInferenceService" => llm::lower(object, cx),
            "LLMInferenceServiceConfig" => llm::define(object, cx),
            _ => service::lower(object, cx),
        }
    }
}
