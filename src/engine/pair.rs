//! Which rollout of base is which of head: the same object, wherever it lies now (clarifications 14).

use std::collections::BTreeMap;

use crate::clock::Moment;
use crate::collect::File;
use crate::model::{Change, Past, Rollout};

/// A rollout of head with what it was; nothing where it is new.
pub(super) type Pair = (Option<Rollout>, Rollout);

/// Both sides of a step, and the files that their rollouts lie in.
pub(super) struct Sides<'a> {
    /// All files, by their numbers.
    pub(super) files: &'a [File],
    /// Where each touched file lay before, if it lay elsewhere.
    pub(super) renames: BTreeMap<String, String>,
    /// The links that are touched, by the paths that they lead to.
    pub(super) links: &'a BTreeMap<String, String>,
}

/// Every rollout of head with what it was, and those of which that can't be told.
#[derive(Default)]
pub(super) struct Pairs {
    /// In the order of head.
    pub(super) all: Vec<Pair>,
    /// The path of one that may be either of two, and what may be said of it.
    pub(super) unclear: Vec<(String, String)>,
}

/// May the first, of base, be the second, of head?
type Rule<'r> = &'r dyn Fn(&Rollout, &Rollout) -> bool;

/// May two be one object, as far as their environments tell?
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// Both are known, and they differ.
    No,
    /// One of the two is not known.
    Maybe,
    /// They are the same, or neither is known.
    Yes,
}

impl Fit {
    fn of(before: &Rollout, after: &Rollout) -> Self {
        Self::between(before.environment.as_deref(), after.environment.as_deref())
    }

    /// As the two environments tell.
    pub(super) fn between(before: Option<&str>, after: Option<&str>) -> Self {
        match (before, after) {
            (Some(old), Some(new)) if old != new => Self::No,
            (Some(_), None) | (None, Some(_)) => Self::Maybe,
            (Some(_), Some(_)) | (None, None) => Self::Yes,
        }
    }
}

impl Sides<'_> {
    fn path(&self, rollout: &Rollout) -> &str {
        self.files.get(rollout.span.file.0 as usize).map_or("", |f| &f.path)
    }

    /// Pairs them: in the same file; else in the file that was moved there; else what base had and head has not. What has
    /// gone to another environment is another object.
    pub(super) fn pair(&self, before: Vec<Rollout>, after: Vec<Rollout>) -> Pairs {
        let mut left: Vec<Option<Rollout>> = before.into_iter().map(Some).collect();
        let mut all: Vec<Pair> = after.into_iter().map(|one| (None, one)).collect();
        let same_file: Rule<'_> = &|b, a| !self.renames.contains_key(self.path(a)) && self.path(b) == self.path(a);
        let moved: Rule<'_> = &|b, a| {
            let from = self.renames.get(self.path(a));
            from.is_some_and(|from| from == self.path(b)) && Fit::of(b, a) != Fit::No
        };
        let gone: Rule<'_> = &|b, a| Fit::of(b, a) == Fit::Yes;
        let maybe: Rule<'_> = &|b, a| Fit::of(b, a) == Fit::Maybe;
        for fits in [same_file, moved, gone, maybe] {
            for (before, one) in all.iter_mut().filter(|(before, _)| before.is_none()) {
                let found = left.iter().position(|b| b.as_ref().is_some_and(|b| is_one(b, one) && fits(b, one)));
                *before = found.and_then(|found| left[found].take());
            }
        }
        self.behind_links(&mut all);
        let unclear = all.iter().filter_map(|(before, one)| self.unclear(before.as_ref()?, one, &left)).collect();
        Pairs { all, unclear }
    }

    /// What has moved away and left a link to itself is at both places what it was.
    fn behind_links(&self, all: &mut [Pair]) {
        for index in 0..all.len() {
            let (before, one) = &all[index];
            let Some(link) = self.links.get(self.path(one)).filter(|_| before.is_none()) else { continue };
            let there = all.iter().find(|(_, other)| self.path(other) == link && is_one(other, one));
            let was = there.and_then(|(before, _)| before.clone()).filter(|was| Fit::of(was, one) != Fit::No);
            all[index].0 = was;
        }
    }

    /// One that was moved, where another of the same identity has gone as well and only that one differs from it: it may
    /// be either.
    fn unclear(&self, before: &Rollout, after: &Rollout, left: &[Option<Rollout>]) -> Option<(String, String)> {
        if self.path(before) == self.path(after) {
            return None;
        }
        let fits = |other: &&Rollout| is_one(other, after) && Fit::of(other, after) >= Fit::of(before, after);
        let other = left.iter().flatten().filter(fits).find(|other| differs(other, after) > differs(before, after))?;
        let (kind, name) = (&after.id.kind, &after.id.name);
        let what = format!(
            "{kind} `{name}` may be the one of {} or the one of {}, which differ, so what changes is not known",
            self.path(before),
            self.path(other)
        );
        Some((self.path(after).to_owned(), what))
    }
}

fn is_one(before: &Rollout, after: &Rollout) -> bool {
    before.adapter.id == after.adapter.id && before.id == after.id
}

/// How much `after` differs from `before`: in what people meet, in anything at all.
fn differs(before: &Rollout, after: &Rollout) -> (bool, bool) {
    let change = Change::between(Moment::UNIX_EPOCH, Some(before.clone().into()), after, Past::NONE);
    (change.payload_changed || change.plan_changed, !before.is_like(after))
}
