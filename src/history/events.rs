//! What happened to files along history: promoted, loosened, taken back, renamed. Knows no format: how a file is read is
//! the caller's.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::{
    Blob, Commit, End, FileChange, Git, GitPath, HistoryError, Horizon, ObjectId, Prefixes, reverts, trailers,
};
use crate::clock::Moment;

/// The trailers that are events.
const SAID: [&str; 2] = ["Rollback-Drill", "Rollgate-Override"];

/// What a file says at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// How many users it exposes, in millionths; `None` where it does not say.
    pub exposure: Option<u32>,
    /// Its limits by name, such as thresholds of a rollback, sorted by name.
    pub bounds: Vec<(String, f64)>,
    /// What it ships, such as images.
    pub payload: Vec<String>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A file came that says something.
    Introduced,
    /// Its exposure rose.
    Promoted {
        /// Before.
        from: u32,
        /// After.
        to: u32,
    },
    /// Its exposure fell.
    Lowered {
        /// Before.
        from: u32,
        /// After.
        to: u32,
    },
    /// Its exposure can be told on one side only.
    Unsettled {
        /// Before.
        from: Option<u32>,
        /// After.
        to: Option<u32>,
    },
    /// A limit has another value; `None` is no limit.
    BoundChanged {
        /// The limit.
        name: String,
        /// Before.
        from: Option<f64>,
        /// After.
        to: Option<f64>,
    },
    /// What it ships is other.
    PayloadChanged,
    /// The commit says that it takes another one back.
    ///
    /// Where that is `checked` there is no event beside it for exposure and payload; a mere claim hides none.
    Reverted {
        /// The commit that is taken back.
        of: ObjectId,
        /// Is that commit part of the history walked, did it touch this file, and are exposure and payload again what
        /// they were before it?
        checked: bool,
        /// The exposure before the revert.
        from: Option<u32>,
        /// The exposure after it.
        to: Option<u32>,
    },
    /// It lies elsewhere; nothing of it is other.
    Renamed {
        /// Where it lay.
        from: GitPath,
    },
    /// It is gone, or says nothing any more.
    Removed,
    /// The commit has other parents beside the first.
    Merged {
        /// All but the first.
        others: Vec<ObjectId>,
    },
    /// A trailer that matters to rollouts.
    Said {
        /// As we write it: `Rollback-Drill`.
        key: &'static str,
        /// Its value.
        value: String,
    },
}

/// Something that happened with a commit of the first-parent line.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The commit.
    pub commit: ObjectId,
    /// Its committer date.
    pub time: Moment,
    /// The file, where it lies from then on, or lay at last; `None` of what the commit itself says.
    pub path: Option<GitPath>,
    /// What happened.
    pub what: What,
}

/// Reads what a file says; `None` where it is of no concern.
pub type Observe<'o> = &'o mut dyn FnMut(&GitPath, &Blob) -> Result<Option<Observed>, HistoryError>;

/// What happened along first parents to the files below `prefixes`, oldest first, and how the walk ended.
///
/// Of one commit: first what it says itself, then its files in the order of their paths.
///
/// # Errors
/// When an object is not here, or `observe` fails.
pub fn events(
    git: &Git,
    from: ObjectId,
    horizon: Horizon,
    prefixes: &Prefixes,
    observe: Observe<'_>,
) -> Result<(Vec<Event>, End), HistoryError> {
    let mut steps: Vec<(Commit, Vec<FileChange>)> = Vec::new();
    let mut each = |commit: &Commit, files: &[FileChange]| {
        if !files.is_empty() || commit.parents.len() > 1 || SAID.iter().any(|key| holds(&commit.message, key)) {
            steps.push((commit.clone(), files.to_vec()));
        }
        ControlFlow::Continue(())
    };
    let end = git.changes_along(from, horizon, prefixes, &mut each)?;
    let taken_back = steps.iter().filter_map(|(commit, _)| reverts(&commit.message)).collect();
    let mut teller = Teller {
        observe,
        taken_back,
        known: BTreeMap::new(),
        names: BTreeMap::new(),
        files: 0,
        original: BTreeMap::new(),
        events: Vec::new(),
    };
    for (commit, files) in steps.iter().rev() {
        teller.commit(commit, files)?;
    }
    Ok((teller.events, end))
}

/// Might the trailer `key` stand in this message?
fn holds(message: &str, key: &str) -> bool {
    message.as_bytes().windows(key.len()).any(|w| w.eq_ignore_ascii_case(key.as_bytes()))
}

/// A file through all of its names.
type Identity = usize;

/// Goes through history, oldest first.
struct Teller<'o> {
    observe: Observe<'o>,
    /// The commits that later ones say they take back.
    taken_back: BTreeSet<ObjectId>,
    /// What was read last of each path.
    known: BTreeMap<GitPath, (Blob, Option<Observed>)>,
    /// Which file each path is, or was at last.
    names: BTreeMap<GitPath, Identity>,
    /// The number of the next file.
    files: Identity,
    /// What the files of a commit that is taken back said before it.
    original: BTreeMap<(ObjectId, Identity), Option<Observed>>,
    events: Vec<Event>,
}

impl Teller<'_> {
    fn commit(&mut self, commit: &Commit, files: &[FileChange]) -> Result<(), HistoryError> {
        let say = |what| Event { commit: commit.id, time: commit.time, path: None, what };
        if commit.parents.len() > 1 {
            self.events.push(say(What::Merged { others: commit.parents[1..].to_vec() }));
        }
        for (key, value) in trailers(&commit.message) {
            let known = SAID.into_iter().find(|said| said.eq_ignore_ascii_case(key));
            self.events.extend(known.map(|key| say(What::Said { key, value })));
        }
        let of = reverts(&commit.message);
        // What was there is read before anything that came is kept: a path can change hands.
        let sides = files.iter().map(|change| Ok((change, self.before(change)?))).collect::<Result<Vec<_>, _>>()?;
        let identities: Vec<Identity> = files.iter().map(|change| self.identity(change)).collect();
        for ((change, old), identity) in sides.into_iter().zip(identities) {
            let new = self.after(change)?;
            let revert = of.map(|of| (of, self.is_back(of, identity, new.as_ref())));
            for what in told(change, old.as_ref(), new.as_ref(), revert) {
                let path = Some(change.path.clone());
                self.events.push(Event { commit: commit.id, time: commit.time, path, what });
            }
            if self.taken_back.contains(&commit.id) {
                self.original.insert((commit.id, identity), old);
            }
        }
        Ok(())
    }

    /// What the file said before the change.
    fn before(&mut self, change: &FileChange) -> Result<Option<Observed>, HistoryError> {
        let Some(blob) = change.old else { return Ok(None) };
        let path = change.old_path.as_ref().unwrap_or(&change.path);
        match self.known.remove(path) {
            Some((known, observed)) if known == blob => Ok(observed),
            _ => (self.observe)(path, &blob),
        }
    }

    /// What it says after it.
    fn after(&mut self, change: &FileChange) -> Result<Option<Observed>, HistoryError> {
        let Some(blob) = change.new else { return Ok(None) };
        let observed = (self.observe)(&change.path, &blob)?;
        self.known.insert(change.path.clone(), (blob, observed.clone()));
        Ok(observed)
    }

    /// Which file it is. One that is taken away and comes back is the same.
    fn identity(&mut self, change: &FileChange) -> Identity {
        let known = match &change.old_path {
            Some(old) => self.names.remove(old),
            None => self.names.get(&change.path).copied(),
        };
        let identity = known.unwrap_or(self.files);
        // A number is used once, whether or not the file had one.
        self.files += 1;
        self.names.insert(change.path.clone(), identity);
        identity
    }

    /// Is the file again what it was before the commit `of`?
    fn is_back(&self, of: ObjectId, identity: Identity, new: Option<&Observed>) -> bool {
        let essence = |o: &Observed| (o.exposure, o.payload.clone());
        let before = self.original.get(&(of, identity));
        before.is_some_and(|before| before.as_ref().map(essence) == new.map(essence))
    }
}

/// What the change of one file comes to; `revert` is the commit that is said to be taken back, and whether that holds.
fn told(
    change: &FileChange,
    old: Option<&Observed>,
    new: Option<&Observed>,
    revert: Option<(ObjectId, bool)>,
) -> Vec<What> {
    let exposure = |side: Option<&Observed>| side.and_then(|o| o.exposure);
    let (from, to) = (exposure(old), exposure(new));
    let mut found = Vec::new();
    match (old, new) {
        (None, None) => return found,
        (None, Some(_)) => found.push(What::Introduced),
        (Some(_), None) => found.push(What::Removed),
        (Some(_), Some(_)) => found.extend(change.old_path.clone().map(|from| What::Renamed { from })),
    }
    found.extend(revert.map(|(of, checked)| What::Reverted { of, checked, from, to }));
    let (Some(old), Some(new)) = (old, new) else { return found };
    let is_back = revert.is_some_and(|(_, checked)| checked);
    if !is_back {
        found.extend(exposed(from, to));
    }
    found.extend(bounds(old, new));
    if !is_back && old.payload != new.payload {
        found.push(What::PayloadChanged);
    }
    found
}

fn exposed(from: Option<u32>, to: Option<u32>) -> Option<What> {
    match (from, to) {
        _ if from == to => None,
        (Some(from), Some(to)) if from < to => Some(What::Promoted { from, to }),
        (Some(from), Some(to)) => Some(What::Lowered { from, to }),
        (from, to) => Some(What::Unsettled { from, to }),
    }
}

/// The limits that differ, sorted by name.
fn bounds(old: &Observed, new: &Observed) -> Vec<What> {
    let table = |o: &Observed| o.bounds.iter().cloned().collect::<BTreeMap<String, f64>>();
    let (old, new) = (table(old), table(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let both = names.into_iter().map(|name| (name, old.get(name).copied(), new.get(name).copied()));
    let differ = both.filter(|(_, from, to)| from.map(f64::to_bits) != to.map(f64::to_bits));
    differ.map(|(name, from, to)| What::BoundChanged { name: name.clone(), from, to }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of the story: `exposure limit payload`, each of them maybe `-`.
    fn read(git: &Git, blob: &Blob) -> Result<Option<Observed>, HistoryError> {
        let text = String::from_utf8(git.read(&blob.id, 1000)?).unwrap();
        let words: Vec<&str> = text.split_whitespace().collect();
        let [exposure, limit, payload] = words[..] else { return Ok(None) };
        Ok(Some(Observed {
            exposure: exposure.parse().ok(),
            bounds: limit.parse().ok().map(|l| ("errors".to_owned(), l)).into_iter().collect(),
            payload: vec![payload.to_owned()],
        }))
    }

    /// A commit's message and files, `None` where one is taken away.
    type Chapter<'s> = (&'s str, &'s [(&'s str, Option<&'s str>)]);

    /// What a story comes to. A message can name an earlier step as `#2`.
    fn tell(story: &[Chapter<'_>]) -> Vec<String> {
        let git = Git::in_memory().unwrap();
        let mut ids: Vec<ObjectId> = Vec::new();
        for (minute, (message, files)) in story.iter().enumerate() {
            let mut text = (*message).to_owned();
            for (n, id) in ids.iter().enumerate() {
                text = text.replace(&format!("#{n}."), &format!("{id}."));
            }
            let time = Moment::from_timestamp(1_795_521_600 + 60 * i64::try_from(minute).unwrap(), 0).unwrap();
            let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.map(str::as_bytes))).collect();
            ids.push(git.record(ids.last().copied(), time, &text, &files).unwrap());
        }
        let prefixes = Prefixes::new([&b"deploy"[..]].into_iter());
        let mut observe = |_: &GitPath, blob: &Blob| read(&git, blob);
        let told = events(&git, *ids.last().unwrap(), Horizon::EVERYTHING, &prefixes, &mut observe).unwrap();
        assert_eq!(told.1, End::Root);
        let line = |event: Event| {
            let step = ids.iter().position(|id| *id == event.commit).unwrap();
            let path = event.path.map(|p| String::from_utf8_lossy(&p).into_owned()).unwrap_or_default();
            let mut what = format!("{:?}", event.what);
            for (n, id) in ids.iter().enumerate() {
                what = what.replace(&id.to_string(), &format!("#{n}"));
            }
            format!("{step} {path} {what}")
        };
        told.0.into_iter().map(line).collect()
    }

    #[test]
    fn a_story() {
        let told = tell(&[
            ("start\n", &[("deploy/web", Some("5 0.01 v1")), ("README", Some("x"))]),
            ("source\n", &[("README", Some("y"))]),
            ("promote\n", &[("deploy/web", Some("25 0.01 v1"))]),
            ("tune\n", &[("deploy/web", Some("25 0.05 v1"))]),
            ("ship\n", &[("deploy/web", Some("100 0.09 v1"))]),
            ("move\n", &[("deploy/web", None), ("deploy/shop", Some("100 0.09 v1"))]),
            ("Revert\n\nThis reverts commit #4.\n", &[("deploy/shop", Some("25 0.09 v1"))]),
            ("release\n", &[("deploy/shop", Some("5 0.09 v2"))]),
            ("Revert\n\nThis reverts commit #7.\n", &[("deploy/shop", Some("100 0.09 v2"))]),
            ("drill\n\nRollback-drill: shop\n", &[("README", Some("z"))]),
            ("dynamic\n", &[("deploy/shop", Some("- - v2"))]),
            ("gone\n", &[("deploy/shop", None)]),
            ("Revert\n\nThis reverts commit #11.\n", &[("deploy/shop", Some("- - v2"))]),
        ]);
        let expected = [
            "0 deploy/web Introduced",
            "2 deploy/web Promoted { from: 5, to: 25 }",
            "3 deploy/web BoundChanged { name: \"errors\", from: Some(0.01), to: Some(0.05) }",
            "4 deploy/web Promoted { from: 25, to: 100 }",
            "4 deploy/web BoundChanged { name: \"errors\", from: Some(0.05), to: Some(0.09) }",
            "5 deploy/shop Renamed { from: [100, 101, 112, 108, 111, 121, 47, 119, 101, 98] }",
            "6 deploy/shop Reverted { of: #4, checked: true, from: Some(100), to: Some(25) }",
            "7 deploy/shop Lowered { from: 25, to: 5 }",
            "7 deploy/shop PayloadChanged",
            "8 deploy/shop Reverted { of: #7, checked: false, from: Some(5), to: Some(100) }",
            "8 deploy/shop Promoted { from: 5, to: 100 }",
            "9  Said { key: \"Rollback-Drill\", value: \"shop\" }",
            "10 deploy/shop Unsettled { from: Some(100), to: None }",
            "10 deploy/shop BoundChanged { name: \"errors\", from: Some(0.09), to: None }",
            "11 deploy/shop Removed",
            "12 deploy/shop Introduced",
            "12 deploy/shop Reverted { of: #11, checked: true, from: None, to: None }",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_claim_to_revert_is_only_a_claim() {
        let elsewhere = format!("Revert\n\nThis reverts commit {}.\n", "1".repeat(40));
        let told = tell(&[
            ("start\n", &[("deploy/web", Some("5 - v1")), ("deploy/shop", Some("5 - v1b"))]),
            ("promote\n", &[("deploy/web", Some("25 - v1"))]),
            // Another file than the one that the commit touched.
            ("Revert\n\nThis reverts commit #1.\n", &[("deploy/shop", Some("100 - v1b"))]),
            // No commit of this history.
            (&elsewhere, &[("deploy/web", Some("100 - v1"))]),
        ]);
        let expected = [
            "0 deploy/shop Introduced",
            "0 deploy/web Introduced",
            "1 deploy/web Promoted { from: 5, to: 25 }",
            "2 deploy/shop Reverted { of: #1, checked: false, from: Some(5), to: Some(100) }",
            "2 deploy/shop Promoted { from: 5, to: 100 }",
            &format!(
                "3 deploy/web Reverted {{ of: {}, checked: false, from: Some(25), to: Some(100) }}",
                "1".repeat(40)
            ),
            "3 deploy/web Promoted { from: 25, to: 100 }",
        ];
        assert_eq!(told, expected);
    }
}
