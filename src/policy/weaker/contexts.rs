//! The sorts of rollouts that two policies may tell apart.

use std::collections::{BTreeMap, BTreeSet};

use super::super::globs::{Globs, Over, is_pattern, matcher};
use super::super::scope::{Scope, Selector};
use super::super::setting::Setting;
use crate::model::ChangeKind;
use crate::policy::Policy;

/// What is known of some rollouts: for a key of `match` the globs of which one holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Context(BTreeMap<String, BTreeSet<String>>);

impl Context {
    /// Of which also is known that `key` is `value`.
    pub(super) fn with(mut self, key: &str, value: Option<&str>) -> Self {
        self.0.extend(value.map(|value| (key.to_owned(), BTreeSet::from([value.to_owned()]))));
        self
    }

    fn of(scope: &Scope) -> Option<Self> {
        let one = |context: Self, (key, globs): (String, &Globs)| {
            context.and(&Self(BTreeMap::from([(key, globs.texts().map(str::to_owned).collect())])))
        };
        scope.conditions.iter().map(|c| (c.key(), c.globs())).try_fold(Self::default(), one)
    }

    /// The rollouts of both; `None` where there can be none, or where globs cannot say which they are.
    fn and(&self, other: &Self) -> Option<Self> {
        let mut both = self.0.clone();
        for (key, texts) in &other.0 {
            let shared = match both.get(key) {
                Some(mine) => shared(key, mine, texts),
                None => texts.clone(),
            };
            if shared.is_empty() {
                return None;
            }
            both.insert(key.clone(), shared);
        }
        Some(Self(both))
    }

    /// The kind of change, where there is only one.
    fn change(&self) -> Option<ChangeKind> {
        let texts = self.0.get("change")?;
        let mut kinds = texts.iter().map(|t| ChangeKind::from_name(t));
        kinds.next().flatten().filter(|_| texts.len() == 1)
    }

    /// Which scopes and which class of `policy` hold for all of these rollouts.
    fn selector(&self, policy: &Policy) -> Selector {
        let holds = |scope: &Scope| {
            scope.conditions.iter().all(|condition| {
                let (key, globs) = (condition.key(), condition.globs());
                self.0.get(&key).is_some_and(|texts| texts.iter().all(|text| takes_in(globs, text)))
            })
        };
        let scopes = (0u32..).zip(policy.scopes()).filter(|(_, scope)| holds(scope)).map(|(number, _)| number);
        Selector { scopes: scopes.collect(), change: self.change().filter(|kind| policy.has_class(*kind)) }
    }

    /// What `policy` says of every rule for these rollouts.
    pub(super) fn settings(&self, policy: &Policy) -> BTreeMap<&'static str, Setting> {
        policy.settings(&self.selector(policy))
    }

    /// `""`, `class model-upgrade: `, `scope environment=staging, service=a|b: `.
    pub(super) fn label(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        if let (1, Some(change)) = (self.0.len(), self.change()) {
            return format!("class {}: ", change.name());
        }
        let one = |(key, texts): (&String, &BTreeSet<String>)| {
            format!("{key}={}", texts.iter().map(String::as_str).collect::<Vec<_>>().join("|"))
        };
        format!("scope {}: ", self.0.iter().map(one).collect::<Vec<_>>().join(", "))
    }
}

/// Does every text that the glob `text` matches match one of `globs`, as far as one can see?
pub(super) fn takes_in(globs: &Globs, text: &str) -> bool {
    globs.texts().any(|glob| glob == text || glob == "**") || (!is_pattern(text) && globs.matches(text))
}

/// Globs for what one of `mine` and one of `its` match; none where they share nothing or globs cannot say it.
fn shared(key: &str, mine: &BTreeSet<String>, its: &BTreeSet<String>) -> BTreeSet<String> {
    let over = if key == "path" { Over::Paths } else { Over::Names };
    let matches = |glob: &str, text: &str| matcher(glob, over).is_ok_and(|m| m.is_match(text));
    let within = |text: &String, globs: &BTreeSet<String>| {
        globs.contains(text) || (!is_pattern(text) && globs.iter().any(|g| is_pattern(g) && matches(g, text)))
    };
    let mine_in_its = mine.iter().filter(|text| within(text, its));
    mine_in_its.chain(its.iter().filter(|text| within(text, mine))).cloned().collect()
}

/// More sorts of scopes than this are not looked at in pairs, and more than [`MOST`] not at all.
const MOST_PAIRED: usize = 200;
/// See [`MOST_PAIRED`].
const MOST: usize = 2000;

/// Every context in which the two policies may differ, the widest first, one for each pair of selectors; and whether
/// there are too many to look at all of them.
pub(super) fn contexts(before: &Policy, after: &Policy) -> (Vec<Context>, Looked) {
    let scopes: Vec<(Context, &Scope)> =
        before.scopes().chain(after.scopes()).filter_map(|scope| Some((Context::of(scope)?, scope))).collect();
    let mut found: BTreeSet<Context> = scopes.iter().map(|(context, _)| context.clone()).collect();
    let looked = if found.len() > MOST_PAIRED { Looked::AtSome } else { Looked::AtAll };
    if found.len() > MOST {
        found.clear();
    }
    if looked == Looked::AtAll {
        found.extend(pairs(&scopes));
    }
    found.insert(Context::default());
    let kinds = ChangeKind::ALL.into_iter().filter(|kind| before.has_class(*kind) || after.has_class(*kind));
    let kinds: Vec<Context> = kinds.map(|kind| Context::default().with("change", Some(kind.name()))).collect();
    let of_kinds: Vec<Context> = found.iter().flat_map(|one| kinds.iter().filter_map(|kind| one.and(kind))).collect();
    found.extend(of_kinds);
    let mut sorted: Vec<Context> = found.into_iter().collect();
    sorted.sort_by_key(|context| context.0.len());
    let mut seen = BTreeSet::new();
    sorted.retain(|context| seen.insert((context.selector(before), context.selector(after))));
    (sorted, looked)
}

/// Which contexts were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looked {
    /// All that we look at.
    AtAll,
    /// There were too many.
    AtSome,
}

/// What two scopes hold for together, where both say something of one rule.
fn pairs(scopes: &[(Context, &Scope)]) -> BTreeSet<Context> {
    let others = |number: usize| scopes.iter().take(number);
    let with_others = |(number, (one, scope)): (usize, &(Context, &Scope))| {
        let fit: Vec<Context> =
            others(number).filter(|(_, o)| name_one_rule(scope, o)).filter_map(|(other, _)| one.and(other)).collect();
        fit
    };
    scopes.iter().enumerate().flat_map(with_others).collect()
}

/// Do both say something of one rule?
fn name_one_rule(one: &Scope, other: &Scope) -> bool {
    one.rules.iter().any(|a| other.rules.iter().any(|b| a.rule.id == b.rule.id))
}
