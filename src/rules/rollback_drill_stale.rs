//! `rollback-drill-stale`: nobody has tried the way back lately.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Cx, Facts, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::clock::{Moment, period};
use crate::declare_rule;
use crate::finding::Weaker;
use crate::model::units::Period;
use crate::model::{Drill, DrillOutcome, Looked, Proof, Rollout};
use crate::text::Span;

declare_rule! {
    /// ## What it checks
    ///
    /// Every service that has a rollout among the checked files, and every service that the policy names, has had a
    /// successful rollback drill within the cadence. A drill is due again on the day it was performed plus `within`,
    /// calendar months held within the month's end, that day included in the policy's zone. Failed drills do not count,
    /// nor do those with a date in the future, nor those that git refutes (`rollback-drill-unproven` says why). A drill in
    /// one environment does not count for a service whose rollouts all go to others.
    ///
    /// Beside records, git itself tells of drills. The policy's `drills:` says which of them count.
    ///
    /// - An annotated tag `rollback-drill/<service>/<date>`, made about that day in the policy's zone.
    /// - A commit with the trailer `Rollback-Drill: <service>` that touches a file of the service, as the evidence of a
    ///   record has to. An empty commit touches nothing and proves nothing.
    /// - A revert (`This reverts commit <id>`) that really took the service back: to what it shipped before that commit,
    ///   which lies before the revert and changed the same file.
    ///
    /// Trailers and reverts count on the first-parent line, and in branches that were merged into it. There they are dated
    /// by the merge: it has to take the service back itself, and a trailer has to be merged within the `max-record-delay`
    /// of `rollback-drill-unproven`. A commit of the line is taken to be no newer than those that came after it.
    ///
    /// It is asked as of `--at` where that is given, else as of now. Plain workloads and patches ask for no drill.
    ///
    /// ## Why it matters
    ///
    /// A way back that nobody has walked for half a year has usually been shut by something: a migration, a renamed
    /// flag, an image that the registry no longer holds. The drill finds that out on a calm day.
    ///
    /// ## What to do
    ///
    /// Roll the service back for a moment, and write it down as a `RollbackDrill` with what proves it.
    ///
    /// ## Examples
    ///
    /// ```yaml violates
    /// apiVersion: rollgate/v1
    /// kind: RollbackDrill
    /// metadata: {service: assistant}
    /// performed: 2020-01-15T10:00:00Z
    /// method: traffic-flip
    /// outcome: success
    /// time-to-rollback: 2m
    /// evidence: [{tag: rollback-drill/assistant/2020-01-15}]
    /// ---
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
    /// ```
    ///
    /// ```yaml passes
    /// apiVersion: rollgate/v1
    /// kind: RollbackDrill
    /// metadata: {service: assistant}
    /// performed: 2026-11-02T10:00:00Z
    /// method: traffic-flip
    /// outcome: success
    /// time-to-rollback: 2m
    /// evidence: [{tag: rollback-drill/assistant/2026-11-02}]
    /// ---
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
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// Drills that neither a record nor git tells of. Without a repository, or where the clone ends too early or may lack
    /// its tags, a service without a drill is undetermined and no finding; a gate does not pass then.
    pub RollbackDrillStale {
        id: "rollback-drill-stale",
        family: Drills,
        summary: "no successful rollback drill for the service within the cadence",
        level: Error,
    }
}

/// Parameters of `rollback-drill-stale`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// How long a drill counts. Months are calendar months; the day it is due is included.
    pub within: Period,
}

impl Default for Params {
    fn default() -> Self {
        Self { within: Period { months: 3, seconds: 0 } }
    }
}

impl Rule for RollbackDrillStale {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;
    const COMES_AND_GOES: bool = true;

    fn rollout(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        if rollout.stands_alone() && cx.speaks_for_its_service() {
            judge(params.within, &rollout.service, rollout.name_span, cx);
        }
    }

    fn repository(params: &Params, cx: &mut Cx<'_>) {
        let facts = cx.facts;
        let rolled_out = |name: &str| facts.rollouts.iter().any(|r| r.stands_alone() && *r.service == *name);
        for service in facts.services.iter().filter(|s| !rolled_out(&s.name)) {
            judge(params.within, &service.name, service.span, cx);
        }
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        weaker::outlasts("within", &before.within, &after.within).into_iter().collect()
    }
}

/// Why a drill on record does not count.
enum Why<'f> {
    Failed,
    Future,
    Elsewhere,
    Refuted(&'f str),
}

/// The last drill of a service that counts.
pub struct LastDrill<'f> {
    /// When.
    pub performed: Moment,
    /// The record, where it is on one.
    pub record: Option<&'f Drill>,
    /// How it is known, where it is on none: `revert 3f2a9c1`.
    pub known_by: Option<String>,
}

/// Judges the drills of `service`; what is found is anchored at `anchor`.
fn judge(within: Period, service: &str, anchor: Span, cx: &mut Cx<'_>) {
    let facts = cx.facts;
    let Some(last) = last_drill(service, facts) else { return none_counts(within, service, anchor, cx) };
    let Some(due) = period::last_day(last.performed, within.months, within.seconds, facts.zone) else { return };
    let local = |moment: Moment| moment.with_timezone(&facts.zone).date_naive();
    if local(facts.moment()) <= due {
        return unproven(&last, anchor, cx);
    }
    if let Some((reason, more)) = unseen(facts) {
        return cx.undetermined(anchor, reason, format!("no drill of `{service}` within {within} is known, {more}"));
    }
    let day = local(last.performed);
    let known_by = last.known_by.as_ref().map(|by| format!(" ({by})")).unwrap_or_default();
    let what = format!(
        "the last rollback drill of `{service}`{known_by} was on {day} and was due again by {due}; this policy asks for one within {within}"
    );
    let raw = cx.report(anchor, what, help(service));
    raw.measured(day.to_string(), format!("within {within}")).about(format!("drill {service}")).limit("within");
    if let Some(record) = last.record {
        raw.because(record.performed.span, "the last drill that counts");
    }
}

/// A drill that git cannot confirm in this clone counts; that a gate passes by it is not known.
fn unproven(last: &LastDrill<'_>, anchor: Span, cx: &mut Cx<'_>) {
    let facts = cx.facts;
    let number = facts.drills.iter().position(|d| last.record.is_some_and(|r| std::ptr::eq(r, d)));
    if let (Some(Proof::Unknown(reason, why)), false) = (number.and_then(|n| facts.proof(n)), facts.changes.is_empty())
    {
        cx.undetermined(anchor, reason, format!("the drill that it relies on {why}"));
    }
}

fn help(service: &str) -> String {
    format!("roll `{service}` back for a moment and record it: `rollgate drill record --service {service}`")
}

/// The last drill of `service` that counts, on record or found in git.
pub fn last_drill<'f>(service: &str, facts: &'f Facts) -> Option<LastDrill<'f>> {
    let on_record = facts.drills.iter().enumerate();
    let counting = on_record.filter(|(i, d)| *d.service.value == *service && not_counting((*i, d), facts).is_none());
    let record = counting.map(|(_, d)| d).max_by_key(|d| (d.performed.value, d.performed.span));
    let found = facts.drill_log.iter().flat_map(|log| &log.found);
    let found = found.filter(|f| f.service == *service && f.performed <= facts.moment()).max_by_key(|f| f.performed);
    let told = |d: &'f Drill| LastDrill { performed: d.performed.value.to_utc(), record: Some(d), known_by: None };
    match (record, found) {
        (record, Some(f)) if record.is_none_or(|d| d.performed.value < f.performed) => {
            let known_by = Some(format!("{} {}", f.source.name(), f.name));
            Some(LastDrill { performed: f.performed, record: None, known_by })
        }
        (record, _) => record.map(told),
    }
}

/// Why there may be drills that this clone does not show, if there may.
fn unseen(facts: &Facts) -> Option<(&'static str, &'static str)> {
    let log = facts.drill_log.as_ref()?;
    if log.tags_may_be_missing {
        return Some(("history-no-tags", "and this clone has no tags, which may tell of one"));
    }
    match log.looked {
        Looked::Everywhere => None,
        Looked::Truncated => Some(("history-truncated", "and this clone's history ends before that")),
        Looked::Nowhere => Some(("no-history", "and nothing is committed yet")),
    }
}

/// Reports a service of which no drill counts, or says that it is unknown where there may be one.
fn none_counts(within: Period, service: &str, anchor: Span, cx: &mut Cx<'_>) {
    let facts = cx.facts;
    let own = facts.drills.iter().enumerate().filter(|(_, d)| *d.service.value == *service);
    let last = own.max_by_key(|(_, d)| (d.performed.value, d.performed.span));
    if facts.drill_log.is_none() && last.is_none() {
        let what = "no drill of the service is on file, and there is no repository to look in";
        return cx.undetermined(anchor, "no-repository", what);
    }
    if let Some((reason, more)) = unseen(facts) {
        return cx.undetermined(anchor, reason, format!("no drill of `{service}` is known, {more}"));
    }
    let asked = format!("this policy asks for one within {within}");
    let (what, because) = match last {
        None => (format!("no rollback drill of `{service}` is on record or in git; {asked}"), None),
        Some((index, drill)) => {
            let day = drill.performed.value.with_timezone(&facts.zone).date_naive();
            let why = match not_counting((index, drill), facts) {
                Some(Why::Failed) => "failed".to_owned(),
                Some(Why::Elsewhere) => "was in an environment that the service is not rolled out to".to_owned(),
                Some(Why::Refuted(why)) => why.to_owned(),
                Some(Why::Future) | None => "lies in the future".to_owned(),
            };
            let what = format!("no rollback drill of `{service}` counts: the one of {day} {why}; {asked}");
            (what, Some((drill.performed.span, format!("this drill {why}"))))
        }
    };
    let raw = cx.report(anchor, what, help(service));
    raw.measured("no drill that counts", format!("within {within}")).about(format!("drill {service}")).limit("within");
    if let Some((span, text)) = because {
        raw.because(span, text);
    }
}

/// Why a drill on record does not count for its service, if it does not.
fn not_counting<'f>((index, drill): (usize, &Drill), facts: &'f Facts) -> Option<Why<'f>> {
    if drill.outcome.value == DrillOutcome::Failure {
        return Some(Why::Failed);
    }
    if drill.performed.value > facts.moment() {
        return Some(Why::Future);
    }
    if let Some(Proof::Refuted(why)) = facts.proof(index) {
        return Some(Why::Refuted(why));
    }
    let there = drill.environment.as_deref()?;
    let mut rollouts =
        facts.rollouts.iter().filter(|r| r.stands_alone() && r.service == drill.service.value).peekable();
    rollouts.peek()?;
    rollouts.all(|r| r.environment.as_deref().is_some_and(|e| e != there)).then_some(Why::Elsewhere)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{DrillLog, DrillSource, FoundDrill};
    use crate::rules::testing::{at, check_facts, drill, facts, live};
    use crate::rules::{DeclaredService, Raw};

    type Found = (Vec<Raw>, Vec<(Span, &'static str, String)>);

    fn run(change: impl FnOnce(&mut Facts)) -> Found {
        let mut facts = facts(vec![live(5.0)]);
        change(&mut facts);
        check_facts::<RollbackDrillStale>(json!({}), &facts)
    }

    fn stale(day: &str) -> usize {
        run(|f| f.drills.push(drill("web", day))).0.len()
    }

    #[test]
    fn due_on_the_day_itself_and_no_later() {
        // The run is on 2026-11-24.
        assert_eq!((stale("2026-08-24T00:00:00Z"), stale("2026-08-23T23:59:59Z")), (0, 1));
        let found = run(|f| f.drills.push(drill("web", "2026-05-02T10:00:00+02:00"))).0;
        let what = "the last rollback drill of `web` was on 2026-05-02 and was due again by 2026-08-02; \
                    this policy asks for one within 3 months";
        assert_eq!(found[0].what, what);
        let later = |f: &mut Facts| {
            f.drills.push(drill("web", "2026-08-24T10:00:00Z"));
            f.at = Some("2026-11-25T00:00:00Z".parse().unwrap());
        };
        assert_eq!(run(later).0.len(), 1);
    }

    #[test]
    fn failed_future_and_foreign_drills_do_not_count() {
        let mut failed = drill("web", "2026-11-20T10:00:00Z");
        failed.outcome.value = DrillOutcome::Failure;
        assert!(run(|f| f.drills.push(failed.clone())).0[0].what.contains("the one of 2026-11-20 failed"));
        assert_eq!(stale("2026-11-24T12:00:01Z"), 1);
        assert_eq!(stale("2026-11-24T12:00:00Z"), 0);
        let staged = |web: Option<&str>| {
            run(|f| {
                let mut one = drill("web", "2026-11-20T10:00:00Z");
                one.environment = Some("staging".into());
                f.drills.push(one);
                f.rollouts[0].environment = web.map(Into::into);
            })
        };
        assert_eq!(
            (staged(Some("production")).0.len(), staged(Some("staging")).0.len(), staged(None).0.len()),
            (1, 0, 0)
        );
        assert_eq!(run(|f| f.drills.extend([failed, drill("web", "2026-11-01T10:00:00Z")])).0.len(), 0);
    }

    #[test]
    fn no_record_is_unknown() {
        let (found, undetermined) = run(|f| f.drills.push(drill("other", "2026-11-20T10:00:00Z")));
        assert_eq!((found.len(), undetermined[0].1), (0, "no-repository"));
        let log = |looked, tags_may_be_missing| DrillLog { proofs: vec![], found: vec![], looked, tags_may_be_missing };
        assert_eq!(run(|f| f.drill_log = Some(log(Looked::Truncated, false))).1[0].1, "history-truncated");
        assert_eq!(run(|f| f.drill_log = Some(log(Looked::Everywhere, true))).1[0].1, "history-no-tags");
        let found = run(|f| f.drill_log = Some(log(Looked::Everywhere, false))).0;
        assert_eq!(
            found[0].what,
            "no rollback drill of `web` is on record or in git; this policy asks for one within 3 months"
        );
    }

    #[test]
    fn what_git_refutes_does_not_count_and_what_it_found_does() {
        let log = |proof, found: &[(&str, &str)]| {
            let found = found.iter().map(|(service, day)| FoundDrill {
                service: (*service).to_owned(),
                performed: day.parse().unwrap(),
                source: DrillSource::Revert,
                name: "3f2a9c1".into(),
            });
            Some(DrillLog {
                proofs: vec![proof],
                found: found.collect(),
                looked: Looked::Everywhere,
                tags_may_be_missing: false,
            })
        };
        let with = |proof, found: &[(&str, &str)]| {
            run(|f| {
                f.drills.push(drill("web", "2026-11-20T10:00:00Z"));
                f.drill_log = log(proof, found);
            })
        };
        assert!(with(Proof::Confirmed, &[]).0.is_empty());
        assert!(with(Proof::Unknown("history-truncated", "x".into()), &[]).0.is_empty());
        let refuted = || Proof::Refuted("names a tag that is not there".into());
        assert!(with(refuted(), &[]).0[0].what.contains("the one of 2026-11-20 names a tag that is not there"));
        assert!(with(refuted(), &[("web", "2026-11-01T10:00:00Z")]).0.is_empty());
        let old = with(refuted(), &[("web", "2026-01-01T10:00:00Z"), ("other", "2026-11-01T10:00:00Z")]);
        assert!(old.0[0].what.contains("(revert 3f2a9c1) was on 2026-01-01"), "{}", old.0[0].what);
    }

    #[test]
    fn who_is_asked() {
        let silent = |change: fn(&mut Facts)| run(change) == (vec![], vec![]);
        assert!(silent(|f| f.rollouts[0].plain_workload = true));
        assert!(silent(|f| f.rollouts[0].partial = true));
        assert!(silent(|f| f.service_anchors.clear()));
        let declared = |name: &str| DeclaredService { name: name.into(), span: at(8) };
        assert_eq!(run(|f| f.services.push(declared("batch"))).1.len(), 2);
        assert_eq!(run(|f| f.services.push(declared("web"))).1.len(), 1);
    }
}
