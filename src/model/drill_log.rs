//! What git says of rollback drills.

use crate::clock::Moment;

/// What git says of a drill on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// At least one piece of evidence is what the record says.
    Confirmed,
    /// It is not so: why, ending a sentence that begins "the drill …".
    Refuted(String),
    /// This clone cannot tell: a word for tools, and why, ending the same sentence.
    Unknown(&'static str, String),
}

/// How a drill that is on no record is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrillSource {
    /// An annotated tag.
    Tag,
    /// A trailer in a commit.
    Trailer,
    /// A commit that took the service back for real.
    Revert,
}

impl DrillSource {
    /// Its one name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Trailer => "trailer",
            Self::Revert => "revert",
        }
    }
}

/// A drill that git knows of, on record or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundDrill {
    /// The service that was rolled back.
    pub service: String,
    /// When.
    pub performed: Moment,
    /// How it is known.
    pub source: DrillSource,
    /// The tag's name or the commit's id.
    pub name: String,
}

/// How much of history was looked at for drills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    /// As far back as it takes.
    Everywhere,
    /// Not as far: the clone is shallow, or a limit was reached.
    Truncated,
    /// Nothing is committed yet.
    Nowhere,
}

/// What git says of drills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrillLog {
    /// Of each drill on record, in their order.
    pub proofs: Vec<Proof>,
    /// Drills that git knows of.
    pub found: Vec<FoundDrill>,
    /// How much of history was looked at.
    pub looked: Looked,
    /// May this clone have been made without the tags of the repository?
    pub tags_may_be_missing: bool,
}

impl DrillLog {
    /// Nothing was asked.
    pub const NOTHING: Self =
        Self { proofs: Vec::new(), found: Vec::new(), looked: Looked::Everywhere, tags_may_be_missing: false };
}
