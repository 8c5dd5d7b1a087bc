//! Whom the conditions of a rule pick.

use crate::adapters::flag::is_tenant;
use crate::adapters::nodes::{items, text};
use crate::syntax::Node;

/// Whom a rule picks.
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

/// Those for whom all conditions of `rule` hold; `None` where it has none.
pub(super) fn of(rule: Node<'_>, root: Node<'_>) -> Option<Picked> {
    // Version 5 has one condition, beside the value.
    if let Some(value) = rule.get("c").filter(|c| c.is_scalar()) {
        let by = text(rule, "a");
        let list: Vec<&str> = value.text().unwrap_or_default().split(',').map(str::trim).collect();
        return Some(compared(by, rule.get("t").and_then(Node::as_i64), &list));
    }
    let mut all: Vec<Picked> = items(rule, "c").map(|condition| one(condition, root)).collect();
    let size = if let [only] = &*all { only.size } else { None };
    let customers = all.iter().any(|p| p.customers);
    let name = all.iter_mut().map(|p| std::mem::take(&mut p.name)).collect::<Vec<_>>().join(" and ");
    (!all.is_empty()).then_some(Picked { name, size, customers })
}

fn one(condition: Node<'_>, root: Node<'_>) -> Picked {
    let plain = |name: String| Picked { name, size: None, customers: false };
    if let Some(user) = condition.get("u") {
        let single = ["s", "d"].iter().find_map(|key| user.get(key));
        let listed = user.get("l").filter(|l| l.is_seq());
        let values: Vec<&str> = listed.into_iter().flat_map(Node::items).chain(single).filter_map(Node::text).collect();
        return compared(text(user, "a"), user.get("c").and_then(Node::as_i64), &values);
    }
    if let Some(flag) = condition.get("p") {
        let not = if flag.get("c").and_then(Node::as_i64) == Some(1) { "not " } else { "" };
        let value = flag.get("v").and_then(|v| v.entries().next()).and_then(|(_, v)| v.text()).unwrap_or("set");
        return plain(format!("flag {} is {not}{value}", text(flag, "f")));
    }
    let segment = condition.get("s");
    let index = segment.and_then(|s| s.get("s")).and_then(Node::as_i64);
    let not = if segment.and_then(|s| s.get("c")).and_then(Node::as_i64) == Some(1) { "not " } else { "" };
    let found = index.and_then(|i| items(root, "s").nth(usize::try_from(i).ok()?)).map(|s| text(s, "n"));
    match (found.filter(|n| !n.is_empty()), index) {
        (Some(name), _) => plain(format!("{not}segment {name}")),
        (None, Some(index)) => plain(format!("{not}segment {index}")),
        (None, None) => plain("a condition".to_owned()),
    }
}

fn compared(by: &str, comparator: Option<i64>, values: &[&str]) -> Picked {
    let relation = match comparator {
        Some(0 | 4 | 10 | 16 | 20 | 28) | None => "",
        Some(1 | 5 | 11 | 17 | 21 | 29) => " not",
        Some(2 | 26 | 34) => " contains",
        Some(3 | 27 | 35) => " contains not",
        Some(6 | 12) => " below",
        Some(7 | 13) => " up to",
        Some(8 | 14) => " above",
        Some(9 | 15) => " from",
        Some(18) => " before",
        Some(19) => " after",
        Some(22 | 30) => " starts with",
        Some(23 | 31) => " starts not with",
        Some(24 | 32) => " ends with",
        Some(25 | 33) => " ends not with",
        Some(_) => " compared with",
    };
    let hashed = matches!(comparator, Some(16 | 17 | 20..=27));
    let what = match (hashed, values.len().saturating_sub(LISTED)) {
        (true, _) => format!("{} hashed values", values.len()),
        (false, 0) => values.join(", "),
        (false, more) => format!("{} and {more} more", values[..LISTED].join(", ")),
    };
    let is_list = matches!(comparator, Some(0 | 16 | 20 | 28));
    let size = Some(values.len() as u64).filter(|_| is_list && (by == "Identifier" || is_tenant(by)));
    Picked { name: format!("{by}{relation} {what}"), size, customers: is_tenant(by) }
}
