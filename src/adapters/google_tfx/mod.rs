//! TFX: evaluation configs, alone and inside of compiled pipelines.

mod config;
mod pipeline;
#[cfg(test)]
mod tests;

use super::nodes::present;
use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{CriteriaDocument, Criterion, Evaluated};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

declare_adapter! {
    /// ## What is read
    ///
    /// An `EvalConfig` in JSON or YAML (`metrics_specs` beside `model_specs` or `slicing_specs`, or with metrics that have
    /// a `class_name`; also `metricsSpecs` and so on), and pipeline jobs of Kubeflow and Vertex whose tasks have a
    /// parameter `eval_config`: JSON inside of a string. Neither rolls anything out. Each is a document of criteria, which
    /// `inspect` shows.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `value_threshold.lower_bound`, `upper_bound` | criterion: below it, above it | no bound on that side |
    /// | `change_threshold.absolute` with `direction` | criterion: drop or rise by more than it | – |
    /// | `change_threshold.relative` with `direction` | the same in percent of the baseline | – |
    /// | `threshold`, `per_slice_thresholds`, `cross_slice_thresholds` of a metric; `thresholds` and its like by name | all are read | – |
    /// | a Pusher that waits for the blessing | the criteria are evaluated | these files do not tell |
    ///
    /// ## What bites
    ///
    /// - A change threshold without a `direction` fails every model.
    /// - With `HIGHER_IS_BETTER` a negative number is a drop that is allowed, a positive one a gain that is asked for: the
    ///   bound on the drop is then negative.
    /// - On a first run there is no baseline, and change thresholds are left out: a config with nothing else gates nothing
    ///   then.
    /// - Metrics without a threshold are measured, and gate nothing. An Evaluator that has none at all blesses no model.
    /// - A Pusher without a `triggerPolicy` pushes the model that its Evaluator refused.
    /// - A push is everything at once for servers that watch its directory.
    ///
    /// Sources: tensorflow/model-analysis: `tensorflow_model_analysis/proto/config.proto`,
    /// `tensorflow_model_analysis/evaluators/metrics_validator.py`; tensorflow/tfx: `tfx/components/evaluator/executor.py`,
    /// `tfx/orchestration/kubeflow/v2/testdata/`.
    ///
    /// ## What it cannot see
    ///
    /// Pipelines in Python, and what is compiled to text protobuf (`.pbtxt`). Configs that a run is given. Whether the
    /// direction is the right one for its metric. The validator of infrastructure (`InfraValidator`). A Pusher in a
    /// pipeline that has no Evaluator, or in another part of the pipeline than it.
    pub GoogleTfx {
        id: "google-tfx",
        title: "TFX",
        summary: "evaluation configs, and pipeline jobs that hold one",
        kinds: [("google-tfx", "EvalConfig"), ("google-tfx", "PipelineJob")],
        words: ["metrics_specs", "metricsSpecs", "tfx.components.evaluator"],
    }
}

/// The group of documents known by their form.
const FORM: &str = "google-tfx";

impl Adapter for GoogleTfx {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, _path: &str) -> Option<Object<'d>> {
        if config::is_config(root) {
            return Some(Object::document(root, FORM, "EvalConfig", None));
        }
        let spec = present(root, "pipelineSpec").unwrap_or(root);
        let name = spec.path(&["pipelineInfo", "name"]);
        pipeline::is_pipeline(spec).then(|| Object::document(spec, FORM, "PipelineJob", name))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        if object.kind == "PipelineJob" {
            pipeline::lower(object, cx);
            return;
        }
        let asked = config::asked(object.node, None, &Evaluated::Unknown);
        asked.tell(cx);
        hand_in(object, ("", object.name_span()), asked.criteria, cx);
    }
}

/// A sentence about a place, and what to do.
struct Fault {
    span: Span,
    message: String,
    help: String,
}

/// Hands in the criteria of one Evaluator.
fn hand_in(object: &Object<'_>, name: (&str, Span), criteria: Vec<Criterion>, cx: &mut Lowering<'_>) {
    cx.criteria(|| CriteriaDocument {
        system: GoogleTfx::META.id,
        kind: object.kind.into(),
        name: Spanned::new(name.0.into(), name.1),
        criteria,
        span: object.node.span(),
    });
}
