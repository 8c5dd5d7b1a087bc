//! What could be written into a manifest.

use serde_json::Value;

use crate::syntax::Node;

/// Something that is not there and could be. How it is laid out is not the adapter's matter.
#[derive(Clone, Debug)]
pub enum Addition<'d> {
    /// A key that `map` lacks.
    Key {
        /// The mapping.
        map: Node<'d>,
        /// The key.
        key: &'static str,
        /// Its value.
        value: Value,
    },
    /// An item of a list.
    Item {
        /// The item it stands behind.
        after: Node<'d>,
        /// The item.
        value: Value,
    },
}
