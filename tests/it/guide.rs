//! The guides are run: each `sh` block in turn, in one folder, and what it prints is the `text` block below it.
//! `ROLLGATE_BLESS=1` writes what is printed into the guide; read it before you commit it.

use std::path::Path;
use std::process::Command;

/// A block of commands, and what is told of it.
struct Block {
    line: usize,
    commands: String,
    /// The `text` block below it, if there is one: its exit code and what is printed.
    told: Option<(i32, String)>,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut open: Option<&str> = None;
    for (number, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), open) {
            (Some(_), Some(_)) => open = None,
            (Some(info), None) => {
                open = Some(info);
                if info == "sh" {
                    found.push(Block { line: number + 1, commands: String::new(), told: None });
                } else if let (Some(code), Some(last)) = (info.strip_prefix("text exit="), found.last_mut()) {
                    last.told = Some((code.parse().unwrap(), String::new()));
                }
            }
            (None, Some("sh")) => found.last_mut().unwrap().commands += &format!("{line}\n"),
            (None, Some(info)) if info.starts_with("text exit=") => {
                found.last_mut().unwrap().told.as_mut().unwrap().1 += &format!("{line}\n");
            }
            (None, _) => {}
        }
    }
    found
}

fn run(guide: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide").join(guide);
    let mut page = std::fs::read_to_string(&path).unwrap();
    let bless = std::env::var_os("ROLLGATE_BLESS").is_some();
    let folder = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_rollgate")).parent().unwrap();
    let search = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    for block in blocks(&page.clone()) {
        let output = Command::new("bash")
            .args(["-c", &block.commands])
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", &search)
            .env("HOME", folder.path())
            .env("CLONE", env!("CARGO_MANIFEST_DIR"))
            .env("LANG", "C.UTF-8")
            .env("COLUMNS", "120")
            .envs([("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null")])
            .envs([("GIT_AUTHOR_NAME", "Ada Park"), ("GIT_AUTHOR_EMAIL", "ada@example.com")])
            .envs([("GIT_COMMITTER_NAME", "Ada Park"), ("GIT_COMMITTER_EMAIL", "ada@example.com")])
            .envs([("GIT_AUTHOR_DATE", "2026-12-01T10:00:00+0100")])
            .env("GIT_COMMITTER_DATE", "2026-12-01T10:00:00+0100")
            .output()
            .unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let (code, told) = block.told.unwrap_or_default();
        if bless {
            let old = format!("```text exit={code}\n{told}```\n");
            let printed = format!("{out}{err}");
            let new = format!("```text exit={}\n{printed}```\n", output.status.code().unwrap());
            page = page.replacen(&old, &new, 1);
            continue;
        }
        let place = format!("docs/guide/{guide}:{}", block.line);
        assert_eq!(format!("{out}{err}").trim_end(), told.trim_end(), "{place} prints something else");
        assert_eq!(output.status.code(), Some(code), "{place}: another exit code; it printed\n{out}{err}");
    }
    if bless {
        std::fs::write(path, page).unwrap();
    }
}

#[test]
fn gitops() {
    run("gitops.md");
}

#[test]
fn fix() {
    run("fix.md");
}

#[test]
fn suppressions() {
    run("suppressions.md");
}

#[test]
fn ci() {
    run("ci.md");
}

#[test]
fn outputs() {
    run("outputs.md");
}

#[test]
fn ai_rollouts() {
    run("ai-rollouts.md");
}

#[test]
fn adopting() {
    run("adopting.md");
}
