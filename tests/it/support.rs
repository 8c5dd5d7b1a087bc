//! A world for tests: files in a temporary folder, the binary with a pinned environment, scrubbed output.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A temporary folder with files in it.
pub(crate) struct World {
    dir: tempfile::TempDir,
}

/// What a run printed and how it ended.
#[must_use = "look at the output or at the exit code"]
pub(crate) struct Run {
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
    /// The exit code.
    pub(crate) code: Option<i32>,
}

impl World {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file, with the folders it needs.
    pub(crate) fn file(self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.write(path, bytes);
        self
    }

    /// Writes a file, with the folders it needs.
    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Makes the folder look like a git repository.
    pub(crate) fn repository(self) -> Self {
        self.file(".git/HEAD", "ref: refs/heads/main\n")
    }

    /// Adds a symbolic link.
    pub(crate) fn link(self, path: &str, target: &str) -> Self {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
        self
    }

    /// Checks `path` here and returns the run with its JSON report.
    pub(crate) fn check(&self, args: &[&str]) -> Run {
        self.run(&[&["check", "--format", "json"], args].concat())
    }

    /// Runs `rollgate` here.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.run_with(args, "")
    }

    /// Runs `rollgate` here with `input` on standard input.
    pub(crate) fn run_with(&self, args: &[&str], input: &str) -> Run {
        finish(rollgate(self.path()).args(args), input)
    }

    /// Runs `rollgate` in the folder `dir` of this world.
    pub(crate) fn run_in(&self, dir: &str, args: &[&str]) -> Run {
        finish(rollgate(&self.path().join(dir)).args(args), "")
    }

    /// Runs `rollgate` here with `variables` in its environment.
    pub(crate) fn run_env(&self, variables: &[(&str, &str)], args: &[&str]) -> Run {
        finish(rollgate(self.path()).envs(variables.iter().copied()).args(args), "")
    }
}

/// `rollgate` in `dir`, with nothing of this machine's environment.
pub(crate) fn rollgate(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollgate"));
    command.env_clear().env("LANG", "C.UTF-8").env("COLUMNS", "80").current_dir(dir);
    command
}

fn finish(command: &mut Command, input: &str) -> Run {
    use std::io::Write;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that does not read its input closes the pipe: that is its business.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { out: text(stdout), err: text(stderr), code: status.code() }
}

impl Run {
    /// The JSON report.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}\n{}\n{}", self.out, self.err))
    }

    /// The rules that the JSON report's findings are of, sorted, each once.
    pub(crate) fn rules(&self) -> Vec<String> {
        let json = self.json();
        let findings = json["findings"].as_array().unwrap();
        let mut rules: Vec<String> = findings.iter().map(|f| f["rule"].as_str().unwrap().to_owned()).collect();
        rules.sort();
        rules.dedup();
        rules
    }

    /// Asserts the exit code, and shows everything if it is another.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Asserts that standard output holds `part`.
    #[track_caller]
    pub(crate) fn says(self, part: &str) -> Self {
        assert!(self.out.contains(part), "no {part:?} in stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Asserts that standard error holds `part`.
    #[track_caller]
    pub(crate) fn complains(self, part: &str) -> Self {
        assert!(self.err.contains(part), "no {part:?} in stderr:\n{}\nstdout:\n{}", self.err, self.out);
        self
    }

    /// The findings of `rule` in the JSON report.
    pub(crate) fn of(&self, rule: &str) -> Vec<serde_json::Value> {
        let json = self.json();
        json["findings"].as_array().unwrap().iter().filter(|f| f["rule"] == rule).cloned().collect()
    }

    /// The reasons of the JSON report's undetermined values.
    pub(crate) fn reasons(&self) -> Vec<String> {
        let json = self.json();
        json["undetermined"].as_array().unwrap().iter().map(|u| u["reason"].as_str().unwrap().to_owned()).collect()
    }

    /// The files that findings of the JSON report lie in, sorted, each once.
    pub(crate) fn files(&self) -> Vec<String> {
        let json = self.json();
        let findings = json["findings"].as_array().unwrap();
        let mut files: Vec<String> = findings.iter().map(|f| f["file"].as_str().unwrap().to_owned()).collect();
        files.sort();
        files.dedup();
        files
    }
}

/// A repository of the git program, with a pinned identity and no configuration but its own.
pub(crate) struct Repo {
    /// Its work tree, or for a bare one the repository itself.
    pub(crate) world: World,
}

/// `git` in `dir`, with nothing of this machine's configuration.
pub(crate) fn git_in(dir: &Path) -> Command {
    let mut command = Command::new("git");
    let home = dir.to_path_buf();
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", home).env("LANG", "C.UTF-8");
    command.envs([("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null")]);
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "Ada Park").env(format!("GIT_{who}_EMAIL"), "ada@example.com");
        command.env(format!("GIT_{who}_DATE"), "2026-11-02T10:00:00Z");
    }
    command.current_dir(dir);
    command
}

impl Repo {
    /// An empty repository on branch `main`.
    pub(crate) fn new() -> Self {
        let repo = Self { world: World::new() };
        repo.git(&["init", "-q", "-b", "main", "."]);
        repo
    }

    /// Runs git here, which must succeed, and returns what it printed.
    #[track_caller]
    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.git_at("2026-11-02T10:00:00Z", args)
    }

    /// Runs git here at `time`, which must succeed.
    #[track_caller]
    pub(crate) fn git_at(&self, time: &str, args: &[&str]) -> String {
        let mut command = git_in(self.world.path());
        let output = command.args(args).env("GIT_COMMITTER_DATE", time).env("GIT_AUTHOR_DATE", time).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "git {args:?}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout).trim_end().to_owned()
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, text: &str) -> &Self {
        self.world.write(path, text);
        self
    }

    /// Commits everything at `time`.
    #[track_caller]
    pub(crate) fn commit(&self, time: &str, message: &str) -> &Self {
        self.git(&["add", "-A"]);
        self.git_at(time, &["commit", "-q", "--allow-empty", "-m", message]);
        self
    }

    /// Starts a branch here.
    #[track_caller]
    pub(crate) fn branch(&self, name: &str) -> &Self {
        self.git(&["switch", "-q", "-c", name]);
        self
    }

    /// Goes to a branch that is there.
    #[track_caller]
    pub(crate) fn switch(&self, name: &str) -> &Self {
        self.git(&["switch", "-q", name]);
        self
    }

    /// Judges what this branch changes against `main`, on a Tuesday.
    pub(crate) fn against_main(&self, args: &[&str]) -> Run {
        self.world.check(&[&["--base", "main", "--at", TUESDAY], args].concat())
    }
}

/// A moment at which the default windows are open.
pub(crate) const TUESDAY: &str = "2026-11-24T10:00:00Z";
/// A moment at which they are closed.
pub(crate) const FRIDAY: &str = "2026-11-27T21:00:00Z";
