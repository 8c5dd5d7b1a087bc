//! JUnit: a test case for each finding, and one that passes for each rollout and chapter of the rule book without one.
//! It fits Jenkins' schema and Ant's. Written here: what quick-junit writes fits neither.

use std::collections::{BTreeMap, BTreeSet};

use super::escape::visible_lines;
use super::words::{checked, excuse, object, verdict};
use super::{Excused, visible};
use crate::catalog::{Family, Level};
use crate::finding::{Failure, Finding, Report, RolloutKey, State, Undetermined};
use crate::text::{FileId, Sources, Span};

struct Case {
    class: &'static str,
    name: String,
    outcome: Outcome,
}

/// How a case ended: with a message, and text where it did not end well.
enum Outcome {
    Passed,
    /// It fails the run; the first is the level.
    Failed(&'static str, String, String),
    Error(String, String),
    Skipped(String),
}

/// The report as JUnit. What does not fail the run is skipped, with the reason; what is waived is always told.
pub fn junit(report: &Report, sources: &Sources, excused: Excused) -> String {
    let shown = |f: &&Finding| excused == Excused::Shown || matches!(f.state, State::Active | State::Waived);
    let findings: Vec<&Finding> = report.findings.iter().filter(shown).collect();
    // At level error each is a finding already.
    let unknown: Vec<&Undetermined> =
        report.undetermined.iter().filter(|_| report.undetermined_level != Level::Error).collect();
    let mut cases: Vec<Case> = report.failures.iter().map(of_failure).collect();
    cases.extend(findings.iter().map(|f| of_finding(f, report, sources)));
    cases.extend(unknown.iter().map(|u| of_unknown(u, report, sources)));
    cases.extend(passed(report, sources, &findings, &unknown));
    if cases.is_empty() {
        cases.push(Case { class: "rollgate", name: "no rollout to judge".to_owned(), outcome: Outcome::Passed });
    }
    tell_apart(&mut cases);
    suite(report, &cases)
}

fn named(sources: &Sources, span: Span, rollout: Option<&RolloutKey>) -> String {
    let (start, _) = sources.positions(span);
    let rollout = rollout.map(|key| format!(" {}", key.title())).unwrap_or_default();
    format!("{}:{}{rollout}", sources.path(span.file), start.line)
}

fn of_finding(finding: &Finding, report: &Report, sources: &Sources) -> Case {
    let outcome = match excuse(finding) {
        Some(excuse) => Outcome::Skipped(format!("{excuse}; {}", finding.what)),
        None if report.fails(finding) => {
            let mut text = finding.help.clone();
            text.extend(finding.rollout.as_ref().map(|key| format!("\nfor {}", object(key))));
            text.extend(finding.commit.as_ref().map(|commit| format!("\nin {commit}")));
            Outcome::Failed(finding.level.name(), finding.what.clone(), text)
        }
        None => Outcome::Skipped(format!("{}, which does not fail: {}", finding.level.name(), finding.what)),
    };
    Case { class: finding.rule.id, name: named(sources, finding.primary, finding.rollout.as_ref()), outcome }
}

fn of_unknown(unknown: &Undetermined, report: &Report, sources: &Sources) -> Case {
    let outcome = if report.unknown_fails() {
        Outcome::Failed("undetermined", unknown.what.clone(), String::new())
    } else {
        Outcome::Skipped(format!("undetermined: {}", unknown.what))
    };
    Case { class: unknown.rule.id, name: named(sources, unknown.span, unknown.rollout.as_ref()), outcome }
}

fn of_failure(failure: &Failure) -> Case {
    Case {
        class: "undecided",
        name: failure.path.clone().unwrap_or_else(|| "rollgate".to_owned()),
        outcome: Outcome::Error(failure.message.clone(), failure.help.clone()),
    }
}

/// What is fine: each rollout and chapter of the rule book of which nothing is told.
fn passed(report: &Report, sources: &Sources, findings: &[&Finding], unknown: &[&Undetermined]) -> Vec<Case> {
    let rollouts: BTreeSet<(FileId, &str)> = report.coverage.judged.iter().map(|j| (j.file, &*j.title)).collect();
    let families: BTreeSet<Family> = report.rules.iter().map(|rule| rule.family).collect();
    let of_finding = findings.iter().filter_map(|f| Some((f.rule.family, f.rollout.as_ref()?.title(), f.primary.file)));
    let of_unknown = unknown.iter().filter_map(|u| Some((u.rule.family, u.rollout.as_ref()?.title(), u.span.file)));
    let mut told: BTreeMap<(Family, String), Vec<FileId>> = BTreeMap::new();
    for (family, title, file) in of_finding.chain(of_unknown) {
        told.entry((family, title)).or_default().push(file);
    }
    let mut cases = Vec::new();
    for (file, title) in &rollouts {
        for family in &families {
            // A place in a file without such a rollout, a template's for instance, belongs to each of that name.
            let mut places = told.get(&(*family, (*title).to_owned())).into_iter().flatten();
            let is_told = places.any(|place| place == file || !rollouts.contains(&(*place, *title)));
            if !is_told {
                let name = format!("{} {title}", sources.path(*file));
                cases.push(Case { class: family.title(), name, outcome: Outcome::Passed });
            }
        }
    }
    cases
}

/// Readers take two cases of one name for one.
fn tell_apart(cases: &mut [Case]) {
    let mut seen: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for case in cases {
        let count = seen.entry((case.class, case.name.clone())).or_default();
        *count += 1;
        if *count > 1 {
            case.name += &format!(" ({count})");
        }
    }
}

fn suite(report: &Report, cases: &[Case]) -> String {
    let count = |of: fn(&Outcome) -> bool| cases.iter().filter(|c| of(&c.outcome)).count();
    let (failures, errors) = (count(|o| matches!(o, Outcome::Failed(..))), count(|o| matches!(o, Outcome::Error(..))));
    let skipped = count(|o| matches!(o, Outcome::Skipped(_)));
    let time = report.as_of.format("%Y-%m-%dT%H:%M:%S");
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite package=\"rollgate\" id=\"0\" name=\"rollgate\" \
         timestamp=\"{time}\" hostname=\"localhost\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" \
         skipped=\"{skipped}\" time=\"0\">\n    <properties>\n",
        cases.len()
    );
    for (name, value) in [("verdict", verdict(report)), ("policy", &report.policy.source)] {
        out += &format!("      <property name=\"{name}\" value=\"{}\"/>\n", attribute(value));
    }
    out += "    </properties>\n";
    for case in cases {
        push_case(&mut out, case);
    }
    let mut said = checked(report);
    report.notices.iter().for_each(|notice| said += &format!("\nnotice: {}", visible(notice)));
    out += &format!("    <system-out>{}</system-out>\n    <system-err></system-err>\n", element(&said));
    out + "  </testsuite>\n</testsuites>\n"
}

fn push_case(out: &mut String, case: &Case) {
    let (class, name) = (case.class, attribute(&case.name));
    *out += &format!("    <testcase classname=\"{class}\" name=\"{name}\" time=\"0\"");
    let (tag, kind, message, text) = match &case.outcome {
        Outcome::Passed => {
            *out += "/>\n";
            return;
        }
        Outcome::Skipped(why) => {
            *out += &format!(">\n      <skipped message=\"{}\"/>\n    </testcase>\n", attribute(why));
            return;
        }
        Outcome::Failed(level, message, text) => ("failure", *level, message, text),
        Outcome::Error(message, text) => ("error", "undecided", message, text),
    };
    let (message, text) = (attribute(message), element(text));
    *out += &format!(">\n      <{tag} type=\"{kind}\" message=\"{message}\">{text}</{tag}>\n    </testcase>\n");
}

/// `text` on one line, as the value of an attribute.
fn attribute(text: &str) -> String {
    escape(&visible(text))
}

/// `text` with its line breaks, as the text of an element.
fn element(text: &str) -> String {
    escape(&visible_lines(text))
}

/// `text` without what is markup. Characters that XML 1.0 does not have are written as `\u{1b}` already.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&apos;",
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{attribute, element};

    #[test]
    fn nothing_ends_a_value_early() {
        assert_eq!(
            attribute("\"><![CDATA[ ]]>&'\n\u{0}\u{ffff}"),
            "&quot;&gt;&lt;![CDATA[ ]]&gt;&amp;&apos;\\u{a}\\u{0}\\u{ffff}"
        );
        assert_eq!(element("a\n\u{1b}b"), "a\n\\u{1b}b");
    }
}
