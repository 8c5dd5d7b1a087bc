//! How long a check takes, by what is checked: `cargo bench`. Compare runs of one machine only.
//!
//! The manifests are made here, so that the bench needs no other files. For a comparison with other tools and with the
//! bare parser over 10,000 files, build with `--release` and run the harness of the design's `bench` folder.

use std::sync::Arc;

use rollgate::catalog::RuleMeta;
use rollgate::collect::{File, Origin, WorkingSet};
use rollgate::engine::{self, Choice, Input, Registry};
use rollgate::policy::{Known, Policy, Source};
use rollgate::rules;

fn main() {
    divan::main();
}

const FOREIGN: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata:\n  a: b\n";

fn deployment(n: usize) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web-{n}, labels: {{app: web-{n}}}}}\nspec:\n  replicas: 3\n  selector: {{matchLabels: {{app: web-{n}}}}}\n  template:\n    spec: {{containers: [{{name: web, image: 'web:{n}'}}]}}\n"
    )
}

fn rollout(n: usize) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{name: api-{n}, labels: {{app: api-{n}}}}}\nspec:\n  replicas: 20\n  selector: {{matchLabels: {{app: api-{n}}}}}\n  template:\n    spec: {{containers: [{{name: api, image: 'api:{n}'}}]}}\n  strategy:\n    canary:\n      trafficRouting: {{nginx: {{stableIngress: api-{n}}}}}\n      analysis: {{templates: [{{templateName: slo-{n}}}]}}\n      steps:\n        - setWeight: 5\n        - pause: {{duration: 30m}}\n        - setWeight: 50\n        - pause: {{duration: 1h}}\n---\napiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {{name: slo-{n}}}\nspec:\n  metrics:\n    - {{name: error-rate, interval: 1m, failureLimit: 2, failureCondition: 'result[0] > 0.005', provider: {{prometheus: {{query: up}}}}}}\n    - {{name: latency-p95, interval: 1m, failureLimit: 2, failureCondition: 'result[0] > 2', provider: {{prometheus: {{query: up}}}}}}\n"
    )
}

fn plan(n: usize) -> String {
    format!(
        "apiVersion: rollgate/v1\nkind: RolloutPlan\nmetadata: {{name: prompt-{n}}}\nchange: {{kind: prompt-tweak}}\nstrategy: canary\nstages: [{{exposure: 5%, hold: 24h}}, {{exposure: 50%, hold: 24h}}, {{exposure: 100%}}]\nmonitors: [latency_p95, error_rate]\nrollback: {{criteria: [error rate exceeds 0.5%], automatic: true, method: flag-off, keep-old-for: 24h}}\n"
    )
}

/// A template with a canary of its own, two alarms and the function they guard.
fn template(n: usize) -> String {
    format!(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  Slow{n}:\n    Type: AWS::CodeDeploy::DeploymentConfig\n    Properties:\n      ComputePlatform: Lambda\n      TrafficRoutingConfig: {{Type: TimeBasedCanary, TimeBasedCanary: {{CanaryPercentage: 5, CanaryInterval: 60}}}}\n  Errors{n}:\n    Type: AWS::CloudWatch::Alarm\n    Properties: {{Namespace: AWS/Lambda, MetricName: Errors, Statistic: Average, Period: 60, EvaluationPeriods: 3, Threshold: 0.005, ComparisonOperator: GreaterThanThreshold}}\n  Late{n}:\n    Type: AWS::CloudWatch::Alarm\n    Properties: {{Namespace: AWS/Lambda, MetricName: Duration, ExtendedStatistic: p95, Period: 60, EvaluationPeriods: 3, Threshold: 2000, ComparisonOperator: GreaterThanThreshold}}\n  Answer{n}:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: ./answer\n      AutoPublishAlias: live\n      DeploymentPreference: {{Type: !Ref Slow{n}, Alarms: [!Ref Errors{n}, !Ref Late{n}]}}\n"
    )
}

/// The same in Terraform.
fn terraform(n: usize) -> String {
    format!(
        "resource \"aws_cloudwatch_metric_alarm\" \"errors\" {{\n  alarm_name = \"errors-{n}\"\n  namespace = \"AWS/Lambda\"\n  metric_name = \"Errors\"\n  statistic = \"Average\"\n  period = 60\n  evaluation_periods = 3\n  threshold = 0.005\n  comparison_operator = \"GreaterThanThreshold\"\n}}\n\nresource \"aws_codedeploy_deployment_config\" \"slow\" {{\n  deployment_config_name = \"slow-{n}\"\n  compute_platform = \"Lambda\"\n  traffic_routing_config {{\n    type = \"TimeBasedCanary\"\n    time_based_canary {{\n      interval = 60\n      percentage = 5\n    }}\n  }}\n}}\n\nresource \"aws_codedeploy_deployment_group\" \"answer\" {{\n  app_name = \"answer-{n}\"\n  deployment_config_name = aws_codedeploy_deployment_config.slow.id\n  alarm_configuration {{\n    enabled = true\n    alarms = [aws_cloudwatch_metric_alarm.errors.alarm_name]\n  }}\n  auto_rollback_configuration {{\n    enabled = true\n    events = [\"DEPLOYMENT_STOP_ON_ALARM\"]\n  }}\n}}\n"
    )
}

fn endpoint(n: usize) -> String {
    format!(
        "$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineEndpoint.schema.json\nname: chat-{n}\nauth_mode: key\ntraffic: {{blue: 95, green: 5}}\n"
    )
}

/// A flag of LaunchDarkly at five percent.
fn flag(n: usize) -> String {
    format!(
        "{{\"flags\": {{\"f{n}\": {{\"key\": \"f{n}\", \"on\": true, \"variations\": [true, false], \"offVariation\": 1, \"fallthrough\": {{\"rollout\": {{\"variations\": [{{\"variation\": 0, \"weight\": 5000}}, {{\"variation\": 1, \"weight\": 95000}}]}}}}, \"targets\": [], \"rules\": [], \"salt\": \"x\", \"version\": 3}}}}, \"segments\": {{}}}}\n"
    )
}

fn toggle(n: usize) -> String {
    format!(
        "flag-{n}:\n  variations: {{on: true, off: false}}\n  targeting: [{{query: 'beta eq true', variation: on}}]\n  defaultRule: {{percentage: {{on: 5, off: 95}}}}\n"
    )
}

fn policy() -> Policy {
    let rules: Vec<&'static RuleMeta> = rules::ALL.iter().map(|d| d.meta).collect();
    let known = Known { rules: &rules, systems: &[], binder: &Registry, first_file: 0xF000_0000 };
    Policy::load(&known, Source::Default, &mut |_| Ok(None)).expect("the presets are valid")
}

fn check(policy: &Policy, texts: &[String]) -> usize {
    check_as("yaml", policy, texts)
}

fn check_as(ending: &str, policy: &Policy, texts: &[String]) -> usize {
    let file = |(n, text): (usize, &String)| File {
        path: format!("{n:06}.{ending}").into(),
        origin: Origin::Memory(Arc::from(text.as_bytes())),
    };
    let input = Input {
        set: WorkingSet { files: texts.iter().enumerate().map(file).collect(), ..WorkingSet::default() },
        policy,
        choice: Choice::default(),
        now: "2026-11-24T12:00:00Z".parse().expect("a moment"),
        at: None,
        git: None,
        fail_on: None,
        baseline: None,
        allow_empty: true,
        fixes: false,
    };
    engine::check(&input).0.findings.len()
}

#[divan::bench]
fn start_up_policy() -> usize {
    policy().files.len()
}

/// What is made for each bench: a thousand files of one kind.
#[divan::bench(args = ["foreign", "deployment", "rollout", "plan", "template", "terraform", "endpoint", "flag", "toggle"])]
fn thousand_files(bencher: divan::Bencher<'_, '_>, kind: &str) {
    let make = |n: usize| match kind {
        "foreign" => FOREIGN.to_owned(),
        "deployment" => deployment(n),
        "rollout" => rollout(n),
        "template" => template(n),
        "terraform" => terraform(n),
        "endpoint" => endpoint(n),
        "flag" => flag(n),
        "toggle" => toggle(n),
        _ => plan(n),
    };
    let (texts, policy): (Vec<String>, Policy) = ((0..1000).map(make).collect(), policy());
    let bytes: usize = texts.iter().map(String::len).sum();
    let ending = if kind == "terraform" { "tf" } else { "yaml" };
    bencher.counter(divan::counter::BytesCount::new(bytes)).bench(|| check_as(ending, &policy, &texts));
}

/// One file of ten thousand documents: split, read on every core, put in order.
#[divan::bench]
fn one_large_file(bencher: divan::Bencher<'_, '_>) {
    let text = (0..10_000).map(deployment).collect::<Vec<_>>().join("---\n");
    let (texts, policy) = (vec![text], policy());
    bencher.counter(divan::counter::BytesCount::new(texts[0].len())).bench(|| check(&policy, &texts));
}
