//! A folder of hooks: what stands in it, and what is put there. All names are looked at before one is touched.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::script::{self, Whose, before_name};
use crate::cli::args::HookName;
use crate::cli::failure::Failure;
use crate::collect::{self, Content, File, Origin};

/// What stands where a hook would.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    Nothing,
    /// Our script, untouched: its text.
    Ours(String),
    /// Our script, changed by somebody.
    Changed,
    /// A hook of somebody's.
    Foreign,
}

/// What is to be done for one name.
enum Step {
    Nothing(String),
    Write { name: HookName, text: String, aside: bool },
    Remove { name: HookName, restore: bool },
}

/// Writes our script for each of `names` into `folder`, and says what was done.
///
/// # Errors
/// When a hook there was changed by somebody, or can't be moved or written. Then none was touched, or the one that
/// failed is as it was.
pub(super) fn install(folder: &Path, names: &[HookName], program: Option<&str>) -> Result<Vec<String>, Vec<Failure>> {
    let steps = plan(names, |name| to_install(folder, name, program))?;
    make(folder).map_err(|e| vec![refused(folder, &e)])?;
    steps.into_iter().map(|step| act(folder, step)).collect()
}

/// Takes our scripts away, all of them where `names` is empty, and puts back what stood there before.
///
/// # Errors
/// As for [`install`]; also when a hook that is named is not ours.
pub(super) fn uninstall(folder: &Path, names: &[HookName]) -> Result<Vec<String>, Vec<Failure>> {
    let all = names.is_empty();
    let names = if all { &HookName::ALL[..] } else { names };
    let steps = plan(names, |name| to_uninstall(folder, name, all))?;
    let done: Result<Vec<String>, _> = steps.into_iter().map(|step| act(folder, step)).collect();
    done.map(|mut lines| {
        lines.retain(|line| !line.is_empty());
        if lines.is_empty() {
            lines.push(format!("no hook of rollgate's in {}", folder.display()));
        }
        lines
    })
}

fn plan(names: &[HookName], one: impl Fn(HookName) -> Result<Step, Failure>) -> Result<Vec<Step>, Vec<Failure>> {
    let mut names = names.to_vec();
    names.sort_unstable();
    names.dedup();
    let (mut steps, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        match one(name) {
            Ok(step) => steps.push(step),
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { Ok(steps) } else { Err(failures) }
}

fn to_install(folder: &Path, name: HookName, program: Option<&str>) -> Result<Step, Failure> {
    let path = folder.join(name.as_str());
    let text = script::write(name, program);
    match standing(&path, name)? {
        Standing::Ours(old) if old == text && is_executable(&path) => {
            Ok(Step::Nothing(format!("{}: already installed", name.as_str())))
        }
        Standing::Nothing | Standing::Ours(_) => Ok(Step::Write { name, text, aside: false }),
        Standing::Changed => Err(changed(&path)),
        Standing::Foreign if is_there(&folder.join(before_name(name))) => Err(Failure::new(
            format!("`{}` is a hook of somebody's, and so is `{}` beside it", path.display(), before_name(name)),
            "join the two, or take one of them away, and install again",
        )),
        Standing::Foreign => Ok(Step::Write { name, text, aside: true }),
    }
}

fn to_uninstall(folder: &Path, name: HookName, all: bool) -> Result<Step, Failure> {
    let path = folder.join(name.as_str());
    let restore = is_there(&folder.join(before_name(name)));
    match standing(&path, name)? {
        Standing::Ours(_) => Ok(Step::Remove { name, restore }),
        // Somebody took ours away by hand: what stood there comes back all the same.
        Standing::Nothing if restore => Ok(Step::Remove { name, restore }),
        Standing::Nothing | Standing::Foreign if all => Ok(Step::Nothing(String::new())),
        Standing::Nothing => Ok(Step::Nothing(format!("{}: not installed", name.as_str()))),
        Standing::Changed => Err(changed(&path)),
        Standing::Foreign => Err(Failure::new(
            format!("`{}` was not written by rollgate", path.display()),
            "leave it, or take it away by hand",
        )),
    }
}

fn changed(path: &Path) -> Failure {
    Failure::new(
        format!("`{}` was written by rollgate and changed by somebody since", path.display()),
        "move what was added to a hook of its own and delete this file, then try again",
    )
}

fn standing(path: &Path, name: HookName) -> Result<Standing, Failure> {
    const LARGEST: u64 = 1 << 20;
    let Ok(kind) = path.symlink_metadata().map(|m| m.file_type()) else { return Ok(Standing::Nothing) };
    if kind.is_symlink() {
        return Ok(Standing::Foreign);
    }
    if !kind.is_file() {
        let message = format!("`{}` is no file", path.display());
        return Err(Failure::new(message, "take it away: git would not run it"));
    }
    let file = File { path: path.display().to_string().into(), origin: Origin::Disk(path.to_owned()) };
    match collect::read(&file, LARGEST) {
        Ok(Content::Text(text)) => Ok(match script::whose(name, &text) {
            Whose::Ours => Standing::Ours(text),
            Whose::Changed => Standing::Changed,
            Whose::Foreign => Standing::Foreign,
        }),
        Ok(Content::NotUtf8 { .. } | Content::TooLarge { .. }) => Ok(Standing::Foreign),
        Err(error) => Err(Failure::in_file(Some(&path.display().to_string()), &error.to_string(), READABLE)),
    }
}

const READABLE: &str = "make it a file that this user may read and write";

fn act(folder: &Path, step: Step) -> Result<String, Vec<Failure>> {
    let (name, done) = match step {
        Step::Nothing(said) => return Ok(said),
        Step::Write { name, text, aside } => (name, put(folder, name, &text, aside)),
        Step::Remove { name, restore } => (name, take_away(folder, name, restore)),
    };
    let path = folder.join(name.as_str());
    done.map_err(|error| vec![refused(&path, &error)])
}

/// Written beside, then moved into its place: git never finds half of a hook.
fn put(folder: &Path, name: HookName, text: &str, aside: bool) -> io::Result<String> {
    let path = folder.join(name.as_str());
    let before = folder.join(before_name(name));
    let new = folder.join(format!("{}.rollgate-new", name.as_str()));
    write_executable(&new, text)?;
    let moved = if aside { fs::rename(&path, &before) } else { Ok(()) };
    if let Err(error) = moved.and_then(|()| fs::rename(&new, &path)) {
        // The first error is the one to tell; these put back what can be put back.
        let _ = fs::remove_file(&new);
        if aside && !is_there(&path) {
            let _ = fs::rename(&before, &path);
        }
        return Err(error);
    }
    let kept = if is_there(&before) { format!("; {} runs first", before_name(name)) } else { String::new() };
    Ok(format!("{}: installed as {}{kept}", name.as_str(), path.display()))
}

fn take_away(folder: &Path, name: HookName, restore: bool) -> io::Result<String> {
    let path = folder.join(name.as_str());
    if restore {
        // In one step: there is no moment without a hook.
        fs::rename(folder.join(before_name(name)), &path)?;
        return Ok(format!("{}: taken away; the hook that stood there before is back", name.as_str()));
    }
    fs::remove_file(&path)?;
    Ok(format!("{}: taken away", name.as_str()))
}

/// The folder itself; the one it lies in must be there.
fn make(folder: &Path) -> io::Result<()> {
    if folder.is_dir() { Ok(()) } else { fs::create_dir(folder) }
}

fn write_executable(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o777);
    // Left behind by a run that was cut off.
    let _ = fs::remove_file(path);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|m| m.permissions().mode() & 0o100 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    true
}

fn refused(path: &Path, error: &io::Error) -> Failure {
    let help = "name the folder that git looks for hooks in: `git rev-parse --git-path hooks`";
    Failure::new(format!("`{}` cannot be written: {error}", path.display()), help)
}

/// `folder` is what `core.hooksPath` says: it must lie in one of `inside`, the repository's own folders. One that many
/// repositories share is touched only where it is named.
pub(super) fn own_folder(folder: &Path, inside: &[&Path]) -> Result<(), Failure> {
    let real = |path: &Path| -> PathBuf {
        // The folder itself may not be there yet.
        let up = path.parent().and_then(|p| p.canonicalize().ok()).zip(path.file_name()).map(|(p, n)| p.join(n));
        path.canonicalize().ok().or(up).unwrap_or_else(|| path.to_owned())
    };
    let folder = real(folder);
    if inside.iter().any(|root| folder.starts_with(real(root))) {
        return Ok(());
    }
    Err(Failure::new(
        format!(
            "`core.hooksPath` is `{}`, outside of this repository: other repositories may share it",
            folder.display()
        ),
        format!("to install there all the same, for all of them, name it: `--dir {}`", folder.display()),
    ))
}
