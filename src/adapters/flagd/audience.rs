//! Whom a condition picks.

use super::targeting::operation;
use crate::adapters::flag::is_tenant;
use crate::syntax::Node;

/// Whom a condition picks.
#[derive(Default)]
pub(super) struct Picked {
    /// How people would call them: the attribute and its values.
    pub(super) name: String,
    /// How many they are, where they are listed.
    pub(super) size: Option<u64>,
    /// Are they customers?
    pub(super) customers: bool,
    /// Is it the time that decides, for everybody alike?
    pub(super) by_time: bool,
}

/// How many values a name lists.
const LISTED: usize = 3;

pub(super) fn of(condition: Node<'_>) -> Picked {
    let attributes = attributes(condition);
    let by_time = attributes.contains(&"$flagd.timestamp");
    let customers = attributes.iter().any(|a| is_tenant(a));
    let by = match &*attributes {
        [] => "a condition".to_owned(),
        all => all.join(" and "),
    };
    let listed = || {
        let (operation, arguments) = operation(condition)?;
        let (relation, values) = relation(operation, arguments)?;
        let size = relation.is_empty().then_some(values.len() as u64).filter(|_| operation == "in");
        let more = values.len().saturating_sub(LISTED);
        let mut name = format!("{by}{relation} {}", values[..values.len().min(LISTED)].join(", "));
        if more > 0 {
            name += &format!(" and {more} more");
        }
        Some((name, size))
    };
    let (name, size) = listed().unwrap_or((by, None));
    Picked { name, size, customers, by_time }
}

/// What the attribute is to its values: `email ends with @x.example`.
fn relation<'d>(operation: &str, arguments: Node<'d>) -> Option<(&'static str, Vec<&'d str>)> {
    let arguments: Vec<Node<'d>> = arguments.items().collect();
    let [first, second] = &*arguments else { return None };
    let list = |node: &Node<'d>| node.items().filter_map(Node::text).collect::<Vec<_>>();
    match operation {
        "==" | "===" => Some(("", vec![second.text().or_else(|| first.text())?])),
        "in" if second.is_seq() => Some(("", list(second))).filter(|(_, values)| !values.is_empty()),
        "in" => Some((" contains", vec![first.text()?])),
        "starts_with" => Some((" starts with", vec![second.text()?])),
        "ends_with" => Some((" ends with", vec![second.text()?])),
        _ => None,
    }
}

/// Every attribute of the context that is asked for, each once.
pub(super) fn attributes(node: Node<'_>) -> Vec<&str> {
    let mut found = Vec::new();
    gather(node, &mut found);
    found
}

/// Documents nest at most 255 deep, and so does this.
fn gather<'d>(node: Node<'d>, found: &mut Vec<&'d str>) {
    if let Some(("var", name)) = operation(node) {
        let name = name.text().or_else(|| name.items().next().and_then(Node::text));
        found.extend(name.filter(|n| !found.contains(n)));
        return;
    }
    node.entries().for_each(|(_, value)| gather(value, found));
    node.items().for_each(|item| gather(item, found));
}
