//! `rollback-drill-unproven`: a drill that is only told of.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Cx, Facts, Repository, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::Weaker;
use crate::model::units::Period;
use crate::model::{Drill, DrillOutcome};

declare_rule! {
    /// ## What it checks
    ///
    /// A drill on record was not performed in the future, and names what git can confirm it by: the commit that rolled
    /// back, or an annotated tag.
    ///
    /// ## Why it matters
    ///
    /// A record is written in a minute and a drill is not. Whoever relies on one at night has to be able to see that it
    /// took place.
    ///
    /// ## What to do
    ///
    /// Tag the drill when it is done, `git tag -a rollback-drill/<service>/<date>`, or name the commit that rolled back,
    /// and write either into `evidence`. Correct the date where it lies in the future.
    ///
    /// ## Examples
    ///
    /// ```yaml violates
    /// apiVersion: rollgate/v1
    /// kind: RollbackDrill
    /// metadata: {service: assistant}
    /// performed: 2199-01-01T10:00:00Z
    /// method: flag-off
    /// outcome: success
    /// time-to-rollback: 2m
    /// evidence: [{tag: rollback-drill/assistant/2199-01-01}]
    /// ```
    ///
    /// ```yaml passes
    /// apiVersion: rollgate/v1
    /// kind: RollbackDrill
    /// metadata: {service: assistant}
    /// performed: 2026-11-02T10:00:00Z
    /// method: flag-off
    /// outcome: success
    /// time-to-rollback: 2m
    /// evidence: [{tag: rollback-drill/assistant/2026-11-02}]
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// Whether git has the commit and the tag, where no history is read: the drill that a service relies on is then
    /// undetermined.
    pub RollbackDrillUnproven {
        id: "rollback-drill-unproven",
        family: Drills,
        summary: "a drill record in the future, or without evidence to confirm",
        level: Warning,
    }
}

/// Parameters of `rollback-drill-unproven`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// How long after the drill its record may enter git; asked only where history is read.
    pub max_record_delay: Period,
}

impl Default for Params {
    fn default() -> Self {
        Self { max_record_delay: Period { months: 0, seconds: 7 * 86_400 } }
    }
}

impl Rule for RollbackDrillUnproven {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;

    fn repository(_params: &Params, cx: &mut Cx<'_>) {
        let facts = cx.facts;
        for drill in &facts.drills {
            let service = &drill.service.value;
            let future = drill.performed.value > facts.moment();
            if future {
                let day = drill.performed.value.with_timezone(&facts.zone).format("%Y-%m-%d %H:%M");
                let now = facts.moment().with_timezone(&facts.zone).format("%Y-%m-%d %H:%M");
                let what = format!("the drill of `{service}` is dated {day}, which lies in the future: it is {now}");
                let raw = cx.report(drill.performed.span, what, "write when the drill was performed");
                raw.measured(day.to_string(), format!("<= {now}")).about(format!("date {service}"));
            }
            let Some(evidence) = drill.evidence.first() else {
                let what = format!("the drill of `{service}` names nothing that git could confirm it by");
                let help = "add `evidence: [{commit: <the commit that rolled back>}]`, or a tag with `{tag: …}`";
                cx.report(drill.anchor, what, help)
                    .measured("0", ">= 1 commit or tag")
                    .about(format!("evidence {service}"));
                continue;
            };
            if !future && is_relied_on(drill, facts) {
                let (reason, more) = match facts.repository {
                    Repository::None => ("no-repository", "there is no repository to confirm it"),
                    Repository::Unread => ("history-not-read", "git's history was not read"),
                };
                cx.undetermined(evidence.span, reason, format!("the drill of `{service}` is not proven: {more}"));
            }
        }
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        weaker::outlasts("max-record-delay", &before.max_record_delay, &after.max_record_delay).into_iter().collect()
    }
}

/// Is it the last successful drill of its service and environment? Earlier ones decide nothing.
fn is_relied_on(drill: &Drill, facts: &Facts) -> bool {
    let same = |d: &&Drill| d.service.value == drill.service.value && d.environment == drill.environment;
    let counts = |d: &&Drill| d.outcome.value == DrillOutcome::Success && d.performed.value <= facts.moment();
    let last = facts.drills.iter().filter(same).filter(counts).max_by_key(|d| (d.performed.value, d.performed.span));
    last.is_some_and(|l| l.performed == drill.performed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::Raw;
    use crate::rules::testing::{HERE, check_facts, drill, facts};
    use crate::text::Span;

    fn run(drills: Vec<Drill>, repository: Repository) -> (Vec<Raw>, Vec<(Span, &'static str, String)>) {
        let mut facts = facts(vec![]);
        (facts.drills, facts.repository) = (drills, repository);
        check_facts::<RollbackDrillUnproven>(json!({}), &facts)
    }

    #[test]
    fn the_future_and_missing_evidence_are_found() {
        let future = drill("web", "2026-11-24T12:00:01Z");
        let (found, undetermined) = run(vec![future.clone()], Repository::None);
        let what = "the drill of `web` is dated 2026-11-24 12:00, which lies in the future: it is 2026-11-24 12:00";
        assert_eq!((found.len(), &*found[0].what, undetermined.len()), (1, what, 0));
        let bare = Drill { evidence: vec![], ..drill("web", "2026-11-20T12:00:00Z") };
        let (found, undetermined) = run(vec![bare], Repository::None);
        assert_eq!((found.len(), found[0].primary, undetermined.len()), (1, HERE, 0));
        assert_eq!(run(vec![Drill { evidence: vec![], ..future }], Repository::None).0.len(), 2);
    }

    #[test]
    fn what_git_would_confirm_is_unknown_for_the_drill_that_counts() {
        let drills = || {
            vec![
                drill("web", "2026-08-20T12:00:00Z"),
                drill("web", "2026-11-20T12:00:00Z"),
                drill("api", "2026-01-20T12:00:00Z"),
            ]
        };
        let (found, undetermined) = run(drills(), Repository::None);
        assert_eq!((found.len(), undetermined.len(), undetermined[0].1), (0, 2, "no-repository"));
        assert_eq!(run(drills(), Repository::Unread).1[0].1, "history-not-read");
    }
}
