//! `hold-cut-short`: promoted before its time.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::clock::Moment;
use crate::declare_rule;
use crate::finding::Weaker;
use crate::model::units::{Length, display_seconds};
use crate::model::{Change, Move, Rollout, Since};

declare_rule! {
    /// ## What it checks
    ///
    /// A candidate is given more only after the share it has stood for at least `min` (that of `hold-too-short` where it is
    /// not set). How long it stood is told by git: from the committer date of the commit that brought the share, on the
    /// first-parent line of the base, to the moment the change takes effect. A new payload starts the clock again, and so
    /// does another share. It asks live splits; plans that hold their own stages are `hold-too-short`'s matter. Going back
    /// is never stopped.
    ///
    /// ## Why it matters
    ///
    /// What a stage could have shown needs its time: caches fill, daily jobs run, enough people pass by. A promotion five
    /// minutes after the one before has waited for none of it.
    ///
    /// ## What to do
    ///
    /// Merge it when the hold is over; the finding says when.
    ///
    /// ## Examples
    ///
    /// ```yaml before at:2026-11-16T10:00:00Z
    /// apiVersion: serving.kserve.io/v1beta1
    /// kind: InferenceService
    /// metadata: {name: sentiment}
    /// spec: {predictor: {canaryTrafficPercent: 0, model: {storageUri: "gs://models/2"}}}
    /// ```
    ///
    /// ```yaml before at:2026-11-24T11:55:00Z
    /// apiVersion: serving.kserve.io/v1beta1
    /// kind: InferenceService
    /// metadata: {name: sentiment}
    /// spec: {predictor: {canaryTrafficPercent: 5, model: {storageUri: "gs://models/2"}}}
    /// ```
    ///
    /// ```yaml violates at:2026-11-24T12:00:00Z
    /// apiVersion: serving.kserve.io/v1beta1
    /// kind: InferenceService
    /// metadata: {name: sentiment}
    /// spec: {predictor: {canaryTrafficPercent: 25, model: {storageUri: "gs://models/2"}}}
    /// ```
    ///
    /// ```yaml before at:2026-11-23T10:00:00Z
    /// apiVersion: serving.kserve.io/v1beta1
    /// kind: InferenceService
    /// metadata: {name: sentiment}
    /// spec: {predictor: {canaryTrafficPercent: 5, model: {storageUri: "gs://models/2"}}}
    /// ```
    ///
    /// ```yaml passes at:2026-11-24T12:00:00Z
    /// apiVersion: serving.kserve.io/v1beta1
    /// kind: InferenceService
    /// metadata: {name: sentiment}
    /// spec: {predictor: {canaryTrafficPercent: 25, model: {storageUri: "gs://models/2"}}}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// When the controller really applied a commit. Where history ends too early, or a commit is dated in the future, it is
    /// undetermined, which a gate does not pass.
    pub HoldCutShort {
        id: "hold-cut-short",
        family: Hold,
        summary: "git shows a promotion before the stage's minimum hold had passed",
        level: Error,
    }
}

/// Parameters of `hold-cut-short`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The least time that a share stands before it grows; exactly this much is allowed.
    pub min: Length,
}

impl Default for Params {
    fn default() -> Self {
        Self { min: Length(600) }
    }
}

impl Rule for HoldCutShort {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;
    const COMES_AND_GOES: bool = true;
    const FOLLOWS: &'static [(&'static str, &'static str, &'static str)] = &[("min", "hold-too-short", "min")];

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        weaker::falls("min", &before.min, &after.min).into_iter().collect()
    }

    fn change(params: &Params, change: &Change, rollout: &Rollout, cx: &mut Cx<'_>) {
        if !rollout.is_judged() || rollout.plain_workload {
            return;
        }
        for step in change.moves.iter().filter(|m| m.from.is_limited() && m.grows()) {
            let least = i64::try_from(params.min.0).unwrap_or(i64::MAX);
            match change.since(&step.key) {
                Since::Known(since) | Since::AtLeast(since) if since > change.at => {
                    let when = since.with_timezone(&cx.facts.zone).format("%Y-%m-%d %H:%M");
                    let what =
                        format!("the share of {} came with a commit dated {when}, which is still to come", step.from);
                    cx.undetermined(step.span, "history-dates", what);
                }
                Since::Known(since) if (change.at - since).num_seconds() < least => {
                    cut_short(params.min, step, since, change.at, cx);
                }
                Since::AtLeast(since) if (change.at - since).num_seconds() < least => {
                    let what = format!("since when the share is {} is not known: history ends before that", step.from);
                    cx.undetermined(step.span, "history-truncated", what);
                }
                Since::Unknown => {
                    let what = format!("since when the share is {} is not told by history", step.from);
                    cx.undetermined(step.span, "history-unknown", what);
                }
                Since::Known(_) | Since::AtLeast(_) => {}
            }
        }
    }
}

fn cut_short(min: Length, step: &Move, since: Moment, at: Moment, cx: &mut Cx<'_>) {
    let zone = cx.facts.zone;
    let stood = display_seconds(u64::try_from((at - since).num_seconds()).unwrap_or(0));
    let came = since.with_timezone(&zone).format("%Y-%m-%d %H:%M");
    let ends = (since + chrono::TimeDelta::seconds(i64::try_from(min.0).unwrap_or(0))).with_timezone(&zone);
    let what = format!(
        "the share grows from {} to {} after {stood}: it has stood since {came} {}; this policy asks for at least {min}",
        step.from,
        step.to,
        zone.name()
    );
    let help = format!("let it stand until {} {}", ends.format("%Y-%m-%d %H:%M"), zone.name());
    cx.report(step.span, what, help)
        .measured(stood, format!(">= {min}"))
        .about(format!("change {}", step.name.as_deref().unwrap_or_default()))
        .limit("min");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{PastEnd, Rollout};
    use crate::rules::testing::{Timeline, live};

    /// Findings and unknowns of a promotion from 5 % to 25 % at noon, with these versions before, newest first.
    fn promoted(versions: &[(&str, Rollout)], end: PastEnd) -> (usize, usize) {
        let (found, unknown) =
            Timeline::new("2026-11-24T12:00:00Z", versions, end).check::<HoldCutShort>(json!({}), live(25.0));
        (found.len(), unknown.len())
    }

    #[test]
    fn exactly_the_minimum_passes_and_other_shares_end_the_stage() {
        let at = |time| promoted(&[(time, live(5.0)), ("2026-11-20T12:00:00Z", live(0.0))], PastEnd::Complete);
        assert_eq!(at("2026-11-24T11:50:00Z"), (0, 0));
        assert_eq!(at("2026-11-24T11:50:01Z"), (1, 0));
        assert_eq!(at("2026-11-24T12:00:01Z"), (0, 1));
        let edited = [("2026-11-24T11:59:00Z", live(5.0)), ("2026-11-24T11:00:00Z", live(5.0))];
        assert_eq!(promoted(&edited, PastEnd::Complete), (0, 0), "an edit that leaves the share alone is none");
    }

    #[test]
    fn a_new_payload_starts_the_clock_again() {
        let other = crate::rules::testing::shipping(live(5.0), "web:1");
        let versions = [
            ("2026-11-24T11:59:00Z", crate::rules::testing::shipping(live(5.0), "web:2")),
            ("2026-11-24T09:00:00Z", other),
        ];
        let head = crate::rules::testing::shipping(live(25.0), "web:2");
        let (found, _) =
            Timeline::new("2026-11-24T12:00:00Z", &versions, PastEnd::Complete).check::<HoldCutShort>(json!({}), head);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_history_that_ends_too_early_proves_only_what_it_shows() {
        assert_eq!(promoted(&[("2026-11-24T11:50:00Z", live(5.0))], PastEnd::Truncated), (0, 0));
        assert_eq!(promoted(&[("2026-11-24T11:55:00Z", live(5.0))], PastEnd::Truncated), (0, 1));
        assert_eq!(promoted(&[("2026-11-24T11:55:00Z", live(5.0))], PastEnd::Complete), (1, 0));
    }
}
