//! Why git could not tell, in words that say what to do about it.

use super::failure::Failure;
use super::surroundings::Surroundings;
use crate::history::HistoryError;

/// How to get more history here.
pub(super) fn deepen(_around: &Surroundings) -> String {
    "fetch more history: `git fetch --unshallow --filter=blob:limit=1m`".to_owned()
}

/// The failure that `error` is.
pub(super) fn explain(error: &HistoryError, around: &Surroundings) -> Failure {
    Failure::new(error.to_string(), deepen(around))
}
