//! What a run says: findings about the user's files, and the report around them.

mod baseline;
mod fingerprint;
mod fix;
mod report;
mod weaker;

pub use baseline::{Baseline, BaselineEntry};
pub use fingerprint::Fingerprint;
pub use fix::{Edit, Fix, Safety, Wish, edited};
pub use report::{Coverage, Failure, JudgedRollout, PolicyNote, Report, Skipped, Trust, Verdict};
pub use weaker::Weaker;

use crate::catalog::{Level, RuleMeta};
use crate::text::Span;

/// A second place and what it has to do with the finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What stands there, as part of a sentence.
    pub text: String,
}

/// The rollout a finding belongs to, as reports name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RolloutKey {
    /// The format: `argo-rollouts`.
    pub system: &'static str,
    /// API group.
    pub group: Box<str>,
    /// Kind.
    pub kind: Box<str>,
    /// Namespace, if written.
    pub namespace: Option<Box<str>>,
    /// Name.
    pub name: Box<str>,
    /// Service.
    pub service: Box<str>,
    /// Environment, if known.
    pub environment: Option<Box<str>>,
}

impl RolloutKey {
    /// `Rollout prod/web`.
    pub fn title(&self) -> String {
        let namespace = self.namespace.as_deref().map(|n| format!("{n}/")).unwrap_or_default();
        format!("{} {namespace}{}", self.kind, self.name)
    }
}

/// Does a finding count?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It does.
    Active,
    /// A comment beside it hides it, with a reason and until a day.
    Suppressed,
    /// A waiver on record accepts it.
    Waived,
    /// It was there when the baseline was written.
    Baselined,
    /// Somebody let the change through by a trailer, and the policy allows that.
    Overridden,
}

impl State {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suppressed => "suppressed",
            Self::Waived => "waived",
            Self::Baselined => "baselined",
            Self::Overridden => "overridden",
        }
    }
}

/// News for the user: a place in a file, what is wrong there, and what to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static RuleMeta,
    /// The level the policy gives it here.
    pub level: Level,
    /// Does it count?
    pub state: State,
    /// Why it doesn't count, where it doesn't: who accepted it and until when, as a sentence without a final stop.
    pub excuse: Option<String>,
    /// The exact value.
    pub primary: Span,
    /// One sentence: what was found against what is required, in numbers, without a final stop.
    pub what: String,
    /// The smallest edit that mends it.
    pub help: String,
    /// What was found, short: `1%`.
    pub found: Option<String>,
    /// What is required, short: `>= 2%`.
    pub required: Option<String>,
    /// Other places that belong to it.
    pub related: Vec<Label>,
    /// The rollout it belongs to.
    pub rollout: Option<RolloutKey>,
    /// What it is about within the rollout, stable under edits elsewhere: a field path or a metric's name.
    pub about: String,
    /// What would mend it, as its rule sees it.
    pub wish: Option<Wish>,
    /// Ways to mend it that were proved on the file, where they were asked for.
    pub fixes: Vec<Fix>,
    /// The commit it belongs to, where each is judged on its own.
    pub commit: Option<String>,
    /// Its identity across runs.
    pub fingerprint: Fingerprint,
}

/// Something that cannot be known from the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undetermined {
    /// The rule that could not decide.
    pub rule: &'static RuleMeta,
    /// The level the policy gives it here.
    pub level: Level,
    /// Where.
    pub span: Span,
    /// Why, as a word: `template`, `no-repository`.
    pub reason: &'static str,
    /// Why, as a sentence for people.
    pub what: String,
    /// The rollout it belongs to.
    pub rollout: Option<RolloutKey>,
}
