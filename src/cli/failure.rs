//! Failures: why a run could not even begin, shown with the source where there is one.

use std::fmt;
use std::sync::Arc;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

/// One place in a file that was given to us.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its path.
    pub path: String,
    /// Its text.
    pub text: Arc<str>,
    /// First byte and length.
    pub start: usize,
    /// Length in bytes.
    pub len: usize,
}

/// Why a run could not begin: the command line's, the policy's or the environment's fault.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What is wrong, no final stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Where, if it stands in a file.
    pub place: Option<Place>,
}

impl Failure {
    /// A failure with advice and no place.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()), place: None }
    }
}

/// Prints failures as frames, one after the other.
pub(super) fn show(failures: &[Failure], color: bool, unicode: bool, width: usize) -> String {
    let mut theme = if unicode { GraphicalTheme::unicode_nocolor() } else { GraphicalTheme::none() };
    if color && unicode {
        theme = GraphicalTheme::unicode();
    }
    let handler = GraphicalReportHandler::new_themed(theme).with_width(width).with_context_lines(1).with_links(false);
    let mut out = String::new();
    for failure in failures {
        let framed = Framed { source: failure.place.as_ref().map(named), failure };
        if handler.render_report(&mut out, &framed).is_err() {
            out += &failure.message;
        }
        out.push('\n');
    }
    out
}

fn named(place: &Place) -> NamedSource<String> {
    NamedSource::new(&place.path, place.text.to_string())
}

struct Framed<'a> {
    failure: &'a Failure,
    source: Option<NamedSource<String>>,
}

impl fmt::Debug for Framed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.failure.message)
    }
}

impl fmt::Display for Framed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.failure.message)
    }
}

impl std::error::Error for Framed<'_> {}

impl Diagnostic for Framed<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.failure.help.as_ref().map(|h| Box::new(h) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|s| s as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.failure.place.as_ref()?;
        let label = LabeledSpan::underline((place.start, place.len));
        Some(Box::new(std::iter::once(label)))
    }
}
