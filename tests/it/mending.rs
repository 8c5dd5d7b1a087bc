//! Every fix that is offered keeps its promise: its finding ends, none begins, and the model says the same but for what
//! was to change.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use rollgate::collect::{File, Origin, WorkingSet};
use rollgate::engine::{self, Choice, Input, Registry};
use rollgate::finding::{Finding, Safety, edited};
use rollgate::policy::{Known, Policy, Source};
use rollgate::{adapters, render, rules};
use serde_json::Value;

fn policy(preset: &str) -> Policy {
    let rules: Vec<_> = rules::ALL.iter().map(|d| d.meta).collect();
    let systems: Vec<_> = adapters::ALL.iter().map(|a| a.meta().id).collect();
    let known = Known { rules: &rules, systems: &systems, binder: &Registry, first_file: 0xF000_0000 };
    Policy::load(&known, Source::Preset(preset.to_owned()), &mut |_| Ok(None)).unwrap()
}

type Files = BTreeMap<Arc<str>, String>;

fn set(files: &Files) -> WorkingSet {
    let file = |(path, text): (&Arc<str>, &String)| File {
        path: Arc::clone(path),
        origin: Origin::Memory(Arc::from(text.as_bytes())),
    };
    WorkingSet { files: files.iter().map(file).collect(), ..WorkingSet::default() }
}

fn check(files: &Files, policy: &Policy, mending: bool) -> Vec<Finding> {
    let (now, choice) = ("2026-11-24T16:00:00Z".parse().unwrap(), Choice::default());
    let input = Input {
        set: set(files),
        policy,
        choice,
        now,
        at: None,
        git: None,
        fail_on: None,
        baseline: None,
        allow_empty: true,
        fixes: mending,
    };
    engine::check(&input).0.findings
}

/// The model as leaves: path and value, places left out.
fn model(files: &Files, policy: &Policy) -> BTreeMap<String, Value> {
    let inspected = engine::inspect(&set(files), policy);
    let linked = &inspected.linked;
    let model = render::Model {
        rollouts: &linked.rollouts,
        criteria: &linked.criteria,
        prompts: &linked.prompts,
        skipped: &[],
    };
    let json: Value = serde_json::from_str(&render::inspect_json(&model, &inspected.sources)).unwrap();
    let mut leaves = BTreeMap::new();
    flatten("", &json, &mut leaves);
    leaves
}

fn flatten(path: &str, value: &Value, out: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(key, _)| *key != "span")
            .for_each(|(key, value)| flatten(&format!("{path}/{key}"), value, out)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, value)| flatten(&format!("{path}/{i}"), value, out));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            drop(out.insert(path.to_owned(), value.clone()));
        }
    }
}

/// The parts of the model that differ: `/rollouts/0/progression/stages/*/hold`. One interval may hold every stage.
fn differing(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> Vec<String> {
    let keys = before.keys().chain(after.keys());
    let mut paths: Vec<String> = keys.filter(|k| before.get(*k) != after.get(*k)).map(|k| part(k)).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// A stage's exposure or hold, or a leaf.
fn part(leaf: &str) -> String {
    let mut parts: Vec<&str> = leaf.split('/').collect();
    if parts.get(4) == Some(&"stages") {
        parts.truncate(7);
        parts[5] = "*";
        if let Some(last) = parts.last_mut().filter(|l| l.ends_with("_percent") || **l == "basis") {
            *last = "exposure";
        }
    }
    parts.join("/")
}

fn said(findings: &[Finding]) -> BTreeMap<String, usize> {
    let mut said = BTreeMap::new();
    for finding in findings {
        let key = format!("{} {:?} {}", finding.rule.id, finding.rollout, finding.about);
        *said.entry(key).or_insert(0) += 1;
    }
    said
}

/// Makes every fix that is offered for `files`, one at a time, and looks at what comes of it. How many were there?
fn keeps_its_promise(files: &Files, policy: &Policy) -> usize {
    let findings = check(files, policy, true);
    let before = said(&findings);
    let old = model(files, policy);
    let mut count = 0;
    for (finding, fix) in findings.iter().flat_map(|f| f.fixes.iter().map(move |fix| (f, fix))) {
        let number = fix.edits[0].span.file.0 as usize;
        let (path, text) = files.iter().nth(number).unwrap();
        let mut files = files.clone();
        files.insert(Arc::clone(path), edited(text, &fix.edits).unwrap());
        let told = || format!("{path}: {}: {}\n{}", finding.rule.id, fix.title, files[path]);
        let after = said(&check(&files, policy, false));
        let target = format!("{} {:?} {}", finding.rule.id, finding.rollout, finding.about);
        let left = |key: &String| after.get(key).copied().unwrap_or(0);
        assert_eq!(left(&target) + 1, before[&target], "is still found: {}", told());
        for (key, n) in &after {
            assert!(before.get(key).is_some_and(|was| n <= was), "{key} is new: {}", told());
        }
        let differs = differing(&old, &model(&files, policy));
        if fix.safety == Safety::Suggested && finding.rule.id != "manifest-invalid" {
            // Revisions are not printed; what is mirrored while a step is held has the step's length.
            let mirrored = differs.len() == 2 && differs[1].ends_with("/shadow/duration_seconds");
            assert!(differs.len() < 2 || mirrored, "{differs:?}: {}", told());
        }
        let objects: Vec<_> = differs.iter().map(|p| p.split('/').nth(2)).collect();
        assert!(objects.windows(2).all(|w| w[0] == w[1]), "{differs:?}: {}", told());
        count += 1;
    }
    count
}

/// One step or stage of a plan, its lines in the layout that `style` says.
fn steps(plan: &[(u32, u32)], style: u8) -> String {
    let flow = style & 1 == 1;
    let quote = ["", "\"", "'"][usize::from(style >> 1) % 3];
    let mut out = String::new();
    for (weight, pause) in plan {
        if flow {
            out += &format!("        - {{setWeight: {weight}}}  # to {weight}\n");
        } else {
            out += &format!("        - setWeight: {weight}\t# to {weight}\n");
        }
        match pause {
            0 => {}
            p if p % 3 == 1 => out += &format!("        - pause: {{duration: {quote}{p}s{quote}}}\n"),
            p if p % 3 == 2 => out += &format!("        - pause:\n            # seconds\n            duration: {p}\n"),
            p => out += &format!("        - {{pause: {{duration: {quote}{p} min{quote}}}}}\n"),
        }
    }
    out
}

fn canary(plan: &[(u32, u32)], style: u8) -> String {
    let router = if style & 64 == 0 { "" } else { "      trafficRouting: {nginx: {stableIngress: web}}\n" };
    let text = format!(
        "# ours\napiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{name: web}}\nspec:\n  replicas: 200\n  revisionHistoryLimit: {}\n  template: {{spec: {{containers: [{{name: web, image: \"web:1\"}}]}}}}\n  strategy:\n    canary:\n{router}      steps:\n{}",
        style % 2,
        steps(plan, style)
    );
    if style & 32 == 0 { text } else { text.replace('\n', "\r\n") }
}

fn rollout_plan(plan: &[(u32, u32)], style: u8) -> String {
    let mut text = "apiVersion: rollgate/v1\nkind: RolloutPlan\nmetadata: {name: assistant}\nchange: {kind: config}\nstrategy: canary\nstages:\n".to_owned();
    for (share, hold) in plan {
        let hold = match hold % 4 {
            0 => String::new(),
            1 => format!(", hold: {hold}s"),
            2 => format!(", hold: \"{hold} min\""),
            _ => format!(", Hold: {hold}m"),
        };
        if style & 1 == 0 {
            text += &format!("  - {{exposure: {share}%{hold}}}\n");
        } else {
            text += &format!(
                "  - exposure: {share}%  # {share}\n{}",
                hold.replace(", ", "    ") + if hold.is_empty() { "" } else { "\n" }
            );
        }
    }
    let key = ["keep-old-for", "keepOldFor", "keep_old_for"][usize::from(style % 3)];
    text += &format!(
        "shadow: {{duration: {}h, compare: {{metrics: [eval_score]}}}}\nmonitors: [latency_p95]\nrollback:\n  criteria: [{{metric: error_rate, above: 0.5%}}]\n  {key}: 5s\n",
        style % 30
    );
    if style & 32 == 0 { text } else { text.replace('\n', "\r\n") }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn offered_fixes_keep_their_promise(
        plan in prop::collection::vec((0u32..101, 0u32..900), 1..5),
        style in any::<u8>(),
        strict in any::<bool>(),
    ) {
        let policy = policy(if strict { "strict" } else { "recommended" });
        let both = format!("{}---\n{}", canary(&plan, style), rollout_plan(&plan, style));
        keeps_its_promise(&BTreeMap::from([("m.yaml".into(), both)]), &policy);
    }
}

#[test]
fn some_fixes_are_offered() {
    let plan = [(40, 0), (60, 40), (80, 900)];
    let both = format!("{}---\n{}", canary(&plan, 0), rollout_plan(&plan, 1));
    let count = keeps_its_promise(&BTreeMap::from([("m.yaml".into(), both)]), &policy("strict"));
    assert_eq!(count, 7);
}

fn manifests(folder: &Path, out: &mut Files) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            manifests(&path, out);
        } else if path.extension().is_some_and(|e| ["yaml", "yml", "json"].iter().any(|known| e == *known))
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            out.insert(path.display().to_string().into(), text);
        }
    }
}

#[test]
fn fixes_of_the_corpus_keep_their_promise() {
    let mut files = Files::new();
    manifests(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus"), &mut files);
    let mut count = 0;
    for (path, text) in files {
        count += keeps_its_promise(&BTreeMap::from([(path, text)]), &policy("strict"));
    }
    assert!(count > 20, "only {count} fixes");
}

#[test]
fn fixes_of_real_manifests_keep_their_promise() {
    let Some(shared) = std::env::var_os("ROLLGATE_SHARED") else { return };
    let mut files = Files::new();
    manifests(&Path::new(&shared).join("corpus"), &mut files);
    let mut count = 0;
    for (path, text) in files.into_iter().filter(|(_, text)| text.len() < 200_000) {
        count += keeps_its_promise(&BTreeMap::from([(path, text)]), &policy("strict"));
    }
    println!("{count} fixes");
    assert!(count > 100, "only {count} fixes");
}
