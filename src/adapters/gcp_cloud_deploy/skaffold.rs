//! What the containers of Skaffold's `verify` hold their measurements against.

use std::collections::BTreeMap;

use super::{Field, GROUP, Object, World};
use crate::adapters::Lowering;
use crate::adapters::nodes::{items, present};
use crate::model::units::Unit;
use crate::model::{Bound, Comparison, Criterion, CriterionClass, Fact, Metric, ObjectRef, Rollout, StageRange};
use crate::syntax::Node;

/// What is said to be missing while no configuration is found.
pub(super) const KIND: &str = "Skaffold";

/// The name under which every configuration defines its own: the nearest one is a pipeline's.
fn verify() -> ObjectRef {
    ObjectRef::new(GROUP, "Skaffold", None, "verify")
}

/// The profiles of Skaffold that are switched on; `None` is one that nobody can know.
pub(super) type Profiles = Vec<Option<Box<str>>>;

/// The `profiles` that `parent` names.
pub(super) fn profiles(parent: &Field<'_>) -> Profiles {
    let all = parent.get("Profiles").map(|p| p.items()).unwrap_or_default();
    all.iter().map(|profile| profile.text().map(Into::into)).collect()
}

/// One configuration: the numbers among the arguments of its `verify`, and of those that its profiles put in its place.
struct Skaffold {
    own: Option<Vec<Criterion>>,
    profiles: BTreeMap<Box<str>, Vec<Criterion>>,
}

impl Skaffold {
    fn verifies(&self) -> bool {
        self.own.is_some() || !self.profiles.is_empty()
    }

    /// What is run under `profiles`; `None` where nobody can know.
    fn under<'s>(&'s self, profiles: impl Iterator<Item = &'s Option<Box<str>>>) -> Option<&'s [Criterion]> {
        let mut run = self.own.as_deref().unwrap_or_default();
        for profile in profiles.filter(|_| !self.profiles.is_empty()) {
            run = self.profiles.get(profile.as_ref()?).map_or(run, |own| own);
        }
        Some(run)
    }
}

pub(super) fn define(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let numbers = |parent: Node<'_>| {
        present(parent, "verify").map(|_| {
            let containers = items(parent, "verify").filter_map(|v| v.path(&["container", "args"]));
            containers.flat_map(Node::items).filter_map(bounded).collect::<Vec<_>>()
        })
    };
    let named = items(object.node, "profiles").filter_map(|p| Some((p.get("name")?.text()?.into(), numbers(p)?)));
    cx.define(verify(), Skaffold { own: numbers(object.node), profiles: named.collect() });
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

/// Puts the numbers in the place of the opaque criteria that stand for them. `profiles` are those of the target, `by_phase`
/// those that each phase adds.
pub(super) fn apply(rollout: &mut Rollout, profiles: &Profiles, by_phase: &[Profiles], world: &World<'_>) {
    let stands = |c: &Criterion| &*c.metric.name == "verify" && c.comparison.is_none();
    if !rollout.rollback.criteria.iter().any(stands) {
        return;
    }
    let nearest = world.nearest::<Skaffold>(&verify(), Skaffold::verifies);
    if nearest.is_empty() {
        return;
    }
    let is_nearest = world.nearest::<Skaffold>(&verify(), |_| true).iter().any(|s| s.verifies());
    let of_phase = |at: usize| profiles.iter().chain(by_phase.get(at).into_iter().flatten());
    let mut told = Vec::new();
    for criterion in &rollout.rollback.criteria {
        if !stands(criterion) {
            told.push(criterion.clone());
            continue;
        }
        let mut runs = nearest.iter().map(|s| s.under(of_phase(criterion.covers.first)));
        let first = runs.next().flatten().filter(|_| is_nearest);
        let Some(first) = first.filter(|first| runs.all(|run| run.is_some_and(|run| alike(run, first)))) else {
            return several(rollout);
        };
        told.extend(in_place_of(criterion, first));
    }
    rollout.unresolved.retain(|u| &*u.kind != KIND);
    rollout.rollback.criteria = told;
}

/// Several configurations say different things, and which one a release takes is said on a command line.
fn several(rollout: &mut Rollout) {
    for unresolved in rollout.unresolved.iter_mut().filter(|u| &*u.kind == KIND) {
        unresolved.kind = "a single nearest Skaffold".into();
    }
}

/// Do two configurations hold their measurements against the same numbers?
fn alike(one: &[Criterion], other: &[Criterion]) -> bool {
    let says = |c: &Criterion| (c.metric.name.clone(), c.comparison, c.bound.known().cloned());
    one.iter().map(says).eq(other.iter().map(says))
}

/// What a container of `verify` decides, in numbers; without numbers it stays opaque.
fn in_place_of(criterion: &Criterion, numbers: &[Criterion]) -> Vec<Criterion> {
    if numbers.is_empty() {
        return vec![criterion.clone()];
    }
    let told = numbers.iter().map(|number| Criterion {
        action: criterion.action,
        evaluated: criterion.evaluated.clone(),
        covers: criterion.covers,
        via: Some(criterion.span),
        ..number.clone()
    });
    told.collect()
}
