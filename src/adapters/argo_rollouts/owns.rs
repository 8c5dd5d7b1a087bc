//! The objects whose weights or backends the controller rewrites.

use super::template::{items, present};
use crate::adapters::Object;
use crate::model::ObjectRef;
use crate::syntax::Node;

/// Everything that the router of `canary` rewrites.
pub(super) fn routed(object: &Object<'_>, routing: Node<'_>) -> Vec<ObjectRef> {
    let mut owned = Owned { object, found: Vec::new() };
    owned.istio(routing);
    owned.ingresses(routing);
    owned.others(routing);
    owned.gateway_api(routing);
    owned.found
}

struct Owned<'o, 'd> {
    object: &'o Object<'d>,
    found: Vec<ObjectRef>,
}

impl Owned<'_, '_> {
    fn add(&mut self, group: &str, kind: &str, name: &str) {
        self.found.push(self.object.neighbour(group, kind, name));
    }

    fn istio(&mut self, routing: Node<'_>) {
        let Some(istio) = present(routing, "istio") else { return };
        let one = istio.get("virtualService").into_iter();
        for name in one.chain(items(istio, "virtualServices")).filter_map(|v| v.get("name")?.text()) {
            // `name.namespace` names one in another namespace.
            let (name, namespace) = match name.split_once('.') {
                Some((name, namespace)) => (name, Some(namespace)),
                None => (name, self.object.namespace()),
            };
            self.found.push(ObjectRef::new("networking.istio.io", "VirtualService", namespace, name));
        }
        if let Some(name) = istio.path(&["destinationRule", "name"]).and_then(Node::text) {
            self.add("networking.istio.io", "DestinationRule", name);
        }
    }

    fn ingresses(&mut self, routing: Node<'_>) {
        let mut stable: Vec<&str> = Vec::new();
        if let Some(nginx) = present(routing, "nginx") {
            stable.extend(nginx.get("stableIngress").and_then(Node::text));
            let more = ["additionalStableIngresses", "stableIngresses"].into_iter().flat_map(|k| items(nginx, k));
            stable.extend(more.filter_map(Node::text));
            for name in stable.clone() {
                let canary = format!("{}-{name}-canary", self.object.name());
                self.add("networking.k8s.io", "Ingress", &canary);
            }
        }
        if let Some(alb) = present(routing, "alb") {
            stable.extend(alb.get("ingress").and_then(Node::text));
            stable.extend(items(alb, "ingresses").filter_map(Node::text));
        }
        for name in stable {
            for group in ["networking.k8s.io", "extensions"] {
                self.add(group, "Ingress", name);
            }
        }
    }

    fn others(&mut self, routing: Node<'_>) {
        if let Some(smi) = present(routing, "smi") {
            let name = smi.get("trafficSplitName").and_then(Node::text).unwrap_or(self.object.name());
            self.add("split.smi-spec.io", "TrafficSplit", name);
        }
        if let Some(name) = routing.path(&["traefik", "weightedTraefikServiceName"]).and_then(Node::text) {
            for group in ["traefik.io", "traefik.containo.us"] {
                self.add(group, "TraefikService", name);
            }
        }
        if let Some(name) = routing.path(&["apisix", "route", "name"]).and_then(Node::text) {
            self.add("apisix.apache.org", "ApisixRoute", name);
        }
        for name in routing.get("ambassador").into_iter().flat_map(|a| items(a, "mappings")).filter_map(Node::text) {
            self.add("getambassador.io", "Mapping", name);
        }
    }

    fn gateway_api(&mut self, routing: Node<'_>) {
        let plugins = present(routing, "plugins").into_iter().flat_map(Node::entries);
        let gateways = plugins.filter(|(k, _)| k.text().is_some_and(|k| k.ends_with("gatewayAPI")));
        for (_, config) in gateways {
            let namespace = config.get("namespace").and_then(Node::text).or(self.object.namespace());
            for (one, many, kind) in [
                ("httpRoute", "httpRoutes", "HTTPRoute"),
                ("grpcRoute", "grpcRoutes", "GRPCRoute"),
                ("tcpRoute", "tcpRoutes", "TCPRoute"),
                ("tlsRoute", "tlsRoutes", "TLSRoute"),
            ] {
                let name = config.get(one).and_then(Node::text);
                let names = items(config, many).filter_map(|r| r.get("name")?.text());
                for name in name.into_iter().chain(names) {
                    self.found.push(ObjectRef::new("gateway.networking.k8s.io", kind, namespace, name));
                }
            }
        }
    }
}
