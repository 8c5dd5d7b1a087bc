//! Rollback criteria: what must not happen while the new version meets people.

use super::units::Unit;
use super::{Fact, Metric, MetricKind};
use crate::text::Span;

/// What kind of statement a criterion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CriterionClass {
    /// A number that the metric is held against.
    Absolute,
    /// A number that the distance from a baseline is held against.
    Relative,
    /// A score of a judge (Kayenta, an eval) held against a number.
    Score,
    /// "Worse than control", decided by a statistical test.
    Statistical,
    /// Something else decides: a webhook, a Job's exit code, a plugin.
    Opaque,
    /// Words without a comparison or without a number.
    Text,
}

impl CriterionClass {
    /// Its name in JSON and in `accept:`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Absolute => "absolute",
            Self::Relative => "relative",
            Self::Score => "score",
            Self::Statistical => "statistical",
            Self::Opaque => "opaque",
            Self::Text => "text",
        }
    }

    /// Is it a comparison with a number?
    pub const fn is_numeric(self) -> bool {
        matches!(self, Self::Absolute | Self::Relative | Self::Score)
    }
}

/// In which direction the metric is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Roll back above the bound.
    Above,
    /// Roll back below the bound.
    Below,
    /// Roll back when it rises by more than the bound against the baseline.
    Rise,
    /// Roll back when it drops by more than the bound against the baseline.
    Drop,
}

impl Comparison {
    /// Its name in JSON and in our own files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::Below => "below",
            Self::Rise => "rise",
            Self::Drop => "drop",
        }
    }
}

/// A number and its unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// The number as written.
    pub number: f64,
    /// Its unit; `Unit::None` where the text does not say.
    pub unit: Unit,
}

/// What happens when a criterion trips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Exposure goes back.
    Rollback,
    /// Exposure stops growing and somebody is asked.
    Pause,
    /// Somebody is told; traffic stays where it is.
    Notify,
}

impl Action {
    /// Its one name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rollback => "rollback",
            Self::Pause => "pause",
            Self::Notify => "notify",
        }
    }

    /// Does exposure stop growing by itself, with nobody's doing?
    pub const fn stops_growth(self) -> bool {
        match self {
            Self::Rollback | Self::Pause => true,
            Self::Notify => false,
        }
    }
}

/// Does anything look at the criterion while people are exposed?
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evaluated {
    /// Yes.
    Yes,
    /// No, and why: `dry run`, `attached to no stage`.
    No(Box<str>),
    /// Only after everybody has it.
    AfterExposure,
    /// These files do not tell.
    Unknown,
}

impl Evaluated {
    /// Its name in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No(_) => "no",
            Self::AfterExposure => "after-exposure",
            Self::Unknown => "unknown",
        }
    }
}

/// The stages, by index into the progression, during which a criterion is looked at; both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageRange {
    /// First stage.
    pub first: usize,
    /// Last stage.
    pub last: usize,
}

impl StageRange {
    /// Every stage.
    pub const ALL: Self = Self { first: 0, last: usize::MAX };

    /// The one stage `at`.
    pub const fn one(at: usize) -> Self {
        Self { first: at, last: at }
    }

    /// Is stage `at` among them?
    pub const fn holds(self, at: usize) -> bool {
        self.first <= at && at <= self.last
    }
}

/// One rollback criterion, always written as the condition to roll back *on*.
#[derive(Clone, Debug, PartialEq)]
pub struct Criterion {
    /// What is measured.
    pub metric: Metric,
    /// What kind of statement it is.
    pub class: CriterionClass,
    /// The direction that is bad, where there is one.
    pub comparison: Option<Comparison>,
    /// The number. `Absent` for opaque and textual criteria, `Dynamic` where an argument cannot be resolved.
    pub bound: Fact<Bound>,
    /// The condition's text as written, for messages and for criteria without a number.
    pub text: Option<Box<str>>,
    /// Seconds over which the metric is looked at.
    pub window: Option<u64>,
    /// How many failed measurements are tolerated before it trips.
    pub tolerated: Option<u32>,
    /// What happens when it trips.
    pub action: Action,
    /// Does anything look at it?
    pub evaluated: Evaluated,
    /// During which stages.
    pub covers: StageRange,
    /// Why it can never trip, or not in time, in words that end a sentence beginning "this analysis …"; and where.
    pub cannot_fire: Option<(Box<str>, Span)>,
    /// Where the criterion stands: the condition, the threshold, the line of text.
    pub span: Span,
    /// Where the rollout refers to it, when it stands in another document.
    pub via: Option<Span>,
}

impl Criterion {
    /// A criterion that something else decides: a webhook, a Job, a plugin. `text` says what.
    pub fn opaque(name: &str, text: &str, covers: StageRange, span: Span) -> Self {
        Self {
            metric: Metric { kind: MetricKind::Custom, name: name.into(), percentile_tenths: None },
            class: CriterionClass::Opaque,
            comparison: None,
            bound: Fact::Absent { near: span },
            text: Some(text.into()),
            window: None,
            tolerated: None,
            action: Action::Rollback,
            evaluated: Evaluated::Yes,
            covers,
            cannot_fire: None,
            span,
            via: None,
        }
    }

    /// Does it compare with a number, known or not?
    pub const fn is_numeric(&self) -> bool {
        self.class.is_numeric()
    }

    /// May something look at it while people are exposed, as far as these files tell?
    pub const fn is_watched(&self) -> bool {
        match self.evaluated {
            Evaluated::Yes | Evaluated::Unknown => true,
            Evaluated::No(_) | Evaluated::AfterExposure => false,
        }
    }

    /// What a message calls it: its metric's name, else its text.
    pub fn label(&self) -> &str {
        match (&*self.metric.name, &self.text) {
            ("", Some(text)) => text,
            ("", None) => "criterion",
            (name, _) => name,
        }
    }
}
