//! Failures: why a run could not even begin, shown with the source where there is one.

use std::sync::Arc;

use crate::render::{Drawer, Frame, Style, Underline, Weight, visible};
use crate::text::{LineIndex, SourceText, Span};

/// One place in a file that was given to us.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Its path.
    pub(super) path: String,
    /// Its text.
    pub(super) text: Arc<str>,
    /// Where in it.
    pub(super) span: Span,
}

/// Why a run could not begin: the command line's, the policy's or the environment's fault.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// What is wrong.
    pub(super) message: String,
    /// What to do.
    pub(super) help: Option<String>,
    /// Where, if it stands in a file.
    pub(super) place: Option<Place>,
}

impl Failure {
    /// A failure with advice and no place.
    pub(super) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()), place: None }
    }

    /// A failure of a whole file.
    pub(super) fn in_file(path: Option<&str>, message: &str, help: &str) -> Self {
        Self::new(path.map_or_else(|| message.to_owned(), |path| format!("`{path}` {message}")), help)
    }
}

/// Failures as frames, one after the other.
pub(super) fn show(failures: &[Failure], style: Style) -> String {
    let drawer = Drawer::new(style);
    let mut out = String::new();
    for failure in failures {
        one(&mut out, failure, &drawer);
        if let Some(help) = &failure.help {
            out += &format!("  help: {}\n", visible(help));
        }
        out.push('\n');
    }
    out + &summary(failures)
}

/// What the faults of files come to: nobody should have to count frames.
fn summary(failures: &[Failure]) -> String {
    let files: Vec<&str> = failures.iter().filter_map(|f| Some(&*f.place.as_ref()?.path)).collect();
    let Some(first) = files.first() else { return String::new() };
    let faults = if files.len() == 1 { "1 fault".to_owned() } else { format!("{} faults", files.len()) };
    let one_file = files.iter().all(|f| f == first);
    let place = if one_file { format!("in {}", visible(first)) } else { "in the files above".to_owned() };
    format!("could not decide: {faults} {place}, so nothing was checked\n")
}

fn one(out: &mut String, failure: &Failure, drawer: &Drawer) {
    let Some(place) = &failure.place else {
        *out += &format!("failure: {}\n", visible(&failure.message));
        return;
    };
    let source = SourceText { text: Arc::clone(&place.text), lines: LineIndex::new(&place.text) };
    let places = [Underline { span: place.span, text: String::new() }];
    let title = format!("failure: {}", failure.message);
    let frame =
        Frame { weight: Weight::Error, title: &title, path: &place.path, source: Some(&source), places: &places };
    for left in drawer.draw(out, &frame) {
        let at = source.lines.position(&source.text, left.span.start);
        *out += &format!("  at {}:{}:{}\n", visible(&place.path), at.line, at.column);
    }
}
