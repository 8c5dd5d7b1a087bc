//! One frame: a title, the source with places underlined, and what to do. The one door to miette.

use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, Severity,
    SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use super::excerpt::Excerpt;
use super::visible;
use super::wrap::wrap;
use crate::text::{Position, SourceText, Span};

/// How the terminal wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Colours.
    pub color: bool,
    /// Frames drawn with more than ASCII.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
    /// How much is said.
    pub detail: Detail,
}

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Only what fails the check.
    Quiet,
    /// Everything that was found.
    #[default]
    Normal,
    /// Also what was skipped and why.
    Verbose,
}

/// How grave a frame's news is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Drawn as an error.
    Error,
    /// Drawn as a warning.
    Warning,
}

/// A place to underline, and what stands there.
#[derive(Clone, Debug)]
pub struct Underline {
    /// The place, in the frame's file.
    pub span: Span,
    /// What to write beneath it; "" for nothing.
    pub text: String,
}

/// What a frame is drawn from. Everything in it may hold hostile text.
pub struct Frame<'a> {
    /// How grave it is.
    pub weight: Weight,
    /// What is wrong; the level's word is its beginning.
    pub title: &'a str,
    /// The file's path.
    pub path: &'a str,
    /// The file's text, where it can be shown.
    pub source: Option<&'a SourceText>,
    /// Where it is, then other places of the same file.
    pub places: &'a [Underline],
}

/// Draws frames, all in one style.
pub struct Drawer {
    handler: GraphicalReportHandler,
    width: usize,
}

/// Columns that a frame draws to the left of the source, with room for large line numbers.
const GUTTER: usize = 10;
/// Source lines are not cut below this, however narrow the terminal says it is.
const NARROWEST: usize = 40;
/// Columns of the text beneath an underlined place, at most and at least. With less it is named below the frame.
const LABEL: usize = 44;
const LABEL_LEAST: usize = 16;
/// Columns from the middle of an underlined place to the text beneath it.
const STEM: usize = 4;

impl Drawer {
    /// A drawer for `style`.
    pub fn new(style: Style) -> Self {
        let theme = GraphicalTheme {
            characters: if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() },
            styles: if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() },
        };
        let handler = GraphicalReportHandler::new_themed(theme);
        Self {
            handler: handler.with_width(style.width).with_context_lines(1).with_links(false).with_wrap_lines(false),
            width: style.width,
        }
    }

    /// Draws `frame` to the end of `out`, and gives the places that could not be underlined: each is still to be named.
    pub fn draw<'a>(&self, out: &mut String, frame: &Frame<'a>) -> Vec<&'a Underline> {
        let title = wrap(&visible(frame.title), self.width.saturating_sub(6), "", "");
        let mut drawn = Drawn { title, weight: frame.weight, view: None, labels: Vec::new() };
        let spans: Vec<Span> = frame.places.iter().map(|place| place.span).collect();
        let mut left = Vec::new();
        if let Some(source) = frame.source {
            let room = self.width.saturating_sub(GUTTER).max(NARROWEST);
            let (excerpt, marks) = Excerpt::new(source, &spans, room);
            let mut heads = Vec::new();
            for (place, mark) in frame.places.iter().zip(marks) {
                let Some(mark) = mark else {
                    left.push(place);
                    continue;
                };
                let room = self.width.saturating_sub(GUTTER + STEM + excerpt.column(mark.start.midpoint(mark.end)));
                let columns = (room >= LABEL_LEAST).then_some(room.min(LABEL));
                if columns.is_none() && !place.text.is_empty() {
                    left.push(place);
                }
                drawn.labels.push(label(place, (mark.start, mark.end - mark.start), heads.is_empty(), columns));
                heads.push((mark.start, source.lines.position(&source.text, place.span.start)));
            }
            drawn.view = Some(View { name: visible(frame.path).into_owned(), excerpt, heads });
        } else {
            left.extend(frame.places);
        }
        if self.handler.render_report(out, &drawn).is_err() {
            *out += &drawn.title;
        }
        left
    }
}

/// The mark at `at`, with its text in so many `columns` beneath it, or without any.
fn label(place: &Underline, at: (usize, usize), primary: bool, columns: Option<usize>) -> LabeledSpan {
    let text = columns.map(|columns| wrap(&visible(&place.text), columns, "", "").trim_end().to_owned());
    let text = text.filter(|t| !t.is_empty());
    if primary { LabeledSpan::new_primary_with_span(text, at) } else { LabeledSpan::new_with_span(text, at) }
}

struct View {
    name: String,
    excerpt: Excerpt,
    /// Where each mark begins in the excerpt, and where that is in the file.
    heads: Vec<(usize, Position)>,
}

impl SourceCode for View {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let end = span.offset() + span.len();
        let lines = self.excerpt.lines(span.offset(), end, before.max(after)).ok_or(MietteError::OutOfBounds)?;
        let data = &self.excerpt.text.as_bytes()[lines.start..lines.end];
        let place = SourceSpan::new(lines.start.into(), data.len());
        // Without context miette asks for the place that it writes above the frame, which the cut has not moved.
        let head = self.heads.iter().find(|(start, _)| before == 0 && *start == span.offset());
        let column = head.map_or(0, |(_, at)| at.column as usize - 1);
        let (name, line) = (self.name.clone(), lines.number as usize - 1);
        Ok(Box::new(MietteSpanContents::new_named(name, data, place, line, column, lines.count)))
    }
}

struct Drawn {
    title: String,
    weight: Weight,
    view: Option<View>,
    labels: Vec<LabeledSpan>,
}

impl fmt::Debug for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)
    }
}

impl fmt::Display for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title.trim_end())
    }
}

impl std::error::Error for Drawn {}

impl Diagnostic for Drawn {
    fn severity(&self) -> Option<Severity> {
        Some(match self.weight {
            Weight::Error => Severity::Error,
            Weight::Warning => Severity::Warning,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.view.as_ref().filter(|_| !self.labels.is_empty()).map(|v| v as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}
