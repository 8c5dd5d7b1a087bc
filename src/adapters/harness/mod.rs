//! Harness: deployment stages of pipelines that canary, roll or swap step by step.

mod failure;
mod flow;
mod kinds;
mod share;
mod stage;
#[cfg(test)]
mod tests;
mod walk;

use super::nodes::{items, present, text};
use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::Fact;
use crate::syntax::Node;

declare_adapter! {
    /// ## What is read
    ///
    /// Files with a top-level `pipeline:` that has a `projectIdentifier`, usually in `.harness/`. Each stage of
    /// `type: Deployment` whose steps move people to a new version is a rollout, named `<pipeline>/<stage>`. The file is
    /// the plan.
    ///
    /// ## Mapping
    ///
    /// | step | model | when absent |
    /// |---|---|---|
    /// | `K8sCanaryDeploy`, `HelmCanaryDeploy`, `EcsCanaryDeploy`, `AsgCanaryDeploy`: `instanceSelection` | exposure by pods | a `Count`: unknown |
    /// | its `trafficRouting`, `K8sTrafficRouting`: `destinations[].destination.weight` | exposure | by pods |
    /// | `CloudFunctionTrafficShift`: `trafficPercent`; `AsgShiftTraffic`: `weight`; `EcsBlueGreenTrafficShift`, `ElastigroupBlueGreenTrafficShift`: `weightPercentage`; `GoogleCloudRunTrafficShift`: `trafficValue` of `LATEST` | exposure | unknown |
    /// | `…BlueGreenDeploy` and its kin, then the swap | nobody, then everybody | – |
    /// | `…RollingDeploy`, `HelmDeploy` | everybody, rolling | – |
    /// | `AwsLambdaDeploy`, `DeployCloudFunction`, `GoogleCloudRunDeploy` without `skipTrafficShift` | everybody | – |
    /// | `Wait`: `duration` | hold | – |
    /// | `HarnessApproval`, `JiraApproval`, `ServiceNowApproval`, `CustomApproval` | an approval; the stage waits for it | – |
    /// | `Verify`: `duration`; `sensitivity` | hold, analysis; a statistical criterion | – |
    /// | `Verify` of type `SimpleVerification` | a criterion whose number is on the server | – |
    /// | `failureStrategies` of the step, its groups and the stage for `Verification` | what a criterion does, whether it goes back by itself | it stops |
    /// | `environmentRef`, `serviceRef` | label `environment`; service | – |
    ///
    /// Steps in a `stepGroup` run one after the other, the branches of a `parallel` at the same time. A `matrix` of one
    /// list or a `repeat` over one runs once for each value where `maxConcurrency` is 1.
    ///
    /// ## What bites
    ///
    /// - A canary that is deleted by the step after it was held for no time. A wait after the deletion holds nothing.
    /// - `timeout` of a step is no hold.
    /// - `Ignore` for `Verification` makes a gate that never stops.
    /// - `StageRollback` runs the `rollbackSteps`. Where there are none, nothing goes back.
    /// - `<+…>` is known to a run only. A `when` with a condition leaves it unknown whether its step runs.
    /// - Instances of a canary whose routes are set by a later step: what they get before that is unknown.
    /// - A percentage of instances is rounded up to whole ones; how many there are is not in the file.
    ///
    /// Sources: harness-community/harnesscd-example-apps: `guestbook/harnesscd-pipeline/`,
    /// `kubernetes-steps/traffic-routing-step/`, `google_cloud_function/2nd_gen/`, `aws-blue-green-traffic-shift/`;
    /// harness-community/cd-tidbits-cv-prometheus: `.harness/pipeline.yaml`. Other types of steps and which failure
    /// strategy comes first are general knowledge of the product's documentation.
    ///
    /// ## What it cannot see
    ///
    /// Templates, monitored services and freeze windows: they are on the server or in files of their own. Phases of SSH
    /// and `WinRM` deployments, whose hosts only a run knows. Steps that expose by a script or by a plain apply.
    pub Harness {
        id: "harness",
        title: "Harness",
        summary: "deployment stages of CD pipelines",
        kinds: [("harness", "Pipeline")],
        words: ["projectIdentifier"],
    }
}

/// The group of documents known by their form.
const FORM: &str = "harness";

impl Adapter for Harness {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, _path: &str) -> Option<Object<'d>> {
        let pipeline = root.get("pipeline")?;
        let name = present(pipeline, "identifier").or_else(|| present(pipeline, "name"));
        let is_ours = pipeline.key("projectIdentifier").is_some() && deployments(pipeline).next().is_some();
        is_ours.then(|| Object::document(pipeline, FORM, "Pipeline", name))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        for stage in deployments(object.node) {
            stage::lower(object, stage, cx);
        }
    }
}

/// The stages that deploy, those that run at the same time included.
fn deployments(pipeline: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let stages = items(pipeline, "stages").flat_map(|entry| {
        let beside = items(entry, "parallel").filter_map(|branch| branch.get("stage"));
        entry.get("stage").into_iter().chain(beside)
    });
    stages.filter(|stage| text(*stage, "type") == "Deployment" || template_type(*stage) == "Deployment")
}

/// The type that the inputs of a template tell, "" where they tell none.
fn template_type(node: Node<'_>) -> &str {
    node.path(&["template", "templateInputs", "type"]).and_then(Node::text).unwrap_or_default()
}

/// Is it an expression, whose value only a run knows?
fn is_expression(text: &str) -> bool {
    text.contains("<+") || super::is_template(text)
}

/// As [`Lowering::take`], for files that hold expressions of Harness.
fn take<T>(
    node: Node<'_>,
    (name, wanted): (&str, &str),
    cx: &mut Lowering<'_>,
    take: impl FnOnce(&str) -> Option<T>,
) -> Fact<T> {
    match node.text().filter(|t| is_expression(t)) {
        Some(expr) => {
            cx.unknown(node, "template");
            Fact::Dynamic { expr: expr.into(), span: node.span() }
        }
        None => cx.take(node, name, wanted, |n| take(n.text()?.trim())),
    }
}
