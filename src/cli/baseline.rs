//! The baseline: read for a check, and `rollgate baseline write`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{BaselineCommand, BaselineWrite};
use super::failure::Failure;
use super::surroundings::Surroundings;
use super::{Outcome, check, gate, print, setup};
use crate::collect::{Roots, policy_text};
use crate::engine::{self, BASELINE, Choice, Input, Kept};
use crate::finding::{Baseline, Report, Verdict};
use crate::history::{Git, Snapshot};

/// The baseline of a tree: the file that `named` names, else the repository's if it has one.
pub(super) fn of_tree(
    named: Option<&Path>,
    roots: &Roots,
    around: &Surroundings,
) -> Result<Option<Kept>, Vec<Failure>> {
    let found = match named {
        Some(path) => Some(named_text(path, roots, around)?),
        None => setup::inside(&roots.root, BASELINE)
            .map_err(|why| vec![unreadable(BASELINE, &why)])?
            .map(|text| (BASELINE.to_owned(), text)),
    };
    let is_gone = |file: &str| Ok(roots.root.join(file).symlink_metadata().is_err());
    found.map(|(path, text)| kept(path, &text, is_gone)).transpose()
}

/// The baseline of a change: the file that `named` names, else the one that stands in `trusted`. `head` has the files.
pub(super) fn of_change(
    named: Option<&Path>,
    git: &Git,
    (trusted, head): (&Snapshot, &Snapshot),
    (roots, around): (&Roots, &Surroundings),
) -> Result<Option<Kept>, Vec<Failure>> {
    let found = match named {
        Some(path) => Some(named_text(path, roots, around)?),
        None => gate::text(git, trusted, BASELINE)
            .map_err(|error| vec![super::history::explain(&error)])?
            .map_err(|why| vec![unreadable(BASELINE, &why)])?
            .map(|text| (BASELINE.to_owned(), text)),
    };
    let is_gone = |file: &str| {
        let found = head.find(git, file.as_bytes()).map_err(|error| vec![super::history::explain(&error)])?;
        Ok(found.is_none())
    };
    found.map(|(path, text)| kept(path, &text, is_gone)).transpose()
}

fn named_text(path: &Path, roots: &Roots, around: &Surroundings) -> Result<(String, Arc<str>), Vec<Failure>> {
    let full = around.cwd.join(path);
    match policy_text(&full) {
        Ok(Some(text)) => Ok((roots.show(&full), text)),
        Ok(None) => Err(vec![Failure::new(
            format!("there is no baseline `{}`", path.display()),
            "write one: `rollgate baseline write`",
        )]),
        Err(error) => Err(vec![unreadable(&path.display().to_string(), &error.to_string())]),
    }
}

fn kept(path: String, text: &str, is_gone: impl Fn(&str) -> Result<bool, Vec<Failure>>) -> Result<Kept, Vec<Failure>> {
    let baseline = Baseline::read(text).map_err(|why| vec![unreadable(&path, &why)])?;
    let files: BTreeSet<&str> = baseline.findings.iter().map(|entry| &*entry.file).collect();
    let mut gone = BTreeSet::new();
    for file in files {
        if is_gone(file)? {
            gone.insert(file.to_owned());
        }
    }
    Ok(Kept { path, baseline, gone })
}

fn unreadable(path: &str, why: &str) -> Failure {
    Failure::new(format!("the baseline `{path}` {why}"), "write it again: `rollgate baseline write`")
}

pub(super) fn run(command: &BaselineCommand, around: &Surroundings) -> Outcome {
    match command {
        BaselineCommand::Write(args) => write(args, around),
    }
}

/// Records what counts today. A run that could not decide records nothing.
fn write(args: &BaselineWrite, around: &Surroundings) -> Outcome {
    let at = setup::moment(args.at.as_deref(), around.now)?;
    let roots = check::roots(&[], around, false);
    let policy = setup::policy(&args.policy, &roots, around)?;
    let set = check::whole_set(&roots, around, &policy)?;
    let git = if roots.is_repository { gate::found(&roots.root)? } else { None };
    let input = Input {
        set,
        policy: &policy,
        choice: Choice::default(),
        now: around.now,
        at,
        git: git.as_ref(),
        fail_on: None,
        baseline: None,
        allow_empty: true,
        fixes: false,
    };
    let (report, sources) = engine::check(&input);
    if report.verdict() == Verdict::Undecided {
        return Err(undecided(&report));
    }
    let baseline = engine::baseline_of(&report.findings, &sources, &policy);
    let path = args.output.as_ref().map_or_else(|| roots.root.join(BASELINE), |path| around.cwd.join(path));
    put(&path, &baseline.text())?;
    let count: u32 = baseline.findings.iter().map(|entry| entry.count).sum();
    let left = report.findings.iter().filter(|f| f.state == crate::finding::State::Active).count();
    let left = left.saturating_sub(count as usize);
    print(&said(&roots.show(&path), count, left))?;
    Ok(0)
}

fn said(path: &str, count: u32, left: usize) -> String {
    let noun = if count == 1 { "finding" } else { "findings" };
    let rest = match left {
        0 => String::new(),
        1 => "1 finding can't be hidden and still counts\n".to_owned(),
        _ => format!("{left} findings can't be hidden and still count\n"),
    };
    format!("wrote {path}: {count} {noun}\n{rest}")
}

fn undecided(report: &Report) -> Vec<Failure> {
    let one = |f: &crate::finding::Failure| {
        let path = f.path.as_ref().map(|path| format!("{path}: ")).unwrap_or_default();
        Failure::new(format!("{path}{}", f.message), f.help.clone())
    };
    report.failures.iter().map(one).collect()
}

fn put(path: &PathBuf, text: &str) -> Result<(), Vec<Failure>> {
    let failure = |error: std::io::Error| {
        vec![Failure::new(
            format!("`{}` cannot be written: {error}", path.display()),
            "name another file with --output",
        )]
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failure)?;
    }
    #[expect(clippy::disallowed_methods, reason = "the one place that writes a baseline")]
    std::fs::write(path, text).map_err(failure)
}
