//! The workload that a canary takes over, and the objects that Flagger generates for it.

use crate::adapters::Object;
use crate::adapters::nodes::{present, text};
use crate::model::ObjectRef;
use crate::syntax::Node;

/// The workload in `targetRef`.
pub(super) fn target(object: &Object<'_>, spec: Node<'_>) -> Option<ObjectRef> {
    named(object, present(spec, "targetRef")?, "Deployment")
}

fn named(object: &Object<'_>, reference: Node<'_>, kind: &str) -> Option<ObjectRef> {
    let name = reference.get("name").and_then(Node::text)?;
    let api = text(reference, "apiVersion");
    let group = api.split_once('/').map_or("", |(group, _)| group);
    let kind = reference.get("kind").and_then(Node::text).unwrap_or(kind);
    Some(object.neighbour(group, kind, name))
}

/// Routers carry the name of the service, which is the target's where `service.name` is absent. Which router is used may
/// be a flag of the controller, so all of them are named.
const ROUTERS: [(&str, &str); 9] = [
    ("networking.istio.io", "VirtualService"),
    ("networking.istio.io", "DestinationRule"),
    ("gateway.networking.k8s.io", "HTTPRoute"),
    ("split.smi-spec.io", "TrafficSplit"),
    ("traefik.io", "TraefikService"),
    ("traefik.containo.us", "TraefikService"),
    ("projectcontour.io", "HTTPProxy"),
    ("gateway.solo.io", "RouteTable"),
    ("appmesh.k8s.aws", "VirtualService"),
];

/// Everything that Flagger writes for the canary `object`.
pub(super) fn generated(object: &Object<'_>, spec: Node<'_>) -> Vec<ObjectRef> {
    let target = spec.path(&["targetRef", "name"]).and_then(Node::text);
    let service = spec.path(&["service", "name"]).and_then(Node::text).or(target);
    let mut found: Vec<ObjectRef> =
        service.into_iter().flat_map(|s| ROUTERS.map(|(group, kind)| object.neighbour(group, kind, s))).collect();
    let reference = present(spec, "targetRef").and_then(|r| named(object, r, "Deployment"));
    found.extend(reference.map(|r| object.neighbour(&r.group, &r.kind, &format!("{}-primary", r.name))));
    if let Some(ingress) = present(spec, "ingressRef").and_then(|r| named(object, r, "Ingress")) {
        let canary = format!("{}-canary", ingress.name);
        found.push(object.neighbour("networking.k8s.io", "Ingress", &canary));
        found.push(ingress);
    }
    found.extend(present(spec, "routeRef").and_then(|r| named(object, r, "ApisixRoute")));
    found
}
