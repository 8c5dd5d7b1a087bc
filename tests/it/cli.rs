//! The command line, from outside: exit codes, where reports go, what they hold.

use serde_json::Value;

use crate::support::{World, rollgate};

/// A plan that the recommended policy has nothing to say of.
pub(crate) const CLEAN: &str = "\
apiVersion: rollgate/v1
kind: RolloutPlan
metadata: {name: web, service: web}
strategy: canary
stages:
  - {exposure: 5%, hold: 1h}
  - {exposure: 50%, hold: 1h}
  - {exposure: 100%}
monitors: [latency_p95, error_rate]
rollback:
  criteria: [{metric: error_rate, above: 0.5%, window: 10m}]
  keep-old-for: 1h
";

/// The drill that keeps it clean.
pub(crate) const DRILL: &str = "\
apiVersion: rollgate/v1
kind: RollbackDrill
metadata: {service: web}
performed: 2026-10-01T10:00:00Z
method: redeploy
outcome: success
time-to-rollback: 2m
by: [someone@example.com]
evidence: [{commit: 3f2a9c1}]
";

/// A rollout from nobody to everybody.
pub(crate) const BANG: &str = "\
apiVersion: rollgate/v1
kind: RolloutPlan
metadata: {name: bang, service: bang}
strategy: all-at-once
monitors: [latency_p95, error_rate]
rollback:
  criteria: [{metric: error_rate, above: 0.5%, window: 10m}]
  keep-old-for: 1h
";

const AT: &str = "2026-11-24T10:00:00Z";

/// `CLEAN` with a first stage that is too large: a warning.
fn large() -> String {
    CLEAN.replace("exposure: 5%", "exposure: 20%")
}

/// A drill is all that could be missing; with it off, nothing is undetermined.
const NO_DRILLS: &str = "version: 1\nrules: {rollback-drill-stale: off}\n";

fn world() -> World {
    World::new().file("rollgate.yaml", NO_DRILLS)
}

#[test]
fn zero_is_clean_and_one_is_findings() {
    let clean = world().file("web.yaml", CLEAN).check(&[]).ends(0);
    assert_eq!(clean.json()["verdict"], "clean");
    assert_eq!(clean.rules(), [""; 0]);
    let found = world().file("web.yaml", BANG).check(&[]).ends(1);
    assert_eq!(found.json()["verdict"], "findings");
    assert_eq!(found.rules(), ["big-bang"]);
}

#[test]
fn warnings_fail_only_where_asked() {
    let warns = world().file("web.yaml", large());
    let run = warns.check(&[]).ends(0);
    assert_eq!(run.rules(), ["canary-too-large"]);
    assert_eq!(run.json()["verdict"], "clean");
    assert_eq!(warns.check(&["--fail-on", "warning"]).ends(1).json()["verdict"], "findings");
    let _ = warns.check(&["--fail-on", "error"]).ends(0);
    let strict = World::new().file("rollgate.yaml", format!("{NO_DRILLS}fail-on: warning\n")).file("web.yaml", large());
    let _ = strict.check(&[]).ends(1);
    let _ = strict.check(&["--fail-on", "error"]).ends(0);
}

#[test]
fn what_nobody_can_know_costs_what_the_policy_says() {
    let level = |level: &str| {
        World::new().file("rollgate.yaml", format!("version: 1\nundetermined: {level}\n")).file("web.yaml", CLEAN)
    };
    assert_eq!(level("warning").check(&[]).ends(0).reasons(), ["no-repository"]);
    let _ = level("warning").check(&["--fail-on", "warning"]).ends(1);
    let off = level("off").check(&["--fail-on", "warning"]).ends(0);
    assert_eq!(off.reasons(), [""; 0]);
    let error = level("error").check(&[]).ends(1);
    assert_eq!(error.rules(), ["rollback-drill-stale"]);
    assert_eq!(error.of("rollback-drill-stale")[0]["level"], "error");
}

#[test]
fn nothing_to_check_is_undecided_unless_that_is_fine() {
    let empty = World::new();
    let run = empty.check(&[]).ends(2);
    assert_eq!(run.json()["verdict"], "undecided");
    assert!(run.json()["failures"][0]["message"].as_str().unwrap().contains("nothing to check"));
    assert_eq!(empty.check(&["--allow-empty"]).ends(0).json()["verdict"], "clean");
    let _ = World::new().file("a.yaml", "a: 1\n").check(&[]).ends(2);
    let _ = World::new().file("drills/web.yaml", DRILL).check(&[]).ends(0);
}

#[test]
fn usage_is_two_with_the_nearest_name() {
    let world = world().file("web.yaml", CLEAN);
    for (args, word) in [
        (&["check", "--bogus"][..], "--bogus"),
        (&["check", "--format", "xml"], "xml"),
        (&["check", "--jobs", "0"], "0"),
        (&["frob"], "frob"),
        (&["check", "--preset", "strikt"], "strict"),
        (&["check", "--policy", "none.yaml"], "no policy file `none.yaml`"),
        (&["check", "--select", "big-bng"], "did you mean `big-bang`?"),
        (&["check", "--ignore", "big-bang,canary-to-small"], "did you mean `canary-too-small`?"),
        (&["check", "--output", "json"], "FORMAT=PATH"),
        (&["check", "--output", "xml=y"], "FORMAT=PATH"),
        (&["check", "--preset", "ai", "--policy", "rollgate.yaml"], "cannot be used with"),
        (&["check", "-q", "-v"], "cannot be used with"),
        (&["check", "--at", "tomorrow"], "`--at tomorrow` is not a moment"),
        (&["check", "--at", "2026-11-25"], "is not a moment"),
        (&["check", "--at", "2026-02-30T10:00:00Z"], "is not a moment"),
        (&["check", "--at", "2026-11-25T10:00:00"], "is not a moment"),
        (&["explain", "big-bag"], "did you mean `big-bang`?"),
        (&["schema", "polcy"], "did you mean `policy`?"),
        (&["inspect"], "FILE"),
    ] {
        let run = world.run(args).ends(2).complains(word);
        assert_eq!(run.out, "", "{args:?}: the report alone goes to standard output");
    }
    let _ =
        world.run(&["check", "--select", "nope", "--ignore", "neither"]).ends(2).complains("nope").complains("neither");
}

#[test]
fn faults_of_the_policy_are_underlined_all_at_once() {
    let policy = "version: 1\nrules:\n  big-bng: error\n  canary-too-small: {min: 3}\nfail-on: warnin\ntimezon: UTC\n";
    let run = World::new().file("rollgate.yaml", policy).file("web.yaml", BANG).check(&[]).ends(2);
    assert_eq!(run.out, "");
    let run = run.complains("[rollgate.yaml:3:3]").complains("`big-bang`");
    let run = run.complains("[rollgate.yaml:4:27]").complains("3%");
    let run = run.complains("[rollgate.yaml:5:10]").complains("`warning`").complains("`timezone`");
    let _ = run.complains("could not decide: 4 faults in rollgate.yaml, so nothing was checked\n");
    let broken = World::new().file("rollgate.yaml", "version: [\n").file("web.yaml", BANG).check(&[]).ends(2);
    let _ = broken.complains("[rollgate.yaml:");
    let bytes = World::new().file("rollgate.yaml", b"version: 1 # \xff\n").file("web.yaml", BANG).check(&[]).ends(2);
    let _ = bytes.complains("rollgate.yaml");
}

#[test]
fn exit_zero_hides_findings_only() {
    let world = world().file("web.yaml", BANG);
    assert_eq!(world.check(&["--exit-zero"]).ends(0).rules(), ["big-bang"]);
    let _ = world.check(&["--exit-zero", "none.yaml"]).ends(2);
    let _ = World::new().check(&["--exit-zero"]).ends(2);
}

#[test]
fn two_beats_one_and_what_was_found_is_printed() {
    let world = world().file("web.yaml", BANG);
    let run = world.check(&["web.yaml", "gone.yaml"]).ends(2);
    assert_eq!(run.rules(), ["big-bang"]);
    assert_eq!(run.json()["verdict"], "undecided");
    assert_eq!(run.json()["failures"][0]["file"], "gone.yaml");
    let _ = world.run(&["check", "web.yaml", "gone.yaml"]).ends(2).says("big-bang").says("gone.yaml: cannot be read");
    let _ = world
        .run(&["check", "--format", "short", "web.yaml", "gone.yaml"])
        .ends(2)
        .says("[big-bang]")
        .says("gone.yaml");
}

#[test]
fn standard_input_is_a_file_of_the_name_it_is_given() {
    let world = World::new().file(
        "rollgate.yaml",
        format!("{NO_DRILLS}scopes:\n  - match: {{path: \"lax/**\"}}\n    rules: {{big-bang: warning}}\n"),
    );
    let run = world.run_with(&["check", "-", "--format", "json"], BANG).ends(1);
    assert_eq!(run.files(), ["<stdin>"]);
    let run = world.run_with(&["check", "-", "--stdin-filename", "lax/x.yaml", "--format", "json"], BANG).ends(0);
    assert_eq!(run.files(), ["lax/x.yaml"]);
    let _ = world.run_with(&["check", "-"], "").ends(2);
    let _ = world.run_with(&["check", "-", "--allow-empty"], "").ends(0);
    let both = world.file("web.yaml", BANG).run_with(&["check", "-", "web.yaml", "--format", "json"], BANG).ends(1);
    assert_eq!(both.files(), ["<stdin>", "web.yaml"]);
}

#[test]
fn paths_are_shown_from_the_repository_s_root() {
    let world = world().repository().file("deploy/prod/web.yaml", BANG).file("other/x.yaml", BANG);
    let all = ["deploy/prod/web.yaml", "other/x.yaml"];
    assert_eq!(world.check(&[]).ends(1).files(), all);
    for args in [&["check", "--format", "json"][..], &["check", "--format", "json", "../.."]] {
        assert_eq!(world.run_in("deploy/prod", args).ends(1).files(), all, "{args:?}");
    }
    assert_eq!(world.run_in("deploy", &["check", "--format", "json", "."]).ends(1).files(), all[..1]);
    assert_eq!(world.check(&["other", "deploy/prod/web.yaml", "./deploy"]).ends(1).files(), all);
    assert_eq!(world.check(&["other/../deploy"]).ends(1).files(), all[..1]);
    let elsewhere = World::new();
    let path = world.path().join("deploy").display().to_string();
    assert_eq!(
        elsewhere.check(&[&path]).ends(1).files(),
        all[..1],
        "a path of another repository: its root, its policy"
    );
}

#[test]
fn the_policy_lies_in_one_of_two_places() {
    let loose = "version: 1\nrules: {big-bang: warning}\n";
    let source = |world: &World, args: &[&str]| world.check(args).json()["policy"].clone();
    let root = World::new().repository().file("a/web.yaml", BANG).file("rollgate.yaml", loose);
    assert_eq!(source(&root, &[])["source"], "rollgate.yaml");
    assert_eq!(source(&root, &[])["extends"], serde_json::json!(["recommended"]));
    let run = root.run_in("a", &["check", "--format", "json"]).ends(0);
    assert_eq!(run.json()["policy"]["source"], "rollgate.yaml");
    let root = root.file(".github/rollgate.yaml", "version: 1\n");
    assert_eq!(source(&root, &[])["source"], "rollgate.yaml", "the root's wins");
    let hub = World::new().repository().file("a/web.yaml", BANG).file(".github/rollgate.yaml", loose);
    assert_eq!(source(&hub, &["a"])["source"], ".github/rollgate.yaml");
    let none = World::new().repository().file("a/web.yaml", BANG).file("a/rollgate.yaml", loose);
    assert_eq!(source(&none, &[])["source"], "preset recommended", "no search below the root");
    let _ = none.run(&["check"]).ends(1).says("no rollgate.yaml here: preset recommended applies\n");
    assert_eq!(source(&none, &["--policy", "a/rollgate.yaml"])["source"], "a/rollgate.yaml");
    assert_eq!(source(&none, &["--preset", "ai"])["source"], "preset ai");
    let above = World::new().file("rollgate.yaml", loose).file("inner/.git/HEAD", "").file("inner/web.yaml", BANG);
    let run = above.run_in("inner", &["check", "--format", "json"]).ends(1);
    assert_eq!(run.json()["policy"]["source"], "preset recommended", "no search past the git root");
}

#[test]
fn files_of_the_policy_include_and_exclude() {
    let files = "files: {include: [\"deploy/**\"], exclude: [\"**/testdata/**\"]}\n";
    let world = World::new().repository().file("rollgate.yaml", format!("{NO_DRILLS}{files}"));
    let world = world.file("deploy/web.yaml", BANG).file("deploy/testdata/web.yaml", BANG).file("other/web.yaml", BANG);
    assert_eq!(world.check(&[]).ends(1).files(), ["deploy/web.yaml"]);
    let _ = world.check(&["other"]).ends(2);
    let ignored = world.file(".gitignore", "/deploy/\n");
    let _ = ignored.check(&[]).ends(2);
}

#[test]
fn the_moment_is_asked_for_and_printed_in_utc() {
    let policy = format!("{NO_DRILLS}timezone: Europe/Berlin\n");
    let world = World::new().file("rollgate.yaml", policy).file("web.yaml", CLEAN);
    assert_eq!(world.check(&["--at", "2026-11-24T10:00:00+01:00"]).ends(0).json()["as_of"], "2026-11-24T09:00:00Z");
    let rules = |at: &str| world.check(&["--at", at]).rules();
    assert_eq!(rules("2026-11-26T23:30:00+01:00"), [""; 0], "Thursday in Berlin");
    assert_eq!(rules("2026-11-26T23:30:00Z"), ["deploy-window"], "Friday in Berlin already");
    assert_eq!(world.check(&[]).rules(), [""; 0], "without a moment there is no window");
    let _ = world.run(&["check", "--at", "now", "--format", "json"]);
}

#[test]
fn one_run_writes_several_reports() {
    let world = world().file("web.yaml", BANG);
    let args = ["check", "--output", "json=x.out", "--output", "short=y.txt", "--output", "human=z.txt", "--at", AT];
    let run = world.run(&args).ends(1).says("big-bang");
    let read = |name: &str| std::fs::read_to_string(world.path().join(name)).unwrap();
    assert_eq!(read("z.txt"), run.out);
    let json: Value = serde_json::from_str(&read("x.out")).unwrap();
    assert_eq!(json["findings"][0]["rule"], "big-bang");
    assert!(read("y.txt").starts_with("web.yaml:"));
    assert_eq!(world.check(&["--at", AT]).out, read("x.out"));
    let _ = world.run(&["check", "--output", "json=no/such/folder/x.json"]).ends(2).says("big-bang");
}

/// The keys of an object, in order.
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_json_report_has_its_fields_in_order() {
    let policy = "version: 1\nrules:\n  canary-too-large: {level: error, max: 3%}\n";
    let world = World::new().file("rollgate.yaml", policy).file("web.yaml", CLEAN);
    let json = world.check(&["--at", AT]).ends(1).json();
    let top = ["schema", "tool", "as_of", "policy", "verdict", "coverage", "findings", "undetermined", "notices"];
    assert_eq!(keys(&json)[..9], top);
    assert_eq!(json["schema"], "rollgate/report/v1");
    assert_eq!(keys(&json["tool"]), ["name", "version"]);
    assert_eq!(keys(&json["policy"]), ["source", "extends", "trust", "commit"]);
    assert_eq!(keys(&json["coverage"]), ["files", "documents", "rollouts", "skipped"]);
    let finding = &json["findings"][0];
    let fields = [
        "rule",
        "level",
        "state",
        "file",
        "span",
        "rollout",
        "message",
        "found",
        "required",
        "help",
        "related",
        "fingerprint",
        "docs",
    ];
    assert_eq!(keys(finding), fields);
    let rollout = ["system", "group", "kind", "namespace", "name", "service", "environment"];
    assert_eq!(keys(&finding["rollout"]), rollout);
    assert_eq!(keys(&finding["span"]), ["start", "end"]);
    assert_eq!(keys(&finding["span"]["start"]), ["line", "column", "offset"]);
    assert_eq!(keys(&finding["related"][0]), ["file", "span", "message"]);
    assert_eq!(finding["related"][0]["file"], "rollgate.yaml");
    assert_eq!(finding["related"][0]["span"]["start"]["line"], 3);
    assert_eq!(finding["found"], "5%");
    assert_eq!(finding["required"], "<= 3%");
    assert_eq!(finding["docs"], "docs/rules/canary-too-large.md");
    assert_eq!(finding["state"], "active");
    assert_eq!(keys(&json["undetermined"][0])[..4], ["rule", "file", "span", "reason"]);
}

#[test]
fn columns_count_characters_and_offsets_bytes() {
    let text = CLEAN
        .replace("{name: web, service: web}", "{name: web, service: wéb✓𝄞}")
        .replace("- {exposure: 5%, hold: 1h}", "- {name: \"é✓𝄞\", exposure: 20%, hold: 1h}");
    for (text, name) in [(text.clone(), "lf"), (text.replace('\n', "\r\n"), "crlf"), (format!("\u{feff}{text}"), "bom")]
    {
        let run = world().file("web.yaml", &text).check(&[]).ends(0);
        let finding = &run.of("canary-too-large")[0];
        let (start, end) = (&finding["span"]["start"], &finding["span"]["end"]);
        let offset = text.find("20%").unwrap();
        assert_eq!(start["line"], 6, "{name}");
        assert_eq!(start["column"], "  - {name: \"é✓𝄞\", exposure: ".chars().count() + 1, "{name}");
        assert_eq!(start["offset"], offset, "{name}");
        assert_eq!((&end["line"], &end["offset"]), (&Value::from(6), &Value::from(offset + 3)), "{name}");
        assert_eq!(end["column"], start["column"].as_u64().unwrap() + 3, "{name}");
    }
    let json = "{\n\t\"apiVersion\": \"rollgate/v1\", \"kind\": \"RolloutPlan\",\n\t\"metadata\": {\"name\": \"w\"},\n\t\"strategy\": \"all-at-once\"}\n";
    let run = world().file("web.json", json).check(&[]).ends(1);
    let start = &run.of("big-bang")[0]["span"]["start"];
    assert_eq!(start["line"], 4);
    assert_eq!(start["column"], 14, "a tab is one character");
}

#[test]
fn inspect_has_its_fields_in_order() {
    let json = world().file("web.yaml", CLEAN).run(&["inspect", "web.yaml", "--format", "json"]).ends(0).json();
    assert_eq!(keys(&json), ["schema", "rollouts", "criteria_documents", "prompts", "skipped"]);
    assert_eq!(json["schema"], "rollgate/model/v1");
    let rollout = &json["rollouts"][0];
    let fields = [
        "system",
        "group",
        "kind",
        "namespace",
        "name",
        "file",
        "span",
        "service",
        "environment",
        "change",
        "risk",
        "strategy",
        "payload",
        "progression",
        "shadow",
        "criteria",
        "monitors",
        "way_back_seconds",
        "owns",
    ];
    assert_eq!(keys(rollout)[..19], fields);
    assert_eq!(rollout["system"], "rollgate");
    assert_eq!(rollout["strategy"], "canary");
    assert_eq!(keys(&rollout["progression"]), ["kind", "stages"]);
    let stage = &rollout["progression"]["stages"][0];
    let fields = ["name", "audience", "exposure_percent", "effective_percent", "basis", "hold", "gates", "span"];
    assert_eq!(keys(stage), fields);
    assert_eq!(stage["hold"], serde_json::json!({"kind": "timed", "seconds": 3600}));
    assert_eq!((&stage["exposure_percent"], &stage["effective_percent"]), (&Value::from(5.0), &Value::from(5.0)));
    let criterion = &rollout["criteria"][0];
    let fields = [
        "metric",
        "name",
        "class",
        "comparison",
        "bound",
        "text",
        "window_seconds",
        "tolerated",
        "action",
        "evaluated",
        "span",
    ];
    assert_eq!(keys(criterion), fields);
    assert_eq!(criterion["bound"], serde_json::json!({"number": 0.5, "unit": "percent"}));
    assert_eq!(rollout["monitors"], serde_json::json!(["error-rate", "latency"]));
    assert_eq!(rollout["way_back_seconds"], 3600);
}

#[test]
fn the_same_bytes_from_run_to_run_and_with_any_number_of_threads() {
    let mut world = world();
    for i in 0..40 {
        world = world.file(&format!("d{}/web-{i}.yaml", i % 7), BANG.replace("name: bang", &format!("name: b{i}")));
    }
    for format in ["json", "short", "human"] {
        let run = |jobs: &str| world.run(&["check", "--format", format, "--at", AT, "--jobs", jobs]).ends(1).out;
        let first = run("1");
        assert_eq!(first, run("1"));
        assert_eq!(first, run("2"));
        assert_eq!(first, run("7"));
    }
}

#[test]
fn a_closed_pipe_is_quiet() {
    use std::process::Stdio;
    let world = world().file("web.yaml", BANG);
    for args in [&["check"][..], &["rules"], &["man"], &["check", "--help"], &["explain", "big-bang"]] {
        let mut child =
            rollgate(world.path()).args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let out = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&out.stderr), "", "{args:?}");
        assert_ne!(out.status.code(), Some(101), "{args:?}");
        assert_ne!(out.status.code(), None, "{args:?}: no signal");
    }
}

#[test]
fn colour_is_asked_for_in_order() {
    let world = world().file("web.yaml", BANG);
    let coloured = |env: &[(&str, &str)], args: &[&str]| {
        world.run_env(env, &[&["check"], args].concat()).ends(1).out.contains('\u{1b}')
    };
    assert!(!coloured(&[], &[]));
    assert!(coloured(&[], &["--color", "always"]));
    assert!(coloured(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(coloured(&[("FORCE_COLOR", "1")], &[]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "0")], &[]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[]));
    assert!(coloured(&[("NO_COLOR", "1")], &["--color", "always"]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1")], &["--color", "never"]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1")], &["--format", "json"]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1")], &["--format", "short"]));
    let _ = world.run(&["check", "--output", "human=x.txt", "--color", "always"]).ends(1);
    assert!(!std::fs::read_to_string(world.path().join("x.txt")).unwrap().contains('\u{1b}'), "a file has no colours");
}

#[test]
fn frames_fit_the_terminal() {
    let flow = "{apiVersion: rollgate/v1, kind: RolloutPlan, metadata: {name: b}, strategy: all-at-once}\n";
    let far = flow.replace("{name: b}", "{name: b, service: a-name-of-some-length}");
    for text in [&far, flow, BANG, &BANG.replace("bang", &"b".repeat(70))] {
        for width in ["60", "80", "100"] {
            let out = world().file("w.yaml", text).run_env(&[("COLUMNS", width)], &["check", "--at", AT]).out;
            // Names are not cut, so that they can be copied.
            let words = out.lines().filter(|l| l.trim().contains(' ') && !l.contains("bbbb"));
            let widest = words.map(|l| l.chars().count()).max().unwrap();
            assert!(widest <= width.parse().unwrap(), "{widest} > {width}\n{out}");
        }
    }
}

#[test]
fn quiet_and_verbose() {
    let world = world().file("bang.yaml", BANG).file("large.yaml", large()).link("link.yaml", "bang.yaml");
    let quiet = world.run(&["check", "-q"]).ends(1).says("big-bang");
    assert!(!quiet.out.contains("canary-too-large"));
    let normal = world.run(&["check"]).ends(1).says("canary-too-large");
    assert!(!normal.out.contains("link.yaml"));
    let _ = world.run(&["check", "-v"]).ends(1).says("link.yaml: a link to a file of the same tree");
}

#[test]
fn select_and_ignore_come_last() {
    let world = world().file("web.yaml", BANG.replace("monitors: [latency_p95, error_rate]\n", ""));
    assert_eq!(world.check(&[]).ends(1).rules(), ["big-bang", "monitor-missing"]);
    assert_eq!(world.check(&["--select", "monitor-missing"]).ends(0).rules(), ["monitor-missing"]);
    assert_eq!(world.check(&["--ignore", "big-bang"]).ends(0).rules(), ["monitor-missing"]);
    assert_eq!(
        world.check(&["--select", "big-bang,monitor-missing", "--ignore", "big-bang"]).rules(),
        ["monitor-missing"]
    );
}

#[test]
fn describing_commands() {
    let world = world().file("web.yaml", CLEAN);
    let _ = world.run(&["rules"]).ends(0).says("big-bang").says("rollback-drill-stale");
    let rules = world.run(&["rules", "--format", "json"]).ends(0).json();
    let level = |id: &str| rules["rules"].as_array().unwrap().iter().find(|r| r["id"] == id).unwrap()["level"].clone();
    assert_eq!((level("big-bang"), level("rollback-drill-stale")), (Value::from("error"), Value::from("off")));
    let _ = world.run(&["explain", "big-bang"]).ends(0).says("What it checks").says("What to do");
    for name in ["policy", "rollout-plan", "rollback-drill", "waivers", "policy-tests", "report-v1", "model-v1"] {
        assert!(world.run(&["schema", name]).ends(0).json()["$schema"].is_string(), "{name}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let _ = world.run(&["completions", shell]).ends(0).says("rollgate");
    }
    let _ = world.run(&["man"]).ends(0).says(".TH rollgate 1");
    let _ = world.run(&["--version"]).ends(0).says(concat!("rollgate ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn policies_are_shown_checked_and_tested() {
    let scope = "scopes:\n  - match: {service: web}\n    rules: {canary-too-large: {max: 2%}}\n";
    let world = World::new().file("rollgate.yaml", format!("{NO_DRILLS}{scope}")).file("web.yaml", CLEAN);
    let _ = world.run(&["policy", "show"]).ends(0).says("max: 10%").says("level: off  # rollgate.yaml:2");
    let _ = world.run(&["policy", "show", "--for", "web.yaml"]).ends(0).says("max: 2%  # rollgate.yaml:5");
    let _ = world.run(&["policy", "show", "--for", "none.yaml"]).ends(2).complains("none.yaml");
    let _ = world.run(&["policy", "check"]).ends(0).says("rollgate.yaml: valid");
    let _ = world
        .file("bad.yaml", "version: 1\nrules: {big-bng: off}\n")
        .run(&["policy", "check", "bad.yaml"])
        .ends(2)
        .complains("`big-bang`");
    let test = |expected: &str| {
        let files = format!("files:\n      web.yaml: |\n        {}", BANG.replace('\n', "\n        "));
        let text = format!("tests:\n  - name: bang\n    {files}\n    expect: [{{rule: {expected}}}]\n");
        World::new().file("policies/tests/a.yaml", text).run(&["policy", "test"])
    };
    let _ = test("big-bang").ends(0).says("1 passed, 0 failed");
    let _ = test("canary-too-small").ends(1).says("expected canary-too-small, which was not found");
    let _ = test("big-bng").ends(2).complains("`big-bang`");
    let _ = World::new().run(&["policy", "test"]).ends(2);
}

#[test]
fn one_policy_is_weaker_than_another() {
    let world = World::new()
        .file("old.yaml", "rules:\n  canary-too-small: {min: 1%}\n  deploy-window: {freeze: [{from: 2000-01-01, until: 2000-02-01}]}\n")
        .file("new.yaml", "# looser\nrules:\n  canary-too-small: {min: 0.5%}\n")
        .file("bad.yaml", "rules: {big-bng: off}\n");
    let run = world.run(&["policy", "diff", "old.yaml", "new.yaml"]).ends(1);
    let lines =
        "new.yaml:3: `canary-too-small.min` falls from 1% to 0.5%\n\nnew.yaml is weaker than old.yaml in 1 thing\n";
    assert_eq!(run.out, lines, "a freeze that is over makes no difference");
    let run = world.run(&["policy", "diff", "new.yaml", "old.yaml"]).ends(0);
    assert_eq!(run.out, "old.yaml is nowhere weaker than new.yaml\n");
    let json = world.run(&["policy", "diff", "old.yaml", "new.yaml", "--format", "json"]).ends(1).json();
    assert_eq!(json["schema"], "rollgate/policy-diff/v1");
    let message = "`canary-too-small.min` falls from 1% to 0.5%";
    let one = serde_json::json!({"about": "canary-too-small.min", "message": message, "file": "new.yaml", "line": 3});
    assert_eq!(json["weaker"], serde_json::json!([one]));
    let zones = World::new().file("a.yaml", "timezone: Europe/Berlin\n").file("b.yaml", "timezone: UTC\n");
    let moved = "b.yaml:1: `deploy-window.timezone` goes from Europe/Berlin to UTC: `mon-thu` opens at other moments";
    let _ = zones.run(&["policy", "diff", "a.yaml", "b.yaml"]).ends(1).says(moved);
    let _ = world.run(&["policy", "diff", "recommended", "strict"]).ends(0);
    let run = world.run(&["policy", "diff", "strict", "recommended"]).ends(1);
    let _ = run.says("preset recommended: `canary-too-large.max` rises from 5% to 10%");
    let _ = world.run(&["policy", "diff", "old.yaml", "bad.yaml"]).ends(2).complains("`big-bang`");
    let _ = world.run(&["policy", "diff", "old.yaml", "none.yaml"]).ends(2).complains("no policy file `none.yaml`");
    let _ = world.run(&["policy", "diff", "old.yaml", "strct"]).ends(2).complains("did you mean `strict`?");
}

#[test]
fn identities_stay_when_lines_move() {
    let prints = |text: &str| -> Vec<String> {
        let run = world().file("web.yaml", text).check(&[]);
        run.json()["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["fingerprint"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = prints(BANG);
    assert_eq!(first, prints(&format!("# a comment\n\n{CLEAN}---\n\n# more\n{BANG}")));
    assert_ne!(first, prints(&BANG.replace("name: bang", "name: other")));
    let twice = prints(&format!("{BANG}---\n{}", BANG.replace("name: bang", "name: other")));
    assert_eq!(twice.len(), 2);
    assert_eq!(twice[0], first[0]);
    assert_ne!(twice[0], twice[1]);
    assert_eq!(first[0].len(), 32);
}

#[test]
fn help_of_every_command() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("../snapshots/help");
    let world = World::new();
    settings.bind(|| {
        for words in [
            &[][..],
            &["check"],
            &["inspect"],
            &["rules"],
            &["explain"],
            &["policy"],
            &["policy", "show"],
            &["policy", "check"],
            &["policy", "test"],
            &["policy", "diff"],
            &["baseline"],
            &["baseline", "write"],
            &["drill"],
            &["drill", "record"],
            &["drill", "list"],
            &["drill", "verify"],
            &["window"],
            &["hook"],
            &["hook", "install"],
            &["hook", "uninstall"],
            &["hook", "run"],
            &["hook", "run", "commit-msg"],
            &["schema"],
            &["completions"],
            &["man"],
        ] {
            let name = if words.is_empty() { "rollgate".to_owned() } else { words.join("-") };
            insta::assert_snapshot!(name, world.run(&[words, &["--help"]].concat()).ends(0).out);
        }
    });
}
