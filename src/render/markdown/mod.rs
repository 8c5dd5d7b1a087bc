//! A comment for a pull request: the verdict, a table, and what to do, folded away.

mod text;

use super::Excused;
use super::words::{checked, excuse, found, measured, object, verdict};
use crate::catalog::Level;
use crate::finding::{Failure, Finding, Report, State, Undetermined};
use crate::text::{Sources, Span};
use text::{block, code, prose};

/// How many bytes a comment on a pull request may have: GitHub takes 65,536 characters.
pub const COMMENT: usize = 60_000;
/// How many bytes the summary of a step may have: GitHub takes a mebibyte.
pub const SUMMARY: usize = 1_000_000;

/// The report as Markdown of about `room` bytes: what does not fit is counted. The table comes first.
pub fn markdown(report: &Report, sources: &Sources, excused: Excused, room: usize) -> String {
    let mut page = Page { out: String::new(), sources, room };
    let verdict = verdict(report);
    page.out +=
        &format!("## rollgate: {verdict}\n\n{}  \n{}\n", prose(&found(report, excused)), prose(&checked(report)));
    page.failures(report);
    let mut findings: Vec<&Finding> = report.findings.iter().filter(|f| f.state == State::Active).collect();
    findings.sort_by_key(|f| std::cmp::Reverse(f.level));
    page.table(&findings);
    page.unknown(report);
    page.notices(report);
    page.advice(&findings);
    if excused == Excused::Shown {
        page.excused(report);
    }
    page.out
}

struct Page<'a> {
    out: String,
    sources: &'a Sources,
    room: usize,
}

impl Page<'_> {
    fn place(&self, span: Span) -> String {
        let (start, _) = self.sources.positions(span);
        code(&format!("{}:{}", self.sources.path(span.file), start.line))
    }

    /// Writes as many of `parts` as there is room for, and how many are left out.
    fn list(&mut self, parts: &[String]) {
        // The closing tags and the counts below want some room too.
        let room = self.room.saturating_sub(500);
        for (index, part) in parts.iter().enumerate() {
            if self.out.len() + part.len() > room {
                self.out += &format!("\n{} more are left out here.\n", parts.len() - index);
                return;
            }
            self.out += part;
        }
    }

    fn folded(&mut self, title: &str, parts: &[String]) {
        if parts.is_empty() {
            return;
        }
        self.out += &format!("\n<details><summary>{title}</summary>\n\n");
        self.list(parts);
        self.out.truncate(self.out.trim_end().len());
        self.out += "\n\n</details>\n";
    }

    fn failures(&mut self, report: &Report) {
        if report.failures.is_empty() {
            return;
        }
        self.out += "\n**Could not decide:**\n\n";
        let item = |f: &Failure| {
            let path = f.path.as_deref().map(|p| format!("{}: ", code(p))).unwrap_or_default();
            format!("- {path}{}; {}\n", prose(&f.message), prose(&f.help))
        };
        self.list(&report.failures.iter().map(item).collect::<Vec<_>>());
    }

    fn table(&mut self, findings: &[&Finding]) {
        if findings.is_empty() {
            return;
        }
        self.out += "\n| level | rule | where | what |\n|---|---|---|---|\n";
        let row = |f: &&Finding| {
            let level = if f.level == Level::Error { "**error**" } else { f.level.name() };
            format!("| {level} | `{}` | {} | {} |\n", f.rule.id, self.place(f.primary), prose(&f.what))
        };
        let rows: Vec<String> = findings.iter().map(row).collect();
        self.list(&rows);
    }

    fn unknown(&mut self, report: &Report) {
        // At level error each is a finding already.
        let unknown = report.undetermined.iter().filter(|_| report.undetermined_level != Level::Error);
        let item = |u: &Undetermined| format!("- {}: {} (`{}`)\n", self.place(u.span), prose(&u.what), u.rule.id);
        let items: Vec<String> = unknown.map(item).collect();
        self.folded(&format!("{} undetermined: these files do not tell", items.len()), &items);
    }

    fn notices(&mut self, report: &Report) {
        let items: Vec<String> = report.notices.iter().map(|n| format!("- {}\n", prose(n))).collect();
        self.folded(if items.len() == 1 { "1 notice" } else { "Notices" }, &items);
    }

    fn advice(&mut self, findings: &[&Finding]) {
        let parts: Vec<String> = findings.iter().map(|f| self.one(f)).collect();
        self.folded("What to do", &parts);
    }

    /// What to do about one finding, and what else belongs to it.
    fn one(&self, finding: &Finding) -> String {
        let mut out = format!("**{}** {}: {}\n\n", finding.rule.id, self.place(finding.primary), prose(&finding.what));
        let measured = measured(finding);
        if !measured.is_empty() {
            out += &format!("- {}\n", prose(&measured));
        }
        if let Some(key) = &finding.rollout {
            out += &format!("- for {}\n", prose(&object(key)));
        }
        if let Some(commit) = &finding.commit {
            out += &format!("- in {}\n", code(commit));
        }
        for label in &finding.related {
            out += &format!("- see {}: {}\n", self.place(label.span), prose(&label.text));
        }
        if finding.help.contains('\n') {
            out += &format!("- help:\n\n{}", block(&finding.help));
        } else {
            out += &format!("- help: {}\n", prose(&finding.help));
        }
        out.push('\n');
        out
    }

    fn excused(&mut self, report: &Report) {
        let item = |f: &Finding| {
            let (what, excuse) = (prose(&f.what), prose(&excuse(f)?));
            Some(format!("- `{}` {}: {what} ({excuse})\n", f.rule.id, self.place(f.primary)))
        };
        let items: Vec<String> = report.findings.iter().filter_map(item).collect();
        self.folded(&format!("{} that do not count", items.len()), &items);
    }
}
