//! Which findings a waiver covers.

use super::globs::{Globs, Over, matcher};
use crate::model::{Waiver, WaiverTarget};

/// A waiver, ready to be held against findings.
pub struct Waived<'w> {
    /// The waiver.
    pub waiver: &'w Waiver,
    target: Globs,
}

impl<'w> Waived<'w> {
    /// Makes `waiver` ready; the error says what is wrong with its glob.
    ///
    /// # Errors
    /// When its glob can't be read.
    pub fn new(waiver: &'w Waiver) -> Result<Self, String> {
        let mut target = Globs::default();
        target.push(match &waiver.target {
            WaiverTarget::Rollout(glob) => matcher(glob, Over::Names)?,
            WaiverTarget::Path(glob) => matcher(glob, Over::Paths)?,
        });
        Ok(Self { waiver, target })
    }

    /// Does it cover a finding of `rule` about that rollout, if it is about one, in that file?
    pub fn covers(&self, rule: &str, rollout: Option<&str>, path: &str) -> bool {
        let told = match &self.waiver.target {
            WaiverTarget::Rollout(_) => rollout,
            WaiverTarget::Path(_) => Some(path),
        };
        *self.waiver.rule.value == *rule && told.is_some_and(|told| self.target.matches(told))
    }
}
