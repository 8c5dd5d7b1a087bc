//! Workflow commands of GitHub Actions: annotations on the lines they concern, then a few lines for the job's log.

use super::escape::visible_lines;
use super::words::{checked, excuse, found, verdict};
use super::{Excused, visible};
use crate::catalog::Level;
use crate::finding::{Failure, Finding, Report, Undetermined};
use crate::text::{Sources, Span};

/// What an annotation is, most severe first: of each only ten are shown for a step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Error,
    Warning,
    Notice,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// One annotation.
struct Command {
    kind: Kind,
    title: String,
    place: Vec<(&'static str, String)>,
    message: String,
}

/// The report as workflow commands. The log's own lines at the end are none.
pub fn github(report: &Report, sources: &Sources, excused: Excused) -> String {
    let mut commands: Vec<Command> = report.failures.iter().map(of_failure).collect();
    commands.extend(excused.of(&report.findings).map(|f| of_finding(f, sources)));
    // At level error each is a finding already.
    let unknown = report.undetermined.iter().filter(|_| report.undetermined_level != Level::Error);
    commands.extend(unknown.map(|u| of_unknown(u, sources)));
    commands.sort_by_key(|command| command.kind);
    let mut out: String = commands.iter().map(line).collect();
    for notice in &report.notices {
        out += &format!("notice: {}\n", visible(notice));
    }
    out += &format!("rollgate: {}: {}\n", verdict(report), found(report, excused));
    out += &format!("{}\n", visible(&checked(report)));
    out
}

/// `::error title=…,file=…::message`.
fn line(command: &Command) -> String {
    let title = ("title", command.title.clone());
    let properties: Vec<String> = std::iter::once(&title)
        .chain(&command.place)
        .map(|(name, value)| format!("{name}={}", property(value)))
        .collect();
    format!("::{} {}::{}\n", command.kind.name(), properties.join(","), data(&command.message))
}

fn of_finding(finding: &Finding, sources: &Sources) -> Command {
    let excuse = excuse(finding);
    let kind = match finding.level {
        _ if excuse.is_some() => Kind::Notice,
        Level::Error => Kind::Error,
        Level::Warning | Level::Off => Kind::Warning,
    };
    let parts = [Some(finding.what.clone()), Some(finding.help.clone()), excuse];
    let commit = finding.commit.as_ref().map(|commit| format!("in {commit}"));
    let parts = parts.into_iter().chain([commit]).flatten().filter(|part| !part.is_empty());
    Command {
        kind,
        title: finding.rule.id.to_owned(),
        place: place(sources, finding.primary),
        message: parts.collect::<Vec<_>>().join("\n"),
    }
}

fn of_unknown(unknown: &Undetermined, sources: &Sources) -> Command {
    Command {
        kind: Kind::Warning,
        title: format!("{} is undetermined", unknown.rule.id),
        place: place(sources, unknown.span),
        message: unknown.what.clone(),
    }
}

fn of_failure(failure: &Failure) -> Command {
    Command {
        kind: Kind::Error,
        title: "could not decide".to_owned(),
        place: failure.path.iter().map(|path| ("file", path.clone())).collect(),
        message: format!("{}\n{}", failure.message, failure.help),
    }
}

/// Columns only within one line: GitHub takes none otherwise.
fn place(sources: &Sources, span: Span) -> Vec<(&'static str, String)> {
    let (start, end) = sources.positions(span);
    let mut place = vec![
        ("file", sources.path(span.file).to_owned()),
        ("line", start.line.to_string()),
        ("endLine", end.line.to_string()),
    ];
    if start.line == end.line {
        place.extend([("col", start.column.to_string()), ("endColumn", end.column.to_string())]);
    }
    place
}

/// The text after the second `::`.
fn data(text: &str) -> String {
    visible_lines(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{data, property};

    #[test]
    fn what_could_end_a_value_is_escaped() {
        assert_eq!(data("50%\n::error::x"), "50%25%0A:\\u{3a}error::x");
        assert_eq!(property("a,b::c%3A\u{1b}"), "a%2Cb%3A%3Ac%253A\\u{1b}");
    }
}
