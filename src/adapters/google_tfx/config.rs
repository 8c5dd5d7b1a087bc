//! An `EvalConfig`: metrics and their thresholds.

use super::Fault;
use crate::adapters::nodes::present;
use crate::adapters::{Lowering, is_template};
use crate::model::units::Unit;
use crate::model::{Action, Bound, Comparison, Criterion, CriterionClass, Evaluated, Fact, Metric, StageRange};
use crate::syntax::Node;
use crate::text::Span;

/// Is the document one by its form?
pub(super) fn is_config(root: Node<'_>) -> bool {
    let specs = key(root, "metrics_specs").filter(|n| n.is_seq());
    let beside = || key(root, "model_specs").or_else(|| key(root, "slicing_specs")).is_some_and(Node::is_seq);
    let has_class = |metric: Node<'_>| key(metric, "class_name").is_some();
    specs.is_some_and(|specs| beside() || specs.items().any(|spec| list(spec, "metrics").any(has_class)))
}

/// The value of `snake`, which JSON may spell in camel case.
fn key<'d>(parent: Node<'d>, snake: &str) -> Option<Node<'d>> {
    present(parent, snake).or_else(|| present(parent, &camel(snake)))
}

fn camel(snake: &str) -> String {
    let mut words = snake.split('_');
    let first = words.next().unwrap_or_default();
    let rest = words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]);
    std::iter::once(first.to_owned()).chain(rest).collect()
}

fn list<'d>(parent: Node<'d>, snake: &str) -> impl Iterator<Item = Node<'d>> {
    key(parent, snake).into_iter().flat_map(Node::items)
}

/// What a config asks of a model.
pub(super) struct Asked {
    pub(super) criteria: Vec<Criterion>,
    faults: Vec<Fault>,
    /// Where the config stands, if it is a text in another document: its own places are none of that file.
    within: Option<Span>,
    evaluated: Evaluated,
}

/// Reads the config at `root`; `within` is the text that it stands in.
pub(super) fn asked(root: Node<'_>, within: Option<Span>, evaluated: &Evaluated) -> Asked {
    let mut asked = Asked { criteria: Vec::new(), faults: Vec::new(), within, evaluated: evaluated.clone() };
    for spec in list(root, "metrics_specs") {
        for metric in list(spec, "metrics") {
            let name = key(metric, "class_name").and_then(Node::text).unwrap_or_default();
            if let Some(threshold) = key(metric, "threshold") {
                asked.threshold(name, None, threshold);
            }
            for (lists, scope) in SLICED {
                list(metric, lists).for_each(|sliced| asked.sliced(name, scope, sliced));
            }
        }
        asked.by_name(spec);
    }
    asked
}

/// The lists of thresholds that do not hold for the whole, and what they hold for.
const SLICED: [(&str, &str); 2] =
    [("per_slice_thresholds", "in the slices that it names"), ("cross_slice_thresholds", "between slices")];

impl Asked {
    /// Reports what is wrong with the config.
    pub(super) fn tell(&self, cx: &mut Lowering<'_>) {
        for fault in &self.faults {
            cx.problem(fault.span, fault.message.clone(), fault.help.clone());
        }
    }

    /// Thresholds in tables from a metric's name.
    fn by_name(&mut self, spec: Node<'_>) {
        let table = |snake: &str| key(spec, snake).into_iter().flat_map(Node::entries);
        for (name, threshold) in table("thresholds") {
            self.threshold(name.text().unwrap_or_default(), None, threshold);
        }
        for (lists, scope) in SLICED {
            for (name, thresholds) in table(lists) {
                let name = name.text().unwrap_or_default();
                list(thresholds, "thresholds").for_each(|sliced| self.sliced(name, scope, sliced));
            }
        }
    }

    fn sliced(&mut self, name: &str, scope: &'static str, sliced: Node<'_>) {
        if let Some(threshold) = key(sliced, "threshold") {
            self.threshold(name, Some(scope), threshold);
        }
    }

    fn threshold(&mut self, name: &str, scope: Option<&'static str>, threshold: Node<'_>) {
        let value = key(threshold, "value_threshold");
        for (side, comparison) in [("lower_bound", Comparison::Below), ("upper_bound", Comparison::Above)] {
            let Some(bound) = value.and_then(|value| self.number(value, side)) else { continue };
            let bound = bound.map(|number| Bound { number, unit: Unit::None });
            self.push(name, (CriterionClass::Absolute, Some(comparison)), bound, scope);
        }
        if let Some(change) = key(threshold, "change_threshold") {
            self.change(name, scope, change);
        }
    }

    /// A model passes where the change is on the good side of the number, that is: not a worse one by more than it.
    fn change(&mut self, name: &str, scope: Option<&'static str>, change: Node<'_>) {
        let direction = self.direction(change);
        for (side, unit) in [("absolute", Unit::None), ("relative", Unit::Percent)] {
            let Some(number) = self.number(change, side) else { continue };
            let number = number.map(|n| if unit == Unit::Percent { rounded(n * 100.0) } else { n });
            let bound = match &direction {
                Fact::Stated(_) | Fact::Defaulted { .. } => {
                    let sign = if direction.known() == Some(&Comparison::Drop) { -1.0 } else { 1.0 };
                    // A zero has no sign that anybody wrote.
                    number.map(|n| Bound { number: 0.0 + sign * n, unit })
                }
                Fact::Dynamic { expr, span } => Fact::Dynamic { expr: expr.clone(), span: *span },
                Fact::Absent { near } => Fact::Absent { near: *near },
            };
            let class = if bound.is_absent() { CriterionClass::Text } else { CriterionClass::Relative };
            let text = bound.is_absent().then(|| format!("a change of {name} in a direction that is not told"));
            self.push(name, (class, direction.known().copied()), bound, text.as_deref().or(scope));
        }
    }

    /// Which change is bad; absent where that is a fault.
    fn direction(&mut self, change: Node<'_>) -> Fact<Comparison> {
        let written = key(change, "direction");
        let span = self.place(written.map_or_else(|| change.anchor(), Node::span));
        let message = match written.and_then(Node::text).map(str::trim) {
            Some("HIGHER_IS_BETTER" | "2") => return Fact::stated(Comparison::Drop, span),
            Some("LOWER_IS_BETTER" | "1") => return Fact::stated(Comparison::Rise, span),
            Some(text) if is_template(text) => return Fact::Dynamic { expr: text.into(), span },
            None | Some("UNKNOWN" | "0") => "`change_threshold` has no `direction`, so no model passes it".to_owned(),
            Some(text) => {
                format!("`direction` is `{text}`, which is neither `HIGHER_IS_BETTER` nor `LOWER_IS_BETTER`")
            }
        };
        self.fault(span, message, "write `direction: HIGHER_IS_BETTER` or `direction: LOWER_IS_BETTER`");
        Fact::Absent { near: span }
    }

    /// The number under `name`; nothing where it is endless, which bounds nothing.
    fn number(&mut self, parent: Node<'_>, name: &str) -> Option<Fact<f64>> {
        let written = key(parent, name)?;
        // Text protobuf wraps its numbers, and who copies from it does so too.
        let node = if written.is_map() { present(written, "value")? } else { written };
        let text = node.text().unwrap_or_default().trim();
        let span = self.place(node.span());
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Some(Fact::stated(number, span)),
            Ok(number) if number.is_infinite() => None,
            Ok(_) | Err(_) => {
                if !is_template(text) {
                    let found = if node.is_scalar() { format!("`{text}`") } else { "a list or a mapping".to_owned() };
                    self.fault(span, format!("`{name}` is {found}, which is not a number"), "write a number");
                }
                Some(Fact::Dynamic { expr: text.into(), span })
            }
        }
    }

    fn place(&self, span: Span) -> Span {
        self.within.unwrap_or(span)
    }

    fn fault(&mut self, span: Span, message: String, help: &str) {
        self.faults.push(Fault { span, message, help: help.to_owned() });
    }

    fn push(
        &mut self,
        name: &str,
        (class, comparison): (CriterionClass, Option<Comparison>),
        bound: Fact<Bound>,
        text: Option<&str>,
    ) {
        let span = bound.span();
        self.criteria.push(Criterion {
            metric: Metric::recognise(name, ""),
            class,
            comparison,
            bound,
            text: text.map(Into::into),
            window: None,
            tolerated: None,
            action: Action::Pause,
            evaluated: self.evaluated.clone(),
            covers: StageRange::ALL,
            cannot_fire: None,
            span,
            via: None,
        });
    }
}

/// Without the noise of binary fractions: 0.07 of a whole is 7 percent.
fn rounded(number: f64) -> f64 {
    (number * 1e8).round() / 1e8
}
