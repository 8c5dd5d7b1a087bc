//! The report for people: frames, then what is not known, then what it comes to.

use std::collections::BTreeMap;

use super::escape::visible_lines;
use super::frame::{Detail, Drawer, Frame, Style, Underline, Weight};
use super::words::{checked, excuse, found, measured, object, verdict};
use super::wrap::{columns, wrap};
use super::{Excused, visible};
use crate::catalog::Level;
use crate::finding::{Finding, Report, Safety, Undetermined, Verdict};
use crate::text::{Sources, Span};

/// The report for people.
pub fn human(report: &Report, sources: &Sources, style: Style, excused: Excused) -> String {
    let mut page = Page { out: String::new(), sources, style, excused };
    if report.policy.is_default && style.detail != Detail::Quiet {
        page.say("", "no rollgate.yaml here: preset recommended applies");
        page.out.push('\n');
    }
    page.frames(report);
    page.undetermined(report);
    for failure in &report.failures {
        let path = failure.path.as_deref().map(|p| format!("{p}: ")).unwrap_or_default();
        page.say("failure: ", &format!("{path}{}", failure.message));
        page.help(&failure.help);
    }
    if style.detail != Detail::Quiet {
        for notice in &report.notices {
            page.say("notice: ", notice);
        }
    }
    if style.detail == Detail::Verbose {
        for skipped in &report.coverage.skipped {
            page.say("skipped: ", &format!("{}: {}", skipped.path, skipped.reason));
        }
    }
    page.summary(report);
    page.out
}

/// Only the frames of the report's findings.
pub fn frames(report: &Report, sources: &Sources, style: Style) -> String {
    let mut page = Page { out: String::new(), sources, style, excused: Excused::Shown };
    page.frames(report);
    page.out
}

/// The words that colours stand beside.
#[derive(Clone, Copy)]
enum Ink {
    Red,
    Yellow,
    Green,
    Cyan,
}

/// How many places are named that one reason leaves undetermined.
const PLACES: usize = 4;

/// What has been written so far.
struct Page<'a> {
    out: String,
    sources: &'a Sources,
    style: Style,
    excused: Excused,
}

impl Page<'_> {
    fn ink(&self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Red => 31,
            Ink::Yellow => 33,
            Ink::Green => 32,
            Ink::Cyan => 36,
        };
        if self.style.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// A paragraph that begins with `head`.
    fn say(&mut self, head: &str, text: &str) {
        self.out += &wrap(&visible(text), self.style.width, head, "  ");
    }

    /// A line of a frame's foot: `  help: …`, what follows the first line stands beneath it.
    fn foot(&mut self, name: &str, text: &str) {
        let text = wrap(text, self.style.width, "        ", "        ");
        let head = self.ink(Ink::Cyan, &format!("  {name:<5}"));
        self.out += &format!("{head} {}", text.strip_prefix("        ").unwrap_or(&text));
    }

    fn help(&mut self, text: &str) {
        let text = visible_lines(text);
        if text.contains('\n') {
            // Something to paste begins on a line of its own, so that its indentation is seen.
            self.out += &self.ink(Ink::Cyan, "  help:");
            self.out.push('\n');
            self.out += &wrap(&text, self.style.width, "    ", "    ");
        } else {
            self.foot("help:", &text);
        }
    }

    fn place(&self, span: Span) -> String {
        let (start, _) = self.sources.positions(span);
        format!("{}:{}:{}", visible(self.sources.path(span.file)), start.line, start.column)
    }

    fn frames(&mut self, report: &Report) {
        let drawer = Drawer::new(self.style);
        let all = self.style.detail != Detail::Quiet;
        let shown = self.excused.of(&report.findings);
        for finding in shown.filter(|f| all || f.level >= report.fail_on) {
            self.finding(finding, &drawer);
        }
    }

    fn finding(&mut self, finding: &Finding, drawer: &Drawer) {
        let file = finding.primary.file;
        let here = |span: Span| span.file == file;
        let mut places = vec![Underline { span: finding.primary, text: measured(finding) }];
        let near = finding.related.iter().filter(|label| here(label.span));
        places.extend(near.map(|label| Underline { span: label.span, text: label.text.clone() }));
        let frame = Frame {
            weight: if finding.level == Level::Error { Weight::Error } else { Weight::Warning },
            title: &format!("{}: {}", finding.level.name(), finding.what),
            path: self.sources.path(file),
            source: self.sources.text(file),
            places: &places,
        };
        let left = drawer.draw(&mut self.out, &frame);
        for place in left {
            let is_primary = place.span == finding.primary;
            let (name, text) = if is_primary { ("at:", "") } else { ("see:", &*place.text) };
            self.see(name, place.span, text);
        }
        self.help(&finding.help);
        for fix in &finding.fixes {
            let flag = match fix.safety {
                Safety::Safe => "--fix",
                Safety::Suggested => "--unsafe-fix",
            };
            self.foot("fix:", &visible(&format!("{} ({flag})", fix.title)));
        }
        for label in finding.related.iter().filter(|label| !here(label.span)) {
            self.see("see:", label.span, &label.text);
        }
        if let Some(commit) = &finding.commit {
            self.foot("in:", &visible(commit));
        }
        if let Some(rollout) = &finding.rollout {
            self.foot("for:", &visible(&object(rollout)));
        }
        self.rule(finding);
        self.out.push('\n');
    }

    /// The rule's name and the command that explains it, which is never broken in two.
    fn rule(&mut self, finding: &Finding) {
        let id = finding.rule.id;
        let page = format!("(rollgate explain {id})");
        let apart = if 9 + columns(id) + columns(&page) > self.style.width { "\n" } else { " " };
        self.foot("rule:", &format!("{id}{apart}{page}"));
        if let Some(excuse) = excuse(finding) {
            self.foot("but:", &visible(&excuse));
        }
    }

    fn see(&mut self, name: &str, span: Span, text: &str) {
        let colon = if text.is_empty() { "" } else { ": " };
        self.foot(name, &format!("{}{colon}{}", self.place(span), visible(text)));
    }

    /// What could not be known: one entry for each thing that is said, with all the places it is said of.
    fn undetermined(&mut self, report: &Report) {
        let fails = report.undetermined_level >= report.fail_on;
        // At level error each is a finding already.
        let said = report.undetermined_level == Level::Error || (self.style.detail == Detail::Quiet && !fails);
        if report.undetermined.is_empty() || said {
            return;
        }
        let head = self.ink(Ink::Yellow, "undetermined");
        self.out += &format!("{head}: these files do not tell\n");
        let mut groups: BTreeMap<(&str, &str, &str), Vec<&Undetermined>> = BTreeMap::new();
        for unknown in &report.undetermined {
            groups.entry((unknown.rule.id, unknown.reason, &unknown.what)).or_default().push(unknown);
        }
        for ((rule, reason, what), places) in groups {
            let text = format!("{} [{rule}: {reason}]", visible(what));
            self.out += &wrap(&text, self.style.width, "  ", "    ");
            let all = self.style.detail == Detail::Verbose || places.len() <= PLACES + 1;
            let shown = if all { places.len() } else { PLACES };
            for unknown in &places[..shown] {
                let place = self.place(unknown.span);
                self.out += &format!("    {place}\n");
            }
            if !all {
                self.out += &format!("    and {} more (-v names them)\n", places.len() - shown);
            }
        }
        self.out.push('\n');
    }

    /// The last lines: the verdict in words, and what was looked at.
    fn summary(&mut self, report: &Report) {
        let ink = match report.verdict() {
            Verdict::Clean => Ink::Green,
            Verdict::Findings | Verdict::Undecided => Ink::Red,
        };
        let (verdict, found) = (self.ink(ink, verdict(report)), found(report, self.excused));
        self.out += &format!("{verdict}: {found}\n");
        self.say("", &checked(report));
    }
}
