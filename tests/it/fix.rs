//! Fixes: each ends its finding, starts none, and changes the bytes it names and no others.

use crate::support::World;

const CANARY: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  replicas: 400
  selector: {matchLabels: {app: web}}
  template: {spec: {containers: [{name: web, image: \"web:1\"}]}}
  strategy:
    canary:
      trafficRouting: {nginx: {stableIngress: web}}
      steps:
";

/// A first share that is too large, with one behind it that is not too far away.
const LARGE: &str = "        - setWeight: 50\n        - pause: {duration: 1h}\n        - setWeight: 60\n        - pause: {duration: 1h}\n";

/// `text` after `rollgate check` with `flags`, which must end with `code`.
#[track_caller]
fn mended(text: &str, flags: &[&str], code: i32) -> String {
    let world = World::new().file("m.yaml", text);
    let _ = world.run(&[&["check", "m.yaml"], flags].concat()).ends(code);
    std::fs::read_to_string(world.path().join("m.yaml")).unwrap()
}

#[test]
fn comments_and_layout_stay() {
    let steps = "        - setWeight: 50   # first\n        # then\n        - pause: {duration: 30s}\t# short\n        - setWeight: \"60\"\n";
    let steps = steps.replace("\"60\"", "60 # last");
    let after = mended(&format!("{CANARY}{steps}"), &["--unsafe-fix"], 1);
    let expected = "        - setWeight: 10   # first\n        # then\n        - pause: {duration: 10m}\t# short\n        - setWeight: 60 # last\n        - pause: {duration: 10m}\n";
    assert_eq!(after, format!("{CANARY}{expected}"));
}

#[test]
fn carriage_returns_stay() {
    let text = format!("{CANARY}        - setWeight: 5\n        - setWeight: 30\n        - pause: {{duration: 1h}}\n");
    let after = mended(&text.replace('\n', "\r\n"), &["--unsafe-fix"], 1);
    assert!(
        after.contains("- setWeight: 5\r\n        - pause: {duration: 10m}\r\n        - setWeight: 30\r\n"),
        "{after}"
    );
    assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
}

#[test]
fn flow_lists_and_json_keep_their_form() {
    let flow = CANARY.replace("steps:\n", "steps: [{setWeight: 5}, {setWeight: 30}, {pause: {duration: 1h}}]\n");
    let after = mended(&flow, &["--unsafe-fix"], 1);
    assert!(after.contains("steps: [{setWeight: 5}, {pause: {duration: 10m}}, {setWeight: 30}, {pause"), "{after}");
    let json = "{\"apiVersion\": \"rollgate/v1\", \"kind\": \"RolloutPlan\", \"metadata\": {\"name\": \"a\"}, \"change\": {\"kind\": \"config\"},\n \"strategy\": \"canary\", \"stages\": [\n  {\"exposure\": \"5%\"},\n  {\"exposure\": \"30%\", \"hold\": \"1h\"}], \"monitors\": [\"latency_p95\", \"error_rate\"],\n \"rollback\": {\"criteria\": [\"error rate exceeds 0.5%\"]}}\n";
    let world = World::new().file("m.json", json);
    let _ = world.run(&["check", "--unsafe-fix", "--select", "hold-too-short"]).ends(0);
    let after = std::fs::read_to_string(world.path().join("m.json")).unwrap();
    assert_eq!(after, json.replace("{\"exposure\": \"5%\"}", "{\"exposure\": \"5%\", \"hold\": \"10m\"}"));
}

#[test]
fn safe_fixes_leave_suggestions_to_people() {
    let text = format!("{CANARY}        - setWeight: 50\n        - pause: {{duration: 30s}}\n");
    assert_eq!(mended(&text, &["--fix"], 1), text);
}

#[test]
fn a_diff_writes_nothing_and_applies() {
    let text = format!("{CANARY}{LARGE}");
    let world = World::new().file("deploy/m.yaml", &text);
    let run = world.run(&["check", "--unsafe-fix", "--diff"]).ends(1);
    assert!(run.out.starts_with("--- a/deploy/m.yaml\n+++ b/deploy/m.yaml\n@@"), "{}", run.out);
    assert!(run.out.contains("\n-        - setWeight: 50\n+        - setWeight: 10\n"), "{}", run.out);
    assert_eq!(run.err, "1 fix found in 1 file; nothing is written\n");
    assert_eq!(std::fs::read_to_string(world.path().join("deploy/m.yaml")).unwrap(), text);
}

#[test]
fn what_an_anchor_shares_is_not_touched() {
    // The alias would change with its anchor, and nobody asked for that.
    let text = format!(
        "{CANARY}        - setWeight: 5\n        - pause: {{duration: &t 30s}}\n        - setWeight: 30\n        - pause: {{duration: *t}}\n"
    );
    assert_eq!(mended(&text, &["--unsafe-fix"], 1), text);
}

#[test]
fn a_template_is_not_edited() {
    let text =
        format!("{CANARY}        - setWeight: 50\n        - pause: {{duration: 30s}}\n---\na: {{{{ .Values.a }}}}\n");
    assert_eq!(mended(&text, &["--unsafe-fix"], 1), text);
}

#[test]
fn a_change_or_standard_input_is_not_mended() {
    let world = World::new().file("m.yaml", CANARY);
    let _ = world.run(&["check", "--staged", "--fix"]).ends(2);
    let run = world.run_with(&["check", "-", "--fix"], CANARY).ends(2);
    assert!(run.err.contains("standard input cannot be mended in place"), "{}", run.err);
}

#[cfg(unix)]
#[test]
fn permissions_and_links_stay_and_read_only_files_too() {
    use std::os::unix::fs::PermissionsExt;
    let text = format!("{CANARY}{LARGE}");
    let world = World::new().file("real/m.yaml", &text);
    let (real, link) = (world.path().join("real/m.yaml"), world.path().join("link.yaml"));
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("real/m.yaml", &link).unwrap();
    let _ = world.run(&["check", "link.yaml", "--unsafe-fix"]).ends(1);
    assert!(std::fs::read_to_string(&real).unwrap().contains("setWeight: 10"));
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(real.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    std::fs::write(&real, &text).unwrap();
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o440)).unwrap();
    let run = world.run(&["check", "real", "--unsafe-fix"]).ends(2);
    assert!(run.err.contains("it is read-only"), "{}", run.err);
    assert_eq!(std::fs::read_to_string(&real).unwrap(), text);
}

#[test]
fn what_has_one_meaning_is_safe() {
    let plan = "\
apiVersion: rollgate/v1
kind: RolloutPlan  # ours
metadata: {name: assistant}
change: {kind: config}
strategy: 'Canary'
stages:
  - {exposure: 5 percent, hold: 1h}
  - {exposure: 50%, hold: 1h}
monitors: [latency_p95, error_rate]
rollback:
  criteria: [{metric: error_rate, above: 0.5%}]
  \"keepOldFor\": 1h   # long enough
---
apiVersion: rollgate/v1
kind: rollback-drill
metadata: {service: assistant}
performed: 2026-10-14T14:05:00+02:00
outcome: success
evidence: [{tag: rollback-drill/assistant/2026-10-14}]
";
    let after = mended(plan, &["--fix", "--select", "manifest-invalid"], 0);
    let expected = plan
        .replace("kind: rollback-drill", "kind: RollbackDrill")
        .replace("'Canary'", "'canary'")
        .replace("5 percent", "5%")
        .replace("keepOldFor", "keep-old-for");
    assert_eq!(after, expected);
}

#[test]
fn a_length_that_the_system_cannot_read_is_safe() {
    let steps = "        - setWeight: 5\n        - pause: {duration: 1d}\n        - setWeight: 30\n        - pause: {duration: 90 min}\n";
    let after = mended(&format!("{CANARY}{steps}"), &["--fix"], 1);
    assert_eq!(after, format!("{CANARY}{}", steps.replace("1d", "24h").replace("90 min", "1h30m")));
}

#[test]
fn a_guess_is_a_suggestion() {
    let plan = "\
apiVersion: rollgate/v1
kind: RolloutPlan
metadata: {name: assistant}
change: {kind: config}
strategy: canary
stages: [{exposre: 5%, hold: 1h}, {exposure: 50%, hold: 1h}]
monitors: [latency_p95, error_rate]
rollback: {criteria: [{metric: error_rate, above: 0.5%}]}
";
    let select = ["--select", "manifest-invalid"];
    assert_eq!(mended(plan, &[&["--fix"], &select[..]].concat(), 1), plan);
    assert_eq!(mended(plan, &[&["--unsafe-fix"], &select[..]].concat(), 0), plan.replace("exposre", "exposure"));
}

#[test]
fn the_json_report_names_the_edits() {
    let text = format!("{CANARY}{LARGE}");
    let world = World::new().file("m.yaml", &text);
    let json = world.check(&["m.yaml", "--select", "canary-too-large"]).json();
    let fix = &json["findings"][0]["fixes"][0];
    assert_eq!(fix["title"], "write `setWeight: 10`");
    assert_eq!(fix["safety"], "suggested");
    let edit = &fix["edits"][0];
    let byte = |end: &str| usize::try_from(edit["span"][end]["offset"].as_u64().unwrap()).unwrap();
    assert_eq!(
        (&text[byte("start")..byte("end")], &edit["text"], &edit["file"]),
        ("50", &"10".into(), &"m.yaml".into())
    );
}

#[test]
fn a_fix_that_starts_another_finding_is_none() {
    // 10% would be small enough, and the step from there to 100% too steep.
    let text = format!("{CANARY}        - setWeight: 60\n        - pause: {{duration: 1h}}\n");
    assert_eq!(mended(&text, &["--unsafe-fix"], 1), text);
}

#[test]
fn an_ignore_without_its_day_gets_the_last_one() {
    let steps =
        LARGE.replace("setWeight: 50", "setWeight: 50  # rollgate: ignore[canary-too-large] reason=\"staff only\"  ");
    let text = format!("{CANARY}{steps}");
    let world = World::new().file("m.yaml", text.replace('\n', "\r\n"));
    let rules = world.check(&["m.yaml"]).ends(1).rules();
    assert!(rules.contains(&"suppression-expired".to_owned()), "{rules:?}");
    let at = ["--at", "2026-11-24T10:00:00Z"];
    let _ = world.run(&[&["check", "m.yaml", "--fix"], &at[..]].concat()).ends(1);
    let after = std::fs::read_to_string(world.path().join("m.yaml")).unwrap();
    let expected = text.replace("reason=\"staff only\"  ", "reason=\"staff only\" until=2027-02-22  ");
    assert_eq!(after, expected.replace('\n', "\r\n"));
    let rules = world.check(&[&["m.yaml"], &at[..]].concat()).rules();
    assert!(!rules.contains(&"suppression-expired".to_owned()), "{rules:?}");
}

#[test]
fn an_ignore_without_its_reason_gets_no_day() {
    let steps = LARGE.replace("setWeight: 50", "setWeight: 50  # rollgate: ignore[canary-too-large]");
    let text = format!("{CANARY}{steps}");
    assert_eq!(mended(&text, &["--fix"], 1), text);
}

#[test]
fn what_is_waived_is_left_alone() {
    let text = format!("{CANARY}{LARGE}");
    let waiver = "apiVersion: rollgate/v1\nkind: Waivers\nwaivers:\n  - {rule: canary-too-large, rollout: web, reason: staff only, expires: 2099-01-01}\n";
    let world = World::new().file("m.yaml", &text).file(".rollgate/waivers.yaml", waiver).repository();
    let _ = world.run(&["check", "m.yaml", "--unsafe-fix", "--select", "canary-too-large"]).ends(0);
    assert_eq!(std::fs::read_to_string(world.path().join("m.yaml")).unwrap(), text);
}
