//! What a change can be recognised as.

use crate::model::ChangeKind;
use crate::text::Span;

/// What happened, in the ten kinds of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecognisedKind {
    /// Another vendor's model, or the same one at another host.
    VendorSwitch,
    /// The parts are put together in another way.
    ArchitectureChange,
    /// What is looked up, and how: embeddings, chunks, stores.
    RetrievalChange,
    /// Another version, size or date of a model.
    ModelUpgrade,
    /// A model whose version is no longer fixed.
    ModelUnpin,
    /// A feature that uses a model where none did.
    NewAiFeature,
    /// Temperature and its like.
    DecodingChange,
    /// The words of a prompt.
    PromptTweak,
    /// What judges the answers in an evaluation.
    JudgeChange,
    /// What an evaluation asks for.
    EvalGateChange,
}

impl RecognisedKind {
    /// All kinds, the weightiest first.
    pub const ALL: [Self; 10] = [
        Self::VendorSwitch,
        Self::ArchitectureChange,
        Self::RetrievalChange,
        Self::ModelUpgrade,
        Self::ModelUnpin,
        Self::NewAiFeature,
        Self::DecodingChange,
        Self::PromptTweak,
        Self::JudgeChange,
        Self::EvalGateChange,
    ];

    /// Its name.
    pub const fn id(self) -> &'static str {
        match self {
            Self::VendorSwitch => "vendor-switch",
            Self::ArchitectureChange => "architecture-change",
            Self::RetrievalChange => "retrieval-change",
            Self::ModelUpgrade => "model-upgrade",
            Self::ModelUnpin => "model-unpin",
            Self::NewAiFeature => "new-ai-feature",
            Self::DecodingChange => "decoding-change",
            Self::PromptTweak => "prompt-tweak",
            Self::JudgeChange => "judge-change",
            Self::EvalGateChange => "eval-gate-change",
        }
    }

    /// The kind of change that the model knows, and that policies have classes for.
    pub const fn change(self) -> ChangeKind {
        match self {
            Self::VendorSwitch => ChangeKind::VendorSwitch,
            Self::ArchitectureChange | Self::RetrievalChange => ChangeKind::Architecture,
            Self::ModelUpgrade | Self::ModelUnpin => ChangeKind::ModelUpgrade,
            Self::NewAiFeature => ChangeKind::NewFeature,
            Self::DecodingChange | Self::PromptTweak => ChangeKind::PromptTweak,
            Self::JudgeChange | Self::EvalGateChange => ChangeKind::Config,
        }
    }
}

/// How good the evidence is. Low is for a note, never for a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Text of source code, or one sign where two are asked for.
    Low,
    /// A known key with a value that tells nothing, or a known value under any key.
    Medium,
    /// A known format or key, and a known model.
    High,
}

/// Where the bar of an evaluation moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bar {
    /// More passes than before.
    Loosened,
    /// Less passes than before.
    Tightened,
    /// Which of both can't be told.
    Moved,
}

/// A sign of a new feature. Two different ones make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// The first library for models among the dependencies.
    Library,
    /// A prompt file that was not there.
    PromptFile,
    /// A variable of the environment that names a model, or a key to one.
    Variable,
    /// A feature flag with a telling name.
    Flag,
}

/// One thing that a change does to a prompt, a model or what is around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// What it is.
    pub kind: RecognisedKind,
    /// The evidence in words: "model `gpt-4o` becomes `gpt-5`".
    pub what: Box<str>,
    /// The path of keys to it, `providers.openai.default_model`; empty for a whole body.
    pub key: Box<str>,
    /// The value before, shortened; `None` where there was none, and for the text of a prompt.
    pub before: Option<Box<str>>,
    /// The value after, in the same way.
    pub after: Option<Box<str>>,
    /// How good the evidence is.
    pub confidence: Confidence,
    /// The whole value in the file as it is after the change; where it was taken away, what it was taken from.
    pub span: Span,
    /// For a gate of an evaluation, where its bar moves.
    pub bar: Option<Bar>,
    /// For a new feature, what of the two signs this is.
    pub sign: Option<Sign>,
}
