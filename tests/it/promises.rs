//! What the gate promises (design: trust), each promise with somebody who tries to break it. Promises that need git are
//! kept where git is.

use std::sync::Arc;

use proptest::prelude::*;
use rollgate::adapters::{self, Audience, Object};
use rollgate::collect::{File, Origin};
use rollgate::engine::{LoadLimits, load};
use rollgate::syntax::{self, Engine, Limits};
use rollgate::text::FileId;

use crate::cli::{BANG, CLEAN, DRILL};
use crate::support::World;

// Promise 3: it fails closed.

#[test]
fn a_typo_never_relaxes_the_gate() {
    for policy in [
        "version: 1\nrules: {big-bang: of}\n",
        "version: 1\nrules: {big_bang: off}\n",
        "version: 1\nrule: {big-bang: error}\n",
        "version: 2\n",
        "version: 1\nextends: [recomended]\n",
        "version: 1\nundetermined: maybe\n",
        "version: 1\nfiles: {includes: [\"x/**\"]}\n",
        "version: 1\nfiles: {include: [\"x/[\"]}\n",
        "version: 1\nrules: {canary-too-small: {minimum: 1%}}\n",
        "version: 1\nscopes: [{match: {enviroment: staging}, rules: {big-bang: off}}]\n",
        "version: 1\nversion: 1\n",
        "[]\n",
        "version: 1\n---\nversion: 1\nextends: []\n",
    ] {
        let run = World::new().file("rollgate.yaml", policy).file("web.yaml", BANG).check(&["--exit-zero"]).ends(2);
        assert_eq!(run.out, "", "{policy}");
        assert_ne!(run.err, "", "{policy}");
    }
}

#[test]
fn a_policy_that_cannot_be_opened_is_not_no_policy() {
    let world = World::new().file("web.yaml", BANG).file("rollgate.yaml/x", "");
    let _ = world.check(&[]).ends(2).complains("rollgate.yaml");
    let _ =
        World::new().file("web.yaml", BANG).link("rollgate.yaml", "gone").check(&[]).ends(2).complains("rollgate.yaml");
}

// Promise 4: it reads what the deployer reads.

#[test]
fn the_last_of_two_keys_counts_for_kubernetes_and_is_reported() {
    let text = "apiVersion: v1\nkind: ConfigMap\nkind: RolloutPlan\napiVersion: rollgate/v1\nmetadata: {name: a}\nstrategy: all-at-once\n";
    let run = World::new().file("web.yaml", text).check(&[]).ends(1);
    assert!(!run.rules().is_empty(), "{}", run.out);
}

#[test]
fn octal_is_octal_where_the_cluster_reads_octal() {
    let argo = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: w}\nspec:\n  replicas: 010\n  strategy: {canary: {steps: [{setWeight: 020}, {pause: {}}]}}\n";
    let json = World::new().file("w.yaml", argo).run(&["inspect", "w.yaml", "--format", "json"]).ends(0).json();
    assert_eq!(json["rollouts"][0]["progression"]["stages"][0]["exposure_percent"], 16.0);
    let plan = CLEAN.replace("tolerate", "").replace("window: 10m", "window: 10m, tolerate: 010");
    let json = World::new().file("w.yaml", plan).run(&["inspect", "w.yaml", "--format", "json"]).ends(0).json();
    assert_eq!(json["rollouts"][0]["criteria"][0]["tolerated"], 10, "our own files are YAML 1.2");
}

// Promise 5: it runs nothing.

#[cfg(unix)]
#[test]
fn nothing_of_the_repository_is_run_and_nothing_outside_is_included() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new().file("web.yaml", CLEAN).file("secret.yaml", "version: 1\nrules: {big-bang: off}\n");
    let hook = "#!/bin/sh\ntouch \"$(dirname \"$0\")/ran\"\n";
    let script = world.write("repo/run.sh", hook);
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = script.display();
    let config =
        format!("[core]\n\tfsmonitor = {path}\n\thooksPath = .\n\tpager = {path}\n[filter \"x\"]\n\tsmudge = {path}\n");
    let world = world
        .file("repo/.git/HEAD", "ref: refs/heads/main\n")
        .file("repo/.git/config", config)
        .file("repo/.gitattributes", "* filter=x\n")
        .file("repo/web.yaml", BANG);
    let _ = world.run_in("repo", &["check"]).ends(1);
    assert!(!world.path().join("repo/ran").exists());
    for outside in ["../secret.yaml", "x/../../secret.yaml", "/etc/passwd", "link.yaml", "https://example.com/p.yaml"] {
        let world = World::new().file("secret.yaml", "version: 1\nrules: {big-bang: off}\n");
        let policy = format!("version: 1\nextends: [recommended, \"{outside}\"]\n");
        let world = world.file("repo/.git/HEAD", "").file("repo/web.yaml", BANG).file("repo/rollgate.yaml", policy);
        let world = world.link("repo/link.yaml", "../secret.yaml");
        let run = world.run_in("repo", &["check", "web.yaml"]).ends(2);
        assert_eq!(run.out, "", "{outside}");
    }
}

#[test]
fn the_environment_is_not_expanded() {
    let text = BANG.replace("service: bang", "service: \"$HOME `id`\"");
    let world = World::new().file("web.yaml", text);
    let run = world.run_env(&[("HOME", "/home/secret")], &["check", "--format", "json"]).ends(1);
    assert_eq!(run.of("big-bang")[0]["rollout"]["service"], "$HOME `id`");
    let policy = "version: 1\nextends: [\"${HOME}\"]\n";
    let world = World::new().file("rollgate.yaml", policy).file("web.yaml", BANG);
    let run = world.run_env(&[("HOME", "recommended")], &["check"]).ends(2);
    assert!(run.err.contains("${HOME}"), "{}", run.err);
}

// Promise 6, bounded resources, and 7, output that can't be forged: `bad_input` has their tests.

#[test]
fn names_given_on_the_command_line_are_shown_harmless() {
    let hostile = "x\u{1b}[2J\n::error::y\u{202e}";
    let world = World::new().file("web.yaml", BANG);
    for args in [
        &["check", "-", "--stdin-filename", hostile][..],
        &["check", "-", "--stdin-filename", hostile, "--format", "short"],
        &["check", "-", "--stdin-filename", hostile, "--format", "json"],
        &["check", hostile],
        &["check", "--select", hostile],
        &["check", "--policy", hostile],
        &["check", "--at", hostile],
        &["check", "--output", hostile],
        &["explain", hostile],
        &["schema", hostile],
        &["policy", "check", hostile],
        &["policy", "show", "--for", hostile],
    ] {
        let run = world.run_with(args, BANG);
        let text = format!("{}{}", run.out, run.err);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{args:?}: {text}");
        assert!(!text.lines().any(|l| l.starts_with("::error")), "{args:?}: {text}");
    }
}

// Promise 8: paths and links never lead outside.

#[test]
fn links_out_of_the_repository_are_not_followed_and_not_green() {
    let outside = World::new().file("secret.yaml", BANG).file("folder/secret.yaml", BANG);
    let target = |name: &str| outside.path().join(name).display().to_string();
    for (link, name, given) in [
        ("deploy/a.yaml", "secret.yaml", "deploy/a.yaml"),
        ("deploy/a", "folder", "deploy/a"),
        ("deploy/a", "folder", "deploy/a/secret.yaml"),
    ] {
        let world = World::new().repository().file("web.yaml", CLEAN).link(link, &target(name));
        for args in [&[][..], &["deploy"], &[given], &["deploy/../deploy"]] {
            let run = world.check(args).ends(2);
            assert_eq!(run.of("big-bang").len(), 0, "{args:?}");
            assert!(!run.out.contains("name: bang"), "{args:?}");
        }
    }
}

#[test]
fn records_outside_of_the_repository_do_not_count() {
    let outside = World::new().file("web.yaml", DRILL);
    let folder = outside.path().display();
    let policy = format!("version: 1\ndrills: {{records: [\"{folder}/*.yaml\", \"../*.yaml\"]}}\n");
    let world = World::new().file("web.yaml", DRILL).file("repo/rollgate.yaml", policy).file("repo/.git/HEAD", "");
    let run = world.file("repo/plan.yaml", CLEAN).run_in("repo", &["check", "--format", "json"]);
    assert_eq!(run.reasons(), ["no-repository"], "no drill is on file: {}{}", run.out, run.err);
}

#[test]
fn links_inside_hide_nothing() {
    let files = |world: &World, args: &[&str]| world.check(args).files();
    let world = World::new().repository().file("base/web.txt", BANG).link("deploy/web.yaml", "../base/web.txt");
    assert_eq!(files(&world, &[]), ["deploy/web.yaml"], "what it points to has another name");
    let world = World::new().repository().file("base/web.yaml", BANG).link("deploy/web.yaml", "../base/web.yaml");
    assert_eq!(files(&world, &[]), ["base/web.yaml"], "said once");
    assert_eq!(files(&world, &["deploy"]), ["deploy/web.yaml"]);
    let world = World::new().repository().file("base/web.yaml", BANG).link("deploy/base", "../base");
    assert_eq!(files(&world, &["deploy"]), ["base/web.yaml"], "a folder outside of what was asked for");
    let world = world.link("base/up", "..").link("base/self", ".");
    assert_eq!(files(&world, &[]), ["base/web.yaml"], "circles");
    assert_eq!(files(&world, &["deploy"]), ["base/web.yaml"], "circles");
}

// Promise 3 again: the byte search that spares us parsing hides nothing.

const GROUP: &str = "argoproj.io/v1alpha1";
const KIND: &str = "Rollout";
const REST: &str = "metadata: {name: w}\nspec: {strategy: {canary: {steps: [{setWeight: 1}]}}}\n";

/// One word, spelled in one of the ways that YAML has.
fn spelled(word: &'static str) -> impl Strategy<Value = String> {
    let quoted = prop::collection::vec(0..9u8, word.len()).prop_map(move |ways| {
        let letters = word.chars().zip(ways).map(|(c, way)| match way {
            0 => format!("\\x{:02x}", u32::from(c)),
            1 => format!("\\u{:04X}", u32::from(c)),
            2 => format!("\\U{:08x}", u32::from(c)),
            3 => format!("{c}\\\n    "),
            4 => format!("{c}\\\r\n  \t "),
            _ => c.to_string(),
        });
        format!("\"{}\"", letters.collect::<String>())
    });
    let base64 = (0..4usize).prop_map(move |way| {
        let tag = ["!!binary", "!!%62inary", "!<tag:yaml.org,2002:binary>", "!<tag:yaml.org,2002:bin%61ry>"][way];
        format!("{tag} \"{}\"", base64(word.as_bytes()))
    });
    let plain = prop::sample::select(vec![
        word.to_owned(),
        format!("'{word}'"),
        format!("\"{word}\""),
        format!("!!str {word}"),
        format!("! {word}"),
        format!("&w-{} {word}", word.len()),
        format!("|-\n  {word}"),
        format!(">-\n  {word}"),
        format!(">-\n\n\n  {word}\n").replace("\n\n\n", "\n"),
        format!("\n  {word} # {{}}"),
        format!("{word} # [\"'"),
    ]);
    prop_oneof![2 => quoted, 1 => base64, 1 => plain]
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, b| bits << 8 | u32::from(*b)) << (8 * (3 - group.len()));
        for digit in 0..4 {
            let shown = digit <= group.len();
            out.push(if shown { char::from(DIGITS[(bits >> (18 - 6 * digit)) as usize & 63]) } else { '=' });
        }
    }
    out
}

/// A whole object, with keys that are spelled in odd ways too.
fn object() -> impl Strategy<Value = String> {
    let key = |word: &'static str| {
        let escaped = format!("\"\\x{:02x}{}\"", word.as_bytes()[0], &word[1..]);
        prop::sample::select(vec![
            format!("{word}: "),
            format!("'{word}': "),
            format!("? {word}\n: "),
            format!("{escaped}: "),
            format!("!!str {word} : "),
            format!("&k-{word} {word} : "),
        ])
    };
    let parts = (key("apiVersion"), spelled(GROUP), key("kind"), spelled(KIND), any::<bool>());
    parts.prop_map(|(api, group, kind, name, swapped)| {
        let (first, second) = (format!("{api}{group}\n"), format!("{kind}{name}\n"));
        if swapped { format!("{second}{REST}{first}") } else { format!("{first}{second}{REST}") }
    })
}

/// What the engine makes of `text`: objects of known kinds, and what could not be read.
fn loaded(text: &str) -> (usize, usize) {
    let file = File { path: Arc::from("w.yaml"), origin: Origin::Memory(text.as_bytes().into()) };
    let lowered = load(0, &[file], &LoadLimits::default(), Audience::Rules).remove(0).lowered;
    (lowered.claimed, lowered.problems.len())
}

/// How many documents of `text` are of a known kind, when all of them are parsed.
fn claimed(text: &str) -> usize {
    let known = |chunk: &syntax::Chunk<'_>| {
        let doc = syntax::parse(FileId(0), chunk, Engine::GoYamlV2, &Limits::default(), false).ok()?;
        let object = Object::new(doc.root())?;
        adapters::claiming(object.group, object.kind).map(|_| ())
    };
    syntax::chunks(text).filter(|chunk| known(chunk).is_some()).count()
}

/// What makes a document unreadable, wherever it stands.
const SPOILS: [&str; 5] = ["x: [\n", "x: *none\n", "x: 'a\n", "x: \"\u{0}\"\n", "{{ if }}\n"];

/// Pieces of names, and of the spellings that may hide them.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "apiVersion: ",
        "kind: ",
        "\n",
        "\n",
        "\n",
        "apps/v1",
        "argoproj.io",
        "/",
        "v1alpha1",
        "Deployment",
        "Roll",
        "out",
        "\"",
        "'",
        "\\x61",
        "\\u0061",
        "\\/",
        "\\\n",
        "pps/v1",
        "{",
        "}",
        ",",
        "&a ",
        "*a",
        "<<: ",
        "!!binary ",
        "YXBwcy92MQ==",
        "!!str ",
        "---\n",
        "# ",
        "|-\n ",
        ">\n ",
        "? ",
        ": ",
        "- ",
        " ",
        "\u{85}",
        "\u{feff}",
    ]);
    prop::collection::vec(piece, 1..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_spelling_hides_a_known_kind(text in object()) {
        prop_assert_eq!(claimed(&text), 1, "not what it was meant to be: {}", text);
        prop_assert_eq!(loaded(&text), (1, 0), "{}", text);
    }

    #[test]
    fn no_spelling_hides_what_cannot_be_read(text in object(), spoil in prop::sample::select(&SPOILS[..])) {
        let (claimed, problems) = loaded(&format!("{text}{spoil}"));
        prop_assert!(claimed + problems > 0, "{}{}", text, spoil);
        let deep = format!("{text}x: {}{}\n", "[".repeat(300), "]".repeat(300));
        prop_assert_eq!(loaded(&deep), (0, 1), "{}", text);
    }

    #[test]
    fn the_search_and_parsing_everything_agree(text in soup()) {
        let (found, problems) = loaded(&text);
        prop_assert!(found + problems >= claimed(&text), "{}", text);
    }
}
