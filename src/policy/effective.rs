//! The policy of a run: its layers on top of each other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::declared::{Drills, Environment, MetricNames, Overrides, PolicyLimits, Service, Suppressions};
use super::fault::{FileKind, PolicyFile};
use super::globs::Globs;
use super::layer::{Given, Layer};
use super::load::{ReadFile, load};
use super::scope::{Facets, Scope, Selector};
use super::setting::{Provenance, Setting, Stack};
use super::{Known, PolicyError};
use crate::catalog::{Level, RuleMeta};
use crate::clock::Tz;
use crate::clock::holidays::Calendars;
use crate::model::{ChangeKind, MetricKind};

/// Where the policy of a run was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nowhere: the preset `recommended` applies.
    Default,
    /// A preset was asked for.
    Preset(String),
    /// A file.
    File {
        /// Its path, relative to the repository.
        path: Arc<str>,
        /// Its text.
        text: Arc<str>,
        /// Where in the file the policy stands, as a JSON pointer; "" is the whole file.
        root: String,
    },
}

/// Where waivers stand.
const WAIVERS: &str = ".rollgate/waivers.yaml";

/// Which files a policy takes in.
#[derive(Clone, Debug, Default)]
pub struct FileChoice {
    /// Only these, if any are named.
    pub include: Option<Globs>,
    /// Not these.
    pub exclude: Option<Globs>,
}

impl FileChoice {
    /// Is the file at `path`, relative to the repository, to be checked?
    pub fn takes(&self, path: &str) -> bool {
        let included = self.include.as_ref().is_none_or(|globs| globs.matches(path));
        included && !self.exclude.as_ref().is_some_and(|globs| globs.matches(path))
    }
}

/// The policy of a run.
///
/// Layers lie on top of each other: presets first, then the files that are extended, then the repository's own file. In
/// a layer its `rules` come first, then the scopes that match, then the classes that match. What a later one names
/// replaces the level or the parameter before it, wherever that came from; the rest stays. A rule that no layer names is
/// off; one that is named without a level has its own.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How it was found.
    pub source: Source,
    /// Every file it is made of, presets included. Spans in them carry their `id`.
    pub files: Vec<PolicyFile>,
    /// The zone of its dates and hours.
    pub timezone: Tz,
    /// The level from which findings fail the gate.
    pub fail_on: Level,
    /// What a value costs that nobody can know from the files.
    pub undetermined: Level,
    /// Which files are checked.
    pub choice: FileChoice,
    /// Environments in the order they are tried.
    pub environments: Vec<Environment>,
    /// Services in the order they are tried.
    pub services: Vec<Service>,
    /// Metrics by the names this organisation uses.
    pub metrics: Vec<MetricNames>,
    /// Every calendar that some rule's parameters name, by the path as written.
    pub calendars: Calendars,
    /// Where evidence of drills lies.
    pub drills: Drills,
    /// What inline ignores have to do.
    pub suppressions: Suppressions,
    /// Break-glass.
    pub overrides: Overrides,
    /// How much is read.
    pub limits: PolicyLimits,
    /// Where `timezone`, `fail-on` and `undetermined` come from.
    pub(super) origins: BTreeMap<&'static str, Provenance>,
    pub(super) layers: Vec<Layer>,
    /// Kinds of change that some layer has a class for.
    classes: BTreeSet<ChangeKind>,
    pub(super) rules: Vec<&'static RuleMeta>,
}

impl Policy {
    /// Is the file at `path`, relative to the repository, to be checked? Waivers and drill records are, whatever files the
    /// policy chooses: they decide what counts of the others.
    pub fn takes(&self, path: &str) -> bool {
        self.choice.takes(path) || path == WAIVERS || self.drills.is_record(path)
    }

    /// Reads the policy that `source` names; see [`load`].
    ///
    /// # Errors
    /// As [`load`].
    pub fn load(known: &Known<'_>, source: Source, read: &mut ReadFile<'_>) -> Result<Self, PolicyError> {
        load(known, source, read)
    }

    pub(super) fn stack(
        known: &Known<'_>,
        source: Source,
        files: Vec<PolicyFile>,
        layers: Vec<Layer>,
        calendars: Calendars,
    ) -> Self {
        let mut origins = BTreeMap::new();
        let mut level = |key, pick: fn(&Layer) -> &Option<Given<Level>>, default| {
            let found = last(&layers, pick);
            origins.insert(key, found.map_or(Provenance::Program, |g| g.from.clone()));
            found.map_or(default, |g| g.value)
        };
        let fail_on = level("fail-on", |l| &l.fail_on, Level::Error);
        let undetermined = level("undetermined", |l| &l.undetermined, Level::Warning);
        let zone = last(&layers, |l| &l.timezone);
        origins.insert("timezone", zone.map_or(Provenance::Program, |g| g.from.clone()));
        let choice = FileChoice {
            include: last(&layers, |l| &l.include).map(|g| g.value.clone()),
            exclude: last(&layers, |l| &l.exclude).map(|g| g.value.clone()),
        };
        let classes = layers.iter().flat_map(|l| &l.classes).map(|c| c.change).collect();
        Self {
            source,
            files,
            timezone: zone.map_or(Tz::UTC, |g| g.value),
            fail_on,
            undetermined,
            choice,
            environments: environments(&layers),
            services: last(&layers, |l| &l.services).cloned().unwrap_or_default(),
            metrics: last(&layers, |l| &l.metrics).cloned().unwrap_or_default(),
            calendars,
            drills: layers.iter().fold(Drills::default(), |all, l| all.under(&l.drills)),
            suppressions: layers.iter().fold(Suppressions::default(), |all, l| all.under(&l.suppressions)),
            overrides: layers.iter().fold(Overrides::default(), |all, l| all.under(&l.overrides)),
            limits: layers.iter().fold(PolicyLimits::default(), |all, l| all.under(l.limits)),
            origins,
            layers,
            classes,
            rules: known.rules.to_vec(),
        }
    }

    /// Which scopes and classes a rollout is in.
    pub fn selector(&self, facets: &Facets<'_>) -> Selector {
        let holding = (0u32..).zip(self.scopes()).filter(|(_, scope)| scope.holds(facets));
        let scopes = holding.map(|(number, _)| number).collect();
        Selector { scopes, change: facets.change.filter(|kind| self.classes.contains(kind)) }
    }

    /// Its scopes over all layers, as selectors count them.
    pub(super) fn scopes(&self) -> impl Iterator<Item = &Scope> {
        self.layers.iter().flat_map(|layer| &layer.scopes)
    }

    /// Does any layer have a class for `change`?
    pub(super) fn has_class(&self, change: ChangeKind) -> bool {
        self.classes.contains(&change)
    }

    /// What the policy says of every rule, for the rollouts of `selector`. `Selector::default()` is outside of all scopes
    /// and classes.
    pub fn settings(&self, selector: &Selector) -> BTreeMap<&'static str, Setting> {
        let mut stack = Stack::new(&self.rules);
        let mut number = 0u32;
        for layer in &self.layers {
            stack.put(&layer.rules);
            for scope in &layer.scopes {
                if selector.scopes.binary_search(&number).is_ok() {
                    stack.put(&scope.rules);
                }
                number += 1;
            }
            for class in layer.classes.iter().filter(|class| Some(class.change) == selector.change) {
                stack.put(&class.rules);
            }
        }
        stack.settle()
    }

    /// The environment that an object of this file and namespace goes to: the first that matches.
    pub fn environment_of(&self, path: &str, namespace: Option<&str>) -> Option<&str> {
        let in_namespace = |e: &Environment| namespace.is_some_and(|n| e.namespaces.matches(n));
        let found = self.environments.iter().find(|e| e.paths.matches(path) || in_namespace(e));
        found.map(|e| &*e.name)
    }

    /// The service that a file belongs to, as what it ships or as a rollout that governs it: the first that matches.
    pub fn service_of(&self, path: &str) -> Option<&Service> {
        self.services.iter().find(|s| s.paths.matches(path) || s.rollouts.matches(path))
    }

    /// The canonical kind that the policy gives to a metric's name.
    pub fn metric_kind(&self, name: &str) -> Option<MetricKind> {
        self.metrics.iter().find(|m| m.names.matches(name)).map(|m| m.kind)
    }

    /// How reports name it: its file's path, or `preset strict`.
    pub fn name(&self) -> String {
        match &self.source {
            Source::Default => "preset recommended".to_owned(),
            Source::Preset(name) => format!("preset {name}"),
            Source::File { path, .. } => path.to_string(),
        }
    }

    /// What it extends, in the order it applies: presets by name, files by path.
    pub fn extends(&self) -> Vec<String> {
        let own = self.name();
        let names = self.layers.iter().filter_map(|layer| self.files.get(layer.file));
        let names = names.filter(|file| *file.path != *own);
        names.map(|file| file.path.strip_prefix("preset ").unwrap_or(&file.path).to_owned()).collect()
    }

    /// Its files in the repository: what people can look at and mend.
    pub fn repository_files(&self) -> impl Iterator<Item = &PolicyFile> {
        self.files.iter().filter(|file| file.kind == FileKind::Repository)
    }

    /// Where `timezone`, `fail-on` or `undetermined` comes from.
    pub fn origin(&self, key: &str) -> Option<&Provenance> {
        self.origins.get(key)
    }
}

/// The value of the last layer that gives one.
fn last<T>(layers: &[Layer], pick: impl Fn(&Layer) -> &Option<T>) -> Option<&T> {
    layers.iter().rev().find_map(|layer| pick(layer).as_ref())
}

/// A later file's environments are tried first and replace those of the same name.
fn environments(layers: &[Layer]) -> Vec<Environment> {
    let mut all: Vec<Environment> = Vec::new();
    for layer in layers.iter().rev() {
        let new: Vec<Environment> =
            layer.environments.iter().filter(|e| all.iter().all(|known| known.name != e.name)).cloned().collect();
        all.extend(new);
    }
    all
}
