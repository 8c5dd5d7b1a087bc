//! Metrics held against the control: worse, by a statistical test. No number stands in the object.

use crate::adapters::nodes::{items, present, text};
use crate::model::{Action, Criterion, CriterionClass, Evaluated, Fact, Hold, Metric, Stage, StageRange, units};
use crate::syntax::Node;
use crate::text::Spanned;

/// Criteria, and what is watched.
type Guards = (Vec<Criterion>, Vec<Spanned<Metric>>);

/// The guards of a ramp schedule.
pub(super) fn of_schedule(root: Node<'_>, stages: &[Stage]) -> Guards {
    let Some(config) = present(root, "monitoringConfig") else { return Guards::default() };
    let watched: Vec<usize> = items(root, "steps")
        .enumerate()
        .filter(|(_, s)| s.get("monitored").and_then(Node::as_bool) == Some(true))
        .map(|(index, _)| index)
        .collect();
    let covers = match (watched.first(), watched.last()) {
        (Some(first), Some(last)) => StageRange { first: *first, last: *last },
        (None, _) | (_, None) => StageRange::ALL,
    };
    let acts = action(text(config, "guardrailAction"), Action::Rollback);
    let mut criteria: Vec<Criterion> =
        items(config, "guardrailMetricIds").map(|id| criterion(id, acts, covers)).collect();
    criteria.extend(items(config, "signalMetricIds").map(|id| criterion(id, Action::Pause, covers)));
    let monitors = if watched.is_empty() { Vec::new() } else { monitors(&criteria) };
    for (key, what) in HEALTH {
        if let Some(node) = present(config, key).filter(|n| n.text() == Some("rollback")) {
            criteria.push(Criterion { covers, ..Criterion::opaque(what, what, covers, node.span()) });
        }
    }
    let late = too_late(config, &watched, stages);
    for criterion in &mut criteria {
        if watched.is_empty() {
            criterion.evaluated = Evaluated::No("no step is monitored".into());
        }
        criterion.cannot_fire.clone_from(&late);
    }
    (criteria, monitors)
}

/// Checks of the experiment itself that may end the ramp.
const HEALTH: [(&str, &str); 3] = [
    ("srmAction", "sample ratio mismatch"),
    ("noTrafficAction", "no traffic"),
    ("multipleExposureAction", "multiple exposures"),
];

/// The guards of a safe rollout.
pub(super) fn of_safe_rollout(root: Node<'_>) -> Guards {
    let acts = root.get("autoRollback").and_then(Node::as_bool) == Some(true);
    let action = if acts { Action::Rollback } else { Action::Notify };
    let criteria: Vec<Criterion> =
        items(root, "guardrailMetricIds").map(|id| criterion(id, action, StageRange::ALL)).collect();
    let monitors = monitors(&criteria);
    (criteria, monitors)
}

fn monitors(criteria: &[Criterion]) -> Vec<Spanned<Metric>> {
    criteria.iter().map(|c| Spanned::new(c.metric.clone(), c.span)).collect()
}

fn action(text: &str, default: Action) -> Action {
    match text {
        "rollback" => Action::Rollback,
        "hold" => Action::Pause,
        "warn" => Action::Notify,
        _ => default,
    }
}

fn criterion(id: Node<'_>, action: Action, covers: StageRange) -> Criterion {
    let name = id.text().unwrap_or("metric");
    Criterion {
        metric: Metric::recognise(name, ""),
        class: CriterionClass::Statistical,
        action,
        ..Criterion::opaque(name, "worse than the control", covers, id.span())
    }
}

/// Why metrics say nothing before the step that they watch is over: they are looked at more seldom than it lasts.
fn too_late(config: Node<'_>, watched: &[usize], stages: &[Stage]) -> Option<(Box<str>, crate::text::Span)> {
    let every = present(config, "updateScheduleMinutes")?;
    let seconds = u64::try_from(every.as_i64()?).ok()?.saturating_mul(60);
    let longest = |index: &usize| match stages.get(*index)?.hold {
        Fact::Stated(ref hold) => match hold.value {
            Hold::Timed(seconds) => Some(seconds),
            Hold::None => Some(0),
            Hold::Ramp(_) | Hold::Gated | Hold::Unknown => None,
        },
        Fact::Defaulted { .. } | Fact::Absent { .. } | Fact::Dynamic { .. } => None,
    };
    let holds = watched.iter().map(longest).collect::<Option<Vec<u64>>>()?;
    let longest = holds.into_iter().max()?;
    let length = units::display_seconds;
    let why = format!("looks every {}, and no monitored step lasts longer than {}", length(seconds), length(longest));
    (longest < seconds).then(|| (why.into(), every.span()))
}
