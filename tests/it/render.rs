//! The outputs for people on hand-made reports. `outputs` has every format of each of these.

use std::sync::Arc;

use rollgate::catalog::{Family, Level, RuleMeta};
use rollgate::clock::Tz;
use rollgate::finding::{
    Coverage, Failure, Finding, Fingerprint, JudgedRollout, Label, PolicyNote, Report, RolloutKey, Skipped, State,
    Undetermined,
};
use rollgate::render::{Detail, Excused, Style, human, json, short};
use rollgate::text::{FileId, Sources, Span};

const fn rule(id: &'static str) -> RuleMeta {
    let (summary, docs) = ("what it finds", "## What it checks\n");
    RuleMeta {
        id,
        summary,
        docs,
        family: Family::Exposure,
        level: Level::Error,
        since: "0.1.0",
        file: "src/x.rs",
        line: 1,
    }
}

pub(crate) static SMALL: RuleMeta = rule("canary-too-small");
static VIBE: RuleMeta = rule("rollback-criterion-not-numeric");
pub(crate) static DRILL: RuleMeta = rule("rollback-drill-stale");

pub(crate) const WEB: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: prod}
spec:
  strategy:
    canary:
      steps:
        - setWeight: 0.1
        - pause: {}
        - setWeight: 50
";
const PLAN: &str = "rollback:\n  criteria:\n    - roll back if users complain a lot on the forum or call the hotline too often, as decided by whoever is on call that week\n";
const POLICY: &str = "version: 1\nrules:\n  canary-too-small: {min: 2%}\n";
pub(crate) const PLAIN: Style = Style { color: false, unicode: true, width: 80, detail: Detail::Normal };

pub(crate) fn sources() -> Sources {
    let mut sources = Sources::new(Vec::new());
    for (number, (path, text)) in
        (0..).zip([("deploy/web.yaml", WEB), ("plans/v7.yaml", PLAN), ("rollgate.yaml", POLICY)])
    {
        sources.add(FileId(number), Arc::from(path), Arc::from(text));
    }
    sources
}

pub(crate) fn span(file: u32, text: &str, what: &str) -> Span {
    let start = u32::try_from(text.find(what).unwrap()).unwrap();
    Span::new(FileId(file), start, start + u32::try_from(what.len()).unwrap())
}

pub(crate) fn clean() -> Report {
    Report {
        as_of: "2026-11-24T09:00:00Z".parse().unwrap(),
        zone: Tz::UTC,
        policy: PolicyNote {
            source: "preset recommended".into(),
            extends: vec!["recommended".into()],
            is_default: true,
            trust: None,
        },
        fail_on: Level::Error,
        undetermined_level: Level::Warning,
        findings: Vec::new(),
        undetermined: Vec::new(),
        notices: Vec::new(),
        failures: Vec::new(),
        coverage: Coverage {
            files: 12,
            documents: 30,
            rollouts: 1,
            judged: vec![JudgedRollout { file: FileId(0), title: "Rollout prod/web".into() }],
            skipped: Vec::new(),
        },
        rules: vec![&SMALL, &VIBE],
    }
}

pub(crate) fn web() -> RolloutKey {
    RolloutKey {
        system: "argo-rollouts",
        group: "argoproj.io".into(),
        kind: "Rollout".into(),
        namespace: Some("prod".into()),
        name: "web".into(),
        service: "checkout".into(),
        environment: Some("production".into()),
    }
}

pub(crate) fn finding(rule: &'static RuleMeta, level: Level, primary: Span, what: &str, help: &str) -> Finding {
    Finding {
        rule,
        level,
        state: State::Active,
        excuse: None,
        primary,
        what: what.into(),
        help: help.into(),
        found: None,
        required: None,
        related: Vec::new(),
        rollout: None,
        about: String::new(),
        wish: None,
        fixes: Vec::new(),
        commit: None,
        fingerprint: Fingerprint::of([rule.id, what]),
    }
}

pub(crate) fn mixed() -> Report {
    let what = "first stage exposes 0.1% of traffic; this policy asks for at least 2%";
    let mut small = finding(&SMALL, Level::Error, span(0, WEB, "0.1"), what, "raise the first stage to 2% or more");
    (small.found, small.required) = (Some("0.1%".into()), Some(">= 2%".into()));
    small.related = vec![
        Label { span: span(0, WEB, "50"), text: "the next stage".into() },
        Label { span: span(2, POLICY, "2%"), text: "`min` is set here".into() },
    ];
    small.rollout = Some(web());
    let what = "`roll back if users complain a lot` compares nothing with a number";
    let at = span(1, PLAN, "users complain");
    let vibe = finding(&VIBE, Level::Warning, at, what, "- metric: error_rate\n  above: 0.5%");
    let mut report = clean();
    report.policy = PolicyNote {
        source: "rollgate.yaml".into(),
        extends: vec!["recommended".into()],
        is_default: false,
        trust: None,
    };
    report.findings = vec![small, vibe];
    report.notices = vec!["charts/web/templates is a Helm template: check `helm template … | rollgate check -`".into()];
    report
}

pub(crate) fn undetermined() -> Report {
    let unknown = |span, what: &str, reason| Undetermined {
        rule: &DRILL,
        level: Level::Error,
        span,
        reason,
        what: what.into(),
        rollout: None,
    };
    let mut report = clean();
    report.undetermined = vec![
        unknown(span(0, WEB, "web"), "no drill is on record, and there is no repository to look in", "no-repository"),
        unknown(span(0, WEB, "prod"), "the weight is a template: render it first", "template"),
        unknown(
            span(1, PLAN, "rollback"),
            "no drill is on record, and there is no repository to look in",
            "no-repository",
        ),
    ];
    report.undetermined[0].rollout = Some(web());
    report
}

pub(crate) fn undecided() -> Report {
    let mut report = mixed();
    report.findings.truncate(1);
    report.coverage.skipped =
        vec![Skipped { path: "deploy/old".into(), reason: "a symbolic link out of the tree".into() }];
    report.failures = vec![Failure {
        path: Some("deploy/secret.yaml".into()),
        message: "it cannot be read: permission denied".into(),
        help: "make it readable, or leave it out with `exclude:` in the policy".into(),
    }];
    report
}

fn reports() -> [(&'static str, Report); 4] {
    [("clean", clean()), ("mixed", mixed()), ("undecided", undecided()), ("undetermined", undetermined())]
}

#[test]
fn frames_fit_eighty_columns_and_plain_ascii_terminals() {
    let sources = sources();
    for (name, report) in reports() {
        for unicode in [true, false] {
            let text = human(&report, &sources, Style { unicode, ..PLAIN }, Excused::Hidden);
            let widest = text.lines().map(|l| l.chars().count()).max().unwrap();
            assert!(widest <= 80, "{name}: {widest} columns\n{text}");
        }
        let text = human(&report, &sources, Style { unicode: false, ..PLAIN }, Excused::Hidden);
        let drawn = text.chars().find(|c| !c.is_ascii() && !"·…—".contains(*c));
        assert_eq!(drawn, None, "{name}: {text}");
    }
}

#[test]
fn colours_only_add() {
    let sources = sources();
    let plain = human(&mixed(), &sources, PLAIN, Excused::Hidden);
    let coloured = human(&mixed(), &sources, Style { color: true, ..PLAIN }, Excused::Hidden);
    assert!(!plain.contains('\u{1b}'));
    assert!(coloured.contains('\u{1b}'));
    let mut stripped = String::new();
    for (i, part) in coloured.split('\u{1b}').enumerate() {
        stripped += if i == 0 { part } else { part.split_once('m').unwrap().1 };
    }
    assert_eq!(stripped, plain);
}

#[test]
fn quiet_shows_what_fails_and_verbose_what_was_skipped() {
    let sources = sources();
    let quiet = human(&mixed(), &sources, Style { detail: Detail::Quiet, ..PLAIN }, Excused::Hidden);
    assert!(quiet.contains("canary-too-small") && !quiet.contains("not-numeric") && !quiet.contains("notice"));
    let verbose = human(&undecided(), &sources, Style { detail: Detail::Verbose, ..PLAIN }, Excused::Hidden);
    assert!(verbose.contains("skipped: deploy/old: a symbolic link out of the tree"));
}

/// Text that would clear the screen, colour it, turn the line around or start a line of its own.
const HOSTILE: &str = "\u{1b}[2J\u{9b}31m\u{202e}\u{2028}\u{85}\u{200b}\u{7}";

#[test]
fn nothing_in_a_manifest_can_forge_output() {
    let text = format!("# {HOSTILE}\n\tname: \"{HOSTILE}\" # \u{feff}\nweight: 5\r\n");
    let path = format!("deploy/{HOSTILE}\n::error::.yaml");
    let mut sources = Sources::new(Vec::new());
    sources.add(FileId(0), Arc::from(&*path), Arc::from(&*text));
    let words = format!("`{HOSTILE}`\nclean: no findings");
    let mut one = finding(&SMALL, Level::Error, span(0, &text, "5"), &words, &words);
    (one.found, one.required) = (Some(words.clone()), Some(words.clone()));
    one.related = vec![Label { span: span(0, &text, "name"), text: words.clone() }];
    one.rollout = Some(RolloutKey { name: words.as_str().into(), environment: Some(words.as_str().into()), ..web() });
    let mut report = clean();
    let unknown = Undetermined {
        rule: &DRILL,
        level: Level::Error,
        span: one.primary,
        reason: "template",
        what: words.clone(),
        rollout: None,
    };
    report.undetermined = vec![unknown];
    report.findings = vec![one];
    report.notices = vec![words.clone()];
    report.failures = vec![Failure { path: Some(path.clone()), message: words.clone(), help: words.clone() }];
    report.coverage.skipped = vec![Skipped { path, reason: words.clone() }];
    report.policy.source = words;
    let style = Style { detail: Detail::Verbose, ..PLAIN };
    for out in [
        human(&report, &sources, style, Excused::Hidden),
        short(&report, &sources, Excused::Hidden),
        json(&report, &sources),
    ] {
        let bad =
            out.chars().find(|c| (c.is_control() && *c != '\n') || "\u{202e}\u{2028}\u{200b}\u{feff}".contains(*c));
        assert_eq!(bad, None, "{out}");
        let forged = out.lines().filter(|l| l.starts_with("clean: no findings") || l.starts_with("::error"));
        assert_eq!(forged.count(), 0, "{out}");
    }
    let shown = human(&report, &sources, PLAIN, Excused::Hidden);
    assert!(shown.contains(":3:9]"), "the place is the file's own: {shown}");
}

#[test]
fn a_file_without_text_still_has_a_place() {
    let mut sources = Sources::new(vec![Arc::from("deploy/web.bin")]);
    let report =
        Report { findings: vec![finding(&SMALL, Level::Error, Span::new(FileId(0), 0, 0), "what", "help")], ..clean() };
    let out = human(&report, &sources, PLAIN, Excused::Hidden);
    assert!(out.contains("  at:   deploy/web.bin:1:1\n"), "{out}");
    sources.set_text(FileId(0), Arc::from(""));
    assert!(human(&report, &sources, PLAIN, Excused::Hidden).contains("deploy/web.bin:1:1"));
}
