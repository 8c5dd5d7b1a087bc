//! Google Cloud Deploy: delivery pipelines, with the automations and targets that belong to them.

mod automation;
mod phases;
mod skaffold;
mod target;
#[cfg(test)]
mod tests;

use phases::Phases;

use super::infra::{Field, Template};
use super::{Adapter, Lowering, Object, World};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{Fact, Progression, Stage, SubjectKind};
use crate::text::Span;

declare_adapter! {
    /// ## What is read
    ///
    /// `DeliveryPipeline`, `Automation` and `Target` of `deploy.cloud.google.com`, the pipeline of Config Connector, and
    /// `google_clouddeploy_{delivery_pipeline,automation,target}` of Terraform and its plans. Of a pipeline the last stage
    /// is a rollout, to production; an earlier one is a rollout where it has a canary, and its environment is its target.
    /// An earlier one without is a rehearsal before production, and nothing is said about it.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `strategy` | strategy | everybody at once |
    /// | `canaryDeployment.percentages[]` | shares of the phases `canary-<n>`, then `stable` | – |
    /// | `customCanaryDeployment.phaseConfigs[].percentage` | shares of the phases | – |
    /// | `advanceRolloutRule.wait` of an automation for that phase and target | hold | somebody advances it by hand |
    /// | `verify: true` | opaque criterion and gate of the phase | no criteria |
    /// | `--max-…=<number>`, `--min-…=<number>` among the arguments of Skaffold's `verify` | criteria | `verify` is opaque |
    /// | `analysis` | opaque criterion; its `duration` holds | – |
    /// | `repairRolloutRule` with a `rollback` | automatic rollback | people act; a failed job only stops the rollout |
    /// | `requireApproval` of the target | an approval before anybody is exposed | – |
    ///
    /// ## What bites
    ///
    /// - Holds are not in the pipeline. Without an automation a phase waits for a person, longer than any minimum; with one
    ///   and no `wait` it is left at once. What a `description` says counts for nothing.
    /// - What is suspended is not there.
    /// - The verify of the last phase runs when everybody has the new version already.
    /// - On Cloud Run, `canaryDeployment` needs `automaticTrafficControl: true`.
    ///
    /// Sources: GoogleCloudPlatform/cloud-deploy-samples: `colors-e2e/clouddeploy.yaml.template`;
    /// hashicorp/terraform-provider-google: `website/docs/r/clouddeploy_delivery_pipeline.html.markdown`,
    /// `clouddeploy_automation.html.markdown`; GoogleCloudPlatform/k8s-config-connector: its fixtures.
    ///
    /// ## What it cannot see
    ///
    /// Deploy policies: their windows forbid, and are not read. What a verify container checks beyond
    /// its arguments, and anything of it where `skaffold.yaml` is not in the checked set. The first release to a target goes to `stable` at once. How many pods a share comes to, and what the
    /// profiles of a custom canary really split. Automations that are kept elsewhere.
    pub GcpCloudDeploy {
        id: "gcp-cloud-deploy",
        title: "Google Cloud Deploy",
        summary: "delivery pipelines with their automations and targets, of gcloud, Config Connector and Terraform",
        kinds: [
            ("deploy.cloud.google.com", "DeliveryPipeline"),
            ("deploy.cloud.google.com", "Automation"),
            ("deploy.cloud.google.com", "Target"),
            ("skaffold", "Config"),
            ("clouddeploy.cnrm.cloud.google.com", "CloudDeployDeliveryPipeline"),
            ("terraform", "google_clouddeploy_delivery_pipeline"),
            ("terraform", "google_clouddeploy_automation"),
            ("terraform", "google_clouddeploy_target"),
        ],
    }
}

/// The group of what is defined for pipelines, in whatever language it is written.
const GROUP: &str = "deploy.cloud.google.com";

impl Adapter for GcpCloudDeploy {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        if object.group == "skaffold" {
            return skaffold::define(object, cx);
        }
        if let Some(body) = object.body() {
            return read(object, &body, cx);
        }
        let root = if object.group == GROUP { Some(object.node) } else { object.spec() };
        if let Some(root) = root {
            let document = Template::document(root);
            read(object, &document.body(), cx);
        }
    }
}

fn read(object: &Object<'_>, body: &Field<'_>, cx: &mut Lowering<'_>) {
    match object.kind {
        "Automation" | "google_clouddeploy_automation" => automation::define(object, body, cx),
        "Target" | "google_clouddeploy_target" => target::define(object, body, cx),
        _ => pipeline(object, body, cx),
    }
}

/// The name that others call it by.
fn own_name(object: &Object<'_>, body: &Field<'_>) -> Box<str> {
    let written = object.in_template().and_then(|_| body.get("Name")).and_then(|name| name_of(&name));
    written.unwrap_or_else(|| object.name().into())
}

/// The name that a value comes to: as written, or that of the resource it refers to. An expression stands for itself: two
/// that are written alike mean the same.
fn name_of(field: &Field<'_>) -> Option<Box<str>> {
    let referred = || {
        let resource = field.resource()?;
        let name = resource.body()?.get("Name")?;
        Some(name.text().or_else(|| name.as_written())?.into())
    };
    field.text().map(Into::into).or_else(referred).or_else(|| field.as_written().map(Into::into))
}

/// The value under `name`; a block that a plan lists none of is not there.
fn block<'d>(parent: &Field<'d>, name: &str) -> Option<Field<'d>> {
    parent.get(name).filter(|f| f.unknown().is_some() || !f.node.is_seq() || f.node.items().next().is_some())
}

fn pipeline(object: &Object<'_>, body: &Field<'_>, cx: &mut Lowering<'_>) {
    if body.get("Suspended").and_then(|s| s.boolean()) == Some(true) {
        return;
    }
    let Some(serial) = block(body, "SerialPipeline") else { return };
    let stages = block(&serial, "Stages").map(|s| s.items()).unwrap_or_default();
    let name = own_name(object, body);
    if stages.is_empty() && block(&serial, "dynamic").is_some() {
        cx.unknown(serial.node, "expression");
        let mut rollout = cx.blank(object, SubjectKind::Workload);
        let exposure = Fact::Dynamic { expr: "dynamic".into(), span: serial.anchor() };
        rollout.progression = Progression::Declared(vec![Stage::new(exposure, serial.anchor())]);
        rollout.environment.get_or_insert("production".into());
        return cx.rollout(rollout);
    }
    for (at, stage) in stages.iter().enumerate() {
        let is_last = at + 1 == stages.len();
        let strategy = block(stage, "Strategy");
        if is_last || strategy.is_some_and(|s| block(&s, "Canary").is_some()) {
            let target = stage.any(&["TargetId", "targetID"]);
            let known = target.and_then(|t| Some((name_of(&t)?, t.span())));
            let (target, span) = known.unwrap_or_else(|| ("".into(), object.name_span()));
            let place = Place { pipeline: name.clone(), target, span, is_last };
            deploy(object, place, strategy.as_ref(), cx);
        }
    }
}

/// One stage of a pipeline.
struct Place {
    pipeline: Box<str>,
    target: Box<str>,
    span: Span,
    is_last: bool,
}

fn deploy(object: &Object<'_>, place: Place, strategy: Option<&Field<'_>>, cx: &mut Lowering<'_>) {
    let mut rollout = cx.blank(object, SubjectKind::Workload);
    rollout.id.name = format!("{}/{}", object.name(), place.target).into();
    if rollout.declared.service.is_none() {
        rollout.service.clone_from(&place.pipeline);
    }
    let environment = if place.is_last { "production".into() } else { place.target.clone() };
    rollout.environment.get_or_insert(environment);
    rollout.name_span = place.span;
    Phases::read(strategy, place.span, cx).give(&mut rollout, strategy.map_or(place.span, Field::anchor));
    cx.rollout_after(rollout, move |rollout, world| {
        automation::apply(rollout, &place.pipeline, &place.target, world);
        skaffold::apply(rollout, world);
        target::approve(rollout, &place.target, world);
    });
}
