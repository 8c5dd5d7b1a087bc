//! Rollouts of both versions.

use crate::adapters::testing::lower;
use crate::model::{Hold, RemarkKind, Rollout, Share, Stage, Strategy};

const WORKLOAD: &str = "
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 20
  selector: {}
  template: {spec: {containers: [{image: 'web:2'}]}}
";

fn rollout(strategy: &str, workload: &str) -> Rollout {
    let text = format!(
        "apiVersion: rollouts.kruise.io/v1beta1
kind: Rollout
metadata: {{name: web}}
spec:
  workloadRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}
{strategy}{workload}"
    );
    lower(&text).remove(0)
}

fn shares(rollout: &Rollout) -> Vec<Option<Share>> {
    rollout.stages().iter().map(Stage::share).collect()
}

fn remarks(rollout: &Rollout) -> Vec<RemarkKind> {
    rollout.remarks.iter().map(|r| r.kind).collect()
}

#[test]
fn traffic_counts_with_a_router_and_pods_without() {
    let steps =
        "steps: [{traffic: 5%, replicas: 10%, pause: {duration: 3600}}, {replicas: 5}, {replicas: 50%, pause: {}}]";
    let routed = rollout(
        &format!(
            "  strategy: {{canary: {{enableExtraWorkloadForCanary: true, trafficRoutings: [{{service: web, gateway: {{httpRouteName: web}}}}], {steps}}}}}"
        ),
        WORKLOAD,
    );
    let percents = [5.0, 25.0, 50.0, 100.0].map(|p| Some(Share::from_percent(p)));
    assert_eq!(shares(&routed), percents);
    let holds: Vec<_> = routed.stages().iter().map(|s| s.hold.known().copied().unwrap()).collect();
    assert_eq!(holds, [Hold::Timed(3600), Hold::Gated, Hold::Gated, Hold::None]);
    assert!(routed.stages()[3].implied);
    assert_eq!(&*routed.payload[0].value, "web:2");
    assert_eq!(routed.owns.len(), 2);
    let bare = rollout(&format!("  strategy: {{canary: {{{steps}}}}}"), WORKLOAD);
    assert_eq!(shares(&bare)[0], Some(Share::from_percent(10.0)));
    assert_eq!(remarks(&bare), [RemarkKind::Ignored]);
}

#[test]
fn pods_are_whole_and_need_the_workload() {
    let strategy = "  strategy: {canary: {steps: [{replicas: 1%, pause: {duration: 10m}}, {replicas: 100%}]}}";
    let known = rollout(strategy, WORKLOAD);
    assert_eq!(shares(&known), [Some(Share::from_percent(5.0)), Some(Share::ALL)]);
    assert_eq!(remarks(&known), [RemarkKind::Invalid, RemarkKind::Unreachable]);
    let alone = rollout(strategy, "");
    let first = alone.stages()[0].exposure.known().unwrap();
    assert_eq!((first.written, first.effective), (Share::from_percent(1.0), None));
    assert_eq!(alone.unresolved.len(), 1);
    let counted = rollout("  strategy: {canary: {steps: [{replicas: 1}]}}", "");
    assert!(counted.stages()[0].exposure.is_dynamic());
    assert_eq!(counted.undetermined.len(), 1);
}

#[test]
fn a_disabled_rollout_is_no_plan() {
    let off = rollout("  disabled: true\n  strategy: {canary: {steps: [{replicas: 5%}]}}", WORKLOAD);
    assert_eq!(off.strategy.value, Strategy::AllAtOnce);
    assert_eq!(shares(&off), [Some(Share::ALL)]);
    assert!(off.bypass.is_some());
    assert_eq!(remarks(&off), [RemarkKind::Ignored]);
}

#[test]
fn what_the_webhook_refuses() {
    let found = |canary: &str| remarks(&rollout(&format!("  strategy: {{canary: {{{canary}}}}}"), WORKLOAD)).len();
    assert_eq!(found("steps: []"), 1);
    assert_eq!(found("steps: [{replicas: 50%}, {replicas: 20%}]"), 1);
    assert_eq!(found("steps: [{replicas: 0%}, {replicas: 120%}, {replicas: '5'}]"), 3);
    assert_eq!(found("steps: [{traffic: 5%}]"), 2);
    let router = "trafficRoutings: [{service: web, ingress: {name: web}}]";
    assert_eq!(found(&format!("{router}, steps: [{{traffic: 0%, replicas: 5%}}]")), 1);
    assert_eq!(found(&format!("{router}, steps: [{{traffic: 5, replicas: 5%}}]")), 1);
    assert_eq!(found(&format!("{router}, steps: [{{traffic: 60%, replicas: 60%}}]")), 1);
    assert_eq!(found(&format!("{router}, steps: [{{traffic: 5%, replicas: 5%, matches: [{{headers: []}}]}}]")), 1);
    assert_eq!(found(&format!("{router}, steps: [{{traffic: 5%, replicas: 5%}}, {{replicas: 60%}}]")), 0);
}

#[test]
fn blue_green_and_v1alpha1() {
    let both = rollout(
        "  strategy: {blueGreen: {trafficRoutings: [{service: web, ingress: {name: web}}], steps: [{replicas: 100%, traffic: 0%, pause: {}}, {replicas: 100%, traffic: 100%, pause: {duration: 900}}]}}",
        WORKLOAD,
    );
    assert_eq!(both.strategy.value, Strategy::BlueGreen);
    assert_eq!(shares(&both), [Some(Share::NONE), Some(Share::ALL)]);
    assert_eq!(both.rollback.way_back.known(), Some(&900));
    assert!(both.remarks.is_empty());
    let old = lower(&format!(
        "apiVersion: rollouts.kruise.io/v1alpha1
kind: Rollout
metadata: {{name: web}}
spec:
  objectRef: {{workloadRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}}}
  strategy: {{canary: {{steps: [{{weight: 5, pause: {{duration: 60}}}}, {{weight: 100, pause: {{duration: 60}}}}]}}}}{WORKLOAD}"
    ))
    .remove(0);
    assert_eq!(shares(&old), [Some(Share::from_percent(5.0)), Some(Share::ALL)]);
    assert_eq!(old.stages()[1].hold.known(), Some(&Hold::None));
    assert!(old.remarks.is_empty());
}

#[test]
fn waits_that_do_and_that_do_not() {
    let router = "trafficRoutings: [{service: web, ingress: {name: web}}], enableExtraWorkloadForCanary: true";
    let last = |step: &str| rollout(&format!("  strategy: {{canary: {{{router}, steps: [{step}]}}}}"), WORKLOAD);
    let skipped = last("{traffic: 50%, replicas: 100%, pause: {duration: 900}}");
    assert_eq!((remarks(&skipped), skipped.stages()[0].gates.len()), (vec![RemarkKind::Ignored], 0));
    assert!(remarks(&last("{traffic: 100%, replicas: 100%, pause: {duration: 900}}")).is_empty());
    let approved = last("{traffic: 50%, replicas: 50%}");
    assert_eq!((remarks(&approved).len(), approved.stages()[0].gates.len()), (0, 1));
    let refused = last("{traffic: 120%, replicas: 50%, pause: {duration: 10}}");
    assert_eq!((remarks(&refused), shares(&refused)[0]), (vec![RemarkKind::Invalid], None));
}
