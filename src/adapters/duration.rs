//! Lengths of time as Go programs read them.

/// Reads a Go duration (`30s`, `1h30m`, `1.5h`, `500ms`, `0`) to whole seconds, rounding down. Days are no unit.
pub(super) fn go_seconds(text: &str) -> Option<i64> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "no duration that is read has more than 64 bits of nanoseconds"
    )]
    go_seconds_f64(text).map(|s| s as i64)
}

/// Reads a Go duration to seconds and their fractions.
pub(super) fn go_seconds_f64(text: &str) -> Option<f64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0.0);
    }
    let mut total = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let value: f64 = rest[..end].parse().ok()?;
        let (size, after) = unit(&rest[end..])?;
        total += value * size;
        rest = after;
    }
    // A Go duration is 64 bits of nanoseconds.
    if total > 9.2e9 {
        return None;
    }
    Some(if negative { -total } else { total })
}

/// Seconds of the unit at the start of `text`, and what follows it.
fn unit(text: &str) -> Option<(f64, &str)> {
    let units =
        [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("μs", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    units.into_iter().find_map(|(name, size)| Some((size, text.strip_prefix(name)?)))
}

/// Writes seconds as Go reads them: `1h30m`, `48h`; days are no unit.
pub(super) fn go_text(seconds: u64) -> String {
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let mut text = String::new();
    for (count, unit) in parts.into_iter().filter(|(count, _)| *count > 0) {
        text += &format!("{count}{unit}");
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Reads the length of a pause: whole digits are seconds, anything else a Go duration.
pub(super) fn pause_seconds(text: &str) -> Option<i64> {
    text.parse::<i32>().map(i64::from).ok().or_else(|| go_seconds(text))
}

#[cfg(test)]
mod tests {
    use super::{go_seconds, go_text, pause_seconds};

    #[test]
    fn go_durations_have_no_days() {
        assert_eq!(go_seconds("1h30m"), Some(5400));
        assert_eq!(go_seconds("1.5m"), Some(90));
        assert_eq!(go_seconds("500ms"), Some(0));
        for text in ["1d", "30", "", "5 m", "1h 30m", "m"] {
            assert_eq!(go_seconds(text), None, "{text}");
        }
        assert_eq!([0, 90, 3600, 180_000].map(go_text), ["0s", "1m30s", "1h", "50h"]);
        assert_eq!(pause_seconds("30"), Some(30));
        assert_eq!(pause_seconds("-5"), Some(-5));
    }
}
