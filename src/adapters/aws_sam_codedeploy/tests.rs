use crate::adapters::testing::lower;
use crate::model::{Action, Comparison, Hold, Progression, Rollout, Share, Strategy};

fn function(properties: &str) -> String {
    format!(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  Slow: {{Type: 'AWS::CodeDeploy::DeploymentConfig', Properties: {{ComputePlatform: Lambda, TrafficRoutingConfig: {{Type: TimeBasedCanary, TimeBasedCanary: {{CanaryPercentage: 5, CanaryInterval: 60}}}}}}}}\n  Errors: {{Type: 'AWS::CloudWatch::Alarm', Properties: {{AlarmName: e, Namespace: AWS/Lambda, MetricName: Errors, Statistic: Sum, Period: 60, EvaluationPeriods: 2, Threshold: '3', ComparisonOperator: GreaterThanThreshold}}}}\n  P99: {{Type: 'AWS::CloudWatch::Alarm', Properties: {{AlarmName: !Sub '${{AWS::StackName}}-p99', Namespace: AWS/Lambda, MetricName: Duration, ExtendedStatistic: p99, Period: 3600, EvaluationPeriods: 2, Threshold: 2500, ComparisonOperator: GreaterThanOrEqualToThreshold}}}}\n  F: {{Type: 'AWS::Serverless::Function', Properties: {{CodeUri: ./app, {properties}}}}}\n"
    )
}

fn table(rollout: &Rollout) -> Vec<(f64, Option<u64>)> {
    let held = |hold: &Hold| hold.seconds();
    rollout.stages().iter().map(|s| (s.share().map_or(-1.0, Share::percent), s.hold.known().and_then(held))).collect()
}

fn one(properties: &str) -> Rollout {
    let mut found = lower(&function(properties));
    assert_eq!(found.len(), 1, "{properties}");
    found.remove(0)
}

#[test]
fn a_preference_by_name_or_by_a_configuration_of_its_own() {
    let named = one("AutoPublishAlias: live, DeploymentPreference: {Type: Linear10PercentEvery3Minutes}");
    let steps: Vec<(f64, Option<u64>)> =
        (1..10).map(|n| (f64::from(n) * 10.0, Some(180))).chain([(100.0, Some(0))]).collect();
    assert_eq!(table(&named), steps);
    let own = one("AutoPublishAlias: live, DeploymentPreference: {Type: !Ref Slow, Alarms: [!Ref Errors]}");
    assert_eq!((own.strategy.value, table(&own)), (Strategy::Canary, vec![(5.0, Some(3600)), (100.0, Some(0))]));
    let unknown = one("AutoPublishAlias: live, DeploymentPreference: {Type: Canary5Percent60Minutes}");
    assert!(unknown.exposure_is_dynamic() && unknown.unresolved.len() == 1, "somebody's own name, in no file");
}

#[test]
fn an_alias_alone_flips_and_a_hook_serves_nobody() {
    let whole = one("AutoPublishAlias: live");
    assert_eq!((whole.strategy.value, table(&whole)), (Strategy::AllAtOnce, vec![(100.0, Some(0))]));
    let off = one("AutoPublishAlias: live, DeploymentPreference: {Enabled: 'False', Type: Canary10Percent5Minutes}");
    assert_eq!(off.strategy.value, Strategy::AllAtOnce);
    let hook = "FunctionName: CodeDeployHook_x, AutoPublishAlias: live, DeploymentPreference: {Enabled: false}";
    assert!(lower(&function(hook)).is_empty());
    assert!(lower(&function("Handler: x")).is_empty(), "without an alias nothing is said of a rollout");
    let refused = one("DeploymentPreference: {Type: AllAtOnce}");
    assert_eq!(refused.remarks.len(), 1);
}

#[test]
fn alarms_are_found_by_reference_by_name_and_by_expression() {
    let named = |alarm: &str| {
        let preference = format!("DeploymentPreference: {{Type: !Ref Slow, Alarms: [{alarm}]}}");
        one(&format!("AutoPublishAlias: live, {preference}"))
    };
    for alarm in ["!Ref Errors", "e", "'arn:aws:cloudwatch:eu-west-1:1:alarm:e'"] {
        let found = named(alarm).rollback.criteria;
        let bound = found[0].bound.known().unwrap();
        assert_eq!((found.len(), found[0].comparison, bound.number), (1, Some(Comparison::Above), 3.0), "{alarm}");
        assert_eq!((found[0].action, found[0].window), (Action::Rollback, Some(120)));
    }
    let late = named("!Sub '${AWS::StackName}-p99'").rollback.criteria;
    assert_eq!(late[0].bound.known().unwrap().to_string(), "2.5s");
    assert_eq!(late[0].metric.percentile_tenths, Some(990));
    assert!(late[0].cannot_fire.is_some(), "two hours are longer than one");
    let elsewhere = named("other");
    assert!(elsewhere.rollback.criteria.is_empty() && elsewhere.hidden_criteria().is_some());
    assert!(named("!Ref AWS::NoValue").hidden_criteria().is_none());
}

#[test]
fn globals_are_merged_key_by_key() {
    let text = function("AutoPublishAlias: live, DeploymentPreference: {Alarms: [!Ref Errors]}");
    let text = format!("Globals: {{Function: {{DeploymentPreference: {{Type: Canary10Percent30Minutes}}}}}}\n{text}");
    let found = lower(&text).remove(0);
    assert_eq!((table(&found)[0], found.rollback.criteria.len()), ((10.0, Some(1800)), 1));
}

#[test]
fn a_group_stops_on_an_alarm_and_goes_back_only_where_it_says_so() {
    let group = |rest: &str| {
        let text = function("Handler: x").replace(
            "  F:",
            &format!("  G: {{Type: 'AWS::CodeDeploy::DeploymentGroup', Properties: {{DeploymentConfigName: CodeDeployDefault.LambdaCanary10Percent15Minutes, AlarmConfiguration: {{Enabled: true, Alarms: [{{Name: !Ref Errors}}]}}{rest}}}}}\n  F:"),
        );
        lower(&text).remove(0)
    };
    let stops = group("");
    assert_eq!((stops.rollback.criteria[0].action, stops.rollback.automatic.known()), (Action::Pause, Some(&false)));
    let back = group(", AutoRollbackConfiguration: {Enabled: true, Events: [DEPLOYMENT_STOP_ON_ALARM]}");
    assert_eq!((back.rollback.criteria[0].action, back.rollback.automatic.known()), (Action::Rollback, Some(&true)));
    assert_eq!(table(&back)[0], (10.0, Some(900)));
}

#[test]
fn weights_of_an_alias_are_fractions() {
    let alias = |weight: &str| {
        let text = function("Handler: x").replace(
            "  F:",
            &format!("  Live: {{Type: 'AWS::Lambda::Alias', Properties: {{Name: live, FunctionVersion: '7', RoutingConfig: {{AdditionalVersionWeights: [{{FunctionVersion: '8', FunctionWeight: {weight}}}]}}}}}}\n  F:"),
        );
        lower(&text).remove(0)
    };
    let split = alias("0.05");
    assert!(matches!(split.progression, Progression::Live(_)));
    assert_eq!(table(&split)[0], (5.0, None));
    assert_eq!(split.destinations.iter().map(|d| d.share.unwrap().percent()).collect::<Vec<_>>(), [95.0, 5.0]);
    assert_eq!(alias("5").remarks.len(), 1, "a percent is no fraction");
}

#[test]
fn terraform_says_the_same_in_its_own_words() {
    let text = r#"
variable "percent" { default = 5 }
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name = "e"
  metric_name = "Errors"
  threshold = 3
  period = 60
  evaluation_periods = 1
  comparison_operator = "GreaterThanThreshold"
}
resource "aws_codedeploy_deployment_config" "slow" {
  deployment_config_name = "slow"
  compute_platform = "Lambda"
  traffic_routing_config {
    type = "TimeBasedCanary"
    time_based_canary {
      interval = 60
      percentage = var.percent
    }
  }
}
resource "aws_codedeploy_deployment_group" "g" {
  deployment_config_name = aws_codedeploy_deployment_config.slow.id
  alarm_configuration {
    enabled = true
    alarms = [aws_cloudwatch_metric_alarm.errors.alarm_name]
  }
  auto_rollback_configuration {
    enabled = true
    events = ["DEPLOYMENT_STOP_ON_ALARM"]
  }
}
resource "aws_lambda_alias" "live" {
  name = "live"
  function_version = "1"
  routing_config { additional_version_weights = { "2" = 0.05 } }
}
"#;
    let found = lower(text);
    assert_eq!(found.len(), 2);
    assert_eq!((&*found[0].id.name, table(&found[0])), ("g", vec![(5.0, Some(3600)), (100.0, Some(0))]));
    assert_eq!(found[0].rollback.criteria[0].action, Action::Rollback);
    assert_eq!(table(&found[1])[0], (5.0, None));
}

#[test]
fn a_plan_is_read_as_it_will_be() {
    let text = r#"{"format_version":"1.2","resource_changes":[{"address":"module.a.aws_codedeploy_deployment_config.c","mode":"managed","type":"aws_codedeploy_deployment_config","change":{"actions":["create"],"before":null,"after":{"deployment_config_name":"c","traffic_routing_config":[{"type":"TimeBasedCanary","time_based_canary":[{"interval":60,"percentage":5}],"time_based_linear":[]}]},"after_unknown":{}}},{"address":"aws_codedeploy_deployment_group.g","mode":"managed","type":"aws_codedeploy_deployment_group","change":{"actions":["update"],"before":{},"after":{"deployment_config_name":"c","alarm_configuration":[{"enabled":true}]},"after_unknown":{"alarm_configuration":[{"alarms":true}]}}},{"address":"aws_codedeploy_deployment_group.gone","type":"aws_codedeploy_deployment_group","change":{"actions":["delete"],"before":{},"after":null}}]}"#;
    let found = lower(text);
    assert_eq!((found.len(), table(&found[0])), (1, vec![(5.0, Some(3600)), (100.0, Some(0))]));
    assert!(found[0].hidden_criteria().is_some(), "the alarms are known only after the plan was applied");
}

#[test]
fn a_band_is_drawn_around_the_metric_that_is_looked_at() {
    let text = function("AutoPublishAlias: live, DeploymentPreference: {Type: !Ref Slow, Alarms: [!Ref Band]}").replace(
        "  F:",
        "  Band: {Type: 'AWS::CloudWatch::Alarm', Properties: {ComparisonOperator: GreaterThanUpperThreshold, ThresholdMetricId: ad1, EvaluationPeriods: 3, Metrics: [{Id: ad1, ReturnData: true, Expression: 'ANOMALY_DETECTION_BAND(m1, 2)'}, {Id: m1, ReturnData: true, MetricStat: {Metric: {Namespace: AWS/Lambda, MetricName: Errors}, Period: 60, Stat: Sum}}]}}\n  F:",
    );
    let criterion = &lower(&text)[0].rollback.criteria[0];
    assert_eq!((&*criterion.metric.name, criterion.is_numeric()), ("Errors", false));
    assert_eq!(criterion.window, Some(180));
}

#[test]
fn whether_it_is_on_may_be_unknown_and_alarms_are_off_by_default() {
    let text = function("AutoPublishAlias: live, DeploymentPreference: {Enabled: !Ref On, Type: !Ref Slow}");
    assert!(lower(&format!("Parameters: {{On: {{Type: String}}}}\n{text}"))[0].exposure_is_dynamic());
    let watched = |enabled: &str| {
        let group = format!(
            "  G: {{Type: 'AWS::CodeDeploy::DeploymentGroup', Properties: {{DeploymentConfigName: CodeDeployDefault.LambdaCanary10Percent15Minutes, AlarmConfiguration: {{{enabled}Alarms: [{{Name: !Ref Errors}}]}}}}}}\n  F:"
        );
        let text = function("Handler: x").replace("  F:", &group);
        lower(&format!("Parameters: {{On: {{Type: String}}}}\n{text}"))[0].rollback.criteria[0].is_watched()
    };
    assert!(watched("Enabled: true, ") && watched("Enabled: !Ref On, "));
    assert!(!watched("Enabled: false, ") && !watched(""));
}
