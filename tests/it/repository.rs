//! Real repositories for tests: the git program in a temporary folder, with nothing of this machine's configuration.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rollgate::history::{Git, GitPath, ObjectId};

/// A repository and its work tree, if it has one.
pub(crate) struct Repo {
    pub(crate) dir: PathBuf,
    /// The folder that it, its clones and its remotes lie in.
    _folder: Option<tempfile::TempDir>,
}

/// Noon of the first commit's day: commit `n` is made `n` minutes later.
pub(crate) const NOON: i64 = 1_795_521_600;

impl Repo {
    /// An empty repository, made with these further arguments of `git init`.
    pub(crate) fn init(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("repo");
        let _ = ok(folder.path(), &[&["init", "--quiet", "--initial-branch=main", "repo"], args].concat());
        Self { dir, _folder: Some(folder) }
    }

    /// The folder `name` beside this repository, as a repository of its own.
    pub(crate) fn beside(&self, name: &str) -> Self {
        Self { dir: self.dir.with_file_name(name), _folder: None }
    }

    /// Clones it beside itself with these further arguments of `git clone`, over the `file` protocol.
    pub(crate) fn clone_to(&self, name: &str, args: &[&str]) -> Self {
        let url = format!("file://{}", self.dir.display());
        let _ = ok(self.dir.parent().unwrap(), &[&["clone", "--quiet"], args, &[&*url, name]].concat());
        self.beside(name)
    }

    /// Runs git, which must succeed; its standard output without the last line end.
    #[track_caller]
    pub(crate) fn git(&self, args: &[&str]) -> String {
        ok(&self.dir, args)
    }

    /// Runs git.
    pub(crate) fn try_git(&self, args: &[&str]) -> Output {
        git(&self.dir, args).output().unwrap()
    }

    /// Writes a file of the work tree.
    pub(crate) fn write(&self, path: impl AsRef<OsStr>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.join(Path::new(path.as_ref()));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Writes one file and commits it `minute` minutes after noon.
    pub(crate) fn commit(&self, minute: i64, path: &str, bytes: &str) -> ObjectId {
        let _ = self.write(path, bytes);
        let _ = self.git(&["add", "--", path]);
        self.commit_staged(minute, &format!("change {path}"))
    }

    /// Commits what is staged.
    pub(crate) fn commit_staged(&self, minute: i64, message: &str) -> ObjectId {
        let date = format!("{} +0000", NOON + minute * 60);
        let mut command = git(&self.dir, &["commit", "--quiet", "--allow-empty", "--message", message]);
        let output = command.env("GIT_COMMITTER_DATE", &date).env("GIT_AUTHOR_DATE", &date).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.id("HEAD")
    }

    /// The id that git knows by this name.
    pub(crate) fn id(&self, name: &str) -> ObjectId {
        ObjectId::from_hex(&self.git(&["rev-parse", "--verify", name])).unwrap()
    }

    /// Ours, opened.
    pub(crate) fn open(&self) -> Git {
        Git::open(&self.dir).unwrap().unwrap()
    }

    /// Writes a hook.
    pub(crate) fn hook(&self, name: &str, text: &str) {
        let path = self.dir.join(self.git(&["rev-parse", "--git-path", "hooks"])).join(name);
        executable(&path, text);
    }
}

/// Writes a program.
pub(crate) fn executable(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// `git` in `dir`.
pub(crate) fn git(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", dir);
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("LC_ALL", "C");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "A").env(format!("GIT_{who}_EMAIL"), "a@example.com");
        command.env(format!("GIT_{who}_DATE"), format!("{NOON} +0000"));
    }
    command.args(args).current_dir(dir);
    command
}

#[track_caller]
fn ok(dir: &Path, args: &[&str]) -> String {
    let output = git(dir, args).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// A path as git keeps it.
pub(crate) fn path(text: &str) -> GitPath {
    text.as_bytes().into()
}
