//! How many pods an update may take at once, and what the API refuses there.

use crate::adapters::nodes::present;
use crate::adapters::{Lowering, Object};
use crate::model::Fact;
use crate::syntax::Node;

/// A number of pods, or a percentage of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pods {
    Count(u64),
    Percent(u64),
}

impl Pods {
    const fn is_zero(self) -> bool {
        matches!(self, Self::Count(0) | Self::Percent(0))
    }

    const fn of(self, replicas: u64, up: bool) -> u64 {
        match self {
            Self::Count(n) => n,
            Self::Percent(p) if up => replicas.saturating_mul(p).div_ceil(100),
            Self::Percent(p) => replicas.saturating_mul(p) / 100,
        }
    }
}

fn pods(node: Node<'_>) -> Option<Pods> {
    match node.as_str() {
        Some(text) => text.strip_suffix('%').and_then(|n| n.parse().ok()).map(Pods::Percent),
        None => node.as_i64().and_then(|n| u64::try_from(n).ok()).map(Pods::Count),
    }
}

fn read(rolling: Node<'_>, key: &str, cx: &mut Lowering<'_>) -> Fact<Pods> {
    cx.read(rolling, key, "a number of pods such as 1, or a percentage such as `25%`", pods)
}

/// Reads the limits of a rolling update and remarks on those with which it could never move.
///
/// What a patch leaves out its base may say.
pub(super) fn check(object: &Object<'_>, rolling: Node<'_>, partial: bool, cx: &mut Lowering<'_>) {
    let surge = read(rolling, "maxSurge", cx);
    let unavailable = read(rolling, "maxUnavailable", cx);
    if let Fact::Stated(most) = &unavailable
        && let Pods::Percent(percent @ 101..) = most.value
    {
        let message = format!("`maxUnavailable` is {percent}%; at most 100% is allowed");
        cx.invalid(most.span, message, "write `25%`, or a number of pods");
    }
    let stuck = match object.kind {
        "Deployment" => surge.written().is_some_and(|s| s.is_zero()),
        "DaemonSet" if surge.is_absent() => !partial,
        "DaemonSet" => surge.written().is_some_and(|s| s.is_zero()),
        _ => false,
    };
    if let Fact::Stated(most) = &unavailable
        && stuck
        && most.value.is_zero()
    {
        let message = "`maxSurge` and `maxUnavailable` are both 0, so no pod can ever be replaced";
        let remark = cx.invalid(most.span, message, "set one of them to 1 or more");
        remark.related = surge.written().map(|_| (surge.span(), "the other one".into()));
    }
}

/// Remarks on a block that the API refuses beside another strategy.
pub(super) fn forbidden(object: &Object<'_>, rolling: Node<'_>, kind: Option<Node<'_>>, cx: &mut Lowering<'_>) {
    let named = kind.and_then(Node::as_str);
    let refused = matches!((object.kind, named), ("Deployment", Some("Recreate")) | ("StatefulSet", Some("OnDelete")));
    // `$patch: delete` takes the block away.
    if let (true, Some(name), Some(kind), None) = (refused, named, kind, rolling.get("$patch")) {
        let message = format!("`rollingUpdate` is not allowed beside `type: {name}`");
        let help = format!("remove `rollingUpdate`, or write `type: RollingUpdate` in place of `{name}`");
        cx.invalid(rolling.anchor(), message, help).related = Some((kind.span(), "this is the strategy".into()));
    }
}

/// A deadline has to lie after the time that a pod has to stay ready.
pub(super) fn deadline(object: &Object<'_>, spec: Node<'_>, partial: bool, cx: &mut Lowering<'_>) {
    if present(spec, "minReadySeconds").is_none() {
        return;
    }
    let ready = cx.read_u64(spec, "minReadySeconds");
    let mut deadline = cx.read_u64(spec, "progressDeadlineSeconds");
    if object.group == "apps" && !partial {
        deadline = deadline.or_default(600, "Kubernetes waits 600 seconds");
    }
    let (Fact::Stated(ready), Some(most)) = (&ready, deadline.known()) else { return };
    if ready.value >= *most {
        let message =
            format!("`minReadySeconds` is {}; it has to be below `progressDeadlineSeconds`, {most}", ready.value);
        let remark = cx.invalid(ready.span, message, format!("write `progressDeadlineSeconds: {}`", ready.value * 2));
        remark.related = deadline.written().map(|_| (deadline.span(), "the deadline".into()));
    }
}

/// How many batches replace `replicas` pods of a `kind`.
pub(super) fn batches(kind: &str, replicas: u64, rolling: Option<Node<'_>>) -> u64 {
    let limit = |key: &str, default| rolling.and_then(|r| present(r, key)).and_then(pods).unwrap_or(default);
    let batch = match kind {
        "Deployment" => {
            let surge = limit("maxSurge", Pods::Percent(25)).of(replicas, true);
            surge.saturating_add(limit("maxUnavailable", Pods::Percent(25)).of(replicas, false))
        }
        _ => limit("maxUnavailable", Pods::Count(1)).of(replicas, true),
    };
    replicas.div_ceil(batch.max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::lower;

    fn remarks(kind: &str, spec: &str) -> Vec<String> {
        let text = format!(
            "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: web}}\nspec:\n  selector: {{}}\n  template: {{spec: {{containers: [{{image: 'web:2'}}]}}}}\n{spec}"
        );
        lower(&text)[0].remarks.iter().map(|r| r.message.to_string()).collect()
    }

    #[test]
    fn an_update_that_can_not_move() {
        assert_eq!(remarks("Deployment", "  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}").len(), 1);
        assert_eq!(remarks("Deployment", "  strategy: {rollingUpdate: {maxUnavailable: 0}}").len(), 0);
        assert_eq!(remarks("Deployment", "  strategy: {rollingUpdate: {maxSurge: 0}}").len(), 0);
        assert_eq!(remarks("DaemonSet", "  updateStrategy: {rollingUpdate: {maxUnavailable: 0}}").len(), 1);
        assert_eq!(
            remarks("DaemonSet", "  updateStrategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}").len(),
            0
        );
    }

    #[test]
    fn percent_strings_need_their_sign() {
        let found = remarks("Deployment", "  strategy: {rollingUpdate: {maxSurge: '25', maxUnavailable: '150%'}}");
        assert_eq!(found.len(), 2);
        assert!(found[0].contains("`25`"), "{found:?}");
    }

    #[test]
    fn strategies_and_their_blocks() {
        let block = "rollingUpdate: {maxSurge: 1}}";
        assert_eq!(remarks("Deployment", &format!("  strategy: {{type: Recreate, {block}")).len(), 1);
        assert_eq!(remarks("Deployment", "  strategy: {type: Recreate, rollingUpdate: null}").len(), 0);
        assert_eq!(remarks("Deployment", "  strategy: {type: BlueGreen}").len(), 1);
        assert_eq!(remarks("StatefulSet", "  updateStrategy: {type: OnDelete}").len(), 0);
    }

    #[test]
    fn a_deadline_lies_after_the_time_to_be_ready() {
        assert_eq!(remarks("Deployment", "  minReadySeconds: 60\n  progressDeadlineSeconds: 60\n").len(), 1);
        assert_eq!(remarks("Deployment", "  minReadySeconds: 600\n").len(), 1);
        assert_eq!(remarks("Deployment", "  minReadySeconds: 60\n  progressDeadlineSeconds: 61\n").len(), 0);
    }
}
