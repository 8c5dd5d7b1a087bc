//! What is shipped for other people's pipelines: the action, the hooks for pre-commit, the GitLab component, the image.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Repo, World};

fn shipped(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

/// A program that tells how it was called, one argument a line, and ends with 1.
const ECHO: &str = "#!/bin/sh\nfor a; do echo \"$a\"; done\nexit 1\n";

/// Runs the script of the action's step `Check` with these inputs; what the program was called with, and the outputs.
fn act(inputs: &[(&str, &str)]) -> (Vec<String>, String, Option<i32>) {
    let world = World::new().file("outputs", "");
    let program = world.write("bin/rollgate", ECHO);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).unwrap();
    let action = yaml(&shipped("action.yml"));
    let step = action["runs"]["steps"].as_array().unwrap().iter().find(|s| s["name"] == "Check").unwrap();
    let mut command = Command::new("bash");
    command.args(["-c", step["run"].as_str().unwrap()]).current_dir(world.path()).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap()).env("GITHUB_OUTPUT", "outputs");
    for (variable, expression) in step["env"].as_object().unwrap() {
        let expression = expression.as_str().unwrap();
        let name = expression.strip_prefix("${{ inputs.").and_then(|e| e.strip_suffix(" }}")).unwrap();
        let default = action["inputs"][name]["default"].as_str().unwrap();
        let given = inputs.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
        let program = (name == "program").then(|| program.to_str().unwrap());
        command.env(variable, given.or(program).unwrap_or(default));
    }
    let output = command.output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    (lines, std::fs::read_to_string(world.path().join("outputs")).unwrap(), output.status.code())
}

#[test]
fn the_action_calls_with_what_it_was_given() {
    let (called, outputs, code) = act(&[]);
    assert_eq!((called, &*outputs, code), (vec!["check".into(), "--ci".into(), "--".into()], "exit-code=1\n", Some(1)));
    let hostile = "$(touch owned) `touch owned`; \"x\" 'y' * --exit-zero";
    let (called, _, code) = act(&[("base", hostile), ("fail-on", "warning"), ("sarif", "a b.sarif"), ("junit", "j")]);
    let base = format!("--base={hostile}");
    assert_eq!(called, ["check", &base, "--fail-on=warning", "--output=sarif=a b.sarif", "--output=junit=j", "--"]);
    assert_eq!(code, Some(1));
    let (called, ..) = act(&[("paths", "deploy/a b\n\n--exit-zero\n"), ("policy", "p.yaml")]);
    assert_eq!(called, ["check", "--policy=p.yaml", "--", "deploy/a b", "--exit-zero"]);
    let (called, outputs, code) = act(&[("paths", "deploy"), ("base", "main")]);
    assert!(called[0].starts_with("::error ") && outputs.is_empty() && code == Some(2), "{called:?}");
}

#[test]
fn no_input_is_part_of_a_script() {
    let action = yaml(&shipped("action.yml"));
    for step in action["runs"]["steps"].as_array().unwrap() {
        assert!(!step["run"].as_str().unwrap().contains("${{"), "{step}");
    }
}

#[test]
fn every_flag_that_is_shipped_is_one() {
    let help = World::new().run(&["check", "--help"]).ends(0).out;
    let texts = ["action.yml", "templates/rollgate.yml", ".pre-commit-hooks.yaml"].map(shipped);
    for text in texts.iter().flat_map(|t| t.lines()).filter(|l| !l.trim_start().starts_with('#')) {
        for flag in ["--base", "--ci", "--staged", "--policy", "--fail-on", "--output"] {
            assert!(!text.contains(flag) || help.contains(flag), "{flag} of {text}");
        }
    }
}

#[test]
fn the_component_says_what_it_takes_and_takes_what_it_says() {
    let text = shipped("templates/rollgate.yml");
    let (head, job) = text.split_once("\n---\n").unwrap();
    for (name, _) in yaml(head)["spec"]["inputs"].as_object().unwrap() {
        assert!(job.contains(&format!("$[[ inputs.{name} ]]")), "{name} is taken and not used");
    }
    let script = &yaml(job)["$[[ inputs.job-name ]]"]["script"];
    assert!(!script.to_string().contains("$[["), "an input is part of a script: {script}");
}

const FAST: &str = "apiVersion: rollgate/v1\nkind: RolloutPlan\nmetadata: {name: web, service: web}\n\
    change: {kind: code, payload: [{model: a}]}\nstrategy: all-at-once\n";

/// A remote with one commit, its clone, and a commit in the clone that ships to everybody at once.
fn pushed() -> (Repo, Repo, String, String) {
    let origin = Repo::new();
    origin.write("a.txt", "a\n").commit("2026-11-02T10:00:00Z", "first");
    let clone = Repo::new();
    clone.git(&["remote", "add", "origin", origin.world.path().to_str().unwrap()]);
    clone.git(&["fetch", "-q", "origin"]);
    clone.git(&["reset", "-q", "--hard", "origin/main"]);
    let left = clone.git(&["rev-parse", "HEAD"]);
    clone.write("plan.yaml", FAST).commit("2026-11-02T11:00:00Z", "second");
    let tip = clone.git(&["rev-parse", "HEAD"]);
    (origin, clone, left, tip)
}

#[test]
fn pre_commit_tells_a_push_by_variables() {
    let (_origin, clone, left, tip) = pushed();
    let push = |variables: &[(&str, &str)]| clone.world.run_env(variables, &["hook", "run", "pre-push"]);
    let refs = [("PRE_COMMIT_FROM_REF", &*left), ("PRE_COMMIT_TO_REF", &*tip)];
    let _ = push(&refs).ends(1).says("big-bang");
    let _ = push(&[("PRE_COMMIT_FROM_REF", &tip), ("PRE_COMMIT_TO_REF", &tip)]).ends(0);
    let name = |branch| {
        let remote = [("PRE_COMMIT_REMOTE_NAME", "origin"), ("PRE_COMMIT_REMOTE_BRANCH", branch)];
        [&refs[..], &remote, &[("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main")]].concat()
    };
    let _ = push(&name("refs/heads/main")).ends(1).says("big-bang");
    let _ = push(&name("refs/tags/v1")).ends(0);
    // A new branch is judged against the remote's default branch, whatever it left.
    clone.git(&["remote", "set-head", "origin", "main"]);
    let new = [("PRE_COMMIT_FROM_REF", &*tip), ("PRE_COMMIT_TO_REF", &tip), ("PRE_COMMIT_REMOTE_NAME", "origin")];
    let _ = push(&[&new[..], &[("PRE_COMMIT_REMOTE_BRANCH", "refs/heads/new")]].concat()).ends(1).says("big-bang");
    let _ = push(&[("PRE_COMMIT_REMOTE_BRANCH", "refs/heads/main")]).ends(2).complains("what is pushed");
    let _ = push(&[("PRE_COMMIT_TO_REF", "none")]).ends(2).complains("none");
}

#[test]
fn hooks_for_pre_commit_call_commands_that_are_there() {
    let hooks = yaml(&shipped(".pre-commit-hooks.yaml"));
    let seen: Vec<Value> =
        hooks.as_array().unwrap().iter().map(|h| json!([h["id"], h["language"], h["pass_filenames"]])).collect();
    assert_eq!(seen, [json!(["rollgate", "rust", false]), json!(["rollgate-push", "rust", false])]);
    for hook in hooks.as_array().unwrap() {
        let words: Vec<&str> = hook["entry"].as_str().unwrap().split(' ').collect();
        assert_eq!(words[0], "rollgate");
        let _ = World::new().run(&[&words[1..], &["--help"]].concat()).ends(0);
    }
}
