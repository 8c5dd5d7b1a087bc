//! A change: what stands before it and after it, lowered, paired, and held against what history says.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::excuse::Written;
use super::gate::loosened;
use super::pair::{Pair, Pairs, Sides};
use super::past::Pasts;
use super::plans::is_flag;
use super::settle::{selection, settle};
use super::standing::{Standing, Stood};
use super::{LoadLimits, Loaded, governed, load, recognised};
use crate::adapters::{Audience, Lowered};
use crate::collect::{File, Origin, shown};
use crate::finding::{Coverage, Failure, Skipped};
use crate::history::{Blob, FileChange, Git, GitPath, HistoryError, Mode, ObjectId, Snapshot, Step, TreeFile};
use crate::model::{Change, CriteriaAtStart, Drill, Past, PastEnd, Problem, Rollout, Waiver, settle_candidates};
use crate::policy::{Policy, waiver_weakenings};
use crate::rules::{GovernedChange, LoosenedGate, Weakened};
use crate::text::{FileId, Span};

/// Files of one side, each with what it lowered to.
type Side = Vec<(Arc<str>, Stood)>;

/// What one step makes of the rollouts it touches.
#[derive(Default)]
pub(super) struct Compared {
    /// The rollouts it touches, as they are after it.
    pub(super) rollouts: Vec<Rollout>,
    /// What it makes of each of them.
    pub(super) changes: Vec<Change>,
    /// Files of it that belong to no rollout and say so.
    pub(super) problems: Vec<Problem>,
    /// Files that are shipped without a manifest of their own.
    pub(super) governed: Vec<GovernedChange>,
    /// Gates of evaluations that it loosens.
    pub(super) loosened_gates: Vec<LoosenedGate>,
    /// Drills on record after it.
    pub(super) drills: Vec<Drill>,
    /// Waivers that it adds or widens.
    pub(super) weakened: Vec<Weakened>,
    /// The numbers of its files, as they are after it.
    pub(super) files: Range<usize>,
}

/// The desk on which steps are compared, one after the other.
pub(super) struct Desk<'a> {
    pub(super) git: &'a Git,
    pub(super) policy: &'a Policy,
    pub(super) limits: LoadLimits,
    /// Every file that was read, by its number; the same path may be there in many states.
    pub(super) files: Vec<File>,
    /// Lengths of the files as they were read.
    pub(super) lengths: Vec<usize>,
    /// The ignores of every file that was read.
    pub(super) ignores: Vec<Written>,
    pub(super) coverage: Coverage,
    pub(super) failures: Vec<Failure>,
    pub(super) pasts: Pasts,
    standing: Standing,
    /// Does a rule ask what governs files that are shipped without a manifest?
    asks_what_is_governed: bool,
    /// The links that the step touches, by the paths that they lead to.
    pub(super) links: BTreeMap<String, String>,
    /// Do all files stand, or only those that the step touches?
    is_whole: bool,
}

impl<'a> Desk<'a> {
    pub(super) fn new(git: &'a Git, policy: &'a Policy, limits: LoadLimits, pasts: Pasts) -> Self {
        Self {
            git,
            policy,
            limits,
            files: Vec::new(),
            lengths: Vec::new(),
            ignores: Vec::new(),
            coverage: Coverage::default(),
            failures: Vec::new(),
            pasts,
            standing: Standing::default(),
            asks_what_is_governed: governed::is_asked(policy),
            links: BTreeMap::new(),
            is_whole: false,
        }
    }

    /// Lets every file of `snapshot` stand, before the first step.
    pub(super) fn stand(&mut self, snapshot: &Snapshot) -> Result<(), HistoryError> {
        self.bring_all(snapshot, &BTreeSet::new())?;
        self.is_whole = true;
        Ok(())
    }

    /// Compares the two states of `step`. When all files stand, those of its old state do, and afterwards those of its
    /// new one.
    pub(super) fn compare(&mut self, step: &Step) -> Result<Compared, HistoryError> {
        let touched: Vec<&FileChange> = step.files.iter().filter(|c| self.takes(c)).collect();
        self.links.clear();
        self.swallowed(step)?;
        let first = self.files.len();
        let new = self.side(&touched, |c| Some((&c.path, c.new?)), (&step.new, true))?;
        let files = first..self.files.len();
        let problems: Vec<Problem> = new.iter().flat_map(|l| l.lowered.problems.iter().cloned()).collect();
        self.cover(&new);
        let new_paths: Vec<Arc<str>> = new.iter().map(|s| Arc::clone(&s.path)).collect();
        let mut new: Side = new.into_iter().map(|s| (s.path, s.lowered.into())).collect();
        let old_path = |c: &&FileChange| c.old.map(|_| Arc::from(shown(c.old_path.as_ref().unwrap_or(&c.path))));
        let old_paths: Vec<Arc<str>> = touched.iter().filter_map(old_path).collect();
        if !self.is_whole {
            new = self.stand_apart(step, (&touched, &old_paths), (new, &new_paths))?;
        }
        let lends = old_paths.iter().any(|p| self.standing.lends(p)) || new.iter().any(|(_, s)| s.lends);
        let weakened = self.waived(step, &old_paths, &new);
        let plans_before: Vec<Rollout> = old_paths.iter().flat_map(|p| self.standing.shipping(p)).cloned().collect();
        let before = self.rollouts(&old_paths, &step.old)?;
        let others_before = if lends { self.others(&old_paths, &new_paths) } else { Vec::new() };
        self.exchange(&old_paths, new);
        let after = self.rollouts(&new_paths, &step.new)?;
        let others_after = if lends { self.others(&old_paths, &new_paths) } else { Vec::new() };
        let drills = self.standing.drills().cloned().collect();
        let mut compared = Compared { problems, drills, weakened, files, ..Compared::default() };
        let pairs = self.pair(before, after, &touched);
        let others = others_before.into_iter().zip(others_after).filter(|(b, a)| b != a).map(|(b, a)| (Some(b), a));
        for (before, after) in pairs.into_iter().chain(others) {
            self.judge_pair(step, before, after, &mut compared)?;
        }
        compared.governed = governed::changes(self, step, &compared, &plans_before)?;
        recognised::tell(self, step, &mut compared)?;
        Ok(compared)
    }

    /// Lets the old state of the touched files stand, and of the others what they depend on.
    fn stand_apart(
        &mut self,
        step: &Step,
        (touched, old_paths): (&[&FileChange], &[Arc<str>]),
        (new, new_paths): (Side, &[Arc<str>]),
    ) -> Result<Side, HistoryError> {
        let old = self.side(touched, |c| Some((c.old_path.as_ref().unwrap_or(&c.path), c.old?)), (&step.old, false))?;
        let old: Side = old.into_iter().map(|s| (s.path, s.lowered.into())).collect();
        let lends = old.iter().chain(&new).any(|(_, s)| s.lends);
        self.exchange(&[], new);
        if lends || self.asks_for_more(step, new_paths) {
            let apart: BTreeSet<Arc<str>> = old_paths.iter().chain(new_paths).cloned().collect();
            self.bring_all(&step.new, &apart)?;
        } else {
            self.bring_records(step, new_paths)?;
        }
        Ok(self.exchange(new_paths, old))
    }

    /// The waivers that the step adds, widens or prolongs.
    fn waived(&self, step: &Step, old: &[Arc<str>], new: &Side) -> Vec<Weakened> {
        let before: Vec<Waiver> = old.iter().flat_map(|p| self.standing.waivers(p).iter().cloned()).collect();
        let after: Vec<Waiver> = new.iter().flat_map(|(_, s)| s.waivers.iter().cloned()).collect();
        let nowhere = Span::new(FileId(0), 0, 0);
        let found = waiver_weakenings(&before, &after, self.policy.timezone).into_iter();
        found.filter(|w| w.matters(step.at)).map(|w| loosened(w, nowhere)).collect()
    }

    fn takes(&self, change: &FileChange) -> bool {
        self.is_taken(&change.path) || change.old_path.as_ref().is_some_and(|path| self.is_taken(path))
    }

    /// Loads one side of every file: what stands in a state of the repository, and whether that is the new one.
    fn side<'c>(
        &mut self,
        changes: &[&'c FileChange],
        pick: impl Fn(&'c FileChange) -> Option<(&'c GitPath, Blob)>,
        state: (&Snapshot, bool),
    ) -> Result<Vec<Sided>, HistoryError> {
        let wanted: Vec<(&GitPath, Blob)> = changes.iter().filter_map(|c| pick(c)).collect();
        self.bring(&wanted, state)
    }

    /// Reads blobs and lowers them; what they lower to stands beside the path they have.
    fn bring(&mut self, wanted: &[(&GitPath, Blob)], state: (&Snapshot, bool)) -> Result<Vec<Sided>, HistoryError> {
        let first = self.files.len();
        for (path, blob) in wanted {
            let shown: Arc<str> = shown(path).into();
            let bytes = match blob.mode {
                Mode::File => Some(self.read(&shown, blob)?),
                Mode::Link => self.behind(path, state)?,
                Mode::Submodule => None,
            };
            let file = |bytes: Vec<u8>| File { path: shown, origin: Origin::Memory(bytes.into()) };
            self.files.extend(bytes.map(file));
        }
        let mut loaded = load(first, &self.files[first..], &self.limits, Audience::Change);
        self.ignores.extend(loaded.iter_mut().flat_map(|l| std::mem::take(&mut l.ignores)));
        self.lengths.extend(loaded.iter().map(|l| l.length));
        let paths = self.files[first..].iter().map(|f| Arc::clone(&f.path));
        Ok(paths.zip(loaded).map(|(path, loaded)| Sided::new(path, loaded)).collect())
    }

    pub(super) fn read(&self, shown: &str, blob: &Blob) -> Result<Vec<u8>, HistoryError> {
        self.git.read(&blob.id, self.limits.file_bytes).map_err(|mut error| {
            if let HistoryError::Missing { path, .. } = &mut error {
                *path = Some(shown.to_owned());
            }
            error
        })
    }

    pub(super) fn skip(&mut self, shown: &str, reason: &str) {
        self.coverage.skipped.push(Skipped { path: shown.to_owned(), reason: reason.to_owned() });
    }

    fn cover(&mut self, side: &[Sided]) {
        self.coverage.files += side.len();
        for one in side {
            self.coverage.documents += one.documents;
            if let Some(reason) = one.skipped {
                self.skip(&one.path, reason);
            }
            if let Some(message) = &one.failure {
                let help = "make it readable".to_owned();
                self.failures.push(Failure { path: Some(one.path.to_string()), message: message.clone(), help });
            }
        }
    }

    /// Lets every manifest of `snapshot` stand but those `apart`.
    fn bring_all(&mut self, snapshot: &Snapshot, apart: &BTreeSet<Arc<str>>) -> Result<(), HistoryError> {
        let files = snapshot.files(self.git)?;
        let wanted = |path: &GitPath| {
            let shown = shown(path);
            self.is_taken(path) && !apart.contains(&*shown)
        };
        let wanted: Vec<(&GitPath, Blob)> =
            files.iter().filter(|f| f.blob.mode == Mode::File && wanted(&f.path)).map(|f| (&f.path, f.blob)).collect();
        for one in self.bring(&wanted, (snapshot, true))? {
            self.standing.put(&one.path, one.lowered.into());
        }
        Ok(())
    }

    /// Takes `away` and puts `side` in; returns what was taken away.
    fn exchange(&mut self, away: &[Arc<str>], side: Side) -> Side {
        let taken = away.iter().filter_map(|p| Some((Arc::clone(p), self.standing.take(p)?))).collect();
        for (path, stood) in side {
            self.standing.put(&path, stood);
        }
        taken
    }

    /// Does something in the touched files, which stand alone, depend on what may stand elsewhere?
    fn asks_for_more(&self, step: &Step, paths: &[Arc<str>]) -> bool {
        let is_open = |r: &Rollout| {
            let may_be_governed = r.progression.is_live() && r.rollback.criteria.is_empty();
            let routes = r.destinations.iter().any(|d| d.ships.is_empty() && !d.immutable);
            let refers = !r.unresolved.is_empty() || r.declared.plan.is_some();
            refers || routes || r.plain_workload || r.partial || may_be_governed || is_flag(r)
        };
        // A plan may name any file, a manifest too.
        let may_ship = self.asks_what_is_governed && !step.files.is_empty();
        may_ship || paths.iter().flat_map(|p| self.standing.rollouts(p)).any(|r| is_open(&r))
    }

    /// Lets the drills on record stand, where only the touched files do.
    fn bring_records(&mut self, step: &Step, apart: &[Arc<str>]) -> Result<(), HistoryError> {
        let folders = self.policy.drills.record_folders();
        let files = step.new.files_below(self.git, folders.iter().map(String::as_str))?;
        let is_record = |f: &&TreeFile| {
            let shown = shown(&f.path);
            f.blob.mode == Mode::File && self.policy.drills.is_record(&shown) && !apart.iter().any(|p| **p == *shown)
        };
        let wanted: Vec<(&GitPath, Blob)> = files.iter().filter(is_record).map(|f| (&f.path, f.blob)).collect();
        for one in self.bring(&wanted, (&step.new, true))? {
            self.standing.put(&one.path, one.lowered.into());
        }
        Ok(())
    }

    fn rollouts(&mut self, paths: &[Arc<str>], snapshot: &Snapshot) -> Result<Vec<Rollout>, HistoryError> {
        let mut all: Vec<Rollout> = paths.iter().flat_map(|p| self.standing.rollouts(p)).collect();
        settle(all.iter_mut(), &self.files, self.policy);
        for rollout in &mut all {
            governed::digest(self.git, snapshot, rollout)?;
        }
        Ok(all)
    }

    /// Every rollout of the files that the step does not touch, in one order.
    fn others(&self, old: &[Arc<str>], new: &[Arc<str>]) -> Vec<Rollout> {
        let others = self.standing.paths().filter(|p| !old.contains(p) && !new.contains(p));
        let mut all: Vec<Rollout> = others.flat_map(|p| self.standing.rollouts(p)).collect();
        settle(all.iter_mut(), &self.files, self.policy);
        all
    }

    /// Every rollout that stands now, as its own file says it.
    pub(super) fn standing(&self) -> impl Iterator<Item = &Rollout> {
        self.standing.unfinished()
    }

    pub(super) fn path(&self, rollout: &Rollout) -> &str {
        self.files.get(rollout.span.file.0 as usize).map_or("", |f| &f.path)
    }

    /// The file of a rollout, and the files that hold what it ships, or what runs behind its destinations before the change
    /// or `after` it.
    fn paths_of(&self, rollout: &Rollout, after: &Rollout) -> Vec<String> {
        let path = |span: Span| self.files.get(span.file.0 as usize).map(|f| f.path.to_string());
        let mut paths: Vec<String> = path(rollout.span).into_iter().collect();
        let backings = rollout.destinations.iter().chain(&after.destinations).filter_map(|d| d.backing.as_ref());
        let behind = backings.flat_map(|b| b.told_by.iter().copied().chain(b.payload.iter().map(|p| p.span)));
        for other in rollout.payload.iter().map(|p| p.span).chain(behind).filter_map(path) {
            if !paths.contains(&other) {
                paths.push(other);
            }
        }
        paths
    }

    /// Every rollout after the change with what it was before.
    fn pair(&mut self, before: Vec<Rollout>, after: Vec<Rollout>, touched: &[&FileChange]) -> Vec<Pair> {
        let Pairs { all, unclear } =
            Sides { files: &self.files, renames: renames(touched), links: &self.links }.pair(before, after);
        let help = "name the environments in the policy by paths, or take the other away in a change of its own";
        let failure = |(path, message)| Failure { path: Some(path), message, help: help.to_owned() };
        self.failures.extend(unclear.into_iter().map(failure));
        all
    }

    /// Does the policy ask something else of `after` than of what it was?
    fn is_asked_otherwise(&self, before: Option<&Rollout>, after: &Rollout) -> bool {
        let asked = |r: &Rollout| selection(self.policy, r, &self.files);
        before.is_some_and(|before| self.path(before) != self.path(after) && asked(before) != asked(after))
    }

    fn judge_pair(
        &mut self,
        step: &Step,
        before: Option<Rollout>,
        mut after: Rollout,
        out: &mut Compared,
    ) -> Result<(), HistoryError> {
        let asked_otherwise = self.is_asked_otherwise(before.as_ref(), &after);
        let same_text = before.as_ref().is_some_and(|b| self.text(b.span) == self.text(after.span));
        let mut before = before;
        let past = match &before {
            Some(there) if Change::asks_for_the_past(there, &after) => {
                let paths = self.paths_of(there, &after);
                self.pasts.of(self.git, (self.policy, &self.limits), step, (there, &paths))?
            }
            Some(_) | None => Past::NONE,
        };
        for rollout in before.iter_mut().chain(std::iter::once(&mut after)) {
            settle_candidates(rollout, &past);
        }
        let mut change = Change::between(step.at, before.map(Arc::new), &after, past);
        change.commit = step.commit.map(|id| id.short().into());
        change.edited = !same_text;
        change.criteria_at_start = self.criteria_at_start(&change, &after)?;
        if step.commit.is_some() {
            let path = |r: &Rollout| self.path(r).to_owned();
            let (old, new) = (change.before.as_ref().map(|b| path(b)), path(&after));
            self.pasts.note(step, old.as_deref(), &new, &after);
        }
        if change.edited || asked_otherwise || change.differs(&after) {
            out.rollouts.push(after);
            out.changes.push(change);
        }
        Ok(())
    }

    /// Were there criteria when the candidate that goes on met its first people? All files of that commit are read: a plan
    /// may have supplied them.
    fn criteria_at_start(&mut self, change: &Change, after: &Rollout) -> Result<CriteriaAtStart, HistoryError> {
        let going_on = change.moves.iter().find(|m| m.from.is_limited());
        let Some(step) = going_on.filter(|_| !after.rollback.criteria.is_empty() && change.rollback.is_none()) else {
            return Ok(CriteriaAtStart::NotAsked);
        };
        let exposed = change.exposed(&step.key).count();
        let Some(first) = exposed.checked_sub(1).and_then(|i| change.past.versions.get(i)) else {
            return Ok(CriteriaAtStart::Unknown);
        };
        let is_first = exposed < change.past.versions.len() || change.past.end == PastEnd::Complete;
        let Some(id) = ObjectId::from_hex(&first.commit) else { return Ok(CriteriaAtStart::Unknown) };
        let tree = Snapshot::Tree(self.git.commit(&id)?.tree);
        let mut then = Desk::new(self.git, self.policy, self.limits, Pasts::default());
        then.stand(&tree)?;
        let paths: Vec<Arc<str>> = then.standing.paths().cloned().collect();
        let all = paths.iter().flat_map(|p| then.standing.rollouts(p));
        let had_some = all
            .filter(|r| r.adapter.id == after.adapter.id && r.id == after.id)
            .any(|r| !r.rollback.criteria.is_empty() || r.hidden_criteria().is_some());
        Ok(match (had_some, is_first) {
            (true, true) => CriteriaAtStart::There,
            (true, false) => CriteriaAtStart::Unknown,
            (false, _) => CriteriaAtStart::Missing(id.short().into()),
        })
    }

    /// The text at `span`.
    pub(super) fn text(&self, span: Span) -> &[u8] {
        let Some(file) = self.files.get(span.file.0 as usize) else { return &[] };
        match &file.origin {
            Origin::Memory(bytes) => bytes.get(span.start as usize..span.end as usize).unwrap_or_default(),
            Origin::Disk(_) => &[],
        }
    }

    /// Adds a file that is shown and not lowered.
    pub(super) fn show(&mut self, shown: &str, bytes: Vec<u8>) -> Span {
        let number = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        self.lengths.push(bytes.len());
        self.files.push(File { path: shown.into(), origin: Origin::Memory(bytes.into()) });
        Span::new(FileId(number), 0, 0)
    }
}

/// What one file came to on one side of a change.
pub(super) struct Sided {
    path: Arc<str>,
    lowered: Lowered,
    documents: usize,
    skipped: Option<&'static str>,
    failure: Option<String>,
}

impl Sided {
    fn new(path: Arc<str>, loaded: Loaded) -> Self {
        let Loaded { lowered, documents, failure, skipped, length: _, ignores: _ } = loaded;
        Self { path, lowered, documents, skipped, failure }
    }
}

/// Where each touched file lay before.
fn renames(touched: &[&FileChange]) -> BTreeMap<String, String> {
    let one = |c: &&FileChange| Some((shown(&c.path), shown(c.old_path.as_ref()?)));
    touched.iter().filter_map(one).collect()
}
