//! `hold-too-short`: a stage nobody has time to look at.

use schemars::JsonSchema;
use serde::Deserialize;

use super::big_bang::speaks;
use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::{Weaker, Wish};
use crate::model::units::{Length, display_seconds};
use crate::model::{Ceiling, Gate, GateKind, Hold, Rollout, Share, Stage, Strategy};

declare_rule! {
    /// ## What it checks
    ///
    /// Every limited stage that another one follows lasts at least `min`. A stage that waits for a person or for an analysis
    /// without an end lasts long enough. A ramp's length is time, too. A ring or a list of tenants without a share is judged by
    /// the hold that is written, and not where none is.
    ///
    /// Stages that share one written interval (Flagger's `interval`) are reported once.
    ///
    /// Not judged: live splits, whose history tells; plain workloads; what `big-bang` speaks of.
    ///
    /// ## Why it matters
    ///
    /// Most regressions need time to show: metrics are scraped and averaged, caches run cold, tickets are written. A stage that
    /// is left after a minute has shown that the new version starts.
    ///
    /// ## What to do
    ///
    /// Raise the hold (Argo: the `pause` after the weight; Flagger: `interval`).
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
    ///   - {exposure: 5%, hold: 5m}
    ///   - {exposure: 50%, hold: 1h}
    ///   - {exposure: 100%}
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
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
    /// ```
    ///
    /// A platform that holds no longer than so much (SageMaker: an hour for a step) is asked for no more; the finding says
    /// what else can carry the time.
    ///
    /// ## What it cannot see
    ///
    /// Whether anybody looks, and whether there was traffic in that time.
    pub HoldTooShort {
        id: "hold-too-short",
        family: Hold,
        summary: "a limited stage is left before the minimum time",
        level: Warning,
    }
}

/// Parameters of `hold-too-short`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The least time of a limited stage; exactly this much is allowed.
    pub min: Length,
}

impl Default for Params {
    fn default() -> Self {
        Self { min: Length(600) }
    }
}

impl Rule for HoldTooShort {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        if !has_held_stages(rollout) {
            return;
        }
        let mut said = Vec::new();
        let followed = rollout.stages().len().saturating_sub(1);
        for (index, stage) in rollout.stages().iter().enumerate().take(followed) {
            let span = stage.hold.span();
            if !is_limited(stage) || waits_for_a_person(&stage.gates) || said.contains(&span) {
                continue;
            }
            let needed = rollout.ceiling.map_or(params.min, |c| Length(params.min.0.min(c.stage)));
            match held(stage, rollout.partial) {
                Held::For(seconds) if seconds < needed.0 => {
                    short((params.min, rollout.ceiling), seconds, (index, stage), cx);
                }
                Held::Unknown => cx.unknown(rollout, span, "how long this stage lasts is not written in these files"),
                Held::For(_) | Held::LongEnough => continue,
            }
            said.push(span);
        }
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        weaker::falls("min", &before.min, &after.min).into_iter().collect()
    }
}

/// Is it a plan whose stages are held one after the other?
pub(super) fn has_held_stages(rollout: &Rollout) -> bool {
    let stepped = match rollout.strategy.value {
        Strategy::Rolling | Strategy::Recreate | Strategy::AllAtOnce => false,
        Strategy::Canary
        | Strategy::BlueGreen
        | Strategy::Shadow
        | Strategy::AbTest
        | Strategy::Flag
        | Strategy::Unknown => true,
    };
    stepped && rollout.is_judged() && !rollout.plain_workload && !rollout.progression.is_live() && !speaks(rollout)
}

/// Is an approval among the gates that the stage waits for?
pub(super) fn waits_for_a_person(gates: &[Gate]) -> bool {
    gates.iter().any(|g| g.blocking && g.kind == GateKind::Approval)
}

/// Somebody meets it, and not everybody: a share, or a ring that states its hold.
fn is_limited(stage: &Stage) -> bool {
    let states_its_hold = !matches!(stage.hold.known(), Some(Hold::None));
    if stage.is_ring() { states_its_hold } else { stage.share().is_some_and(Share::is_limited) }
}

enum Held {
    For(u64),
    LongEnough,
    Unknown,
}

fn held(stage: &Stage, partial: bool) -> Held {
    match stage.hold.known() {
        Some(Hold::Timed(seconds) | Hold::Ramp(seconds)) => Held::For(*seconds),
        // The base of a patch may say what the patch does not.
        Some(Hold::None) if partial => Held::LongEnough,
        Some(Hold::None) => Held::For(0),
        Some(Hold::Gated) => Held::LongEnough,
        Some(Hold::Unknown) | None => Held::Unknown,
    }
}

fn short((min, ceiling): (Length, Option<Ceiling>), seconds: u64, (index, stage): (usize, &Stage), cx: &mut Cx<'_>) {
    let who = match (stage.share(), &stage.audience) {
        (_, Some(audience)) if stage.is_ring() => format!("the stage for `{}`", audience.name),
        (Some(share), _) => format!("the stage at {share}"),
        (None, _) => "the stage".to_owned(),
    };
    let found = display_seconds(seconds);
    let lasts = if seconds == 0 { "is left at once".to_owned() } else { format!("lasts {found}") };
    let (asks, min, help) = asked(min, ceiling.map(|c| (c, c.stage)), "hold the stage for");
    cx.report(stage.hold.span(), format!("{who} {lasts}; {asks}"), help)
        .measured(found, format!(">= {min}"))
        .about(format!("stage {index}"))
        .limit("min")
        .wish(Wish::Hold { stage: index, seconds: min.0 });
}

/// What the policy asks for in words, the least time that can be had of it, and what to do: a platform's `ceiling` may
/// lie below what the policy asks for. `act` begins the advice.
pub(super) fn asked(min: Length, ceiling: Option<(Ceiling, u64)>, act: &str) -> (String, Length, String) {
    match ceiling.filter(|(_, most)| *most < min.0) {
        Some((ceiling, most)) => {
            let most = Length(most);
            let asks = format!("this policy asks for at least {min}, and {} holds {most} at most", ceiling.of);
            (asks, most, format!("{act} {most}, and {}", ceiling.instead))
        }
        None => (format!("this policy asks for at least {min}"), min, format!("{act} {min} or more")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Audience, Fact, Progression};
    use crate::rules::testing::{HERE, at, canary, check, check_facts, facts, live, stage};

    fn judge(first: Stage) -> (usize, usize) {
        let run = facts(vec![canary(vec![first, stage(100.0, Hold::None)])]);
        let (found, undetermined) = check_facts::<HoldTooShort>(json!({}), &run);
        (found.len(), undetermined.len())
    }

    #[test]
    fn exactly_the_minimum_and_gates_pass() {
        assert_eq!(judge(stage(5.0, Hold::Timed(599))), (1, 0));
        assert_eq!(judge(stage(5.0, Hold::Timed(600))), (0, 0));
        assert_eq!(judge(stage(5.0, Hold::Ramp(599))), (1, 0));
        assert_eq!(judge(stage(5.0, Hold::None)), (1, 0));
        assert_eq!(judge(stage(5.0, Hold::Gated)), (0, 0));
        assert_eq!(judge(stage(5.0, Hold::Unknown)), (0, 1));
        let mut approved = stage(5.0, Hold::Timed(1));
        approved.gates.push(Gate { kind: GateKind::Approval, name: "lead".into(), blocking: true, span: HERE });
        assert_eq!(judge(approved), (0, 0));
        let mut unknown = stage(5.0, Hold::None);
        unknown.hold = Fact::Dynamic { expr: "{{ d }}".into(), span: HERE };
        assert_eq!(judge(unknown), (0, 1));
    }

    #[test]
    fn nobody_is_asked_for_more_than_the_platform_holds() {
        const SHORT: Ceiling = Ceiling { stage: 300, whole: 900, of: "It", instead: "let a shadow run before it" };
        let judged = |seconds| {
            let mut plan = canary(vec![stage(5.0, Hold::Timed(seconds)), stage(100.0, Hold::None)]);
            plan.ceiling = Some(SHORT);
            check::<HoldTooShort>(json!({}), plan)
        };
        assert!(judged(300).is_empty());
        let found = judged(299);
        assert_eq!(
            found[0].what,
            "the stage at 5% lasts 4m59s; this policy asks for at least 10m, and It holds 5m at most"
        );
        assert_eq!(found[0].help, "hold the stage for 5m, and let a shadow run before it");
    }

    #[test]
    fn rings_by_the_hold_they_state() {
        let ring = |hold| {
            let mut ring = Stage::new(Fact::Absent { near: HERE }, HERE);
            ring.audience = Some(Audience { name: "internal".into(), size: None, customers: false });
            ring.hold = Fact::stated(hold, HERE);
            ring
        };
        assert_eq!(judge(ring(Hold::Timed(60))), (1, 0));
        assert_eq!(judge(ring(Hold::None)), (0, 0));
    }

    #[test]
    fn one_interval_is_said_once_and_the_rest_is_silent() {
        let mut stages: Vec<Stage> = [5.0, 10.0, 50.0].map(|s| stage(s, Hold::Timed(60))).into();
        stages[2].hold = Fact::stated(Hold::Timed(30), at(9));
        stages.push(stage(100.0, Hold::None));
        let plan = canary(stages);
        assert_eq!(check::<HoldTooShort>(json!({}), plan.clone()).len(), 2);
        assert!(check::<HoldTooShort>(json!({"min": "30s"}), plan.clone()).is_empty());
        assert!(check::<HoldTooShort>(json!({}), Rollout { plain_workload: true, ..plan }).is_empty());
        assert!(check::<HoldTooShort>(json!({}), live(5.0)).is_empty());
        assert!(
            check::<HoldTooShort>(json!({}), canary(vec![stage(0.0, Hold::None), stage(100.0, Hold::None)])).is_empty()
        );
        let mut patch = canary(vec![stage(5.0, Hold::None), stage(100.0, Hold::None)]);
        patch.partial = true;
        assert!(check::<HoldTooShort>(json!({}), patch.clone()).is_empty());
        patch.progression = Progression::Declared(vec![stage(50.0, Hold::None)]);
        assert!(check::<HoldTooShort>(json!({}), patch).is_empty(), "the last stage is never left");
    }
}
