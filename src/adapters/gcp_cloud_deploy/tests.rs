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
