//! How a workload replaces its pods, and the stages that makes.

use super::limits;
use crate::adapters::nodes::present;
use crate::adapters::{Lowering, Object};
use crate::model::{Basis, Exposure, Fact, Hold, Progression, Rollout, Share, Stage, Strategy};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

/// Reads the strategy of `object` and the stages it makes into `rollout`.
pub(super) fn strategy(object: &Object<'_>, spec: Node<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
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
