//! Variants that share the calls of an endpoint, and shadows that get a copy of them.

use chrono::DateTime;

use crate::adapters::infra::Field;
use crate::adapters::split::{self, Arm};
use crate::adapters::{Lowering, Object, payload};
use crate::model::{
    Basis, Comparer, Fact, ObjectRef, Progression, Rollout, RouterRule, Shadow, Share, Strategy, SubjectKind,
};
use crate::text::Spanned;

/// Parts of a weight: weights are any numbers of at least 0.
const PARTS: f64 = 1_000_000.0;

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1e15, far below 2^64")]
fn parts(weight: f64) -> u64 {
    (weight.clamp(0.0, 1e9) * PARTS).round() as u64
}

/// The instances of all production variants of a configuration, where every number is known.
pub(super) fn instances(config: &Field<'_>) -> Option<u64> {
    let variants = config.get("ProductionVariants")?.items();
    let count = |v: &Field<'_>| v.get("InitialInstanceCount")?.whole();
    variants.iter().map(count).sum::<Option<u64>>().filter(|sum| *sum > 0)
}

/// Whom an update of an endpoint reaches when all of its calls go to the new fleet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Everybody: there is one model.
    Everybody,
    /// Whom the weights of several models say.
    Weighed,
    /// These files do not tell.
    Unknown,
}

/// Whom the variants of a configuration reach.
pub(super) fn reach(config: &Field<'_>) -> Reach {
    let variants = config.get("ProductionVariants").map(|v| v.items()).unwrap_or_default();
    if variants.iter().any(|v| v.unknown().is_some()) {
        return Reach::Unknown;
    }
    let model = |v: &Field<'_>| v.get("ModelName").and_then(|model| payload(model.node)).map(|p| p.value);
    let mut models = variants.iter().map(model);
    let first = models.next().flatten();
    if variants.len() < 2 || first.is_some() && models.all(|other| other == first) {
        Reach::Everybody
    } else {
        Reach::Weighed
    }
}

/// What identifies the configuration `name`, in whatever file it is.
pub(super) fn named(name: &str) -> ObjectRef {
    ObjectRef::new("AWS::SageMaker", "EndpointConfig", None, name)
}

/// Lets endpoints of other files know whom a configuration reaches.
fn tell(object: &Object<'_>, body: &Field<'_>, cx: &mut Lowering<'_>) {
    let name = body.any(&["EndpointConfigName", "Name"]).and_then(|name| name.text()).map(named);
    for id in name.into_iter().chain(object.own_address(cx.path)) {
        cx.define(id, reach(body));
    }
}

/// Lowers the configuration `object`.
pub(super) fn lower(object: &Object<'_>, body: &Field<'_>, cx: &mut Lowering<'_>) {
    tell(object, body, cx);
    let Some(variants) = body.get("ProductionVariants") else { return };
    let mut rollout = cx.blank(object, SubjectKind::Model);
    let variants = variants.items();
    let arms: Vec<Arm> = variants.iter().map(|variant| arm(object, variant, cx)).collect();
    rollout.destinations = split::of_arms(&arms, &RouterRule::only(), Basis::Requests);
    for (destination, variant) in rollout.destinations.iter_mut().zip(&variants) {
        let model = variant.get("ModelName").filter(|model| model.unknown().is_none());
        let model = model.and_then(|model| payload(model.node));
        destination.ships.extend(model.iter().map(|model| model.value.clone()));
        rollout.payload.extend(model);
    }
    // Variants of one model share its load: none of them is new.
    let all_same =
        rollout.destinations.windows(2).all(|pair| !pair[0].ships.is_empty() && pair[0].ships == pair[1].ships);
    let stages = if arms.len() > 1 && !all_same { split::candidates(&arms, None, Basis::Requests) } else { Vec::new() };
    rollout.shadow = shadow(body, split::total(&arms), cx);
    let strategy = match (stages.is_empty(), &rollout.shadow) {
        (false, _) => Strategy::Canary,
        (true, Some(_)) => Strategy::Shadow,
        (true, None) => Strategy::AllAtOnce,
    };
    if strategy == Strategy::AllAtOnce && !cx.compares(&rollout) && !cx.has_remarks() {
        return cx.forget();
    }
    rollout.strategy = Spanned::new(strategy, object.name_span());
    rollout.progression = Progression::Live(stages);
    cx.rollout(rollout);
}

const WEIGHT: &str = "a number of at least 0";

fn weight(variant: &Field<'_>, cx: &mut Lowering<'_>) -> Fact<f64> {
    let weight = |f: &Field<'_>| f.number().filter(|n| *n >= 0.0);
    cx.field(variant, &["InitialVariantWeight"], WEIGHT, weight)
        .or_default(1.0, "SageMaker: 1 when `InitialVariantWeight` is absent")
}

fn arm(object: &Object<'_>, variant: &Field<'_>, cx: &mut Lowering<'_>) -> Arm {
    let weight = weight(variant, cx);
    let name = variant.get("VariantName").filter(|_| variant.unknown().is_none());
    let version = name.and_then(|name| name.as_written()).unwrap_or_default().to_owned();
    let span = if weight.written().is_some() { weight.span() } else { variant.span() };
    Arm {
        service: object.name().to_owned(),
        version: Some(version),
        weight: weight.known().map(|weight| parts(*weight)),
        span,
    }
}

/// The variant that gets a copy of the calls: its weight against that of all production variants.
fn shadow(body: &Field<'_>, production: Option<u64>, cx: &mut Lowering<'_>) -> Option<Shadow> {
    let variant = body.get("ShadowProductionVariants")?.items().into_iter().next()?;
    let share = match (weight(&variant, cx), production) {
        (known, Some(whole)) => known.map(|weight| Share::of(parts(weight).min(whole), whole)),
        (_, None) => Fact::Dynamic { expr: "".into(), span: variant.span() },
    };
    let duration = Fact::Absent { near: variant.span() };
    // Data that is captured is compared by nobody yet; whether there is a mirror at all may depend on a condition.
    let comparer = if variant.unknown().is_some() { Comparer::Unknown } else { Comparer::Nothing };
    Some(Shadow { share, duration, comparer, span: variant.span() })
}

/// Lowers the inference experiment `object`: a shadow.
pub(super) fn experiment(object: &Object<'_>, body: &Field<'_>, cx: &mut Lowering<'_>) {
    let Some(variants) = body.path(&["ShadowModeConfig", "ShadowModelVariants"]) else { return };
    let Some(variant) = variants.items().into_iter().next() else { return };
    let percent = |f: &Field<'_>| f.whole().filter(|n| *n <= 100);
    let share = cx.field(&variant, &["SamplingPercentage"], "a whole number from 0 to 100, in percent", percent);
    let mut rollout: Rollout = cx.blank(object, SubjectKind::Model);
    let stored = body.path(&["DataStorageConfig", "Destination"]);
    let comparer = if stored.is_some() { Comparer::Named("data storage".into()) } else { Comparer::Nothing };
    rollout.shadow = Some(Shadow {
        share: share.map(|n| Share::of(n, 100)),
        duration: lasts(body, &variant, cx),
        comparer,
        span: variant.span(),
    });
    rollout.strategy = Spanned::new(Strategy::Shadow, object.name_span());
    rollout.progression = Progression::Live(Vec::new());
    cx.rollout(rollout);
}

/// The seconds from the start of an experiment to its end, where both are written.
fn lasts(body: &Field<'_>, variant: &Field<'_>, cx: &mut Lowering<'_>) -> Fact<u64> {
    let Some(schedule) = body.get("Schedule") else { return Fact::Absent { near: variant.span() } };
    let wanted = "a moment such as `2026-11-24T12:00:00Z`";
    let moment = |f: &Field<'_>| DateTime::parse_from_rfc3339(f.text()?.trim()).ok();
    let start = cx.field(&schedule, &["StartTime"], wanted, moment);
    let end = cx.field(&schedule, &["EndTime"], wanted, moment);
    match (start.known(), end.known()) {
        (Some(start), Some(_)) => end.clone().map(|end| u64::try_from((end - *start).num_seconds()).unwrap_or(0)),
        (_, None) if end.is_absent() => Fact::Absent { near: schedule.anchor() },
        (_, _) => Fact::Dynamic { expr: "".into(), span: end.span() },
    }
}
