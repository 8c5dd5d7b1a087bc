//! Settles what a rollout alone does not say: its service, its environment, its metrics' kinds.

use std::collections::BTreeSet;

use super::plan::Selection;
use crate::collect::File;
use crate::model::{Metric, Rollout};
use crate::policy::{Facets, Policy};

/// Settles service, environment, kind of change and risk of every rollout, and gives metrics the kinds that the policy's
/// `metrics:` name.
///
/// In order: the document's own field or annotation, the policy's `services:`/`environments:` (first match), the usual
/// labels, the object's name (service only).
pub(super) fn settle<'r>(rollouts: impl Iterator<Item = &'r mut Rollout>, files: &[File], policy: &Policy) {
    for rollout in rollouts {
        let path = &*files[rollout.span.file.0 as usize].path;
        if let Some(service) = policy.service_of(path) {
            if rollout.declared.service.is_none() {
                rollout.service.clone_from(&service.name.value);
            }
            rollout.declared.change = rollout.declared.change.or(service.change);
            rollout.declared.risk = rollout.declared.risk.or(service.risk);
            rollout.declared.traffic = rollout.declared.traffic.or(service.traffic);
        }
        if rollout.environment.is_none() {
            let namespace = rollout.id.namespace.as_deref();
            rollout.environment = policy.environment_of(path, namespace).map(Into::into);
        }
        for criterion in &mut rollout.rollback.criteria {
            name_metric(&mut criterion.metric, policy);
        }
        for monitor in &mut rollout.monitors {
            name_metric(&mut monitor.value, policy);
        }
    }
}

/// What scopes and classes look at in `rollout`.
pub fn facets<'r>(rollout: &'r Rollout, files: &'r [File]) -> Facets<'r> {
    Facets {
        environment: rollout.environment.as_deref(),
        service: &rollout.service,
        system: rollout.adapter.id,
        kind: &rollout.id.kind,
        namespace: rollout.id.namespace.as_deref(),
        name: &rollout.id.name,
        labels: &rollout.declared.labels,
        path: &files[rollout.span.file.0 as usize].path,
        change: rollout.declared.change,
        risk: rollout.declared.risk,
    }
}

/// What the policy asks of `rollout`.
pub(super) fn selection(policy: &Policy, rollout: &Rollout, files: &[File]) -> Selection {
    Selection::of(policy, &facets(rollout, files), &rollout.kinds())
}

fn name_metric(metric: &mut Metric, policy: &Policy) {
    if let Some(kind) = policy.metric_kind(&metric.name) {
        metric.kind = kind;
    }
}

/// Of each service the first rollout that can speak for it: one that is judged, no patch, no plain workload and not
/// `silent`.
pub(super) fn service_anchors<'r>(
    rollouts: impl Iterator<Item = &'r Rollout>,
    silent: impl Fn(usize) -> bool,
) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let speaks = |r: &Rollout| r.is_judged() && !r.partial && !r.plain_workload && !r.unplanned;
    let anchors = rollouts.enumerate().filter(|(i, r)| speaks(r) && !silent(*i) && seen.insert(&*r.service));
    anchors.map(|(i, _)| i).collect()
}
