//! Reads an iCalendar file into its events. The door to `icalendar`, which takes lines, folding and parameters apart.

use std::collections::BTreeMap;

use icalendar::parser::{Component, Property, read_calendar};

use super::Tz;
use super::stamp::{Clock, Length, Stamp};

/// An event as the file has it.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// Where it begins, for messages.
    pub(super) place: String,
    pub(super) uid: Option<Box<str>>,
    pub(super) title: Option<Box<str>>,
    pub(super) start: Stamp,
    pub(super) length: Length,
    /// Its RRULEs.
    pub(super) rules: Vec<String>,
    /// Further starts.
    pub(super) extra: Vec<Stamp>,
    /// Starts that fall out.
    pub(super) except: Vec<Stamp>,
    /// The start, among those of the event with the same `uid`, that this one is in place of.
    pub(super) replaces: Option<Stamp>,
    pub(super) standing: Standing,
}

/// Does an event take place?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Holds,
    Cancelled,
}

/// Zones by the name that the file gives them, where that is none of the IANA database.
type Zones = BTreeMap<String, Tz>;

/// The events of the calendar `text`.
///
/// # Errors
/// What is wrong with it, and where.
pub(super) fn events(text: &str) -> Result<Vec<Event>, String> {
    let lines = unfold(text);
    let begins = outline(&lines)?;
    let plain: Vec<&str> = lines.iter().map(|(_, line)| line.as_str()).collect();
    let plain = plain.join("\r\n");
    let calendar = read_calendar(&plain).map_err(|_| "a line of it is no property of iCalendar".to_owned())?;
    let zones = zones(&calendar.components);
    let all = calendar.components.iter().filter(|c| is(c.name.as_str(), "VEVENT"));
    begins.iter().zip(all).map(|(line, component)| event(component, *line, &zones)).collect()
}

/// The lines with those that continue them, and their numbers; without the empty ones.
fn unfold(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some((_, last))) => last.push_str(more),
            (None, _) | (_, None) if line.trim().is_empty() => {}
            (None, _) | (_, None) => lines.push((number, line.trim_end().to_owned())),
        }
    }
    lines
}

/// Components nest this deep at most: a calendar, an event, its alarm, and one to spare.
const DEPTH: usize = 4;

/// Holds every `BEGIN` against its `END`, and says in which lines the events begin.
fn outline(lines: &[(usize, String)]) -> Result<Vec<usize>, String> {
    let mut open: Vec<&str> = Vec::new();
    let mut events = Vec::new();
    for (number, line) in lines {
        let Some((key, value)) = line.split_once(':') else {
            return Err(format!("line {number} is no property: `{}`", short(line)));
        };
        if open.is_empty() && !(is(key, "BEGIN") && is(value, "VCALENDAR") && *number == lines[0].0) {
            return Err(format!("line {number} is outside of the one VCALENDAR that a calendar is"));
        }
        if is(key, "BEGIN") {
            if open.len() == 1 && is(value, "VEVENT") {
                events.push(*number);
            }
            open.push(value);
            if open.len() > DEPTH {
                return Err(format!("line {number} nests too deep"));
            }
        } else if is(key, "END") && open.pop() != Some(value) {
            return Err(format!("line {number} ends `{}`, which is not what is open", short(value)));
        }
    }
    match (open.last(), lines.is_empty()) {
        (Some(name), _) => Err(format!("its `{}` has no end", short(name))),
        (None, true) => Err("it is empty".to_owned()),
        (None, false) if events.is_empty() => Err("it holds no event".to_owned()),
        (None, false) => Ok(events),
    }
}

fn is(text: &str, name: &str) -> bool {
    text.eq_ignore_ascii_case(name)
}

/// A text of the file as messages quote it.
fn short(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    let cut: String = line.chars().take(60).collect();
    if cut.len() < line.len() { cut + "…" } else { cut }
}

/// What the file's own VTIMEZONEs say that their names mean.
fn zones(components: &[Component<'_>]) -> Zones {
    let zones = components.iter().filter(|c| is(c.name.as_str(), "VTIMEZONE"));
    let named = zones.filter_map(|zone| {
        let value = |name: &str| zone.properties.iter().find(|p| is(p.name.as_str(), name)).map(|p| p.val.as_str());
        Some((value("TZID")?.to_owned(), value("X-LIC-LOCATION")?.parse().ok()?))
    });
    named.collect()
}

/// What is wrong with an event, to be put after its place.
type Wrong = String;

fn event(component: &Component<'_>, line: usize, zones: &Zones) -> Result<Event, String> {
    let title = component.properties.iter().find(|p| is(p.name.as_str(), "SUMMARY")).map(|p| short(p.val.as_str()));
    let title = title.filter(|t| !t.is_empty());
    let place = match &title {
        Some(title) => format!("the event \"{title}\" of line {line}"),
        None => format!("the event of line {line}"),
    };
    let mut event = read(component, zones).map_err(|wrong| format!("{place}: {wrong}"))?;
    event.title = title.map(Into::into);
    event.place = place;
    Ok(event)
}

fn read(component: &Component<'_>, zones: &Zones) -> Result<Event, Wrong> {
    let start = one(component, "DTSTART")?.ok_or("it has no DTSTART")?;
    let start = stamp(start, zones)?;
    if all(component, "EXRULE").next().is_some() {
        return Err("EXRULE is not part of iCalendar any more; write EXDATE".to_owned());
    }
    let rules: Vec<String> = all(component, "RRULE").map(|p| p.val.as_str().to_owned()).collect();
    let replaces = replaced(component, zones)?;
    if replaces.is_some() && !rules.is_empty() {
        return Err("it is in place of one event, and has an RRULE of its own".to_owned());
    }
    let cancelled = one(component, "STATUS")?.is_some_and(|p| is(p.val.as_str().trim(), "CANCELLED"));
    Ok(Event {
        place: String::new(),
        uid: one(component, "UID")?.map(|p| p.val.as_str().into()),
        title: None,
        start,
        length: length(component, start, zones)?,
        rules,
        extra: stamps(component, "RDATE", zones)?,
        except: stamps(component, "EXDATE", zones)?,
        replaces,
        standing: if cancelled { Standing::Cancelled } else { Standing::Holds },
    })
}

fn replaced(component: &Component<'_>, zones: &Zones) -> Result<Option<Stamp>, Wrong> {
    let Some(id) = one(component, "RECURRENCE-ID")? else { return Ok(None) };
    if parameter(id, "RANGE").is_some() {
        return Err("a RECURRENCE-ID with a RANGE is not read; write the events out".to_owned());
    }
    stamp(id, zones).map(Some)
}

fn all<'c, 'a>(component: &'c Component<'a>, name: &'static str) -> impl Iterator<Item = &'c Property<'a>> {
    component.properties.iter().filter(move |p| is(p.name.as_str(), name))
}

/// The property of that name, which may stand there once.
fn one<'c, 'a>(component: &'c Component<'a>, name: &'static str) -> Result<Option<&'c Property<'a>>, Wrong> {
    let mut found = all(component, name);
    let first = found.next();
    if found.next().is_some() { Err(format!("it has more than one {name}")) } else { Ok(first) }
}

fn parameter<'p>(property: &'p Property<'_>, name: &str) -> Option<&'p str> {
    let found = property.params.iter().find(|p| is(p.key.as_str(), name))?;
    found.val.as_ref().map(|value| value.as_str().trim_matches('"'))
}

fn stamp(property: &Property<'_>, zones: &Zones) -> Result<Stamp, Wrong> {
    one_stamp(property, property.val.as_str().trim(), zones)
}

/// The stamps of every property of that name; each may hold several.
fn stamps(component: &Component<'_>, name: &'static str, zones: &Zones) -> Result<Vec<Stamp>, Wrong> {
    let texts = all(component, name).flat_map(|p| p.val.as_str().split(',').map(move |text| (p, text.trim())));
    texts.map(|(property, text)| one_stamp(property, text, zones)).collect()
}

fn one_stamp(property: &Property<'_>, text: &str, zones: &Zones) -> Result<Stamp, Wrong> {
    let name = property.name.as_str().to_ascii_uppercase();
    let zone = match parameter(property, "TZID") {
        None => None,
        Some(id) => Some(
            zone(id, zones)
                .ok_or_else(|| format!("`{}` of {name} is no IANA time zone such as `Europe/Berlin`", short(id)))?,
        ),
    };
    let found =
        Stamp::parse(text, zone).ok_or_else(|| format!("{name} is `{}`, which is no day or time", short(text)))?;
    let says_day = parameter(property, "VALUE").map(|value| is(value, "DATE"));
    if says_day.is_some_and(|day| day != (found.clock == Clock::Day)) {
        return Err(format!("{name} is `{}`, which is not the VALUE it says it is", short(text)));
    }
    Ok(found)
}

fn zone(id: &str, zones: &Zones) -> Option<Tz> {
    id.parse().ok().or_else(|| zones.get(id).copied())
}

/// Without an end, a day lasts that day, and a time no time.
fn length(component: &Component<'_>, start: Stamp, zones: &Zones) -> Result<Length, Wrong> {
    match (one(component, "DTEND")?, one(component, "DURATION")?) {
        (Some(_), Some(_)) => Err("it has a DTEND and a DURATION".to_owned()),
        (Some(end), None) => {
            let length = Length::between(start, stamp(end, zones)?);
            length.ok_or_else(|| format!("DTEND is `{}`, which is no end of what starts then", short(end.val.as_str())))
        }
        (None, Some(text)) => {
            let text = text.val.as_str().trim();
            Length::parse(text).ok_or_else(|| format!("DURATION is `{}`, which is no length", short(text)))
        }
        (None, None) => Ok(if start.clock == Clock::Day { Length::DAY } else { Length::NONE }),
    }
}
