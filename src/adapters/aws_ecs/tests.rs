use crate::adapters::testing::lower;
use crate::model::{Action, Evaluated, GateKind, Rollout, Share, Strategy};

fn template(config: &str, rest: &str) -> String {
    format!(
        "Resources:\n  Chat: {{Type: 'AWS::ECS::Service', Properties: {{TaskDefinition: 'chat:41'{rest}, DeploymentConfiguration: {{{config}}}}}}}\n  Errors: {{Type: 'AWS::CloudWatch::Alarm', Properties: {{AlarmName: chat-5xx, MetricName: HTTPCode_Target_5XX_Count, Namespace: AWS/ApplicationELB, Statistic: Sum, Period: 60, EvaluationPeriods: 2, Threshold: 5, ComparisonOperator: GreaterThanThreshold}}}}\n"
    )
}

fn one(config: &str, rest: &str) -> Rollout {
    lower(&template(config, rest)).remove(0)
}

fn table(rollout: &Rollout) -> Vec<(f64, Option<u64>)> {
    let held = |s: &crate::model::Stage| s.hold.known().and_then(|h| h.seconds());
    rollout.stages().iter().map(|s| (s.share().map_or(-1.0, Share::percent), held(s))).collect()
}

#[test]
fn strategies_and_their_defaults() {
    assert_eq!(table(&one("Strategy: CANARY", "")), [(5.0, Some(600)), (100.0, Some(900))]);
    let steps = one("Strategy: LINEAR, LinearConfiguration: {StepPercent: 30}, BakeTimeInMinutes: 0", "");
    assert_eq!(table(&steps), [(30.0, Some(360)), (60.0, Some(360)), (90.0, Some(360)), (100.0, Some(0))]);
    assert_eq!(steps.rollback.way_back.known(), Some(&0));
    let switch = one("Strategy: BLUE_GREEN", "");
    assert_eq!((switch.strategy.value, table(&switch)), (Strategy::BlueGreen, vec![(100.0, Some(900))]));
    assert_eq!(table(&one("Strategy: LINEAR", "")).len(), 10);
}

#[test]
fn rolling_is_a_plain_workload() {
    let rolling = one("MaximumPercent: 200", "");
    assert_eq!((rolling.plain_workload, rolling.strategy.value), (true, Strategy::Rolling));
    assert_eq!(table(&rolling), [(100.0, Some(0))]);
    let stopped = one("MinimumHealthyPercent: 0, MaximumPercent: 100", "");
    assert_eq!(stopped.strategy.value, Strategy::Recreate);
}

#[test]
fn alarms_that_act_stop_or_sleep() {
    let alarmed = |alarms: &str| {
        let found = one(&format!("Strategy: CANARY, Alarms: {{AlarmNames: [chat-5xx], {alarms}}}"), "");
        (found.rollback.criteria[0].action, found.rollback.criteria[0].evaluated.clone())
    };
    assert_eq!(alarmed("Enable: true, Rollback: true"), (Action::Rollback, Evaluated::Yes));
    assert_eq!(alarmed("Enable: true, Rollback: false"), (Action::Pause, Evaluated::Yes));
    assert!(matches!(alarmed("Enable: false, Rollback: true").1, Evaluated::No(_)));
    let breaker = one("Strategy: CANARY, DeploymentCircuitBreaker: {Enable: true, Rollback: true}", "");
    assert_eq!((breaker.rollback.criteria.len(), breaker.stages()[0].gates[0].blocking), (0, false));
}

#[test]
fn hooks_gate_where_people_are() {
    let hooks = "Strategy: CANARY, LifecycleHooks: [{HookTargetArn: before, LifecycleStages: [PRE_SCALE_UP]}, {HookTargetArn: after, LifecycleStages: [POST_PRODUCTION_TRAFFIC_SHIFT], TimeoutConfiguration: {Action: CONTINUE}}]";
    let found = one(hooks, "");
    let gates: Vec<usize> = found.stages().iter().map(|s| s.gates.len()).collect();
    assert_eq!(gates, [1, 1]);
    assert!(!found.stages()[0].gates[0].blocking);
    let tested =
        "Strategy: BLUE_GREEN, LifecycleHooks: [{HookTargetArn: t, LifecycleStages: [POST_TEST_TRAFFIC_SHIFT]}]";
    assert_eq!(table(&one(tested, "")), [(0.0, Some(0)), (100.0, Some(900))]);
    let admitted = one(&tested.replace("POST_TEST_TRAFFIC_SHIFT", "PRE_SCALE_UP"), "");
    assert_eq!(admitted.stages()[0].gates[0].kind, GateKind::Approval);
}

#[test]
fn what_another_controller_decides_is_unknown() {
    for kind in ["CODE_DEPLOY", "EXTERNAL"] {
        let found = one("MaximumPercent: 200", &format!(", DeploymentController: {{Type: {kind}}}"));
        let told = (found.strategy.value, found.plain_workload, found.payload.len());
        assert_eq!(told, (Strategy::Unknown, true, 0));
    }
    let group = "  Group: {Type: 'AWS::CodeDeploy::DeploymentGroup', Properties: {DeploymentConfigName: CodeDeployDefault.ECSCanary10Percent5Minutes}}\n";
    let text = template("MaximumPercent: 200", ", DeploymentController: {Type: CODE_DEPLOY}") + group;
    let names: Vec<String> = lower(&text).iter().map(|r| r.id.name.to_string()).collect();
    assert_eq!(names, ["Group"]);
    let bare = one("Strategy: BLUE_GREEN", ", DeploymentController: ECS");
    assert_eq!((bare.strategy.value, bare.remarks.len()), (Strategy::BlueGreen, 1));
}

#[test]
fn terraform_writes_a_part_beside_the_block() {
    let text = "resource \"aws_ecs_service\" \"chat\" {\n  task_definition = \"chat:41\"\n  deployment_configuration {\n    strategy = \"CANARY\"\n    bake_time_in_minutes = \"60\"\n    canary_configuration {\n      canary_percent = 2.5\n      canary_bake_time_in_minutes = \"120\"\n    }\n  }\n  alarms {\n    alarm_names = [\"other\"]\n    enable = true\n    rollback = true\n  }\n}\n";
    let found = lower(text).remove(0);
    assert_eq!(table(&found), [(2.5, Some(7200)), (100.0, Some(3600))]);
    assert!(found.hidden_criteria().is_some(), "the alarm is in no file");
    let ignoring = "resource \"aws_ecs_service\" \"chat\" {\n  task_definition = \"chat:41\"\n  lifecycle {\n    ignore_changes = [task_definition, desired_count]\n  }\n}\n";
    assert_eq!(lower(ignoring)[0].strategy.value, Strategy::Unknown);
}

#[test]
fn a_service_definition_is_known_by_its_form() {
    let text = r#"{"serviceName": "chat", "taskDefinition": "chat:41", "deploymentConfiguration": {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 1}}}"#;
    let found = lower(text).remove(0);
    assert_eq!((&*found.id.name, &*found.payload[0].value), ("chat", "chat:41"));
    assert_eq!(table(&found)[0], (1.0, Some(600)));
    assert!(lower(r#"{"deploymentConfiguration": {"strategy": "CANARY"}}"#).is_empty());
    let rendered = r#"{"taskDefinition": "x", "deploymentConfiguration": {"strategy": "{{ env `S` }}"}}"#;
    assert!(lower(rendered)[0].exposure_is_dynamic());
}

#[test]
fn a_plan_that_cloudformation_refuses() {
    let long = "Strategy: CANARY, CanaryConfiguration: {CanaryBakeTimeInMinutes: 1440}, BakeTimeInMinutes: 600";
    assert_eq!(one(long, "").remarks.len(), 1);
    assert_eq!(one("Strategy: CANARY, BakeTimeInMinutes: 2000", "").remarks.len(), 1);
}
