//! Kayenta: canary configs, and the canary stages of Spinnaker pipelines.

mod config;
mod stage;
#[cfg(test)]
mod tests;

use super::nodes::{items, present, text};
use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::Fact;
use crate::syntax::Node;

declare_adapter! {
    /// ## What is read
    ///
    /// Canary configs in JSON or YAML (`metrics` beside a `classifier` with `groupWeights` or `scoreThresholds`), also
    /// under `canaryConfig` of an ad-hoc request, and pipelines of Spinnaker that hold a stage of type `kayentaCanary`. A
    /// config rolls nothing out: it holds criteria for the stages that name it by its `id` or `name`. A rollout is a
    /// pipeline.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `lifetimeDuration` (ISO 8601), `lifetimeHours`, after `beginCanaryAnalysisAfterMins` | hold | unknown |
    /// | the stage | gate: analysis; blocks nothing with `continuePipeline: true` | – |
    /// | `scoreThresholds.pass` of the stage | criterion: score below it | 75 |
    /// | `effectSize.allowedIncrease`, `allowedDecrease`: a ratio of means | criterion: rise or drop in percent | a statistical test |
    /// | `metrics[]` that are not muted | criteria, monitors | – |
    ///
    /// ## What bites
    ///
    /// - `allowedIncrease: 1.1` lets the mean grow by 10 %; `1` lets no significant growth pass. With `measure: cles` the
    ///   number is no ratio, so it is read as a statistical test.
    /// - A pipeline sends its own thresholds, 75 and 50 where it has none: those of the config do not count in it.
    /// - Groups without a weight share what the others leave of 100. Where they leave nothing, a metric that is not
    ///   `critical` counts for nothing.
    /// - A weight of a group that no metric is in is lost: the score never comes to 100.
    /// - With `continuePipeline: true` nothing acts on the score, unless an expression of the pipeline asks how a stage
    ///   ended.
    /// - A `retrospective` analysis looks at the past and exposes nobody.
    ///
    /// Sources: spinnaker/kayenta: `docs/canary-config.md`,
    /// `kayenta-judge/src/main/scala/com/netflix/kayenta/judge/scorers/WeightedSumScorer.scala`; spinnaker/orca:
    /// `orca-kayenta/src/main/kotlin/com/netflix/spinnaker/orca/kayenta/KayentaCanaryContext.kt`.
    ///
    /// ## What it cannot see
    ///
    /// The share of the canary: it follows from numbers of instances on the server. Configs that are kept on the server
    /// only; most stages name one by such an id. In which order the stages of a pipeline run: theirs in the file is
    /// taken. Manual judgments, and stages that deploy. Static baselines of other judges.
    pub Kayenta {
        id: "kayenta",
        title: "Kayenta and Spinnaker",
        summary: "canary configs, and pipelines with `kayentaCanary` stages",
        kinds: [("kayenta", "CanaryConfig"), ("kayenta", "Pipeline")],
        words: ["groupWeights", "scoreThresholds", "kayentaCanary"],
    }
}

/// The group of documents known by their form.
const FORM: &str = "kayenta";

impl Adapter for Kayenta {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, _path: &str) -> Option<Object<'d>> {
        let inner = |key: &str| [Some(root), root.get(key)].into_iter().flatten();
        if let Some(config) = inner("canaryConfig").find(|n| is_config(*n)) {
            return Some(Object::document(config, FORM, "CanaryConfig", present(config, "name")));
        }
        let pipeline = inner("pipeline").find(|n| stage::canaries(*n).next().is_some())?;
        Some(Object::document(pipeline, FORM, "Pipeline", present(pipeline, "name")))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        if object.kind == "CanaryConfig" { config::lower(object, cx) } else { stage::lower(object, cx) }
    }
}

fn is_config(node: Node<'_>) -> bool {
    let classified = |key: &str| node.path(&["classifier", key]).is_some();
    node.get("metrics").is_some_and(Node::is_seq) && (classified("groupWeights") || classified("scoreThresholds"))
}

/// A number of at least 0, in quotes or not, as the forms of Spinnaker write them.
fn number(parent: Node<'_>, key: &str, wanted: &str, most: f64, cx: &mut Lowering<'_>) -> Fact<f64> {
    let take = |n: Node<'_>| n.text()?.trim().parse::<f64>().ok().filter(|v| (0.0..=most).contains(v));
    cx.read(parent, key, wanted, take)
}

/// A score of `scoreThresholds`.
fn score(parent: Node<'_>, key: &str, cx: &mut Lowering<'_>) -> Fact<f64> {
    match present(parent, "scoreThresholds") {
        Some(thresholds) => number(thresholds, key, "a score from 0 to 100", 100.0, cx),
        None => Fact::Absent { near: parent.anchor() },
    }
}

/// The two scores of `scoreThresholds`, and what is wrong between them: message and help.
fn swapped(pass: &Fact<f64>, marginal: &Fact<f64>) -> Option<(String, &'static str)> {
    let (pass, marginal) = (pass.known()?, marginal.written()?);
    let message = format!("`marginal` is {marginal} and `pass` is {pass}: nothing is marginal above what passes");
    (marginal > pass).then_some((message, "write a `marginal` that is at most `pass`"))
}
