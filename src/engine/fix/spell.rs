//! Other spellings of a scalar: a new value in the way the old one is written.

use crate::finding::{Edit, Wish};
use crate::model::Share;
use crate::model::units::{display_seconds, parse_seconds_f64};
use crate::syntax::Node;
use crate::text::Span;

/// A new spelling.
pub(super) struct Spelled {
    /// The value, without quotes.
    pub(super) value: String,
    /// The edit that writes it; quotes stay.
    pub(super) edit: Edit,
}

/// How `node` could be written for `wish` to come true, the likeliest first.
pub(super) fn spellings(text: &str, node: Node<'_>, wish: &Wish) -> Vec<Spelled> {
    let span = node.span();
    let written = span.slice(text);
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
    let inner = match quote {
        Some(q) if written.len() >= 2 && written.ends_with(q) => {
            Span { start: span.start + 1, end: span.end - 1, ..span }
        }
        Some(_) => return Vec::new(),
        None => span,
    };
    let old = inner.slice(text);
    // An escape, a break or a block has a text of its own beside its value.
    if node.text() != Some(old) {
        return Vec::new();
    }
    let values = match wish {
        Wish::Written { text, .. } => vec![text.to_string()],
        Wish::Exposure { ppm, .. } => shares(old, Share::from_ppm(*ppm)),
        Wish::Hold { seconds, .. } | Wish::Shadow { seconds } | Wish::WayBack { seconds } => lengths(old, *seconds),
        Wish::Revisions { count } => vec![count.to_string()],
        Wish::Criterion | Wish::Appended { .. } => Vec::new(),
    };
    let plain = |v: &String| v.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '%' | '-')) && *v != old;
    let spelled = |value: String| Spelled { edit: Edit { span: inner, text: value.clone() }, value };
    values.into_iter().filter(plain).map(spelled).collect()
}

/// `share` in the way of `old`: with or without its sign, whole where the old one is.
fn shares(old: &str, share: Share) -> Vec<String> {
    let (number, sign) = old.strip_suffix('%').map_or((old, ""), |number| (number, "%"));
    let Ok(was) = number.parse::<f64>() else { return Vec::new() };
    let percent = share.percent();
    let rounded = if percent > was { percent.ceil() } else { percent.floor() };
    let exact = [format!("{percent}{sign}")];
    let whole = format!("{rounded}{sign}");
    // Shares of another whole (`maxTrafficWeight: 1000`) or as parts of one.
    let parts = [format!("{}", percent * 10.0), format!("{}", percent / 100.0)];
    let bare = parts.into_iter().filter(|_| sign.is_empty());
    let fine = number.contains('.') || sign == "%";
    exact.into_iter().filter(|_| fine).chain([whole]).chain(bare).collect()
}

/// So many seconds in the way of `old`: a bare number, or a number with units.
fn lengths(old: &str, seconds: u64) -> Vec<String> {
    if old.parse::<u64>().is_ok() {
        return vec![seconds.to_string(), seconds.div_ceil(60).to_string()];
    }
    if parse_seconds_f64(old).is_none() {
        return Vec::new();
    }
    let hours = seconds.is_multiple_of(3600).then(|| format!("{}h", seconds / 3600));
    let minutes = seconds.is_multiple_of(60).then(|| format!("{}m", seconds / 60));
    let short = if old.ends_with('h') || seconds >= 7200 {
        hours.into_iter().chain(minutes)
    } else {
        minutes.into_iter().chain(hours)
    };
    short.chain([format!("{seconds}s"), display_seconds(seconds)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_written_as_the_old_one_was() {
        let first = |old: &str, percent: f64| shares(old, Share::from_percent(percent)).into_iter().next();
        assert_eq!(first("1", 2.5).as_deref(), Some("3"));
        assert_eq!(first("50", 2.5).as_deref(), Some("2"));
        assert_eq!(first("0.5%", 2.5).as_deref(), Some("2.5%"));
        assert_eq!(first("0.5", 1.0).as_deref(), Some("1"));
        assert_eq!(first("all", 1.0), None);
    }

    #[test]
    fn a_length_keeps_its_unit() {
        let first = |old: &str, seconds| lengths(old, seconds).into_iter().next();
        assert_eq!(first("30", 600).as_deref(), Some("600"));
        assert_eq!(first("30s", 600).as_deref(), Some("10m"));
        assert_eq!(first("1h", 86_400).as_deref(), Some("24h"));
        assert_eq!(first("5s", 90).as_deref(), Some("90s"));
        assert_eq!(first("soon", 90), None);
    }
}
