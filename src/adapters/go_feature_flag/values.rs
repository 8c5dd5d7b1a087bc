//! The values that a flag may take.

use crate::adapters::Lowering;
use crate::adapters::flag::{Flag, Split, Variation};
use crate::adapters::nodes::{items, present};
use crate::model::Basis;
use crate::syntax::{Node, Scalar};
use crate::text::Span;

/// All values are of one type, and none is empty.
pub(super) fn of_one_type(node: Node<'_>, cx: &mut Lowering<'_>) {
    let kind = |value: Node<'_>| match value.scalar() {
        Some(Scalar::Null) => "empty",
        Some(Scalar::Bool(_)) => "a boolean",
        Some(Scalar::Int(_) | Scalar::Uint(_) | Scalar::Float(_)) => "a number",
        Some(Scalar::Str(_)) => "a text",
        None if value.is_map() => "a mapping",
        None => "a list",
    };
    let mut values = present(node, "variations").into_iter().flat_map(Node::entries);
    let Some((_, first)) = values.next() else { return };
    let wrong = |value: Node<'_>| kind(value) == "empty" || kind(value) != kind(first);
    let is_template = |value: Node<'_>| value.text().is_some_and(crate::adapters::is_template);
    let Some((name, value)) = values.find(|(_, value)| wrong(*value) && !is_template(*value)) else { return };
    let (name, found, first) = (name.text().unwrap_or_default(), kind(value), kind(first));
    let message = format!("the variation `{name}` is {found}, and the first one is {first}; all are of one type");
    cx.invalid(value.span(), message, "write values of one type");
}

/// A flag of which only the key and the values are known; a step may bring more of them.
pub(super) fn blank(name: &str, (name_span, node): (Span, Node<'_>), basis: Basis) -> Flag {
    let mut variations: Vec<Variation> = Vec::new();
    for written in std::iter::once(node).chain(items(node, "scheduledRollout")) {
        for (name, value) in present(written, "variations").into_iter().flat_map(Node::entries) {
            let new = Variation::of(name.text().unwrap_or_default(), value);
            match variations.iter_mut().find(|v| v.name == new.name) {
                Some(known) => known.ships.extend(new.ships),
                None => variations.push(new),
            }
        }
    }
    Flag {
        key: name.into(),
        name_span,
        span: node.span(),
        environment: None,
        off: variations.iter().position(|v| v.is_false),
        variations,
        rings: Vec::new(),
        rest: Split::unknown(node.anchor()),
        basis,
        plan: None,
    }
}
