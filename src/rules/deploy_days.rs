//! When deploys may start, for one rollout or service: windows, freezes and calendars together, and how to say it.

use chrono::{Datelike, NaiveTime, TimeDelta};

use super::deploy_window::{Freeze, Params};
use crate::clock::holidays::{Calendars, Holidays};
use crate::clock::windows::{HORIZON, State, Window, Windows};
use crate::clock::{Moment, Tz};
use crate::model::Match;
use crate::model::units::display_seconds;

/// The windows, freezes and calendars that hold for one rollout.
#[derive(Clone, Debug)]
pub struct DeployDays<'p> {
    allow: Vec<Window>,
    freezes: Vec<&'p Freeze>,
    calendars: Vec<(&'p str, Option<&'p Holidays>)>,
    zone: Tz,
}

/// Why a deploy may not start, and when it may.
#[derive(Clone, Debug, PartialEq)]
pub struct Closed {
    /// The moment in words: `Fri 27 Nov 2026 16:30 Europe/Berlin`.
    pub local: String,
    /// Why it is closed, after "would start …, ".
    pub why: String,
    /// What is required, short.
    pub required: String,
    /// The parameter that closes it.
    pub limit: &'static str,
    /// The first moment at which it opens, if there is one within 400 days.
    pub opens: Option<Moment>,
}

impl<'p> DeployDays<'p> {
    /// The windows of `params` for the rollouts of which `matches` is true; `zone` is the policy's, and so are
    /// `calendars`.
    pub fn new(params: &'p Params, zone: Tz, calendars: &'p Calendars, matches: impl Fn(&Match) -> bool) -> Self {
        let allow = params.windows();
        let calendar = |path: &'p String| (path.as_str(), calendars.get(path).map(AsRef::as_ref));
        Self {
            allow,
            freezes: params.freeze.iter().filter(|f| matches(f.matching())).collect(),
            calendars: params.calendars.iter().map(calendar).collect(),
            zone: params.timezone.map_or(zone, |z| z.0),
        }
    }

    /// The zone that its days and hours are told in.
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// Why nobody can know whether a deploy may start at `at`, if so.
    pub fn unknown(&self, at: Moment) -> Option<String> {
        let reaches = |h: &Holidays| at.checked_add_signed(HORIZON).is_some_and(|end| h.reaches(end));
        let (path, holidays) = self.calendars.iter().find(|(_, h)| !h.is_some_and(reaches))?;
        Some(match holidays {
            Some(_) => {
                format!(
                    "`{path}` is read up to the year {}, and the start lies too close to its end",
                    Holidays::LAST_YEAR
                )
            }
            None => format!("`{path}` was not read"),
        })
    }

    /// Why a deploy may not start at `at`; `None` where it may.
    pub fn closed(&self, at: Moment) -> Option<Closed> {
        let (windows, mut names) = self.during(at, at);
        let state = windows.state(at);
        let list = words(&self.allow);
        let (why, required, limit) = match state {
            State::Open => return None,
            State::Frozen(number) => {
                let (what, limit) =
                    if number < self.freezes.len() { ("freeze", "freeze") } else { ("holiday", "calendars") };
                (names.swap_remove(number), format!("outside of every {what}"), limit)
            }
            State::WrongHour => (format!("outside the allowed hours ({list})"), list, "allow"),
            State::WrongDay if self.allow.is_empty() => {
                ("and no day is allowed".to_owned(), "an allowed day".to_owned(), "allow")
            }
            State::WrongDay => (format!("outside the allowed days ({list})"), list, "allow"),
        };
        let opens = self.during(at, at.checked_add_signed(HORIZON).unwrap_or(at)).0.next_open(at);
        Some(Closed { local: self.told(at), why, required, limit, opens })
    }

    /// The first moment from `at` on at which no deploy may start, if there is one within 400 days.
    pub fn closes(&self, at: Moment) -> Option<Moment> {
        self.during(at, at.checked_add_signed(HORIZON)?).0.next_close(at)
    }

    /// The freezes that hold at `at`, in words.
    pub fn frozen(&self, at: Moment) -> impl Iterator<Item = String> {
        self.freezes.iter().filter(move |f| f.time(self.zone).contains(&at)).map(|f| f.inside())
    }

    /// The windows with everything that closes them in `from..=to`, and what each of these is called: the freezes first.
    fn during(&self, from: Moment, to: Moment) -> (Windows<'_>, Vec<String>) {
        let mut freezes: Vec<_> = self.freezes.iter().map(|f| f.time(self.zone)).collect();
        let mut names: Vec<String> = self.freezes.iter().map(|f| f.inside()).collect();
        for (path, holidays) in &self.calendars {
            for holiday in holidays.iter().flat_map(|h| h.during(from, to, self.zone)) {
                freezes.push(holiday.time);
                names.push(match holiday.title {
                    Some(title) => format!("inside the holiday \"{title}\" ({path})"),
                    None => format!("inside a holiday of {path}"),
                });
            }
        }
        (Windows { zone: self.zone, allow: &self.allow, freezes }, names)
    }

    /// A moment in words: `Fri 27 Nov 2026 16:30 Europe/Berlin`.
    pub fn told(&self, at: Moment) -> String {
        format!("{} {}", at.with_timezone(&self.zone).format("%a %-d %b %Y %H:%M"), self.zone.name())
    }

    /// When the window opens, in words: `opens Wed 25 Nov 09:00 Europe/Berlin, in 22h`.
    pub fn opening(&self, closed: &Closed, at: Moment) -> String {
        let Some(opens) = closed.opens else { return "no window opens within 400 days".to_owned() };
        let seconds = u64::try_from((opens - at).num_seconds()).unwrap_or(0);
        let wait = display_seconds(seconds.div_ceil(60) * 60);
        format!("opens {} {}, in {wait}", self.short(opens, at, "%H:%M"), self.zone.name())
    }

    /// When the window closes, in words: `until Thu 26 Nov 24:00`.
    pub fn closing(&self, closes: Option<Moment>, at: Moment) -> String {
        let Some(closes) = closes else { return "and for the next 400 days".to_owned() };
        if closes.with_timezone(&self.zone).time() == NaiveTime::MIN {
            return format!("until {}", self.short(closes - TimeDelta::seconds(1), at, "24:00"));
        }
        format!("until {}", self.short(closes, at, "%H:%M"))
    }

    /// A day near `at` and a time: with its year where that is another one.
    fn short(&self, moment: Moment, at: Moment, time: &str) -> String {
        let (now, then) = (at.with_timezone(&self.zone), moment.with_timezone(&self.zone));
        let day = if now.year() == then.year() { "%a %-d %b" } else { "%a %-d %b %Y" };
        then.format(&format!("{day} {time}")).to_string()
    }

    /// A moment as text to paste, with the zone's offset.
    pub fn paste(&self, moment: Moment) -> String {
        moment.with_timezone(&self.zone).format("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }
}

/// Windows in words: `mon-wed 09:00-16:00 or thu`.
pub(super) fn words(allow: &[Window]) -> String {
    allow.iter().map(Window::to_string).collect::<Vec<_>>().join(" or ")
}
