//! Flags of Terraform, by the provider of philips-labs.

use std::collections::BTreeMap;

use super::{Environment, Feature, Place, serving};
use crate::adapters::flag;
use crate::adapters::infra::Field;
use crate::adapters::{Lowering, Object};

const ASSIGNMENT: (&str, &str) = ("terraform", "unleash_strategy_assignment");

/// `unleash_feature_v2`: a flag with its environments.
pub(super) fn whole(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(body) = object.body() else { return };
    let is_lever = body.get("type").is_some_and(|t| t.text() == Some("kill-switch"));
    let key = body.get("name").and_then(|n| n.text()).unwrap_or_else(|| object.name());
    let variants = body.get("variant").map(|v| v.items()).unwrap_or_default();
    for environment in body.get("environment").iter().flat_map(Field::items) {
        let strategies = environment.get("strategy");
        let feature = Feature {
            is_on: true,
            enabled: environment.get("enabled"),
            strategies_span: strategies.map_or_else(|| environment.span(), |s| s.span()),
            strategies: Some(strategies.map(|s| s.items()).unwrap_or_default()),
            variants: variants.clone(),
            is_lever,
            ..Feature::blank(key, object.name_span(), environment.span())
        };
        hand_in(&feature, named(environment.get("name")), object, cx);
    }
}

/// `unleash_feature_enabling`: the switch, whose strategies are resources of their own.
pub(super) fn switch(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(body) = object.body() else { return };
    let (name, environment) = (body.get("FeatureName"), body.get("environment"));
    let definition = name.and_then(|n| n.resource());
    let definition_body = definition.as_ref().and_then(Object::body);
    let known = definition_body.and_then(|d| d.get("name")).and_then(|n| n.text());
    let key = name.and_then(|n| n.text()).or(known).or_else(|| definition.as_ref().map(Object::name));
    let neighbours = object.neighbours(&[ASSIGNMENT]);
    let same = |one: Option<Field<'_>>, other: Option<Field<'_>>| {
        one.and_then(|f| f.as_written()) == other.and_then(|f| f.as_written())
    };
    let mut strategies: Vec<Field<'_>> = neighbours.iter().filter_map(Object::body).collect();
    strategies.retain(|s| {
        same(s.get("FeatureName"), name) && same(s.get("environment"), environment) && s.get("StrategyName").is_some()
    });
    let variants = definition_body.and_then(|d| d.get("variant")).map(|v| v.items()).unwrap_or_default();
    let feature = Feature {
        is_on: true,
        enabled: body.get("enabled"),
        // It cannot be enabled without strategies: if there are none here, they are elsewhere.
        strategies: Some(strategies).filter(|s| !s.is_empty()),
        variants,
        is_lever: definition_body.and_then(|d| d.get("type")).is_some_and(|t| t.text() == Some("kill-switch")),
        ..Feature::blank(key.unwrap_or_else(|| object.name()), object.name_span(), object.node.span())
    };
    hand_in(&feature, named(environment), object, cx);
}

fn named(environment: Option<Field<'_>>) -> Environment {
    let name = environment.and_then(|e| e.text()).filter(|name| *name != "default");
    name.map_or(Environment::Untold, |name| Environment::Named(name.into()))
}

fn hand_in(feature: &Feature<'_>, environment: Environment, object: &Object<'_>, cx: &mut Lowering<'_>) {
    let (segments, segments_of) = (BTreeMap::new(), BTreeMap::new());
    let place =
        Place { key: feature.key, environment, segments: &segments, segments_of: &segments_of, is_terraform: true };
    let rollout = serving::flag(feature, &place, cx).rollout(object, cx);
    if feature.is_lever && rollout.stages().is_empty() {
        cx.forget();
        return;
    }
    flag::hand_in(rollout, cx);
}
