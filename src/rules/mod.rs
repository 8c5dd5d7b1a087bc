//! One rule per file: each judges the model, none knows a format.
//!
//! A rule is `declare_rule!` with its page, its parameters, and `impl Rule`. It is synchronous, infallible and pure.

pub mod analysis_cannot_fire;
pub mod beta_size;
pub mod big_bang;
pub mod canary_too_large;
pub mod canary_too_small;
pub mod criteria_after_exposure;
pub mod criteria_loosened;
mod cx;
mod def;
pub mod deploy_days;
pub mod deploy_window;
pub mod field_ignored;
pub mod flag_required;
pub mod hold_cut_short;
pub mod hold_too_short;
mod ignores;
pub mod manifest_invalid;
pub mod manifest_unreadable;
pub mod monitor_missing;
pub mod offline_eval_missing;
mod passed;
pub mod policy_weakened;
pub mod reading_ambiguous;
pub mod reference_unresolved;
pub mod rings_required;
pub mod rollback_criteria_missing;
pub mod rollback_criterion_not_numeric;
pub mod rollback_criterion_too_loose;
pub mod rollback_drill_slow;
pub mod rollback_drill_stale;
pub mod rollback_drill_unproven;
pub mod rollback_not_enforced;
pub mod rollback_path_missing;
pub mod rollback_starts_late;
pub mod rollout_too_fast;
pub mod shadow_required;
pub mod shadow_too_short;
pub mod shadow_without_comparison;
pub mod stage_skipped;
pub mod step_too_steep;
pub mod strategy_required;
pub mod suppression_expired;
pub mod suppression_unapproved;
pub mod suppression_unexplained;
pub mod suppression_unused;
#[cfg(test)]
pub(crate) mod testing;
pub mod ungated_change;
pub mod ungated_workload;
mod weaker;
pub mod weight_unreachable;

pub use cx::{Cx, DeclaredService, Facts, GovernedChange, LoosenedGate, Raw, Weakened};
pub use def::{Bound, RuleDef};
pub use ignores::{Fate, Ignore, Term};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::catalog::RuleMeta;
use crate::finding::Weaker;
use crate::model::{Change, Rollout};

/// Judges rollouts, or the repository as a whole.
pub trait Rule: Sized + 'static {
    /// Its parameters, read from the policy. `Params::default()` is what the rule's page says.
    type Params: DeserializeOwned + Default + JsonSchema + Send + Sync + 'static;

    /// What it says of itself.
    const META: &'static RuleMeta;

    /// Parameters that follow another rule's unless they are set themselves: (own, rule, its parameter).
    const FOLLOWS: &'static [(&'static str, &'static str, &'static str)] = &[];

    /// Parameters that name calendars of the repository, which are read with the policy.
    const CALENDARS: &'static [&'static str] = &[];

    /// Do its findings depend on a change, on the time or on history? An ignore that hides none of them today may be
    /// needed all the same.
    const COMES_AND_GOES: bool = false;

    /// Does it ask for something that only a plan holds, so that it judges a change that no rollout carries too
    /// ([`Rollout::unplanned`])?
    const JUDGES_UNPLANNED: bool = false;

    /// Judges one rollout with the parameters that the policy gives it there.
    fn rollout(_params: &Self::Params, _rollout: &Rollout, _cx: &mut Cx<'_>) {}

    /// Judges what a change makes of one rollout: `change` says what stood before and what is behind it. Never asked of a
    /// rollback, nor where no change is judged.
    fn change(_params: &Self::Params, _change: &Change, _rollout: &Rollout, _cx: &mut Cx<'_>) {}

    /// Judges what belongs to no rollout, with the parameters the policy gives outside of scopes.
    fn repository(_params: &Self::Params, _cx: &mut Cx<'_>) {}

    /// Which parameters of `after` ask for less than those of `before`.
    fn weakened(_before: &Self::Params, _after: &Self::Params) -> Vec<Weaker> {
        Vec::new()
    }
}

/// A rule without parameters.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

/// Every rule, sorted by family, then id.
pub static ALL: &[RuleDef] = &[
    RuleDef::of::<big_bang::BigBang>(),
    RuleDef::of::<canary_too_large::CanaryTooLarge>(),
    RuleDef::of::<canary_too_small::CanaryTooSmall>(),
    RuleDef::of::<step_too_steep::StepTooSteep>(),
    RuleDef::of::<ungated_change::UngatedChange>(),
    RuleDef::of::<ungated_workload::UngatedWorkload>(),
    RuleDef::of::<weight_unreachable::WeightUnreachable>(),
    RuleDef::of::<hold_cut_short::HoldCutShort>(),
    RuleDef::of::<hold_too_short::HoldTooShort>(),
    RuleDef::of::<rollout_too_fast::RolloutTooFast>(),
    RuleDef::of::<stage_skipped::StageSkipped>(),
    RuleDef::of::<analysis_cannot_fire::AnalysisCannotFire>(),
    RuleDef::of::<criteria_after_exposure::CriteriaAfterExposure>(),
    RuleDef::of::<criteria_loosened::CriteriaLoosened>(),
    RuleDef::of::<rollback_criteria_missing::RollbackCriteriaMissing>(),
    RuleDef::of::<rollback_criterion_not_numeric::RollbackCriterionNotNumeric>(),
    RuleDef::of::<rollback_criterion_too_loose::RollbackCriterionTooLoose>(),
    RuleDef::of::<rollback_not_enforced::RollbackNotEnforced>(),
    RuleDef::of::<rollback_path_missing::RollbackPathMissing>(),
    RuleDef::of::<rollback_starts_late::RollbackStartsLate>(),
    RuleDef::of::<shadow_required::ShadowRequired>(),
    RuleDef::of::<shadow_too_short::ShadowTooShort>(),
    RuleDef::of::<shadow_without_comparison::ShadowWithoutComparison>(),
    RuleDef::of::<beta_size::BetaSize>(),
    RuleDef::of::<flag_required::FlagRequired>(),
    RuleDef::of::<monitor_missing::MonitorMissing>(),
    RuleDef::of::<offline_eval_missing::OfflineEvalMissing>(),
    RuleDef::of::<rings_required::RingsRequired>(),
    RuleDef::of::<strategy_required::StrategyRequired>(),
    RuleDef::of::<deploy_window::DeployWindow>(),
    RuleDef::of::<rollback_drill_slow::RollbackDrillSlow>(),
    RuleDef::of::<rollback_drill_stale::RollbackDrillStale>(),
    RuleDef::of::<rollback_drill_unproven::RollbackDrillUnproven>(),
    RuleDef::of::<field_ignored::FieldIgnored>(),
    RuleDef::of::<manifest_invalid::ManifestInvalid>(),
    RuleDef::of::<manifest_unreadable::ManifestUnreadable>(),
    RuleDef::of::<policy_weakened::PolicyWeakened>(),
    RuleDef::of::<reading_ambiguous::ReadingAmbiguous>(),
    RuleDef::of::<reference_unresolved::ReferenceUnresolved>(),
    RuleDef::of::<suppression_expired::SuppressionExpired>(),
    RuleDef::of::<suppression_unapproved::SuppressionUnapproved>(),
    RuleDef::of::<suppression_unexplained::SuppressionUnexplained>(),
    RuleDef::of::<suppression_unused::SuppressionUnused>(),
];

/// The rule of that id.
pub fn find(id: &str) -> Option<&'static RuleDef> {
    ALL.iter().find(|r| r.meta.id == id)
}
