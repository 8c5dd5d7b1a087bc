//! Google Cloud Deploy: delivery pipelines, with the automations and targets that belong to them.

mod automation;
mod names;
mod phases;
mod skaffold;
mod target;
#[cfg(test)]
mod tests;

use names::Name;
use phases::Phases;
use skaffold::Profiles;

use super::infra::{Field, Template};
use super::{Adapter, Lowering, Object, World};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{Fact, ObjectRef, Progression, Stage, SubjectKind};
use crate::text::Span;

declare_adapter! {
    /// ## What is read
    ///
    /// `DeliveryPipeline`, `Automation` and `Target` of `deploy.cloud.google.com`, the same of Config Connector, and
    /// `google_clouddeploy_{delivery_pipeline,automation,target}` of Terraform and its plans. Of a pipeline the last stage
    /// is a rollout, to production; so is an earlier one whose target has `prod`, `production`, `prd` or `live` as a word
    /// of its name, and none such as `pre`, `non` or `canary`. Another one is a rollout where it has a canary, and its
    /// environment is its target. One without is a rehearsal before production, and nothing is said about it.
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
    /// - A target may be called by a reference: files of Terraform in one folder are one module.
    /// - Which `skaffold.yaml` a release takes is said on a command line. The nearest one is taken that has a `verify`, under
    ///   the profiles of stage and phase; where several lie equally near and differ, or a nearer one has none, the numbers
    ///   are unknown.
    /// - The verify of the last phase runs when everybody has the new version already.
    /// - On Cloud Run, `canaryDeployment` needs `automaticTrafficControl: true`.
    ///
    /// Sources: GoogleCloudPlatform/cloud-deploy-samples: `colors-e2e/clouddeploy.yaml.template`;
    /// hashicorp/terraform-provider-google: `website/docs/r/clouddeploy_delivery_pipeline.html.markdown`,
    /// `clouddeploy_automation.html.markdown`; GoogleCloudPlatform/k8s-config-connector: its fixtures.
    ///
    /// ## What it cannot see
    ///
    /// Deploy policies: the platform keeps their windows by itself, and they are not read. What a verify container checks
    /// beyond its arguments, and anything of it where `skaffold.yaml` is not in the checked set. The first release to a
    /// target goes to `stable` at once. How many pods a share comes to, and what the profiles of a custom canary really
    /// split. Automations that are kept elsewhere. What `dynamic` blocks of Terraform come to.
    pub GcpCloudDeploy {
        id: "gcp-cloud-deploy",
        title: "Google Cloud Deploy",
        summary: "delivery pipelines with their automations and targets, of gcloud, Config Connector and Terraform",
        kinds: [
            ("deploy.cloud.google.com", "DeliveryPipeline"),
            ("deploy.cloud.google.com", "Automation"),
            ("deploy.cloud.google.com", "Target"),
            ("skaffold", "Config"),
            ("clouddeploy.cnrm.cloud.google.com", "CloudDeployAutomation"),
            ("clouddeploy.cnrm.cloud.google.com", "CloudDeployDeliveryPipeline"),
            ("clouddeploy.cnrm.cloud.google.com", "CloudDeployTarget"),
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
        "Automation" | "CloudDeployAutomation" | "google_clouddeploy_automation" => {
            automation::define(object, body, cx);
        }
        "Target" | "CloudDeployTarget" | "google_clouddeploy_target" => target::define(object, body, cx),
        _ => pipeline(object, body, cx),
    }
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
    let name = names::own(object, body);
    names::tell(object, &name, cx);
    if stages.is_empty() && block(&serial, "dynamic").is_some() {
        cx.unknown(serial.node, "expression");
        let mut rollout = cx.blank(object, SubjectKind::Workload);
        let exposure = Fact::Dynamic { expr: "dynamic".into(), span: serial.anchor() };
        rollout.progression = Progression::Declared(vec![Stage::new(exposure, serial.anchor())]);
        rollout.environment.get_or_insert("production".into());
        return cx.rollout(rollout);
    }
    for (at, stage) in stages.iter().enumerate() {
        let strategy = block(stage, "Strategy");
        let written = stage.any(&["TargetId", "targetID"]);
        let target = written.and_then(|t| Name::of(&t, cx.path)).unwrap_or_else(|| Name::Plain("".into()));
        let is_production = at + 1 == stages.len() || names::is_production(target.shown());
        if is_production || strategy.is_some_and(|s| block(&s, "Canary").is_some()) {
            let span = written.map_or_else(|| object.name_span(), |t| t.span());
            let profiles = skaffold::profiles(stage);
            let address = object.own_address(cx.path);
            let place = Place { pipeline: name.clone(), address, target, span, is_production, profiles };
            deploy(object, place, strategy.as_ref(), cx);
        }
    }
}

/// One stage of a pipeline.
struct Place {
    pipeline: Box<str>,
    /// What other files of its folder call the pipeline, in Terraform.
    address: Option<ObjectRef>,
    target: Name,
    span: Span,
    is_production: bool,
    /// Profiles of Skaffold.
    profiles: Profiles,
}

fn deploy(object: &Object<'_>, place: Place, strategy: Option<&Field<'_>>, cx: &mut Lowering<'_>) {
    let mut rollout = cx.blank(object, SubjectKind::Workload);
    let target = place.target.shown();
    rollout.id.name = format!("{}/{target}", object.name()).into();
    if rollout.declared.service.is_none() {
        rollout.service.clone_from(&place.pipeline);
    }
    let environment = if place.is_production { "production" } else { target };
    rollout.environment.get_or_insert(environment.into());
    rollout.name_span = place.span;
    let phases = Phases::read(strategy, place.span, cx);
    let by_phase = phases.give(&mut rollout, strategy.map_or(place.span, Field::anchor));
    cx.rollout_after(rollout, move |rollout, world| {
        // An expression may be any name.
        let known = place.target.known(world).map(Box::from);
        let target: Box<str> = known.unwrap_or_else(|| format!("${{{}}}", place.target.shown()).into());
        automation::apply(rollout, &place, &target, world);
        skaffold::apply(rollout, &place.profiles, &by_phase, world);
        target::approve(rollout, &target, world);
    });
}
