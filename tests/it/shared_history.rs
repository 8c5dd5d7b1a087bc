//! A made history whose every event is known, where `../shared` is there: events are reproduced exactly.

use std::path::{Path, PathBuf};
use std::process::Command;

use rollgate::history::{
    Blob, End, Event, Git, GitPath, HistoryError, Horizon, ObjectId, Observed, Prefixes, What, events,
};
use rollgate::syntax::{Engine, Limits, chunks, parse};
use rollgate::text::FileId;

/// `commit kind service from to`, as the generator's table has it.
type Row = [String; 5];

/// Weights as millionths and thresholds as they are read from the manifests.
fn observe(git: &Git, path: &GitPath, blob: &Blob) -> Result<Option<Observed>, HistoryError> {
    let bytes = git.read(&blob.id, 1 << 20)?;
    if !path.ends_with(b"/rollout.yaml") {
        return Ok(Some(Observed { payload: vec![blob.id.to_string()], ..Observed::default() }));
    }
    let text = std::str::from_utf8(&bytes).unwrap();
    let chunk = chunks(text).next().unwrap();
    let doc = parse(FileId(0), &chunk, Engine::GoYamlV2, &Limits::default(), false).unwrap();
    let weight = doc.root().at("/spec/strategy/canary/trafficWeight").unwrap().as_i64().unwrap();
    let threshold = doc.root().at("/spec/rollback/threshold").unwrap().as_f64().unwrap();
    Ok(Some(Observed {
        exposure: Some(u32::try_from(weight).unwrap() * 10_000),
        bounds: vec![("threshold".to_owned(), threshold)],
        payload: Vec::new(),
    }))
}

fn percent(ppm: u32) -> String {
    (ppm / 10_000).to_string()
}

/// The service in `deploy/prod/SERVICE/rollout.yaml`, if it is that.
fn of_prod(path: &[u8]) -> Option<String> {
    let rest = std::str::from_utf8(path).unwrap().strip_prefix("deploy/prod/")?;
    Some(rest.strip_suffix("/rollout.yaml").unwrap().to_owned())
}

/// What the events of one commit come to in the words of the table.
fn rows(git: &Git, all: &[Event]) -> Vec<Row> {
    let mut rows = Vec::new();
    let commit = all[0].commit;
    let (mut weights, mut limits) = (None, None);
    let mut row = |kind: &str, service: &str, from: &str, to: &str| {
        rows.push([commit.to_string(), kind.into(), service.into(), from.into(), to.into()]);
    };
    for event in all {
        let path = event.path.as_deref().map(|p| std::str::from_utf8(p).unwrap()).unwrap_or_default();
        let prod = of_prod(path.as_bytes());
        match (&event.what, prod) {
            (What::Merged { others }, _) => {
                assert_eq!(others.len(), 1);
                let message = git.commit(&commit).unwrap().message;
                let subject = message.lines().next().unwrap();
                row("merge", subject.split_once("from team/").unwrap().1, "-", "-");
            }
            (What::Said { key: "Rollback-Drill", value }, _) => row("drill-trailer", value, "-", "-"),
            (What::Introduced | What::PayloadChanged, None) if path.starts_with(".rollgate/waivers/") => {
                let file = path.strip_prefix(".rollgate/waivers/").unwrap();
                row("waiver", file.strip_suffix(".yaml").unwrap(), "-", "-");
            }
            (What::Introduced, None) if path.starts_with("drills/") => {
                row("drill-file", path.strip_suffix(".yaml").unwrap().split_once('-').unwrap().1, "-", "-");
            }
            (What::Renamed { from }, Some(service)) => row("rename", &service, &of_prod(from).unwrap(), &service),
            (What::Reverted { checked: true, from, to, .. }, Some(service)) => {
                row("revert", &service, &percent(from.unwrap()), &percent(to.unwrap()));
            }
            (What::Promoted { from, to } | What::Lowered { from, to }, Some(service)) => {
                weights = Some((service, percent(*from), percent(*to)));
            }
            (What::BoundChanged { from, to, .. }, Some(service)) => {
                limits = Some((service, format!("{:.2}", from.unwrap()), format!("{:.2}", to.unwrap())));
            }
            // What a new repository brings, and what a drill leaves in staging.
            (What::Introduced, _) if git.commit(&commit).unwrap().parents.is_empty() => {}
            (_, None) if path.starts_with("deploy/staging/") => {}
            other => panic!("{commit} {path}: {other:?}"),
        }
    }
    match (weights, limits) {
        (Some((service, from, to)), limits) => {
            row(if limits.is_some() { "mixed" } else { "promote" }, &service, &from, &to);
        }
        (None, Some((service, from, to))) => row("loosen", &service, &from, &to),
        (None, None) => {}
    }
    rows
}

/// The table, without noise; a `mixed` row that leaves the weight at 100 is the loosening it shows itself as.
fn truth(path: &Path, git: &Git, told: &[Row]) -> Vec<Row> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut rows = Vec::new();
    for line in text.lines() {
        let [commit, _, kind, service, from, to] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let id = ObjectId::from_hex(commit).unwrap();
        assert!(git.has(&id), "{line}");
        let mut row = [commit, kind, service, from, to].map(str::to_owned);
        match kind {
            "noise" => continue,
            // The table writes `0.010` for what is 0.01.
            "loosen" => row[3..].iter_mut().for_each(|v| *v = format!("{:.2}", v.parse::<f64>().unwrap())),
            "mixed" if from == to => {
                "loosen".clone_into(&mut row[1]);
                let shown = told.iter().find(|t| t[0] == commit && t[1] == "loosen");
                if let Some(shown) = shown {
                    row[3..].clone_from_slice(&shown[3..]);
                }
            }
            _ => {}
        }
        rows.push(row);
    }
    rows
}

fn drill_tags(git: &Git) -> Vec<Row> {
    let tags = git.tags(&|name| name.starts_with("rollback-drill/")).unwrap();
    let row = |tag: rollgate::history::Tag| {
        let service = tag.name.split('/').nth(1).unwrap().to_owned();
        let time = tag.name.split('/').nth(2).unwrap().parse::<i64>().unwrap();
        assert!(tag.tagged.is_none_or(|t| t.timestamp() == time), "{}", tag.name);
        [tag.commit.unwrap().to_string(), "drill-tag".into(), service, "-".into(), "-".into()]
    };
    tags.into_iter().map(row).collect()
}

fn make(shared: &Path, folder: &Path, more: &[&str]) -> PathBuf {
    let out = folder.join("made");
    let script = shared.join("bench/make-history.sh");
    let made = Command::new(script).arg(&out).args(["-n", "2000"]).args(more).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    out
}

fn reproduces(more: &[&str]) {
    let Some(shared) = std::env::var_os("ROLLGATE_SHARED").map(PathBuf::from) else {
        println!("ROLLGATE_SHARED is not set: no history is made");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let out = make(&shared, folder.path(), more);
    let git = Git::open(&out).unwrap().unwrap();
    let head = git.head().unwrap().unwrap();
    let folders = ["deploy", "drills", ".rollgate/waivers"].map(str::as_bytes);
    let mut read = |path: &GitPath, blob: &Blob| observe(&git, path, blob);
    let prefixes = Prefixes::new(folders.into_iter());
    let (all, end) = events(&git, head, Horizon::EVERYTHING, &prefixes, &mut read).unwrap();
    assert_eq!(end, End::Root);
    assert!(all.windows(2).all(|w| w[0].time <= w[1].time), "oldest first");
    let mut told: Vec<Row> = all.chunk_by(|a, b| a.commit == b.commit).flat_map(|one| rows(&git, one)).collect();
    told.extend(drill_tags(&git));
    let mut wanted = truth(&folder.path().join("made.truth.tsv"), &git, &told);
    println!("{} rows, {} events", wanted.len(), all.len());
    told.sort();
    wanted.sort();
    let missing: Vec<_> = wanted.iter().filter(|row| told.binary_search(row).is_err()).collect();
    let extra: Vec<_> = told.iter().filter(|row| wanted.binary_search(row).is_err()).collect();
    assert!(missing.is_empty() && extra.is_empty(), "missing: {missing:#?}\nextra: {extra:#?}");
    assert_eq!(told, wanted);
}

#[test]
fn the_truth_is_reproduced() {
    reproduces(&[]);
}

#[test]
fn the_truth_is_reproduced_in_sha256() {
    reproduces(&["-f", "sha256"]);
}
