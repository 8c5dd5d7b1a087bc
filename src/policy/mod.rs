//! The policy file: presets, what it extends, scopes and classes, and what all of it says of each rule in the end.
//!
//! A policy knows rules by name only; their parameters stay JSON values until the engine binds them. Whatever cannot be
//! understood is a [`Fault`] with its place, and all faults of all files are found at once: a typo must never relax the
//! gate.

mod declared;
mod desk;
mod effective;
mod fault;
mod globs;
mod layer;
mod load;
mod mentions;
mod named;
mod params;
mod parts;
mod presets;
mod schema;
mod schema_doc;
mod scope;
mod scopes;
mod setting;
mod show;
#[cfg(test)]
mod tests;
mod tests_file;
mod waived;
mod weaker;

pub use declared::{Drills, Environment, MetricNames, Overrides, PolicyLimits, Service, Suppressions, Tenancy, Trust};
pub use effective::{FileChoice, Policy, Source};
pub use fault::{Fault, FileKind, PolicyError, PolicyFile};
pub use globs::Globs;
pub use load::{ReadFile, load};
pub use mentions::Mention;
pub use params::{Binder, ParamFault, PointsAt, param_faults, schema_faults};
pub use presets::{DEFAULT, PRESETS, Preset, preset};
pub use schema::{RuleSchema, schema, tests_schema};
pub use scope::{Facets, Selector};
pub use setting::{Param, Part, Provenance, Setting};
pub use show::{Scoped, Shown, ShownRule, ShownValue};
pub use tests_file::{Expected, PolicyTest, TestCommit, TestFile, TestPolicy, TestsFile};
pub use waived::Waived;
pub use weaker::{Weakening, waiver_weakenings, weakenings};

use crate::catalog::RuleMeta;

/// What a policy may name, told by whoever holds the registries.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// The rules of this version.
    pub rules: &'a [&'static RuleMeta],
    /// The systems that rollouts can be of; none means that scopes may name any.
    pub systems: &'a [&'static str],
    /// How the rules take their parameters.
    pub binder: &'a dyn Binder,
    /// The number of the policy's first file; the others follow.
    pub first_file: u32,
}
