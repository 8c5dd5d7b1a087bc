//! What rules have in common when they say that a parameter asks for less than it did.

mod ceilings;
mod windows;

pub(super) use ceilings::ceilings;
pub(super) use windows::windows;

use std::fmt::Display;

use crate::clock::period::can_outlast;
use crate::finding::Weaker;
use crate::model::units::Period;

/// A minimum: a smaller one is weaker.
pub(super) fn falls<T: PartialOrd + Display>(parameter: &'static str, before: &T, after: &T) -> Option<Weaker> {
    (after < before).then(|| Weaker::new(parameter, format!("falls from {before} to {after}")))
}

/// A maximum: a larger one is weaker.
pub(super) fn rises<T: PartialOrd + Display>(parameter: &'static str, before: &T, after: &T) -> Option<Weaker> {
    (after > before).then(|| Weaker::new(parameter, format!("rises from {before} to {after}")))
}

/// A time within which something is done: one that can end later is weaker.
pub(super) fn outlasts(parameter: &'static str, before: &Period, after: &Period) -> Option<Weaker> {
    let longer = can_outlast((after.months, after.seconds), (before.months, before.seconds));
    longer.then(|| Weaker::new(parameter, format!("rises from {before} to {after}")))
}

/// A list of what is asked for: a name that is gone is weaker.
pub(super) fn loses(parameter: &'static str, before: &[String], after: &[String]) -> Option<Weaker> {
    let gone = beyond(before, after)?;
    Some(Weaker::new(parameter, format!("no longer names {gone}")))
}

/// A list of what is let through: a name that is new is weaker.
pub(super) fn gains(parameter: &'static str, before: &[String], after: &[String]) -> Option<Weaker> {
    let new = beyond(after, before)?;
    Some(Weaker::new(parameter, format!("newly names {new}")))
}

/// The names of `one` that are not in `other`, in words.
fn beyond(one: &[String], other: &[String]) -> Option<String> {
    let names: Vec<String> = one.iter().filter(|n| !other.contains(n)).map(|n| format!("`{n}`")).collect();
    (!names.is_empty()).then(|| names.join(", "))
}
