//! What ships without a manifest of its own is carried by a plan, however the change is cut.

use crate::gate::errors;
use crate::support::{Repo, TUESDAY};

const POLICY: &str = "version: 1\nrules: {rollback-drill-stale: off}\n";
const SERVICE: &str =
    "version: 1\nrules: {rollback-drill-stale: off}\nservices: [{name: bot, paths: ['prompts/**']}]\n";

/// A plan of the service `bot` that ships `payload`.
fn plan(payload: &str) -> String {
    format!(
        "apiVersion: rollgate/v1\nkind: RolloutPlan\nmetadata: {{name: p, service: bot}}\nchange: {{kind: prompt-tweak{payload}}}\nstrategy: canary\nstages: [{{exposure: 5%, hold: 24h}}, {{exposure: 50%, hold: 24h}}, {{exposure: 100%}}]\nmonitors: [latency_p95, error_rate]\nrollback: {{criteria: [{{metric: error_rate, above: 0.5%}}], method: flag-off, keep-old-for: 24h}}\n"
    )
}

fn of_file(path: &str) -> String {
    plan(&format!(", payload: [{{file: {path}}}]"))
}

/// The rules that a change breaks: files before it, and what it makes of some of them; nothing is a file taken away.
fn broken(policy: &str, before: &[(&str, &str)], after: &[(&str, Option<&str>)]) -> Vec<String> {
    let repo = Repo::new();
    repo.write("rollgate.yaml", policy);
    for (path, text) in before {
        repo.write(path, text);
    }
    repo.commit("2026-11-02T10:00:00Z", "it stands").branch("f");
    for (path, text) in after {
        match text {
            Some(text) => _ = repo.write(path, text),
            None => _ = repo.git(&["rm", "-q", path]),
        }
    }
    errors(&repo.commit(TUESDAY, "it changes").against_main(&[]))
}

#[test]
fn a_plan_that_goes_or_turns_to_another_file_leaves_what_it_named_uncovered() {
    let (one, other) = (of_file("prompts/a.md"), of_file("prompts/b.md"));
    let before = [("p.yaml", &*one), ("prompts/a.md", "Be kind.\n")];
    let changed = ("prompts/a.md", Some("Be brief.\n"));
    assert_eq!(broken(POLICY, &before, &[changed, ("p.yaml", None)]), ["ungated-change"]);
    assert_eq!(broken(POLICY, &before, &[changed, ("p.yaml", Some(&other))]), ["ungated-change"]);
    let longer = one.replace("hold: 24h}, {exposure: 50%", "hold: 26h}, {exposure: 50%");
    assert!(broken(POLICY, &before, &[changed, ("p.yaml", Some(&longer))]).is_empty());
    assert!(broken(POLICY, &before, &[("p.yaml", None)]).is_empty(), "the prompt stays what it is");
    let another = one.replace("name: p,", "name: q,");
    assert!(broken(POLICY, &before, &[changed, ("q.yaml", Some(&another))]).is_empty(), "a plan of its own");
}

#[test]
fn a_payload_may_be_a_manifest_by_its_name() {
    let plan = of_file("config/model.yaml");
    let before = [("p.yaml", &*plan), ("config/model.yaml", "model: a\n"), ("config/other.yaml", "model: a\n")];
    assert_eq!(broken(POLICY, &before, &[("config/model.yaml", Some("model: b\n"))]), ["ungated-change"]);
    assert!(broken(POLICY, &before, &[("config/other.yaml", Some("model: b\n"))]).is_empty());
}

#[test]
fn a_file_that_leaves_what_is_governed_is_asked_for_there() {
    let before = [("prompts/a.md", "Be kind.\n"), ("notes/a.md", "Kindness.\n")];
    let leaves = [("prompts/a.md", None), ("other/a.md", Some("Be kind.\n"))];
    assert_eq!(broken(SERVICE, &before, &leaves), ["ungated-change"]);
    let plan = of_file("other/a.md");
    assert!(broken(SERVICE, &before, &[leaves[0], leaves[1], ("p.yaml", Some(&plan))]).is_empty());
    assert!(broken(SERVICE, &before, &[("notes/a.md", None), ("other/a.md", Some("Kindness.\n"))]).is_empty());
}

#[test]
fn a_plan_carries_the_files_it_names_and_without_any_its_service() {
    let before = [("prompts/a.md", "Be kind.\n"), ("prompts/b.md", "Be quick.\n")];
    let changed = ("prompts/a.md", Some("Be brief.\n"));
    assert_eq!(broken(SERVICE, &before, &[changed, ("p.yaml", Some(&of_file("prompts/b.md")))]), ["ungated-change"]);
    assert!(broken(SERVICE, &before, &[changed, ("p.yaml", Some(&of_file("./prompts/a.md")))]).is_empty());
    assert!(broken(SERVICE, &before, &[changed, ("p.yaml", Some(&plan("")))]).is_empty());
}
