//! Where the base comes from in CI: variables and a few questions to git in, a decision and one sentence for people out.
//!
//! Variables are hints. A job file inside the change can set them, so a base is held against the target branch wherever
//! this clone has that branch, and nothing is ever guessed.

mod azure;
mod bitbucket;
mod buildkite;
mod env;
mod github;
mod gitlab;
mod hints;
mod jenkins;
mod look;
mod provider;
#[cfg(test)]
mod tests;

pub(super) use env::CiEnv;
pub(super) use hints::{deepen_hint, history_failure, tags_hint};
pub(super) use provider::{Provider, provider};

use std::fmt;

use super::failure::Failure;
use crate::history::{HistoryError, ObjectId};
use look::{Look, branch_name, shown};

/// What to do where nothing names the base.
const NAME_IT: &str = "name the commit to compare with: `--base REV`, or the variable ROLLGATE_BASE";

/// The questions that the decision asks of git.
pub(super) trait Ancestry {
    /// The commit that `rev` leads to; `None` where there is none of that name, or more than one.
    fn resolve(&self, rev: &str) -> Result<Option<ObjectId>, HistoryError>;
    /// The parents of a commit as its own bytes name them, whether or not this clone has them.
    fn parents(&self, id: ObjectId) -> Result<Vec<ObjectId>, HistoryError>;
    /// Is `old` the commit `new`, or an ancestor of it? An error where this clone ends before that is known.
    fn is_ancestor(&self, old: ObjectId, new: ObjectId) -> Result<bool, HistoryError>;
    /// Does this clone have that commit?
    fn has(&self, id: ObjectId) -> bool;
}

/// A commit and what people call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rev {
    /// The commit.
    pub(super) id: ObjectId,
    /// `HEAD^1`, `origin/main`, the variable that named it.
    pub(super) name: String,
}

impl fmt::Display for Rev {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.id.short())
    }
}

/// What the head is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BaseChoice {
    /// The merge base of this commit and the head.
    MergeBaseWith(Rev),
    /// This commit: no merge base is looked for.
    Exact(Rev),
}

impl BaseChoice {
    /// The commit that was named.
    pub(super) const fn rev(&self) -> &Rev {
        match self {
            Self::MergeBaseWith(rev) | Self::Exact(rev) => rev,
        }
    }
}

/// What is compared with what, by whose rules, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    /// Whose variables decided.
    pub(super) provider: &'static str,
    /// What the head is compared with.
    pub(super) base: BaseChoice,
    /// What is judged.
    pub(super) head: Rev,
    /// The commit whose tree holds the policy.
    pub(super) trusted: Rev,
    /// One sentence for people.
    pub(super) how: String,
}

/// Decides from the variables what is compared with what.
///
/// # Errors
/// When nothing names a base, when two providers do, and when this clone can't confirm what they say.
pub(super) fn detect(env: &CiEnv, git: &dyn Ancestry) -> Result<Chosen, Failure> {
    let named = by_provider(env, git);
    let chosen = match env.get("ROLLGATE_BASE") {
        None => named?,
        Some(word) => own_word(word, env, git, named)?,
    };
    something_differs(&chosen, git)?;
    Ok(chosen)
}

fn by_provider(env: &CiEnv, git: &dyn Ancestry) -> Result<Chosen, Failure> {
    match provider::markers(env).as_slice() {
        [] => Err(Failure::new("no CI provider was recognised, so nothing names what to compare with", NAME_IT)),
        [one] => {
            let look = Look { env, git, provider: *one };
            match one {
                Provider::GitHub => github::choose(&look),
                Provider::GitLab => gitlab::choose(&look),
                Provider::Bitbucket => bitbucket::choose(&look),
                Provider::Azure => azure::choose(&look),
                Provider::Jenkins => jenkins::choose(&look),
                Provider::Buildkite => buildkite::choose(&look),
                Provider::CircleCi => Err(look.names_no_change("no variable of this service names the target branch")),
            }
        }
        several => {
            let names: Vec<&str> = several.iter().map(|p| p.name()).collect();
            let message = format!("variables of {} are set at once, so it is open whose count", names.join(" and "));
            Err(Failure::new(message, NAME_IT))
        }
    }
}

/// `ROLLGATE_BASE` is the user's own word: it beats what the provider says, and what it beat is told.
fn own_word(word: &str, env: &CiEnv, git: &dyn Ancestry, named: Result<Chosen, Failure>) -> Result<Chosen, Failure> {
    let failed = |error: &HistoryError| history_failure(error, provider(env));
    let base = resolve_word(word, git).map_err(|e| failed(&e))?.ok_or_else(|| {
        let message = format!("ROLLGATE_BASE names `{}`, which is no commit of this clone", shown(word));
        Failure::new(message, "fetch it before the check, or name a commit, a tag or a branch of `origin`")
    })?;
    let (head, instead) = if let Ok(chosen) = named {
        (chosen.head, format!("; without it: {}", chosen.how))
    } else {
        let id = git.resolve("HEAD").map_err(|e| failed(&e))?.ok_or_else(|| failed(&HistoryError::Unborn))?;
        (Rev { id, name: "HEAD".to_owned() }, String::new())
    };
    let how = format!("ROLLGATE_BASE names {base}, and {head} is compared with their merge base{instead}");
    let provider = provider(env).map_or("ROLLGATE_BASE", Provider::name);
    Ok(Chosen { provider, base: BaseChoice::MergeBaseWith(base.clone()), head, trusted: base, how })
}

/// A branch of `origin` first: a local branch of that name is what the checkout left, often nothing or old.
fn resolve_word(word: &str, git: &dyn Ancestry) -> Result<Option<Rev>, HistoryError> {
    let odd = |c: char| c.is_control() || c.is_whitespace();
    if word.starts_with('-') || word.contains(odd) || word.len() > 1000 {
        return Ok(None);
    }
    if let Some(id) = ObjectId::from_hex(word) {
        return Ok((!id.is_zero() && git.has(id)).then(|| Rev { id, name: "that commit".to_owned() }));
    }
    if let Some(branch) = branch_name(word)
        && let Some(id) = git.resolve(&format!("refs/remotes/origin/{branch}"))?
    {
        return Ok(Some(Rev { id, name: format!("origin/{branch}") }));
    }
    Ok(git.resolve(word)?.map(|id| Rev { id, name: word.to_owned() }))
}

/// An empty comparison is green for the wrong reason: the wrong commit was checked out, or it is merged already.
fn something_differs(chosen: &Chosen, git: &dyn Ancestry) -> Result<(), Failure> {
    let base = chosen.base.rev();
    // A clone that ends too early to tell is caught where the merge base is looked for.
    let inside =
        matches!(chosen.base, BaseChoice::MergeBaseWith(_)) && git.is_ancestor(chosen.head.id, base.id) == Ok(true);
    if base.id != chosen.head.id && !inside {
        return Ok(());
    }
    let message =
        format!("{}: {} is part of {base} already, so nothing would be compared", chosen.provider, chosen.head);
    Err(Failure::new(message, "check out the change itself, or name both sides with `--base REV --head REV`"))
}
