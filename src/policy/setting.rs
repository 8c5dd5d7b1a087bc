//! What a policy says of a rule, and where it says so.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::catalog::{Level, RuleMeta};
use crate::model::ChangeKind;
use crate::text::Span;

/// Where a value of the effective policy comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// A file of the policy or a preset says so.
    Written {
        /// `preset strict`, or the file's path.
        by: Arc<str>,
        /// The line in a file of the repository; `None` in a preset.
        line: Option<u32>,
        /// In which part of the file.
        part: Part,
    },
    /// Nothing says so: the rule's own default.
    Rule,
    /// Nothing says so: the program's default.
    Program,
    /// No layer names the rule, so it is off.
    Unnamed,
}

/// A part of a policy file that gives rules their settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The file's own keys and its `rules`.
    File,
    /// A scope, counted from 1.
    Scope(usize),
    /// The class of a kind of change.
    Class(ChangeKind),
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (by, line, part) = match self {
            Self::Written { by, line, part } => (by, line, part),
            Self::Rule => return f.write_str("the rule's default"),
            Self::Program => return f.write_str("default"),
            Self::Unnamed => return f.write_str("not named by this policy"),
        };
        f.write_str(by)?;
        if let Some(line) = line {
            write!(f, ":{line}")?;
        }
        match part {
            Part::File => Ok(()),
            Part::Scope(n) => write!(f, ", scope {n}"),
            Part::Class(kind) => write!(f, ", class {}", kind.name()),
        }
    }
}

/// A parameter as a policy writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The value, not yet understood: that is the rule's part.
    pub value: Value,
    /// Where it stands in the repository; `None` in a preset.
    pub span: Option<Span>,
    /// Where it comes from.
    pub from: Provenance,
}

/// What the policy says of one rule for some rollouts.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Its level.
    pub level: Level,
    /// Where the level comes from.
    pub level_from: Provenance,
    /// The parameters that are set, by name.
    pub params: BTreeMap<String, Param>,
}

/// A rule as one place of a policy file names it.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) rule: &'static RuleMeta,
    pub(super) level: Option<Level>,
    pub(super) from: Provenance,
    /// Parameters by name.
    pub(super) params: Vec<(String, Param)>,
    /// JSON pointer of the rule's value in its file.
    pub(super) pointer: String,
    /// The name, for what is wrong with the whole.
    pub(super) span: Span,
}

/// Settings as they are put on top of each other.
pub(super) struct Stack {
    rows: BTreeMap<&'static str, Row>,
}

struct Row {
    meta: &'static RuleMeta,
    level: Option<(Level, Provenance)>,
    params: BTreeMap<String, Param>,
    named: Mention,
}

/// Has any layer named the rule?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mention {
    Never,
    Named,
}

impl Stack {
    pub(super) fn new(rules: &[&'static RuleMeta]) -> Self {
        let row = |meta: &&'static RuleMeta| {
            (meta.id, Row { meta, level: None, params: BTreeMap::new(), named: Mention::Never })
        };
        Self { rows: rules.iter().map(row).collect() }
    }

    /// What is named replaces; the rest stays.
    pub(super) fn put(&mut self, named: &[Named]) {
        for one in named {
            let Some(row) = self.rows.get_mut(one.rule.id) else { continue };
            row.named = Mention::Named;
            if let Some(level) = one.level {
                row.level = Some((level, one.from.clone()));
            }
            for (name, param) in &one.params {
                row.params.insert(name.clone(), param.clone());
            }
        }
    }

    /// A rule that no layer names is off; one that is named without a level has its own.
    pub(super) fn settle(self) -> BTreeMap<&'static str, Setting> {
        let settle = |row: Row| {
            let (level, level_from) = row.level.unwrap_or(match row.named {
                Mention::Named => (row.meta.level, Provenance::Rule),
                Mention::Never => (Level::Off, Provenance::Unnamed),
            });
            Setting { level, level_from, params: row.params }
        };
        self.rows.into_iter().map(|(id, row)| (id, settle(row))).collect()
    }
}
