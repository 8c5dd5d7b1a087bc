//! When something that was done once is due again.

use chrono::{Days, Months, NaiveDate, TimeDelta};

use super::{Moment, Tz};

/// The last day, in `zone`, on which what was done at `done` still counts: `done` plus `months` calendar months, held
/// within the month's end (31 January and a month is 28 or 29 February), plus `seconds`.
///
/// Whole days are calendar days, so that a change of the clocks moves no day. `None` where no calendar reaches that far:
/// it is never due.
pub fn last_day(done: Moment, months: u32, seconds: u64, zone: Tz) -> Option<NaiveDate> {
    const DAY: u64 = 86_400;
    let after_months =
        |moment: Moment| moment.with_timezone(&zone).date_naive().checked_add_months(Months::new(months));
    if seconds.is_multiple_of(DAY) {
        return after_months(done)?.checked_add_days(Days::new(seconds / DAY));
    }
    after_months(done.checked_add_signed(TimeDelta::try_seconds(i64::try_from(seconds).ok()?)?)?)
}

/// The moment that lies `months` calendar months and `seconds` before `at`; `None` where no calendar reaches that far.
pub fn before(at: Moment, months: u32, seconds: u64) -> Option<Moment> {
    let by_months = at.checked_sub_months(Months::new(months))?;
    by_months.checked_sub_signed(TimeDelta::try_seconds(i64::try_from(seconds).ok()?)?)
}

/// Has the last day gone by in `zone`?
pub fn is_overdue(done: Moment, months: u32, seconds: u64, now: Moment, zone: Tz) -> bool {
    last_day(done, months, seconds, zone).is_some_and(|day| is_past(day, now, zone))
}

/// Has `day` gone by in `zone`? That whole day is included.
pub fn is_past(day: NaiveDate, now: Moment, zone: Tz) -> bool {
    now.with_timezone(&zone).date_naive() > day
}

/// Is there a day from which `after`, months and seconds, reaches further than `before`? `3 months` reach further than
/// `90 days` from most days, and less far from a few.
pub fn can_outlast(after: (u32, u64), before: (u32, u64)) -> bool {
    const FOUR_YEARS: u64 = 1461;
    if after.0 == before.0 {
        return after.1 > before.1;
    }
    // The first day of a leap year; after four years the calendar's months repeat.
    let Some(start) = NaiveDate::from_ymd_opt(2024, 1, 1) else { return true };
    let last = |day, period: (u32, u64)| last_day(day, period.0, period.1, Tz::UTC);
    (0..FOUR_YEARS).any(|days| {
        let Some(day) = start.checked_add_days(Days::new(days)) else { return true };
        let day = day.and_time(chrono::NaiveTime::MIN).and_utc();
        match (last(day, after), last(day, before)) {
            (Some(after), Some(before)) => after > before,
            (None, before) => before.is_some(),
            (Some(_), None) => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moment(text: &str) -> Moment {
        text.parse().unwrap()
    }

    #[test]
    fn months_are_held_within_the_months_end() {
        let day = |done, months| last_day(moment(done), months, 0, Tz::UTC).unwrap().to_string();
        assert_eq!(day("2026-01-31T12:00:00Z", 1), "2026-02-28");
        assert_eq!(day("2028-01-31T12:00:00Z", 1), "2028-02-29");
        assert_eq!(day("2026-11-30T12:00:00Z", 3), "2027-02-28");
        assert_eq!(day("2026-08-31T12:00:00Z", 3), "2026-11-30");
        assert_eq!(day("2026-10-14T12:00:00Z", 3), "2027-01-14");
    }

    #[test]
    fn the_last_day_is_included_in_its_zone() {
        let overdue = |now, zone| is_overdue(moment("2026-08-24T10:00:00Z"), 3, 0, moment(now), zone);
        assert!(!overdue("2026-11-24T23:59:59Z", Tz::UTC));
        assert!(overdue("2026-11-25T00:00:00Z", Tz::UTC));
        assert!(overdue("2026-11-24T23:00:00Z", Tz::Europe__Berlin));
        assert!(!overdue("2026-11-25T04:59:59Z", Tz::America__New_York));
        // Done on the 31st in Auckland, which is the 30th elsewhere.
        assert_eq!(
            last_day(moment("2026-05-30T12:00:00Z"), 1, 0, Tz::Pacific__Auckland),
            NaiveDate::from_ymd_opt(2026, 6, 30)
        );
    }

    #[test]
    fn days_are_calendar_days_and_hours_are_hours() {
        let berlin = Tz::Europe__Berlin;
        // 23:30 in summer time; 90 times 24 hours later the clock shows 22:30, 90 days later it is the same evening.
        let done = moment("2026-08-01T21:30:00Z");
        assert_eq!(last_day(done, 0, 90 * 86_400, berlin), NaiveDate::from_ymd_opt(2026, 10, 30));
        assert_eq!(last_day(done, 0, 3600, berlin), NaiveDate::from_ymd_opt(2026, 8, 2));
        assert!(!is_overdue(done, u32::MAX, 0, moment("2026-11-24T00:00:00Z"), berlin));
    }

    #[test]
    fn which_of_two_periods_reaches_further() {
        let days = |n: u64| (0, n * 86_400);
        assert!(can_outlast((3, 0), days(91)) && !can_outlast((3, 0), days(92)) && can_outlast(days(92), (3, 0)));
        assert!(can_outlast((1, 0), days(30)) && !can_outlast((1, 0), days(31)) && !can_outlast(days(28), (1, 0)));
        assert!(can_outlast(days(2), days(1)) && !can_outlast(days(1), days(1)) && !can_outlast((2, 0), (2, 0)));
    }

    proptest! {
        #[test]
        fn a_longer_period_is_never_due_sooner(done in 0i64..4_000_000_000, a in 0u32..600, b in 0u32..600, days in 0u64..4000) {
            let done = Moment::from_timestamp(done, 0).unwrap();
            let day = |months| last_day(done, months, days * 86_400, Tz::America__New_York).unwrap();
            prop_assert!(day(a.min(b)) <= day(a.max(b)));
        }

        #[test]
        fn a_month_later_is_the_same_day_or_the_months_last(done in 0i64..4_000_000_000, months in 0u32..600) {
            use chrono::Datelike;
            let done = Moment::from_timestamp(done, 0).unwrap();
            let (from, to) = (done.date_naive(), last_day(done, months, 0, Tz::UTC).unwrap());
            let whole = |d: NaiveDate| i64::from(d.year()) * 12 + i64::from(d.month0());
            prop_assert_eq!(whole(from) + i64::from(months), whole(to));
            let is_last = to.succ_opt().unwrap().day() == 1;
            prop_assert!(to.day() == from.day() || (to.day() < from.day() && is_last));
        }

        #[test]
        fn overdue_stays_overdue(done in 0i64..2_000_000_000, months in 0u32..60, later in 0i64..500_000_000, more in 0i64..500_000_000) {
            let at = |seconds| Moment::from_timestamp(seconds, 0).unwrap();
            let overdue = |now| is_overdue(at(done), months, 0, at(now), Tz::Europe__Berlin);
            prop_assert!(!overdue(done + later) || overdue(done + later + more));
        }
    }
}
