//! The README shows what a finding really looks like.

use std::path::Path;

use crate::support::rollgate;

const BEGIN: &str = "<!-- example:begin -->\n";
const END: &str = "<!-- example:end -->";

#[test]
fn drift_of_the_example_in_the_readme() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let args = ["check", "docs/example", "--no-git", "--preset", "recommended", "--select", "analysis-cannot-fire"];
    let out = rollgate(root).args(args).output().unwrap();
    assert_eq!(out.status.code(), Some(1));
    let shown = format!("```text\n{}\n```\n", String::from_utf8(out.stdout).unwrap().trim_matches('\n'));
    let path = root.join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).expect("the README has a place for the example");
    let (there, after) = rest.split_once(END).expect("the place for the example ends");
    if std::env::var_os("ROLLGATE_BLESS").is_some() && there != shown {
        std::fs::write(&path, format!("{before}{BEGIN}{shown}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(there, shown, "run `ROLLGATE_BLESS=1 cargo test --test it drift`");
}
