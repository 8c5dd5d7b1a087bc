//! What a policy declares beside rules: environments, services, metrics, limits.

use std::collections::BTreeSet;

use super::globs::Globs;
use crate::model::units::Period;
use crate::model::{ChangeKind, MetricKind, Risk};
use crate::text::Spanned;

/// How to tell that an object goes to an environment.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Its name.
    pub name: Box<str>,
    /// Files whose objects go there.
    pub paths: Globs,
    /// Namespaces that are there.
    pub namespaces: Globs,
}

/// A service, what it ships and what governs that.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name, and where the policy names it.
    pub name: Spanned<Box<str>>,
    /// What it ships: prompts, configuration.
    pub paths: Globs,
    /// The files of the rollouts that govern it.
    pub rollouts: Globs,
    /// What a change of it is, where nothing else says.
    pub change: Option<ChangeKind>,
    /// How many customers share it.
    pub tenancy: Option<Tenancy>,
    /// What a wrong change costs, where nothing else says.
    pub risk: Option<Risk>,
    /// Requests a day.
    pub traffic: Option<f64>,
}

/// How many customers share a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tenancy {
    /// One.
    Single,
    /// Several.
    Multi,
}

impl Tenancy {
    /// Its one name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Multi => "multi",
        }
    }
}

/// Names of metrics that this organisation uses for a canonical kind.
#[derive(Clone, Debug)]
pub struct MetricNames {
    /// The kind.
    pub kind: MetricKind,
    /// The names.
    pub names: Globs,
}

/// How much is read; what is not set has the program's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PolicyLimits {
    /// Bytes of one file.
    pub file_size: Option<u64>,
    /// Bytes of one document.
    pub document_size: Option<u64>,
    /// Collections nested in each other.
    pub depth: Option<u64>,
    /// Nodes of one document.
    pub nodes: Option<u64>,
    /// Commits of history.
    pub commits: Option<u64>,
    /// Age of history.
    pub history: Option<Period>,
}

/// Where evidence of rollback drills is looked for.
#[derive(Clone, Debug, Default)]
pub struct Drills {
    /// Files of records.
    pub records: Option<Globs>,
    /// Tags.
    pub tags: Option<Globs>,
    /// Trailers of commits.
    pub trailers: Option<Vec<Box<str>>>,
    /// Whether a real rollback in history is a drill.
    pub reverts: Option<bool>,
}

/// What inline ignores have to do.
#[derive(Clone, Debug, Default)]
pub struct Suppressions {
    /// Must they say why?
    pub require_reason: Option<bool>,
    /// How far ahead their last day may lie.
    pub max_age: Option<Period>,
    /// Rules that can't be ignored.
    pub forbid: Option<Vec<Box<str>>>,
    /// Whose ignores count in gate modes.
    pub trust: Option<Trust>,
}

/// Whose word counts in gate modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// What the base branch says.
    Base,
    /// What the change says.
    Head,
}

/// Break-glass by commit trailer.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Is it allowed at all?
    pub allow: Option<bool>,
    /// Rules it never covers.
    pub forbid: Option<Vec<Box<str>>>,
}

/// The folder of drill records where the policy names none: its `.yaml` files.
const RECORDS: &str = "drills";

impl Drills {
    /// Does a record of a drill lie at `path`?
    pub fn is_record(&self, path: &str) -> bool {
        let by_default = || {
            let name = path.strip_prefix(RECORDS).and_then(|rest| rest.strip_prefix('/')).filter(|n| !n.contains('/'));
            name.is_some_and(|n| std::path::Path::new(n).extension().is_some_and(|e| e == "yaml"))
        };
        self.records.as_ref().map_or_else(by_default, |globs| globs.matches(path))
    }

    /// The folders that hold all records, from the repository's root; "" is the root itself. Globs that lead out of the
    /// repository name none.
    pub fn record_folders(&self) -> BTreeSet<String> {
        let Some(globs) = &self.records else { return BTreeSet::from([RECORDS.to_owned()]) };
        let inside = |g: &&str| !g.starts_with('/') && g.split('/').all(|part| part != "..");
        globs.texts().filter(inside).map(literal_folder).collect()
    }

    /// These, under what a later layer says.
    pub(super) fn under(self, later: &Self) -> Self {
        Self {
            records: later.records.clone().or(self.records),
            tags: later.tags.clone().or(self.tags),
            trailers: later.trailers.clone().or(self.trailers),
            reverts: later.reverts.or(self.reverts),
        }
    }
}

/// The folders of a glob before its first pattern: `drills/*.yaml` lies in `drills`.
fn literal_folder(glob: &str) -> String {
    let mut parts: Vec<&str> = glob.split('/').collect();
    parts.pop();
    let literal = |part: &&str| !part.contains(['*', '?', '[', '{']);
    parts.into_iter().take_while(literal).collect::<Vec<_>>().join("/")
}

/// How far ahead the last day of an ignore may lie where a policy does not say.
const MAX_AGE: Period = Period { months: 0, seconds: 90 * 86_400 };

impl Suppressions {
    /// Must an ignore say why?
    pub fn requires_reason(&self) -> bool {
        self.require_reason.unwrap_or(true)
    }

    /// How far ahead the last day of an ignore may lie.
    pub fn max_age(&self) -> Period {
        self.max_age.unwrap_or(MAX_AGE)
    }

    /// Whose ignores count where a change is judged.
    pub fn trust(&self) -> Trust {
        self.trust.unwrap_or(Trust::Base)
    }

    /// Does the policy say that `rule` can't be ignored?
    pub fn forbids(&self, rule: &str) -> bool {
        self.forbid.iter().flatten().any(|forbidden| **forbidden == *rule)
    }

    /// These, under what a later layer says.
    pub(super) fn under(self, later: &Self) -> Self {
        Self {
            require_reason: later.require_reason.or(self.require_reason),
            max_age: later.max_age.or(self.max_age),
            forbid: later.forbid.clone().or(self.forbid),
            trust: later.trust.or(self.trust),
        }
    }
}

impl Overrides {
    /// These, under what a later layer says.
    pub(super) fn under(self, later: &Self) -> Self {
        Self { allow: later.allow.or(self.allow), forbid: later.forbid.clone().or(self.forbid) }
    }
}

impl PolicyLimits {
    /// These, under what a later layer says.
    pub(super) fn under(self, later: Self) -> Self {
        Self {
            file_size: later.file_size.or(self.file_size),
            document_size: later.document_size.or(self.document_size),
            depth: later.depth.or(self.depth),
            nodes: later.nodes.or(self.nodes),
            commits: later.commits.or(self.commits),
            history: later.history.or(self.history),
        }
    }
}
