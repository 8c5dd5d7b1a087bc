//! Where the requests of a live split go.

use super::{Basis, Payload, Share};
use crate::text::Span;

/// The rule of a router that a destination belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterRule {
    /// What tells it from the router's other rules over time: its name, else what it matches; "" where there is only one.
    pub key: Box<str>,
    /// Its place among the rules.
    pub place: usize,
    /// Does it take whatever no other rule takes?
    pub takes_the_rest: bool,
}

impl RouterRule {
    /// The one rule of what has no rules.
    pub fn only() -> Self {
        Self { key: "".into(), place: 0, takes_the_rest: true }
    }
}

/// What runs behind a destination, as far as the checked set tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Backing {
    /// What it runs.
    pub payload: Vec<Payload>,
    /// What led there: a Service, a rule that defines subsets.
    pub told_by: Vec<Span>,
}

/// One destination of a live split, the baseline included.
///
/// A router names destinations; an endpoint holds them with what each of them ships. Which of them is the candidate is
/// told by their history, and only without one by their names.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    /// The rule of the router it belongs to.
    pub rule: RouterRule,
    /// What the versions of one service have in common; "" where nothing tells that there are others.
    pub kin: Box<str>,
    /// How people call it.
    pub name: Box<str>,
    /// What it ships, where that stands beside it: two of equal content are the same, however they are called.
    pub ships: Vec<Box<str>>,
    /// What runs behind its name: the same name may come to mean another thing. `None` where these files do not tell.
    pub backing: Option<Backing>,
    /// Does its name stand for one content for ever, as that of a revision does?
    pub immutable: bool,
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
    /// The leaning of a flag's off value: who is sent there meets nothing new, whatever history tells.
    pub const OFF: i8 = i8::MIN;

    /// What tells it from others over time: what it ships, else its name. A name that stands for one content tells both.
    pub fn key(&self) -> String {
        if self.immutable || self.ships.is_empty() { self.name.to_string() } else { self.ships.join("\n") }
    }

    /// Does anybody meet it, as far as is known?
    pub fn is_met(&self) -> bool {
        self.share.is_some_and(|s| s > Share::NONE)
    }

    /// What runs behind it, in an order that does not depend on where it is written; `None` where that is not known.
    pub fn serves(&self) -> Option<Vec<(&str, &str)>> {
        self.backing.as_ref().map(|b| Payload::contents(&b.payload))
    }
}
