//! ingress-nginx: canary Ingresses and mirrors.

use super::nodes::items;
use super::split::picked;
use super::{Adapter, Lowering, Object, payload};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{
    Basis, Comparer, Exposure, Fact, Payload, Progression, Shadow, Share, Stage, Strategy, SubjectKind,
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
    /// | `spec.rules[].http.paths[].backend` of a canary | payload | – |
    ///
    /// ## What bites
    ///
    /// - A header rule beats a cookie rule beats the weight.
    /// - Values are text: a number without quotes is refused. A weight without `canary: "true"` does nothing.
    /// - A header with the value `always` always goes to the canary, with `never` never, whatever the weight.
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

/// Annotations whose values look like something else than text.
const TEXTS: [&str; 3] = ["canary", "canary-weight", "canary-weight-total"];

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
        for name in TEXTS {
            quoted(object, name, cx);
        }
        let mut rollout = cx.blank(object, SubjectKind::Workload);
        rollout.payload = if canary { backends(object) } else { Vec::new() };
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

/// Annotations are text: the API refuses a number or a boolean.
fn quoted(object: &Object<'_>, name: &str, cx: &mut Lowering<'_>) {
    let Some(node) = annotation(object, name) else { return };
    if node.as_str().is_some() || node.is_null() {
        return;
    }
    let text = node.text().unwrap_or_default();
    let message =
        format!("`{name}` is `{text}` without quotes; annotations are text, and Kubernetes refuses anything else");
    cx.invalid(node.span(), message, format!("write `\"{text}\"`"));
}

/// The services that the canary's paths lead to.
fn backends(object: &Object<'_>) -> Vec<Payload> {
    let rules = object.spec().into_iter().flat_map(|s| items(s, "rules"));
    let paths = rules.filter_map(|r| r.get("http")).flat_map(|h| items(h, "paths"));
    let service = |path: Node<'_>| {
        let backend = path.get("backend")?;
        payload(backend.path(&["service", "name"]).or_else(|| backend.get("serviceName"))?)
    };
    paths.filter_map(service).collect()
}

fn stages(object: &Object<'_>, cx: &mut Lowering<'_>) -> Vec<Stage> {
    let mut stages = Vec::new();
    for name in ["canary-by-header", "canary-by-cookie"] {
        let Some(rule) = annotation(object, name) else { continue };
        let mut stage = super::live_stage(Fact::Absent { near: rule.anchor() }, rule.anchor());
        stage.name = rule.text().map(Into::into);
        stages.push(picked(stage, rule.anchor()));
    }
    if let Some(weight) = annotation(object, "canary-weight") {
        stages.push(weighted(object, weight, cx));
    } else if let (true, Some(canary)) = (stages.is_empty(), annotation(object, "canary")) {
        let value = Exposure::exact(Share::NONE, Basis::Requests);
        let by = "ingress-nginx sends nothing to a canary without weight, header or cookie";
        let near = canary.anchor();
        stages.push(super::live_stage(Fact::Defaulted { value, by, near }, near));
    }
    stages
}

/// What the weight leaves to those whom no header and no cookie decides.
fn weighted(object: &Object<'_>, weight: Node<'_>, cx: &mut Lowering<'_>) -> Stage {
    let number = |node: Node<'_>| node.text().and_then(|t| t.trim().parse::<u64>().ok());
    let part = cx.take(weight, "canary-weight", "a whole number in quotes, 0 or more", number);
    let total = match annotation(object, "canary-weight-total") {
        Some(node) => {
            let above = |node: Node<'_>| number(node).filter(|n| *n > 0);
            cx.take(node, "canary-weight-total", "a whole number in quotes, 1 or more", above).known().copied()
        }
        None => Some(100),
    };
    if let (Some(part), Some(total)) = (part.known(), total)
        && *part > total
    {
        let message = format!("`canary-weight` is {part}, which is more than all of them ({total})");
        cx.invalid(weight.span(), message, format!("write {total} or less"));
    }
    let exposure = match total {
        Some(total) => part.map(|part| Exposure::exact(Share::of(part.min(total), total), Basis::Requests)),
        None => Fact::Dynamic { expr: "".into(), span: weight.span() },
    };
    super::live_stage(exposure, weight.span())
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
    fn headers_are_segments_and_no_weight_is_nobody() {
        let prefix = "nginx.ingress.kubernetes.io";
        let found =
            lower(&ingress(&format!("    {prefix}/canary: \"true\"\n    {prefix}/canary-by-header: X-Canary\n")));
        assert!(found[0].stages()[0].is_ring());
        let found = lower(&ingress(&format!("    {prefix}/canary: \"true\"\n")));
        assert_eq!(found[0].stages()[0].share(), Some(Share::NONE));
        let found = lower(&ingress(&format!("    {prefix}/canary: true\n    {prefix}/canary-weight: 5\n")));
        assert_eq!(found[0].remarks.len(), 2);
        assert_eq!(found[0].stages()[0].share(), Some(Share::from_percent(5.0)));
    }

    #[test]
    fn a_weight_alone_does_nothing_and_a_plain_ingress_is_none() {
        let found = lower(&ingress("    nginx.ingress.kubernetes.io/canary-weight: \"5\"\n"));
        assert_eq!(found[0].remarks[0].kind, RemarkKind::Ignored);
        assert!(lower(&ingress("    a: b\n")).is_empty());
    }
}
