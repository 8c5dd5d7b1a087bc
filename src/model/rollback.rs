//! The way back.

use super::{Criterion, Fact};
use crate::text::Span;

/// How going back is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A flag is switched off.
    FlagOff,
    /// Traffic goes back to what still runs.
    TrafficFlip,
    /// The earlier version is deployed again.
    Redeploy,
}

/// When and how a rollout goes back.
#[derive(Clone, Debug, PartialEq)]
pub struct RollbackPlan {
    /// What must not happen.
    pub criteria: Vec<Criterion>,
    /// Does the platform act by itself? `Absent`: people act.
    pub automatic: Fact<bool>,
    /// How.
    pub method: Option<Method>,
    /// Seconds the old side stays ready after everybody has the new one. `Absent`: this way of rolling out keeps no old
    /// side (a rolling update), or these files do not tell. `Stated(0)`: it is removed at once.
    pub way_back: Fact<u64>,
    /// How many old revisions are kept to return to.
    pub revisions: Fact<u64>,
    /// Who is on call, as written.
    pub on_call: Option<Box<str>>,
    /// Where a reader would look for the criteria: `rollback:`, `analysis:`, `canary:`, else the object's name.
    pub anchor: Span,
}

impl RollbackPlan {
    /// A plan that says nothing; findings about its absence are anchored at `anchor`.
    pub const fn none(anchor: Span) -> Self {
        Self {
            criteria: Vec::new(),
            automatic: Fact::Absent { near: anchor },
            method: None,
            way_back: Fact::Absent { near: anchor },
            revisions: Fact::Absent { near: anchor },
            on_call: None,
            anchor,
        }
    }
}
