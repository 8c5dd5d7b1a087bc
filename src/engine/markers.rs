//! Which documents can hold a known kind: a byte search that never hides one.
//!
//! A document is claimed by the group before the `/` of its `apiVersion` and by its kind, so one that holds neither the
//! bytes of `group/` nor a `kind` line naming a known kind cannot be claimed; it is not parsed at all. What could spell a
//! group without holding its bytes (escapes in double quotes or JSON, a folded line, base64) makes us parse as well.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Match, MatchKind};

use super::unmask::unmask;
use crate::adapters;
use crate::catalog::{AdapterMeta, KindPattern};

/// Spellings that can hide a name from a byte search: escapes, which [`unmask`] writes out.
const ESCAPES: [&str; 9] = ["\\x", "\\u", "\\U", "\\/", "\\\n", "\\\r", "\\\u{85}", "\\\u{2028}", "\\\u{2029}"];

/// Tags behind which a name may stand in base64.
const TAGS: [&str; 4] = ["!!b", "!!%", "!<", "tag:yaml.org,2002"];

/// Kinds that the core API or the tools around it have too, and every repository by the dozen: alone they say nothing,
/// beside their group they need not.
const EVERYDAY: [&str; 2] = ["Config", "Service"];

/// Bytes before a kind's name in which `kind` is looked for.
const BEFORE: usize = 256;

struct Markers {
    search: AhoCorasick,
    groups: usize,
    types: usize,
    words: usize,
}

/// What stands at one place of a text.
enum Mark {
    Group,
    /// A type of resource in an infrastructure template.
    Type,
    /// A key of a document that is known by its form.
    Word,
    Escape,
    Tag,
    Kind,
}

impl Markers {
    fn what(&self, pattern: usize) -> Mark {
        let types = self.groups + self.types;
        let words = types + self.words;
        let escapes = words + ESCAPES.len();
        match pattern {
            p if p < self.groups => Mark::Group,
            p if p < types => Mark::Type,
            p if p < words => Mark::Word,
            p if p < escapes => Mark::Escape,
            p if p < escapes + TAGS.len() => Mark::Tag,
            _ => Mark::Kind,
        }
    }
}

static MARKERS: LazyLock<Markers> = LazyLock::new(|| {
    let all = || adapters::ALL.iter().map(|a| a.meta());
    let by_form = |a: &AdapterMeta, k: &KindPattern| k.group == a.id && a.knows_forms();
    let named = || all().flat_map(|a| a.kinds.iter().filter(move |k| !by_form(a, k)));
    let types: BTreeSet<String> = named().filter_map(KindPattern::resource_word).collect();
    let kubernetes = || named().filter(|k| k.resource_word().is_none());
    let groups: BTreeSet<String> = kubernetes().map(|k| format!("{}/", k.group)).collect();
    let names: BTreeSet<&str> = kubernetes().map(|k| k.kind).filter(|kind| !EVERYDAY.contains(kind)).collect();
    let forms: BTreeSet<&str> = all().flat_map(|a| a.words.iter().copied()).collect();
    let first = groups.iter().chain(&types).map(String::as_str);
    let words = first.chain(forms.iter().copied()).chain(ESCAPES).chain(TAGS).chain(names);
    // Built in a tenth of a DFA's time: most runs look at a handful of files.
    let kind = Some(AhoCorasickKind::ContiguousNFA);
    let search = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).kind(kind).build(words);
    Markers {
        search: search.expect("a few dozen short words always build"),
        groups: groups.len(),
        types: types.len(),
        words: forms.len(),
    }
});

/// Can `text` hold an object that an adapter claims, or one that would be if it parsed?
pub(super) fn may_hold_known_kind(text: &[u8]) -> bool {
    let markers = &*MARKERS;
    markers.search.find_iter(text).any(|m| match markers.what(m.pattern().as_usize()) {
        Mark::Group | Mark::Type | Mark::Word | Mark::Escape | Mark::Tag => true,
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
            Mark::Type => seen.marker |= is_whole(text, &m) && !is_comment(text, m.start()),
            Mark::Word => seen.marker |= is_whole(text, &m) && is_key(&text[m.end()..]) && !is_comment(text, m.start()),
            Mark::Kind => {
                seen.marker |= is_whole(text, &m) && names_a_kind(text, m.start());
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

/// Is it a whole word: neither the end nor the beginning of a longer one?
fn is_whole(text: &[u8], m: &Match) -> bool {
    is_start(text, m.start()) && !text.get(m.end()).is_some_and(|b| is_word(*b))
}

/// Does what follows make the word before it a key?
fn is_key(after: &[u8]) -> bool {
    let after = after.strip_prefix(b"\"").unwrap_or(after).trim_ascii_start();
    after.first().is_some_and(|b| matches!(b, b':' | b'='))
}

/// Is the line of the place `at` a comment?
fn is_comment(text: &[u8], at: usize) -> bool {
    let line = text[..at].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
    text[line..at].trim_ascii_start().starts_with(b"#")
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
        assert!(!worth("apiVersion: v1\nkind: Config\n"), "a kubeconfig is no Skaffold");
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
