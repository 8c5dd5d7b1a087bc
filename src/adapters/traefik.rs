//! Traefik: weighted and mirroring services.

use super::nodes::items;
use super::split::{Arm, Rule, destinations, mirrored, rule_key, ship, stages, whole_percent};
use super::{Adapter, Lowering, Object, backing};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{Basis, Progression, Rollout, Strategy, SubjectKind};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

declare_adapter! {
    /// ## What is read
    ///
    /// `TraefikService` (weighted, highest random weight, mirroring) and `IngressRoute` of `traefik.io` and of the old group
    /// `traefik.containo.us`. One that neither splits the traffic of a service nor mirrors it is no rollout.
    ///
    /// ## Mapping
    ///
    /// | manifest | model | when absent |
    /// |---|---|---|
    /// | `spec.weighted.services[].weight`, `spec.highestRandomWeight.services[].weight` | share of requests: weight over the sum | 1 |
    /// | `spec.weighted.sticky` | the share is of users | requests |
    /// | `spec.routes[].services[].weight` (IngressRoute) | share of requests per route | 1 |
    /// | `spec.routes[].match` with a header, a query parameter or an address | a segment of unknown size | everything |
    /// | `spec.mirroring.mirrors[].percent` | share mirrored | 0: nothing is mirrored |
    ///
    /// ## What bites
    ///
    /// - A weight left out is 1, as in the Gateway API and unlike Istio.
    /// - A mirror's percent left out is 0, unlike Istio and the Gateway API: the shadow gets nothing.
    /// - Nothing compares a mirror's answers.
    /// - Argo Rollouts rewrites the service it names: that one is judged through its owner.
    ///
    /// Sources: traefik/traefik: `pkg/provider/kubernetes/crd/traefikio/v1alpha1/service.go`,
    /// `pkg/provider/kubernetes/crd/kubernetes_http.go`.
    ///
    /// ## What it cannot see
    ///
    /// How long a split stands: the file's history in git tells. A mirroring service behind a weighted one of another file
    /// is read on its own.
    pub Traefik {
        id: "traefik",
        title: "Traefik",
        summary: "TraefikService and IngressRoute weights and mirrors",
        kinds: [
            ("traefik.io", "TraefikService"),
            ("traefik.containo.us", "TraefikService"),
            ("traefik.io", "IngressRoute"),
            ("traefik.containo.us", "IngressRoute"),
        ],
    }
}

impl Adapter for Traefik {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let Some(spec) = object.spec() else { return };
        let mut rollout = cx.blank(object, SubjectKind::Workload);
        let mut found = Vec::new();
        for kind in ["weighted", "highestRandomWeight"] {
            let Some(block) = spec.get(kind) else { continue };
            let sticky = block.path(&["sticky", "cookie"]).is_some() || kind != "weighted";
            let basis = if sticky { Basis::Users } else { Basis::Requests };
            let rule = rule(block, None, &mut rollout, cx);
            rollout.destinations.extend(destinations(rule.as_slice(), basis));
            found.extend(stages(rule.as_slice(), basis));
        }
        let routes: Vec<Rule> = items(spec, "routes")
            .enumerate()
            .filter_map(|(index, route)| rule(route, Some(format!("routes[{index}]")), &mut rollout, cx))
            .collect();
        rollout.destinations.extend(destinations(&routes, Basis::Requests));
        found.extend(stages(&routes, Basis::Requests));
        mirrors(spec, &mut rollout, cx);
        if found.is_empty() && rollout.shadow.is_none() && !cx.has_remarks() && !cx.compares(&rollout) {
            return;
        }
        let idle = found.is_empty() && (rollout.shadow.is_some() || rollout.destinations.is_empty());
        let strategy = if idle { Strategy::Shadow } else { Strategy::Canary };
        rollout.strategy = Spanned::new(strategy, object.name_span());
        rollout.progression = Progression::Live(found);
        cx.rollout_after(rollout, |rollout, world| backing::find(rollout, world, |_, _| None));
    }
}

fn rule(holder: Node<'_>, name: Option<String>, rollout: &mut Rollout, cx: &mut Lowering<'_>) -> Option<Rule> {
    let services: Vec<Node<'_>> = items(holder, "services").collect();
    let arms: Vec<Arm> = services.iter().filter_map(|s| arm(*s, cx)).collect();
    if arms.is_empty() || arms.len() != services.len() {
        return None;
    }
    let takes_the_rest = takes_the_rest(holder);
    let rule = Rule { name, key: rule_key(holder, "match"), arms, takes_the_rest, people: people(holder) };
    if rule.is_split() {
        ship(rollout, services.iter().filter_map(|s| s.get("name")));
    }
    Some(rule)
}

/// Where a route's match picks people by a header, a query parameter or an address.
fn people(route: Node<'_>) -> Option<Span> {
    let text = route.get("match").and_then(Node::text)?;
    let picks = ["Header(", "HeaderRegexp(", "Headers(", "HeadersRegexp(", "Query(", "QueryRegexp(", "ClientIP("];
    route.get("match").filter(|_| picks.iter().any(|p| text.contains(p))).map(Node::span)
}

/// Does a route take whatever comes for its host?
fn takes_the_rest(route: Node<'_>) -> bool {
    let Some(text) = route.get("match").and_then(Node::text) else { return true };
    let narrows = ["Path(", "PathPrefix(", "PathRegexp(", "Method("];
    text.contains("PathPrefix(`/`)") || !narrows.iter().any(|n| text.contains(n))
}

fn arm(service: Node<'_>, cx: &mut Lowering<'_>) -> Option<Arm> {
    let name = service.get("name").and_then(Node::text)?;
    let weight = cx.read_u64(service, "weight");
    let number = if weight.is_absent() { Some(1) } else { weight.known().copied() };
    let span = if weight.is_absent() { service.span() } else { weight.span() };
    Some(Arm { service: name.to_owned(), version: None, weight: number, span })
}

fn mirrors(spec: Node<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    for mirror in spec.path(&["mirroring", "mirrors"]).into_iter().flat_map(Node::items) {
        let share = whole_percent(mirror, "percent", cx);
        if share.is_absent() {
            let name = mirror.get("name");
            let span = name.unwrap_or(mirror).span();
            let shown = name.and_then(Node::text).unwrap_or("this mirror");
            let message = format!("`{shown}` gets no traffic: a mirror without `percent` mirrors 0%");
            cx.ignored(span, message, "write `percent: 100`, or the share you want");
            continue;
        }
        mirrored(rollout, share, mirror.get("name").unwrap_or(mirror).span());
    }
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::lower;
    use crate::model::{RemarkKind, Share};

    fn service(spec: &str) -> String {
        format!("apiVersion: traefik.io/v1alpha1\nkind: TraefikService\nmetadata: {{name: web}}\nspec:\n{spec}")
    }

    #[test]
    fn a_weight_left_out_is_one() {
        let found = lower(&service("  weighted:\n    services: [{name: web-v41, weight: 10}, {name: web-v42}]\n"));
        assert_eq!(found[0].stages()[0].share(), Some(Share::of(1, 11)));
    }

    #[test]
    fn a_mirror_without_percent_gets_nothing() {
        let found = lower(&service("  mirroring:\n    name: web-v41\n    mirrors: [{name: web-v42}]\n"));
        assert_eq!(found[0].remarks[0].kind, RemarkKind::Ignored);
        assert!(found[0].shadow.is_none());
        let found = lower(&service("  mirroring:\n    name: web-v41\n    mirrors: [{name: web-v42, percent: 10}]\n"));
        assert_eq!(found[0].shadow.as_ref().unwrap().share.known(), Some(&Share::from_percent(10.0)));
    }
}
