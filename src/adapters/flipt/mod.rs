//! Flipt.

mod boolean;
mod segments;
#[cfg(test)]
mod tests;
mod variant;

use super::flag::{self, Flag, Split, Variation};
use super::nodes::{items, present, text};
use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{Basis, ObjectRef};
use crate::syntax::Node;
use segments::Segments;

declare_adapter! {
    /// ## What is read
    ///
    /// State files of Flipt 1 and 2 in YAML or JSON, streams included: `flags` that are a list, whose members have a
    /// `type` of Flipt's, or `segments` with a match type or constraints of Flipt's. Each flag is a live split: one
    /// moment, whose history in git is the plan.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `namespace`, `namespace.key` | part of the identity, and what the policy's environments may ask for | `default` |
    /// | `flags[].key` | a flag; the way back is to disable it | – |
    /// | `enabled` of a variant flag | `false`: everybody gets the default variant | `false` |
    /// | `enabled` of a boolean flag | what those get whom no rollout picks | `false` |
    /// | `variants[]`, `attachment` | destinations, and what is shipped | – |
    /// | `variants[].default` | the control, and what those get whom no rule picks | the caller's own default |
    /// | `rules[]`, `rollouts[].segment` | rings, in order | no rings |
    /// | a rule or a rollout on a segment without constraints | the rest: nobody is left | – |
    /// | `distributions[].rollout` | shares: parts of their sum, to a tenth of a percent | the default variant, else `match` |
    /// | `threshold.percentage` | share, to a whole percent, rounded up | – |
    /// | `value` of a rollout | what it serves | `false` |
    ///
    /// ## What bites
    ///
    /// - A boolean flag with `enabled: true` and a threshold is on for everybody.
    /// - A rollout without `value` serves `false`.
    /// - A threshold of 0.5 is 1 %. Thresholds count one and the same hash: 10 and then 30 is 30 % together.
    /// - Distributions of 10 and 10 are 50 % each, and a lone one of 5 is everybody. A server from before March 2026 gives
    ///   the others no variant, or the default one.
    /// - The first rule that matches ends it, also one without a distribution: who asks is told that it matched, and that
    ///   alone may switch something on.
    /// - Several segments are joined by OR unless the operator says AND.
    ///
    /// Sources: flipt-io/flipt: `internal/server/evaluation/evaluation.go`, `internal/storage/fs/snapshot.go`,
    /// `core/validation/flipt.cue`, pull request 5581 (parts of their sum).
    ///
    /// ## What it cannot see
    ///
    /// How many people a segment has, and segments of other files, which are taken for a part of everybody. Which files
    /// `.flipt.yml` picks. The environment of a directory, but by the policy. Files that name no type and no segment.
    pub Flipt {
        id: "flipt",
        title: "Flipt",
        summary: "state files with variant and boolean flags",
        kinds: [("flipt", "Features")],
        words: ["match_type", "_FLAG_TYPE", "_MATCH_TYPE", "_COMPARISON_TYPE"],
    }
}

impl Adapter for Flipt {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, _path: &str) -> Option<Object<'d>> {
        let flags = || items(root, "flags").filter(|flag| flag.get("key").is_some_and(Node::is_scalar));
        let typed = |flag: Node<'_>| matches!(text(flag, "type"), "VARIANT_FLAG_TYPE" | "BOOLEAN_FLAG_TYPE");
        let matching = |s: Node<'_>| matches!(text(s, "match_type"), "ALL_MATCH_TYPE" | "ANY_MATCH_TYPE");
        let compares = |s: Node<'_>| items(s, "constraints").any(|c| text(c, "type").ends_with("_COMPARISON_TYPE"));
        let is_segment = |s: Node<'_>| s.get("key").is_some() && (matching(s) || compares(s));
        let is_ours = flags().any(typed) || (flags().next().is_some() && items(root, "segments").any(is_segment));
        is_ours.then(|| Object::document(root, "flipt", "Features", None))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let namespace = present(object.node, "namespace");
        let namespace = namespace.and_then(|n| n.text().or_else(|| n.get("key")?.text()));
        let segments = Segments::of(object.node);
        for flag in items(object.node, "flags") {
            if let Some(key) = present(flag, "key") {
                lower_flag(object, (namespace, key, flag), &segments, cx);
            }
        }
    }
}

fn lower_flag<'d>(
    object: &Object<'d>,
    (namespace, key, node): (Option<&str>, Node<'d>, Node<'d>),
    segments: &Segments<'d>,
    cx: &mut Lowering<'_>,
) {
    let is_boolean = text(node, "type") == "BOOLEAN_FLAG_TYPE";
    let variants = || items(node, "variants");
    let is_default = |v: Node<'_>| v.get("default").and_then(Node::as_bool) == Some(true);
    let mut flag = Flag {
        key: key.text().unwrap_or_default().into(),
        name_span: key.span(),
        span: node.span(),
        environment: None,
        variations: if is_boolean { boolean::variations() } else { variants().map(variation).collect() },
        off: variants().position(is_default).filter(|_| !is_boolean),
        rings: Vec::new(),
        rest: Split::unknown(node.anchor()),
        basis: Basis::Users,
        plan: None,
    };
    variant::looked_at(node, is_boolean, cx);
    if is_boolean {
        boolean::serve(&mut flag, node, segments, cx);
    } else {
        variant::serve(&mut flag, node, segments, cx);
    }
    let mut rollout = flag.rollout(object, cx);
    let place = namespace.filter(|n| !matches!(*n, "" | "default"));
    rollout.id = ObjectRef::new(cx.adapter.id, "Flag", place, &flag.key);
    flag::hand_in(rollout, cx);
}

fn variation(variant: Node<'_>) -> Variation {
    let name = text(variant, "key");
    match present(variant, "attachment") {
        Some(attachment) => Variation::of(name, attachment),
        None => Variation { name: name.into(), is_false: false, ships: Vec::new() },
    }
}
