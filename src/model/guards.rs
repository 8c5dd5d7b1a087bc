//! What a plan brings beside its stages so that a change can be taken back and was tried before.

use crate::text::{Span, Spanned};

/// The flag that switches a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagUse {
    /// Where the flag lives: `launchdarkly`; `None` where that is not written.
    pub system: Option<Box<str>>,
    /// Its key.
    pub key: Box<str>,
    /// Whom it switches one by one: `user`, `tenant`; `None` where that is not written.
    pub unit: Option<Box<str>>,
    /// Where the flag is named.
    pub span: Span,
}

impl FlagUse {
    /// Does it switch customers one by one, rather than their users?
    pub fn is_per_tenant(&self) -> bool {
        self.unit.as_deref().is_some_and(|unit| TENANTS.iter().any(|t| unit.eq_ignore_ascii_case(t)))
    }
}

/// What customers are called.
const TENANTS: [&str; 5] = ["tenant", "account", "organization", "organisation", "customer"];

/// An evaluation that was run before anybody met the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfflineEval {
    /// The suite that was run.
    pub suite: Option<Spanned<Box<str>>>,
    /// What came of it.
    pub result: Option<Spanned<Box<str>>>,
    /// Where the evaluation is named.
    pub span: Span,
}

/// What a plan brings beside its stages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guards {
    /// The flag that switches it.
    pub flag: Option<FlagUse>,
    /// The evaluation before it.
    pub offline_eval: Option<OfflineEval>,
    /// Does the service serve several customers? `None` where that is not written.
    pub multi_tenant: Option<Spanned<bool>>,
}
