//! Which documents can hold a known kind: a byte search that never hides one.
//!
//! A document is claimed by the group before the `/` of its `apiVersion` and by its kind, so one that holds neither the
//! bytes of `group/` nor a `kind` line naming a known kind cannot be claimed; it is not parsed at all. What could spell a
//! group without holding its bytes (escapes in double quotes or JSON, a folded line, base64) makes us parse as well.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::unmask::unmask;
use crate::adapters;

/// Spellings that can hide a name from a byte search: escapes, which [`unmask`] writes out.
const ESCAPES: [&str; 9] = ["\\x", "\\u", "\\U", "\\/", "\\\n", "\\\r", "\\\u{85}", "\\\u{2028}", "\\\u{2029}"];

/// Tags behind which a name may stand in base64.
const TAGS: [&str; 4] = ["!!b", "!!%", "!<", "tag:yaml.org,2002"];

/// Kinds that the core API has too, and every repository by the dozen: alone they say nothing, beside their group they
/// need not.
const EVERYDAY: [&str; 1] = ["Service"];

/// Bytes before a kind's name in which `kind` is looked for.
const BEFORE: usize = 256;

struct Markers {
    search: AhoCorasick,
    groups: usize,
}

/// What stands at one place of a text.
enum Mark {
    Group,
    Escape,
    Tag,
    Kind,
}

impl Markers {
    fn what(&self, pattern: usize) -> Mark {
        let (escapes, tags) = (self.groups + ESCAPES.len(), self.groups + ESCAPES.len() + TAGS.len());
        match pattern {
            p if p < self.groups => Mark::Group,
            p if p < escapes => Mark::Escape,
            p if p < tags => Mark::Tag,
            _ => Mark::Kind,
        }
    }
}

static MARKERS: LazyLock<Markers> = LazyLock::new(|| {
    let kinds = || adapters::ALL.iter().flat_map(|a| a.meta().kinds);
    let groups: BTreeSet<String> = kinds().map(|k| format!("{}/", k.group)).collect();
    let names: BTreeSet<&str> = kinds().map(|k| k.kind).filter(|kind| !EVERYDAY.contains(kind)).collect();
    let words = groups.iter().map(String::as_str).chain(ESCAPES).chain(TAGS).chain(names);
    // Built in a tenth of a DFA's time: most runs look at a handful of files.
    let kind = Some(AhoCorasickKind::ContiguousNFA);
    let search = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).kind(kind).build(words);
    Markers { search: search.expect("a few dozen short words always build"), groups: groups.len() }
});

/// Can `text` hold an object that an adapter claims, or one that would be if it parsed?
pub(super) fn may_hold_known_kind(text: &[u8]) -> bool {
    let markers = &*MARKERS;
    markers.search.find_iter(text).any(|m| match markers.what(m.pattern().as_usize()) {
        Mark::Group | Mark::Escape | Mark::Tag => true,
        Mark::Kind => names_a_kind(text, m.start()),
    })
}

/// Does `text`, which can't be read, hold a marker in the sense of clarification 32: the bare word of a known kind or
/// group, plain or written with escapes? What a binary tag stands for isn't looked into: it counts as one.
pub(super) fn holds_marker(text: &[u8]) -> bool {
    let seen = look(text);
    seen.marker || seen.tag || (seen.escape && look(&unmask(text)).marker)
}

#[derive(Default)]
struct Seen {
    marker: bool,
    escape: bool,
    tag: bool,
}

fn look(text: &[u8]) -> Seen {
    let markers = &*MARKERS;
    let mut seen = Seen::default();
    for m in markers.search.find_iter(text) {
        match markers.what(m.pattern().as_usize()) {
            Mark::Group => seen.marker |= is_start(text, m.start()) && is_version(&text[m.end()..]),
            Mark::Kind => {
                let whole = is_start(text, m.start()) && !text.get(m.end()).is_some_and(|b| is_word(*b));
                seen.marker |= whole && names_a_kind(text, m.start());
            }
            Mark::Escape => seen.escape = true,
            Mark::Tag => seen.tag = true,
        }
        if seen.marker {
            break;
        }
    }
    seen
}

/// Does a name start at `at`, rather than go on: `argoproj.io/` in `argocd.argoproj.io/hook` is none.
fn is_start(text: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|i| text.get(i));
    !before.is_some_and(|b| is_word(*b) || matches!(b, b'.' | b'-' | b'/'))
}

/// Is what stands behind a group a version, or what a template makes one of: not the `web` of a path `apps/web`?
fn is_version(after: &[u8]) -> bool {
    matches!(after, [b'v', b'0'..=b'9', ..] | [b'{' | b'$' | b'<' | b'\\', ..])
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Does the line of the word at `at` say `kind` shortly before it, outside of a comment?
fn names_a_kind(text: &[u8], at: usize) -> bool {
    let from = at.saturating_sub(BEFORE);
    let line = text[from..at].iter().rposition(|b| *b == b'\n').map_or(from, |i| from + i + 1);
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
        assert!(worth("apiVersion: !!%62inary cm9sbGdhdGUvdjE="));
        assert!(!worth("apiVersion: v1\nkind: ConfigMap\n"));
        assert!(!worth("data: |\n  # kind: RolloutPlan in a text\n"));
    }

    #[test]
    fn what_cannot_be_read_is_known_by_its_bare_words() {
        let known = |text: &str| holds_marker(text.as_bytes());
        assert!(known("apiVersion: rollgate/v1\n[") && known("kind: RolloutPlan\n["));
        assert!(known("apiVersion: apps/{{ .Values.version }}\n"));
        assert!(known("apiVersion: \"rollg\\x61te\\u002fv1\"\n["));
        assert!(known("apiVersion: \"rollg\\\u{85}  ate/v1\"\n["));
        assert!(known("apiVersion: !!binary cm9sbGdhdGUvdjE=\n["));
        assert!(!known("path: apps/web\n["), "a path");
        assert!(!known("argocd.argoproj.io/v1: x\n["), "another group");
        assert!(!known("kind: RolloutPlanner\n["), "another kind");
        assert!(!known("text: \"\\u2014 RolloutPlan\"\n["), "a text");
    }
}
