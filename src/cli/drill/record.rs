//! `rollgate drill record`: asks for what is not given, and writes a record.

use std::io::{BufRead, IsTerminal, Write};
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::args::DrillRecord;
use crate::cli::failure::Failure;
use crate::cli::surroundings::Surroundings;
use crate::cli::{Outcome, check, gate, print, say};
use crate::collect::{File, Origin, WorkingSet};
use crate::engine;
use crate::history::Git;
use crate::model::units::parse_seconds;
use crate::policy::Policy;
use crate::render::visible;

/// A record as it is written, in the order in which people read it.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Written {
    #[serde(rename = "apiVersion")]
    api_version: &'static str,
    kind: &'static str,
    metadata: Value,
    performed: String,
    method: String,
    outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_to_rollback: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    by: Vec<String>,
    evidence: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
}

pub(super) fn run(args: &DrillRecord, around: &Surroundings) -> Outcome {
    let git = gate::open(around)?;
    let mut desk = Desk { asks: std::io::stdin().is_terminal(), missing: Vec::new() };
    let service = desk.take(args.service.as_ref(), "service", "Which service was rolled back?");
    let performed = desk.take(args.performed.as_ref(), "performed", "When (RFC 3339, or now)?");
    let method = desk.take(args.method.as_ref(), "method", "How (flag-off, traffic-flip, redeploy)?");
    let outcome = desk.take(args.outcome.as_ref(), "outcome", "Did it go back (success, failure)?");
    let evidence = desk.evidence(args);
    if !desk.missing.is_empty() {
        let message = format!("a record needs {}", desk.missing.join(", "));
        return Err(vec![Failure::new(message, "give them as flags, or run this on a terminal to be asked")]);
    }
    let day = moment(&performed, around).map_err(|f| vec![f])?;
    checked(&git, args, &method, &outcome, &evidence).map_err(|f| vec![f])?;
    let mut metadata = json!({"service": service});
    if let (Some(place), Some(map)) = (&args.environment, metadata.as_object_mut()) {
        map.insert("environment".into(), json!(place));
    }
    let record = Written {
        api_version: "rollgate/v1",
        kind: "RollbackDrill",
        metadata,
        performed: day.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        method,
        outcome,
        time_to_rollback: args.time_to_rollback.clone(),
        by: args.by.clone(),
        evidence: evidence.iter().map(|(kind, value)| json!({*kind: value})).collect(),
        notes: args.notes.clone(),
    };
    let text = serde_yaml::to_string(&record).map_err(|error| {
        vec![Failure::new(format!("the record cannot be written: {error}"), "report this as a bug")]
    })?;
    readable(&text)?;
    save(args, &service, day, &text, around)
}

/// What is asked of people, and what is still missing.
struct Desk {
    asks: bool,
    missing: Vec<String>,
}

impl Desk {
    fn take(&mut self, given: Option<&String>, flag: &str, question: &str) -> String {
        let answer = given.cloned().or_else(|| self.ask(question)).filter(|text| !text.trim().is_empty());
        if answer.is_none() {
            self.missing.push(format!("`--{flag}`"));
        }
        answer.unwrap_or_default()
    }

    fn ask(&self, question: &str) -> Option<String> {
        if !self.asks {
            return None;
        }
        say(&format!("{question} "));
        // A question that can't be shown is not answered either.
        let _ = std::io::stderr().flush();
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).ok()?;
        Some(line.trim().to_owned())
    }

    fn evidence(&mut self, args: &DrillRecord) -> Vec<(&'static str, String)> {
        let given = |kind: &'static str, all: &[String]| all.iter().map(move |v| (kind, v.clone())).collect::<Vec<_>>();
        let mut all = [given("commit", &args.commit), given("tag", &args.tag)].concat();
        if all.is_empty() {
            let commit = self.ask("The commit that rolled back (empty: a tag)?").filter(|c| !c.is_empty());
            let tag = || self.ask("The annotated tag?").filter(|t| !t.is_empty()).map(|t| ("tag", t));
            all.extend(commit.map(|c| ("commit", c)).or_else(tag));
        }
        if all.is_empty() {
            self.missing.push("evidence that git can confirm (`--commit` or `--tag`)".to_owned());
        }
        all
    }
}

fn moment(text: &str, around: &Surroundings) -> Result<DateTime<FixedOffset>, Failure> {
    if text == "now" {
        return Ok(around.now.fixed_offset());
    }
    let help = "write it as RFC 3339, for instance `2026-10-14T14:05:00+02:00`";
    let read = DateTime::parse_from_rfc3339(text);
    let read = read.map_err(|error| Failure::new(format!("`--performed {text}` is not a moment: {error}"), help))?;
    if read.to_utc() > around.now {
        return Err(Failure::new(format!("`--performed {text}` lies in the future"), "write when it was performed"));
    }
    Ok(read)
}

/// Words that are none of those that are known, lengths that are none, and evidence that git cannot find.
fn checked(
    git: &Git,
    args: &DrillRecord,
    method: &str,
    outcome: &str,
    evidence: &[(&str, String)],
) -> Result<(), Failure> {
    for (flag, given, known) in [
        ("method", method, &["flag-off", "traffic-flip", "redeploy"][..]),
        ("outcome", outcome, &["success", "failure"]),
    ] {
        if !known.contains(&given) {
            let help = format!("it is one of {}", known.join(", "));
            return Err(Failure::new(format!("`--{flag} {given}` is not known"), help));
        }
    }
    if let Some(time) = args.time_to_rollback.as_ref().filter(|t| parse_seconds(t).is_none()) {
        return Err(Failure::new(format!("`--time-to-rollback {time}` is no length"), "write for instance `4m10s`"));
    }
    for (kind, name) in evidence {
        let is_hex = name.len() >= 4 && name.bytes().all(|b| b.is_ascii_hexdigit());
        let missing = if *kind == "commit" {
            (!is_hex || git.resolve(name).is_err()).then_some("is no commit of this repository, by its id")
        } else {
            let tags = git.tags(&|tag| tag == name.as_str()).unwrap_or_default();
            match tags.first() {
                None => Some("is no tag of this repository"),
                Some(tag) if tag.tagged.is_none() => Some("is a lightweight tag, which bears no date"),
                Some(_) => None,
            }
        };
        if let Some(why) = missing {
            let help = "name what git can confirm: `git log`, or `git tag -a rollback-drill/SERVICE/DATE`";
            return Err(Failure::new(format!("`{name}` {why}"), help));
        }
    }
    Ok(())
}

/// What is written must be read back without a complaint.
fn readable(text: &str) -> Result<(), Vec<Failure>> {
    let file = File { path: "record".into(), origin: Origin::Memory(Arc::from(text.as_bytes())) };
    let set = WorkingSet { files: vec![file], ..WorkingSet::default() };
    let policy: Policy = crate::cli::setup::load_from(crate::policy::Source::Default, 0xF000_0000, &mut |_| Ok(None))?;
    let problems = engine::inspect(&set, &policy).linked.problems;
    let failures = problems.into_iter().map(|p| Failure::new(p.message, p.help));
    let failures: Vec<Failure> = failures.collect();
    if failures.is_empty() { Ok(()) } else { Err(failures) }
}

fn save(args: &DrillRecord, service: &str, day: DateTime<FixedOffset>, text: &str, around: &Surroundings) -> Outcome {
    let word = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = service.chars().map(word).collect();
    let date = day.format("%Y-%m-%d");
    let path = args
        .output
        .clone()
        .unwrap_or_else(|| check::roots(&[], around, false).root.join("drills").join(format!("{date}-{name}.yaml")));
    let path = around.cwd.join(path);
    let shown = check::roots(&[], around, false).show(&path);
    let failed = |error: std::io::Error| {
        vec![Failure::new(format!("`{shown}` cannot be written: {error}"), "name another file with --output")]
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(failed)?;
    let tag = format!("rollback-drill/{name}/{date}");
    print(&format!(
        "wrote {shown}\n  git add {shown}\n  git tag -a {tag} -m 'rollback drill of {}'   # beside the record, or instead of it\n",
        visible(service),
        shown = visible(&shown),
    ))?;
    Ok(0)
}
