//! The git program, for the two kinds of index that libgit2 does not read, and for nothing else.
//!
//! A repository's configuration can name programs that git runs. Each of those is switched off here; the one command
//! that is used reads the index and lists it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Blob, HistoryError, Mode, ObjectId, TreeFile};

/// What of our environment the program sees.
const KEPT: [&str; 7] = [
    "PATH",
    "HOME",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
];

/// What it is told beside that.
const TOLD: [(&str, &str); 5] = [
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("LC_ALL", "C"),
];

const SETTINGS: [&str; 3] = ["core.fsmonitor=false", "core.hooksPath=/dev/null", "protocol.allow=never"];

/// The staged files of the work tree `folder`, as `git ls-files -s -z` lists them.
pub(super) fn index(folder: &Path) -> Result<Vec<TreeFile>, HistoryError> {
    let refuse = |message: String| HistoryError::Unreadable {
        message,
        help: "install git, or turn it into a plain index: `git update-index --no-split-index`, or \
               `git sparse-checkout disable`"
            .to_owned(),
    };
    let Some(git) = find() else {
        return Err(refuse("its index is split or sparse, which takes the git program, and there is none".to_owned()));
    };
    let mut command = Command::new(git);
    command.current_dir(folder).env_clear().stdin(Stdio::null());
    command.envs(KEPT.iter().filter_map(|name| Some((name, variable(name)?)))).envs(TOLD);
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    let run = command.args(["--no-pager", "ls-files", "-s", "-z"]).output();
    let output = run.map_err(|error| refuse(format!("git cannot be run: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(refuse(format!("git cannot list its index: {said}")));
    }
    output.stdout.split(|b| *b == 0).filter(|l| !l.is_empty()).map(line).collect()
}

/// `100644 <id> <stage>\t<path>`.
fn line(line: &[u8]) -> Result<TreeFile, HistoryError> {
    let parsed = || {
        let tab = line.iter().position(|b| *b == b'\t')?;
        let mut parts = std::str::from_utf8(&line[..tab]).ok()?.split(' ');
        let (mode, id, stage) = (parts.next()?, parts.next()?, parts.next()?);
        let mode = match mode {
            "120000" => Mode::Link,
            "160000" => Mode::Submodule,
            _ => Mode::File,
        };
        let blob = Blob { id: ObjectId::from_hex(id)?, mode };
        Some((TreeFile { path: line[tab + 1..].into(), blob }, stage == "0"))
    };
    match parsed() {
        Some((file, true)) => Ok(file),
        Some((file, false)) => Err(HistoryError::Conflict { path: String::from_utf8_lossy(&file.path).into_owned() }),
        None => Err(HistoryError::Unreadable {
            message: "git lists its index in a form that is not known".to_owned(),
            help: "report this with the version of git".to_owned(),
        }),
    }
}

/// The program by its absolute path: a relative entry of `PATH` could lead into the repository.
fn find() -> Option<PathBuf> {
    let path = variable("PATH")?;
    let mut folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    folders.find_map(|folder| Some(folder.join("git")).filter(|file| file.is_file()))
}

/// A variable of the environment: this and `open` are history's door to it.
fn variable(name: &str) -> Option<OsString> {
    #[expect(clippy::disallowed_methods, reason = "the program is told what git told us")]
    std::env::var_os(name)
}
