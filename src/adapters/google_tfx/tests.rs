use crate::adapters::Lowered;
use crate::adapters::testing::inspect_all;
use crate::model::units::Unit;
use crate::model::{Bound, Comparison, Criterion, CriterionClass, Evaluated};

/// A config with one metric.
fn config(metric: &str) -> String {
    format!(
        "{{\"model_specs\": [{{}}], \"metrics_specs\": [{{\"metrics\": [{{\"class_name\": \"AUC\", {metric}}}]}}]}}"
    )
}

fn criteria(text: &str) -> Vec<Criterion> {
    inspect_all(text).criteria.remove(0).criteria
}

fn messages(found: &Lowered) -> Vec<&str> {
    found.problems.iter().map(|p| &*p.message).collect()
}

/// A pipeline with an Evaluator of `eval_config`, and what else its tasks are.
fn pipeline(eval_config: &str, more: &str) -> String {
    let model = "artifacts: {model: {taskOutputArtifact: {producerTask: Trainer, outputArtifactKey: model}}}";
    format!(
        "pipelineSpec:\n  pipelineInfo: {{name: taxi}}\n  root: {{dag: {{tasks: {{Evaluator: {{inputs: {{{model}, parameters: {{eval_config: {{runtimeValue: {eval_config}}}}}}}}}, {more}}}}}}}\n"
    )
}

const LOWER: &str = "\"threshold\": {\"value_threshold\": {\"lower_bound\": 0.8}}";
const PUSHER: &str = "parameters: {push_destination: {}}, artifacts: {model: {taskOutputArtifact: {producerTask: Trainer, outputArtifactKey: model}}";
const BLESSING: &str = "b: {taskOutputArtifact: {producerTask: Evaluator, outputArtifactKey: blessing}}";

fn told(criteria: &[Criterion]) -> Vec<(CriterionClass, Option<Comparison>, Option<Bound>)> {
    criteria.iter().map(|c| (c.class, c.comparison, c.bound.known().cloned())).collect()
}

fn change(fields: &str) -> Vec<(CriterionClass, Option<Comparison>, Option<Bound>)> {
    told(&criteria(&config(&format!("\"threshold\": {{\"change_threshold\": {{{fields}}}}}"))))
}

const fn bound(number: f64, unit: Unit) -> Bound {
    Bound { number, unit }
}

#[test]
fn bounds_are_what_a_metric_must_not_pass() {
    let both = "\"threshold\": {\"value_threshold\": {\"lower_bound\": 0.8, \"upper_bound\": \"0.99\"}}";
    let absolute = |comparison, number| (CriterionClass::Absolute, Some(comparison), Some(bound(number, Unit::None)));
    assert_eq!(told(&criteria(&config(both))), [absolute(Comparison::Below, 0.8), absolute(Comparison::Above, 0.99)]);
    let endless = "\"threshold\": {\"value_threshold\": {\"lower_bound\": \"-Infinity\"}}";
    assert!(criteria(&config(endless)).is_empty() && criteria(&config("\"config\": \"\"")).is_empty());
}

#[test]
fn a_change_is_a_drop_or_a_rise() {
    let relative = |comparison, number, unit| (CriterionClass::Relative, Some(comparison), Some(bound(number, unit)));
    let drop = change("\"absolute\": -1e-10, \"relative\": -0.07, \"direction\": \"HIGHER_IS_BETTER\"");
    assert_eq!(drop, [relative(Comparison::Drop, 1e-10, Unit::None), relative(Comparison::Drop, 7.0, Unit::Percent)]);
    let rise = change("\"absolute\": 0.01, \"direction\": 1");
    assert_eq!(rise, [relative(Comparison::Rise, 0.01, Unit::None)]);
    let gain = change("\"absolute\": 0.002, \"direction\": \"HIGHER_IS_BETTER\"");
    assert_eq!(gain, [relative(Comparison::Drop, -0.002, Unit::None)], "must rise by it");
}

#[test]
fn a_change_without_a_direction_fails_every_model() {
    let text = config("\"threshold\": {\"change_threshold\": {\"absolute\": 0.002}}");
    let found = inspect_all(&text);
    assert_eq!(messages(&found), ["`change_threshold` has no `direction`, so no model passes it"]);
    assert_eq!(found.criteria[0].criteria[0].class, CriterionClass::Text);
    let templated = config("\"threshold\": {\"change_threshold\": {\"absolute\": 0.002, \"direction\": \"{{ d }}\"}}");
    assert!(inspect_all(&templated).problems.is_empty());
}

#[test]
fn every_place_of_a_threshold_and_both_spellings() {
    let text = "slicingSpecs: [{}]\nmetricsSpecs:\n- metrics:\n  - className: AUC\n    perSliceThresholds: [{threshold: {valueThreshold: {lowerBound: 1}}}]\n    crossSliceThresholds: [{threshold: {valueThreshold: {lowerBound: {value: 2}}}}]\n  thresholds: {loss: {valueThreshold: {upperBound: 3}}}\n  perSliceThresholds: {loss: {thresholds: [{threshold: {valueThreshold: {upperBound: 4}}}]}}\n  crossSliceThresholds: {loss: {thresholds: [{threshold: {valueThreshold: {upperBound: 5}}}]}}\n";
    let all = criteria(text);
    let numbers: Vec<f64> = all.iter().map(|c| c.bound.known().unwrap().number).collect();
    assert_eq!(numbers, [1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!((all[0].label(), all[4].label()), ("AUC", "loss"));
}

#[test]
fn what_is_no_number_is_said_and_what_is_a_template_is_unknown() {
    let text =
        |bound: &str| config(&format!("\"threshold\": {{\"value_threshold\": {{\"lower_bound\": \"{bound}\"}}}}"));
    assert_eq!(messages(&inspect_all(&text("high"))), ["`lower_bound` is `high`, which is not a number"]);
    let found = inspect_all(&text("{{ floor }}"));
    assert!(found.problems.is_empty() && found.criteria[0].criteria[0].bound.is_dynamic());
    assert!(inspect_all("metrics_specs: {AUC: 1}\nmodel_specs: 3\n").criteria.is_empty(), "somebody else's");
}

#[test]
fn a_pipeline_holds_its_config_in_a_text() {
    let waits = format!("Pusher: {{inputs: {{{PUSHER}, {BLESSING}}}}}, triggerPolicy: {{condition: blessed}}}}");
    for value in [
        format!("{{constant: '{}'}}", config(LOWER)),
        format!("{{constantValue: {{stringValue: '{}'}}}}", config(LOWER)),
    ] {
        let found = inspect_all(&pipeline(&value, &waits));
        assert!(found.rollouts.is_empty() && found.problems.is_empty());
        let document = &found.criteria[0];
        assert_eq!((&*document.kind, &*document.name.value), ("PipelineJob", "Evaluator"));
        let criterion = &document.criteria[0];
        assert_eq!((criterion.comparison, &criterion.evaluated), (Some(Comparison::Below), &Evaluated::Yes));
    }
    let other = pipeline("{constant: '{\"judge\": \"gpt\"}'}", "");
    assert!(inspect_all(&other).criteria.is_empty(), "a component of somebody else");
}

#[test]
fn a_push_that_waits_for_nothing() {
    let value = format!("{{constant: '{}'}}", config(LOWER));
    let found = inspect_all(&pipeline(&value, &format!("Pusher: {{inputs: {{{PUSHER}}}}}}}")));
    assert_eq!(
        messages(&found),
        ["`Pusher` has no condition in a `triggerPolicy`, so it pushes the model that `Evaluator` may have refused"]
    );
    assert!(matches!(found.criteria[0].criteria[0].evaluated, Evaluated::No(_)));
    let another = PUSHER.replace("Trainer", "Resolver");
    let found = inspect_all(&pipeline(&value, &format!("Pusher: {{inputs: {{{another}}}}}}}")));
    assert!(found.problems.is_empty(), "another model");
    assert_eq!(found.criteria[0].criteria[0].evaluated, Evaluated::Unknown);
    let ungated = format!("{{constant: '{}'}}", config("\"config\": \"\""));
    let found = inspect_all(&pipeline(&ungated, &format!("Pusher: {{inputs: {{{PUSHER}}}}}}}")));
    assert!(found.problems.is_empty() && found.criteria[0].criteria.is_empty(), "nothing is asked of the model");
}

#[test]
fn a_config_that_the_run_is_given_is_unknown() {
    let executor = "  components: {Evaluator: {executorLabel: e}}\n  deploymentSpec: {executors: {e: {container: {args: [--executor_class_path, tfx.components.evaluator.executor.Executor]}}}}\n";
    let given = |value: &str| {
        let task = pipeline(value, "").replace("{inputs:", "{componentRef: {name: Evaluator}, inputs:");
        inspect_all(&(task + executor))
    };
    for value in ["{runtimeParameter: config}", "{constant: \"{{$.inputs.parameters['c']}}\"}"] {
        let found = given(value);
        assert!(found.problems.is_empty());
        assert_eq!(found.criteria[0].criteria[0].class, CriterionClass::Opaque, "{value}");
    }
    assert_eq!(messages(&given("{constant: nonsense}")).len(), 1);
}
