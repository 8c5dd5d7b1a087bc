//! ingress-nginx: canary Ingresses and mirrors.

use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{
    Audience, Basis, Comparer, Exposure, Fact, Progression, Shadow, Share, Stage, Strategy, SubjectKind,
};
use crate::syntax::Node;
use crate::text::Spanned;

declare_adapter! {
    /// ## What is read
    ///
    /// `Ingress` of `networking.k8s.io` (and of the old `extensions`) with the annotation
    /// `nginx.ingress.kubernetes.io/canary: "true"` or `nginx.ingress.kubernetes.io/mirror-target`. Any other Ingress is no
    /// rollout.
    ///
    /// ## Mapping
    ///
    /// | annotation `nginx.ingress.kubernetes.io/…` | model | when absent |
    /// |---|---|---|
    /// | `canary-weight` over `canary-weight-total` | share of requests | 0 over 100 |
    /// | `canary-by-header`, `canary-by-cookie` | a segment of unknown size | – |
    /// | `mirror-target` | shadow of all requests | – |
    ///
    /// ## What bites
    ///
    /// - A header rule beats a cookie rule beats the weight.
    /// - Values are strings; a weight without `canary: "true"` does nothing.
    /// - A mirror has no percentage and nothing compares its answers.
    ///
    /// Sources: kubernetes/ingress-nginx: `docs/user-guide/nginx-configuration/annotations.md`.
    ///
    /// ## What it cannot see
    ///
    /// A controller with another annotation prefix. How long a split stands: the file's history in git tells.
    pub IngressNginx {
        id: "ingress-nginx",
        title: "ingress-nginx",
        summary: "Ingress with canary or mirror annotations",
        kinds: [("networking.k8s.io", "Ingress"), ("extensions", "Ingress")],
    }
}

fn annotation<'d>(object: &Object<'d>, name: &str) -> Option<Node<'d>> {
    object.annotation(&format!("nginx.ingress.kubernetes.io/{name}"))
}

impl Adapter for IngressNginx {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let canary = annotation(object, "canary").is_some_and(|n| n.text() == Some("true"));
        let mirror = annotation(object, "mirror-target");
        if !canary {
            weight_without_canary(object, cx);
        }
        if !canary && mirror.is_none() && !cx.has_remarks() {
            return;
        }
        let mut rollout = cx.blank(object, SubjectKind::Workload);
        let stages = if canary { stages(object, cx) } else { Vec::new() };
        let strategy = if canary { Strategy::Canary } else { Strategy::Shadow };
        rollout.strategy = Spanned::new(strategy, object.name_span());
        rollout.progression = Progression::Live(stages);
        rollout.shadow = mirror.map(|target| Shadow {
            share: Fact::Defaulted {
                value: Share::ALL,
                by: "ingress-nginx mirrors every request",
                near: target.anchor(),
            },
            duration: Fact::Absent { near: target.anchor() },
            comparer: Comparer::Nothing,
            span: target.anchor(),
        });
        cx.rollout(rollout);
    }
}

fn weight_without_canary(object: &Object<'_>, cx: &mut Lowering<'_>) {
    if let Some(weight) = annotation(object, "canary-weight") {
        let message = "`canary-weight` does nothing without the annotation `canary: \"true\"`";
        cx.ignored(weight.anchor(), message, "add `nginx.ingress.kubernetes.io/canary: \"true\"`");
    }
}

fn stages(object: &Object<'_>, cx: &mut Lowering<'_>) -> Vec<Stage> {
    let segment = ["canary-by-header", "canary-by-cookie"].into_iter().find_map(|name| annotation(object, name));
    let mut stages = Vec::new();
    if let Some(rule) = segment {
        let mut stage = super::live_stage(Fact::Absent { near: rule.anchor() }, rule.anchor());
        stage.audience = Some(Audience { name: "matched requests".into(), size: None, customers: false });
        stages.push(stage);
    }
    if let Some(weight) = annotation(object, "canary-weight") {
        let number = |node: Node<'_>| node.text().and_then(|t| t.trim().parse::<u64>().ok());
        let wanted = "a whole number in quotes, 0 or more";
        let part = cx.take(weight, "canary-weight", wanted, number);
        let total = annotation(object, "canary-weight-total")
            .map_or(Some(100), |n| cx.take(n, "canary-weight-total", wanted, number).known().copied());
        let exposure = match total {
            Some(total) => part.map(|part| Exposure::exact(Share::of(part.min(total), total), Basis::Requests)),
            None => Fact::Dynamic { expr: "".into(), span: weight.span() },
        };
        stages.push(super::live_stage(exposure, weight.span()));
    }
    stages
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::lower;
    use crate::model::{RemarkKind, Share};

    fn ingress(annotations: &str) -> String {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\n  annotations:\n{annotations}"
        )
    }

    #[test]
    fn weights_over_their_total() {
        let text = "    nginx.ingress.kubernetes.io/canary: \"true\"\n    nginx.ingress.kubernetes.io/canary-weight: \"5\"\n    nginx.ingress.kubernetes.io/canary-weight-total: \"1000\"\n";
        assert_eq!(lower(&ingress(text))[0].stages()[0].share(), Some(Share::from_percent(0.5)));
    }

    #[test]
    fn a_weight_alone_does_nothing_and_a_plain_ingress_is_none() {
        let found = lower(&ingress("    nginx.ingress.kubernetes.io/canary-weight: \"5\"\n"));
        assert_eq!(found[0].remarks[0].kind, RemarkKind::Ignored);
        assert!(lower(&ingress("    a: b\n")).is_empty());
    }
}
