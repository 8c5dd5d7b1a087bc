//! Walks along first parents, newest first.

use super::tree::{Comparison, Kind, entry_named, settle};
use super::{
    Blob, Commit, End, FileChange, Git, GitPath, HistoryError, Horizon, ObjectId, Prefixes, Version, Versions,
};

/// Committer dates can run backwards: a walk goes on this far behind the first commit that is older than its horizon.
const SLOP: usize = 100;

/// A walk along first parents, newest first.
pub struct Walk<'g> {
    git: &'g Git,
    horizon: Horizon,
    next: Option<ObjectId>,
    seen: usize,
    beyond: usize,
    end: Option<End>,
}

impl<'g> Walk<'g> {
    pub(super) const fn new(git: &'g Git, from: ObjectId, horizon: Horizon) -> Self {
        Self { git, horizon, next: Some(from), seen: 0, beyond: 0, end: None }
    }

    /// How it ended; `None` while it has not.
    pub const fn end(&self) -> Option<End> {
        self.end
    }

    fn finish(&mut self, end: End) {
        self.next = None;
        self.end = Some(end);
    }
}

impl Iterator for Walk<'_> {
    type Item = Result<Commit, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        let id = self.next?;
        if self.seen >= self.horizon.max_commits {
            self.finish(End::MaxCommits);
            return None;
        }
        let commit = match self.git.commit(&id) {
            Ok(commit) => commit,
            Err(error) => {
                self.next = None;
                return Some(Err(error));
            }
        };
        self.seen += 1;
        self.beyond += usize::from(commit.time < self.horizon.not_before || self.beyond > 0);
        if self.beyond > SLOP {
            self.finish(End::Horizon);
            return None;
        }
        match commit.parents.first() {
            None => self.finish(End::Root),
            Some(_) if self.git.is_boundary(&id) => self.finish(End::ShallowBoundary(id)),
            Some(parent) => self.next = Some(*parent),
        }
        Some(Ok(commit))
    }
}

/// One path that is followed, and where its folders stood in the commit before.
struct Track {
    path: GitPath,
    /// The trees on the way, the root first.
    trees: Vec<Option<ObjectId>>,
    blob: Option<Blob>,
    list: Vec<Version>,
}

/// The versions of `paths` along first parents from `from`: one walk for all of them.
pub(super) fn versions(
    git: &Git,
    from: ObjectId,
    horizon: Horizon,
    paths: &[GitPath],
) -> Result<Vec<Versions>, HistoryError> {
    let mut walk = Walk::new(git, from, horizon);
    let blank = |path: &GitPath| Track { path: path.clone(), trees: Vec::new(), blob: None, list: Vec::new() };
    let mut tracks: Vec<Track> = paths.iter().map(blank).collect();
    let mut newer: Option<Commit> = None;
    let mut depth = 0;
    for commit in walk.by_ref() {
        let commit = commit?;
        if newer.as_ref().is_none_or(|n| n.tree != commit.tree) {
            for track in &mut tracks {
                look(git, track, newer.as_ref().map(|n| (n, depth)), &commit)?;
            }
        }
        depth += usize::from(newer.is_some());
        newer = Some(commit);
    }
    let end = walk.end().unwrap_or(End::Root);
    let close = |mut track: Track| {
        if let (Some(oldest), Some(_)) = (&newer, track.blob) {
            track.list.push(version(oldest, depth, &track));
        }
        Versions { list: track.list, end }
    };
    Ok(tracks.into_iter().map(close).collect())
}

fn version(commit: &Commit, depth: usize, track: &Track) -> Version {
    Version { commit: commit.id, time: commit.time, depth, path: track.path.clone(), blob: track.blob }
}

/// Looks `track` up in `commit`; what is different in the newer commit, of that depth, came with that one.
fn look(git: &Git, track: &mut Track, newer: Option<(&Commit, usize)>, commit: &Commit) -> Result<(), HistoryError> {
    let there = descend(git, &track.path, &mut track.trees, commit.tree, track.blob)?;
    let Some((newer, depth)) = newer else {
        track.blob = there;
        return Ok(());
    };
    if there == track.blob {
        return Ok(());
    }
    if there.is_none()
        && let Some(old) = renamed(git, &track.path, commit, newer)?
    {
        track.path = old;
        track.trees.clear();
        track.blob = descend(git, &track.path, &mut track.trees, commit.tree, None)?;
        return Ok(());
    }
    track.list.push(version(newer, depth, track));
    track.blob = there;
    Ok(())
}

/// The file at `path` below the tree `root`. `trees` are those of the commit looked at before, where it was `same`.
fn descend(
    git: &Git,
    path: &[u8],
    trees: &mut Vec<Option<ObjectId>>,
    root: ObjectId,
    same: Option<Blob>,
) -> Result<Option<Blob>, HistoryError> {
    let mut tree = Some(root);
    let mut parts = path.split(|b| *b == b'/').enumerate().peekable();
    while let Some((depth, name)) = parts.next() {
        match trees.get_mut(depth) {
            Some(known) if *known == tree => return Ok(same),
            Some(known) => *known = tree,
            None => trees.push(tree),
        }
        let Some(id) = tree else {
            // What lay below belongs to a newer commit, and may come back in an older one.
            trees.truncate(depth + 1);
            return Ok(None);
        };
        let raw = git.tree(&id)?;
        let entry = entry_named(id, &raw, name)?;
        match (entry.map(|e| (e.kind, e.id)), parts.peek()) {
            (Some((Kind::Folder, id)), Some(_)) => tree = Some(id),
            (Some((Kind::Content(mode), id)), None) => return Ok(Some(Blob { id, mode })),
            (_, Some(_)) => tree = None,
            (_, None) => return Ok(None),
        }
    }
    Ok(None)
}

/// Where the file that `newer` has at `path` lay in `older`, if it was renamed between the two.
fn renamed(git: &Git, path: &[u8], older: &Commit, newer: &Commit) -> Result<Option<GitPath>, HistoryError> {
    let changes = git.diff(Some(&older.tree), Some(&newer.tree), &Prefixes::all())?;
    Ok(changes.into_iter().find(|c| *c.path == *path).and_then(|c| c.old_path))
}

/// Compares every commit along first parents with its first parent, the first commit with nothing.
pub(super) fn changes_along(
    git: &Git,
    from: ObjectId,
    horizon: Horizon,
    prefixes: &Prefixes,
    each: &mut dyn FnMut(&Commit, &[FileChange]) -> std::ops::ControlFlow<()>,
) -> Result<End, HistoryError> {
    let mut walk = Walk::new(git, from, horizon);
    let mut newer: Option<Commit> = None;
    for commit in walk.by_ref() {
        let commit = commit?;
        if let Some(newer) = newer.replace(commit.clone()) {
            let found = between(git, Some(&commit.tree), &newer.tree, prefixes)?;
            if each(&newer, &found).is_break() {
                return Ok(End::Horizon);
            }
        }
    }
    let end = walk.end().unwrap_or(End::Root);
    if let (Some(first), End::Root) = (&newer, end) {
        let found = between(git, None, &first.tree, prefixes)?;
        let _ = each(first, &found);
    }
    Ok(end)
}

fn between(
    git: &Git,
    old: Option<&ObjectId>,
    new: &ObjectId,
    prefixes: &Prefixes,
) -> Result<Vec<FileChange>, HistoryError> {
    let read = |id: &ObjectId| git.tree(id);
    let mut comparison = Comparison::new(&read, prefixes);
    comparison.trees(old, Some(new), b"", 0)?;
    Ok(if comparison.found.is_empty() { comparison.found } else { settle(comparison.found) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;

    #[test]
    fn a_folder_that_goes_and_comes_back_as_it_was() {
        let git = Git::in_memory().unwrap();
        let at = |hour: i64| Moment::from_timestamp(1_782_864_000 + hour * 3600, 0).unwrap();
        let (file, other) = (("a/b/f.yaml", Some(&b"one"[..])), ("z", Some(&b"z"[..])));
        let first = git.record(None, at(0), "add", &[file, other]).unwrap();
        let second = git.record(Some(first), at(1), "delete", &[("a/b/f.yaml", None)]).unwrap();
        let third = git.record(Some(second), at(2), "restore", &[file]).unwrap();
        let found = git.versions(third, Horizon::EVERYTHING, &[b"a/b/f.yaml"[..].into()]).unwrap();
        let told: Vec<_> = found[0].list.iter().map(|v| (v.commit, v.depth, v.blob.is_some())).collect();
        assert_eq!(told, [(third, 0, true), (second, 1, false), (first, 2, true)]);
    }
}
