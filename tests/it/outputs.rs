//! Every format of `rollgate check`: the same reports in each, and hostile text in all of them.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use pulldown_cmark::{Event, Tag};
use rollgate::finding::{Failure, Label, Report, RolloutKey, State};
use rollgate::render::{COMMENT, Excused, github, gitlab, human, json, junit, markdown, sarif, short};
use rollgate::text::{FileId, Sources, Span};

use crate::render::{PLAIN, clean, mixed, sources, undecided, undetermined, web};
use crate::support::World;

/// A format as the matrix prints it.
type Print = fn(&Report, &Sources, Excused) -> String;

const FORMATS: [(&str, Print); 8] = [
    ("human", |r, s, e| human(r, s, PLAIN, e)),
    ("short", short),
    ("json", |r, s, _| json(r, s)),
    ("sarif", sarif),
    ("junit", junit),
    ("github", github),
    ("markdown", |r, s, e| markdown(r, s, e, COMMENT)),
    ("gitlab", gitlab),
];

/// Findings of which none counts, each for another reason.
fn suppressed() -> Report {
    let mut report = mixed();
    report.notices.clear();
    let mut more = mixed().findings;
    report.findings.append(&mut more);
    let states = [
        (State::Suppressed, "agreed with the platform team, until 2026-12-24"),
        (State::Waived, "ada@example.com, until 2026-12-01: the forum is all we have"),
        (State::Baselined, "it was there on 2026-10-01"),
        (State::Overridden, "override by 0c13090: the fix for the outage of 23 November"),
    ];
    for (finding, (state, excuse)) in report.findings.iter_mut().zip(states) {
        (finding.state, finding.excuse) = (state, Some(excuse.to_owned()));
    }
    report
}

fn matrix() -> [(&'static str, Report, Excused); 6] {
    [
        ("clean", clean(), Excused::Hidden),
        ("findings", mixed(), Excused::Hidden),
        ("undecided", undecided(), Excused::Hidden),
        ("undetermined", undetermined(), Excused::Hidden),
        ("suppressed", suppressed(), Excused::Hidden),
        ("suppressed.shown", suppressed(), Excused::Shown),
    ]
}

#[test]
fn every_format_of_every_report() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("../snapshots/outputs");
    let sources = sources();
    settings.bind(|| {
        for (name, report, excused) in matrix() {
            for (format, print) in FORMATS {
                insta::assert_snapshot!(format!("{name}.{format}"), print(&report, &sources, excused));
            }
        }
    });
}

#[test]
fn one_run_writes_many_files() {
    let world = World::new().file("web.yaml", BIG_BANG);
    let run =
        world.run(&["check", "--format", "short", "--output", "json=a.json", "--output", "gitlab=b.json"]).ends(1);
    assert!(run.out.contains("[big-bang]"), "{}", run.out);
    for (file, rule) in [("a.json", "\"rule\": \"big-bang\""), ("b.json", "\"check_name\": \"big-bang\"")] {
        let text = std::fs::read_to_string(world.path().join(file)).unwrap();
        assert!(text.contains(rule), "{file}: {text}");
    }
}

#[test]
fn a_file_that_cannot_be_written_is_undecided_and_keeps_no_other_from_being_written() {
    let world = World::new().file("web.yaml", BIG_BANG);
    let outputs = ["--output", "json=none/a.json", "--output", "gitlab=b.json"];
    let run = world.run(&[&["check", "--format", "short"], &outputs[..]].concat()).ends(2);
    assert!(run.out.contains("[big-bang]"), "{}", run.out);
    let run = run.complains("`").complains("none/a.json` cannot be written");
    assert!(world.path().join("b.json").is_file(), "{}", run.err);
    for wrong in ["json", "json=", "json=-", "xml=a.xml"] {
        let _ = world.run(&["check", "--output", wrong]).ends(2).complains("is not FORMAT=PATH").complains("gitlab");
    }
}

#[test]
fn a_job_of_github_actions_gets_annotations_and_a_summary() {
    let world = World::new().file("web.yaml", BIG_BANG).file("summary.md", "before\n");
    let job = [("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", "summary.md")];
    let run = world.run_env(&job, &["check", "web.yaml"]).ends(1);
    assert!(run.out.starts_with("::error title=big-bang,file=web.yaml,line=5,"), "{}", run.out);
    let summary = || std::fs::read_to_string(world.path().join("summary.md")).unwrap();
    assert!(summary().starts_with("before\n## rollgate: fails\n"), "{}", summary());
    let _ = world.run_env(&job, &["check", "web.yaml", "--format", "human"]).ends(1).says("[web.yaml:5:11]");
    assert_eq!(summary().matches("## rollgate").count(), 1, "only the annotations come with a summary");
    let lost = [("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", "none/summary.md")];
    let _ = world.run_env(&lost, &["check", "web.yaml"]).ends(1).complains("summary cannot be written");
    let _ = world.run(&["check", "web.yaml"]).ends(1).says("[web.yaml:5:11]");
}

/// Pieces of text that mean something to one reader or another.
const HOSTILE: [&str; 34] = [
    "\u{1b}[2J",
    "\u{9b}31m",
    "\u{202e}",
    "\u{2028}",
    "\u{0}",
    "\u{ffff}",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "::set-output name=a::b",
    "::error file=x::y",
    "##[error]",
    "##[add-mask]x",
    "%0A::error::",
    "]]>",
    "<![CDATA[",
    "</failure>",
    "<script>",
    "&lt;",
    "\"/><x a=\"",
    "|",
    "\\|",
    "`",
    "```\n",
    "~~~",
    "[a](javascript:b)",
    "![a](https://x.example/y)",
    "@everyone",
    "fixes #1",
    "https://x.example",
    "/approve",
    "</details>",
    "{0}",
];

/// A report whose every foreign word is `words`.
fn hostile(words: &str, path: &str, text: &str) -> (Report, Sources) {
    let mut sources = Sources::new(Vec::new());
    sources.add(FileId(0), path.into(), text.into());
    let mut report = undecided();
    report.findings.extend(mixed().findings);
    report.findings[2].state = State::Waived;
    let span = Span::new(FileId(0), 0, 1);
    for finding in &mut report.findings {
        finding.primary = span;
        for part in [&mut finding.what, &mut finding.help] {
            words.clone_into(part);
        }
        let word = Some(words.to_owned());
        (finding.found, finding.required, finding.excuse, finding.commit) =
            (word.clone(), word.clone(), word.clone(), word);
        finding.related = vec![Label { span, text: words.to_owned() }];
        finding.rollout = Some(RolloutKey { name: words.into(), service: words.into(), ..web() });
    }
    report.undetermined = undetermined().undetermined;
    for unknown in &mut report.undetermined {
        (unknown.span, unknown.what) = (span, words.to_owned());
    }
    report.failures = vec![Failure { path: Some(path.into()), message: words.into(), help: words.into() }];
    report.notices = vec![words.to_owned()];
    words.clone_into(&mut report.policy.source);
    (report, sources)
}

/// What a job of GitHub Actions would take for a command: `::` at the start of a line, `##[` anywhere.
fn commands(out: &str) -> Vec<&str> {
    out.split(['\n', '\r']).filter(|l| l.trim_start().starts_with("::") || l.contains("##[")).collect()
}

/// The properties and the message of `::error a=b,c=d::message`, unescaped.
fn command(line: &str) -> (String, BTreeMap<String, String>, String) {
    let (head, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
    let (kind, properties) = head.split_once(' ').unwrap();
    let plain = |text: &str| {
        text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",").replace("%25", "%")
    };
    let pairs = properties.split(',').map(|p| p.split_once('=').unwrap());
    (kind.to_owned(), pairs.map(|(k, v)| (k.to_owned(), plain(v))).collect(), plain(message))
}

/// Of a page of Markdown: its table's cells a row, and every tag that is no plain text.
fn structure(page: &str) -> (Vec<usize>, Vec<String>) {
    let (mut rows, mut tags) = (Vec::new(), Vec::new());
    for event in pulldown_cmark::Parser::new_ext(page, pulldown_cmark::Options::ENABLE_TABLES) {
        if let Event::Start(tag) = &event {
            if *tag == Tag::TableRow {
                rows.push(0);
            } else if let (Tag::TableCell, Some(last)) = (tag, rows.last_mut()) {
                *last += 1;
            } else if matches!(tag, Tag::Link { .. } | Tag::Image { .. }) {
                tags.push("link".to_owned());
            }
        } else if let Event::Html(html) | Event::InlineHtml(html) = event {
            tags.extend(html.lines().map(|l| l.split_inclusive('>').next().unwrap_or("").to_owned()));
        }
    }
    (rows, tags)
}

/// The lines that stand in no block of code.
fn unfenced(page: &str) -> Vec<&str> {
    let mut fence: Option<&str> = None;
    let mut lines = Vec::new();
    for line in page.lines() {
        match fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if line.starts_with("```") => fence = Some(line),
            None => lines.push(line),
        }
    }
    lines
}

fn parsed(out: &str) -> serde_json::Value {
    serde_json::from_str(out).unwrap_or_else(|e| panic!("{e}: {out}"))
}

fn github_holds(out: &str, count: usize) {
    let commands = commands(out);
    assert_eq!(commands.len(), count, "{out}");
    for (kind, properties, message) in commands.into_iter().map(command) {
        let known = ["col", "endColumn", "endLine", "file", "line", "title"];
        assert!(properties.keys().all(|name| known.contains(&name.as_str())), "{properties:?}: {out}");
        assert!(["error", "warning", "notice"].contains(&&*kind) && !message.contains('\u{1b}'), "{out}");
    }
}

fn sarif_holds(out: &str, count: usize) {
    let log = parsed(out);
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), count);
    for result in results {
        let text = result["message"]["text"].as_str().unwrap();
        assert!(!text.contains("](") && !text.contains('\u{1b}'), "{text}");
        let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
        let path = uri.strip_prefix("file://").unwrap_or(uri);
        assert!(path.chars().all(|c| c.is_ascii_alphanumeric() || "-._~/%".contains(c)), "{uri}");
    }
}

fn gitlab_holds(out: &str, count: usize) {
    let issues = parsed(out);
    let issues = issues.as_array().unwrap();
    let prints: BTreeSet<&str> = issues.iter().map(|i| i["fingerprint"].as_str().unwrap()).collect();
    assert_eq!((issues.len(), prints.len()), (count, count), "{out}");
}

fn junit_holds(out: &str) {
    let document = roxmltree::Document::parse(out).unwrap_or_else(|e| panic!("{e}: {out}"));
    let of = |tag| document.descendants().filter(|n| n.has_tag_name(tag)).count();
    assert_eq!((of("failure"), of("error"), of("skipped"), of("property")), (2, 1, 4, 2), "{out}");
    let cases: Vec<_> = document.descendants().filter(|n| n.has_tag_name("testcase")).collect();
    let names: BTreeSet<_> = cases.iter().map(|n| (n.attribute("classname"), n.attribute("name"))).collect();
    assert_eq!(names.len(), cases.len(), "{out}");
}

fn markdown_holds(out: &str) {
    let (rows, tags) = structure(out);
    assert_eq!(rows, [4; 2], "{out}");
    assert!(tags.iter().all(|t| ["", "<details>", "</details>"].contains(&&**t)), "{tags:?}: {out}");
    let commands = unfenced(out).into_iter().filter(|line| line.trim_start().starts_with('/'));
    assert_eq!(commands.count(), 0, "quick actions of GitLab: {out}");
}

fn holds(words: &str, path: &str, text: &str) {
    let (report, sources) = hostile(words, path, text);
    let count = report.findings.len();
    for (format, print) in FORMATS {
        let out = print(&report, &sources, Excused::Shown);
        let unseen = |c: char| c.is_control() || "\u{202e}\u{2028}\u{ffff}".contains(c);
        assert_eq!(out.chars().find(|c| *c != '\n' && unseen(*c)), None, "{format}: {out}");
        match format {
            // The failure and what could not be known are told beside the findings.
            "github" => github_holds(&out, count + 4),
            "json" => assert_eq!(parsed(&out)["findings"].as_array().unwrap().len(), count),
            "sarif" => sarif_holds(&out, count),
            "gitlab" => gitlab_holds(&out, count + 1),
            "junit" => junit_holds(&out),
            "markdown" => markdown_holds(&out),
            _ => {}
        }
        assert!(format == "github" || commands(&out).is_empty(), "{format}: {out}");
    }
}

#[test]
fn each_hostile_word_is_only_text() {
    for word in HOSTILE {
        holds(word, &format!("deploy/{word}"), word);
        holds(&format!("a {word}"), &format!("{word}/x.yaml"), &format!("x{word}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
    #[test]
    fn no_text_breaks_or_forges_a_format(words in vec(select(&HOSTILE[..]), 1..6), glue in "[ a:#/|`]{0,2}", path in "\\PC{1,12}") {
        holds(&words.join(&glue), &format!("{path}{}", words[0]), &words.concat());
    }
}

const BIG_BANG: &str = "\
apiVersion: rollgate/v1
kind: RolloutPlan
metadata: {name: web, service: web}
change: {kind: config}
strategy: all-at-once
monitors: [latency_p95, error_rate]
rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
";
