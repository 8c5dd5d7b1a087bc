//! Sets of days of the week.

use std::fmt;

use chrono::Weekday;

/// The days in their order, by their short names.
const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A set of days of the week: `mon-thu`, `fri-mon`, `mon,wed,fri`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeekDays(u8);

impl WeekDays {
    /// No day.
    pub const NONE: Self = Self(0);
    /// Every day.
    pub const ALL: Self = Self(0b111_1111);

    /// Reads days and ranges, joined by commas; short and full names in any case. A range may run over the week's end.
    pub fn parse(text: &str) -> Option<Self> {
        let mut days = Self::NONE;
        for part in text.split(',') {
            days = days.or(Self::parse_range(part.trim())?);
        }
        Some(days)
    }

    fn parse_range(text: &str) -> Option<Self> {
        let (from, until) = text.split_once('-').unwrap_or((text, text));
        let (from, until) = (day(from.trim())?, day(until.trim())?);
        let length = (until + 7 - from) % 7;
        Some((0..=length).fold(Self::NONE, |days, step| days.or(Self(1 << ((from + step) % 7)))))
    }

    /// The days of both.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Is `day` one of them?
    pub const fn holds(self, day: Weekday) -> bool {
        self.0 & (1 << day.num_days_from_monday()) != 0
    }

    const fn has(self, day: usize) -> bool {
        self.0 & (1 << (day % 7)) != 0
    }
}

/// The number of a day from its name, Monday being 0.
fn day(name: &str) -> Option<usize> {
    let name = name.to_ascii_lowercase();
    let full = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    NAMES.iter().position(|n| *n == name).or_else(|| full.iter().position(|n| *n == name))
}

impl fmt::Display for WeekDays {
    /// `mon-thu`, `fri-mon`, `mon,wed`; a range for three days or more in a row.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ALL {
            return f.write_str("every day");
        }
        if *self == Self::NONE {
            return f.write_str("no day");
        }
        // A run starts where the day before is not in the set; there is one, since not every day is.
        let mut runs = Vec::new();
        for start in (0..7).filter(|d| self.has(*d) && !self.has(d + 6)) {
            let length = (1..7).take_while(|n| self.has(start + n)).count();
            let end = (start + length) % 7;
            match length {
                0 => runs.push(NAMES[start].to_owned()),
                1 => runs.push(format!("{},{}", NAMES[start], NAMES[end])),
                _ => runs.push(format!("{}-{}", NAMES[start], NAMES[end])),
            }
        }
        f.write_str(&runs.join(","))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_as_people_write_them() {
        let shown = |text| WeekDays::parse(text).map(|d| d.to_string());
        assert_eq!(shown("mon-thu").as_deref(), Some("mon-thu"));
        assert_eq!(shown("FRI-Mon").as_deref(), Some("fri-mon"));
        assert_eq!(shown("monday, wed,Friday").as_deref(), Some("mon,wed,fri"));
        assert_eq!(shown("mon-tue").as_deref(), Some("mon,tue"));
        assert_eq!(shown("mon-sun").as_deref(), Some("every day"));
        assert_eq!(shown("tue-tue").as_deref(), Some("tue"));
        assert_eq!((shown("mo"), shown(""), shown("mon-"), shown("mon wed")), (None, None, None, None));
        let wrapped = WeekDays::parse("fri-mon").unwrap();
        assert!(wrapped.holds(Weekday::Sun) && wrapped.holds(Weekday::Mon) && !wrapped.holds(Weekday::Tue));
    }

    proptest! {
        #[test]
        fn any_set_survives_writing(bits in 1u8..0b111_1111) {
            prop_assert_eq!(WeekDays::parse(&WeekDays(bits).to_string()), Some(WeekDays(bits)));
        }
    }
}
