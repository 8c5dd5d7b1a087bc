//! The files of one state of the repository, lowered and kept, so that some of them can be exchanged.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::reading::OWN_GROUP;
use super::{governed, plans};
use crate::adapters::{Defined, Definitions, Finish, Lowered, World, may_mean, within_reach};
use crate::model::{Drill, ObjectRef, Rollout, Waiver};

/// What stands in the repository: definitions that rollouts refer to, and who rewrites whom.
#[derive(Default)]
pub(super) struct Standing {
    files: BTreeMap<Arc<str>, Stood>,
    definitions: Definitions,
    /// By the name of the object that is rewritten.
    owned: BTreeMap<Box<str>, Vec<Owned>>,
    /// How many definitions are of plans.
    plans: usize,
}

/// What one file lowered to, ready to stand.
pub(super) struct Stood {
    rollouts: Vec<(Box<Rollout>, Option<Finish>)>,
    defined: Vec<(ObjectRef, Defined)>,
    /// Drills on record.
    drills: Vec<Drill>,
    /// Waivers on record.
    pub(super) waivers: Vec<Waiver>,
    /// Does it define something that rollouts of other files live by?
    pub(super) lends: bool,
}

impl From<Lowered> for Stood {
    fn from(lowered: Lowered) -> Self {
        let Lowered { rollouts, definitions: defined, drills, waivers, lends, .. } = lowered;
        Self { rollouts, defined, drills, waivers, lends }
    }
}

struct Owned {
    object: ObjectRef,
    owner: ObjectRef,
    path: Arc<str>,
}

impl Standing {
    /// Puts in what the file `path` lowered to, in place of what it was before.
    pub(super) fn put(&mut self, path: &Arc<str>, stood: Stood) {
        self.take(path);
        for (id, value) in &stood.defined {
            self.plans += usize::from(&*id.group == OWN_GROUP);
            self.definitions.add(id.clone(), path, Arc::clone(value));
        }
        for (rollout, _) in &stood.rollouts {
            for object in &rollout.owns {
                let owned = Owned { object: object.clone(), owner: rollout.id.clone(), path: Arc::clone(path) };
                self.owned.entry(object.name.clone()).or_default().push(owned);
            }
        }
        self.files.insert(Arc::clone(path), stood);
    }

    /// Takes the file `path` away, if it stands.
    pub(super) fn take(&mut self, path: &str) -> Option<Stood> {
        let stood = self.files.remove(path)?;
        for (id, _) in &stood.defined {
            self.plans -= usize::from(&*id.group == OWN_GROUP);
            self.definitions.remove(id, path);
        }
        for object in stood.rollouts.iter().flat_map(|(r, _)| &r.owns) {
            if let Some(all) = self.owned.get_mut(&object.name) {
                all.retain(|o| *o.path != *path);
            }
        }
        Some(stood)
    }

    /// Does the file `path` define something that rollouts of other files live by?
    pub(super) fn lends(&self, path: &str) -> bool {
        self.files.get(path).is_some_and(|s| s.lends)
    }

    /// The waivers of the file `path`.
    pub(super) fn waivers(&self, path: &str) -> &[Waiver] {
        self.files.get(path).map_or(&[], |s| &s.waivers)
    }

    /// Every drill on record.
    pub(super) fn drills(&self) -> impl Iterator<Item = &Drill> {
        self.files.values().flat_map(|s| &s.drills)
    }

    /// The paths that stand.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Arc<str>> {
        self.files.keys()
    }

    /// The rollouts of the file `path`, finished by what all files say.
    pub(super) fn rollouts(&self, path: &str) -> Vec<Rollout> {
        let Some(stood) = self.files.get(path) else { return Vec::new() };
        stood.rollouts.iter().map(|(rollout, finish)| self.finished(path, rollout, finish.as_ref())).collect()
    }

    /// Every rollout that stands, as its own file says it.
    pub(super) fn unfinished(&self) -> impl Iterator<Item = &Rollout> {
        self.files.values().flat_map(|s| s.rollouts.iter().map(|(rollout, _)| &**rollout))
    }

    /// The rollouts of the file `path` that ship files by their names, as it says them.
    pub(super) fn shipping(&self, path: &str) -> impl Iterator<Item = &Rollout> {
        let rollouts = self.files.get(path).into_iter().flat_map(|s| &s.rollouts);
        rollouts.map(|(rollout, _)| &**rollout).filter(|r| governed::names_files(r))
    }

    fn finished(&self, path: &str, rollout: &Rollout, finish: Option<&Finish>) -> Rollout {
        let mut rollout = rollout.clone();
        let world = World::new(&self.definitions, path);
        if let Some(finish) = finish {
            finish(&mut rollout, &world);
        }
        if rollout.declared.plan.is_some() || self.plans > 0 {
            plans::apply(&mut rollout, &world);
        }
        rollout.owner = self.owner(path, &rollout);
        rollout
    }

    fn owner(&self, path: &str, rollout: &Rollout) -> Option<ObjectRef> {
        let id = &rollout.id;
        let same = |o: &&Owned| {
            let same_kind = o.object.group == id.group && o.object.kind == id.kind;
            let named = may_mean(&id.namespace, &o.object.namespace) && within_reach(&o.object, &o.path, path);
            same_kind && o.owner != *id && named
        };
        self.owned.get(&id.name)?.iter().find(same).map(|o| o.owner.clone())
    }
}
