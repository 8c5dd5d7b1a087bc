//! Whether the rules of one setting ask for less than those of another.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::contexts::Context;
use super::{Weakening, place};
use crate::catalog::Level;
use crate::clock::holidays::Lost;
use crate::clock::{Moment, Tz};
use crate::policy::{Binder, Policy, Setting};
use crate::text::Span;

/// The parameter that follows the policy's key of the same name where it is not set.
const TIMEZONE: &str = "timezone";

/// What the policies say of every rule in some context.
type Settings = BTreeMap<&'static str, Setting>;

/// Two policies and how their rules are compared.
pub(super) struct Comparison<'p> {
    pub(super) before: &'p Policy,
    pub(super) after: &'p Policy,
    binder: &'p dyn Binder,
    /// Rules with a `timezone` of their own.
    zoned: BTreeSet<&'static str>,
}

/// A rule that asks for less.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// `big-bang`, `canary-too-small.min`.
    subject: String,
    how: String,
    span: Option<Span>,
    ends: Option<Moment>,
}

impl Found {
    /// As it is told of the rollouts of `context`.
    pub(super) fn told(self, context: &Context) -> Weakening {
        let label = context.label();
        let what = format!("{label}`{}` {}", self.subject, self.how);
        Weakening { span: self.span, about: format!("{label}{}", self.subject), what, ends: self.ends }
    }
}

impl<'p> Comparison<'p> {
    pub(super) fn new(before: &'p Policy, after: &'p Policy, binder: &'p dyn Binder) -> Self {
        let has_zone = |id: &&str| binder.schema(id).pointer("/properties/timezone").is_some();
        let zoned = after.rules.iter().map(|meta| meta.id).filter(has_zone).collect();
        Self { before, after, binder, zoned }
    }

    /// Everything of which `after` asks for less than `before`. A rule that was off asks for nothing.
    pub(super) fn compare(&self, before: &Settings, after: &Settings) -> Vec<Found> {
        let mut all = Vec::new();
        for (id, old) in before.iter().filter(|(_, old)| old.level != Level::Off) {
            let Some(new) = after.get(id) else { continue };
            if new.level < old.level {
                let how = format!("goes from {} to {}", old.level.name(), new.level.name());
                let span = place::level(self.after, id, &new.level_from);
                all.push(Found { subject: (*id).to_owned(), how, span, ends: None });
            }
            if new.level != Level::Off {
                all.extend(self.parameters(id, before, after));
                all.extend(self.calendars(id, before, after));
            }
        }
        all
    }

    fn parameters(&self, id: &'static str, before: &Settings, after: &Settings) -> Vec<Found> {
        let (old, new) = (self.values(id, before, self.before), self.values(id, after, self.after));
        if old == new {
            return Vec::new();
        }
        let weaker = self.binder.weakened(id, &Value::Object(old), &Value::Object(new));
        let told = weaker.into_iter().filter(|w| !self.is_told_by_another(id, w.parameter, before, after));
        let found = told.map(|w| Found {
            subject: format!("{id}.{}", w.parameter),
            how: w.how,
            span: self.place_of(id, w.parameter, after),
            ends: w.ends,
        });
        found.collect()
    }

    /// The calendars that the rule names on both sides, by what they hold.
    fn calendars(&self, id: &'static str, before: &Settings, after: &Settings) -> Vec<Found> {
        let names = |s: &Settings, parameter: &str| -> Vec<String> {
            let named = s.get(id).and_then(|s| s.params.get(parameter)?.value.as_array());
            named.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
        };
        let mut all = Vec::new();
        for parameter in self.binder.calendars(id) {
            let kept = names(after, parameter);
            for name in names(before, parameter).iter().filter(|name| kept.contains(name)) {
                let Some((old, new)) = self.before.calendars.get(name).zip(self.after.calendars.get(name)) else {
                    continue;
                };
                let lost = if old == new { Vec::new() } else { old.lost(new, self.before.timezone) };
                all.extend(lost.iter().map(|lost| Found {
                    subject: format!("{id}.{parameter}"),
                    how: less_held(name, lost, self.before.timezone),
                    span: self.place_of(id, parameter, after),
                    ends: Some(lost.ends),
                }));
            }
        }
        all
    }

    /// The rule's parameters with those that it takes over from elsewhere.
    fn values(&self, id: &'static str, settings: &Settings, policy: &Policy) -> Map<String, Value> {
        let own = settings.get(id).into_iter().flat_map(|s| &s.params);
        let mut values: Map<String, Value> = own.map(|(name, param)| (name.clone(), param.value.clone())).collect();
        for (own, rule, theirs) in self.binder.follows(id) {
            if let Some(param) = settings.get(rule).and_then(|s| s.params.get(*theirs)) {
                values.entry(*own).or_insert_with(|| param.value.clone());
            }
        }
        if self.zoned.contains(id) {
            values.entry(TIMEZONE).or_insert_with(|| policy.timezone.name().into());
        }
        values
    }

    /// Does the parameter follow another rule's on both sides, and is that rule on both sides on? Then it speaks.
    fn is_told_by_another(&self, id: &str, parameter: &str, before: &Settings, after: &Settings) -> bool {
        let unset = |s: &Settings| !s.get(id).is_some_and(|s| s.params.contains_key(parameter));
        let on = |s: &Settings, rule: &str| s.get(rule).is_some_and(|s| s.level != Level::Off);
        let mut follows = self.binder.follows(id).iter().filter(|(own, ..)| *own == parameter);
        follows.any(|(_, rule, _)| unset(before) && unset(after) && on(before, rule) && on(after, rule))
    }

    fn place_of(&self, id: &'static str, parameter: &str, after: &Settings) -> Option<Span> {
        let span = |rule: &str, name: &str| after.get(rule)?.params.get(name)?.span;
        let followed = || self.binder.follows(id).iter().find(|(own, ..)| *own == parameter);
        span(id, parameter)
            .or_else(|| followed().and_then(|(_, rule, theirs)| span(rule, theirs)))
            .or_else(|| if parameter == TIMEZONE { place::own_key(self.after, TIMEZONE, None) } else { None })
            .or_else(|| place::rule(self.after, id))
    }
}

/// `` names `holidays.ics`, which no longer holds all of `Christmas Day` (2026-12-25 and 3 more) ``.
fn less_held(name: &str, lost: &Lost<'_>, zone: Tz) -> String {
    let title = lost.title.map_or_else(|| "an event".to_owned(), |title| format!("`{title}`"));
    let day = lost.first.start.with_timezone(&zone).format("%Y-%m-%d");
    let more = match lost.times {
        0 | 1 => String::new(),
        times => format!(" and {} more", times - 1),
    };
    format!("names `{name}`, which no longer holds all of {title} ({day}{more})")
}
