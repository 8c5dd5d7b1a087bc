//! Small readings of nodes that several adapters share.

use crate::syntax::Node;

/// The value of `key` unless it is null.
pub(super) fn present<'d>(parent: Node<'d>, key: &str) -> Option<Node<'d>> {
    parent.get(key).filter(|n| !n.is_null())
}

/// The items of the list `key`.
pub(super) fn items<'d>(parent: Node<'d>, key: &str) -> impl Iterator<Item = Node<'d>> {
    parent.get(key).into_iter().flat_map(Node::items)
}

/// The text of `key`, "" if it is not there.
pub(super) fn text<'d>(parent: Node<'d>, key: &str) -> &'d str {
    parent.get(key).and_then(Node::text).unwrap_or_default()
}
