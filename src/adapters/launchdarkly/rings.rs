//! Targets and rules: who is picked before the fallthrough.

use super::serving::split;
use crate::adapters::Lowering;
use crate::adapters::flag::{Flag, Ring, Split, is_tenant};
use crate::adapters::infra::Field;

/// How many values a name lists.
const LISTED: usize = 3;

pub(super) fn read(flag: &Flag, place: &Field<'_>, cx: &mut Lowering<'_>) -> Vec<Ring> {
    let mut rings = Vec::new();
    for list in ["targets", "ContextTargets"] {
        for target in place.get(list).iter().flat_map(Field::items) {
            let split = split(flag, &target, cx);
            rings.extend(targeted(&target, split));
        }
    }
    // The first provider listed targets in the order of the variations.
    for (index, target) in place.get("user_targets").iter().flat_map(Field::items).enumerate() {
        rings.extend(targeted(&target, Split::all(Some(index).filter(|i| *i < flag.variations.len()), target.span())));
    }
    for rule in place.get("rules").iter().flat_map(Field::items) {
        rings.push(by_rule(flag, &rule, cx));
    }
    rings
}

/// The contexts that are listed one by one; a target that lists none is none.
fn targeted(target: &Field<'_>, split: Split) -> Option<Ring> {
    let values = texts(target.get("values"));
    let kind = target.get("ContextKind").and_then(|k| k.text()).unwrap_or("user");
    let name = format!("{kind} {}", joined(&values));
    let customers = is_tenant(kind);
    (!values.is_empty()).then(|| Ring { name: name.into(), size: Some(values.len() as u64), customers, split })
}

fn by_rule(flag: &Flag, rule: &Field<'_>, cx: &mut Lowering<'_>) -> Ring {
    let clauses = rule.get("clauses").map(|c| c.items()).unwrap_or_default();
    let said = rule.get("description").and_then(|d| d.text()).filter(|d| !d.is_empty());
    let spelled = || clauses.iter().map(clause).collect::<Vec<_>>().join(" and ");
    let of = |c: &Field<'_>, key: &str| c.get(key).and_then(|f| f.text()).is_some_and(is_tenant);
    let customers = clauses.iter().any(|c| of(c, "ContextKind") || of(c, "attribute"));
    let size = match &*clauses {
        [one] if text(one, "op") == "in" && text(one, "attribute") == "key" => {
            Some(texts(one.get("values")).len() as u64)
        }
        _ => None,
    };
    let name = said.map_or_else(spelled, str::to_owned);
    Ring { name: name.into(), size, customers, split: split(flag, rule, cx) }
}

fn clause(clause: &Field<'_>) -> String {
    let values = joined(&texts(clause.get("values")));
    let not = if clause.get("negate").and_then(|n| n.boolean()) == Some(true) { "not " } else { "" };
    match text(clause, "op") {
        "segmentMatch" => format!("{not}segment {values}"),
        "in" => format!("{not}{} {values}", text(clause, "attribute")),
        other => format!("{not}{} {other} {values}", text(clause, "attribute")),
    }
}

fn text<'d>(field: &Field<'d>, key: &str) -> &'d str {
    field.get(key).and_then(|f| f.text()).unwrap_or_default()
}

/// The texts of a list, the expressions of it as they are written.
fn texts(list: Option<Field<'_>>) -> Vec<String> {
    let items = list.map(|l| l.items()).unwrap_or_default();
    items.iter().filter_map(|i| Some(i.text().or_else(|| i.as_written())?.to_owned())).collect()
}

fn joined(values: &[String]) -> String {
    match values.len().checked_sub(LISTED) {
        Some(more @ 1..) => format!("{} and {more} more", values[..LISTED].join(", ")),
        Some(0) | None => values.join(", "),
    }
}
