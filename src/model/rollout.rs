//! One thing being rolled out.

use chrono::{DateTime, FixedOffset};

use super::{
    Audience, Ceiling, ChangeKind, Declared, Destination, Exposure, Fact, Guards, Hold, Instead, Metric, ObjectRef,
    Planned, RollbackPlan, Shadow, Sign, SubjectKind,
};
use crate::catalog::AdapterMeta;
use crate::text::{Span, Spanned};

/// How a new version replaces the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// In stages of growing exposure.
    Canary,
    /// A second stack, then a switch.
    BlueGreen,
    /// Pod by pod, with no stage that is held.
    Rolling,
    /// The old one stops first.
    Recreate,
    /// Everybody at once.
    AllAtOnce,
    /// A copy of the traffic, answered by nobody.
    Shadow,
    /// Two arms side by side, compared.
    AbTest,
    /// A feature flag.
    Flag,
    /// These files do not tell.
    Unknown,
}

impl Strategy {
    /// Its name in JSON and in our own files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Canary => "canary",
            Self::BlueGreen => "blue-green",
            Self::Rolling => "rolling",
            Self::Recreate => "recreate",
            Self::AllAtOnce => "all-at-once",
            Self::Shadow => "shadow",
            Self::AbTest => "ab-test",
            Self::Flag => "flag",
            Self::Unknown => "unknown",
        }
    }
}

/// One value that is shipped: an image, a storage URI, a model id, a prompt's digest.
#[derive(Clone, Debug, PartialEq)]
pub struct Payload {
    /// JSON pointer of the value in its manifest.
    pub path: Box<str>,
    /// The container that it is for; "" where it is for no one container.
    pub slot: Box<str>,
    /// The value.
    pub value: Box<str>,
    /// Where it stands.
    pub span: Span,
}

impl Payload {
    /// What makes it this one, wherever it stands: two containers that swap their images ship something else.
    pub fn content(&self) -> (&str, &str) {
        (&self.slot, &self.value)
    }

    /// What `all` are, in an order that does not depend on where they are written.
    pub fn contents(all: &[Self]) -> Vec<(&str, &str)> {
        let mut contents: Vec<(&str, &str)> = all.iter().map(Self::content).collect();
        contents.sort_unstable();
        contents
    }
}

/// What a gate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateKind {
    /// Metrics are looked at.
    Analysis,
    /// A person or an outside program says yes.
    Approval,
    /// Something is run and has to succeed.
    Test,
    /// Two versions run side by side for a while.
    Experiment,
}

impl GateKind {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Analysis => "analysis",
            Self::Approval => "approval",
            Self::Test => "test",
            Self::Experiment => "experiment",
        }
    }
}

/// Something that runs during a stage and can stop it.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// What it is.
    pub kind: GateKind,
    /// Its name as written.
    pub name: Box<str>,
    /// Does the stage wait for it?
    pub blocking: bool,
    /// Where it is written.
    pub span: Span,
}

/// One stage of a progression: an exposure, how long it is held, and what is looked at meanwhile.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// Its name where it has one.
    pub name: Option<Box<str>>,
    /// The ring or the tenants it is for, where it is not for a share of everybody.
    pub audience: Option<Audience>,
    /// Exposure. `Absent` for an audience whose share is not written.
    pub exposure: Fact<Exposure>,
    /// How long it lasts. `Absent` is never used: nothing written is `Stated(Hold::None)` at the stage's span.
    pub hold: Fact<Hold>,
    /// What runs meanwhile.
    pub gates: Vec<Gate>,
    /// The whole stage, or the step that opens it.
    pub span: Span,
    /// Was it written, or does the platform add it (the jump to 100 % after the last step)?
    pub implied: bool,
}

impl Stage {
    /// A stage of `exposure` written at `span`, with no hold and no gate.
    pub const fn new(exposure: Fact<Exposure>, span: Span) -> Self {
        Self {
            name: None,
            audience: None,
            exposure,
            hold: Fact::Stated(Spanned::new(Hold::None, span)),
            gates: Vec::new(),
            span,
            implied: false,
        }
    }

    /// Is it for an audience (a ring, tenants, a header's segment) whose share of everybody these files do not tell?
    pub fn is_ring(&self) -> bool {
        let no_share = self.share().is_none_or(|share| share == super::Share::NONE);
        self.audience.is_some() && no_share && !self.exposure.is_dynamic()
    }

    /// The share to judge by, where it is known.
    pub fn share(&self) -> Option<super::Share> {
        self.exposure.known().map(Exposure::judged)
    }
}

/// Where exposure stands, or how it will grow.
#[derive(Clone, Debug, PartialEq)]
pub enum Progression {
    /// The file is the plan: its stages in order, the one that reaches everybody included.
    Declared(Vec<Stage>),
    /// The file holds one moment: one stage per candidate. Its history is the plan.
    Live(Vec<Stage>),
}

impl Progression {
    /// The stages of a plan, or the candidates of a live split.
    pub fn stages(&self) -> &[Stage] {
        match self {
            Self::Declared(stages) | Self::Live(stages) => stages,
        }
    }

    /// Is the git history the plan?
    pub const fn is_live(&self) -> bool {
        matches!(self, Self::Live(_))
    }
}

/// When it starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// The moment it starts.
    pub start: Spanned<DateTime<FixedOffset>>,
}

/// What a remark is about; each kind is one hygiene rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RemarkKind {
    /// Breaks the system's own rules: `manifest-invalid`.
    Invalid,
    /// A safety field that the system ignores where it stands: `field-ignored`.
    Ignored,
    /// Two parsers read it differently: `reading-ambiguous`.
    Ambiguous,
    /// The replicas cannot realise the share: `weight-unreachable`.
    Unreachable,
}

/// Something the adapter saw about this manifest that a rule reports.
#[derive(Clone, Debug, PartialEq)]
pub struct Remark {
    /// Which rule reports it.
    pub kind: RemarkKind,
    /// The exact value.
    pub span: Span,
    /// One sentence: what was found against what is required, without a final stop.
    pub message: Box<str>,
    /// The smallest edit that mends it.
    pub help: Box<str>,
    /// What was found, short, where there is such a thing.
    pub found: Option<Box<str>>,
    /// What would be valid, short.
    pub required: Option<Box<str>>,
    /// A second place, with what it says.
    pub related: Option<(Span, Box<str>)>,
    /// The word that was meant.
    pub instead: Option<Instead>,
}

/// A reference that leads out of the checked set.
#[derive(Clone, Debug, PartialEq)]
pub struct Unresolved {
    /// Kind of the object named.
    pub kind: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// Where it is named.
    pub span: Span,
    /// What is unknown because of it, ending a sentence: `so its criteria are unknown`. Says `criteria` where some may
    /// stand there.
    pub because: &'static str,
}

impl Unresolved {
    /// May criteria stand in what is named here?
    pub fn may_hold_criteria(&self) -> bool {
        self.because.contains("criteria")
    }
}

/// A value that nobody can know from these files.
#[derive(Clone, Debug, PartialEq)]
pub struct Unknown {
    /// JSON pointer of the value in its manifest.
    pub path: Box<str>,
    /// Where it stands.
    pub span: Span,
    /// Why: `template`, `unresolved-argument`.
    pub reason: &'static str,
}

/// One thing being rolled out.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    /// The adapter that read it: its id is the `system`. For messages; rules must not branch on it.
    pub adapter: &'static AdapterMeta,
    /// Which object it is.
    pub id: ObjectRef,
    /// What kind of thing.
    pub subject: SubjectKind,
    /// Where its name is written: the anchor of findings that concern the whole.
    pub name_span: Span,
    /// The whole document.
    pub span: Span,
    /// What its own text says of it.
    pub declared: Declared,
    /// The service it belongs to, settled by the engine from declaration and policy.
    pub service: Box<str>,
    /// The environment it goes to, settled by the engine.
    pub environment: Option<Box<str>>,
    /// How the new version replaces the old one, and where that is written.
    pub strategy: Spanned<Strategy>,
    /// What is shipped.
    pub payload: Vec<Payload>,
    /// Where exposure stands or how it grows.
    pub progression: Progression,
    /// Where the requests of a live split go, where its manifest names destinations.
    pub destinations: Vec<Destination>,
    /// Mirrored traffic.
    pub shadow: Option<Shadow>,
    /// When and how it goes back.
    pub rollback: RollbackPlan,
    /// Metrics that are watched, criteria's included.
    pub monitors: Vec<Spanned<Metric>>,
    /// When it starts, where that is written.
    pub schedule: Option<Schedule>,
    /// Its flag, the evaluation before it, whom it serves.
    pub guards: Guards,
    /// Of a flag: what the plans say that name it.
    pub planned: Vec<Planned>,
    /// The longest that its platform holds, where that has a limit.
    pub ceiling: Option<Ceiling>,
    /// Replicas, where the object has any.
    pub replicas: Fact<u64>,
    /// Objects that this one rewrites; what is to be said about them is said here.
    pub owns: Vec<ObjectRef>,
    /// The object that rewrites this one, settled by the engine.
    pub owner: Option<ObjectRef>,
    /// References that lead out of the checked set.
    pub unresolved: Vec<Unresolved>,
    /// Values nobody can know from these files.
    pub undetermined: Vec<Unknown>,
    /// What the adapter saw that a rule reports.
    pub remarks: Vec<Remark>,
    /// A patch: nothing is "missing" from it.
    pub partial: bool,
    /// A plain workload, shipped by no progressive rollout of its own (`ungated-workload` is about these).
    pub plain_workload: bool,
    /// The kinds of change that git shows, where nothing declares one.
    pub recognised: Vec<Sign>,
    /// No rollout at all: a change of a prompt or a model that git shows and no rollout carries. Only rules that ask for
    /// what a plan holds judge it.
    pub unplanned: bool,
    /// A whole run is switched off in the file (`suspend`, `disabled`, `paused`): why, and where.
    pub bypass: Option<Spanned<Box<str>>>,
}

impl Rollout {
    /// The stages of the plan, or the candidates of the live split.
    pub fn stages(&self) -> &[Stage] {
        self.progression.stages()
    }

    /// What it ships, in an order that does not depend on where it is written.
    pub fn contents(&self) -> Vec<(&str, &str)> {
        Payload::contents(&self.payload)
    }

    /// What the change is: the kind that is declared, else those that git shows, each once and the gravest first.
    pub fn kinds(&self) -> Vec<ChangeKind> {
        if let Some(declared) = self.declared.change {
            return vec![declared];
        }
        let mut seen: Vec<ChangeKind> = self.recognised.iter().map(|sign| sign.kind).collect();
        seen.sort_by_key(|kind| std::cmp::Reverse(kind.gravity()));
        seen.dedup();
        seen
    }

    /// Gives back what its lists do not need.
    pub fn shrink(&mut self) {
        self.payload.shrink_to_fit();
        self.monitors.shrink_to_fit();
        self.destinations.shrink_to_fit();
        self.owns.shrink_to_fit();
        self.remarks.shrink_to_fit();
        self.rollback.criteria.shrink_to_fit();
        match &mut self.progression {
            Progression::Declared(stages) | Progression::Live(stages) => stages.shrink_to_fit(),
        }
    }

    /// The first stage that somebody, but not everybody, meets (clarifications 8).
    pub fn first_limited(&self) -> Option<(usize, &Stage)> {
        self.stages().iter().enumerate().find(|(_, s)| s.share().is_some_and(super::Share::is_limited))
    }

    /// Is some exposure of the stages out of these files' reach?
    pub fn exposure_is_dynamic(&self) -> bool {
        self.stages().iter().any(|s| s.exposure.is_dynamic())
    }

    /// The first reference out of the checked set behind which criteria may stand.
    pub fn hidden_criteria(&self) -> Option<&Unresolved> {
        self.unresolved.iter().find(|u| u.may_hold_criteria())
    }

    /// Is it judged at all? What another object rewrites is judged through its owner.
    pub const fn is_judged(&self) -> bool {
        self.owner.is_none()
    }

    /// Is it a whole rollout of its own: no plain workload, no patch, nothing that another object rewrites?
    /// What is [`Self::unplanned`] counts as one: only rules that ask of it see it.
    pub const fn stands_alone(&self) -> bool {
        self.is_judged() && !self.plain_workload && !self.partial
    }
}
