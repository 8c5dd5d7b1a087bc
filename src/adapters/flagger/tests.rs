//! Tests of the whole adapter.

use crate::adapters::testing::lower;
use crate::model::{
    Comparer, Comparison, CriterionClass, Hold, MetricKind, RemarkKind, Rollout, Share, Stage, Strategy,
};

fn canary(spec: &str, analysis: &str) -> Rollout {
    let text = format!(
        "apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {{name: web}}\nspec:\n  targetRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}\n{spec}\n  analysis: {analysis}\n"
    );
    lower(&text).remove(0)
}

fn shares(rollout: &Rollout) -> Vec<f64> {
    rollout.stages().iter().map(|s| s.share().map_or(-1.0, Share::percent)).collect()
}

fn remarks(rollout: &Rollout, kind: RemarkKind) -> usize {
    rollout.remarks.iter().filter(|r| r.kind == kind).count()
}

#[test]
fn the_last_step_may_go_past_the_maximum() {
    let rollout = canary("", "{interval: 15m, threshold: 3, stepWeight: 30, maxWeight: 50}");
    assert_eq!(shares(&rollout), [30.0, 60.0, 100.0]);
    let written: Vec<Share> = rollout.stages().iter().map(|s| s.exposure.known().unwrap().written).collect();
    assert_eq!(written[1], Share::from_percent(50.0));
    assert_eq!(rollout.stages()[0].hold.known(), Some(&Hold::Timed(900)));
    assert!(rollout.stages()[2].implied && rollout.remarks.is_empty());
    assert_eq!(shares(&canary("", "{interval: 1m, threshold: 1, stepWeight: 40}")), [40.0, 80.0, 100.0]);
    assert_eq!(shares(&canary("", "{interval: 1m, threshold: 1, stepWeights: [2, 5, 50]}")), [2.0, 5.0, 50.0, 100.0]);
}

#[test]
fn the_controllers_order() {
    let ab = canary("", "{interval: 5s, threshold: 1, iterations: 6, match: [{headers: {a: {exact: b}}}]}");
    assert_eq!((ab.strategy.value, ab.stages().len()), (Strategy::AbTest, 2));
    assert_eq!(ab.stages()[0].hold.known(), Some(&Hold::Timed(60)));
    let switch = canary("  provider: istio", "{interval: 1m, threshold: 1, iterations: 10}");
    assert_eq!((switch.strategy.value, shares(&switch)), (Strategy::BlueGreen, vec![0.0, 100.0]));
    assert_eq!(switch.rollback.way_back.known(), Some(&60));
    let flat =
        canary("  provider: kubernetes", "{interval: 1m, threshold: 1, stepWeight: 5, maxWeight: 20, mirror: true}");
    assert_eq!((flat.strategy.value, flat.stages()[0].hold.known()), (Strategy::BlueGreen, Some(&Hold::Timed(600))));
    assert_eq!((remarks(&flat, RemarkKind::Ignored), flat.shadow.is_none()), (3, true));
    let skipped = canary("  skipAnalysis: true", "{interval: 1m, threshold: 1, stepWeight: 5}");
    assert_eq!((skipped.strategy.value, shares(&skipped)), (Strategy::AllAtOnce, vec![100.0]));
    assert_eq!(remarks(&skipped, RemarkKind::Ignored), 1);
    let none = canary("", "null");
    assert_eq!((none.strategy.value, none.remarks.len()), (Strategy::AllAtOnce, 0));
}

#[test]
fn what_the_schema_refuses() {
    let found = |analysis| remarks(&canary("", analysis), RemarkKind::Invalid);
    assert_eq!(found("{interval: 90m, threshold: 1, stepWeight: 5}"), 0);
    for refused in [
        "{interval: 1h, threshold: 1, stepWeight: 5}",
        "{interval: 60, threshold: 1, stepWeight: 5}",
        "{threshold: 1, stepWeight: 5}",
        "{interval: 1m, stepWeight: 5}",
        "{interval: 1m, threshold: 1}",
        "{interval: 1m, threshold: 1, stepWeight: 5, iterations: 10}",
        "{interval: 1m, threshold: 1, stepWeights: [5, 5]}",
        "{interval: 1m, threshold: 1, stepWeight: 5, metrics: [{name: lag, thresholdRange: {max: 5}}]}",
    ] {
        assert_eq!(found(refused), 1, "{refused}");
    }
}

#[test]
fn numbers_and_what_has_none() {
    let metrics = "{interval: 1m, threshold: 3, stepWeight: 5, metrics: [
      {name: request-success-rate, thresholdRange: {min: 99}, interval: 5m},
      {name: request-duration, thresholdRange: {max: 500}},
      {name: request-success-rate, threshold: 98}, {name: request-duration, threshold: 800},
      {name: request-success-rate, thresholdRange: {}}, {name: request-duration}]}";
    let criteria = canary("", metrics).rollback.criteria;
    let told: Vec<_> =
        criteria.iter().map(|c| (c.class, c.comparison, c.bound.known().map(ToString::to_string))).collect();
    let number = |side, bound: &str| (CriterionClass::Absolute, Some(side), Some(bound.to_owned()));
    assert_eq!(told[..2], [number(Comparison::Below, "99%"), number(Comparison::Above, "0.5s")]);
    assert_eq!(told[2..4], [number(Comparison::Below, "98%"), number(Comparison::Above, "0.8s")]);
    assert_eq!(told[4..], [(CriterionClass::Text, None, None), (CriterionClass::Text, None, None)]);
    assert_eq!((criteria[0].window, criteria[1].window, criteria[0].tolerated), (Some(300), Some(60), Some(2)));
    assert!(criteria[0].covers.holds(0) && criteria[0].covers.holds(19));
}

#[test]
fn a_template_tells_the_kind_and_may_be_missing() {
    let metrics = "{interval: 1m, threshold: 3, stepWeight: 5, metrics: [
      {name: slo, templateRef: {name: slo}, thresholdRange: {max: 5}}]}";
    let alone = canary("", metrics);
    assert_eq!((alone.unresolved.len(), alone.unresolved[0].may_hold_criteria()), (1, false));
    let text = format!(
        "apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {{name: web}}\nspec: {{targetRef: {{name: web}}, analysis: {metrics}}}\n---\napiVersion: flagger.app/v1beta1\nkind: MetricTemplate\nmetadata: {{name: slo}}\nspec: {{query: 'histogram_quantile(0.95, x)'}}\n"
    );
    let both = lower(&text).remove(0);
    assert_eq!((both.rollback.criteria[0].metric.kind, both.unresolved.len()), (MetricKind::Latency, 0));
    assert_eq!(both.monitors[0].value.percentile_tenths, Some(950));
}

#[test]
fn webhooks_by_type() {
    let hooks = "{interval: 1m, threshold: 3, stepWeights: [5, 20], webhooks: [
      {name: load, url: u}, {name: smoke, type: pre-rollout, url: u}, {name: ask, type: confirm-promotion, url: u},
      {name: undo, type: rollback, url: u}, {name: start, type: confirm-rollout, url: u}]}";
    let rollout = canary("", hooks);
    let criteria: Vec<(&str, bool)> =
        rollout.rollback.criteria.iter().map(|c| (&*c.metric.name, c.covers.holds(1))).collect();
    assert_eq!(criteria, [("load", true), ("smoke", false)]);
    assert_eq!(shares(&rollout), [0.0, 5.0, 20.0, 100.0]);
    let gated = |s: &Stage| s.hold.known() == Some(&Hold::Gated);
    assert_eq!(rollout.stages().iter().map(gated).collect::<Vec<_>>(), [true, false, true, false]);
}

#[test]
fn mirrors() {
    let rollout =
        canary("  provider: istio", "{interval: 1m, threshold: 1, stepWeight: 50, mirror: true, mirrorWeight: 20}");
    let shadow = rollout.shadow.as_ref().unwrap();
    assert_eq!((shadow.share.known(), shadow.duration.known()), (Some(&Share::from_percent(20.0)), Some(&60)));
    assert_eq!((&shadow.comparer, shares(&rollout)[0]), (&Comparer::Nothing, 0.0));
    let other = canary("  provider: linkerd", "{interval: 1m, threshold: 1, stepWeight: 50, mirror: true}");
    assert_eq!((other.shadow.is_none(), remarks(&other, RemarkKind::Ignored)), (true, 1));
}
