//! What a plan says of the flag that it names.

use chrono::{DateTime, Duration, FixedOffset, Utc};

use super::{Hold, Share, Stage};
use crate::text::{Span, Spanned};

/// What a plan says of the flag that it names.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The plan's name, and where that stands.
    pub name: Spanned<Box<str>>,
    /// Where the plan names the flag.
    pub named: Span,
    /// Where the plan goes, where it says so.
    pub environment: Option<Box<str>>,
    /// Its stages in order.
    pub stages: Vec<Stage>,
    /// When it starts, where it says so.
    pub start: Option<DateTime<FixedOffset>>,
    /// What it ships.
    pub ships: Vec<Box<str>>,
}

impl Planned {
    /// The first limited stage that who goes from `from` to `to` leaves out; a tenth more than a stage is still that stage.
    /// None where some share of the plan is not known.
    pub fn left_out(&self, from: Share, to: Share) -> Option<&Stage> {
        if self.stages.iter().any(|s| s.exposure.is_dynamic()) {
            return None;
        }
        let left_out = |share: Share| share.is_limited() && share > from && exceeds(to, share);
        self.stages.iter().find(|s| s.share().is_some_and(left_out))
    }

    /// The stage that the plan can have reached at `at` at most, as its start and its holds tell; the first before it
    /// starts. None where it says no start.
    pub fn reached(&self, at: DateTime<Utc>) -> Option<&Stage> {
        let mut begins = self.start?.to_utc();
        let mut reached = None;
        for stage in self.stages.iter().filter(|s| s.share() > Some(Share::NONE)) {
            if reached.is_none() || begins <= at {
                reached = Some(stage);
            }
            // What waits for a person or a check may go on at once.
            if let Some(Hold::Timed(seconds)) = stage.hold.known() {
                begins += Duration::seconds(i64::try_from(*seconds).unwrap_or_default());
            }
        }
        reached
    }
}

/// Is `there` more than `share`, by more than a tenth of it?
pub fn exceeds(there: Share, share: Share) -> bool {
    u64::from(there.ppm()) * 10 > u64::from(share.ppm()) * 11
}
