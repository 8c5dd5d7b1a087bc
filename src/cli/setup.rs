//! What every command begins with: the root, the policy, the moment.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::args::PolicyChoice;
use super::failure::{Failure, Place};
use super::surroundings::Surroundings;
use crate::adapters;
use crate::catalog::RuleMeta;
use crate::clock::Moment;
use crate::collect::{Roots, policy_text};
use crate::engine::Registry;
use crate::policy::{Fault, Known, Policy, PolicyError, PolicyFile, ReadFile, Source, TestsFile};
use crate::rules;
use crate::text::nearest;

/// Where a repository keeps its policy, in the order they are looked at.
pub(super) const POLICY_PATHS: [&str; 2] = ["rollgate.yaml", ".github/rollgate.yaml"];

/// Policy files are numbered from here, so that no file under check has their numbers.
pub(super) const FIRST_POLICY_FILE: u32 = 0xF000_0000;

/// Finds and reads the policy that `choice` and the repository name, and binds every parameter in it.
pub(super) fn policy(choice: &PolicyChoice, roots: &Roots, around: &Surroundings) -> Result<Policy, Vec<Failure>> {
    let source = source(choice, roots, around)?;
    load(source, &base_of(choice, roots))
}

/// Outside of a repository a policy's `extends` are relative to where it was found.
fn base_of(choice: &PolicyChoice, roots: &Roots) -> PathBuf {
    match (&choice.policy, &roots.folder) {
        (None, Some(folder)) if !roots.root.join(POLICY_PATHS[0]).is_file() => folder.clone(),
        _ => roots.root.clone(),
    }
}

/// Calls `work` with everything that a policy may name.
fn with_known<T>(first_file: u32, work: impl FnOnce(&Known<'_>) -> T) -> T {
    let rules: Vec<&'static RuleMeta> = rules::ALL.iter().map(|d| d.meta).collect();
    let systems: Vec<&'static str> = adapters::ALL.iter().map(|a| a.meta().id).collect();
    work(&Known { rules: &rules, systems: &systems, binder: &Registry, first_file })
}

/// Reads a file of policy tests.
pub(super) fn tests_file(path: &str, text: Arc<str>) -> Result<TestsFile, Vec<Failure>> {
    with_known(FIRST_POLICY_FILE, |known| TestsFile::read(known, path, text)).map_err(|error| failures(&error))
}

/// Reads the policy at `source`; files that it extends are found below `root`.
pub(super) fn load(source: Source, root: &Path) -> Result<Policy, Vec<Failure>> {
    load_from(source, FIRST_POLICY_FILE, &mut |path| inside(root, path))
}

/// Reads the policy at `source`, whose files are numbered from `first_file`; files that it extends are what `read` gives.
pub(super) fn load_from(source: Source, first_file: u32, read: &mut ReadFile<'_>) -> Result<Policy, Vec<Failure>> {
    with_known(first_file, |known| Policy::load(known, source, read)).map_err(|error| failures(&error))
}

/// The text of a file of the repository; links may not lead out of it.
pub(super) fn inside(root: &Path, path: &str) -> Result<Option<Arc<str>>, String> {
    let joined = root.join(path);
    if let (Ok(real), Ok(root)) = (joined.canonicalize(), root.canonicalize())
        && !real.starts_with(&root)
    {
        return Err("is a link that leads out of the repository".to_owned());
    }
    policy_text(&joined).map_err(|error| error.to_string())
}

fn source(choice: &PolicyChoice, roots: &Roots, around: &Surroundings) -> Result<Source, Vec<Failure>> {
    if let Some(name) = &choice.preset {
        return Ok(Source::Preset(name.clone()));
    }
    if let Some(given) = &choice.policy {
        let path = around.cwd.join(given);
        return match policy_text(&path) {
            Ok(Some(text)) => Ok(Source::File { path: roots.show(&path).into(), text, root: String::new() }),
            Ok(None) => Err(vec![Failure::new(
                format!("there is no policy file `{}`", given.display()),
                "name a policy file that is there, or leave --policy out to use the repository's",
            )]),
            Err(error) => Err(vec![unreadable(&given.display().to_string(), &error.to_string())]),
        };
    }
    let folders = std::iter::once(&roots.root).chain(roots.folder.as_ref().filter(|f| **f != roots.root));
    for (folder, name) in folders.flat_map(|f| POLICY_PATHS.map(|name| (f, name))) {
        match inside(folder, name) {
            Ok(None) => {}
            Ok(Some(text)) => return Ok(Source::File { path: name.into(), text, root: String::new() }),
            Err(error) => return Err(vec![unreadable(name, &error)]),
        }
    }
    Ok(Source::Default)
}

pub(super) fn unreadable(path: &str, error: &str) -> Failure {
    Failure::new(format!("the policy file `{path}` {error}"), "make it a UTF-8 file that this user may read")
}

fn failures(error: &PolicyError) -> Vec<Failure> {
    match error {
        PolicyError::Faults { faults, files } => framed(faults, files),
        PolicyError::UnknownPreset { help, .. } => vec![Failure::new(error.to_string(), help)],
    }
}

/// Faults as frames into the policy's files.
fn framed(faults: &[Fault], files: &[PolicyFile]) -> Vec<Failure> {
    let place = |fault: &Fault| {
        let file = files.get(fault.file)?;
        Some(Place { path: file.path.to_string(), text: Arc::clone(&file.text), span: fault.span })
    };
    let one = |fault: &Fault| Failure {
        message: fault.message.clone(),
        help: (!fault.help.is_empty()).then(|| fault.help.clone()),
        place: place(fault),
    };
    faults.iter().map(one).collect()
}

/// The moment that `--at` names: RFC 3339, or `now`.
pub(super) fn moment(at: Option<&str>, now: Moment) -> Result<Option<Moment>, Vec<Failure>> {
    match at {
        None => Ok(None),
        Some("now") => Ok(Some(now)),
        Some(text) => match DateTime::parse_from_rfc3339(text) {
            Ok(time) => Ok(Some(time.with_timezone(&Utc))),
            Err(error) => Err(vec![Failure::new(
                format!("`--at {text}` is not a moment: {error}"),
                "write it as RFC 3339 with its offset, for instance `--at 2026-11-25T10:00:00+01:00`, or `--at now`",
            )]),
        },
    }
}

/// Every name must be a rule's; a typo must never leave a rule out.
pub(super) fn known_rules<'n>(names: impl Iterator<Item = &'n String>) -> Result<(), Vec<Failure>> {
    let unknown = names.filter(|name| rules::find(name).is_none());
    let failures: Vec<Failure> = unknown.map(|name| unknown_rule(name)).collect();
    if failures.is_empty() { Ok(()) } else { Err(failures) }
}

/// There is no rule of that name.
pub(super) fn unknown_rule(name: &str) -> Failure {
    let help = match nearest(name, rules::ALL.iter().map(|d| d.meta.id)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`rollgate rules` lists them".to_owned(),
    };
    Failure::new(format!("there is no rule `{name}`"), help)
}
