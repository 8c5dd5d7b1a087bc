//! How much of the world meets the new version.

use std::fmt;

/// A share in parts per million: 0.1 % and a flag's thousandths of a percent are exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

impl Share {
    /// Nobody.
    pub const NONE: Self = Self(0);
    /// Everybody.
    pub const ALL: Self = Self(1_000_000);

    /// `ppm` parts per million; more than a million is everybody.
    pub const fn from_ppm(ppm: u32) -> Self {
        Self(if ppm > 1_000_000 { 1_000_000 } else { ppm })
    }

    /// `percent` of a hundred, rounded to parts per million and held within 0 to 100.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1e6 before the cast")]
    pub fn from_percent(percent: f64) -> Self {
        Self((percent.clamp(0.0, 100.0) * 10_000.0).round() as u32)
    }

    /// `part` of `whole`, rounded; nothing when `whole` is 0.
    pub fn of(part: u64, whole: u64) -> Self {
        if whole == 0 {
            return Self::NONE;
        }
        let ppm = (u128::from(part) * 1_000_000 + u128::from(whole) / 2) / u128::from(whole);
        Self(ppm.min(1_000_000) as u32)
    }

    /// Both together; no more than everybody.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self::from_ppm(self.0 + other.0)
    }

    /// Parts per million.
    pub const fn ppm(self) -> u32 {
        self.0
    }

    /// Percent.
    pub fn percent(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }

    /// Somebody, but not everybody.
    pub const fn is_limited(self) -> bool {
        self.0 > 0 && self.0 < 1_000_000
    }
}

impl fmt::Display for Share {
    /// `5%`, `0.1%`, `16.6667%`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.percent())
    }
}

/// What a share is a share *of*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// Requests, split by a router.
    Requests,
    /// Replicas; the split of requests follows the number of pods.
    Pods,
    /// Users: the same user always meets the same version.
    Users,
    /// Tenants or customers.
    Tenants,
    /// A segment whose size these files do not tell (a header, a cookie, a ring).
    Segment,
    /// Fetches of a configuration.
    ConfigFetches,
    /// Not to be known from these files (an autoscaler decides, members of a group are missing).
    Unknown,
}

impl Basis {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Pods => "pods",
            Self::Users => "users",
            Self::Tenants => "tenants",
            Self::Segment => "segment",
            Self::ConfigFetches => "config-fetches",
            Self::Unknown => "unknown",
        }
    }

    /// The noun of a sentence: "exposes 5 % of …".
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Requests | Self::Unknown => "traffic",
            Self::Pods => "pods",
            Self::Users => "users",
            Self::Tenants => "tenants",
            Self::Segment => "a segment",
            Self::ConfigFetches => "configuration fetches",
        }
    }
}

/// How much of the world meets the new version at one stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exposure {
    /// The share as the author wrote it.
    pub written: Share,
    /// The share the platform really serves; `None` where these files cannot tell.
    pub effective: Option<Share>,
    /// What it is a share of.
    pub basis: Basis,
}

impl Exposure {
    /// A share that the platform serves as written.
    pub const fn exact(share: Share, basis: Basis) -> Self {
        Self { written: share, effective: Some(share), basis }
    }

    /// The share to judge by: the effective one, or the written one where the effective one is unknown.
    pub const fn judged(&self) -> Share {
        match self.effective {
            Some(share) => share,
            None => self.written,
        }
    }
}

/// A named audience: a ring, a segment, a list of tenants.
#[derive(Clone, Debug, PartialEq)]
pub struct Audience {
    /// Its name as people call it: `internal`, or the tenants joined by commas.
    pub name: Box<str>,
    /// How many members it has, where that is written.
    pub size: Option<u64>,
    /// Are its members customers (tenants), not people inside the house?
    pub customers: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shares_read_as_people_write_them() {
        assert_eq!(Share::from_percent(0.1).to_string(), "0.1%");
        assert_eq!(Share::of(1, 6).to_string(), "16.6667%");
        assert_eq!(Share::of(3, 0), Share::NONE);
        assert!(!Share::ALL.is_limited() && !Share::NONE.is_limited());
    }

    proptest! {
        #[test]
        fn parts_never_exceed_the_whole(part in 0u64.., whole in 0u64..) {
            prop_assert!(Share::of(part, whole) <= Share::ALL);
        }

        #[test]
        fn percent_and_back(ppm in 0u32..=1_000_000) {
            prop_assert_eq!(Share::from_percent(Share::from_ppm(ppm).percent()).ppm(), ppm);
        }
    }
}
