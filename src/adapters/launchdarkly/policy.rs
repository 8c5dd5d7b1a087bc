//! Release policies: planned stages, and metrics held against the control.

use crate::adapters::flag::basis_of;
use crate::adapters::infra::Field;
use crate::adapters::{Lowering, Object};
use crate::model::{
    Action, Basis, Comparison, Criterion, CriterionClass, Exposure, Fact, Hold, Method, Metric, Progression, Share,
    Stage, StageRange, Strategy, SubjectKind,
};
use crate::text::Spanned;

const METRIC: (&str, &str) = ("terraform", "launchdarkly_metric");

pub(super) fn lower(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(body) = object.body() else { return };
    let Some(config) = body.any(&["GuardedReleaseConfig", "ProgressiveReleaseConfig"]) else { return };
    let mut rollout = cx.blank(object, SubjectKind::Flag);
    rollout.strategy =
        Spanned::new(Strategy::Canary, body.get("ReleaseMethod").map_or_else(|| object.name_span(), |m| m.span()));
    let kind = config.get("RolloutContextKind").and_then(|k| k.text()).unwrap_or("user");
    rollout.progression = Progression::Declared(stages(&config, basis_of(kind), cx));
    rollout.rollback.method = Some(Method::FlagOff);
    rollout.rollback.anchor = config.anchor();
    let back = cx.field(&config, &["RollbackOnRegression"], "`true` or `false`", Field::boolean);
    let action = if back.known() == Some(&true) { Action::Rollback } else { Action::Notify };
    rollout.rollback.automatic = back;
    for key in ["MetricKeys", "MetricGroupKeys"] {
        for metric in config.get(key).iter().flat_map(Field::items) {
            let criterion = criterion(&metric, action);
            rollout.monitors.push(Spanned::new(criterion.metric.clone(), criterion.span));
            rollout.rollback.criteria.push(criterion);
        }
    }
    cx.rollout(rollout);
}

/// The stages, and everybody after the last of them.
fn stages(config: &Field<'_>, basis: Basis, cx: &mut Lowering<'_>) -> Vec<Stage> {
    let mut stages = Vec::new();
    for stage in config.get("stages").iter().flat_map(Field::items) {
        let wanted = "a whole number: percent up to 100, thousandths of a percent above";
        let share = cx.field(&stage, &["allocation"], wanted, |f| f.whole().and_then(allocated));
        let hold = cx.field(&stage, &["DurationMillis"], "a whole number of milliseconds", |f| Some(f.whole()? / 1000));
        let mut one = Stage::new(share.map(|share| Exposure::exact(share, basis)), stage.span());
        one.hold = match hold {
            Fact::Absent { near } => Fact::stated(Hold::None, near),
            hold @ (Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Dynamic { .. }) => hold.map(Hold::Timed),
        };
        stages.push(one);
    }
    let span = config.anchor();
    let mut last = Stage::new(Fact::stated(Exposure::exact(Share::ALL, basis), span), span);
    last.implied = true;
    if stages.last().and_then(Stage::share) != Some(Share::ALL) {
        stages.push(last);
    }
    stages
}

fn allocated(allocation: u64) -> Option<Share> {
    match allocation {
        0..=100 => Some(Share::of(allocation, 100)),
        101..=100_000 => Some(Share::of(allocation, 100_000)),
        _ => None,
    }
}

/// Worse than the control: which way is told by the metric, where it is in the same files.
fn criterion(metric: &Field<'_>, action: Action) -> Criterion {
    let resource = metric.resource().filter(|r| (r.group, r.kind) == METRIC);
    let body = resource.as_ref().and_then(Object::body);
    let key = body.and_then(|b| b.get("key")).and_then(|k| k.text());
    let name = metric.text().or(key).or_else(|| resource.as_ref().map(Object::name)).or_else(|| metric.as_written());
    let comparison = match body.and_then(|b| b.get("SuccessCriteria")).and_then(|c| c.text()) {
        Some("HigherThanBaseline") => Some(Comparison::Drop),
        Some("LowerThanBaseline") => Some(Comparison::Rise),
        Some(_) | None => None,
    };
    let name = name.unwrap_or("metric");
    Criterion {
        metric: Metric::recognise(name, ""),
        class: CriterionClass::Statistical,
        comparison,
        action,
        ..Criterion::opaque(name, "worse than the control", StageRange::ALL, metric.span())
    }
}
