//! What all flag systems have in common: variations, rings, the split of the rest, and the rollout made of them.
//!
//! Rules for users of this module:
//!
//! - Fill a [`Flag`] in the order in which the engine looks: one [`Ring`] per target, segment or rule that picks people,
//!   then `rest`, the [`Split`] of everybody else. Then `flag.rollout(…)`, add what only your system has (criteria, a
//!   plan's stages, remarks), and [`hand_in`].
//! - An [`Arm`] says the share that is written and the one that the engine serves. A variation may stand in several arms.
//!   `variation: None` is the caller's own default.
//! - What cannot be known is `share: None`, and a split of which nothing is known [`Split::unknown`]. A flag that is
//!   switched off is `Split::all` of its off variation, or of `None`.
//! - `off` is what is served when the flag is off, if its file says so. Without it the control is the variation of value
//!   `false` or of a usual name; without that the shares are dynamic, and only history tells the candidate.
//! - [`Flag::plan`] is for files that hold planned stages: they are declared, and the split is not looked at.
//! - Several environments in one file: one [`Flag`] each, with `environment`; it is part of the identity.

mod handing;

pub(super) use handing::hand_in;

use super::workload::payload;
use crate::model::{Basis, Payload, Share, Stage};
use crate::syntax::{Node, Scalar};
use crate::text::Span;

/// One value that a flag may take.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Variation {
    /// How people call it.
    pub(super) name: Box<str>,
    /// Is its value `false`?
    pub(super) is_false: bool,
    /// Its value where that is more than a switch or a number: what is shipped, part by part.
    pub(super) ships: Vec<Payload>,
}

impl Variation {
    /// The variation `name` of that value.
    pub(super) fn of(name: &str, value: Node<'_>) -> Self {
        let is_false = value.as_bool() == Some(false);
        let mut ships = Vec::new();
        match value.scalar() {
            Some(Scalar::Str(_)) => ships.extend(payload(value)),
            Some(Scalar::Null | Scalar::Bool(_) | Scalar::Int(_) | Scalar::Uint(_) | Scalar::Float(_)) => {}
            None => leaves(value, &mut ships),
        }
        for part in &mut ships {
            part.slot = name.into();
        }
        Self { name: name.into(), is_false, ships }
    }
}

impl Variation {
    /// Does it say that there is nothing new, and ship nothing itself?
    fn is_plain_off(&self) -> bool {
        let is_named = || CONTROLS.iter().any(|name| self.name.eq_ignore_ascii_case(name));
        self.ships.is_empty() && (self.is_false || is_named())
    }
}

/// Every scalar of a value that is made of several; what begins with `_` tells of the value and is none of it.
fn leaves(value: Node<'_>, found: &mut Vec<Payload>) {
    if value.is_scalar() {
        found.extend(payload(value));
    }
    value.items().for_each(|item| leaves(item, found));
    for (key, value) in value.entries() {
        if key.text().is_some_and(|key| !key.starts_with('_')) {
            leaves(value, found);
        }
    }
}

/// What one variation gets of a split.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Arm {
    /// Its index; `None` is the caller's own default.
    pub(super) variation: Option<usize>,
    /// The share that the engine serves, where it can be known.
    pub(super) share: Option<Share>,
    /// The share that the author wrote, where the engine makes another of it.
    pub(super) written: Option<Share>,
    /// Where the share stands.
    pub(super) span: Span,
}

/// Who gets what, of those it is for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Split {
    /// The arms; empty where nothing is known of them.
    pub(super) arms: Vec<Arm>,
    /// Where it stands.
    pub(super) span: Span,
}

impl Split {
    /// One variation, or the caller's own default, for everybody.
    pub(super) fn all(variation: Option<usize>, span: Span) -> Self {
        Self { arms: vec![Arm { variation, share: Some(Share::ALL), written: None, span }], span }
    }

    /// A split of which nothing is known.
    pub(super) const fn unknown(span: Span) -> Self {
        Self { arms: Vec::new(), span }
    }
}

/// People whom a target, a segment or a rule picks before the rest is split.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ring {
    /// How people call it: the attribute and the values, the segment's name.
    pub(super) name: Box<str>,
    /// How many members it has, where they are listed.
    pub(super) size: Option<u64>,
    /// Are its members customers, not people inside the house?
    pub(super) customers: bool,
    /// What they get.
    pub(super) split: Split,
}

/// One flag in one environment, as its file tells it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Flag {
    /// Its key.
    pub(super) key: Box<str>,
    /// Where the key stands.
    pub(super) name_span: Span,
    /// The whole flag.
    pub(super) span: Span,
    /// The environment, where its file tells one.
    pub(super) environment: Option<Box<str>>,
    /// The values it may take.
    pub(super) variations: Vec<Variation>,
    /// What is served when it is switched off.
    pub(super) off: Option<usize>,
    /// Who is picked, in the engine's order.
    pub(super) rings: Vec<Ring>,
    /// What everybody else gets.
    pub(super) rest: Split,
    /// What the shares are shares of: [`basis_of`].
    pub(super) basis: Basis,
    /// Planned stages, where the file holds them.
    pub(super) plan: Option<Vec<Stage>>,
}

/// Names of the variation that is served to who is not to meet the new one, the surest first.
const CONTROLS: [&str; 6] = ["false", "off", "control", "default", "disabled", "baseline"];

impl Flag {
    /// The variation that is no candidate (clarifications 13): the off variation, else `false`, else a usual name.
    pub(super) fn control(&self) -> Option<usize> {
        let all = || self.variations.iter();
        let named = |name: &&str| all().position(|v| v.name.eq_ignore_ascii_case(name));
        let only_one_is_false = || all().filter(|v| v.is_false).count() == 1;
        self.off
            .or_else(|| only_one_is_false().then(|| all().position(|v| v.is_false)).flatten())
            .or_else(|| CONTROLS.iter().find_map(named))
    }
}

/// Are those told apart by `unit` (an attribute, a context kind) customers?
pub(super) fn is_tenant(unit: &str) -> bool {
    const TENANTS: [&str; 7] =
        ["tenant", "account", "organization", "organisation", "company", "customer", "workspace"];
    let unit = unit.to_ascii_lowercase();
    TENANTS.iter().any(|t| unit.contains(t)) || unit == "org" || unit.starts_with("org_") || unit == "orgid"
}

/// What a share is a share of, where `unit` decides who is in it.
pub(super) fn basis_of(unit: &str) -> Basis {
    if is_tenant(unit) { Basis::Tenants } else { Basis::Users }
}
