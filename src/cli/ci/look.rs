//! What every provider's rows are made of: values read, branches found, bases held against the target.

use serde_json::Value;

use super::{Ancestry, BaseChoice, Chosen, CiEnv, NAME_IT, Provider, Rev, deepen_hint, history_failure};
use crate::cli::failure::Failure;
use crate::history::{HistoryError, Needed, ObjectId};

/// A provider's variables, and git to hold them against.
pub(super) struct Look<'a> {
    /// The variables.
    pub(super) env: &'a CiEnv,
    /// The clone.
    pub(super) git: &'a dyn Ancestry,
    /// Whose variables are read.
    pub(super) provider: Provider,
}

/// The branch that a change is meant for.
pub(super) struct Target {
    /// Its name without `refs/heads/`.
    branch: String,
    /// Where `origin` has it, as far as this clone knows.
    tip: Option<ObjectId>,
}

impl Target {
    /// `origin/main` and where it is.
    pub(super) fn tip(&self) -> Option<Rev> {
        Some(Rev { id: self.tip?, name: format!("origin/{}", self.branch) })
    }

    /// What people should know where the branch is not here.
    fn note(&self) -> String {
        match self.tip {
            Some(_) => String::new(),
            None => format!("; origin/{} is not in this clone, so the base was not held against it", self.branch),
        }
    }
}

impl Look<'_> {
    /// A failure in the provider's name.
    pub(super) fn fail(&self, message: &str, help: impl Into<String>) -> Failure {
        Failure::new(format!("{}: {message}", self.provider.name()), help)
    }

    /// Nothing says what to compare with.
    pub(super) fn names_no_change(&self, why: &str) -> Failure {
        self.fail(why, NAME_IT)
    }

    /// Something is not in this clone.
    pub(super) fn absent(&self, what: &str, needed: Needed) -> Failure {
        let message = format!("R1: {}: {what} is not in this clone", self.provider.name());
        Failure::new(message, deepen_hint(Some(self.provider), needed))
    }

    fn failed(&self, error: &HistoryError) -> Failure {
        history_failure(error, Some(self.provider))
    }

    /// A variable that must be set.
    pub(super) fn need(&self, name: &str) -> Result<&str, Failure> {
        self.env.get(name).ok_or_else(|| self.names_no_change(&format!("{name} is not set")))
    }

    /// The event, read once.
    pub(super) fn event(&self) -> Result<Value, Failure> {
        let text = match self.env.event() {
            None => return Err(self.names_no_change("GITHUB_EVENT_PATH is not set")),
            Some(Err(error)) => return Err(self.names_no_change(&format!("the event cannot be read: {error}"))),
            Some(Ok(text)) => text,
        };
        serde_json::from_str(text).map_err(|e| self.names_no_change(&format!("the event is no JSON: {e}")))
    }

    /// A text of the event.
    pub(super) fn of_event<'e>(&self, event: &'e Value, pointer: &str) -> Result<&'e str, Failure> {
        let text = event.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.ok_or_else(|| self.names_no_change(&format!("the event holds no `{}`", pointer[1..].replace('/', "."))))
    }

    /// The commit that `text`, the value of `name`, writes out in full and that this clone has.
    pub(super) fn commit(&self, name: &str, text: &str, needed: Needed) -> Result<Rev, Failure> {
        let rev = self.id(name, text)?;
        if self.git.has(rev.id) { Ok(rev) } else { Err(self.absent(&rev.to_string(), needed)) }
    }

    /// The commit that `text`, the value of `name`, writes out in full.
    pub(super) fn id(&self, name: &str, text: &str) -> Result<Rev, Failure> {
        let id = ObjectId::from_hex(text).filter(|id| !id.is_zero());
        let id =
            id.ok_or_else(|| self.names_no_change(&format!("{name} is `{}`, which is no commit's id", shown(text))))?;
        Ok(Rev { id, name: name.to_owned() })
    }

    /// The one commit whose id begins with `text`, the value of `name`. A branch of that name is not taken for it.
    pub(super) fn abbreviated(&self, name: &str, text: &str) -> Result<Rev, Failure> {
        if ObjectId::from_hex(text).is_some() {
            return self.commit(name, text, Needed::MergeBase);
        }
        let digits = text.len() >= 7 && text.bytes().all(|b| b.is_ascii_hexdigit());
        if !digits {
            return self.id(name, text);
        }
        let found = self.resolve(text)?.filter(|id| id.to_string().starts_with(&text.to_ascii_lowercase()));
        match found {
            Some(id) => Ok(Rev { id, name: name.to_owned() }),
            None => Err(self.absent(&format!("{name} ({text}), as one single commit,"), Needed::MergeBase)),
        }
    }

    pub(super) fn resolve(&self, rev: &str) -> Result<Option<ObjectId>, Failure> {
        self.git.resolve(rev).map_err(|e| self.failed(&e))
    }

    /// What is checked out.
    pub(super) fn head(&self) -> Result<Rev, Failure> {
        let id = self.resolve("HEAD")?.ok_or_else(|| self.failed(&HistoryError::Unborn))?;
        Ok(Rev { id, name: "HEAD".to_owned() })
    }

    pub(super) fn parents(&self, id: ObjectId) -> Result<Vec<ObjectId>, Failure> {
        self.git.parents(id).map_err(|e| self.failed(&e))
    }

    pub(super) fn is_ancestor(&self, old: ObjectId, new: ObjectId) -> Result<bool, Failure> {
        self.git.is_ancestor(old, new).map_err(|e| self.failed(&e))
    }

    /// The first parent of `head`, which must be here.
    pub(super) fn first_parent(&self, head: &Rev, parents: &[ObjectId]) -> Result<Rev, Failure> {
        let Some(&id) = parents.first() else {
            return Err(self.names_no_change(&format!("{head} has no parent, so it is no merge")));
        };
        let rev = Rev { id, name: format!("{}^1", head.name) };
        if self.git.has(id) { Ok(rev) } else { Err(self.absent(&rev.to_string(), Needed::Trees)) }
    }

    /// The target branch that the variable `name` holds.
    pub(super) fn target_of(&self, name: &str) -> Result<Target, Failure> {
        self.target(name, self.need(name)?)
    }

    /// The branch that `text`, the value of `name`, names: `main` or `refs/heads/main`.
    pub(super) fn target(&self, name: &str, text: &str) -> Result<Target, Failure> {
        let Some(branch) = branch_name(text) else {
            return Err(self.names_no_change(&format!("{name} is `{}`, which is no branch's name", shown(text))));
        };
        let tip = self.resolve(&format!("refs/remotes/origin/{branch}"))?;
        Ok(Target { branch: branch.to_owned(), tip })
    }

    /// The branch that `origin` calls its own, where no variable names one.
    pub(super) fn default_of_origin(&self) -> Result<Target, Failure> {
        let tip = self.resolve("refs/remotes/origin/HEAD")?;
        if tip.is_none() {
            return Err(self.names_no_change("no variable names the target branch, and this clone has no origin/HEAD"));
        }
        Ok(Target { branch: "HEAD".to_owned(), tip })
    }

    /// The target's tip, which must be here.
    pub(super) fn tip(&self, target: &Target) -> Result<Rev, Failure> {
        target.tip().ok_or_else(|| {
            let branch = if is_plain(&target.branch) { &target.branch } else { "BRANCH" };
            let failure = self.absent(&format!("origin/{}", target.branch), Needed::MergeBase);
            let fetch = format!("git fetch origin +refs/heads/{branch}:refs/remotes/origin/{branch} before the check");
            Failure { help: Some(format!("{fetch}; {}", self.provider.deepen_hint(Needed::MergeBase))), ..failure }
        })
    }

    /// Where the target's tip is here, `base` must be on its way to it.
    pub(super) fn held(&self, base: &Rev, target: &Target) -> Result<(), Failure> {
        let Some(tip) = target.tip() else { return Ok(()) };
        if base.id == tip.id || self.is_ancestor(base.id, tip.id)? {
            return Ok(());
        }
        Err(self.fail(&format!("{base} is no part of {tip}, so it is not what the change is meant for"), NAME_IT))
    }

    /// In a queue the base may be the entry before, which is not merged yet: then it stands between the tip and the head.
    pub(super) fn held_in_queue(&self, base: &Rev, head: &Rev, target: &Target) -> Result<(), Failure> {
        if let Some(tip) = target.tip()
            && base.id != head.id
            && self.is_ancestor(tip.id, base.id)?
            && self.is_ancestor(base.id, head.id)?
        {
            return Ok(());
        }
        self.held(base, target)
    }

    /// The decision; `known` stands for the target's tip where that is not here.
    pub(super) fn chosen(
        &self,
        what: &str,
        head: Rev,
        base: BaseChoice,
        target: &Target,
        known: Option<Rev>,
    ) -> Result<Chosen, Failure> {
        let trusted = match (target.tip(), known) {
            (Some(tip), _) | (None, Some(tip)) => tip,
            (None, None) => self.tip(target)?,
        };
        let base_text = match &base {
            BaseChoice::MergeBaseWith(rev) => format!("{head} is compared with its merge base with {rev}"),
            BaseChoice::Exact(rev) => format!("{head} is compared with {rev}"),
        };
        let provider = self.provider.name();
        let how = format!("{provider} {what}: {base_text}; the policy is that of {trusted}{}", target.note());
        Ok(Chosen { provider, base, head, trusted, how })
    }

    /// The change is what `head` has beside the target's tip.
    pub(super) fn beside(&self, what: &str, head: Rev, target: &Target) -> Result<Chosen, Failure> {
        let tip = self.tip(target)?;
        self.chosen(what, head, BaseChoice::MergeBaseWith(tip), target, None)
    }
}

/// A push to a branch, in a provider's words.
pub(super) struct Push<'a> {
    /// The variable that names the branch, and its value.
    pub(super) branch: (&'static str, &'a str),
    /// The variable that names the default branch, and its value.
    pub(super) default: (&'static str, Option<&'a str>),
    /// The variable that says where the branch was, and its value.
    pub(super) before: (&'static str, &'a str),
    /// Where it is now.
    pub(super) after: Rev,
    /// Does the provider say that history was rewritten?
    pub(super) forced: bool,
}

impl Look<'_> {
    /// What a push adds to its branch, by the default branch's policy. A branch that is new or rewritten is compared with
    /// the default branch: nothing but a variable says where it was before.
    pub(super) fn push(&self, push: Push<'_>) -> Result<Chosen, Failure> {
        if push.before.1.bytes().all(|b| b == b'0') {
            return self.new_branch(push, "push of a new branch");
        }
        let before = self.id(push.before.0, push.before.1)?;
        let here = self.git.has(before.id);
        if push.forced || (here && !self.is_ancestor(before.id, push.after.id)?) {
            return self.new_branch(push, "push that rewrites history");
        }
        if !here {
            return Err(self.absent(&before.to_string(), Needed::MergeBase));
        }
        let target = self.target(push.branch.0, push.branch.1)?;
        self.held(&before, &target)?;
        let default = self.default_of(&push, "push")?;
        if default.branch != target.branch {
            // The branch's own policy could have been loosened by the push before.
            return self.chosen("push", push.after, BaseChoice::Exact(before), &default, None);
        }
        // The branch's tip is the push itself: what stood before it is what it is judged by.
        let (provider, head, note) = (self.provider.name(), push.after, target.note());
        let how = format!("{provider} push: {head} is compared with {before}, and judged by its policy{note}");
        Ok(Chosen { provider, base: BaseChoice::Exact(before.clone()), head, trusted: before, how })
    }

    fn new_branch(&self, push: Push<'_>, what: &str) -> Result<Chosen, Failure> {
        let target = self.default_of(&push, what)?;
        if branch_name(push.branch.1) == Some(&*target.branch) {
            return Err(
                self.names_no_change(&format!("a {what}, and `{}` is the default branch itself", target.branch))
            );
        }
        self.beside(what, push.after, &target)
    }

    fn default_of(&self, push: &Push<'_>, what: &str) -> Result<Target, Failure> {
        let (name, default) = push.default;
        let Some(default) = default else {
            return Err(
                self.names_no_change(&format!("a {what} is held against the default branch, and {name} is not set"))
            );
        };
        self.target(name, default)
    }
}

/// The branch that `text` names, without `refs/heads/`, if git would let a branch have that name.
pub(super) fn branch_name(text: &str) -> Option<&str> {
    let branch = text.strip_prefix("refs/heads/").unwrap_or(text);
    let odd = |c: char| c.is_control() || c == ' ' || "~^:?*[\\".contains(c);
    let part = |p: &str| !p.is_empty() && !p.starts_with('.') && p.strip_suffix(".lock").is_none();
    let fits = !branch.starts_with('-')
        && !branch.starts_with("refs/")
        && !branch.contains(odd)
        && !branch.contains("..")
        && !branch.contains("@{")
        && !branch.ends_with('.')
        && !matches!(branch, "@" | "HEAD")
        && branch.len() <= 1000
        && branch.split('/').all(part);
    fits.then_some(branch)
}

/// May this name stand in a command that people copy?
fn is_plain(branch: &str) -> bool {
    branch.bytes().all(|b| b.is_ascii_alphanumeric() || b"._/-".contains(&b))
}

/// A value in a message: not longer than a line.
pub(super) fn shown(value: &str) -> String {
    const LONGEST: usize = 80;
    match value.char_indices().nth(LONGEST) {
        None => value.to_owned(),
        Some((at, _)) => format!("{}…", &value[..at]),
    }
}
