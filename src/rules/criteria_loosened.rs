//! `criteria-loosened`: the alarm is turned down in the change that needs it.

use super::{Cx, LoosenedGate, NoParams, Rule};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::model::units::Unit;
use crate::model::{Bound, Change, Comparison, Criterion, Evaluated, MetricKind, Rollout};

declare_rule! {
    /// ## What it checks
    ///
    /// A change that ships something new, or gives a candidate more, does not weaken what would stop it: no bound is moved
    /// to where it trips later, no criterion is taken away, made to tolerate more failures, to only notify, or not to be
    /// evaluated. Criteria are told apart by what they measure and in which direction. Where they stand does not matter: a
    /// template or a plan that the rollout refers to is read on both sides. A gate of an offline evaluation (an assertion of
    /// promptfoo, an evaluator of a prompt file) that lets more pass is asked for too, in a change of a prompt, a model or
    /// whatever else people will meet.
    ///
    /// ## Why it matters
    ///
    /// Whoever ships a version and loosens its threshold at once has seen, or fears, that the version would not pass. A
    /// bound that was wrong is worth a change of its own, which can be looked at calmly.
    ///
    /// ## What to do
    ///
    /// Leave the criterion as it was, and loosen it in a change that ships nothing.
    ///
    /// ## Examples
    ///
    /// ```yaml before at:2026-11-16T10:00:00Z
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: config, payload: [{model: example-1}]}
    /// strategy: canary
    /// stages: [{exposure: 5%, hold: 1h}, {exposure: 50%, hold: 1h}, {exposure: 100%}]
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.1%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ```yaml violates
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: config, payload: [{model: example-2}]}
    /// strategy: canary
    /// stages: [{exposure: 5%, hold: 1h}, {exposure: 50%, hold: 1h}, {exposure: 100%}]
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ```yaml before at:2026-11-16T10:00:00Z
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: config, payload: [{model: example-1}]}
    /// strategy: canary
    /// stages: [{exposure: 5%, hold: 1h}, {exposure: 50%, hold: 1h}, {exposure: 100%}]
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ```yaml passes
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: assistant, service: assistant}
    /// change: {kind: config, payload: [{model: example-2}]}
    /// strategy: canary
    /// stages: [{exposure: 5%, hold: 1h}, {exposure: 50%, hold: 1h}, {exposure: 100%}]
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.2%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// Bounds of which one side is a template, or whose units cannot be compared; queries that measure something else under
    /// the same name.
    pub CriteriaLoosened {
        id: "criteria-loosened",
        family: Rollback,
        summary: "a rollback criterion is loosened in the change that needs it",
        level: Error,
    }
}

impl Rule for CriteriaLoosened {
    type Params = NoParams;
    const META: &'static RuleMeta = &Self::META;
    const COMES_AND_GOES: bool = true;

    fn repository(_params: &NoParams, cx: &mut Cx<'_>) {
        for loosened in &cx.facts.loosened_gates {
            gate(loosened, cx);
        }
    }

    fn change(_params: &NoParams, change: &Change, rollout: &Rollout, cx: &mut Cx<'_>) {
        let Some(before) = change.before.as_deref().filter(|_| change.exposes() && rollout.is_judged()) else { return };
        let why = match (change.payload_changed, change.unclear.is_empty()) {
            (true, _) => "ships something new",
            (false, true) => "raises exposure",
            (false, false) => "sends requests another way",
        };
        let mut said: Vec<&Criterion> = Vec::new();
        for old in before.rollback.criteria.iter().filter(|c| c.is_watched()) {
            let same = |c: &&Criterion| measures_the_same(old, c);
            let left: Vec<&Criterion> = rollout.rollback.criteria.iter().filter(same).collect();
            let Some(first) = left.first() else {
                if rollout.hidden_criteria().is_none() {
                    taken_away(old, why, rollout, cx);
                }
                continue;
            };
            if said.contains(first) || left.iter().any(|new| Loosening::between(old, new).is_none()) {
                continue;
            }
            said.push(first);
            if let Some(loosening) = Loosening::between(old, first) {
                report(&loosening, (old, first), why, cx);
            }
        }
    }
}

/// A gate of an evaluation that lets more pass.
fn gate(gate: &LoosenedGate, cx: &mut Cx<'_>) {
    let what = format!("a gate of an evaluation is loosened in a change that ships something: {}", gate.what);
    let raw = cx.report(gate.span, what, "keep it, and loosen it in a change that ships nothing");
    raw.about(format!("gate {}", gate.what));
}

fn taken_away(old: &Criterion, why: &str, rollout: &Rollout, cx: &mut Cx<'_>) {
    let what = format!("the criterion on `{}` is taken away in a change that {why}", old.label());
    cx.report(rollout.rollback.anchor, what, "put it back, and take it away in a change that ships nothing")
        .measured("no criterion", format!("{} as before", old.label()))
        .about(format!("criterion {}", old.label()));
}

fn report(loosening: &Loosening, (old, new): (&Criterion, &Criterion), why: &str, cx: &mut Cx<'_>) {
    let (found, required) = (loosening.after.clone(), loosening.before.clone());
    let what = format!(
        "the criterion on `{}` is loosened {} in a change that {why}",
        old.label(),
        loosening.how(&found, &required)
    );
    let help = format!("keep {required}, and loosen it in a change that ships nothing");
    let raw = cx.report(new.span, what, help);
    raw.measured(found, required).about(format!("criterion {}", old.label()));
    if let Some(via) = new.via {
        raw.because(via, "the rollout refers to it here");
    }
}

/// Do both look at the same thing, in the same direction?
fn measures_the_same(one: &Criterion, other: &Criterion) -> bool {
    let (a, b) = (&one.metric, &other.metric);
    let same_metric = match (a.kind, b.kind) {
        (MetricKind::Custom, MetricKind::Custom) => a.name == b.name,
        (x, y) => x == y && a.percentile_tenths == b.percentile_tenths,
    };
    same_metric && one.comparison == other.comparison && one.is_numeric() == other.is_numeric()
}

/// In which way a criterion trips later than it did.
struct Loosening {
    before: String,
    after: String,
    of: &'static str,
}

impl Loosening {
    fn how(&self, after: &str, before: &str) -> String {
        format!("{}from {before} to {after}", self.of)
    }

    /// In which way `new` is looser than `old`; `None` where it is not, or where that cannot be told.
    fn between(old: &Criterion, new: &Criterion) -> Option<Self> {
        if let (Some(a), Some(b)) = (old.bound.known(), new.bound.known())
            && looser(old.comparison?, a, b)
        {
            return Some(Self { before: a.to_string(), after: b.to_string(), of: "" });
        }
        if old.action.stops_growth() && !new.action.stops_growth() {
            let name = |c: &Criterion| format!("`{}`", c.action.name());
            return Some(Self { before: name(old), after: name(new), of: "" });
        }
        if matches!(old.evaluated, Evaluated::Yes) && !new.is_watched() {
            return Some(Self { before: "evaluated".into(), after: "not evaluated".into(), of: "" });
        }
        let tolerates = |c: &Criterion| c.tolerated.unwrap_or(0);
        (tolerates(new) > tolerates(old)).then(|| Self {
            before: tolerates(old).to_string(),
            after: tolerates(new).to_string(),
            of: "in what it tolerates, failed measurements, ",
        })
    }
}

/// Does the second bound trip later than the first, as far as their units can be compared?
fn looser(comparison: Comparison, old: &Bound, new: &Bound) -> bool {
    let percent = |bound: &Bound| match bound.unit {
        Unit::Ratio => (bound.number * 100.0, Unit::Percent),
        Unit::Percent | Unit::Points | Unit::Seconds | Unit::Currency(_) | Unit::Count | Unit::None => {
            (bound.number, bound.unit.clone())
        }
    };
    let ((before, its), (after, other)) = (percent(old), percent(new));
    let later = match comparison {
        Comparison::Above | Comparison::Rise | Comparison::Drop => after > before,
        Comparison::Below => after < before,
    };
    its == other && later
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Action;
    use crate::rules::Raw;
    use crate::rules::testing::{changed, criterion, live, shipping};

    fn with(share: f64, criteria: Vec<Criterion>) -> Rollout {
        let mut rollout = live(share);
        rollout.rollback.criteria = criteria;
        rollout
    }

    fn found(before: Rollout, after: Rollout) -> Vec<Raw> {
        changed::<CriteriaLoosened>(json!({}), before, after)
    }

    #[test]
    fn a_bound_that_trips_later() {
        let raise = |old: &str, new: &str| {
            let of = |share, bound: &str| with(share, vec![criterion("error_rate", bound)]);
            found(of(5.0, old), of(25.0, new)).into_iter().map(|r| r.what).collect::<Vec<_>>()
        };
        assert_eq!(
            raise("0.5%", "5%"),
            ["the criterion on `error_rate` is loosened from 0.5% to 5% in a change that raises exposure"]
        );
        assert!(raise("0.5%", "0.5%").is_empty() && raise("0.5%", "0.4%").is_empty() && raise("0.5%", "2s").is_empty());
    }

    #[test]
    fn below_is_loosened_downwards_and_one_of_two_lines_is_enough() {
        let below = |bound: &str| Criterion { comparison: Some(Comparison::Below), ..criterion("success_rate", bound) };
        assert_eq!(found(with(5.0, vec![below("99%")]), with(25.0, vec![below("95%")])).len(), 1);
        assert!(found(with(5.0, vec![below("95%")]), with(25.0, vec![below("99%")])).is_empty());
        let two = vec![criterion("error_rate", "5%"), criterion("error_rate", "0.5%")];
        assert!(found(with(5.0, vec![criterion("error_rate", "0.5%")]), with(25.0, two)).is_empty());
    }

    #[test]
    fn taken_away_notified_and_tolerated() {
        let old = || vec![criterion("error_rate", "0.5%")];
        assert!(found(with(5.0, old()), with(25.0, vec![]))[0].what.contains("is taken away"));
        let changes: [fn(&mut Criterion); 3] = [
            |c| c.action = Action::Notify,
            |c| c.tolerated = Some(3),
            |c| c.evaluated = Evaluated::No("dry run".into()),
        ];
        for change in changes {
            let mut new = criterion("error_rate", "0.5%");
            change(&mut new);
            assert_eq!(found(with(5.0, old()), with(25.0, vec![new])).len(), 1);
        }
    }

    #[test]
    fn alone_or_going_back_it_is_none() {
        let of = |share, bound: &str| with(share, vec![criterion("error_rate", bound)]);
        assert!(found(of(5.0, "0.5%"), of(5.0, "5%")).is_empty());
        assert!(found(of(25.0, "0.5%"), of(5.0, "5%")).is_empty());
        let ships = found(shipping(of(100.0, "0.5%"), "web:1"), shipping(of(5.0, "5%"), "web:2"));
        assert!(ships[0].what.ends_with("in a change that ships something new"));
    }
}
