//! PostHog.

mod groups;
#[cfg(test)]
mod tests;

use super::flag::{self, Flag, Split, Variation};
use super::nodes::{items, present, text};
use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::Basis;
use crate::syntax::Node;

declare_adapter! {
    /// ## What is read
    ///
    /// Feature flags of the API saved as JSON: one, a list, the answer of the API (`results`) and the payload of local
    /// evaluation (`flags`). Each flag is a live split: one moment, whose history in git is the plan.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `active: false` | everybody gets `false` | – |
    /// | `deleted: true` | not read | not deleted |
    /// | `filters.groups[].properties` | a ring, in order | everybody |
    /// | `filters.groups[].rollout_percentage` | percent of the group | 100 |
    /// | `filters.groups[].variant` | what the group gets | by the split |
    /// | `filters.multivariate.variants[].rollout_percentage` | percent of those who pass a group | `true` |
    /// | `filters.aggregation_group_type_index`, or a group's own | shares are of tenants | of users |
    /// | `filters.payloads.<variant>` | payload | none |
    ///
    /// The control is the variant called `control`, else `false`.
    ///
    /// ## What bites
    ///
    /// - `rollout_percentage: null` is everybody, and so is none at all; 0 is nobody. No group at all is nobody.
    /// - Who fails the percentage of a group goes on to the next one, and every group draws alike: 10 % and 20 % of
    ///   everybody are 20 %, not 28 %. With `early_exit` the first group that matches ends it.
    /// - Variants that do not reach 100 leave the others with plain `true`.
    /// - A `variant` that is none of the variants is passed over.
    /// - The `rollout_percentage` of the flag itself is a relic: not read.
    ///
    /// Sources: PostHog/posthog-python: `posthog/feature_flags.py`; posthog.com: type reference of a feature flag.
    ///
    /// ## What it cannot see
    ///
    /// How many people a cohort or a group has, and a flag that a group asks for: rings of unknown size. Holdouts and super
    /// groups. Terraform. The environment: it is no part of the format.
    pub PostHog {
        id: "posthog",
        title: "PostHog",
        summary: "feature flags of the API and of local evaluation",
        kinds: [("posthog", "FeatureFlags")],
        words: ["aggregation_group_type_index", "ensure_experience_continuity", "rollout_percentage\":"],
    }
}

impl Adapter for PostHog {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, _path: &str) -> Option<Object<'d>> {
        flags(root).into_iter().any(is_flag).then(|| Object::document(root, "posthog", "FeatureFlags", None))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        for flag in flags(object.node).into_iter().filter(|f| is_flag(*f)) {
            lower_flag(flag, object, cx);
        }
    }
}

/// The flags of a document: itself, or those that it lists.
fn flags(root: Node<'_>) -> Vec<Node<'_>> {
    let listed = ["results", "flags"].iter().find_map(|key| root.get(key).filter(|n| n.is_seq()));
    match listed.or(Some(root).filter(|r| r.is_seq())) {
        Some(list) => list.items().collect(),
        None => vec![root],
    }
}

fn is_flag(node: Node<'_>) -> bool {
    let groups = node.path(&["filters", "groups"]).is_some_and(Node::is_seq);
    groups && !text(node, "key").is_empty() && node.get("active").and_then(Node::as_bool).is_some()
}

fn lower_flag<'d>(node: Node<'d>, object: &Object<'d>, cx: &mut Lowering<'_>) {
    if node.get("deleted").and_then(Node::as_bool) == Some(true) {
        return;
    }
    let (Some(key), Some(filters)) = (node.get("key"), node.get("filters")) else { return };
    let variations = variations(filters);
    let named = variations.iter().position(|v| v.name.eq_ignore_ascii_case("control"));
    let off = variations.len() - 1;
    let mut flag = Flag {
        key: key.text().unwrap_or_default().into(),
        name_span: key.span(),
        span: node.span(),
        environment: None,
        variations,
        off: named.or(Some(off)),
        rings: Vec::new(),
        rest: Split::unknown(key.span()),
        basis: Basis::Users,
        plan: None,
    };
    // Beside a variant called `control`, who gets none is taken to be in it.
    let nothing = if named.is_some() { None } else { Some(off) };
    if node.get("active").and_then(Node::as_bool) == Some(true) {
        groups::read(&mut flag, filters, nothing, cx);
    } else {
        flag.rest = Split::all(nothing, node.get("active").map_or(key.span(), Node::span));
    }
    let rollout = flag.rollout(object, cx);
    flag::hand_in(rollout, cx);
}

/// The variants in their order, then `true` and `false`.
fn variations(filters: Node<'_>) -> Vec<Variation> {
    let payload = |name: &str| filters.get("payloads").and_then(|p| present(p, name));
    let variants = filters.get("multivariate").into_iter().flat_map(|m| items(m, "variants"));
    let named = variants.map(|v| text(v, "key")).chain(["true"]);
    let one = |name: &str| match payload(name) {
        Some(value) => Variation { is_false: false, ..Variation::of(name, value) },
        None => Variation { name: name.into(), is_false: false, ships: Vec::new() },
    };
    let mut all: Vec<Variation> = named.map(one).collect();
    all.push(Variation { name: "false".into(), is_false: true, ships: Vec::new() });
    all
}
