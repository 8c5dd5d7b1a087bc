//! Whatever happens to a manifest, the run ends in a report: nothing panics, and every place lies in its file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use rollgate::catalog::RuleMeta;
use rollgate::collect::{File, Origin, WorkingSet};
use rollgate::engine::{self, Choice, Input, Registry};
use rollgate::policy::{Known, Policy, Source};
use rollgate::render;
use rollgate::rules;

/// What is put into a manifest, or takes a value's place.
const SCRAPS: [&str; 22] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    "- ",
    "\n",
    "\"",
    "&a ",
    "*a",
    "<<: ",
    "null",
    "-1",
    "99999999999999999999",
    "1e400",
    "100%",
    "{}",
    "~",
    "${x}",
    "\t",
    "|",
    "\u{e9}\u{1f600}",
];

fn manifests(path: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            manifests(&path, into);
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "json") {
            into.push(path);
        }
    }
}

fn policy() -> Policy {
    let rules: Vec<&'static RuleMeta> = rules::ALL.iter().map(|d| d.meta).collect();
    let known = Known { rules: &rules, systems: &[], binder: &Registry, first_file: 0xF000_0000 };
    Policy::load(&known, Source::Preset("strict".to_owned()), &mut |_| Ok(None)).unwrap()
}

/// The text with each edit applied: a scrap put in, a stretch taken out, or the value behind the next `: ` replaced.
fn mutate(text: &str, edits: &[(usize, usize, usize)]) -> String {
    let mut text: Vec<char> = text.chars().collect();
    for &(place, kind, scrap) in edits {
        let at = place % (text.len() + 1);
        let scrap = SCRAPS[scrap % SCRAPS.len()].chars();
        match kind % 3 {
            0 => drop(text.splice(at..at, scrap)),
            1 => drop(text.drain(at..(at + 1 + kind % 20).min(text.len()))),
            _ => {
                let value = (at..text.len().saturating_sub(1)).find(|&i| text[i] == ':' && text[i + 1] == ' ');
                if let Some(start) = value.map(|i| i + 2) {
                    let end = (start..text.len()).find(|&i| text[i] == '\n').unwrap_or(text.len());
                    text.splice(start..end, scrap);
                }
            }
        }
    }
    text.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_run_ends_in_a_report(which in any::<prop::sample::Index>(), edits in prop::collection::vec((any::<usize>(), 0usize..60, any::<usize>()), 1..6)) {
        let mut all = Vec::new();
        manifests(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus"), &mut all);
        all.sort();
        let text = mutate(&std::fs::read_to_string(which.get(&all)).unwrap(), &edits);
        let set = WorkingSet {
            files: vec![File { path: "m.yaml".into(), origin: Origin::Memory(Arc::from(text.as_bytes())) }],
            ..WorkingSet::default()
        };
        let policy = policy();
        let inspected = engine::inspect(&set, &policy);
        let model = render::Model { rollouts: &inspected.linked.rollouts, criteria: &inspected.linked.criteria, prompts: &inspected.linked.prompts, skipped: &[] };
        prop_assert!(render::inspect_json(&model, &inspected.sources).len() > 20, "a model is printed");
        let now = "2026-11-27T16:00:00Z".parse().unwrap();
        let (choice, git) = (Choice::default(), None);
        let input = Input { set, policy: &policy, choice, now, at: Some(now), git, fail_on: None, baseline: None, allow_empty: true, fixes: false };
        let (report, sources) = engine::check(&input);
        for finding in report.findings.iter().filter(|f| f.primary.file.0 == 0) {
            let place = text.get(finding.primary.start as usize..finding.primary.end as usize);
            prop_assert!(place.is_some(), "{}: {:?}", finding.rule.id, finding.primary);
        }
        prop_assert!(render::json(&report, &sources).len() > 20, "a report is printed");
    }
}
