//! What libgit2 answers wrongly without a word, each beside what we make of it.

use std::ops::ControlFlow;

use rollgate::history::{End, Git, HistoryError, Horizon, Needed, Prefixes};

use crate::repository::{Repo, executable, path};

/// Hooks call this.
const ROLLGATE: &str = env!("CARGO_BIN_EXE_rollgate");
/// A manifest that is no YAML: a finding of its own.
const BROKEN: &str = "kind: Rollout\napiVersion: argoproj.io/v1alpha1\nspec: {a: [\n";
const FINE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n";

/// Three commits on `main`, and a branch `change` of two from the first.
fn forked() -> Repo {
    let repo = Repo::init(&[]);
    let _ = repo.commit(0, "deploy/a.yaml", "a: 1\n");
    let _ = repo.git(&["checkout", "--quiet", "-b", "change"]);
    let _ = repo.commit(1, "deploy/b.yaml", "b: 1\n");
    let _ = repo.commit(2, "deploy/b.yaml", "b: 2\n");
    let _ = repo.git(&["checkout", "--quiet", "main"]);
    let _ = repo.commit(3, "deploy/a.yaml", "a: 2\n");
    let _ = repo.commit(4, "deploy/a.yaml", "a: 3\n");
    repo
}

#[test]
fn the_tip_of_a_shallow_clone_is_no_first_commit() {
    let whole = forked();
    let repo = whole.clone_to("shallow", &["--depth", "1", "--no-single-branch"]);
    let (main, change) = (repo.id("HEAD"), repo.id("origin/change"));
    let naive = git2::Repository::open(&repo.dir).unwrap();
    assert_eq!(naive.head().unwrap().peel_to_commit().unwrap().parents().len(), 0);

    let git = repo.open();
    assert!(git.is_shallow());
    assert_eq!(git.commit(&main).unwrap().parents, [whole.id("main~1")]);
    let mut walk = git.first_parents(main, Horizon::EVERYTHING);
    assert_eq!(walk.by_ref().count(), 1);
    assert_eq!(walk.end(), Some(End::ShallowBoundary(main)));
    let bases = git.merge_bases(&main, &change).unwrap_err();
    assert!(matches!(bases, HistoryError::Shallow { needed: Needed::MergeBase, .. }), "{bases:?}");
    // It is shown no change at all, where a comparison with nothing would say that everything is new.
    let (mut shown, horizon, all) = (0, Horizon::EVERYTHING, Prefixes::all());
    let mut each = |_: &_, _: &[_]| {
        shown += 1;
        ControlFlow::Continue(())
    };
    let end = git.changes_along(main, horizon, &all, &mut each).unwrap();
    assert_eq!((shown, end), (0, End::ShallowBoundary(main)));
    let versions = git.versions(main, horizon, &[path("deploy/a.yaml")]).unwrap();
    assert_eq!(versions[0].end, End::ShallowBoundary(main));
}

#[test]
fn depth_tells_when_it_is_enough() {
    let whole = forked();
    let base = whole.id("main~2");
    for (depth, enough) in [("2", false), ("3", true), ("4", true)] {
        let repo = whole.clone_to(&format!("depth-{depth}"), &["--depth", depth, "--no-single-branch"]);
        let found = repo.open().merge_bases(&repo.id("HEAD"), &repo.id("origin/change"));
        match found {
            Ok(bases) => assert!(enough && bases == [base], "{depth}: {bases:?}"),
            Err(error) => assert!(!enough && matches!(error, HistoryError::Shallow { .. }), "{depth}: {error:?}"),
        }
    }
}

#[test]
fn a_hook_reads_the_index_that_git_names() {
    let repo = Repo::init(&[]);
    let _ = repo.commit(0, "b.yaml", FINE);
    let _ = repo.write("c.yaml", BROKEN);
    let _ = repo.git(&["add", "c.yaml"]);
    let _ = repo.write("b.yaml", FINE.replace("name: b", "name: b2"));
    repo.hook("pre-commit", &format!("#!/bin/sh\nexec '{ROLLGATE}' hook run pre-commit\n"));

    let naive = git2::Repository::open(&repo.dir).unwrap();
    let head = naive.head().unwrap().peel_to_tree().unwrap();
    let diff = naive.diff_tree_to_index(Some(&head), Some(&naive.index().unwrap()), None).unwrap();
    let seen: Vec<_> = diff.deltas().map(|d| d.new_file().path().unwrap().to_owned()).collect();
    assert_eq!(seen, [std::path::Path::new("c.yaml")], "what a plain open says is staged");

    let passed = repo.try_git(&["commit", "--message", "b alone", "b.yaml"]);
    assert!(passed.status.success(), "{}", String::from_utf8_lossy(&passed.stderr));
    let refused = repo.try_git(&["commit", "--message", "c"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("c.yaml"), "{refused:?}");
}

#[test]
fn a_hook_of_a_linked_work_tree_reads_its_index() {
    let repo = Repo::init(&[]);
    let _ = repo.commit(0, "b.yaml", FINE);
    let _ = repo.git(&["worktree", "add", "--quiet", "../linked", "-b", "side"]);
    let linked = repo.beside("linked");
    repo.hook("pre-commit", &format!("#!/bin/sh\nexec '{ROLLGATE}' hook run pre-commit\n"));
    let _ = linked.write("c.yaml", BROKEN);
    let _ = linked.git(&["add", "c.yaml"]);
    assert!(!linked.try_git(&["commit", "--message", "c"]).status.success());
    assert!(repo.try_git(&["commit", "--message", "nothing", "--allow-empty"]).status.success());
}

#[test]
fn a_reftable_is_refused_with_the_reason() {
    let repo = Repo::init(&["--ref-format=reftable"]);
    let _ = repo.commit(0, "a.yaml", "a: 1\n");
    let _ = repo.git(&["tag", "rollback-drill/web"]);
    // Only where nobody asked libgit2 to accept the extension does it refuse by itself; its list of tags would be empty.
    assert!(git2::Repository::open(&repo.dir).is_err());
    let HistoryError::Unreadable { message, help } = Git::open(&repo.dir).err().unwrap() else {
        unreachable!("another error")
    };
    assert!(message.contains("reftable") && help.contains("git refs migrate"), "{message}: {help}");
}

#[test]
fn a_received_commit_is_seen_in_quarantine() {
    let repo = Repo::init(&[]);
    let _ = repo.commit(0, "b.yaml", FINE);
    let bare = repo.clone_to("bare.git", &["--bare"]);
    let seen = repo.dir.with_file_name("seen");
    let plain =
        format!("#!/bin/sh\nenv | grep -c QUARANTINE >'{}'\nexec '{ROLLGATE}' hook run pre-receive\n", seen.display());
    executable(&bare.dir.join("hooks/pre-receive"), &plain);
    let _ = repo.commit(1, "b.yaml", &FINE.replace("name: b", "name: b2"));
    let _ = repo.git(&["push", "--quiet", "../bare.git", "main"]);
    assert_eq!(std::fs::read_to_string(&seen).unwrap(), "1\n");
    let _ = repo.commit(2, "c.yaml", BROKEN);
    let refused = repo.try_git(&["push", "../bare.git", "main"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("c.yaml"), "{refused:?}");
    assert_eq!(bare.id("main"), repo.id("main~1"));
}
