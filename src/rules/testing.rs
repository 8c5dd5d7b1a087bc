//! Hand-built models for the rules' unit tests.

use std::sync::Arc;

use serde_json::Value;

use super::{Cx, Facts, Fate, Ignore, Raw, Rule, Term};
use crate::catalog::AdapterMeta;
use crate::clock::{Moment, Tz};
use crate::model::units::parse_bound;
use crate::model::{
    Action, Basis, Change, Comparison, CriteriaAtStart, Criterion, CriterionClass, Drill, DrillOutcome, Evaluated,
    Evidence, Exposure, Fact, Hold, Metric, ObjectRef, Past, PastEnd, PastVersion, Payload, Progression, Remark,
    RemarkKind, Rollout, Share, Stage, StageRange, Strategy, SubjectKind,
};
use crate::text::{FileId, Span, Spanned};

static SYSTEM: AdapterMeta = AdapterMeta {
    id: "test",
    title: "Test",
    summary: "tests",
    docs: "",
    kinds: &[],
    words: &[],
    paths: &[],
    file: file!(),
};

/// A place that no test looks at.
pub(crate) const HERE: Span = Span::new(FileId(0), 0, 1);

/// A place told apart by its first byte.
pub(crate) const fn at(start: u32) -> Span {
    Span::new(FileId(0), start, start + 1)
}

/// A canary named `web` with these stages and nothing else.
pub(crate) fn canary(stages: Vec<Stage>) -> Rollout {
    let id = ObjectRef::new("example.test", "Rollout", None, "web");
    Rollout {
        strategy: Spanned::new(Strategy::Canary, HERE),
        progression: Progression::Declared(stages),
        ..Rollout::blank(&SYSTEM, id, SubjectKind::Workload, (HERE, HERE))
    }
}

/// A live split with one candidate at `percent`.
pub(crate) fn live(percent: f64) -> Rollout {
    let mut rollout = canary(Vec::new());
    rollout.progression = Progression::Live(vec![stage(percent, Hold::Unknown)]);
    rollout
}

/// A stage of `percent` of requests, held for `hold`.
pub(crate) fn stage(percent: f64, hold: Hold) -> Stage {
    let exposure = Exposure::exact(Share::from_percent(percent), Basis::Requests);
    let mut stage = Stage::new(Fact::stated(exposure, HERE), HERE);
    stage.hold = Fact::stated(hold, HERE);
    stage
}

/// An evaluated criterion over every stage: roll back when `name` goes above `bound`.
pub(crate) fn criterion(name: &str, bound: &str) -> Criterion {
    Criterion {
        metric: Metric::recognise(name, ""),
        class: CriterionClass::Absolute,
        comparison: Some(Comparison::Above),
        bound: Fact::stated(parse_bound(bound).unwrap(), HERE),
        text: None,
        window: None,
        tolerated: None,
        action: Action::Rollback,
        evaluated: Evaluated::Yes,
        covers: StageRange::ALL,
        cannot_fire: None,
        span: HERE,
        via: None,
    }
}

/// What an adapter remarked at `span`, with every part filled in.
pub(crate) fn remark(kind: RemarkKind, span: Span) -> Remark {
    Remark {
        kind,
        span,
        message: "`x` is 1".into(),
        help: "write 2".into(),
        found: Some("1".into()),
        required: Some("2".into()),
        related: Some((HERE, "see here".into())),
        instead: None,
    }
}

/// Rule `R` reports the remarks of kind `its`, with every part of them, and none of kind `other`.
pub(crate) fn reports_only<R: Rule>(its: RemarkKind, other: RemarkKind) {
    let mut rollout = canary(Vec::new());
    rollout.remarks = vec![remark(its, at(4)), remark(other, at(7))];
    let found = check::<R>(Value::Object(serde_json::Map::new()), rollout);
    assert_eq!(found.iter().map(|r| r.primary).collect::<Vec<_>>(), [at(4)]);
    let what = (&*found[0].what, &*found[0].help, found[0].found.as_deref(), found[0].required.as_deref());
    assert_eq!(what, ("`x` is 1", "write 2", Some("1"), Some("2")));
    assert_eq!(found[0].related[0].text, "see here");
}

/// A successful drill of `service`, with a tag for evidence.
pub(crate) fn drill(service: &str, performed: &str) -> Drill {
    Drill {
        service: Spanned::new(service.into(), HERE),
        environment: None,
        performed: Spanned::new(performed.parse().unwrap(), HERE),
        outcome: Spanned::new(DrillOutcome::Success, HERE),
        time_to_rollback: None,
        evidence: vec![Spanned::new(Evidence::Tag("rollback-drill/web".into()), HERE)],
        anchor: HERE,
    }
}

/// A run over `rollouts`, each speaking for its own service, on Tuesday 2026-11-24 at noon UTC.
pub(crate) fn facts(rollouts: Vec<Rollout>) -> Facts {
    Facts {
        calendars: crate::clock::holidays::Calendars::new(),
        now: "2026-11-24T12:00:00Z".parse().unwrap(),
        at: None,
        zone: Tz::UTC,
        service_anchors: (0..rollouts.len()).collect(),
        rollouts: rollouts.into_iter().map(Box::new).collect(),
        changes: Vec::new(),
        planned: std::collections::BTreeMap::new(),
        governed: Vec::new(),
        loosened_gates: Vec::new(),
        drills: Vec::new(),
        paths: Vec::new(),
        problems: Vec::new(),
        services: Vec::new(),
        drill_log: None,
        weakened: Vec::new(),
        ignores: Vec::new(),
    }
}

/// An ignore that holds, of rules with these fates, each at the place of its number.
pub(crate) fn ignore(rules: &[(&str, Fate)]) -> Ignore {
    let rule = |(n, (name, fate)): (u32, &(&str, Fate))| (Spanned::new((*name).into(), at(n)), *fate);
    Ignore {
        span: HERE,
        beside: "example.test/Rollout//web/spec".into(),
        unread: None,
        is_explained: true,
        term: Term::Holds,
        is_approved: true,
        rules: (0..).zip(rules).map(rule).collect(),
    }
}

/// What rule `R` reports of `facts` with `params`: every rollout, then the repository.
pub(crate) fn check_facts<R: Rule>(params: Value, facts: &Facts) -> (Vec<Raw>, Vec<(Span, &'static str, String)>) {
    let params: R::Params = serde_json::from_value(params).unwrap();
    let mut out = (Vec::new(), Vec::new());
    for (index, rollout) in facts.rollouts.iter().enumerate() {
        let mut cx = Cx::new(R::META, facts, Some(index));
        R::rollout(&params, rollout, &mut cx);
        let (found, undetermined) = cx.into_parts();
        out.0.extend(found);
        out.1.extend(undetermined);
    }
    let mut cx = Cx::new(R::META, facts, None);
    R::repository(&params, &mut cx);
    let (found, undetermined) = cx.into_parts();
    out.0.extend(found);
    out.1.extend(undetermined);
    out
}

/// The defaults that the schema of `R`'s parameters tells are the ones it takes. For parameters whose schema says them
/// by hand.
pub(crate) fn schema_tells_the_defaults<R: Rule>()
where
    R::Params: std::fmt::Debug,
{
    let schema: Value = schemars::schema_for!(R::Params).into();
    let properties = schema["properties"].as_object().unwrap();
    let told: Value =
        properties.iter().filter_map(|(name, p)| Some((name.clone(), p.get("default")?.clone()))).collect();
    let told: R::Params = serde_json::from_value(told).unwrap();
    assert_eq!(format!("{told:?}"), format!("{:?}", R::Params::default()));
}

/// `rollout`, with that for its payload.
pub(crate) fn shipping(mut rollout: Rollout, value: &str) -> Rollout {
    rollout.payload = vec![Payload { path: "/image".into(), slot: "".into(), value: value.into(), span: HERE }];
    rollout
}

/// A change with what stood before it.
pub(crate) struct Timeline {
    at: Moment,
    past: Past,
    /// What history says of the criteria when exposure began.
    pub(crate) criteria_at_start: CriteriaAtStart,
}

impl Timeline {
    /// A change at `at` with these versions before it, newest first.
    pub(crate) fn new(at: &str, versions: &[(&str, Rollout)], end: PastEnd) -> Self {
        let version = |(at, rollout): &(&str, Rollout)| PastVersion {
            at: at.parse().unwrap(),
            commit: "3f2a9c1".into(),
            rollout: Some(Arc::new(rollout.clone())),
        };
        let versions = versions.iter().map(version).collect();
        Self { at: at.parse().unwrap(), past: Past { versions, end }, criteria_at_start: CriteriaAtStart::NotAsked }
    }

    /// What rule `R` reports of a change to `after`.
    pub(crate) fn check<R: Rule>(self, params: Value, after: Rollout) -> (Vec<Raw>, Vec<(Span, &'static str, String)>) {
        let params: R::Params = serde_json::from_value(params).unwrap();
        let before = self.past.versions.first().and_then(|v| v.rollout.clone());
        let mut change = Change::between(self.at, before, &after, self.past);
        change.criteria_at_start = self.criteria_at_start;
        let mut facts = facts(vec![after]);
        facts.at = Some(self.at);
        facts.changes.push(change);
        let mut cx = Cx::new(R::META, &facts, Some(0));
        R::rollout(&params, &facts.rollouts[0], &mut cx);
        if facts.changes[0].rollback.is_none() {
            R::change(&params, &facts.changes[0], &facts.rollouts[0], &mut cx);
        }
        cx.into_parts()
    }
}

/// What rule `R` reports of a change from `before`, which stood for long, to `after`.
pub(crate) fn changed<R: Rule>(params: Value, before: Rollout, after: Rollout) -> Vec<Raw> {
    Timeline::new("2026-11-24T12:00:00Z", &[("2026-10-01T12:00:00Z", before)], PastEnd::Complete)
        .check::<R>(params, after)
        .0
}

/// What rule `R` reports of one rollout with `params` (`json!({})` for the defaults).
pub(crate) fn check<R: Rule>(params: Value, rollout: Rollout) -> Vec<Raw> {
    check_facts::<R>(params, &facts(vec![rollout])).0
}
