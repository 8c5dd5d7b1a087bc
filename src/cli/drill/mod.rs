//! `rollgate drill`: rollback drills written down, listed, and held against git.

mod record;
mod state;

use super::args::DrillCommand;
use super::surroundings::Surroundings;
use super::{Outcome, check, gate, setup};
use crate::clock::Moment;
use crate::engine::{self, Input};
use crate::history::Git;
use crate::policy::Policy;
use crate::rules::Facts;
use crate::text::Sources;

/// `rollgate drill`.
pub(super) fn run(command: &DrillCommand, around: &Surroundings) -> Outcome {
    match command {
        DrillCommand::Record(args) => record::run(args, around),
        DrillCommand::List(args) => state::list(args, around),
        DrillCommand::Verify(args) => state::verify(args, around),
    }
}

/// Everything that the repository around the working directory and its history say.
struct Survey {
    policy: Policy,
    git: Option<Git>,
    facts: Facts,
    sources: Sources,
}

fn survey(at: Moment, around: &Surroundings) -> Result<Survey, Vec<super::failure::Failure>> {
    let roots = check::roots(&[], around, false);
    let policy = setup::policy(&super::args::PolicyChoice::default(), &roots, around)?;
    let set = check::whole_set(&roots, around, &policy)?;
    let git = if roots.is_repository { gate::found(&roots.root)? } else { None };
    let input = Input {
        set,
        policy: &policy,
        choice: engine::Choice::default(),
        now: around.now,
        at: Some(at),
        git: git.as_ref(),
        fail_on: None,
        baseline: None,
        allow_empty: true,
        fixes: false,
    };
    let (facts, sources, failures) = engine::survey(&input);
    let failed = |f: crate::finding::Failure| super::failure::Failure::in_file(f.path.as_deref(), &f.message, &f.help);
    if !failures.is_empty() {
        return Err(failures.into_iter().map(failed).collect());
    }
    Ok(Survey { policy, git, facts, sources })
}
