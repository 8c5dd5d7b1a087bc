//! Istio VirtualService: a live split per rule.

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
    /// `VirtualService` of `networking.istio.io` in any version: its `http`, `tcp` and `tls` rules. One that neither splits
    /// the traffic of a service nor mirrors it is no rollout.
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
        kinds: [("networking.istio.io", "VirtualService")],
    }
}

impl Adapter for Istio {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let Some(spec) = object.spec() else { return };
        let mut rollout = cx.blank(object, SubjectKind::Workload);
        rollout.rollback.anchor = object.name_span();
        let mut stages = Vec::new();
        for protocol in ["http", "tcp", "tls"] {
            for (index, rule) in spec.get(protocol).into_iter().flat_map(Node::items).enumerate() {
                let name = rule_name(protocol, index, rule);
                stages.extend(split(rule, &name, &mut rollout, cx));
                mirror(rule, &mut rollout, cx);
            }
        }
        stages.extend(segments(spec));
        if stages.is_empty() && rollout.shadow.is_none() && !cx.has_remarks() {
            return;
        }
        let strategy = if stages.is_empty() && rollout.shadow.is_some() { Strategy::Shadow } else { Strategy::Canary };
        rollout.strategy = Spanned::new(strategy, object.name_span());
        rollout.progression = Progression::Live(stages);
        cx.rollout(rollout);
    }
}

fn rule_name(protocol: &str, index: usize, rule: Node<'_>) -> String {
    rule.get("name").and_then(Node::text).map_or_else(|| format!("{protocol}[{index}]"), str::to_owned)
}

fn split(rule: Node<'_>, name: &str, rollout: &mut Rollout, cx: &mut Lowering<'_>) -> Vec<Stage> {
    let routes: Vec<Node<'_>> = rule.get("route").into_iter().flat_map(Node::items).collect();
    if routes.len() < 2 {
        return Vec::new();
    }
    let arms: Vec<Arm> = routes.iter().filter_map(|route| arm(*route, cx)).collect();
    if arms.len() != routes.len() {
        return Vec::new();
    }
    if arms.iter().all(|a| a.weight == Some(0)) {
        let span = rule.get("route").map_or(rollout.name_span, Node::anchor);
        let message = format!("all weights of `{name}` are 0, so no destination gets traffic and Istio refuses it");
        cx.invalid(span, message, "give the stable destination `weight: 100`");
        return Vec::new();
    }
    if !is_one_service(&arms) {
        return Vec::new();
    }
    let destinations =
        routes.iter().filter_map(|r| r.path(&["destination", "subset"]).or_else(|| r.path(&["destination", "host"])));
    rollout.payload.extend(destinations.filter_map(payload));
    candidates(&arms, Some(name), Basis::Requests)
}

fn arm(route: Node<'_>, cx: &mut Lowering<'_>) -> Option<Arm> {
    let destination = route.get("destination")?;
    let host = destination.get("host").and_then(Node::text)?;
    let subset = destination.get("subset").and_then(Node::text);
    let weight = cx.read_u64(route, "weight");
    let number = match &weight {
        Fact::Absent { .. } => Some(0),
        Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Dynamic { .. } => weight.known().copied(),
    };
    let span = if weight.is_absent() { destination.span() } else { weight.span() };
    Some(Arm { service: host.to_owned(), version: subset.map(str::to_owned), weight: number, span })
}

/// A rule with a match on headers or the like that sends everybody it matches to another version than the rule for the
/// rest does: a segment whose size nobody can read here.
fn segments(spec: Node<'_>) -> Vec<Stage> {
    let rules: Vec<Node<'_>> = spec.get("http").into_iter().flat_map(Node::items).collect();
    let lone = |rule: Node<'_>| {
        let mut routes = rule.get("route")?.items();
        let first = routes.next()?;
        if routes.next().is_some() {
            return None;
        }
        let destination = first.get("destination")?;
        let host = destination.get("host").and_then(Node::text)?;
        Some((host.to_owned(), destination.get("subset").and_then(Node::text).map(str::to_owned), destination.span()))
    };
    let rest = rules.iter().filter(|r| !selects_people(**r)).find_map(|r| lone(*r));
    let Some((host, subset, _)) = rest else { return Vec::new() };
    let differs = |rule: &&Node<'_>| selects_people(**rule);
    let targeted = rules.iter().filter(differs).filter_map(|rule| {
        let (other, version, span) = lone(*rule)?;
        let arms = [
            Arm { service: host.clone(), version: subset.clone(), weight: Some(1), span },
            Arm { service: other, version, weight: Some(1), span },
        ];
        let other = &arms[1];
        ((other.service != host || other.version != subset) && is_one_service(&arms)).then(|| segment(*rule, other))
    });
    targeted.collect()
}

/// Does a rule's match pick people (headers, cookies, query parameters) and not only paths?
fn selects_people(rule: Node<'_>) -> bool {
    let matches = rule.get("match").into_iter().flat_map(Node::items);
    matches
        .into_iter()
        .any(|m| ["headers", "queryParams", "sourceLabels", "withoutHeaders"].iter().any(|k| m.get(k).is_some()))
}

fn segment(rule: Node<'_>, arm: &Arm) -> Stage {
    let anchor = rule.key("match").map_or(arm.span, Node::span);
    let mut stage = super::live_stage(Fact::Absent { near: anchor }, anchor);
    stage.name = Some(arm.label().into());
    stage.audience = Some(Audience { name: "matched requests".into(), size: None, customers: false });
    stage
}

fn mirror(rule: Node<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    let percent_of = |parent: Node<'_>, key: &str, cx: &mut Lowering<'_>| {
        let node = parent.get(key).filter(|n| n.is_map());
        node.map_or(Fact::Absent { near: parent.anchor() }, |n| cx.read_f64(n, "value"))
    };
    let mut found: Vec<(Node<'_>, Fact<f64>)> = Vec::new();
    if let Some(target) = rule.get("mirror") {
        let mut percent = percent_of(rule, "mirrorPercentage", cx);
        for old in ["mirrorPercent", "mirror_percent"] {
            if percent.is_absent() {
                percent = cx.read_f64(rule, old);
            }
        }
        found.push((target, percent));
    }
    for target in rule.get("mirrors").into_iter().flat_map(Node::items) {
        found.push((target, percent_of(target, "percentage", cx)));
    }
    for (target, percent) in found {
        if percent.known() == Some(&0.0) || rollout.shadow.is_some() {
            continue;
        }
        let share = percent
            .map(Share::from_percent)
            .or_default(Share::ALL, "Istio mirrors everything when no percentage is written");
        let duration = Fact::Absent { near: target.anchor() };
        rollout.shadow = Some(Shadow { share, duration, comparer: Comparer::Nothing, span: target.anchor() });
    }
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
        assert!(lower(&service("    - route: [{destination: {host: web, subset: canary}, weight: 5}]\n")).is_empty());
        let rules =
            "    - route: [{destination: {host: web, subset: stable}}]\n      mirror: {host: web, subset: canary}\n";
        let found = lower(&service(rules));
        let shadow = found[0].shadow.as_ref().unwrap();
        assert_eq!(shadow.share.known(), Some(&Share::ALL));
    }

    #[test]
    fn fan_out_by_path_is_no_canary() {
        let rules = "    - route:\n        - {destination: {host: cart}, weight: 50}\n        - {destination: {host: checkout}, weight: 50}\n";
        assert!(lower(&service(rules)).is_empty());
    }
}
