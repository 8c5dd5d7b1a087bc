//! Plain Kubernetes workloads: Deployment, StatefulSet, DaemonSet, LeaderWorkerSet.

use super::{Adapter, Lowering, Object, Workload, pod_template};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{Basis, Exposure, Fact, Hold, Progression, Rollout, Share, Stage, Strategy, SubjectKind};
use crate::syntax::Node;
use crate::text::Spanned;

declare_adapter! {
    /// ## What is read
    ///
    /// `Deployment`, `StatefulSet` and `DaemonSet` of `apps` (and of the old groups `extensions`), and
    /// `LeaderWorkerSet`. A workload that a Rollout, a Canary or another object takes over is judged there.
    ///
    /// ## Mapping
    ///
    /// | manifest | model | when absent |
    /// |---|---|---|
    /// | `spec.strategy.type`, `spec.updateStrategy.type` | strategy: `RollingUpdate` rolling, `Recreate` recreate, `OnDelete` unknown | `RollingUpdate` |
    /// | `spec.replicas` | replicas | 1 |
    /// | `spec.minReadySeconds` | hold of the one stage, where it has one | 0 |
    /// | `spec.updateStrategy.rollingUpdate.partition` | a stage of `(replicas - partition) / replicas`, held until edited | 0 |
    /// | `spec.revisionHistoryLimit` | revisions kept | 10 |
    /// | `spec.template.spec.containers[].image` | payload | – |
    ///
    /// ## What bites
    ///
    /// - Nothing here rolls back on a metric. `progressDeadlineSeconds` sets a condition and does nothing else.
    /// - `partition` is an ordinal, not a percent: pods at or above it get the new version.
    /// - Percent strings need their sign: `maxSurge: 25` is 25 pods. Both `maxSurge` and `maxUnavailable` 0 is refused.
    /// - A kustomize patch lacks selector and template: nothing is missing from it.
    ///
    /// Sources: k8s.io/api `apps/v1/types.go`; the defaults of StatefulSet, DaemonSet and LeaderWorkerSet are general
    /// knowledge of the API.
    ///
    /// ## What it cannot see
    ///
    /// An autoscaler's replicas, what a mutable tag such as `:latest` points to, and two Deployments behind one
    /// Service.
    pub Kubernetes {
        id: "kubernetes",
        title: "Kubernetes workloads",
        summary: "Deployment, StatefulSet, DaemonSet, LeaderWorkerSet",
        kinds: [
            ("apps", "Deployment"),
            ("apps", "StatefulSet"),
            ("apps", "DaemonSet"),
            ("extensions", "Deployment"),
            ("extensions", "DaemonSet"),
            ("leaderworkerset.x-k8s.io", "LeaderWorkerSet"),
        ],
    }
}

impl Adapter for Kubernetes {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let Some(spec) = object.spec() else { return };
        let mut rollout = cx.blank(object, SubjectKind::Workload);
        rollout.plain_workload = true;
        rollout.replicas = cx.read_u64(spec, "replicas");
        rollout.payload = template(object, spec).map(pod_template).unwrap_or_default();
        rollout.partial = template(object, spec).is_none() || spec.get("selector").is_none() && is_apps(object);
        rollout.rollback.revisions = cx
            .read_u64(spec, "revisionHistoryLimit")
            .or_default(10, "Kubernetes keeps 10 revisions when `revisionHistoryLimit` is absent");
        if !rollout.partial {
            let (payload, replicas) = (rollout.payload.clone(), rollout.replicas.clone());
            cx.define(object.id(), Workload { payload, replicas });
        }
        strategy(object, spec, &mut rollout, cx);
        cx.rollout(rollout);
    }
}

fn is_apps(object: &Object<'_>) -> bool {
    object.group == "apps"
}

/// The pod template: a LeaderWorkerSet keeps its workers' in `leaderWorkerTemplate.workerTemplate`.
fn template<'d>(object: &Object<'d>, spec: Node<'d>) -> Option<Node<'d>> {
    match object.kind {
        "LeaderWorkerSet" => spec.path(&["leaderWorkerTemplate", "workerTemplate"]),
        _ => spec.get("template"),
    }
}

fn strategy(object: &Object<'_>, spec: Node<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    let key = match object.kind {
        "Deployment" => "strategy",
        "LeaderWorkerSet" => "rolloutStrategy",
        _ => "updateStrategy",
    };
    let node = spec.get(key);
    let kind = node.and_then(|n| n.get("type"));
    let strategy = match kind.and_then(Node::text) {
        Some("Recreate") if object.kind == "Deployment" => Strategy::Recreate,
        Some("OnDelete") if object.kind != "Deployment" => Strategy::Unknown,
        _ => Strategy::Rolling,
    };
    let span = kind.map_or_else(|| rollout.name_span, Node::span);
    rollout.strategy = Spanned::new(strategy, span);
    let rolling = node.and_then(|n| n.get("rollingUpdate").or_else(|| n.get("rollingUpdateConfiguration")));
    if let Some(rolling) = rolling {
        limits(object, rolling, cx);
    }
    let near = node.map_or(rollout.name_span, Node::anchor);
    let partition = rolling.filter(|_| object.kind != "Deployment").and_then(|r| r.get("partition"));
    let held = partition.and_then(|p| partition_stage(p, rollout, cx));
    let everybody = Exposure::exact(Share::ALL, Basis::Pods);
    let mut all =
        Stage::new(Fact::Defaulted { value: everybody, by: "a rolling update ends with all pods", near }, near);
    all.implied = true;
    if let Some(ready) = spec.get("minReadySeconds").and_then(Node::as_i64).and_then(|s| u64::try_from(s).ok()) {
        all.hold = Fact::stated(if ready == 0 { Hold::None } else { Hold::Timed(ready) }, near);
    }
    rollout.progression = Progression::Declared(held.into_iter().chain([all]).collect());
}

/// A partition holds the pods below it on the old version until somebody edits it.
fn partition_stage(partition: Node<'_>, rollout: &Rollout, cx: &mut Lowering<'_>) -> Option<Stage> {
    let number =
        cx.take(partition, "partition", "a whole number of pods", |n| n.as_i64().and_then(|v| u64::try_from(v).ok()));
    let replicas = rollout.replicas.known().copied();
    let exposure = match (number.known().copied(), replicas) {
        (Some(0), _) => return None,
        (Some(p), Some(n)) => {
            Fact::stated(Exposure::exact(Share::of(n.saturating_sub(p), n), Basis::Pods), partition.span())
        }
        (Some(_) | None, _) => {
            cx.unknown(partition, "replicas-unknown");
            Fact::Dynamic { expr: partition.text().unwrap_or_default().into(), span: partition.span() }
        }
    };
    let mut stage = Stage::new(exposure, partition.span());
    stage.hold = Fact::stated(Hold::Gated, partition.span());
    Some(stage)
}

/// Surge and unavailability both 0: the update could never move, and the API refuses it.
fn limits(object: &Object<'_>, rolling: Node<'_>, cx: &mut Lowering<'_>) {
    let zero = |key: &str| rolling.get(key).filter(|n| matches!(n.text(), Some("0" | "0%")));
    if let (Some(surge), Some(unavailable), true) = (zero("maxSurge"), zero("maxUnavailable"), is_apps(object)) {
        let message = "`maxSurge` and `maxUnavailable` are both 0, so no pod can ever be replaced";
        let remark = cx.invalid(unavailable.span(), message, "set one of them to 1 or more");
        remark.related = Some((surge.span(), "the other one".into()));
    }
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::lower;
    use crate::model::{Hold, Share, Strategy};

    #[test]
    fn a_partition_is_a_stage_held_by_hand() {
        let text = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: ranker}
spec:
  replicas: 20
  selector: {}
  template: {spec: {containers: [{image: 'ranker:2'}]}}
  updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 19}}
";
        let lowered = lower(text);
        let rollout = &lowered[0];
        assert_eq!(rollout.stages().len(), 2);
        assert_eq!(rollout.stages()[0].share(), Some(Share::from_percent(5.0)));
        assert_eq!(rollout.stages()[0].hold.known(), Some(&Hold::Gated));
        assert_eq!(&*rollout.payload[0].value, "ranker:2");
    }

    #[test]
    fn recreate_and_patches() {
        let text = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  strategy: {type: Recreate}
";
        let lowered = lower(text);
        assert_eq!(lowered[0].strategy.value, Strategy::Recreate);
        assert!(lowered[0].partial);
    }

    #[test]
    fn an_update_that_can_not_move() {
        let text = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {}
  template: {spec: {containers: [{image: 'web:2'}]}}
  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}
";
        assert_eq!(lower(text)[0].remarks.len(), 1);
    }
}
