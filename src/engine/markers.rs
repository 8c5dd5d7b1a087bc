//! Which documents can hold a known kind: a byte search that never hides one.
//!
//! A document is claimed by the group before the `/` of its `apiVersion` and by its kind, so one that holds neither the
//! bytes of `group/` nor a `kind` line naming a known kind cannot be claimed; it is not parsed at all. What could spell a
//! group without holding its bytes (escapes in double quotes or JSON, a folded line, base64) makes us parse as well.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::adapters;

/// Spellings that can hide a name from a byte search.
const DISGUISES: [&str; 8] = ["\\x", "\\u", "\\U", "\\/", "\\\n", "\\\r", "!!binary", "tag:yaml.org,2002:binary"];

struct Markers {
    search: AhoCorasick,
    /// Patterns below this number make a document worth parsing by themselves; the others are kinds.
    kinds_from: usize,
}

static MARKERS: LazyLock<Markers> = LazyLock::new(|| {
    let kinds = || adapters::ALL.iter().flat_map(|a| a.meta().kinds);
    let groups: BTreeSet<String> = kinds().map(|k| format!("{}/", k.group)).collect();
    let names: BTreeSet<&str> = kinds().map(|k| k.kind).collect();
    let kinds_from = groups.len() + DISGUISES.len();
    let words = groups.iter().map(String::as_str).chain(DISGUISES).chain(names);
    let search = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(words);
    Markers { search: search.expect("a few dozen short words always build"), kinds_from }
});

/// Can `text` hold an object that an adapter claims, or one that would be if it parsed?
pub(super) fn may_hold_known_kind(text: &[u8]) -> bool {
    let markers = &*MARKERS;
    let mut found = markers.search.find_iter(text);
    found.any(|m| m.pattern().as_usize() < markers.kinds_from || names_a_kind(text, m.start()))
}

/// Does `text` hold a marker in the sense of clarification 32: the bare word of a known kind or group?
pub(super) fn holds_marker(text: &[u8]) -> bool {
    let markers = &*MARKERS;
    let disguise = |p: usize| (markers.kinds_from - DISGUISES.len()..markers.kinds_from).contains(&p);
    let word = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    markers.search.find_iter(text).any(|m| {
        let bare = !word(m.start().checked_sub(1).and_then(|i| text.get(i)));
        let index = m.pattern().as_usize();
        let kind = index >= markers.kinds_from;
        bare && !disguise(index) && (!kind || (!word(text.get(m.end())) && names_a_kind(text, m.start())))
    })
}

/// Is the word at `at` on a line that says `kind` before it, outside of a comment?
fn names_a_kind(text: &[u8], at: usize) -> bool {
    let line = text[..at].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
    let before = text[line..at].trim_ascii_start();
    !before.starts_with(b"#") && before.windows(4).any(|w| w == b"kind")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_kinds_and_disguises_are_parsed() {
        let worth = |text: &str| may_hold_known_kind(text.as_bytes());
        assert!(worth("apiVersion: rollgate/v1\n"));
        assert!(worth("kind: RolloutPlan\n"));
        assert!(worth("{\"apiVersion\":\"rollgate\\/v1\"}"));
        assert!(worth("apiVersion: \"rollg\\x61te/v1\""));
        assert!(!worth("apiVersion: v1\nkind: Service\n"));
        assert!(!worth("data: |\n  # kind: RolloutPlan in a text\n"));
    }
}
