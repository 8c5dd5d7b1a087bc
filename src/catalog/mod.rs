//! What rules and adapters say of themselves: plain static data, declared where they are written.

/// A level of severity, in a policy and on a finding.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The rule does not run.
    Off,
    /// Shown; fails the gate only under `fail-on: warning`.
    Warning,
    /// Fails the gate.
    Error,
}

impl Level {
    /// Its one name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// The chapters of the rule book, in the order they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// How much of the world meets the new version.
    Exposure,
    /// How long.
    Hold,
    /// When and how it goes back.
    Rollback,
    /// Mirrored traffic.
    Shadow,
    /// Monitors, flags, rings.
    Monitors,
    /// Deploy windows.
    Windows,
    /// Rollback drills.
    Drills,
    /// Manifests that say what their authors mean.
    Hygiene,
}

impl Family {
    /// Its title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Exposure => "Exposure",
            Self::Hold => "Hold",
            Self::Rollback => "Rollback",
            Self::Shadow => "Shadow",
            Self::Monitors => "Monitors, flags, rings",
            Self::Windows => "Deploy windows",
            Self::Drills => "Rollback drills",
            Self::Hygiene => "Hygiene",
        }
    }
}

/// What a rule says of itself.
#[derive(Debug, PartialEq, Eq)]
pub struct RuleMeta {
    /// The one stable id, kebab-case: in findings, policies, suppressions, file and doc names.
    pub id: &'static str,
    /// One line, at most 72 characters, lower-case, no final stop: what it finds.
    pub summary: &'static str,
    /// Its page as Markdown: `## What it checks`, `## Why it matters`, `## What to do`, `## Examples`.
    pub docs: &'static str,
    /// Its chapter.
    pub family: Family,
    /// Its level in preset `recommended`.
    pub level: Level,
    /// The version it came with.
    pub since: &'static str,
    /// The source file it is declared in.
    pub file: &'static str,
    /// The line of its declaration.
    pub line: u32,
}

/// What an adapter says of itself.
#[derive(Debug, PartialEq, Eq)]
pub struct AdapterMeta {
    /// The format's one name, the `system` in reports: `argo-rollouts`.
    pub id: &'static str,
    /// Its name for people: `Argo Rollouts`.
    pub title: &'static str,
    /// One line: which kinds are read.
    pub summary: &'static str,
    /// Its page as Markdown: the mapping table and what it cannot see.
    pub docs: &'static str,
    /// The kinds it claims.
    pub kinds: &'static [KindPattern],
    /// Keys one of which stands in every document that it knows by its form alone.
    pub words: &'static [&'static str],
    /// Parts of paths: a file whose path holds one of them may be its own though it holds none of the words.
    pub paths: &'static [&'static str],
    /// The source file it is declared in.
    pub file: &'static str,
}

/// A group and kind that an adapter claims, in any version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindPattern {
    /// API group as it stands before the `/` of `apiVersion`: `argoproj.io`; of a cloud's resource what stands before
    /// its last part: `AWS::Lambda`, `terraform`; the adapter's id for documents known by their form.
    pub group: &'static str,
    /// Kind: `Rollout`, `Alias`, `aws_lambda_alias`.
    pub kind: &'static str,
}

impl AdapterMeta {
    /// Does it know documents by their form, rather than by what they call themselves?
    pub const fn knows_forms(&self) -> bool {
        !self.words.is_empty() || !self.paths.is_empty()
    }
}

impl KindPattern {
    /// The word by which a resource of a cloud is found in the bytes of a file; `None` for kinds of Kubernetes and for
    /// forms.
    pub fn resource_word(&self) -> Option<String> {
        match self.group {
            "terraform" => Some(self.kind.to_owned()),
            group if group.starts_with("AWS::") => Some(format!("{group}::{}", self.kind)),
            group if group.starts_with("Microsoft.") => Some(format!("{group}/{}", self.kind)),
            _ => None,
        }
    }
}

/// Declares a rule's [`RuleMeta`] from its doc comment: `declare_rule! { /// docs… pub META { id: …, … } }`.
#[macro_export]
macro_rules! declare_rule {
    ($(#[doc = $doc:literal])+ $vis:vis $name:ident { id: $id:literal, family: $family:ident, summary: $summary:literal, level: $level:ident $(,)? }) => {
        $(#[doc = $doc])+
        $vis struct $name;
        impl $name {
            /// What the rule says of itself.
            pub const META: $crate::catalog::RuleMeta = $crate::catalog::RuleMeta {
                id: $id,
                summary: $summary,
                docs: concat!($($doc, "\n"),+),
                family: $crate::catalog::Family::$family,
                level: $crate::catalog::Level::$level,
                since: "0.1.0",
                file: file!(),
                line: line!(),
            };
        }
    };
}

/// Declares an adapter's [`AdapterMeta`] from its doc comment.
#[macro_export]
macro_rules! declare_adapter {
    ($(#[doc = $doc:literal])+ $vis:vis $name:ident { id: $id:literal, title: $title:literal, summary: $summary:literal, kinds: [$(($group:literal, $kind:literal)),+ $(,)?] $(, words: [$($word:literal),+ $(,)?])? $(, paths: [$($path:literal),+ $(,)?])? $(,)? }) => {
        $(#[doc = $doc])+
        $vis struct $name;
        impl $name {
            /// What the adapter says of itself.
            pub const META: &'static $crate::catalog::AdapterMeta = &$crate::catalog::AdapterMeta {
                id: $id,
                title: $title,
                summary: $summary,
                docs: concat!($($doc, "\n"),+),
                kinds: &[$($crate::catalog::KindPattern { group: $group, kind: $kind }),+],
                words: &[$($($word),+)?],
                paths: &[$($($path),+)?],
                file: file!(),
            };
        }
    };
}
