//! Awkward, broken and hostile repositories: each has one clear outcome.

use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;

use rollgate::history::{End, FileChange, Git, HistoryError, Horizon, Mode, ObjectId, Prefixes, TreeFile};

use crate::repository::{NOON, Repo, executable, path};
use crate::support::rollgate;

/// Two commits of one file.
fn simple(args: &[&str]) -> Repo {
    let repo = Repo::init(args);
    let _ = repo.commit(0, "deploy/a.yaml", "a: 1\n");
    let _ = repo.commit(1, "deploy/a.yaml", "a: 2\n");
    repo
}

fn everything(git: &Git, from: ObjectId) -> (usize, End) {
    let mut walk = git.first_parents(from, Horizon::EVERYTHING);
    (walk.by_ref().map(Result::unwrap).count(), walk.end().unwrap())
}

fn paths(files: &[TreeFile]) -> Vec<String> {
    files.iter().map(|f| String::from_utf8_lossy(&f.path).into_owned()).collect()
}

#[test]
fn no_repository_and_no_commit() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Git::open(folder.path()).unwrap().is_none());
    let run = rollgate(folder.path()).args(["check", "--base", "main"]).output().unwrap();
    assert_eq!(run.status.code(), Some(2));
    let repo = Repo::init(&[]);
    let git = repo.open();
    assert_eq!(git.head(), Ok(None));
    assert_eq!(git.resolve("HEAD"), Err(HistoryError::Unborn));
    assert_eq!(git.resolve("main"), Err(HistoryError::NoSuchRevision { name: "main".to_owned() }));
}

#[test]
fn revisions_that_name_nothing_or_no_commit() {
    let repo = simple(&[]);
    let git = repo.open();
    for name in ["nope", "HEAD~9", "0123456", "", "HEAD:deploy/a.yaml", "HEAD^{tree}"] {
        assert_eq!(git.resolve(name), Err(HistoryError::NoSuchRevision { name: name.to_owned() }));
    }
    let absent = ObjectId::from_hex(&"1".repeat(40)).unwrap();
    assert_eq!(git.commit(&absent), Err(HistoryError::Missing { id: absent, partial: false, path: None }));
    let blob = git.find(&git.commit(&repo.id("HEAD")).unwrap().tree, b"deploy/a.yaml").unwrap().unwrap();
    assert!(matches!(git.commit(&blob.id), Err(HistoryError::Damaged { .. })));
    assert!(matches!(git.read(&blob.id, 2), Err(HistoryError::TooLarge { size: 5, limit: 2, .. })));
}

#[test]
fn histories_that_never_meet() {
    let repo = simple(&[]);
    let main = repo.id("HEAD");
    let _ = repo.git(&["checkout", "--quiet", "--orphan", "other"]);
    let other = repo.commit_staged(2, "from nothing");
    assert!(matches!(repo.open().merge_bases(&main, &other), Err(HistoryError::Unrelated { .. })));
}

#[test]
fn crossed_merges_have_two_bases() {
    let repo = simple(&[]);
    let _ = repo.git(&["checkout", "--quiet", "-b", "side"]);
    let b = repo.commit(2, "b", "b");
    let _ = repo.git(&["checkout", "--quiet", "main"]);
    let a = repo.commit(3, "a", "a");
    let _ = repo.git(&["merge", "--quiet", "--no-ff", "--message", "m", "side"]);
    let _ = repo.git(&["checkout", "--quiet", "side"]);
    let _ = repo.git(&["merge", "--quiet", "--no-ff", "--message", "m", &a.to_string()]);
    let mut expected = vec![a, b];
    expected.sort();
    assert_eq!(repo.open().merge_bases(&repo.id("main"), &repo.id("side")), Ok(expected));
}

#[test]
fn the_index_as_it_is() {
    let repo = simple(&[]);
    let _ = repo.write("intended.yaml", "x: 1\n");
    let _ = repo.git(&["add", "--intent-to-add", "intended.yaml"]);
    let _ = repo.write("staged.yaml", "x: 1\n");
    let _ = repo.git(&["add", "staged.yaml"]);
    let git = repo.open();
    assert_eq!(paths(&git.index().unwrap()), ["deploy/a.yaml", "staged.yaml"]);
    let tree = git.commit(&repo.id("HEAD")).unwrap().tree;
    let changes = git.index_changes(Some(&tree), &git.index().unwrap()).unwrap();
    assert_eq!(changes.iter().map(|c| &*c.path).collect::<Vec<_>>(), [b"staged.yaml"]);
    // The same through the git program.
    let _ = repo.git(&["update-index", "--split-index"]);
    assert_eq!(paths(&repo.open().index().unwrap()), ["deploy/a.yaml", "staged.yaml"]);
}

#[test]
fn a_sparse_index_is_read_whole() {
    let repo = simple(&[]);
    let _ = repo.commit(2, "src/b.txt", "b");
    let _ = repo.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "deploy"]);
    assert!(git2::Repository::open(&repo.dir).unwrap().index().is_err(), "libgit2 refuses it");
    assert_eq!(paths(&repo.open().index().unwrap()), ["deploy/a.yaml", "src/b.txt"]);
}

#[test]
fn a_merge_that_is_not_finished() {
    let repo = simple(&[]);
    let _ = repo.git(&["checkout", "--quiet", "-b", "side", "HEAD~1"]);
    let _ = repo.commit(2, "deploy/a.yaml", "a: 3\n");
    assert!(!repo.try_git(&["merge", "main"]).status.success());
    let conflict = HistoryError::Conflict { path: "deploy/a.yaml".to_owned() };
    assert_eq!(repo.open().index(), Err(conflict.clone()));
    let run = rollgate(&repo.dir).args(["check", "--staged"]).output().unwrap();
    assert_eq!(run.status.code(), Some(2));
    let _ = repo.git(&["update-index", "--split-index"]);
    assert_eq!(repo.open().index(), Err(conflict));
}

#[test]
fn names_and_messages_that_are_no_text() {
    let repo = simple(&[]);
    let name = std::ffi::OsStr::from_bytes(b"deploy/\xff.yaml");
    let _ = repo.write(name, "x: 1\n");
    std::os::unix::fs::symlink("/etc/passwd", repo.dir.join("deploy/link.yaml")).unwrap();
    let _ = repo.git(&["add", "."]);
    let _ = repo.write("message", b"fix: \xff\n\nRollback-Drill: web\n");
    let _ = repo.git(&["-c", "i18n.commitEncoding=ISO-8859-1", "commit", "--quiet", "--file", "message"]);
    let git = repo.open();
    let head = git.commit(&repo.id("HEAD")).unwrap();
    assert_eq!(&*head.message, "fix: \u{fffd}\n\nRollback-Drill: web\n");
    let files = git.files(&head.tree, &Prefixes::new([&b"deploy"[..]].into_iter())).unwrap();
    let told: Vec<(&[u8], Mode)> = files.iter().map(|f| (&*f.path, f.blob.mode)).collect();
    let file = Mode::File;
    assert_eq!(told, [(&b"deploy/a.yaml"[..], file), (b"deploy/link.yaml", Mode::Link), (b"deploy/\xff.yaml", file)]);
    assert!(git.find(&head.tree, b"deploy/\xff.yaml").unwrap().is_some());
}

#[test]
fn dates_that_run_backwards_or_lie_ahead() {
    let repo = simple(&[]);
    // One commit far in the past, then ninety-nine of today behind it on the way to the first: all are seen.
    for n in 0..99 {
        let _ = repo.commit_staged(10 + n, "later");
    }
    let _ = repo.commit_staged(-1_000_000, "a clock that was wrong");
    let ahead = repo.commit_staged(20_000_000, "a clock that will be");
    let git = repo.open();
    let horizon = |minute: i64| Horizon {
        not_before: rollgate::clock::Moment::from_timestamp(NOON + minute * 60, 0).unwrap(),
        max_commits: usize::MAX,
    };
    let seen = |minute| {
        let mut walk = git.first_parents(ahead, horizon(minute));
        (walk.by_ref().count(), walk.end().unwrap())
    };
    assert_eq!(seen(5), (101, End::Horizon));
    assert_eq!(seen(-2_000_000), (103, End::Root));
    assert_eq!(git.commit(&ahead).unwrap().time.timestamp(), NOON + 1_200_000_000);
    let few = Horizon { max_commits: 3, ..Horizon::EVERYTHING };
    let mut walk = git.first_parents(ahead, few);
    assert_eq!((walk.by_ref().count(), walk.end()), (3, Some(End::MaxCommits)));
}

#[test]
fn kinds_of_repositories_that_are_read_alike() {
    let repo = simple(&[]);
    let _ = repo.git(&["tag", "--annotate", "--message", "drill", "rollback-drill/web"]);
    let _ = repo.git(&["pack-refs", "--all"]);
    let _ = repo.git(&["gc", "--quiet"]);
    let _ = repo.git(&["worktree", "add", "--quiet", "../linked", "-b", "side"]);
    let parent = repo.beside(".");
    let _ = parent.git(&["clone", "--quiet", "--shared", "repo", "shared"]);
    let _ = parent.git(&["clone", "--quiet", "--bare", "repo", "bare.git"]);
    let head = repo.id("HEAD");
    for name in ["repo", "linked", "shared", "bare.git"] {
        let git = repo.beside(name).open();
        assert_eq!(git.head(), Ok(Some(head)), "{name}");
        assert_eq!(everything(&git, head), (2, End::Root), "{name}");
        assert_eq!(git.work_tree().is_none(), name == "bare.git");
        let tags = git.tags(&|_| true).unwrap();
        assert!(tags.len() == 1 && tags[0].commit == Some(head) && tags[0].tagged.is_some(), "{name}");
        let versions = git.versions(head, Horizon::EVERYTHING, &[path("deploy/a.yaml")]).unwrap();
        assert_eq!(versions[0].list.len(), 2, "{name}");
    }
}

#[test]
fn sha256() {
    let repo = simple(&["--object-format=sha256"]);
    let (git, head) = (repo.open(), repo.id("HEAD"));
    assert_eq!((head.as_bytes().len(), everything(&git, head)), (32, (2, End::Root)));
    assert_eq!(git.merge_bases(&head, &repo.id("HEAD~1")), Ok(vec![repo.id("HEAD~1")]));
    assert_eq!(git.index().unwrap().len(), 1);
    assert_eq!(git.verify(&head), Ok(()));
    let _ = repo.git(&["update-index", "--split-index"]);
    assert_eq!(repo.open().index().unwrap().len(), 1);
}

#[test]
fn nobody_rewrites_history_behind_our_back() {
    let repo = simple(&[]);
    let (head, first) = (repo.id("HEAD"), repo.id("HEAD~1"));
    let _ = repo.git(&["replace", "--graft", "HEAD"]);
    assert_eq!(repo.git(&["rev-list", "--count", "HEAD"]), "1", "what git says");
    assert_eq!(everything(&repo.open(), head), (2, End::Root));
    let _ = repo.git(&["replace", "--delete", "HEAD"]);
    let _ = repo.write(".git/info/grafts", format!("{head}\n"));
    let HistoryError::Unreadable { message, .. } = Git::open(&repo.dir).err().unwrap() else {
        unreachable!("another error")
    };
    assert!(message.contains("info/grafts"), "{message}");
    assert_ne!(head, first);
}

#[test]
fn a_partial_clone_fetches_nothing() {
    let repo = simple(&[]);
    let _ = repo.git(&["config", "uploadpack.allowFilter", "true"]);
    let clone = repo.clone_to("partial", &["--filter=blob:none", "--no-checkout"]);
    let git = clone.open();
    let head = clone.id("HEAD");
    assert!(git.is_partial() && !git.is_shallow());
    assert_eq!(everything(&git, head), (2, End::Root));
    let blob = git.find(&git.commit(&head).unwrap().tree, b"deploy/a.yaml").unwrap().unwrap();
    assert!(matches!(git.read(&blob.id, 100), Err(HistoryError::Missing { partial: true, .. })));
    let run = rollgate(&clone.dir).args(["check", "--base", "HEAD~1"]).output().unwrap();
    assert_eq!(run.status.code(), Some(2), "{}", String::from_utf8_lossy(&run.stderr));
    assert!(!git.has(&blob.id), "nothing was fetched");
}

#[test]
fn depths_that_end_before_the_question() {
    let repo = Repo::init(&[]);
    for n in 0..6 {
        let _ = repo.commit(n, "deploy/a.yaml", &format!("a: {}\n", n / 2));
    }
    for depth in [2_usize, 4] {
        let clone = repo.clone_to(&format!("depth-{depth}"), &["--depth", &depth.to_string()]);
        let (git, head) = (clone.open(), clone.id("HEAD"));
        let last = git.first_parents(head, Horizon::EVERYTHING).last().unwrap().unwrap();
        let end = End::ShallowBoundary(last.id);
        assert_eq!(everything(&git, head), (depth, end));
        let mut seen = Vec::new();
        let mut each = |commit: &rollgate::history::Commit, files: &[FileChange]| {
            seen.push((commit.id, files.len()));
            ControlFlow::Continue(())
        };
        assert_eq!(git.changes_along(head, Horizon::EVERYTHING, &Prefixes::all(), &mut each), Ok(end));
        assert_eq!(seen.len(), depth - 1);
        assert!(seen.iter().all(|(id, _)| *id != last.id), "nothing is said of the boundary");
        assert!(git.is_ancestor(&last.id, &head).unwrap());
    }
}

#[test]
fn nothing_of_the_configuration_runs() {
    let repo = simple(&[]);
    let _ = repo.commit(2, ".gitattributes", "*.yaml filter=evil diff=evil merge=evil\n");
    let mark = repo.dir.with_file_name("mark");
    let evil = repo.dir.with_file_name("evil");
    executable(&evil, &format!("#!/bin/sh\necho \"$0 $@\" >>'{}'\nexit 1\n", mark.display()));
    let hooks = repo.dir.with_file_name("hooks");
    for hook in ["post-index-change", "reference-transaction", "post-checkout", "fsmonitor-watchman"] {
        executable(&hooks.join(hook), &format!("#!/bin/sh\necho {hook} >>'{}'\n", mark.display()));
    }
    let _ = repo.write("deploy/b.yaml", "b: 1\n");
    let _ = repo.git(&["add", "."]);
    let _ = repo.git(&["update-index", "--no-split-index"]);
    let evil = evil.to_str().unwrap();
    let program = [
        "core.fsmonitor",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "diff.evil.textconv",
        "diff.evil.command",
        "diff.external",
        "merge.evil.driver",
        "gpg.program",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "credential.helper",
        "core.askPass",
        "alias.ls-files",
    ];
    let config = repo.dir.join(".git/config");
    let plain = std::fs::read_to_string(&config).unwrap();
    let hostile = || {
        for key in program {
            let _ = repo.git(&["config", key, if key.starts_with("alias") { "!evil" } else { evil }]);
        }
        let _ = repo.git(&["config", "core.hooksPath", hooks.to_str().unwrap()]);
    };
    let run = |args: &[&str]| {
        let path = std::env::var_os("PATH").unwrap();
        let run = rollgate(&repo.dir).env("PATH", path).arg("check").args(args).output().unwrap();
        assert!(!mark.exists(), "{args:?} ran {}", std::fs::read_to_string(&mark).unwrap());
        assert_eq!(run.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&run.stderr));
    };
    hostile();
    run(&["--base", "HEAD~1", "--allow-empty"]);
    run(&["--range", "HEAD~2..HEAD", "--allow-empty"]);
    run(&["--staged", "--allow-empty"]);
    std::fs::write(&config, &plain).unwrap();
    let _ = repo.git(&["update-index", "--split-index"]);
    hostile();
    run(&["--staged", "--allow-empty"]);
    // The trap works: git itself steps into it.
    let _ = repo.try_git(&["status"]);
    assert!(mark.exists(), "git runs what the configuration names");
}
