//! The recorded answers of the Kubernetes libraries: our loader agrees, refuses, or leaves a note, never differs.
//!
//! The cases are not part of this repository; without `../shared/yaml-parity` there is nothing to compare with.

use rollgate::syntax::{Engine, Limits, chunks, parse};
use rollgate::text::FileId;
use serde_json::Value;

/// What one document came to: its value and whether it carries notes.
type Read = Result<(Value, bool), String>;

fn read_all(text: &str, engine: Engine) -> Vec<Read> {
    let read = |chunk| {
        let doc = parse(FileId(0), &chunk, engine, &Limits::default(), false).map_err(|e| e.message)?;
        Ok((doc.root().to_value(), !doc.notes().is_empty()))
    };
    chunks(text).map(read).collect()
}

#[derive(Default, Debug)]
struct Table {
    agree: u32,
    refused: Vec<String>,
    noted: u32,
    loose: Vec<String>,
    different: Vec<String>,
}

impl Table {
    fn count(&mut self, name: &str, ours: &Read, theirs: Option<&Value>) {
        match (ours, theirs) {
            (Err(_), None) => self.agree += 1,
            (Err(why), Some(_)) => self.refused.push(format!("{name}: {why}")),
            (Ok((value, _)), Some(expected)) if same(value, expected) => self.agree += 1,
            (Ok((_, true)), _) => self.noted += 1,
            (Ok((value, _)), None) => self.loose.push(format!("{name}: {value}")),
            (Ok((value, _)), Some(expected)) => self.different.push(format!("{name}: {value} and not {expected}")),
        }
    }
}

/// Equal by value: numbers as numbers, maps without order.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| same(v, w)))
        }
        _ => a == b,
    }
}

fn cases() -> Option<Vec<Value>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/yaml-parity/cases.jsonl");
    let text = std::fs::read_to_string(path).ok()?;
    Some(
        text.split('\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_str(line).expect("a case is JSON"))
            .collect(),
    )
}

/// The documents the stream reader delivers; `None` for one that it stops on.
fn expected(case: &Value) -> Vec<Option<Value>> {
    let stream = &case["stream"];
    if stream.is_null() {
        return vec![case.get("json").cloned()];
    }
    let mut docs: Vec<Option<Value>> =
        stream["docs"].as_array().map(|docs| docs.iter().cloned().map(Some).collect()).unwrap_or_default();
    if stream.get("error").is_some() {
        docs.push(None);
    }
    docs
}

fn compare_all(engine: Engine, expected: impl Fn(&Value) -> Vec<Option<Value>>) -> Option<Table> {
    let cases = cases()?;
    let mut table = Table::default();
    for case in &cases {
        let (name, text) = (case["name"].as_str().unwrap_or(""), case["yaml"].as_str().unwrap_or(""));
        let expected = expected(case);
        let mut ours = read_all(text, engine);
        if ours.is_empty() {
            ours.push(Ok((Value::Null, false)));
        }
        let expected = if expected.is_empty() { vec![Some(Value::Null)] } else { expected };
        let stopped = expected.last().is_some_and(Option::is_none);
        for (i, theirs) in expected.iter().enumerate() {
            match ours.get(i) {
                Some(ours) => table.count(name, ours, theirs.as_ref()),
                None if theirs.is_none() => {}
                None => table.different.push(format!("{name}: document {i} is missing")),
            }
        }
        if !stopped && ours.len() > expected.len() {
            table.different.push(format!("{name}: {} documents and not {}", ours.len(), expected.len()));
        }
    }
    Some(table)
}

#[expect(clippy::print_stdout, reason = "the table is what --nocapture is for")]
fn report(label: &str, table: &Table) {
    println!(
        "{label}: agree {} / refused {} / noted {} / loose {} / different {}",
        table.agree,
        table.refused.len(),
        table.noted,
        table.loose.len(),
        table.different.len()
    );
    table.refused.iter().for_each(|line| println!("  refused {line}"));
    table.loose.iter().for_each(|line| println!("  loose {line}"));
    table.different.iter().for_each(|line| println!("  different {line}"));
}

#[test]
fn kubernetes_reads_what_we_read() {
    let Some(table) = compare_all(Engine::GoYamlV2, expected) else {
        return report("../shared/yaml-parity is not here: nothing to compare with", &Table::default());
    };
    report("Kubernetes (go-yaml v2)", &table);
    assert!(table.different.is_empty(), "{:#?}", table.different);
}

#[test]
fn kustomize_reads_what_we_read() {
    // The v3 answers are for the first document of the whole text; the reader that cuts streams is not asked.
    let v3 = |case: &Value| match case.get("v3") {
        Some(v3) => vec![v3.get("json").cloned(), None],
        None => expected(case),
    };
    let Some(table) = compare_all(Engine::GoYamlV3, v3) else { return };
    report("kustomize (go-yaml v3)", &table);
    assert!(table.different.is_empty(), "{:#?}", table.different);
}
