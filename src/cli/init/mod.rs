//! `rollgate init`: looks at what is there, proposes, asks where somebody can answer, and writes what is not there yet.

mod dialog;
mod pipeline;
mod policy_text;
mod survey;

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use dialog::Dialog;
use pipeline::Pipeline;
use policy_text::Choices;
use survey::Survey;

use super::args::{CiService, HookCommand, HookFolder, Init};
use super::ci::Provider;
use super::failure::Failure;
use super::surroundings::Surroundings;
use super::{Outcome, check, gate, hook, print, setup};
use crate::clock::Tz;
use crate::collect::{Roots, shown};
use crate::engine;
use crate::history::Git;
use crate::policy::{PRESETS, Source};
use crate::render::visible;

pub(super) fn run(args: &Init, around: &Surroundings) -> Outcome {
    let roots = check::roots(&[], around, false);
    let git = if roots.is_repository { gate::found(&roots.root)? } else { None };
    if args.hook && git.is_none() {
        return Err(vec![Failure::new("there is no git repository here to install hooks in", "git init")]);
    }
    if args.install.as_ref().is_some_and(|command| command.contains(|c: char| c.is_control() && c != '\n')) {
        return Err(vec![Failure::new(
            "`--install` holds a control character",
            "give the command as you would type it",
        )]);
    }
    let (survey, files) = look(&roots, git.as_ref(), around)?;
    let mut stdin = io::stdin().lock();
    let asks = !args.yes && io::stdin().is_terminal();
    let mut dialog = Dialog::with(asks.then_some(&mut stdin as &mut dyn BufRead));
    print(&format!("{}\n", survey.summary(files)))?;
    let mut lines = Vec::new();
    let mut plan = Vec::new();
    match setup::POLICY_PATHS.iter().find(|path| is_there(&roots.root.join(path))) {
        Some(path) => lines.push(kept(path)),
        None => plan.push((setup::POLICY_PATHS[0], policy(args, &survey, &mut dialog)?)),
    }
    let pipeline = pipeline(args, &roots.root, git.as_ref(), &mut dialog);
    plan.extend(pipeline.files);
    let hook = args.hook || git.is_some() && dialog.yes("Install git hooks (pre-commit and pre-push)?", false);
    let failures = carry_out(&roots.root, &plan, &mut lines);
    lines.extend(pipeline.by_hand);
    let lines: Vec<_> = lines.iter().map(|line| visible(line)).collect();
    print(&lines.iter().flat_map(|line| [line, "\n"]).collect::<String>())?;
    if !failures.is_empty() {
        return Err(failures);
    }
    if hook {
        hook::run(&HookCommand::Install(HookFolder { names: Vec::new(), dir: None }), around)?;
    }
    print(next(&survey))?;
    Ok(0)
}

/// Writes what is planned, and tells of each file what came of it.
fn carry_out(root: &Path, plan: &[(&str, String)], lines: &mut Vec<String>) -> Vec<Failure> {
    let mut failures = Vec::new();
    for (path, text) in plan {
        match write(root, path, text) {
            Ok(line) => lines.push(line),
            Err(failure) => failures.push(failure),
        }
    }
    failures
}

/// What lies here, and in how many files.
fn look(roots: &Roots, git: Option<&Git>, around: &Surroundings) -> Result<(Survey, usize), Vec<Failure>> {
    let policy = setup::load(Source::Default, &roots.root)?;
    let set = check::whole_set(roots, around, &policy)?;
    let inspected = engine::inspect(&set, &policy);
    // Without an index there are still the manifests.
    let tracked = git.and_then(|git| git.index().ok()).unwrap_or_default();
    let tracked = tracked.iter().map(|file| shown(&file.path));
    let paths: Vec<String> = tracked.chain(set.files.iter().map(|f| f.path.to_string())).collect();
    Ok((Survey::of(&inspected.linked.rollouts, &set.files, &paths), set.files.len()))
}

/// The policy's text, as asked for, and read back: what is written must be valid.
fn policy(args: &Init, survey: &Survey, dialog: &mut Dialog<'_>) -> Result<String, Vec<Failure>> {
    let presets: Vec<&str> = PRESETS.iter().map(|p| p.name).collect();
    let preset = args.preset.clone().unwrap_or_else(|| dialog.choice("Preset", &presets, "recommended"));
    let timezone = args.timezone.clone().unwrap_or_else(|| zone(dialog));
    let found: Vec<&str> = survey.environments.iter().map(|(name, _)| *name).collect();
    let question = format!("Environments found: {}. Write them down?", found.join(", "));
    let environments = found.is_empty() || dialog.yes(&question, true);
    let mut governed = Vec::new();
    for (name, glob) in survey.unmanaged.iter().take(survey::MOST) {
        let question = format!("Must a rollout cover changes of {}?", visible(glob));
        if dialog.yes(&question, false) {
            governed.push((name.clone(), glob.clone()));
        }
    }
    let text = policy_text::write(&Choices { preset, timezone, environments, governed }, survey);
    let path = setup::POLICY_PATHS[0].into();
    let source = Source::File { path, text: text.as_str().into(), root: String::new() };
    setup::load_from(source, setup::FIRST_POLICY_FILE, &mut |_| Ok(None))?;
    Ok(text)
}

/// A zone that there is; asks again until it is one.
fn zone(dialog: &mut Dialog<'_>) -> String {
    loop {
        let answer = dialog.text("Time zone of deploy windows", "UTC");
        if answer.parse::<Tz>().is_ok() {
            return answer;
        }
        super::say("  write a zone of the IANA database, for instance Europe/Berlin\n");
    }
}

/// The pipeline of the service that is asked for, or detected.
fn pipeline(args: &Init, root: &Path, git: Option<&Git>, dialog: &mut Dialog<'_>) -> Pipeline {
    let detected = pipeline::detect(root, git);
    let provider = match (pipeline::asked(args.ci, detected), args.ci) {
        (Some(provider), CiService::Auto) => {
            dialog.yes(&format!("Set up {}?", provider.name()), true).then_some(provider)
        }
        (None, CiService::Auto) => match &*dialog.choice("CI file for", &["github", "gitlab", "none"], "none") {
            "github" => Some(Provider::GitHub),
            "gitlab" => Some(Provider::GitLab),
            _ => None,
        },
        (asked, CiService::Github | CiService::Gitlab | CiService::None) => asked,
    };
    let Some(provider) = provider else { return Pipeline::default() };
    let install = args.install.clone().unwrap_or_else(|| dialog.text("Command that installs rollgate in a job", ""));
    pipeline::write(provider, root, &pipeline::default_branch(git), install.trim())
}

/// Writes a file that is not there yet, inside of `root` whatever links say; tells what came of it.
fn write(root: &Path, path: &str, text: &str) -> Result<String, Failure> {
    let file = root.join(path);
    if is_there(&file) {
        return Ok(kept(path));
    }
    let help = "make the folder one that this user may write to";
    let failed = |error: io::Error| Failure::new(format!("`{path}` cannot be written: {error}"), help);
    if let Some(folder) = file.parent() {
        let there = folder.ancestors().find(|folder| is_there(folder)).unwrap_or(root);
        let (real, real_root) = (there.canonicalize().map_err(failed)?, root.canonicalize().map_err(failed)?);
        if !real.starts_with(real_root) {
            let message = format!("`{path}` cannot be written: its folder is a link that leads out of the repository");
            return Err(Failure::new(message, "remove the link"));
        }
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let opened = std::fs::OpenOptions::new().write(true).create_new(true).open(&file);
    opened.and_then(|mut file| file.write_all(text.as_bytes())).map_err(failed)?;
    Ok(format!("wrote {path}"))
}

fn kept(path: &str) -> String {
    format!("kept {path}: it is there already")
}

fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// The command that comes next.
fn next(survey: &Survey) -> &'static str {
    if survey.systems.is_empty() && survey.workloads == 0 {
        "no rollout was found here; `rollgate schema rollout-plan` says how to write one down\nnext: rollgate check --allow-empty\n"
    } else {
        "next: rollgate check\n"
    }
}
