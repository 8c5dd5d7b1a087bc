//! Windows and freezes against the wall clock.

use chrono_tz::Tz::{Europe__Berlin as BERLIN, UTC};
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Moment {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn window(days: &str, hours: Option<&str>) -> Window {
    Window { days: WeekDays::parse(days).unwrap(), hours: hours.map(|h| Hours::parse(h).unwrap()) }
}

fn state(zone: Tz, allow: &[Window], moment: &str) -> State {
    Windows { zone, allow, freezes: Vec::new() }.state(at(moment))
}

fn next(zone: Tz, allow: &[Window], after: &str) -> Option<String> {
    let next = Windows { zone, allow, freezes: Vec::new() }.next_open(at(after))?;
    Some(next.with_timezone(&zone).to_rfc3339())
}

#[test]
fn hours_as_people_write_them() {
    let shown = |text| Hours::parse(text).map(|h| h.to_string());
    assert_eq!(shown("9:00-16:30").as_deref(), Some("09:00-16:30"));
    assert_eq!(shown("22:00 - 04:00").as_deref(), Some("22:00-04:00"));
    assert_eq!(shown("00:00-24:00").as_deref(), Some("00:00-24:00"));
    for bad in ["9-16", "09:00", "09:60-10:00", "09:00-24:01", "10:00-10:00", "24:00-04:00", "-1:00-2:00", "09:0-10:00"]
    {
        assert_eq!(shown(bad), None, "{bad}");
    }
}

#[test]
fn the_first_minute_is_in_and_the_last_is_not() {
    let office = [window("mon-thu", Some("09:00-16:00"))];
    assert_eq!(state(BERLIN, &office, "2026-11-24T09:00:00+01:00"), State::Open);
    assert_eq!(state(BERLIN, &office, "2026-11-24T15:59:59+01:00"), State::Open);
    assert_eq!(state(BERLIN, &office, "2026-11-24T16:00:00+01:00"), State::WrongHour);
    assert_eq!(state(BERLIN, &office, "2026-11-24T08:59:59+01:00"), State::WrongHour);
    assert_eq!(state(BERLIN, &office, "2026-11-27T12:00:00+01:00"), State::WrongDay);
    assert_eq!(next(BERLIN, &office, "2026-11-27T12:00:00+01:00").as_deref(), Some("2026-11-30T09:00:00+01:00"));
    assert_eq!(next(BERLIN, &office, "2026-11-24T09:00:00+01:00").as_deref(), Some("2026-11-24T09:00:00+01:00"));
    // Thursday evening in UTC is Friday in Berlin.
    assert_eq!(state(UTC, &[window("mon-thu", None)], "2026-11-26T23:30:00Z"), State::Open);
    assert_eq!(state(BERLIN, &[window("mon-thu", None)], "2026-11-26T23:30:00Z"), State::WrongDay);
}

#[test]
fn hours_over_midnight_belong_to_the_day_they_begin_on() {
    let night = [window("fri", Some("22:00-04:00"))];
    assert_eq!(state(UTC, &night, "2026-11-27T22:00:00Z"), State::Open);
    assert_eq!(state(UTC, &night, "2026-11-28T03:59:00Z"), State::Open);
    assert_eq!(state(UTC, &night, "2026-11-28T04:00:00Z"), State::WrongDay);
    assert_eq!(state(UTC, &night, "2026-11-27T03:00:00Z"), State::WrongHour);
    assert_eq!(state(UTC, &[window("sun", Some("22:00-04:00"))], "2026-11-30T01:00:00Z"), State::Open);
}

#[test]
fn a_skipped_hour_opens_when_it_is_over_and_a_repeated_one_counts_twice() {
    // Berlin, 29 March 2026: 02:00 becomes 03:00.
    let early = [window("sun", Some("02:30-05:00"))];
    assert_eq!(next(BERLIN, &early, "2026-03-29T00:00:00+01:00").as_deref(), Some("2026-03-29T03:00:00+02:00"));
    let within = [window("sun", Some("02:00-03:00"))];
    assert_eq!(next(BERLIN, &within, "2026-03-29T00:00:00+01:00").as_deref(), Some("2026-04-05T02:00:00+02:00"));
    // Berlin, 25 October 2026: 03:00 becomes 02:00 again.
    let late = [window("sun", Some("02:30-03:00"))];
    assert_eq!(state(BERLIN, &late, "2026-10-25T02:40:00+02:00"), State::Open);
    assert_eq!(state(BERLIN, &late, "2026-10-25T02:10:00+01:00"), State::WrongHour);
    assert_eq!(next(BERLIN, &late, "2026-10-25T02:10:00+01:00").as_deref(), Some("2026-10-25T02:30:00+01:00"));
    let across = [window("sun", Some("01:30-02:30"))];
    assert_eq!(next(BERLIN, &across, "2026-10-25T02:40:00+02:00").as_deref(), Some("2026-10-25T02:00:00+01:00"));
}

#[test]
fn edges_of_a_freeze() {
    let edge = |text| Edge::parse(text).unwrap();
    assert_eq!(edge("2026-12-18").start(BERLIN), at("2026-12-18T00:00:00+01:00"));
    assert_eq!(edge("2027-01-04").end(BERLIN), at("2027-01-05T00:00:00+01:00"));
    assert_eq!(edge("2026-12-18T18:00:00+05:00").end(BERLIN), at("2026-12-18T13:00:00Z"));
    assert_eq!(edge("2026-10-25T02:30").start(BERLIN), at("2026-10-25T02:30:00+02:00"));
    assert_eq!(edge("2026-10-25T02:30").end(BERLIN), at("2026-10-25T02:30:00+01:00"));
    assert_eq!(edge("2026-03-29T02:30").end(BERLIN), at("2026-03-29T03:00:00+02:00"));
    for bad in ["2026-13-01", "18.12.2026", "2026-1-1", "tomorrow", "2026-12-18 "] {
        assert_eq!(Edge::parse(bad).is_some(), bad.ends_with(' '), "{bad}");
    }
}

#[test]
fn freezes_hold_even_inside_a_window_and_the_search_has_an_end() {
    let all = [window("mon-sun", None)];
    let freeze = at("2026-12-18T00:00:00Z")..at("2027-01-05T00:00:00Z");
    let windows = Windows { zone: UTC, allow: &all, freezes: vec![freeze.clone()] };
    assert_eq!(windows.state(at("2026-12-17T23:59:59Z")), State::Open);
    assert_eq!(windows.state(freeze.start), State::Frozen(0));
    assert_eq!(windows.state(freeze.end), State::Open);
    assert_eq!(windows.next_open(at("2026-12-20T12:00:00Z")), Some(freeze.end));
    assert_eq!(next(UTC, &[], "2026-12-20T12:00:00Z"), None);
    let ages = vec![at("2026-01-01T00:00:00Z")..at("2030-01-01T00:00:00Z")];
    assert_eq!(Windows { zone: UTC, allow: &all, freezes: ages }.next_open(at("2026-12-20T12:00:00Z")), None);
}

#[test]
fn the_next_closing() {
    let closes = |allow: &[Window], after: &str| {
        let windows = Windows { zone: BERLIN, allow, freezes: Vec::new() };
        windows.next_close(at(after)).map(|t| t.with_timezone(&BERLIN).to_rfc3339())
    };
    let whole = [window("mon-wed", None), window("thu", Some("00:00-12:00"))];
    assert_eq!(closes(&whole, "2026-11-24T10:00:00Z").as_deref(), Some("2026-11-26T12:00:00+01:00"));
    let night = [window("tue", Some("22:00-04:00"))];
    assert_eq!(closes(&night, "2026-11-24T22:00:00Z").as_deref(), Some("2026-11-25T04:00:00+01:00"));
    assert_eq!(closes(&night, "2026-11-25T02:00:00Z").as_deref(), Some("2026-11-25T04:00:00+01:00"));
    assert_eq!(closes(&night, "2026-11-25T12:00:00Z").as_deref(), Some("2026-11-25T13:00:00+01:00"), "it is closed");
    assert_eq!(closes(&[window("mon-sun", None)], "2026-11-24T10:00:00Z"), None);
    let frozen =
        Windows { zone: UTC, allow: &whole, freezes: vec![at("2026-11-25T01:00:00Z")..at("2026-11-26T00:00:00Z")] };
    assert_eq!(frozen.next_close(at("2026-11-24T10:00:00Z")), Some(at("2026-11-25T01:00:00Z")));
}

#[test]
fn edges_that_the_clocks_jump_over() {
    // Berlin, 29 March 2026: 02:00 becomes 03:00. A window that would close in the gap closes with it.
    let early = [window("sun", Some("01:00-02:30"))];
    let windows = |freezes| Windows { zone: BERLIN, allow: &early, freezes };
    let gap = at("2026-03-29T01:00:00Z");
    assert_eq!(windows(Vec::new()).next_close(at("2026-03-29T00:30:00Z")), Some(gap));
    let edge = |text| Edge::parse(text).unwrap();
    assert_eq!(edge("2026-03-29T02:30").start(BERLIN), gap);
    let freeze = edge("2026-03-28T12:00").start(BERLIN)..edge("2026-03-29T02:30").end(BERLIN);
    assert_eq!(windows(vec![freeze]).next_open(at("2026-03-29T00:30:00Z")), Some(at("2026-04-04T23:00:00Z")));
    // A day that begins in the gap: Havana, 8 March 2026, 00:00 becomes 01:00.
    let havana = Tz::America__Havana;
    assert_eq!(edge("2026-03-08").start(havana), at("2026-03-08T05:00:00Z"));
    assert_eq!(
        next(havana, &[window("sun", None)], "2026-03-07T12:00:00Z").as_deref(),
        Some("2026-03-08T01:00:00-04:00")
    );
    // A day that never was: Samoa had no 30 December 2011.
    let apia = Tz::Pacific__Apia;
    assert_eq!(edge("2011-12-30").start(apia), edge("2011-12-30").end(apia));
    assert_eq!(
        next(apia, &[window("fri", None)], "2011-12-29T12:00:00Z").as_deref(),
        Some("2012-01-06T00:00:00+14:00")
    );
}

#[test]
fn a_repeated_hour_closes_twice_and_some_zones_have_none() {
    // Berlin, 25 October 2026: 03:00 becomes 02:00 again.
    let late = [window("sun", Some("01:00-02:30"))];
    let windows = Windows { zone: BERLIN, allow: &late, freezes: Vec::new() };
    assert_eq!(windows.next_close(at("2026-10-25T00:10:00Z")), Some(at("2026-10-25T00:30:00Z")));
    assert_eq!(windows.next_open(at("2026-10-25T00:30:00Z")), Some(at("2026-10-25T01:00:00Z")));
    assert_eq!(windows.next_close(at("2026-10-25T01:00:00Z")), Some(at("2026-10-25T01:30:00Z")));
    let tokyo = Windows { zone: Tz::Asia__Tokyo, ..windows };
    assert_eq!(tokyo.next_open(at("2026-10-24T15:00:00Z")), Some(at("2026-10-24T16:00:00Z")));
    assert_eq!(tokyo.next_close(at("2026-10-24T16:00:00Z")), Some(at("2026-10-24T17:30:00Z")));
}

fn any_window() -> impl Strategy<Value = Window> {
    let hours = prop_oneof![
        1 => Just(None),
        4 => (0u16..48, 1u16..=48).prop_filter_map("empty", |(a, b)| (a != b).then_some(Some(Hours { from: a * 30, until: b * 30 }))),
    ];
    let days = (0usize..7, 0usize..7).prop_map(|(a, b)| {
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        WeekDays::parse(&format!("{}-{}", names[a], names[b])).unwrap()
    });
    (days, hours).prop_map(|(days, hours)| Window { days, hours })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The next opening is the first open minute that a minute-by-minute walk finds, through changes of the clocks.
    #[test]
    fn the_next_opening_is_the_first_open_minute(
        allow in proptest::collection::vec(any_window(), 1..3),
        zone in prop_oneof![Just(BERLIN), Just(Tz::America__New_York), Just(Tz::Australia__Lord_Howe), Just(Tz::America__Havana), Just(UTC)],
        change in prop_oneof![Just("2026-03-28T00:00:00Z"), Just("2026-10-24T12:00:00Z"), Just("2026-03-07T00:00:00Z"), Just("2026-10-31T18:00:00Z"), Just("2026-04-04T12:00:00Z")],
        offset in 0i64..3000,
        freeze in 0i64..2000,
    ) {
        let after = at(change) + TimeDelta::minutes(offset);
        let freezes = vec![after + TimeDelta::minutes(freeze / 2)..after + TimeDelta::minutes(freeze)];
        let windows = Windows { zone, allow: &allow, freezes };
        let minutes = (0..9 * 1440).map(|m| after + TimeDelta::minutes(m));
        let walked = minutes.into_iter().find(|m| windows.state(*m) == State::Open);
        prop_assert_eq!(windows.next_open(after), walked.or_else(|| windows.next_open(after).filter(|n| *n >= after + TimeDelta::days(9))));
        let mut minutes = (0..9 * 1440).map(|m| after + TimeDelta::minutes(m));
        let walked = minutes.find(|m| windows.state(*m) != State::Open);
        prop_assert_eq!(windows.next_close(after), walked.or_else(|| windows.next_close(after).filter(|n| *n >= after + TimeDelta::days(9))));
    }
}
