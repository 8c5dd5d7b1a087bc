//! Git hooks, with the real git: written, called, taken away.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::World;

/// `git` in `dir`, with nothing of this machine's configuration.
fn git(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new("git");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", dir).env("GIT_CONFIG_NOSYSTEM", "1");
    for (name, value) in [("NAME", "A"), ("EMAIL", "a@example.com"), ("DATE", "2026-11-24T10:00:00Z")] {
        command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    command.args(["-c", "init.defaultBranch=main"]).args(args).current_dir(dir).output().unwrap()
}

/// `git`, which must succeed; its standard output.
#[track_caller]
fn ok(dir: &Path, args: &[&str]) -> String {
    let output = git(dir, args);
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// A repository with one commit.
fn repository() -> World {
    let world = World::new().file("repo/a.txt", "a\n");
    let repo = world.path().join("repo");
    let _ = ok(&repo, &["init", "--quiet"]);
    let _ = ok(&repo, &["add", "."]);
    let _ = ok(&repo, &["commit", "--quiet", "--message", "first"]);
    world
}

/// Where git looks for hooks.
fn hooks(dir: &Path) -> PathBuf {
    dir.join(ok(dir, &["rev-parse", "--git-path", "hooks"]))
}

fn script(path: &Path, text: &str, mode: u32) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

/// Puts a program in the place of the recorded one, which writes down how it is called.
fn recorder(world: &World, hook: &Path, code: u8) -> PathBuf {
    let log = world.path().join("ours.log");
    let fake = world.path().join("bin with 'quotes'/rollgate");
    let log_text = log.display();
    script(&fake, &format!("#!/bin/sh\necho \"$@\" >>'{log_text}'\ncat >>'{log_text}'\nexit {code}\n"), 0o755);
    let quoted = format!("'{}'", fake.display().to_string().replace('\'', "'\\''"));
    let recorded = format!("recorded='{}'", env!("CARGO_BIN_EXE_rollgate"));
    assert!(text(hook).contains(&recorded));
    std::fs::write(hook, text(hook).replace(&recorded, &format!("recorded={quoted}"))).unwrap();
    log
}

#[test]
fn an_existing_hook_runs_first_with_the_same_arguments_and_input() {
    let world = repository();
    let repo = world.path().join("repo");
    let hook = hooks(&repo).join("pre-push");
    let (theirs, bare) = (world.path().join("theirs.log"), world.path().join("bare.git"));
    let old = format!("#!/bin/sh\necho \"$@\" >>'{0}'\ncat >>'{0}'\n[ ! -e ../stop ] || exit 7\n", theirs.display());
    script(&hook, &old, 0o750);
    let _ = ok(world.path(), &["init", "--quiet", "--bare", "bare.git"]);
    let _ = ok(&repo, &["remote", "add", "origin", bare.to_str().unwrap()]);
    let dir = hook.parent().unwrap().display().to_string();
    let run = world.run(&["hook", "install", "--dir", &dir]).ends(0);
    let run = run.says("pre-commit: installed as ").says("pre-push.before-rollgate runs first");
    assert_eq!(run.out.lines().count(), 2);
    std::fs::remove_file(hooks(&repo).join("pre-commit")).unwrap();
    let ours = recorder(&world, &hook, 0);
    let _ = ok(&repo, &["push", "--quiet", "origin", "main"]);
    let head = ok(&repo, &["rev-parse", "HEAD"]);
    let line = format!("refs/heads/main {head} refs/heads/main {}\n", "0".repeat(40));
    assert_eq!(text(&theirs), format!("origin {}\n{line}", bare.display()));
    assert_eq!(text(&ours), format!("hook run pre-push origin {}\n{line}", bare.display()));
    // Theirs fails: ours is not asked, and nothing is pushed.
    let _ = world.write("stop", "");
    assert!(!git(&repo, &["push", "origin", "main:other"]).status.success());
    assert_eq!(text(&ours).lines().count(), 2);
    assert_eq!(git(&bare, &["rev-parse", "--verify", "other"]).status.code(), Some(128));
    // Ours fails.
    std::fs::remove_file(world.path().join("stop")).unwrap();
    script(&world.path().join("bin with 'quotes'/rollgate"), "#!/bin/sh\nexit 1\n", 0o755);
    assert!(!git(&repo, &["push", "origin", "main:other"]).status.success());
}

#[test]
fn uninstall_brings_the_old_hook_back() {
    let world = repository();
    let hook = hooks(&world.path().join("repo")).join("pre-commit");
    let dir = hook.parent().unwrap().display().to_string();
    let old = "#!/bin/sh\n# ours alone, no final newline\nexit 0";
    script(&hook, old, 0o710);
    let _ = world.run(&["hook", "install", "pre-commit", "--dir", &dir]).ends(0);
    let first = text(&hook);
    assert_eq!((mode(&hook) & 0o100, mode(&hook.with_extension("before-rollgate"))), (0o100, 0o710));
    let _ = world.run(&["hook", "install", "pre-commit", "--dir", &dir]).ends(0).says("pre-commit: already installed");
    assert_eq!(text(&hook), first);
    let _ = world.run(&["hook", "uninstall", "--dir", &dir]).ends(0).says("is back");
    assert_eq!((&*text(&hook), mode(&hook)), (old, 0o710));
    assert!(!hook.with_extension("before-rollgate").exists());
    let _ = world.run(&["hook", "uninstall", "--dir", &dir]).ends(0).says("no hook of rollgate's");
    assert_eq!(text(&hook), old);
    let _ = world.run(&["hook", "uninstall", "pre-commit", "--dir", &dir]).ends(2).complains("not written by rollgate");
}

#[test]
fn a_hook_that_somebody_changed_is_left_alone() {
    let world = repository();
    let hook = hooks(&world.path().join("repo")).join("pre-push");
    let dir = hook.parent().unwrap().display().to_string();
    let _ = world.run(&["hook", "install", "commit-msg", "pre-push", "--dir", &dir]).ends(0);
    let changed = text(&hook) + "echo more\n";
    std::fs::write(&hook, &changed).unwrap();
    let _ = world.run(&["hook", "install", "--dir", &dir]).ends(2).complains("changed by somebody since");
    assert!(!hook.with_file_name("pre-commit").exists(), "all or nothing");
    let _ = world.run(&["hook", "uninstall", "--dir", &dir]).ends(2).complains("changed by somebody since");
    assert_eq!(text(&hook), changed);
    assert!(hook.with_file_name("commit-msg").exists(), "all or nothing");
    // Two hooks of somebody's: neither is lost.
    script(&hook, "#!/bin/sh\n", 0o755);
    script(&hook.with_extension("before-rollgate"), "#!/bin/sh\n# older\n", 0o755);
    let _ = world.run(&["hook", "install", "pre-push", "--dir", &dir]).ends(2).complains("and so is");
    assert_eq!(text(&hook), "#!/bin/sh\n");
}

#[test]
fn no_rollgate_anywhere_fails_closed() {
    let world = repository();
    let repo = world.path().join("repo");
    let hook = hooks(&repo).join("commit-msg");
    let dir = hook.parent().unwrap().display().to_string();
    let _ = world.run(&["hook", "install", "commit-msg", "--dir", &dir]).ends(0);
    std::fs::write(&hook, text(&hook).replace(env!("CARGO_BIN_EXE_rollgate"), "/nonexistent/rollgate")).unwrap();
    let output = Command::new(&hook).env_clear().env("PATH", "/nonexistent").arg("x").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("finds no rollgate, neither at '/nonexistent/rollgate' nor on the PATH"), "{said}");
    // The one on the path will do.
    let bin = Path::new(env!("CARGO_BIN_EXE_rollgate")).parent().unwrap();
    let message = world.write("message", "fix: x\n\nRollback-Drill:\n");
    let output = Command::new(&hook).env_clear().env("PATH", bin).arg(message).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn commit_msg_in_a_linked_work_tree() {
    let world = repository();
    let repo = world.path().join("repo");
    let _ = ok(&repo, &["worktree", "add", "--quiet", "../linked"]);
    let linked = world.path().join("linked");
    let dir = hooks(&linked);
    assert_eq!(dir.canonicalize().unwrap(), repo.join(".git/hooks").canonicalize().unwrap());
    let _ = world.run(&["hook", "install", "commit-msg", "--dir", dir.to_str().unwrap()]).ends(0);
    let commit = |message: &str| git(&linked, &["commit", "--allow-empty", "--message", message]);
    let refused = commit("fix: x\n\nRollgate-Override: outage\n\nmore text");
    assert!(!refused.status.success());
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("COMMIT_EDITMSG:3: `Rollgate-Override:` stands outside of the trailers"), "{said}");
    let refused = commit("fix: x\n\nRollgate-Override:");
    assert!(String::from_utf8(refused.stderr).unwrap().contains("gives no reason"));
    let kept = commit("fix: x\n\nRollgate-Override: outage, OPS-1\nRollback-Drill: web");
    assert!(kept.status.success(), "{}", String::from_utf8_lossy(&kept.stderr));
    // Git agrees on what a trailer is.
    let seen = ok(&linked, &["log", "-1", "--format=%(trailers:key=Rollgate-Override,valueonly)"]);
    assert_eq!(seen, "outage, OPS-1");
}

#[test]
fn hooks_path_inside_of_the_repository() {
    let world = repository();
    let repo = world.path().join("repo");
    let _ = ok(&repo, &["config", "core.hooksPath", ".githooks"]);
    let dir = hooks(&repo);
    assert_eq!(dir, repo.join(".githooks"));
    let run = world.run_in("repo", &["hook", "install", "commit-msg", "--dir", ".githooks"]).ends(0);
    let _ = run.says("commit-msg: installed as ");
    assert!(!git(&repo, &["commit", "--allow-empty", "--message", "x\n\nRollback-Drill:"]).status.success());
    let _ = world.run_in("repo", &["hook", "install", "--dir", "no/such/folder"]).ends(2).complains("--git-path hooks");
}

#[test]
fn pre_receive_reads_its_input_twice() {
    let world = repository();
    let (repo, bare) = (world.path().join("repo"), world.path().join("bare.git"));
    let _ = ok(world.path(), &["init", "--quiet", "--bare", "bare.git"]);
    let hook = hooks(&bare).join("pre-receive");
    let theirs = world.path().join("theirs.log");
    script(&hook, &format!("#!/bin/sh\ncat >'{}'\n", theirs.display()), 0o755);
    let dir = hook.parent().unwrap().display().to_string();
    let _ = world.run(&["hook", "install", "pre-receive", "--dir", &dir]).ends(0);
    let ours = recorder(&world, &hook, 0);
    let _ = ok(&repo, &["push", "--quiet", bare.to_str().unwrap(), "main", "main:other"]);
    assert_eq!(text(&theirs).lines().count(), 2);
    assert_eq!(text(&ours), format!("hook run pre-receive\n{}", text(&theirs)));
    // One that does not read its input is no reason to fail.
    script(&hook.with_extension("before-rollgate"), "#!/bin/sh\nexit 0\n", 0o755);
    let _ = ok(&repo, &["push", "--quiet", bare.to_str().unwrap(), "main:third"]);
}

#[test]
fn commit_msg_without_a_message() {
    let world = World::new();
    let _ = world.run(&["hook", "run", "commit-msg", "none"]).ends(2).complains("`none` cannot be read");
    let _ = world.run(&["hook", "run", "commit-msg"]).ends(2).complains("FILE");
    let _ = world.run(&["hook", "install", "post-commit", "--dir", "."]).ends(2).complains("post-commit");
    let world = world.file("m", b"fix: \xff\n\nRollback-Drill:\n");
    let _ = world.run(&["hook", "run", "commit-msg", "m"]).ends(1).complains("m:3: `Rollback-Drill:` names no service");
}

#[test]
fn git_and_commit_msg_see_the_same_trailers() {
    let world = World::new();
    let blocks = [
        "Rollback-Drill: web",
        "text",
        "text\nRollback-Drill: web",
        "Rollback-Drill: web\nSigned-off-by: A <a@example.com>",
        "text\nSigned-off-by: A <a@example.com>\nRollback-Drill: web",
        "one\ntwo\nthree\nfour\nfive\nsix\nseven\nSigned-off-by: A <a@example.com>\nRollback-Drill: web",
        "Key: value\n  goes on\nRollback-Drill: web",
        "  indented\nRollback-Drill: web",
        "(cherry picked from commit 3f2a9c1)\ntext\nRollback-Drill: web",
    ];
    let mut messages: Vec<String> = blocks.iter().map(|b| format!("{b}\n")).collect();
    for block in blocks {
        messages.push(format!("fix: x\n\n{block}\n"));
        messages.extend(blocks.iter().map(|last| format!("fix: x\n\n{block}\n\n{last}\n")));
    }
    for message in messages {
        let path = world.write("message", &message);
        let seen = ok(world.path(), &["interpret-trailers", "--parse", path.to_str().unwrap()]);
        let of = |text: &str| text.lines().filter(|l| l.starts_with("Rollback-Drill:")).count();
        let run = world.run(&["hook", "run", "commit-msg", "message"]);
        let outside = run.err.matches("outside of the trailers").count();
        assert_eq!(of(&message) - of(&seen), outside, "{message}");
    }
}
