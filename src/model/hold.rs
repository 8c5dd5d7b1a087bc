//! How long a stage lasts, and what it waits for.

/// How long a stage lasts. Lengths are seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Exposure stands still for at least this long.
    Timed(u64),
    /// Exposure grows continuously over this long, with nothing that could stop it.
    Ramp(u64),
    /// Waits for a person or for an analysis without an end: longer than any minimum.
    Gated,
    /// Left at once.
    None,
    /// These files do not tell.
    Unknown,
}

impl Hold {
    /// Its kind's name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Timed(_) => "timed",
            Self::Ramp(_) => "ramp",
            Self::Gated => "gated",
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }

    /// Its length where it has one: a ramp's and a timed hold's, and 0 for none.
    pub const fn seconds(self) -> Option<u64> {
        match self {
            Self::Timed(s) | Self::Ramp(s) => Some(s),
            Self::None => Some(0),
            Self::Gated | Self::Unknown => None,
        }
    }

    /// This hold followed by `next`: lengths add up, a gate makes the sum a gate, an unknown part makes it unknown.
    #[must_use]
    pub const fn then(self, next: Self) -> Self {
        match (self, next) {
            (Self::Gated, _) | (_, Self::Gated) => Self::Gated,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::None, other) | (other, Self::None) => other,
            (Self::Ramp(a), Self::Ramp(b)) => Self::Ramp(a + b),
            (Self::Timed(a) | Self::Ramp(a), Self::Timed(b) | Self::Ramp(b)) => Self::Timed(a + b),
        }
    }
}

/// The longest that a platform holds, whatever somebody writes: no policy is fulfilled by asking for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceiling {
    /// Seconds of one stage.
    pub stage: u64,
    /// Seconds from the first exposure to everybody.
    pub whole: u64,
    /// Whose ceiling it is: `SageMaker`.
    pub of: &'static str,
    /// What can carry the time that is missing, as an advice: `let a shadow variant run before it`.
    pub instead: &'static str,
}

#[cfg(test)]
mod tests {
    use super::Hold;

    #[test]
    fn a_gate_outlasts_any_length() {
        assert_eq!(Hold::Timed(60).then(Hold::Gated), Hold::Gated);
        assert_eq!(Hold::None.then(Hold::Timed(5)).then(Hold::Timed(5)), Hold::Timed(10));
        assert_eq!(Hold::Timed(60).then(Hold::Unknown), Hold::Unknown);
    }
}
