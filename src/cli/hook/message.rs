//! Our trailers in a commit's message: where git sees them, and saying something.

use crate::history::{key_value, trailer_block};

/// The trailers that are ours.
const OVERRIDE: &str = "Rollgate-Override";
const DRILL: &str = "Rollback-Drill";

/// A line of the message and its number in the file.
type Line<'t> = (usize, &'t str);

/// What is wrong with our trailers, by line.
pub(super) fn complaints(text: &str) -> Vec<(usize, String)> {
    let lines = written(text);
    let block = trailer_block(&lines.iter().map(|(_, line)| *line).collect::<Vec<_>>());
    let mut out = Vec::new();
    for (at, (number, line)) in lines.iter().enumerate() {
        let Some((key, value)) = key_value(line) else { continue };
        let Some(ours) = [OVERRIDE, DRILL].into_iter().find(|ours| key.eq_ignore_ascii_case(ours)) else { continue };
        if at < block {
            out.push((
                *number,
                format!(
                    "`{ours}:` stands outside of the trailers, so git does not see it; move it to the last paragraph, \
                     below the subject and apart from other text"
                ),
            ));
            continue;
        }
        let more = lines[at + 1..].iter().take_while(|(_, l)| l.starts_with([' ', '\t'])).map(|(_, l)| *l);
        let value = std::iter::once(value).chain(more).collect::<Vec<_>>().join(" ");
        if let Some(complaint) = says_nothing(ours, value.trim()) {
            out.push((*number, complaint));
        }
    }
    out
}

fn says_nothing(key: &str, value: &str) -> Option<String> {
    match (key, value.split_whitespace().count()) {
        (OVERRIDE, 0) => Some(format!("`{OVERRIDE}:` gives no reason; say why this change may pass")),
        (DRILL, 0) => Some(format!("`{DRILL}:` names no service; write `{DRILL}: SERVICE`")),
        (DRILL, 2..) => Some(format!("`{DRILL}:` names one service; write a line for each")),
        _ => None,
    }
}

/// What git will keep: nothing below the scissors, no comments, no space at either end.
fn written(text: &str) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.contains("------------------------ >8 ------------------------") {
            break;
        }
        if !line.starts_with('#') {
            lines.push((at + 1, line.trim_end()));
        }
    }
    let trim = |lines: &mut Vec<Line<'_>>| {
        let end = lines.iter().rposition(|(_, l)| !l.is_empty()).map_or(0, |at| at + 1);
        lines.truncate(end);
    };
    trim(&mut lines);
    // `core.commentChar` may be another: git's own comment is a last paragraph, each line of which begins with it.
    let last = lines.iter().rposition(|(_, l)| l.is_empty()).map_or(0, |at| at + 1);
    let mark = lines.get(last).and_then(|(_, l)| l.chars().next()).filter(|c| ";@!$%^&|:".contains(*c));
    if let Some(mark) = mark
        && lines[last..].iter().all(|(_, l)| l.starts_with(mark))
    {
        lines.truncate(last);
        trim(&mut lines);
    }
    let start = lines.iter().position(|(_, l)| !l.is_empty()).unwrap_or(lines.len());
    lines.split_off(start)
}
