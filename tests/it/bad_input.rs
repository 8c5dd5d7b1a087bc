//! Input that is broken, hostile or odd: a clear answer in bounded time, never a crash and never a pass.

use crate::cli::{BANG, CLEAN};
use crate::support::{Run, World};

/// The head of a manifest of a known kind.
const HEAD: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n";

/// An Argo Rollout with one step, `%` stands for its weight.
const ARGO: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: web
  annotations: {note: kept}
spec:
  replicas: 10
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web:1}]}
  strategy:
    canary:
      steps: [{setWeight: 10}, {pause: {duration: 1h}}]
";

fn check(name: &str, bytes: impl AsRef<[u8]>) -> Run {
    World::new().file(name, bytes).check(&[])
}

/// Asserts that the gate fails closed with one finding whose message holds `message`.
#[track_caller]
fn unreadable(run: Run, message: &str) {
    let run = run.ends(1);
    let found = run.of("manifest-unreadable");
    assert_eq!(found.len(), 1, "{}", run.out);
    assert!(found[0]["message"].as_str().unwrap().contains(message), "{}", run.out);
    assert_eq!(found[0]["level"], "error");
}

#[test]
fn a_broken_document_fails_and_hides_no_other() {
    let run = check("a.yaml", format!("{BANG}---\n{HEAD}spec: {{x: [}}\n---\n{}", BANG.replace("bang", "second")));
    assert_eq!(run.of("big-bang").len(), 2);
    unreadable(run, "mismatched bracket");
    unreadable(check("a.json", "{\"apiVersion\": \"apps/v1\", \"kind\": \"Deployment\", \"spec\": {\"x\" 1}}"), "");
    unreadable(check("a.yaml", format!("{HEAD}spec:\n\tx: 1\n")), "");
    let _ = check("a.yaml", "a: [}\n").ends(2);
    let other = World::new().file("a.yaml", "a: [}\n").file("web.yaml", CLEAN).check(&[]).ends(0);
    assert_eq!(other.rules(), [""; 0], "a broken file of no known kind is not ours");
}

#[test]
fn limits_of_the_policy_are_held() {
    let world = |limits: &str| {
        let policy = format!("version: 1\nlimits: {{{limits}}}\n");
        World::new().file("rollgate.yaml", policy).file("x.yaml", format!("{HEAD}# {}\n", "x".repeat(3000)))
    };
    unreadable(world("file-size: 2 KiB").check(&["x.yaml"]), "at most 2048 are read");
    unreadable(world("document-size: 2 KiB").check(&[]), "at most 2048 are read");
    unreadable(world("depth: 1").check(&[]), "nested more than 1 deep");
    unreadable(world("nodes: 3").check(&[]), "more than 3 nodes");
    let _ = world("file-size: 4 KiB").check(&[]).ends(0);
    let data = World::new().file("rollgate.yaml", "version: 1\nlimits: {file-size: 2 KiB}\n").file("web.yaml", CLEAN);
    let run = data.file("data.json", format!("[{}1]", "1,".repeat(3000))).check(&[]).ends(0);
    assert_eq!(run.json()["coverage"]["skipped"][0]["file"], "data.json", "a large file of no known kind");
}

#[test]
fn a_known_kind_far_behind_the_limit_is_found() {
    let world = World::new().file("rollgate.yaml", "version: 1\nlimits: {file-size: 2 KiB}\n");
    let text = format!("{}---\n{}", "# nothing to see\n".repeat(200_000), BANG);
    unreadable(world.file("x.yaml", text).check(&["x.yaml"]), "at most 2048 are read");
}

#[test]
fn bytes_that_are_no_text() {
    let with = |bytes: &[u8]| [HEAD.as_bytes(), b"spec: {x: \"", bytes, b"\"}\n"].concat();
    unreadable(check("a.yaml", with(b"\xff")), "not UTF-8");
    unreadable(check("a.yaml", with(b"\xc3")), "not UTF-8");
    unreadable(check("a.yaml", with(b"\xed\xa0\x80")), "not UTF-8");
    unreadable(check("a.yaml", with(b"\0")), "U+0000");
    unreadable(check("a.yaml", with(b"\x1b[2J")), "U+001B");
    let _ = check("a.yaml", b"a: \"\xff\"\n").ends(2);
    let skipped = World::new().file("web.yaml", CLEAN).file("a.yaml", b"a: \"\xff\"\n").check(&[]).ends(0);
    assert_eq!(skipped.json()["coverage"]["skipped"][0]["reason"], "not UTF-8 and of no known kind");
}

#[test]
fn wide_encodings_are_refused_where_they_hold_a_known_kind() {
    let utf16 = |text: &str, big: bool| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(|u: u16| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    };
    let utf32: Vec<u8> =
        std::iter::once('\u{feff}').chain(HEAD.chars()).flat_map(|c| u32::from(c).to_le_bytes()).collect();
    unreadable(check("a.yaml", utf16(HEAD, false)), "UTF-16");
    unreadable(check("a.yaml", utf16(HEAD, true)), "UTF-16");
    unreadable(check("a.yaml", utf32), "UTF-32");
    let _ = World::new().file("web.yaml", CLEAN).file("a.json", utf16("{\"a\": 1}", false)).check(&[]).ends(0);
}

#[test]
fn nesting_a_hundred_thousand_deep() {
    let n = 100_000;
    unreadable(
        check("a.yaml", format!("{HEAD}spec: {}{}\n", "[".repeat(n), "]".repeat(n))),
        "nested more than 255 deep",
    );
    unreadable(check("a.yaml", format!("{HEAD}spec: {}\n", "{a: ".repeat(n))), "nested more than 255 deep");
    unreadable(check("a.yaml", format!("{HEAD}spec:\n  {}x\n", "- ".repeat(n))), "nested more than 255 deep");
    unreadable(check("a.yaml", format!("{HEAD}spec:\n  {}x\n", "? ".repeat(n))), "");
    let json = "{\"apiVersion\": \"apps/v1\", \"kind\": \"Deployment\", \"spec\": ";
    unreadable(check("a.json", format!("{json}{}{}}}", "[".repeat(n), "]".repeat(n))), "nested more than 255 deep");
    unreadable(check("a.json", format!("{json}{}", "{\"a\":".repeat(n))), "");
    let mut block = HEAD.to_owned() + "spec:\n";
    for depth in 1..1500 {
        block += &format!("{}a:\n", " ".repeat(depth));
    }
    unreadable(check("a.yaml", block), "nested more than 255 deep");
}

#[test]
fn aliases_that_explode() {
    let mut text = HEAD.to_owned() + "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for i in 1..12 {
        let alias = format!("*a{}, ", i - 1).repeat(9);
        text += &format!("a{i}: &a{i} [{alias}]\n");
    }
    unreadable(check("a.yaml", text), "repeats itself too often by aliases");
    unreadable(check("a.yaml", format!("{HEAD}spec: &a [*a]\n")), "");
    unreadable(check("a.yaml", format!("{HEAD}spec: &a {{<<: *a}}\n")), "");
    unreadable(check("a.yaml", format!("{HEAD}spec: *none\n")), "");
}

/// Bounded by the document limit, which is asked before anything is parsed.
#[test]
fn a_scalar_of_a_hundred_megabytes() {
    unreadable(
        check("a.yaml", format!("{HEAD}spec: {{x: \"{}\"}}\n", "x".repeat(100 << 20))),
        "at most 8388608 are read",
    );
}

#[test]
fn one_line_of_json_with_a_name_all_over_is_searched_once() {
    let text = format!("{{\"a\": [{}1]}}", "\"Ingress\", ".repeat(400_000));
    let _ = World::new().file("web.yaml", CLEAN).file("a.json", text).check(&[]).ends(0);
}

#[test]
fn nothing_at_all() {
    for text in ["", "\n\n", "# only a comment\n", "---\n---\n", "\u{feff}", "null\n", "...\n"] {
        let _ = check("a.yaml", text).ends(2);
        let beside = World::new().file("a.yaml", text).file("web.yaml", CLEAN).check(&[]).ends(0);
        assert_eq!(beside.rules(), [""; 0], "{text:?}");
    }
}

#[test]
fn readings_that_differ_are_said_where_the_model_reads() {
    let places = |text: String| -> Vec<u64> {
        let run = check("a.yaml", text);
        run.of("reading-ambiguous").iter().map(|f| f["span"]["start"]["line"].as_u64().unwrap()).collect()
    };
    assert_eq!(places(ARGO.to_owned()), [0; 0]);
    assert_eq!(places(ARGO.replace("setWeight: 10", "setWeight: 010")), [14]);
    assert_eq!(places(ARGO.replace("setWeight: 10", "setWeight: 10, setWeight: 20")), [14]);
    assert_eq!(places(ARGO.replace("replicas: 10", "replicas: 1_0")), [7]);
    assert_eq!(places(ARGO.replace("note: kept", "note: no")), [0; 0], "an annotation that nobody reads");
    assert_eq!(places(ARGO.replace("note: kept", "note: a, note: b")), [0; 0]);
    assert_eq!(places(ARGO.replace("image: web:1", "image: web:1, stdin: yes")), [0; 0]);
    assert_eq!(places(ARGO.replace("replicas: 10", "replicas: 10\n  revisionHistoryLimit: 3\n  other: 010")), [0; 0]);
}

#[test]
fn a_chart_is_said_once_and_everything_else_is_left_alone() {
    let chart = "\
{{- if .Values.enabled }}
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: {{ include \"web.name\" . }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include \"web.name\" . }}
{{- end }}
";
    let run = check("templates/web.yaml", chart).ends(0);
    assert_eq!(run.reasons(), ["template"]);
    assert_eq!(run.rules(), [""; 0]);
    let error = "version: 1\nundetermined: error\n";
    let run = World::new().file("rollgate.yaml", error).file("web.yaml", chart).check(&[]).ends(1);
    assert_eq!(run.rules(), ["manifest-unreadable"]);
    let config = "{{- if .Values.x }}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n    argocd.argoproj.io/hook: x\n{{- end }}\n";
    let run = World::new()
        .file("web.yaml", CLEAN)
        .file("templates/cm.yaml", config)
        .check(&["--select", "manifest-unreadable"])
        .ends(0);
    assert_eq!(run.reasons(), [""; 0], "of no known kind");
}

#[test]
fn braces_in_a_string_or_a_comment_excuse_nothing() {
    unreadable(check("a.yaml", format!("{HEAD}# {{{{ x }}}}\nspec: [\n")), "");
    unreadable(check("a.yaml", format!("{HEAD}args: [\"{{{{args.host}}}}\"]\nspec: [\n")), "");
}

#[test]
fn lists_are_opened() {
    let item = |text: &str| text.replace('\n', "\n  ");
    let list = |kind: &str, body: String| format!("{kind}\nitems:\n- {}\n", item(&body));
    let plain = |body: String| list("apiVersion: v1\nkind: List", body);
    let found = |text: String| check("a.yaml", text).ends(1).of("rollback-criteria-missing").len();
    assert_eq!(found(plain(ARGO.to_owned())), 1);
    assert_eq!(found(plain(plain(plain(plain(ARGO.to_owned()))))), 1, "a list in a list");
    let bare = ARGO.replace("apiVersion: argoproj.io/v1alpha1\nkind: Rollout\n", "");
    assert_eq!(found(list("apiVersion: argoproj.io/v1alpha1\nkind: RolloutList", bare)), 1, "items without a kind");
}

#[test]
fn json_anchors_and_merges_are_read() {
    let json = "{\"apiVersion\": \"rollgate/v1\", \"kind\": \"RolloutPlan\", \"metadata\": {\"name\": \"w\"}, \"strategy\": \"all-at-once\"}";
    let big_bangs = |name: &str, text: &str| check(name, text).ends(1).of("big-bang").len();
    assert_eq!(big_bangs("a.json", json), 1);
    assert_eq!(big_bangs("a.yaml", json), 1);
    assert_eq!(big_bangs("a.json", &format!("{json}\n{}", json.replace("\"w\"", "\"v\""))), 2, "one behind the other");
    let merged = ARGO.replace(
        "  strategy:\n    canary:\n",
        "  x-base: &base {maxSurge: 1}\n  strategy:\n    canary:\n      <<: *base\n",
    );
    let run = check("a.yaml", merged).ends(1);
    assert_eq!(run.of("rollback-criteria-missing").len(), 1);
    assert_eq!(run.of("reading-ambiguous").len(), 0, "a merge key alone is fine");
}

#[test]
fn nothing_is_missing_from_a_patch() {
    let patch = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web}\nspec:\n  strategy: {canary: {steps: [{setWeight: 10}]}}\n";
    let run = check("overlay/patch.yaml", patch);
    assert_eq!(run.of("rollback-criteria-missing").len() + run.of("monitor-missing").len(), 0, "{}", run.out);
}

#[test]
fn files_that_cannot_be_opened() {
    let world = World::new().file("web.yaml", CLEAN).link("gone.yaml", "nowhere.yaml").link("loop.yaml", "loop.yaml");
    let run = world.check(&[]).ends(2);
    let files: Vec<_> = run.json()["failures"].as_array().unwrap().iter().map(|f| f["file"].clone()).collect();
    assert_eq!(files, ["gone.yaml", "loop.yaml"]);
    let _ = world.check(&["gone.yaml"]).ends(2);
    let _ = world.check(&["loop.yaml"]).ends(2);
    std::fs::create_dir(world.path().join("folder.yaml")).unwrap();
    let _ = world.check(&["folder.yaml"]).ends(2);
    let _ = world.check(&["web.yaml/below.yaml"]).ends(2);
}

/// Escape sequences, a right-to-left override, a line that would be a command.
const HOSTILE: &str = "a\u{1b}[2J\u{9b}31m\u{202e}b\n::error::c";

#[test]
fn hostile_names_and_paths_are_shown_harmless() {
    let name = HOSTILE.replace('\u{1b}', "\\e").replace('\u{9b}', "\\x9b").replace('\n', "\\n");
    let text = BANG.replace("name: bang, service: bang", &format!("name: \"{name}\", service: \"{name}\""));
    let world = World::new().file("web.yaml", CLEAN).file(&format!("{HOSTILE}.yaml"), text);
    let gone = format!("{HOSTILE}-gone.yaml");
    let [web, all] = [&["check", ".", &gone, "-v"][..], &["inspect", "."]];
    for args in [web, all] {
        for format in ["human", "short", "json"] {
            let run = world.run(&[args, &["--format", format]].concat());
            for (stream, text) in [("out", &run.out), ("err", &run.err)] {
                let bad = text.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
                assert_eq!(bad, None, "{args:?} {format} {stream}: {text}");
                assert!(!text.lines().any(|l| l.starts_with("::error")), "{args:?} {format} {stream}: {text}");
            }
        }
    }
    let policy = format!("version: 1\nrules: {{\"{name}\": error}}\n");
    let run = World::new().file("rollgate.yaml", policy).file("web.yaml", BANG).check(&[]).ends(2);
    assert!(!run.err.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{}", run.err);
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text_are_told_apart() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let world = World::new();
    for name in [&b"a\xff.yaml"[..], b"a\xfe.yaml"] {
        std::fs::write(world.path().join(OsStr::from_bytes(name)), BANG).unwrap();
    }
    assert_eq!(world.check(&[]).ends(1).files(), ["a\\xfe.yaml", "a\\xff.yaml"]);
}
