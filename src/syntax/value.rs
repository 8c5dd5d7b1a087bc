//! A node as the JSON value that its engine makes of it.

use super::node::Node;
use super::resolve::Scalar;
use serde_json::{Map, Number, Value};

/// `node` as JSON. Depth is bounded when the document is parsed, expansion by go-yaml's alias ratio.
pub(super) fn of(node: Node<'_>) -> Value {
    if node.is_map() {
        let entries = node.entries().map(|(key, value)| (key.key_text().to_owned(), of(value)));
        return Value::Object(entries.collect::<Map<_, _>>());
    }
    if node.is_seq() {
        return Value::Array(node.items().map(of).collect());
    }
    node.scalar().map_or(Value::Null, scalar)
}

fn scalar(scalar: Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Bool(b) => Value::Bool(b),
        Scalar::Int(n) => Value::Number(n.into()),
        Scalar::Uint(n) => Value::Number(n.into()),
        Scalar::Float(f) => float(f),
        Scalar::Str(text) => Value::String(text.to_owned()),
    }
}

/// Go prints a whole number without a point, so that it comes back as an integer.
fn float(f: f64) -> Value {
    match whole(f) {
        Some(n) => Value::Number(n.into()),
        None => Number::from_f64(f).map_or(Value::Null, Value::Number),
    }
}

/// `f` as an integer, if it is one and fits.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(super) fn whole(f: f64) -> Option<i64> {
    (f.fract() == 0.0 && f.abs() < 9.2e18).then_some(f as i64)
}
