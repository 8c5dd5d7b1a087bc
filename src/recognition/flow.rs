//! Flows of nodes: which variant runs, which prompt a node reads, what feeds what.

use super::context::{At, clip};
use super::diff::Edit;
use super::keyed::architecture;
use super::kind::{Confidence, Recognised, RecognisedKind};

/// What `edit` says that keys alone don't; `None` where they do.
pub(super) fn judge(edit: &Edit<'_>, at: &At) -> Option<Vec<Recognised>> {
    let last = edit.trail.last().map_or("", |part| &**part);
    let root = edit.trail.first().map_or("", |part| &**part);
    if let Some((before, after)) = edit.texts() {
        let names = format!("`{}` becomes `{}`", clip(before), clip(after));
        let says = |kind, what| Some(vec![at.says(kind, Confidence::High, what).with(Some(before), Some(after))]);
        let linked = |text: &str| text.starts_with("${") && text.contains('.');
        return match last {
            "default_variant_id" => says(RecognisedKind::PromptTweak, format!("variant {names} for everybody")),
            "path" if root == "nodes" && before.rsplit('/').next() != after.rsplit('/').next() => {
                says(RecognisedKind::PromptTweak, format!("what the node reads, {names}"))
            }
            "path" => Some(Vec::new()),
            _ if linked(before) || linked(after) => {
                Some(vec![architecture(at, Confidence::High, format!("what feeds a node, {names}"))])
            }
            // The texts that a flow is tried with.
            "default" => Some(Vec::new()),
            _ => None,
        };
    }
    // A variant that nothing points to is only available.
    matches!(root, "node_variants" | "inputs" | "outputs" | "environment").then(Vec::new)
}
