//! Why a finding does not count: an ignore beside it, a waiver, the baseline. In this order, and before overrides.

mod comment;
mod hide;
mod of_base;
mod of_change;
mod waive;
mod written;

pub use waive::{BASELINE, Kept, WAIVERS, baseline_of};
pub use written::Written;

pub(super) use hide::{Asked, Candidate, hide, judges_ignores};
pub(super) use of_base::{grown, waivers_of_base};
pub(super) use of_change::candidates;
pub(super) use waive::{Records, without_waivers};
pub(super) use written::written;

use crate::catalog::RuleMeta;
use crate::policy::Policy;

/// Can a finding of `rule` be hidden without anybody's approval, by an ignore or by the baseline? Not what keeps the gate
/// closed: a manifest that can't be read, a change that loosens what it is judged by, and what is wrong with ignores.
pub fn can_be_hidden(policy: &Policy, rule: &RuleMeta) -> bool {
    let is_fixed = judges_ignores(rule) || matches!(rule.id, "manifest-unreadable" | "policy-weakened");
    !is_fixed && !policy.suppressions.forbids(rule.id)
}
