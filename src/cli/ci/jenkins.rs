//! Jenkins.

use super::look::Look;
use super::{BaseChoice, Chosen, Rev};
use crate::cli::failure::Failure;
use crate::history::Needed;

/// Decides by whether a multibranch job builds a change.
pub(super) fn choose(look: &Look<'_>) -> Result<Chosen, Failure> {
    if look.env.get("CHANGE_ID").is_none() {
        let help = "on a branch, name the commit to compare with: `--base REV`, or the variable ROLLGATE_BASE (for \
                    instance GIT_PREVIOUS_SUCCESSFUL_COMMIT, which leaves out what failed builds brought)";
        return Err(look.fail("CHANGE_ID is not set, so no change is built", help));
    }
    let target = look.target_of("CHANGE_TARGET")?;
    let tip = look.tip(&target)?;
    let head = match look.env.get("GIT_COMMIT") {
        Some(text) => look.commit("GIT_COMMIT", text, Needed::Trees)?,
        None => look.head()?,
    };
    let parents = look.parents(head.id)?;
    if parents.len() == 2 {
        // Which parent is the target depends on the job's strategy: the one that the target has is.
        let mut of_target = Vec::new();
        for (at, &id) in parents.iter().enumerate() {
            if look.git.has(id) && look.is_ancestor(id, tip.id)? {
                of_target.push(Rev { id, name: format!("{}^{}", head.name, at + 1) });
            }
        }
        if let [one] = of_target.as_slice() {
            return look.chosen("change", head, BaseChoice::Exact(one.clone()), &target, None);
        }
    }
    look.beside("change", head, &target)
}
