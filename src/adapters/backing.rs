//! What runs behind a router's destinations: a name may come to mean another thing than when people last met it.

use super::{Lowering, Object, World};
use crate::model::{Backing, Labels, ObjectRef, Payload, Rollout};
use crate::syntax::Node;
use crate::text::Span;

/// The pods of one workload, as definitions hold them.
struct Pods {
    name: Box<str>,
    labels: Labels,
    payload: Vec<Payload>,
}

/// The one name under which all pods of a namespace stand.
fn pods(namespace: Option<&str>) -> ObjectRef {
    ObjectRef::new("", "Pods", namespace, "")
}

/// Defines the pods that `object` makes from `template`, for routers that are held against another state of theirs.
pub(super) fn define(object: &Object<'_>, template: Option<Node<'_>>, payload: &[Payload], cx: &mut Lowering<'_>) {
    if !cx.is_comparing() || payload.is_empty() {
        return;
    }
    let labels = template.and_then(|t| t.path(&["metadata", "labels"])).map(labels).unwrap_or_default();
    cx.define_base(pods(object.namespace()), Pods { name: object.name().into(), labels, payload: payload.to_vec() });
}

/// The labels that `node` holds.
pub(super) fn labels(node: Node<'_>) -> Labels {
    node.entries().filter_map(|(k, v)| Some((k.text()?.into(), v.text()?.into()))).collect()
}

/// The labels by which a subset of a service is defined, and where.
pub(super) type Subset<'w> = Option<(&'w Labels, Span)>;

/// Finds what runs behind the destinations of `rollout`; `subset` tells the labels of a host's subset.
pub(super) fn find<'w>(rollout: &mut Rollout, world: &World<'w>, subset: impl Fn(&str, &str) -> Subset<'w>) {
    for destination in rollout.destinations.iter_mut().filter(|d| d.ships.is_empty() && !d.immutable) {
        let (host, version) = match destination.name.split_once('/') {
            Some((host, version)) => (host, Some(version)),
            None => (&*destination.name, None),
        };
        let defined = version.and_then(|version| subset(host, version));
        destination.backing = behind(rollout.id.namespace.as_deref(), (host, version), defined, world);
    }
}

/// The workload whose pods have the labels of the subset and the app of the service; else the one of the usual names.
fn behind(
    namespace: Option<&str>,
    (host, version): (&str, Option<&str>),
    defined: Subset<'_>,
    world: &World<'_>,
) -> Option<Backing> {
    let (service, rest) = host.split_once('.').unwrap_or((host, ""));
    let namespace = rest.split_once(".svc").map(|(namespace, _)| namespace).or(namespace);
    let here = |fits: &dyn Fn(&Pods) -> bool| world.nearest(&pods(namespace), fits);
    if let Some((wanted, span)) = defined.filter(|(labels, _)| !labels.is_empty()) {
        let is_app = |p: &Pods| {
            ["app", "app.kubernetes.io/name"].iter().any(|k| p.labels.get(k).is_some_and(|a| *a == *service))
        };
        let found = here(&|p| is_app(p) && wanted.are_among(&p.labels));
        if !found.is_empty() {
            return Some(of(&found, vec![span]));
        }
    }
    let names = match version {
        Some(version) => vec![format!("{service}-{version}"), version.to_owned()],
        None => vec![service.to_owned()],
    };
    let found = names.iter().map(|name| here(&|p| *p.name == **name)).find(|found| !found.is_empty())?;
    Some(of(&found, Vec::new()))
}

fn of(found: &[&Pods], told_by: Vec<Span>) -> Backing {
    Backing { payload: found.iter().flat_map(|p| p.payload.iter().cloned()).collect(), told_by }
}
