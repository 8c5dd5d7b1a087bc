//! "Worse than the control" is a criterion without a number: the policy says whether it counts.

use crate::support::World;

const GROWTHBOOK: &str = r#"{"name": "models", "entityId": "models",
    "monitoringConfig": {"guardrailMetricIds": ["met_error_rate"]},
    "steps": [{"interval": 259200, "monitored": true,
        "actions": [{"targetType": "feature-rule", "targetId": "t", "patch": {"ruleId": "r", "coverage": 0.02}}]}]}"#;

const LAUNCHDARKLY: &str = r#"
resource "launchdarkly_release_policy" "models" {
  key            = "models"
  release_method = "guarded-release"
  guarded_release_config = {
    rollback_on_regression = true
    metric_keys            = ["answer-error-rate"]
    stages                 = [{ allocation = 2, duration_millis = 259200000 }]
  }
}
"#;

fn found(path: &str, text: &str, accept: &str) -> usize {
    let world = World::new();
    world.write("rollgate.yaml", format!("version: 1\nrules: {{rollback-criterion-not-numeric: {{{accept}}}}}\n"));
    world.write(path, text);
    let args = ["check", path, "--no-git", "--select", "rollback-criterion-not-numeric", "--format", "json"];
    world.run(&args).json()["findings"].as_array().unwrap().len()
}

#[test]
fn guardrails_count_only_where_the_policy_says_so() {
    for (path, text) in [("ramp.json", GROWTHBOOK), ("release.tf", LAUNCHDARKLY)] {
        assert_eq!(found(path, text, ""), 1, "{path}");
        assert_eq!(found(path, text, "accept: [statistical]"), 0, "{path}");
        assert_eq!(found(path, text, "accept: [opaque]"), 1, "{path}");
    }
}
