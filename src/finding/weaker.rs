//! How a rule says that one of its parameters asks for less than it did.

use crate::clock::Moment;

/// A parameter that asks for less than it did before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weaker {
    /// The parameter.
    pub parameter: &'static str,
    /// How it changed, after the parameter's name: `falls from 1% to 0.5%`.
    pub how: String,
    /// From when on it makes no difference any more: the end of a freeze that was taken away.
    pub ends: Option<Moment>,
}

impl Weaker {
    /// `parameter` asks for less, from now on.
    pub fn new(parameter: &'static str, how: impl Into<String>) -> Self {
        Self { parameter, how: how.into(), ends: None }
    }
}
