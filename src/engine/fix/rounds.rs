//! Fixes in rounds: what does not overlap is made at once, then everything is judged again.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::collect::{Content, Origin, read};
use crate::engine::check::{Input, bounds, check};
use crate::finding::{Edit, Finding, Fix, Report, Safety, edited};
use crate::text::Sources;

/// More rounds than fixes ever wait for each other: a fix ends a finding and starts none, so rounds end by themselves.
const ROUNDS: usize = 32;

/// A file that fixes change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// Its number in the working set.
    pub number: usize,
    /// Its text as it was.
    pub before: String,
    /// Its text with all fixes made.
    pub after: String,
    /// How many fixes were made.
    pub fixes: usize,
}

/// Checks, makes the fixes that are at least as safe as `safety`, and checks again until none is left. The files of
/// `input` become what fixes make of them, in memory; the report is about that.
pub fn mend(input: &mut Input<'_>, safety: Safety) -> (Report, Sources, Vec<Mended>) {
    let mut mended: BTreeMap<usize, Mended> = BTreeMap::new();
    input.fixes = true;
    for _ in 0..ROUNDS {
        let (report, sources) = check(input);
        let made = choose(&report.findings, safety);
        let before = mended.values().map(|m| m.fixes).sum::<usize>();
        for (number, fixes) in made {
            make(input, number, &fixes, &mut mended);
        }
        if mended.values().map(|m| m.fixes).sum::<usize>() == before {
            return (report, sources, mended.into_values().collect());
        }
    }
    let (report, sources) = check(input);
    (report, sources, mended.into_values().collect())
}

/// The first fix of every finding, by file, without those that overlap an earlier one.
fn choose(findings: &[Finding], safety: Safety) -> BTreeMap<usize, Vec<Fix>> {
    let mut chosen: BTreeMap<usize, Vec<Fix>> = BTreeMap::new();
    let fixes = findings.iter().filter_map(|f| f.fixes.iter().find(|fix| fix.safety <= safety));
    for fix in fixes {
        let Some(first) = fix.edits.first() else { continue };
        let file = chosen.entry(first.span.file.0 as usize).or_default();
        if !file.iter().flat_map(|f| &f.edits).any(|made| fix.edits.iter().any(|edit| touches(made, edit))) {
            file.push(fix.clone());
        }
    }
    chosen
}

/// Edits that meet wait for the next round: which of two insertions comes first nobody has proved.
const fn touches(a: &Edit, b: &Edit) -> bool {
    a.span.start <= b.span.end && b.span.start <= a.span.end
}

fn make(input: &mut Input<'_>, number: usize, fixes: &[Fix], mended: &mut BTreeMap<usize, Mended>) {
    let limit = bounds(input.policy).file_bytes;
    let Some(file) = input.set.files.get_mut(number) else { return };
    let Ok(Content::Text(text)) = read(file, limit) else { return };
    let mut edits: Vec<&Edit> = fixes.iter().flat_map(|f| &f.edits).collect();
    edits.sort();
    let Some(after) = edited(&text, edits) else { return };
    file.origin = Origin::Memory(Arc::from(after.as_bytes()));
    let entry = mended.entry(number).or_insert(Mended { number, before: text, after: String::new(), fixes: 0 });
    entry.after = after;
    entry.fixes += fixes.len();
}
