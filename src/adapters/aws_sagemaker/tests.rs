use crate::adapters::testing::lower;
use crate::model::{Comparer, Rollout, Share, Strategy};

fn endpoint(rest: &str, count: &str) -> Rollout {
    let text = format!(
        "Resources:\n  Ranker: {{Type: 'AWS::SageMaker::Endpoint', Properties: {{EndpointConfigName: !GetAtt Cfg.EndpointConfigName{rest}}}}}\n  Cfg: {{Type: 'AWS::SageMaker::EndpointConfig', Properties: {{ProductionVariants: [{{VariantName: all, ModelName: m9{count}}}]}}}}\n"
    );
    lower(&text).remove(0)
}

fn routed(routing: &str, count: &str) -> Rollout {
    let policy = format!(
        ", DeploymentConfig: {{BlueGreenUpdatePolicy: {{TrafficRoutingConfiguration: {{{routing}, WaitIntervalInSeconds: 600}}}}}}"
    );
    endpoint(&policy, count)
}

fn table(rollout: &Rollout) -> Vec<(f64, Option<u64>)> {
    let held = |s: &crate::model::Stage| s.hold.known().and_then(|h| h.seconds());
    rollout.stages().iter().map(|s| (s.share().map_or(-1.0, Share::percent), held(s))).collect()
}

const WAIT: Option<u64> = Some(600);

#[test]
fn canary_linear_rolling_and_at_once() {
    let canary = routed("Type: CANARY, CanarySize: {Type: CAPACITY_PERCENT, Value: 5}", "");
    assert_eq!(table(&canary), [(5.0, WAIT), (100.0, WAIT)]);
    assert_eq!((canary.rollback.way_back.known(), &*canary.payload[0].value), (Some(&0), "m9"));
    let linear = routed("Type: Linear, LinearStepSize: {Type: CAPACITY_PERCENT, Value: 40}", "");
    assert_eq!(table(&linear), [(40.0, WAIT), (80.0, WAIT), (100.0, WAIT)]);
    let at_once = routed("Type: ALL_AT_ONCE", "");
    assert_eq!((at_once.strategy.value, table(&at_once)), (Strategy::AllAtOnce, vec![(100.0, WAIT)]));
    let rolling = ", DeploymentConfig: {RollingUpdatePolicy: {MaximumBatchSize: {Type: CAPACITY_PERCENT, Value: 50}, WaitIntervalInSeconds: 600}}";
    assert_eq!(table(&endpoint(rolling, "")), [(50.0, WAIT), (100.0, WAIT)]);
}

#[test]
fn instances_are_counted_against_the_fleet() {
    let one = "Type: CANARY, CanarySize: {Type: INSTANCE_COUNT, Value: 1}";
    assert_eq!(table(&routed(one, ", InitialInstanceCount: 2"))[0], (50.0, WAIT));
    assert!(routed(one, "").exposure_is_dynamic());
    assert_eq!(routed("Type: CANARY", "").remarks.len(), 1);
    assert_eq!(routed("Type: CANARY, CanarySize: {Type: CAPACITY_PERCENT, Value: 80}", "").remarks.len(), 1);
}

#[test]
fn nothing_written_is_everybody_unless_the_last_policy_is_kept() {
    assert_eq!(
        (endpoint("", "").strategy.value, table(&endpoint("", ""))),
        (Strategy::AllAtOnce, vec![(100.0, Some(0))])
    );
    assert!(endpoint(", RetainDeploymentConfig: true", "").exposure_is_dynamic());
}

fn config(rest: &str) -> Vec<Rollout> {
    lower(&format!("Resources:\n  Cfg: {{Type: 'AWS::SageMaker::EndpointConfig', Properties: {{{rest}}}}}\n"))
}

#[test]
fn weights_are_a_live_split() {
    let two = "ProductionVariants: [{VariantName: stable, ModelName: a, InitialVariantWeight: 0.9}, {VariantName: canary, ModelName: b, InitialVariantWeight: 0.1}]";
    let found = config(two).remove(0);
    assert_eq!((found.stages().len(), found.stages()[0].share()), (1, Some(Share::from_percent(10.0))));
    let even = "ProductionVariants: [{VariantName: stable}, {VariantName: canary}]";
    assert_eq!(config(even)[0].stages()[0].share(), Some(Share::from_percent(50.0)));
    assert!(config("ProductionVariants: [{VariantName: all}]").is_empty());
}

#[test]
fn what_is_captured_is_compared_by_nobody() {
    let shadow = |rest: &str| {
        let all = format!(
            "ProductionVariants: [{{VariantName: all}}], ShadowProductionVariants: [{{VariantName: next, InitialVariantWeight: 0.5}}]{rest}"
        );
        let found = config(&all).remove(0).shadow.unwrap();
        (found.share.known().copied(), found.comparer)
    };
    let half = Some(Share::from_percent(50.0));
    assert_eq!(shadow(""), (half, Comparer::Nothing));
    assert_eq!(shadow(", DataCaptureConfig: {EnableCapture: true}").1, Comparer::Nothing);
    let text = "Resources:\n  Trial: {Type: 'AWS::SageMaker::InferenceExperiment', Properties: {Type: ShadowMode, ShadowModeConfig: {ShadowModelVariants: [{SamplingPercentage: 10}]}}}\n";
    let found = lower(text).remove(0);
    assert_eq!(found.shadow.unwrap().share.known(), Some(&Share::from_percent(10.0)));
}

#[test]
fn variants_of_one_model_share_its_load() {
    let both = |one: &str, other: &str| {
        config(&format!(
            "ProductionVariants: [{{VariantName: a, ModelName: {one}, InitialVariantWeight: 1}}, {{VariantName: b, ModelName: {other}, InitialVariantWeight: 1}}]"
        ))
    };
    assert!(both("m", "m").is_empty());
    assert_eq!(both("m1", "m2")[0].stages().len(), 1);
}

#[test]
fn weights_say_whom_an_update_at_once_reaches() {
    let text = |name: &str, variants: &str| {
        format!(
            "Resources:\n  Ranker: {{Type: 'AWS::SageMaker::Endpoint', Properties: {{EndpointConfigName: {name}}}}}\n  Cfg: {{Type: 'AWS::SageMaker::EndpointConfig', Properties: {{EndpointConfigName: ranker-v9, ProductionVariants: [{variants}]}}}}\n"
        )
    };
    let two = |models: [&str; 2]| {
        format!(
            "{{VariantName: stable, ModelName: {}, InitialVariantWeight: 9}}, {{VariantName: next, ModelName: {}}}",
            models[0], models[1]
        )
    };
    for name in ["!GetAtt Cfg.EndpointConfigName", "ranker-v9"] {
        let of = |variants: &str| lower(&text(name, variants)).into_iter().find(|r| &*r.id.name == "Ranker").unwrap();
        let weighed = of(&two(["a", "b"]));
        assert!(weighed.progression.is_live() && weighed.stages().is_empty() && weighed.payload.is_empty(), "{name}");
        assert_eq!(of(&two(["a", "a"])).strategy.value, Strategy::AllAtOnce);
        assert!(
            of("!If [IsFirst, {VariantName: all, ModelName: a}, {VariantName: live, ModelName: b}]")
                .exposure_is_dynamic()
        );
    }
}

#[test]
fn an_endpoint_of_each_release_behind_a_function_is_not_judged_by_its_update() {
    let text = |name: &str, preference: &str| {
        format!(
            "Parameters: {{Job: {{Type: String}}}}\nResources:\n  Ranker: {{Type: 'AWS::SageMaker::Endpoint', Properties: {{EndpointName: {name}, EndpointConfigName: v9}}}}\n  Api: {{Type: 'AWS::Serverless::Function', Properties: {{{preference}Environment: {{Variables: {{ENDPOINT: !GetAtt Ranker.EndpointName}}}}}}}}\n"
        )
    };
    let dynamic = |name: &str, preference: &str| {
        let found = lower(&text(name, preference));
        found.iter().find(|r| &*r.id.name == "Ranker").unwrap().exposure_is_dynamic()
    };
    let canary = "DeploymentPreference: {Type: Canary10Percent5Minutes}, ";
    assert!(dynamic("!Sub 'ranker-${Job}'", canary));
    assert!(!dynamic("ranker", canary) && !dynamic("!Sub 'ranker-${Job}'", ""));
}

#[test]
fn an_experiment_lasts_from_its_start_to_its_end() {
    let lasts = |schedule: &str| {
        let text = format!(
            "Resources:\n  Trial: {{Type: 'AWS::SageMaker::InferenceExperiment', Properties: {{Type: ShadowMode, Schedule: {{{schedule}}}, ShadowModeConfig: {{ShadowModelVariants: [{{SamplingPercentage: 10}}]}}}}}}\n"
        );
        lower(&text).remove(0).shadow.unwrap().duration
    };
    let both = lasts("StartTime: '2026-01-01T00:00:00Z', EndTime: '2026-01-01T06:00:00Z'");
    assert_eq!(both.known(), Some(&21_600));
    assert!(lasts("EndTime: '2026-01-01T06:00:00Z'").is_dynamic());
    assert!(lasts("StartTime: '2026-01-01T00:00:00Z'").is_absent());
}
