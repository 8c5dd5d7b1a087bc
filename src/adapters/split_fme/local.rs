//! Files of the localhost mode: a list of flags, each with one treatment for some keys or for all.

use super::audience::joined;
use super::treatments;
use crate::adapters::flag::{Flag, Split, hand_in};
use crate::adapters::workload::payload;
use crate::adapters::{Lowering, Object};
use crate::model::RemarkKind;
use crate::syntax::Node;

/// What an entry may say.
const KEYS: [&str; 3] = ["treatment", "keys", "config"];

/// Is it a list of flags, each with a treatment?
pub(super) fn is_list(root: Node<'_>) -> bool {
    root.is_seq() && root.items().next().is_some() && root.items().all(|item| entry(item).is_some())
}

/// The key of a flag, and what is said of it.
fn entry(item: Node<'_>) -> Option<(Node<'_>, Node<'_>)> {
    let mut entries = item.entries();
    let (key, value) = entries.next()?;
    let is_known = |(key, _): (Node<'_>, Node<'_>)| key.text().is_some_and(|k| KEYS.contains(&k));
    let is_entry = value.get("treatment").is_some_and(Node::is_scalar) && value.entries().all(is_known);
    (entries.next().is_none() && is_entry).then_some((key, value))
}

pub(super) fn lower(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let mut flags: Vec<Flag> = Vec::new();
    for (key, value) in object.node.items().filter_map(entry) {
        let Some(name) = key.text() else { continue };
        let at = flags.iter().position(|f| &*f.key == name).unwrap_or_else(|| {
            // Whom no entry is for gets the caller's own `control`.
            let flag = treatments::blank(name, key.span(), value.span());
            flags.push(Flag { rest: Split::all(None, key.span()), ..flag });
            flags.len() - 1
        });
        read(&mut flags[at], value);
    }
    for flag in flags {
        let own = object.node.items().filter_map(entry).filter(|(key, _)| key.text() == Some(&*flag.key));
        own.filter_map(|(_, value)| value.get("treatment")).for_each(|t| ambiguous(t, cx));
        hand_in(flag.rollout(object, cx), cx);
    }
}

/// Words that are booleans in YAML 1.1, which some SDKs read, and text in YAML 1.2.
const BOOLEANS: [&str; 6] = ["on", "off", "yes", "no", "y", "n"];

fn ambiguous(treatment: Node<'_>, cx: &mut Lowering<'_>) {
    let text = treatment.text().unwrap_or_default();
    if treatment.is_quoted() || !BOOLEANS.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        return;
    }
    let message =
        format!("`{text}` without quotes is a treatment to readers of YAML 1.2, and a boolean to those of 1.1");
    let help = format!("write `\"{text}\"`");
    cx.remark(RemarkKind::Ambiguous, treatment.span(), message, help).found = Some(text.into());
}

fn read(flag: &mut Flag, value: Node<'_>) {
    let Some(treatment) = value.get("treatment") else { return };
    let place = treatments::place_of(flag, treatment.text().unwrap_or_default());
    if let Some(config) = value.get("config").filter(|c| c.text().is_some_and(|t| !t.is_empty())) {
        let name = flag.variations[place].name.clone();
        let shipped = payload(config).map(|p| crate::model::Payload { slot: name, ..p });
        flag.variations[place].ships.extend(shipped);
    }
    let split = Split::all(Some(place), treatment.span());
    let Some(keys) = value.get("keys").filter(|k| !k.is_null()) else {
        flag.rest = split;
        return;
    };
    let listed: Vec<String> =
        keys.text().into_iter().chain(keys.items().filter_map(Node::text)).map(str::to_owned).collect();
    let (name, size) = (format!("key {}", joined(&listed)), Some(listed.len() as u64));
    flag.rings.push(treatments::ring(name, size, false, split));
}
