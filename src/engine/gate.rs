//! A change, or one commit after the other, to a report.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::check::{bounds, note};
use super::compare::{Compared, Desk};
use super::drills::{DrillQuestion, drill_log};
use super::excuse::{Asked, Kept, Records, candidates, grown, hide, waivers_of_base};
use super::judge::{Judged, judge, judge_ignores, judged_of};
use super::past::Pasts;
use super::plan::{Choice, Plan, Registry, Selection};
use super::seal::{raise, seal};
use super::settle::{selection, service_anchors};
use crate::catalog::Level;
use crate::clock::Moment;
use crate::collect::{Origin, shown};
use crate::finding::{Failure, Finding, Report, State, Trust, Undetermined};
use crate::history::{Git, HistoryError, Snapshot, Step};
use crate::model::{Change, DrillLog, Rollback, Rollout};
use crate::policy::{Policy, Weakening, weakenings};
use crate::rules::{self, DeclaredService, Facts, Weakened};
use crate::text::{FileId, Sources, Span};

/// Somebody let a change through by a trailer in one of its commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The commit, or the push, that says so.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The commit whose findings it covers, as they name it; `None` where all is one change.
    pub commit: Option<String>,
}

/// What a run over a change is asked.
pub struct ChangeInput<'a> {
    /// The repository.
    pub git: &'a Git,
    /// What is judged: one change, or several one after the other.
    pub steps: Vec<Step>,
    /// The policy that judges. Its parameters have been checked.
    pub policy: &'a Policy,
    /// Whose policy that is.
    pub trust: Trust,
    /// The state that an ignore must be in already to count: the target branch. Where each commit is judged on its own,
    /// that is what stood before it.
    pub trusted: Snapshot,
    /// The findings that were there already, as the base says.
    pub baseline: Option<&'a Kept>,
    /// Which rules are asked for.
    pub choice: Choice,
    /// The present.
    pub now: Moment,
    /// The level that fails, where the command line says so.
    pub fail_on: Option<Level>,
    /// The policies before and after the change, where it brings another one.
    pub brought: Option<(&'a Policy, &'a Policy)>,
    /// Who let it through, where the policy allows that.
    pub overrides: Vec<Override>,
    /// What is said beside the findings.
    pub notices: Vec<String>,
    /// How to get more history here.
    pub deepen: String,
    /// How to get the tags here.
    pub fetch_tags: String,
}

/// Judges a change.
///
/// # Errors
/// When git can't tell what stands on either side of it.
pub fn check_change(input: &ChangeInput<'_>) -> Result<(Report, Sources), HistoryError> {
    let policy = input.policy;
    let mut desk = Desk::new(input.git, policy, bounds(policy), Pasts::default());
    if let [first, _, ..] = &*input.steps {
        desk.stand(&first.old)?;
    }
    let mut run = Run {
        input,
        plan: Plan::default(),
        judged: Judged::default(),
        notices: Vec::new(),
        paths: Vec::new(),
        found: None,
        ran: BTreeSet::new(),
    };
    for (index, step) in input.steps.iter().enumerate() {
        let compared = desk.compare(step)?;
        // What several commits make of the policy is told once.
        let brought = input.brought.filter(|_| index + 1 == input.steps.len());
        run.step(&mut desk, step, compared, brought)?;
    }
    run.report(desk)
}

/// What a run has come to so far.
struct Run<'a> {
    input: &'a ChangeInput<'a>,
    plan: Plan,
    judged: Judged,
    notices: Vec<String>,
    /// The path of every file so far, by its number.
    paths: Vec<Arc<str>>,
    /// Of several steps: the drills that git alone tells of.
    found: Option<DrillLog>,
    /// The rules that ran.
    ran: BTreeSet<&'static str>,
}

impl Run<'_> {
    fn step(
        &mut self,
        desk: &mut Desk<'_>,
        step: &Step,
        compared: Compared,
        brought: Option<(&Policy, &Policy)>,
    ) -> Result<(), HistoryError> {
        let planned = || compared.rollouts.iter().filter(|r| !r.unplanned);
        desk.coverage.rollouts += planned().count();
        desk.coverage.judged.extend(planned().map(judged_of));
        for (rollout, change) in compared.rollouts.iter().zip(&compared.changes) {
            self.notices.extend(rollback(rollout, change));
        }
        let policy = self.input.policy;
        let base = Selection::base();
        let selections: Vec<Selection> = compared.rollouts.iter().map(|r| selection(policy, r, &desk.files)).collect();
        for selection in selections.iter().chain([&base]) {
            self.plan.bind(policy, &self.input.choice, selection);
            self.ran.extend(self.plan.rules(selection).iter().map(|r| r.def.meta.id));
        }
        self.notices.extend(compared.rollouts.iter().filter_map(graver));
        self.notices.extend(unasked(&compared.rollouts, &selections, &self.plan));
        let known = self.paths.len();
        self.paths.extend(desk.files[known..].iter().map(|f| Arc::clone(&f.path)));
        let files = compared.files.clone();
        let mut facts = self.facts(step, compared);
        facts.weakened.extend(brought.into_iter().flat_map(|(old, new)| weakened(old, new, step.at)));
        facts.weakened.extend(grown(desk, step)?);
        facts.drill_log = Some(self.drill_log(step, &facts)?);
        let mut judged = judge(&self.plan, &facts, &selections, &base);
        raise(&mut judged, policy.undetermined);
        let candidates = candidates(self.input, desk, step, (&facts, files, &judged))?;
        let asked = Asked { policy, at: step.at, facts: &facts, plan: &self.plan, selections: &selections };
        facts.ignores = hide(&asked, candidates, &mut judged);
        judge_ignores(&self.plan, &facts, &base, &mut judged);
        self.paths = facts.paths;
        let commit = step.commit.map(|id| id.short());
        self.judged.findings.extend(judged.findings.into_iter().map(|f| Finding { commit: commit.clone(), ..f }));
        self.judged.undetermined.extend(judged.undetermined);
        Ok(())
    }

    fn facts(&mut self, step: &Step, compared: Compared) -> Facts {
        let Compared { rollouts, changes, problems, governed, loosened_gates, drills, weakened, files: _ } = compared;
        let policy = self.input.policy;
        let mut touched: BTreeSet<&str> = rollouts.iter().map(|r| &*r.service).collect();
        let shipped: Vec<&str> = governed.iter().map(|g| &*g.shipped_by).collect();
        let of = |s: &&crate::policy::Service| {
            touched.contains(&*s.name.value) || shipped.contains(&&*format!("service `{}`", s.name.value))
        };
        let services: Vec<DeclaredService> = (policy.services.iter().filter(of))
            .map(|s| DeclaredService { name: s.name.value.clone(), span: s.name.span })
            .collect();
        touched.extend(services.iter().map(|s| &*s.name));
        let drills = drills.into_iter().filter(|d| touched.contains(&*d.service.value)).collect();
        let goes_back = |index: usize| changes[index].rollback.is_some();
        Facts {
            planned: BTreeMap::new(),
            now: self.input.now,
            at: Some(step.at),
            zone: policy.timezone,
            service_anchors: service_anchors(rollouts.iter(), goes_back),
            paths: std::mem::take(&mut self.paths),
            rollouts: rollouts.into_iter().map(Box::new).collect(),
            changes,
            governed,
            loosened_gates,
            drills,
            problems,
            services,
            weakened,
            ignores: Vec::new(),
            calendars: policy.calendars.clone(),
            drill_log: None,
        }
    }

    /// What git says of the drills of the services that the step touches. Of several steps the history is walked once.
    fn drill_log(&mut self, step: &Step, facts: &Facts) -> Result<DrillLog, HistoryError> {
        let anchors = facts.service_anchors.iter().filter_map(|i| facts.rollouts.get(*i));
        let services: BTreeSet<String> =
            anchors.map(|r| r.service.to_string()).chain(facts.services.iter().map(|s| s.name.to_string())).collect();
        if services.is_empty() && facts.drills.is_empty() {
            return Ok(DrillLog::NOTHING);
        }
        let question = DrillQuestion {
            git: self.input.git,
            line: step.past,
            policy: self.input.policy,
            limits: bounds(self.input.policy),
            at: step.at,
            from: step.at,
            drills: facts.drills.iter().map(|d| (d, before(step, facts.path(d.anchor)))).collect(),
            services,
        };
        let ([first, _, ..], Some(last)) = (&*self.input.steps, self.input.steps.last()) else {
            return drill_log(&question);
        };
        let found = match self.found.take() {
            Some(found) => found,
            None => drill_log(&DrillQuestion {
                line: last.commit,
                at: last.at,
                from: first.at,
                drills: Vec::new(),
                // A service that nobody names is on no record, so history is walked.
                services: BTreeSet::from([String::new()]),
                ..question
            })?,
        };
        let proofs = if facts.drills.is_empty() {
            Vec::new()
        } else {
            drill_log(&DrillQuestion { services: BTreeSet::new(), ..question })?.proofs
        };
        self.found = Some(found.clone());
        Ok(DrillLog { proofs, ..found })
    }

    fn report(self, mut desk: Desk<'_>) -> Result<(Report, Sources), HistoryError> {
        let (input, policy) = (self.input, self.input.policy);
        let mut sources = Sources::new(desk.files.iter().map(|f| Arc::clone(&f.path)).collect());
        // What is found in policies is sorted by their paths too.
        let brought = input.brought.into_iter().flat_map(|(old, new)| old.files.iter().chain(&new.files));
        for file in policy.files.iter().chain(brought) {
            sources.add(file.id, Arc::clone(&file.path), Arc::clone(&file.text));
        }
        let mut sealed = seal(self.judged, &sources);
        if input.steps.len() > 1 {
            // Each commit has files of its own, numbered in their order.
            sealed.findings.sort_by_key(|f| f.primary.file);
        }
        let mut notices = input.notices.clone();
        notices.extend(self.notices);
        if desk.coverage.rollouts == 0 && sealed.findings.is_empty() {
            notices.push("the change touches no rollout, so there was nothing to judge".to_owned());
        }
        let waivers = waivers_of_base(input, &mut desk)?;
        notices.extend(waivers.problems);
        let records = Records { policy, sources: &sources, waivers: &waivers.all, baseline: input.baseline };
        notices.extend(records.excuse(&mut sealed.findings, |f| input.moment_of(f)));
        notices.extend(overrule(input, &mut sealed.findings));
        let mut failures = desk.failures.clone();
        failures.extend(unknown_to_history(&sealed.undetermined, &sources, input));
        show(&mut sources, &desk, &sealed);
        let report = Report {
            as_of: input.steps.last().map_or(input.now, |s| s.at),
            zone: policy.timezone,
            policy: note(policy, Some(input.trust.clone())),
            fail_on: input.fail_on.unwrap_or(policy.fail_on),
            undetermined_level: policy.undetermined,
            findings: sealed.findings,
            undetermined: if policy.undetermined == Level::Off { Vec::new() } else { sealed.undetermined },
            notices,
            failures,
            coverage: desk.coverage,
            rules: rules::ALL.iter().map(|d| d.meta).filter(|m| self.ran.contains(m.id)).collect(),
        };
        Ok((report, sources))
    }
}

impl ChangeInput<'_> {
    /// For when a finding is judged: where each commit is judged on its own, for when that was made.
    fn moment_of(&self, finding: &Finding) -> Moment {
        let of = |step: &&Step| step.commit.map(|id| id.short()) == finding.commit;
        self.steps.iter().find(of).or(self.steps.last()).map_or(self.now, |step| step.at)
    }
}

/// Where the file at `path` lay before the step.
fn before(step: &Step, path: &str) -> String {
    step.moved_from(path.as_bytes()).map_or_else(|| path.to_owned(), |old| shown(old))
}

/// What the policy `new` asks less of than `old`.
fn weakened(old: &Policy, new: &Policy, at: Moment) -> Vec<Weakened> {
    let found = weakenings(old, new, &Registry).into_iter().filter(|w| w.matters(at));
    let start = |policy: &Policy| policy.repository_files().next().map(|f| Span::new(f.id, 0, 0));
    let nowhere = start(new).or_else(|| start(old)).unwrap_or(Span::new(FileId(0), 0, 0));
    found.map(|w| loosened(w, nowhere)).collect()
}

/// A weakening as the rule reports it.
pub(super) fn loosened(weakening: Weakening, nowhere: Span) -> Weakened {
    let help = "say in the review why less is enough, or leave it as it was; this change is judged by the old rules";
    let Weakening { span, about, what, ends: _ } = weakening;
    Weakened { span: span.unwrap_or(nowhere), what, about, help: help.to_owned() }
}

/// A rollback is never blocked, and always told.
fn rollback(rollout: &Rollout, change: &Change) -> Option<String> {
    let how = match change.rollback.as_ref()? {
        Rollback::PayloadReturns => "returns to what it shipped before".to_owned(),
        Rollback::PlanReturns => "returns to the plan it had before".to_owned(),
        Rollback::ExposureFalls { from, to } => format!("goes back from {from} to {to}"),
    };
    let commit = change.commit.as_ref().map(|c| format!("{c}: ")).unwrap_or_default();
    let name = &rollout.id.name;
    Some(format!(
        "{commit}rollback: {} `{name}` {how}; windows, freezes, sizes and holds do not stop it",
        rollout.id.kind
    ))
}

/// What is declared holds; that git shows something graver is said to whoever reviews it.
fn graver(rollout: &Rollout) -> Option<String> {
    let declared = rollout.declared.change?;
    let shown = rollout.recognised.iter().max_by_key(|sign| sign.kind.gravity())?;
    (shown.kind.gravity() > declared.gravity()).then(|| {
        let (name, kind) = (&rollout.id.name, shown.kind.name());
        format!("`{name}` is declared as {}, which holds; git shows {kind}: {}", declared.name(), shown.what)
    })
}

/// Says which changes of prompts and models no rollout carries and no rule asks about.
fn unasked(rollouts: &[Rollout], selections: &[Selection], plan: &Plan) -> Option<String> {
    let is_asked = |s: &Selection| plan.rules(s).iter().any(|r| r.def.judges_unplanned);
    let silent = |(r, s): &(&Rollout, &Selection)| r.unplanned && !is_asked(s);
    let told = |(r, _): (&Rollout, &Selection)| {
        let signs = r.kinds().into_iter().next().and_then(|k| r.recognised.iter().find(|sign| sign.kind == k));
        signs.map(|sign| format!("`{}` ({}: {})", r.id.name, sign.kind.name(), sign.what))
    };
    let all: Vec<String> = rollouts.iter().zip(selections).filter(silent).filter_map(told).collect();
    let more = if all.len() > 3 { format!(", and {} more", all.len() - 3) } else { String::new() };
    let first = all.get(..3).unwrap_or(&all).join(", ");
    (!all.is_empty()).then(|| {
        format!("no rollout carries {first}{more}; name such files under `services:`, or extend preset `ai`, and they are asked for one")
    })
}

/// Marks what the override covers, and says who let it through.
fn overrule(input: &ChangeInput<'_>, findings: &mut [Finding]) -> Vec<String> {
    if input.overrides.is_empty() {
        return Vec::new();
    }
    let rule = &input.policy.overrides;
    if rule.allow != Some(true) {
        let told =
            |o: &Override| format!("{} asks for an override ({}), which this policy does not allow", o.by, o.reason);
        return input.overrides.iter().map(told).collect();
    }
    let forbidden = |id: &str| rule.forbid.iter().flatten().any(|f| **f == *id);
    let is_open = |f: &Finding| matches!(f.state, State::Active | State::Overridden);
    let mut cover = |o: &Override| {
        let mut covered: BTreeSet<&str> = BTreeSet::new();
        for finding in findings.iter_mut().filter(|f| f.commit == o.commit && is_open(f) && !forbidden(f.rule.id)) {
            finding.state = State::Overridden;
            finding.excuse.get_or_insert_with(|| format!("override by {}: {}", o.by, o.reason));
            covered.insert(finding.rule.id);
        }
        let rules: Vec<&str> = covered.into_iter().collect();
        let what = if rules.is_empty() { "nothing".to_owned() } else { rules.join(", ") };
        format!("override by {}: {}; it covers {what} and stays as a debt", o.by, o.reason)
    };
    input.overrides.iter().map(&mut cover).collect()
}

/// What history does not tell though an error depends on it: the gate can't pass then, and can't fail either.
fn unknown_to_history(undetermined: &[Undetermined], sources: &Sources, input: &ChangeInput<'_>) -> Vec<Failure> {
    let asked = |u: &&Undetermined| u.level == Level::Error && u.reason.starts_with("history");
    let failure = |u: &Undetermined| Failure {
        path: Some(sources.path(u.span.file).to_owned()),
        message: format!("{}: {}", u.rule.id, u.what),
        help: if u.reason == "history-no-tags" { &input.fetch_tags } else { &input.deepen }.clone(),
    };
    undetermined.iter().filter(asked).map(failure).collect()
}

/// Loads the texts that the report shows.
fn show(sources: &mut Sources, desk: &Desk<'_>, sealed: &Judged) {
    let spans = sealed.findings.iter().flat_map(|f| std::iter::once(f.primary).chain(f.related.iter().map(|l| l.span)));
    let shown: BTreeSet<FileId> = spans.chain(sealed.undetermined.iter().map(|u| u.span)).map(|s| s.file).collect();
    for id in shown {
        let Some(file) = desk.files.get(id.0 as usize) else { continue };
        if let Origin::Memory(bytes) = &file.origin {
            sources.set_text(id, String::from_utf8_lossy(bytes).into());
        }
    }
}
