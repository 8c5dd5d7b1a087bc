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

/// The flag of a path that is only intended to be added.
const INTENT_TO_ADD: u32 = 1 << 29;

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
    // `--debug` alone tells which paths are only intended to be added.
    let run = command.args(["--no-pager", "ls-files", "-s", "-z", "--debug"]).output();
    let output = run.map_err(|error| refuse(format!("git cannot be run: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(refuse(format!("git cannot list its index: {said}")));
    }
    listed(&output.stdout)
}

/// The files of a listing: of each a line that ends with a zero byte, then lines about it that end with its flags.
fn listed(mut rest: &[u8]) -> Result<Vec<TreeFile>, HistoryError> {
    let mut files = Vec::new();
    while !rest.is_empty() {
        let (file, flags) = next(&mut rest).ok_or_else(|| HistoryError::Unreadable {
            message: "git lists its index in a form that is not known".to_owned(),
            help: "report this with the version of git".to_owned(),
        })?;
        let file = file?;
        if flags & INTENT_TO_ADD == 0 {
            files.push(file);
        }
    }
    Ok(files)
}

/// The first file of `listing`, which is left behind it, and its flags.
fn next(listing: &mut &[u8]) -> Option<(Result<TreeFile, HistoryError>, u32)> {
    const FLAGS: &[u8] = b"flags: ";
    let zero = listing.iter().position(|b| *b == 0)?;
    let file = line(&listing[..zero])?;
    let about = &listing[zero + 1..];
    let hex = &about[about.windows(FLAGS.len()).position(|w| w == FLAGS)? + FLAGS.len()..];
    let end = hex.iter().position(|b| *b == b'\n')?;
    *listing = &hex[end + 1..];
    Some((file, u32::from_str_radix(std::str::from_utf8(&hex[..end]).ok()?, 16).ok()?))
}

/// `100644 <id> <stage>\t<path>`; a stage means a conflict.
fn line(line: &[u8]) -> Option<Result<TreeFile, HistoryError>> {
    let tab = line.iter().position(|b| *b == b'\t')?;
    let mut parts = std::str::from_utf8(&line[..tab]).ok()?.split(' ');
    let (mode, id, stage) = (parts.next()?, parts.next()?, parts.next()?);
    let path = &line[tab + 1..];
    if stage != "0" {
        return Some(Err(HistoryError::Conflict { path: String::from_utf8_lossy(path).into_owned() }));
    }
    let mode = match mode {
        "120000" => Mode::Link,
        "160000" => Mode::Submodule,
        _ => Mode::File,
    };
    Some(Ok(TreeFile { path: path.into(), blob: Blob { id: ObjectId::from_hex(id)?, mode } }))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_cannot_pass_for_what_is_told_about_them() {
        let about = "  ctime: 1:2\n  mtime: 1:2\n  dev: 1\tino: 2\n  uid: 0\tgid: 0\n  size: 0\tflags: ";
        let id = "1".repeat(40);
        let listing = format!(
            "100644 {id} 0\ta\tflags: 0\n\0{about}0\n100644 {id} 0\tb\0{about}20000000\n120000 {id} 0\tc\0{about}0\n"
        );
        let files = listed(listing.as_bytes()).unwrap();
        let told: Vec<_> = files.iter().map(|f| (&*f.path, f.blob.mode)).collect();
        assert_eq!(told, [(&b"a\tflags: 0\n"[..], Mode::File), (b"c", Mode::Link)]);
        assert!(listed(format!("100644 {id} 0\ta\0").as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_files_or_an_error(raw in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = listed(&raw);
        }
    }
}
