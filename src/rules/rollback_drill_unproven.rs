//! `rollback-drill-unproven`: a drill that is only told of.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Cx, Facts, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::Weaker;
use crate::model::units::Period;
use crate::model::{Drill, DrillOutcome, Proof};

declare_rule! {
    /// ## What it checks
    ///
    /// What a drill on record says of itself is held against git:
    ///
    /// - it was not performed in the future, and names at least one commit or tag;
    /// - a commit is there, lies on the line that is checked, touches a file of the service, and is dated no earlier than a
    ///   day before the drill and no later than `max-record-delay` after it; a commit of the first-parent line is taken to
    ///   be no newer than those that came after it;
    /// - a tag is there, is annotated, and was made within `max-record-delay` of the drill's day in the policy's zone; a
    ///   name of the form `rollback-drill/<service>/<date>` has to name the service and that day, give or take one, and
    ///   the commit of any other tag has to do what a commit has to;
    /// - the record itself entered git within `max-record-delay`, with that commit or tag. One whose outcome or environment
    ///   is another later on entered then; that a drill failed can be admitted at any time;
    /// - no earlier drill of the service rests on the same commit or tag, however either is written.
    ///
    /// One piece of evidence that git confirms is enough.
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
    /// What the commit did to the running service. Without a repository, or where the clone ends too early, the drill that a
    /// service relies on is undetermined.
    pub RollbackDrillUnproven {
        id: "rollback-drill-unproven",
        family: Drills,
        summary: "a drill record whose evidence git does not confirm",
        level: Warning,
    }
}

/// Parameters of `rollback-drill-unproven`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// How long after the drill its record, its tag and its commit may enter git.
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
    const COMES_AND_GOES: bool = true;

    fn repository(_params: &Params, cx: &mut Cx<'_>) {
        let facts = cx.facts;
        for (number, drill) in facts.drills.iter().enumerate() {
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
            if future {
                continue;
            }
            match facts.proof(number) {
                Some(Proof::Refuted(why)) => {
                    let what = format!("the drill of `{service}` {why}");
                    let help = "name the commit that rolled the service back or the annotated tag of that day, or remove the record";
                    cx.report(evidence.span, what, help)
                        .measured("refuted by git", "evidence that git confirms")
                        .about(format!("proof {service}"));
                }
                Some(Proof::Unknown(reason, why)) if is_relied_on(drill, facts) => {
                    cx.undetermined(evidence.span, reason, format!("the drill of `{service}` {why}"));
                }
                None if is_relied_on(drill, facts) => {
                    let what = format!("the drill of `{service}` is not proven: there is no repository to confirm it");
                    cx.undetermined(evidence.span, "no-repository", what);
                }
                Some(Proof::Confirmed | Proof::Unknown(..)) | None => {}
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
    use crate::model::{DrillLog, Looked};
    use crate::rules::Raw;
    use crate::rules::testing::{HERE, check_facts, drill, facts};
    use crate::text::Span;

    fn run(drills: Vec<Drill>, proofs: Option<Vec<Proof>>) -> (Vec<Raw>, Vec<(Span, &'static str, String)>) {
        let mut facts = facts(vec![]);
        let log = |proofs| DrillLog { proofs, found: vec![], looked: Looked::Everywhere, tags_may_be_missing: false };
        (facts.drills, facts.drill_log) = (drills, proofs.map(log));
        check_facts::<RollbackDrillUnproven>(json!({}), &facts)
    }

    #[test]
    fn the_future_and_missing_evidence_are_found() {
        let future = drill("web", "2026-11-24T12:00:01Z");
        let (found, undetermined) = run(vec![future.clone()], None);
        let what = "the drill of `web` is dated 2026-11-24 12:00, which lies in the future: it is 2026-11-24 12:00";
        assert_eq!((found.len(), &*found[0].what, undetermined.len()), (1, what, 0));
        let bare = Drill { evidence: vec![], ..drill("web", "2026-11-20T12:00:00Z") };
        let (found, undetermined) = run(vec![bare], None);
        assert_eq!((found.len(), found[0].primary, undetermined.len()), (1, HERE, 0));
        assert_eq!(run(vec![Drill { evidence: vec![], ..future }], None).0.len(), 2);
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
        let (found, undetermined) = run(drills(), None);
        assert_eq!((found.len(), undetermined.len(), undetermined[0].1), (0, 2, "no-repository"));
        let unknown = || Proof::Unknown("history-truncated", "x".into());
        assert_eq!(run(drills(), Some(vec![unknown(), unknown(), unknown()])).1.len(), 2);
        let proofs = vec![Proof::Refuted("names a tag that is not there".into()), Proof::Confirmed, Proof::Confirmed];
        let (found, undetermined) = run(drills(), Some(proofs));
        assert_eq!((&*found[0].what, undetermined.len()), ("the drill of `web` names a tag that is not there", 0));
    }
}
