//! `deploy-window`: not on a Friday.

use std::ops::Range;

use chrono::Datelike;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::clock::windows::{Edge, State, Window, Windows};
use crate::clock::written::{DayHours, Days, FreezeEdge, Zone};
use crate::clock::{Moment, Tz, WeekDays};
use crate::declare_rule;
use crate::finding::Weaker;
use crate::model::units::display_seconds;
use crate::model::{Match, Rollout};

declare_rule! {
    /// ## What it checks
    ///
    /// The deploy starts on an allowed day, within its hours, and outside of every freeze. When it starts is told by
    /// `--at TIME` (`--at now` is one), or by the `schedule.start` of a RolloutPlan, which stands for its own rollout.
    /// A check of a tree without either says nothing, so that it gives the same answer on a Friday.
    ///
    /// Days and hours are those of the wall clock in `timezone` (the policy's where it is not set). `hours` are the whole
    /// day where they are missing; the first minute is in, the last is not; `22:00-04:00` belongs to the day on which it
    /// begins. Ranges of days wrap: `fri-mon`. An hour that the change to summer time skips never comes, and a window
    /// that would open within it opens when it is over; one that the change back repeats counts both times. A freeze
    /// from and until a date includes both whole days; a date with a time is exact.
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
}

impl Default for Params {
    fn default() -> Self {
        let days = WeekDays::parse("mon-thu").unwrap_or(WeekDays::NONE);
        Self { timezone: None, allow: vec![Allowed { days: Days(days), hours: None }], freeze: Vec::new() }
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

impl WrittenFreeze {
    /// `2026-12-18 until 2027-01-04`.
    fn words(&self) -> String {
        format!("{} until {}", shown(self.from.0), shown(self.until.0))
    }
}

impl Freeze {
    /// When it holds.
    pub(super) fn stretch(&self, zone: Tz) -> Range<Moment> {
        self.0.from.0.start(zone)..self.0.until.0.end(zone)
    }

    /// Whom it holds for.
    pub(super) const fn matching(&self) -> &Match {
        &self.0.matching
    }

    /// `2026-12-18 until 2027-01-04`.
    pub(super) fn words(&self) -> String {
        self.0.words()
    }
}

impl Params {
    /// When a deploy may start.
    pub(super) fn windows(&self) -> Vec<Window> {
        self.allow.iter().map(|a| Window { days: a.days.0, hours: a.hours.map(|h| h.0) }).collect()
    }
}

/// The windows that hold for one rollout.
#[derive(Clone, Debug)]
pub struct Calendar<'p> {
    allow: Vec<Window>,
    freezes: Vec<&'p WrittenFreeze>,
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

impl<'p> Calendar<'p> {
    /// The windows of `params` for the rollouts of which `matches` is true; `zone` is the policy's.
    pub fn new(params: &'p Params, zone: Tz, matches: impl Fn(&Match) -> bool) -> Self {
        let allow = params.windows();
        let freezes = params.freeze.iter().map(|f| &f.0).filter(|f| matches(&f.matching)).collect();
        Self { allow, freezes, zone: params.timezone.map_or(zone, |z| z.0) }
    }

    /// Why a deploy may not start at `at`; `None` where it may.
    pub fn closed(&self, at: Moment) -> Option<Closed> {
        let freezes = self.freezes.iter().map(|f| f.from.0.start(self.zone)..f.until.0.end(self.zone)).collect();
        let windows = Windows { zone: self.zone, allow: &self.allow, freezes };
        let list = Self::words(&self.allow);
        let state = windows.state(at);
        let limit = if matches!(state, State::Frozen(_)) { "freeze" } else { "allow" };
        let (why, required) = match state {
            State::Open => return None,
            State::Frozen(number) => (self.freeze(number), "outside of every freeze".to_owned()),
            State::WrongHour => (format!("outside the allowed hours ({list})"), list),
            State::WrongDay if self.allow.is_empty() => {
                ("and no day is allowed".to_owned(), "an allowed day".to_owned())
            }
            State::WrongDay => (format!("outside the allowed days ({list})"), list),
        };
        let local = at.with_timezone(&self.zone);
        let local = format!("{} {}", local.format("%a %-d %b %Y %H:%M"), self.zone.name());
        Some(Closed { local, why, required, limit, opens: windows.next_open(at) })
    }

    /// When the window opens, in words: `opens Wed 25 Nov 09:00 Europe/Berlin, in 22h`.
    pub fn opening(&self, closed: &Closed, at: Moment) -> String {
        let Some(opens) = closed.opens else { return "no window opens within 400 days".to_owned() };
        let (now, then) = (at.with_timezone(&self.zone), opens.with_timezone(&self.zone));
        let format = if now.year() == then.year() { "%a %-d %b %H:%M" } else { "%a %-d %b %Y %H:%M" };
        let seconds = u64::try_from((opens - at).num_seconds()).unwrap_or(0);
        let wait = display_seconds(seconds.div_ceil(60) * 60);
        format!("opens {} {}, in {wait}", then.format(format), self.zone.name())
    }

    /// A moment as text to paste, with the zone's offset.
    pub fn paste(&self, moment: Moment) -> String {
        moment.with_timezone(&self.zone).format("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// The windows in words: `mon-wed 09:00-16:00 or thu`.
    pub(super) fn words(allow: &[Window]) -> String {
        allow.iter().map(Window::to_string).collect::<Vec<_>>().join(" or ")
    }

    fn freeze(&self, number: usize) -> String {
        let Some(freeze) = self.freezes.get(number) else { return "inside a freeze".to_owned() };
        let edges = freeze.words();
        match &freeze.reason {
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

impl Rule for DeployWindow {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        let scheduled = rollout.schedule.as_ref().map(|s| &s.start);
        // What changes nothing that people meet starts no deploy.
        if cx.change().is_some_and(|change| !change.deploys()) {
            return;
        }
        let Some(at) = scheduled.map(|s| s.value.to_utc()).or(cx.facts.at) else { return };
        let path = cx.facts.path(rollout.span);
        let calendar = Calendar::new(params, cx.facts.zone, |wanted| wanted.holds(rollout, path));
        let Some(closed) = calendar.closed(at) else { return };
        let what =
            format!("the deploy would start {}, {}; {}", closed.local, closed.why, calendar.opening(&closed, at));
        let help = match (closed.opens.map(|t| calendar.paste(t)), scheduled) {
            (Some(opens), Some(_)) => format!("set `start: {opens}` or later"),
            (Some(opens), None) => format!("start it at {opens} or later"),
            (None, _) => "change `allow` or `freeze` of `deploy-window` in the policy".to_owned(),
        };
        let span = scheduled.map_or(rollout.name_span, |s| s.span);
        cx.report(span, what, help).measured(closed.local, closed.required).about("start").limit(closed.limit);
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        weaker::windows(before, after)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
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
            json!({"calendars": ["holidays.ics"]}),
        ] {
            assert!(serde_json::from_value::<Params>(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_schema_tells_the_defaults() {
        crate::rules::testing::schema_tells_the_defaults::<DeployWindow>();
    }
}
