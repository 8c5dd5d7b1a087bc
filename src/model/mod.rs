//! The normalized rollout: what every manifest, whatever system it was written for, is lowered to.
//!
//! Rules read these types and nothing else. A *declared* progression is a plan that one file holds whole; a *live* one
//! says only where exposure stands now, and its progression is the file's history in git.

mod blank;
mod change;
mod criterion;
mod destination;
mod drill_log;
mod exposure;
mod fact;
mod guards;
mod hold;
mod identity;
mod likeness;
mod matching;
pub mod metric;
mod moves;
mod planned;
mod problem;
mod prompt_file;
mod record;
mod rollback;
mod rollout;
mod shadow;
mod stack;
pub mod units;

pub use change::{Change, CriteriaAtStart, Past, PastEnd, PastVersion, Rollback, Since};
pub use criterion::{Action, Bound, Comparison, Criterion, CriterionClass, Evaluated, StageRange};
pub use destination::{Backing, Destination, RouterRule};
pub use drill_log::{DrillLog, DrillSource, FoundDrill, Looked, Proof};
pub use exposure::{Audience, Basis, Exposure, Share};
pub use fact::Fact;
pub use guards::{FlagUse, Guards, OfflineEval};
pub use hold::{Ceiling, Hold};
pub use identity::{ChangeKind, Declared, Labels, ObjectRef, Risk, Sign, SubjectKind};
pub use matching::{KnownService, Match, Names};
pub use metric::{Metric, MetricKind};
pub use moves::{Move, Unclear, settle_candidates};
pub use planned::{Planned, exceeds};
pub use problem::{Instead, Problem, ProblemKind};
pub use prompt_file::PromptFile;
pub use record::{CriteriaDocument, Drill, DrillOutcome, Evidence, Waiver, WaiverTarget};
pub use rollback::{Method, RollbackPlan};
pub use rollout::{
    Gate, GateKind, Payload, Progression, Remark, RemarkKind, Rollout, Schedule, Stage, Strategy, Unknown, Unresolved,
};
pub use shadow::{Comparer, Shadow};
