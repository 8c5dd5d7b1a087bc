//! `rollgate inspect`.

use super::args::{Format, Inspect};
use super::surroundings::Surroundings;
use super::{Outcome, check, print, say, setup};
use crate::engine;
use crate::model::ProblemKind;
use crate::render::{self, Model, visible};

pub(super) fn run(args: &Inspect, around: &Surroundings) -> Outcome {
    let roots = check::roots(&args.paths, around, false);
    let policy = setup::policy(&args.policy, &roots, around)?;
    let set = check::working_set(&args.paths, args.stdin_filename.as_deref(), &roots, around)?;
    let inspected = engine::inspect(&set, &policy);
    let linked = &inspected.linked;
    let model = Model {
        rollouts: &linked.rollouts,
        criteria: &linked.criteria,
        prompts: &linked.prompts,
        skipped: &inspected.coverage.skipped,
    };
    print(&match args.output.format {
        Format::Json => render::inspect_json(&model, &inspected.sources),
        Format::Auto | Format::Human | Format::Short => render::inspect(&model, &inspected.sources),
    })?;
    for problem in &linked.problems {
        let (at, _) = inspected.sources.positions(problem.span);
        let path = visible(inspected.sources.path(problem.span.file));
        say(&format!("{path}:{}:{}: {}; {}\n", at.line, at.column, visible(&problem.message), visible(&problem.help)));
    }
    for failure in &inspected.failures {
        let path = failure.path.as_deref().unwrap_or_default();
        say(&format!("{}: {}; {}\n", visible(path), visible(&failure.message), failure.help));
    }
    let unreadable = linked.problems.iter().any(|p| p.kind == ProblemKind::Unreadable);
    Ok(if unreadable || !inspected.failures.is_empty() { 2 } else { 0 })
}
