//! `criteria-after-exposure`: the criteria came late.

use super::{Cx, NoParams, Rule};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::model::{Change, CriteriaAtStart, Criterion, Rollout};

declare_rule! {
    /// ## What it checks
    ///
    /// What would send a candidate back was in git before the first people met it. It asks a live split that some people
    /// meet already: at the commit that first gave its payload a share there were criteria, in its own file or in the plan
    /// that governs it. A RolloutPlan whose `schedule.start` lies before the change that brings its first criteria is
    /// another case. Going back is never stopped.
    ///
    /// ## Why it matters
    ///
    /// A threshold that is written down once the numbers are in is drawn around them.
    ///
    /// ## What to do
    ///
    /// Take the candidate back to nobody, keep the criteria, and start again. Next time bring them with the first stage.
    ///
    /// ## Examples
    ///
    /// ```yaml before at:2026-11-16T10:00:00Z
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: config, payload: [{model: example-2}]}
    /// strategy: canary
    /// stages: [{exposure: 5%, hold: 1h}, {exposure: 50%, hold: 1h}, {exposure: 100%}]
    /// schedule: {start: 2026-11-17T10:00:00Z}
    /// ```
    ///
    /// ```yaml violates at:2026-11-24T12:00:00Z
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: config, payload: [{model: example-2}]}
    /// strategy: canary
    /// stages: [{exposure: 5%, hold: 1h}, {exposure: 50%, hold: 1h}, {exposure: 100%}]
    /// schedule: {start: 2026-11-17T10:00:00Z}
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}]}
    /// ```
    ///
    /// ```yaml before at:2026-11-16T10:00:00Z
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: config, payload: [{model: example-2}]}
    /// strategy: canary
    /// stages: [{exposure: 5%, hold: 1h}, {exposure: 50%, hold: 1h}, {exposure: 100%}]
    /// schedule: {start: 2026-11-25T10:00:00Z}
    /// ```
    ///
    /// ```yaml passes at:2026-11-24T12:00:00Z
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: config, payload: [{model: example-2}]}
    /// strategy: canary
    /// stages: [{exposure: 5%, hold: 1h}, {exposure: 50%, hold: 1h}, {exposure: 100%}]
    /// schedule: {start: 2026-11-25T10:00:00Z}
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}]}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// Criteria that were kept outside of the repository. Where history ends before the candidate met its first people, it
    /// is undetermined, which a gate does not pass.
    pub CriteriaAfterExposure {
        id: "criteria-after-exposure",
        family: Rollback,
        summary: "rollback criteria entered git only after exposure had begun",
        level: Error,
    }
}

impl Rule for CriteriaAfterExposure {
    type Params = NoParams;
    const META: &'static RuleMeta = &Self::META;
    const COMES_AND_GOES: bool = true;

    fn change(_params: &NoParams, change: &Change, rollout: &Rollout, cx: &mut Cx<'_>) {
        let Some(first) = rollout.rollback.criteria.first().filter(|_| rollout.is_judged()) else { return };
        match &change.criteria_at_start {
            CriteriaAtStart::NotAsked | CriteriaAtStart::There => {}
            CriteriaAtStart::Missing(commit) => {
                let what = format!(
                    "the criteria came after people had met the new version: commit {commit}, which first exposed it, had none"
                );
                late(first, what, cx);
            }
            CriteriaAtStart::Unknown => {
                let what = "whether the criteria came before the first exposure is not known: history ends after that";
                cx.undetermined(first.span, "history-truncated", what);
            }
        }
        let none_before = change.before.as_ref().is_none_or(|b| b.rollback.criteria.is_empty());
        let start = rollout.schedule.as_ref().map(|s| s.start.value.to_utc());
        if let Some(start) = start.filter(|start| none_before && *start < change.at) {
            let day = start.with_timezone(&cx.facts.zone).format("%Y-%m-%d %H:%M");
            late(first, format!("the criteria come after the rollout began: it started {day}"), cx);
        }
    }
}

fn late(first: &Criterion, what: String, cx: &mut Cx<'_>) {
    let help = "take the new version back to nobody, and start again with the criteria in place";
    cx.report(first.via.unwrap_or(first.span), what, help)
        .measured("criteria after exposure", "criteria before it")
        .about("criteria");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::PastEnd;
    use crate::rules::testing::{Timeline, criterion, live};

    fn with_criteria() -> Rollout {
        let mut rollout = live(25.0);
        rollout.rollback.criteria.push(criterion("error_rate", "0.5%"));
        rollout
    }

    #[test]
    fn what_stood_when_exposure_began() {
        for (start, expected) in [
            (CriteriaAtStart::NotAsked, (0, 0)),
            (CriteriaAtStart::There, (0, 0)),
            (CriteriaAtStart::Missing("3f2a9c1".into()), (1, 0)),
            (CriteriaAtStart::Unknown, (0, 1)),
        ] {
            let mut timeline =
                Timeline::new("2026-11-24T12:00:00Z", &[("2026-11-24T09:00:00Z", live(5.0))], PastEnd::Complete);
            timeline.criteria_at_start = start;
            let (found, unknown) = timeline.check::<CriteriaAfterExposure>(json!({}), with_criteria());
            assert_eq!((found.len(), unknown.len()), expected);
        }
    }
}
