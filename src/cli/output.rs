//! Where reports go, and how they look there.

use std::path::PathBuf;

use clap::ValueEnum;

use super::args::{Format, Output};
use super::failure::Failure;
use super::print;
use super::surroundings::Surroundings;
use crate::finding::Report;
use crate::render::{self, Detail, Style};
use crate::text::Sources;

/// One report of a run: a format, and a file unless it goes to standard output.
pub(super) struct Destination {
    /// How it is printed.
    pub(super) format: Format,
    /// Where it is written.
    pub(super) path: Option<PathBuf>,
}

/// Reads `--output FORMAT=PATH`.
pub(super) fn destinations(outputs: &[String]) -> Result<Vec<Destination>, Vec<Failure>> {
    let one = |text: &String| {
        let (format, path) = text.split_once('=').filter(|(_, path)| !path.is_empty())?;
        Some(Destination { format: Format::from_str(format, false).ok()?, path: Some(path.into()) })
    };
    let wrong: Vec<Failure> = outputs.iter().filter(|o| one(o).is_none()).map(|o| refuse(o)).collect();
    if wrong.is_empty() { Ok(outputs.iter().filter_map(one).collect()) } else { Err(wrong) }
}

fn refuse(output: &str) -> Failure {
    Failure::new(
        format!("`--output {output}` is not FORMAT=PATH"),
        "write for instance `--output json=report.json`; the formats are human, short and json",
    )
}

/// Writes the report to one destination.
pub(super) fn report(
    report: &Report,
    sources: &Sources,
    to: &Destination,
    asked: &Output,
    detail: Detail,
    around: &Surroundings,
) -> Result<(), Vec<Failure>> {
    let color = to.path.is_none() && around.color(asked.color);
    let style = style(color, detail, around);
    let text = match to.format {
        Format::Auto | Format::Human => render::human(report, sources, style),
        Format::Short => render::short(report, sources),
        Format::Json => render::json(report, sources),
    };
    match &to.path {
        None => print(&text),
        Some(path) => write(&around.cwd.join(path), &text),
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
