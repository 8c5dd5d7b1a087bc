use super::stage::iso_seconds;
use crate::adapters::testing::{inspect_all, lower, lower_all};
use crate::model::units::Unit;
use crate::model::{Action, Bound, Comparison, CriterionClass, Evaluated, Hold, Rollout};

fn config(metrics: &str, classifier: &str) -> String {
    format!("name: chat\nid: '1234'\nmetrics: [{metrics}]\nclassifier: {{{classifier}}}\n")
}

fn pipeline(stage: &str, config: &str) -> String {
    format!(
        "name: ship\napplication: chat\nstages: [{{type: kayentaCanary, name: judge, {stage} canaryConfig: {{canaryConfigId: '1234', {config}}}}}]\n"
    )
}

const ERRORS: &str = "{name: http 5xx, groups: [errors], query: {type: prometheus}, analysisConfigurations: {canary: {direction: increase, effectSize: {allowedIncrease: 1.1}}}}";
const ALL: &str = "groupWeights: {errors: 100}, scoreThresholds: {pass: 95, marginal: 75}";

fn messages(text: &str) -> Vec<String> {
    lower_all(text).problems.into_iter().map(|p| p.message).collect()
}

fn first(text: &str) -> Rollout {
    lower(text).remove(0)
}

#[test]
fn a_config_is_a_document_of_criteria_and_no_rollout() {
    let found = inspect_all(&config(ERRORS, ALL));
    assert!(found.rollouts.is_empty() && found.problems.is_empty());
    let criteria = &found.criteria[0].criteria;
    let told: Vec<_> = criteria.iter().map(|c| (c.class, c.comparison, c.bound.known().cloned())).collect();
    let bound = |number, unit| Some(Bound { number, unit });
    let score = (CriterionClass::Score, Some(Comparison::Below), bound(95.0, Unit::None));
    let rise = (CriterionClass::Relative, Some(Comparison::Rise), bound(10.0, Unit::Percent));
    assert_eq!(told, [score, rise]);
    assert!(inspect_all("metrics: [{name: a}]\nclassifier: svm\n").criteria.is_empty(), "somebody else's");
}

#[test]
fn a_metric_without_an_effect_is_a_test_in_both_directions() {
    let found = inspect_all(&config("{name: cpu, groups: [errors]}", ALL));
    let classes: Vec<_> = found.criteria[0].criteria.iter().skip(1).map(|c| (c.class, c.comparison)).collect();
    let statistical = |way| (CriterionClass::Statistical, Some(way));
    assert_eq!(classes, [statistical(Comparison::Rise), statistical(Comparison::Drop)]);
    let cles = "{name: cpu, groups: [errors], analysisConfigurations: {canary: {direction: increase, effectSize: {measure: cles, allowedIncrease: 0.6}}}}";
    assert_eq!(inspect_all(&config(cles, ALL)).criteria[0].criteria[1].class, CriterionClass::Statistical);
}

#[test]
fn muted_metrics_are_no_criteria() {
    let muted = "{name: cpu, groups: [errors], analysisConfigurations: {canary: {muted: true}}}";
    assert!(inspect_all(&config(muted, ALL)).criteria[0].criteria.is_empty());
    let both = format!("{}---\n{}", config(muted, ALL), pipeline("", "lifetimeDuration: PT1H"));
    let rollout = first(&both);
    assert!(rollout.rollback.criteria.is_empty() && rollout.monitors.is_empty());
}

#[test]
fn weights_and_thresholds_that_make_no_sense() {
    assert_eq!(messages(&config(ERRORS, "groupWeights: {errors: 60}")).len(), 1, "60 is the best");
    assert_eq!(messages(&config(ERRORS, "groupWeights: {errors: 50, latency: 50}")).len(), 1, "latency has no metric");
    assert_eq!(messages(&config(ERRORS, "groupWeights: {errors: 80, latency: 50}")).len(), 1);
    assert!(messages(&config(ERRORS, "groupWeights: {}")).is_empty(), "what is left is shared");
    assert!(messages(&config(ERRORS, "groupWeights: {errors: '${W}'}")).is_empty());
    let swapped = messages(&config(ERRORS, "groupWeights: {errors: 100}, scoreThresholds: {pass: 50, marginal: 75}"));
    assert!(swapped[0].starts_with("`marginal` is 75 and `pass` is 50"), "{swapped:?}");
}

#[test]
fn a_group_without_a_weight_shares_what_is_left() {
    let other = format!("{ERRORS}, {{name: cpu, groups: [system]}}");
    let idle = |weight| {
        let found = inspect_all(&config(&other, &format!("groupWeights: {{errors: {weight}}}")));
        found.criteria[0].criteria.iter().filter(|c| matches!(c.evaluated, Evaluated::No(_))).count()
    };
    assert_eq!((idle(60), idle(100)), (0, 2));
}

#[test]
fn a_stage_takes_the_config_that_it_names() {
    let stage = pipeline(
        "",
        "lifetimeDuration: PT1H30M, beginCanaryAnalysisAfterMins: '10', scoreThresholds: {pass: '90', marginal: '70'}",
    );
    let rollout = first(&format!("{}---\n{stage}", config(ERRORS, ALL)));
    assert_eq!(rollout.stages()[0].hold.known(), Some(&Hold::Timed(6000)));
    assert!(rollout.stages()[0].exposure.is_dynamic() && rollout.stages()[0].gates[0].blocking);
    let numbers: Vec<f64> = rollout.rollback.criteria.iter().map(|c| c.bound.known().unwrap().number).collect();
    assert_eq!((numbers, rollout.monitors.len(), &*rollout.service), (vec![90.0, 10.0], 1, "chat"));
    assert!(rollout.unresolved.is_empty() && rollout.rollback.criteria[1].via.is_some());
}

#[test]
fn a_config_of_the_server_is_unknown_and_the_score_is_not() {
    let rollout = first(&pipeline("continuePipeline: true,", "lifetimeHours: '2'"));
    assert_eq!(rollout.stages()[0].hold.known(), Some(&Hold::Timed(7200)));
    let gate = &rollout.rollback.criteria[0];
    assert_eq!((gate.bound.known().map(|b| b.number), gate.action), (Some(75.0), Action::Notify));
    assert!(rollout.hidden_criteria().is_some() && !rollout.stages()[0].gates[0].blocking);
    assert!(matches!(gate.evaluated, Evaluated::No(_)), "nothing asks how it ended");
    let asked = first(&pipeline("continuePipeline: true, comments: \"${ #stage('judge').status }\",", ""));
    assert_eq!(asked.rollback.criteria[0].evaluated, Evaluated::Unknown);
}

#[test]
fn what_only_a_run_can_tell() {
    let rollout = first(&pipeline(
        "stageEnabled: {type: expression, expression: '${ parameters.judge }'},",
        "lifetimeDuration: '${ L }'",
    ));
    assert_eq!(rollout.rollback.criteria[0].evaluated, Evaluated::Unknown);
    assert_eq!(rollout.stages()[0].hold.known(), Some(&Hold::Unknown));
    assert!(first(&pipeline("", "lifetimeDuration: '${ L }'")).stages()[0].hold.is_dynamic());
    let wrong = first(&pipeline("", "lifetimeDuration: 90m, scoreThresholds: {pass: 60, marginal: 80}"));
    assert_eq!(wrong.remarks.len(), 2);
    assert!(lower(&pipeline("analysisType: retrospective,", "lifetimeDuration: PT1H")).is_empty());
}

#[test]
fn durations_of_iso_8601() {
    assert_eq!(
        ["PT5M", "PT1H30M", "P1DT2H", "P1W", "pt90s"].map(iso_seconds),
        [300, 5400, 93_600, 604_800, 90].map(Some)
    );
    assert_eq!(["", "P", "PT", "5m", "P1M", "PT1D", "PT5", "PT-1H"].map(iso_seconds), [None; 8]);
}
