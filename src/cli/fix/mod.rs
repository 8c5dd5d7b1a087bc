//! `rollgate check --fix`, `--unsafe-fix` and `--diff`.

mod write;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::args::Check;
use super::failure::Failure;
use super::surroundings::Surroundings;
use super::{Outcome, check, output, print, say};
use crate::collect::{Origin, Roots};
use crate::engine::{self, Input, Mended};
use crate::finding::{Report, Safety};
use crate::render;

/// Is something to be mended, or shown how?
pub(super) const fn is_asked(args: &Check) -> bool {
    args.fix || args.unsafe_fix || args.diff
}

/// Mends the files of `input`, or shows how, and ends with the verdict on what then lies there.
pub(super) fn run(args: &Check, mut input: Input<'_>, roots: &Roots, around: &Surroundings) -> Outcome {
    if !args.diff && args.paths.iter().any(|p| p == Path::new("-")) {
        let help = "print the change with --diff, or name a file";
        return Err(vec![Failure::new("standard input cannot be mended in place", help)]);
    }
    let safety = if args.unsafe_fix { Safety::Suggested } else { Safety::Safe };
    if args.diff {
        return diff(&mut input, safety, args, around);
    }
    let places: BTreeMap<usize, PathBuf> = input.set.files.iter().enumerate().filter_map(on_disk).collect();
    let (report, sources, mended) = engine::mend(&mut input, safety);
    let mut failures = Vec::new();
    for one in &mended {
        let path = &input.set.files[one.number].path;
        match places.get(&one.number).map(|place| write::exchange(place, one, roots)) {
            Some(Ok(())) => say(&format!("{}: {}\n", render::visible(path), made(one.fixes, "made"))),
            Some(Err(failure)) => failures.push(failure),
            None => {}
        }
    }
    let code = check::finish(args, around, &report, &sources)?;
    if failures.is_empty() { Ok(code) } else { Err(failures) }
}

fn on_disk((number, file): (usize, &crate::collect::File)) -> Option<(usize, PathBuf)> {
    match &file.origin {
        Origin::Disk(path) => Some((number, path.clone())),
        Origin::Memory(_) => None,
    }
}

/// Prints what would change. Nothing has, so the verdict is the one on the files as they are.
fn diff(input: &mut Input<'_>, safety: Safety, args: &Check, around: &Surroundings) -> Outcome {
    let (report, _) = engine::check(input);
    let (_, _, mended) = engine::mend(input, safety);
    let terminal = around.terminal;
    let diffs = mended.iter().map(|m| render::diff(&input.set.files[m.number].path, &m.before, &m.after, terminal));
    print(&diffs.collect::<String>())?;
    say(&format!("{}; nothing is written\n", total(&mended)));
    Ok(undecided(&report).unwrap_or_else(|| output::code(args, &report)))
}

/// Says why a run could not decide: with --diff nothing else does.
fn undecided(report: &Report) -> Option<u8> {
    for failure in &report.failures {
        let path = failure.path.as_deref().map(|p| format!("{p}: ")).unwrap_or_default();
        say(&format!("failure: {}\n", render::visible(&format!("{path}{}", failure.message))));
    }
    (!report.failures.is_empty()).then(|| report.verdict().code())
}

fn total(mended: &[Mended]) -> String {
    let files = mended.len();
    let found = mended.iter().map(|m| m.fixes).sum();
    format!("{} in {files} file{}", made(found, "found"), if files == 1 { "" } else { "s" })
}

fn made(n: usize, done: &str) -> String {
    format!("{n} fix{} {done}", if n == 1 { "" } else { "es" })
}
