//! What the containers of Skaffold's `verify` hold their measurements against.

use super::{GROUP, Object, World};
use crate::adapters::Lowering;
use crate::adapters::nodes::{items, present};
use crate::model::units::Unit;
use crate::model::{Bound, Comparison, Criterion, CriterionClass, Fact, Metric, ObjectRef, Rollout, StageRange};
use crate::syntax::Node;

/// The name under which every configuration defines its own: the nearest one is a pipeline's.
fn verify() -> ObjectRef {
    ObjectRef::new(GROUP, "Skaffold", None, "verify")
}

/// The numbers among the arguments.
struct Verify(Vec<Criterion>);

pub(super) fn define(object: &Object<'_>, cx: &mut Lowering<'_>) {
    if present(object.node, "verify").is_none() {
        return;
    }
    let containers = items(object.node, "verify").filter_map(|v| v.path(&["container", "args"]));
    cx.define(verify(), Verify(containers.flat_map(Node::items).filter_map(bounded).collect()));
}

/// `--max-error-percentage=15`: at most, or with `min` at least, so much.
fn bounded(argument: Node<'_>) -> Option<Criterion> {
    let text = argument.text()?;
    let (flag, value) = text.strip_prefix("--")?.split_once('=')?;
    let number: f64 = value.trim().trim_end_matches('%').parse().ok().filter(|n: &f64| n.is_finite())?;
    let (side, measured) = flag.split_once('-')?;
    let comparison = match side {
        "max" => Comparison::Above,
        "min" => Comparison::Below,
        _ => return None,
    };
    let is_percent = value.ends_with('%') || flag.contains("percent");
    let unit = if is_percent { Unit::Percent } else { Unit::None };
    let span = argument.span();
    Some(Criterion {
        metric: Metric::recognise(&measured.replace("percentage", "rate"), ""),
        class: CriterionClass::Absolute,
        comparison: Some(comparison),
        bound: Fact::stated(Bound { number, unit }, span),
        ..Criterion::opaque("", text, StageRange::ALL, span)
    })
}

/// Puts the numbers in the place of the opaque criteria that stand for them.
pub(super) fn apply(rollout: &mut Rollout, world: &World<'_>) {
    let Some(found) = world.find::<Verify>(&verify()) else { return };
    rollout.unresolved.retain(|u| &*u.kind != "Skaffold");
    if found.0.is_empty() {
        return;
    }
    let standing = std::mem::take(&mut rollout.rollback.criteria);
    for criterion in standing {
        if &*criterion.metric.name != "verify" {
            rollout.rollback.criteria.push(criterion);
            continue;
        }
        let told = found.0.iter().map(|number| Criterion {
            action: criterion.action,
            evaluated: criterion.evaluated.clone(),
            covers: criterion.covers,
            via: Some(criterion.span),
            ..number.clone()
        });
        rollout.rollback.criteria.extend(told);
    }
}
