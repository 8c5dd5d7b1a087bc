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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Basis, Exposure, Fact};
    use crate::text::FileId;

    const HERE: Span = Span::new(FileId(0), 0, 1);

    fn stage(percent: f64, hold: Hold) -> Stage {
        let exposure = Exposure::exact(Share::from_percent(percent), Basis::Users);
        Stage { hold: Fact::stated(hold, HERE), ..Stage::new(Fact::stated(exposure, HERE), HERE) }
    }

    fn plan(stages: Vec<Stage>) -> Planned {
        Planned {
            name: Spanned::new("p".into(), HERE),
            named: HERE,
            environment: None,
            stages,
            start: Some(DateTime::parse_from_rfc3339("2026-12-01T10:00:00Z").unwrap()),
            ships: Vec::new(),
        }
    }

    fn percent(share: Option<&Stage>) -> Option<f64> {
        share.and_then(Stage::share).map(Share::percent)
    }

    #[test]
    fn a_stage_is_left_out_by_more_than_a_tenth() {
        let plan = plan(vec![stage(5.0, Hold::Timed(60)), stage(50.0, Hold::None), stage(100.0, Hold::None)]);
        let left_out = |from: f64, to: f64| percent(plan.left_out(Share::from_percent(from), Share::from_percent(to)));
        assert_eq!([left_out(0.0, 5.5), left_out(0.0, 5.6), left_out(5.0, 100.0)], [None, Some(5.0), Some(50.0)]);
        assert_eq!([left_out(50.0, 100.0), left_out(100.0, 100.0)], [None, None]);
        let dynamic = Stage::new(Fact::Dynamic { expr: "{{ s }}".into(), span: HERE }, HERE);
        let unknown = Planned { stages: vec![stage(5.0, Hold::None), dynamic], ..plan.clone() };
        assert_eq!(unknown.left_out(Share::NONE, Share::ALL), None);
    }

    #[test]
    fn holds_tell_how_far_a_plan_can_have_come() {
        let stages = vec![stage(5.0, Hold::Timed(3600)), stage(25.0, Hold::Gated), stage(100.0, Hold::None)];
        let plan = plan(stages);
        let at = |time: &str| percent(plan.reached(DateTime::parse_from_rfc3339(time).unwrap().to_utc()));
        assert_eq!(at("2026-11-01T00:00:00Z"), Some(5.0));
        assert_eq!(at("2026-12-01T10:59:59Z"), Some(5.0));
        assert_eq!(at("2026-12-01T11:00:00Z"), Some(100.0), "what waits for a person may go on at once");
        assert_eq!(Planned { start: None, ..plan.clone() }.reached(DateTime::UNIX_EPOCH), None);
    }
}
