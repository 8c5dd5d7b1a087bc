//! The flag as it is, and as each step of its schedule makes it.

use chrono::{DateTime, FixedOffset};

use super::audience;
use super::rule::Rule;
use super::serving::{Ramp, Reader, Served};
use crate::adapters::flag::{Arm, Ring, Split};
use crate::adapters::nodes::{items, present};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

/// The flag at one time.
pub(super) struct View<'d> {
    /// From when on; `None` as it is written.
    pub(super) at: Option<Spanned<DateTime<FixedOffset>>>,
    /// Who is picked, each with the query.
    pub(super) rings: Vec<(Ring, &'d str)>,
    /// Ramps of those who are picked: where each stands, and its seconds.
    pub(super) ramps: Vec<(Span, u64)>,
    pub(super) rest: Served,
}

/// What of a flag decides who gets what.
struct State<'d> {
    rules: Vec<Rule<'d>>,
    default: Option<Rule<'d>>,
    disable: Option<Node<'d>>,
    anchor: Span,
}

/// The flag as it is written, then after each step, in the order of their dates; `None` where a date is not known.
pub(super) fn views<'d>(flag: Node<'d>, reader: &mut Reader<'_, '_>) -> Option<Vec<View<'d>>> {
    let mut state = State {
        rules: items(flag, "targeting").map(Rule::of).collect(),
        default: present(flag, "defaultRule").map(Rule::of),
        disable: present(flag, "disable"),
        anchor: flag.anchor(),
    };
    if let Some(on) = state.default.as_ref().and_then(|d| d.disable).filter(|d| d.as_bool() == Some(true)) {
        let message = "`disable` of the default rule is ignored, and it serves everybody who is left";
        reader.cx.ignored(on.span(), message, "write `disable: true` beside `defaultRule`, to switch the flag off");
    }
    let mut views = vec![state.view(None, reader)];
    let mut steps = Vec::new();
    for step in items(flag, "scheduledRollout") {
        if let Some(date) = present(step, "date") {
            steps.push((reader.date(date)?, step));
        } else {
            reader.cx.invalid(step.span(), "this step has no date, so it never takes effect", "write its `date`");
        }
    }
    steps.sort_by_key(|(date, _)| date.value);
    for (date, step) in steps {
        state.step(step, reader);
        views.push(state.view(Some(date), reader));
    }
    Some(views)
}

impl<'d> State<'d> {
    fn step(&mut self, step: Node<'d>, reader: &mut Reader<'_, '_>) {
        self.disable = present(step, "disable").or(self.disable);
        let updates: Vec<Rule<'d>> = items(step, "targeting").map(Rule::of).collect();
        for update in &updates {
            let named = |r: &&mut Rule<'d>| r.name == update.name && r.name.is_some();
            match self.rules.iter_mut().find(named) {
                Some(rule) => merged(rule, update, reader),
                None => self.behind(update, reader),
            }
        }
        if let Some(update) = present(step, "defaultRule").map(Rule::of) {
            match &mut self.default {
                Some(rule) => merged(rule, &update, reader),
                None => self.default = Some(update),
            }
        }
    }

    /// A rule that names none of those before it comes after them.
    fn behind(&mut self, rule: &Rule<'d>, reader: &mut Reader<'_, '_>) {
        let is_on = |r: &Rule<'_>| r.disable.is_none_or(|d| d.as_bool() == Some(false));
        let same = |r: &&Rule<'_>| r.query() == rule.query() && is_on(r);
        if let Some(first) = self.rules.iter().find(same) {
            let why = if rule.name.is_some() { "its name is none of theirs" } else { "it has no name" };
            let message = format!("this rule stands behind one of the same query and never applies: {why}");
            let (name, help) = (first.name.unwrap_or_default(), "give both the same `name`");
            let help = if name.is_empty() { help.to_owned() } else { format!("write `name: {name}`") };
            let remark = reader.cx.invalid(rule.query.map_or(rule.anchor, Node::span), message, help);
            remark.related = first.query.map(|q| (q.span(), "the rule that applies".into()));
            return;
        }
        self.rules.push(rule.clone());
    }

    fn view(&self, at: Option<Spanned<DateTime<FixedOffset>>>, reader: &mut Reader<'_, '_>) -> View<'d> {
        let (rings, ramps) = (Vec::new(), Vec::new());
        let off = self.disable.map(|node| (node.span(), reader.is_set(node)));
        let rest = match off {
            Some((span, None)) => Served::Split(Split::unknown(span)),
            Some((span, Some(true))) => Served::Split(Split::all(None, span)),
            Some((_, Some(false))) | None => return self.running(at, reader),
        };
        View { at, rings, ramps, rest }
    }

    fn running(&self, at: Option<Spanned<DateTime<FixedOffset>>>, reader: &mut Reader<'_, '_>) -> View<'d> {
        let (mut rings, mut ramps, mut rest) = (Vec::new(), Vec::new(), None);
        for rule in &self.rules {
            let skipped = rule.disable.map(|node| (node.span(), reader.is_set(node)));
            let served = match skipped {
                Some((_, Some(true))) => continue,
                Some((span, None)) => Served::Split(Split::unknown(span)),
                Some((_, Some(false))) | None => reader.served(rule),
            };
            if rule.query().is_empty() {
                reader.picks_everybody(rule);
                rest = Some(served);
                break;
            }
            let split = match served {
                Served::Split(split) => split,
                Served::Ramp(ramp) => {
                    ramps.push((ramp.start.span, ramp.seconds()));
                    ramping(&ramp)
                }
            };
            rings.push((ring(rule, split), rule.query()));
        }
        let rest = rest.unwrap_or_else(|| match &self.default {
            Some(rule) => reader.served(rule),
            None => reader.no_default(self.anchor),
        });
        View { at, rings, ramps, rest }
    }
}

/// Merges a step into a rule; a variation that is set beside weights or a ramp changes nothing.
fn merged<'d>(rule: &mut Rule<'d>, step: &Rule<'d>, reader: &mut Reader<'_, '_>) {
    rule.merge(step);
    let beside = if rule.ramp.is_some() { "progressiveRollout" } else { "percentage" };
    let speaks = rule.ramp.is_some() || !rule.percentage.is_empty();
    let silent = step.ramp.is_none() && step.percentage.is_empty();
    if let Some(set) = step.variation.filter(|v| speaks && silent && v.text() != Some("")) {
        let message = format!("`variation` does nothing beside the `{beside}` of the rule, so this step moves nobody");
        reader.cx.invalid(set.span(), message, format!("write what it makes of `{beside}`"));
    }
}

/// Those who get the end of a ramp: how many changes with the time.
fn ramping(ramp: &Ramp) -> Split {
    let arm = Arm { variation: Some(ramp.to), share: None, written: None, span: ramp.start.span };
    Split { arms: vec![arm], span: ramp.start.span }
}

fn ring(rule: &Rule<'_>, split: Split) -> Ring {
    let query = rule.query();
    let name = rule.name.map_or_else(|| audience::name(query), str::to_owned);
    Ring { name: name.into(), size: audience::size(query), customers: audience::customers(query), split }
}
