//! Findings that were there already: `rollgate/baseline/v1`. Fields are only ever added.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name and version of this form.
const SCHEMA: &str = "rollgate/baseline/v1";

/// The findings of one day. They do not count until they are mended; new ones do.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "rollgate baseline v1")]
pub struct Baseline {
    /// The name and version of this form.
    #[schemars(extend("const" = "rollgate/baseline/v1"))]
    schema: String,
    tool: Tool,
    /// The findings, sorted by file, rule and fingerprint.
    pub findings: Vec<BaselineEntry>,
}

/// What wrote it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
struct Tool {
    #[schemars(extend("const" = "rollgate"))]
    name: String,
    version: String,
}

/// One finding, or several of one rule that say the same of the same thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct BaselineEntry {
    /// The file it was found in.
    pub file: String,
    /// The rule.
    pub rule: String,
    /// Its identity, as in reports.
    pub fingerprint: String,
    /// How many of them there were.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    #[schemars(range(min = 1), default = "one")]
    pub count: u32,
}

const fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
const fn is_one(count: &u32) -> bool {
    *count == 1
}

impl Baseline {
    /// The baseline of these findings: file, rule and fingerprint of each.
    pub fn of<'a>(findings: impl Iterator<Item = (&'a str, &'a str, String)>) -> Self {
        let mut all: BTreeMap<(&str, &str, String), u32> = BTreeMap::new();
        for finding in findings {
            *all.entry(finding).or_default() += 1;
        }
        let entry = |((file, rule, fingerprint), count): ((&str, &str, String), u32)| BaselineEntry {
            file: file.to_owned(),
            rule: rule.to_owned(),
            fingerprint,
            count,
        };
        let tool = Tool { name: "rollgate".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
        Self { schema: SCHEMA.to_owned(), tool, findings: all.into_iter().map(entry).collect() }
    }

    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with the text, as the rest of a sentence that begins with its path.
    pub fn read(text: &str) -> Result<Self, String> {
        let read: Self = serde_json::from_str(text).map_err(|error| format!("is no baseline: {error}"))?;
        if read.schema != SCHEMA {
            return Err(format!("is no baseline: its schema is `{}`, and `{SCHEMA}` is read", read.schema));
        }
        Ok(read)
    }

    /// The version of rollgate that wrote it.
    pub fn version(&self) -> &str {
        &self.tool.version
    }

    /// As it is written to a file.
    pub fn text(&self) -> String {
        // Strings and numbers always serialize.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The entries that hide more than `before` did: new ones, and those of which there are more. A finding whose file
    /// has another path is no new one.
    pub fn beyond(&self, before: &Self) -> Vec<&BaselineEntry> {
        let mut known: BTreeMap<&str, u32> = BTreeMap::new();
        for entry in &before.findings {
            *known.entry(&entry.fingerprint).or_default() += entry.count;
        }
        let mut all = Vec::new();
        for entry in &self.findings {
            let left = known.entry(&entry.fingerprint).or_default();
            all.extend(Some(entry).filter(|_| entry.count > *left));
            *left = left.saturating_sub(entry.count);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline(findings: &[(&'static str, &'static str, &str)]) -> Baseline {
        Baseline::of(findings.iter().map(|(file, rule, print)| (*file, *rule, (*print).to_owned())))
    }

    #[test]
    fn it_is_read_as_it_is_written() {
        let written =
            baseline(&[("b.yaml", "big-bang", "1"), ("a.yaml", "big-bang", "2"), ("b.yaml", "big-bang", "1")]);
        let read = Baseline::read(&written.text()).unwrap();
        assert_eq!(read.findings, written.findings);
        let told: Vec<_> = read.findings.iter().map(|e| (&*e.file, &*e.fingerprint, e.count)).collect();
        assert_eq!((told, read.version()), (vec![("a.yaml", "2", 1), ("b.yaml", "1", 2)], env!("CARGO_PKG_VERSION")));
        assert!(Baseline::read("{}").is_err());
        let other = written.text().replace("baseline/v1", "baseline/v2");
        assert_eq!(
            Baseline::read(&other).unwrap_err(),
            "is no baseline: its schema is `rollgate/baseline/v2`, and `rollgate/baseline/v1` is read"
        );
    }

    #[test]
    fn growing_is_told_and_moving_is_not() {
        let old = baseline(&[("a.yaml", "r", "1"), ("a.yaml", "r", "2")]);
        let beyond = |new: &Baseline| new.beyond(&old).iter().map(|e| e.fingerprint.clone()).collect::<Vec<_>>();
        assert_eq!(beyond(&baseline(&[("moved.yaml", "r", "1")])), [""; 0]);
        assert_eq!(beyond(&baseline(&[("a.yaml", "r", "1"), ("a.yaml", "r", "3")])), ["3"]);
        assert_eq!(beyond(&baseline(&[("a.yaml", "r", "1"), ("a.yaml", "r", "1")])), ["1"]);
        assert_eq!(beyond(&baseline(&[("a.yaml", "r", "1"), ("b.yaml", "r", "1")])), ["1"]);
    }
}
