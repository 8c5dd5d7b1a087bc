//! Binds the policy's settings to the rules.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::SchemaGenerator;
use serde_json::{Map, Value};

use super::stricter::stricter;
use crate::catalog::Level;
use crate::finding::Weaker;
use crate::model::ChangeKind;
use crate::policy::{Binder, Facets, Policy, Selector, Setting};
use crate::rules::{self, Bound, RuleDef};
use crate::text::Span;

/// The selections of scopes and classes that a rollout answers for: one, or one for each of its kinds of change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Selection(BTreeSet<Selector>);

impl Selection {
    /// What `policy` asks of whoever has these `facets`, and is all of `kinds`.
    pub(super) fn of(policy: &Policy, facets: &Facets<'_>, kinds: &[ChangeKind]) -> Self {
        let of = |change| policy.selector(&Facets { change, ..*facets });
        match kinds {
            [] => Self(BTreeSet::from([of(None)])),
            kinds => Self(kinds.iter().map(|kind| of(Some(*kind))).collect()),
        }
    }

    /// Outside of all scopes and classes.
    pub(super) fn base() -> Self {
        Self(BTreeSet::from([Selector::default()]))
    }
}

/// A rule with the level and the parameters it has for some rollouts.
pub(super) struct BoundRule {
    /// The rule.
    pub def: &'static RuleDef,
    /// Its level there.
    pub level: Level,
    /// Its check.
    pub check: Box<dyn Bound>,
    /// Where the repository's own policy sets its parameters.
    pub places: BTreeMap<String, Span>,
}

/// Which rules the command line asks for.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Only these, if any.
    pub select: Vec<String>,
    /// Not these.
    pub ignore: Vec<String>,
}

impl Choice {
    fn takes(&self, id: &str) -> bool {
        (self.select.is_empty() || self.select.iter().any(|s| s == id)) && !self.ignore.iter().any(|s| s == id)
    }
}

/// The rules bound for every selection of scopes and classes that occurs.
#[derive(Default)]
pub(super) struct Plan {
    sets: BTreeMap<Selection, Arc<[BoundRule]>>,
}

impl Plan {
    /// Binds the rules for `selection`. The policy's parameters have been checked: `Policy::param_faults` found nothing.
    pub(super) fn bind(&mut self, policy: &Policy, choice: &Choice, selection: &Selection) {
        if !self.sets.contains_key(selection) {
            self.sets.insert(selection.clone(), bind_all(policy, choice, selection));
        }
    }

    /// The rules for `selection`, which must have been bound.
    pub(super) fn rules(&self, selection: &Selection) -> &[BoundRule] {
        self.sets.get(selection).map_or(&[], |set| set)
    }
}

fn bind_all(policy: &Policy, choice: &Choice, selection: &Selection) -> Arc<[BoundRule]> {
    let all = selection.0.iter().map(|selector| policy.settings(selector));
    let settings = all.reduce(|one, other| stricter(one, &other)).unwrap_or_default();
    let chosen = rules::ALL.iter().filter(|def| choice.takes(def.meta.id));
    chosen.filter_map(|def| bind(def, settings.get(def.meta.id)?, &settings)).collect()
}

fn bind(def: &'static RuleDef, setting: &Setting, all: &BTreeMap<&'static str, Setting>) -> Option<BoundRule> {
    if setting.level == Level::Off {
        return None;
    }
    let mut params: Map<String, Value> = setting.params.iter().map(|(k, p)| (k.clone(), p.value.clone())).collect();
    let mut places: BTreeMap<String, Span> =
        setting.params.iter().filter_map(|(k, p)| Some((k.clone(), p.span?))).collect();
    for (own, rule, parameter) in def.follows {
        let followed = all.get(rule).and_then(|s| s.params.get(*parameter));
        if let (false, Some(followed)) = (params.contains_key(*own), followed) {
            params.insert((*own).to_owned(), followed.value.clone());
            places.extend(followed.span.map(|span| ((*own).to_owned(), span)));
        }
    }
    // A parameter that can't be bound was a fault of the policy, and the run has ended with it.
    let check = (def.bind)(&Value::Object(params)).ok()?;
    Some(BoundRule { def, level: setting.level, check, places })
}

/// The registry of rules, as the policy asks it.
pub struct Registry;

impl Binder for Registry {
    fn refuses(&self, rule: &str, params: &Value) -> Option<String> {
        rules::find(rule).and_then(|def| (def.bind)(params).err()).map(|error| error.to_string())
    }

    fn follows(&self, rule: &str) -> &'static [(&'static str, &'static str, &'static str)] {
        rules::find(rule).map_or(&[], |def| def.follows)
    }

    fn weakened(&self, rule: &str, before: &Value, after: &Value) -> Vec<Weaker> {
        rules::find(rule).map_or_else(Vec::new, |def| (def.weakened)(before, after))
    }

    fn calendars(&self, rule: &str) -> &'static [&'static str] {
        rules::find(rule).map_or(&[], |def| def.calendars)
    }

    fn schema(&self, rule: &str) -> Value {
        let mut generator = SchemaGenerator::default();
        let Some(def) = rules::find(rule) else { return Value::Null };
        let mut schema: Value = (def.schema)(&mut generator).into();
        let definitions: Map<String, Value> = generator.take_definitions(true);
        if let (Some(object), false) = (schema.as_object_mut(), definitions.is_empty()) {
            object.insert("$defs".to_owned(), Value::Object(definitions));
        }
        schema
    }
}
