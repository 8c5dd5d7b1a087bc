//! Files of JSON: exports, what clients are given, and release plans.

use std::collections::BTreeMap;

use super::{Environment, Feature, Place, audience, plan, serving};
use crate::adapters::flag;
use crate::adapters::infra::{Field, Template};
use crate::adapters::{Lowering, Object};
use crate::syntax::Node;

/// What a file says beside its flags.
struct Document<'d> {
    /// The environment that it is of.
    environment: Option<&'d str>,
    /// Its segments by their ids.
    segments: BTreeMap<&'d str, Field<'d>>,
    /// The segments of a strategy, where they are written apart from it.
    segments_of: BTreeMap<&'d str, Vec<&'d str>>,
}

/// Where the flags are: an import wraps an export.
pub(super) fn flags(root: Node<'_>) -> Option<Node<'_>> {
    let is_export = |n: &Node<'_>| n.get("featureStrategies").is_some_and(Node::is_seq) && n.get("features").is_some();
    // An empty list of strategies is everybody's; it takes one, or the version, to tell whose it is.
    let is_told = |f: Node<'_>| f.get("strategies").is_some_and(|s| s.items().next().is_some());
    let has_flags = |n: &Node<'_>| {
        let all = || n.get("features").into_iter().flat_map(Node::items).filter(|f| is_feature(*f));
        all().next().is_some() && (n.get("version").is_some() || all().any(is_told))
    };
    let has_events = |n: &Node<'_>| {
        let events = || n.get("events").into_iter().flat_map(Node::items);
        events().any(|e| e.get("feature").is_some_and(is_feature) || has_flags(&e))
    };
    let whole = Some(root).filter(|n| is_export(n) || has_flags(n) || has_events(n));
    whole.or_else(|| root.get("data").filter(is_export))
}

fn is_feature(node: Node<'_>) -> bool {
    let is_strategy = |s: Node<'_>| s.get("name").is_some();
    let listed = node.get("strategies").filter(|s| s.is_seq() && s.items().all(is_strategy));
    node.get("name").is_some() && listed.is_some() && node.get("enabled").is_none_or(Node::is_scalar)
}

pub(super) fn lower(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(root) = flags(object.node) else { return };
    let template = Template::document(root);
    let body = template.body();
    let told = object.node.get("environment").or_else(|| root.path(&["query", "environment"]));
    let mut document =
        Document { environment: told.and_then(Node::text), segments: BTreeMap::new(), segments_of: BTreeMap::new() };
    document.gather(&body);
    match body.get("featureStrategies") {
        Some(strategies) => exported(&document, &body, &strategies, (object, cx)),
        None => given(&document, &body, (object, cx)),
    }
}

/// The plan or the template that the document is.
pub(super) fn lower_plan(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let template = Template::document(object.node);
    let body = template.body();
    let Some(feature) = plan::feature(&body) else { return };
    let environment = body.get("environment").and_then(|e| e.text());
    let document = Document { environment, segments: BTreeMap::new(), segments_of: BTreeMap::new() };
    let place = document.place(feature.key, document.environment(None));
    let mut flag = serving::flag(&feature, &place, cx);
    let stages = plan::stages(&body, &place, cx);
    flag.plan = Some(stages.clone());
    let mut rollout = flag.rollout(object, cx);
    rollout.monitors = plan::safeguards(&body, &stages, &mut rollout.rollback);
    cx.rollout(rollout);
}

impl<'d> Document<'d> {
    fn gather(&mut self, body: &Field<'d>) {
        let events = body.get("events").map(|e| e.items()).unwrap_or_default();
        let lists = events.iter().chain([body]).filter_map(|e| e.get("segments")).flat_map(|s| s.items());
        let updated = events.iter().filter_map(|e| e.get("segment"));
        for segment in lists.chain(updated) {
            if let Some(id) = segment.get("id").and_then(|id| id.text()) {
                self.segments.insert(id, segment);
            }
        }
        for one in body.get("featureStrategySegments").iter().flat_map(Field::items) {
            let text = |key: &str| one.get(key).and_then(|f| f.text());
            if let Some((strategy, segment)) = text("featureStrategyId").zip(text("segmentId")) {
                self.segments_of.entry(strategy).or_default().push(segment);
            }
        }
    }

    fn place<'p>(&'p self, key: &'p str, environment: Environment) -> Place<'d, 'p> {
        let (segments, segments_of) = (&self.segments, &self.segments_of);
        Place { key, environment, segments, segments_of, is_terraform: false }
    }

    /// The environment of a flag: its own, or else the file's. The only one of the open edition is called `default`.
    fn environment(&self, own: Option<&str>) -> Environment {
        match self.environment.or(own) {
            None | Some("default" | ":global:") => Environment::Untold,
            Some(name) => Environment::Named(name.into()),
        }
    }
}

/// What a client is given: strategies stand in their flag. Later events take the place of earlier ones.
fn given<'d>(document: &Document<'d>, body: &Field<'d>, (object, cx): (&Object<'d>, &mut Lowering<'_>)) {
    let events = body.get("events").map(|e| e.items()).unwrap_or_default();
    let hydrated = events.iter().chain([body]).filter_map(|e| e.get("features")).flat_map(|f| f.items());
    let all: Vec<Field<'d>> = hydrated.chain(events.iter().filter_map(|e| e.get("feature"))).collect();
    let name = |f: &Field<'d>| f.get("name").and_then(|n| n.text());
    let last: BTreeMap<_, usize> = all.iter().enumerate().map(|(at, f)| (name(f), at)).collect();
    for (at, field) in all.iter().enumerate() {
        let Some(feature) = field.get("name").and_then(|n| Feature::new(n, field.span())) else { continue };
        if is_archived(field) || last.get(&Some(feature.key)) != Some(&at) {
            continue;
        }
        let strategies = field.get("strategies").filter(|s| s.node.is_seq());
        let feature = Feature {
            enabled: field.get("enabled"),
            strategies_span: strategies.map_or(feature.name_span, |s| s.anchor()),
            strategies: strategies.map(|s| s.items()),
            variants: field.get("variants").map(|v| v.items()).unwrap_or_default(),
            is_lever: is_lever(field),
            ..feature
        };
        for environment in environments(document.environment(None), &feature) {
            hand_in(&feature, &document.place(feature.key, environment), (field, object), cx);
        }
    }
}

/// The environment that is told, else those that the constraints of a flag tell apart, and all others.
fn environments(told: Environment, feature: &Feature<'_>) -> Vec<Environment> {
    let apart = feature.strategies.as_deref().map(audience::environments).unwrap_or_default();
    if told.name().is_some() || apart.is_empty() {
        return vec![told];
    }
    let named = apart.into_iter().map(|name| Environment::Named(name.into()));
    named.chain([Environment::Other]).collect()
}

/// An export: switches and strategies stand apart from the flags, and are joined by name and environment.
fn exported<'d>(
    document: &Document<'d>,
    body: &Field<'d>,
    strategies: &Field<'d>,
    (object, cx): (&Object<'d>, &mut Lowering<'_>),
) {
    let text = |f: &Field<'d>, key: &str| f.get(key).and_then(|v| v.text());
    let mut by_name: BTreeMap<&str, Vec<Field<'d>>> = BTreeMap::new();
    for strategy in strategies.items() {
        by_name.entry(text(&strategy, "featureName").unwrap_or_default()).or_default().push(strategy);
    }
    let listed = body.get("features").map(|f| f.items()).unwrap_or_default();
    let features: BTreeMap<&str, &Field<'d>> = listed.iter().filter_map(|f| Some((text(f, "name")?, f))).collect();
    for switch in body.get("featureEnvironments").iter().flat_map(Field::items) {
        let Some(name) = switch.get("featureName") else { continue };
        let Some(mut feature) = Feature::new(name, switch.span()) else { continue };
        let field = features.get(feature.key);
        if field.is_some_and(|f| is_archived(f)) {
            continue;
        }
        let environment = text(&switch, "environment");
        let here = |s: &&Field<'d>| match text(s, "environment") {
            None | Some(":global:") => true,
            Some(other) => environment.is_none_or(|own| own == other),
        };
        let own = by_name.get(feature.key).into_iter().flatten().filter(here).copied().collect();
        let variants = |f: &Field<'d>| f.get("variants").map(|v| v.items()).unwrap_or_default();
        feature.enabled = switch.get("enabled");
        feature.strategies = Some(own);
        feature.variants = variants(&switch);
        if let Some(field) = field {
            feature.name_span = field.get("name").map_or(feature.name_span, |n| n.span());
            feature.is_lever = is_lever(field);
            if feature.variants.is_empty() {
                feature.variants = variants(field);
            }
        }
        for environment in environments(document.environment(environment), &feature) {
            hand_in(&feature, &document.place(feature.key, environment), (&switch, object), cx);
        }
    }
}

fn is_archived(field: &Field<'_>) -> bool {
    let is_set = field.get("archivedAt").is_some();
    is_set || field.get("archived").and_then(|a| a.boolean()) == Some(true)
}

fn is_lever(field: &Field<'_>) -> bool {
    field.get("type").is_some_and(|t| t.text() == Some("kill-switch"))
}

/// Hands in the flag, with the release plan and the safeguards of `holder`.
fn hand_in(
    feature: &Feature<'_>,
    place: &Place<'_, '_>,
    (holder, object): (&Field<'_>, &Object<'_>),
    cx: &mut Lowering<'_>,
) {
    let mut flag = serving::flag(feature, place, cx);
    let plans = holder.get("releasePlans").map(|p| p.items()).unwrap_or_default();
    let plan = plans.iter().find(|p| p.get("milestones").is_some());
    flag.plan = plan.map(|plan| plan::stages(plan, place, cx)).filter(|stages| !stages.is_empty());
    let mut rollout = flag.rollout(object, cx);
    for holder in plan.into_iter().chain([holder]) {
        let stages = flag.plan.as_deref().unwrap_or_default();
        let monitors = plan::safeguards(holder, stages, &mut rollout.rollback);
        rollout.monitors.extend(monitors);
    }
    if feature.is_lever && rollout.stages().is_empty() {
        cx.forget();
        return;
    }
    flag::hand_in(rollout, cx);
}
