//! Why git could not tell, in words that say what to do about it; and git as the detection of CI providers asks it.

use super::ci::{self, Ancestry};
use super::failure::Failure;
use super::surroundings::Surroundings;
use crate::history::{Git, HistoryError, Needed, ObjectId};

/// How to get more history here.
pub(super) fn deepen() -> String {
    ci::deepen_hint(ci::provider(&Surroundings::ci()), Needed::History)
}

/// How to get the tags here.
pub(super) fn fetch_tags() -> String {
    ci::tags_hint(ci::provider(&Surroundings::ci()))
}

/// The failure that `error` is.
pub(super) fn explain(error: &HistoryError) -> Failure {
    ci::history_failure(error, ci::provider(&Surroundings::ci()))
}

impl Ancestry for Git {
    fn resolve(&self, rev: &str) -> Result<Option<ObjectId>, HistoryError> {
        match Self::resolve(self, rev) {
            Ok(id) => Ok(Some(id)),
            Err(HistoryError::NoSuchRevision { .. } | HistoryError::Unborn) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn parents(&self, id: ObjectId) -> Result<Vec<ObjectId>, HistoryError> {
        Ok(self.commit(&id)?.parents)
    }

    fn is_ancestor(&self, old: ObjectId, new: ObjectId) -> Result<bool, HistoryError> {
        Self::is_ancestor(self, &old, &new)
    }

    fn has(&self, id: ObjectId) -> bool {
        Self::has(self, &id)
    }
}
