//! `rollback-drill-slow`: going back took too long.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::Weaker;
use crate::model::units::{Length, display_seconds};
use crate::model::{Drill, DrillOutcome, Proof};

declare_rule! {
    /// ## What it checks
    ///
    /// The last successful drill of each service (and of each environment that drills name) brought the old version back
    /// within `max-time`; exactly that long is allowed. Earlier drills may have been slow.
    ///
    /// ## Why it matters
    ///
    /// The time to go back is how long every bad release lasts at the least. It grows unnoticed, with images, caches and
    /// approvals, until it is needed.
    ///
    /// ## What to do
    ///
    /// Keep the old version running beside the new one, put the switch behind a flag, or cut the steps that need a
    /// person; then drill again.
    ///
    /// ## Examples
    ///
    /// ```yaml violates
    /// apiVersion: rollgate/v1
    /// kind: RollbackDrill
    /// metadata: {service: assistant}
    /// performed: 2026-11-02T10:00:00Z
    /// method: redeploy
    /// outcome: success
    /// time-to-rollback: 25m
    /// evidence: [{tag: rollback-drill/assistant/2026-11-02}]
    /// ```
    ///
    /// ```yaml passes
    /// apiVersion: rollgate/v1
    /// kind: RollbackDrill
    /// metadata: {service: assistant}
    /// performed: 2026-11-02T10:00:00Z
    /// method: flag-off
    /// outcome: success
    /// time-to-rollback: 4m10s
    /// evidence: [{tag: rollback-drill/assistant/2026-11-02}]
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// How long it took to notice and to decide: the clock of a drill starts at the decision.
    pub RollbackDrillSlow {
        id: "rollback-drill-slow",
        family: Drills,
        summary: "the last rollback drill took longer than the target",
        level: Warning,
    }
}

/// Parameters of `rollback-drill-slow`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The longest time to rollback; exactly this much is allowed.
    pub max_time: Length,
}

impl Default for Params {
    fn default() -> Self {
        Self { max_time: Length(300) }
    }
}

impl Rule for RollbackDrillSlow {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;
    const COMES_AND_GOES: bool = true;

    fn repository(params: &Params, cx: &mut Cx<'_>) {
        let facts = cx.facts;
        let mut last: BTreeMap<(&str, Option<&str>), &Drill> = BTreeMap::new();
        let now = facts.moment();
        let refuted = |number: usize| matches!(facts.proof(number), Some(Proof::Refuted(_)));
        let all = facts.drills.iter().enumerate().filter(|(number, _)| !refuted(*number)).map(|(_, drill)| drill);
        let done = all.filter(|d| d.outcome.value == DrillOutcome::Success && d.performed.value <= now);
        for drill in done {
            let slot = last.entry((&drill.service.value, drill.environment.as_deref())).or_insert(drill);
            if (drill.performed.value, drill.performed.span) > (slot.performed.value, slot.performed.span) {
                *slot = drill;
            }
        }
        for drill in last.into_values() {
            let Some(time) = drill.time_to_rollback.filter(|t| t.value > params.max_time.0) else { continue };
            let (took, service) = (display_seconds(time.value), &drill.service.value);
            let what = format!(
                "the last drill of `{service}` took {took} to roll back; this policy asks for at most {}",
                params.max_time
            );
            let help = format!("shorten the way back until a drill of `{service}` takes {} or less", params.max_time);
            let raw = cx.report(time.span, what, help);
            raw.measured(took, format!("<= {}", params.max_time)).about(format!("drill {service}")).limit("max-time");
        }
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        weaker::rises("max-time", &before.max_time, &after.max_time).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::testing::{at, check_facts, drill, facts};
    use crate::text::Spanned;

    fn took(day: &str, seconds: u64, place: u32) -> Drill {
        Drill { time_to_rollback: Some(Spanned::new(seconds, at(place))), ..drill("web", day) }
    }

    fn slow(drills: Vec<Drill>) -> Vec<u32> {
        let mut facts = facts(vec![]);
        facts.drills = drills;
        check_facts::<RollbackDrillSlow>(json!({}), &facts).0.iter().map(|r| r.primary.start).collect()
    }

    #[test]
    fn only_the_last_that_worked_is_judged() {
        assert_eq!(slow(vec![took("2026-11-01T10:00:00Z", 301, 4)]), [4]);
        assert!(slow(vec![took("2026-11-01T10:00:00Z", 300, 4)]).is_empty());
        assert!(slow(vec![took("2026-11-02T10:00:00Z", 60, 4), took("2026-11-01T10:00:00Z", 900, 5)]).is_empty());
        assert_eq!(slow(vec![took("2026-11-02T10:00:00Z", 900, 4), took("2026-11-01T10:00:00Z", 60, 5)]), [4]);
        let mut failed = took("2026-11-02T10:00:00Z", 900, 4);
        failed.outcome.value = DrillOutcome::Failure;
        assert!(
            slow(vec![failed, drill("web", "2026-11-03T10:00:00Z"), took("2027-11-02T10:00:00Z", 900, 6)]).is_empty()
        );
    }

    #[test]
    fn each_service_and_environment_on_its_own() {
        let mut staging = took("2026-11-01T10:00:00Z", 900, 4);
        staging.environment = Some("staging".into());
        let other = Drill { service: Spanned::new("api".into(), at(1)), ..took("2026-11-03T10:00:00Z", 900, 5) };
        assert_eq!(slow(vec![staging, other, took("2026-11-02T10:00:00Z", 60, 6)]), [5, 4]);
    }
}
