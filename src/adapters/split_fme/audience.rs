//! Whom a condition picks: matchers, which all have to match.

use crate::adapters::flag::is_tenant;
use crate::adapters::infra::Field;

/// Whom matchers pick.
#[derive(Debug, PartialEq)]
pub(super) enum Picked {
    /// Every key.
    All,
    /// No key.
    Nobody,
    /// Some keys: how people would call them, how many they are, and whether they are customers.
    Some { name: String, size: Option<u64>, customers: bool },
    /// Another flag decides.
    ByFlag,
}

/// How many values a name lists.
const LISTED: usize = 3;

/// Whom all of `matchers` pick, where the flag's keys are of `unit`.
pub(super) fn of(matchers: &[Field<'_>], unit: &str) -> Picked {
    let mut names = Vec::new();
    let (mut sizes, mut customers) = (Vec::new(), is_tenant(unit));
    for matcher in matchers {
        let is_not = matcher.get("negate").and_then(|n| n.boolean()) == Some(true);
        let kind = matcher.any(&["matcherType", "type"]).and_then(|t| t.text()).unwrap_or_default();
        match kind {
            "ALL_KEYS" | "IN_SEGMENT_ALL" if is_not => return Picked::Nobody,
            "ALL_KEYS" | "IN_SEGMENT_ALL" => continue,
            "IN_SPLIT_TREATMENT" | "IN_SPLIT" => return Picked::ByFlag,
            _ => {}
        }
        let by = matcher.path(&["keySelector", "attribute"]).or_else(|| matcher.get("attribute"));
        let by = by.and_then(|a| a.text()).filter(|a| !a.is_empty());
        customers |= by.is_some_and(is_tenant);
        let values = values(matcher);
        let listed = matches!(kind, "WHITELIST" | "IN_LIST_STRING") && by.is_none() && !is_not;
        sizes.push(listed.then_some(values.len() as u64));
        names.push(spelled(kind, by.unwrap_or(unit), is_not, &values));
    }
    if names.is_empty() {
        return Picked::All;
    }
    let size = if sizes.len() == 1 { sizes[0] } else { None };
    Picked::Some { name: names.join(", "), size, customers }
}

fn spelled(kind: &str, by: &str, is_not: bool, values: &[String]) -> String {
    let not = if is_not { "not " } else { "" };
    let values = joined(values);
    match kind {
        "IN_SEGMENT" | "IN_RULE_BASED_SEGMENT" | "IN_LARGE_SEGMENT" => format!("{not}segment {values}"),
        "WHITELIST" | "IN_LIST_STRING" | "EQUAL_TO_BOOLEAN" => format!("{not}{by} {values}"),
        _ => format!("{not}{by} {} {values}", kind.to_lowercase().replace('_', " ")).trim_end().to_owned(),
    }
}

/// What a matcher holds its attribute against: keys, numbers, the name of a segment.
fn values(matcher: &Field<'_>) -> Vec<String> {
    const SKIPPED: [&str; 6] = ["keySelector", "matcherType", "type", "attribute", "negate", "dataType"];
    let mut found = Vec::new();
    for (key, value) in matcher.entries() {
        if !key.text().is_some_and(|k| SKIPPED.contains(&k)) {
            gather(&value, &mut found);
        }
    }
    found
}

/// Documents nest at most 255 deep, and so does this.
fn gather(value: &Field<'_>, found: &mut Vec<String>) {
    if value.unknown().is_some() {
        // The items of what is not known are that itself.
        found.extend(value.as_written().map(str::to_owned));
        return;
    }
    found.extend(value.text().map(str::to_owned));
    value.items().iter().for_each(|item| gather(item, found));
    for (key, value) in value.entries() {
        if key.text() != Some("dataType") {
            gather(&value, found);
        }
    }
}

pub(super) fn joined(values: &[String]) -> String {
    match values.len().checked_sub(LISTED) {
        Some(more @ 1..) => format!("{} and {more} more", values[..LISTED].join(", ")),
        Some(0) | None => values.join(", "),
    }
}
