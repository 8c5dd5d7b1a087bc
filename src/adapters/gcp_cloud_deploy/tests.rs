use crate::adapters::testing::lower;
use crate::model::{Action, Evaluated, Hold, Rollout, Share, Strategy};

fn pipeline(stages: &str, rest: &str) -> Vec<Rollout> {
    lower(&format!(
        "apiVersion: deploy.cloud.google.com/v1\nkind: DeliveryPipeline\nmetadata: {{name: chat}}\nserialPipeline: {{stages: [{stages}]}}\n{rest}"
    ))
}

fn automation(selector: &str, rules: &str) -> String {
    format!(
        "---\napiVersion: deploy.cloud.google.com/v1\nkind: Automation\nmetadata: {{name: chat/a}}\nselector: {selector}\nrules: [{rules}]\n"
    )
}

fn table(rollout: &Rollout) -> Vec<(f64, &'static str, Option<u64>)> {
    let hold = |s: &crate::model::Stage| s.hold.known().copied();
    let row = |s: &crate::model::Stage| {
        (s.share().map_or(-1.0, Share::percent), hold(s).map_or("?", |h| h.name()), hold(s).and_then(Hold::seconds))
    };
    rollout.stages().iter().map(row).collect()
}

const CANARY: &str = "{targetId: prod, strategy: {canary: {canaryDeployment: {percentages: [5, 25], verify: true}}}}";

#[test]
fn without_an_automation_a_phase_waits_for_a_person() {
    let found = pipeline(&format!("{{targetId: dev}}, {CANARY}"), "");
    assert_eq!((found.len(), found[0].environment.as_deref()), (1, Some("production")));
    assert_eq!(table(&found[0]), [(5.0, "gated", None), (25.0, "gated", None), (100.0, "none", Some(0))]);
    let criteria = &found[0].rollback.criteria;
    assert_eq!((criteria.len(), criteria[0].action), (3, Action::Pause));
    assert_eq!(criteria[2].evaluated, Evaluated::AfterExposure);
}

#[test]
fn an_automation_holds_the_phases_of_its_targets() {
    let rules = "{advanceRolloutRule: {sourcePhases: [canary-5], wait: 7200s}}, {repairRolloutRule: {repairPhases: [{rollback: {}}]}}";
    let found = pipeline(CANARY, &automation("{targets: [{id: prod}]}", rules));
    assert_eq!(table(&found[0])[..2], [(5.0, "timed", Some(7200)), (25.0, "gated", None)]);
    assert_eq!(found[0].rollback.automatic.known(), Some(&true));
    assert_eq!(found[0].rollback.criteria[0].action, Action::Rollback);
    let old = automation("[{target: {id: '*'}}]", "{advanceRollout: {fromPhases: [canary-5, canary-25], wait: 0m}}");
    assert_eq!(table(&pipeline(CANARY, &old)[0])[0], (5.0, "none", Some(0)));
    let other = automation("[{target: {id: dev}}]", "{advanceRollout: {wait: 5m}}");
    assert_eq!(table(&pipeline(CANARY, &other)[0])[0].1, "gated");
    let labelled = automation("{targets: [{labels: {tier: prod}}]}", "{advanceRolloutRule: {wait: 5m}}");
    assert_eq!(table(&pipeline(CANARY, &labelled)[0])[0].1, "?");
    let off = format!("{}suspended: true\n", automation("{targets: [{id: prod}]}", rules));
    assert_eq!(table(&pipeline(CANARY, &off)[0])[0].1, "gated");
}

#[test]
fn no_strategy_is_everybody_at_once_whoever_approves() {
    let target =
        "---\napiVersion: deploy.cloud.google.com/v1\nkind: Target\nmetadata: {name: prod}\nrequireApproval: true\n";
    let found = pipeline("{targetId: prod}", target);
    assert_eq!(found[0].strategy.value, Strategy::AllAtOnce);
    assert_eq!(table(&found[0]), [(0.0, "gated", None), (100.0, "none", Some(0))]);
}

#[test]
fn a_custom_canary_names_its_phases_and_its_pods() {
    let phases = "{targetId: prod, strategy: {canary: {customCanaryDeployment: {phaseConfigs: [{phaseId: few, percentage: 10, verify: true}, {phaseId: stable, percentage: 100}]}}}}";
    let rules = "{advanceRolloutRule: {sourcePhases: [few], wait: 1h}}";
    let found = pipeline(phases, &automation("{targets: [{id: prod}]}", rules));
    assert_eq!(table(&found[0]), [(10.0, "timed", Some(3600)), (100.0, "none", Some(0))]);
}

#[test]
fn cloud_run_needs_control_of_the_traffic() {
    let run = |c: &str| {
        format!(
            "{{targetId: prod, strategy: {{canary: {{runtimeConfig: {{cloudRun: {{{c}}}}}, canaryDeployment: {{percentages: [5]}}}}}}}}"
        )
    };
    assert_eq!(pipeline(&run("automaticTrafficControl: true"), "")[0].remarks.len(), 0);
    assert_eq!(pipeline(&run("automaticTrafficControl: false"), "")[0].remarks.len(), 1);
}

#[test]
fn terraform_and_its_references() {
    let text = r#"
resource "google_clouddeploy_delivery_pipeline" "chat" {
  name = "chat-${var.region}"
  serial_pipeline {
    stages {
      target_id = google_clouddeploy_target.prod.name
      strategy {
        canary {
          canary_deployment {
            percentages = [10]
            verify      = false
          }
        }
      }
    }
  }
}
resource "google_clouddeploy_target" "prod" {
  name             = "prod"
  require_approval = true
}
resource "google_clouddeploy_automation" "hold" {
  delivery_pipeline = google_clouddeploy_delivery_pipeline.chat.name
  selector {
    targets {
      id = "prod"
    }
  }
  rules {
    advance_rollout_rule {
      wait = "900s"
    }
  }
}
"#;
    let found = lower(text);
    let rows = [(0.0, "gated", None), (10.0, "timed", Some(900)), (100.0, "none", Some(0))];
    assert_eq!((found.len(), table(&found[0])), (1, rows.to_vec()));
}

#[test]
fn config_connector_says_the_same_under_spec() {
    let text = "apiVersion: clouddeploy.cnrm.cloud.google.com/v1beta1\nkind: CloudDeployDeliveryPipeline\nmetadata: {name: chat}\nspec: {serialPipeline: {stages: [{targetID: prod, strategy: {canary: {canaryDeployment: {percentages: [20]}}}}]}}\n";
    let found = lower(text);
    assert_eq!((&*found[0].id.name, table(&found[0])[0].0), ("chat/prod", 20.0));
}

#[test]
fn what_verify_holds_against_stands_in_skaffold() {
    let skaffold = |arguments: &str| {
        format!("---\napiVersion: skaffold/v4beta7\nkind: Config\nverify: [{{container: {{args: [{arguments}]}}}}]\n")
    };
    let found = pipeline(CANARY, &skaffold("--max-error-percentage=15, --refresh-period=1m"));
    let criteria = &found[0].rollback.criteria;
    assert_eq!((criteria.len(), criteria[0].bound.known().map(|b| b.number)), (3, Some(15.0)));
    assert!(found[0].unresolved.is_empty());
    assert!(!pipeline(CANARY, &skaffold("--strict"))[0].rollback.criteria[0].is_numeric());
    assert!(pipeline(CANARY, "")[0].hidden_criteria().is_some());
}

#[test]
fn skaffold_is_asked_under_the_profiles_of_the_phase() {
    let container = |limit: u8| format!("verify: [{{container: {{args: ['--max-error-percentage={limit}']}}}}]");
    let config = |rest: &str| format!("---\napiVersion: skaffold/v4beta7\nkind: Config\n{rest}\n");
    let bounds = |found: &[Rollout]| -> Vec<Option<f64>> {
        let number = |c: &crate::model::Criterion| c.bound.known().map(|b| b.number);
        found[0].rollback.criteria.iter().map(number).collect()
    };
    let phases = "{targetId: prod, profiles: [prod], strategy: {canary: {customCanaryDeployment: {phaseConfigs: [{phaseId: few, percentage: 10, profiles: [few], verify: true}, {phaseId: stable, percentage: 100, verify: true}]}}}}";
    let own = config(&format!("{}\nprofiles: [{{name: few, {}}}, {{name: dev}}]", container(15), container(2)));
    assert_eq!(bounds(&pipeline(phases, &own)), [Some(2.0), Some(15.0)]);
    let none = pipeline(phases, &config("build: {}"));
    assert!(none[0].hidden_criteria().is_some());
    // Two that lie equally near and differ: nobody knows which one a release takes.
    let two = pipeline(phases, &format!("{}{}", config(&container(15)), config(&container(5))));
    assert_eq!((bounds(&two), two[0].hidden_criteria().is_some()), (vec![None, None], true));
    let same = pipeline(phases, &format!("{}{}", config(&container(5)), config(&container(5))));
    assert_eq!(bounds(&same), [Some(5.0), Some(5.0)]);
}

#[test]
fn an_earlier_region_of_production_is_judged_too() {
    let names = |stages: &str| -> Vec<(String, Option<Box<str>>)> {
        pipeline(stages, "").into_iter().map(|r| (r.id.name.to_string(), r.environment)).collect()
    };
    let found = names("{targetId: staging}, {targetId: prod-us}, {targetId: prod-eu}");
    assert_eq!(found.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["chat/prod-us", "chat/prod-eu"]);
    assert!(found.iter().all(|(_, environment)| environment.as_deref() == Some("production")));
    assert_eq!(names("{targetId: pre-prod}, {targetId: prod-canary}, {targetId: prod}").len(), 1);
}

#[test]
fn automations_and_targets_of_config_connector() {
    let of = |kind: &str, name: &str, spec: &str| {
        format!(
            "---\napiVersion: clouddeploy.cnrm.cloud.google.com/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n"
        )
    };
    let text = [
        of(
            "CloudDeployDeliveryPipeline",
            "chat",
            "serialPipeline: {stages: [{targetID: prod, strategy: {canary: {canaryDeployment: {percentages: [20]}}}}]}",
        ),
        of("CloudDeployTarget", "prod", "requireApproval: true"),
        of(
            "CloudDeployAutomation",
            "hold",
            "deliveryPipelineRef: {external: projects/p/locations/l/deliveryPipelines/chat}, selector: {targets: [{targetRef: {name: prod}}]}, rules: [{advanceRolloutRule: {wait: 60s}}]",
        ),
    ];
    let rows = [(0.0, "gated", None), (20.0, "timed", Some(60)), (100.0, "none", Some(0))];
    assert_eq!(table(&lower(&text.concat())[0]), rows);
}
