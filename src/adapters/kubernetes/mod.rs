//! Plain Kubernetes workloads: Deployment, StatefulSet, DaemonSet, LeaderWorkerSet.

mod limits;
mod strategy;

use super::{Adapter, Lowering, Object, Workload, backing, pod_template};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{Fact, Payload, SubjectKind};
use crate::syntax::Node;

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
            backing::define(object, spec.get("template"), &payload, cx);
            cx.define(object.id(), Workload { payload, replicas });
        }
        strategy::strategy(object, spec, &mut rollout, cx);
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
