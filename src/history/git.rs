//! The repository, through libgit2. The only file that names git2.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use git2::{ErrorClass, ErrorCode, ObjectType, Odb, Oid, Repository, RepositoryOpenFlags};

use super::tree::{Comparison, Kind, entry_named, settle};
use super::{
    Blob, Commit, End, FileChange, GitPath, HistoryError, Horizon, Mode, Needed, ObjectId, Prefixes, Tag, TreeFile,
    Versions, Walk, commit, program, walk,
};
use crate::clock::Moment;

/// The largest tree that is read, in bytes.
const LARGEST_TREE: u64 = 64 << 20;
/// The flag of an index entry that is only intended to be added.
const INTENT_TO_ADD: u16 = 1 << 13;
/// The largest commit or tag.
const LARGEST_COMMIT: u64 = 16 << 20;

/// A git repository, read only. Nothing that its configuration names is run, and nothing is fetched.
pub struct Git {
    repository: Repository,
    /// Commits whose parents this clone does not have.
    boundary: BTreeSet<ObjectId>,
    is_partial: bool,
    is_in_memory: bool,
}

impl Git {
    /// The repository that holds `start`, or the one that git's variables name (a hook's). `None` where there is none.
    ///
    /// # Errors
    /// When it is there and can't be trusted to tell the truth: owned by somebody else, reftable, grafts.
    pub fn open(start: &Path) -> Result<Option<Self>, HistoryError> {
        // Objects that a verdict rests on are hashed by hand: `verify`.
        git2::opts::strict_hash_verification(false);
        let opened = if variable("GIT_DIR").is_some() {
            Repository::open_from_env()
        } else {
            let ceilings = variable("GIT_CEILING_DIRECTORIES").unwrap_or_default();
            let ceilings: Vec<PathBuf> = std::env::split_paths(&ceilings).filter(|p| p.is_absolute()).collect();
            Repository::open_ext(start, RepositoryOpenFlags::FROM_ENV, &ceilings)
        };
        let repository = match opened {
            Ok(repository) => repository,
            Err(error) if error.code() == ErrorCode::NotFound && error.class() == ErrorClass::Repository => {
                return Ok(None);
            }
            Err(error) => return Err(refused(start, &error)),
        };
        let common = repository.commondir();
        if common.join("info/grafts").symlink_metadata().is_ok() {
            return Err(HistoryError::Unreadable {
                message: "`info/grafts` cuts its history, so history cannot be trusted".to_owned(),
                help: "remove the file `info/grafts` of the repository".to_owned(),
            });
        }
        let boundary = boundary(common)?;
        let is_partial = is_partial(&repository);
        Ok(Some(Self { repository, boundary, is_partial, is_in_memory: false }))
    }

    /// An empty repository in memory, for tests of policies.
    ///
    /// # Errors
    /// When libgit2 can't make one.
    pub fn in_memory() -> Result<Self, HistoryError> {
        let odb = Odb::new().map_err(ours)?;
        odb.add_new_mempack_backend(1).map_err(ours)?;
        let repository = Repository::from_odb(odb).map_err(ours)?;
        Ok(Self { repository, boundary: BTreeSet::new(), is_partial: false, is_in_memory: true })
    }

    /// The root of the work tree; none of a bare repository.
    pub fn work_tree(&self) -> Option<&Path> {
        self.repository.workdir()
    }

    /// Where hooks are looked for: `core.hooksPath`, relative to the work tree, else `hooks`.
    pub fn hooks_dir(&self) -> PathBuf {
        match self.config("core.hooksPath").filter(|p| !p.is_empty()) {
            Some(path) => self.work_tree().unwrap_or_else(|| self.repository.commondir()).join(expanded(&path)),
            None => self.repository.commondir().join("hooks"),
        }
    }

    /// The repository's own folder, common to its work trees.
    pub fn common_dir(&self) -> &Path {
        self.repository.commondir()
    }

    /// The value of a setting.
    pub fn config(&self, key: &str) -> Option<String> {
        self.repository.config().ok()?.snapshot().ok()?.get_string(key).ok()
    }

    /// Does history end before its beginning?
    pub fn is_shallow(&self) -> bool {
        !self.boundary.is_empty()
    }

    /// Were objects left behind when it was cloned?
    pub const fn is_partial(&self) -> bool {
        self.is_partial
    }

    /// Are the parents of `id` left out of this clone?
    pub(super) fn is_boundary(&self, id: &ObjectId) -> bool {
        self.boundary.contains(id)
    }

    /// The commit that is checked out; `None` before the first one.
    ///
    /// # Errors
    /// When `HEAD` is broken.
    pub fn head(&self) -> Result<Option<ObjectId>, HistoryError> {
        match self.repository.head() {
            Ok(head) => Ok(Some(id_of(head.peel_to_commit().map_err(|e| self.failed(&e, "HEAD"))?.id()))),
            Err(error) if matches!(error.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => Ok(None),
            Err(error) => Err(self.failed(&error, "HEAD")),
        }
    }

    /// The commit that `revision` means: an id, maybe abbreviated, a branch, a tag, `HEAD~2`.
    ///
    /// # Errors
    /// When there is none, or several.
    pub fn resolve(&self, revision: &str) -> Result<ObjectId, HistoryError> {
        let found = self.repository.revparse_single(revision).and_then(|object| object.peel_to_commit());
        match found {
            Ok(commit) => Ok(id_of(commit.id())),
            Err(_) if revision == "HEAD" && self.head().is_ok_and(|head| head.is_none()) => Err(HistoryError::Unborn),
            Err(_) => match self.boundary.first() {
                // The parents of the last commits of a shallow clone look as if there were none.
                Some(boundary) if revision.contains(['~', '^']) => {
                    Err(HistoryError::Shallow { needed: Needed::Trees, boundary: *boundary })
                }
                Some(_) | None => Err(HistoryError::NoSuchRevision { name: revision.to_owned() }),
            },
        }
    }

    /// The ref that the symbolic ref `name` leads to, whether or not that one is there.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn leads_to(&self, name: &str) -> Result<Option<String>, HistoryError> {
        match self.repository.find_reference(name) {
            Ok(found) => Ok(found.symbolic_target_bytes().map(|target| String::from_utf8_lossy(target).into_owned())),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(self.failed(&error, name)),
        }
    }

    /// The commits that the refs below `folder` name, by what their names have after it. Symbolic refs are left out.
    ///
    /// # Errors
    /// When refs can't be listed.
    pub fn refs_below(&self, folder: &str) -> Result<BTreeMap<String, ObjectId>, HistoryError> {
        let failed = |e: git2::Error| self.failed(&e, folder);
        let mut found = BTreeMap::new();
        for reference in self.repository.references().map_err(failed)? {
            let reference = reference.map_err(failed)?;
            let name = String::from_utf8_lossy(reference.name_bytes());
            let Some(name) = name.strip_prefix(folder).filter(|_| reference.symbolic_target_bytes().is_none()) else {
                continue;
            };
            found.extend(reference.peel_to_commit().ok().map(|commit| (name.to_owned(), id_of(commit.id()))));
        }
        Ok(found)
    }

    /// The names of the remotes that are configured.
    pub fn remotes(&self) -> Vec<String> {
        let Ok(names) = self.repository.remotes() else { return Vec::new() };
        names.iter_bytes().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
    }

    /// Is the object here?
    pub fn has(&self, id: &ObjectId) -> bool {
        self.repository.odb().is_ok_and(|odb| oid(id).is_some_and(|oid| odb.exists(oid)))
    }

    /// The commit `id`.
    ///
    /// # Errors
    /// When it is not here or is none.
    pub fn commit(&self, id: &ObjectId) -> Result<Commit, HistoryError> {
        commit::parse(*id, &self.object(id, ObjectType::Commit, LARGEST_COMMIT)?)
    }

    /// The content of a file, at most `limit` bytes of it.
    ///
    /// # Errors
    /// When it is not here, is no file, or is larger.
    pub fn read(&self, id: &ObjectId, limit: u64) -> Result<Vec<u8>, HistoryError> {
        self.object(id, ObjectType::Blob, limit)
    }

    /// The raw bytes of a tree.
    pub(super) fn tree(&self, id: &ObjectId) -> Result<Vec<u8>, HistoryError> {
        self.object(id, ObjectType::Tree, LARGEST_TREE)
    }

    fn object(&self, id: &ObjectId, kind: ObjectType, limit: u64) -> Result<Vec<u8>, HistoryError> {
        let missing = HistoryError::Missing { id: *id, partial: self.is_partial, path: None };
        let oid = oid(id).ok_or(missing)?;
        let odb = self.repository.odb().map_err(ours)?;
        if kind == ObjectType::Blob
            && let Ok((size, _)) = odb.read_header(oid)
            && size as u64 > limit
        {
            return Err(HistoryError::TooLarge { id: *id, size: size as u64, limit });
        }
        let object = odb.read(oid).map_err(|error| self.unread(id, &error))?;
        if object.kind() != kind {
            return Err(HistoryError::Damaged { id: *id, what: format!("it is a {} and no {kind}", object.kind()) });
        }
        let size = object.data().len() as u64;
        if size > limit {
            return Err(HistoryError::TooLarge { id: *id, size, limit });
        }
        Ok(object.data().to_vec())
    }

    /// An object that is not here, or is not what it should be.
    fn unread(&self, id: &ObjectId, error: &git2::Error) -> HistoryError {
        if error.code() == ErrorCode::NotFound {
            return HistoryError::Missing { id: *id, partial: self.is_partial, path: None };
        }
        HistoryError::Damaged { id: *id, what: error.message().to_owned() }
    }

    /// Hashes the object again: what a verdict rests on must be what its id says.
    ///
    /// # Errors
    /// When it is not.
    pub fn verify(&self, id: &ObjectId) -> Result<(), HistoryError> {
        let wrong = |what: &str| HistoryError::Damaged { id: *id, what: what.to_owned() };
        let oid = oid(id).ok_or_else(|| wrong("it has no id"))?;
        let odb = self.repository.odb().map_err(ours)?;
        let object = odb.read(oid).map_err(|error| self.unread(id, &error))?;
        let hash = Oid::hash_object_ext(object.kind(), object.data(), self.repository.object_format()).map_err(ours)?;
        if hash == oid { Ok(()) } else { Err(wrong("its content has another id")) }
    }

    /// The commits where the histories of both meet, sorted; several after a criss-cross merge.
    ///
    /// # Errors
    /// When they have nothing in common, or this clone is too shallow to prove where they meet.
    pub fn merge_bases(&self, one: &ObjectId, other: &ObjectId) -> Result<Vec<ObjectId>, HistoryError> {
        let (Some(a), Some(b)) = (oid(one), oid(other)) else {
            return Err(HistoryError::NoSuchRevision { name: one.to_string() });
        };
        let mut bases = match self.repository.merge_bases(a, b) {
            Ok(found) => found.iter().map(|o| id_of(*o)).collect(),
            Err(error) if error.code() == ErrorCode::NotFound => Vec::new(),
            Err(error) => return Err(self.failed(&error, &one.to_string())),
        };
        // A commit of one side alone, whose parents are not here, could lead to a nearer base.
        for boundary in &self.boundary {
            let of_one = self.reaches(one, boundary)?;
            let of_other = self.reaches(other, boundary)?;
            if of_one != of_other || (bases.is_empty() && of_one) {
                return Err(HistoryError::Shallow { needed: Needed::MergeBase, boundary: *boundary });
            }
        }
        if bases.is_empty() {
            return Err(HistoryError::Unrelated { one: one.short(), other: other.short() });
        }
        bases.sort();
        Ok(bases)
    }

    /// Is `ancestor` the commit `of`, or one of those before it?
    ///
    /// # Errors
    /// When a commit is not here, or this clone ends before that is known.
    pub fn is_ancestor(&self, ancestor: &ObjectId, of: &ObjectId) -> Result<bool, HistoryError> {
        if self.reaches(of, ancestor)? {
            return Ok(true);
        }
        for boundary in &self.boundary {
            if self.reaches(of, boundary)? {
                return Err(HistoryError::Shallow { needed: Needed::MergeBase, boundary: *boundary });
            }
        }
        Ok(false)
    }

    /// Does this clone hold a line of commits from `head` back to `there`?
    fn reaches(&self, head: &ObjectId, there: &ObjectId) -> Result<bool, HistoryError> {
        if head == there {
            return Ok(true);
        }
        let (Some(from), Some(to)) = (oid(head), oid(there)) else { return Ok(false) };
        self.repository.graph_descendant_of(from, to).map_err(|e| self.failed(&e, &head.to_string()))
    }

    /// The commits that `head` has and none of `known` has, newest first.
    ///
    /// # Errors
    /// When a commit is not here.
    pub fn beyond(&self, known: &[ObjectId], head: &ObjectId) -> Result<Vec<Commit>, HistoryError> {
        let failed = |e: git2::Error| self.failed(&e, &head.to_string());
        let mut walk = self.repository.revwalk().map_err(failed)?;
        if let Some(head) = oid(head) {
            walk.push(head).map_err(failed)?;
        }
        for id in known.iter().filter_map(oid) {
            walk.hide(id).map_err(failed)?;
        }
        walk.map(|found| self.commit(&id_of(found.map_err(failed)?))).collect()
    }

    /// What differs between two trees, sorted by path; `None` is no files. A file of equal content that went away and came
    /// elsewhere is one change.
    ///
    /// # Errors
    /// When a tree is not here.
    pub fn diff(
        &self,
        old: Option<&ObjectId>,
        new: Option<&ObjectId>,
        prefixes: &Prefixes,
    ) -> Result<Vec<FileChange>, HistoryError> {
        let read = |id: &ObjectId| self.tree(id);
        let mut comparison = Comparison::new(&read, prefixes);
        comparison.trees(old, new, b"", 0)?;
        Ok(settle(comparison.found))
    }

    /// Every file of a tree, sorted by path.
    ///
    /// # Errors
    /// When a tree is not here.
    pub fn files(&self, tree: &ObjectId, prefixes: &Prefixes) -> Result<Vec<TreeFile>, HistoryError> {
        let all = self.diff(None, Some(tree), prefixes)?;
        Ok(all.into_iter().filter_map(|c| Some(TreeFile { path: c.path, blob: c.new? })).collect())
    }

    /// The file at `path` in a tree.
    ///
    /// # Errors
    /// When a tree is not here.
    pub fn find(&self, tree: &ObjectId, path: &[u8]) -> Result<Option<Blob>, HistoryError> {
        let mut tree = *tree;
        let mut parts = path.split(|b| *b == b'/').peekable();
        while let Some(name) = parts.next() {
            let raw = self.tree(&tree)?;
            let entry = entry_named(tree, &raw, name)?;
            match (entry.map(|e| (e.kind, e.id)), parts.peek()) {
                (Some((Kind::Folder, id)), Some(_)) => tree = id,
                (Some((Kind::Content(mode), id)), None) => return Ok(Some(Blob { id, mode })),
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// What is staged, sorted by path. A path that is only intended to be added is not there.
    ///
    /// # Errors
    /// When a merge is not finished, or the index can't be read or is not there.
    pub fn index(&self) -> Result<Vec<TreeFile>, HistoryError> {
        let index = match self.repository.index() {
            Ok(index) => {
                self.must_be_there(&index)?;
                index
            }
            // Split and sparse indexes are refused by name.
            Err(error) if error.message().contains("mandatory extension") => {
                let folder = self.work_tree().unwrap_or_else(|| self.repository.path());
                return program::index(folder);
            }
            Err(error) => return Err(self.failed(&error, "the index")),
        };
        let mut files = Vec::with_capacity(index.len());
        for entry in index.iter() {
            if (entry.flags >> 12) & 3 != 0 {
                return Err(HistoryError::Conflict { path: String::from_utf8_lossy(&entry.path).into_owned() });
            }
            let mode = match entry.mode {
                0o120_000 => Mode::Link,
                0o160_000 => Mode::Submodule,
                _ => Mode::File,
            };
            if entry.flags_extended & INTENT_TO_ADD == 0 {
                files.push(TreeFile { path: entry.path.into(), blob: Blob { id: id_of(entry.id), mode } });
            }
        }
        // libgit2 may sort without regard to case.
        files.sort();
        Ok(files)
    }

    /// An index that is not there looks as if everything were taken away. Before the first commit there is none.
    fn must_be_there(&self, index: &git2::Index) -> Result<(), HistoryError> {
        let is_there = index.path().is_some_and(|path| path.symlink_metadata().is_ok());
        if is_there || (self.work_tree().is_some() && self.head()?.is_none()) {
            return Ok(());
        }
        let path = index.path().map(|path| format!(": `{}` does not exist", path.display())).unwrap_or_default();
        Err(HistoryError::Unreadable {
            message: format!("it has no index, so nothing can be staged{path}"),
            help: "run this in a work tree; in one without an index: `git reset`".to_owned(),
        })
    }

    /// What the files `staged` have that `tree` has not, and the other way round, sorted by path.
    ///
    /// # Errors
    /// When a tree is not here.
    pub fn index_changes(&self, tree: Option<&ObjectId>, staged: &[TreeFile]) -> Result<Vec<FileChange>, HistoryError> {
        let there = tree.map_or(Ok(Vec::new()), |t| self.files(t, &Prefixes::all()))?;
        let (mut old, mut new) = (there.iter().peekable(), staged.iter().peekable());
        let mut found = Vec::new();
        while let Some(path) = match (old.peek(), new.peek()) {
            (Some(o), Some(n)) => Some(GitPath::clone(if o.path <= n.path { &o.path } else { &n.path })),
            (Some(one), None) | (None, Some(one)) => Some(GitPath::clone(&one.path)),
            (None, None) => None,
        } {
            let before = old.next_if(|f| f.path == path).map(|f| f.blob);
            let after = new.next_if(|f| f.path == path).map(|f| f.blob);
            if before != after {
                found.push(FileChange { path, old_path: None, old: before, new: after });
            }
        }
        Ok(settle(found))
    }

    /// A walk along first parents, newest first.
    pub const fn first_parents(&self, from: ObjectId, horizon: Horizon) -> Walk<'_> {
        Walk::new(self, from, horizon)
    }

    /// The versions that each of `paths` had along first parents: one walk for all of them.
    ///
    /// Unless the walk ended at the first commit, the last version of a list is the one that stood where it ended.
    ///
    /// # Errors
    /// When an object is not here.
    pub fn versions(&self, from: ObjectId, horizon: Horizon, paths: &[GitPath]) -> Result<Vec<Versions>, HistoryError> {
        walk::versions(self, from, horizon, paths)
    }

    /// Shows `each` every commit along first parents, newest first, with what it changed below `prefixes`; the first
    /// commit against no files, and a commit whose parent this clone lacks not at all.
    ///
    /// # Errors
    /// When an object is not here.
    pub fn changes_along(
        &self,
        from: ObjectId,
        horizon: Horizon,
        prefixes: &Prefixes,
        each: &mut dyn FnMut(&Commit, &[FileChange]) -> std::ops::ControlFlow<()>,
    ) -> Result<End, HistoryError> {
        walk::changes_along(self, from, horizon, prefixes, each)
    }

    /// The tags whose names are `wanted`, sorted by name.
    ///
    /// # Errors
    /// When references can't be listed.
    pub fn tags(&self, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Tag>, HistoryError> {
        let failed = |e: git2::Error| self.failed(&e, "refs/tags");
        let mut tags = Vec::new();
        if self.is_in_memory {
            return Ok(tags);
        }
        for reference in self.repository.references_glob("refs/tags/*").map_err(failed)? {
            let reference = reference.map_err(failed)?;
            let name = String::from_utf8_lossy(reference.name_bytes()).into_owned();
            let name = name.strip_prefix("refs/tags/").unwrap_or(&name);
            if !wanted(name) {
                continue;
            }
            let tag = reference.peel_to_tag().ok();
            let tagged = tag.as_ref().and_then(git2::Tag::tagger).map(|t| t.when().seconds());
            let message = tag.as_ref().and_then(git2::Tag::message_bytes).unwrap_or_default();
            tags.push(Tag {
                name: name.into(),
                commit: reference.peel_to_commit().ok().map(|c| id_of(c.id())),
                tagged: tagged.and_then(|s| Moment::from_timestamp(s, 0)),
                message: String::from_utf8_lossy(message).into(),
            });
        }
        tags.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(tags)
    }

    /// Adds a commit on top of `parent` to a repository in memory: `None` takes a file away.
    ///
    /// # Errors
    /// When an object can't be written.
    pub fn record(
        &self,
        parent: Option<ObjectId>,
        time: Moment,
        message: &str,
        files: &[(&str, Option<&[u8]>)],
    ) -> Result<ObjectId, HistoryError> {
        let odb = self.repository.odb().map_err(ours)?;
        let mut all = BTreeMap::new();
        if let Some(parent) = parent {
            let tree = self.commit(&parent)?.tree;
            all.extend(self.files(&tree, &Prefixes::all())?.into_iter().map(|f| (f.path.to_vec(), f.blob.id)));
        }
        for (path, content) in files {
            match content {
                Some(bytes) => {
                    let blob = odb.write(ObjectType::Blob, bytes).map_err(ours)?;
                    all.insert(path.as_bytes().to_vec(), id_of(blob));
                }
                None => _ = all.remove(path.as_bytes()),
            }
        }
        let tree = write_tree(&odb, &all.into_iter().collect::<Vec<_>>(), 0)?;
        let mut raw = format!("tree {tree}\n");
        if let Some(parent) = parent {
            raw += &format!("parent {parent}\n");
        }
        let who = format!("rollgate <rollgate@localhost> {} +0000", time.timestamp());
        raw += &format!("author {who}\ncommitter {who}\n\n{message}");
        Ok(id_of(odb.write(ObjectType::Commit, raw.as_bytes()).map_err(ours)?))
    }

    fn failed(&self, error: &git2::Error, name: &str) -> HistoryError {
        if error.code() == ErrorCode::NotFound
            && let Some(boundary) = self.boundary.first()
        {
            return HistoryError::Shallow { needed: Needed::History, boundary: *boundary };
        }
        let message = format!("{name}: {}", error.message());
        HistoryError::Unreadable { message, help: "look at it with `git fsck`".to_owned() }
    }
}

/// Writes the tree of `files`, sorted by path, of which the first `skip` bytes of each are the folder.
fn write_tree(odb: &Odb<'_>, files: &[(Vec<u8>, ObjectId)], skip: usize) -> Result<ObjectId, HistoryError> {
    let mut entries: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let mut rest = files;
    while let Some((path, id)) = rest.first() {
        let name = &path[skip..];
        let Some(slash) = name.iter().position(|b| *b == b'/') else {
            entries.push((name.to_vec(), [b"100644 ", name, &[0], id.as_bytes()].concat()));
            rest = &rest[1..];
            continue;
        };
        let below = &path[..=skip + slash];
        let count = rest.iter().take_while(|(p, _)| p.starts_with(below)).count();
        let tree = write_tree(odb, &rest[..count], below.len())?;
        entries.push((name[..=slash].to_vec(), [b"40000 ", &name[..slash], &[0], tree.as_bytes()].concat()));
        rest = &rest[count..];
    }
    entries.sort();
    let raw: Vec<u8> = entries.into_iter().flat_map(|(_, raw)| raw).collect();
    Ok(id_of(odb.write(ObjectType::Tree, &raw).map_err(ours)?))
}

fn oid(id: &ObjectId) -> Option<Oid> {
    Oid::from_bytes(id.as_bytes()).ok()
}

fn id_of(oid: Oid) -> ObjectId {
    ObjectId::from_bytes(oid.as_bytes()).unwrap_or(ObjectId::NONE)
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn ours(error: git2::Error) -> HistoryError {
    let message = error.message().to_owned();
    HistoryError::Unreadable { message, help: "look at it with `git fsck`".to_owned() }
}

/// Why a repository that is there is not opened.
fn refused(start: &Path, error: &git2::Error) -> HistoryError {
    let message = error.message();
    let (message, help) = if error.code() == ErrorCode::Owner {
        let help = format!(
            "if it is yours: `git config --global --add safe.directory {}`",
            start.canonicalize().unwrap_or_else(|_| start.to_path_buf()).display()
        );
        ("it is owned by another user".to_owned(), help)
    } else if message.contains("refstorage") {
        let help = "turn it into a repository that keeps refs as files: `git refs migrate --ref-format=files`";
        ("it keeps its refs as a reftable, whose tags libgit2 would not see".to_owned(), help.to_owned())
    } else {
        (message.to_owned(), "look at it with `git fsck`".to_owned())
    };
    HistoryError::Unreadable { message, help }
}

/// The commits that a shallow clone ends at.
fn boundary(common: &Path) -> Result<BTreeSet<ObjectId>, HistoryError> {
    // git says by this variable where a push from a shallow clone ends.
    let named = variable("GIT_SHALLOW_FILE").map(PathBuf::from);
    let path = named.filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| common.join("shallow"));
    #[expect(clippy::disallowed_methods, reason = "history is the door to the repository's own folder")]
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => {
            let message = format!("`{}` cannot be read: {error}", path.display());
            return Err(HistoryError::Unreadable { message, help: "make it readable".to_owned() });
        }
    };
    Ok(text.lines().filter_map(|line| ObjectId::from_hex(line.trim())).collect())
}

/// What git tells by a variable; an empty one tells nothing.
fn variable(name: &str) -> Option<std::ffi::OsString> {
    #[expect(clippy::disallowed_methods, reason = "history is the door to the variables of git itself")]
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn is_partial(repository: &Repository) -> bool {
    let Ok(config) = repository.config().and_then(|mut c| c.snapshot()) else { return false };
    if config.get_string("extensions.partialclone").is_ok() {
        return true;
    }
    let Ok(mut found) = config.entries(Some("remote\\..*\\.promisor")) else { return false };
    found.next().is_some()
}

/// `~/hooks` as a path.
fn expanded(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), variable("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => path.into(),
    }
}
