//! Steps of a pipeline that run an evaluation, and whether their failure stops anything.

use super::context::At;
use super::diff::Edit;
use super::gates;
use super::kind::{Bar, Confidence, Recognised};
use super::tree::Value;
use Bar::{Loosened, Moved, Tightened};
use Confidence::{High, Medium};

/// Words of a command line that run an evaluation. `eval` alone is a word of the shell.
const RUNS: &[&str] = &[
    "promptfoo",
    "deepeval",
    "oaieval",
    "braintrust eval",
    "inspect eval",
    "run_eval",
    "run-eval",
    "evals/",
    "run eval",
];

/// What lets a failed command pass.
const EXCUSES: &[&str] = &["|| true", "|| exit 0", "|| :", "||true"];

/// What `edit` says of an evaluation in a pipeline.
pub(super) fn judge(edit: &Edit<'_>, at: &At) -> Vec<Recognised> {
    let last = edit.trail.iter().rev().find(|part| !part.starts_with('[')).map_or("", |part| &**part);
    let found = match last {
        "continue-on-error" | "allow_failure" => ignored(edit, at, last),
        "run" | "script" | "command" => commands(edit, at),
        "steps" => steps(edit, at),
        "fail-on-threshold" | "repeat-min-pass" if edit.outer.is_some_and(runs) => bar(edit, at, last),
        "PROMPTFOO_PASS_RATE_THRESHOLD" | "PROMPTFOO_FAILED_TEST_EXIT_CODE" => gates::threshold(edit, at, last),
        _ => None,
    };
    found.into_iter().collect()
}

/// Does a text run an evaluation?
fn is_run(text: &str) -> bool {
    RUNS.iter().any(|word| text.contains(word))
}

/// All words of a command, in one text.
fn command(value: &Value) -> Option<String> {
    value.text().map(str::to_owned).or_else(|| value.words().map(|words| words.join("\n")))
}

/// Does a step, or a step of a job, run an evaluation?
fn runs(map: &Value) -> bool {
    let own = ["run", "script", "command"].iter().filter_map(|key| command(map.get(key)?)).any(|text| is_run(&text));
    let action = map.word("uses").is_some_and(|name| name.starts_with("promptfoo/promptfoo-action"));
    own || action || map.get("steps").is_some_and(|steps| steps.items().iter().any(runs))
}

/// A failure is ignored from now on, or no longer.
fn ignored(edit: &Edit<'_>, at: &At, name: &str) -> Option<Recognised> {
    let is_on = |value: Option<&Value>| value.and_then(Value::text) == Some("true");
    let (before, after) = (is_on(edit.before), is_on(edit.after));
    if before == after || !runs(edit.home) {
        return None;
    }
    Some(if after {
        at.bar(Loosened, High, format!("`{name}: true` lets the pipeline go on when the evaluation fails"))
    } else {
        at.bar(Tightened, High, format!("`{name}` no longer lets a failed evaluation pass"))
    })
}

/// The command of an evaluation changes.
fn commands(edit: &Edit<'_>, at: &At) -> Option<Recognised> {
    let (before, after) = (command(edit.before?)?, command(edit.after?)?);
    let excused =
        |text: &str| text.lines().any(|line| is_run(line) && EXCUSES.iter().any(|excuse| line.contains(excuse)));
    match (is_run(&before), is_run(&after), excused(&before), excused(&after)) {
        (_, true, false, true) => Some(at.bar(Loosened, High, "`|| true` lets a failed evaluation pass".to_owned())),
        (true, true, true, false) => Some(at.bar(Tightened, High, "a failed evaluation no longer passes".to_owned())),
        (true, false, ..) => Some(at.bar(Loosened, Medium, "this step no longer runs the evaluation".to_owned())),
        (false, true, ..) => Some(at.bar(Tightened, Medium, "this step runs the evaluation now".to_owned())),
        (true, true, ..) | (false, false, ..) => None,
    }
}

/// A step comes or goes.
fn steps(edit: &Edit<'_>, at: &At) -> Option<Recognised> {
    match (edit.before, edit.after) {
        (Some(step), None) if runs(step) && !beside(step, edit.home) => {
            Some(at.bar(Loosened, Medium, "the step that runs the evaluation is gone".to_owned()))
        }
        (None, Some(step)) if runs(step) && !beside(step, edit.old_home) => {
            Some(at.bar(Tightened, Medium, "a step runs the evaluation now".to_owned()))
        }
        _ => None,
    }
}

/// Does another step of the job run it, too?
fn beside(step: &Value, job: &Value) -> bool {
    job.get("steps").is_some_and(|steps| steps.items().iter().any(|other| runs(other) && !std::ptr::eq(other, step)))
}

/// An input of the action: a share of passes, a number of them.
fn bar(edit: &Edit<'_>, at: &At, name: &str) -> Option<Recognised> {
    let found = gates::threshold(edit, at, name)?;
    // No bar of its own means that every test decides.
    let bar = match (edit.before, edit.after) {
        (None, _) | (_, None) => Moved,
        (Some(_), Some(_)) => return Some(found),
    };
    Some(Recognised { bar: Some(bar), ..found })
}
