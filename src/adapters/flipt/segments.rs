//! Segments: whom a rule or a rollout picks.

use std::collections::BTreeMap;

use crate::adapters::Lowering;
use crate::adapters::flag::is_tenant;
use crate::adapters::nodes::{items, present, text};
use crate::syntax::Node;

/// The segments of a document, by their keys.
pub(super) struct Segments<'d>(BTreeMap<&'d str, Node<'d>>);

/// Whom a rule picks.
pub(super) struct Picked {
    pub(super) name: Box<str>,
    pub(super) size: Option<u64>,
    pub(super) customers: bool,
    /// Is nobody left?
    pub(super) everybody: bool,
}

impl<'d> Segments<'d> {
    pub(super) fn of(root: Node<'d>) -> Self {
        Self(items(root, "segments").filter_map(|s| Some((s.get("key")?.text()?, s))).collect())
    }

    /// Whom `place`, a rule or a rollout, picks; `None` where it names no segment and never applies.
    pub(super) fn picked(&self, place: Node<'d>, cx: &mut Lowering<'_>) -> Option<Picked> {
        let (keys, operator) = named(place);
        for key in keys.iter().filter(|key| key.text().is_some_and(|k| !self.0.contains_key(k))) {
            cx.unknown(*key, "segment");
        }
        let names: Vec<&str> = keys.iter().filter_map(|key| key.text()).collect();
        let known: Vec<Node<'d>> = names.iter().filter_map(|name| self.0.get(name).copied()).collect();
        let whole = known.iter().filter(|segment| has_everybody(**segment)).count();
        let both = operator == "AND_SEGMENT_OPERATOR";
        let everybody = if both { whole == names.len() } else { whole > 0 };
        let size = match &*known {
            [one] if names.len() == 1 => size(*one),
            _ => None,
        };
        let customers = known.iter().flat_map(|s| items(*s, "constraints")).any(|c| is_tenant(text(c, "property")));
        let name = names.join(if both { " and " } else { " or " }).into();
        (!names.is_empty()).then_some(Picked { name, size, customers, everybody })
    }
}

/// The segments that a rule names, and how they are joined; every spelling that exports have had.
fn named(place: Node<'_>) -> (Vec<Node<'_>>, &str) {
    let mut keys = Vec::new();
    let mut operator = text(place, "operator");
    for field in ["segment", "segments", "segment_key"].into_iter().filter_map(|key| present(place, key)) {
        if field.is_map() {
            keys.extend(present(field, "key"));
            keys.extend(items(field, "keys"));
            operator = text(field, "operator");
        } else if field.is_seq() {
            keys.extend(field.items());
        } else {
            keys.push(field);
        }
    }
    (keys, operator)
}

/// A segment that asks for nothing has everybody, whatever its match type.
fn has_everybody(segment: Node<'_>) -> bool {
    items(segment, "constraints").next().is_none()
}

/// How many a segment has, where it lists them and asks for nothing else.
fn size(segment: Node<'_>) -> Option<u64> {
    let constraints: Vec<Node<'_>> = items(segment, "constraints").collect();
    let [one] = *constraints else { return None };
    let one_each = is_tenant(text(one, "property")) || text(one, "type") == "ENTITY_ID_COMPARISON_TYPE";
    let value = present(one, "value").filter(|_| one_each && text(one, "operator") == "isoneof")?;
    if value.is_seq() {
        return Some(value.items().count() as u64);
    }
    // A list within a text.
    let list = value.text()?.trim().strip_prefix('[')?.strip_suffix(']')?;
    let quoted = list.matches('"').count() / 2;
    let listed = if quoted > 0 { quoted } else { list.split(',').filter(|part| !part.trim().is_empty()).count() };
    (listed > 0).then_some(listed as u64)
}
