//! `rollgate policy test`: a policy's unit tests.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::args::{Format, PolicyTest as Args};
use super::failure::Failure;
use super::history::explain;
use super::surroundings::Surroundings;
use super::{Outcome, check, print, setup};
use crate::clock::Moment;
use crate::collect::{File, Origin, Roots, WorkingSet, policy_text, walk};
use crate::engine::{self, Choice, Input, Rehearsal, Told};
use crate::finding::{Report, State, Verdict};
use crate::policy::{Expected, Policy, PolicyTest, Source, TestFile, TestPolicy, TestsFile};
use crate::render::visible;
use crate::text::Sources;

/// Where a repository keeps its policy tests.
const DEFAULT_FOLDER: &str = "policies/tests";

/// How one test ended: nothing to say, or why it failed.
struct Ended {
    file: Arc<str>,
    name: Box<str>,
    complaints: Vec<String>,
}

pub(super) fn run(args: &Args, around: &Surroundings) -> Outcome {
    let roots = check::roots(&args.files, around, false);
    let mut ended = Vec::new();
    for path in files(args, &roots, around)? {
        let tests = read(&path, &roots)?;
        for test in &tests.tests {
            let complaints = one(test, args, &roots, around)?;
            ended.push(Ended { file: Arc::clone(&tests.file.path), name: test.name.value.clone(), complaints });
        }
    }
    let failed = ended.iter().filter(|e| !e.complaints.is_empty()).count();
    print(&if args.output.format == Format::Json { as_json(&ended) } else { as_text(&ended, failed) })?;
    Ok(u8::from(failed > 0))
}

/// The test files that were named, else those of the repository's `policies/tests`.
fn files(args: &Args, roots: &Roots, around: &Surroundings) -> Result<Vec<PathBuf>, Vec<Failure>> {
    if !args.files.is_empty() {
        return Ok(args.files.iter().map(|f| around.cwd.join(f)).collect());
    }
    let folder = roots.root.join(DEFAULT_FOLDER);
    let found = if folder.is_dir() { walk(roots, &roots.root, &[folder]) } else { WorkingSet::default() };
    if found.files.is_empty() {
        let message = format!("there are no policy tests: no file in `{DEFAULT_FOLDER}`");
        return Err(vec![Failure::new(message, "name the files: `rollgate policy test FILE…`")]);
    }
    Ok(found.files.iter().map(|f| roots.root.join(&*f.path)).collect())
}

fn read(path: &Path, roots: &Roots) -> Result<TestsFile, Vec<Failure>> {
    let shown = roots.show(path);
    match policy_text(path) {
        Ok(Some(text)) => setup::tests_file(&shown, text),
        Ok(None) => Err(vec![Failure::new(format!("there is no file `{shown}`"), "name a file of policy tests")]),
        Err(error) => Err(vec![Failure::new(format!("`{shown}` {error}"), "make it a UTF-8 file this user may read")]),
    }
}

/// Runs one test and says what is not as it expects.
fn one(test: &PolicyTest, args: &Args, roots: &Roots, around: &Surroundings) -> Result<Vec<String>, Vec<Failure>> {
    let policy = policy_for(test, args, roots, around)?;
    if !test.history.is_empty() {
        return change(test, &policy, around);
    }
    let is_policy = |path: &str| setup::POLICY_PATHS.contains(&path);
    let mut set = WorkingSet::default();
    for file in test.files.iter().filter(|f| !is_policy(&f.path)) {
        let origin = Origin::Memory(file.text.as_bytes().into());
        set.files.push(File { path: (*file.path).into(), origin });
    }
    set.files.retain(|f| policy.choice.takes(&f.path));
    set.files.sort_by(|a, b| a.path.cmp(&b.path));
    let now: Moment = test.as_of.unwrap_or(around.now);
    let input = Input {
        set,
        policy: &policy,
        choice: Choice::default(),
        now,
        at: test.as_of,
        git: None,
        fail_on: None,
        baseline: None,
        allow_empty: false,
        fixes: false,
    };
    let (report, sources) = engine::check(&input);
    Ok(complaints(test, &report, &sources))
}

/// Judges the files of a test as a change after the commits of its history.
fn change(test: &PolicyTest, policy: &Policy, around: &Surroundings) -> Result<Vec<String>, Vec<Failure>> {
    let before: Vec<Told<'_>> = test.history.iter().map(|c| told(c.at, &c.message, &c.files)).collect();
    let change = told(test.as_of.unwrap_or(around.now), "change", &test.files);
    let rehearsal = Rehearsal { before: &before, change: &change, policy, brought: None, choice: Choice::default() };
    let (report, sources) = engine::rehearse(&rehearsal).map_err(|error| vec![explain(&error)])?;
    Ok(complaints(test, &report, &sources))
}

fn told<'t>(at: Moment, message: &'t str, files: &'t [TestFile]) -> Told<'t> {
    Told { at, message, files: files.iter().map(|f| (&*f.path, Some(f.text.as_bytes()))).collect() }
}

fn policy_for(test: &PolicyTest, args: &Args, roots: &Roots, around: &Surroundings) -> Result<Policy, Vec<Failure>> {
    // Where there is a history, its last word judges, and what the change says of the policy does not.
    let history = test.history.iter().rev().flat_map(|c| &c.files);
    let files: Vec<&TestFile> = history.chain(&test.files).collect();
    let in_test = |path: &str| files.iter().find(|f| *f.path == *path).copied();
    let file =
        |path: &str, text: &Arc<str>| Source::File { path: path.into(), text: Arc::clone(text), root: String::new() };
    match &test.policy {
        TestPolicy::Here(source) => setup::load(source.clone(), &roots.root),
        TestPolicy::Path(path) => {
            if let Some(found) = in_test(&path.value) {
                return setup::load(file(&path.value, &found.text), &roots.root);
            }
            let choice = super::args::PolicyChoice { policy: Some(roots.root.join(&*path.value)), preset: None };
            setup::policy(&choice, roots, around)
        }
        TestPolicy::Found => match setup::POLICY_PATHS.iter().find_map(|p| in_test(p)) {
            Some(found) => setup::load(file(&found.path, &found.text), &roots.root),
            None => setup::policy(&args.policy, roots, around),
        },
    }
}

fn complaints(test: &PolicyTest, report: &Report, sources: &Sources) -> Vec<String> {
    let mut out = Vec::new();
    if report.verdict() == Verdict::Undecided {
        out.extend(report.failures.iter().map(|f| format!("could not decide: {}", f.message)));
    }
    // What is excused does not count.
    let found: Vec<&crate::finding::Finding> = report.findings.iter().filter(|f| f.state == State::Active).collect();
    let lines = |f: &crate::finding::Finding| sources.positions(f.primary).0.line;
    let fits = |e: &Expected, f: &crate::finding::Finding| {
        let file = e.file.as_ref().is_none_or(|p| **p == *sources.path(f.primary.file));
        let rollout = e.rollout.as_ref().is_none_or(|n| f.rollout.as_ref().is_some_and(|r| r.name == *n));
        f.rule == e.rule && file && rollout && e.line.is_none_or(|l| l == lines(f))
    };
    let said = |f: &crate::finding::Finding| {
        format!("{} at {}:{}: {}", f.rule.id, sources.path(f.primary.file), lines(f), f.what)
    };
    for expected in test.expect.iter().flatten() {
        if !found.iter().any(|f| fits(expected, f)) {
            out.push(format!("expected {}, which was not found", expectation(expected)));
        }
    }
    if test.expect.as_ref().is_some_and(Vec::is_empty) {
        out.extend(found.iter().map(|f| format!("nothing was to be found, and {}", said(f))));
    }
    for rule in &test.forbid {
        let forbidden = found.iter().filter(|f| f.rule == rule.value);
        out.extend(forbidden.map(|f| format!("forbidden, and found: {}", said(f))));
    }
    out
}

fn expectation(expected: &Expected) -> String {
    let mut text = expected.rule.id.to_owned();
    if let Some(rollout) = &expected.rollout {
        text += &format!(" for {rollout}");
    }
    match (&expected.file, expected.line) {
        (Some(file), Some(line)) => text += &format!(" at {file}:{line}"),
        (Some(file), None) => text += &format!(" in {file}"),
        (None, Some(line)) => text += &format!(" at line {line}"),
        (None, None) => {}
    }
    text
}

fn as_text(ended: &[Ended], failed: usize) -> String {
    let mut out = String::new();
    for one in ended {
        let word = if one.complaints.is_empty() { "ok    " } else { "FAILED" };
        out += &format!("{word} {}: {}\n", visible(&one.file), visible(&one.name));
        for complaint in &one.complaints {
            out += &format!("         {}\n", visible(complaint));
        }
    }
    out + &format!("\n{} passed, {failed} failed\n", ended.len() - failed)
}

fn as_json(ended: &[Ended]) -> String {
    let tests: Vec<_> = ended
        .iter()
        .map(|e| json!({"file": &*e.file, "name": &*e.name, "passed": e.complaints.is_empty(), "complaints": e.complaints}))
        .collect();
    format!("{:#}\n", json!({"tests": tests}))
}
