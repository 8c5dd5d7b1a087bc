//! How long git's history takes to read: `ROLLGATE_HISTORY_REPO=REPO cargo bench --bench history`.
//!
//! The repository is one of the design's `bench/make-history.sh`, of 10,000 commits. Compare with the git program by CPU
//! time, in one run, on one machine only.

use std::ops::ControlFlow;
use std::path::Path;

use rollgate::history::{Git, GitPath, Horizon, ObjectId, Prefixes};

const VARIABLE: &str = "ROLLGATE_HISTORY_REPO";
const PROD: &[u8] = b"deploy/prod";

fn main() {
    if repository().is_some() {
        divan::main();
    } else {
        #[expect(clippy::print_stdout, reason = "a bench that does nothing says so")]
        {
            println!("{VARIABLE} is not set: no history is read");
        }
    }
}

fn repository() -> Option<Git> {
    #[expect(clippy::disallowed_methods, reason = "a bench is told where the repository lies")]
    let path = std::env::var_os(VARIABLE)?;
    Git::open(Path::new(&path)).expect("a repository that can be read")
}

fn opened() -> (Git, ObjectId) {
    let git = repository().expect("main looked");
    let head = git.head().expect("a head").expect("a commit");
    (git, head)
}

fn prod() -> Prefixes {
    Prefixes::new([PROD].into_iter())
}

#[divan::bench]
fn open(bencher: divan::Bencher<'_, '_>) {
    bencher.bench_local(|| repository().is_some());
}

/// The merge base of two commits 500 steps apart, and what differs.
#[divan::bench]
fn merge_base_and_changes(bencher: divan::Bencher<'_, '_>) {
    let (git, head) = opened();
    let nth = |n| git.first_parents(head, Horizon::EVERYTHING).nth(n).expect("long enough").expect("a commit").id;
    let (old, new) = (nth(700), nth(200));
    bencher.bench_local(|| {
        let base = git.merge_bases(&old, &new).expect("one history")[0];
        let trees = [base, new].map(|id| git.commit(&id).expect("a commit").tree);
        git.diff(Some(&trees[0]), Some(&trees[1]), &Prefixes::all()).expect("two trees").len()
    });
}

#[divan::bench]
fn walk_below_a_folder(bencher: divan::Bencher<'_, '_>) {
    let ((git, head), prod) = (opened(), prod());
    bencher.bench_local(|| {
        let mut count = 0;
        let mut each = |_: &_, files: &[_]| {
            count += files.len();
            ControlFlow::Continue(())
        };
        git.changes_along(head, Horizon::EVERYTHING, &prod, &mut each).expect("a history");
        count
    });
}

/// Every content that one file ever had.
#[divan::bench]
fn values_of_one_file(bencher: divan::Bencher<'_, '_>) {
    let (git, head) = opened();
    let tree = git.commit(&head).expect("a commit").tree;
    let files = git.files(&tree, &prod()).expect("a tree");
    let path: &[GitPath] = &[files.first().expect("a manifest").path.clone()];
    bencher.bench_local(|| {
        let versions = git.versions(head, Horizon::EVERYTHING, path).expect("a history").remove(0);
        let blobs = versions.list.iter().filter_map(|v| v.blob);
        blobs.map(|blob| git.read(&blob.id, 1 << 20).expect("a blob").len()).sum::<usize>()
    });
}
