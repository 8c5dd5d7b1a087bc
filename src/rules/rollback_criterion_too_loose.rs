//! `rollback-criterion-too-loose`: a bound that lets too much harm through.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Cx, Rule, weaker};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::Weaker;
use crate::model::units::Unit;
use crate::model::{Bound, Comparison, Criterion, Metric, MetricKind, Rollout};

declare_rule! {
    /// ## What it checks
    ///
    /// Each criterion's bound is held against the policy's ceiling for that metric and that comparison; exactly the
    /// ceiling is allowed. A success rate is the error rate's complement: below 99.5 % is an error rate above 0.5 %. A
    /// latency ceiling is for its own percentile and for latencies that name none. For eval scores the same number holds
    /// in points and in relative percent. A ratio is compared with a percentage; a bound whose unit is unknown is held
    /// against nothing, and so is another currency.
    ///
    /// A loose bound beside a tighter one on the same metric, over the same stages, is a second line and is not reported.
    ///
    /// ## Why it matters
    ///
    /// A criterion that trips at 20 % errors is there to be pointed at, not to protect anybody: by the time it trips the
    /// telephones have been ringing for an hour.
    ///
    /// ## What to do
    ///
    /// Lower the bound to the ceiling, or set the ceiling that your service needs in the policy:
    /// `rollback-criterion-too-loose: {ceilings: [{metric: error-rate, above: 1%}]}`. The list replaces the default list.
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
    /// rollback: {criteria: [{metric: error_rate, above: 5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
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
    ///   criteria: [{metric: error_rate, above: 0.5%}, {metric: latency_p99, above: 4s}]
    ///   automatic: true
    ///   method: traffic-flip
    ///   keep-old-for: 1h
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// The unit of a bare number. Prometheus answers in seconds or milliseconds, in ratios or percent, as its query
    /// likes; where the manifest does not say which, the bound is not judged.
    pub RollbackCriterionTooLoose {
        id: "rollback-criterion-too-loose",
        family: Rollback,
        summary: "a bound looser than the policy's ceiling for that metric",
        level: Warning,
    }
}

/// Parameters of `rollback-criterion-too-loose`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The loosest bound allowed for each metric; exactly this much is allowed.
    #[schemars(extend("default" = [
        {"metric": "error-rate", "above": "0.5%"},
        {"metric": "eval-score", "drop": "3pp"},
        {"metric": "latency-p95", "above": "2.5s"},
        {"metric": "cost-per-call", "above": "0.02 USD"},
    ]))]
    pub ceilings: Vec<Ceiling>,
}

impl Default for Params {
    fn default() -> Self {
        let ceiling = |metric, comparison, number, unit| Ceiling {
            metric: Metric::recognise(metric, ""),
            comparison,
            bound: Bound { number, unit },
        };
        Self {
            ceilings: vec![
                ceiling("error-rate", Comparison::Above, 0.5, Unit::Percent),
                ceiling("eval-score", Comparison::Drop, 3.0, Unit::Points),
                ceiling("latency-p95", Comparison::Above, 2.5, Unit::Seconds),
                ceiling("cost-per-call", Comparison::Above, 0.02, Unit::Currency("USD".into())),
            ],
        }
    }
}

/// The loosest bound allowed for one metric.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "WrittenCeiling")]
pub struct Ceiling {
    /// The metric.
    pub metric: Metric,
    /// The comparison.
    pub comparison: Comparison,
    /// The bound.
    pub bound: Bound,
}

impl JsonSchema for Ceiling {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Ceiling".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        WrittenCeiling::json_schema(generator)
    }
}

/// The loosest bound allowed for one metric: a metric and one of the four comparisons.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenCeiling {
    /// A canonical kind (`error-rate`, `latency-p95`, `cost-per-call`, `eval-score`) or a metric's own name.
    metric: String,
    /// The metric may trip above this at most.
    above: Option<Bound>,
    /// The metric may trip below this at least.
    below: Option<Bound>,
    /// The rise against the baseline may be this at most.
    rise: Option<Bound>,
    /// The drop against the baseline may be this at most.
    drop: Option<Bound>,
}

impl TryFrom<WrittenCeiling> for Ceiling {
    type Error = String;

    fn try_from(written: WrittenCeiling) -> Result<Self, String> {
        let metric = written.metric;
        let named = [
            (Comparison::Above, written.above),
            (Comparison::Below, written.below),
            (Comparison::Rise, written.rise),
            (Comparison::Drop, written.drop),
        ];
        let mut given = named.into_iter().filter_map(|(comparison, bound)| Some((comparison, bound?)));
        let (Some((comparison, bound)), None) = (given.next(), given.next()) else {
            return Err(format!("the ceiling of `{metric}` needs exactly one of `above`, `below`, `rise`, `drop`"));
        };
        if bound.unit == Unit::None {
            return Err(format!(
                "the ceiling of `{metric}` has no unit: write `{0}%`, `{0}pp`, `{0}s` or a currency",
                bound.number
            ));
        }
        Ok(Self { metric: Metric::recognise(&metric, ""), comparison, bound })
    }
}

impl Rule for RollbackCriterionTooLoose {
    type Params = Params;
    const META: &'static RuleMeta = &Self::META;

    fn rollout(params: &Params, rollout: &Rollout, cx: &mut Cx<'_>) {
        let criteria = &rollout.rollback.criteria;
        let mut seen = BTreeSet::new();
        for ceiling in &params.ceilings {
            for criterion in criteria.iter().filter(|c| c.is_numeric() && ceiling.concerns(c)) {
                if criterion.bound.is_dynamic() {
                    let what = format!("the bound of `{}` is not written in these files", criterion.label());
                    cx.unknown(rollout, criterion.bound.span(), what);
                }
                let Some(limit) = ceiling.broken_by(criterion) else { continue };
                let guarded = criteria.iter().any(|other| is_first_line(other, criterion, ceiling));
                if !guarded && seen.insert(criterion.bound.span()) {
                    report(criterion, &limit, cx);
                }
            }
        }
    }

    fn weakened(before: &Params, after: &Params) -> Vec<Weaker> {
        weaker::ceilings(&before.ceilings, &after.ceilings)
    }
}

fn report(criterion: &Criterion, limit: &Limit, cx: &mut Cx<'_>) {
    let (Some(bound), Some(comparison)) = (criterion.bound.known(), criterion.comparison) else { return };
    let (name, word) = (criterion.label(), verb(comparison));
    let what = format!("`{name}` trips only {word} {bound}; this policy allows {} {}", limit.word, limit.bound);
    let help = format!("set the bound to {} or {}", limit.bound, limit.tighter);
    let raw = cx.report(criterion.bound.span(), what, help);
    raw.measured(bound.to_string(), format!("{} {}", limit.sign, limit.bound));
    raw.about(format!("{name} {}", comparison.name())).limit("ceilings");
    if let Some(via) = criterion.via {
        raw.because(via, "the rollout refers to it here");
    }
}

const fn verb(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Above => "above",
        Comparison::Below => "below",
        Comparison::Rise => "on a rise of more than",
        Comparison::Drop => "on a drop of more than",
    }
}

/// The ceiling in the words and the unit of the criterion that breaks it.
struct Limit {
    word: &'static str,
    sign: &'static str,
    tighter: &'static str,
    bound: Bound,
}

impl Ceiling {
    /// Is it about the metric of `criterion`, whatever the number?
    fn concerns(&self, criterion: &Criterion) -> bool {
        self.is_about(&criterion.metric) && criterion.comparison == Some(self.comparison_for(criterion.metric.kind))
    }

    fn is_about(&self, its: &Metric) -> bool {
        let mine = &self.metric;
        match mine.kind {
            MetricKind::ErrorRate | MetricKind::SuccessRate | MetricKind::CostPerCall | MetricKind::EvalScore => {
                mine.kind.answers(its.kind)
            }
            MetricKind::Latency => {
                let other = mine.percentile_tenths.zip(its.percentile_tenths).is_some_and(|(mine, its)| mine != its);
                its.kind == MetricKind::Latency && !other
            }
            MetricKind::Saturation | MetricKind::Business | MetricKind::Custom => {
                mine.name.eq_ignore_ascii_case(&its.name) || (mine.kind == its.kind && *mine.name == *mine.kind.name())
            }
        }
    }

    /// Is every criterion that `other` forbids forbidden by this one too?
    pub(super) fn holds_as_tightly(&self, other: &Self) -> bool {
        let percentile = self.metric.percentile_tenths;
        let as_wide = percentile.is_none() || percentile == other.metric.percentile_tenths;
        let same = self.is_about(&other.metric) && other.comparison == self.comparison_for(other.metric.kind);
        let limit = self.limit_for(other.metric.kind, other.comparison, &other.bound.unit);
        let tight = |limit: Bound| match other.comparison {
            Comparison::Below => limit.number >= other.bound.number - slack(&limit),
            Comparison::Above | Comparison::Rise | Comparison::Drop => {
                limit.number <= other.bound.number + slack(&limit)
            }
        };
        as_wide && same && limit.is_some_and(tight)
    }

    /// Is `its` the complement of this ceiling's metric?
    fn is_flipped(&self, its: MetricKind) -> bool {
        let rates = [MetricKind::ErrorRate, MetricKind::SuccessRate];
        self.metric.kind != its && rates.contains(&self.metric.kind) && rates.contains(&its)
    }

    /// The comparison that a criterion on a metric of kind `its` makes when it means the same as this ceiling.
    fn comparison_for(&self, its: MetricKind) -> Comparison {
        match (self.is_flipped(its), self.comparison) {
            (false, comparison) => comparison,
            (true, Comparison::Above) => Comparison::Below,
            (true, Comparison::Below) => Comparison::Above,
            (true, Comparison::Rise) => Comparison::Drop,
            (true, Comparison::Drop) => Comparison::Rise,
        }
    }

    /// The bound for a metric of kind `its` and in `unit`; `None` where the two cannot be compared.
    fn limit_for(&self, its: MetricKind, comparison: Comparison, unit: &Unit) -> Option<Bound> {
        let absolute = matches!(comparison, Comparison::Above | Comparison::Below);
        let mut limit = in_unit_of(&self.bound, unit, absolute, self.metric.kind)?;
        if absolute && self.is_flipped(its) {
            let whole = if limit.unit == Unit::Percent { 100.0 } else { 1.0 };
            limit.number = tidy(whole - limit.number);
        }
        Some(limit)
    }

    /// The limit that `criterion`, which it concerns, goes beyond.
    fn broken_by(&self, criterion: &Criterion) -> Option<Limit> {
        let bound = criterion.bound.known()?;
        let comparison = criterion.comparison?;
        let limit = self.limit_for(criterion.metric.kind, comparison, &bound.unit)?;
        let slack = slack(&limit);
        let (word, sign, tighter, broken) = match comparison {
            Comparison::Below => ("no less than", ">=", "more", bound.number < limit.number - slack),
            Comparison::Above | Comparison::Rise | Comparison::Drop => {
                ("at most", "<=", "less", bound.number > limit.number + slack)
            }
        };
        broken.then_some(Limit { word, sign, tighter, bound: limit })
    }
}

/// Does `other` trip before `loose` on the same metric wherever that is looked at, and within the ceiling?
fn is_first_line(other: &Criterion, loose: &Criterion, ceiling: &Ceiling) -> bool {
    let same = other.metric == loose.metric && other.comparison == loose.comparison && other.class == loose.class;
    let covers = other.covers.first <= loose.covers.first && other.covers.last >= loose.covers.last;
    let same_unit = other.bound.known().zip(loose.bound.known()).is_some_and(|(a, b)| a.unit == b.unit);
    let acts = other.is_watched() && other.cannot_fire.is_none() && other.action.stops_growth();
    same && covers && same_unit && acts && ceiling.broken_by(other).is_none()
}

/// The ceiling's bound written in `unit`; `None` where the two cannot be compared.
fn in_unit_of(ceiling: &Bound, unit: &Unit, absolute: bool, kind: MetricKind) -> Option<Bound> {
    let share = |number: f64| match unit {
        Unit::Ratio => Some(number / 100.0),
        Unit::Percent | Unit::Points => Some(number),
        Unit::Seconds | Unit::Currency(_) | Unit::Count | Unit::None => None,
    };
    // Points and relative percent are two things, but for eval scores, where they take the same number.
    let alike = absolute || kind == MetricKind::EvalScore || ceiling.unit == *unit;
    let number = match &ceiling.unit {
        Unit::Percent | Unit::Points if alike => share(ceiling.number)?,
        Unit::Ratio if alike => share(ceiling.number * 100.0)?,
        Unit::Seconds | Unit::Currency(_) | Unit::Count if ceiling.unit == *unit => ceiling.number,
        Unit::Percent | Unit::Points | Unit::Ratio | Unit::Seconds | Unit::Currency(_) | Unit::Count | Unit::None => {
            return None;
        }
    };
    Some(Bound { number: tidy(number), unit: unit.clone() })
}

/// How far a number may lie beyond the limit and still be it.
fn slack(limit: &Bound) -> f64 {
    1e-9 * limit.number.abs().max(1e-3)
}

/// Without the dust of binary fractions: `0.005` and not `0.0050000000000000044`.
fn tidy(number: f64) -> f64 {
    (number * 1e9).round() / 1e9
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{Action, CriterionClass, Fact, Hold};
    use crate::rules::testing::{HERE, at, canary, check, check_facts, criterion, facts, stage};

    fn with(criteria: Vec<Criterion>) -> Rollout {
        let mut rollout = canary(vec![stage(10.0, Hold::Gated)]);
        rollout.rollback.criteria = criteria;
        rollout
    }

    fn one(name: &str, comparison: Comparison, bound: &str) -> Criterion {
        Criterion { comparison: Some(comparison), ..criterion(name, bound) }
    }

    fn loose(params: Value, criterion: Criterion) -> Option<String> {
        check::<RollbackCriterionTooLoose>(params, with(vec![criterion])).into_iter().next().map(|r| r.what)
    }

    #[test]
    fn the_defaults_and_exactly_the_ceiling() {
        use Comparison::{Above, Below, Drop};
        for (name, comparison, within, beyond) in [
            ("error_rate", Above, "0.5%", "0.51%"),
            ("success-rate", Below, "99.5%", "99.4%"),
            ("eval_score", Drop, "3pp", "3.1pp"),
            ("eval_score", Drop, "3%", "4%"),
            ("latency_p95", Above, "2.5s", "2501ms"),
            ("latency", Above, "2500ms", "3s"),
            ("cost_per_call", Above, "$0.02", "0.021 USD"),
        ] {
            assert_eq!(loose(json!({}), one(name, comparison, within)), None, "{name} {within}");
            assert!(loose(json!({}), one(name, comparison, beyond)).is_some(), "{name} {beyond}");
        }
    }

    #[test]
    fn what_cannot_be_compared_is_not() {
        use Comparison::{Above, Below, Drop, Rise};
        for (name, comparison, bound) in [
            ("latency_p99", Above, "60s"),
            ("latency_p95", Above, "60"),
            ("error_rate", Above, "60"),
            ("error_rate", Rise, "60%"),
            ("cost_per_call", Above, "5 EUR"),
            ("eval_score", Below, "1%"),
            ("frobs", Drop, "60%"),
        ] {
            assert_eq!(loose(json!({}), one(name, comparison, bound)), None, "{name} {bound}");
        }
    }

    #[test]
    fn a_ratio_known_to_be_one_is_held_against_percent() {
        let mut ratio = one("success-rate", Comparison::Below, "0.995");
        let bound = |number| Fact::stated(Bound { number, unit: Unit::Ratio }, HERE);
        ratio.bound = bound(0.995);
        assert_eq!(loose(json!({}), ratio.clone()), None);
        ratio.bound = bound(0.95);
        let what = "`success-rate` trips only below 0.95; this policy allows no less than 0.995";
        assert_eq!(loose(json!({}), ratio).as_deref(), Some(what));
    }

    #[test]
    fn ceilings_of_the_policy() {
        let params =
            json!({"ceilings": [{"metric": "success-rate", "below": "90%"}, {"metric": "csat", "drop": "2pp"}]});
        assert_eq!(loose(params.clone(), one("error_rate", Comparison::Above, "10%")), None);
        assert!(loose(params.clone(), one("error_rate", Comparison::Above, "11%")).is_some());
        assert!(loose(params.clone(), one("csat", Comparison::Drop, "3pp")).is_some());
        assert_eq!(loose(params, one("conversion", Comparison::Drop, "3pp")), None);
        for bad in [
            json!({"metric": "m"}),
            json!({"metric": "m", "above": "1%", "rise": "1%"}),
            json!({"metric": "m", "above": "1"}),
        ] {
            assert!(serde_json::from_value::<Params>(json!({ "ceilings": [bad] })).is_err());
        }
    }

    #[test]
    fn a_second_line_and_an_unknown_bound() {
        let mut second = criterion("error_rate", "5%");
        second.bound = Fact::stated(Bound { number: 5.0, unit: Unit::Percent }, at(9));
        let first = criterion("error_rate", "0.4%");
        let found = |a: &Criterion, b: &Criterion| {
            check::<RollbackCriterionTooLoose>(json!({}), with(vec![a.clone(), b.clone()])).len()
        };
        assert_eq!(found(&first, &second), 0);
        assert_eq!(found(&Criterion { action: Action::Notify, ..first.clone() }, &second), 1);
        assert_eq!(found(&Criterion { metric: Metric::recognise("search_errors", ""), ..first }, &second), 1);
        second.bound = Fact::Dynamic { expr: "{{args.max}}".into(), span: HERE };
        second.class = CriterionClass::Absolute;
        let (found, undetermined) =
            check_facts::<RollbackCriterionTooLoose>(json!({}), &facts(vec![with(vec![second])]));
        assert_eq!((found.len(), undetermined.len()), (0, 1));
    }

    #[test]
    fn the_schema_tells_the_defaults() {
        crate::rules::testing::schema_tells_the_defaults::<RollbackCriterionTooLoose>();
    }
}
