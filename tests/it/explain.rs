//! `rollgate explain`, the manual and the completions: what people read and type in a terminal.

use crate::support::World;

const POLICY: &str = "version: 1\nextends: [strict, ai]\nrules:\n  canary-too-large: {max: 7%}\n  big-bang: off\nscopes:\n  \
    - match: {environment: staging}\n    rules: {canary-too-large: warning}\n";

/// What the policy says of the first stage, as it is printed.
const CANARY: &str = "\
Under rollgate.yaml, over recommended, strict, ai it is on as error, which fails
the check: preset strict says so, where no scope and no class says anything
else.

\x20 preset recommended  warning
\x20 preset strict       error, max: 5%
\x20 preset ai           error, max: 10%, for a change of kind prompt-tweak
\x20 preset ai           error, max: 5%, for a change of kind model-upgrade
\x20 preset ai           error, max: 5%, for a change of kind vendor-switch
\x20 rollgate.yaml:4     max: 7%
\x20 rollgate.yaml:8     warning, for environment: staging

A later line beats an earlier one in what both say.

The values of its parameters:

\x20 rollgate.yaml:4  max: 7%
";

/// The part of the page that the policy in force decides.
fn here(page: &str) -> &str {
    let part = page.split_once("In this repository\n------------------\n").unwrap().1;
    part.split_once("\nWhat it checks\n").unwrap().0
}

#[test]
fn why_a_rule_is_on_and_where_each_value_comes_from() {
    let world = World::new().file("rollgate.yaml", POLICY);
    let run = world.run(&["explain", "canary-too-large"]).ends(0);
    assert_eq!(here(&run.out), CANARY);
    let run = world.run(&["explain", "big-bang"]).ends(0);
    assert!(
        here(&run.out)
            .starts_with("Under rollgate.yaml, over recommended, strict, ai it is off: rollgate.yaml:5\nsays so.\n")
    );
    let run = World::new().file("rollgate.yaml", "extends: []\n").run(&["explain", "big-bang"]).ends(0);
    assert!(
        here(&run.out).starts_with("Under rollgate.yaml it is off: nothing in it names this rule.\n"),
        "{}",
        run.out
    );
    let run = world.run(&["explain", "step-too-steep", "--preset", "recommended"]).ends(0);
    assert!(here(&run.out).contains("on as warning, which does not fail the check"), "{}", run.out);
    let json = world.run(&["explain", "canary-too-large", "--format", "json"]).ends(0).json();
    assert_eq!(json["setting"]["parameters"]["max"]["from"], "rollgate.yaml:4");
    assert_eq!(json["said"].as_array().unwrap().last().unwrap()["for"], "environment: staging");
}

#[test]
fn prose_fits_in_eighty_columns() {
    let world = World::new().file("rollgate.yaml", POLICY);
    for def in rollgate::rules::ALL {
        let run = world.run(&["explain", def.meta.id]).ends(0);
        // Examples and tables are meant to be pasted.
        let prose = run.out.lines().filter(|line| !line.starts_with("    ") && !line.starts_with('|'));
        let wide: Vec<&str> = prose.filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{}: {wide:#?}", def.meta.id);
        assert!(!run.out.contains('\u{1b}'), "{}", run.out);
    }
}

#[test]
fn links_only_where_the_terminal_has_them() {
    let world = World::new().file("rollgate.yaml", POLICY);
    let page = |variables: &[(&str, &str)]| world.run_env(variables, &["explain", "big-bang"]).ends(0).out;
    let plain = page(&[("TERM_PROGRAM", "WezTerm")]);
    assert!(!plain.contains('\u{1b}'), "this is no terminal");
    let forced = page(&[("FORCE_HYPERLINK", "1")]);
    let uri =
        format!("\u{1b}]8;;file://{}/rollgate.yaml\u{1b}\\rollgate.yaml:5\u{1b}]8;;\u{1b}\\", world.path().display());
    assert!(forced.contains(&uri), "{forced:?}");
    assert_eq!(forced.replace(&uri, "rollgate.yaml:5"), plain);
    assert_eq!(page(&[("FORCE_HYPERLINK", "0")]), plain);
}

#[test]
fn every_command_has_a_page() {
    let world = World::new();
    let _ = world.run(&["man"]).ends(0).says(".TH rollgate 1").says("rollgate\\-hook(1)");
    let _ = world.run(&["man", "hook", "install"]).ends(0).says(".TH rollgate-hook-install 1").says("\\-\\-dir");
    let _ = world.run(&["man", "chek"]).ends(2).complains("did you mean `check`?");
}

#[test]
fn shells_are_told_what_may_stand_where() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish"] {
        let out = world.run(&["completions", shell]).ends(0).out;
        for known in ["canary-too-large", "friday-freeze", "rollout-plan", "pre-receive"] {
            assert!(out.contains(known), "{shell}: no {known}");
        }
    }
    let fish = world.run(&["completions", "fish"]).ends(0);
    let _ = fish.says("using_subcommand hook; and __fish_seen_subcommand_from install\" -f -a \"pre-commit pre-push");
}
