//! Where reports go, and how they look there.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use clap::ValueEnum;

use super::args::{Check, Color, ReportFormat};
use super::failure::Failure;
use super::surroundings::Surroundings;
use super::{print, say};
use crate::finding::Report;
use crate::render::{self, Detail, Excused, Style};
use crate::text::Sources;

/// One report of a run: a format, and a file unless it goes to standard output.
pub(super) struct Destination {
    /// How it is printed.
    pub(super) format: ReportFormat,
    /// Where it is written.
    pub(super) path: Option<PathBuf>,
}

/// How reports look, whatever their format.
pub(super) struct Look {
    /// When to colour.
    pub(super) color: Color,
    /// How much to say.
    pub(super) detail: Detail,
    /// Are findings shown that do not count?
    pub(super) excused: Excused,
}

/// Reads `--output FORMAT=PATH`.
pub(super) fn destinations(outputs: &[String]) -> Result<Vec<Destination>, Vec<Failure>> {
    let one = |text: &String| {
        // `-` is standard output elsewhere, and that has a report already.
        let (format, path) = text.split_once('=').filter(|(_, path)| !path.is_empty() && *path != "-")?;
        Some(Destination { format: ReportFormat::from_str(format, false).ok()?, path: Some(path.into()) })
    };
    let wrong: Vec<Failure> = outputs.iter().filter(|o| one(o).is_none()).map(|o| refuse(o)).collect();
    if wrong.is_empty() { Ok(outputs.iter().filter_map(one).collect()) } else { Err(wrong) }
}

fn refuse(output: &str) -> Failure {
    let known = ReportFormat::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    let names: Vec<String> = known.map(|v| v.get_name().to_owned()).collect();
    let help = format!("write for instance `--output json=report.json`; the formats are {}", names.join(", "));
    Failure::new(format!("`--output {output}` is not FORMAT=PATH"), help)
}

/// Writes the report to one destination.
pub(super) fn report(
    report: &Report,
    sources: &Sources,
    to: &Destination,
    asked: &Look,
    around: &Surroundings,
) -> Result<(), Vec<Failure>> {
    let color = to.path.is_none() && around.color(asked.color);
    let (style, excused) = (style(color, asked.detail, around), asked.excused);
    let format = match (to.format, to.path.is_none() && around.in_github_job()) {
        (ReportFormat::Auto, true) => ReportFormat::Github,
        (asked, _) => asked,
    };
    let text = match format {
        ReportFormat::Auto | ReportFormat::Human => render::human(report, sources, style, excused),
        ReportFormat::Short => render::short(report, sources, excused),
        ReportFormat::Json => render::json(report, sources),
        ReportFormat::Sarif => render::sarif(report, sources, excused),
        ReportFormat::Junit => render::junit(report, sources, excused),
        ReportFormat::Github => render::github(report, sources, excused),
        ReportFormat::Gitlab => render::gitlab(report, sources, excused),
        ReportFormat::Markdown => render::markdown(report, sources, excused, render::COMMENT),
    };
    if format == ReportFormat::Github && to.path.is_none() {
        summarize(report, sources, excused, around);
    }
    match &to.path {
        None => print(&text),
        Some(path) => write(&around.cwd.join(path), &text),
    }
}

/// Does a report show how findings can be mended? It takes a while to prove that.
pub(super) fn shows_fixes(args: &Check) -> bool {
    let shows = |format: ReportFormat| matches!(format, ReportFormat::Auto | ReportFormat::Human | ReportFormat::Json);
    let more = destinations(&args.outputs).unwrap_or_default();
    shows(args.format) || more.iter().any(|d| shows(d.format))
}

/// The exit code of a run that ends with `report`.
pub(super) fn code(args: &Check, report: &Report) -> u8 {
    let code = report.verdict().code();
    if args.exit_zero && code == 1 { 0 } else { code }
}

/// Adds the report to the summary of a step of GitHub Actions. The annotations have told it all: where there is no
/// summary to write to, the verdict stands.
fn summarize(report: &Report, sources: &Sources, excused: Excused, around: &Surroundings) {
    let Some(path) = around.step_summary() else { return };
    let text = render::markdown(report, sources, excused, render::SUMMARY);
    let added = OpenOptions::new().append(true).create(true).open(path).and_then(|mut f| f.write_all(text.as_bytes()));
    if let Err(error) = added {
        say(&format!("rollgate: the step's summary cannot be written: {error}\n"));
    }
}

/// How frames look here.
pub(super) fn style(color: bool, detail: Detail, around: &Surroundings) -> Style {
    Style { color, unicode: around.unicode(), width: around.width, detail }
}

fn write(path: &std::path::Path, text: &str) -> Result<(), Vec<Failure>> {
    #[expect(clippy::disallowed_methods, reason = "the one place that writes a report to a file")]
    std::fs::write(path, text).map_err(|error| {
        vec![Failure::new(
            format!("`{}` cannot be written: {error}", path.display()),
            "name a path in a folder that is there",
        )]
    })
}
