//! Inline ignores, and what became of each in this run: what the `suppression-*` rules judge.

use chrono::NaiveDate;

use crate::text::{Span, Spanned};

/// An ignore in a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignore {
    /// The comment.
    pub span: Span,
    /// The object it stands in and the path there: stable under edits elsewhere.
    pub beside: Box<str>,
    /// Why it can't be read, and what to write; the rest says nothing then.
    pub unread: Option<(String, String)>,
    /// Does it say why, or need not?
    pub is_explained: bool,
    /// Until when it holds.
    pub term: Term,
    /// Does it count as far as the base branch is concerned: is it there too, or is no change judged?
    pub is_approved: bool,
    /// The rules it names, and what came of each.
    pub rules: Vec<(Spanned<Box<str>>, Fate)>,
}

impl Ignore {
    /// Does it hide anything of the rules that it may hide?
    pub fn holds(&self) -> bool {
        self.unread.is_none() && self.is_explained && self.is_approved && self.term == Term::Holds
    }
}

/// Until when an ignore holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// Until a day that is neither over nor too far ahead.
    Holds,
    /// It names no day; `last` is the furthest it may name.
    Missing {
        /// The furthest day.
        last: Option<NaiveDate>,
    },
    /// What it names is no day.
    Malformed {
        /// What is written.
        text: Box<str>,
        /// The furthest day it may name.
        last: Option<NaiveDate>,
    },
    /// That day is over.
    Over(NaiveDate),
    /// It lies further ahead than the policy allows.
    TooFar {
        /// The day.
        day: NaiveDate,
        /// The furthest it may name.
        last: Option<NaiveDate>,
    },
}

/// What came of one rule that an ignore names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A finding of it is hidden.
    Hides,
    /// It was asked, and there is nothing to hide.
    HidesNothing,
    /// Nobody can tell: it was not asked here, could not decide, or its findings come and go.
    NotTold,
    /// It can't be ignored.
    Forbidden,
    /// There is no such rule; maybe that one was meant.
    Unknown(Option<&'static str>),
}
