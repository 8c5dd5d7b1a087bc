//! Gateway API routes: a live split per rule.

use super::split::{Arm, candidates, is_one_service};
use super::{Adapter, Lowering, Object, payload};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{
    Audience, Basis, Comparer, Fact, Progression, Rollout, Shadow, Share, Stage, Strategy, SubjectKind,
};
use crate::syntax::Node;
use crate::text::Spanned;

declare_adapter! {
    /// ## What is read
    ///
    /// `HTTPRoute`, `GRPCRoute`, `TCPRoute`, `TLSRoute` and `UDPRoute` of `gateway.networking.k8s.io` in any version. One that
    /// neither splits the traffic of a service nor mirrors it is no rollout.
    ///
    /// ## Mapping
    ///
    /// | manifest | model | when absent |
    /// |---|---|---|
    /// | `spec.rules[].backendRefs[].weight` | share of requests: weight over the sum of the rule | 1 |
    /// | `spec.rules[].backendRefs[].{name,namespace}` | the arms | – |
    /// | `spec.rules[].matches[].{headers,queryParams}` with one other backend | a segment of unknown size | everything |
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
        let rules: Vec<Node<'_>> = spec.get("rules").into_iter().flat_map(Node::items).collect();
        let mut stages = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            let name = rule.get("name").and_then(Node::text).map_or_else(|| format!("rules[{index}]"), str::to_owned);
            stages.extend(split(*rule, &name, &mut rollout, cx));
            mirrors(*rule, &mut rollout, cx);
        }
        stages.extend(segments(&rules));
        if stages.is_empty() && rollout.shadow.is_none() && !cx.has_remarks() {
            return;
        }
        let strategy = if stages.is_empty() && rollout.shadow.is_some() { Strategy::Shadow } else { Strategy::Canary };
        rollout.strategy = Spanned::new(strategy, object.name_span());
        rollout.progression = Progression::Live(stages);
        cx.rollout(rollout);
    }
}

fn split(rule: Node<'_>, name: &str, rollout: &mut Rollout, cx: &mut Lowering<'_>) -> Vec<Stage> {
    let backends: Vec<Node<'_>> = rule.get("backendRefs").into_iter().flat_map(Node::items).collect();
    let arms: Vec<Arm> = backends.iter().filter_map(|b| arm(*b, cx)).collect();
    if arms.len() < 2 || arms.len() != backends.len() || !is_one_service(&arms) {
        return Vec::new();
    }
    if arms.iter().all(|a| a.weight == Some(0)) {
        let span = rule.get("backendRefs").map_or(rollout.name_span, Node::anchor);
        let message = format!("all weights of `{name}` are 0, so its requests are answered with an error");
        cx.invalid(span, message, "give the stable backend `weight: 100`");
        return Vec::new();
    }
    rollout.payload.extend(backends.iter().filter_map(|b| b.get("name")).filter_map(payload));
    candidates(&arms, Some(name), Basis::Requests)
}

fn arm(backend: Node<'_>, cx: &mut Lowering<'_>) -> Option<Arm> {
    let service = backend.get("name").and_then(Node::text)?;
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

/// Rules with a match on people that send all they match to another version than the rule for the rest does.
fn segments(rules: &[Node<'_>]) -> Vec<Stage> {
    let lone = |rule: &Node<'_>| {
        let mut backends = rule.get("backendRefs")?.items();
        let first = backends.next()?;
        if backends.next().is_some() {
            return None;
        }
        Some((first.get("name").and_then(Node::text)?.to_owned(), first.span()))
    };
    let rest = rules.iter().filter(|r| !selects_people(**r)).find_map(lone);
    let Some((stable, _)) = rest else { return Vec::new() };
    let targeted = rules.iter().filter(|r| selects_people(**r)).filter_map(|rule| {
        let (service, span) = lone(rule)?;
        let arm = |service: &str| Arm { service: service.to_owned(), version: None, weight: Some(1), span };
        let arms = [arm(&stable), arm(&service)];
        (service != stable && is_one_service(&arms)).then(|| segment(*rule, &arms[1]))
    });
    targeted.collect()
}

fn selects_people(rule: Node<'_>) -> bool {
    let mut matches = rule.get("matches").into_iter().flat_map(Node::items);
    matches.any(|m| m.get("headers").is_some() || m.get("queryParams").is_some())
}

fn segment(rule: Node<'_>, arm: &Arm) -> Stage {
    let anchor = rule.key("matches").map_or(arm.span, Node::span);
    let mut stage = super::live_stage(Fact::Absent { near: anchor }, anchor);
    stage.name = Some(arm.label().into());
    stage.audience = Some(Audience { name: "matched requests".into(), size: None, customers: false });
    stage
}

fn mirrors(rule: Node<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    let backends = rule.get("backendRefs").into_iter().flat_map(Node::items);
    let holders = std::iter::once(rule).chain(backends);
    let filters = holders.filter_map(|h| h.get("filters")).flat_map(Node::items);
    for mirror in filters.filter_map(|f| f.get("requestMirror")).collect::<Vec<_>>() {
        let share = share(mirror, cx);
        if rollout.shadow.is_some() || share.known() == Some(&Share::NONE) {
            continue;
        }
        let duration = Fact::Absent { near: mirror.anchor() };
        rollout.shadow = Some(Shadow { share, duration, comparer: Comparer::Nothing, span: mirror.anchor() });
    }
}

fn share(mirror: Node<'_>, cx: &mut Lowering<'_>) -> Fact<Share> {
    let percent = cx.read_f64(mirror, "percent");
    let Some(fraction) = mirror.get("fraction").filter(|f| f.is_map()) else {
        let default = "the Gateway API mirrors everything when neither percent nor fraction is written";
        return percent.map(Share::from_percent).or_default(Share::ALL, default);
    };
    if !percent.is_absent() {
        let message = "`percent` and `fraction` are both written, and only one may be";
        cx.invalid(fraction.anchor(), message, "remove one of them").related =
            Some((percent.span(), "the other".into()));
    }
    let numerator = cx.read_u64(fraction, "numerator");
    let denominator = cx.read_u64(fraction, "denominator").or_default(100, "the denominator is 100 when absent");
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
