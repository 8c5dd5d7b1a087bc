//! Which rollouts a part of a rule's parameters is for.

use std::borrow::Cow;
use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobMatcher};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::{ChangeKind, Risk, Rollout};

/// Which rollouts something is for, with the keys of a policy's `match`: all that are given must match. Names and paths
/// are globs, one or a list; in a path `*` stays within one folder.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Match {
    /// Where it goes; a rollout whose environment is unknown does not match.
    environment: Option<Names>,
    /// The service.
    service: Option<Names>,
    /// The format: `argo-rollouts`.
    system: Option<Names>,
    /// Kind of the object.
    kind: Option<Names>,
    /// Namespace; a rollout that writes none does not match.
    namespace: Option<Names>,
    /// Name of the object.
    name: Option<Names>,
    /// Labels of the object.
    labels: BTreeMap<String, Names>,
    /// Its file, relative to the repository.
    path: Option<Paths>,
    /// What the change is, where it is known.
    change: Option<Kinds>,
    /// Its risk, where it is known.
    risk: Option<Risks>,
}

impl Match {
    /// Is `rollout`, which stands in the file `path`, among them?
    pub fn holds(&self, rollout: &Rollout, path: &str) -> bool {
        let names = |wanted: &Option<Names>, text: Option<&str>| {
            wanted.as_ref().is_none_or(|names| text.is_some_and(|t| names.matches(t)))
        };
        let labels = &rollout.declared.labels;
        let label = |(key, wanted): (&String, &Names)| labels.get(key.as_str()).is_some_and(|v| wanted.matches(v));
        names(&self.environment, rollout.environment.as_deref())
            && names(&self.service, Some(&rollout.service))
            && names(&self.system, Some(rollout.adapter.id))
            && names(&self.kind, Some(&rollout.id.kind))
            && names(&self.namespace, rollout.id.namespace.as_deref())
            && names(&self.name, Some(&rollout.id.name))
            && self.labels.iter().all(label)
            && self.path.as_ref().is_none_or(|paths| paths.0.iter().any(|glob| glob.is_match(path)))
            && self.change.as_ref().is_none_or(|all| rollout.kinds().iter().any(|c| all.0.contains(c)))
            && self.risk.as_ref().is_none_or(|all| rollout.declared.risk.is_some_and(|r| all.0.contains(&r)))
    }

    /// Does it hold, as far as its globs are told apart by their text, for every rollout that `other` holds for?
    pub fn takes_in(&self, other: &Self) -> bool {
        let names = |key: fn(&Self) -> &Option<Names>| {
            key(self).as_ref().is_none_or(|m| key(other).as_ref().is_some_and(|i| globs_within(&i.0, &m.0)))
        };
        let label =
            |(key, mine): (&String, &Names)| other.labels.get(key).is_some_and(|its| globs_within(&its.0, &mine.0));
        let paths = |mine: &Paths| other.path.as_ref().is_some_and(|its| globs_within(&its.0, &mine.0));
        let kinds = |mine: &Kinds| other.change.as_ref().is_some_and(|its| its.0.iter().all(|k| mine.0.contains(k)));
        let risks = |mine: &Risks| other.risk.as_ref().is_some_and(|its| its.0.iter().all(|r| mine.0.contains(r)));
        names(|m| &m.environment)
            && names(|m| &m.service)
            && names(|m| &m.system)
            && names(|m| &m.kind)
            && names(|m| &m.namespace)
            && names(|m| &m.name)
            && self.labels.iter().all(label)
            && self.path.as_ref().is_none_or(paths)
            && self.change.as_ref().is_none_or(kinds)
            && self.risk.as_ref().is_none_or(risks)
    }
}

/// Is every glob of `inner` one of `outer`?
fn globs_within(inner: &[GlobMatcher], outer: &[GlobMatcher]) -> bool {
    inner.iter().all(|glob| outer.iter().any(|other| other.glob() == glob.glob()))
}

/// What is known where no rollout is at hand.
#[derive(Clone, Copy, Debug, Default)]
pub struct KnownService<'s> {
    /// The service.
    pub service: Option<&'s str>,
    /// What a change of it is.
    pub change: Option<ChangeKind>,
    /// Its risk.
    pub risk: Option<Risk>,
}

impl Match {
    /// Are the rollouts of `known` among them? `None` where some may be and others not.
    pub fn holds_for(&self, known: &KnownService<'_>) -> Option<bool> {
        let service = self.service.as_ref().map(|names| known.service.map(|s| names.matches(s)));
        let change = self.change.as_ref().map(|all| known.change.map(|c| all.0.contains(&c)));
        let risk = self.risk.as_ref().map(|all| known.risk.map(|r| all.0.contains(&r)));
        let of_rollouts = [&self.environment, &self.system, &self.kind, &self.namespace, &self.name];
        let unknown = of_rollouts.iter().any(|n| n.is_some()) || !self.labels.is_empty() || self.path.is_some();
        let answers = [service, change, risk, unknown.then_some(None)];
        let given = || answers.iter().flatten();
        if given().any(|answer| *answer == Some(false)) {
            return Some(false);
        }
        given().all(Option::is_some).then_some(true)
    }
}

/// Globs over names; none of them matches nothing.
#[derive(Clone, Debug, Default)]
pub struct Names(Vec<GlobMatcher>);

impl Names {
    /// Does any of them match `text`?
    pub fn matches(&self, text: &str) -> bool {
        self.0.iter().any(|glob| glob.is_match(text))
    }

    /// The globs as written.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|glob| glob.glob().glob())
    }
}

/// Globs over paths.
#[derive(Clone, Debug)]
struct Paths(Vec<GlobMatcher>);

/// Kinds of change.
#[derive(Clone, Debug)]
struct Kinds(Vec<ChangeKind>);

/// Risks.
#[derive(Clone, Debug)]
struct Risks(Vec<Risk>);

fn glob(text: &str, in_paths: bool) -> Result<GlobMatcher, String> {
    let built = GlobBuilder::new(text).literal_separator(in_paths).backslash_escape(true).build();
    built.map(|g| g.compile_matcher()).map_err(|error| format!("`{text}` is not a glob: {}", error.kind()))
}

fn named<T>(text: &str, found: Option<T>, what: &str, all: &[&str]) -> Result<T, String> {
    found.ok_or_else(|| format!("`{text}` is not {what}: {}", all.join(", ")))
}

/// One text or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    One(String),
    Many(Vec<String>),
}

/// Implements reading and the schema of a list of `$item`s that may be written as one of them.
macro_rules! one_or_many {
    ($type:ident, $name:literal, $read:expr, $what:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let texts = match Written::deserialize(deserializer) {
                    Ok(Written::One(text)) => vec![text],
                    Ok(Written::Many(texts)) => texts,
                    Err(_) => return Err(serde::de::Error::custom(concat!("this is not ", $what))),
                };
                let all: Result<Vec<_>, String> = texts.iter().map(|text| $read(text)).collect();
                all.map(Self).map_err(serde::de::Error::custom)
            }
        }
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "description": concat!("Written as ", $what, "."),
                    "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }]
                })
            }
        }
    };
}

one_or_many!(Names, "NameGlobs", |t: &str| glob(t, false), "a glob over names such as `payments-*`, or a list of them");
one_or_many!(Paths, "PathGlobs", |t: &str| glob(t, true), "a glob over paths such as `**/prod/**`, or a list of them");
one_or_many!(
    Kinds,
    "ChangeKinds",
    |t: &str| named(t, ChangeKind::from_name(t), "a kind of change", &ChangeKind::ALL.map(ChangeKind::name)),
    "a kind of change such as `model-upgrade`, or a list of them"
);
one_or_many!(
    Risks,
    "Risks",
    |t: &str| named(t, Risk::from_name(t), "a risk", &Risk::ALL.map(Risk::name)),
    "a risk such as `high`, or a list of them"
);
