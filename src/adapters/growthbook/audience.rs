//! Whom a rule picks.

use crate::adapters::flag::is_tenant;
use crate::adapters::nodes::present;
use crate::syntax::Node;

/// Whom a rule picks.
pub(super) struct Picked {
    /// The attribute and its values, or the saved groups.
    pub(super) name: String,
    /// How many they are, where they are listed.
    pub(super) size: Option<u64>,
    /// Are they customers?
    pub(super) customers: bool,
}

/// How many values a name lists.
const LISTED: usize = 3;

/// How much of a condition in text a name shows.
const SHOWN: usize = 60;

/// Those whom `rule` picks; `None` where it is for everybody.
pub(super) fn of(rule: Node<'_>) -> Option<Picked> {
    let condition = present(rule, "condition");
    let mapped = condition.filter(|c| c.entries().next().is_some()).map(listed);
    // The REST API holds a condition as JSON in a text.
    let written = condition.and_then(Node::text).map(str::trim).filter(|t| !t.is_empty() && *t != "{}");
    let spelled =
        |text: &str| Picked { name: text.chars().take(SHOWN).collect(), size: None, customers: is_tenant(text) };
    let groups = ["savedGroupTargeting", "savedGroups"].iter().filter_map(|key| rule.get(key)).flat_map(Node::items);
    let ids: Vec<&str> = groups
        .flat_map(|g| g.get("ids").unwrap_or(g).items().chain(g.is_scalar().then_some(g)))
        .filter_map(Node::text)
        .collect();
    let group = || {
        let name = format!("saved group {}", joined(&ids));
        Picked { name, size: None, customers: ids.iter().any(|id| is_tenant(id)) }
    };
    mapped.or_else(|| written.map(spelled)).or_else(|| (!ids.is_empty()).then(group))
}

fn listed(condition: Node<'_>) -> Picked {
    let attributes = attributes(condition);
    let customers = attributes.iter().any(|a| is_tenant(a));
    let by = if attributes.is_empty() { "a condition".to_owned() } else { attributes.join(" and ") };
    let mut entries = condition.entries();
    let (Some((key, value)), None) = (entries.next(), entries.next()) else {
        return Picked { name: by, size: None, customers };
    };
    let list: Vec<&str> = value.get("$in").into_iter().flat_map(Node::items).filter_map(Node::text).collect();
    let one = value.text().or_else(|| value.get("$eq")?.text());
    let is_member = key.text().is_some_and(|k| is_tenant(k) || k == "id" || k.ends_with("Id"));
    let values = one.map_or(list, |one| vec![one]);
    if values.is_empty() || attributes.len() != 1 {
        return Picked { name: by, size: None, customers };
    }
    let size = is_member.then_some(values.len() as u64);
    Picked { name: format!("{by} {}", joined(&values)), size, customers }
}

fn joined(values: &[&str]) -> String {
    let shown = values[..values.len().min(LISTED)].join(", ");
    match values.len().checked_sub(LISTED) {
        Some(more @ 1..) => format!("{shown} and {more} more"),
        Some(0) | None => shown,
    }
}

/// Every attribute that a condition asks for, each once.
fn attributes(condition: Node<'_>) -> Vec<&str> {
    let mut found = Vec::new();
    gather(condition, &mut found);
    found
}

/// Documents nest at most 255 deep, and so does this.
fn gather<'d>(condition: Node<'d>, found: &mut Vec<&'d str>) {
    for (key, value) in condition.entries() {
        match key.text() {
            Some(operator) if operator.starts_with('$') => {
                gather(value, found);
                value.items().for_each(|item| gather(item, found));
            }
            Some(attribute) if !found.contains(&attribute) => found.push(attribute),
            Some(_) | None => {}
        }
    }
}
