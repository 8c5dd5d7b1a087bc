//! Metrics as rollback criteria.

use super::analysis::{Analysis, Way, fits_pattern};
use super::checks;
use crate::adapters::duration::go_seconds;
use crate::adapters::nodes::{items, present, text};
use crate::adapters::{Lowering, Object, World};
use crate::model::units::Unit;
use crate::model::{
    Action, Bound, Comparer, Comparison, Criterion, CriterionClass, Evaluated, Fact, Metric, MetricKind, ObjectRef,
    Progression, Rollout, StageRange, Unresolved,
};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

/// A `MetricTemplate`, as canaries find it.
pub(super) struct Template {
    /// Its query.
    pub(super) query: Box<str>,
}

/// Metrics that are defined by templates.
pub(super) struct Templated {
    uses: Vec<Use>,
}

struct Use {
    metric: Box<str>,
    template: ObjectRef,
    span: Span,
}

/// Is anything looked at?
pub(super) fn evaluated(analysis: &Analysis<'_>) -> Evaluated {
    match analysis.way {
        Way::Skipped => Evaluated::No("`skipAnalysis: true`".into()),
        Way::AbTest | Way::BlueGreen | Way::Canary | Way::Untold => Evaluated::Yes,
    }
}

/// The stages that are looked at: all before promotion, and the interval after the switch of a mesh.
pub(super) fn covers(analysis: &Analysis<'_>, rollout: &Rollout) -> StageRange {
    let stages = match &rollout.progression {
        Progression::Declared(stages) | Progression::Live(stages) => stages,
    };
    let promotion = stages.iter().position(|s| s.implied);
    match analysis.way {
        Way::BlueGreen if analysis.is_kubernetes() => StageRange::one(0),
        Way::Canary | Way::AbTest => {
            let last = promotion.and_then(|p| p.checked_sub(1)).unwrap_or(usize::MAX);
            StageRange { first: 0, last }
        }
        Way::BlueGreen | Way::Skipped | Way::Untold => StageRange::ALL,
    }
}

/// Reads the metrics of `analysis` into criteria and monitors.
pub(super) fn read(
    object: &Object<'_>,
    analysis: &Analysis<'_>,
    rollout: &mut Rollout,
    cx: &mut Lowering<'_>,
) -> Templated {
    let mut templated = Templated { uses: Vec::new() };
    let Some(node) = analysis.node else { return templated };
    for metric in items(node, "metrics") {
        let one = One { node: metric, metric: recognise(metric), analysis, covers: covers(analysis, rollout) };
        rollout.monitors.push(Spanned::new(one.metric.clone(), one.name_span()));
        one.window_is_readable(cx);
        one.is_defined(object, cx);
        rollout.rollback.criteria.extend(one.criteria(cx));
        if let Some(reference) = present(metric, "templateRef")
            && let Some(name) = reference.get("name").filter(|n| n.text().is_some())
        {
            let namespace = reference.get("namespace").and_then(Node::text).or_else(|| object.namespace());
            let template = ObjectRef::new("flagger.app", "MetricTemplate", namespace, text(reference, "name"));
            templated.uses.push(Use { metric: one.metric.name.clone(), template, span: name.span() });
        }
    }
    templated
}

/// What the controller measures itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BuiltIn {
    SuccessRate,
    Duration,
}

/// The built-in metric of that name; the first versions named them as Prometheus does.
fn built_in(name: &str) -> Option<BuiltIn> {
    match name {
        "request-success-rate" | "istio_requests_total" | "envoy_cluster_upstream_rq" => Some(BuiltIn::SuccessRate),
        "request-duration" | "istio_request_duration_seconds_bucket" | "envoy_cluster_upstream_rq_time_bucket" => {
            Some(BuiltIn::Duration)
        }
        _ => None,
    }
}

/// The built-in metric that `metric` is, unless a template or a query defines it.
fn own(metric: Node<'_>) -> Option<BuiltIn> {
    let defined = ["templateRef", "query"].iter().any(|k| present(metric, k).is_some());
    built_in(text(metric, "name")).filter(|_| !defined)
}

fn recognise(metric: Node<'_>) -> Metric {
    let name = text(metric, "name");
    let known = |kind, percentile_tenths| Metric { kind, name: name.into(), percentile_tenths };
    match own(metric) {
        Some(BuiltIn::SuccessRate) => known(MetricKind::SuccessRate, None),
        Some(BuiltIn::Duration) => known(MetricKind::Latency, Some(990)),
        None => Metric::recognise(name, text(metric, "query")),
    }
}

struct One<'a, 'd> {
    node: Node<'d>,
    metric: Metric,
    analysis: &'a Analysis<'d>,
    covers: StageRange,
}

impl One<'_, '_> {
    fn name_span(&self) -> Span {
        self.node.get("name").unwrap_or(self.node).span()
    }

    fn window_is_readable(&self, cx: &mut Lowering<'_>) {
        if let Some(interval) = present(self.node, "interval") {
            checks::interval("interval", interval, cx);
        }
    }

    /// A metric that is neither built in nor defined fails every check.
    fn is_defined(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let defined = ["templateRef", "query"].iter().any(|k| present(self.node, k).is_some());
        let name = text(self.node, "name");
        let names = ["request-success-rate", "request-duration"];
        if defined || names.contains(&name) || object.version != "v1beta1" || crate::adapters::is_template(name) {
            return;
        }
        let message = format!("metric `{name}` has neither `templateRef` nor `query`, so every check of it fails");
        cx.invalid(
            self.name_span(),
            message,
            "name a MetricTemplate in `templateRef`, or use `request-success-rate` or `request-duration`",
        );
    }

    fn window(&self) -> Option<u64> {
        match present(self.node, "interval") {
            None => present(self.node, "templateRef").is_none().then_some(60),
            Some(node) => {
                let text = node.as_str().filter(|t| fits_pattern(t))?;
                go_seconds(text).and_then(|s| u64::try_from(s).ok())
            }
        }
    }

    fn criteria(&self, cx: &mut Lowering<'_>) -> Vec<Criterion> {
        let old = present(self.node, "threshold");
        let Some(range) = present(self.node, "thresholdRange") else {
            let number = cx.read_f64(self.node, "threshold");
            let comparison = match own(self.node) {
                Some(BuiltIn::SuccessRate) => Comparison::Below,
                Some(BuiltIn::Duration) | None => Comparison::Above,
            };
            return vec![if old.is_some() { self.numeric(comparison, number, cx) } else { self.numberless() }];
        };
        if let Some(old) = old {
            let message = "`threshold` is ignored beside `thresholdRange`";
            cx.ignored(old.anchor(), message, "remove `threshold`").related =
                Some((range.anchor(), "Flagger reads this one".into()));
        }
        let mut found = Vec::new();
        for (key, comparison) in [("min", Comparison::Below), ("max", Comparison::Above)] {
            if present(range, key).is_some() {
                let number = cx.read_f64(range, key);
                found.push(self.numeric(comparison, number, cx));
            }
        }
        if found.is_empty() {
            found.push(self.numberless());
        }
        found
    }

    fn numeric(&self, comparison: Comparison, number: Fact<f64>, cx: &mut Lowering<'_>) -> Criterion {
        if let (Some(BuiltIn::Duration), Fact::Stated(written)) = (own(self.node), &number)
            && written.value.fract() != 0.0
        {
            let whole = written.value.trunc();
            let message = format!("`{}` is cut to {whole}: Flagger takes whole milliseconds here", written.value);
            cx.ignored(written.span, message, "write milliseconds, such as `max: 500`");
        }
        let (unit, scale) = match own(self.node) {
            Some(BuiltIn::SuccessRate) => (Unit::Percent, 1.0),
            Some(BuiltIn::Duration) => (Unit::Seconds, 1000.0),
            None => (Unit::None, 1.0),
        };
        let whole = unit == Unit::Seconds;
        let bound = number.map(|n| Bound { number: if whole { n.trunc() / scale } else { n }, unit });
        let span = bound.span();
        Criterion { class: CriterionClass::Absolute, comparison: Some(comparison), bound, ..self.draft(span) }
    }

    /// A metric that is held against nothing.
    fn numberless(&self) -> Criterion {
        let span = self.name_span();
        Criterion { class: CriterionClass::Text, bound: Fact::Absent { near: span }, ..self.draft(span) }
    }

    fn draft(&self, span: Span) -> Criterion {
        Criterion {
            metric: self.metric.clone(),
            class: CriterionClass::Text,
            comparison: None,
            bound: Fact::Absent { near: span },
            text: None,
            window: self.window(),
            tolerated: self.analysis.tolerated,
            action: Action::Rollback,
            evaluated: evaluated(self.analysis),
            covers: self.covers,
            cannot_fire: None,
            span,
            via: None,
        }
    }
}

impl Templated {
    /// Takes from the templates what their metrics measure. The numbers stand in the canary, so a template that is not in
    /// the checked set hides none; it is missed only where the metric's name tells nothing either.
    pub(super) fn finish(&self, rollout: &mut Rollout, world: &World<'_>) {
        for one in &self.uses {
            let template = world.find::<Template>(&one.template);
            let query = template.map_or("", |t| &t.query);
            let metric = Metric::recognise(&one.metric, query);
            if template.is_none() && metric.kind == MetricKind::Custom {
                rollout.unresolved.push(Unresolved {
                    kind: one.template.kind.clone(),
                    name: one.template.name.clone(),
                    span: one.span,
                    because: "so what it measures is unknown",
                });
            }
            let criteria = rollout.rollback.criteria.iter_mut().map(|c| &mut c.metric);
            let monitors = rollout.monitors.iter_mut().map(|m| &mut m.value);
            for same in criteria.chain(monitors).filter(|m| m.name == one.metric) {
                *same = metric.clone();
            }
            compare(one, template, rollout);
        }
    }
}

/// A template that measures a difference between the two versions compares what the mirror answers.
fn compare(one: &Use, template: Option<&Template>, rollout: &mut Rollout) {
    let Some(shadow) = &mut rollout.shadow else { return };
    match template {
        _ if tells_difference(&one.metric) || tells_difference(&one.template.name) => {
            shadow.comparer = Comparer::Named(one.metric.clone());
        }
        Some(template) if holds_both(&template.query) => shadow.comparer = Comparer::Named(one.metric.clone()),
        None if shadow.comparer == Comparer::Nothing => shadow.comparer = Comparer::Unknown,
        Some(_) | None => {}
    }
}

/// Does a name say that the two versions are compared?
pub(super) fn tells_difference(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["diff", "compar", "agreement", "mismatch", "divergence", "drift", "delta", "parity"]
        .iter()
        .any(|w| name.contains(w))
}

/// Does a query look at the old version beside the new one?
fn holds_both(query: &str) -> bool {
    let old = query.matches("-primary").count() + query.matches("primary_").count();
    let new = ["-canary", "{{ target }}\"", "{{target}}\"", "canary_"].iter().any(|n| query.contains(n));
    old > 0 && new
}
