//! From a spec to its rollouts: one for each environment that a rule names, and one for all others.

use super::counting::{Gates, Served, place, serve};
use super::schedule;
use super::spec::{Sort, Spec, percent};
use crate::adapters::flag::{self, Flag, basis_of};
use crate::adapters::infra::Field;
use crate::adapters::{Lowering, Object};
use crate::model::{Basis, Metric};
use crate::text::Spanned;

/// Hands in what `spec` is in each environment.
pub(super) fn hand_in(spec: &Spec<'_>, gates: &Gates<'_, '_>, object: &Object<'_>, cx: &mut Lowering<'_>) {
    let is_template = spec.field.get("IsTemplate").and_then(|t| t.boolean()) == Some(true);
    if is_template || spec.field.get("type").and_then(|t| t.text()) == Some("TEMPLATE") {
        return;
    }
    for rule in &spec.rules {
        cx.field(&rule.field, &["passPercentage", "pass_percentage"], "a number of percent, from 0 to 100", percent);
    }
    let all: Vec<_> = environments(spec).into_iter().map(|e| (e, serve(spec, e, gates))).collect();
    never_tried(spec, &all, cx);
    for (environment, served) in all {
        one(spec, environment, served, (object, cx));
    }
}

/// Every environment that a rule names, and `None` for the others where a rule is tried there.
fn environments<'d>(spec: &Spec<'d>) -> Vec<Option<&'d str>> {
    let mut named: Vec<Option<&str>> = Vec::new();
    for name in spec.rules.iter().flat_map(|rule| rule.scope.named()) {
        if !named.contains(&Some(name)) {
            named.push(Some(name));
        }
    }
    if named.is_empty() || spec.rules.iter().any(|rule| rule.scope.holds_in(None)) {
        named.push(None);
    }
    named
}

fn one(
    spec: &Spec<'_>,
    environment: Option<&str>,
    served: Served<'_, '_>,
    (object, cx): (&Object<'_>, &mut Lowering<'_>),
) {
    let mut flag = Flag {
        key: spec.key.into(),
        name_span: spec.name_span,
        span: spec.field.span(),
        environment: environment.map(Into::into),
        variations: spec.variations.clone(),
        off: spec.control,
        rings: served.rings,
        rest: served.rest,
        basis: basis(&spec.field, served.by.map(|rule| &rule.field)),
        plan: None,
    };
    let planned = served.by.filter(|rule| rule.conditions.is_empty()).and_then(|rule| schedule::read(rule, &flag, cx));
    let start = planned.and_then(|planned| {
        flag.plan = Some(planned.stages);
        planned.start
    });
    let mut rollout = flag.rollout(object, cx);
    rollout.schedule = start;
    for metric in spec.field.get("MonitoringMetrics").iter().flat_map(Field::items) {
        if let Some(name) = metric.get("name").and_then(|n| Some((n.text()?, n.span()))) {
            rollout.monitors.push(Spanned::new(Metric::recognise(name.0, ""), name.1));
        }
    }
    flag::hand_in(rollout, cx);
}

/// What the shares are shares of: the rule's own unit, else that of the whole.
fn basis(spec: &Field<'_>, rule: Option<&Field<'_>>) -> Basis {
    basis_of(rule.map(unit).filter(|u| !u.is_empty()).unwrap_or_else(|| unit(spec)))
}

fn unit<'d>(field: &Field<'d>) -> &'d str {
    field.get("IdType").and_then(|i| i.text()).unwrap_or_default()
}

/// Rules that would serve something and that nobody comes to, in no environment.
fn never_tried(spec: &Spec<'_>, all: &[(Option<&str>, Served<'_, '_>)], cx: &mut Lowering<'_>) {
    if spec.sort == Sort::Experiment {
        // Its rules are written by Statsig, which leaves some behind that it does not need.
        return;
    }
    for rule in spec.rules.iter().filter(|r| r.variation != spec.control && r.percent != Some(0.0)) {
        let mut taken = None;
        let mut always = true;
        for (_, served) in all.iter().filter(|(e, _)| rule.scope.holds_in(*e)) {
            match served.never.iter().find(|(never, _)| std::ptr::eq(*never, rule)) {
                Some((_, by)) => taken = Some(*by),
                None => always = false,
            }
        }
        let Some(by) = taken.filter(|_| always && !rule.conditions.is_empty()) else { continue };
        let name = |rule: &super::spec::Rule<'_>| match rule.name {
            Some(name) => format!("the rule `{name}`"),
            None => format!("the rule for {}", super::condition::spelled(&rule.conditions).name),
        };
        let before = if by.conditions.is_empty() && by.name.is_none() { "a rule".to_owned() } else { name(by) };
        let message = format!("{} is never tried: {before} before it picks everybody", name(rule));
        cx.ignored(place(rule), message, "move the narrower rule up, or remove it").related =
            Some((place(by), "this rule picks everybody".into()));
    }
}
