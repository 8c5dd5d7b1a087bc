//! `fractional`: weights over their sum, and ramps over time.

use chrono::DateTime;

use super::audience::attributes;
use super::targeting::{Reader, operation};
use crate::adapters::flag::{Arm, Flag, Split, basis_of};
use crate::model::{Exposure, Fact, Hold, Schedule, Share, Stage};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

/// Exposure that grows with the time.
pub(super) struct Ramp {
    variation: usize,
    /// Epoch seconds.
    start: Spanned<i64>,
    end: Spanned<i64>,
}

impl Ramp {
    /// From nobody to everybody, with no stop.
    pub(super) fn stages(&self, flag: &Flag) -> Vec<Stage> {
        let length = self.end.value.abs_diff(self.start.value);
        let exposure = |share, span| Fact::stated(Exposure::exact(share, flag.basis), span);
        let mut ramp = Stage::new(exposure(Share::NONE, self.start.span), self.start.span);
        ramp.hold = Fact::stated(Hold::Ramp(length), self.end.span);
        let mut whole = Stage::new(exposure(Share::ALL, self.end.span), self.end.span);
        for stage in [&mut ramp, &mut whole] {
            stage.name = flag.variations.get(self.variation).map(|v| v.name.clone());
        }
        vec![ramp, whole]
    }

    pub(super) fn schedule(&self) -> Option<Schedule> {
        let start = DateTime::from_timestamp(self.start.value, 0)?.fixed_offset();
        Some(Schedule { start: Spanned::new(start, self.start.span) })
    }
}

/// One `[variant, weight]`.
struct Part<'d> {
    what: Node<'d>,
    weight: Weight<'d>,
    span: Span,
}

enum Weight<'d> {
    Number(u64),
    Computed(Node<'d>),
    Wrong(Node<'d>),
}

/// The largest sum of weights that the engine takes.
const MOST: u64 = i32::MAX as u64;

impl<'d> Reader<'_, 'd, '_> {
    /// The shares of a `fractional`; `whole` where it is for everybody, so that a ramp is one of the flag.
    pub(super) fn fractional(&mut self, arguments: Node<'d>, whole: bool, depth: usize) -> Split {
        let span = arguments.anchor();
        let mut items: Vec<Node<'d>> = arguments.items().collect();
        if let Some(by) = items.first().copied().filter(|first| !first.is_seq()) {
            items.remove(0);
            let own = |a: &&str| !a.starts_with("$flagd.");
            let unit = attributes(by).into_iter().find(own).or_else(|| by.text());
            self.basis = basis_of(unit.unwrap_or_default());
        }
        let Some(parts) = items.iter().map(|item| part(*item)).collect::<Option<Vec<_>>>().filter(|p| !p.is_empty())
        else {
            return self.fails(arguments, "a part of `fractional` is no list of a variant and a weight");
        };
        if let Some(wrong) = parts.iter().find_map(Part::wrong) {
            let text = wrong.text().unwrap_or("a list");
            let message = format!("the weight `{text}` is no whole number of at least 0");
            return self.fails(wrong, &message);
        }
        let Some(weights) = parts.iter().map(Part::number).collect::<Option<Vec<u64>>>() else {
            self.ramp = self.ramp.take().or_else(|| if whole { self.ramp_of(&parts) } else { None });
            return Split::unknown(span);
        };
        let total = weights.iter().fold(0u64, |sum, w| sum.saturating_add(*w));
        if total > MOST {
            return self
                .fails(arguments, &format!("the weights add up to {total}, more than the {MOST} that it takes"));
        }
        if total == 0 {
            return Split::all(self.default, span);
        }
        self.shared_out(&parts, &weights, total, depth)
            .map_or_else(|| Split::unknown(span), |arms| Split { arms, span })
    }

    /// The arms of all parts, down the tree.
    fn shared_out(&mut self, parts: &[Part<'d>], weights: &[u64], total: u64, depth: usize) -> Option<Vec<Arm>> {
        let mut arms = Vec::new();
        for (part, weight) in parts.iter().zip(weights) {
            let what = self.resolve(part.what)?;
            let inner = match operation(what) {
                Some(("fractional", arguments)) if depth < 64 => self.fractional(arguments, false, depth + 1),
                Some(_) => return None,
                None => self.leaf(what),
            };
            if inner.arms.is_empty() {
                return None;
            }
            for arm in inner.arms {
                let of_a_million = u64::from(arm.share?.ppm());
                let share = Share::of(weight.saturating_mul(of_a_million), total.saturating_mul(1_000_000));
                let span = if of_a_million == 1_000_000 { part.span } else { arm.span };
                arms.push(Arm { share: Some(share), span, ..arm });
            }
        }
        Some(arms)
    }

    /// A split that the engine refuses serves the default to everybody.
    fn fails(&mut self, at: Node<'d>, message: &str) -> Split {
        let message = format!("{message}, so the split fails and everybody gets the default");
        self.cx.invalid(at.span(), message, "write `[variant, weight]` with a whole number of at least 0");
        Split::all(self.default, at.span())
    }

    /// `[new, time - start]` against `[old, end - time]`.
    fn ramp_of(&mut self, parts: &[Part<'d>]) -> Option<Ramp> {
        let [one, other] = parts else { return None };
        let rising = |part: &Part<'d>| edge(part, 1, 0);
        let falling = |part: &Part<'d>| edge(part, 0, 1);
        let (up, start, end) = match (rising(one), falling(other), rising(other), falling(one)) {
            (Some(start), Some(end), _, _) => (one, start, end),
            (_, _, Some(start), Some(end)) => (other, start, end),
            (None, _, None, _) | (None, _, _, None) | (_, None, None, _) | (_, None, _, None) => return None,
        };
        let variation = self.leaf(up.what).arms.first()?.variation?;
        (start.value < end.value).then_some(Ramp { variation, start, end })
    }
}

impl<'d> Part<'d> {
    fn number(&self) -> Option<u64> {
        match self.weight {
            Weight::Number(weight) => Some(weight),
            Weight::Computed(_) | Weight::Wrong(_) => None,
        }
    }

    fn wrong(&self) -> Option<Node<'d>> {
        match self.weight {
            Weight::Wrong(node) => Some(node),
            Weight::Number(_) | Weight::Computed(_) => None,
        }
    }
}

fn part(item: Node<'_>) -> Option<Part<'_>> {
    let mut values = item.items();
    let what = values.next()?;
    let (weight, span) = match values.next() {
        None => (Weight::Number(1), what.span()),
        Some(node) if node.is_map() || node.text().is_some_and(crate::adapters::is_template) => {
            (Weight::Computed(node), node.span())
        }
        Some(node) => {
            let whole = node.as_i64().and_then(|w| u64::try_from(w).ok());
            (whole.map_or(Weight::Wrong(node), Weight::Number), node.span())
        }
    };
    Some(Part { what, weight, span })
}

/// The constant of `time - constant` (the time at 0) or of `constant - time` (the time at 1).
fn edge(part: &Part<'_>, constant: usize, time: usize) -> Option<Spanned<i64>> {
    let Weight::Computed(weight) = part.weight else { return None };
    let ("-", arguments) = operation(weight)? else { return None };
    let arguments: Vec<Node<'_>> = arguments.items().collect();
    let time = arguments.get(time).filter(|t| attributes(**t) == ["$flagd.timestamp"])?;
    operation(*time).filter(|(op, _)| *op == "var")?;
    let constant = arguments.get(constant).filter(|_| arguments.len() == 2)?;
    Some(Spanned::new(constant.as_i64()?, constant.span()))
}
