//! Reports as bytes: one file per output. A renderer never changes a verdict.

mod diff;
mod escape;
mod excerpt;
mod explain;
mod frame;
mod github;
mod gitlab;
mod human;
mod inspect;
mod inspect_json;
mod json;
mod junit;
mod link;
mod markdown;
mod sarif;
mod short;
mod words;
mod wrap;

pub use diff::diff;
pub use escape::visible;
pub use explain::explain;
pub use frame::{Detail, Drawer, Frame, Style, Underline, Weight};
pub use github::github;
pub use gitlab::gitlab;
pub use human::{frames, human};
pub use inspect::inspect;
pub use inspect_json::{Model, ModelReport, inspect_json};
pub use json::{JsonReport, json};
pub use junit::junit;
pub use link::link;
pub use markdown::{COMMENT, SUMMARY, markdown};
pub use sarif::sarif;
pub use short::short;
pub use wrap::wrap;

use crate::finding::{Finding, State};

/// Are the findings shown that do not count: suppressed, waived, baselined, overridden?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Excused {
    /// Only how many they are.
    #[default]
    Hidden,
    /// With why they don't count.
    Shown,
}

impl Excused {
    /// The findings to show.
    fn of(self, findings: &[Finding]) -> impl Iterator<Item = &Finding> {
        findings.iter().filter(move |f| self == Self::Shown || f.state == State::Active)
    }
}
