//! A canary config: metrics, their tests, the weights of their groups.

use std::collections::BTreeMap;

use super::{FORM, Kayenta, items, number, present, score, swapped, text};
use crate::adapters::{Lowering, Object, is_template};
use crate::model::units::Unit;
use crate::model::{
    Action, Bound, Comparison, CriteriaDocument, Criterion, CriterionClass, Evaluated, Fact, Metric, MetricKind,
    ObjectRef, StageRange,
};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

/// What a definition of a config holds: a criterion for each test of a metric that counts.
pub(super) struct Config(pub(super) Vec<Criterion>);

pub(super) fn named(name: &str) -> ObjectRef {
    ObjectRef::new(FORM, "CanaryConfig", None, name)
}

/// Defines the config for the stages that name it, and shows its criteria to who looks at such documents.
pub(super) fn lower(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let root = object.node;
    let metrics: Vec<Scored<'_>> = items(root, "metrics").filter_map(Scored::of).collect();
    let weights = Weights::of(root);
    let tests: Vec<Criterion> = metrics.iter().flat_map(|m| m.criteria(&weights, cx)).collect();
    let classifier = root.get("classifier").unwrap_or(root);
    let (pass, marginal) = (score(classifier, "pass", cx), score(classifier, "marginal", cx));
    // A config is no rollout that could carry remarks: what is no number is unknown wherever it is used.
    cx.forget();
    if let Some((message, help)) = swapped(&pass, &marginal) {
        cx.problem(marginal.span(), message, help);
    }
    if let Some((span, message, help)) = weights.fault(&metrics) {
        cx.problem(span, message, help);
    }
    cx.criteria(|| CriteriaDocument {
        system: Kayenta::META.id,
        kind: object.kind.into(),
        name: Spanned::new(object.name().into(), object.name_span()),
        criteria: whole(pass, &tests),
        span: root.span(),
    });
    for name in [object.name(), text(root, "id")].into_iter().filter(|name| !name.is_empty()) {
        cx.define(named(name), Config(tests.clone()));
    }
}

/// The score where the config says one, then the tests; nothing where every metric is muted.
fn whole(pass: Fact<f64>, tests: &[Criterion]) -> Vec<Criterion> {
    let scored = (!pass.is_absent() && !tests.is_empty()).then(|| gate(pass, Evaluated::Unknown));
    scored.into_iter().chain(tests.iter().cloned()).collect()
}

/// The criterion that a score below `pass` is.
pub(super) fn gate(pass: Fact<f64>, evaluated: Evaluated) -> Criterion {
    let metric = Metric { kind: MetricKind::Custom, name: "canary score".into(), percentile_tenths: None };
    let bound = pass.map(|number| Bound { number, unit: Unit::None });
    let test = Test { class: CriterionClass::Score, comparison: Some(Comparison::Below), bound, text: None };
    test.criterion(metric, evaluated)
}

/// One statement about a metric.
struct Test {
    class: CriterionClass,
    comparison: Option<Comparison>,
    bound: Fact<Bound>,
    text: Option<Box<str>>,
}

impl Test {
    fn criterion(self, metric: Metric, evaluated: Evaluated) -> Criterion {
        let span = self.bound.span();
        Criterion {
            metric,
            class: self.class,
            comparison: self.comparison,
            bound: self.bound,
            text: self.text,
            window: None,
            tolerated: None,
            action: Action::Pause,
            evaluated,
            covers: StageRange::ALL,
            cannot_fire: None,
            span,
            via: None,
        }
    }
}

/// A metric that is not muted.
struct Scored<'d> {
    node: Node<'d>,
    /// How it is tested.
    analysis: Option<Node<'d>>,
    groups: Vec<&'d str>,
}

impl<'d> Scored<'d> {
    fn of(node: Node<'d>) -> Option<Self> {
        let analysis = node.path(&["analysisConfigurations", "canary"]).filter(|n| n.is_map());
        let is_muted = analysis.is_some_and(|a| is_true(a, "muted"));
        let groups = items(node, "groups").filter_map(Node::text).collect();
        (node.is_map() && !is_muted).then_some(Self { node, analysis, groups })
    }

    fn criteria(&self, weights: &Weights<'_>, cx: &mut Lowering<'_>) -> Vec<Criterion> {
        let is_critical = self.analysis.is_some_and(|a| is_true(a, "critical"));
        let evaluated = if is_critical || weights.count(self) {
            Evaluated::Unknown
        } else {
            Evaluated::No("its groups have no weight, and it is not `critical`".into())
        };
        let name = text(self.node, "name");
        let query = self.node.get("query").map(queried).unwrap_or_default();
        let metric = Metric::recognise(name, &query);
        let tests = self.tests(cx).into_iter();
        tests.map(|test| test.criterion(metric.clone(), evaluated.clone())).collect()
    }

    /// What must not happen: one test for each direction that is bad.
    fn tests(&self, cx: &mut Lowering<'_>) -> Vec<Test> {
        let direction = self.analysis.map_or("", |a| text(a, "direction"));
        let effect = self.analysis.and_then(|a| present(a, "effectSize"));
        let ratios = effect.filter(|e| !text(*e, "measure").eq_ignore_ascii_case("cles"));
        let sides = [
            ("allowedIncrease", "decrease", Comparison::Rise, "increase"),
            ("allowedDecrease", "increase", Comparison::Drop, "decrease"),
        ];
        let mut tests = Vec::new();
        for (key, good, comparison, word) in sides {
            if direction.eq_ignore_ascii_case(good) {
                continue;
            }
            let number = ratios.map(|e| number(e, key, "a ratio of means", f64::MAX, cx)).filter(|n| !n.is_absent());
            let bound = number.map(|n| n.map(|ratio| Bound { number: percent(ratio), unit: Unit::Percent }));
            tests.push(match bound {
                Some(bound) => {
                    Test { class: CriterionClass::Relative, comparison: Some(comparison), bound, text: None }
                }
                None => self.statistical(comparison, word),
            });
        }
        tests
    }

    fn statistical(&self, comparison: Comparison, word: &str) -> Test {
        Test {
            class: CriterionClass::Statistical,
            comparison: Some(comparison),
            bound: Fact::Absent { near: self.name_span() },
            text: Some(format!("a significant {word} of {}", text(self.node, "name")).into()),
        }
    }

    fn name_span(&self) -> Span {
        self.node.get("name").unwrap_or(self.node).span()
    }
}

fn is_true(node: Node<'_>, key: &str) -> bool {
    node.get(key).and_then(Node::text).is_some_and(|t| t.eq_ignore_ascii_case("true"))
}

/// The distance from a ratio of 1 in percent, without the noise of binary fractions: 1.1 is 10.
fn percent(ratio: f64) -> f64 {
    ((ratio - 1.0).abs() * 1e8).round() / 1e6
}

/// The texts of a query, whatever its provider calls them.
fn queried(query: Node<'_>) -> String {
    let texts = query.entries().filter(|(key, _)| !matches!(key.text(), Some("type" | "serviceType")));
    texts.filter_map(|(_, value)| value.text()).collect::<Vec<_>>().join(" ")
}

/// The weights of the groups, as far as they are numbers.
struct Weights<'d> {
    span: Span,
    of: BTreeMap<&'d str, f64>,
    /// Is each of them known?
    whole: bool,
}

impl<'d> Weights<'d> {
    fn of(root: Node<'d>) -> Self {
        let table = root.path(&["classifier", "groupWeights"]);
        let mut weights = Self { span: table.unwrap_or(root).anchor(), of: BTreeMap::new(), whole: true };
        for (group, weight) in table.into_iter().flat_map(Node::entries) {
            let number = weight.text().and_then(|t| t.trim().parse::<f64>().ok()).filter(|w| w.is_finite());
            match (group.text().filter(|g| !is_template(g)), number) {
                (Some(group), Some(number)) => _ = weights.of.insert(group, number),
                (Some(_) | None, _) => weights.whole = false,
            }
        }
        weights
    }

    fn sum(&self) -> f64 {
        self.of.values().sum()
    }

    /// May the metric change the score? Groups without a weight share what the others leave.
    fn count(&self, metric: &Scored<'_>) -> bool {
        let weighs = |group: &&str| self.of.get(group).map_or(self.sum() < 100.0, |weight| *weight > 0.0);
        !self.whole || metric.groups.iter().any(weighs)
    }

    /// What is wrong with the weights: where, message and help.
    fn fault(&self, metrics: &[Scored<'_>]) -> Option<(Span, String, &'static str)> {
        let groups: Vec<&str> = metrics.iter().flat_map(|m| m.groups.iter().copied()).collect();
        if !self.whole || groups.is_empty() || groups.iter().any(|g| is_template(g)) {
            return None;
        }
        let sum = self.sum();
        if sum > 100.01 {
            let message = format!("the weights of the groups add up to {sum}, which is more than the 100 of a score");
            return Some((self.span, message, "make the weights add up to 100"));
        }
        let counted = self.of.iter().filter(|(group, _)| groups.contains(group)).map(|(_, weight)| weight);
        let shared = if groups.iter().all(|g| self.of.contains_key(g)) { 0.0 } else { 100.0 - sum };
        let best = counted.sum::<f64>() + shared;
        let message = format!(
            "the weights of the groups that have a metric add up to {best}, so the score is never more than that"
        );
        (best < 99.99).then_some((
            self.span,
            message,
            "make the weights of the groups that have a metric add up to 100",
        ))
    }
}
