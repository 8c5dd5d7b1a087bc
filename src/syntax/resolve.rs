//! What a scalar means to an engine.

use super::tree::{Raw, Style};
use super::{Engine, number};
use std::cmp::Ordering;
use std::mem::discriminant;

/// A scalar, as the document's engine reads it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar<'d> {
    /// Null, or nothing written at all.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer of 64 bits with a sign.
    Int(i64),
    /// An integer above `i64::MAX`.
    Uint(u64),
    /// Any other number.
    Float(f64),
    /// Text.
    Str(&'d str),
}

impl Scalar<'_> {
    /// Whether `self` and `other` are the same value; numbers are compared as numbers.
    pub(super) fn same(self, other: Self) -> bool {
        if discriminant(&self) == discriminant(&other) && !matches!(self, Self::Float(_)) {
            return self == other;
        }
        match (self.number(), other.number()) {
            (Some(a), Some(b)) => a.partial_cmp(&b) == Some(Ordering::Equal) || (a.is_nan() && b.is_nan()),
            _ => false,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "only compared, and both sides lose the same")]
    fn number(self) -> Option<f64> {
        match self {
            Self::Int(n) => Some(n as f64),
            Self::Uint(n) => Some(n as f64),
            Self::Float(f) => Some(f),
            Self::Null | Self::Bool(_) | Self::Str(_) => None,
        }
    }
}

/// What the first byte of a plain scalar says about it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hint {
    /// Text in every engine.
    Text,
    /// Perhaps one of the words that mean null or a boolean.
    Word,
    /// Perhaps a number or a date.
    Number,
    /// Perhaps the merge key.
    Merge,
}

const HINTS: [Hint; 256] = {
    let mut table = [Hint::Text; 256];
    let words = b"yYnNtTfFoO~";
    let numbers = b"0123456789+-.";
    let mut i = 0;
    while i < words.len() {
        table[words[i] as usize] = Hint::Word;
        i += 1;
    }
    i = 0;
    while i < numbers.len() {
        table[numbers[i] as usize] = Hint::Number;
        i += 1;
    }
    table[b'<' as usize] = Hint::Merge;
    table
};

/// What the first byte of `text` says; words longer than `false` are text.
pub(super) fn hint(text: &str) -> Hint {
    let Some(&first) = text.as_bytes().first() else { return Hint::Text };
    let hint = HINTS[first as usize];
    if hint == Hint::Word && text.len() > 5 { Hint::Text } else { hint }
}

/// A plain scalar without a tag.
pub(super) fn plain(engine: Engine, text: &str) -> Scalar<'_> {
    match hint(text) {
        Hint::Text if text.is_empty() => Scalar::Null,
        Hint::Text | Hint::Merge => Scalar::Str(text),
        Hint::Word => word(engine, text),
        Hint::Number => number(engine, text).unwrap_or(Scalar::Str(text)),
    }
}

fn word(engine: Engine, text: &str) -> Scalar<'_> {
    match text {
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        _ if engine == Engine::GoYamlV2 => yaml_1_1_bool(text).map_or(Scalar::Str(text), Scalar::Bool),
        _ => Scalar::Str(text),
    }
}

fn yaml_1_1_bool(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn number(engine: Engine, text: &str) -> Option<Scalar<'static>> {
    if let Some(special) = number::non_finite(text) {
        return Some(special);
    }
    if engine.is_go() { number::go(text) } else { number::core(text) }
}

/// The scalar `raw`, with its tag as written (`!!int`, `!Ref`).
pub(super) fn scalar<'d>(engine: Engine, raw: &'d Raw<'_>, tag: Option<&str>) -> Scalar<'d> {
    let text: &'d str = &raw.text;
    match (tag, raw.style) {
        (None, Style::Empty) => Scalar::Null,
        (None, Style::Plain) => plain(engine, text),
        (None, Style::Json) => json(text),
        (None, _) => Scalar::Str(text),
        (Some(tag), style) => tagged(engine, text, tag, style).unwrap_or(Scalar::Str(text)),
    }
}

/// `true`, `false`, `null` or a number of a JSON text.
fn json(text: &str) -> Scalar<'_> {
    match text {
        "null" => Scalar::Null,
        "true" => Scalar::Bool(true),
        "false" => Scalar::Bool(false),
        _ => number::decimal(text).unwrap_or(Scalar::Str(text)),
    }
}

/// A scalar under a tag; `None` if the text is not of the type the tag names.
pub(super) fn tagged<'d>(engine: Engine, text: &'d str, tag: &str, style: Style) -> Option<Scalar<'d>> {
    let value = plain(engine, text);
    let wanted = match (tag, value) {
        ("!!null", Scalar::Null)
        | ("!!bool", Scalar::Bool(_))
        | ("!!int", Scalar::Int(_) | Scalar::Uint(_))
        | ("!!float", Scalar::Float(_)) => true,
        ("!!float", Scalar::Int(n)) => return Some(as_float(n)),
        ("!!timestamp", _) => return is_timestamp(text).then_some(Scalar::Str(text)),
        ("!!null" | "!!bool" | "!!int" | "!!float", _) => false,
        ("!", _) if engine == Engine::GoYamlV3 && matches!(style, Style::Plain | Style::Empty) => true,
        _ => return Some(Scalar::Str(text)),
    };
    wanted.then_some(value)
}

#[expect(clippy::cast_precision_loss, reason = "go-yaml makes the same cast")]
fn as_float(n: i64) -> Scalar<'static> {
    Scalar::Float(n as f64)
}

/// Whether go-yaml takes `text` for a date or a moment (the forms of RFC 3339, with short fields).
pub(super) fn is_timestamp(text: &str) -> bool {
    date(text).is_some_and(|rest| rest.is_empty() || is_time(rest))
}

/// Whether go-yaml v3 makes of `text` a moment that is written differently when it becomes JSON.
pub(super) fn is_rewritten_timestamp(text: &str) -> bool {
    let Some(rest) = date(text) else { return false };
    rest.is_empty() || (is_time(rest) && !is_as_go_prints(text))
}

/// What follows the date that `text` starts with.
fn date(text: &str) -> Option<&str> {
    let rest = text.get(4..)?.strip_prefix('-')?;
    if !text.as_bytes()[..4].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (month, rest) = field(rest, 12)?;
    let (day, rest) = field(rest.strip_prefix('-')?, 31)?;
    let year: u32 = text[..4].parse().ok()?;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (month > 0 && (1..=days).contains(&day)).then_some(rest)
}

fn is_time(rest: &str) -> bool {
    let (zone, rest) = match rest.as_bytes().first() {
        Some(b'T' | b't') => (true, &rest[1..]),
        Some(b' ') => (false, &rest[1..]),
        _ => return false,
    };
    let Some((_, rest)) = field(rest, 23) else { return false };
    let Some((_, rest)) = rest.strip_prefix(':').and_then(|r| field(r, 59)) else { return false };
    let Some((_, rest)) = rest.strip_prefix(':').and_then(|r| field(r, 59)) else { return false };
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    if zone { is_zone(rest) } else { rest.is_empty() }
}

fn is_zone(rest: &str) -> bool {
    match rest.as_bytes() {
        [b'Z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => [h1, h2, m1, m2].iter().all(|b| b.is_ascii_digit()),
        _ => false,
    }
}

/// One or two digits, at most `max`, and what follows.
fn field(text: &str, max: u32) -> Option<(u32, &str)> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let value = text[..digits].parse().ok()?;
    (value <= max).then_some((value, &text[digits..]))
}

/// `2020-01-02T03:04:05.5+01:00`: full fields, no zero at the end of the fraction, UTC as `Z`.
fn is_as_go_prints(text: &str) -> bool {
    let shape = text.bytes().take(19).enumerate().all(|(i, b)| match i {
        4 | 7 => b == b'-',
        10 => b == b'T',
        13 | 16 => b == b':',
        _ => b.is_ascii_digit(),
    });
    let Some(rest) = text.get(19..).filter(|_| shape) else { return false };
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(after) => after.split_at(after.bytes().take_while(u8::is_ascii_digit).count()),
        None => ("1", rest),
    };
    (1..10).contains(&fraction.len()) && !fraction.ends_with('0') && zone != "+00:00" && zone != "-00:00"
}
