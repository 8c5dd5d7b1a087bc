//! Gateway API routes: a live split per rule.

use super::nodes::items;
use super::split::{Arm, Rule, destinations, mirrored, rule_key, ship, stages, whole_percent};
use super::{Adapter, Lowering, Object, backing};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{Basis, Fact, Progression, Rollout, Share, Stage, Strategy, SubjectKind};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

declare_adapter! {
    /// ## What is read
    ///
    /// `HTTPRoute`, `GRPCRoute`, `TCPRoute`, `TLSRoute` and `UDPRoute` of `gateway.networking.k8s.io` in any version, and
    /// the first `HTTPRoute` (`networking.x-k8s.io`) with its `forwardTo`. One that neither splits the traffic of a
    /// service nor mirrors it is no rollout.
    ///
    /// ## Mapping
    ///
    /// | manifest | model | when absent |
    /// |---|---|---|
    /// | `spec.rules[].backendRefs[].weight` | share of requests: weight over the sum of the rule | 1 |
    /// | `spec.rules[].backendRefs[].{name,namespace}` | the arms | – |
    /// | `spec.rules[].matches[].{headers,queryParams}` | a segment of unknown size | everything |
    /// | `spec.rules[].filters[]` of type `RequestMirror` (a backend's own too) | shadow | – |
    /// | `requestMirror.percent`, `.fraction` | share mirrored | 100 |
    ///
    /// ## What bites
    ///
    /// - A weight left out is 1, not 0: two references without weights are half and half.
    /// - Weights need no fixed total; a single reference takes everything.
    /// - Backends that are different services are a fan-out and no canary.
    /// - Nothing compares a mirror's answers; some implementations ignore mirrors or their percentage.
    /// - A route that a controller rewrites shows its idle state and is judged through its owner.
    ///
    /// Sources: kubernetes-sigs/gateway-api: `apis/v1/httproute_types.go`, `apis/v1/grpcroute_types.go`,
    /// `apis/v1/shared_types.go`.
    ///
    /// ## What it cannot see
    ///
    /// How long a split stands: the file's history in git tells. Whether the implementation honours a mirror.
    pub GatewayApi {
        id: "gateway-api",
        title: "Gateway API",
        summary: "HTTPRoute, GRPCRoute, TCPRoute, TLSRoute, UDPRoute weights and mirrors",
        kinds: [
            ("gateway.networking.k8s.io", "HTTPRoute"),
            ("gateway.networking.k8s.io", "GRPCRoute"),
            ("gateway.networking.k8s.io", "TCPRoute"),
            ("gateway.networking.k8s.io", "TLSRoute"),
            ("gateway.networking.k8s.io", "UDPRoute"),
            ("networking.x-k8s.io", "HTTPRoute"),
        ],
    }
}

/// Weights above this are refused.
const MAX_WEIGHT: u64 = 1_000_000;

impl Adapter for GatewayApi {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let Some(spec) = object.spec() else { return };
        let mut rollout = cx.blank(object, SubjectKind::Workload);
        let stages = route(spec, &mut rollout, cx);
        if stages.is_empty() && rollout.shadow.is_none() && !cx.has_remarks() && !cx.compares(&rollout) {
            return;
        }
        let strategy = if stages.is_empty() && rollout.shadow.is_some() { Strategy::Shadow } else { Strategy::Canary };
        rollout.strategy = Spanned::new(strategy, object.name_span());
        rollout.progression = Progression::Live(stages);
        cx.rollout_after(rollout, |rollout, world| backing::find(rollout, world, |_, _| None));
    }
}

/// The splits of a route; its mirrors go into `rollout`. KServe writes such a route inside of its own kind.
pub(super) fn route(spec: Node<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) -> Vec<Stage> {
    let mut rules = Vec::new();
    for (index, node) in items(spec, "rules").enumerate() {
        let name = node.get("name").and_then(Node::text).map_or_else(|| format!("rules[{index}]"), str::to_owned);
        rules.extend(rule(node, name, rollout, cx));
        mirrors(node, rollout, cx);
    }
    rollout.destinations = destinations(&rules, Basis::Requests);
    stages(&rules, Basis::Requests)
}

fn rule(node: Node<'_>, name: String, rollout: &mut Rollout, cx: &mut Lowering<'_>) -> Option<Rule> {
    // `forwardTo` is how v1alpha1 calls it.
    let key = if node.get("backendRefs").is_none() { "forwardTo" } else { "backendRefs" };
    let backends: Vec<Node<'_>> = items(node, key).collect();
    let arms: Vec<Arm> = backends.iter().filter_map(|b| arm(*b, cx)).collect();
    if arms.is_empty() || arms.len() != backends.len() {
        return None;
    }
    let takes_the_rest = takes_the_rest(node);
    let rule = Rule { name: Some(name), key: rule_key(node, "matches"), arms, takes_the_rest, people: people(node) };
    if rule.is_dead() && rule.arms.len() > 1 {
        let span = node.get(key).map_or(rollout.name_span, Node::anchor);
        let name = rule.name.as_deref().unwrap_or_default();
        let message = format!("all weights of `{name}` are 0, so no backend answers its requests");
        cx.invalid(span, message, "give the stable backend `weight: 100`");
    }
    if rule.is_split() {
        ship(rollout, backends.iter().filter_map(|b| service(*b)));
    }
    Some(rule)
}

fn service(backend: Node<'_>) -> Option<Node<'_>> {
    backend.get("name").or_else(|| backend.get("serviceName"))
}

fn arm(backend: Node<'_>, cx: &mut Lowering<'_>) -> Option<Arm> {
    let service = service(backend).and_then(Node::text)?;
    let weight = cx.read_u64(backend, "weight");
    if let Some(number) = weight.written().filter(|w| **w > MAX_WEIGHT) {
        cx.invalid(
            weight.span(),
            format!("`weight` is {number}; at most {MAX_WEIGHT} is allowed"),
            "write a smaller one",
        );
    }
    let number = if weight.is_absent() { Some(1) } else { weight.known().copied() };
    let span = if weight.is_absent() { backend.span() } else { weight.span() };
    Some(Arm { service: service.to_owned(), version: None, weight: number, span })
}

/// Where a rule's matches pick people (headers, query parameters) and not only paths.
fn people(rule: Node<'_>) -> Option<Span> {
    let picks = items(rule, "matches").any(|m| m.get("headers").is_some() || m.get("queryParams").is_some());
    rule.key("matches").filter(|_| picks).map(Node::span)
}

/// Does a rule match everything? A match without a path is one of the prefix `/`.
fn takes_the_rest(rule: Node<'_>) -> bool {
    let everything = |m: Node<'_>| {
        let text = |key: &str| m.path(&["path", key]).and_then(Node::text);
        let all = matches!(text("type"), None | Some("PathPrefix")) && matches!(text("value"), None | Some("/"));
        all && m.entries().all(|(key, _)| key.text() == Some("path"))
    };
    let mut matches = items(rule, "matches").peekable();
    matches.peek().is_none() || matches.any(everything)
}

fn mirrors(rule: Node<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    let backends = rule.get("backendRefs").into_iter().flat_map(Node::items);
    let holders = std::iter::once(rule).chain(backends);
    let filters = holders.filter_map(|h| h.get("filters")).flat_map(Node::items);
    for mirror in filters.filter_map(|f| f.get("requestMirror")).collect::<Vec<_>>() {
        let share = share(mirror, cx);
        mirrored(rollout, share, mirror.anchor());
    }
}

fn share(mirror: Node<'_>, cx: &mut Lowering<'_>) -> Fact<Share> {
    let percent = whole_percent(mirror, "percent", cx);
    let Some(fraction) = mirror.get("fraction").filter(|f| f.is_map()) else {
        let default = "the Gateway API mirrors everything when neither percent nor fraction is written";
        return percent.or_default(Share::ALL, default);
    };
    if !percent.is_absent() {
        let message = "`percent` and `fraction` are both written, and only one may be";
        cx.invalid(fraction.anchor(), message, "remove one of them").related =
            Some((percent.span(), "the other".into()));
    }
    let numerator = cx.read_u64(fraction, "numerator");
    let denominator = cx.read_u64(fraction, "denominator").or_default(100, "the denominator is 100 when absent");
    if let (Some(part), Some(whole)) = (numerator.known(), denominator.known())
        && (part > whole || *whole == 0)
    {
        let message = format!("the fraction {part}/{whole} is not between 0 and 1");
        cx.invalid(numerator.span(), message, "write a numerator of at most the denominator");
    }
    match denominator.known() {
        Some(whole) => numerator.map(|part| Share::of(part, *whole)),
        None => denominator.map(|_| Share::NONE),
    }
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::lower;
    use crate::model::Share;

    fn route(rules: &str) -> String {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: web}}\nspec:\n  rules:\n{rules}"
        )
    }

    #[test]
    fn a_weight_left_out_is_one() {
        let found = lower(&route("    - backendRefs: [{name: web-v41}, {name: web-v42}]\n"));
        assert_eq!(found[0].stages()[0].share(), Some(Share::from_percent(50.0)));
        let found = lower(&route("    - backendRefs: [{name: web-v41, weight: 90}, {name: web-v42}]\n"));
        assert_eq!(found[0].stages()[0].share(), Some(Share::of(1, 91)));
    }

    #[test]
    fn mirrors_and_their_fractions() {
        let mirror = |more: &str| {
            let filter = format!("{{type: RequestMirror, requestMirror: {{backendRef: {{name: web-v42}}{more}}}}}");
            lower(&route(&format!("    - filters: [{filter}]\n      backendRefs: [{{name: web-v41}}]\n")))
        };
        let share = |more: &str| mirror(more)[0].shadow.as_ref().unwrap().share.known().copied();
        assert_eq!(share(""), Some(Share::ALL));
        assert_eq!(share(", fraction: {numerator: 1, denominator: 1000}"), Some(Share::from_percent(0.1)));
        assert!(mirror(", percent: 0").is_empty());
    }

    #[test]
    fn one_backend_or_different_services_are_no_split() {
        assert!(lower(&route("    - backendRefs: [{name: web, weight: 5}]\n")).is_empty());
        assert!(lower(&route("    - backendRefs: [{name: cart}, {name: checkout}]\n")).is_empty());
    }
}
