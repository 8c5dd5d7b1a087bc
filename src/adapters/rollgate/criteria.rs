//! Rollback criteria, structured and in words; both come to the same model.

use super::desk::{Desk, Refusal, number, present, text, written};
use super::keys::CRITERION;
use super::text::{Part, Sentence, read_line};
use crate::adapters::is_template;
use crate::model::units::{Length, Unit, parse_bound};
use crate::model::{
    Action, Bound, Comparison, Criterion, CriterionClass, Evaluated, Fact, Metric, MetricKind, StageRange,
};
use crate::syntax::Node;
use crate::text::Span;

/// The keys that compare.
const COMPARISONS: [(&str, Comparison); 4] = [
    ("above", Comparison::Above),
    ("below", Comparison::Below),
    ("rise", Comparison::Rise),
    ("drop", Comparison::Drop),
];

const ACTIONS: [(&str, Action); 3] =
    [("rollback", Action::Rollback), ("pause", Action::Pause), ("notify", Action::Notify)];

/// The criteria that the item `node` of a list states: a line of text may state several.
pub(super) fn criteria<'d>(desk: &mut Desk<'d>, node: Node<'d>) -> Vec<Criterion> {
    if node.is_map() {
        return vec![structured(desk, node)];
    }
    match text(node) {
        Ok(line) if is_template(&line) => {
            let bound = desk.take(node, "criterion", |_| Ok(Bound { number: 0.0, unit: Unit::None }));
            vec![Criterion { bound, text: Some(line.clone()), ..blank(Metric::recognise(&line, ""), node.span()) }]
        }
        Ok(line) => read_line(&line).into_iter().map(|part| from_words(desk, node, part)).collect(),
        Err(_) => {
            let message = format!("a criterion is a mapping or a line of text, and this is {}", written(node));
            desk.wrong(node.span(), message, "write `{metric: error_rate, above: 0.5%}`");
            Vec::new()
        }
    }
}

/// A numeric criterion of `metric` that holds over every stage, its number still unknown.
fn blank(metric: Metric, span: Span) -> Criterion {
    Criterion {
        metric,
        class: CriterionClass::Absolute,
        comparison: None,
        bound: Fact::Dynamic { expr: "".into(), span },
        text: None,
        window: None,
        tolerated: None,
        action: Action::Rollback,
        evaluated: Evaluated::Yes,
        covers: StageRange::ALL,
        cannot_fire: None,
        span,
        via: None,
    }
}

const fn class(comparison: Comparison) -> CriterionClass {
    match comparison {
        Comparison::Above | Comparison::Below => CriterionClass::Absolute,
        Comparison::Rise | Comparison::Drop => CriterionClass::Relative,
    }
}

fn from_words<'d>(desk: &mut Desk<'d>, node: Node<'d>, part: Part<'_>) -> Criterion {
    let Sentence { text, metric, comparison, bound, bare, window } = match part {
        Part::Compared(sentence) => sentence,
        Part::Words(words) => {
            let criterion = blank(Metric::recognise(words, ""), node.span());
            let bound = Fact::Absent { near: node.span() };
            return Criterion { class: CriterionClass::Text, bound, text: Some(words.into()), ..criterion };
        }
    };
    let metric = Metric::recognise(metric, "");
    let refused = if bare { readings(bound.number, metric.kind, comparison) } else { None };
    let bound = desk.take(node, "criterion", |_| refused.map_or(Ok(bound), Err));
    Criterion {
        class: class(comparison),
        comparison: Some(comparison),
        bound,
        text: Some(text.into()),
        window,
        ..blank(metric, node.span())
    }
}

fn structured<'d>(desk: &mut Desk<'d>, node: Node<'d>) -> Criterion {
    desk.open(node, &CRITERION, node.anchor());
    let metric = desk.text(node, "metric");
    let name = match &metric {
        Fact::Stated(name) => name.value.clone(),
        Fact::Dynamic { expr, .. } => expr.clone(),
        // Reported as missing; the criterion is kept, so that the plan is not also one without criteria.
        Fact::Defaulted { .. } | Fact::Absent { .. } => "".into(),
    };
    let mut criterion = blank(Metric::recognise(&name, ""), node.span());
    let written: Vec<_> = COMPARISONS.into_iter().filter(|(key, _)| present(node, key).is_some()).collect();
    match written.as_slice() {
        [] => {
            let message = format!("the criterion on `{name}` compares with nothing");
            desk.wrong(
                metric.span(),
                message,
                "add one of `above`, `below`, `rise`, `drop` with a number and its unit",
            );
        }
        [(key, comparison), more @ ..] => {
            criterion.bound = desk.read(node, key, |n| bound(n, criterion.metric.kind, *comparison));
            criterion.span = criterion.bound.span();
            criterion.comparison = Some(*comparison);
            criterion.class = class(*comparison);
            for (other, _) in more {
                let span = node.key(other).map_or(node.span(), Node::span);
                let message = format!("a criterion compares once, and this has both `{key}` and `{other}`");
                desk.wrong(span, message, format!("write a second criterion for `{other}`"));
            }
        }
    }
    criterion.window = desk.unit::<Length>(node, "window").known().map(|l| l.0);
    criterion.tolerated = desk.read(node, "tolerate", tolerated).known().copied();
    criterion.action = desk.one_of(node, "action", &ACTIONS).known().copied().unwrap_or(Action::Rollback);
    criterion
}

fn tolerated(node: Node<'_>) -> Result<u32, Refusal> {
    let count = node.as_i64().and_then(|n| u32::try_from(n).ok());
    count.ok_or_else(|| Refusal::not(node, "a number of failed measurements, 0 or more"))
}

/// Takes a number with its unit.
pub(super) fn bound(node: Node<'_>, metric: MetricKind, comparison: Comparison) -> Result<Bound, Refusal> {
    let bare = node.as_f64().or_else(|| node.as_str().and_then(number));
    if let Some(number) = bare {
        let refused = readings(number, metric, comparison);
        return refused.map_or(Ok(Bound { number, unit: Unit::None }), Err);
    }
    let read = node.as_str().and_then(parse_bound);
    let bound =
        read.ok_or_else(|| Refusal::not(node, "a number with a unit such as `0.5%`, `3pp`, `2.5s` or `0.02 USD`"))?;
    if matches!(comparison, Comparison::Rise | Comparison::Drop) && bound.number < 0.0 {
        let positive = Bound { number: -bound.number, unit: bound.unit };
        let tail = " is below zero, and it says by how much the metric moves";
        return Err(Refusal::because(tail, format!("write `{}: {positive}`", comparison.name())));
    }
    Ok(bound)
}

/// Why a number without a unit is refused: the two readings it could have. A score or a count needs no unit.
fn readings(number: f64, metric: MetricKind, comparison: Comparison) -> Option<Refusal> {
    let (one, other) = match (comparison, metric) {
        (Comparison::Rise | Comparison::Drop, _) => (format!("{number}pp"), format!("{number}%")),
        (_, MetricKind::ErrorRate | MetricKind::SuccessRate) if number <= 1.0 => {
            (format!("{number}%"), format!("{}%", number * 100.0))
        }
        (_, MetricKind::ErrorRate | MetricKind::SuccessRate) => (format!("{number}%"), format!("{number}pp")),
        (_, MetricKind::Latency) => (format!("{number}s"), format!("{number}ms")),
        (_, MetricKind::CostPerCall) => (format!("{number} USD"), format!("{number} EUR")),
        (_, MetricKind::EvalScore | MetricKind::Saturation | MetricKind::Business | MetricKind::Custom) => return None,
    };
    let tail = format!(": `{number}` has no unit: `{one}` or `{other}`?");
    Some(Refusal::because(tail, format!("write `{one}` or `{other}`, whichever is meant")))
}

/// The names of what a shadow's `compare` compares: criteria, or metrics without a bound.
pub(super) fn compared<'d>(desk: &mut Desk<'d>, node: Node<'d>) -> Vec<Box<str>> {
    let bounded = COMPARISONS.iter().any(|(key, _)| present(node, key).is_some());
    if node.is_map() && !bounded {
        desk.open(node, &CRITERION, node.anchor());
        return desk.own_text(node, "metric").into_iter().collect();
    }
    criteria(desk, node).into_iter().map(|c| c.metric.name).collect()
}
