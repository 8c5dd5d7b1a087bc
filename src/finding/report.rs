//! The result of a run.

use super::{Finding, State, Undetermined};
use crate::catalog::{Level, RuleMeta};
use crate::clock::{Moment, Tz};
use crate::text::FileId;

/// Whose word counts where a change is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// `base` or `head`.
    pub side: &'static str,
    /// The commit that the policy was read from.
    pub commit: Option<String>,
}

/// Which policy judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyNote {
    /// Its path, or `preset recommended`.
    pub source: String,
    /// What it extends, in order.
    pub extends: Vec<String>,
    /// Was none found, so that the default applies?
    pub is_default: bool,
    /// Where a change is judged: whose policy it is.
    pub trust: Option<Trust>,
}

/// Something that should have been judged and couldn't be: not the user's news, but a reason to trust nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// The file, where there is one.
    pub path: Option<String>,
    /// What is wrong, no final stop.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// A file that was left out on purpose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// Its path.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// A rollout that was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedRollout {
    /// Its file.
    pub file: FileId,
    /// `Rollout prod/web`.
    pub title: Box<str>,
}

/// What was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Files read.
    pub files: usize,
    /// Documents in them, those of unknown kinds included.
    pub documents: usize,
    /// Rollouts that were judged.
    pub rollouts: usize,
    /// Which they are.
    pub judged: Vec<JudgedRollout>,
    /// Files left out on purpose.
    pub skipped: Vec<Skipped>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing at or above the level that fails.
    Clean,
    /// Something is.
    Findings,
    /// It could not be decided.
    Undecided,
}

impl Verdict {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Findings => "findings",
            Self::Undecided => "undecided",
        }
    }

    /// The exit code it stands for.
    pub const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Undecided => 2,
        }
    }
}

/// The result of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// The moment it judged for.
    pub as_of: Moment,
    /// The zone times are shown in.
    pub zone: Tz,
    /// The policy that judged.
    pub policy: PolicyNote,
    /// The level that fails.
    pub fail_on: Level,
    /// What an undetermined value costs.
    pub undetermined_level: Level,
    /// Findings, sorted by place.
    pub findings: Vec<Finding>,
    /// What could not be known, sorted by place.
    pub undetermined: Vec<Undetermined>,
    /// What is said beside the findings.
    pub notices: Vec<String>,
    /// Why the run could not decide, if it couldn't.
    pub failures: Vec<Failure>,
    /// What was looked at.
    pub coverage: Coverage,
    /// The rules that ran.
    pub rules: Vec<&'static RuleMeta>,
}

impl Report {
    /// How the run ended: undecided beats findings, findings beat clean.
    pub fn verdict(&self) -> Verdict {
        let found = self.findings.iter().any(|f| self.fails(f));
        let unknown = !self.undetermined.is_empty() && self.unknown_fails();
        if !self.failures.is_empty() {
            Verdict::Undecided
        } else if found || unknown {
            Verdict::Findings
        } else {
            Verdict::Clean
        }
    }

    /// Does `finding` fail the run?
    pub fn fails(&self, finding: &Finding) -> bool {
        finding.state == State::Active && self.fails_at(finding.level)
    }

    /// Does what could not be known fail the run?
    pub fn unknown_fails(&self) -> bool {
        self.fails_at(self.undetermined_level)
    }

    fn fails_at(&self, level: Level) -> bool {
        level != Level::Off && level >= self.fail_on
    }
}
