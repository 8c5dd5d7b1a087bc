//! `big-bang`: everybody at once.

use schemars::JsonSchema;
use serde::Deserialize;

use super::passed::{Passed, passed};
use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::Weaker;
use crate::model::units::{Length, display_seconds};
use crate::model::{Change, Fact, GateKind, Hold, Rollout, Share, Stage, Strategy};
use crate::text::Span;

declare_rule! {
    /// ## What it checks
    ///
    /// A plan does not go from nobody to everybody in one step: before the stage that reaches 100 % there is one that
    /// reaches somebody and not everybody (a share, a ring, some tenants, or a ramp that grows). A pause or an analysis
    /// before the jump is no limited stage: `steps: [{pause: {}}]` is a gated big bang.
    ///
    /// Blue-green jumps by its nature. It passes when the switch is gated (an approval, an analysis before the switch, a
    /// timed hold) *and* the old side stays ready for at least `min-retention`.
    ///
    /// A plain workload that is recreated with more than one replica is a big bang where it carries a `rollgate/`
    /// annotation or the policy names its service; otherwise `ungated-workload` speaks. A rolling update is never one.
    ///
    /// A live split (KServe, Knative, Istio, Gateway API …) is judged by what a change makes of it, not by where it stands:
    /// what nobody met at base and everybody meets at head is a big bang, and so is a new payload while all traffic goes to
    /// it. A split that is new is an introduction, and going back is never stopped. A flag that is new and on for everybody
    /// is a big bang where the plan that names it comes in the same change and gives it a limited stage first.
    ///
    /// ## Why it matters
    ///
    /// Whatever is wrong with the new version is wrong for everybody at the same moment, and the first to find out are the
    /// people who use it.
    ///
    /// ## What to do
    ///
    /// Add a first stage of a few percent that is held and watched. For blue-green: gate the switch, and keep the old side.
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
    /// ## What it cannot see
    ///
    /// Whether another system (a flag, a router in another repository) limits who meets it. Where a share is a template, the
    /// rule is undetermined; so it is where a gated blue-green does not say how long the old side stays.
    ///
    /// A rule of a router is told from its others by its name or match, else by its place; a new one takes its requests from
    /// the rule that takes the rest. Where requests go to what nothing tells to be another version of the same service, the
    /// rule is undetermined.
    ///
    /// Going back to a name is going back only if the same runs behind it as when people last met it. What runs there is told
    /// by the workload in the checked set whose pods have the labels of the subset (a DestinationRule) and the app of the
    /// service, else by the one that is called as the service, `service-subset` or `subset`; the selector of a Service is not
    /// read. Where no workload is found the name alone tells.
    ///
    /// An object that gets another name is a new one, and so an introduction, whatever it ships.
    pub BigBang {
        id: "big-bang",
        family: Exposure,
        summary: "a new version that meets everybody in one step",
        level: Error,
    }
}

/// Parameters of `big-bang`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// How long the old side of a blue-green rollout stays ready after the switch; exactly this much is allowed.
    pub min_retention: Length,
}

impl Default for Params {
    fn default() -> Self {
        Self { min_retention: Length(30) }
    }
}

impl Rule for BigBang {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;
    const COMES_AND_GOES: bool = true;
    const FOLLOWS: &'static [(&'static str, &'static str, &'static str)] =
        &[("min-retention", "rollback-path-missing", "min-retention")];

    fn rollout(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        if recreates(rollout, cx) {
            let what =
                "every replica of the old version stops before the new one starts: everybody meets it in one step";
            let help = "replace `Recreate` by a rollout that has a limited stage, or by `RollingUpdate`";
            cx.report(rollout.strategy.span, what, help)
                .measured("Recreate", "a limited stage first")
                .about("strategy");
        }
        if !rollout.stands_alone() || rollout.strategy.value == Strategy::Recreate {
            return;
        }
        match first_exposed(rollout) {
            Reached::Everybody(index) if rollout.strategy.value == Strategy::BlueGreen => {
                blue_green(params.min_retention, rollout, index, cx);
            }
            Reached::Everybody(index) => one_step(rollout, index, cx),
            Reached::Unknown(span) => cx.unknown(rollout, span, "the first share is not written in these files"),
            Reached::Some | Reached::Nobody => {}
        }
    }

    fn change(_params: &Params, change: &Change, rollout: &Rollout, cx: &mut Cx<'_>) {
        if !rollout.is_judged() || rollout.plain_workload {
            return;
        }
        let passed = passed(rollout, cx);
        for step in change.moves.iter().filter(|m| m.from == Share::NONE && m.to == Share::ALL) {
            let who = step.name.as_ref().map_or_else(|| "the new version".to_owned(), |name| format!("`{name}`"));
            let what =
                format!("everybody meets {who} in one step: nobody has it before this change, and 100% after it");
            let help = "give it a few percent first, and more in later changes, each after its hold";
            let raw = cx.report(step.span, what, help);
            raw.measured("0% to 100%", "a limited share first")
                .about(format!("change {}", step.name.as_deref().unwrap_or_default()));
            for one in passed.iter().filter(|one| one.span == step.span) {
                raw.because(one.stage.span, one.label());
            }
        }
        if change.before.is_none() {
            passed.iter().filter(|one| one.is_big_bang()).for_each(|one| born_on(one, cx));
        }
        for unclear in change.unclear.iter().filter(|u| u.to.is_none_or(|to| to == Share::ALL)) {
            cx.undetermined(unclear.span, "another-way", &*unclear.what);
        }
        let dynamic = rollout.stages().iter().find(|s| s.exposure.is_dynamic()).filter(|_| change.unclear.is_empty());
        if let Some(stage) = dynamic.filter(|_| change.payload_changed && rollout.progression.is_live()) {
            cx.unknown(rollout, stage.exposure.span(), "what share the new version gets is not written in these files");
        }
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        weaker::falls("min-retention", &before.min_retention, &after.min_retention).into_iter().collect()
    }
}

/// Reports a flag that is new and on for everybody, where a plan that comes with it says that fewer meet it first.
fn born_on(one: &Passed<'_>, cx: &mut Cx<'_>) {
    let what = format!("everybody meets `{}` in one step: the flag is new and is on for 100%", one.name);
    let raw = cx.report(one.span, what, format!("go to {} first, as planned", one.share()));
    raw.measured("0% to 100%", format!("<= {}", one.share())).about(format!("change {}", one.name));
    raw.because(one.stage.span, one.label());
}

/// Does a plan go from nobody to everybody in one step? Rules about stages and holds are silent where it does: what
/// there is to say is said here. True of every blue-green without a limited stage, gated or not.
pub(super) fn speaks(rollout: &Rollout) -> bool {
    rollout.strategy.value == Strategy::Recreate || matches!(first_exposed(rollout), Reached::Everybody(_))
}

/// Does growth between `stage` and the next one go on all the time?
pub(super) fn is_ramp(stage: &Stage) -> bool {
    matches!(stage.hold.known(), Some(Hold::Ramp(1..)))
}

/// Whom the first stage that anybody meets reaches.
enum Reached {
    /// Somebody, not everybody.
    Some,
    /// Everybody, at the stage of that index.
    Everybody(usize),
    /// No stage reaches anybody, or it is no plan.
    Nobody,
    /// Its share is not in these files; where it would be.
    Unknown(Span),
}

fn first_exposed(rollout: &Rollout) -> Reached {
    if rollout.progression.is_live() || rollout.strategy.value == Strategy::Rolling {
        return Reached::Nobody;
    }
    if rollout.strategy.value == Strategy::AllAtOnce {
        let everybody = rollout.stages().iter().position(|s| s.share() == Some(Share::ALL));
        return everybody.map_or(Reached::Nobody, Reached::Everybody);
    }
    for (index, stage) in rollout.stages().iter().enumerate() {
        if stage.is_ring() {
            return Reached::Some;
        }
        match &stage.exposure {
            Fact::Dynamic { span, .. } => return Reached::Unknown(*span),
            Fact::Absent { .. } => return Reached::Some,
            Fact::Stated(_) | Fact::Defaulted { .. } => match stage.share() {
                Some(Share::NONE) | None if is_ramp(stage) => return Reached::Some,
                Some(Share::NONE) | None => {}
                Some(Share::ALL) => return Reached::Everybody(index),
                Some(_) => return Reached::Some,
            },
        }
    }
    Reached::Nobody
}

/// Is it a plain workload of some replicas that somebody asked us to gate, and that stops before it starts?
fn recreates(rollout: &Rollout, cx: &mut Cx<'_>) -> bool {
    let facts = cx.facts;
    let recreated = rollout.strategy.value == Strategy::Recreate && rollout.is_judged() && !rollout.partial;
    if rollout.progression.is_live() {
        // A present share is no step (clarifications 1): its history tells.
        return false;
    }
    let asked = rollout.declared.annotated || facts.services.iter().any(|s| s.name == rollout.service);
    if !recreated || (rollout.plain_workload && !asked) {
        return false;
    }
    if rollout.replicas.is_dynamic() {
        cx.unknown(rollout, rollout.replicas.span(), "the number of replicas is not written in these files");
    }
    rollout.replicas.known().is_some_and(|n| *n > 1)
}

fn one_step(rollout: &Rollout, index: usize, cx: &mut Cx<'_>) {
    let stage = &rollout.stages()[index];
    let noun = stage.exposure.known().map_or("traffic", |e| e.basis.noun());
    let what = if rollout.stages()[..index].is_empty() {
        format!("everybody meets the new version in one step: the first stage exposes 100% of {noun}")
    } else {
        format!("everybody meets the new version in one step: from 0% to 100% of {noun}, with no limited stage between")
    };
    // Nobody wrote 100 %: who reads this has to know whose doing it is.
    let what = match &stage.exposure {
        Fact::Defaulted { by, .. } if !stage.implied => format!("{what} ({by})"),
        Fact::Defaulted { .. } | Fact::Stated(_) | Fact::Absent { .. } | Fact::Dynamic { .. } => what,
    };
    let help = "add a first stage of a few percent that is held and watched, such as 5% for 1h";
    cx.report(anchor(rollout, stage), what, help).measured("100%", "a limited stage first").about("first stage");
}

/// Where the jump is written; the strategy where the platform adds it.
fn anchor(rollout: &Rollout, stage: &Stage) -> Span {
    if stage.exposure.written().is_some() { stage.exposure.span() } else { rollout.strategy.span }
}

fn blue_green(min: Length, rollout: &Rollout, index: usize, cx: &mut Cx<'_>) {
    let stage = &rollout.stages()[index];
    match gated(&rollout.stages()[..index], stage) {
        Gated::No => {
            let what = "the switch moves everybody at once and waits for nothing: no approval, no analysis, no hold";
            let help = "gate the switch: an approval, an analysis before it, or a timed hold";
            cx.report(anchor(rollout, stage), what, help).measured("no gate", "a gated switch").about("switch");
        }
        Gated::Unknown(span) => cx.unknown(rollout, span, "how long the switch waits is not written in these files"),
        Gated::Yes => retention(min, rollout, stage, cx),
    }
}

enum Gated {
    Yes,
    No,
    Unknown(Span),
}

/// Does the switch to everybody at `switch` wait for something? An analysis after it is no gate.
fn gated(before: &[Stage], switch: &Stage) -> Gated {
    let approved = switch.gates.iter().any(|g| g.blocking && g.kind == GateKind::Approval);
    if approved || before.iter().any(|s| s.gates.iter().any(|g| g.blocking)) {
        return Gated::Yes;
    }
    let mut unknown = None;
    for stage in before {
        match stage.hold.known() {
            Some(Hold::Timed(1..) | Hold::Ramp(1..) | Hold::Gated) => return Gated::Yes,
            Some(Hold::Timed(0) | Hold::Ramp(0) | Hold::None) => {}
            Some(Hold::Unknown) | None => unknown = Some(stage.hold.span()),
        }
    }
    unknown.map_or(Gated::No, Gated::Unknown)
}

fn retention(min: Length, rollout: &Rollout, switch: &Stage, cx: &mut Cx<'_>) {
    let fact = &rollout.rollback.way_back;
    // A switch that is itself held keeps both sides until it is left.
    let stays = match switch.hold.known() {
        Some(Hold::Gated) => true,
        Some(Hold::Timed(seconds)) => *seconds >= min.0,
        Some(Hold::Ramp(_) | Hold::None | Hold::Unknown) | None => false,
    };
    if stays && fact.is_absent() {
        return;
    }
    match fact.known() {
        Some(kept) if *kept < min.0 => {
            let found = display_seconds(*kept);
            let what = format!(
                "the switch moves everybody, and the old side stays ready for {found}; this policy asks for at least {min}"
            );
            let help = format!("keep the old side for {min} or more");
            cx.report(fact.span(), what, help)
                .measured(found, format!(">= {min}"))
                .about("way back")
                .limit("min-retention");
        }
        Some(_) => {}
        None if fact.is_absent() => {
            let what = "how long the old side stays ready after the switch is not written in these files";
            cx.undetermined(fact.span(), "retention-unknown", what);
        }
        None => cx.unknown(rollout, fact.span(), "how long the old side stays is not written in these files"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Audience, Gate, Progression};
    use crate::rules::DeclaredService;
    use crate::rules::testing::{HERE, canary, check_facts, facts, live, stage};
    use crate::text::Spanned;

    /// How many findings and unknowns there are.
    fn judge(rollout: Rollout) -> (usize, usize) {
        let (found, unknown) = check_facts::<BigBang>(json!({}), &facts(vec![rollout]));
        (found.len(), unknown.len())
    }

    fn with(strategy: Strategy, stages: Vec<Stage>) -> Rollout {
        Rollout { strategy: Spanned::new(strategy, HERE), ..canary(stages) }
    }

    #[test]
    fn from_nobody_to_everybody() {
        assert_eq!(judge(canary(vec![stage(100.0, Hold::None)])), (1, 0));
        assert_eq!(judge(canary(vec![stage(0.0, Hold::Gated), stage(100.0, Hold::None)])), (1, 0));
        assert_eq!(judge(with(Strategy::AllAtOnce, vec![stage(100.0, Hold::None)])), (1, 0));
        assert_eq!(judge(with(Strategy::Flag, vec![stage(100.0, Hold::None)])), (1, 0));
        assert_eq!(judge(canary(vec![stage(99.0, Hold::None), stage(100.0, Hold::None)])), (0, 0));
    }

    #[test]
    fn rings_ramps_patches_and_splits_are_none() {
        let all = || stage(100.0, Hold::None);
        assert_eq!(judge(canary(vec![Stage::new(Fact::Absent { near: HERE }, HERE), all()])), (0, 0));
        assert_eq!(judge(canary(vec![stage(0.0, Hold::Ramp(60)), all()])), (0, 0));
        let header = Audience { name: "requests with a header".into(), size: None, customers: false };
        let segment = Stage { audience: Some(header), ..stage(0.0, Hold::Gated) };
        assert_eq!(judge(canary(vec![segment, all()])), (0, 0));
        assert_eq!(judge(canary(vec![])), (0, 0));
        assert_eq!(judge(live(100.0)), (0, 0));
        assert_eq!(judge(Rollout { partial: true, ..canary(vec![all()]) }), (0, 0));
        assert_eq!(judge(with(Strategy::Rolling, vec![all()])), (0, 0));
        let unknown = Stage::new(Fact::Dynamic { expr: "{{ w }}".into(), span: HERE }, HERE);
        assert_eq!(judge(canary(vec![unknown, all()])), (0, 1));
    }

    #[test]
    fn blue_green_is_gated_and_keeps_its_old_side() {
        let with_kept = |hold, kept: Fact<u64>| {
            let mut rollout = with(Strategy::BlueGreen, vec![stage(0.0, hold), stage(100.0, Hold::None)]);
            rollout.rollback.way_back = kept;
            rollout
        };
        let kept = |seconds| Fact::stated(seconds, HERE);
        assert_eq!(judge(with_kept(Hold::Gated, kept(30))), (0, 0));
        assert_eq!(judge(with_kept(Hold::Timed(60), kept(29))), (1, 0));
        assert_eq!(judge(with_kept(Hold::None, kept(3600))), (1, 0));
        assert_eq!(judge(with_kept(Hold::Unknown, kept(3600))), (0, 1));
        assert_eq!(judge(with_kept(Hold::Gated, Fact::Absent { near: HERE })), (0, 1));
        let mut approved = with_kept(Hold::None, kept(30));
        let Progression::Declared(stages) = &mut approved.progression else { panic!("declared") };
        stages[1].gates.push(Gate { kind: GateKind::Approval, name: "lead".into(), blocking: true, span: HERE });
        assert_eq!(judge(approved), (0, 0));
    }

    #[test]
    fn recreate_is_one_where_somebody_asked() {
        let mut rollout = with(Strategy::Recreate, vec![stage(100.0, Hold::None)]);
        (rollout.plain_workload, rollout.replicas) = (true, Fact::stated(2, HERE));
        assert_eq!(judge(rollout.clone()), (0, 0));
        let mut known = facts(vec![rollout.clone()]);
        known.services.push(DeclaredService { name: "web".into(), span: HERE });
        assert_eq!(check_facts::<BigBang>(json!({}), &known).0.len(), 1);
        rollout.declared.annotated = true;
        assert_eq!(judge(rollout.clone()), (1, 0));
        rollout.replicas = Fact::stated(1, HERE);
        assert_eq!(judge(rollout), (0, 0));
    }

    #[test]
    fn a_live_split_that_recreates_is_none_without_its_history() {
        let mut split = live(100.0);
        split.strategy.value = Strategy::Recreate;
        split.replicas = Fact::stated(3, HERE);
        assert!(crate::rules::testing::check::<BigBang>(json!({}), split).is_empty());
    }
}
