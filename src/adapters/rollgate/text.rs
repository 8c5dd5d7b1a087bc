//! Rollback criteria in words: `error rate exceeds 0.5% over 10m`, `eval score drops more than 3pp`.
//!
//! `<metric> <verb> [by|to|more than|operator…] <number><unit> [… over|for|within <duration>]`, joined by `or`. Words
//! after the number that are no window are ignored; a text without a comparison or without a number stays text.

use crate::model::units::{Unit, parse_seconds_f64};
use crate::model::{Bound, Comparison};

/// One part of a line, between its `or`s.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part<'t> {
    /// A comparison with a number.
    Compared(Sentence<'t>),
    /// Words without one.
    Words(&'t str),
}

/// A comparison with a number, read from words.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sentence<'t> {
    /// The part as written.
    pub(super) text: &'t str,
    /// The metric as written.
    pub(super) metric: &'t str,
    /// What it is rolled back on.
    pub(super) comparison: Comparison,
    /// The number.
    pub(super) bound: Bound,
    /// Does nothing at all stand where a unit would?
    pub(super) bare: bool,
    /// Seconds over which it is looked at.
    pub(super) window: Option<u64>,
}

/// Reads a line: its parts in order. A line of which no part compares is one text.
pub(super) fn read_line(line: &str) -> Vec<Part<'_>> {
    let parts: Vec<Part<'_>> = split_at_or(line).into_iter().map(read_part).collect();
    if parts.iter().any(|p| matches!(p, Part::Compared(_))) { parts } else { vec![Part::Words(line.trim())] }
}

/// A word or an operator, in lower case, with its place.
#[derive(Clone, Debug)]
struct Token {
    word: String,
    start: usize,
    end: usize,
}

/// Words at spaces, operators by themselves. ASCII lower case keeps every byte's place.
fn tokens(text: &str) -> Vec<Token> {
    let operator = |c: char| matches!(c, '<' | '>' | '=' | '≥' | '≤');
    let mut all: Vec<Token> = Vec::new();
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let starts = before.is_whitespace() || operator(before) != operator(c);
        match all.last_mut() {
            _ if c.is_whitespace() => {}
            Some(last) if !starts => {
                last.word.push(c.to_ascii_lowercase());
                last.end = at + c.len_utf8();
            }
            _ => all.push(Token { word: c.to_ascii_lowercase().into(), start: at, end: at + c.len_utf8() }),
        }
        before = c;
    }
    all
}

/// Cuts a line at the word `or`, but not in `or equal to` and its like.
fn split_at_or(line: &str) -> Vec<&str> {
    let all = tokens(line);
    let mut parts = Vec::new();
    let mut from = 0;
    for pair in all.windows(2) {
        let joins = pair[0].word == "or" && !["equal", "equals", "more", "less", "="].contains(&pair[1].word.as_str());
        if joins {
            parts.push(line[from..pair[0].start].trim());
            from = pair[0].end;
        }
    }
    parts.push(line[from..].trim());
    parts.retain(|p| !p.is_empty());
    parts
}

fn read_part(text: &str) -> Part<'_> {
    let all = tokens(text);
    let candidates: Vec<(usize, Sentence<'_>)> =
        (1..all.len()).filter_map(|at| Some((at, sentence(text, &all, at)?))).collect();
    let Some((at, first)) = candidates.first() else { return Part::Words(text) };
    // `error rate over 10m exceeds 0.5%`: the first `over` opens a window where another verb compares after it.
    let is_window = all[*at].word == "over" && first.bound.unit == Unit::Seconds;
    let later = candidates.iter().find(|(later, _)| is_window && all[*later].word != "over");
    Part::Compared(later.map_or(first, |(_, sentence)| sentence).clone())
}

/// Towards which side the metric is bad, and whether that is against a baseline.
#[derive(Clone, Copy, PartialEq)]
struct Direction {
    up: bool,
    relative: bool,
}

/// The sentence whose verb is the token `at`, if that is a verb, a number follows and a metric goes before.
fn sentence<'t>(text: &'t str, all: &[Token], at: usize) -> Option<Sentence<'t>> {
    let (direction, next) = verb(all, at)?;
    let (direction, next) = modifiers(all, next, direction)?;
    let start = all.get(next)?.start;
    let Amount { bound, bare, length } = amount(&text[start..])?;
    if direction.relative && bound.number < 0.0 {
        return None;
    }
    let (metric, window_before) = metric(text, &all[..at])?;
    let comparison = match direction {
        Direction { up: true, relative: false } => Comparison::Above,
        Direction { up: false, relative: false } => Comparison::Below,
        Direction { up: true, relative: true } => Comparison::Rise,
        Direction { up: false, relative: true } => Comparison::Drop,
    };
    let rest = &text[start + length..];
    let window = window(rest).map(|(seconds, _)| seconds).or(window_before);
    Some(Sentence { text, metric, comparison, bound, bare, window })
}

/// The verb or operator at the token `at`, and the token after it.
fn verb(all: &[Token], at: usize) -> Option<(Direction, usize)> {
    let direction = |up, relative| Some(Direction { up, relative });
    let found = match all[at].word.as_str() {
        "exceeds" | "exceed" | "exceeding" | "above" | "over" | ">" | ">=" | "≥" => direction(true, false),
        "below" | "under" | "<" | "<=" | "≤" => direction(false, false),
        "drops" | "drop" | "falls" | "fall" | "decreases" | "decrease" => direction(false, true),
        "rises" | "rise" | "increases" | "increase" => direction(true, true),
        _ => None,
    };
    if let Some(found) = found {
        return Some((found, at + 1));
    }
    let than = all.get(at + 1).is_some_and(|t| t.word == "than");
    match all[at].word.as_str() {
        "more" | "greater" | "higher" if than => Some((Direction { up: true, relative: false }, at + 2)),
        "less" | "lower" if than => Some((Direction { up: false, relative: false }, at + 2)),
        _ => None,
    }
}

/// What stands between the verb and the number: `by`, `to`, `more than`, operators.
///
/// `drops >3%` and `drops more than 3pp` stay distances; `drops to 90%`, `drops below 90%`, `rises above 2s` name the
/// bound itself. `exceeds … by` is a distance.
fn modifiers(all: &[Token], mut next: usize, verb: Direction) -> Option<(Direction, usize)> {
    let mut direction = verb;
    let mut settled = false;
    while let Some(token) = all.get(next) {
        match token.word.as_str() {
            "by" => (direction.relative, settled) = (true, true),
            "to" => (direction.relative, settled) = (false, true),
            "than" | "or" | "equal" | "=" | "at" | "least" | "a" => {}
            ">" | ">=" | "≥" | "more" | "greater" if verb.relative || verb.up => {}
            "over" | "above" | "exceeds" | "higher" if verb.up => direction.relative &= settled,
            "over" if verb.relative => {}
            "below" | "under" | "<" | "<=" | "≤" | "less" | "lower" if !verb.up => direction.relative &= settled,
            word if word.starts_with(|c: char| c.is_ascii_digit() || "$€£.-".contains(c)) => break,
            _ => return None,
        }
        next += 1;
    }
    Some((direction, next))
}

/// The words before the verb as a metric's name, without `roll back if`, `is` and a window.
fn metric<'t>(text: &'t str, before: &[Token]) -> Option<(&'t str, Option<u64>)> {
    let lead = ["roll", "back", "rollback", "revert", "abort", "if", "when", "once", "the"];
    let tail = ["is", "are", "goes", "go", "gets", "stays", "has"];
    let first = before.iter().position(|t| !lead.contains(&t.word.as_str()))?;
    let last = before.iter().rposition(|t| !tail.contains(&t.word.as_str()))?;
    let name = text.get(before[first].start..before.get(last)?.end)?.trim_end_matches([':', ',']);
    let (name, seconds) = match window(name) {
        Some((seconds, at)) if at > 0 => (name[..at].trim_end(), Some(seconds)),
        _ => (name, None),
    };
    (!name.is_empty()).then_some((name, seconds))
}

/// The window that `text` names, and where it begins: `over 10m`, `for the last 5 minutes`, `within 1h`.
fn window(text: &str) -> Option<(u64, usize)> {
    let all = tokens(text);
    let opens = |t: &Token| matches!(t.word.as_str(), "over" | "for" | "within");
    let filler = |t: &&Token| matches!(t.word.as_str(), "the" | "last" | "past" | "at" | "least" | "a" | "any");
    all.iter().enumerate().filter(|(_, t)| opens(t)).find_map(|(i, opening)| {
        let number = all[i + 1..].iter().find(|t| !filler(t))?;
        let Amount { bound, .. } = amount(&text[number.start..])?;
        let seconds = (bound.unit == Unit::Seconds && bound.number >= 0.0).then_some(bound.number)?;
        Some((whole(seconds)?, opening.start))
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0..1e15, checked first")]
fn whole(seconds: f64) -> Option<u64> {
    (0.0..1e15).contains(&seconds).then_some(seconds as u64)
}

/// A number and its unit at the start of a text.
struct Amount {
    bound: Bound,
    /// Does the text end, or the next clause begin, where a unit would stand?
    bare: bool,
    /// How many bytes it takes.
    length: usize,
}

/// Reads a number with its unit from the start of `text`.
fn amount(text: &str) -> Option<Amount> {
    let sign = [('$', "USD"), ('€', "EUR"), ('£', "GBP")].into_iter().find(|(sign, _)| text.starts_with(*sign));
    let from = sign.map_or(0, |(sign, _)| sign.len_utf8());
    let (value, digits) = digits(&text[from..])?;
    let after = from + digits;
    let plain = text[from..after].replace(',', "");
    let (unit, length) = match (sign, unit(&text[after..], value, &plain)?) {
        (Some((_, code)), (Found::Unit(Unit::Currency(other), _), length)) if *other == *code => {
            (Found::Unit(Unit::Currency(other), value), length)
        }
        (Some((_, code)), (Found::Nothing | Found::Word, _)) => (Found::Unit(Unit::Currency(code.into()), value), 0),
        (Some(_), (Found::Unit(..), _)) => return None,
        (None, found) => found,
    };
    let bare = matches!(unit, Found::Nothing);
    let bound = match unit {
        Found::Unit(unit, number) => Bound { number, unit },
        Found::Nothing | Found::Word => Bound { number: value, unit: Unit::None },
    };
    Some(Amount { bound, bare, length: after + length })
}

/// Decimal digits at the start of `text`, `1,000` among them, and how many bytes they take.
fn digits(text: &str) -> Option<(f64, usize)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+'))).unwrap_or(text.len());
    let written = text[..end].trim_end_matches(['.', ',']);
    let (whole, _) = written.split_once('.').unwrap_or((written, ""));
    let mut groups = whole.split(',');
    let grouped = groups.next().is_some_and(|first| first.len() <= 4) && groups.all(|g| g.len() == 3);
    if written.contains(',') && !grouped {
        return None;
    }
    let value: f64 = written.replace(',', "").parse().ok()?;
    value.is_finite().then_some((value, written.len()))
}

/// What stands after a number.
enum Found {
    /// A unit, with the number brought to it.
    Unit(Unit, f64),
    /// Nothing, or the words that open the next clause.
    Nothing,
    /// A word that is no unit we know.
    Word,
}

/// The unit at the start of `text`, after the number `value`, written `digits`; and how many bytes it takes.
fn unit(text: &str, value: f64, digits: &str) -> Option<(Found, usize)> {
    let glued = !text.starts_with(char::is_whitespace);
    let start = text.len() - text.trim_start().len();
    let rest = &text[start..];
    let lower = rest.to_ascii_lowercase();
    let names = [
        ("percentage points", Unit::Points),
        ("percentage point", Unit::Points),
        ("percent", Unit::Percent),
        ("points", Unit::Points),
        ("point", Unit::Points),
        ("pp", Unit::Points),
        ("%", Unit::Percent),
        ("$", Unit::Currency("USD".into())),
        ("€", Unit::Currency("EUR".into())),
        ("£", Unit::Currency("GBP".into())),
    ];
    let ends = |length: usize| !lower[length..].starts_with(|c: char| c.is_alphanumeric());
    if let Some((name, unit)) = names.into_iter().find(|(n, _)| lower.starts_with(n) && (n.len() < 2 || ends(n.len())))
    {
        return Some((Found::Unit(unit, value), start + name.len()));
    }
    if let Some((seconds, length)) = duration(digits, &lower) {
        return Some((Found::Unit(Unit::Seconds, seconds), start + length));
    }
    let word_end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
    let word = &rest[..word_end];
    if let Some(code) = currency(word) {
        return Some((Found::Unit(Unit::Currency(code), value), start + word_end));
    }
    match word.to_ascii_lowercase().as_str() {
        "" | "over" | "for" | "within" | "and" | "or" => Some((Found::Nothing, 0)),
        _ if glued => None,
        _ => Some((Found::Word, 0)),
    }
}

/// A duration whose first number is `digits` and whose rest begins `text`: `1` and `h30m`. `text` is in lower case.
fn duration(digits: &str, text: &str) -> Option<(f64, usize)> {
    let mut end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let mut best = parse_seconds_f64(&format!("{digits}{}", &text[..end])).map(|s| (s, end))?;
    while text[end..].starts_with(|c: char| c.is_ascii_digit()) {
        let number = text[end..].find(|c: char| !(c.is_ascii_digit() || c == '.')).map_or(text.len(), |n| end + n);
        end = text[number..].find(|c: char| !c.is_ascii_alphabetic()).map_or(text.len(), |n| number + n);
        best = parse_seconds_f64(&format!("{digits}{}", &text[..end])).map(|s| (s, end))?;
    }
    Some(best)
}

/// The ISO code that `word` is: three capitals, or a common one in small letters.
fn currency(word: &str) -> Option<Box<str>> {
    let upper = word.to_ascii_uppercase();
    let common = ["USD", "EUR", "GBP", "CHF", "JPY", "CAD", "AUD", "INR", "CNY"].contains(&upper.as_str());
    let code = word.len() == 3 && word.bytes().all(|b| b.is_ascii_uppercase()) && !["FOR", "AND"].contains(&word);
    (common || code).then(|| upper.into())
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
