//! Conditions of a rule: whom they pick, and what of that is a share.

use crate::adapters::flag::is_tenant;
use crate::adapters::infra::Field;

/// One condition that narrows a rule down.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    /// People with something in common.
    People(People),
    /// Whoever passes that gate, or whoever fails it.
    Gate { name: String, pass: bool },
    /// Some of the buckets into which `salt` sorts everybody.
    Buckets { salt: String, of: Vec<bool> },
    /// The time decides, for everybody alike.
    Time,
}

/// People with something in common.
#[derive(Clone, Debug)]
pub(super) struct People {
    /// How one would call them: the attribute and its values.
    pub(super) name: String,
    /// How many they are, where they are listed.
    pub(super) size: Option<u64>,
    /// Are they customers?
    pub(super) customers: bool,
}

/// In which environments a rule is tried.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope<'d> {
    /// Every list that names some.
    pub(super) only: Vec<Vec<&'d str>>,
    /// Those that are left out.
    pub(super) not: Vec<&'d str>,
}

impl<'d> Scope<'d> {
    /// Is a rule of this scope tried in `environment`, or in those that no rule names?
    pub(super) fn holds_in(&self, environment: Option<&str>) -> bool {
        environment
            .map_or(self.only.is_empty(), |e| self.only.iter().all(|list| list.contains(&e)) && !self.not.contains(&e))
    }

    /// All that it names.
    pub(super) fn named(&self) -> impl Iterator<Item = &'d str> {
        self.only.iter().flatten().chain(&self.not).copied()
    }
}

/// How many buckets a salt has.
const BUCKETS: usize = 1000;

/// How many values a name lists.
const LISTED: usize = 3;

/// Reads one condition: into `scope` what is about environments, and what narrows the rule down is given back.
pub(super) fn read<'d>(field: &Field<'d>, scope: &mut Scope<'d>) -> Option<Condition> {
    let kind = text(field, "type");
    let operator = text(field, "operator");
    match kind {
        "public" => None,
        "environment_tier" => {
            tier(field, operator, scope);
            None
        }
        "environment_field" if text(field, "field") == "tier" => {
            tier(field, operator, scope);
            None
        }
        "time" | "current_time" => Some(Condition::Time),
        "passes_gate" | "pass_gate" | "fails_gate" | "fail_gate" => Some(gate(field, kind.starts_with("pass"))),
        "passes_segment" | "fails_segment" => {
            let not = if kind == "fails_segment" { "not " } else { "" };
            let name = format!("{not}segment {}", joined(&values(field)));
            Some(Condition::People(People { name, size: None, customers: false }))
        }
        "user_bucket" => Some(buckets(field, operator).unwrap_or_else(|| people(field, kind, operator))),
        _ => Some(people(field, kind, operator)),
    }
}

fn tier<'d>(field: &Field<'d>, operator: &str, scope: &mut Scope<'d>) {
    let Some(target) = field.get("TargetValue") else { return };
    let listed = target.items();
    let known = if listed.is_empty() { vec![target] } else { listed };
    let names = known.iter().filter_map(Field::text);
    match operator {
        "none" | "neq" => scope.not.extend(names),
        _ => scope.only.push(names.collect()),
    }
}

fn gate(field: &Field<'_>, pass: bool) -> Condition {
    let not = if pass { "" } else { "not " };
    match &*values(field) {
        [name] => match name.strip_prefix("segment:") {
            Some(segment) => {
                let name = format!("{not}segment {segment}");
                Condition::People(People { name, size: None, customers: false })
            }
            None => Condition::Gate { name: name.clone(), pass },
        },
        names => {
            let name = format!("{not}gate {}", joined(names)).trim_end().to_owned();
            Condition::People(People { name, size: None, customers: false })
        }
    }
}

/// The buckets below a number, or those that are listed.
fn buckets(field: &Field<'_>, operator: &str) -> Option<Condition> {
    let target = field.get("TargetValue")?;
    let salt = field.path(&["AdditionalValues", "salt"]).and_then(|s| s.text()).unwrap_or_default().to_owned();
    let of = match operator {
        "lt" => {
            let end = target.whole()?;
            (0..BUCKETS as u64).map(|bucket| bucket < end).collect()
        }
        "any" | "none" => {
            let listed: Vec<i64> = values(field).iter().map(|v| v.parse().ok()).collect::<Option<_>>()?;
            let mut of = vec![operator == "none"; BUCKETS];
            for bucket in listed.into_iter().filter_map(|b| usize::try_from(b).ok()) {
                if let Some(one) = of.get_mut(bucket) {
                    *one = operator == "any";
                }
            }
            of
        }
        _ => return None,
    };
    Some(Condition::Buckets { salt, of })
}

fn people(field: &Field<'_>, kind: &str, operator: &str) -> Condition {
    let (custom, id) = (text(field, "customID"), text(field, "custom_id"));
    let own = [text(field, "field"), custom, id].into_iter().find(|name| !name.is_empty());
    let by = own.unwrap_or(if kind == "unit_id" { text(field, "idType") } else { kind });
    let by = if by.is_empty() { kind } else { by };
    let values = values(field);
    let relation = match operator {
        "" | "any" | "eq" | "any_case_sensitive" => String::new(),
        "none" | "neq" | "none_case_sensitive" => " not".to_owned(),
        "str_contains_any" => " contains".to_owned(),
        "in_segment_list" => " in list".to_owned(),
        other => format!(" {}", other.trim_start_matches("str_").replace('_', " ")),
    };
    let is_unit = matches!(kind, "unit_id" | "user_id") || by.eq_ignore_ascii_case("userid");
    let is_listed = is_unit && matches!(operator, "" | "any" | "any_case_sensitive") && !values.is_empty();
    let size = is_listed.then_some(values.len() as u64);
    let name = format!("{by}{relation} {}", joined(&values)).trim_end().to_owned();
    Condition::People(People { name, size, customers: is_tenant(by) })
}

/// What a condition compares with: a list, a value, or the keys of a set. Expressions as they are written.
fn values(field: &Field<'_>) -> Vec<String> {
    let Some(target) = field.get("TargetValue") else { return Vec::new() };
    let one = |f: &Field<'_>| {
        let resource = f.resource();
        let named = resource.as_ref().and_then(|r| Some(r.body()?.get("name")?.text()?.to_owned()));
        named.or_else(|| Some(f.text().or_else(|| f.as_written())?.to_owned()))
    };
    if target.node.is_map() {
        return target.entries().iter().filter_map(|(key, _)| Some(key.text()?.to_owned())).collect();
    }
    if target.node.is_seq() {
        target.items().iter().filter_map(one).collect()
    } else {
        one(&target).into_iter().collect()
    }
}

/// What people would call those for whom all of `conditions` hold.
pub(super) fn spelled(conditions: &[Condition]) -> People {
    let one = |condition: &Condition| match condition {
        Condition::People(people) => people.name.clone(),
        Condition::Gate { name, pass: true } => format!("gate {name}"),
        Condition::Gate { name, pass: false } => format!("not gate {name}"),
        Condition::Buckets { .. } => "some buckets".to_owned(),
        Condition::Time => "a time".to_owned(),
    };
    let size = match conditions {
        [Condition::People(people)] => people.size,
        _ => None,
    };
    let customers = conditions.iter().any(|c| matches!(c, Condition::People(people) if people.customers));
    People { name: conditions.iter().map(one).collect::<Vec<_>>().join(" and "), size, customers }
}

fn text<'d>(field: &Field<'d>, key: &str) -> &'d str {
    field.get(key).and_then(|f| f.text()).unwrap_or_default()
}

fn joined(values: &[String]) -> String {
    match values.len().checked_sub(LISTED) {
        Some(more @ 1..) => format!("{} and {more} more", values[..LISTED].join(", ")),
        Some(0) | None => values.join(", "),
    }
}
