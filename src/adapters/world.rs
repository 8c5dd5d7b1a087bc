//! Every definition of the checked set, found by identity.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::lowering::Defined;
use crate::model::ObjectRef;

struct Entry {
    id: ObjectRef,
    path: Arc<str>,
    value: Defined,
}

/// Every definition that the adapters made, whatever file it stands in.
#[derive(Default)]
pub struct Definitions {
    /// By name.
    entries: BTreeMap<Box<str>, Vec<Entry>>,
}

impl Definitions {
    /// Adds the definition of `id`, made in the file `path`.
    pub fn add(&mut self, id: ObjectRef, path: &Arc<str>, value: Defined) {
        let (name, entry) = (id.name.clone(), Entry { id, path: Arc::clone(path), value });
        self.entries.entry(name).or_insert_with(|| Vec::with_capacity(1)).push(entry);
    }

    /// Takes away what the file `path` defines.
    pub fn remove(&mut self, id: &ObjectRef, path: &str) {
        if let Some(entries) = self.entries.get_mut(&id.name) {
            entries.retain(|e| *e.path != *path);
        }
    }

    /// Is anything of this group defined?
    pub fn holds_group(&self, group: &str) -> bool {
        self.entries.values().flatten().any(|e| *e.id.group == *group)
    }
}

/// The definitions as seen from one file.
///
/// A name means an object of the same namespace. Where one of the two says no namespace they match by name; among
/// several the one whose file lies nearest wins, since one repository holds many applications.
#[derive(Clone, Copy)]
pub struct World<'w> {
    definitions: &'w Definitions,
    path: &'w str,
}

impl<'w> World<'w> {
    /// The definitions as seen from the file `path`.
    pub const fn new(definitions: &'w Definitions, path: &'w str) -> Self {
        Self { definitions, path }
    }

    /// The definition of `id`, if it is in the checked set and is a `T`.
    pub fn find<T: Any>(&self, id: &ObjectRef) -> Option<&'w T> {
        self.all::<T>(id).into_iter().next()
    }

    /// Every definition that `id` may mean, the likeliest first.
    pub fn all<T: Any>(&self, id: &ObjectRef) -> Vec<&'w T> {
        let mut fitting: Vec<_> = self.fitting(id).collect();
        fitting.sort_by_key(|e| (self.rank(e, id), Arc::clone(&e.path)));
        fitting.into_iter().filter_map(|e| e.value.downcast_ref()).collect()
    }

    /// Of the definitions that `id` may mean those that are wanted, and of these the likeliest, all that are equally so.
    pub fn nearest<T: Any>(&self, id: &ObjectRef, wanted: impl Fn(&T) -> bool) -> Vec<&'w T> {
        let all = || self.fitting(id).filter_map(|e| Some((self.rank(e, id), e.value.downcast_ref::<T>()?)));
        let fitting: Vec<_> = all().filter(|(_, value)| wanted(value)).collect();
        let best = fitting.iter().map(|(rank, _)| *rank).min();
        fitting.into_iter().filter(|(rank, _)| Some(*rank) == best).map(|(_, value)| value).collect()
    }

    fn fitting<'a>(&self, id: &'a ObjectRef) -> impl Iterator<Item = &'w Entry> + use<'a, 'w> {
        let entries = self.definitions.entries.get(&id.name).into_iter().flatten();
        entries.filter(|e| e.id.group == id.group && e.id.kind == id.kind && may_mean(&e.id.namespace, &id.namespace))
    }

    /// How far `entry` is from what `id` means here.
    fn rank(&self, entry: &Entry, id: &ObjectRef) -> (bool, std::cmp::Reverse<usize>) {
        (entry.id.namespace != id.namespace, std::cmp::Reverse(nearness(&entry.path, self.path)))
    }
}

/// May a name written for namespace `wanted` mean an object of namespace `there`?
pub fn may_mean(there: &Option<Box<str>>, wanted: &Option<Box<str>>) -> bool {
    there == wanted || there.is_none() || wanted.is_none()
}

/// How many leading folders two paths share; the same file is nearest.
fn nearness(a: &str, b: &str) -> usize {
    if a == b {
        return usize::MAX;
    }
    let folders = |p: &'_ str| p.rsplit_once('/').map_or(String::new(), |(dir, _)| dir.to_owned());
    folders(a).split('/').zip(folders(b).split('/')).take_while(|(x, y)| x == y).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_of_the_same_name_wins() {
        let mut all = Definitions::default();
        let id = |ns| ObjectRef::new("argoproj.io", "AnalysisTemplate", ns, "slo");
        for (path, ns, value) in [("a/t.yaml", None, 1), ("b/c/t.yaml", None, 2), ("z.yaml", Some("prod"), 3)] {
            all.add(id(ns), &Arc::from(path), Arc::new(value));
        }
        let seen = |path, ns| World::new(&all, path).find::<i32>(&id(ns)).copied();
        assert_eq!(seen("b/c/r.yaml", None), Some(2));
        assert_eq!(seen("a/r.yaml", None), Some(1));
        assert_eq!(seen("a/r.yaml", Some("prod")), Some(3));
        assert_eq!(seen("a/r.yaml", Some("dev")), Some(1));
    }
}
