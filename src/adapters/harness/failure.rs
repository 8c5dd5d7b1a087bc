//! Failure strategies: what happens when a step fails.

use super::{is_expression, items, present, text};
use crate::syntax::Node;
use crate::text::Span;

/// What a strategy does in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// The rollback steps run.
    Rollback,
    /// The stage stops; somebody is asked, or has to act.
    Stop,
    /// It goes on.
    Ignore,
    /// Only a run can tell.
    Unknown,
}

/// What the strategies say of a verification that failed, and where. `lists` are innermost first.
pub(super) fn of_verification<'d>(mut lists: impl Iterator<Item = Node<'d>>) -> Option<(Then, Span)> {
    lists.find_map(in_list)
}

fn in_list(list: Node<'_>) -> Option<(Then, Span)> {
    if list.text().is_some_and(is_expression) {
        return Some((Then::Unknown, list.span()));
    }
    let has = |entry: &Node<'_>, error: &str| {
        entry.get("onFailure").is_some_and(|f| items(f, "errors").any(|e| e.text() == Some(error)))
    };
    // The error's own strategy comes before the one for all errors.
    let found = ["Verification", "AllErrors"].iter().find_map(|error| list.items().find(|e| has(e, error)))?;
    let action = found.path(&["onFailure", "action"])?;
    Some((then(action), present(action, "type").unwrap_or(action).span()))
}

fn then(action: Node<'_>) -> Then {
    let after = |keys: &[&str]| action.path(keys).map_or(Then::Stop, then);
    match text(action, "type") {
        "StageRollback" | "PipelineRollback" | "StepGroupRollback" => Then::Rollback,
        "ManualIntervention" | "Abort" | "MarkAsFailure" | "Fail" => Then::Stop,
        "Ignore" | "MarkAsSuccess" | "ProceedWithDefaultValues" => Then::Ignore,
        "Retry" | "RetryStepGroup" => after(&["spec", "onRetryFailure", "action"]),
        _ => Then::Unknown,
    }
}
