//! What is shipped without a manifest of its own: prompts and models that a service or a plan names, and what carries them.

use std::sync::Arc;

use super::compare::{Compared, Desk};
use super::past::horizon;
use super::reading::OWN_GROUP;
use crate::catalog::Level;
use crate::collect::shown;
use crate::history::{FileChange, Git, HistoryError, Mode, ObjectId, Snapshot, Step};
use crate::model::{Change, Payload, Rollout};
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

/// Whoever ships a file by its name.
struct Shipper {
    /// Its service.
    service: Box<str>,
    /// In words.
    name: String,
    /// Where that is said.
    said: Span,
}

/// The changed files that are shipped without a manifest of their own, and whether a rollout of the same change carries
/// each (clarifications 34). `plans_before` are the plans of base that the change touches.
pub(super) fn changes(
    desk: &mut Desk<'_>,
    step: &Step,
    compared: &Compared,
    plans_before: &[Rollout],
) -> Result<Vec<GovernedChange>, HistoryError> {
    let mut found: Vec<GovernedChange> = Vec::new();
    for change in &step.files {
        let path = shown(&change.path);
        let mut names = vec![path.clone()];
        names.extend(change.old_path.as_ref().map(|p| shown(p)));
        names.retain(|name| desk.policy.choice.takes(name));
        let Some(by) = names.iter().find_map(|name| shipper(desk, name, plans_before)) else { continue };
        let carriers = carriers(desk, &by, &names, compared);
        let returns = carriers.is_empty() && returns(desk, step, change)?;
        let blob = change.new.or(change.old).filter(|b| b.mode != Mode::Submodule);
        let bytes = blob.map(|b| desk.read(&path, &b)).transpose()?.unwrap_or_default();
        let span = desk.show(&path, bytes);
        let Shipper { name: shipped_by, said, .. } = by;
        found.push(GovernedChange { path: path.into(), span, shipped_by, said, carriers, returns, signs: Vec::new() });
    }
    Ok(found)
}

/// Who ships the file at `path`, where that is said: the policy, a plan as it is, a plan as it was.
fn shipper(desk: &Desk<'_>, path: &str, plans_before: &[Rollout]) -> Option<Shipper> {
    let of_policy = desk.policy.services.iter().find(|s| s.paths.matches(path) && !s.rollouts.matches(path));
    if let Some(service) = of_policy {
        let name = &service.name;
        let words = format!("service `{}`", name.value);
        return Some(Shipper { service: name.value.clone(), name: words, said: name.span });
    }
    let names = |r: &&Rollout| r.payload.iter().any(|p| is_file(r, p) && normal(&p.value) == path);
    let plan = desk.standing().find(names).or_else(|| plans_before.iter().find(names))?;
    Some(Shipper { service: plan.service.clone(), name: format!("the plan `{}`", plan.id.name), said: plan.name_span })
}

/// The rollouts of the change that carry what lies at one of `paths`, by their numbers. A plan that is added or edited carries the files that it
/// names and, where it names none, whatever its service ships; any other rollout of the service does when its payload
/// changes.
fn carriers(desk: &Desk<'_>, by: &Shipper, paths: &[String], compared: &Compared) -> Vec<usize> {
    let service = desk.policy.services.iter().find(|s| s.name.value == by.service);
    let belongs = |r: &Rollout| r.service == by.service || service.is_some_and(|s| s.rollouts.matches(desk.path(r)));
    // Beside the name of each file stands its content.
    let name = |p: &Payload| p.value.rsplit_once('@').map_or("", |(name, _)| name).to_owned();
    let carries = |r: &Rollout, c: &Change| match (r.adapter.id == OWN_GROUP, names_files(r)) {
        (true, true) => c.edited && r.payload.iter().any(|p| is_file(r, p) && paths.contains(&name(p))),
        (true, false) => c.edited && belongs(r),
        (false, _) => belongs(r) && (c.before.is_none() || c.payload_changed),
    };
    let all = compared.rollouts.iter().zip(&compared.changes).enumerate();
    all.filter(|(_, (r, c))| carries(r, c)).map(|(number, _)| number).collect()
}

/// Does the file become what it was right below what it is, on the stack of what it has been?
pub(super) fn returns(desk: &Desk<'_>, step: &Step, change: &FileChange) -> Result<bool, HistoryError> {
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
