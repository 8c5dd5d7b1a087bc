//! Fixes in rounds: one of every rollout, then everything is judged again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::collect::{Content, Origin, read};
use crate::engine::check::{Input, bounds, check};
use crate::finding::{Edit, Finding, Fix, Report, Safety, edited};
use crate::text::Sources;

/// More rounds than fixes ever wait for each other: a fix ends a finding and starts none, so rounds end by themselves.
const ROUNDS: usize = 256;

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

/// Of every rollout the first fix, by file: each is proved on the files as they stand, and what two of them come to
/// together is for the next round to see.
fn choose(findings: &[Finding], safety: Safety) -> BTreeMap<usize, Vec<Fix>> {
    let mut chosen: BTreeMap<usize, Vec<Fix>> = BTreeMap::new();
    let mut busy = BTreeSet::new();
    for finding in findings {
        let Some(fix) = finding.fixes.iter().find(|fix| fix.safety <= safety) else { continue };
        let Some(first) = fix.edits.first() else { continue };
        let file = chosen.entry(first.span.file.0 as usize).or_default();
        let meets = |made: &Fix| made.edits.iter().any(|a| fix.edits.iter().any(|b| touches(a, b)));
        if !file.iter().any(meets) && busy.insert((first.span.file, finding.rollout.as_ref())) {
            file.push(fix.clone());
        }
    }
    chosen
}

/// Do two edits meet? Which of two insertions at one place comes first nobody has proved.
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
