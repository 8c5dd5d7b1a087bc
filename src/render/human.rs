//! Frames for people: what is wrong, the source underlined, and what to do.

use std::collections::BTreeMap;
use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, Severity,
    SourceCode, SourceSpan, SpanContents,
};

use super::escape::is_plain;
use super::visible;
use crate::catalog::Level;
use crate::finding::{Finding, Report, Verdict};
use crate::text::{FileId, LineIndex, Sources, Span};

/// How the terminal wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Colours.
    pub color: bool,
    /// Frames drawn with more than ASCII.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
    /// Only what fails the check.
    pub quiet: bool,
    /// Also what was skipped and why.
    pub verbose: bool,
}

/// The report for people.
pub fn human(report: &Report, sources: &Sources, style: Style) -> String {
    let mut out = String::new();
    if report.policy.is_default && !style.quiet {
        out += "no rollgate.yaml here: preset recommended applies\n\n";
    }
    let handler = handler(style);
    let mut shown = BTreeMap::new();
    for finding in report.findings.iter().filter(|f| !style.quiet || f.level >= report.fail_on) {
        frame(&mut out, finding, sources, &handler, &mut shown);
    }
    undetermined(&mut out, report, sources, style);
    for failure in &report.failures {
        let path = failure.path.as_deref().map(|p| format!("{}: ", visible(p))).unwrap_or_default();
        out += &format!("failure: {path}{}\n  help: {}\n", visible(&failure.message), failure.help);
    }
    if !style.quiet {
        for notice in &report.notices {
            out += &format!("notice: {}\n", visible(notice));
        }
        skipped(&mut out, report, style);
    }
    summary(&mut out, report);
    out
}

fn handler(style: Style) -> GraphicalReportHandler {
    let theme = match (style.unicode, style.color) {
        (true, true) => GraphicalTheme::unicode(),
        (true, false) => GraphicalTheme::unicode_nocolor(),
        (false, _) => GraphicalTheme::none(),
    };
    GraphicalReportHandler::new_themed(theme)
        .with_width(style.width)
        .with_context_lines(1)
        .with_links(false)
        .with_wrap_lines(true)
}

fn frame(
    out: &mut String,
    finding: &Finding,
    sources: &Sources,
    handler: &GraphicalReportHandler,
    shown: &mut BTreeMap<FileId, Option<Shown>>,
) {
    let file = finding.primary.file;
    let path = sources.path(file);
    let source = shown.entry(file).or_insert_with(|| sources.text(file).map(|s| Shown::new(path, &s.text)));
    let framed = Framed::new(finding, source.as_ref());
    if handler.render_report(out, &framed).is_err() {
        *out += &framed.title;
    }
    for label in finding.related.iter().filter(|l| l.span.file != file) {
        let (start, _) = sources.positions(label.span);
        let path = visible(sources.path(label.span.file));
        *out += &format!("  see:  {path}:{}:{}: {}\n", start.line, start.column, visible(&label.text));
    }
    *out += &format!("  rule: {0} (rollgate explain {0})\n\n", finding.rule.id);
}

fn undetermined(out: &mut String, report: &Report, sources: &Sources, style: Style) {
    let fails = report.undetermined_level >= report.fail_on;
    if report.undetermined.is_empty() || report.undetermined_level == Level::Error || (style.quiet && !fails) {
        return;
    }
    *out += "could not be determined from these files:\n";
    for unknown in &report.undetermined {
        let (start, _) = sources.positions(unknown.span);
        let path = visible(sources.path(unknown.span.file));
        let place = format!("{path}:{}:{}", start.line, start.column);
        *out += &format!("  {place}: {} [{}: {}]\n", visible(&unknown.what), unknown.rule.id, unknown.reason);
    }
    out.push('\n');
}

fn skipped(out: &mut String, report: &Report, style: Style) {
    let skipped = &report.coverage.skipped;
    if style.verbose {
        for one in skipped {
            *out += &format!("skipped: {}: {}\n", visible(&one.path), one.reason);
        }
    }
}

/// The last lines: the verdict in words, and what was looked at.
fn summary(out: &mut String, report: &Report) {
    let count = |level| report.findings.iter().filter(|f| f.level == level).count();
    let mut parts = Vec::new();
    for (level, one, many) in [(Level::Error, "error", "errors"), (Level::Warning, "warning", "warnings")] {
        match count(level) {
            0 => {}
            1 => parts.push(format!("1 {one}")),
            n => parts.push(format!("{n} {many}")),
        }
    }
    if !report.undetermined.is_empty() {
        parts.push(format!("{} undetermined", report.undetermined.len()));
    }
    let found = if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") };
    let verdict = match report.verdict() {
        Verdict::Clean => "clean",
        Verdict::Findings => "fails",
        Verdict::Undecided => "could not decide",
    };
    let coverage = &report.coverage;
    let plural = |n: usize, noun: &str| if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") };
    let seen =
        [plural(coverage.rollouts, "rollout"), plural(coverage.documents, "document"), plural(coverage.files, "file")];
    *out += &format!("{verdict}: {found}\nchecked {} under {}\n", seen.join(", "), visible(&report.policy.source));
}

/// A line of more characters than this is cut around what is underlined.
const LONG_LINE: usize = 180;
/// Characters shown on each side of what is underlined in a long line.
const BESIDE: usize = 60;

/// A file's text made harmless, with a way from its offsets to the shown ones.
struct Shown {
    name: String,
    text: String,
    lines: LineIndex,
    /// (offset in the file, offset in what is shown) after each character that was escaped.
    shifts: Vec<(usize, usize)>,
}

impl Shown {
    fn new(path: &str, source: &str) -> Self {
        let mut text = String::with_capacity(source.len());
        let mut shifts = Vec::new();
        for (at, c) in source.char_indices() {
            if c == '\t' {
                text.push(' ');
            } else if is_plain(c) || c == '\n' || (c == '\r' && source[at + 1..].starts_with('\n')) {
                text.push(c);
            } else {
                text.extend(c.escape_unicode());
                shifts.push((at + c.len_utf8(), text.len()));
            }
        }
        Self { name: visible(path).into_owned(), lines: LineIndex::new(&text), text, shifts }
    }

    fn offset(&self, at: u32) -> usize {
        let at = at as usize;
        let before = self.shifts.partition_point(|(original, _)| *original <= at);
        let moved = before.checked_sub(1).map_or(at, |i| self.shifts[i].1 + at - self.shifts[i].0);
        moved.min(self.text.len())
    }

    fn line(&self, number: u32) -> (usize, usize) {
        let start = self.lines.start_of(number).unwrap_or(self.text.len());
        let end = self.text[start..].find('\n').map_or(self.text.len(), |i| start + i);
        (start, end)
    }

    fn position(&self, at: usize) -> (u32, usize) {
        let place = self.lines.position(&self.text, u32::try_from(at).unwrap_or(u32::MAX));
        (place.line, place.column as usize - 1)
    }
}

/// The part of a file that one finding shows: whole lines, or a window of one long line.
enum View<'s> {
    Lines(&'s Shown),
    Window { name: &'s str, text: String, line: usize, column: usize },
}

impl SourceCode for View<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        match self {
            View::Lines(shown) => {
                let (first, _) = shown.position(span.offset());
                let (last, _) = shown.position(span.offset() + span.len());
                let top = first.saturating_sub(u32::try_from(before).unwrap_or(0)).max(1);
                let bottom = last + u32::try_from(after).unwrap_or(0);
                let (start, _) = shown.line(top);
                let (_, end) = shown.line(bottom);
                let data = shown.text.as_bytes().get(start..end).ok_or(MietteError::OutOfBounds)?;
                let place = SourceSpan::new(start.into(), end - start);
                let line = top as usize - 1;
                Ok(Box::new(MietteSpanContents::new_named(shown.name.clone(), data, place, line, 0, data.len())))
            }
            View::Window { name, text, line, column } => {
                let place = SourceSpan::new(0.into(), text.len());
                let name = (*name).to_owned();
                Ok(Box::new(MietteSpanContents::new_named(name, text.as_bytes(), place, *line, *column, 1)))
            }
        }
    }
}

struct Framed<'s> {
    title: String,
    help: String,
    severity: Severity,
    view: Option<View<'s>>,
    labels: Vec<LabeledSpan>,
}

impl<'s> Framed<'s> {
    fn new(finding: &Finding, source: Option<&'s Shown>) -> Self {
        let severity = if finding.level == Level::Error { Severity::Error } else { Severity::Warning };
        let mut framed = Self {
            title: format!("{}: {}", finding.level.name(), visible(&finding.what)),
            help: finding.help.lines().map(visible).collect::<Vec<_>>().join("\n"),
            severity,
            view: None,
            labels: Vec::new(),
        };
        if let Some(shown) = source {
            framed.look(finding, shown);
        }
        framed
    }

    fn look(&mut self, finding: &Finding, shown: &'s Shown) {
        let text = measured(finding);
        let (start, end) = clip(shown, finding.primary);
        let (line, _) = shown.position(start);
        let (from, to) = shown.line(line);
        if to - from > LONG_LINE {
            let (left, right) = (floor(&shown.text, from.max(start.saturating_sub(BESIDE))), to.min(end + BESIDE));
            let right = floor(&shown.text, right);
            let (head, tail) = (if left > from { "… " } else { "" }, if right < to { " …" } else { "" });
            let window = format!("{head}{}{tail}", &shown.text[left..right]);
            let at = head.len() + start - left;
            self.labels.push(LabeledSpan::new_primary_with_span(text, (at, (end - start).min(right - start))));
            let column = shown.position(start).1;
            self.view = Some(View::Window { name: &shown.name, text: window, line: line as usize - 1, column });
            return;
        }
        self.labels.push(LabeledSpan::new_primary_with_span(text, (start, end - start)));
        for label in finding.related.iter().filter(|l| l.span.file == finding.primary.file) {
            let (start, end) = clip(shown, label.span);
            let (line, _) = shown.position(start);
            let (from, to) = shown.line(line);
            if to - from <= LONG_LINE {
                let text = visible(&label.text).into_owned();
                self.labels.push(LabeledSpan::new_with_span(Some(text), (start, end - start)));
            }
        }
        self.view = Some(View::Lines(shown));
    }
}

/// `found 0.1%, required >= 1%`, where the finding measured something.
fn measured(finding: &Finding) -> Option<String> {
    let (found, required) = (finding.found.as_ref()?, finding.required.as_ref()?);
    Some(format!("found {}, required {}", visible(found), visible(required)))
}

/// The shown offsets of `span`, cut at the end of its first line: a frame shows where, not the whole object.
fn clip(shown: &Shown, span: Span) -> (usize, usize) {
    let start = floor(&shown.text, shown.offset(span.start));
    let (line, _) = shown.position(start);
    let (_, line_end) = shown.line(line);
    let end = floor(&shown.text, shown.offset(span.end)).clamp(start, line_end.max(start));
    (start, end)
}

/// The character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

impl fmt::Debug for Framed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)
    }
}

impl fmt::Display for Framed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)
    }
}

impl std::error::Error for Framed<'_> {}

impl Diagnostic for Framed<'_> {
    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.view.as_ref().map(|v| v as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}
