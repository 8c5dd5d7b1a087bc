//! Whom a strategy is for: constraints and segments, which all have to hold, and lists of people.

use super::Place;
use crate::adapters::flag::is_tenant;
use crate::adapters::infra::Field;

/// Whom a strategy is for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Audience {
    /// Everybody.
    All,
    /// Nobody at all.
    Nobody,
    /// Some people.
    Some(Picked),
    /// The time decides for everybody alike, or nobody can know who they are.
    Untold,
}

/// People whom a strategy picks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Picked {
    /// How people would call them.
    pub(super) name: String,
    /// How many they are, where they are listed.
    pub(super) size: Option<u64>,
    /// Are they customers?
    pub(super) customers: bool,
}

/// How many values a name lists.
const LISTED: usize = 3;

impl Audience {
    /// Those who are both in this and in `other`.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nobody, _) | (_, Self::Nobody) => Self::Nobody,
            (Self::Some(a), Self::Some(b)) => Self::Some(Picked {
                name: format!("{}, {}", a.name, b.name),
                size: None,
                customers: a.customers || b.customers,
            }),
            (Self::Some(one), Self::All | Self::Untold) | (Self::All | Self::Untold, Self::Some(one)) => {
                Self::Some(Picked { size: None, ..one })
            }
            (Self::Untold, Self::All) | (Self::All | Self::Untold, Self::Untold) => Self::Untold,
            (Self::All, Self::All) => Self::All,
        }
    }
}

/// Whom the constraints and segments of the strategy at `place` leave.
pub(super) fn of(strategy: &Field<'_>, place: &Place<'_, '_>) -> Audience {
    let all = all_of(strategy.any(&["constraints", "constraint"]).as_ref(), place);
    let segments = strategy.get("segments").map(|s| s.items()).unwrap_or_default();
    let own = segments.iter().filter_map(|s| s.text().or_else(|| s.as_written()));
    let mut ids: Vec<&str> = own.collect();
    let lent = strategy.get("id").and_then(|id| id.text()).and_then(|id| place.segments_of.get(id));
    ids.extend(lent.into_iter().flatten());
    let audience = ids.iter().fold(all, |all, id| both(all, segment(id, place)));
    let title = strategy.get("title").and_then(|t| t.text()).filter(|t| !t.is_empty());
    match (audience, title) {
        (Audience::Some(picked), Some(title)) => Audience::Some(Picked { name: title.to_owned(), ..picked }),
        (audience, _) => audience,
    }
}

/// The constraints of a list, which all have to hold.
fn all_of(list: Option<&Field<'_>>, place: &Place<'_, '_>) -> Audience {
    let items = list.map(Field::items).unwrap_or_default();
    items.iter().fold(Audience::All, |all, one| both(all, constraint(one, place)))
}

/// Both of two; what says nothing changes nothing.
fn both(one: Audience, other: Audience) -> Audience {
    match (one, other) {
        (Audience::All, audience) | (audience, Audience::All) => audience,
        (one, other) => one.and(other),
    }
}

/// A segment of this file, or one that is held elsewhere.
fn segment(id: &str, place: &Place<'_, '_>) -> Audience {
    let picked = |name: &str, customers| Picked { name: format!("segment {name}"), size: None, customers };
    let Some(segment) = place.segments.get(id) else { return Audience::Some(picked(id, false)) };
    let name = segment.get("name").and_then(|n| n.text()).unwrap_or(id);
    match all_of(segment.get("constraints").as_ref(), place) {
        Audience::Some(one) => Audience::Some(picked(name, one.customers)),
        other @ (Audience::All | Audience::Nobody | Audience::Untold) => other,
    }
}

fn constraint(constraint: &Field<'_>, place: &Place<'_, '_>) -> Audience {
    let text = |key: &str| constraint.get(key).and_then(|f| f.text());
    let unknown = constraint.unknown().is_some();
    let (context, operator) = (text("ContextName").unwrap_or("context"), text("operator").unwrap_or("IN"));
    if unknown || operator.starts_with("DATE_") {
        return Audience::Untold;
    }
    let listed = constraint.get("values").map(|v| v.items()).unwrap_or_default();
    let values: Vec<&str> = listed.iter().filter_map(|v| v.text().or_else(|| v.as_written())).collect();
    if context == "environment" && listed.iter().any(|v| v.text().is_none()) {
        return Audience::Untold;
    }
    let is_turned = constraint.get("inverted").and_then(|i| i.boolean()) == Some(true);
    let is_not = (operator == "NOT_IN") != is_turned;
    if matches!(operator, "IN" | "NOT_IN") {
        let holds = match (&place.environment, context) {
            _ if values.is_empty() => Some(is_not),
            (super::Environment::Named(name), "environment") => Some(values.contains(&&**name) != is_not),
            (super::Environment::Other, "environment") => Some(is_not),
            (super::Environment::Named(_) | super::Environment::Other | super::Environment::Untold, _) => None,
        };
        if let Some(holds) = holds {
            return if holds { Audience::All } else { Audience::Nobody };
        }
    }
    let values = if values.is_empty() { text("value").into_iter().collect() } else { values };
    let not = if is_not { "not " } else { "" };
    let is_list = matches!(operator, "IN" | "NOT_IN");
    Audience::Some(Picked {
        name: format!("{not}{context}{} {}", spelled(operator), joined(&values)),
        size: (is_list && !is_not).then_some(values.len() as u64),
        customers: is_tenant(context),
    })
}

fn spelled(operator: &str) -> &'static str {
    match operator {
        "STR_STARTS_WITH" => " starts with",
        "STR_ENDS_WITH" => " ends with",
        "STR_CONTAINS" => " contains",
        "NUM_EQ" | "SEMVER_EQ" => " =",
        "NUM_GT" | "SEMVER_GT" => " >",
        "NUM_GTE" | "SEMVER_GTE" => " >=",
        "NUM_LT" | "SEMVER_LT" => " <",
        "NUM_LTE" | "SEMVER_LTE" => " <=",
        _ => "",
    }
}

/// Those listed in the text of a parameter, by commas.
pub(super) fn listed(kind: &str, list: Option<&Field<'_>>) -> Audience {
    let Some(list) = list else { return Audience::Nobody };
    let Some(text) = list.text() else {
        let name = format!("{kind} {}", list.as_written().unwrap_or_default());
        return Audience::Some(Picked { name, size: None, customers: false });
    };
    let values: Vec<&str> = text.split(',').map(str::trim).filter(|v| !v.is_empty()).collect();
    if values.is_empty() {
        return Audience::Nobody;
    }
    let name = format!("{kind} {}", joined(&values));
    Audience::Some(Picked { name, size: Some(values.len() as u64), customers: is_tenant(kind) })
}

fn joined(values: &[&str]) -> String {
    match values.len().checked_sub(LISTED) {
        Some(more @ 1..) => format!("{} and {more} more", values[..LISTED].join(", ")),
        Some(0) | None => values.join(", "),
    }
}

/// The environments that constraints of these strategies tell apart.
pub(super) fn environments<'d>(strategies: &[Field<'d>]) -> std::collections::BTreeSet<&'d str> {
    let constraints = strategies.iter().filter_map(|s| s.any(&["constraints", "constraint"]));
    let named = |c: &Field<'d>| c.get("ContextName").and_then(|n| n.text()) == Some("environment");
    let by_name = constraints.flat_map(|c| c.items()).filter(named);
    let lists = by_name.filter(|c| c.get("operator").and_then(|o| o.text()).is_some_and(|o| o.ends_with("IN")));
    lists.filter_map(|c| c.get("values")).flat_map(|v| v.items()).filter_map(|v| v.text()).collect()
}
