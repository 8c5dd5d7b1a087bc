//! Records beside rollouts: drills, waivers, criteria documents.

use chrono::{DateTime, FixedOffset, NaiveDate};

use super::Criterion;
use crate::text::{Span, Spanned};

/// How a drill ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrillOutcome {
    /// The service went back.
    Success,
    /// It did not.
    Failure,
}

/// What git can be asked to confirm a drill by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A commit id, maybe abbreviated.
    Commit(Box<str>),
    /// A tag's name.
    Tag(Box<str>),
}

/// One rollback drill on record.
#[derive(Clone, Debug, PartialEq)]
pub struct Drill {
    /// The service that was rolled back.
    pub service: Spanned<Box<str>>,
    /// Where, if written.
    pub environment: Option<Box<str>>,
    /// When.
    pub performed: Spanned<DateTime<FixedOffset>>,
    /// How it ended.
    pub outcome: Spanned<DrillOutcome>,
    /// Seconds from the decision to the old version answering.
    pub time_to_rollback: Option<Spanned<u64>>,
    /// What git can confirm it by.
    pub evidence: Vec<Spanned<Evidence>>,
    /// The document's name or kind, for findings about something absent in it.
    pub anchor: Span,
}

/// What a waiver covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaiverTarget {
    /// Rollouts by name glob.
    Rollout(Box<str>),
    /// Files by path glob.
    Path(Box<str>),
}

/// One accepted finding, with a date on which the acceptance ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiver {
    /// The rule waived.
    pub rule: Spanned<Box<str>>,
    /// What it covers.
    pub target: WaiverTarget,
    /// Why.
    pub reason: Box<str>,
    /// Who answers for it.
    pub owner: Option<Box<str>>,
    /// Who approved it.
    pub approved_by: Option<Box<str>>,
    /// The tracker's id.
    pub ticket: Option<Box<str>>,
    /// The last day it holds, in the policy's zone.
    pub expires: Spanned<NaiveDate>,
    /// The whole entry.
    pub span: Span,
}

/// A document that holds criteria and rolls nothing out: an analysis template, a Kayenta config.
#[derive(Clone, Debug, PartialEq)]
pub struct CriteriaDocument {
    /// The format page's name: `argo-rollouts`.
    pub system: &'static str,
    /// Kind of the object.
    pub kind: Box<str>,
    /// Name of the object.
    pub name: Spanned<Box<str>>,
    /// Its criteria, before anything that refers to it supplies arguments.
    pub criteria: Vec<Criterion>,
    /// The document.
    pub span: Span,
}
