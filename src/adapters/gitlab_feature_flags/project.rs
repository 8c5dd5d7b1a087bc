//! Flags of projects: strategies of Unleash, each with the environments that it is for.

use std::collections::{BTreeMap, BTreeSet};

use super::members;
use crate::adapters::flag::hand_in;
use crate::adapters::infra::{Field, Template};
use crate::adapters::unleash::{self, Environment, Feature, Place};
use crate::adapters::{Lowering, Object};
use crate::model::ObjectRef;
use crate::syntax::Node;

/// The scope of a strategy that names none.
const EVERYWHERE: &str = "*";

/// The flags of a saved answer.
pub(super) fn flags(root: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let is_flag = |n: &Node<'_>| {
        n.get("version").and_then(Node::text) == Some("new_version_flag")
            && n.get("name").is_some()
            && n.get("strategies").is_none_or(Node::is_seq)
    };
    members(root).filter(is_flag)
}

pub(super) fn lower(object: &Object<'_>, cx: &mut Lowering<'_>) {
    for node in flags(object.node) {
        let template = Template::document(node);
        let body = template.body();
        let Some(feature) = body.get("name").and_then(|n| Feature::new(n, node.span())) else { continue };
        flag(&feature, &body, false, (object, cx));
    }
}

pub(super) fn terraform(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(body) = object.body() else { return };
    let key = body.get("name").and_then(|n| n.text()).unwrap_or_else(|| object.name());
    let feature = Feature::blank(key, object.name_span(), object.node.span());
    flag(&feature, &body, true, (object, cx));
}

/// The flag at `body`, once for each scope.
fn flag<'d>(blank: &Feature<'d>, body: &Field<'d>, is_terraform: bool, (object, cx): (&Object<'_>, &mut Lowering<'_>)) {
    let list = body.any(&["strategies", "strategy"]);
    let strategies = list.map(|s| s.items());
    let told: BTreeSet<&str> = strategies.iter().flatten().flat_map(scopes).collect();
    let everywhere = strategies.as_ref().is_none_or(Vec::is_empty).then_some(EVERYWHERE);
    for scope in told.into_iter().chain(everywhere) {
        let here = |s: &&Field<'d>| scopes(s).iter().any(|own| fits(own, scope));
        let own = strategies.as_ref().map(|all| all.iter().filter(here).copied().collect::<Vec<_>>());
        let feature = Feature {
            enabled: body.get("active"),
            // Without a strategy it is given to no client.
            is_on: own.as_ref().is_none_or(|all| !all.is_empty()),
            strategies_span: list.map_or(blank.name_span, |l| l.anchor()),
            strategies: own,
            ..Feature::blank(blank.key, blank.name_span, blank.span)
        };
        one(&feature, scope, is_terraform, (object, &mut *cx));
    }
}

fn one(feature: &Feature<'_>, scope: &str, is_terraform: bool, (object, cx): (&Object<'_>, &mut Lowering<'_>)) {
    let (segments, segments_of) = (BTreeMap::new(), BTreeMap::new());
    let environment = if scope.contains('*') { Environment::Untold } else { Environment::Named(scope.into()) };
    let place = Place { key: feature.key, environment, segments: &segments, segments_of: &segments_of, is_terraform };
    let mut flag = unleash::flag(feature, &place, cx);
    if !feature.is_on {
        flag.rest = crate::adapters::flag::Split::all(Some(super::OFF), feature.strategies_span);
    }
    let mut rollout = flag.rollout(object, cx);
    if scope != EVERYWHERE {
        rollout.id = ObjectRef::new(cx.adapter.id, "Flag", Some(scope), feature.key);
    }
    hand_in(rollout, cx);
}

/// The scopes of a strategy.
fn scopes<'d>(strategy: &Field<'d>) -> Vec<&'d str> {
    let listed = strategy.any(&["scopes", "scope"]).map(|s| s.items()).unwrap_or_default();
    let named = listed.iter().filter_map(|s| s.get("environment_scope")?.text());
    let all: Vec<&str> = named.collect();
    if all.is_empty() { vec![EVERYWHERE] } else { all }
}

/// Does the scope `pattern` take in all that `scope` does?
fn fits(pattern: &str, scope: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == scope };
    let Some(left) = scope.strip_prefix(start) else { return false };
    match rest.rsplit_once('*') {
        None => left.ends_with(rest),
        Some((middle, end)) => {
            let inner = left.strip_suffix(end);
            inner.is_some_and(|inner| middle.split('*').all(|part| inner.contains(part)))
        }
    }
}
