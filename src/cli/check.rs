//! `rollgate check`.

use std::path::{Path, PathBuf};

use super::args::{Check, TrustSide};
use super::failure::Failure;
use super::output::{self, Destination, Look};
use super::progress::Progress;
use super::surroundings::Surroundings;
use super::{Outcome, baseline, fix, gate, setup};
use crate::collect::{File, Origin, Roots, WorkingSet, drain, walk};
use crate::engine::{self, Choice, Input, WAIVERS};
use crate::finding::Report;
use crate::policy::Policy;
use crate::render::{Detail, Excused};
use crate::text::Sources;

pub(super) fn run(args: &Check, around: &Surroundings) -> Outcome {
    output::destinations(&args.outputs)?;
    let at = setup::moment(args.at.as_deref(), around.now)?;
    setup::known_rules(args.select.iter().chain(&args.ignore))?;
    if args.base.is_some() || args.range.is_some() || args.staged || args.ci {
        return gate::run(args, around);
    }
    let roots = roots(&args.paths, around, args.no_git);
    let policy = setup::policy(&args.policy, &roots, around)?;
    let mut set = working_set(&args.paths, args.stdin_filename.as_deref(), &roots, around)?;
    narrow(&mut set, &policy);
    add_records(&mut set, &policy, &roots);
    let git = if roots.is_repository { gate::found(&roots.root)? } else { None };
    let baseline = baseline::of_tree(args.baseline.as_deref(), &roots, around)?;
    let input = Input {
        set,
        policy: &policy,
        choice: Choice { select: args.select.clone(), ignore: args.ignore.clone() },
        now: around.now,
        at,
        git: git.as_ref(),
        fail_on: args.fail_on.map(Into::into),
        baseline: baseline.as_ref(),
        allow_empty: args.allow_empty,
        fixes: output::shows_fixes(args),
    };
    let progress = Progress::watch(input.set.files.len(), args.progress);
    start_threads(args.jobs)?;
    if fix::is_asked(args) {
        return fix::run(args, input, &roots, around);
    }
    let (report, sources) = engine::check(&input);
    drop(progress);
    finish(args, around, &report, &sources)
}

/// Prints the report to everywhere it was asked for, and ends with its verdict.
pub(super) fn finish(args: &Check, around: &Surroundings, report: &Report, sources: &Sources) -> Outcome {
    let detail = match (args.quiet, args.verbose) {
        (true, _) => Detail::Quiet,
        (false, true) => Detail::Verbose,
        (false, false) => Detail::Normal,
    };
    let excused = if args.show_suppressed { Excused::Shown } else { Excused::Hidden };
    let asked = Look { color: args.color, detail, excused };
    let main = Destination { format: args.format, path: None };
    let mut failures = Vec::new();
    for destination in std::iter::once(main).chain(output::destinations(&args.outputs)?) {
        // A file that cannot be written keeps no other report from being written.
        failures.extend(output::report(report, sources, &destination, &asked, around).err().into_iter().flatten());
    }
    if !failures.is_empty() {
        return Err(failures);
    }
    Ok(output::code(args, report))
}

/// What on the command line could loosen a gate, each told in the report.
pub(super) fn warn_loosened(args: &Check) -> Vec<String> {
    let given = [
        ("--fail-on", args.fail_on.is_some()),
        ("--exit-zero", args.exit_zero),
        ("--select", !args.select.is_empty()),
        ("--ignore", !args.ignore.is_empty()),
        ("--policy", args.policy.policy.is_some()),
        ("--preset", args.policy.preset.is_some()),
        ("--baseline", args.baseline.is_some()),
        ("--trust head", args.trust == Some(TrustSide::Head)),
        ("--allow-empty", args.allow_empty),
    ];
    let told = |(flag, _)| format!("`{flag}` was given on the command line, which can loosen this gate");
    given.into_iter().filter(|(_, is_given)| *is_given).map(told).collect()
}

/// Starts as many threads as asked for.
fn start_threads(jobs: Option<u16>) -> Result<(), Vec<Failure>> {
    let Some(jobs) = jobs else { return Ok(()) };
    let failure =
        |error| vec![Failure::new(format!("{jobs} threads cannot be started: {error}"), "ask for fewer --jobs")];
    rayon::ThreadPoolBuilder::new().num_threads(usize::from(jobs)).build_global().map_err(failure)
}

/// The roots for paths as typed; standard input stands for a file of the working directory.
pub(super) fn roots(paths: &[PathBuf], around: &Surroundings, no_git: bool) -> Roots {
    let on_disk: Vec<PathBuf> = paths.iter().filter(|p| *p != Path::new("-")).cloned().collect();
    let mut roots = Roots::find(&around.cwd, &on_disk);
    roots.is_repository &= !no_git;
    roots
}

/// The files under the paths as typed, and standard input where `-` is among them. No path is the whole root.
pub(super) fn working_set(
    paths: &[PathBuf],
    stdin_filename: Option<&str>,
    roots: &Roots,
    around: &Surroundings,
) -> Result<WorkingSet, Vec<Failure>> {
    let (stdin, on_disk): (Vec<PathBuf>, Vec<PathBuf>) = paths.iter().cloned().partition(|p| p == Path::new("-"));
    let mut set = if paths.is_empty() {
        walk(roots, &around.cwd, std::slice::from_ref(&roots.root))
    } else {
        walk(roots, &around.cwd, &on_disk)
    };
    if stdin.is_empty() {
        return Ok(set);
    }
    let failure = |error| vec![Failure::new(format!("standard input cannot be read: {error}"), "pipe a manifest in")];
    let bytes = drain(std::io::stdin().lock()).map_err(failure)?;
    let path = stdin_filename.unwrap_or("<stdin>").into();
    set.files.push(File { path, origin: Origin::Memory(bytes.into()) });
    set.files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(set)
}

/// Every file of the root that the policy takes in, and the records that it names.
pub(super) fn whole_set(roots: &Roots, around: &Surroundings, policy: &Policy) -> Result<WorkingSet, Vec<Failure>> {
    let mut set = working_set(&[], None, roots, around)?;
    narrow(&mut set, policy);
    add_records(&mut set, policy, roots);
    Ok(set)
}

/// Leaves out what the policy's `files:` leaves out.
pub(super) fn narrow(set: &mut WorkingSet, policy: &Policy) {
    set.files.retain(|file| policy.choice.takes(&file.path));
}

/// Adds the drill records that the policy names and the waivers, which lie outside of the paths asked for.
pub(super) fn add_records(set: &mut WorkingSet, policy: &Policy, roots: &Roots) {
    let folders = policy.drills.record_folders().into_iter().map(|f| roots.root.join(f));
    let found = walk(roots, &roots.root, &folders.filter(|p| p.is_dir()).collect::<Vec<_>>());
    set.files.extend(found.files.into_iter().filter(|f| policy.drills.is_record(&f.path)));
    let waivers = roots.root.join(WAIVERS);
    if waivers.is_file() {
        set.files.extend(walk(roots, &roots.root, &[waivers]).files);
    }
    set.files.sort_by(|a, b| a.path.cmp(&b.path));
    set.files.dedup_by(|a, b| a.path == b.path);
}
