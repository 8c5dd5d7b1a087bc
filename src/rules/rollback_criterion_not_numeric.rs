//! `rollback-criterion-not-numeric`: a criterion that is a vibe.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::Weaker;
use crate::model::{Criterion, CriterionClass, Rollout};

declare_rule! {
    /// ## What it checks
    ///
    /// Each rollback criterion compares something with a number. A text that does not ("if users complain") is reported
    /// wherever it stands. Opaque gates (a webhook, a Job, an exit code, a plugin) and statistical ones ("worse than
    /// control") are fine beside a number; where nothing but those decides, that is reported once. Bounds relative to a
    /// baseline and scores are numbers. So is a bound that comes from an argument, whatever it turns out to be.
    ///
    /// ## Why it matters
    ///
    /// "Roll back if it looks bad" is decided by the most optimistic person in the room. A number is decided by the
    /// number, at 3 a.m. as well as at noon, and the same next time.
    ///
    /// ## What to do
    ///
    /// Name the metric, the bound and the window: `error rate exceeds 0.5% over 10m`. Where a gate of your own holds the
    /// numbers, say so with `accept: [opaque]`, or `accept: [statistical]` for tests against a control group.
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
    ///   - {exposure: 5%, hold: 1h}
    ///   - {exposure: 50%, hold: 1h}
    ///   - {exposure: 100%}
    /// monitors: [latency_p95, error_rate]
    /// rollback:
    ///   criteria:
    ///     - error rate exceeds 0.5% over 10m
    ///     - roll back if users complain
    ///   method: traffic-flip
    ///   keep-old-for: 1h
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
    /// rollback:
    ///   criteria:
    ///     - error rate exceeds 0.5% over 10m
    ///     - support tickets rise by more than 20% over 1h
    ///   method: traffic-flip
    ///   keep-old-for: 1h
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// The numbers inside a webhook, a Job or a plugin, and those of a template that is not among the checked files.
    pub RollbackCriterionNotNumeric {
        id: "rollback-criterion-not-numeric",
        family: Rollback,
        summary: "a criterion that compares nothing with a number",
        level: Error,
    }
}

/// Parameters of `rollback-criterion-not-numeric`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Classes of criteria that are as good as a number here.
    #[schemars(extend("default" = []))]
    pub accept: Vec<Accepted>,
}

/// A class of criteria without a number of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Accepted {
    /// Something else decides: a webhook, a Job's exit code, a plugin.
    Opaque,
    /// "Worse than control", decided by a statistical test.
    Statistical,
}

impl Accepted {
    const fn name(self) -> &'static str {
        match self {
            Self::Opaque => "opaque",
            Self::Statistical => "statistical",
        }
    }
}

impl Params {
    fn accepts(&self, class: CriterionClass) -> bool {
        match class {
            CriterionClass::Absolute | CriterionClass::Relative | CriterionClass::Score => true,
            CriterionClass::Statistical => self.accept.contains(&Accepted::Statistical),
            CriterionClass::Opaque => self.accept.contains(&Accepted::Opaque),
            CriterionClass::Text => false,
        }
    }
}

impl Rule for RollbackCriterionNotNumeric {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        let mut seen = BTreeSet::new();
        // One that can never trip is `analysis-cannot-fire`'s to report.
        let textual = |c: &&Criterion| c.class == CriterionClass::Text && c.cannot_fire.is_none();
        for criterion in rollout.rollback.criteria.iter().filter(textual) {
            if seen.insert(criterion.span) {
                report_text(criterion, cx);
            }
        }
        report_group(params, rollout, cx);
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        let names = |params: &Params| params.accept.iter().map(|class| class.name().to_owned()).collect::<Vec<_>>();
        weaker::gains("accept", &names(before), &names(after)).into_iter().collect()
    }
}

/// Reports one criterion that is words alone.
fn report_text(criterion: &Criterion, cx: &mut Cx<'_>) {
    let text = criterion.text.as_deref().unwrap_or_else(|| criterion.label());
    let what = format!("rollback criterion `{text}` compares nothing with a number");
    let help = "write a metric, a comparison and a number, such as `error rate exceeds 0.5% over 10m`";
    let raw = cx.report(criterion.span, what, help);
    raw.measured("no number", "a comparison with a number").about(text);
    if let Some(via) = criterion.via {
        raw.because(via, "the rollout refers to it here");
    }
}

/// Reports the gates without a number where nothing else decides.
fn report_group(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
    let criteria = &rollout.rollback.criteria;
    let alone = criteria.iter().all(|c| c.class != CriterionClass::Text && !params.accepts(c.class));
    let Some(first) = criteria.first().filter(|_| alone && !rollout.partial) else { return };
    if let Some(hidden) = rollout.hidden_criteria() {
        let what = format!("numbers may stand in {} `{}`, which is not in the checked set", hidden.kind, hidden.name);
        return cx.undetermined(hidden.span, "unresolved-reference", what);
    }
    let classes: BTreeSet<&str> = criteria.iter().map(|c| c.class.name()).collect();
    let classes = classes.into_iter().collect::<Vec<_>>();
    let each: BTreeSet<String> = criteria.iter().map(|c| format!("`{}` is {}", c.label(), c.class.name())).collect();
    let each = each.into_iter().collect::<Vec<_>>().join(", ");
    let what = format!("no rollback criterion compares with a number: {each}");
    let help = format!(
        "add a criterion with a number, such as `error rate exceeds 0.5% over 10m`, or `accept: [{}]` in the policy",
        classes.join(", ")
    );
    let raw = cx.report(first.span, what, help);
    raw.measured(classes.join(", "), "a comparison with a number").about("all criteria").limit("accept");
    let mut places: Vec<_> = criteria.iter().skip(1).filter(|c| c.span != first.span).map(|c| c.span).collect();
    places.dedup();
    for span in places {
        raw.because(span, "no number here either");
    }
    if let Some(via) = first.via {
        raw.because(via, "the rollout refers to it here");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{Fact, Hold, Unresolved};
    use crate::rules::testing::{HERE, at, canary, check, criterion, stage};

    fn of(classes: &[CriterionClass]) -> Rollout {
        let mut rollout = canary(vec![stage(10.0, Hold::Gated)]);
        for (place, class) in (10..).zip(classes) {
            let mut one = criterion("gate", "1%");
            one.class = *class;
            one.span = at(place);
            rollout.rollback.criteria.push(one);
        }
        rollout
    }

    fn places(params: Value, classes: &[CriterionClass]) -> Vec<u32> {
        check::<RollbackCriterionNotNumeric>(params, of(classes)).iter().map(|r| r.primary.start).collect()
    }

    #[test]
    fn words_are_reported_each_and_gates_once() {
        use CriterionClass::{Absolute, Opaque, Relative, Score, Statistical, Text};
        assert_eq!(places(json!({}), &[Absolute, Text, Text]), [11, 12]);
        assert_eq!(places(json!({}), &[Opaque, Statistical, Opaque]), [10]);
        assert_eq!(places(json!({}), &[Opaque, Text]), [11]);
        for number in [Absolute, Relative, Score] {
            assert!(places(json!({}), &[Opaque, number]).is_empty());
        }
    }

    #[test]
    fn what_the_policy_accepts() {
        use CriterionClass::{Opaque, Statistical, Text};
        assert!(places(json!({"accept": ["opaque"]}), &[Opaque]).is_empty());
        assert_eq!(places(json!({"accept": ["opaque"]}), &[Statistical]), [10]);
        assert!(places(json!({"accept": ["statistical"]}), &[Opaque, Statistical]).is_empty());
        assert_eq!(places(json!({"accept": ["opaque", "statistical"]}), &[Text]), [10]);
        assert!(serde_json::from_value::<Params>(json!({"accept": ["text"]})).is_err());
    }

    #[test]
    fn an_unknown_number_is_a_number_and_a_patch_may_lean_on_its_base() {
        let mut rollout = of(&[CriterionClass::Absolute]);
        rollout.rollback.criteria[0].bound = Fact::Dynamic { expr: "{{args.max}}".into(), span: HERE };
        assert!(check::<RollbackCriterionNotNumeric>(json!({}), rollout).is_empty());
        let patch = Rollout { partial: true, ..of(&[CriterionClass::Opaque]) };
        assert!(check::<RollbackCriterionNotNumeric>(json!({}), patch).is_empty());
        let mut hidden = of(&[CriterionClass::Opaque]);
        let because = "so its criteria are unknown";
        hidden.unresolved.push(Unresolved { kind: "T".into(), name: "slo".into(), span: HERE, because });
        assert!(check::<RollbackCriterionNotNumeric>(json!({}), hidden).is_empty());
    }

    #[test]
    fn the_schema_tells_the_defaults() {
        crate::rules::testing::schema_tells_the_defaults::<RollbackCriterionNotNumeric>();
    }
}
