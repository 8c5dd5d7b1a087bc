//! Analysis templates: metrics, their conditions and their arguments, as written.
//!
//! A template's numbers may come from arguments that only a rollout supplies, so everything is kept as text with its
//! span and read when a rollout refers to it.

use super::duration::{go_seconds, go_text};
use crate::adapters::{Lowering, Object};
use crate::model::Instead;
use crate::model::units::parse_seconds;
use crate::syntax::Node;
use crate::text::Span;

/// A scalar as written, with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Written {
    pub(super) text: Box<str>,
    pub(super) span: Span,
    /// JSON pointer in its document; only of a text with an argument in it, which may stay unknown.
    pub(super) path: Box<str>,
}

impl Written {
    /// The scalar at `node`; nothing if it is null, empty or no scalar.
    pub(super) fn of(node: Node<'_>) -> Option<Self> {
        let text = node.text().filter(|t| !t.is_empty() && !node.is_null())?;
        let path = if text.contains("{{") { node.pointer().into() } else { Box::default() };
        Some(Self { text: text.into(), span: node.span(), path })
    }
}

/// What an argument is worth.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Written, or read from the rollout's own file.
    Known(Written),
    /// Known only when it runs: a secret, a pod hash, a status.
    Runtime,
    /// Nothing: whoever refers to the template must supply it.
    Missing,
}

/// An argument of a template or of a reference to one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Argument {
    pub(super) name: Box<str>,
    pub(super) value: Value,
    pub(super) span: Span,
}

/// A reference to a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TemplateRef {
    pub(super) name: Box<str>,
    pub(super) cluster: bool,
    pub(super) span: Span,
}

impl TemplateRef {
    /// The kind of the object it names.
    pub(super) const fn kind(&self) -> &'static str {
        if self.cluster { "ClusterAnalysisTemplate" } else { "AnalysisTemplate" }
    }
}

/// What measures a metric.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Provider {
    /// A query; the conditions decide.
    Query(Box<str>),
    /// An HTTP call; the conditions decide.
    Web(Box<str>),
    /// Kayenta: a score held against two marks.
    Kayenta { pass: Option<Written>, marginal: Option<Written> },
    /// A Job: its exit code decides.
    Job,
    /// A plugin decides as it likes.
    Plugin(Box<str>),
    /// None is written.
    None,
}

/// One metric of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MetricSpec {
    pub(super) name: Box<str>,
    pub(super) name_span: Span,
    pub(super) interval: Option<Written>,
    pub(super) initial_delay: Option<Written>,
    pub(super) count: Option<Written>,
    pub(super) failure_limit: Option<Written>,
    pub(super) success_streak: Option<Written>,
    pub(super) success: Option<Written>,
    pub(super) failure: Option<Written>,
    pub(super) provider: Provider,
}

/// A template, as rollouts of any file find it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Template {
    pub(super) arguments: Vec<Argument>,
    pub(super) metrics: Vec<MetricSpec>,
    pub(super) dry_run: Vec<Box<str>>,
    pub(super) nested: Vec<TemplateRef>,
}

/// Reads the template in `object`; what breaks the system's rules becomes a problem of the file.
pub(super) fn read(object: &Object<'_>, cx: &mut Lowering<'_>) -> Template {
    let Some(spec) = object.spec() else { return Template::default() };
    let mut metrics: Vec<MetricSpec> = items(spec, "metrics").map(metric).collect();
    metrics.shrink_to_fit();
    let template = Template {
        arguments: spec.get("args").map(|n| arguments(n, None)).unwrap_or_default(),
        metrics,
        dry_run: dry_run(spec),
        nested: references(spec),
    };
    for node in items(spec, "metrics") {
        check_metric(node, cx);
    }
    let mut seen: Vec<&MetricSpec> = Vec::new();
    for one in &template.metrics {
        if seen.iter().any(|s| s.name == one.name) {
            let message =
                format!("two metrics are named `{}`, so every run of this template ends in an error", one.name);
            cx.problem(one.name_span, message, "give each metric a name of its own");
        }
        seen.push(one);
    }
    template
}

/// The items of the list `key`.
pub(super) fn items<'d>(parent: Node<'d>, key: &str) -> impl Iterator<Item = Node<'d>> {
    parent.get(key).into_iter().flat_map(Node::items)
}

/// The value of `key` unless it is null.
pub(super) fn present<'d>(parent: Node<'d>, key: &str) -> Option<Node<'d>> {
    parent.get(key).filter(|n| !n.is_null())
}

/// The text of `key` as written.
pub(super) fn written(parent: Node<'_>, key: &str) -> Option<Written> {
    parent.get(key).and_then(Written::of)
}

/// The regular expressions of `dryRun`.
pub(super) fn dry_run(parent: Node<'_>) -> Vec<Box<str>> {
    items(parent, "dryRun").filter_map(|d| Some(d.get("metricName")?.text()?.into())).collect()
}

/// The templates named in `templates`.
pub(super) fn references(parent: Node<'_>) -> Vec<TemplateRef> {
    items(parent, "templates").filter_map(reference).collect()
}

/// The template that `node` names.
pub(super) fn reference(node: Node<'_>) -> Option<TemplateRef> {
    let name = written(node, "templateName")?;
    let cluster = node.get("clusterScope").and_then(Node::as_bool).unwrap_or(false);
    Some(TemplateRef { name: name.text, cluster, span: name.span })
}

/// The arguments in the list `node`; `owner` is the object that a `fieldRef` looks into.
pub(super) fn arguments(node: Node<'_>, owner: Option<Node<'_>>) -> Vec<Argument> {
    let one = |arg: Node<'_>| {
        let name = written(arg, "name")?;
        let value = match (present(arg, "value"), present(arg, "valueFrom")) {
            (Some(value), _) => {
                Value::Known(Written { text: value.text()?.into(), span: value.span(), path: value.pointer().into() })
            }
            (None, Some(from)) => value_from(from, owner),
            (None, None) => Value::Missing,
        };
        Some(Argument { name: name.text, value, span: name.span })
    };
    node.items().filter_map(one).collect()
}

/// A value that is read from the rollout itself, where its file tells it.
fn value_from(from: Node<'_>, owner: Option<Node<'_>>) -> Value {
    let path = from.path(&["fieldRef", "fieldPath"]).and_then(Node::text);
    let (Some(path), Some(owner)) = (path, owner) else { return Value::Runtime };
    let found = if path.starts_with("status") { None } else { field(owner, path) };
    found.and_then(Written::of).map_or(Value::Runtime, Value::Known)
}

/// The node at a field path such as `metadata.labels['app']` or `spec.template.spec.containers[0].image`.
fn field<'d>(owner: Node<'d>, path: &str) -> Option<Node<'d>> {
    let mut node = owner;
    let mut rest = path;
    while !rest.is_empty() {
        let (part, after) = if let Some(inside) = rest.strip_prefix('[') {
            let (part, after) = inside.split_once(']')?;
            (part.trim_matches(['\'', '"']), after)
        } else {
            let rest = rest.strip_prefix('.').unwrap_or(rest);
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            (&rest[..end], &rest[end..])
        };
        node = if node.is_seq() { node.items().nth(part.parse().ok()?)? } else { node.get(part)? };
        rest = after;
    }
    Some(node)
}

fn metric(node: Node<'_>) -> MetricSpec {
    let name = node.get("name");
    MetricSpec {
        name: name.and_then(Node::text).unwrap_or_default().into(),
        name_span: name.unwrap_or(node).span(),
        interval: written(node, "interval"),
        initial_delay: written(node, "initialDelay"),
        count: written(node, "count"),
        failure_limit: written(node, "failureLimit"),
        success_streak: written(node, "consecutiveSuccessLimit"),
        success: written(node, "successCondition"),
        failure: written(node, "failureCondition"),
        provider: node.get("provider").map_or(Provider::None, provider),
    }
}

fn provider(node: Node<'_>) -> Provider {
    let Some((key, body)) = node.entries().find(|(_, body)| !body.is_null()) else { return Provider::None };
    let text = |k: &str| body.get(k).and_then(Node::text).unwrap_or_default();
    match key.text().unwrap_or_default() {
        "job" => Provider::Job,
        "plugin" => {
            let name = body.entries().next().and_then(|(k, _)| k.text());
            Provider::Plugin(name.unwrap_or("plugin").into())
        }
        "kayenta" => {
            let mark = |k: &str| body.get("threshold").and_then(|t| written(t, k));
            Provider::Kayenta { pass: mark("pass"), marginal: mark("marginal") }
        }
        "web" => Provider::Web(format!("{} {}", text("url"), text("jsonPath")).into()),
        _ => Provider::Query(text("query").into()),
    }
}

/// Reports what the controller refuses in a metric.
fn check_metric(node: Node<'_>, cx: &mut Lowering<'_>) {
    let name = node.get("name").and_then(Node::text).unwrap_or_default();
    let providers = present(node, "provider").map_or(0, |p| p.entries().filter(|(_, body)| !body.is_null()).count());
    if providers != 1 {
        let span = node.get("provider").map_or(node.anchor(), Node::anchor);
        let message = format!("metric `{name}` has {providers} providers, and a metric needs exactly one");
        cx.problem(span, message, "name one provider, such as `prometheus`");
    }
    for key in ["interval", "initialDelay"] {
        let Some(value) = written(node, key) else { continue };
        if !value.text.contains("{{") && go_seconds(&value.text).is_none() {
            let message = format!("`{key}` is `{}`, which is no duration: units are `s`, `m` and `h`", value.text);
            let problem = cx.problem(value.span, message, format!("write `{key}: 60s`, `5m` or `1h30m`"));
            let seconds = parse_seconds(&value.text);
            problem.instead =
                seconds.map(|s| Instead { span: value.span, text: go_text(s).into(), same_meaning: true });
        }
    }
    let count = written(node, "count").and_then(|c| Some((c.text.parse::<i64>().ok()?, c.span)));
    if let Some((count, span)) = count.filter(|(n, _)| *n > 1 && written(node, "interval").is_none()) {
        let message = format!("metric `{name}` takes {count} measurements and says no `interval` between them");
        cx.problem(span, message, "add `interval: 60s`");
    }
}
