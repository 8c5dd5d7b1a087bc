//! `stage-skipped`: history shows a jump.

use schemars::JsonSchema;
use serde::Deserialize;

use super::passed::{Passed, passed};
use super::step_too_steep::{between, factor};
use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::Weaker;
use crate::model::units::Points;
use crate::model::{Change, Move, Rollout, Share};
use crate::text::Span;

declare_rule! {
    /// ## What it checks
    ///
    /// A change gives a candidate that some people meet already no more at once than the policy allows: neither more points
    /// than `max-increase` nor more times its share than `max-factor`. It asks live splits (KServe, Knative, Istio, Gateway
    /// API, SMI, Traefik, Seldon), whose file holds one moment: the change is held against what stands at base, all
    /// commits of a branch together. A plan that holds its own stages is `step-too-steep`'s matter, and from nobody to
    /// everybody is `big-bang`'s. Going back is never stopped.
    ///
    /// A flag is held against the RolloutPlan that names it (`flag: {system: flagd, key: answers}`), whatever the policy
    /// allows: it passes over no limited stage of the plan. An old plan says nothing of a new rollout, so this is asked
    /// where plan and flag come in one change, or where the plan says when it starts: by `schedule.start` and the holds it
    /// can have come to one stage and no further, in a tree too. A plan without stages of its own that governs the code
    /// behind the flag (`governs: [{name: web}]`) holds the flag to the first stage of that code, where one change ships
    /// the code and moves the flag.
    ///
    /// ## Why it matters
    ///
    /// Each stage is there so that what goes wrong is seen while few people meet it. From 5 % to everybody, what 25 % would
    /// have shown is shown by all.
    ///
    /// ## What to do
    ///
    /// Write the share that the finding names, let it stand for its hold, and go on in the next change.
    ///
    /// ## Examples
    ///
    /// ```yaml before at:2026-11-16T10:00:00Z
    /// apiVersion: serving.kserve.io/v1beta1
    /// kind: InferenceService
    /// metadata: {name: sentiment}
    /// spec: {predictor: {canaryTrafficPercent: 5, model: {storageUri: "gs://models/2"}}}
    /// ```
    ///
    /// ```yaml violates
    /// apiVersion: serving.kserve.io/v1beta1
    /// kind: InferenceService
    /// metadata: {name: sentiment}
    /// spec: {predictor: {canaryTrafficPercent: 100, model: {storageUri: "gs://models/2"}}}
    /// ```
    ///
    /// ```yaml before at:2026-11-16T10:00:00Z
    /// apiVersion: serving.kserve.io/v1beta1
    /// kind: InferenceService
    /// metadata: {name: sentiment}
    /// spec: {predictor: {canaryTrafficPercent: 5, model: {storageUri: "gs://models/2"}}}
    /// ```
    ///
    /// ```yaml passes
    /// apiVersion: serving.kserve.io/v1beta1
    /// kind: InferenceService
    /// metadata: {name: sentiment}
    /// spec: {predictor: {canaryTrafficPercent: 25, model: {storageUri: "gs://models/2"}}}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// Shares that are moved outside of git: by hand, or by a controller. A tree without a change is
    /// not asked, but of flags whose plan says when it starts. Where some
    /// requests go to what nothing tells to be another version of the same service, the rule is undetermined.
    ///
    /// A plan that was there before the flag moves and says no `schedule.start`: its rollout may be over. A flag of more
    /// than two values is held against a schedule only where the plan names the value as its payload.
    pub StageSkipped {
        id: "stage-skipped",
        family: Hold,
        summary: "git shows exposure jumping past stages",
        level: Error,
    }
}

/// Parameters of `stage-skipped`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// By how many points exposure may grow in one change; exactly this much is allowed.
    pub max_increase: Points,
    /// To how many times what it was exposure may grow in one change; exactly this much is allowed.
    #[serde(deserialize_with = "factor")]
    #[schemars(range(min = 1.0))]
    pub max_factor: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self { max_increase: Points(500_000), max_factor: 10.0 }
    }
}

impl Rule for StageSkipped {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;
    const COMES_AND_GOES: bool = true;
    const FOLLOWS: &'static [(&'static str, &'static str, &'static str)] =
        &[("max-increase", "step-too-steep", "max-increase"), ("max-factor", "step-too-steep", "max-factor")];

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        let increase = weaker::rises("max-increase", &before.max_increase, &after.max_increase);
        let factor = weaker::rises("max-factor", &before.max_factor, &after.max_factor);
        increase.into_iter().chain(factor).collect()
    }

    fn rollout(_params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        for one in passed(rollout, cx).iter().filter(|one| !one.is_big_bang()) {
            past_the_plan(one, cx);
        }
    }

    fn change(params: &Params, change: &Change, rollout: &Rollout, cx: &mut Cx<'_>) {
        if !rollout.is_judged() || rollout.plain_workload {
            return;
        }
        // What passes over a stage of its plan is told of that.
        let told: Vec<Span> = passed(rollout, cx).iter().map(|p| p.span).collect();
        for step in change.moves.iter().filter(|m| m.from.is_limited() && m.grows() && !told.contains(&m.span)) {
            jump(params, step, cx);
        }
        // Where everybody is concerned, `big-bang` says so.
        for unclear in change.unclear.iter().filter(|u| u.to.is_some_and(|to| to != Share::ALL)) {
            cx.undetermined(unclear.span, "another-way", &*unclear.what);
        }
    }
}

/// Reports a flag that has passed over a stage of the plan that names it.
fn past_the_plan(one: &Passed<'_>, cx: &mut Cx<'_>) {
    let (share, to, plan) = (one.share(), one.to, &one.plan.name.value);
    let (what, found) = match (one.from, one.plan.start) {
        (None, Some(start)) => {
            let start = start.to_rfc3339();
            let what = format!(
                "{to} meet `{}` now, and the plan `{plan}`, which starts at {start}, can have come to {share} at most",
                one.name
            );
            (what, to.to_string())
        }
        (from, _) => {
            let from = from.unwrap_or(Share::NONE);
            let what = format!(
                "this change takes `{}` from {from} to {to}, past the {share} that {} gives first",
                one.name, one.whose
            );
            (what, format!("{from} to {to}"))
        }
    };
    let raw = cx.report(one.span, what, format!("go to {share} first, or write into the plan what is really planned"));
    raw.because(one.stage.span, one.label())
        .measured(found, format!("<= {share}"))
        .about(format!("plan {plan} {}", one.name));
    if one.stage.span != one.plan.named {
        raw.because(one.plan.named, "the plan names this flag here");
    }
}

fn jump(params: &Params, step: &Move, cx: &mut Cx<'_>) {
    let (from, to) = (step.from, step.to);
    let points = Points(to.ppm().saturating_sub(from.ppm()));
    let times = f64::from(to.ppm()) / f64::from(from.ppm());
    let by_points = points > params.max_increase;
    if !by_points && times <= params.max_factor {
        return;
    }
    let (limit, parameter) = if by_points {
        (format!("{} at once", params.max_increase), "max-increase")
    } else {
        (format!("{} times what it was", params.max_factor), "max-factor")
    };
    let who = step.name.as_ref().map_or_else(|| "the new version".to_owned(), |name| format!("`{name}`"));
    let what = format!("this change takes {who} from {from} to {to}, by {points}; this policy allows at most {limit}");
    let next: Share = between(params.max_increase, params.max_factor, from, to);
    cx.report(step.span, what, format!("go to {next} first, and on from there after its hold"))
        .measured(format!("{from} to {to}"), format!("<= {limit}"))
        .about(format!("change {}", step.name.as_deref().unwrap_or_default()))
        .limit(parameter);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::testing::{changed, live};

    fn jumps(from: f64, to: f64) -> Vec<String> {
        changed::<StageSkipped>(json!({}), live(from), live(to)).into_iter().map(|r| r.what).collect()
    }

    #[test]
    fn either_limit_and_exactly_the_limit() {
        assert_eq!(
            jumps(5.0, 100.0),
            ["this change takes the new version from 5% to 100%, by 95pp; this policy allows at most 50pp at once"]
        );
        assert_eq!(jumps(1.0, 11.0).len(), 1);
        assert!(jumps(50.0, 100.0).is_empty() && jumps(1.0, 10.0).is_empty());
    }

    #[test]
    fn starts_and_ways_back_are_none() {
        assert!(jumps(0.0, 100.0).is_empty() && jumps(100.0, 5.0).is_empty() && jumps(5.0, 5.0).is_empty());
    }
}
