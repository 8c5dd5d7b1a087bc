//! Where a suite keeps its asserts: tests, what holds for all of them, scenarios.

use super::asserts::Asked;
use super::{items, present};
use crate::adapters::Lowering;
use crate::model::units::Unit;
use crate::model::{Comparison, Criterion, Metric, MetricKind};
use crate::syntax::Node;

/// What the suite at `root` asks of the models that it tries.
pub(super) fn criteria(root: Node<'_>, cx: &mut Lowering<'_>) -> Vec<Criterion> {
    let mut asked = Asked::new(root);
    let all = present(root, "defaultTest").filter(|n| n.is_map());
    let default = all.is_some_and(|all| present(all, "threshold").is_some());
    if let Some(all) = all {
        test(all, default, &mut asked, cx);
    }
    if let Some(elsewhere) = present(root, "defaultTest").filter(|n| n.is_scalar()) {
        asked.elsewhere(elsewhere);
    }
    tests(root, default, &mut asked, cx);
    for scenario in items(root, "scenarios") {
        if scenario.is_scalar() {
            asked.elsewhere(scenario);
        }
        items(scenario, "config").chain(items(scenario, "tests")).for_each(|t| test(t, default, &mut asked, cx));
    }
    if let Some(env) = present(root, "env") {
        let rate = cx.read(env, "PROMPTFOO_PASS_RATE_THRESHOLD", "a percentage", |n| n.text()?.trim().parse().ok());
        if !rate.is_absent() {
            let metric = Metric { kind: MetricKind::EvalScore, name: "pass rate".into(), percentile_tenths: None };
            asked.score(metric, rate, (Comparison::Below, Unit::Percent), None);
        }
    }
    asked.criteria
}

fn tests(root: Node<'_>, default: bool, asked: &mut Asked<'_>, cx: &mut Lowering<'_>) {
    let Some(tests) = present(root, "tests") else { return };
    if !tests.is_seq() {
        asked.elsewhere(tests);
    }
    for one in tests.items() {
        if one.is_map() && one.get("path").is_none() {
            test(one, default, asked, cx);
        } else {
            asked.elsewhere(one.get("path").unwrap_or(one));
        }
    }
}

/// One test; `default` says whether a threshold holds for all of them.
fn test(test: Node<'_>, default: bool, asked: &mut Asked<'_>, cx: &mut Lowering<'_>) {
    let own = cx.read_f64(test, "threshold");
    let decides = !own.is_absent() || default;
    if !own.is_absent() {
        let metric = Metric { kind: MetricKind::EvalScore, name: "test score".into(), percentile_tenths: None };
        asked.score(metric, own, (Comparison::Below, Unit::Ratio), None);
    }
    let why = decides.then_some("the `threshold` of its test decides");
    match present(test, "assert") {
        Some(elsewhere) if elsewhere.is_scalar() => asked.elsewhere(elsewhere),
        Some(list) => list.items().for_each(|assert| asked.assert(assert, why, cx)),
        None => {}
    }
}
