//! Ray Serve on Kubernetes: how a `RayService` goes to a new cluster.

use super::nodes::{items, present};
use super::{Adapter, Lowering, Object, payload, pod_template};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{
    Basis, Exposure, Fact, Hold, Method, Payload, Progression, Rollout, Share, Stage, Strategy, SubjectKind,
};
use crate::syntax::{self, Engine, Limits, Node};
use crate::text::{Span, Spanned};

declare_adapter! {
    /// ## What is read
    ///
    /// `RayService` of `ray.io` in any version. `RayCluster` and `RayJob` are no rollouts.
    ///
    /// ## Mapping
    ///
    /// | manifest | model | when absent |
    /// |---|---|---|
    /// | `upgradeStrategy.type: NewClusterWithIncrementalUpgrade` | canary: stages of step, 2 step, … 100 % | `NewCluster` |
    /// | `clusterUpgradeOptions.stepSizePercent` | the step | required |
    /// | `clusterUpgradeOptions.intervalSeconds` | hold of each stage | required |
    /// | `upgradeStrategy.type: NewCluster` | blue-green without a hold: 0 %, then 100 % once the new cluster is ready | – |
    /// | `upgradeStrategy.type: None` | rolling: clusters are never replaced, applications are updated in place | – |
    /// | `rayClusterDeletionDelaySeconds` | way back | 60 |
    /// | `suspend: true` | bypass | false |
    /// | images of head and workers; `import_path`, `working_dir`, model ids in `serveConfigV2` | payload | – |
    ///
    /// ## What bites
    ///
    /// - `NewCluster`, the default, moves everybody the moment that the new cluster is ready.
    /// - A change in `serveConfigV2` alone is applied in place on the running cluster, whatever the strategy.
    /// - `stepSizePercent: 0` is accepted and never moves any traffic; a step larger than `maxSurgePercent` is refused.
    /// - An incremental upgrade needs `enableInTreeAutoscaling: true`. With little surge it is slower than written.
    /// - It goes back in the same steps, and only because somebody changed the spec back: nothing here looks at a metric.
    /// - `serviceUnhealthySecondThreshold` and `deploymentUnhealthySecondThreshold` do nothing any more.
    ///
    /// Sources: ray-project/kuberay: `ray-operator/apis/ray/v1/rayservice_types.go`,
    /// `ray-operator/controllers/ray/rayservice_controller.go`, `ray-operator/controllers/ray/utils/validation.go`,
    /// `ray-operator/pkg/features/features.go`.
    ///
    /// ## What it cannot see
    ///
    /// Whether the operator knows incremental upgrades. Whether a change touches the cluster or only the applications.
    pub Ray {
        id: "ray",
        title: "Ray Serve",
        summary: "RayService of ray.io",
        kinds: [("ray.io", "RayService")],
    }
}

impl Adapter for Ray {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let Some(spec) = object.spec().filter(|s| s.is_map()) else { return };
        let mut rollout = cx.blank(object, SubjectKind::Model);
        // A file that says how it upgrades is judged by that, whatever else a base may hold.
        rollout.partial = !is_whole(spec) && spec.path(&["upgradeStrategy", "type"]).is_none();
        rollout.payload = images(spec);
        rollout.payload.extend(present(spec, "serveConfigV2").into_iter().flat_map(applications));
        let strategy = present(spec, "upgradeStrategy");
        rollout.rollback.anchor = strategy.map_or_else(|| object.name_span(), Node::anchor);
        rollout.rollback.method = Some(Method::TrafficFlip);
        if let Fact::Stated(suspend) = cx.read_bool(spec, "suspend")
            && suspend.value
        {
            rollout.bypass = Some(Spanned::new("`suspend: true` takes the clusters away".into(), suspend.span));
        }
        upgrade(spec, strategy, &mut rollout, cx);
        dead_fields(spec, cx);
        cx.rollout(rollout);
    }
}

/// Is the cluster there, without which the API refuses the object? It is a patch otherwise.
fn is_whole(spec: Node<'_>) -> bool {
    ["rayClusterConfig", "rayClusterSpec"].iter().any(|k| present(spec, k).is_some())
}

/// Numbers that look like limits of a rollback.
fn dead_fields(spec: Node<'_>, cx: &mut Lowering<'_>) {
    for name in ["serviceUnhealthySecondThreshold", "deploymentUnhealthySecondThreshold"] {
        let Some(key) = spec.key(name) else { continue };
        let message = format!("`{name}` does nothing any more: no threshold sends a RayService back");
        cx.ignored(key.span(), message, "remove it, and watch the service from outside");
    }
}

fn upgrade(spec: Node<'_>, strategy: Option<Node<'_>>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    let kind = strategy.and_then(|s| present(s, "type"));
    let span = kind.map_or(rollout.rollback.anchor, Node::span);
    let options = strategy.and_then(|s| present(s, "clusterUpgradeOptions"));
    let name = kind.and_then(Node::text).unwrap_or("NewCluster");
    let incremental = name == "NewClusterWithIncrementalUpgrade";
    let untold = kind.is_none() && rollout.partial;
    if let Some(options) = options.filter(|_| !incremental && !untold) {
        let message = format!("`clusterUpgradeOptions` is ignored with upgrade strategy `{name}`");
        cx.ignored(options.anchor(), message, "write `type: NewClusterWithIncrementalUpgrade`").related =
            kind.map(|k| (k.span(), "the strategy is set here".into()));
    }
    let (value, stages) = match name {
        _ if untold => (Strategy::Unknown, Vec::new()),
        "NewClusterWithIncrementalUpgrade" => {
            let options = options.or(strategy).unwrap_or(spec);
            autoscales(spec, cx);
            (Strategy::Canary, incremental_stages(options, is_whole(spec), cx))
        }
        "NewCluster" => (Strategy::BlueGreen, switch(span)),
        "None" => (Strategy::Rolling, vec![everybody("ray: applications are updated in place", span)]),
        _ => {
            let known = "`NewCluster`, `NewClusterWithIncrementalUpgrade` or `None`";
            if let Some(kind) = kind {
                cx.take(kind, "type", known, |_| None::<()>);
            }
            (Strategy::Unknown, Vec::new())
        }
    };
    rollout.strategy = Spanned::new(value, span);
    rollout.progression = Progression::Declared(stages);
    let kept = cx.read_u64(spec, "rayClusterDeletionDelaySeconds");
    if matches!(value, Strategy::Canary | Strategy::BlueGreen) {
        rollout.rollback.way_back = kept.or_default(60, "ray: 60 when absent");
    }
}

fn everybody(by: &'static str, near: Span) -> Stage {
    let value = Exposure::exact(Share::ALL, Basis::Requests);
    let mut stage = Stage::new(Fact::Defaulted { value, by, near }, near);
    stage.implied = true;
    stage
}

/// The new cluster is prepared in the dark and takes everything once it is ready.
fn switch(near: Span) -> Vec<Stage> {
    let value = Exposure::exact(Share::NONE, Basis::Requests);
    let dark = Stage::new(Fact::Defaulted { value, by: "ray: the new cluster is prepared first", near }, near);
    vec![dark, everybody("ray: the switch moves everybody", near)]
}

fn autoscales(spec: Node<'_>, cx: &mut Lowering<'_>) {
    let Some(cluster) = present(spec, "rayClusterConfig") else { return };
    let on = cx.read_bool(cluster, "enableInTreeAutoscaling");
    if !on.is_dynamic() && on.known() != Some(&true) {
        let message =
            "an incremental upgrade needs `enableInTreeAutoscaling: true`, and the operator refuses it otherwise";
        let help = "write `enableInTreeAutoscaling: true` under `rayClusterConfig`";
        cx.invalid(on.span(), message, help);
    }
}

fn incremental_stages(options: Node<'_>, whole: bool, cx: &mut Lowering<'_>) -> Vec<Stage> {
    let (step, interval) = (cx.read_u64(options, "stepSizePercent"), cx.read_u64(options, "intervalSeconds"));
    let surge = cx.read_u64(options, "maxSurgePercent").or_default(100, "ray: 100 when absent");
    for (key, example) in [("stepSizePercent", "5"), ("intervalSeconds", "900"), ("gatewayClassName", "istio")] {
        if present(options, key).is_none() && whole {
            let message = format!("an incremental upgrade has no `{key}`, and the operator refuses it without");
            cx.invalid(options.anchor(), message, format!("add `{key}: {example}`"));
        }
    }
    checks(&step, &interval, &surge, cx);
    let hold = match interval {
        Fact::Absent { near } => Fact::stated(Hold::Unknown, near),
        Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Dynamic { .. } => {
            interval.map(|s| if s == 0 { Hold::None } else { Hold::Timed(s) })
        }
    };
    let stage = |exposure: Fact<Exposure>| {
        let span = exposure.span();
        let mut stage = Stage::new(exposure, span);
        stage.hold = hold.clone();
        stage
    };
    match step {
        Fact::Stated(step) if step.value > 0 => {
            let shares = (1..).map(|n: u64| n.saturating_mul(step.value).min(100));
            let until = 100_u64.div_ceil(step.value);
            let shares = shares.take(usize::try_from(until).unwrap_or(1));
            shares
                .map(|s| Exposure::exact(Share::of(s, 100), Basis::Requests))
                .map(|e| stage(Fact::stated(e, step.span)))
                .collect()
        }
        Fact::Dynamic { expr, span } => {
            vec![stage(Fact::Dynamic { expr, span }), everybody("ray: ends with everybody", span)]
        }
        // A step of 0 is taken again and again, and nobody ever meets the new cluster.
        Fact::Stated(step) => {
            vec![stage(Fact::stated(Exposure::exact(Share::NONE, Basis::Requests), step.span))]
        }
        Fact::Defaulted { .. } | Fact::Absent { .. } => Vec::new(),
    }
}

fn checks(step: &Fact<u64>, interval: &Fact<u64>, surge: &Fact<u64>, cx: &mut Lowering<'_>) {
    if let Fact::Stated(interval) = interval
        && interval.value == 0
    {
        cx.invalid(interval.span, "`intervalSeconds` is 0, and has to be more", "write `intervalSeconds: 900`");
    }
    if let Some(percent) = surge.written().filter(|percent| **percent > 100) {
        let message = format!("`maxSurgePercent` is {percent}, and may be at most 100");
        cx.invalid(surge.span(), message, "write 100 or less");
    }
    let Fact::Stated(step) = step else { return };
    if step.value == 0 {
        cx.invalid(step.span, "`stepSizePercent` is 0, so no traffic ever moves", "write `stepSizePercent: 5`");
    }
    let limit = surge.known().copied().unwrap_or(100).min(100);
    if step.value > limit {
        let what = if limit == 100 { "100".to_owned() } else { format!("`maxSurgePercent`, which is {limit}") };
        let message = format!("`stepSizePercent` is {}, and may be at most {what}", step.value);
        let remark = cx.invalid(step.span, message, format!("write {limit} or less"));
        remark.related = surge.written().map(|_| (surge.span(), "the surge is set here".into()));
    }
}

/// The images of head and workers.
fn images(spec: Node<'_>) -> Vec<Payload> {
    let cluster = ["rayClusterConfig", "rayClusterSpec"].into_iter().find_map(|k| present(spec, k));
    let Some(cluster) = cluster else { return Vec::new() };
    let groups = cluster.get("headGroupSpec").into_iter().chain(items(cluster, "workerGroupSpecs"));
    groups.filter_map(|g| g.get("template")).flat_map(pod_template).collect()
}

/// Keys of an application that tell what it runs.
const SHIPPED: [&str; 7] = ["import_path", "working_dir", "image_uri", "image", "model_id", "model_source", "model"];

/// What the applications ship, read from the YAML in a string. Its lines are not those of the file, so all of it is
/// placed where the string stands.
fn applications(config: Node<'_>) -> Vec<Payload> {
    let Some(text) = config.text() else { return Vec::new() };
    let mut found = Vec::new();
    for chunk in syntax::chunks(text) {
        if let Ok(doc) = syntax::parse(config.span().file, &chunk, Engine::GoYamlV2, &Limits::default(), false) {
            shipped(doc.root(), 0, &mut |inner| {
                let path = format!("{}{}", config.pointer(), inner.pointer());
                let value = inner.text().unwrap_or_default();
                found.push(Payload { path: path.into(), slot: "".into(), value: value.into(), span: config.span() });
            });
        }
    }
    if found.is_empty() { payload(config).into_iter().collect() } else { found }
}

fn shipped(node: Node<'_>, depth: usize, found: &mut dyn FnMut(Node<'_>)) {
    // No configuration of an application is deeper.
    if depth > 12 {
        return;
    }
    for (key, value) in node.entries() {
        let wanted = key.text().is_some_and(|k| SHIPPED.contains(&k));
        if wanted && value.text().is_some_and(|t| !t.is_empty()) {
            found(value);
        }
        shipped(value, depth + 1, found);
    }
    node.items().for_each(|item| shipped(item, depth + 1, found));
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::lower;
    use crate::model::{Hold, RemarkKind, Rollout, Share, Strategy};

    fn service(upgrade: &str) -> Rollout {
        let text = format!(
            "apiVersion: ray.io/v1\nkind: RayService\nmetadata: {{name: llm}}\nspec:\n  upgradeStrategy: {upgrade}\n  rayClusterConfig: {{enableInTreeAutoscaling: true, headGroupSpec: {{template: {{spec: {{containers: [{{image: 'ray:2'}}]}}}}}}}}\n  serveConfigV2: |\n    applications: [{{name: llm, import_path: 'app:llm', args: {{model_id: m-2}}}}]\n"
        );
        lower(&text).remove(0)
    }

    fn incremental(options: &str) -> Rollout {
        service(&format!("{{type: NewClusterWithIncrementalUpgrade, clusterUpgradeOptions: {{{options}}}}}"))
    }

    #[test]
    fn steps_until_everybody() {
        let rollout = incremental("stepSizePercent: 40, intervalSeconds: 900, gatewayClassName: istio");
        let shares: Vec<_> = rollout.stages().iter().filter_map(|s| s.share().map(Share::percent)).collect();
        assert_eq!((shares, rollout.remarks.len()), (vec![40.0, 80.0, 100.0], 0));
        assert_eq!(rollout.stages()[0].hold.known(), Some(&Hold::Timed(900)));
        assert_eq!(rollout.rollback.way_back.known(), Some(&60));
        let shipped: Vec<&str> = rollout.payload.iter().map(|p| &*p.value).collect();
        assert_eq!(shipped, ["ray:2", "app:llm", "m-2"]);
        assert_eq!(&*rollout.payload[1].path, "/spec/serveConfigV2/applications/0/import_path");
    }

    #[test]
    fn the_default_is_a_switch_without_a_hold() {
        for upgrade in ["null", "{type: NewCluster}"] {
            let rollout = service(upgrade);
            assert_eq!((rollout.strategy.value, rollout.stages().len()), (Strategy::BlueGreen, 2));
            assert_eq!(rollout.stages()[0].hold.known(), Some(&Hold::None));
        }
        let ignored = service("{type: NewCluster, clusterUpgradeOptions: {stepSizePercent: 5}}");
        assert_eq!(ignored.remarks[0].kind, RemarkKind::Ignored);
        assert_eq!(service("{type: None}").strategy.value, Strategy::Rolling);
    }

    #[test]
    fn what_the_operator_refuses() {
        for refused in [
            "stepSizePercent: 0, intervalSeconds: 900, gatewayClassName: istio",
            "stepSizePercent: 50, intervalSeconds: 900, gatewayClassName: istio, maxSurgePercent: 20",
            "stepSizePercent: 5, intervalSeconds: 0, gatewayClassName: istio",
            "stepSizePercent: 5, intervalSeconds: 900",
        ] {
            let rollout = incremental(refused);
            assert_eq!(rollout.remarks.len(), 1, "{refused}");
            assert_eq!(rollout.remarks[0].kind, RemarkKind::Invalid);
        }
        assert_eq!(service("{type: Canary}").remarks.len(), 1);
    }

    #[test]
    fn patches_and_dead_fields() {
        let patch = |spec: &str| {
            let head = "apiVersion: ray.io/v1\nkind: RayService\nmetadata: {name: llm}\nspec: ";
            lower(&format!("{head}{spec}\n")).remove(0)
        };
        let options = patch("{upgradeStrategy: {clusterUpgradeOptions: {stepSizePercent: 5}}}");
        assert!(options.partial && options.remarks.is_empty());
        assert!(!patch("{upgradeStrategy: {type: NewCluster}}").partial);
        let dead = patch("{serviceUnhealthySecondThreshold: 300}");
        assert_eq!(dead.remarks[0].kind, RemarkKind::Ignored);
    }
}
