//! Calendars of holidays: iCalendar files, and the stretches of time in which their events close a window.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use chrono::{NaiveDateTime, NaiveTime, TimeDelta};

use super::calendar::{Event, Standing, events};
use super::recurrence::{Budget, LAST_YEAR, expand, last_moment};
use super::stamp::{Clock, Length, Stamp};
use super::{Moment, Tz};

/// Calendars by the name a policy gives them.
pub type Calendars = BTreeMap<String, Arc<Holidays>>;

/// The events of a calendar, repeated ones as often as they come.
///
/// Whole days are days of the zone that asks, and so are times without a zone; times with one are moments. An event that
/// is marked as free time (`TRANSP:TRANSPARENT`) is one like any other, since calendars of holidays mark them so. One that
/// is cancelled is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holidays {
    /// By their start.
    all: Vec<Occurrence>,
    titles: Vec<Option<Box<str>>>,
    /// Days that hold the longest of them.
    longest: i64,
    /// Is there an event that goes on longer than it is read?
    goes_on: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Occurrence {
    start: Stamp,
    length: Length,
    title: usize,
}

impl Occurrence {
    /// From when until when, for whoever lives in `zone`.
    fn time(&self, zone: Tz) -> Range<Moment> {
        self.start.moment(zone)..self.length.end(self.start, zone)
    }
}

/// An event that another calendar does not hold as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost<'h> {
    /// The first of its times that is not filled there.
    pub first: Range<Moment>,
    /// Its name, if it has one.
    pub title: Option<&'h str>,
    /// How many of its times are not.
    pub times: usize,
    /// The end of the last of them.
    pub ends: Moment,
}

/// One event, for whoever lives in one zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holiday<'h> {
    /// From when until when.
    pub time: Range<Moment>,
    /// Its name, if it has one.
    pub title: Option<&'h str>,
}

impl Holidays {
    /// Reads an iCalendar file. Repeated events are read up to the year 2099.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence after the file's name and without a stop.
    pub fn parse(text: &str) -> Result<Self, String> {
        let events = events(text)?;
        let (mut budget, moved) = (Budget::new(), moved(&events));
        let mut holidays = Self { all: Vec::new(), titles: Vec::new(), longest: 0, goes_on: false };
        for event in &events {
            let starts = starts(event, &moved, &mut holidays.goes_on, &mut budget)
                .map_err(|wrong| format!("{}: {wrong}", event.place))?;
            let title = holidays.titles.len();
            holidays.titles.push(event.title.clone());
            let occurrence = |shown| Occurrence { start: Stamp { shown, ..event.start }, length: event.length, title };
            holidays.all.extend(starts.into_iter().map(occurrence));
            holidays.longest = holidays.longest.max(event.length.days_at_most());
        }
        holidays.all.sort_by_key(|o| (o.start.shown, o.title));
        Ok(holidays)
    }

    /// The events that touch `from..=to`, for whoever lives in `zone`; earlier starts first.
    pub fn during(&self, from: Moment, to: Moment, zone: Tz) -> impl Iterator<Item = Holiday<'_>> {
        // No zone is further than a day from UTC.
        let first = from.naive_utc().checked_sub_signed(TimeDelta::days(self.longest + 2));
        let last = to.naive_utc().checked_add_signed(TimeDelta::days(2));
        let begin = self.all.partition_point(|o| first.is_some_and(|t| o.start.shown < t));
        let end = self.all.partition_point(|o| last.is_none_or(|t| o.start.shown <= t));
        let within = self.all.get(begin..end).unwrap_or_default().iter();
        let holidays = within
            .map(move |o| Holiday { time: o.time(zone), title: self.titles.get(o.title).and_then(Option::as_deref) });
        holidays.filter(move |h| h.time.start < h.time.end && h.time.end > from && h.time.start <= to)
    }

    /// The events of which `after` does not hold all of the time, for whoever lives in `zone`; each once.
    pub fn lost<'h>(&'h self, after: &Self, zone: Tz) -> Vec<Lost<'h>> {
        let mut all: BTreeMap<usize, Lost<'h>> = BTreeMap::new();
        for occurrence in &self.all {
            let time = occurrence.time(zone);
            if time.start >= time.end || after.covers(&time, zone) {
                continue;
            }
            let title = self.titles.get(occurrence.title).and_then(Option::as_deref);
            let new = || Lost { first: time.clone(), title, times: 0, ends: time.end };
            let lost = all.entry(occurrence.title).or_insert_with(new);
            (lost.times, lost.ends) = (lost.times + 1, lost.ends.max(time.end));
        }
        all.into_values().collect()
    }

    /// Do events fill all of `time`?
    fn covers(&self, time: &Range<Moment>, zone: Tz) -> bool {
        let mut until = time.start;
        for holiday in self.during(time.start, time.end, zone).filter(|h| h.time.end > time.start) {
            if holiday.time.start > until {
                break;
            }
            until = until.max(holiday.time.end);
        }
        until >= time.end
    }

    /// Is everything known that happens until `to`?
    pub fn reaches(&self, to: Moment) -> bool {
        !self.goes_on || to.naive_utc() + TimeDelta::days(2) <= last_moment()
    }

    /// The last year that is read.
    pub const LAST_YEAR: i32 = LAST_YEAR;
}

/// By the event's `UID`, the starts that other events are in place of.
type Moved<'e> = BTreeMap<&'e str, Vec<&'e Stamp>>;

fn moved(events: &[Event]) -> Moved<'_> {
    let mut all = Moved::new();
    for (uid, start) in events.iter().filter_map(|e| Some((e.uid.as_deref()?, e.replaces.as_ref()?))) {
        all.entry(uid).or_default().push(start);
    }
    all
}

/// When `event` starts.
fn starts(
    event: &Event,
    moved: &Moved<'_>,
    goes_on: &mut bool,
    budget: &mut Budget,
) -> Result<Vec<NaiveDateTime>, String> {
    let (clock, own) = (event.start.clock, event.start.shown);
    if event.standing == Standing::Cancelled {
        return Ok(Vec::new());
    }
    let mut starts = vec![own];
    for rule in &event.rules {
        let until = |text: &str| until(text, event.start);
        let series = expand(rule, own, until, budget)?;
        *goes_on |= series.goes_on;
        starts.extend(series.starts);
    }
    let shown = |stamp: &Stamp, name: &str| {
        stamp.on(clock).ok_or_else(|| format!("its {name} is told by another clock than its DTSTART"))
    };
    for extra in &event.extra {
        starts.push(shown(extra, "RDATE")?);
    }
    let mut gone = Vec::new();
    for except in &event.except {
        gone.push(shown(except, "EXDATE")?);
    }
    let replaced = event.uid.as_deref().filter(|_| event.replaces.is_none()).and_then(|uid| moved.get(uid));
    for start in replaced.into_iter().flatten() {
        gone.push(shown(start, "RECURRENCE-ID")?);
    }
    if clock == Clock::Day {
        for start in &mut starts {
            *start = start.date().and_time(NaiveTime::MIN);
        }
    }
    gone.sort_unstable();
    starts.retain(|start| gone.binary_search(start).is_err());
    starts.sort_unstable();
    starts.dedup();
    Ok(starts)
}

/// The last start that `UNTIL=text` allows, by the clock of `start`: a day is allowed as a whole.
fn until(text: &str, start: Stamp) -> Option<NaiveDateTime> {
    let stamp = Stamp::parse(text, None)?;
    match (stamp.clock, start.clock) {
        (Clock::Day, _) => stamp.shown.date().and_hms_opt(23, 59, 59),
        // What has no zone is compared with what it shows.
        (_, Clock::Day | Clock::Floating) => Some(stamp.shown),
        (_, clock) => stamp.on(clock),
    }
}

#[cfg(test)]
#[path = "holidays_tests.rs"]
mod tests;
