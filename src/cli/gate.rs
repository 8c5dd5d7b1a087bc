//! The gates: a change between two commits, what is staged, one commit after the other.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::args::{Check, PolicyChoice, TrustSide};
use super::check::{finish, warn_loosened};
use super::ci::{self, BaseChoice};
use super::failure::Failure;
use super::history::explain;
use super::progress::Progress;
use super::surroundings::Surroundings;
use super::{Outcome, baseline, setup};
use crate::clock::Moment;
use crate::collect::Roots;
use crate::engine::{self, ChangeInput, Choice, Override};
use crate::finding::Trust;
use crate::history::{
    Git, GitPath, HistoryError, Horizon, Mode, ObjectId, Prefixes, Snapshot, Step, TreeFile, trailer,
};
use crate::policy::{Policy, Source};

/// The trailer that asks for an override.
const OVERRIDE: &str = "Rollgate-Override";

/// The files of the policy that a change brings are numbered from here.
const FIRST_BROUGHT_FILE: u32 = 0xF100_0000;
/// And those of the policy that it leaves.
const FIRST_LEFT_FILE: u32 = 0xF200_0000;

/// A change as it was resolved: two states, and whose policy judges.
pub(super) struct Resolved {
    /// What is judged.
    pub(super) steps: Vec<Step>,
    /// Where the policy is read from: the tip of the target branch.
    pub(super) trusted: Snapshot,
    /// The commit of that, if it is one.
    pub(super) trusted_commit: Option<ObjectId>,
    /// The head's files, for `--trust head`.
    pub(super) head: Snapshot,
    /// Who let it through.
    pub(super) overrides: Vec<Override>,
    /// What is said beside the findings.
    pub(super) notices: Vec<String>,
}

/// Runs the gate that `args` ask for.
pub(super) fn run(args: &Check, around: &Surroundings) -> Outcome {
    let git = open(around)?;
    let at = setup::moment(args.at.as_deref(), around.now)?.unwrap_or(around.now);
    let resolved = resolve(args, &git, at).map_err(|error| vec![explain(&error)])?;
    judge(args, around, &git, resolved?)
}

/// The repository at `folder`, if there is one that git knows.
pub(super) fn found(folder: &std::path::Path) -> Result<Option<Git>, Vec<Failure>> {
    Git::open(folder).map_err(|error| vec![explain(&error)])
}

/// The repository around the working directory.
pub(super) fn open(around: &Surroundings) -> Result<Git, Vec<Failure>> {
    let found = Git::open(&around.cwd).map_err(|error| vec![explain(&error)])?;
    found.ok_or_else(|| vec![explain(&HistoryError::NoRepository)])
}

fn resolve(args: &Check, git: &Git, at: Moment) -> Result<Result<Resolved, Vec<Failure>>, HistoryError> {
    if let Some(range) = &args.range {
        return range_of(git, range);
    }
    if args.staged {
        return Ok(Ok(staged(git, at)?));
    }
    let Some(base) = args.base.as_deref() else { return chosen_by_ci(git, at) };
    let head = args.head.as_deref().unwrap_or("HEAD");
    let (tip, head) = (git.resolve(base)?, git.resolve(head)?);
    Ok(Ok(against(git, &tip, &head, at)?))
}

/// What the CI provider's variables choose, and why.
fn chosen_by_ci(git: &Git, at: Moment) -> Result<Result<Resolved, Vec<Failure>>, HistoryError> {
    let chosen = match ci::detect(&Surroundings::ci(), git) {
        Ok(chosen) => chosen,
        Err(failure) => return Ok(Err(vec![failure])),
    };
    let (tip, head) = (chosen.trusted.id, chosen.head.id);
    let bases = match &chosen.base {
        BaseChoice::MergeBaseWith(rev) => git.merge_bases(&rev.id, &head)?,
        BaseChoice::Exact(rev) => vec![rev.id],
    };
    let mut resolved = between(git, &bases, &tip, &head, at)?;
    resolved.notices.insert(0, chosen.how);
    Ok(Ok(resolved))
}

/// What `head` changes against the place where it left the line of `tip`.
pub(super) fn against(git: &Git, tip: &ObjectId, head: &ObjectId, at: Moment) -> Result<Resolved, HistoryError> {
    let bases = git.merge_bases(tip, head)?;
    between(git, &bases, tip, head, at)
}

/// What differs between exactly these two commits, `bases` standing for several where histories cross, and for no files
/// where there is none.
pub(super) fn between(
    git: &Git,
    bases: &[ObjectId],
    tip: &ObjectId,
    head: &ObjectId,
    at: Moment,
) -> Result<Resolved, HistoryError> {
    let new = git.commit(head)?.tree;
    let trees = bases.iter().map(|base| Ok(git.commit(base)?.tree)).collect::<Result<Vec<_>, HistoryError>>()?;
    let old = trees.first().copied();
    let mut files = git.diff(old.as_ref(), Some(&new), &Prefixes::all())?;
    for tree in trees.iter().skip(1) {
        let more = git.diff(Some(tree), Some(&new), &Prefixes::all())?;
        let known: BTreeSet<GitPath> = files.iter().map(|f| GitPath::clone(&f.path)).collect();
        files.extend(more.into_iter().filter(|f| !known.contains(&f.path)));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    // What stands on the target's line was let through there, however histories cross.
    let known = [bases, &[*tip]].concat();
    let overrides = overrides(git, &known, head, None)?;
    let base_names: Vec<String> = bases.iter().map(ObjectId::short).collect();
    let since =
        if bases.is_empty() { "holds".to_owned() } else { format!("changes since {}", base_names.join(" and ")) };
    let notice = format!("what {} {since} is judged by the rules of {}", head.short(), tip.short());
    let step = Step {
        old: old.map_or(Snapshot::Empty, Snapshot::Tree),
        new: Snapshot::Tree(new),
        files,
        at,
        commit: None,
        past: bases.first().copied(),
    };
    Ok(Resolved {
        steps: vec![step],
        trusted: Snapshot::Tree(git.commit(tip)?.tree),
        trusted_commit: Some(*tip),
        head: Snapshot::Tree(new),
        overrides,
        notices: vec![notice],
    })
}

/// The trailers of the commits that `head` has and none of `known` has; they cover what `commit` makes, or all.
fn overrides(
    git: &Git,
    known: &[ObjectId],
    head: &ObjectId,
    commit: Option<ObjectId>,
) -> Result<Vec<Override>, HistoryError> {
    let covers = commit.map(|id| id.short());
    let asked = git.beyond(known, head)?.into_iter().flat_map(|found| {
        let (by, covers) = (found.id.short(), covers.clone());
        let reasons: Vec<String> = trailer(&found.message, OVERRIDE).filter(|reason| !reason.is_empty()).collect();
        reasons.into_iter().map(move |reason| Override { by: by.clone(), reason, commit: covers.clone() })
    });
    Ok(asked.collect())
}

/// Everything that `head` holds, where there is nothing before it: the first push.
pub(super) fn from_nothing(git: &Git, head: &ObjectId, at: Moment) -> Result<Resolved, HistoryError> {
    let tree = git.commit(head)?.tree;
    let files = git.diff(None, Some(&tree), &Prefixes::all())?;
    let new = Snapshot::Tree(tree);
    let step = Step { old: Snapshot::Empty, new: new.clone(), files, at, commit: None, past: None };
    Ok(Resolved {
        steps: vec![step],
        trusted: Snapshot::Empty,
        trusted_commit: None,
        head: new,
        overrides: Vec::new(),
        notices: vec!["there is nothing yet to compare with, so all of it is judged".to_owned()],
    })
}

/// What is staged, against the commit that is checked out.
pub(super) fn staged(git: &Git, at: Moment) -> Result<Resolved, HistoryError> {
    let head = git.head()?;
    let tree = head.map(|id| git.commit(&id)).transpose()?.map(|c| c.tree);
    let index: Arc<[TreeFile]> = git.index()?.into();
    let files = git.index_changes(tree.as_ref(), &index)?;
    let old = tree.map_or(Snapshot::Empty, Snapshot::Tree);
    let new = Snapshot::Index(index);
    let step = Step { old: old.clone(), new: new.clone(), files, at, commit: None, past: head };
    Ok(Resolved {
        steps: vec![step],
        trusted: old,
        trusted_commit: head,
        head: new,
        overrides: Vec::new(),
        notices: Vec::new(),
    })
}

/// Each commit from A, which is left out, to B along first parents, at its own time.
fn range_of(git: &Git, range: &str) -> Result<Result<Resolved, Vec<Failure>>, HistoryError> {
    let (a, b) = match range.split_once("..") {
        Some((a, b)) if !a.is_empty() && !b.starts_with('.') => (a, if b.is_empty() { "HEAD" } else { b }),
        _ => {
            let help = "write for instance `--range v1.4..main`";
            return Ok(Err(vec![Failure::new(format!("`--range {range}` is no range A..B"), help)]));
        }
    };
    let (from, to) = (git.resolve(a)?, git.resolve(b)?);
    let mut commits = Vec::new();
    let mut walk = git.first_parents(to, Horizon::EVERYTHING);
    loop {
        match walk.next() {
            Some(commit) => {
                let commit = commit?;
                if commit.id == from {
                    break;
                }
                commits.push(commit);
            }
            None => return Ok(Err(vec![off_the_line(a, b, walk.end())])),
        }
    }
    commits.reverse();
    let mut old = git.commit(&from)?;
    let trusted = Snapshot::Tree(old.tree);
    let mut steps = Vec::with_capacity(commits.len());
    let mut let_through = Vec::new();
    for commit in commits {
        let_through.extend(overrides(git, &[old.id], &commit.id, Some(commit.id))?);
        let files = git.diff(Some(&old.tree), Some(&commit.tree), &Prefixes::all())?;
        let (before, after) = (Snapshot::Tree(old.tree), Snapshot::Tree(commit.tree));
        let (at, id) = (commit.time, Some(commit.id));
        steps.push(Step { old: before, new: after, files, at, commit: id, past: Some(old.id) });
        old = commit;
    }
    let line = format!("from {} to {}", from.short(), to.short());
    let notice = match steps.len() {
        0 => format!("no commit lies on the line {line}, so nothing is judged"),
        1 => format!("1 commit {line} is judged, at its own time"),
        many => format!("{many} commits {line} are judged, each at its own time"),
    };
    Ok(Ok(Resolved {
        steps,
        trusted,
        trusted_commit: Some(from),
        head: Snapshot::Tree(old.tree),
        overrides: let_through,
        notices: vec![notice],
    }))
}

fn off_the_line(a: &str, b: &str, end: Option<crate::history::End>) -> Failure {
    use crate::history::End;
    if let Some(End::ShallowBoundary(at)) = end {
        let help = "git fetch --unshallow --filter=blob:limit=1m";
        return Failure::new(format!("this clone is shallow and ends at {at}, before `{a}`"), help);
    }
    let help = "name a commit that `git log --first-parent` shows, or use `--base` for a branch";
    Failure::new(format!("`{a}` is not on the first-parent line of `{b}`"), help)
}

/// Judges what was resolved, and prints the report.
pub(super) fn judge(args: &Check, around: &Surroundings, git: &Git, resolved: Resolved) -> Outcome {
    let roots = Roots::find(&around.cwd, &[]);
    let head_side = args.trust == Some(TrustSide::Head);
    let snapshot = if head_side { &resolved.head } else { &resolved.trusted };
    let mut notices = resolved.notices;
    notices.extend(warn_loosened(args));
    let policy = policy(&args.policy, git, snapshot, &roots, around)?;
    let brings_one = has_policy(git, &resolved.head);
    if matches!(policy.source, Source::Default) && brings_one && args.policy.policy.is_none() {
        notices.push("the base has no policy, so preset recommended judges; this change brings one".to_owned());
    }
    let states = (snapshot, &resolved.head);
    let baseline = baseline::of_change(args.baseline.as_deref(), git, states, (&roots, around))?;
    let brought = brought(args, git, resolved.steps.first().map(|s| &s.old), &resolved.head)?;
    let side = if head_side { "head" } else { "base" };
    let commit = resolved.trusted_commit.filter(|_| !head_side).map(|id| id.to_string());
    let input = ChangeInput {
        git,
        steps: resolved.steps,
        policy: &policy,
        trust: Trust { side, commit },
        trusted: snapshot.clone(),
        baseline: baseline.as_ref(),
        choice: Choice { select: args.select.clone(), ignore: args.ignore.clone() },
        now: around.now,
        fail_on: args.fail_on.map(Into::into),
        brought: brought.as_ref().map(|(old, new)| (old, new)),
        overrides: resolved.overrides,
        notices,
        deepen: super::history::deepen(),
        fetch_tags: super::history::fetch_tags(),
    };
    let progress = Progress::watch(input.steps.iter().map(|step| step.files.len()).sum(), args.progress);
    let checked = engine::check_change(&input);
    // Taken away before anything else is said.
    drop(progress);
    let (report, sources) = checked.map_err(|error| vec![explain(&error)])?;
    finish(args, around, &report, &sources)
}

/// The policy that stands in `snapshot`, unless the command line names another.
fn policy(
    choice: &PolicyChoice,
    git: &Git,
    snapshot: &Snapshot,
    roots: &Roots,
    around: &Surroundings,
) -> Result<Policy, Vec<Failure>> {
    if choice.policy.is_some() || choice.preset.is_some() {
        return setup::policy(choice, roots, around);
    }
    stored(git, snapshot, setup::FIRST_POLICY_FILE)
}

/// The policy that stands in `snapshot`; preset `recommended` where none does.
pub(super) fn stored(git: &Git, snapshot: &Snapshot, first_file: u32) -> Result<Policy, Vec<Failure>> {
    let mut lost: Option<HistoryError> = None;
    let mut read = |path: &str| {
        text(git, snapshot, path).unwrap_or_else(|error| {
            let told = error.to_string();
            lost.get_or_insert(error);
            Err(told)
        })
    };
    let mut source = Source::Default;
    for name in setup::POLICY_PATHS {
        let found = read(name);
        match found {
            Ok(None) => {}
            Ok(Some(text)) => {
                source = Source::File { path: name.into(), text, root: String::new() };
                break;
            }
            Err(error) => {
                let failure = lost.as_ref().map_or_else(|| setup::unreadable(name, &error), explain);
                return Err(vec![failure]);
            }
        }
    }
    let policy = setup::load_from(source, first_file, &mut read);
    // A file that git can't give is no fault of the policy's.
    lost.map_or(policy, |error| Err(vec![explain(&error)]))
}

/// The policies before and after the change, where it brings another or another calendar. One that can't be read is a
/// failure: after the merge nothing could be judged by it.
fn brought(
    args: &Check,
    git: &Git,
    old: Option<&Snapshot>,
    head: &Snapshot,
) -> Result<Option<(Policy, Policy)>, Vec<Failure>> {
    let is_named = args.policy.policy.is_some() || args.policy.preset.is_some();
    let Some(old) = old.filter(|_| !is_named && args.trust != Some(TrustSide::Head)) else { return Ok(None) };
    let new = stored(git, head, FIRST_BROUGHT_FILE)?;
    let old = stored(git, old, FIRST_LEFT_FILE)?;
    let texts = |p: &Policy| p.files.iter().map(|f| (Arc::clone(&f.path), Arc::clone(&f.text))).collect::<Vec<_>>();
    let differs = texts(&new) != texts(&old) || new.calendars != old.calendars;
    Ok(differs.then_some((old, new)))
}

fn has_policy(git: &Git, snapshot: &Snapshot) -> bool {
    setup::POLICY_PATHS.iter().any(|path| snapshot.find(git, path.as_bytes()).is_ok_and(|blob| blob.is_some()))
}

/// The text of a file of `snapshot`, whose id is proved, or what is wrong with it.
pub(super) fn text(
    git: &Git,
    snapshot: &Snapshot,
    path: &str,
) -> Result<Result<Option<Arc<str>>, String>, HistoryError> {
    const LARGEST: u64 = 16 << 20;
    let Some(blob) = snapshot.find(git, path.as_bytes())? else { return Ok(Ok(None)) };
    if blob.mode != Mode::File {
        return Ok(Err("is a link, and links are not followed in git".to_owned()));
    }
    let bytes = git.verify(&blob.id).and_then(|()| git.read(&blob.id, LARGEST));
    let bytes = bytes.map_err(|mut error| {
        if let HistoryError::Missing { path: of, .. } = &mut error {
            *of = Some(path.to_owned());
        }
        error
    })?;
    Ok(String::from_utf8(bytes).map(|text| Some(text.into())).map_err(|_| "is no UTF-8".to_owned()))
}
