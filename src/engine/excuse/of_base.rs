//! What the base branch keeps on record: its waivers, its baseline and whether the change lets that grow.

use std::sync::Arc;

use super::waive::{BASELINE, WAIVERS, without_waivers};
use crate::adapters::Audience;
use crate::collect::{File, Origin};
use crate::engine::compare::Desk;
use crate::engine::gate::ChangeInput;
use crate::engine::load;
use crate::finding::{Baseline, Failure};
use crate::history::{HistoryError, Mode, Snapshot, Step};
use crate::model::Waiver;
use crate::rules::Weakened;

/// The waivers of the base.
#[derive(Default)]
pub(in crate::engine) struct BaseWaivers {
    pub(in crate::engine) all: Vec<Waiver>,
    /// What is wrong with the file, as sentences. What is wrong waives nothing.
    pub(in crate::engine) problems: Vec<String>,
}

/// The waivers of the state that is trusted.
pub(in crate::engine) fn waivers_of_base(
    input: &ChangeInput<'_>,
    desk: &mut Desk<'_>,
) -> Result<BaseWaivers, HistoryError> {
    let Some(text) = file(desk, &input.trusted, WAIVERS)? else { return Ok(BaseWaivers::default()) };
    let origin = Origin::Memory(text);
    // No finding stands in it, so its number is nobody's.
    let loaded = load(desk.files.len(), &[File { path: Arc::from(WAIVERS), origin }], &desk.limits, Audience::Change);
    let mut out = BaseWaivers::default();
    for one in loaded {
        out.problems.extend(without_waivers(WAIVERS, &one).map(|what| format!("the base's {what}")));
        let unread = one.failure.iter().map(String::as_str).chain(one.lowered.problems.iter().map(|p| &*p.message));
        out.problems.extend(unread.map(|what| format!("`{WAIVERS}` of the base: {what}; it waives nothing there")));
        out.all.extend(one.lowered.waivers);
    }
    Ok(out)
}

/// What `step` puts into the baseline, as one weakening at the first new entry.
pub(in crate::engine) fn grown(desk: &mut Desk<'_>, step: &Step) -> Result<Option<Weakened>, HistoryError> {
    if !step.files.iter().any(|change| *change.path == *BASELINE.as_bytes()) {
        return Ok(None);
    }
    let (Some(after), before) = (file(desk, &step.new, BASELINE)?, file(desk, &step.old, BASELINE)?) else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&after).into_owned();
    let new = match Baseline::read(&text) {
        Ok(new) => new,
        Err(message) => {
            let help = "write it again: `rollgate baseline write`".to_owned();
            desk.failures.push(Failure { path: Some(BASELINE.to_owned()), message, help });
            return Ok(None);
        }
    };
    // One that could not be read hid nothing.
    let old = before.and_then(|bytes| Baseline::read(&String::from_utf8_lossy(&bytes)).ok());
    let more = new.beyond(&old.unwrap_or_else(|| Baseline::of(std::iter::empty())));
    let Some(first) = more.first() else { return Ok(None) };
    let at = text.find(&*first.fingerprint).unwrap_or(0);
    let mut span = desk.show(BASELINE, after.to_vec());
    span.start = u32::try_from(at).unwrap_or(0);
    span.end = span.start + u32::try_from(first.fingerprint.len()).unwrap_or(0);
    let count = more.len();
    let example = format!("{} in {}", first.rule, first.file);
    let what = match count {
        1 => format!("the baseline grows by a finding: {example}"),
        _ => format!("the baseline grows by {count} findings: {example}, and {} more", count - 1),
    };
    let help = "mend what is new, or say in the review why it may stay; this change is judged by the old baseline";
    Ok(Some(Weakened { span, what, about: "baseline".to_owned(), help: help.to_owned() }))
}

/// The bytes of a file of `snapshot`, whose id is proved. A link is not followed.
fn file(desk: &Desk<'_>, snapshot: &Snapshot, path: &str) -> Result<Option<Arc<[u8]>>, HistoryError> {
    let found = snapshot.find(desk.git, path.as_bytes())?;
    let Some(blob) = found.filter(|blob| blob.mode == Mode::File) else { return Ok(None) };
    desk.git.verify(&blob.id)?;
    Ok(Some(desk.read(path, &blob)?.into()))
}
