//! Numbers with units, as people write them: `1%`, `50pp`, `1h30m`, `3 months`, `0.02 USD`.
//!
//! A bare number where a unit is needed is an error that names the readings it could have meant.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Bound, Share};

/// The unit of a bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Percent of a hundred.
    Percent,
    /// Percentage points of difference.
    Points,
    /// Seconds; every duration is brought to these.
    Seconds,
    /// Money, by ISO 4217 code.
    Currency(Box<str>),
    /// A ratio between 0 and 1, known to be one.
    Ratio,
    /// A plain count.
    Count,
    /// The text does not say.
    None,
}

impl Unit {
    /// Its name in JSON: `percent`, `currency:USD`.
    pub fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Percent => "percent".into(),
            Self::Points => "points".into(),
            Self::Seconds => "seconds".into(),
            Self::Currency(code) => format!("currency:{code}").into(),
            Self::Ratio => "ratio".into(),
            Self::Count => "count".into(),
            Self::None => "none".into(),
        }
    }
}

impl fmt::Display for Bound {
    /// `0.5%`, `3pp`, `2.5s`, `0.02 USD`, `0.95`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.unit {
            Unit::Percent => write!(f, "{}%", self.number),
            Unit::Points => write!(f, "{}pp", self.number),
            Unit::Seconds => write!(f, "{}s", self.number),
            Unit::Currency(code) => write!(f, "{} {code}", self.number),
            Unit::Ratio | Unit::Count | Unit::None => write!(f, "{}", self.number),
        }
    }
}

/// Splits `text` into a leading decimal number and the trimmed rest.
fn number(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(text.len());
    let value: f64 = text[..end].parse().ok()?;
    value.is_finite().then(|| (value, text[end..].trim()))
}

/// Reads a bound: a number with `%`, `pp`, a time unit, a currency (`0.02 USD`, `$0.02`), or none.
pub fn parse_bound(text: &str) -> Option<Bound> {
    let text = text.trim();
    for (sign, code) in [('$', "USD"), ('€', "EUR"), ('£', "GBP")] {
        if let Some(rest) = text.strip_prefix(sign) {
            let (number, unit) = number(rest)?;
            let agrees = unit.is_empty() || unit.eq_ignore_ascii_case(code);
            return agrees.then(|| Bound { number, unit: Unit::Currency(code.into()) });
        }
    }
    let (value, unit) = number(text)?;
    let unit = match unit {
        "" => Unit::None,
        "%" | "percent" => Unit::Percent,
        "pp" | "points" | "percentage points" => Unit::Points,
        "$" => Unit::Currency("USD".into()),
        "€" => Unit::Currency("EUR".into()),
        code if code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()) => Unit::Currency(code.into()),
        _ => return Some(Bound { number: parse_seconds_f64(text)?, unit: Unit::Seconds }),
    };
    Some(Bound { number: value, unit })
}

/// Reads a share such as `1%` or `0.1%`, between 0 and 100 %.
pub fn parse_share(text: &str) -> Option<Share> {
    let (value, unit) = number(text)?;
    (unit == "%" && (0.0..=100.0).contains(&value)).then(|| Share::from_percent(value))
}

/// Seconds in one unit of time, by the spellings people use; calendar months are not among them.
fn unit_seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "ms" | "millisecond" | "milliseconds" => 0.001,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "week" | "weeks" => 604_800.0,
        _ => return None,
    })
}

/// Reads `800ms`, `10m`, `1h30m`, `2d`, `1 week` to seconds; every part needs a unit.
pub fn parse_seconds_f64(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    let mut total = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (value, after) = number(rest)?;
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        total += value * unit_seconds(&after[..end])?;
        rest = after[end..].trim_start_matches([' ', ',']);
    }
    (total.is_finite() && total >= 0.0).then_some(total)
}

/// Reads a duration to whole seconds, rounding down.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked against the range first")]
pub fn parse_seconds(text: &str) -> Option<u64> {
    parse_seconds_f64(text).filter(|s| *s < 1e15).map(|s| s as u64)
}

/// Writes seconds as people read them: `90s` is `1m30s`, a day is `1d`.
pub fn display_seconds(seconds: u64) -> String {
    if seconds == 0 {
        return "0s".to_owned();
    }
    let parts = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let mut rest = seconds;
    let mut text = String::new();
    for (size, unit) in parts {
        if rest >= size {
            text += &format!("{}{unit}", rest / size);
            rest %= size;
        }
    }
    text
}

/// A length of time in a policy: `10m`, `1h30m`, `2d`, `1 week`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Length(pub u64);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&display_seconds(self.0))
    }
}

/// Calendar time in a policy: `3 months` is months, `90 days` is days. Months are calendar months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Calendar months.
    pub months: u32,
    /// Seconds beside them.
    pub seconds: u64,
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.months, self.seconds) {
            (0, s) => f.write_str(&display_seconds(s)),
            (1, 0) => f.write_str("1 month"),
            (m, 0) => write!(f, "{m} months"),
            (m, s) => write!(f, "{m} months {}", display_seconds(s)),
        }
    }
}

/// Reads `3 months`, `1 month`, `1 quarter`, `1 year` as calendar months, anything else as a [`Length`].
pub fn parse_period(text: &str) -> Option<Period> {
    let (value, unit) = number(text)?;
    let per = match unit {
        "month" | "months" | "mo" => 1.0,
        "quarter" | "quarters" => 3.0,
        "year" | "years" | "y" => 12.0,
        _ => return Some(Period { months: 0, seconds: parse_seconds(text)? }),
    };
    let months = value * per;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and within 0..=12000")]
    let whole = (months.fract() == 0.0 && (0.0..=12_000.0).contains(&months)).then_some(months as u32)?;
    Some(Period { months: whole, seconds: 0 })
}

/// A difference of shares in a policy: `50pp`, held in parts per million.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Points(pub u32);

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}pp", f64::from(self.0) / 10_000.0)
    }
}

/// Reads `50pp` or `50 points`.
pub fn parse_points(text: &str) -> Option<Points> {
    let (value, unit) = number(text)?;
    let named = matches!(unit, "pp" | "points" | "percentage points");
    (named && (0.0..=100.0).contains(&value)).then(|| Points(Share::from_percent(value).ppm()))
}

/// What a policy value may be in YAML before its unit is looked at.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Number(serde_json::Number),
    Other(serde_json::Value),
}

/// Implements reading, writing and the schema of one unit type; the messages name what would be valid.
macro_rules! unit_type {
    ($type:ty, $name:literal, $parse:expr, $what:literal, $bare:literal, $pattern:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let error = |text: String| serde::de::Error::custom(text);
                match Written::deserialize(deserializer)? {
                    Written::Text(text) => {
                        let value: Option<Self> = $parse(&text);
                        value.ok_or_else(|| error(format!("`{text}` is not {}", $what)))
                    }
                    Written::Number(n) => Err(error(format!($bare, n = n))),
                    Written::Other(other) => Err(error(format!("`{other}` is not {}", $what))),
                }
            }
        }
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "description": concat!("Written as ", $what, ".") })
            }
        }
    };
}

unit_type!(
    Share,
    "Share",
    parse_share,
    "a percentage such as `1%` or `0.1%`",
    "`{n}` has no unit: `{n}%`, or a ratio (write it as a percentage)?",
    r"^\s*[0-9]+(\.[0-9]+)?\s*%\s*$"
);
unit_type!(
    Points,
    "Points",
    parse_points,
    "percentage points such as `50pp`",
    "`{n}` has no unit: `{n}pp` (points), or a factor?",
    r"^\s*[0-9]+(\.[0-9]+)?\s*(pp|points|percentage points)\s*$"
);
unit_type!(
    Length,
    "Length",
    |t: &str| parse_seconds(t).map(Length),
    "a duration such as `10m`, `1h30m`, `2d` or `1 week`",
    "`{n}` has no unit: `{n}s` or `{n}m`?",
    r"^\s*([0-9]+(\.[0-9]+)?\s*[a-z]+[ ,]*)+$"
);
unit_type!(
    Period,
    "Period",
    parse_period,
    "a period such as `3 months`, `1 month` or `90 days`",
    "`{n}` has no unit: `{n} days` or `{n} months`?",
    r"^\s*([0-9]+(\.[0-9]+)?\s*[a-z]+[ ,]*)+$"
);
unit_type!(
    Bound,
    "Bound",
    parse_bound,
    "a number with a unit such as `0.5%`, `3pp`, `2.5s` or `0.02 USD`",
    "`{n}` has no unit: `{n}%`, `{n}s`, `{n}pp` or a currency?",
    r"^\s*[$€£]?[0-9]+(\.[0-9]+)?\s*[A-Za-z%$€ ]*$"
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn units_as_people_write_them() {
        assert_eq!(parse_seconds("1h30m"), Some(5400));
        assert_eq!(parse_seconds("1 week"), Some(604_800));
        assert_eq!(parse_seconds("10"), None);
        assert_eq!(parse_share("0.1%"), Some(Share::from_ppm(1000)));
        assert_eq!(parse_share("1"), None);
        assert_eq!(parse_points("50pp"), Some(Points(500_000)));
        assert_eq!(parse_period("3 months"), Some(Period { months: 3, seconds: 0 }));
        assert_eq!(parse_period("90 days"), Some(Period { months: 0, seconds: 90 * 86_400 }));
        let usd = Bound { number: 0.02, unit: Unit::Currency("USD".into()) };
        assert_eq!(parse_bound("0.02 USD"), Some(usd.clone()));
        assert_eq!(parse_bound("$0.02"), Some(usd));
        assert_eq!(parse_bound("800ms").map(|b| b.to_string()).as_deref(), Some("0.8s"));
        assert_eq!(parse_bound("3pp").map(|b| b.unit), Some(Unit::Points));
    }

    #[test]
    fn a_bare_number_names_its_readings() {
        let error = serde_json::from_str::<Length>("10").unwrap_err().to_string();
        assert!(error.contains("`10s` or `10m`"), "{error}");
    }

    proptest! {
        #[test]
        fn durations_survive_writing(seconds in 0u64..100_000_000) {
            prop_assert_eq!(parse_seconds(&display_seconds(seconds)), Some(seconds));
        }

        #[test]
        fn no_text_panics(text in ".{0,24}") {
            let _ = (parse_bound(&text), parse_period(&text), parse_share(&text), parse_points(&text));
        }
    }
}
