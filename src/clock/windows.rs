//! Deploy windows: on which days and hours a deploy may start, and when the next one opens.
//!
//! Everything is told by the clock on the wall of one zone. A local time that the change to summer time skips does not
//! happen: a window that would open in the skipped hour opens when it is over. A local time that the change back repeats
//! happens twice, and is open or closed both times. A freeze is a stretch of real time: its edges are moments.

use std::ops::Range;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone};

use super::{Moment, Tz, WeekDays};

/// Hours of a day, `09:00-16:00`: the first minute is in, the last is not. May run over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Minutes after midnight at which it opens.
    from: u16,
    /// Minutes after midnight at which it closes; at most 1440. Less than `from` where it runs over midnight.
    until: u16,
}

impl Hours {
    /// Reads `09:00-16:00`; `00:00-24:00` is the whole day, and `22:00-04:00` ends on the next one.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, until) = text.split_once('-')?;
        let (from, until) = (minutes(from)?, minutes(until)?);
        (from != until && from < 1440).then_some(Self { from, until })
    }

    const fn wraps(self) -> bool {
        self.until < self.from
    }
}

/// Minutes after midnight of `9:05` or `24:00`.
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let digits = |t: &str, least: usize| t.len() >= least && t.len() <= 2 && t.bytes().all(|b| b.is_ascii_digit());
    if !digits(hours, 1) || !digits(minutes, 2) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= 1440).then_some(total)
}

impl std::fmt::Display for Hours {
    /// `09:00-16:00`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.from / 60, self.from % 60, self.until / 60, self.until % 60)
    }
}

/// Days and hours on which a deploy may start. Hours over midnight belong to the day on which they begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The days.
    pub days: WeekDays,
    /// The hours; the whole day where there are none.
    pub hours: Option<Hours>,
}

impl Window {
    /// Is the wall clock's `local` within it?
    pub fn holds(self, local: NaiveDateTime) -> bool {
        let today = self.days.holds(local.weekday());
        let Some(hours) = self.hours else { return today };
        let (from, until) = (hours.from, hours.until);
        let now = minute_of(local);
        if hours.wraps() {
            return (today && now >= from) || (now < until && self.days.holds(local.weekday().pred()));
        }
        today && from <= now && now < until
    }

    /// The local times at which the window of `day` opens and closes, if there is one.
    fn edges(self, day: NaiveDate) -> Option<[NaiveDateTime; 2]> {
        let at = |minutes: u16| day.and_time(NaiveTime::MIN) + TimeDelta::minutes(i64::from(minutes));
        let edges = match self.hours {
            None => [at(0), at(1440)],
            Some(hours) if hours.wraps() => [at(hours.from), at(1440 + hours.until)],
            Some(hours) => [at(hours.from), at(hours.until)],
        };
        self.days.holds(day.weekday()).then_some(edges)
    }
}

fn minute_of(local: NaiveDateTime) -> u16 {
    use chrono::Timelike;
    u16::try_from(local.hour() * 60 + local.minute()).unwrap_or(u16::MAX)
}

impl std::fmt::Display for Window {
    /// `mon-thu 09:00-16:00`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.hours {
            Some(hours) => write!(f, "{} {hours}", self.days),
            None => write!(f, "{}", self.days),
        }
    }
}

/// One end of a freeze.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// A whole day.
    Day(NaiveDate),
    /// What the clock on the wall shows.
    Local(NaiveDateTime),
    /// A moment.
    Exact(Moment),
}

impl Edge {
    /// Reads `2026-12-18`, `2026-12-18T18:00`, `2026-12-18T18:00:00+01:00`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let local = |format| NaiveDateTime::parse_from_str(text, format).ok().map(Self::Local);
        let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10).map(Self::Day);
        let exact = || DateTime::parse_from_rfc3339(text).ok().map(|t| Self::Exact(t.to_utc()));
        day().or_else(exact).or_else(|| local("%Y-%m-%dT%H:%M")).or_else(|| local("%Y-%m-%dT%H:%M:%S"))
    }

    /// The moment at which a freeze that starts here starts.
    pub fn start(self, zone: Tz) -> Moment {
        match self {
            Self::Day(day) => first(zone, day.and_time(NaiveTime::MIN)),
            Self::Local(local) => first(zone, local),
            Self::Exact(moment) => moment,
        }
    }

    /// The moment at which a freeze that ends here is over: a day is included as a whole.
    pub fn end(self, zone: Tz) -> Moment {
        match self {
            Self::Day(day) => first(zone, day.succ_opt().unwrap_or(day).and_time(NaiveTime::MIN)),
            Self::Local(local) => last(zone, local),
            Self::Exact(moment) => moment,
        }
    }
}

/// What a moment is, as far as deploys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A deploy may start.
    Open,
    /// It is within the freeze of that number.
    Frozen(usize),
    /// No window allows that day.
    WrongDay,
    /// A window allows that day at another hour.
    WrongHour,
}

/// How far ahead openings and closings are looked for.
pub const HORIZON: TimeDelta = TimeDelta::days(400);

/// When deploys may start: inside a window and outside of every freeze.
#[derive(Clone, Debug)]
pub struct Windows<'p> {
    /// The clock that days and hours are told by.
    pub zone: Tz,
    /// When deploys may start. With none, never.
    pub allow: &'p [Window],
    /// When they may not, even so.
    pub freezes: Vec<Range<Moment>>,
}

impl Windows<'_> {
    /// May a deploy start at `at`?
    pub fn state(&self, at: Moment) -> State {
        if let Some(number) = self.freezes.iter().position(|f| f.contains(&at)) {
            return State::Frozen(number);
        }
        let local = local(self.zone, at);
        if self.allow.iter().any(|w| w.holds(local)) {
            State::Open
        } else if self.allow.iter().any(|w| w.days.holds(local.weekday())) {
            State::WrongHour
        } else {
            State::WrongDay
        }
    }

    /// The first moment from `after` on at which a deploy may start, if there is one within 400 days.
    pub fn next_open(&self, after: Moment) -> Option<Moment> {
        let end = after.checked_add_signed(HORIZON)?;
        let mut at = after;
        while at <= end {
            at = match self.state(at) {
                State::Open => return Some(at),
                State::Frozen(number) => self.freezes[number].end,
                State::WrongDay | State::WrongHour => self.next_change(at)?,
            };
        }
        None
    }

    /// The first moment from `after` on at which no deploy may start, if there is one within 400 days.
    pub fn next_close(&self, after: Moment) -> Option<Moment> {
        let end = after.checked_add_signed(HORIZON)?;
        let mut at = after;
        while at <= end {
            if self.state(at) != State::Open {
                return Some(at);
            }
            let freezes = self.freezes.iter().map(|f| f.start).filter(|start| *start > at);
            at = freezes.chain(self.next_change(at)).min()?;
        }
        None
    }

    /// The first moment after `at` at which a window may open or close: where one begins or ends, or where the clocks
    /// change.
    fn next_change(&self, at: Moment) -> Option<Moment> {
        let yesterday = local(self.zone, at).date().pred_opt()?;
        let mut next: Option<Moment> = None;
        for ahead in 0..=9 {
            // A window of yesterday may close today.
            let day = yesterday.checked_add_days(Days::new(ahead))?;
            let from = at + TimeDelta::days(i64::try_from(ahead).ok()? - 1);
            let edges = self.allow.iter().filter_map(|w| w.edges(day)).flatten();
            let moments = edges.flat_map(|l| [first(self.zone, l), last(self.zone, l)]);
            let all = moments.chain(clock_change(self.zone, from, from + TimeDelta::days(1)));
            next = all.filter(|m| *m > at).chain(next).min();
            if next.is_some_and(|n| n <= from) {
                break;
            }
        }
        next
    }
}

/// What the wall clock shows.
fn local(zone: Tz, at: Moment) -> NaiveDateTime {
    at.with_timezone(&zone).naive_local()
}

/// The first moment at which the wall clock shows `shown` or, where it skips that, what comes after the gap.
pub(super) fn first(zone: Tz, shown: NaiveDateTime) -> Moment {
    let found = zone.from_local_datetime(&shown);
    found.earliest().map_or_else(|| after_gap(zone, shown), |t| t.to_utc())
}

/// The last moment at which the wall clock shows `shown` or, where it skips that, what comes after the gap.
pub(super) fn last(zone: Tz, shown: NaiveDateTime) -> Moment {
    let found = zone.from_local_datetime(&shown);
    found.latest().map_or_else(|| after_gap(zone, shown), |t| t.to_utc())
}

/// The moment at which the clocks jump over `shown`. No zone's gap is longer than a day.
fn after_gap(zone: Tz, shown: NaiveDateTime) -> Moment {
    let day = TimeDelta::days(2);
    let (from, to) = (shown.and_utc() - day, shown.and_utc() + day);
    search(from, to, |t| local(zone, t) >= shown)
}

/// The moment between `from` and `to` at which the zone's offset changes, if it does.
fn clock_change(zone: Tz, from: Moment, to: Moment) -> Option<Moment> {
    let offset = |t: Moment| t.with_timezone(&zone).offset().fix();
    let before = offset(from);
    (offset(to) != before).then(|| search(from, to, |t| offset(t) != before))
}

/// The first full second in `from..=to` for which `holds`, which holds at `to` and from there on back to one moment.
fn search(from: Moment, to: Moment, holds: impl Fn(Moment) -> bool) -> Moment {
    let (mut low, mut high) = (from.timestamp(), to.timestamp());
    let moment = |seconds| Moment::from_timestamp(seconds, 0).unwrap_or(to);
    while low + 1 < high {
        let middle = low.midpoint(high);
        if holds(moment(middle)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    moment(high)
}

#[cfg(test)]
#[path = "windows_tests.rs"]
mod tests;
