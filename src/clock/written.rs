//! Zones, days, hours and freeze edges as a policy writes them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::windows::{Edge, Hours};
use super::{Tz, WeekDays};

/// Implements reading and the schema of a text that `parse` understands.
macro_rules! text_type {
    ($(#[$doc:meta])* $type:ident($inner:ty), $name:literal, $parse:expr, $what:literal, $pattern:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $type(pub $inner);

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = serde_json::Value::deserialize(deserializer)?;
                let found: Option<$inner> = value.as_str().and_then($parse);
                let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                found.map(Self).ok_or_else(|| serde::de::Error::custom(format!("`{shown}` is not {}", $what)))
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

text_type!(
    /// A zone by its IANA name.
    Zone(Tz),
    "TimeZone",
    |t: &str| t.parse::<Tz>().ok(),
    "an IANA time zone such as `Europe/Berlin`",
    "^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$"
);
text_type!(
    /// Hours of a day.
    DayHours(Hours),
    "Hours",
    Hours::parse,
    "hours such as `09:00-16:00`",
    r"^\s*[0-9]{1,2}:[0-9]{2}\s*-\s*[0-9]{1,2}:[0-9]{2}\s*$"
);
text_type!(
    /// One end of a freeze.
    FreezeEdge(Edge),
    "FreezeEdge",
    Edge::parse,
    "a date such as `2026-12-18`, or a date and time such as `2026-12-18T18:00:00+01:00`",
    r"^\s*[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})?)?)?\s*$"
);

/// Days of the week: one text, or a list of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days(pub WeekDays);

impl Default for Days {
    fn default() -> Self {
        Self(WeekDays::ALL)
    }
}

impl<'de> Deserialize<'de> for Days {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = serde_json::Value::deserialize(deserializer)?;
        let parts = written.as_array().map_or(std::slice::from_ref(&written), Vec::as_slice);
        let read = |part: &serde_json::Value| part.as_str().and_then(WeekDays::parse);
        let mut days = WeekDays::NONE;
        for part in parts {
            let shown = part.as_str().map_or_else(|| part.to_string(), str::to_owned);
            let error =
                || serde::de::Error::custom(format!("`{shown}` is not days such as `mon-thu`, `fri-mon` or `mon,wed`"));
            days = days.or(read(part).ok_or_else(error)?);
        }
        Ok(Self(days))
    }
}

impl JsonSchema for Days {
    fn schema_name() -> Cow<'static, str> {
        "Days".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let day = "([Mm][Oo][Nn](day)?|[Tt][Uu][Ee](sday)?|[Ww][Ee][Dd](nesday)?|[Tt][Hh][Uu](rsday)?|[Ff][Rr][Ii](day)?\
                   |[Ss][Aa][Tt](urday)?|[Ss][Uu][Nn](day)?)";
        let range = format!(r"\s*{day}(\s*-\s*{day})?\s*");
        let text = json_schema!({ "type": "string", "pattern": format!("^{range}(,{range})*$") });
        json_schema!({
            "description": "Written as days such as `mon-thu`, `fri-mon` or `mon,wed`.",
            "anyOf": [text, { "type": "array", "minItems": 1, "items": text }]
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn days(written: Value) -> Option<String> {
        serde_json::from_value::<Days>(written).ok().map(|d| d.0.to_string())
    }

    #[test]
    fn days_are_a_text_or_a_list() {
        assert_eq!(days(json!("Mon, wed-fri")).as_deref(), Some("mon,wed-fri"));
        assert_eq!(days(json!(["mon", "wed-fri"])).as_deref(), Some("mon,wed-fri"));
        assert_eq!((days(json!(["mon", "x"])), days(json!(5)), days(json!(["mon", 5]))), (None, None, None));
    }

    #[test]
    fn the_message_says_what_would_be_valid() {
        let error = serde_json::from_value::<Zone>(json!("Europe/Berln")).unwrap_err().to_string();
        assert_eq!(error, "`Europe/Berln` is not an IANA time zone such as `Europe/Berlin`");
        assert!(serde_json::from_value::<FreezeEdge>(json!("2026-12-18T18:00:00Z")).is_ok());
    }
}
