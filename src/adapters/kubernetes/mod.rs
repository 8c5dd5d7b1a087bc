//! Plain Kubernetes workloads: Deployment, StatefulSet, DaemonSet, LeaderWorkerSet.

mod limits;

use super::nodes::present;
use super::{Adapter, Lowering, Object, Workload, pod_template};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{Basis, Exposure, Fact, Hold, Payload, Progression, Rollout, Share, Stage, Strategy, SubjectKind};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

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
    /// | `spec.replicas` | replicas | not known: an autoscaler may own them |
    /// | `spec.minReadySeconds` | hold of the last stage: once for every batch of `maxSurge` and `maxUnavailable` | 0 |
    /// | `spec.updateStrategy.rollingUpdate.partition` | a stage of `(replicas - partition) / replicas`, held until edited | 0 |
    /// | `spec.revisionHistoryLimit` | revisions kept | 10 |
    /// | `spec.template.spec.containers[].image`, `initContainers[]`, those of `spec.leaderWorkerTemplate` | payload | – |
    ///
    /// ## What bites
    ///
    /// - Nothing here rolls back on a metric. `progressDeadlineSeconds` sets a condition and does nothing else.
    /// - `partition` is an ordinal, not a percent: pods at or above it get the new version.
    /// - Percent strings need their sign: `maxSurge: 25` is 25 pods. Both `maxSurge` and `maxUnavailable` 0 is refused.
    /// - `minReadySeconds` has to be below `progressDeadlineSeconds`, and `rollingUpdate` may not stand beside `Recreate`.
    /// - A kustomize patch lacks selector or template: nothing is missing from it, and it ships nothing.
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
        rollout.partial = is_patch(object, spec);
        rollout.rollback.revisions = revisions(object, spec, cx);
        if !rollout.partial {
            rollout.payload = shipped(object, spec);
            let (payload, replicas) = (rollout.payload.clone(), rollout.replicas.clone());
            cx.define(object.id(), Workload { payload, replicas });
        }
        strategy(object, spec, &mut rollout, cx);
        cx.rollout(rollout);
    }
}

/// Does it lack what the API asks of a whole object? The old versions fill a selector in from the template.
fn is_patch(object: &Object<'_>, spec: Node<'_>) -> bool {
    if object.kind == "LeaderWorkerSet" {
        return spec.path(&["leaderWorkerTemplate", "workerTemplate"]).is_none();
    }
    let selected = spec.get("selector").is_some() || object.group != "apps" || object.version != "v1";
    spec.get("template").is_none() || !selected
}

/// The images. A LeaderWorkerSet has a template for its leaders beside that of its workers.
fn shipped(object: &Object<'_>, spec: Node<'_>) -> Vec<Payload> {
    if object.kind != "LeaderWorkerSet" {
        return spec.get("template").map(pod_template).unwrap_or_default();
    }
    let templates = ["leaderTemplate", "workerTemplate"].map(|key| spec.path(&["leaderWorkerTemplate", key]));
    templates.into_iter().flatten().flat_map(pod_template).collect()
}

fn revisions(object: &Object<'_>, spec: Node<'_>, cx: &mut Lowering<'_>) -> Fact<u64> {
    let written = cx.read_u64(spec, "revisionHistoryLimit");
    match (object.group, object.version) {
        ("apps", "v1" | "v1beta2") => {
            written.or_default(10, "Kubernetes keeps 10 revisions when `revisionHistoryLimit` is absent")
        }
        (_, _) => written,
    }
}

fn strategy(object: &Object<'_>, spec: Node<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    let key = match object.kind {
        "Deployment" => "strategy",
        "LeaderWorkerSet" => "rolloutStrategy",
        _ => "updateStrategy",
    };
    let node = present(spec, key);
    let kind = node.and_then(|n| present(n, "type"));
    let strategy = kind.map_or(Strategy::Rolling, |kind| named(object, kind, cx));
    rollout.strategy = Spanned::new(strategy, kind.map_or(rollout.name_span, Node::span));
    let rolling = node.and_then(|n| present(n, "rollingUpdate").or_else(|| present(n, "rollingUpdateConfiguration")));
    let mut stages = Vec::new();
    if let Some(rolling) = rolling {
        if strategy == Strategy::Rolling {
            limits::check(object, rolling, rollout.partial, cx);
            let partitioned = matches!(object.kind, "StatefulSet" | "LeaderWorkerSet");
            let partition = present(rolling, "partition").filter(|_| partitioned);
            stages.extend(partition.and_then(|p| partition_stage(p, rollout, cx)));
        } else {
            limits::forbidden(object, rolling, kind, cx);
        }
    }
    if object.kind == "Deployment" {
        limits::deadline(object, spec, rollout.partial, cx);
    }
    let near = node.map_or(rollout.name_span, Node::anchor);
    stages.push(everybody(strategy, spec, rolling, rollout, near));
    rollout.progression = Progression::Declared(stages);
}

/// The strategy that `type` names.
fn named(object: &Object<'_>, kind: Node<'_>, cx: &mut Lowering<'_>) -> Strategy {
    let by_hand = object.kind == "StatefulSet" || object.kind == "DaemonSet";
    let wanted = match (object.kind, by_hand) {
        ("Deployment", _) => "`RollingUpdate` or `Recreate`",
        (_, true) => "`RollingUpdate` or `OnDelete`",
        (_, false) => "`RollingUpdate`",
    };
    let take = |n: Node<'_>| match n.as_str()? {
        "RollingUpdate" => Some(Strategy::Rolling),
        "Recreate" if object.kind == "Deployment" => Some(Strategy::Recreate),
        "OnDelete" if by_hand => Some(Strategy::Unknown),
        _ => None,
    };
    let read = cx.take(kind, "type", wanted, take);
    read.known().copied().unwrap_or(if read.is_dynamic() { Strategy::Unknown } else { Strategy::Rolling })
}

/// The stage that ends every update: all pods, pod after pod where the strategy rolls.
fn everybody(strategy: Strategy, spec: Node<'_>, rolling: Option<Node<'_>>, rollout: &Rollout, near: Span) -> Stage {
    let value = Exposure::exact(Share::ALL, Basis::Pods);
    let mut stage = Stage::new(Fact::Defaulted { value, by: "Kubernetes updates all pods", near }, near);
    stage.implied = true;
    if strategy == Strategy::Unknown {
        // `OnDelete`, where a pod changes when somebody deletes it, or a template.
        stage.hold = Fact::stated(Hold::Unknown, near);
    }
    if let Some(ready) = present(spec, "minReadySeconds") {
        let seconds = ready.as_i64().and_then(|s| u64::try_from(s).ok()).filter(|s| *s > 0);
        let batches = rollout.replicas.known().map_or(1, |n| limits::batches(&rollout.id.kind, *n, rolling));
        if let Some(seconds) = seconds.filter(|_| strategy == Strategy::Rolling) {
            stage.hold = Fact::stated(Hold::Timed(seconds.saturating_mul(batches)), ready.span());
        }
    }
    stage
}

/// A partition holds the pods below it on the old version until somebody edits it.
fn partition_stage(partition: Node<'_>, rollout: &Rollout, cx: &mut Lowering<'_>) -> Option<Stage> {
    let ordinal = |n: Node<'_>| n.as_i64().and_then(|v| u64::try_from(v).ok());
    let number = cx.take(partition, "partition", "a whole number of pods, 0 or more", ordinal);
    let exposure = match (number.known().copied(), rollout.replicas.known().copied()) {
        (Some(0), _) => return None,
        (Some(p), Some(n)) => {
            Fact::stated(Exposure::exact(Share::of(n.saturating_sub(p), n), Basis::Pods), partition.span())
        }
        (None, _) => number.map(|_| Exposure::exact(Share::NONE, Basis::Pods)),
        (Some(_), None) => {
            cx.unknown(partition, "no-replicas");
            Fact::Dynamic { expr: partition.text().unwrap_or_default().into(), span: partition.span() }
        }
    };
    let mut stage = Stage::new(exposure, partition.span());
    stage.hold = Fact::stated(Hold::Gated, partition.span());
    Some(stage)
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::lower;
    use crate::model::{Fact, Hold, Rollout, Share, Strategy};

    fn one(kind: &str, spec: &str) -> Rollout {
        let text = format!("apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: ranker}}\nspec:\n{spec}");
        lower(&text).remove(0)
    }

    const WHOLE: &str = "  selector: {}\n  template: {spec: {containers: [{image: 'ranker:2'}]}}\n";

    #[test]
    fn a_partition_is_a_stage_held_by_hand() {
        let share = |spec: &str| {
            let rollout = one("StatefulSet", &format!("{WHOLE}{spec}"));
            (rollout.stages().len(), rollout.stages()[0].share(), rollout.stages()[0].hold.known().copied())
        };
        let five = share("  replicas: 20\n  updateStrategy: {rollingUpdate: {partition: 19}}\n");
        assert_eq!(five, (2, Some(Share::from_percent(5.0)), Some(Hold::Gated)));
        let nobody = share("  replicas: 3\n  updateStrategy: {rollingUpdate: {partition: 5}}\n");
        assert_eq!(nobody, (2, Some(Share::NONE), Some(Hold::Gated)));
        assert_eq!(share("  replicas: 3\n  updateStrategy: {rollingUpdate: {partition: 0}}\n").0, 1);
        assert_eq!(share("  updateStrategy: {rollingUpdate: {partition: 2}}\n").1, None);
    }

    #[test]
    fn recreate_patches_and_revisions() {
        let patch =
            one("Deployment", "  strategy: {type: Recreate}\n  template: {spec: {containers: [{image: 'x:2'}]}}\n");
        assert_eq!((patch.strategy.value, patch.partial, patch.payload.len()), (Strategy::Recreate, true, 0));
        let whole = one("Deployment", &format!("{WHOLE}  revisionHistoryLimit: 0\n"));
        assert_eq!((whole.rollback.revisions.written(), &*whole.payload[0].value), (Some(&0), "ranker:2"));
        assert!(matches!(one("Deployment", WHOLE).rollback.revisions, Fact::Defaulted { value: 10, .. }));
    }

    #[test]
    fn pods_that_have_to_stay_ready_hold_every_batch() {
        let hold = |kind, spec: &str| {
            let rollout = one(kind, &format!("{WHOLE}  minReadySeconds: 30\n{spec}"));
            rollout.stages()[0].hold.known().copied()
        };
        let two_a_batch = "  replicas: 10\n  strategy: {rollingUpdate: {maxSurge: 2, maxUnavailable: 0}}\n";
        assert_eq!(hold("Deployment", two_a_batch), Some(Hold::Timed(150)));
        assert_eq!(hold("StatefulSet", "  replicas: 10\n"), Some(Hold::Timed(300)));
        assert_eq!(hold("DaemonSet", ""), Some(Hold::Timed(30)));
    }

    #[test]
    fn leaders_and_workers() {
        let text = "apiVersion: leaderworkerset.x-k8s.io/v1\nkind: LeaderWorkerSet\nmetadata: {name: llm}\nspec:\n  replicas: 4\n  rolloutStrategy: {type: RollingUpdate, rollingUpdateConfiguration: {partition: 3}}\n  leaderWorkerTemplate:\n    leaderTemplate: {spec: {containers: [{image: 'lead:2'}]}}\n    workerTemplate: {spec: {containers: [{image: 'work:2'}]}}\n";
        let found = lower(text);
        assert_eq!(found[0].payload.len(), 2);
        assert_eq!(found[0].stages()[0].share(), Some(Share::from_percent(25.0)));
    }
}
