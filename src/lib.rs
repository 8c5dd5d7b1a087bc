//! rollgate lints how change may reach users.
//!
//! Words with one meaning here: a *format* is a vendor's manifest language, an *adapter* the code that reads it, a
//! *rollout* the normalized thing it becomes; a *rule* judges rollouts under a *policy* and reports *findings*; a
//! *remark* is what an adapter saw that a rule reports; a *notice* is said beside the findings; a *failure* is ours or
//! the environment's, never a finding. `ARCHITECTURE.md` has the floors and the flow.

// Floor 0
pub mod catalog;
pub mod clock;
pub mod text;
// Floor 1
pub mod finding;
pub mod model;
pub mod syntax;
// Floor 2
pub mod adapters;
pub mod history;
pub mod policy;
pub mod recognition;
// Floor 3
pub mod collect;
pub mod rules;
// Floor 4
pub mod engine;
pub mod render;
// Floor 5
pub mod docgen;
// Floor 6
pub mod cli;
