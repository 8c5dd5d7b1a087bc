//! What is recognised of prompts and models, over cases with known answers: `tests/recognition/`.

use std::collections::BTreeMap;

use rollgate::recognition::{Changed, Recognised, RecognisedKind, conclude, may_tell, recognise};
use rollgate::text::FileId;
use serde::Deserialize;

/// One change and what is to be said of it: a kind, then how sure, where the bar moves, and at which key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    files: Vec<File>,
    path: Option<String>,
    old_path: Option<String>,
    before: Option<String>,
    after: Option<String>,
    #[serde(default)]
    expect: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    path: String,
    before: Option<String>,
    after: Option<String>,
}

impl Case {
    fn found(&self) -> Vec<Recognised> {
        let one = self.path.as_ref().map(|p| (p, &self.before, &self.after));
        let files = self.files.iter().map(|f| (&f.path, &f.before, &f.after)).chain(one).filter(|(p, ..)| may_tell(p));
        let changed = files.map(|(path, before, after)| {
            let bytes = |text: &'_ Option<String>| text.clone().map(String::into_bytes);
            let (before, after) = (bytes(before), bytes(after));
            let old_path = self.old_path.as_deref();
            (
                path,
                recognise(&Changed { path, old_path, before: before.as_deref(), after: after.as_deref() }, FileId(0)),
            )
        });
        conclude(changed.collect()).into_iter().flat_map(|(_, found)| found).collect()
    }
}

fn said(one: &Recognised) -> String {
    let bar = one.bar.map_or_else(String::new, |bar| format!(" {bar:?}").to_lowercase());
    format!("{} {:?}{bar} key={}: {}", one.kind.id(), one.confidence, one.key, one.what).to_lowercase()
}

/// Is `one` what the line `wanted` asks for?
fn fits(one: &Recognised, wanted: &str) -> bool {
    let text = said(one);
    let (head, _) = text.split_once(": ").unwrap();
    let words: Vec<&str> = head.split(' ').collect();
    wanted.to_lowercase().split_whitespace().all(|word| words.contains(&word))
}

#[derive(Default)]
struct Count {
    right: usize,
    wrong: usize,
    missed: usize,
}

fn cases(name: &str) -> Vec<Case> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recognition").join(name);
    serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn precision_and_recall() {
    let mut counts: BTreeMap<&str, Count> = RecognisedKind::ALL.iter().map(|k| (k.id(), Count::default())).collect();
    let (mut wrong, mut all, mut traps) = (Vec::new(), 0, 0);
    for case in ["real.yaml", "own.yaml", "traps.yaml"].iter().flat_map(|name| cases(name)) {
        all += 1;
        traps += usize::from(case.expect.is_empty());
        let mut found = case.found();
        for wanted in &case.expect {
            let kind = wanted.split(' ').next().unwrap();
            let count = counts.get_mut(kind).unwrap();
            if let Some(i) = found.iter().position(|one| fits(one, wanted)) {
                found.remove(i);
                count.right += 1;
            } else {
                count.missed += 1;
                wrong.push(format!("{}: missed {wanted}", case.name));
            }
        }
        for one in found {
            counts.get_mut(one.kind.id()).unwrap().wrong += 1;
            wrong.push(format!("{}: said {}", case.name, said(&one)));
        }
    }
    println!("{all} cases, {traps} of them with nothing to say");
    println!("{:<20} {:>5} {:>5} {:>6}", "kind", "right", "wrong", "missed");
    for (kind, Count { right, wrong, missed }) in &counts {
        println!("{kind:<20} {right:>5} {wrong:>5} {missed:>6}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
