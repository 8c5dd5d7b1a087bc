//! A plan of Terraform holds both states, so it is judged as a change without git.

use crate::support::World;

fn alias(before: &str, after: &str) -> String {
    format!(
        r#"{{"format_version":"1.2","resource_changes":[{{"address":"aws_lambda_alias.live","mode":"managed","type":"aws_lambda_alias","change":{{"actions":["update"],"before":{before},"after":{after},"after_unknown":{{}}}}}}]}}"#
    )
}

fn found(plan: &str) -> Vec<String> {
    let world = World::new();
    world.write(
        "rollgate.yaml",
        "version: 1\nrules: {rollback-drill-stale: off, monitor-missing: off, rollback-criteria-missing: off}\n",
    );
    world.write("plan.json", plan);
    let run = world.run(&["check", "plan.json", "--no-git", "--allow-empty", "--format", "json"]);
    let findings = run.json()["findings"].as_array().unwrap().clone();
    findings.iter().map(|f| f["rule"].as_str().unwrap().to_owned()).collect()
}

const ALL_ON_7: &str = r#"{"function_version":"7","routing_config":[]}"#;
const ALL_ON_8: &str = r#"{"function_version":"8","routing_config":[]}"#;

#[test]
fn a_plan_that_sends_everybody_over_at_once_is_a_big_bang() {
    assert_eq!(found(&alias(ALL_ON_7, ALL_ON_8)), ["big-bang"]);
}

#[test]
fn a_plan_that_begins_with_a_few_passes_and_one_that_changes_nothing_too() {
    let few = r#"{"function_version":"7","routing_config":[{"additional_version_weights":{"8":0.05}}]}"#;
    assert_eq!(found(&alias(ALL_ON_7, few)), [""; 0]);
    assert_eq!(found(&alias(ALL_ON_7, ALL_ON_7)), [""; 0]);
}

#[test]
fn what_is_made_for_the_first_time_and_what_goes_is_no_step() {
    assert_eq!(found(&alias("null", ALL_ON_8)), [""; 0]);
    assert_eq!(found(&alias(ALL_ON_8, "null")), [""; 0]);
}
