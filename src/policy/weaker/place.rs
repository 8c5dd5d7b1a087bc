//! Where a policy says something, or where it would say what it no longer says.

use crate::policy::Policy;
use crate::policy::fault::{FileKind, PolicyFile};
use crate::policy::setting::Provenance;
use crate::text::Span;

/// Where the level of rule `id` comes from; else what is nearest.
pub(super) fn level(policy: &Policy, id: &str, from: &Provenance) -> Option<Span> {
    written(policy, from, id).or_else(|| rule(policy, id))
}

/// The last place that names rule `id`, else the policy's first line.
pub(super) fn rule(policy: &Policy, id: &str) -> Option<Span> {
    let named = policy.layers.iter().rev().flat_map(super::super::layer::Layer::named);
    let found = named.filter(|named| named.rule.id == id).find_map(|named| written(policy, &named.from, id));
    found.or_else(|| first_line(policy))
}

/// The value of a key, or of a key in it; else the key, else the policy's first line.
pub(super) fn key(policy: &Policy, key: &str, inner: Option<&str>) -> Option<Span> {
    own_key(policy, key, inner).or_else(|| own_key(policy, key, None)).or_else(|| first_line(policy))
}

/// As [`key`], where it stands in the repository. Without `inner`, any key in it will do.
pub(super) fn own_key(policy: &Policy, key: &str, inner: Option<&str>) -> Option<Span> {
    let all = policy.layers.iter().rev().flat_map(|layer| &layer.written);
    let mut fits = all.filter(|w| w.key == key && inner.is_none_or(|inner| w.inner.as_deref() == Some(inner)));
    fits.find_map(|w| written(policy, &w.from, inner.unwrap_or(key)))
}

/// The first line of the policy's own file that says anything.
fn first_line(policy: &Policy) -> Option<Span> {
    let file = policy.files.iter().find(|file| file.kind == FileKind::Repository)?;
    let mut lines = file.text.lines().zip(1u32..);
    let number =
        lines.find(|(line, _)| !matches!(line.trim_start().chars().next(), None | Some('#'))).map_or(1, |l| l.1);
    line(file, number, "")
}

/// `word` in the line that `from` names, else that line.
fn written(policy: &Policy, from: &Provenance, word: &str) -> Option<Span> {
    let Provenance::Written { by, line: Some(number), .. } = from else { return None };
    let mut files = policy.files.iter().filter(|file| file.kind == FileKind::Repository);
    line(files.find(|file| file.path == *by)?, *number, word)
}

fn line(file: &PolicyFile, number: u32, word: &str) -> Option<Span> {
    let start = file.lines.start_of(number)?;
    let text = file.text.get(start..)?.lines().next().unwrap_or("");
    let (from, length) = match text.find(word).filter(|_| !word.is_empty()) {
        Some(at) => (at, word.len()),
        None => (text.len() - text.trim_start().len(), text.trim().len()),
    };
    let start = u32::try_from(start + from).ok()?;
    Some(Span::new(file.id, start, start + u32::try_from(length).ok()?))
}
