//! Which documents are GrowthBook's.

use crate::adapters::nodes::{items, text};
use crate::syntax::Node;

/// The map of features of an SDK payload, or the file that is one.
pub(super) fn payload(root: Node<'_>) -> Option<Node<'_>> {
    let served = |f: Node<'_>| f.get("rules").is_some_and(|rules| rules.is_seq() && rules.items().any(is_rule));
    let plain = |f: Node<'_>| f.is_map() && f.key("defaultValue").is_some();
    let only_plain = |map: Node<'_>| map.entries().next().is_some() && map.entries().all(|(_, f)| plain(f));
    let map = root.get("features").filter(|f| f.is_map());
    if let Some(map) = map {
        let is_payload =
            map.entries().any(|(_, f)| served(f)) || (only_plain(map) && root.key("dateUpdated").is_some());
        return is_payload.then_some(map);
    }
    (only_plain(root) && root.entries().any(|(_, f)| served(f))).then_some(root)
}

/// Does it serve something in GrowthBook's way?
fn is_rule(rule: Node<'_>) -> bool {
    rule.get("variations").is_some_and(Node::is_seq) || rule.key("force").is_some()
}

pub(super) fn is_encrypted(root: Node<'_>) -> bool {
    root.get("encryptedFeatures").and_then(Node::as_str).is_some()
}

/// Features as the REST API gives them: one, a list, or in `feature` or `features`.
pub(super) fn exported(root: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let listed = root.items().chain(items(root, "features")).chain(root.get("feature")).chain([root]);
    listed.filter(|f| {
        matches!(text(*f, "valueType"), "boolean" | "string" | "number" | "json")
            && f.get("id").is_some()
            && f.get("environments").is_some_and(|all| all.entries().any(|(_, e)| e.key("enabled").is_some()))
    })
}
