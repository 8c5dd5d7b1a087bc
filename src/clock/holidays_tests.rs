//! Calendars as people keep them, and as nobody should.

use chrono_tz::Tz::{America__New_York as NEW_YORK, Europe__Berlin as BERLIN, UTC};
use proptest::prelude::*;

use super::*;

fn calendar(events: &[&str]) -> String {
    let event = |lines: &&str| format!("BEGIN:VEVENT\n{lines}\nEND:VEVENT\n");
    let events: String = events.iter().map(event).collect();
    format!("BEGIN:VCALENDAR\nVERSION:2.0\n{events}END:VCALENDAR\n")
}

fn at(text: &str) -> Moment {
    text.parse().unwrap()
}

/// The events of a year, by the wall clock of `zone`.
fn shown(text: &str, year: i32, zone: Tz) -> Vec<String> {
    let holidays = Holidays::parse(text).unwrap();
    let (from, to) = (at(&format!("{year}-01-02T00:00:00Z")), at(&format!("{year}-12-30T00:00:00Z")));
    let local = |t: Moment| t.with_timezone(&zone).format("%m-%d %H:%M").to_string();
    let line = |h: Holiday<'_>| format!("{} {}..{}", h.title.unwrap_or("-"), local(h.time.start), local(h.time.end));
    holidays.during(from, to, zone).map(line).collect()
}

fn one(lines: &str, year: i32, zone: Tz) -> Vec<String> {
    shown(&calendar(&[lines]), year, zone)
}

fn wrong(lines: &str) -> String {
    Holidays::parse(&calendar(&[lines])).unwrap_err()
}

const CHRISTMAS: &str = "UID:c\nSUMMARY:Christmas Day\nDTSTART;VALUE=DATE:20201225\nRRULE:FREQ=YEARLY";

#[test]
fn whole_days_are_days_of_the_zone_that_asks() {
    assert_eq!(one(CHRISTMAS, 2026, BERLIN), ["Christmas Day 12-25 00:00..12-26 00:00"]);
    assert_eq!(one(CHRISTMAS, 2026, NEW_YORK), ["Christmas Day 12-25 00:00..12-26 00:00"]);
    let holidays = Holidays::parse(&calendar(&[CHRISTMAS])).unwrap();
    let first = |zone| holidays.during(at("2026-12-01T00:00:00Z"), at("2026-12-31T00:00:00Z"), zone).next().unwrap();
    assert_eq!(first(BERLIN).time.start, at("2026-12-24T23:00:00Z"));
    assert_eq!(first(NEW_YORK).time.start, at("2026-12-25T05:00:00Z"));
    let days = "DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261228";
    assert_eq!(one(days, 2026, UTC), ["- 12-25 00:00..12-28 00:00"]);
    assert_eq!(one("DTSTART:20261025\nDURATION:P1D", 2026, BERLIN), ["- 10-25 00:00..10-26 00:00"]);
}

#[test]
fn times_are_moments_or_the_clock_on_the_wall() {
    let zoned = "DTSTART;TZID=Europe/Berlin:20261124T100000\nDTEND;TZID=Europe/Berlin:20261124T120000";
    assert_eq!(one(zoned, 2026, NEW_YORK), ["- 11-24 04:00..11-24 06:00"]);
    assert_eq!(one("DTSTART:20261124T100000Z\nDURATION:PT1H", 2026, BERLIN), ["- 11-24 11:00..11-24 12:00"]);
    assert_eq!(one("DTSTART:20261124T100000\nDURATION:PT1H", 2026, BERLIN), ["- 11-24 10:00..11-24 11:00"]);
    assert_eq!(one("DTSTART:20261124T100000\nDURATION:PT1H", 2026, NEW_YORK), ["- 11-24 10:00..11-24 11:00"]);
    // A moment without a length closes nothing.
    assert_eq!(one("DTSTART:20261124T100000Z", 2026, BERLIN), [""; 0]);
}

#[test]
fn repeated_times_stay_where_the_clock_shows_them() {
    let monthly = "DTSTART;TZID=Europe/Berlin:20260315T090000\nDURATION:PT1H\nRRULE:FREQ=MONTHLY;COUNT=2";
    assert_eq!(one(monthly, 2026, BERLIN), ["- 03-15 09:00..03-15 10:00", "- 04-15 09:00..04-15 10:00"]);
    assert_eq!(one(monthly, 2026, UTC), ["- 03-15 08:00..03-15 09:00", "- 04-15 07:00..04-15 08:00"]);
    // The hour that the clocks skip is over when they have; an end in UTC is one of the zone's clock.
    let gap = "DTSTART;TZID=Europe/Berlin:20260328T023000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20260329T010000Z";
    assert_eq!(one(gap, 2026, BERLIN), ["- 03-28 02:30..03-28 03:30", "- 03-29 03:00..03-29 04:00"]);
}

#[test]
fn what_falls_out_and_what_is_added() {
    let except = format!("{CHRISTMAS}\nEXDATE;VALUE=DATE:20261225\nRDATE;VALUE=DATE:20261226,20271226");
    assert_eq!(one(&except, 2026, UTC), ["Christmas Day 12-26 00:00..12-27 00:00"]);
    assert_eq!(one(&except, 2027, UTC).len(), 2);
    let moved = "UID:c\nSUMMARY:Moved\nRECURRENCE-ID;VALUE=DATE:20261225\nDTSTART;VALUE=DATE:20261224";
    let gone = "UID:c\nSTATUS:CANCELLED\nRECURRENCE-ID;VALUE=DATE:20271225\nDTSTART;VALUE=DATE:20271225";
    let all = calendar(&[moved, CHRISTMAS, gone]);
    assert_eq!(shown(&all, 2026, UTC), ["Moved 12-24 00:00..12-25 00:00"]);
    assert_eq!(shown(&all, 2027, UTC), [""; 0]);
    assert_eq!(shown(&all, 2028, UTC).len(), 1);
    assert_eq!(one(&format!("{CHRISTMAS}\nSTATUS:CANCELLED"), 2026, UTC), [""; 0]);
    assert_eq!(one(&format!("{CHRISTMAS}\nTRANSP:TRANSPARENT"), 2026, UTC).len(), 1);
    // Some programs write the days that fall out as midnights.
    assert_eq!(one(&format!("{CHRISTMAS}\nEXDATE;TZID=Europe/Berlin:20261225T000000"), 2026, UTC), [""; 0]);
    let utc =
        "DTSTART;TZID=Europe/Berlin:20261124T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE:20261124T090000Z";
    assert_eq!(one(utc, 2026, BERLIN), ["- 11-25 10:00..11-25 11:00"]);
}

#[test]
fn lines_fold_and_names_are_of_any_case() {
    let folded = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:New\\, and\r\n  Year\r\ndtst\r\n art;value=date:20260701\r\nBEGIN:VALARM\r\nTRIGGER:-PT1H\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n\r\n";
    assert_eq!(shown(folded, 2026, UTC), ["New, and Year 07-01 00:00..07-02 00:00"]);
    assert_eq!(shown(&format!("\u{feff}{folded}"), 2026, UTC).len(), 1);
}

#[test]
fn a_files_own_zones_count_where_they_say_what_they_are() {
    let zone = "BEGIN:VTIMEZONE\nTZID:Ours\nX-LIC-LOCATION:Europe/Berlin\nEND:VTIMEZONE";
    let event = "DTSTART;TZID=\"Ours\":20261124T100000\nDURATION:PT1H";
    let text = calendar(&[event]).replace("VERSION:2.0", zone);
    assert_eq!(shown(&text, 2026, UTC), ["- 11-24 09:00..11-24 10:00"]);
    let unknown = "the event of line 3: `Ours` of DTSTART is no IANA time zone such as `Europe/Berlin`";
    assert_eq!(wrong(event), unknown);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    assert_eq!(wrong("SUMMARY:X\nUID:1"), "the event \"X\" of line 3: it has no DTSTART");
    assert_eq!(
        wrong(&CHRISTMAS.replace("FREQ=YEARLY", "FREQ=SECONDLY")),
        "the event \"Christmas Day\" of line 3: its RRULE `FREQ=SECONDLY` repeats within a day, and a calendar of holidays repeats by the day"
    );
    for bad in [
        "DTSTART:tomorrow",
        "DTSTART:",
        "DTSTART",
        "DTSTART;VALUE=DATE:20261124T100000",
        "DTSTART;VALUE=DATE-TIME:20261124",
        "DTSTART:20261124\nDTSTART:20261125",
        "DTSTART:20261124\nDTEND:20261123",
        "DTSTART:20261124\nDTEND:20261125\nDURATION:P1D",
        "DTSTART:20261124\nDURATION:one day",
        "DTSTART:20261124\nDURATION:P20000D",
        "DTSTART:20261124\nRRULE:FREQ=YEARLY\nEXDATE:20261124T100000",
        "DTSTART:20261124\nRDATE;VALUE=PERIOD:20261124T100000Z/PT1H",
        "DTSTART:20261124\nEXRULE:FREQ=YEARLY",
        "DTSTART:20261124\nRRULE:FREQ=YEARLY\nRECURRENCE-ID:20261124",
        "DTSTART:20261124\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261124",
        "DTSTART:20261124\nRRULE:FREQ=YEARLY;UNTIL=soon",
    ] {
        assert!(Holidays::parse(&calendar(&[bad])).is_err(), "{bad}");
    }
}

#[test]
fn files_that_are_no_calendar_are_refused() {
    let refused = |text: &str| Holidays::parse(text).unwrap_err();
    assert_eq!(refused(""), "it is empty");
    assert_eq!(refused("<html>\n"), "line 1 is no property: `<html>`");
    assert_eq!(refused("BEGIN:VEVENT\n"), "line 1 is outside of the one VCALENDAR that a calendar is");
    assert_eq!(refused("BEGIN:VCALENDAR\n"), "its `VCALENDAR` has no end");
    assert_eq!(refused("BEGIN:VCALENDAR\nEND:VCALENDAR\n"), "it holds no event");
    assert_eq!(refused("BEGIN:VCALENDAR\nEND:VEVENT\n"), "line 2 ends `VEVENT`, which is not what is open");
    assert_eq!(
        refused(&calendar(&["DTSTART:20261124"]).repeat(2)),
        "line 7 is outside of the one VCALENDAR that a calendar is"
    );
    let deep = format!("BEGIN:VCALENDAR\n{}", "BEGIN:X\n".repeat(100_000));
    assert_eq!(refused(&deep), "line 5 nests too deep");
}

#[test]
fn it_is_known_how_far_it_reaches() {
    let endless = Holidays::parse(&calendar(&[CHRISTMAS])).unwrap();
    assert!(endless.reaches(at("2099-12-01T00:00:00Z")) && !endless.reaches(at("2100-01-01T00:00:00Z")));
    let single = Holidays::parse(&calendar(&["DTSTART:21260701"])).unwrap();
    assert!(single.reaches(at("3000-01-01T00:00:00Z")));
    assert_eq!(single.during(at("2126-07-01T10:00:00Z"), at("2126-07-01T10:00:00Z"), UTC).count(), 1);
}

proptest! {
    #[test]
    fn no_file_breaks_it(lines in proptest::collection::vec(prop_oneof![
        Just("BEGIN:VCALENDAR".to_owned()), Just("END:VCALENDAR".to_owned()), Just("BEGIN:VEVENT".to_owned()),
        Just("END:VEVENT".to_owned()), Just("DTSTART:20261124".to_owned()), "[A-Z;=\":,ä \\\\\r-]{0,20}",
        "(DTSTART|DTEND|DURATION|RRULE|RDATE|TZID)[;:=A-Z0-9]{0,20}",
    ], 0..12)) {
        let _ = Holidays::parse(&lines.join("\n"));
        let inside = lines.iter().filter(|l| !l.starts_with("BEGIN") && !l.starts_with("END")).cloned();
        let _ = Holidays::parse(&calendar(&[&inside.collect::<Vec<_>>().join("\n")]));
    }

    /// A stretch holds an event exactly when some day of it does.
    #[test]
    fn a_stretch_holds_what_its_moments_hold(start in 0i64..400, length in 1i64..40, from in 0i64..400, span in 0i64..20, zone in prop_oneof![Just(BERLIN), Just(NEW_YORK), Just(Tz::Pacific__Kiritimati), Just(Tz::Pacific__Pago_Pago)]) {
        let day = |n| (at("2026-01-01T00:00:00Z") + TimeDelta::days(n)).format("%Y%m%d").to_string();
        let text = calendar(&[&format!("DTSTART:{}\nDTEND:{}", day(start), day(start + length))]);
        let holidays = Holidays::parse(&text).unwrap();
        let moment = |hours| at("2026-01-01T00:00:00Z") + TimeDelta::hours(hours);
        let (from, to) = (from * 24, (from + span) * 24);
        let whole = holidays.during(moment(from), moment(to), zone).next().is_some();
        let single = (from..=to).any(|h| holidays.during(moment(h), moment(h), zone).next().is_some());
        prop_assert_eq!(whole, single);
    }
}

#[test]
fn what_another_calendar_holds_less() {
    let lost = |one: &[&str], other: &[&str]| -> Vec<(String, usize, String)> {
        let read = |events: &[&str]| Holidays::parse(&calendar(events)).unwrap();
        let (one, other) = (read(one), read(other));
        let day = |t: Moment| t.with_timezone(&BERLIN).format("%Y-%m-%d %H:%M").to_string();
        one.lost(&other, BERLIN).iter().map(|l| (day(l.first.start), l.times, day(l.ends))).collect()
    };
    let (days, first, second) =
        ("DTSTART:20261224\nDTEND:20261227", "DTSTART:20261224\nDTEND:20261226", "DTSTART:20261226");
    assert!(lost(&[days], &[second, first]).is_empty(), "in two parts");
    assert!(lost(&[first, second], &[days]).is_empty());
    assert_eq!(lost(&[days], &[first]), [("2026-12-24 00:00".to_owned(), 1, "2026-12-27 00:00".to_owned())]);
    assert_eq!(lost(&[days], &[second]).len(), 1);
    let until = format!("{CHRISTMAS};UNTIL=20981231");
    let newest = ("2099-12-25 00:00".to_owned(), 1, "2099-12-26 00:00".to_owned());
    assert_eq!(lost(&[CHRISTMAS], &[&until]), [newest]);
    assert_eq!(lost(&[CHRISTMAS], &[second]), [("2020-12-25 00:00".to_owned(), 80, "2099-12-26 00:00".to_owned())]);
    assert!(lost(&[&until], &[CHRISTMAS]).is_empty());
}
