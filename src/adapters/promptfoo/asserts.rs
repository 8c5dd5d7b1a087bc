//! Asserts: what each holds against which number, and in which direction.

use std::collections::BTreeSet;

use super::{items, present, text};
use crate::adapters::Lowering;
use crate::model::units::Unit;
use crate::model::{
    Action, Bound, Comparison, Criterion, CriterionClass, Evaluated, Fact, Metric, MetricKind, StageRange,
};
use crate::syntax::Node;
use crate::text::Span;

/// Types whose score must reach the number, from 0 to 1.
const SCORES: &[&str] = &[
    "agent-rubric",
    "answer-relevance",
    "bleu",
    "classifier",
    "context-faithfulness",
    "context-recall",
    "context-relevance",
    "conversation-relevance",
    "factuality",
    "g-eval",
    "gleu",
    "javascript",
    "llm-rubric",
    "meteor",
    "model-graded-closedqa",
    "model-graded-factuality",
    "perplexity-score",
    "pi",
    "python",
    "rouge-n",
    "ruby",
    "search-rubric",
    "similar",
    "tool-call-f1",
];

/// What a type does with its `threshold`.
struct Kind {
    metric: MetricKind,
    comparison: Comparison,
    unit: Unit,
    /// By what a written number is divided to be of that unit.
    over: f64,
}

impl Kind {
    fn of(name: &str) -> Option<Self> {
        let less = |metric, unit, over| Some(Self { metric, comparison: Comparison::Above, unit, over });
        match name {
            "latency" => less(MetricKind::Latency, Unit::Seconds, 1000.0),
            "cost" => less(MetricKind::CostPerCall, Unit::Currency("USD".into()), 1.0),
            "perplexity" | "levenshtein" => less(MetricKind::EvalScore, Unit::None, 1.0),
            _ if SCORES.contains(&name) || name.starts_with("similar:") => Some(Self {
                metric: MetricKind::EvalScore,
                comparison: Comparison::Below,
                unit: Unit::Ratio,
                over: 1.0,
            }),
            _ => None,
        }
    }

    /// Is it measured and no more, where no number is written?
    const fn only_measures(&self) -> bool {
        matches!(self.metric, MetricKind::Latency | MetricKind::CostPerCall)
    }
}

const fn opposite(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Above => Comparison::Below,
        Comparison::Below => Comparison::Above,
        Comparison::Rise => Comparison::Drop,
        Comparison::Drop => Comparison::Rise,
    }
}

/// What was asked so far.
pub(super) struct Asked<'d> {
    root: Node<'d>,
    pub(super) criteria: Vec<Criterion>,
    /// What is listed already: criteria that are alike are shown once.
    seen: BTreeSet<String>,
}

/// How deep sets of asserts are looked into; promptfoo knows one level.
const SETS: usize = 4;

impl<'d> Asked<'d> {
    pub(super) const fn new(root: Node<'d>) -> Self {
        Self { root, criteria: Vec::new(), seen: BTreeSet::new() }
    }

    /// One assert; `why` it does not decide by itself, if so.
    pub(super) fn assert(&mut self, assert: Node<'_>, why: Option<&str>, cx: &mut Lowering<'_>) {
        self.assert_in(assert, why, SETS, cx);
    }

    fn assert_in(&mut self, written: Node<'_>, why: Option<&str>, depth: usize, cx: &mut Lowering<'_>) {
        let template = text(written, "$ref").strip_prefix("#/assertionTemplates/");
        let assert = template.and_then(|name| self.root.path(&["assertionTemplates", name])).unwrap_or(written);
        if written.is_scalar() {
            return self.elsewhere(written);
        }
        let kind = text(assert, "type");
        if kind == "assert-set" && depth > 0 {
            self.set(assert, why, depth, cx);
        } else if !kind.is_empty() {
            self.single(assert, kind, why, cx);
        }
    }

    fn set(&mut self, set: Node<'_>, why: Option<&str>, depth: usize, cx: &mut Lowering<'_>) {
        let share = cx.read_f64(set, "threshold");
        let own = (!share.is_absent()).then_some("the `threshold` of its set decides");
        if !share.is_absent() {
            let name = Some(text(set, "metric")).filter(|m| !m.is_empty()).unwrap_or("assert-set");
            let metric = Metric { kind: MetricKind::EvalScore, name: name.into(), percentile_tenths: None };
            self.score(metric, share, (Comparison::Below, Unit::Ratio), without_say(set).or(why));
        }
        for assert in items(set, "assert") {
            self.assert_in(assert, why.or(own), depth - 1, cx);
        }
    }

    fn single(&mut self, assert: Node<'_>, kind: &str, why: Option<&str>, cx: &mut Lowering<'_>) {
        let (turned, base) = kind.strip_prefix("not-").map_or((false, kind), |base| (true, base));
        let name = Some(text(assert, "metric")).filter(|m| !m.is_empty()).unwrap_or(kind);
        let why = without_say(assert).or(why);
        let (number, known) = (cx.read_f64(assert, "threshold"), Kind::of(base));
        let metric = Metric {
            kind: known.as_ref().map_or(MetricKind::Custom, |k| k.metric),
            name: name.into(),
            percentile_tenths: None,
        };
        match known {
            Some(kind) if !number.is_absent() => {
                let comparison = if turned { opposite(kind.comparison) } else { kind.comparison };
                self.score(metric, number.map(|n| n / kind.over), (comparison, kind.unit), why);
            }
            Some(kind) if kind.only_measures() => {}
            Some(_) | None => {
                let said = (name != kind).then(|| kind.into());
                self.push(metric, (CriterionClass::Opaque, None), Fact::Absent { near: assert.anchor() }, said, why);
            }
        }
    }

    /// Something held against a number.
    pub(super) fn score(
        &mut self,
        metric: Metric,
        number: Fact<f64>,
        (comparison, unit): (Comparison, Unit),
        why: Option<&str>,
    ) {
        let class = match metric.kind {
            MetricKind::Latency | MetricKind::CostPerCall => CriterionClass::Absolute,
            MetricKind::ErrorRate
            | MetricKind::SuccessRate
            | MetricKind::EvalScore
            | MetricKind::Saturation
            | MetricKind::Business
            | MetricKind::Custom => CriterionClass::Score,
        };
        let bound = number.map(|number| Bound { number, unit });
        self.push(metric, (class, Some(comparison)), bound, None, why);
    }

    /// Tests or asserts that stand in another file, or are made by a program.
    pub(super) fn elsewhere(&mut self, node: Node<'_>) {
        let metric = Metric { kind: MetricKind::Custom, name: "tests elsewhere".into(), percentile_tenths: None };
        let said = node.text().map(Into::into);
        self.push(metric, (CriterionClass::Opaque, None), Fact::Absent { near: node.span() }, said, None);
    }

    fn push(
        &mut self,
        metric: Metric,
        (class, comparison): (CriterionClass, Option<Comparison>),
        bound: Fact<Bound>,
        text: Option<Box<str>>,
        why: Option<&str>,
    ) {
        let span: Span = bound.span();
        let number = bound.known().map(Bound::to_string);
        if !self.seen.insert(format!("{} {comparison:?} {number:?} {text:?} {why:?}", metric.name)) {
            return;
        }
        self.criteria.push(Criterion {
            metric,
            class,
            comparison,
            bound,
            text,
            window: None,
            tolerated: None,
            action: Action::Pause,
            evaluated: why.map_or(Evaluated::Unknown, |why| Evaluated::No(why.into())),
            covers: StageRange::ALL,
            cannot_fire: None,
            span,
            via: None,
        });
    }
}

/// Why an assert fails nobody, if so.
fn without_say(assert: Node<'_>) -> Option<&'static str> {
    if present(assert, "weight").and_then(Node::as_f64) == Some(0.0) {
        return Some("its `weight` is 0");
    }
    (assert.get("metricOnly").and_then(Node::as_bool) == Some(true)).then_some("it is `metricOnly`")
}
