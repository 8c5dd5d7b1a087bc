//! Istio VirtualService: a live split per rule.

use super::nodes::items;
use super::split::{Arm, Rule, destinations, mirrored, rule_key, ship, stages};
use super::{Adapter, Lowering, Object, World, backing};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{Basis, Fact, Labels, ObjectRef, Progression, Rollout, Share, Strategy, SubjectKind, Unresolved};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

declare_adapter! {
    /// ## What is read
    ///
    /// `VirtualService` of `networking.istio.io` in any version: its `http`, `tcp` and `tls` rules. One that neither splits
    /// the traffic of a service nor mirrors it is no rollout. `DestinationRule` for the subsets it defines; it is no
    /// rollout either, and its `outlierDetection` ejects pods and takes no version back.
    ///
    /// ## Mapping
    ///
    /// | manifest | model | when absent |
    /// |---|---|---|
    /// | `spec.http[].route[].weight` (`tcp`, `tls` likewise) | share of requests: weight over the sum of the rule | 0; a lone destination takes all |
    /// | `spec.http[].route[].destination.{host,subset}` | the arms | – |
    /// | `spec.http[].match` with one other destination | a segment of unknown size | everything |
    /// | `spec.http[].mirror`, `mirrors[]` | shadow | – |
    /// | `mirrorPercentage.value`, `mirrorPercent`, `percentage.value` | share mirrored | 100 |
    ///
    /// ## What bites
    ///
    /// - Weights are proportional: 1 and 1 is half and half, not one percent.
    /// - A weight left out among several is 0; a single destination gets everything whatever its weight.
    /// - Two destinations that are different services are a fan-out and no canary: one host with several subsets, or names
    ///   that differ only in a version, are.
    /// - Nothing compares a mirror's answers: no comparison can be written here.
    /// - A subset that no DestinationRule of its host defines answers with 503: a typo is an outage for its share.
    /// - A VirtualService that a Rollout or a Canary rewrites shows its idle state and is judged there.
    ///
    /// Sources: istio/api: `networking/v1alpha3/virtual_service.proto`; istio/istio: `pkg/config/validation/validation.go`.
    ///
    /// ## What it cannot see
    ///
    /// How long a split stands: the file's history in git tells. How many users a match selects.
    pub Istio {
        id: "istio",
        title: "Istio",
        summary: "VirtualService weights and mirrors",
        kinds: [("networking.istio.io", "VirtualService"), ("networking.istio.io", "DestinationRule")],
    }
}

impl Adapter for Istio {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let Some(spec) = object.spec() else { return };
        if object.kind == "DestinationRule" {
            return define(object, spec, cx);
        }
        let mut rollout = cx.blank(object, SubjectKind::Workload);
        let mut rules = Vec::new();
        for protocol in ["http", "tcp", "tls"] {
            for (index, node) in items(spec, protocol).enumerate() {
                rules.extend(rule(node, rule_name(protocol, index, node), &mut rollout, cx));
                mirror(node, &mut rollout, cx);
            }
        }
        let stages = stages(&rules, Basis::Requests);
        rollout.destinations = destinations(&rules, Basis::Requests);
        if stages.is_empty() && rollout.shadow.is_none() && !cx.has_remarks() && !cx.compares(&rollout) {
            return;
        }
        let strategy = if stages.is_empty() && rollout.shadow.is_some() { Strategy::Shadow } else { Strategy::Canary };
        rollout.strategy = Spanned::new(strategy, object.name_span());
        rollout.progression = Progression::Live(stages);
        let named = named(object, spec);
        cx.rollout_after(rollout, move |rollout, world| {
            look_up(&named, rollout, world);
            let namespace = rollout.id.namespace.clone();
            backing::find(rollout, world, |host, subset| defined(namespace.as_deref(), host, subset, world));
        });
    }
}

/// The subsets that a DestinationRule defines for its host: name, labels, and where.
struct Subsets(Vec<(Box<str>, Labels, Span)>);

/// The DestinationRule of a host, whatever its own name: hosts of a cluster are told by service and namespace.
fn rule_of(namespace: Option<&str>, host: &str) -> ObjectRef {
    let (service, namespace) = match host.strip_suffix(".svc.cluster.local").and_then(|h| h.split_once('.')) {
        Some((service, namespace)) => (service, Some(namespace)),
        None => (host, namespace),
    };
    ObjectRef::new("networking.istio.io", "DestinationRule", namespace, service)
}

fn define(object: &Object<'_>, spec: Node<'_>, cx: &mut Lowering<'_>) {
    let Some(host) = spec.get("host").and_then(Node::text) else { return };
    let subset = |s: Node<'_>| {
        let labels = s.get("labels").map(backing::labels).unwrap_or_default();
        Some((s.get("name")?.text()?.into(), labels, s.span()))
    };
    let subsets = items(spec, "subsets").filter_map(subset).collect();
    cx.define(rule_of(object.namespace(), host), Subsets(subsets));
}

/// A subset that a route or a mirror names.
struct Named {
    rule: ObjectRef,
    subset: Box<str>,
    span: Span,
}

fn named(object: &Object<'_>, spec: Node<'_>) -> Vec<Named> {
    let rules = ["http", "tcp", "tls"].into_iter().flat_map(|protocol| items(spec, protocol));
    let destinations = rules.flat_map(|rule| {
        let routes = items(rule, "route").chain(items(rule, "mirrors")).filter_map(|r| r.get("destination"));
        routes.chain(rule.get("mirror"))
    });
    let named = destinations.filter_map(|d| {
        let (host, subset) = (d.get("host")?.text()?, d.get("subset")?);
        Some(Named { rule: rule_of(object.namespace(), host), subset: subset.text()?.into(), span: subset.span() })
    });
    named.filter(|n| !super::is_template(&n.subset)).collect()
}

/// Where the host's rules are in the checked set, a subset that none of them defines leads nowhere.
fn look_up(named: &[Named], rollout: &mut Rollout, world: &World<'_>) {
    for one in named {
        let rules = world.all::<Subsets>(&one.rule);
        if !rules.is_empty() && !rules.iter().any(|r| r.0.iter().any(|(name, ..)| *name == one.subset)) {
            rollout.unresolved.push(Unresolved {
                kind: "subset".into(),
                name: format!("{}/{}", one.rule.name, one.subset).into(),
                span: one.span,
                because: "so its requests fail with 503",
            });
        }
    }
}

/// The labels of a host's subset, where the checked set defines it.
fn defined<'w>(namespace: Option<&str>, host: &str, subset: &str, world: &World<'w>) -> backing::Subset<'w> {
    let rules = world.all::<Subsets>(&rule_of(namespace, host));
    let found = rules.into_iter().flat_map(|r| &r.0).find(|(name, ..)| **name == *subset);
    found.map(|(_, labels, span)| (labels, *span))
}

fn rule_name(protocol: &str, index: usize, rule: Node<'_>) -> String {
    rule.get("name").and_then(Node::text).map_or_else(|| format!("{protocol}[{index}]"), str::to_owned)
}

fn rule(node: Node<'_>, name: String, rollout: &mut Rollout, cx: &mut Lowering<'_>) -> Option<Rule> {
    let routes: Vec<Node<'_>> = items(node, "route").collect();
    let arms: Vec<Arm> = routes.iter().filter_map(|route| arm(*route, cx)).collect();
    if arms.len() != routes.len() || arms.is_empty() {
        return None;
    }
    let takes_the_rest = takes_the_rest(node);
    let rule = Rule { name: Some(name), key: rule_key(node, "match"), arms, takes_the_rest, people: people(node) };
    if rule.is_dead() && rule.arms.len() > 1 {
        let span = node.get("route").map_or(rollout.name_span, Node::anchor);
        let name = rule.name.as_deref().unwrap_or_default();
        let message = format!("all weights of `{name}` are 0, so no destination gets traffic and Istio refuses it");
        cx.invalid(span, message, "give the stable destination `weight: 100`");
    }
    if let [Arm { weight: Some(weight @ 1..100), span, .. }] = rule.arms[..] {
        let message = format!("`weight: {weight}` is ignored: the only destination of a rule gets all of its traffic");
        cx.ignored(span, message, "add the stable destination with the rest of the weight, or remove `weight`");
    }
    if rule.is_split() {
        let destinations = routes.iter().filter_map(|r| r.get("destination"));
        ship(rollout, destinations.filter_map(|d| d.get("subset").or_else(|| d.get("host"))));
    }
    Some(rule)
}

fn arm(route: Node<'_>, cx: &mut Lowering<'_>) -> Option<Arm> {
    let destination = route.get("destination")?;
    let host = destination.get("host").and_then(Node::text)?;
    let subset = destination.get("subset").and_then(Node::text);
    let weight = cx.read_u64(route, "weight");
    let number = if weight.is_absent() { Some(0) } else { weight.known().copied() };
    let span = if weight.is_absent() { destination.span() } else { weight.span() };
    Some(Arm { service: host.to_owned(), version: subset.map(str::to_owned), weight: number, span })
}

/// Where a rule's match picks people (headers, cookies, query parameters) and not only paths.
fn people(rule: Node<'_>) -> Option<Span> {
    let keys = ["headers", "queryParams", "sourceLabels", "withoutHeaders"];
    let picks = items(rule, "match").any(|m| keys.iter().any(|k| m.get(k).is_some()));
    rule.key("match").filter(|_| picks).map(Node::span)
}

/// Does a rule match everything?
fn takes_the_rest(rule: Node<'_>) -> bool {
    let everything = |m: Node<'_>| {
        let all = m.path(&["uri", "prefix"]).and_then(Node::text) == Some("/");
        all && m.entries().all(|(key, _)| matches!(key.text(), Some("uri" | "name")))
    };
    let mut matches = items(rule, "match").peekable();
    matches.peek().is_none() || matches.any(everything)
}

fn mirror(rule: Node<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    let mut found: Vec<(Node<'_>, Fact<f64>)> = Vec::new();
    if let Some(target) = rule.get("mirror") {
        let mut percent = value(rule, "mirrorPercentage", cx);
        for old in ["mirrorPercent", "mirror_percent"] {
            if percent.is_absent() {
                percent = cx.read(rule, old, PERCENT, percentage);
            }
        }
        if let Some(several) = rule.get("mirrors").filter(|m| m.items().next().is_some()) {
            let message = "`mirror` and `mirrors` are both written, and only one may be";
            cx.invalid(several.anchor(), message, "remove one of them").related =
                Some((target.anchor(), "the other".into()));
        }
        found.push((target, percent));
    }
    for target in items(rule, "mirrors") {
        found.push((target, value(target, "percentage", cx)));
    }
    for (target, percent) in found {
        let share = percent
            .map(Share::from_percent)
            .or_default(Share::ALL, "Istio mirrors everything when no percentage is written");
        mirrored(rollout, share, target.anchor());
    }
}

const PERCENT: &str = "a percentage from 0 to 100";

fn percentage(node: Node<'_>) -> Option<f64> {
    node.as_f64().filter(|p| (0.0..=100.0).contains(p))
}

/// `value` of a percentage, which is a mapping.
fn value(parent: Node<'_>, key: &str, cx: &mut Lowering<'_>) -> Fact<f64> {
    let Some(node) = parent.get(key).filter(|n| !n.is_null()) else { return Fact::Absent { near: parent.anchor() } };
    if !node.is_map() {
        return cx.take(node, key, "a mapping such as `{value: 10}`", |_| None);
    }
    cx.read(node, "value", PERCENT, percentage)
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::lower;
    use crate::model::Share;

    fn service(rules: &str) -> String {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: web}}\nspec:\n  hosts: [web]\n  http:\n{rules}"
        )
    }

    #[test]
    fn shares_are_weights_over_their_sum() {
        let rules = "    - route:\n        - {destination: {host: web, subset: stable}, weight: 1}\n        - {destination: {host: web, subset: canary}, weight: 1}\n";
        let found = lower(&service(rules));
        assert_eq!(found[0].stages()[0].share(), Some(Share::from_percent(50.0)));
    }

    #[test]
    fn a_lone_destination_is_no_split_and_a_mirror_is_a_shadow() {
        assert!(lower(&service("    - route: [{destination: {host: web, subset: canary}}]\n")).is_empty());
        let rules =
            "    - route: [{destination: {host: web, subset: stable}}]\n      mirror: {host: web, subset: canary}\n";
        let found = lower(&service(rules));
        let shadow = found[0].shadow.as_ref().unwrap();
        assert_eq!(shadow.share.known(), Some(&Share::ALL));
    }

    #[test]
    fn a_percentage_is_a_mapping_within_a_hundred() {
        let rules = |percentage: &str| {
            service(&format!(
                "    - route: [{{destination: {{host: web, subset: stable}}}}]\n      mirror: {{host: web, subset: canary}}\n      mirrorPercentage: {percentage}\n"
            ))
        };
        assert!(lower(&rules("{value: 0.0}")).is_empty());
        assert_eq!(lower(&rules("{value: 0.1}"))[0].shadow.as_ref().unwrap().share.known().unwrap().ppm(), 1000);
        for wrong in ["10", "{value: 120}"] {
            assert_eq!(lower(&rules(wrong))[0].remarks.len(), 1, "{wrong}");
        }
    }

    #[test]
    fn the_weight_of_a_lone_destination_is_ignored() {
        let found = lower(&service("    - route: [{destination: {host: web, subset: canary}, weight: 5}]\n"));
        assert_eq!(found[0].remarks[0].kind, crate::model::RemarkKind::Ignored);
        assert!(lower(&service("    - route: [{destination: {host: web, subset: v1}, weight: 100}]\n")).is_empty());
    }

    #[test]
    fn subsets_are_those_of_the_hosts_rules() {
        let rules = "    - route:\n        - {destination: {host: web, subset: v1}, weight: 95}\n        - {destination: {host: web, subset: v2}, weight: 5}\n";
        let with = |host: &str, subsets: &str| {
            let rule = format!(
                "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: any}}\nspec: {{host: {host}, subsets: {subsets}}}\n"
            );
            lower(&format!("{}{rule}", service(rules)))[0].unresolved.len()
        };
        assert_eq!(with("web", "[{name: v1}, {name: v2}]"), 0);
        assert_eq!(with("web.prod.svc.cluster.local", "[{name: v1}]"), 1);
        assert_eq!(with("other", "[]"), 0);
    }

    #[test]
    fn of_several_mirrors_the_largest_counts() {
        let rules = "    - route: [{destination: {host: web}}]\n      mirrors: [{destination: {host: web-a}, percentage: {value: 1}}, {destination: {host: web-b}}]\n";
        assert_eq!(lower(&service(rules))[0].shadow.as_ref().unwrap().share.known(), Some(&Share::ALL));
    }

    #[test]
    fn fan_out_by_path_is_no_canary() {
        let rules = "    - route:\n        - {destination: {host: cart}, weight: 50}\n        - {destination: {host: checkout}, weight: 50}\n";
        assert!(lower(&service(rules)).is_empty());
    }
}
