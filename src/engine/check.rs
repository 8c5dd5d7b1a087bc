//! One whole run: files and a policy to a report.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::excuse::{Asked, Candidate, Kept, Records, WAIVERS, Written, hide, without_waivers, written};
use super::fix;
use super::judge::{Judged, judge, judge_ignores, judged_of};
use super::plan::{Choice, Plan, Selection};
use super::seal::{raise, seal};
use super::settle::{selection, service_anchors, settle};
use super::{DrillQuestion, Linked, LoadLimits, Loaded, drill_log, link, load};
use crate::adapters::Audience;
use crate::catalog::Level;
use crate::clock::Moment;
use crate::collect::{Content, WorkingSet, read};
use crate::finding::{Coverage, Failure, Finding, PolicyNote, Report, Skipped, Trust, Undetermined};
use crate::history::{Git, HistoryError};
use crate::model::{Change, DrillLog, Past, PastEnd, Rollout, Waiver};
use crate::policy::{Policy, Source};
use crate::recognition;
use crate::rules::{self, DeclaredService, Facts};
use crate::syntax::Limits;
use crate::text::{FileId, Sources, Span};

/// What a run is asked.
pub struct Input<'a> {
    /// The files, with what could not be looked at.
    pub set: WorkingSet,
    /// The policy. Its parameters have been checked.
    pub policy: &'a Policy,
    /// Which rules are asked for.
    pub choice: Choice,
    /// The present.
    pub now: Moment,
    /// When the deploy would start, if that is told.
    pub at: Option<Moment>,
    /// What git is asked about drills; `None` without a repository, or with `--no-git`.
    pub git: Option<&'a Git>,
    /// The level that fails, where the command line says so.
    pub fail_on: Option<Level>,
    /// The findings that were there already.
    pub baseline: Option<&'a Kept>,
    /// Is nothing to check fine?
    pub allow_empty: bool,
    /// Is it asked how findings can be mended?
    pub fixes: bool,
}

/// What the files lowered to, and the texts to show them with: `inspect`.
pub struct Inspected {
    /// Everything, linked and settled.
    pub linked: Linked,
    /// Every file's path and text.
    pub sources: Sources,
    /// What was looked at.
    pub coverage: Coverage,
    /// What could not be read.
    pub failures: Vec<Failure>,
}

struct Read {
    linked: Linked,
    coverage: Coverage,
    failures: Vec<Failure>,
    /// Lengths of the files as they were read.
    lengths: Vec<usize>,
    claimed: bool,
    lenders: Lenders,
    ignores: Vec<Written>,
    /// That the file of the waivers holds none, if it does.
    no_waivers: Option<String>,
}

/// Files that say something about rollouts of other files, by their numbers.
pub(super) struct Lenders {
    /// Those that define something, or rewrite it.
    pub(super) all: Vec<usize>,
    /// Those that define what rollouts of other files live by.
    pub(super) reaching: Vec<usize>,
}

impl Lenders {
    fn among(loaded: &[Loaded]) -> Self {
        let numbers = |test: &dyn Fn(&Loaded) -> bool| (0..loaded.len()).filter(|i| test(&loaded[*i])).collect();
        let rewrites = |l: &Loaded| l.lowered.rollouts.iter().any(|(r, _)| !r.owns.is_empty());
        Self {
            all: numbers(&|l| !l.lowered.definitions.is_empty() || rewrites(l)),
            reaching: numbers(&|l| l.lowered.lends),
        }
    }
}

/// Checks, once in the life of the process.
pub fn check(input: &Input<'_>) -> (Report, Sources) {
    let (report, sources, facts) = judged(input, &|_| input.fixes);
    // The process is about to end: giving back thousands of rollouts block by block takes as long as judging them.
    std::mem::forget(facts);
    (report, sources)
}

/// Checks, in a process that goes on; how to mend them is told of the findings in the file `mended`.
pub fn recheck(input: &Input<'_>, mended: Option<FileId>) -> (Report, Sources) {
    let (report, sources, _) = judged(input, &|finding| Some(finding.primary.file) == mended);
    (report, sources)
}

/// Judges everything; of the findings that pass `asks`, ways to mend them are looked for.
fn judged(input: &Input<'_>, asks: &dyn Fn(&Finding) -> bool) -> (Report, Sources, Facts) {
    let (policy, fail_on) = (input.policy, input.fail_on.unwrap_or(input.policy.fail_on));
    let mut read = gather(&input.set, policy, Audience::Rules);
    if !read.claimed && !input.allow_empty && read.failures.is_empty() {
        read.failures.push(nothing_to_check());
    }
    let selections: Vec<Selection> =
        read.linked.rollouts.iter().map(|r| selection(policy, r, &input.set.files)).collect();
    let base = Selection::base();
    let mut plan = Plan::default();
    selections.iter().chain([&base]).for_each(|s| plan.bind(policy, &input.choice, s));
    let waivers = std::mem::take(&mut read.linked.waivers);
    let mut facts = facts_with_drills(input, &mut read);
    let mut judged = judge(&plan, &facts, &selections, &base);
    raise(&mut judged, policy.undetermined);
    let candidates = candidates(input, std::mem::take(&mut read.ignores));
    let asked = Asked { policy, at: facts.moment(), facts: &facts, plan: &plan, selections: &selections };
    facts.ignores = hide(&asked, candidates, &mut judged);
    judge_ignores(&plan, &facts, &base, &mut judged);
    let mut sources = Sources::new(facts.paths.clone());
    let mut sealed = seal(judged, &sources);
    show(&mut sources, input, &read.lengths, &sealed.findings, &sealed.undetermined);
    let ran = ran(&plan, selections.iter().chain([&base]));
    let mut notices = excuse(input, waivers, (&mut sealed, &ran), (&sources, facts.moment()));
    notices.extend(read.no_waivers);
    fix::offer(input, &mut sealed.findings, &read.lenders, asks);
    let report = Report {
        as_of: input.at.unwrap_or(input.now),
        zone: policy.timezone,
        policy: note(policy, None),
        fail_on,
        undetermined_level: policy.undetermined,
        findings: sealed.findings,
        undetermined: if policy.undetermined == Level::Off { Vec::new() } else { sealed.undetermined },
        notices,
        failures: read.failures,
        coverage: read.coverage,
        rules: rules::ALL.iter().map(|d| d.meta).filter(|m| ran.contains(m.id)).collect(),
    };
    (report, sources, facts)
}

/// The rules that judged.
fn ran<'s>(plan: &Plan, selections: impl Iterator<Item = &'s Selection>) -> BTreeSet<&'static str> {
    selections.flat_map(|s| plan.rules(s)).map(|r| r.def.meta.id).collect()
}

/// Reads, lowers and asks git, and judges nothing: what rules would know, the texts of what is on record, and what kept
/// it from knowing more.
pub fn survey(input: &Input<'_>) -> (Facts, Sources, Vec<Failure>) {
    let mut read = gather(&input.set, input.policy, Audience::Rules);
    let facts = facts_with_drills(input, &mut read);
    let mut sources = Sources::new(facts.paths.clone());
    let files: BTreeSet<FileId> = facts.drills.iter().map(|d| d.anchor.file).collect();
    for file in files {
        let number = file.0 as usize;
        load_text(&mut sources, &input.set, number, read.lengths.get(number).copied());
    }
    (facts, sources, read.failures)
}

/// Reads and lowers, and shows everything.
pub fn inspect(set: &WorkingSet, policy: &Policy) -> Inspected {
    let read = gather(set, policy, Audience::Inspection);
    let mut sources = Sources::new(paths(set));
    for number in 0..set.files.len() {
        load_text(&mut sources, set, number, None);
    }
    let mut linked = read.linked;
    for prompt in &mut linked.prompts {
        let told = prompt.model.known().and_then(|model| recognition::vendor_of(model));
        prompt.vendor = prompt.vendor.take().or_else(|| told.map(Into::into));
    }
    Inspected { linked, sources, coverage: read.coverage, failures: read.failures }
}

fn paths(set: &WorkingSet) -> Vec<Arc<str>> {
    set.files.iter().map(|f| Arc::clone(&f.path)).collect()
}

fn gather(set: &WorkingSet, policy: &Policy, audience: Audience) -> Read {
    let limits = bounds(policy);
    let mut loaded = load(0, &set.files, &limits, audience);
    let (mut coverage, mut failures) = (Coverage { files: set.files.len(), ..Coverage::default() }, Vec::new());
    coverage.skipped.extend(set.skipped.iter().map(|s| Skipped { path: s.path.clone(), reason: s.reason.clone() }));
    for failure in &set.failures {
        let (path, message) = (Some(failure.path.clone()), failure.message.clone());
        failures.push(Failure { path, message, help: failure.help.to_owned() });
    }
    for (file, one) in set.files.iter().zip(&mut loaded) {
        note_file(&file.path, one, &mut coverage, &mut failures);
    }
    let lengths = loaded.iter().map(|l| l.length).collect();
    // Waivers alone are nothing to check.
    let checked = set.files.iter().zip(&loaded).filter(|(file, _)| *file.path != *WAIVERS);
    let claimed = checked.into_iter().any(|(_, l)| l.lowered.claimed > 0 || !l.lowered.problems.is_empty());
    let ignores = loaded.iter_mut().flat_map(|l| std::mem::take(&mut l.ignores)).collect();
    let no_waivers = set.files.iter().zip(&loaded).find_map(|(file, one)| without_waivers(&file.path, one));
    let lenders = Lenders::among(&loaded);
    let mut linked = link(&set.files, loaded);
    settle(linked.rollouts.iter_mut().map(|r| &mut **r), &set.files, policy);
    coverage.judged = linked.rollouts.iter().filter(|r| r.is_judged()).map(|r| judged_of(r)).collect();
    coverage.rollouts = coverage.judged.len();
    Read { linked, coverage, failures, lengths, claimed, lenders, ignores, no_waivers }
}

/// Excuses what waivers and the baseline excuse; returns what there is to say of them.
fn excuse(
    input: &Input<'_>,
    waivers: Vec<Waiver>,
    (sealed, ran): (&mut Judged, &BTreeSet<&str>),
    (sources, at): (&Sources, Moment),
) -> Vec<String> {
    let path = |w: &Waiver| sources.path(w.span.file);
    let (waivers, elsewhere): (Vec<Waiver>, Vec<Waiver>) = waivers.into_iter().partition(|w| path(w) == WAIVERS);
    let records = Records { policy: input.policy, sources, waivers: &waivers, baseline: input.baseline };
    let mut notices = records.excuse(&mut sealed.findings, |_| at);
    let elsewhere: BTreeSet<&str> = elsewhere.iter().map(path).collect();
    notices.extend(
        elsewhere.iter().map(|p| format!("the waivers in `{p}` waive nothing: they are read from `{WAIVERS}`")),
    );
    let checked: BTreeSet<&str> = input.set.files.iter().map(|f| &*f.path).collect();
    notices.extend(records.stale(sealed, ran, &checked));
    notices
}

/// The ignores of the files and of the policy. All of them count: what is committed has been approved. A policy that lies
/// among the files is read once.
fn candidates(input: &Input<'_>, found: Vec<Written>) -> Vec<Candidate> {
    let limits = bounds(input.policy).document;
    let is_policy = |w: &Written| {
        let file = input.set.files.get(w.span.file.0 as usize);
        file.is_some_and(|file| input.policy.repository_files().any(|p| p.path == file.path))
    };
    let of_files = found.into_iter().filter(|w| !is_policy(w));
    let of_policy = input.policy.repository_files().flat_map(|p| written(p.id, &p.text, &limits));
    of_files.chain(of_policy).map(|written| Candidate { written, is_approved: true, is_judged: true }).collect()
}

fn note_file(path: &Arc<str>, one: &mut Loaded, coverage: &mut Coverage, failures: &mut Vec<Failure>) {
    coverage.documents += one.documents;
    if let Some(reason) = one.skipped {
        coverage.skipped.push(Skipped { path: path.to_string(), reason: reason.to_owned() });
    }
    if let Some(message) = one.failure.take() {
        let help = "make it readable for the user that runs the check".to_owned();
        failures.push(Failure { path: Some(path.to_string()), message, help });
    }
}

fn nothing_to_check() -> Failure {
    Failure {
        path: None,
        message: "there is nothing to check: no document of a known kind".to_owned(),
        help: "name a path that holds manifests, or pass --allow-empty if that is fine".to_owned(),
    }
}

/// How much is read of files and documents.
pub(super) fn bounds(policy: &Policy) -> LoadLimits {
    let default = LoadLimits::default();
    let size = |asked: Option<u64>, default: usize| asked.and_then(|n| usize::try_from(n).ok()).unwrap_or(default);
    LoadLimits {
        // Offsets are 32 bits wide.
        file_bytes: policy.limits.file_size.unwrap_or(default.file_bytes).min(u64::from(u32::MAX)),
        document: Limits {
            document_bytes: size(policy.limits.document_size, default.document.document_bytes),
            depth: size(policy.limits.depth, default.document.depth),
            nodes: size(policy.limits.nodes, default.document.nodes),
        },
    }
}

fn facts(input: &Input<'_>, read: &mut Read) -> Facts {
    let mut linked = std::mem::take(&mut read.linked);
    settle(linked.before.iter_mut().map(|r| &mut **r), &input.set.files, input.policy);
    let planned = planned(&linked, input.at.unwrap_or(input.now));
    let service = |s: &crate::policy::Service| DeclaredService { name: s.name.value.clone(), span: s.name.span };
    Facts {
        now: input.now,
        at: input.at,
        zone: input.policy.timezone,
        calendars: input.policy.calendars.clone(),
        service_anchors: service_anchors(linked.rollouts.iter().map(|r| &**r), |_| false),
        rollouts: linked.rollouts,
        planned,
        changes: Vec::new(),
        governed: Vec::new(),
        loosened_gates: Vec::new(),
        drills: linked.drills,
        paths: paths(&input.set),
        problems: linked.problems,
        services: input.policy.services.iter().map(service).collect(),
        drill_log: None,
        weakened: Vec::new(),
        ignores: Vec::new(),
    }
}

/// What files say themselves that they change. What stood before that is nowhere written.
fn planned(linked: &Linked, at: Moment) -> BTreeMap<usize, Change> {
    if linked.before.is_empty() {
        return BTreeMap::new();
    }
    let key = |r: &Rollout| (r.span.file, r.id.name.clone());
    let after: BTreeMap<_, usize> = linked.rollouts.iter().enumerate().map(|(i, r)| (key(r), i)).collect();
    let mut all = BTreeMap::new();
    for before in &linked.before {
        let Some(&index) = after.get(&key(before)) else { continue };
        let after = &linked.rollouts[index];
        let past = Past { versions: Vec::new(), end: PastEnd::Truncated };
        let change = Change::between(at, Some(Arc::new((**before).clone())), after, past);
        if change.differs(after) {
            all.insert(index, change);
        }
    }
    all
}

pub(super) fn note(policy: &Policy, trust: Option<Trust>) -> PolicyNote {
    let is_default = matches!(policy.source, Source::Default);
    PolicyNote { source: policy.name(), extends: policy.extends(), is_default, trust }
}

fn facts_with_drills(input: &Input<'_>, read: &mut Read) -> Facts {
    let mut facts = facts(input, read);
    match drills(input, &facts) {
        Ok(log) => facts.drill_log = log,
        Err(error) => read.failures.push(git_failed(&error)),
    }
    facts
}

/// What git says of the drills of the services that are checked.
fn drills(input: &Input<'_>, facts: &Facts) -> Result<Option<DrillLog>, HistoryError> {
    let Some(git) = input.git else { return Ok(None) };
    let anchors = facts.service_anchors.iter().filter_map(|i| facts.rollouts.get(*i));
    let services = anchors.map(|r| r.service.to_string());
    let services: BTreeSet<String> = services.chain(facts.services.iter().map(|s| s.name.to_string())).collect();
    if services.is_empty() && facts.drills.is_empty() {
        return Ok(Some(DrillLog::NOTHING));
    }
    let question = DrillQuestion {
        git,
        line: git.head()?,
        policy: input.policy,
        limits: bounds(input.policy),
        at: facts.moment(),
        from: facts.moment(),
        drills: facts.drills.iter().map(|d| (d, facts.path(d.anchor).to_owned())).collect(),
        services,
    };
    drill_log(&question).map(Some)
}

fn git_failed(error: &HistoryError) -> Failure {
    let help = "mend the repository, or check without it: `--no-git`".to_owned();
    Failure { path: None, message: error.to_string(), help }
}

/// Loads the texts that the report shows, and the policy's own.
fn show(
    sources: &mut Sources,
    input: &Input<'_>,
    lengths: &[usize],
    findings: &[Finding],
    undetermined: &[Undetermined],
) {
    for file in &input.policy.files {
        sources.add(file.id, Arc::clone(&file.path), Arc::clone(&file.text));
    }
    let spans = findings.iter().flat_map(|f| std::iter::once(f.primary).chain(f.related.iter().map(|l| l.span)));
    let shown: BTreeSet<FileId> = spans.chain(undetermined.iter().map(|u| u.span)).map(|s: Span| s.file).collect();
    for file in shown {
        let number = file.0 as usize;
        if number < input.set.files.len() {
            load_text(sources, &input.set, number, lengths.get(number).copied());
        }
    }
}

/// Reads a file again to show it; one that has changed since it was judged is not shown.
fn load_text(sources: &mut Sources, set: &WorkingSet, number: usize, length: Option<usize>) {
    let Ok(id) = u32::try_from(number) else { return };
    let text = match read(&set.files[number], u64::from(u32::MAX)) {
        Ok(Content::Text(text)) if length.is_none_or(|l| l == text.len()) => text,
        Ok(Content::NotUtf8 { bytes, .. }) => String::from_utf8_lossy(&bytes).into_owned(),
        Ok(Content::Text(_) | Content::TooLarge { .. }) | Err(_) => return,
    };
    sources.set_text(FileId(id), text.into());
}
