//! Which rollouts a scope or a class is for.

use super::globs::Globs;
use super::setting::Named;
use crate::model::{ChangeKind, Labels, Risk};

/// What scopes and classes look at in a rollout.
#[derive(Clone, Copy, Debug)]
pub struct Facets<'a> {
    /// Where it goes, if known.
    pub environment: Option<&'a str>,
    /// The service it belongs to.
    pub service: &'a str,
    /// The format: `argo-rollouts`.
    pub system: &'a str,
    /// Kind of the object.
    pub kind: &'a str,
    /// Namespace, if written.
    pub namespace: Option<&'a str>,
    /// Name of the object.
    pub name: &'a str,
    /// Its labels.
    pub labels: &'a Labels,
    /// Its file, relative to the repository.
    pub path: &'a str,
    /// What the change is, if known.
    pub change: Option<ChangeKind>,
    /// Its risk, if known.
    pub risk: Option<Risk>,
}

/// Which scopes and classes a rollout is in. Rollouts with equal selectors have equal settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Selector {
    /// Scopes by their number over all layers, ascending.
    pub(super) scopes: Vec<u32>,
    /// The kind of change, where any layer has a class for it.
    pub(super) change: Option<ChangeKind>,
}

/// A condition of a scope.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    Environment(Globs),
    Service(Globs),
    System(Globs),
    Kind(Globs),
    Namespace(Globs),
    Name(Globs),
    Label(Box<str>, Globs),
    Path(Globs),
    Change(Globs),
    Risk(Globs),
}

impl Condition {
    /// The key of `match` that asks for it: `environment`, `labels.tier`.
    pub(super) fn key(&self) -> String {
        let key = match self {
            Self::Environment(_) => "environment",
            Self::Service(_) => "service",
            Self::System(_) => "system",
            Self::Kind(_) => "kind",
            Self::Namespace(_) => "namespace",
            Self::Name(_) => "name",
            Self::Label(label, _) => return format!("labels.{label}"),
            Self::Path(_) => "path",
            Self::Change(_) => "change",
            Self::Risk(_) => "risk",
        };
        key.to_owned()
    }

    /// The globs of which one must match.
    pub(super) const fn globs(&self) -> &Globs {
        match self {
            Self::Environment(globs)
            | Self::Service(globs)
            | Self::System(globs)
            | Self::Kind(globs)
            | Self::Namespace(globs)
            | Self::Name(globs)
            | Self::Label(_, globs)
            | Self::Path(globs)
            | Self::Change(globs)
            | Self::Risk(globs) => globs,
        }
    }

    fn holds(&self, facets: &Facets<'_>) -> bool {
        let known = |globs: &Globs, text: Option<&str>| text.is_some_and(|t| globs.matches(t));
        match self {
            Self::Environment(globs) => known(globs, facets.environment),
            Self::Service(globs) => globs.matches(facets.service),
            Self::System(globs) => globs.matches(facets.system),
            Self::Kind(globs) => globs.matches(facets.kind),
            Self::Namespace(globs) => known(globs, facets.namespace),
            Self::Name(globs) => globs.matches(facets.name),
            Self::Label(key, globs) => known(globs, facets.labels.get(key)),
            Self::Path(globs) => globs.matches(facets.path),
            Self::Change(globs) => known(globs, facets.change.map(ChangeKind::name)),
            Self::Risk(globs) => known(globs, facets.risk.map(Risk::name)),
        }
    }
}

/// The same rules, tightened or relaxed for some rollouts.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// All of them must hold.
    pub(super) conditions: Vec<Condition>,
    pub(super) rules: Vec<Named>,
}

impl Scope {
    pub(super) fn holds(&self, facets: &Facets<'_>) -> bool {
        self.conditions.iter().all(|c| c.holds(facets))
    }
}

/// What one kind of change has to do.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) change: ChangeKind,
    pub(super) rules: Vec<Named>,
}
