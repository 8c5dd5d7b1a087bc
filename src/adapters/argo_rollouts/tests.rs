//! Rollouts as their authors write them, and what they come to.

use crate::adapters::testing::{inspect_all, lower};
use crate::model::{
    Action, Basis, Comparer, Comparison, CriterionClass, Evaluated, Hold, RemarkKind, Rollout, Share, Stage,
};

fn rollout(spec: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{name: web}}\nspec:\n  selector: {{}}\n  template: {{spec: {{containers: [{{image: web:1}}]}}}}\n{spec}"
    )
}

fn one(text: &str) -> Rollout {
    let mut found = lower(text);
    assert_eq!(found.len(), 1, "{text}");
    found.remove(0)
}

/// A canary of 100 replicas without a router, with these steps.
fn canary(steps: &str) -> Rollout {
    one(&rollout(&format!("  replicas: 100\n  strategy: {{canary: {{steps: {steps}}}}}\n")))
}

fn with_analysis(metrics: &str, canary: &str) -> Rollout {
    let template = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {{name: t}}\nspec:\n{metrics}---\n"
    );
    one(&(template + &rollout(&format!("  replicas: 100\n  strategy: {{canary: {canary}}}\n"))))
}

fn percent(stages: &[Stage]) -> Vec<f64> {
    stages.iter().filter_map(Stage::share).map(Share::percent).collect()
}

fn holds(stages: &[Stage]) -> Vec<Option<Hold>> {
    stages.iter().map(|s| s.hold.known().copied()).collect()
}

#[test]
fn steps_are_walked_with_a_running_weight() {
    let found =
        canary("[{pause: {}}, {setWeight: 20}, {pause: {duration: 1m}}, {pause: {duration: 30}}, {setWeight: 5}]");
    assert_eq!(percent(found.stages()), [0.0, 20.0, 5.0, 100.0]);
    let expected = [Hold::Gated, Hold::Timed(90), Hold::None, Hold::None];
    assert_eq!(holds(found.stages()), expected.map(Some));
    assert!(found.stages()[3].implied);
    assert!(found.remarks.is_empty(), "{:?}", found.remarks);
}

#[test]
fn the_last_step_is_not_doubled_and_no_steps_are_one_stage() {
    let found = canary("[{setWeight: 10}, {setWeight: 100}, {pause: {duration: 5}}]");
    assert_eq!(percent(found.stages()), [10.0, 100.0]);
    assert_eq!(found.stages()[1].hold.known(), Some(&Hold::Timed(5)));
    assert_eq!(percent(canary("[]").stages()), [100.0]);
    assert_eq!(percent(one(&rollout("  strategy: {canary: {}}\n")).stages()), [100.0]);
}

#[test]
fn pauses_as_the_controller_reads_them() {
    let found =
        canary("[{setWeight: 10}, {pause: {duration: 0}}, {setWeight: 20}, {pause: {duration: 1d}}, {pause: }]");
    assert_eq!(found.stages()[0].hold.known(), Some(&Hold::None));
    assert!(found.stages()[1].hold.is_dynamic());
    let invalid = found.remarks.iter().filter(|r| r.kind == RemarkKind::Invalid).count();
    assert_eq!(invalid, 2, "{:?}", found.remarks);
}

#[test]
fn what_a_template_hides_is_not_judged() {
    let found = canary("'{{ .Values.steps }}'");
    assert!(found.exposure_is_dynamic() && found.partial && found.remarks.is_empty());
    let found = canary("[{setWeight: 5}, '{{ .Values.step }}', {pause: '{{ .Values.pause }}'}]");
    assert!(found.stages()[1].exposure.is_dynamic() && found.stages()[1].hold.is_dynamic());
    assert_eq!(found.undetermined.len(), 2);
}

#[test]
fn without_replicas_the_served_share_is_unknown() {
    let found = one(&rollout("  strategy: {canary: {steps: [{setWeight: 5}, {pause: {}}]}}\n"));
    let exposure = found.stages()[0].exposure.known().unwrap();
    assert_eq!((exposure.effective, exposure.basis), (None, Basis::Unknown));
    assert_eq!(&*found.undetermined[0].path, "/spec/replicas");
    let bent = one(&rollout("  replicas: 5\n  strategy: {canary: {steps: [{setWeight: 1}, {pause: {}}]}}\n"));
    assert_eq!(bent.stages()[0].share(), Some(Share::of(1, 6)));
    assert_eq!(bent.remarks[0].kind, RemarkKind::Unreachable);
}

#[test]
fn blue_green_waits_and_keeps_the_old_side() {
    let found = one(&rollout("  strategy: {blueGreen: {activeService: a, autoPromotionSeconds: 60}}\n"));
    assert_eq!(percent(found.stages()), [0.0, 100.0]);
    assert_eq!(holds(found.stages()), [Some(Hold::Timed(60)), Some(Hold::None)]);
    assert_eq!(found.rollback.way_back.known(), Some(&30));
    let manual = one(&rollout("  strategy: {blueGreen: {autoPromotionEnabled: false, autoPromotionSeconds: 60}}\n"));
    assert_eq!(manual.stages()[0].hold.known(), Some(&Hold::Gated));
    assert_eq!(manual.remarks[0].kind, RemarkKind::Ignored);
}

#[test]
fn a_gate_that_cannot_fire_or_is_a_dry_run_says_so() {
    let metrics = "  dryRun: [{metricName: '^lat'}]\n  metrics:\n    - {name: err, count: 2, interval: 1m, failureLimit: 2, successCondition: 'result < 1', provider: {prometheus: {query: q}}}\n    - {name: latency, successCondition: 'result < 1', provider: {prometheus: {query: q}}}\n    - {name: seen, provider: {prometheus: {query: q}}}\n";
    let found = with_analysis(metrics, "{steps: [{setWeight: 5}, {analysis: {templates: [{templateName: t}]}}]}");
    let criteria = &found.rollback.criteria;
    assert_eq!(criteria.len(), 2, "a metric without a condition is a monitor");
    assert!(criteria[0].cannot_fire.is_some() && criteria[1].cannot_fire.is_none());
    assert_eq!(criteria[1].evaluated, Evaluated::No("dry run".into()));
    assert_eq!(found.monitors.len(), 3);
    assert_eq!(found.stages()[0].hold.known(), Some(&Hold::Timed(60)));
}

#[test]
fn arguments_come_from_the_rollout_then_from_the_template() {
    let metrics = "  args: [{name: max, value: '5'}, {name: min}]\n  metrics:\n    - {name: m, interval: 1m, failureLimit: 2, failureCondition: 'result > {{args.max}} || result < {{ args.min }}', successCondition: 'result < 1', provider: {prometheus: {query: q}}}\n";
    let steps = "analysis: {templates: [{templateName: t}], args: [{name: max, value: '7'}, {name: other, value: x}]}, steps: [{setWeight: 5}, {pause: {duration: 1m}}]";
    let found = with_analysis(metrics, &format!("{{{steps}}}"));
    let criteria = &found.rollback.criteria;
    assert_eq!(criteria[0].bound.known().map(|b| b.number), Some(7.0));
    assert!(criteria[1].bound.is_dynamic());
    assert_eq!(criteria[2].action, Action::Pause);
    assert_eq!(criteria[2].comparison, Some(Comparison::Above));
    assert!(criteria.iter().all(|c| c.cannot_fire.is_some()), "two minutes are longer than one");
    assert_eq!(found.undetermined[0].reason, "unresolved-argument");
    assert_eq!(found.stages()[0].hold.known(), Some(&Hold::Timed(60)));
}

#[test]
fn a_template_that_is_not_there_leaves_the_criteria_unknown() {
    let found = canary("[{setWeight: 5}, {analysis: {templates: [{templateName: gone, clusterScope: true}]}}]");
    assert_eq!(&*found.unresolved[0].kind, "ClusterAnalysisTemplate");
    assert_eq!(found.stages()[0].hold.known(), Some(&Hold::Unknown));
    assert!(found.hidden_criteria().is_some());
}

#[test]
fn an_endless_step_analysis_gates_and_exit_codes_are_opaque() {
    let metrics = "  metrics:\n    - {name: j, interval: 1m, provider: {job: {}}}\n";
    let found = with_analysis(metrics, "{steps: [{setWeight: 5}, {analysis: {templates: [{templateName: t}]}}]}");
    assert_eq!(found.stages()[0].hold.known(), Some(&Hold::Gated));
    assert_eq!(found.rollback.criteria[0].class, CriterionClass::Opaque);
}

#[test]
fn a_mirror_lasts_until_it_is_removed() {
    let steps = "[{setMirrorRoute: {name: m, percentage: 30}}, {pause: {duration: 1h}}, {setMirrorRoute: {name: m}}, {setWeight: 5}, {pause: {duration: 9h}}]";
    let routing = "trafficRouting: {managedRoutes: [{name: m}], istio: {virtualService: {name: edge.ns}}}";
    let found = one(&rollout(&format!("  strategy: {{canary: {{{routing}, steps: {steps}}}}}\n")));
    let shadow = found.shadow.unwrap();
    assert_eq!(shadow.share.known().map(|s| s.percent()), Some(30.0));
    assert_eq!(shadow.duration.known(), Some(&3600));
    assert_eq!(shadow.comparer, Comparer::Nothing);
    assert_eq!(found.owns[0].namespace.as_deref(), Some("ns"));
    assert!(found.remarks.is_empty(), "{:?}", found.remarks);
}

#[test]
fn runs_are_skipped_and_templates_are_documents() {
    let lowered = inspect_all(
        "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisRun\nmetadata: {name: r}\n---\napiVersion: argoproj.io/v1alpha1\nkind: ClusterAnalysisTemplate\nmetadata: {name: t}\nspec: {metrics: [{name: a, interval: 1d, successCondition: result < 1, provider: {web: {}, job: {}}}]}\n",
    );
    assert!(lowered.rollouts.is_empty());
    assert_eq!(lowered.criteria[0].criteria[0].evaluated, Evaluated::Unknown);
    assert_eq!(lowered.problems.len(), 2, "two providers, and a day is no unit");
}

#[test]
fn an_analysis_without_any_condition_can_not_fail() {
    let text = "
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  replicas: 10
  strategy: {canary: {steps: [{setWeight: 10}, {analysis: {templates: [{templateName: t}]}}, {pause: {}}]}}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: t}
spec:
  metrics: [{name: m, provider: {prometheus: {query: up}}}]
";
    let rollout = &lower(text)[0];
    assert!(!rollout.partial, "it says how many and how: shortened, but whole");
    assert!(rollout.rollback.criteria[0].cannot_fire.is_some());
}
