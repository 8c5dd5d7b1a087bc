//! Events that repeat: the days that an RRULE names. The door to `rrule`.
//!
//! What the clock on the wall shows is expanded, without a zone: an event at ten is at ten in summer and in winter.

use chrono::{NaiveDateTime, TimeZone};
use rrule::{Frequency, RRule, RRuleSet, Tz as RuleZone, Unvalidated};

/// No event is looked for from this year on.
pub(super) const LAST_YEAR: i32 = 2099;

/// How much repeating one calendar may ask for, over all of its events.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// Days that may be looked at.
    days: i64,
    /// Events that may come out.
    events: usize,
}

impl Budget {
    /// Enough for hundreds of yearly holidays, too little to keep anyone waiting.
    pub(super) const fn new() -> Self {
        Self { days: 20_000_000, events: 100_000 }
    }
}

/// The starts of an event that repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Series {
    /// In order; the event's own start is among them.
    pub(super) starts: Vec<NaiveDateTime>,
    /// Does it go on after [`LAST_YEAR`]?
    pub(super) goes_on: bool,
}

/// The starts that `rule` gives to an event that first starts at `start`. `read_until` reads an end as the event's clock
/// shows it.
///
/// # Errors
/// Why the rule has no meaning, or would take too long.
pub(super) fn expand(
    rule: &str,
    start: NaiveDateTime,
    read_until: impl FnOnce(&str) -> Option<NaiveDateTime>,
    budget: &mut Budget,
) -> Result<Series, String> {
    let (rule, until) = split_until(rule);
    let until = match until {
        None => None,
        Some(text) => Some(read_until(text).ok_or_else(|| format!("`UNTIL={text}` is no end of this event"))?),
    };
    let parsed = parse(&rule)?;
    let end = last_moment();
    let until = until.filter(|u| *u <= end);
    let stop = until.unwrap_or(end);
    if stop < start {
        // Its own start is there whatever the rule says.
        return Ok(Series { starts: vec![start], goes_on: until.is_none() });
    }
    let cost = (stop - start).num_days() / i64::from(parsed.get_interval()) + 1;
    budget.days = budget.days.checked_sub(cost).filter(|d| *d >= 0).ok_or("its events repeat too often to be read")?;
    let count = parsed.get_count();
    let mut starts = run(parsed.until(utc(stop)), start, budget)?;
    let goes_on = until.is_none() && count.is_none_or(|c| usize::try_from(c).is_ok_and(|c| starts.len() < c));
    if starts.first() != Some(&start) {
        starts.insert(0, start);
    }
    Ok(Series { starts, goes_on })
}

fn run(rule: RRule<Unvalidated>, start: NaiveDateTime, budget: &mut Budget) -> Result<Vec<NaiveDateTime>, String> {
    let rule = rule.validate(utc(start)).map_err(|error| format!("its RRULE is wrong: {error}"))?;
    // A rule that finds no day for centuries finds none at all: `limit` ends the search.
    let set = RRuleSet::new(utc(start)).rrule(rule).limit();
    let starts: Vec<NaiveDateTime> = set.into_iter().take(budget.events + 1).map(|t| t.naive_utc()).collect();
    if starts.is_empty() {
        budget.days -= NEVER;
    }
    budget.events = budget.events.checked_sub(starts.len()).ok_or("it has more than 100000 events")?;
    Ok(starts)
}

/// What a rule that never comes costs: the search for it goes on to the year 10000.
const NEVER: i64 = 3_000_000;

/// The rule without its end, and the end. `rrule` would read an end without a zone as the machine's.
fn split_until(rule: &str) -> (String, Option<&str>) {
    let is_until = |part: &&str| part.get(..6).is_some_and(|key| key.eq_ignore_ascii_case("UNTIL="));
    let (ends, rest): (Vec<&str>, Vec<&str>) = rule.split(';').partition(is_until);
    (rest.join(";"), ends.first().map(|end| &end[6..]))
}

/// Reads a rule that repeats by the day at most.
fn parse(rule: &str) -> Result<RRule<Unvalidated>, String> {
    // `rrule` takes days apart by bytes, and takes what it can't read before one as nothing.
    if !rule.is_ascii() || !rule.split(';').all(|part| days_of(part).is_none_or(|days| days.split(',').all(is_day))) {
        return Err(format!("its RRULE `{rule}` is wrong"));
    }
    let parsed: RRule<Unvalidated> = rule.parse().map_err(|error| format!("its RRULE `{rule}` is wrong: {error}"))?;
    let within_a_day = match parsed.get_freq() {
        Frequency::Hourly | Frequency::Minutely | Frequency::Secondly => true,
        Frequency::Yearly | Frequency::Monthly | Frequency::Weekly | Frequency::Daily => {
            [parsed.get_by_hour(), parsed.get_by_minute(), parsed.get_by_second()].iter().any(|times| times.len() > 1)
        }
    };
    if within_a_day {
        return Err(format!("its RRULE `{rule}` repeats within a day, and a calendar of holidays repeats by the day"));
    }
    if parsed.get_interval() == 0 || parsed.get_count() == Some(0) {
        return Err(format!("its RRULE `{rule}` never repeats"));
    }
    Ok(parsed)
}

fn days_of(part: &str) -> Option<&str> {
    part.split_once('=').filter(|(key, _)| key.eq_ignore_ascii_case("BYDAY")).map(|(_, days)| days)
}

/// Is it `MO`, `1MO`, `-1MO`?
fn is_day(text: &str) -> bool {
    let Some((number, _)) = text.split_at_checked(text.len().saturating_sub(2)) else { return false };
    let digits = number.strip_prefix(['+', '-']).unwrap_or(number);
    number.is_empty() || (digits.len() <= 3 && digits.parse::<u16>().is_ok_and(|n| n > 0))
}

fn utc(shown: NaiveDateTime) -> chrono::DateTime<RuleZone> {
    RuleZone::UTC.from_utc_datetime(&shown)
}

/// The last second that is looked at.
pub(super) fn last_moment() -> NaiveDateTime {
    let day = chrono::NaiveDate::from_ymd_opt(LAST_YEAR, 12, 31).unwrap_or(chrono::NaiveDate::MAX);
    day.and_hms_opt(23, 59, 59).unwrap_or(NaiveDateTime::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::*;
    use crate::clock::stamp::Stamp;

    fn at(text: &str) -> NaiveDateTime {
        Stamp::parse(text, None).unwrap().shown
    }

    fn expanded(rule: &str, start: &str) -> Result<Series, String> {
        expand(rule, at(start), |until| Some(Stamp::parse(until, None)?.shown), &mut Budget::new())
    }

    fn days(rule: &str, start: &str, take: usize) -> Vec<String> {
        let starts = expanded(rule, start).unwrap().starts;
        starts.iter().take(take).map(|t| t.date().to_string()).collect()
    }

    #[test]
    fn holidays_as_calendars_write_them() {
        assert_eq!(days("FREQ=YEARLY", "20241225", 3), ["2024-12-25", "2025-12-25", "2026-12-25"]);
        let thanksgiving = days("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "20241128", 3);
        assert_eq!(thanksgiving, ["2024-11-28", "2025-11-27", "2026-11-26"]);
        assert_eq!(days("FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO", "20240527", 2), ["2024-05-27", "2025-05-26"]);
        assert_eq!(days("FREQ=YEARLY", "20240229", 2), ["2024-02-29", "2028-02-29"]);
        assert_eq!(days("FREQ=MONTHLY;COUNT=3", "20240131", 9), ["2024-01-31", "2024-03-31", "2024-05-31"]);
        assert_eq!(days("freq=daily;until=20240103", "20240101", 9), ["2024-01-01", "2024-01-02", "2024-01-03"]);
    }

    #[test]
    fn the_first_start_is_always_there() {
        assert_eq!(days("FREQ=YEARLY;BYMONTHDAY=2;BYMONTH=1", "20240101", 2), ["2024-01-01", "2024-01-02"]);
        assert_eq!(days("FREQ=DAILY;UNTIL=20230101", "20240101", 9), ["2024-01-01"]);
        assert_eq!(days("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "20240101", 9), ["2024-01-01"]);
        assert_eq!(days("FREQ=DAILY", "25000101", 9), ["2500-01-01"]);
    }

    #[test]
    fn what_goes_on_is_known() {
        let goes_on = |rule| expanded(rule, "20240101").unwrap().goes_on;
        assert!(goes_on("FREQ=YEARLY"));
        assert!(goes_on("FREQ=YEARLY;COUNT=1000"));
        assert!(goes_on("FREQ=YEARLY;UNTIL=22000101"));
        assert!(!goes_on("FREQ=YEARLY;COUNT=3"));
        assert!(!goes_on("FREQ=YEARLY;UNTIL=20300101"));
    }

    #[test]
    fn hostile_and_wrong_rules_are_refused() {
        for bad in [
            "FREQ=SECONDLY",
            "FREQ=HOURLY;COUNT=2",
            "FREQ=DAILY;BYHOUR=1,2,3",
            "FREQ=YEARLY;INTERVAL=0",
            "FREQ=DAILY;COUNT=0",
            "FREQ=YEARLY;UNTIL=tomorrow",
            "FREQ=YEARLY;BYDAY=äO",
            "FREQ=YEARLY;BYDAY=x1MO",
            "FREQ=YEARLY;BYDAY=",
            "FREQ=YEARLY;BYMONTH=13",
            "FREQ=YEARLY;FREQ=DAILY",
            "FREQ=YEARLY;BYNOON=1",
            "FREQ=OFTEN",
            "",
        ] {
            assert!(expanded(bad, "20240101").is_err(), "{bad}");
        }
        assert!(expanded("FREQ=SECONDLY", "20240101").unwrap_err().ends_with("repeats by the day"));
    }

    #[test]
    fn a_calendar_that_asks_for_too_much_is_refused() {
        let mut budget = Budget::new();
        let mut daily = || expand("FREQ=DAILY", at("19000101"), |_| None, &mut budget);
        assert!(daily().is_ok());
        assert_eq!(daily().unwrap_err(), "it has more than 100000 events");
        let mut budget = Budget::new();
        let mut never = || expand("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", at("20240101"), |_| None, &mut budget);
        let refused = (0..20).find_map(|_| never().err());
        assert_eq!(refused.as_deref(), Some("its events repeat too often to be read"));
    }

    fn any_rule() -> impl Strategy<Value = String> {
        let list = |name: &'static str, from: i32, to: i32| {
            proptest::collection::vec(from..=to, 1..4).prop_map(move |all| {
                let all: Vec<String> = all.iter().map(i32::to_string).collect();
                format!(";{name}={}", all.join(","))
            })
        };
        let days = (-54i32..54, 0usize..7).prop_map(|(n, day)| {
            let number = if n == 0 { String::new() } else { n.to_string() };
            format!(";BYDAY={number}{}", ["MO", "TU", "WE", "TH", "FR", "SA", "SU"][day])
        });
        let part = prop_oneof![
            list("BYMONTH", 0, 13),
            list("BYMONTHDAY", -32, 32),
            list("BYYEARDAY", -367, 367),
            list("BYWEEKNO", -54, 54),
            list("BYSETPOS", -367, 367),
            list("INTERVAL", 1, 70_000),
            list("BYHOUR", 0, 23),
            Just(";WKST=SU".to_owned()),
            Just(";COUNT=5".to_owned()),
            days,
        ];
        let freq = prop_oneof![Just("DAILY"), Just("WEEKLY"), Just("MONTHLY"), Just("YEARLY")];
        (freq, proptest::collection::vec(part, 0..4)).prop_map(|(freq, parts)| format!("FREQ={freq}{}", parts.concat()))
    }

    proptest! {
        #[test]
        fn no_rule_breaks_it_and_starts_are_in_order(rule in any_rule(), day in 0i64..80_000) {
            let start = (NaiveDate::from_ymd_opt(1880, 1, 1).unwrap() + chrono::TimeDelta::days(day)).into();
            if let Ok(series) = expand(&rule, start, |_| None, &mut Budget::new()) {
                prop_assert_eq!(series.starts[0], start);
                prop_assert!(series.starts.windows(2).all(|two| two[0] < two[1]));
            }
        }

        #[test]
        fn no_text_breaks_it(rule in "(FREQ=YEARLY)?[;=,A-Z0-9ä-]{0,30}") {
            let _ = expanded(&rule, "20240101");
        }
    }
}
