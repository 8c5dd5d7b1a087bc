//! Deploy windows: whether a deploy may start at a moment at which it could not.

use super::super::deploy_days::words;
use super::super::deploy_window::{Freeze, Params};
use crate::clock::coverage::Week;
use crate::clock::windows::{Window, Windows};
use crate::clock::{Moment, Tz};
use crate::finding::Weaker;

/// Which of the windows' parameters let a deploy start at a moment that was closed. A `timezone` that is not set is UTC
/// here: whoever compares two policies fills the policy's in.
pub(in crate::rules) fn windows(before: &Params, after: &Params) -> Vec<Weaker> {
    let (before, after) = (Side::of(before), Side::of(after));
    let lifted = before.params.freeze.iter().filter_map(|freeze| before.lifted(freeze, &after));
    let named = super::loses("calendars", &before.params.calendars, &after.params.calendars);
    before.opened(&after).into_iter().chain(lifted).chain(named).collect()
}

/// The windows of one policy.
struct Side<'p> {
    params: &'p Params,
    allow: Vec<Window>,
    zone: Tz,
}

impl<'p> Side<'p> {
    fn of(params: &'p Params) -> Self {
        Self { params, allow: params.windows(), zone: params.timezone.map_or(Tz::UTC, |zone| zone.0) }
    }

    fn week(&self) -> Week<'_> {
        Week { zone: self.zone, windows: &self.allow }
    }

    /// The week is open where it was closed.
    fn opened(&self, after: &Self) -> Option<Weaker> {
        if !after.week().opens_beyond(self.week()) {
            return None;
        }
        let (old, new) = (words(&self.allow), words(&after.allow));
        let (from, to) = (self.zone.name(), after.zone.name());
        let moved = Week { zone: after.zone, ..self.week() };
        if self.zone != after.zone && !after.week().opens_beyond(moved) {
            let how = format!("goes from {from} to {to}: `{new}` opens at other moments");
            return Some(Weaker::new("timezone", how));
        }
        let zones = if self.zone == after.zone { String::new() } else { format!(" (from {from} to {to})") };
        Some(Weaker::new("allow", format!("goes from `{old}` to `{new}`{zones}: it opens where it was closed")))
    }

    /// A moment within `freeze`, which is one of this side's, is open in `after`.
    fn lifted(&self, freeze: &Freeze, after: &Self) -> Option<Weaker> {
        let stretch = freeze.time(self.zone);
        let still: Vec<std::ops::Range<Moment>> = after
            .params
            .freeze
            .iter()
            .filter(|other| other.matching().takes_in(freeze.matching()))
            .map(|other| other.time(after.zone))
            .collect();
        let windows = Windows { zone: after.zone, allow: &after.allow, freezes: still };
        let opens = windows.next_open(stretch.start).filter(|open| *open < stretch.end)?;
        let local = opens.with_timezone(&after.zone).format("%Y-%m-%d %H:%M");
        let how =
            format!("no longer holds all of the freeze {}: open on {local} {}", freeze.words(), after.zone.name());
        Some(Weaker { ends: Some(stretch.end), ..Weaker::new("freeze", how) })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn weaker(before: Value, after: Value) -> Vec<(String, Option<String>)> {
        let read = |value| serde_json::from_value::<Params>(value).unwrap();
        let found = windows(&read(before), &read(after));
        found.into_iter().map(|w| (format!("{} {}", w.parameter, w.how), w.ends.map(|m| m.to_rfc3339()))).collect()
    }

    fn freeze(from: &str, until: &str, matching: &Value) -> Value {
        json!({"from": from, "until": until, "match": matching})
    }

    #[test]
    fn weeks_and_zones() {
        let wed = json!({"allow": [{"days": "mon-wed"}]});
        let opened = "allow goes from `mon-wed` to `mon-thu`: it opens where it was closed";
        assert_eq!(weaker(wed.clone(), json!({})), [(opened.to_owned(), None)]);
        assert_eq!(weaker(json!({}), wed.clone()), []);
        let zone = json!({"allow": [{"days": "mon-wed"}], "timezone": "Asia/Tokyo"});
        let moved = "timezone goes from UTC to Asia/Tokyo: `mon-wed` opens at other moments";
        assert_eq!(weaker(wed, zone), [(moved.to_owned(), None)]);
        assert_eq!(weaker(json!({"timezone": "Europe/Berlin"}), json!({"timezone": "Europe/Paris"})), []);
        let both =
            weaker(json!({"allow": [{"days": "mon"}]}), json!({"allow": [{"days": "tue"}], "timezone": "Asia/Tokyo"}));
        assert!(both[0].0.contains("(from UTC to Asia/Tokyo)"), "{both:?}");
    }

    #[test]
    fn freezes() {
        let with = |freezes: &[Value]| json!({ "freeze": freezes });
        let all = json!({});
        // 18 December 2026 is a Friday: the first open moment is Monday the 21st.
        let winter = freeze("2026-12-18", "2027-01-04", &all);
        let gone = weaker(with(std::slice::from_ref(&winter)), with(&[]));
        let how = "freeze no longer holds all of the freeze 2026-12-18 until 2027-01-04: open on 2026-12-21 00:00 UTC";
        assert_eq!(gone, [(how.to_owned(), Some("2027-01-05T00:00:00+00:00".to_owned()))]);
        let parts = [freeze("2026-12-01", "2026-12-24", &all), freeze("2026-12-25", "2027-01-04", &all)];
        assert_eq!(weaker(with(std::slice::from_ref(&winter)), with(&parts)), []);
        let short = freeze("2026-12-18", "2027-01-03", &all);
        assert_eq!(weaker(with(std::slice::from_ref(&winter)), with(&[short])).len(), 1);
        let narrow = freeze("2026-12-18", "2027-01-04", &json!({"service": ["a", "b"]}));
        assert_eq!(weaker(with(std::slice::from_ref(&winter)), with(std::slice::from_ref(&narrow))).len(), 1);
        assert_eq!(weaker(with(std::slice::from_ref(&narrow)), with(std::slice::from_ref(&winter))), []);
        let one = freeze("2026-12-18", "2027-01-04", &json!({"service": "a", "labels": {"tier": "0"}}));
        assert_eq!(weaker(with(std::slice::from_ref(&one)), with(std::slice::from_ref(&narrow))), []);
        assert_eq!(weaker(with(&[narrow]), with(&[one])).len(), 1);
        // No deploy starts on that weekend anyway.
        assert_eq!(weaker(with(&[freeze("2026-12-19", "2026-12-20", &all)]), with(&[])), []);
    }
}
