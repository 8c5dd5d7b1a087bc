//! Whether one set of weekly windows is open at a moment at which another is closed.

use std::collections::BTreeSet;

use chrono::{NaiveDate, Offset, TimeDelta, TimeZone};

use super::Tz;
use super::windows::Window;

/// Windows as the clock of one zone shows them.
#[derive(Clone, Copy, Debug)]
pub struct Week<'p> {
    /// The zone.
    pub zone: Tz,
    /// The windows.
    pub windows: &'p [Window],
}

impl Week<'_> {
    /// Is there a minute of a week at which this is open and `other` closed? The clocks of two zones are held against
    /// each other for every pair of offsets that they have on the days of a year.
    pub fn opens_beyond(self, other: Week<'_>) -> bool {
        // A Monday; which one makes no difference.
        const MONDAY: (i32, u32, u32) = (2026, 1, 5);
        let Some(monday) = NaiveDate::from_ymd_opt(MONDAY.0, MONDAY.1, MONDAY.2) else { return true };
        let start = monday.and_time(chrono::NaiveTime::MIN);
        let open = |windows: &[Window], local| windows.iter().any(|w| w.holds(local));
        let pairs = offsets(self.zone, other.zone);
        pairs.into_iter().any(|(mine, its)| {
            (0..7 * 24 * 60).any(|minute| {
                let utc = start + TimeDelta::minutes(minute);
                let local = |offset: i32| utc + TimeDelta::seconds(offset.into());
                open(self.windows, local(mine)) && !open(other.windows, local(its))
            })
        })
    }
}

/// The seconds that both zones' clocks are ahead of UTC, for each day of a year.
fn offsets(one: Tz, other: Tz) -> BTreeSet<(i32, i32)> {
    let start = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap_or_default().and_time(chrono::NaiveTime::MIN);
    let ahead = |zone: Tz, utc| zone.offset_from_utc_datetime(&utc).fix().local_minus_utc();
    let days = (0..366).map(|day| start + TimeDelta::days(day));
    let all: BTreeSet<(i32, i32)> = days.map(|day| (ahead(one, day), ahead(other, day))).collect();
    // One clock against itself is the same the whole year.
    if one == other { all.into_iter().take(1).collect() } else { all }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::WeekDays;
    use crate::clock::windows::Hours;

    fn windows(texts: &[&str]) -> Vec<Window> {
        let one = |text: &&str| {
            let (days, hours) = text.split_once(' ').map_or((*text, None), |(days, hours)| (days, Some(hours)));
            Window { days: WeekDays::parse(days).unwrap(), hours: hours.map(|h| Hours::parse(h).unwrap()) }
        };
        texts.iter().map(one).collect()
    }

    fn beyond(after: (&[&str], Tz), before: (&[&str], Tz)) -> bool {
        let (after, before) = ((windows(after.0), after.1), (windows(before.0), before.1));
        Week { zone: after.1, windows: &after.0 }.opens_beyond(Week { zone: before.1, windows: &before.0 })
    }

    #[test]
    fn one_minute_more_is_more_and_other_words_are_not() {
        let utc = |after: &[&str], before: &[&str]| beyond((after, Tz::UTC), (before, Tz::UTC));
        assert!(utc(&["mon-thu"], &["mon-wed"]) && !utc(&["mon-wed"], &["mon-thu"]));
        assert!(utc(&["mon 09:00-16:01"], &["mon 09:00-16:00"]) && !utc(&["mon 09:01-16:00"], &["mon 09:00-16:00"]));
        assert!(!utc(&["mon 09:00-12:00", "mon 12:00-16:00"], &["mon 09:00-16:00"]));
        assert!(!utc(&["sun 22:00-04:00"], &["sun 22:00-24:00", "mon 00:00-04:00"]));
        assert!(utc(&["mon"], &[]) && !utc(&[], &["mon"]));
    }

    #[test]
    fn zones_are_held_against_each_other_the_whole_year() {
        let (berlin, office) = (Tz::Europe__Berlin, ["mon-wed 09:00-16:00"]);
        assert!(beyond((&office, Tz::UTC), (&office, berlin)) && beyond((&office, berlin), (&office, Tz::UTC)));
        assert!(!beyond((&office, Tz::Europe__Paris), (&office, berlin)));
        // Covers the winter's hour and the summer's.
        assert!(!beyond((&office, berlin), (&["mon-wed 07:00-15:00"], Tz::UTC)));
        assert!(beyond((&office, berlin), (&["mon-wed 08:00-15:00"], Tz::UTC)));
        // America changes its clocks on other days than Europe.
        let evening = ["mon-wed 14:00-21:00"];
        assert!(!beyond((&office, Tz::America__New_York), (&["mon-wed 14:00-22:00"], berlin)));
        assert!(beyond((&evening, berlin), (&["mon-wed 08:00-15:00"], Tz::America__New_York)));
    }

    proptest! {
        #[test]
        fn nothing_opens_beyond_itself(from in 0u16..1440, until in 0u16..1440, zone in 0usize..500) {
            prop_assume!(from != until);
            let text = format!("fri-mon {:02}:{:02}-{:02}:{:02}", from / 60, from % 60, until / 60, until % 60);
            let zone = chrono_tz::TZ_VARIANTS[zone % chrono_tz::TZ_VARIANTS.len()];
            prop_assert!(!beyond((&[text.as_str()], zone), (&[text.as_str()], zone)));
        }
    }
}
