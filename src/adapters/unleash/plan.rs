//! Release plans and templates: milestones as stages, and safeguards as criteria.

use super::serving::{self, Outcome};
use super::{Feature, Place, strategy};
use crate::adapters::Lowering;
use crate::adapters::flag::Ring;
use crate::adapters::infra::Field;
use crate::model::{
    Action, Audience, Bound, Comparison, Criterion, CriterionClass, Exposure, Fact, Hold, Metric, RollbackPlan, Share,
    Stage, StageRange, units::Unit,
};
use crate::text::Spanned;

/// Is it a plan or a template of one?
pub(super) fn is_plan(node: crate::syntax::Node<'_>) -> bool {
    let kind = node.get("discriminator").and_then(crate::syntax::Node::text);
    matches!(kind, Some("plan" | "template")) && node.get("milestones").is_some_and(crate::syntax::Node::is_seq)
}

/// The stages of the plan at `plan`, in their order.
pub(super) fn stages(plan: &Field<'_>, place: &Place<'_, '_>, cx: &mut Lowering<'_>) -> Vec<Stage> {
    let mut milestones = plan.get("milestones").map(|m| m.items()).unwrap_or_default();
    milestones.sort_by_key(|m| m.get("sortOrder").and_then(|o| o.whole()));
    let last = milestones.len().saturating_sub(1);
    let stage = |(index, m): (usize, &Field<'_>)| {
        let mut stage = stage(m, place, cx);
        stage.name = m.get("name").and_then(|n| n.text()).map(Into::into);
        stage.hold = hold(m, index == last, cx);
        stage
    };
    milestones.iter().enumerate().map(stage).collect()
}

/// Whom a milestone reaches; its strategies take the place of those before it.
fn stage(milestone: &Field<'_>, place: &Place<'_, '_>, cx: &mut Lowering<'_>) -> Stage {
    let span = milestone.span();
    let listed = milestone.get("strategies").map(|s| s.items()).unwrap_or_default();
    let all: Vec<_> = strategy::live(&listed).iter().map(|s| strategy::read(s, place, cx)).collect();
    let dynamic = || Stage::new(Fact::Dynamic { expr: "".into(), span }, span);
    if all.is_empty() {
        return dynamic();
    }
    match serving::combined(&all, span) {
        Outcome::Unknown(_) => dynamic(),
        Outcome::Everybody(by) => {
            let basis = serving::basis(&all[by]);
            Stage::new(Fact::stated(Exposure::exact(Share::ALL, basis), all[by].span), span)
        }
        Outcome::Share(arm, basis) => {
            let share = arm.share.unwrap_or_default();
            let exposure = Exposure { written: arm.written.unwrap_or(share), effective: Some(share), basis };
            let rings = serving::rings(&all);
            if share != Share::NONE || rings.is_empty() {
                return Stage::new(Fact::stated(exposure, arm.span), span);
            }
            let mut stage = Stage::new(Fact::Absent { near: span }, span);
            stage.audience = Some(audience(&rings));
            stage
        }
    }
}

/// All rings of a milestone together.
fn audience(rings: &[Ring]) -> Audience {
    let names: Vec<&str> = rings.iter().map(|r| &*r.name).collect();
    let size = rings.iter().map(|r| r.size).sum();
    Audience { name: names.join("; ").into(), size, customers: rings.iter().any(|r| r.customers) }
}

/// How long a milestone lasts; without a condition a person moves on, and nothing follows the last one.
fn hold(milestone: &Field<'_>, is_last: bool, cx: &mut Lowering<'_>) -> Fact<Hold> {
    let Some(condition) = milestone.get("transitionCondition") else {
        let hold = if is_last { Hold::None } else { Hold::Gated };
        return Fact::stated(hold, milestone.span());
    };
    let wanted = "a whole number of minutes, 1 or more";
    let minutes = cx.field(&condition, &["intervalMinutes"], wanted, |m| m.whole().filter(|m| *m > 0));
    match minutes {
        Fact::Absent { near } => Fact::stated(Hold::Gated, near),
        minutes @ (Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Dynamic { .. }) => {
            minutes.map(|m| Hold::Timed(m.saturating_mul(60)))
        }
    }
}

/// Adds the safeguards of `holder`, a plan or a flag's environment.
pub(super) fn safeguards(holder: &Field<'_>, stages: &[Stage], back: &mut RollbackPlan) -> Vec<Spanned<Metric>> {
    let Some(list) = holder.get("safeguards") else { return Vec::new() };
    let criteria: Vec<Criterion> = list.items().iter().filter_map(|s| safeguard(s, stages)).collect();
    if criteria.is_empty() {
        return Vec::new();
    }
    let acts = criteria.iter().any(|c| c.action == Action::Rollback);
    if back.criteria.is_empty() || acts {
        back.automatic = Fact::stated(acts, list.anchor());
    }
    back.anchor = list.anchor();
    let monitors = criteria.iter().map(|c| Spanned::new(c.metric.clone(), c.span)).collect();
    back.criteria.extend(criteria);
    monitors
}

fn safeguard(safeguard: &Field<'_>, stages: &[Stage]) -> Option<Criterion> {
    let text = |path: &[&str]| safeguard.path(path).and_then(|f| f.text());
    let name = text(&["impactMetric", "metricName"])?;
    let mode = text(&["impactMetric", "aggregationMode"]).unwrap_or_default();
    let comparison = match text(&["triggerCondition", "operator"]) {
        Some(">") => Some(Comparison::Above),
        Some("<") => Some(Comparison::Below),
        Some(_) | None => None,
    };
    let threshold = safeguard.path(&["triggerCondition", "threshold"]);
    let span = threshold.map_or_else(|| safeguard.span(), |t| t.span());
    let number = threshold.and_then(|t| t.number());
    let bound =
        number.map_or(Fact::Absent { near: span }, |number| Fact::stated(Bound { number, unit: Unit::None }, span));
    let action = match text(&["action", "type"]) {
        Some("disableFeatureEnvironment") => Action::Rollback,
        Some("pauseReleasePlanProgressions") => Action::Pause,
        Some(_) | None => Action::Notify,
    };
    let window = text(&["impactMetric", "timeRange"]).and_then(seconds);
    let is_whole = comparison.is_some() && number.is_some();
    let operator = text(&["triggerCondition", "operator"]).unwrap_or_default();
    let written = format!("{mode} of {name} {operator} {}", threshold.and_then(|t| t.text()).unwrap_or_default());
    let place = safeguard.path(&["impactMetric", "timeRange"]).map_or(span, |r| r.span());
    Some(Criterion {
        metric: Metric::recognise(name, mode),
        class: if is_whole { CriterionClass::Absolute } else { CriterionClass::Text },
        comparison,
        bound,
        window,
        action,
        cannot_fire: window.and_then(|w| too_late(w, stages)).map(|why| (why, place)),
        ..Criterion::opaque(name, &written, StageRange::ALL, span)
    })
}

/// Why a metric over `window` seconds says nothing before everybody has the new version.
fn too_late(window: u64, stages: &[Stage]) -> Option<Box<str>> {
    let limited = stages.iter().take_while(|s| s.share() != Some(Share::ALL));
    let holds = limited.map(|s| s.hold.known()?.seconds()).collect::<Option<Vec<u64>>>()?;
    let taken: u64 = holds.iter().sum();
    let reaches = stages.iter().any(|s| s.share() == Some(Share::ALL));
    let length = crate::model::units::display_seconds;
    let why = || format!("looks at {}, and everybody has it after {}", length(window), length(taken));
    (reaches && !holds.is_empty() && taken < window).then(|| why().into())
}

fn seconds(range: &str) -> Option<u64> {
    match range {
        "hour" => Some(3_600),
        "day" => Some(86_400),
        "week" => Some(7 * 86_400),
        "month" => Some(30 * 86_400),
        _ => None,
    }
}

/// The feature that a plan by itself is about; a template is about none, so its own name stands for one.
pub(super) fn feature<'d>(plan: &Field<'d>) -> Option<Feature<'d>> {
    let name = plan.any(&["featureName", "name"])?;
    let feature = Feature::new(name, plan.span())?;
    Some(Feature { is_on: false, ..feature })
}
