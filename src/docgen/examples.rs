//! The examples of rules' pages, and what comes of them.

use std::sync::Arc;

use super::docs;
use super::levels::preset;
use crate::catalog::RuleMeta;
use crate::clock::Moment;
use crate::collect::{File, Origin, WorkingSet};
use crate::engine::{Choice, Input, check};
use crate::finding::Report;
use crate::rules::Repository;
use crate::text::Sources;

/// What an example shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It gives exactly one finding of its rule.
    Violates,
    /// It gives none.
    Passes,
}

/// An example of a rule's page: whole manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// What it shows.
    pub kind: Kind,
    /// The manifests.
    pub text: String,
    /// When the deploy would start, for rules that ask: `at=2026-11-27T15:00:00Z` on its fence.
    pub at: Option<Moment>,
}

/// The examples of `rule`, in the order of its page.
pub fn examples(rule: &RuleMeta) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let mut open = false;
    for line in docs(rule.docs) {
        match line.strip_prefix("```") {
            Some("") => open = false,
            Some(info) => {
                let example = fence(info);
                open = example.is_some();
                found.extend(example);
            }
            None => {
                if let Some(example) = found.last_mut().filter(|_| open) {
                    example.text += line;
                    example.text.push('\n');
                }
            }
        }
    }
    found
}

/// The example that a fence with this info string opens, if it is one.
pub(super) fn fence(info: &str) -> Option<Example> {
    let mut words = info.split_whitespace().skip(1);
    let kind = match words.next()? {
        "violates" => Kind::Violates,
        "passes" => Kind::Passes,
        _ => return None,
    };
    let at = words.find_map(|w| w.strip_prefix("at=")?.parse().ok());
    Some(Example { kind, text: String::new(), at })
}

/// Examples are judged on this Tuesday.
const TODAY: &str = "2026-11-24T12:00:00Z";

impl Example {
    /// Checks it under preset `recommended`, by `rule` alone if one is named. Nothing where the preset or the clock is
    /// broken, which the tests would say.
    pub fn check(&self, rule: Option<&str>) -> Option<(Report, Sources)> {
        let policy = preset("recommended")?;
        let origin = Origin::Memory(self.text.as_bytes().into());
        let files = vec![File { path: Arc::from("deploy/example.yaml"), origin }];
        let select = rule.map(str::to_owned).into_iter().collect();
        Some(check(&Input {
            set: WorkingSet { files, ..WorkingSet::default() },
            policy: &policy,
            choice: Choice { select, ignore: Vec::new() },
            now: TODAY.parse().ok()?,
            at: self.at,
            repository: Repository::None,
            fail_on: None,
            allow_empty: true,
        }))
    }
}
