//! Real manifests of `../shared`, where the folder is there: `ROLLGATE_SHARED=../shared cargo test --test it shared`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::support::rollgate;

/// The systems this version reads.
const SYSTEMS: [&str; 13] = [
    "argo-rollouts",
    "flagger",
    "gateway-api",
    "istio",
    "k8s-workloads",
    "knative",
    "kserve",
    "openkruise",
    "ray",
    "seldon-v1",
    "seldon-v2",
    "smi",
    "traefik",
];

fn shared() -> Option<PathBuf> {
    let path = std::env::var_os("ROLLGATE_SHARED").map(PathBuf::from);
    if path.is_none() {
        println!("ROLLGATE_SHARED is not set: real manifests are not looked at");
    }
    path
}

fn check(dir: &Path) -> serde_json::Value {
    let args = ["check", ".", "--preset", "recommended", "--format", "json", "--allow-empty"];
    let out = rollgate(dir).args(args).output().unwrap();
    let code = out.status.code();
    assert!(
        matches!(code, Some(0 | 1)),
        "{}: ended with {code:?}: {}",
        dir.display(),
        String::from_utf8_lossy(&out.stderr)
    );
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn real_manifests_are_read() {
    let Some(shared) = shared() else { return };
    let mut totals: BTreeMap<String, usize> = BTreeMap::new();
    for system in SYSTEMS {
        let report = check(&shared.join("corpus").join(system));
        let findings = report["findings"].as_array().unwrap();
        for finding in findings {
            *totals.entry(finding["rule"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        let coverage = &report["coverage"];
        println!(
            "{system:>15}: {:>4} documents {:>4} rollouts {:>4} findings {:>4} undetermined",
            coverage["documents"],
            coverage["rollouts"],
            findings.len(),
            report["undetermined"].as_array().unwrap().len()
        );
        assert!(coverage["rollouts"].as_u64() > Some(0), "{system}: no rollout was read");
    }
    for (rule, count) in totals {
        println!("{count:>6} {rule}");
    }
}

#[test]
fn every_other_corpus_is_passed_over_without_a_crash() {
    let Some(shared) = shared() else { return };
    for entry in std::fs::read_dir(shared.join("corpus")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            check(&path);
        }
    }
}
