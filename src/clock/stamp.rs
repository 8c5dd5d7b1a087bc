//! Days, times and lengths as iCalendar writes them.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::windows::{first, last};
use super::{Moment, Tz};

/// By which clock a time is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    /// A whole day, of whatever zone asks.
    Day,
    /// The clock on the wall of whatever zone asks.
    Floating,
    /// UTC.
    Utc,
    /// The clock on the wall of this zone.
    Zone(Tz),
}

/// A day, or a time by some clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) clock: Clock,
    /// What the clock shows; midnight for a day.
    pub(super) shown: NaiveDateTime,
}

impl Stamp {
    /// Reads `20261225`, `20261225T100000` of `zone` (floating without one) or `20261225T090000Z`.
    pub(super) fn parse(text: &str, zone: Option<Tz>) -> Option<Self> {
        if !text.is_ascii() {
            return None;
        }
        if text.len() == 8 {
            let day = day(text)?;
            return Some(Self { clock: Clock::Day, shown: day.and_time(NaiveTime::MIN) });
        }
        let (local, clock) = match (text.strip_suffix('Z'), zone) {
            (Some(utc), _) => (utc, Clock::Utc),
            (None, Some(zone)) => (text, Clock::Zone(zone)),
            (None, None) => (text, Clock::Floating),
        };
        let (date, time) = local.split_once('T').filter(|(date, time)| date.len() == 8 && time.len() == 6)?;
        // A leap second is the one before it.
        let part = |range| number(time.get(range)?);
        let time = NaiveTime::from_hms_opt(part(0..2)?, part(2..4)?, part(4..6)?.min(59))?;
        Some(Self { clock, shown: day(date)?.and_time(time) })
    }

    /// The moment, for whoever lives in `zone`.
    pub(super) fn moment(self, zone: Tz) -> Moment {
        match self.clock {
            Clock::Day | Clock::Floating => first(zone, self.shown),
            Clock::Zone(own) => first(own, self.shown),
            Clock::Utc => self.shown.and_utc(),
        }
    }

    /// What `clock` shows at this time, if that can be known: a time is no day unless it is midnight, and a day no time.
    pub(super) fn on(self, clock: Clock) -> Option<NaiveDateTime> {
        match (self.clock, clock) {
            (own, other) if own == other => Some(self.shown),
            (Clock::Day, _) => None,
            (_, Clock::Day) => (self.shown.time() == NaiveTime::MIN).then_some(self.shown),
            // Written without its zone, it means the event's.
            (Clock::Floating, _) => Some(self.shown),
            (_, Clock::Floating) => None,
            (_, Clock::Utc) => Some(self.moment(Tz::UTC).naive_utc()),
            (_, Clock::Zone(zone)) => Some(self.moment(zone).with_timezone(&zone).naive_local()),
        }
    }
}

/// Reads digits and nothing else.
fn number(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

fn day(text: &str) -> Option<NaiveDate> {
    let part = |range| number(text.get(range)?);
    NaiveDate::from_ymd_opt(i32::try_from(part(0..4)?).ok()?, part(4..6)?, part(6..8)?)
}

/// How long an event lasts: days of the calendar, then seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length {
    days: i64,
    seconds: i64,
}

impl Length {
    /// No time at all.
    pub(super) const NONE: Self = Self { days: 0, seconds: 0 };
    /// One day.
    pub(super) const DAY: Self = Self { days: 1, seconds: 0 };
    /// The longest that an event may last; holidays are days, and years are typing mistakes.
    const MOST_DAYS: i64 = 3660;

    /// Reads `P1D`, `PT1H30M`, `P2W`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('+').unwrap_or(text).strip_prefix('P')?;
        let (date, time) = match text.split_once('T') {
            Some((_, "")) => return None,
            Some((date, time)) => (date, time),
            None if text.is_empty() => return None,
            None => (text, ""),
        };
        let days = units(date, &[('W', 7), ('D', 1)])?;
        let seconds = units(time, &[('H', 3600), ('M', 60), ('S', 1)])?;
        Self { days, seconds }.sane()
    }

    /// From `start` until `end`; `None` where that is no time, or no one can know.
    pub(super) fn between(start: Stamp, end: Stamp) -> Option<Self> {
        if start.clock == Clock::Day || end.clock == Clock::Day || start.clock == Clock::Floating {
            let span = end.on(start.clock).filter(|_| start.clock == end.clock)? - start.shown;
            // A day that ends on itself is what some programs write for one day.
            let days = if start.clock == Clock::Day { span.num_days().max(1) } else { 0 };
            let seconds = if days > 0 { 0 } else { span.num_seconds() };
            return Self { days, seconds }.sane().filter(|_| span >= TimeDelta::zero());
        }
        if end.clock == Clock::Floating {
            return None;
        }
        Self { days: 0, seconds: (end.moment(Tz::UTC) - start.moment(Tz::UTC)).num_seconds() }.sane()
    }

    fn sane(self) -> Option<Self> {
        let within = |n: i64, most: i64| (0..=most).contains(&n);
        (within(self.days, Self::MOST_DAYS) && within(self.seconds, Self::MOST_DAYS * 86_400)).then_some(self)
    }

    /// Days that hold it, at least.
    pub(super) const fn days_at_most(self) -> i64 {
        self.days + self.seconds / 86_400 + 1
    }

    /// When what starts at `start` is over, for whoever lives in `zone`.
    pub(super) fn end(self, start: Stamp, zone: Tz) -> Moment {
        let seconds = TimeDelta::seconds(self.seconds);
        let shown = start.shown + TimeDelta::days(self.days);
        match start.clock {
            Clock::Day => first(zone, shown),
            Clock::Floating => last(zone, shown + seconds),
            Clock::Zone(_) | Clock::Utc => Stamp { shown, ..start }.moment(zone) + seconds,
        }
    }
}

/// The sum of `1H30M` in the given units, each at most once and in their order.
fn units(mut text: &str, all: &[(char, i64)]) -> Option<i64> {
    let mut sum = 0i64;
    for (unit, size) in all {
        let Some((count, rest)) = text.split_once(*unit) else { continue };
        sum = sum.checked_add(i64::from(number(count).filter(|_| !count.is_empty())?).checked_mul(*size)?)?;
        text = rest;
    }
    text.is_empty().then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BERLIN: Tz = Tz::Europe__Berlin;

    fn stamp(text: &str, zone: Option<Tz>) -> Stamp {
        Stamp::parse(text, zone).unwrap()
    }

    #[test]
    fn days_and_times() {
        let at = |text, own| stamp(text, own).moment(Tz::America__New_York).to_rfc3339();
        assert_eq!(at("20261225", Some(BERLIN)), "2026-12-25T05:00:00+00:00");
        assert_eq!(at("20261225T100000", None), "2026-12-25T15:00:00+00:00");
        assert_eq!(at("20261225T100000", Some(BERLIN)), "2026-12-25T09:00:00+00:00");
        assert_eq!(at("20261225T100000Z", Some(BERLIN)), "2026-12-25T10:00:00+00:00");
        for bad in ["", "2026122", "20261325", "20260229", "20261225T1000", "20261225T250000", "2026-12-25", "+2261225"]
        {
            assert_eq!(Stamp::parse(bad, None), None, "{bad}");
        }
        assert_eq!(Stamp::parse("２０２６", None), None);
    }

    #[test]
    fn the_same_time_by_another_clock() {
        let on = |text, clock| stamp(text, None).on(clock).map(|t| t.to_string());
        assert_eq!(on("20261225T090000Z", Clock::Zone(BERLIN)).as_deref(), Some("2026-12-25 10:00:00"));
        assert_eq!(on("20261225T000000", Clock::Day).as_deref(), Some("2026-12-25 00:00:00"));
        assert_eq!(on("20261225T090000", Clock::Utc).as_deref(), Some("2026-12-25 09:00:00"));
        assert_eq!(on("20261225T090000", Clock::Day), None);
        assert_eq!(on("20261225", Clock::Utc), None);
        assert_eq!(on("20261225T090000Z", Clock::Floating), None);
    }

    #[test]
    fn lengths() {
        let length = |text| Length::parse(text).map(|l| (l.days, l.seconds));
        assert_eq!(length("P1D"), Some((1, 0)));
        assert_eq!(length("P1DT1H30M"), Some((1, 5400)));
        assert_eq!(length("PT15S"), Some((0, 15)));
        assert_eq!(length("P2W"), Some((14, 0)));
        for bad in ["", "P", "PT", "P1DT", "1D", "-P1D", "P1H", "PTH", "P1D2W", "P999999999W", "P99999999999999W"] {
            assert_eq!(length(bad), None, "{bad}");
        }
    }

    #[test]
    fn from_one_time_until_another() {
        let between = |from, to, zone| Length::between(stamp(from, zone), stamp(to, zone)).map(|l| (l.days, l.seconds));
        assert_eq!(between("20261225", "20261227", None), Some((2, 0)));
        assert_eq!(between("20261225", "20261225", None), Some((1, 0)));
        assert_eq!(between("20261225", "20261224", None), None);
        assert_eq!(between("20261225T100000", "20261225T110000", None), Some((0, 3600)));
        // Over the change of the clocks, which only a zone knows.
        assert_eq!(between("20261025T000000", "20261025T060000", Some(BERLIN)), Some((0, 7 * 3600)));
        assert_eq!(between("20261225T100000", "20261225", Some(BERLIN)), None);
        assert_eq!(between("20261225T100000", "20261225T090000", Some(BERLIN)), None);
    }

    #[test]
    fn a_day_of_the_calendar_is_a_day_whatever_the_clocks_do() {
        let start = stamp("20261025", None);
        assert_eq!(Length::DAY.end(start, BERLIN) - start.moment(BERLIN), TimeDelta::hours(25));
        let zoned = stamp("20261024T180000", Some(BERLIN));
        assert_eq!(Length::parse("P1D").unwrap().end(zoned, Tz::UTC) - zoned.moment(Tz::UTC), TimeDelta::hours(25));
        assert_eq!(Length::parse("PT24H").unwrap().end(zoned, Tz::UTC) - zoned.moment(Tz::UTC), TimeDelta::hours(24));
    }
}
