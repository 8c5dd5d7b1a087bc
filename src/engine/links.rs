//! Links and submodules in the place of manifests. A link is read as what stands where it leads to, in the same state of
//! the repository: that is what a deployer reads. Nothing outside of the repository is.

use std::collections::BTreeSet;

use super::compare::Desk;
use crate::collect::{is_manifest, shown};
use crate::finding::Failure;
use crate::history::{Blob, FileChange, HistoryError, Mode, Snapshot, Step};

/// Links that lead to each other are given up after so many.
const MOST_LINKS: usize = 40;
/// The longest path that a link leads to.
const LONGEST_TARGET: u64 = 4096;

const HELP: &str = "put the file itself into the repository, or remove the link";

/// What stands where a path leads to.
pub(super) enum Target {
    /// A file, and its path.
    File(Blob, Vec<u8>),
    /// A folder, by its path.
    Folder(Vec<u8>),
    /// Something inside of a submodule, or one.
    Submodule,
    /// Nothing.
    Nothing,
    /// Something outside of the repository.
    Outside,
}

impl Target {
    /// Why it can't be read, after "is a link that".
    const fn why(&self) -> &'static str {
        match self {
            Self::File(..) | Self::Nothing => "leads nowhere",
            Self::Folder(_) => "leads to a folder",
            Self::Submodule => "leads into a submodule, whose files are not here",
            Self::Outside => "leads out of the repository",
        }
    }
}

impl Desk<'_> {
    /// The content behind the link at `path`, and the path of that. A link of the new state that leads to no file fails.
    pub(super) fn behind(
        &mut self,
        path: &[u8],
        (snapshot, is_new): (&Snapshot, bool),
    ) -> Result<Option<Vec<u8>>, HistoryError> {
        let found = self.follow(snapshot, path)?;
        let link = shown(path);
        match found {
            Target::File(blob, target) => {
                if is_new {
                    self.links.insert(shown(&target), link.clone());
                }
                Ok(Some(self.read(&link, &blob)?))
            }
            Target::Folder(_) | Target::Submodule | Target::Nothing | Target::Outside => {
                if is_new {
                    self.fail(link, format!("is a link that {}", found.why()), HELP);
                }
                Ok(None)
            }
        }
    }

    /// What stands at `path` when every link on the way is followed.
    fn follow(&self, snapshot: &Snapshot, path: &[u8]) -> Result<Target, HistoryError> {
        let parts = |path: &[u8]| path.split(|b| *b == b'/').rev().map(<[u8]>::to_vec).collect::<Vec<_>>();
        let (mut rest, mut at, mut links) = (parts(path), Vec::<Vec<u8>>::new(), 0);
        while let Some(part) = rest.pop() {
            match &*part {
                b".." if at.pop().is_none() => return Ok(Target::Outside),
                b"" | b"." | b".." => continue,
                _ => at.push(part),
            }
            let here = at.join(&b'/');
            let Some(blob) = snapshot.find(self.git, &here)? else { continue };
            match blob.mode {
                Mode::File if rest.is_empty() => return Ok(Target::File(blob, here)),
                Mode::File => return Ok(Target::Nothing),
                Mode::Submodule => return Ok(Target::Submodule),
                Mode::Link => {}
            }
            links += 1;
            let target = self.git.read(&blob.id, LONGEST_TARGET)?;
            if links > MOST_LINKS {
                return Ok(Target::Nothing);
            }
            if target.first() == Some(&b'/') {
                return Ok(Target::Outside);
            }
            at.pop();
            rest.extend(parts(&target));
        }
        let folder = at.join(&b'/');
        let is_there = !snapshot.files_below(self.git, [&*shown(&folder)].into_iter())?.is_empty();
        Ok(if is_there { Target::Folder(folder) } else { Target::Nothing })
    }

    /// Fails where manifests are gone because a submodule, or a link to a folder that holds other ones, took their place.
    pub(super) fn swallowed(&mut self, step: &Step) -> Result<(), HistoryError> {
        for change in &step.files {
            let Some(new) = change.new.filter(|b| b.mode != Mode::File) else { continue };
            let gone = self.gone_below(step, &change.path);
            let path = shown(&change.path);
            if new.mode == Mode::Submodule && gone.is_empty() && !self.was_manifest(change) {
                self.skip(&path, "a submodule");
            } else if new.mode == Mode::Submodule {
                let what = "became a submodule, so the manifests that stood there are not here";
                self.fail(path, what.to_owned(), "keep the manifests in this repository");
            } else if !gone.is_empty() && !self.holds_the_same(&step.new, &change.path, &gone)? {
                let what = "became a link, and other manifests stand where it leads to";
                self.fail(path, what.to_owned(), "keep the folder itself");
            }
        }
        Ok(())
    }

    /// The manifests of base that are gone from below `folder`.
    fn gone_below<'s>(&self, step: &'s Step, folder: &[u8]) -> Vec<(&'s [u8], Blob)> {
        let below = |path: &[u8]| path.strip_prefix(folder).is_some_and(|rest| rest.first() == Some(&b'/'));
        let old = |c: &'s FileChange| Some((&**c.old_path.as_ref().unwrap_or(&c.path), c.old?));
        step.files.iter().filter_map(old).filter(|(path, _)| below(path) && self.is_taken(path)).collect()
    }

    fn was_manifest(&self, change: &FileChange) -> bool {
        change.old.is_some_and(|b| b.mode == Mode::File) && self.is_taken(&change.path)
    }

    pub(super) fn is_taken(&self, path: &[u8]) -> bool {
        is_manifest(path) && self.policy.takes(&shown(path))
    }

    /// Are the manifests behind the link at `path` those that have `gone`, with the same content?
    fn holds_the_same(&self, snapshot: &Snapshot, path: &[u8], gone: &[(&[u8], Blob)]) -> Result<bool, HistoryError> {
        let Target::Folder(folder) = self.follow(snapshot, path)? else { return Ok(false) };
        let there = snapshot.files_below(self.git, [&*shown(&folder)].into_iter())?;
        let there = there.iter().filter(|f| is_manifest(&f.path));
        let there: BTreeSet<(&[u8], Blob)> =
            there.filter_map(|f| Some((f.path.strip_prefix(&*folder)?, f.blob))).collect();
        let gone: BTreeSet<(&[u8], Blob)> =
            gone.iter().filter_map(|(p, blob)| Some((p.strip_prefix(path)?, *blob))).collect();
        Ok(there == gone)
    }

    fn fail(&mut self, path: String, message: String, help: &str) {
        self.failures.push(Failure { path: Some(path), message, help: help.to_owned() });
    }
}
