//! Which object a rollout is, and what its author says about it.

use super::Fact;
use crate::text::Span;

/// The identity of an object: the same one after a rename of its file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// API group without the version: `argoproj.io`, `apps`, "" for core.
    pub group: Box<str>,
    /// Kind: `Rollout`.
    pub kind: Box<str>,
    /// Namespace where one is written.
    pub namespace: Option<Box<str>>,
    /// Name.
    pub name: Box<str>,
}

impl ObjectRef {
    /// The object `kind.group namespace/name`.
    pub fn new(group: &str, kind: &str, namespace: Option<&str>, name: &str) -> Self {
        Self { group: group.into(), kind: kind.into(), namespace: namespace.map(Into::into), name: name.into() }
    }
}

/// What kind of thing is being rolled out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    /// Pods, functions, services: code.
    Workload,
    /// A feature flag.
    Flag,
    /// A model or its serving endpoint.
    Model,
    /// A prompt.
    Prompt,
}

/// What a change is, for the risk matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// Wording or decoding parameters of a prompt.
    PromptTweak,
    /// Another version of a model.
    ModelUpgrade,
    /// Another vendor's model.
    VendorSwitch,
    /// A feature that was not there.
    NewFeature,
    /// How the parts are put together.
    Architecture,
    /// Code.
    Code,
    /// Configuration.
    Config,
}

impl ChangeKind {
    /// All kinds, as policies and plans name them.
    pub const ALL: [Self; 7] = [
        Self::PromptTweak,
        Self::ModelUpgrade,
        Self::VendorSwitch,
        Self::NewFeature,
        Self::Architecture,
        Self::Code,
        Self::Config,
    ];

    /// Its one name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PromptTweak => "prompt-tweak",
            Self::ModelUpgrade => "model-upgrade",
            Self::VendorSwitch => "vendor-switch",
            Self::NewFeature => "new-feature",
            Self::Architecture => "architecture",
            Self::Code => "code",
            Self::Config => "config",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.name() == name)
    }

    /// Of several kinds, the one with the most is named first.
    pub const fn gravity(self) -> u8 {
        match self {
            Self::VendorSwitch => 6,
            Self::Architecture => 5,
            Self::ModelUpgrade => 4,
            Self::NewFeature => 3,
            Self::PromptTweak => 2,
            Self::Code => 1,
            Self::Config => 0,
        }
    }
}

/// What shows that a change is of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// The kind.
    pub kind: ChangeKind,
    /// In words: "model `gpt-4o` becomes `gpt-5`".
    pub what: Box<str>,
    /// Where it stands after the change.
    pub span: Span,
}

/// How much a wrong change would hurt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    /// Little.
    Low,
    /// Some; the default of a plan.
    Medium,
    /// Much: safety filters, agentic tools, financial advice.
    High,
}

impl Risk {
    /// All, as policies and plans name them.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// Its one name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// The risk of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.name() == name)
    }
}

/// Labels of an object: a handful of names and values, in the order they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(Vec<(Box<str>, Box<str>)>);

impl Labels {
    /// No labels.
    pub const NONE: &Self = &Self(Vec::new());

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(k, _)| **k == *key).map(|(_, value)| &**value)
    }

    /// Are there none?
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Are all of these among `others`, with the same values?
    pub fn are_among(&self, others: &Self) -> bool {
        self.0.iter().all(|(key, _)| self.get(key) == others.get(key))
    }

    /// Adds a label; the last of a name counts.
    pub fn insert(&mut self, key: Box<str>, value: Box<str>) {
        self.0.push((key, value));
    }
}

impl FromIterator<(Box<str>, Box<str>)> for Labels {
    fn from_iter<T: IntoIterator<Item = (Box<str>, Box<str>)>>(labels: T) -> Self {
        let mut all = Self(labels.into_iter().collect());
        all.0.shrink_to_fit();
        all
    }
}

/// What the object's own text says of itself: our annotations, a plan's fields, its labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Declared {
    /// `rollgate/service`, or a plan's `metadata.service`.
    pub service: Option<Box<str>>,
    /// `rollgate/environment`, or a plan's.
    pub environment: Option<Box<str>>,
    /// `rollgate/change`, or a plan's `change.kind`.
    pub change: Option<ChangeKind>,
    /// `rollgate/risk`, or a plan's `change.risk`.
    pub risk: Option<Risk>,
    /// `rollgate/plan`: path of the RolloutPlan that supplies criteria, monitors and schedule.
    pub plan: Option<Fact<Box<str>>>,
    /// `rollgate/traffic`, or a plan's: requests a day.
    pub traffic: Option<f64>,
    /// The object's labels.
    pub labels: Labels,
    /// Does the object carry any `rollgate/` annotation?
    pub annotated: bool,
}

impl Declared {
    /// The service as the object alone tells it: its annotation, then the usual labels (clarifications 26).
    pub fn own_service(&self) -> Option<&str> {
        let label = |key: &str| self.labels.get(key);
        self.service.as_deref().or_else(|| label("app.kubernetes.io/name")).or_else(|| label("app"))
    }
}
