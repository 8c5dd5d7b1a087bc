//! `deploy-window`: not on a Friday.

use std::ops::Range;

use schemars::JsonSchema;
use serde::Deserialize;

use super::deploy_days::DeployDays;
use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::clock::windows::{Edge, Window};
use crate::clock::written::{DayHours, Days, FreezeEdge, Zone};
use crate::clock::{Moment, Tz, WeekDays};
use crate::declare_rule;
use crate::finding::Weaker;
use crate::model::{Change, Match, Rollout, SubjectKind};

declare_rule! {
    /// ## What it checks
    ///
    /// The deploy starts on an allowed day, within its hours, and outside of every freeze and holiday. When it starts is told by
    /// `--at TIME` (`--at now` is one), or by the `schedule.start` of a RolloutPlan, which stands for its own rollout.
    /// A check of a tree without either says nothing, so that it gives the same answer on a Friday. In it, a schedule in a
    /// file of flags that has begun starts nothing more.
    ///
    /// Of a change it asks whether something starts that people meet: a rollout that is new, something else that is shipped, a
    /// share that grows, requests that go to another service, others whom a match picks, a `schedule.start` that moves. A
    /// plan that is edited and ships nothing starts nothing, so its stages and criteria may be mended in a freeze.
    ///
    /// Days and hours are those of the wall clock in `timezone` (the policy's where it is not set). `hours` are the whole
    /// day where they are missing; the first minute is in, the last is not; `22:00-04:00` belongs to the day on which it
    /// begins. Ranges of days wrap: `fri-mon`. An hour that the change to summer time skips never comes, and a window
    /// that would open within it opens when it is over; one that the change back repeats counts both times. A freeze
    /// from and until a date includes both whole days; a date with a time is exact.
    ///
    /// `calendars` are iCalendar files of the repository, read with the policy; one that is missing, damaged or outside
    /// of the repository is a fault of the policy. Every event of theirs closes the window, also one that is marked as
    /// free time (`TRANSP:TRANSPARENT`), as calendars of holidays mark theirs; one that is cancelled does not. An event of
    /// whole days is of the zone above, and so is a time without a zone; a time with one, or in UTC, is exact. Without an
    /// end, a day closes that day and a time nothing. Events may repeat (`RRULE`, `RDATE`, `EXDATE`, `RECURRENCE-ID`), by
    /// the day at most, and are read up to the year 2099; what lies closer than 400 days to its end is undetermined.
    ///
    /// ## Why it matters
    ///
    /// A release on Friday afternoon that goes wrong is met by whoever happens to be reachable, and what takes an hour
    /// on Tuesday takes the weekend.
    ///
    /// ## What to do
    ///
    /// Start it when the window opens; the finding says when. A rollback is never stopped by a window or a freeze.
    ///
    /// ## Examples
    ///
    /// ```yaml violates
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: config}
    /// strategy: canary
    /// stages:
    ///   - {exposure: 5%, hold: 1h}
    ///   - {exposure: 50%, hold: 1h}
    ///   - {exposure: 100%}
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// schedule: {start: 2026-11-27T16:30:00Z}
    /// ```
    ///
    /// ```yaml passes
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: config}
    /// strategy: canary
    /// stages:
    ///   - {exposure: 5%, hold: 1h}
    ///   - {exposure: 50%, hold: 1h}
    ///   - {exposure: 100%}
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// schedule: {start: 2026-11-24T10:00:00Z}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// When the pipeline really starts, and later stages: this rule judges the start alone.
    pub DeployWindow {
        id: "deploy-window",
        family: Windows,
        summary: "the deploy would start on a closed day or hour, or inside a freeze",
        level: Error,
    }
}

/// Parameters of `deploy-window`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The zone that days and hours are told in; the policy's `timezone` where it is not set.
    pub timezone: Option<Zone>,
    /// When a deploy may start; with an empty list, never.
    #[schemars(extend("default" = [{"days": "mon-thu"}]))]
    pub allow: Vec<Allowed>,
    /// When it may not, even so.
    #[schemars(extend("default" = []))]
    pub freeze: Vec<Freeze>,
    /// Calendars of holidays (iCalendar, `.ics`), by their paths from the repository's root; no deploy starts during
    /// their events.
    #[schemars(extend("default" = []))]
    pub calendars: Vec<String>,
}

impl Default for Params {
    fn default() -> Self {
        let days = WeekDays::parse("mon-thu").unwrap_or(WeekDays::NONE);
        let allow = vec![Allowed { days: Days(days), hours: None }];
        Self { timezone: None, allow, freeze: Vec::new(), calendars: Vec::new() }
    }
}

/// Days and hours on which a deploy may start.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Allowed {
    /// Written as days such as `mon-thu`, `fri-mon` or `mon,wed`; every day where it is missing.
    #[serde(default)]
    pub days: Days,
    /// Written as hours such as `09:00-16:00`; the whole day where it is missing.
    #[serde(default)]
    pub hours: Option<DayHours>,
}

/// A stretch of time in which no deploy starts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "WrittenFreeze")]
pub struct Freeze(#[schemars(with = "WrittenFreeze")] WrittenFreeze);

/// A stretch of time in which no deploy starts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenFreeze {
    /// Its first day, or the moment it begins.
    from: FreezeEdge,
    /// Its last day, or the moment it is over.
    until: FreezeEdge,
    /// Why; shown to whoever is stopped.
    #[serde(default)]
    reason: Option<String>,
    /// What goes on all the same. A rollback always does, so this is said for readers.
    #[serde(default, rename = "except")]
    _except: Vec<Exception>,
    /// The rollouts it is for; all of them where it is missing.
    #[serde(default, rename = "match")]
    matching: Match,
}

/// What a freeze does not stop.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Exception {
    /// Going back.
    Rollback,
}

impl TryFrom<WrittenFreeze> for Freeze {
    type Error = String;

    fn try_from(written: WrittenFreeze) -> Result<Self, String> {
        // Two edges of different sort are compared as of UTC; a day is enough for any zone.
        let (from, until) = (written.from.0.start(Tz::UTC), written.until.0.end(Tz::UTC));
        if until + chrono::TimeDelta::days(1) <= from {
            return Err("this freeze ends before it begins: `until` lies before `from`".to_owned());
        }
        Ok(Self(written))
    }
}

impl Params {
    /// When a deploy may start.
    pub(super) fn windows(&self) -> Vec<Window> {
        self.allow.iter().map(|a| Window { days: a.days.0, hours: a.hours.map(|h| h.0) }).collect()
    }
}

impl Freeze {
    /// Whom it is for.
    pub(super) const fn matching(&self) -> &Match {
        &self.0.matching
    }

    /// From when until when.
    pub(super) fn time(&self, zone: Tz) -> Range<Moment> {
        self.0.from.0.start(zone)..self.0.until.0.end(zone)
    }

    /// Its edges: `2026-12-18 until 2027-01-04`.
    pub(super) fn words(&self) -> String {
        format!("{} until {}", shown(self.0.from.0), shown(self.0.until.0))
    }

    /// Where someone is whom it stops, in words.
    pub(super) fn inside(&self) -> String {
        let edges = self.words();
        match &self.0.reason {
            Some(reason) => format!("inside the freeze `{reason}` ({edges})"),
            None => format!("inside the freeze from {edges}"),
        }
    }
}

/// One end of a freeze as people write it.
fn shown(edge: Edge) -> String {
    match edge {
        Edge::Day(day) => day.to_string(),
        Edge::Local(local) => local.format("%Y-%m-%d %H:%M").to_string(),
        Edge::Exact(moment) => moment.format("%Y-%m-%d %H:%M UTC").to_string(),
    }
}

/// Files of flags keep the ramps and schedules of last year; what has begun starts no more.
fn has_begun(rollout: &Rollout, now: Moment) -> bool {
    rollout.subject == SubjectKind::Flag && rollout.schedule.as_ref().is_some_and(|s| s.start.value.to_utc() < now)
}

impl Rule for DeployWindow {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;
    const COMES_AND_GOES: bool = true;
    const CALENDARS: &'static [&'static str] = &["calendars"];

    fn rollout(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        let scheduled = rollout.schedule.as_ref().map(|s| &s.start);
        if cx.change().is_some_and(|change| !change.deploys() && !moves_its_start(change, rollout)) {
            return;
        }
        if cx.change().is_none() && has_begun(rollout, cx.facts.now) {
            return;
        }
        let Some(at) = scheduled.map(|s| s.value.to_utc()).or(cx.facts.at) else { return };
        let (facts, path) = (cx.facts, cx.facts.path(rollout.span));
        let days = DeployDays::new(params, facts.zone, &facts.calendars, |wanted| wanted.holds(rollout, path));
        let span = scheduled.map_or(rollout.name_span, |s| s.span);
        if let Some(unknown) = days.unknown(at) {
            cx.undetermined(span, "calendar", unknown);
            return;
        }
        let Some(closed) = days.closed(at) else { return };
        let what = format!("the deploy would start {}, {}; {}", closed.local, closed.why, days.opening(&closed, at));
        let help = match (closed.opens.map(|t| days.paste(t)), scheduled) {
            (Some(opens), Some(_)) => format!("set `start: {opens}` or later"),
            (Some(opens), None) => format!("start it at {opens} or later"),
            (None, _) => "change `allow`, `freeze` or `calendars` of `deploy-window` in the policy".to_owned(),
        };
        cx.report(span, what, help).measured(closed.local, closed.required).about("start").limit(closed.limit);
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        weaker::windows(before, after)
    }
}

/// Does the plan start at another time than it said before?
fn moves_its_start(change: &Change, rollout: &Rollout) -> bool {
    let start = |r: &Rollout| r.schedule.as_ref().map(|s| s.start.value);
    let before = change.before.as_deref().filter(|_| change.rollback.is_none());
    rollout.schedule.is_some() && before.is_some_and(|before| start(before) != start(rollout))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::clock::holidays::Holidays;
    use crate::model::{Risk, Schedule};
    use crate::rules::testing::{HERE, at, check_facts, facts, live};
    use crate::rules::{Facts, Raw};
    use crate::text::Spanned;

    fn run(params: Value, at: Option<&str>, change: impl FnOnce(&mut Facts)) -> Vec<Raw> {
        let mut facts = facts(vec![live(5.0)]);
        facts.at = at.map(|t| t.parse().unwrap());
        facts.zone = Tz::Europe__Berlin;
        change(&mut facts);
        check_facts::<DeployWindow>(params, &facts).0
    }

    fn what(params: Value, at: &str) -> Option<String> {
        run(params, Some(at), |_| ()).pop().map(|raw| raw.what)
    }

    #[test]
    fn the_default_is_monday_to_thursday_in_the_policys_zone() {
        assert_eq!(what(json!({}), "2026-11-26T22:59:00Z"), None);
        let friday = "the deploy would start Fri 27 Nov 2026 00:00 Europe/Berlin, outside the allowed days (mon-thu); \
                      opens Mon 30 Nov 00:00 Europe/Berlin, in 3d";
        assert_eq!(what(json!({}), "2026-11-26T23:00:00Z").as_deref(), Some(friday));
        assert!(what(json!({"timezone": "UTC"}), "2026-11-26T23:00:00Z").is_none());
    }

    #[test]
    fn hours_and_the_next_opening() {
        let office = json!({"allow": [{"days": "mon-wed", "hours": "09:00-16:00"}]});
        let evening = "the deploy would start Tue 24 Nov 2026 11:00 America/New_York, outside the allowed hours \
                       (mon-wed 12:00-16:00 or mon-wed 09:00-10:00); opens Tue 24 Nov 12:00 America/New_York, in 1h";
        let two = json!({"timezone": "America/New_York", "allow": [
            {"days": "mon-wed", "hours": "12:00-16:00"}, {"days": "mon-wed", "hours": "09:00-10:00"}]});
        assert_eq!(what(two, "2026-11-24T16:00:00Z").as_deref(), Some(evening));
        let found = run(office, Some("2026-11-24T10:00:00Z"), |_| ());
        assert!(found.is_empty());
    }

    #[test]
    fn freezes_and_whom_they_are_for() {
        let freeze = |matching: Value| json!({"freeze": [{"from": "2026-11-23", "until": "2026-11-24", "reason": "audit", "except": ["rollback"], "match": matching}]});
        let frozen = "the deploy would start Tue 24 Nov 2026 11:00 Europe/Berlin, inside the freeze `audit` \
                      (2026-11-23 until 2026-11-24); opens Wed 25 Nov 00:00 Europe/Berlin, in 13h";
        assert_eq!(what(freeze(json!({"name": "w*"})), "2026-11-24T10:00:00Z").as_deref(), Some(frozen));
        assert_eq!(what(freeze(json!({"name": "x*"})), "2026-11-24T10:00:00Z"), None);
        assert_eq!(what(freeze(json!({})), "2026-11-24T23:00:00Z"), None);
        let found = run(json!({"allow": []}), Some("2026-11-24T10:00:00Z"), |_| ());
        assert!(found[0].what.ends_with("and no day is allowed; no window opens within 400 days"));
    }

    /// `json` parameters with a calendar of Christmas and of one strike.
    fn holidays(params: Value, at: &str) -> Vec<Raw> {
        let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Christmas Day\nTRANSP:TRANSPARENT\nDTSTART:20201225\n\
                    RRULE:FREQ=YEARLY\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART;TZID=Europe/Berlin:20261124T100000\n\
                    DURATION:PT2H\nEND:VEVENT\nEND:VCALENDAR\n";
        run(params, Some(at), |facts| {
            facts.calendars.insert("cal/h.ics".to_owned(), Holidays::parse(text).unwrap().into());
        })
    }

    #[test]
    fn holidays_close_the_window() {
        let every_day = json!({"allow": [{}], "calendars": ["cal/h.ics"]});
        let found = holidays(every_day.clone(), "2026-12-25T10:00:00Z");
        let what = "the deploy would start Fri 25 Dec 2026 11:00 Europe/Berlin, inside the holiday \"Christmas Day\" \
                    (cal/h.ics); opens Sat 26 Dec 00:00 Europe/Berlin, in 13h";
        assert_eq!((&*found[0].what, found[0].limit), (what, Some("calendars")));
        let strike = "the deploy would start Tue 24 Nov 2026 10:30 Europe/Berlin, inside a holiday of cal/h.ics; \
                      opens Tue 24 Nov 12:00 Europe/Berlin, in 1h30m";
        assert_eq!(holidays(every_day.clone(), "2026-11-24T09:30:00Z")[0].what, strike);
        assert!(holidays(every_day.clone(), "2026-12-24T22:59:00Z").is_empty());
        assert!(holidays(json!({"allow": [{}]}), "2026-12-25T10:00:00Z").is_empty());
        let new_york = json!({"timezone": "America/New_York", "allow": [{}], "calendars": ["cal/h.ics"]});
        assert!(holidays(new_york.clone(), "2026-12-25T04:59:00Z").is_empty());
        assert_eq!(holidays(new_york, "2026-12-26T04:59:00Z").len(), 1);
    }

    #[test]
    fn the_next_opening_is_after_freezes_and_holidays() {
        let params = json!({"allow": [{"days": "thu-fri", "hours": "09:00-16:00"}], "calendars": ["cal/h.ics"],
            "freeze": [{"from": "2026-12-24", "until": "2026-12-24"}, {"from": "2026-12-31", "until": "2027-01-01"}]});
        let found = holidays(params, "2026-12-23T08:00:00Z");
        assert!(found[0].what.ends_with("; opens Thu 7 Jan 2027 09:00 Europe/Berlin, in 15d"), "{}", found[0].what);
    }

    #[test]
    fn what_no_calendar_tells_is_undetermined() {
        let check = |at: &str| {
            let mut facts = facts(vec![live(5.0)]);
            facts.at = Some(at.parse().unwrap());
            let text =
                "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20201225\nRRULE:FREQ=YEARLY\nEND:VEVENT\nEND:VCALENDAR\n";
            facts.calendars.insert("h.ics".to_owned(), Holidays::parse(text).unwrap().into());
            check_facts::<DeployWindow>(json!({"allow": [{}], "calendars": ["h.ics"]}), &facts)
        };
        assert_eq!(check("2098-11-01T00:00:00Z").1.len(), 0);
        let (found, undetermined) = check("2099-03-01T00:00:00Z");
        assert_eq!((found.len(), undetermined.len()), (0, 1));
    }

    #[test]
    fn only_with_a_moment_and_the_plans_own_start_wins() {
        let schedule = |start: &'static str| {
            move |facts: &mut Facts| {
                let start = Spanned::new(start.parse().unwrap(), at(9));
                facts.rollouts[0].schedule = Some(Schedule { start });
            }
        };
        assert!(run(json!({"allow": []}), None, |_| ()).is_empty());
        let found = run(json!({}), Some("2026-11-24T10:00:00Z"), schedule("2026-11-28T10:00:00+01:00"));
        assert_eq!((found.len(), found[0].primary), (1, at(9)));
        assert_eq!(found[0].help, "set `start: 2026-11-30T00:00:00+01:00` or later");
        assert!(run(json!({}), Some("2026-11-28T10:00:00Z"), schedule("2026-11-24T10:00:00+01:00")).is_empty());
        let of_a_flag = |start: &'static str| {
            move |facts: &mut Facts| {
                schedule(start)(facts);
                facts.rollouts[0].subject = SubjectKind::Flag;
            }
        };
        assert_eq!(run(json!({}), None, of_a_flag("2026-11-28T10:00:00Z")).len(), 1);
        assert!(run(json!({}), None, of_a_flag("2021-03-20T10:00:00Z")).is_empty(), "it has begun");
        assert_eq!(run(json!({}), Some("2026-11-28T10:00:00Z"), |_| ())[0].primary, HERE);
    }

    #[test]
    fn all_that_a_freeze_matches_by_must_hold() {
        let holds = |written: Value| {
            let mut rollout = live(5.0);
            rollout.service = "payments-api".into();
            rollout.declared.labels.insert("tier".into(), "0".into());
            rollout.declared.risk = Some(Risk::High);
            serde_json::from_value::<Match>(written).unwrap().holds(&rollout, "deploy/prod/web.yaml")
        };
        assert!(holds(json!({"service": "payments-*", "labels": {"tier": "0"}, "risk": ["low", "high"]})));
        assert!(holds(json!({"path": "**/prod/**", "system": "test", "kind": "Rollout", "name": ["web", "x"]})));
        for other in [
            json!({"service": "payments-*", "labels": {"tier": "1"}}),
            json!({"path": "deploy/*"}),
            json!({"environment": "*"}),
            json!({"namespace": "*"}),
            json!({"change": "code"}),
        ] {
            assert!(!holds(other.clone()), "{other}");
        }
    }

    #[test]
    fn typos_are_refused() {
        for bad in [
            json!({"timezone": "Europe/Berln"}),
            json!({"allow": [{"days": "mo-fr"}]}),
            json!({"allow": [{"days": ["mon", "x"]}]}),
            json!({"allow": [{"hours": "9-16"}]}),
            json!({"allow": [{"day": "mon"}]}),
            json!({"freeze": [{"from": "2026-12-18"}]}),
            json!({"freeze": [{"from": "2026-12-18", "until": "2026-12-01"}]}),
            json!({"freeze": [{"from": "2026-12-18", "until": "2027-01-04", "except": ["hotfix"]}]}),
            json!({"freeze": [{"from": "2026-12-18", "until": "2027-01-04", "match": {"servce": "x"}}]}),
            json!({"freeze": [{"from": "2026-12-18", "until": "2027-01-04", "match": {"risk": "hihg"}}]}),
            json!({"freeze": [{"from": "2026-12-18", "until": "2027-01-04", "match": {"name": "a["}}]}),
            json!({"calendars": "holidays.ics"}),
            json!({"calendars": [5]}),
            json!({"calendar": ["holidays.ics"]}),
        ] {
            assert!(serde_json::from_value::<Params>(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_schema_tells_the_defaults() {
        crate::rules::testing::schema_tells_the_defaults::<DeployWindow>();
    }
}
