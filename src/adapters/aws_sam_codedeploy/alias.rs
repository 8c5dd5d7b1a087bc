//! Aliases that share their calls between two versions.

use crate::adapters::infra::Field;
use crate::adapters::split::{self, Arm};
use crate::adapters::{Lowering, Object};
use crate::model::SubjectKind;

/// A whole, in millionths.
const WHOLE: f64 = 1_000_000.0;

/// An alias of a Lambda function: one version, and others with a fraction each.
pub(super) fn lambda(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(body) = object.body() else { return };
    let Some(main) = body.get("FunctionVersion") else { return };
    let weights = body.any(&["RoutingConfig", "routing_config"]).and_then(|r| r.get("AdditionalVersionWeights"));
    let mut arms = Vec::new();
    let mut left = Some(WHOLE);
    for (version, weight) in weights.iter().flat_map(additional) {
        let share = cx.take_field(&weight, "FunctionWeight", "a fraction from 0 to 1", fraction);
        let known = share.known().copied();
        left = left.zip(known).map(|(left, share)| (left - share * WHOLE).max(0.0));
        arms.push(Arm { weight: known.map(millionths), ..arm(object, &version, weight.span()) });
    }
    let rest = left.map(|left| millionths(left / WHOLE));
    arms.insert(0, Arm { weight: rest, ..arm(object, main.as_written().unwrap_or_default(), main.span()) });
    split::hand_in(cx.blank(object, SubjectKind::Workload), &arms, |version| version.number.is_some(), cx);
}

/// Versions and weights: a list in CloudFormation, a mapping in Terraform.
fn additional<'d>(weights: &Field<'d>) -> Vec<(String, Field<'d>)> {
    if weights.node.is_map() {
        return weights.entries().into_iter().map(|(k, v)| (k.text().unwrap_or_default().to_owned(), v)).collect();
    }
    let version = |f: &Field<'d>| f.get("FunctionVersion").and_then(|v| v.as_written()).unwrap_or_default().to_owned();
    let one = |f: &Field<'d>| Some((version(f), f.get("FunctionWeight").or_else(|| f.unknown().map(|_| *f))?));
    weights.items().iter().filter_map(one).collect()
}

fn fraction(field: &Field<'_>) -> Option<f64> {
    field.number().filter(|n| (0.0..=1.0).contains(n))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction from 0 to 1")]
fn millionths(fraction: f64) -> u64 {
    (fraction * WHOLE).round() as u64
}

fn arm(object: &Object<'_>, version: &str, span: crate::text::Span) -> Arm {
    Arm { service: object.name().to_owned(), version: Some(version.to_owned()), weight: None, span }
}

/// An alias of a state machine: one or two versions, in percent.
pub(super) fn state_machine(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(routes) = object.body().and_then(|body| body.get("RoutingConfiguration")) else { return };
    let mut arms = Vec::new();
    for route in routes.items() {
        let version = route.get("StateMachineVersionArn").and_then(|v| v.as_written()).unwrap_or_default();
        let percent = |f: &Field<'_>| f.whole().filter(|n| *n <= 100);
        let weight = cx.field(&route, &["Weight"], "a whole number from 0 to 100", percent);
        arms.push(Arm { weight: weight.known().copied(), ..arm(object, version, weight.span()) });
    }
    split::hand_in(cx.blank(object, SubjectKind::Workload), &arms, |version| version.number.is_some(), cx);
}
