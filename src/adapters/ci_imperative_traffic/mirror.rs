//! A copy of the traffic while a job runs.

use crate::model::{Comparer, Fact, Shadow, Share};
use crate::text::Span;

/// What one job copies to a new version, and what it does meanwhile.
#[derive(Default)]
pub(super) struct Mirror {
    copied: Option<(Option<Share>, Span)>,
    is_closed: bool,
    /// `None` where nobody can know how long it is.
    seconds: Option<u64>,
    compares: Option<Box<str>>,
    has_slept: bool,
}

impl Mirror {
    /// Is anything copied?
    pub(super) const fn is_some(&self) -> bool {
        self.copied.is_some()
    }

    const fn is_open(&self) -> bool {
        self.is_some() && !self.is_closed
    }

    /// Copies `share` from now on, or nothing any more.
    pub(super) fn turn(&mut self, share: Option<Share>, span: Span) {
        if share == Some(Share::NONE) {
            self.close();
        } else if self.copied.is_none() {
            self.copied = Some((share, span));
            self.seconds = Some(0);
        }
    }

    /// Traffic that is moved is not copied any more: Azure refuses both for one deployment.
    pub(super) const fn close(&mut self) {
        self.is_closed |= self.is_some();
    }

    /// It waits so many seconds.
    pub(super) fn sleep(&mut self, seconds: Option<u64>) {
        if self.is_open() {
            self.has_slept = true;
            self.seconds = self.seconds.and_then(|sum| sum.checked_add(seconds?));
        }
    }

    /// It runs a program, which may compare the answers.
    pub(super) fn program(&mut self, name: &str) {
        if self.is_open() {
            self.compares.get_or_insert(name.into());
        }
    }

    /// The shadow that it comes to. What another job goes on copying is compared there, if at all.
    pub(super) fn shadow(self) -> Option<Shadow> {
        let (share, span) = self.copied?;
        let comparer = match self.compares.clone() {
            Some(name) => Comparer::Named(name),
            None if self.is_closed => Comparer::Nothing,
            None => Comparer::Unknown,
        };
        // A program without a `sleep` beside it may wait for as long as it likes.
        let is_told = self.has_slept || self.compares.is_none();
        let duration = match self.seconds.filter(|_| is_told) {
            _ if !self.is_closed => Fact::Absent { near: span },
            Some(seconds) => Fact::stated(seconds, span),
            None => Fact::Dynamic { expr: "".into(), span },
        };
        let share = share.map_or_else(|| Fact::Dynamic { expr: "".into(), span }, |share| Fact::stated(share, span));
        Some(Shadow { share, duration, comparer, span })
    }
}
