//! What a rule serves: the ramp before the weights, the weights before the one variation.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime};

use super::rule::{Edge, Rule};
use crate::adapters::Lowering;
use crate::adapters::flag::{Arm, Split, Variation};
use crate::model::Share;
use crate::syntax::Node;
use crate::text::{Span, Spanned};

/// What those whom a rule picks are served.
pub(super) enum Served {
    Split(Split),
    Ramp(Ramp),
}

/// A share that grows with the time, with no step and no gate.
#[derive(Clone, PartialEq)]
pub(super) struct Ramp {
    /// Who everybody has before it.
    pub(super) from: usize,
    /// Whose share it is.
    pub(super) to: usize,
    pub(super) start: Spanned<DateTime<FixedOffset>>,
    pub(super) end: Spanned<DateTime<FixedOffset>>,
    pub(super) first: Spanned<Share>,
    /// Where it ends: as written, and as served.
    pub(super) last: (Option<Spanned<Share>>, Share),
}

impl Ramp {
    pub(super) fn seconds(&self) -> u64 {
        u64::try_from((self.end.value - self.start.value).num_seconds()).unwrap_or(0)
    }
}

/// Reads what rules serve. Steps repeat what stood before them, so each fault is said once.
pub(super) struct Reader<'r, 'a> {
    pub(super) variations: &'r [Variation],
    pub(super) cx: &'r mut Lowering<'a>,
    said: Vec<Span>,
}

const DATE: &str = "a moment such as `2027-03-02T09:00:00Z`";

impl<'r, 'a> Reader<'r, 'a> {
    pub(super) const fn new(variations: &'r [Variation], cx: &'r mut Lowering<'a>) -> Self {
        Self { variations, cx, said: Vec::new() }
    }

    /// Says once that what stands at `span` is wrong.
    fn invalid(&mut self, span: Span, message: String, help: &str) {
        if !self.said.contains(&span) {
            self.said.push(span);
            self.cx.invalid(span, message, help);
        }
    }

    /// Reads a value; what is wrong with it is said once.
    fn take<'d, T: Clone>(
        &mut self,
        node: Node<'d>,
        (name, wanted): (&str, &str),
        take: impl Fn(Node<'d>) -> Option<T>,
    ) -> Option<T> {
        if self.said.contains(&node.span()) {
            return take(node);
        }
        let fact = self.cx.take(node, name, wanted, take);
        if fact.known().is_none() {
            self.said.push(node.span());
        }
        fact.known().cloned()
    }

    /// An error of the engine: the caller's own default is served.
    fn fails(&mut self, span: Span, message: &str, help: &str) -> Served {
        self.invalid(span, format!("{message}, and the caller's default is served"), help);
        Served::Split(Split::all(None, span))
    }

    /// Is `true` written there? `None` where nobody knows.
    pub(super) fn is_set(&mut self, node: Node<'_>) -> Option<bool> {
        self.take(node, ("disable", "`true` or `false`"), Node::as_bool)
    }

    pub(super) fn no_default(&mut self, span: Span) -> Served {
        self.fails(
            span,
            "the flag has no `defaultRule`",
            "write what everybody else gets: `defaultRule: {variation: …}`",
        )
    }

    /// A rule without a query is for everybody, and what stands behind it for nobody.
    pub(super) fn picks_everybody(&mut self, rule: &Rule<'_>) {
        let message = "a rule without `query` picks everybody, and nothing behind it applies".to_owned();
        self.invalid(rule.query.map_or(rule.anchor, Node::span), message, "write whom it is for in `query`");
    }

    pub(super) fn served(&mut self, rule: &Rule<'_>) -> Served {
        if let Some([initial, end]) = rule.ramp {
            return self.ramp(initial, end, rule.anchor);
        }
        if !rule.percentage.is_empty() {
            return self.percentage(&rule.percentage, rule.anchor);
        }
        match rule.variation {
            Some(name) => Served::Split(self.one(name)),
            None => self.fails(
                rule.anchor,
                "this rule says nothing to serve",
                "write `variation: ` or `percentage: ` in it",
            ),
        }
    }

    /// One variation for all.
    fn one(&mut self, name: Node<'_>) -> Split {
        if name.text().is_some_and(crate::adapters::is_template) {
            self.take(name, ("variation", "the name of a variation"), |n| n.text().map(str::to_owned));
            return Split::unknown(name.span());
        }
        Split::all(self.variation(name), name.span())
    }

    /// The place of a variation; a name that is none is an error.
    fn variation(&mut self, name: Node<'_>) -> Option<usize> {
        let text = name.text().unwrap_or_default();
        let found = self.variations.iter().position(|v| *v.name == *text);
        if found.is_none() {
            let message = format!("`{text}` is none of the variations, and the caller's default is served");
            self.invalid(name.span(), message, "name one of the variations");
        }
        found.map(|place| same(self.variations, place))
    }

    /// Weights over their sum, to a thousandth, in the engine's order: names from last to first.
    fn percentage(&mut self, written: &[(Node<'_>, Node<'_>)], span: Span) -> Served {
        let mut parts = Vec::new();
        for (name, weight) in written {
            let at_least = |n: Node<'_>| n.as_f64().filter(|w| *w >= 0.0 && w.is_finite());
            let Some(number) = self.take(*weight, ("percentage", "a number, 0 or more"), at_least) else {
                return Served::Split(Split::unknown(weight.span()));
            };
            parts.push((*name, number, weight.span()));
        }
        let total = thousandths(parts.iter().map(|(_, number, _)| number).sum());
        if total == 0 {
            return self.fails(span, "the percentages add up to 0", "write what each variation gets");
        }
        parts.sort_by(|a, b| b.0.text().cmp(&a.0.text()));
        let (mut sum, mut arms) = (0.0, Vec::new());
        for (name, number, span) in parts {
            let start = thousandths(sum);
            sum += number;
            let share = Share::of(thousandths(sum).saturating_sub(start), total);
            let written = Some(Share::from_percent(number)).filter(|w| *w != share);
            arms.push(Arm { variation: self.variation(name), share: Some(share), written, span });
        }
        arms.sort_by_key(|arm| arm.span.start);
        Served::Split(Split { arms, span })
    }

    fn ramp(&mut self, initial: Edge<'_>, end: Edge<'_>, span: Span) -> Served {
        let (Some(from), Some(to), Some(starts), Some(ends)) =
            (initial.variation, end.variation, initial.date, end.date)
        else {
            let message = "the ramp needs `variation` and `date` in `initial` and in `end`";
            return self.fails(span, message, "write both in both");
        };
        let dates = (self.date(starts), self.date(ends));
        let (from, to) = (self.variation(from), self.variation(to));
        let first = initial.percentage.map(|p| (p.span(), self.percent(p)));
        let last = end.percentage.map(|p| (p.span(), self.percent(p)));
        let ((Some(start), Some(end)), None | Some((_, Some(_))), None | Some((_, Some(_)))) = (dates, first, last)
        else {
            return Served::Split(Split::unknown(span));
        };
        let (Some(from), Some(to)) = (from, to) else { return Served::Split(Split::all(None, span)) };
        if end.value <= start.value {
            let message = "the ramp does not end after it starts, which is an error";
            return self.fails(ends.span(), message, "write a later `date` in `end`");
        }
        let number = |edge: Option<(Span, Option<f64>)>| edge.and_then(|(_, p)| p).unwrap_or(0.0);
        let at = |edge: Option<(Span, Option<f64>)>, near: Span| edge.map_or(near, |(span, _)| span);
        let first = Spanned::new(Share::from_percent(number(first)), at(first, start.span));
        let last = self.last(number(last), last.map(|(span, _)| span));
        if from == to {
            return Served::Split(Split::all(Some(to), span));
        }
        Served::Ramp(Ramp { from, to, start, end, first, last })
    }

    /// Where a ramp ends, as written and as served: 0, nothing and more than 100 are 100.
    fn last(&mut self, percent: f64, written: Option<Span>) -> (Option<Spanned<Share>>, Share) {
        let share = Share::from_percent(percent);
        let stated = written.map(|span| Spanned::new(share, span));
        let Some(span) = written.filter(|_| percent == 0.0 || percent > 100.0) else {
            return (stated, if written.is_some() { share } else { Share::ALL });
        };
        let message = format!("a ramp that ends at {percent} % goes to 100 %");
        self.invalid(span, message, "write where it ends, above 0 and up to 100");
        (stated, Share::ALL)
    }

    fn percent(&mut self, node: Node<'_>) -> Option<f64> {
        self.take(node, ("percentage", "a number, 0 or more"), |n| n.as_f64().filter(|p| *p >= 0.0))
    }

    pub(super) fn date(&mut self, node: Node<'_>) -> Option<Spanned<DateTime<FixedOffset>>> {
        Some(Spanned::new(self.take(node, ("date", DATE), moment)?, node.span()))
    }
}

/// The first variation that is the same as the one at `place`: whichever is `false`, nobody gets the new one.
fn same(variations: &[Variation], place: usize) -> usize {
    if variations[place].is_false { variations.iter().position(|v| v.is_false).unwrap_or(place) } else { place }
}

/// What the weights so far come to, in thousandths; what the arithmetic of floats is short of is no news.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held within 0 and 1e15")]
fn thousandths(percent: f64) -> u64 {
    (percent * 1000.0 + 1e-6).clamp(0.0, 1e15) as u64
}

/// A moment with its offset, or a day, which begins in UTC.
fn moment(node: Node<'_>) -> Option<DateTime<FixedOffset>> {
    let text = node.text()?.trim();
    let day = || {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(day.and_time(NaiveTime::MIN).and_utc().fixed_offset())
    };
    DateTime::parse_from_rfc3339(text).ok().or_else(day)
}
