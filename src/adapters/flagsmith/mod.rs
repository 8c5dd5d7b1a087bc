//! Flagsmith.

mod segment;
mod serving;
mod state;
#[cfg(test)]
mod tests;

use super::flag::{self, Split};
use super::nodes::{items, text};
use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::syntax::Node;
use serving::{Feature, Override};

declare_adapter! {
    /// ## What is read
    ///
    /// Environment documents of the offline mode (`feature_states` and `project`), evaluation contexts of the engine
    /// (`environment`, `features` and `segments`), and lists of flags as the API answers with them. One file is one
    /// environment; each feature is a live split: one moment, whose history in git is the plan.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `enabled: false` | everybody gets the switched-off side; the control, and the way back | off |
    /// | `feature_state_value`, `value` | the value of everybody whom no variant and no segment takes | on |
    /// | `multivariate_feature_state_values`, `variants`: percent | share of each; the rest keeps the value | no variants |
    /// | `identity_overrides` | a ring each | none |
    /// | overrides of segments, the lowest `priority` first | rings where conditions pick people | no rings |
    /// | `PERCENTAGE_SPLIT` without conditions on people | share of everybody | – |
    /// | `property` of a company, an organisation and the like | shares are of tenants | of users |
    /// | `stop_serving_flags` | the caller's own default | off |
    ///
    /// ## What bites
    ///
    /// - The percentage stands in the segment, and what it does in the override: both are joined.
    /// - A percentage beside other conditions under `ALL` is a share of those people; under `ANY` it lets others in beside
    ///   them.
    /// - A feature that is enabled for everybody is not limited by a segment any more.
    /// - Variants need not add up to 100. Those that add up to more are cut off, the weakest priority first.
    /// - Percentages need an identity: without one nobody is in a split segment and nobody gets a variant. Shares are those
    ///   of callers who name one.
    /// - Splits of one segment by one property place people alike; those of two segments are independent.
    ///
    /// Sources: Flagsmith/engine-test-data: `test_cases/`; Flagsmith/flagsmith-python-client:
    /// `tests/data/environment.json`, `flagsmith/mappers.py`. `NONE` of a rule is general knowledge.
    ///
    /// ## What it cannot see
    ///
    /// How many people a segment has. Overrides of a segment that the file does not hold: such shares are undetermined.
    /// Resources of Terraform: `flagsmith_feature_state` and `flagsmith_segment` are not read.
    pub Flagsmith {
        id: "flagsmith",
        title: "Flagsmith",
        summary: "environment documents, evaluation contexts and lists of flags",
        kinds: [("flagsmith", "Flags")],
        words: ["feature_states", "feature_state_value", "Flagsmith/engine-test-data", "segments\":", "segments:"],
    }
}

impl Adapter for Flagsmith {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, _path: &str) -> Option<Object<'d>> {
        let is_ours = is_environment(root) || context(root).is_some() || root.items().next().is_some_and(is_answer);
        is_ours.then(|| Object::document(root, "flagsmith", "Flags", None))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let root = object.node;
        let (features, is_stopped) = match context(root) {
            Some(context) => (of_context(context), false),
            None if is_environment(root) => (of_environment(root), is_stopped(root)),
            None => (of_answers(root), false),
        };
        for mut feature in features {
            let mut flag = serving::flag(&mut feature, cx);
            if is_stopped {
                flag.rings.clear();
                flag.rest = Split::all(None, flag.name_span);
            }
            let rollout = flag.rollout(object, cx);
            flag::hand_in(rollout, cx);
        }
    }
}

fn is_environment(root: Node<'_>) -> bool {
    root.get("feature_states").is_some_and(Node::is_seq) && root.get("project").is_some_and(Node::is_map)
}

fn is_answer(item: Node<'_>) -> bool {
    item.key("feature_state_value").is_some()
        && item.key("enabled").is_some()
        && item.path(&["feature", "name"]).is_some()
}

/// The context of an evaluation: the file, or a test's `context`.
fn context(root: Node<'_>) -> Option<Node<'_>> {
    let tested = text(root, "$schema").contains("Flagsmith/engine-test-data");
    let context = root.get("context").unwrap_or(root);
    let is_feature = |f: Node<'_>| f.key("enabled").is_some() && f.key("value").is_some();
    let mut features = context.get("features")?.entries();
    let is_ours = (tested || context.get("segments").is_some_and(Node::is_map))
        && context.path(&["environment", "key"]).is_some()
        && features.all(|(_, f)| is_feature(f));
    is_ours.then_some(context)
}

fn is_stopped(root: Node<'_>) -> bool {
    let of_organisation = root.path(&["project", "organisation", "stop_serving_flags"]);
    of_organisation.and_then(Node::as_bool) == Some(true)
}

fn of_context<'d>(context: Node<'d>) -> Vec<Feature<'d>> {
    let environment = context.get("environment").map_or("", |e| text(e, "name"));
    let segments = || context.get("segments").into_iter().flat_map(Node::entries);
    let one = |(key, state): (Node<'d>, Node<'d>)| {
        let is_of_it = |o: &Node<'_>| o.get("name").and_then(Node::text) == key.text();
        let of_segment = |segment| {
            let all = items(segment, "overrides").filter(is_of_it);
            all.map(move |state| Override { state, segment: Some(segment), priority: priority(state.get("priority")) })
        };
        let overrides = segments().flat_map(|(_, segment)| of_segment(segment)).collect();
        Feature { name: key, state, overrides, identities: Vec::new(), environment }
    };
    context.get("features").into_iter().flat_map(Node::entries).map(one).collect()
}

fn priority(node: Option<Node<'_>>) -> i64 {
    node.and_then(Node::as_i64).unwrap_or(i64::MAX)
}

fn of_answers(root: Node<'_>) -> Vec<Feature<'_>> {
    let one = |state| {
        let name = state::name(state)?;
        Some(Feature { name, state, overrides: Vec::new(), identities: Vec::new(), environment: "" })
    };
    root.items().filter_map(one).collect()
}

fn of_environment<'d>(root: Node<'d>) -> Vec<Feature<'d>> {
    let segments: Vec<Node<'d>> = root.get("project").into_iter().flat_map(|p| items(p, "segments")).collect();
    let of_priority = |state: Node<'_>| priority(state.path(&["feature_segment", "priority"]));
    let inside = segments.iter().flat_map(|s| items(*s, "feature_states").map(|state| (state, Some(*s))));
    let beside = items(root, "segment_overrides").map(|state| (state, segment_of(state, &segments)));
    let overrides: Vec<(Node<'d>, Option<Node<'d>>)> = inside.chain(beside).collect();
    let same = |a: Node<'_>, b: Node<'_>| state::name(a).and_then(Node::text) == state::name(b).and_then(Node::text);
    let one = |state: Node<'d>| {
        let name = state::name(state)?;
        let of_it = overrides.iter().filter(|(o, _)| same(*o, state));
        let overrides =
            of_it.map(|(state, segment)| Override { state: *state, segment: *segment, priority: of_priority(*state) });
        let pinned = |identity: Node<'d>| {
            let states = items(identity, "identity_features").filter(|s| same(*s, state));
            states.map(move |s| (text(identity, "identifier"), s))
        };
        let identities = items(root, "identity_overrides").flat_map(pinned).collect();
        Some(Feature { name, state, overrides: overrides.collect(), identities, environment: text(root, "name") })
    };
    items(root, "feature_states").filter_map(one).collect()
}

/// The segment that an override is for, by its number.
fn segment_of<'d>(state: Node<'d>, segments: &[Node<'d>]) -> Option<Node<'d>> {
    let places = [state.get("segment_id"), state.get("segment"), state.path(&["feature_segment", "segment"])];
    let id = places.into_iter().flatten().find_map(|n| n.get("id").unwrap_or(n).text())?;
    segments.iter().copied().find(|s| s.get("id").and_then(Node::text) == Some(id))
}
