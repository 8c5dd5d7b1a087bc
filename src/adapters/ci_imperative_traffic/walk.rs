//! A walk over the commands of one job: those that move traffic are stages, what stands between is their hold.

use super::command::{Act, LATEST, Meaning, Part, Target, meanings};
use super::jobs::{Job, Step, What};
use super::mirror::Mirror;
use super::shell::{Command, commands};
use crate::model::{
    Basis, Criterion, Evaluated, Exposure, Fact, Gate, GateKind, Hold, Metric, MetricKind, Share, Stage, StageRange,
    Strategy,
};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

/// Something that a job does.
pub(super) struct Event<'d> {
    pub(super) meaning: Meaning,
    span: Span,
    is_looped: bool,
    /// The step's condition, and the `if` around the command.
    case: (&'d str, usize, u32),
}

/// Steps that only make ready.
const READY: [&str; 5] =
    ["actions/", "azure/login", "google-github-actions/", "aws-actions/configure-", "azure/setup-"];

/// What `job` does in order, as far as it is done in every good run.
pub(super) fn events<'d>(job: &Job<'d>) -> Vec<Event<'d>> {
    let runs = |step: &&Step<'_>| !["failure()", "cancelled()", "failed()"].iter().any(|c| step.condition.contains(c));
    job.steps.iter().filter(runs).flat_map(of_step).collect()
}

fn of_step<'d>(step: &Step<'d>) -> Vec<Event<'d>> {
    let node: Node<'d> = step.node;
    let written = node.text().unwrap_or_default();
    let lines = match &step.what {
        What::Script => commands(written),
        What::Words(words) => vec![Command { words: words.clone(), is_other_case: false, is_looped: false, block: 0 }],
        What::Other => {
            let is_ready = READY.iter().any(|r| written.to_ascii_lowercase().starts_with(r));
            let meaning = if is_ready { Meaning::Nothing } else { Meaning::Program(written.to_owned()) };
            return vec![Event { meaning, span: node.span(), is_looped: false, case: (step.condition, 0, 0) }];
        }
    };
    let runs = lines.into_iter().filter(|line| !line.is_other_case);
    let event = |meaning: Meaning, line: &Command| Event {
        meaning,
        span: node.span(),
        is_looped: line.is_looped,
        case: (step.condition, line.block, if line.block > 0 { node.span().start } else { 0 }),
    };
    runs.flat_map(|line| meanings(&line.words).map(|meaning| event(meaning, &line)).collect::<Vec<_>>()).collect()
}

/// The targets that `events` move traffic of.
pub(super) fn targets(events: &[Event<'_>]) -> Vec<Target> {
    let mut all: Vec<Target> = events.iter().filter_map(|e| moved(e).map(|(target, _)| target.clone())).collect();
    all.sort();
    all.dedup();
    all
}

fn moved<'e>(event: &'e Event<'_>) -> Option<(&'e Target, &'e Act)> {
    match &event.meaning {
        Meaning::Traffic(target, act) => Some((target, act)),
        Meaning::Creates(_)
        | Meaning::Deletes(_)
        | Meaning::Sleep(_)
        | Meaning::Check
        | Meaning::Program(_)
        | Meaning::Nothing => None,
    }
}

/// Where a command moves the new version.
#[derive(Clone, Copy, PartialEq)]
enum Moved {
    /// To this share.
    To(Share),
    /// A variable says how far.
    Somewhere,
    /// To nobody, as far as can be told.
    Back,
}

impl Moved {
    fn to(share: Option<Share>) -> Self {
        share.map_or(Self::Somewhere, Self::To)
    }
}

/// The new version's name, and those of the old ones.
#[derive(Default)]
struct Sides {
    new: Option<String>,
    old: Vec<String>,
}

impl Sides {
    /// The first split that leaves something to the old versions tells: the new one has the least.
    fn of<'a>(acts: impl Iterator<Item = &'a Act>) -> Self {
        let is_open = |share: Option<Share>| share.is_none_or(Share::is_limited);
        let splits = acts.filter_map(|act| match act {
            Act::Split(parts) => Some(parts),
            Act::Dark | Act::Everything | Act::Mirror(_) => None,
        });
        let Some(first) = splits.into_iter().find(|parts| parts.iter().any(|(_, share)| is_open(*share))) else {
            return Self::default();
        };
        let hidden: Vec<&Part> = first.iter().filter(|(_, share)| share.is_none()).collect();
        let new = match hidden[..] {
            [one] => Some(one),
            [] => first.iter().rev().filter(|(_, share)| is_open(*share)).min_by_key(|(_, share)| *share),
            _ => None,
        };
        let Some((new, _)) = new else { return Self::default() };
        let old = first.iter().map(|(name, _)| name.clone()).filter(|name| name != new).collect();
        Self { new: Some(new.clone()), old }
    }

    /// What the new version has after a split.
    fn share(&self, parts: &[Part]) -> Moved {
        let named = parts.iter().find(|(name, _)| self.new.as_ref() == Some(name));
        if let Some((_, share)) = named {
            return Moved::to(*share);
        }
        if parts.iter().any(|(_, share)| share.is_none()) {
            return Moved::Somewhere;
        }
        let is_new = |name: &str| name == LATEST || (!self.old.is_empty() && !self.old.iter().any(|o| o == name));
        let all = parts.iter().find(|(_, share)| *share == Some(Share::ALL));
        // Without a split before it the one version that is named is the new one.
        all.filter(|(name, _)| self.new.is_none() || is_new(name)).map_or(Moved::Back, |(_, share)| Moved::to(*share))
    }
}

/// What was seen since the last stage began.
#[derive(Default)]
struct Between {
    seconds: u64,
    is_unknown: bool,
    has_program: bool,
}

impl Between {
    /// A program beside a `sleep` is a check; alone it may wait for as long as it likes.
    const fn hold(&self) -> Hold {
        match self.seconds {
            _ if self.is_unknown => Hold::Unknown,
            0 if self.has_program => Hold::Unknown,
            0 => Hold::None,
            seconds => Hold::Timed(seconds),
        }
    }
}

/// The stages of one target.
#[derive(Default)]
pub(super) struct Walk<'d> {
    pub(super) stages: Vec<Stage>,
    pub(super) criteria: Vec<Criterion>,
    between: Between,
    first: Option<(&'d str, usize, u32)>,
    sides: Sides,
    pub(super) mirror: Mirror,
    /// Did a command give everybody to a deployment as it made it?
    pub(super) is_everything: bool,
}

impl<'d> Walk<'d> {
    /// Walks over what moves the traffic of `target`, and what stands between.
    pub(super) fn over(events: &[Event<'d>], target: &Target) -> Self {
        let own = events.iter().filter_map(moved).filter(|(t, _)| *t == target).map(|(_, act)| act);
        let mut walk = Self { sides: Sides::of(own), ..Self::default() };
        for event in events {
            walk.step(event, target);
        }
        walk.end();
        walk
    }

    fn step(&mut self, event: &Event<'d>, target: &Target) {
        self.mirror(event, target);
        match &event.meaning {
            Meaning::Traffic(of, act) if of == target => self.act(act, event),
            _ if self.is_over() || self.stages.is_empty() => {}
            Meaning::Sleep(Some(seconds)) if !event.is_looped && self.is_sure(event) => {
                self.between.seconds = self.between.seconds.saturating_add(*seconds);
            }
            Meaning::Sleep(_) => self.between.is_unknown = true,
            Meaning::Check => self.check(event.span),
            Meaning::Program(name) => self.program(name, event.span),
            Meaning::Traffic(..) | Meaning::Creates(_) | Meaning::Deletes(_) | Meaning::Nothing => {}
        }
        self.between.is_unknown |= event.is_looped;
    }

    /// What is copied meanwhile.
    fn mirror(&mut self, event: &Event<'d>, target: &Target) {
        match &event.meaning {
            Meaning::Traffic(of, Act::Mirror(share)) if of == target => {
                self.first.get_or_insert(event.case);
                self.mirror.turn(*share, event.span);
            }
            Meaning::Traffic(of, _) if of == target => self.mirror.close(),
            Meaning::Sleep(seconds) => {
                let sure = self.is_sure(event) && !event.is_looped;
                self.mirror.sleep(seconds.filter(|_| sure));
            }
            Meaning::Program(line) => self.mirror.program(name_of(line)),
            Meaning::Traffic(..) | Meaning::Creates(_) | Meaning::Deletes(_) | Meaning::Check | Meaning::Nothing => {}
        }
    }

    /// Does it run whenever the job's commands do?
    fn is_sure(&self, event: &Event<'d>) -> bool {
        (event.case.0.is_empty() && event.case.1 == 0) || self.first == Some(event.case)
    }

    /// Does everybody have it?
    fn is_over(&self) -> bool {
        self.stages.last().is_some_and(|s| s.share() == Some(Share::ALL))
    }

    fn act(&mut self, act: &Act, event: &Event<'d>) {
        // Two cases that each have a condition may leave each other out.
        let first = *self.first.get_or_insert(event.case);
        let is_conditional = !first.0.is_empty() || first.1 > 0;
        if self.is_over() || (is_conditional && first != event.case) {
            return;
        }
        self.is_everything |= *act == Act::Everything;
        let moved = match act {
            Act::Dark => Moved::To(Share::NONE),
            Act::Everything => Moved::To(Share::ALL),
            Act::Split(parts) => self.sides.share(parts),
            Act::Mirror(_) => Moved::Back,
        };
        let last = self.stages.last().and_then(Stage::share);
        let exposure = match moved {
            Moved::To(share) if last.is_none_or(|last| share > last) => {
                Fact::stated(Exposure::exact(share, Basis::Requests), event.span)
            }
            Moved::Somewhere => Fact::Dynamic { expr: "".into(), span: event.span },
            Moved::To(_) | Moved::Back => return,
        };
        self.close();
        self.stages.push(Stage::new(exposure, event.span));
    }

    /// Gives the stage that stands the hold that was seen.
    fn close(&mut self) {
        let between = std::mem::take(&mut self.between);
        if let Some(stage) = self.stages.last_mut() {
            stage.hold = Fact::stated(between.hold(), stage.span);
        }
    }

    /// What comes after a job's last command is another job's or another day's.
    fn end(&mut self) {
        if !self.is_over() {
            self.between.is_unknown = true;
            self.close();
        }
    }

    fn check(&mut self, span: Span) {
        if let Some(stage) = self.stages.last_mut() {
            stage.gates.push(Gate { kind: GateKind::Test, name: "request".into(), blocking: true, span });
        }
    }

    fn program(&mut self, line: &str, span: Span) {
        self.between.has_program = true;
        let at = self.stages.len().saturating_sub(1);
        let name = name_of(line);
        let metric = Metric::recognise(name, line);
        let opaque = Criterion::opaque(name, "a program of the job", StageRange::one(at), span);
        self.criteria.push(Criterion { evaluated: Evaluated::Unknown, metric, ..opaque });
    }

    /// What the programs say they look at.
    pub(super) fn monitors(&self) -> Vec<Spanned<Metric>> {
        let told = self.criteria.iter().filter(|c| c.metric.kind != MetricKind::Custom);
        told.map(|c| Spanned::new(c.metric.clone(), c.span)).collect()
    }

    /// How traffic moves, if there is something to say. A lone command that gives everybody to one version may promote
    /// what another job tried out, or go back.
    pub(super) fn strategy(&self) -> Option<Strategy> {
        let is_split = |s: &Stage| s.share().is_none_or(Share::is_limited);
        let is_dark = self.stages.first().and_then(Stage::share) == Some(Share::NONE);
        if self.stages.iter().any(is_split) {
            Some(Strategy::Canary)
        } else if is_dark && self.stages.len() > 1 {
            Some(Strategy::BlueGreen)
        } else if self.is_everything && !self.stages.is_empty() {
            Some(Strategy::AllAtOnce)
        } else {
            self.mirror.is_some().then_some(Strategy::Shadow)
        }
    }

    /// Does the job end before everybody has it?
    pub(super) fn is_partial(&self) -> bool {
        !self.is_over()
    }
}

/// The program itself, without what it is read by.
fn name_of(line: &str) -> &str {
    let is_reader = |word: &&str| matches!(*word, "python" | "python3" | "bash" | "sh" | "node");
    line.split_whitespace().find(|word| !is_reader(word)).unwrap_or(line)
}
