//! Whether one policy asks for less than another: by what the two come to, not by their text.
//!
//! Rules are compared outside of all scopes, for every kind of change that has a class, and for the rollouts of every
//! scope and of every two scopes that can hold together. Globs are told apart by their text. What only becomes stricter is
//! never told, nor an order, nor where a value is written.
//!
//! `limits` are not compared: reaching one is a finding or exit 2, never a pass. Nor is `timezone`, but for the deploy
//! windows that follow it, nor a service's traffic and tenancy, which no rule reads yet.

mod contexts;
mod declared;
mod keys;
mod place;
mod settings;
#[cfg(test)]
mod tests;
mod waivers;

pub use waivers::waiver_weakenings;

use std::collections::BTreeSet;
use std::sync::Arc;

use self::contexts::{Looked, contexts};
use self::settings::Comparison;
use super::{Binder, Policy};
use crate::clock::Moment;
use crate::text::Span;

/// Something of which a policy asks for less than another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weakening {
    /// Where the later policy says so. For what was taken away: what is nearest to where it would stand. `None` where no
    /// file of the repository says anything any more.
    pub span: Option<Span>,
    /// What it is about, stable under edits elsewhere: `canary-too-small.min`, `scope environment=staging: big-bang`.
    pub about: String,
    /// One sentence: `` `canary-too-small.min` falls from 1% to 0.5% ``.
    pub what: String,
    /// From when on it makes no difference any more: the end of a freeze that was taken away.
    pub ends: Option<Moment>,
}

impl Weakening {
    /// Does it make a difference at `now` or after it?
    pub fn matters(&self, now: Moment) -> bool {
        self.ends.is_none_or(|end| end > now)
    }
}

/// Everything of which `after` asks for less than `before`, by place. `after` must have been read with a `first_file` that
/// tells its spans from those of other files.
pub fn weakenings(before: &Policy, after: &Policy, binder: &dyn Binder) -> Vec<Weakening> {
    let texts = |policy: &Policy| -> Vec<_> {
        policy.files.iter().map(|file| (Arc::clone(&file.text), file.root.clone())).collect()
    };
    if texts(before) == texts(after) && before.calendars == after.calendars {
        return Vec::new();
    }
    let comparison = Comparison::new(before, after, binder);
    let mut all = rules(&comparison);
    all.extend(keys::compare(before, after));
    all.extend(declared::compare(&comparison));
    all.sort();
    all.dedup();
    all
}

/// The rules, in every context: a wider one first, and what it tells is not told again for a narrower one.
fn rules(comparison: &Comparison<'_>) -> Vec<Weakening> {
    let mut told = BTreeSet::new();
    let (contexts, looked) = contexts(comparison.before, comparison.after);
    let mut all = Vec::new();
    if looked == Looked::AtSome {
        let what = "there are too many scopes to tell whether less is asked where two of them hold".to_owned();
        let span = place::rule(comparison.after, "");
        all.push(Weakening { span, about: "scopes".to_owned(), what, ends: None });
    }
    for context in contexts {
        let (before, after) = (context.settings(comparison.before), context.settings(comparison.after));
        for found in comparison.compare(&before, &after) {
            if told.insert(found.clone()) {
                all.push(found.told(&context));
            }
        }
    }
    all
}
