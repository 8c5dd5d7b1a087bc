//! Trees from their own bytes, and what differs between two of them.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::{Blob, FileChange, GitPath, HistoryError, Mode, ObjectId};

/// Folders that are of interest, named literally from the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefixes(Vec<Vec<u8>>);

impl Prefixes {
    /// Everything.
    pub const fn all() -> Self {
        Self(Vec::new())
    }

    /// What lies below these folders, or is one of these files; an empty name is everything.
    pub fn new<'p>(folders: impl Iterator<Item = &'p [u8]>) -> Self {
        let mut all: Vec<Vec<u8>> = folders.map(|f| f.strip_suffix(b"/").unwrap_or(f).to_vec()).collect();
        if all.iter().any(Vec::is_empty) {
            return Self::all();
        }
        // No folder at all is nothing, and no path begins with a slash.
        if all.is_empty() {
            all.push(vec![b'/']);
        }
        Self(all)
    }

    /// Is the file at `path` of interest?
    pub fn holds(&self, path: &[u8]) -> bool {
        self.0.is_empty() || self.0.iter().any(|p| path == p || is_below(path, p))
    }

    /// May something of interest lie in the folder `path`?
    fn reach(&self, path: &[u8]) -> bool {
        self.holds(path) || self.0.iter().any(|p| is_below(p, path))
    }
}

fn is_below(path: &[u8], folder: &[u8]) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.first() == Some(&b'/'))
}

/// One entry of a raw tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry<'t> {
    pub(super) name: &'t [u8],
    pub(super) id: ObjectId,
    pub(super) kind: Kind,
}

/// What a tree entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Folder,
    Content(Mode),
}

impl Entry<'_> {
    fn blob(&self) -> Option<Blob> {
        match self.kind {
            Kind::Folder => None,
            Kind::Content(mode) => Some(Blob { id: self.id, mode }),
        }
    }

    /// git sorts folders as if their names ended with a slash.
    fn order(&self, other: &Self) -> Ordering {
        let common = self.name.len().min(other.name.len());
        let after = |e: &Self| match e.name.get(common) {
            Some(byte) => *byte,
            None if e.kind == Kind::Folder => b'/',
            None => 0,
        };
        self.name[..common].cmp(&other.name[..common]).then_with(|| after(self).cmp(&after(other)))
    }
}

/// Every entry of a raw tree, in its order: mode, space, name, zero byte, id.
pub(super) fn entries(id: ObjectId, raw: &[u8]) -> Result<Vec<Entry<'_>>, HistoryError> {
    let (mut rest, mut all, id_len) = (raw, Vec::new(), id.as_bytes().len());
    while !rest.is_empty() {
        let damaged = |what: &str| HistoryError::Damaged { id, what: what.to_owned() };
        let entry: Entry<'_> = next(&mut rest, id_len).ok_or_else(|| damaged("its entries cannot be read"))?;
        // git would refuse these names on checkout, and two trees out of order can't be held against each other.
        if entry.name.contains(&b'/') || matches!(entry.name, b"." | b"..") {
            return Err(damaged("an entry has no name of a file"));
        }
        if all.last().is_some_and(|last: &Entry<'_>| last.order(&entry) != Ordering::Less) {
            return Err(damaged("its entries are out of order"));
        }
        all.push(entry);
    }
    Ok(all)
}

/// The entry `name` of a raw tree. What stands behind it is not read.
pub(super) fn entry_named<'t>(id: ObjectId, raw: &'t [u8], name: &[u8]) -> Result<Option<Entry<'t>>, HistoryError> {
    let (mut rest, id_len) = (raw, id.as_bytes().len());
    while !rest.is_empty() {
        let what = || HistoryError::Damaged { id, what: "its entries cannot be read".to_owned() };
        let entry = next(&mut rest, id_len).ok_or_else(what)?;
        if entry.name == name {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

/// The first entry of `raw`, which is left behind it.
fn next<'t>(raw: &mut &'t [u8], id_len: usize) -> Option<Entry<'t>> {
    let space = raw.iter().position(|b| *b == b' ')?;
    let zero = raw.iter().position(|b| *b == 0).filter(|z| *z > space + 1)?;
    let (mode, name) = (&raw[..space], &raw[space + 1..zero]);
    let id = ObjectId::from_bytes(raw.get(zero + 1..zero + 1 + id_len)?)?;
    *raw = &raw[zero + 1 + id_len..];
    Some(Entry { name, id, kind: kind_of(mode)? })
}

/// What an octal mode says, as git reads it: leading zeros are old and mean nothing.
fn kind_of(mode: &[u8]) -> Option<Kind> {
    let octal = mode.iter().try_fold(0_u32, |sum, digit| match digit {
        b'0'..=b'7' => Some((sum << 3) | u32::from(digit - b'0')).filter(|sum| *sum <= 0o777_777),
        _ => None,
    })?;
    match octal & 0o170_000 {
        0o040_000 => Some(Kind::Folder),
        0o100_000 => Some(Kind::Content(Mode::File)),
        0o120_000 => Some(Kind::Content(Mode::Link)),
        0o160_000 => Some(Kind::Content(Mode::Submodule)),
        _ => None,
    }
}

/// Folders nested in each other deeper than this are nobody's.
const DEEPEST: usize = 64;

/// Gives the raw bytes of a tree.
pub(super) type ReadTree<'r> = dyn Fn(&ObjectId) -> Result<Vec<u8>, HistoryError> + 'r;

/// What one comparison may take: the bytes of the trees that it reads, and of the paths that it finds. A tree can hold
/// the same folder again and again, so that a few objects come to more files than there is memory.
const MOST_LISTED: usize = 512 << 20;
/// What a file that differs takes beside its path.
const FILE_LISTED: usize = 128;

/// Compares two trees; `None` is no files.
pub(super) struct Comparison<'r> {
    read: &'r ReadTree<'r>,
    prefixes: &'r Prefixes,
    pub(super) found: Vec<FileChange>,
    /// What it may still take.
    left: usize,
}

impl<'r> Comparison<'r> {
    pub(super) const fn new(read: &'r ReadTree<'r>, prefixes: &'r Prefixes) -> Self {
        Self { read, prefixes, found: Vec::new(), left: MOST_LISTED }
    }

    fn spend(&mut self, id: ObjectId, bytes: usize) -> Result<(), HistoryError> {
        self.left = self.left.checked_sub(bytes).ok_or(HistoryError::TooMany { id, limit: MOST_LISTED })?;
        Ok(())
    }

    /// Adds what differs between `old` and `new` below `path`, which is empty or ends with a slash.
    pub(super) fn trees(
        &mut self,
        old: Option<&ObjectId>,
        new: Option<&ObjectId>,
        path: &[u8],
        depth: usize,
    ) -> Result<(), HistoryError> {
        if old == new {
            return Ok(());
        }
        if let (Some(id), true) = (old.or(new), depth > DEEPEST) {
            return Err(HistoryError::Damaged { id: *id, what: format!("folders are nested deeper than {DEEPEST}") });
        }
        let raw = |id: Option<&ObjectId>| id.map_or(Ok(Vec::new()), self.read);
        let (old_raw, new_raw) = (raw(old)?, raw(new)?);
        if let Some(id) = old.or(new) {
            self.spend(*id, old_raw.len() + new_raw.len())?;
        }
        let list = |id: Option<&ObjectId>, raw| id.map_or(Ok(Vec::new()), |id| entries(*id, raw));
        let (old, new) = (list(old, &old_raw)?, list(new, &new_raw)?);
        let (mut left, mut right) = (old.iter().peekable(), new.iter().peekable());
        loop {
            let order = match (left.peek(), right.peek()) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(l), Some(r)) => l.order(r),
            };
            let (l, r) = match order {
                Ordering::Less => (left.next(), None),
                Ordering::Greater => (None, right.next()),
                Ordering::Equal => (left.next(), right.next()),
            };
            self.entry(l, r, path, depth)?;
        }
    }

    /// Both entries, where there are two, have one name and one sort.
    fn entry(
        &mut self,
        old: Option<&Entry<'_>>,
        new: Option<&Entry<'_>>,
        path: &[u8],
        depth: usize,
    ) -> Result<(), HistoryError> {
        let same = |(a, b): (&Entry<'_>, &Entry<'_>)| a.id == b.id && a.kind == b.kind;
        let Some(one) = old.or(new).filter(|_| !old.zip(new).is_some_and(same)) else { return Ok(()) };
        let full = [path, one.name].concat();
        self.spend(one.id, full.len() + FILE_LISTED)?;
        if one.kind == Kind::Folder {
            if !self.prefixes.reach(&full) {
                return Ok(());
            }
            let below = [&*full, b"/"].concat();
            return self.trees(old.map(|e| &e.id), new.map(|e| &e.id), &below, depth + 1);
        }
        if self.prefixes.holds(&full) {
            let (old, new) = (old.and_then(Entry::blob), new.and_then(Entry::blob));
            self.found.push(FileChange { path: full.into(), old_path: None, old, new });
        }
        Ok(())
    }
}

/// Sorts by path, and makes one change of a file that went away and one of equal content that came: it was renamed.
pub(super) fn settle(mut found: Vec<FileChange>) -> Vec<FileChange> {
    found.sort_by(|a, b| a.path.cmp(&b.path));
    // A file that became a link or a submodule in place is one change.
    found.dedup_by(|b, a| {
        let joins = a.path == b.path;
        if joins {
            a.old = a.old.or(b.old);
            a.new = a.new.or(b.new);
        }
        joins
    });
    let mut gone: BTreeMap<Blob, Vec<GitPath>> = BTreeMap::new();
    for (blob, path) in found.iter().rev().filter(|c| c.new.is_none()).filter_map(|c| Some((c.old?, &c.path))) {
        gone.entry(blob).or_default().push(GitPath::clone(path));
    }
    let mut moved: Vec<GitPath> = Vec::new();
    for change in found.iter_mut().filter(|c| c.old.is_none()) {
        let Some(from) = change.new.and_then(|blob| nearest(gone.get_mut(&blob)?, &change.path)) else { continue };
        change.old = change.new;
        moved.push(from.clone());
        change.old_path = Some(from);
    }
    moved.sort();
    found.retain(|c| c.new.is_some() || moved.binary_search(&c.path).is_err());
    found
}

/// Takes the path that `to` most likely came from: one of its own name, else the first.
fn nearest(from: &mut Vec<GitPath>, to: &[u8]) -> Option<GitPath> {
    let name = |path: &[u8]| path.rsplit(|b| *b == b'/').next().map(<[u8]>::to_vec);
    let at = from.iter().rposition(|p| name(p) == name(to)).or_else(|| from.len().checked_sub(1))?;
    Some(from.remove(at))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use proptest::prelude::*;

    use super::*;

    type Files = BTreeMap<Vec<u8>, u8>;

    fn id(bytes: &[u8]) -> ObjectId {
        let lane = |seed: u64| bytes.iter().fold(seed, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3));
        let lanes = [lane(0xcbf2_9ce4_8422_2325), lane(0x8422_2325_cbf2_9ce4), lane(0x9ce4_8422)];
        ObjectId::from_bytes(&lanes.map(u64::to_be_bytes).concat()[..20]).unwrap()
    }

    /// Writes the trees of `files` into `store` and returns the root's id.
    fn write(files: &Files, store: &RefCell<BTreeMap<ObjectId, Vec<u8>>>) -> ObjectId {
        let mut folders: BTreeMap<Vec<u8>, Files> = BTreeMap::new();
        let mut entries: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for (path, content) in files {
            if let Some(at) = path.iter().position(|b| *b == b'/') {
                folders.entry(path[..at].to_vec()).or_default().insert(path[at + 1..].to_vec(), *content);
            } else {
                let raw = [b"100644 ", &**path, &[0], id(&[*content]).as_bytes()].concat();
                entries.push((path.clone(), raw));
            }
        }
        for (name, inner) in folders {
            let raw = [b"40000 ", &*name, &[0], write(&inner, store).as_bytes()].concat();
            entries.push(([&*name, b"/"].concat(), raw));
        }
        entries.sort();
        let raw = entries.into_iter().flat_map(|(_, raw)| raw).collect::<Vec<u8>>();
        let tree = id(&raw);
        store.borrow_mut().insert(tree, raw);
        tree
    }

    fn compare(old: &Files, new: &Files, prefixes: &Prefixes) -> Vec<FileChange> {
        let store = RefCell::new(BTreeMap::new());
        let (old, new) = (write(old, &store), write(new, &store));
        let read = |id: &ObjectId| Ok(store.borrow()[id].clone());
        let mut comparison = Comparison::new(&read, prefixes);
        comparison.trees(Some(&old), Some(&new), b"", 0).unwrap();
        comparison.found
    }

    fn files() -> impl Strategy<Value = Files> {
        let name = prop::sample::select(vec!["a", "a.b", "a-b", "b", "z"]);
        let path = prop::collection::vec(name, 1..4).prop_map(|parts| parts.join("/").into_bytes());
        prop::collection::btree_map(path, 0u8..4, 0..12).prop_map(|files| {
            // No file is also a folder.
            let taken: Vec<Vec<u8>> = files.keys().cloned().collect();
            let clashes = |p: &Vec<u8>| taken.iter().any(|t| is_below(t, p));
            files.into_iter().filter(|(p, _)| !clashes(p)).collect()
        })
    }

    #[test]
    fn modes_are_octal_and_odd_trees_are_refused() {
        let raw = |entries: &[(&str, &str)]| {
            let one = |(mode, name): &(&str, &str)| [mode.as_bytes(), b" ", name.as_bytes(), &[0], &[1; 20]].concat();
            entries.iter().flat_map(one).collect::<Vec<u8>>()
        };
        let read =
            |list: &[(&str, &str)]| entries(id(b""), &raw(list)).map(|e| e.iter().map(|e| e.kind).collect::<Vec<_>>());
        let file = Kind::Content(Mode::File);
        assert_eq!(read(&[("040000", "a"), ("100664", "b")]).unwrap(), [Kind::Folder, file]);
        assert_eq!(read(&[("100644", "a"), ("40000", "a")]).unwrap(), [file, Kind::Folder]);
        for odd in [&[("100644", "b"), ("100644", "a")][..], &[("100644", "a"), ("100644", "a")], &[("100644", "..")]] {
            assert!(read(odd).is_err());
        }
        assert!(read(&[("9", "a")]).is_err() && read(&[("1", "a")]).is_err());
    }

    proptest! {
        #[test]
        fn as_a_map_would_tell(old in files(), new in files()) {
            let mut expected: Vec<Vec<u8>> = old.keys().chain(new.keys()).filter(|p| old.get(*p) != new.get(*p)).cloned().collect();
            expected.sort();
            expected.dedup();
            let mut found: Vec<Vec<u8>> = compare(&old, &new, &Prefixes::all()).iter().map(|c| c.path.to_vec()).collect();
            found.sort();
            prop_assert_eq!(found, expected.clone());
            let below = Prefixes::new([&b"a"[..]].into_iter());
            let found: Vec<Vec<u8>> = compare(&old, &new, &below).iter().map(|c| c.path.to_vec()).collect();
            prop_assert!(found.iter().all(|p| below.holds(p)));
            prop_assert_eq!(found.len(), expected.iter().filter(|p| below.holds(p)).count());
        }

        #[test]
        fn any_bytes_are_entries_or_an_error(raw in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = entries(id(b""), &raw);
        }

        #[test]
        fn renames_lose_nothing(old in files(), new in files()) {
            let settled = settle(compare(&old, &new, &Prefixes::all()));
            for (path, content) in &new {
                let there = settled.iter().any(|c| *c.path == **path && c.new.is_some());
                prop_assert_eq!(there, old.get(path) != Some(content));
            }
            for path in old.keys().filter(|p| !new.contains_key(*p)) {
                let from = |c: &FileChange| c.old_path.as_deref() == Some(path) || (*c.path == **path && c.new.is_none());
                prop_assert_eq!(settled.iter().filter(|c| from(c)).count(), 1);
            }
        }
    }
}
