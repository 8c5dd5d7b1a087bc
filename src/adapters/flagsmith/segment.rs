//! Whom a segment picks, and what share of them: the percentage stands here, not in the override.

use crate::adapters::flag::is_tenant;
use crate::adapters::nodes::{items, text};
use crate::adapters::{Lowering, is_template};
use crate::syntax::Node;
use crate::text::Span;

/// Whom a segment reaches, as shares from 0 to 1.
#[derive(Clone, Copy)]
pub(super) struct Reach<'d> {
    /// Of those whom its conditions pick.
    pub(super) picked: f64,
    /// Of everybody else: without conditions on people the same.
    pub(super) rest: f64,
    /// Do conditions pick people at all?
    pub(super) picks: bool,
    /// Are they customers?
    pub(super) customers: bool,
    /// How many they are, where they are listed.
    pub(super) size: Option<u64>,
    /// What places people, where a split does.
    pub(super) by: Option<&'d str>,
    /// Where the split stands.
    pub(super) span: Option<Span>,
}

impl Reach<'_> {
    const fn whole(share: f64) -> Self {
        Self { picked: share, rest: share, picks: false, customers: false, size: None, by: None, span: None }
    }

    /// Those whom both reach. Splits of one segment by one property place people alike.
    fn and(self, other: Self) -> Self {
        let alike = self.by.is_some() && self.by == other.by;
        let both = |a: f64, b: f64| if alike { a.min(b) } else { a * b };
        Self {
            picked: both(self.picked, other.picked),
            rest: both(self.rest, other.rest),
            picks: self.picks || other.picks,
            customers: self.customers || other.customers,
            size: if self.picks && other.picks { None } else { self.size.or(other.size) },
            by: self.by.or(other.by),
            span: self.span.or(other.span),
        }
    }
}

/// What a segment's conditions are asked in.
pub(super) struct Place<'e> {
    /// The name of the environment.
    pub(super) environment: &'e str,
}

/// Whom `segment` reaches; `None` where it cannot be known. All of its rules have to match, and one without rules
/// matches nobody.
pub(super) fn reach<'d>(segment: Node<'d>, place: &Place<'_>, cx: &mut Lowering<'_>) -> Option<Reach<'d>> {
    if items(segment, "rules").next().is_none() {
        return Some(Reach::whole(0.0));
    }
    all_of(segment, place, cx)
}

fn all_of<'d>(parent: Node<'d>, place: &Place<'_>, cx: &mut Lowering<'_>) -> Option<Reach<'d>> {
    items(parent, "rules").try_fold(Reach::whole(1.0), |so_far, rule| Some(so_far.and(by_rule(rule, place, cx)?)))
}

/// The rule's own conditions by its type, and all rules inside it. Documents nest at most 255 deep, and so does this.
fn by_rule<'d>(rule: Node<'d>, place: &Place<'_>, cx: &mut Lowering<'_>) -> Option<Reach<'d>> {
    let inner = all_of(rule, place, cx)?;
    let Some(conditions) = rule.get("conditions").filter(|c| c.items().next().is_some()) else { return Some(inner) };
    let mut told = Told::default();
    for condition in conditions.items() {
        told.add(condition, place, cx)?;
    }
    Some(told.reach(text(rule, "type")).and(inner))
}

/// What the conditions of one rule say.
#[derive(Default)]
struct Told<'d> {
    splits: Vec<(f64, &'d str, Span)>,
    /// Conditions on people.
    on_people: usize,
    customers: bool,
    size: Option<u64>,
    /// Conditions that hold for all or for none.
    constants: Vec<bool>,
}

impl<'d> Told<'d> {
    fn add(&mut self, condition: Node<'d>, place: &Place<'_>, cx: &mut Lowering<'_>) -> Option<()> {
        let property = [text(condition, "property"), text(condition, "property_")];
        let property = property.into_iter().find(|p| !p.is_empty()).unwrap_or("$.identity.key");
        let value = condition.get("value");
        let operator = text(condition, "operator");
        if operator == "PERCENTAGE_SPLIT" {
            let node = value.unwrap_or(condition);
            let percent = cx.take(node, "value", "a percent from 0 to 100", percent);
            self.splits.push((*percent.known()? / 100.0, property, node.span()));
            return Some(());
        }
        if property == "$.environment.name" && matches!(operator, "EQUAL" | "NOT_EQUAL") {
            let is = value.and_then(Node::text) == Some(place.environment);
            self.constants.push(is == (operator == "EQUAL"));
            return Some(());
        }
        self.on_people += 1;
        self.customers |= is_tenant(property);
        let count = value.and_then(|v| v.text().map(|t| t.split(',').count()).or_else(|| Some(v.items().count())));
        let listed = is_tenant(property) || matches!(property, "$.identity.key" | "$.identity.identifier");
        self.size = match operator {
            "IN" if listed => count.and_then(|c| u64::try_from(c).ok()),
            "EQUAL" if listed => Some(1),
            _ => None,
        };
        Some(())
    }

    fn reach(self, kind: &str) -> Reach<'d> {
        let by = self.splits.first().map(|(_, by, _)| *by);
        let alike = self.splits.iter().all(|(_, other, _)| Some(*other) == by);
        let shares = || self.splits.iter().map(|(share, _, _)| *share);
        let lowest = if alike { shares().fold(1.0, f64::min) } else { shares().product() };
        let missed: f64 = shares().map(|s| 1.0 - s).product();
        let widest = if alike { shares().fold(0.0, f64::max) } else { 1.0 - missed };
        let picks = self.on_people > 0;
        let (always, never) = (self.constants.contains(&true), self.constants.contains(&false));
        let (picked, rest) = match kind {
            "ANY" if always => (1.0, 1.0),
            "ANY" => (if picks { 1.0 } else { widest }, widest),
            "NONE" if always => (0.0, 0.0),
            "NONE" => (1.0 - widest, if picks { 0.0 } else { 1.0 - widest }),
            _ if never => (0.0, 0.0),
            _ => (lowest, if picks { 0.0 } else { lowest }),
        };
        let size = self.size.filter(|_| self.on_people == 1 && kind != "NONE");
        let span = self.splits.first().map(|(_, _, span)| *span);
        Reach { picked, rest, picks, customers: self.customers, size, by, span }
    }
}

/// A percent, in a text too.
pub(super) fn percent(node: Node<'_>) -> Option<f64> {
    let number: f64 = node.text().filter(|t| !is_template(t))?.trim().parse().ok()?;
    (0.0..=100.0).contains(&number).then_some(number)
}
