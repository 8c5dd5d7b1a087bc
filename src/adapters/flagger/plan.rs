//! The stages that the controller goes through.

use super::analysis::{Analysis, Mirrors, Way};
use super::webhooks::{self, Confirms};
use crate::adapters::nodes::{items, present};
use crate::adapters::{Lowering, Object};
use crate::model::{
    Audience, Comparer, Exposure, Fact, Gate, GateKind, Hold, Progression, Rollout, Shadow, Share, Stage, Strategy,
};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

/// Reads strategy, stages and mirror into `rollout`.
pub(super) fn read(object: &Object<'_>, analysis: &Analysis<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    let anchor = analysis.anchor(object);
    let at = |key: &str| analysis.node.and_then(|n| present(n, key)).map_or(anchor, Node::anchor);
    let (strategy, span) = match analysis.way {
        Way::Skipped => (Strategy::AllAtOnce, analysis.skip.unwrap_or(anchor)),
        Way::AbTest => (Strategy::AbTest, at("match")),
        Way::BlueGreen => (Strategy::BlueGreen, at("iterations")),
        Way::Canary => (Strategy::Canary, anchor),
        Way::Untold => (Strategy::Unknown, anchor),
    };
    rollout.strategy = Spanned::new(strategy, span);
    let stages = match analysis.way {
        Way::Skipped => vec![promotion("flagger: without analysis everybody is promoted at once", span, analysis)],
        Way::AbTest => ab_test(analysis, span),
        Way::BlueGreen => blue_green(analysis, rollout, span),
        Way::Canary => canary(analysis, cx),
        Way::Untold => Vec::new(),
    };
    let mut stages = stages;
    mirror(analysis, rollout, &mut stages, cx);
    if !matches!(analysis.way, Way::Skipped | Way::Untold) {
        gates(analysis, &mut stages);
    }
    rollout.progression = Progression::Declared(stages);
}

fn given(share: Share, by: &'static str, near: Span, analysis: &Analysis<'_>) -> Stage {
    Stage::new(Fact::Defaulted { value: Exposure::exact(share, analysis.basis()), by, near }, near)
}

/// The stage that reaches everybody.
fn promotion(by: &'static str, near: Span, analysis: &Analysis<'_>) -> Stage {
    let mut stage = given(Share::ALL, by, near, analysis);
    stage.implied = true;
    stage
}

fn promoted(near: Span, analysis: &Analysis<'_>) -> Stage {
    promotion("flagger: promotion moves everybody", near, analysis)
}

fn timed(seconds: Fact<u64>) -> Fact<Hold> {
    seconds.map(Hold::Timed)
}

fn ab_test(analysis: &Analysis<'_>, span: Span) -> Vec<Stage> {
    let mut stage = Stage::new(Fact::Absent { near: span }, span);
    stage.audience = Some(Audience { name: "matched requests".into(), size: None, customers: false });
    stage.hold = timed(analysis.iterated());
    vec![stage, promoted(span, analysis)]
}

/// Tested in the dark, then everybody. A mesh keeps the old version ready for one interval after the switch; without one
/// the old version is replaced by the switch itself.
fn blue_green(analysis: &Analysis<'_>, rollout: &mut Rollout, span: Span) -> Vec<Stage> {
    let mut dark = given(Share::NONE, "flagger: the new version gets no requests while it is tested", span, analysis);
    dark.hold = timed(analysis.iterated());
    let mut switched = promoted(span, analysis);
    let near = analysis.interval.span();
    if analysis.is_kubernetes() {
        let by = "flagger: promotion replaces the old version at once with provider kubernetes";
        rollout.rollback.way_back = Fact::Defaulted { value: 0, by, near: span };
    } else {
        switched.hold = timed(analysis.interval.clone());
        rollout.rollback.way_back = match &analysis.interval {
            Fact::Dynamic { expr, span } => Fact::Dynamic { expr: expr.clone(), span: *span },
            known @ (Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Absent { .. }) => Fact::Defaulted {
                value: known.known().copied().unwrap_or(60),
                by: "flagger: one interval after the switch",
                near,
            },
        };
    }
    vec![dark, switched]
}

fn canary(analysis: &Analysis<'_>, cx: &mut Lowering<'_>) -> Vec<Stage> {
    let Some(node) = analysis.node else { return Vec::new() };
    let mut stages: Vec<Stage> = ladder(analysis, node, cx)
        .into_iter()
        .map(|exposure| {
            let span = exposure.span();
            let mut stage = Stage::new(exposure, span);
            stage.hold = timed(analysis.interval.clone());
            stage
        })
        .collect();
    if let Some(last) = stages.last().filter(|s| s.share() != Some(Share::ALL)) {
        let near = present(node, "maxWeight").filter(|_| present(node, "stepWeights").is_none());
        stages.push(promoted(near.map_or(last.span, Node::span), analysis));
    }
    stages
}

/// The exposures of a canary before its promotion.
fn ladder(analysis: &Analysis<'_>, node: Node<'_>, cx: &mut Lowering<'_>) -> Vec<Fact<Exposure>> {
    let step = cx.read_u64(node, "stepWeight");
    let max = cx.read_u64(node, "maxWeight");
    let listed = listed(analysis, node, cx);
    match step {
        Fact::Dynamic { expr, span } => vec![Fact::Dynamic { expr, span }],
        Fact::Stated(step) if step.value > 0 => {
            if step.value > 100 {
                over(step.span, "stepWeight", step.value, cx);
            }
            match max {
                Fact::Dynamic { expr, span } => {
                    vec![weight(analysis, (step.value, step.value), step.span), Fact::Dynamic { expr, span }]
                }
                max @ (Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Absent { .. }) => {
                    stepped(analysis, &step, &maximum(&max, node, cx))
                }
            }
        }
        Fact::Stated(step) if listed.is_empty() && !analysis.partial => {
            cx.invalid(step.span, "`stepWeight` is 0, so the canary never advances", "write `stepWeight: 5`");
            listed
        }
        Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Absent { .. } => listed,
    }
}

/// Where promotion starts: the last of `stepWeights`, else `maxWeight`, else 100.
fn maximum(max: &Fact<u64>, node: Node<'_>, cx: &mut Lowering<'_>) -> Spanned<u64> {
    let last = items(node, "stepWeights").last().and_then(|n| Some((n.as_i64()?, n.span())));
    if let Some((last, span)) = last {
        return Spanned::new(u64::try_from(last).unwrap_or(0).min(100), span);
    }
    match max {
        Fact::Stated(max) if max.value > 0 => {
            if max.value > 100 {
                let message = format!("`maxWeight` is {}, which is never reached, so nothing is promoted", max.value);
                cx.invalid(max.span, message, "write a percentage of at most 100");
            }
            Spanned::new(max.value, max.span)
        }
        Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Absent { .. } | Fact::Dynamic { .. } => {
            Spanned::new(100, max.span())
        }
    }
}

fn over(span: Span, key: &str, value: u64, cx: &mut Lowering<'_>) {
    let message = format!("`{key}` is {value}, and a weight is at most 100 percent");
    cx.invalid(span, message, "write a percentage of at most 100");
}

/// Step by step until the weight has *reached* the maximum: the last step may go past it.
fn stepped(analysis: &Analysis<'_>, step: &Spanned<u64>, max: &Spanned<u64>) -> Vec<Fact<Exposure>> {
    let mut stages = Vec::new();
    let mut served = 0;
    while served < max.value.min(100) {
        served = served.saturating_add(step.value).min(100);
        let span = if served > max.value { max.span } else { step.span };
        stages.push(weight(analysis, (served.min(max.value), served), span));
    }
    stages
}

fn weight(analysis: &Analysis<'_>, (written, served): (u64, u64), span: Span) -> Fact<Exposure> {
    let basis = analysis.basis();
    Fact::stated(Exposure { written: Share::of(written, 100), effective: Some(Share::of(served, 100)), basis }, span)
}

/// The entries of `stepWeights`. One that is not above the one before it leaves the canary where it is.
fn listed(analysis: &Analysis<'_>, node: Node<'_>, cx: &mut Lowering<'_>) -> Vec<Fact<Exposure>> {
    let mut before = 0;
    let mut stages = Vec::new();
    for entry in items(node, "stepWeights") {
        let number = cx.take(entry, "stepWeights", "a whole number of percent", |n| {
            n.as_i64().and_then(|v| u64::try_from(v).ok())
        });
        match number {
            Fact::Stated(percent) => {
                if percent.value > 100 {
                    over(percent.span, "stepWeights", percent.value, cx);
                } else if percent.value <= before {
                    let message = format!(
                        "`stepWeights` goes from {before} to {}: the canary never advances unless each entry is larger than the one before",
                        percent.value
                    );
                    cx.invalid(percent.span, message, "list the weights in growing order, such as `[5, 20, 50]`");
                }
                before = percent.value;
                stages.push(weight(analysis, (percent.value, percent.value), percent.span));
            }
            Fact::Dynamic { expr, span } => stages.push(Fact::Dynamic { expr, span }),
            Fact::Defaulted { .. } | Fact::Absent { .. } => {}
        }
    }
    stages
}

/// A mirror copies traffic for one interval before the weights, or while a blue-green version is tested.
fn mirror(analysis: &Analysis<'_>, rollout: &mut Rollout, stages: &mut Vec<Stage>, cx: &mut Lowering<'_>) {
    let Some(node) = analysis.node else { return };
    let Fact::Stated(on) = cx.read_bool(node, "mirror") else { return };
    let works = match (analysis.mirrors(), analysis.way) {
        (_, Way::Skipped | Way::AbTest) | (Mirrors::Never, _) => false,
        (Mirrors::GatewayApi, way) => way == Way::BlueGreen,
        (Mirrors::Istio | Mirrors::Unknown, Way::BlueGreen | Way::Canary | Way::Untold) => true,
    };
    if !on.value || !works {
        return;
    }
    let share = match analysis.mirrors() {
        Mirrors::GatewayApi => Fact::Absent { near: on.span },
        Mirrors::Istio | Mirrors::Unknown | Mirrors::Never => {
            cx.read_f64(node, "mirrorWeight").map(Share::from_percent)
        }
    };
    // A weight of 0 leaves the router's own default.
    let share = if share.known() == Some(&Share::NONE) { Fact::Absent { near: share.span() } } else { share };
    let duration = match analysis.way {
        Way::BlueGreen => analysis.iterated(),
        Way::Skipped | Way::AbTest | Way::Canary | Way::Untold => analysis.interval.clone(),
    };
    rollout.shadow = Some(Shadow {
        share: share.or_default(Share::ALL, "flagger: the router mirrors everything"),
        duration,
        comparer: Comparer::Nothing,
        span: on.span,
    });
    if analysis.way == Way::Canary {
        let mut dark = given(Share::NONE, "flagger: one interval of mirroring before the weights", on.span, analysis);
        dark.hold = timed(analysis.interval.clone());
        stages.insert(0, dark);
    }
}

/// What runs during the stages before promotion, and what they wait for.
fn gates(analysis: &Analysis<'_>, stages: &mut Vec<Stage>) {
    let Some(node) = analysis.node else { return };
    let confirms = Confirms::of(node);
    let before = stages.len().saturating_sub(1);
    if items(node, "metrics").next().is_some() {
        let span = node.get("metrics").map_or(node.anchor(), Node::anchor);
        let gate = Gate { kind: GateKind::Analysis, name: "metrics".into(), blocking: true, span };
        stages.iter_mut().take(before.max(1)).for_each(|s| s.gates.push(gate.clone()));
    }
    if analysis.way == Way::Canary {
        for stage in stages.iter_mut().take(before).filter(|s| s.share() != Some(Share::NONE)) {
            wait(stage, &confirms.increase);
        }
    }
    if let Some(last) = before.checked_sub(1).and_then(|i| stages.get_mut(i)) {
        wait(last, &confirms.promotion);
    }
    if let Some(first) = stages.first_mut() {
        first.gates.extend(webhooks::tests(node));
    }
    approve_start(analysis, stages, &confirms.rollout);
}

/// Approvals that keep a stage as it is until somebody says yes.
fn wait(stage: &mut Stage, approvals: &[Gate]) {
    if let Some(first) = approvals.first() {
        stage.hold = Fact::stated(Hold::Gated, first.span);
        stage.gates.extend_from_slice(approvals);
    }
}

/// An approval before the start holds at 0 %, in a stage of its own where there is none.
fn approve_start(analysis: &Analysis<'_>, stages: &mut Vec<Stage>, approvals: &[Gate]) {
    let Some(gate) = approvals.first() else { return };
    if stages.first().is_none_or(|s| s.share() != Some(Share::NONE)) {
        let by = "flagger: nobody meets the new version before the start is confirmed";
        let mut waiting = given(Share::NONE, by, gate.span, analysis);
        wait(&mut waiting, approvals);
        stages.insert(0, waiting);
    } else if let Some(first) = stages.first_mut() {
        first.gates.extend_from_slice(approvals);
    }
}
