//! Where the requests of a live split go.

use super::{Basis, Share};
use crate::text::Span;

/// One destination of a live split, the baseline included.
///
/// A router names destinations; an endpoint holds them with what each of them ships. Which of them is the candidate is
/// told by their history, and only without one by their names.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    /// The rule of the router it belongs to; "" where there is only one.
    pub rule: Box<str>,
    /// What the versions of one service have in common; "" where nothing tells that there are others.
    pub kin: Box<str>,
    /// How people call it.
    pub name: Box<str>,
    /// What it ships, where that stands beside it: two of equal content are the same, however they are called.
    pub ships: Vec<Box<str>>,
    /// Its share of the rule's requests, where it is known.
    pub share: Option<Share>,
    /// What it is a share of.
    pub basis: Basis,
    /// How strongly its name says "new" (above 0) or "old" (below 0).
    pub leaning: i8,
    /// The number of the version that its name tells.
    pub number: Option<u64>,
    /// Where the share stands, or the destination.
    pub span: Span,
}

impl Destination {
    /// What tells it from others over time: what it ships, else its name.
    pub fn key(&self) -> String {
        if self.ships.is_empty() { self.name.to_string() } else { self.ships.join("\n") }
    }
}
