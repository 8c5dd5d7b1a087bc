//! What a manifest tells us about one value.

use crate::text::{Span, Spanned};

/// What a manifest tells us about one value. Rules match all four cases; none is an `Option` with a `bool` beside it.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact<T> {
    /// Written in the file.
    Stated(Spanned<T>),
    /// Not written; the platform documents what it takes then.
    Defaulted {
        /// The platform's default.
        value: T,
        /// Who says so, as a person would cite it: `argo-rollouts: 10 when absent`.
        by: &'static str,
        /// The key of the nearest parent that is there.
        near: Span,
    },
    /// Not written, and there is no default.
    Absent {
        /// The key of the nearest parent that is there.
        near: Span,
    },
    /// A template, an expression or a reference whose value no reader of these files can know.
    Dynamic {
        /// The text as it stands.
        expr: Box<str>,
        /// Where it stands.
        span: Span,
    },
}

impl<T> Fact<T> {
    /// A value written at `span`.
    pub const fn stated(value: T, span: Span) -> Self {
        Self::Stated(Spanned::new(value, span))
    }

    /// The value, written or defaulted.
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Stated(s) => Some(&s.value),
            Self::Defaulted { value, .. } => Some(value),
            Self::Absent { .. } | Self::Dynamic { .. } => None,
        }
    }

    /// The value if it is written in the file.
    pub const fn written(&self) -> Option<&T> {
        match self {
            Self::Stated(s) => Some(&s.value),
            Self::Defaulted { .. } | Self::Absent { .. } | Self::Dynamic { .. } => None,
        }
    }

    /// Where the value stands, or the nearest parent that does.
    pub const fn span(&self) -> Span {
        match self {
            Self::Stated(s) => s.span,
            Self::Defaulted { near, .. } | Self::Absent { near } => *near,
            Self::Dynamic { span, .. } => *span,
        }
    }

    /// Is the value out of these files' reach?
    pub const fn is_dynamic(&self) -> bool {
        matches!(self, Self::Dynamic { .. })
    }

    /// Is there neither a value nor a default?
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent { .. })
    }

    /// The same knowledge about a derived value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Stated(s) => Fact::Stated(Spanned::new(f(s.value), s.span)),
            Self::Defaulted { value, by, near } => Fact::Defaulted { value: f(value), by, near },
            Self::Absent { near } => Fact::Absent { near },
            Self::Dynamic { expr, span } => Fact::Dynamic { expr, span },
        }
    }

    /// Fills an absent value with the platform's documented default.
    #[must_use]
    pub fn or_default(self, value: T, by: &'static str) -> Self {
        match self {
            Self::Absent { near } => Self::Defaulted { value, by, near },
            other @ (Self::Stated(_) | Self::Defaulted { .. } | Self::Dynamic { .. }) => other,
        }
    }
}
