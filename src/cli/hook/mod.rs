//! `rollgate hook`: git hooks written, taken away and run.

mod folder;
mod gates;
mod lines;
mod message;
mod pre_commit;
mod script;
#[cfg(test)]
mod tests;
mod trunk;

pub(super) use lines::push_options;
pub(super) use pre_commit::PreCommit;

use std::path::{Path, PathBuf};

use super::args::{HookCommand, HookFolder, HookName, HookRun};
use super::failure::Failure;
use super::surroundings::Surroundings;
use super::{Outcome, gate, print, say};
use crate::collect::{self, Content, File, Origin};
use crate::render::visible;

/// `rollgate hook`.
pub(super) fn run(command: &HookCommand, around: &Surroundings) -> Outcome {
    match command {
        HookCommand::Install(args) => install(args, around),
        HookCommand::Uninstall(args) => uninstall(args, around),
        HookCommand::Run(HookRun::CommitMsg { file }) => commit_msg(&around.cwd.join(file), file),
        HookCommand::Run(HookRun::PreCommit) => gates::pre_commit(around),
        HookCommand::Run(HookRun::PrePush { remote: Some(remote), url }) => {
            gates::pre_push(remote, url.as_deref().unwrap_or_default(), around)
        }
        HookCommand::Run(HookRun::PrePush { remote: None, .. }) => gates::pre_push_by_pre_commit(around),
        HookCommand::Run(HookRun::PreReceive) => gates::pre_receive(around),
    }
}

fn install(args: &HookFolder, around: &Surroundings) -> Outcome {
    let (folder, is_bare) = hooks_folder(args, around)?;
    let usual = if is_bare { &[HookName::PreReceive][..] } else { &[HookName::PreCommit, HookName::PrePush] };
    let names = if args.names.is_empty() { usual } else { &args.names };
    let program = Surroundings::program();
    told(&folder::install(&folder, names, program.as_deref())?)
}

fn uninstall(args: &HookFolder, around: &Surroundings) -> Outcome {
    told(&folder::uninstall(&hooks_folder(args, around)?.0, &args.names)?)
}

/// Where hooks go, and whether the repository is a bare one. A folder that other repositories share has to be named.
fn hooks_folder(args: &HookFolder, around: &Surroundings) -> Result<(PathBuf, bool), Vec<Failure>> {
    if let Some(dir) = &args.dir {
        return Ok((around.cwd.join(dir), false));
    }
    let git = gate::open(around)?;
    let folder = git.hooks_dir();
    let inside: Vec<&Path> = std::iter::once(git.common_dir()).chain(git.work_tree()).collect();
    folder::own_folder(&folder, &inside).map_err(|failure| vec![failure])?;
    Ok((folder, git.work_tree().is_none()))
}

fn told(lines: &[String]) -> Outcome {
    let lines: Vec<_> = lines.iter().map(|line| visible(line)).collect();
    print(&(lines.join("\n") + "\n"))?;
    Ok(0)
}

/// `rollgate hook run commit-msg FILE`: are our trailers where git sees them, and do they say something?
fn commit_msg(path: &Path, shown: &Path) -> Outcome {
    let shown = shown.display().to_string();
    let file = File { path: shown.as_str().into(), origin: Origin::Disk(path.to_owned()) };
    let text = match collect::read(&file, LARGEST_MESSAGE) {
        Ok(Content::Text(text)) => text,
        Ok(Content::NotUtf8 { bytes, .. }) => String::from_utf8_lossy(&bytes).into_owned(),
        Ok(Content::TooLarge { size }) => {
            let message = format!("has {size} bytes; at most {LARGEST_MESSAGE} are read");
            return Err(vec![Failure::in_file(Some(&shown), &message, "write a shorter message")]);
        }
        Err(error) => {
            let help = "name the file that holds the commit's message, as git does";
            return Err(vec![Failure::in_file(Some(&shown), &error.to_string(), help)]);
        }
    };
    let complaints = message::complaints(&text);
    for (line, complaint) in &complaints {
        say(&format!("{}:{line}: {}\n", visible(&shown), visible(complaint)));
    }
    Ok(u8::from(!complaints.is_empty()))
}

/// A message with the whole change below it, as `git commit --verbose` shows it.
const LARGEST_MESSAGE: u64 = 64 << 20;
