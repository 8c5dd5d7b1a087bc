//! A gate, a dynamic config or an experiment with rules, before anybody is counted.

use std::collections::BTreeMap;

use super::condition::{self, Condition, Scope};
use crate::adapters::flag::Variation;
use crate::adapters::infra::Field;
use crate::text::Span;

/// What all conditions are called in a file of specs.
pub(super) type Shared<'d> = BTreeMap<&'d str, Field<'d>>;

/// One gate, dynamic config or experiment.
pub(super) struct Spec<'d> {
    pub(super) sort: Sort,
    pub(super) key: &'d str,
    pub(super) name_span: Span,
    pub(super) field: Field<'d>,
    pub(super) on: On,
    pub(super) variations: Vec<Variation>,
    /// What is served when no rule says otherwise.
    pub(super) default: Option<usize>,
    /// The one that is no candidate.
    pub(super) control: Option<usize>,
    pub(super) rules: Vec<Rule<'d>>,
}

/// Is it in force?
pub(super) enum On {
    /// Its rules are tried.
    Yes,
    /// Everybody gets the default.
    No(Span),
    /// Everybody gets what it was for.
    Launched(Span),
    /// Nobody can know from these files.
    Unknown(Span),
}

/// One rule.
pub(super) struct Rule<'d> {
    pub(super) field: Field<'d>,
    /// How people call whom it picks, if they do.
    pub(super) name: Option<&'d str>,
    pub(super) scope: Scope<'d>,
    pub(super) conditions: Vec<Condition>,
    /// Percent of those whom it picks, where it is known.
    pub(super) percent: Option<f64>,
    /// What they get; the default is served to the others.
    pub(super) variation: Option<usize>,
}

/// What a spec decides about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Gate,
    Config,
    Experiment,
}

/// Rules that Statsig writes by itself: what they serve is no group of the experiment.
const WRITTEN_BY_STATSIG: [&str; 7] = [
    "layerAssignment",
    "experimentSize",
    "targetingGate",
    "inlineTargetingRules",
    "prestart",
    "abandoned",
    "experimentAssignment",
];

/// Is that the name of a rule that Statsig writes by itself for an experiment?
pub(super) fn is_written_by_statsig(name: &str) -> bool {
    WRITTEN_BY_STATSIG.contains(&name)
}

/// The percentage of a rule.
pub(super) fn percent(field: &Field<'_>) -> Option<f64> {
    field.number().filter(|p| (0.0..=100.0).contains(p))
}

/// Reads the spec of that sort at `field`; conditions named by an id stand in `shared`.
pub(super) fn read<'d>(
    (key, name_span): (&'d str, Span),
    field: Field<'d>,
    sort: Sort,
    shared: &Shared<'d>,
) -> Spec<'d> {
    let listed = field.get("rules").map(|r| r.items()).unwrap_or_default();
    let mut variations = Values::new(&field, sort);
    let rules = listed.iter().map(|rule| read_rule(*rule, shared, &mut variations)).collect();
    let (default, control) = variations.ends();
    let out_of_reach = field.get("rules").filter(|r| r.unknown().is_some());
    let on = out_of_reach.map_or_else(|| on(&field, sort), |rules| On::Unknown(rules.span()));
    Spec { sort, key, name_span, field, on, variations: variations.all, default, control, rules }
}

fn read_rule<'d>(field: Field<'d>, shared: &Shared<'d>, variations: &mut Values<'d>) -> Rule<'d> {
    let mut scope = Scope::default();
    let mut conditions = Vec::new();
    if let Some(environments) = field.get("environments").filter(|e| e.node.is_seq() || e.unknown().is_some()) {
        let names: Vec<&str> = environments.items().iter().filter_map(Field::text).collect();
        if names.len() < environments.items().len() {
            let name = format!("environments {}", environments.as_written().unwrap_or("that are not known"));
            conditions.push(Condition::People(condition::People { name, size: None, customers: false }));
        } else if !names.is_empty() {
            scope.only.push(names);
        }
    }
    for one in field.get("conditions").iter().flat_map(Field::items) {
        let id = one.text().filter(|_| one.node.is_scalar());
        let lost = |id: &str| {
            let name = format!("condition {id}");
            Some(Condition::People(condition::People { name, size: None, customers: false }))
        };
        let shared = id.map(|id| shared.get(id).ok_or(id));
        conditions.extend(match shared {
            Some(Err(id)) => lost(id),
            Some(Ok(shared)) => condition::read(shared, &mut scope),
            None => condition::read(&one, &mut scope),
        });
    }
    let variation = variations.of(&field);
    let name = name_of(&field).filter(|_| variations.sort != Sort::Experiment);
    let percent = field.get("PassPercentage").and_then(|p| percent(&p));
    Rule { field, name, scope, conditions, percent, variation }
}

/// How people call a rule. In a file of specs `name` is an id, and the name is the group's.
fn name_of<'d>(rule: &Field<'d>) -> Option<&'d str> {
    let text = |key: &str| rule.get(key).and_then(|f| f.text()).filter(|t| !t.is_empty());
    let id = text("id");
    text("groupName").or_else(|| text("name").filter(|name| Some(*name) != id && !is_served(rule)))
}

/// Is it a rule as SDKs get it? They have a salt.
fn is_served(rule: &Field<'_>) -> bool {
    rule.get("salt").is_some()
}

fn on(field: &Field<'_>, sort: Sort) -> On {
    let status = field.get("status");
    match status.and_then(|s| s.text()) {
        Some("Launched") if sort == Sort::Gate => return On::Launched(status.map_or(field.anchor(), |s| s.span())),
        Some("Disabled" | "Archived") => return On::No(status.map_or(field.anchor(), |s| s.span())),
        Some(_) | None => {}
    }
    match field.any(&["IsEnabled", "enabled"]) {
        None => On::Yes,
        Some(on) => match on.boolean() {
            Some(true) => On::Yes,
            Some(false) => On::No(on.span()),
            None => On::Unknown(on.span()),
        },
    }
}

/// The variations of a spec, gathered from its rules.
struct Values<'d> {
    sort: Sort,
    all: Vec<Variation>,
    /// The value of each, as it is written.
    written: Vec<Option<Field<'d>>>,
    default_is_true: bool,
}

impl<'d> Values<'d> {
    fn new(field: &Field<'d>, sort: Sort) -> Self {
        let default = field.any(&["DefaultValue", "DefaultValueJson5"]);
        let mut values = Self { sort, all: Vec::new(), written: Vec::new(), default_is_true: false };
        if sort == Sort::Gate {
            values.default_is_true = default.and_then(|d| d.boolean()) == Some(true);
            let of = |(name, is_false): (&str, bool)| Variation { name: name.into(), is_false, ships: Vec::new() };
            values.all = [("true", false), ("false", true)].map(of).into();
        } else {
            values.push("default", default);
        }
        values
    }

    fn push(&mut self, name: &str, value: Option<Field<'d>>) -> usize {
        let variation = value.filter(|v| v.unknown().is_none()).map(|v| Variation::of(name, v.node));
        self.all.push(variation.unwrap_or_else(|| Variation { name: name.into(), is_false: false, ships: Vec::new() }));
        self.written.push(value);
        self.all.len() - 1
    }

    /// What `rule` serves to those who pass it.
    fn of(&mut self, rule: &Field<'d>) -> Option<usize> {
        let value = rule.any(&["ReturnValue", "ReturnValueJson5"]);
        let text = |key: &str| rule.get(key).and_then(|f| f.text()).filter(|t| !t.is_empty());
        match self.sort {
            Sort::Gate => Some(usize::from(value.and_then(|v| v.boolean()) == Some(false))),
            Sort::Experiment => {
                let name = text("groupName").filter(|name| !is_written_by_statsig(name))?;
                let known = self.all.iter().position(|v| *v.name == *name);
                Some(known.unwrap_or_else(|| self.push(name, value)))
            }
            Sort::Config => {
                let same =
                    |w: &Option<Field<'_>>| w.zip(value).is_some_and(|(a, b)| a.node.to_value() == b.node.to_value());
                if let Some(known) = self.written.iter().position(same) {
                    return Some(known);
                }
                let only = value.and_then(|v| match &*v.entries() {
                    [(_, one)] => one.text().filter(|t| !t.is_empty() && t.len() <= 40 && !t.contains('\n')),
                    _ => None,
                });
                let place = format!("value {}", self.all.len());
                let name = only.or_else(|| name_of(rule)).unwrap_or(&place).to_owned();
                let taken = self.all.iter().any(|v| *v.name == *name);
                Some(self.push(if taken { &place } else { &name }, value))
            }
        }
    }

    /// The default, and the control: of an experiment with a group of that name, that group.
    fn ends(&self) -> (Option<usize>, Option<usize>) {
        match self.sort {
            Sort::Gate => {
                let default = usize::from(!self.default_is_true);
                (Some(default), Some(default))
            }
            Sort::Config => (Some(0), Some(0)),
            Sort::Experiment => match self.all.iter().position(|v| v.name.eq_ignore_ascii_case("control")) {
                Some(control) => (None, Some(control)),
                None => (Some(0), Some(0)),
            },
        }
    }
}
