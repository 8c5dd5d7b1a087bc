//! What is shipped without a manifest of its own: prompts and models that a service or a plan names, and what carries them.

use std::sync::Arc;

use super::compare::{Compared, Desk};
use super::load::OWN_GROUP;
use super::past::horizon;
use crate::catalog::Level;
use crate::collect::shown;
use crate::history::{FileChange, Git, HistoryError, ObjectId, Snapshot, Step};
use crate::model::{Payload, Rollout};
use crate::policy::{Policy, Selector};
use crate::rules::GovernedChange;
use crate::text::Span;

/// Does the policy ask at all?
pub(super) fn is_asked(policy: &Policy) -> bool {
    policy.settings(&Selector::default()).get("ungated-change").is_some_and(|s| s.level != Level::Off)
}

/// Is it a file that one of our own plans names as payload?
fn is_file(rollout: &Rollout, payload: &Payload) -> bool {
    rollout.adapter.id == OWN_GROUP && payload.path.ends_with("/file")
}

/// Does it ship files by their names?
pub(super) fn names_files(rollout: &Rollout) -> bool {
    rollout.payload.iter().any(|p| is_file(rollout, p))
}

/// Puts the content that a named file has in `snapshot` beside its name: that is what is shipped.
pub(super) fn digest(git: &Git, snapshot: &Snapshot, rollout: &mut Rollout) -> Result<(), HistoryError> {
    if !names_files(rollout) {
        return Ok(());
    }
    for index in 0..rollout.payload.len() {
        if is_file(rollout, &rollout.payload[index]) {
            let name = normal(&rollout.payload[index].value).to_owned();
            let content = snapshot.find(git, name.as_bytes())?.map_or_else(String::new, |b| b.id.to_string());
            rollout.payload[index].value = format!("{name}@{content}").into();
        }
    }
    Ok(())
}

fn normal(path: &str) -> &str {
    path.trim_start_matches("./")
}

/// The changed files that are shipped without a manifest of their own, and whether a rollout of the same change carries
/// each (clarifications 34).
pub(super) fn changes(
    desk: &mut Desk<'_>,
    step: &Step,
    compared: &Compared,
) -> Result<Vec<GovernedChange>, HistoryError> {
    let mut found = Vec::new();
    for change in &step.files {
        let path = shown(&change.path);
        if !desk.policy.choice.takes(&path) {
            continue;
        }
        let Some((shipped_by, said, covered)) = shipper(desk, &path, compared) else { continue };
        let returns = !covered && returns(desk, step, change)?;
        let blob = change.new.or(change.old);
        let bytes = blob.map(|b| desk.read(&path, &b)).transpose()?.unwrap_or_default();
        let span = desk.show(&path, bytes);
        found.push(GovernedChange { path: path.into(), span, shipped_by, said, covered, returns });
    }
    Ok(found)
}

/// Who ships the file at `path`, where that is said, and whether a rollout of the change carries it.
fn shipper(desk: &Desk<'_>, path: &str, compared: &Compared) -> Option<(String, Span, bool)> {
    let services = &desk.policy.services;
    if let Some(service) = services.iter().find(|s| s.paths.matches(path) && !s.rollouts.matches(path)) {
        let belongs = |r: &Rollout| r.service == service.name.value || service.rollouts.matches(desk.path(r));
        let covered = compared.rollouts.iter().zip(&compared.changes).any(|(r, c)| {
            let carries = if r.adapter.id == OWN_GROUP { c.edited } else { c.before.is_none() || c.payload_changed };
            belongs(r) && carries
        });
        return Some((format!("service `{}`", service.name.value), service.name.span, covered));
    }
    let names = |r: &&Rollout| r.payload.iter().any(|p| is_file(r, p) && normal(&p.value) == path);
    let plan = desk.standing().find(names)?;
    let edited = |(r, c): (&Rollout, &crate::model::Change)| c.edited && r.id == plan.id;
    let covered = compared.rollouts.iter().zip(&compared.changes).any(edited);
    Some((format!("the plan `{}`", plan.id.name), plan.name_span, covered))
}

/// Does the file become what it was right below what it is, on the stack of what it has been?
fn returns(desk: &Desk<'_>, step: &Step, change: &FileChange) -> Result<bool, HistoryError> {
    let (Some(from), Some(new)) = (step.past, change.new) else { return Ok(false) };
    let path = Arc::clone(change.old_path.as_ref().unwrap_or(&change.path));
    let versions = desk.git.versions(from, horizon(desk.policy, step.at), &[path])?;
    let list = versions.into_iter().next().map(|v| v.list).unwrap_or_default();
    let mut stack: Vec<ObjectId> = Vec::new();
    for id in list.iter().rev().filter_map(|v| Some(v.blob?.id)) {
        match &*stack {
            [.., below, _] if *below == id => _ = stack.pop(),
            [.., top] if *top == id => {}
            _ => stack.push(id),
        }
    }
    Ok(matches!(&*stack, [.., below, _] if *below == new.id))
}
