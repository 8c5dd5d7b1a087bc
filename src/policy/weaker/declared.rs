//! What a policy declares beside rules, as far as rules ask for less because of it.

use std::collections::BTreeSet;

use super::contexts::{Context, takes_in};
use super::keys::{beyond, quoted};
use super::settings::Comparison;
use super::{Weakening, place};
use crate::model::{Metric, MetricKind};
use crate::policy::globs::is_pattern;
use crate::policy::{Environment, Globs, Policy, Service};
use crate::text::Span;

pub(super) fn compare(comparison: &Comparison<'_>) -> Vec<Weakening> {
    let mut all = environments(comparison);
    all.extend(services(comparison));
    all.extend(metrics(comparison.before, comparison.after));
    all
}

fn told(span: Option<Span>, about: String, what: String) -> Weakening {
    Weakening { span, about, what, ends: None }
}

/// An entry that is gone or holds less leaves rollouts outside of the scopes that ask for it; one that holds more takes
/// rollouts into scopes that ask for less.
fn environments(comparison: &Comparison<'_>) -> Vec<Weakening> {
    let (before, after) = (comparison.before, comparison.after);
    let named = |all: &[Environment], name: &str| all.iter().find(|e| *e.name == *name).cloned();
    let place = |name: &str| place::key(after, "environments", Some(name));
    let mut all = Vec::new();
    for old in &before.environments {
        let (name, about) = (&old.name, format!("environments.{}", old.name));
        match named(&after.environments, name) {
            None => all.push(told(place(name), about, format!("environment `{name}` is no longer told apart"))),
            Some(new) => {
                let mut gone = beyond(&old.paths, &new.paths);
                gone.extend(beyond(&old.namespaces, &new.namespaces));
                let what = format!("environment `{name}` no longer holds {}", quoted(&gone));
                all.extend((!gone.is_empty()).then(|| told(place(name), about, what)));
            }
        }
    }
    let none = Globs::default();
    for new in &after.environments {
        let (name, old) = (&new.name, named(&before.environments, &new.name));
        let (paths, namespaces) = old.as_ref().map_or((&none, &none), |old| (&old.paths, &old.namespaces));
        let mut more = beyond(&new.paths, paths);
        more.extend(beyond(&new.namespaces, namespaces));
        let inside = Context::default().with("environment", Some(name));
        if !more.is_empty() && asks_less(comparison, &Context::default(), &inside) {
            let what = format!("environment `{name}`, of which less is asked, newly holds {}", quoted(&more));
            all.push(told(place(name), format!("environments.{name}"), what));
        }
    }
    all
}

/// Does the later policy ask less of the rollouts of `other` than of those of `one`?
fn asks_less(comparison: &Comparison<'_>, one: &Context, other: &Context) -> bool {
    let after = comparison.after;
    !comparison.compare(&one.settings(after), &other.settings(after)).is_empty()
}

fn services(comparison: &Comparison<'_>) -> Vec<Weakening> {
    let (before, after) = (comparison.before, comparison.after);
    let mut all = Vec::new();
    for old in &before.services {
        let name = &*old.name.value;
        let about = format!("services.{name}");
        let Some(new) = after.services.iter().find(|s| *s.name.value == *name) else {
            let what = format!("service `{name}` is no longer named");
            all.push(told(place::key(after, "services", None), about, what));
            continue;
        };
        let span = place_of(after, new);
        let mut gone = beyond(&old.paths, &new.paths);
        gone.extend(beyond(&old.rollouts, &new.rollouts));
        if !gone.is_empty() {
            let what = format!("service `{name}` no longer holds {}", quoted(&gone));
            all.push(told(span, about.clone(), what));
        }
        let differs = old.change != new.change || old.risk != new.risk;
        if differs && asks_less(comparison, &context(old), &context(new)) {
            let what = format!("service `{name}` goes from {} to {}, of which less is asked", sort(old), sort(new));
            all.push(told(span, about, what));
        }
    }
    all
}

fn context(service: &Service) -> Context {
    let change = service.change.map(crate::model::ChangeKind::name);
    let risk = service.risk.map(crate::model::Risk::name);
    Context::default().with("service", Some(&service.name.value)).with("change", change).with("risk", risk)
}

/// What is said of a service's changes, in words.
fn sort(service: &Service) -> String {
    let change = service.change.map_or("no kind of change", crate::model::ChangeKind::name);
    let risk = service.risk.map_or("no", crate::model::Risk::name);
    format!("{change} and {risk} risk")
}

fn place_of(policy: &Policy, service: &Service) -> Option<Span> {
    let span = service.name.span;
    let ours = policy.repository_files().any(|file| file.id == span.file);
    if ours { Some(span) } else { place::key(policy, "services", None) }
}

/// A name that is of another kind than it was leaves the ceilings of its kind.
fn metrics(before: &Policy, after: &Policy) -> Vec<Weakening> {
    let names: BTreeSet<&str> = before.metrics.iter().chain(&after.metrics).flat_map(|m| m.names.texts()).collect();
    let mut all = Vec::new();
    for name in names {
        let (old, new) = (kind(before, name), kind(after, name));
        let what = match (old, new) {
            _ if old == new || old == MetricKind::Custom => continue,
            (_, MetricKind::Custom) => format!("metric `{name}` is no longer taken for {}", old.name()),
            _ => format!("metric `{name}` goes from {} to {}", old.name(), new.name()),
        };
        all.push(told(place::key(after, "metrics", None), format!("metrics.{name}"), what));
    }
    all
}

/// What the policy takes a name or a glob over names for: the first entry that takes it in, else what we take it for.
fn kind(policy: &Policy, name: &str) -> MetricKind {
    let mapped = policy.metrics.iter().find(|entry| takes_in(&entry.names, name)).map(|entry| entry.kind);
    let recognised = || if is_pattern(name) { MetricKind::Custom } else { Metric::recognise(name, "").kind };
    mapped.unwrap_or_else(recognised)
}
