//! Every format of `rollgate check`: the same reports in each, and hostile text in all of them.

use rollgate::finding::{Report, State};
use rollgate::render::{COMMENT, Excused, github, gitlab, human, json, junit, markdown, sarif, short};
use rollgate::text::Sources;

use crate::render::{PLAIN, clean, mixed, sources, undecided, undetermined};
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

const BIG_BANG: &str = "\
apiVersion: rollgate/v1
kind: RolloutPlan
metadata: {name: web, service: web}
change: {kind: config}
strategy: all-at-once
monitors: [latency_p95, error_rate]
rollback: {criteria: [{metric: error_rate, above: 0.5%}], automatic: true, method: traffic-flip, keep-old-for: 1h}
";
