//! The examples of rules' pages, and what comes of them.

use std::sync::Arc;

use super::docs;
use super::levels::preset;
use crate::adapters;
use crate::catalog::RuleMeta;
use crate::clock::Moment;
use crate::collect::{File, Origin, WorkingSet};
use crate::engine::{Choice, Input, Registry, Rehearsal, Told, check, rehearse};
use crate::finding::Report;
use crate::policy::{Known, Policy, Source};
use crate::rules;
use crate::text::Sources;

/// What an example shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It gives exactly one finding of its rule.
    Violates,
    /// It gives none.
    Passes,
}

/// A file of an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleFile {
    /// Its path: `file:prompts/system.md` on its fence.
    pub path: String,
    /// Its text.
    pub text: String,
    /// When it came, or takes effect: `at:2026-11-27T15:00:00Z` on its fence.
    pub at: Option<Moment>,
}

/// An example of a rule's page: whole manifests, and where a change is judged what stood before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// What it shows.
    pub kind: Kind,
    /// What stood before, in the order it came: fences `before`. Each is a commit of its own.
    pub before: Vec<ExampleFile>,
    /// What else the change brings: fences `also`.
    pub also: Vec<ExampleFile>,
    /// The manifests.
    pub shown: ExampleFile,
}

/// What a fence of a page holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fence {
    /// What stood before.
    Before,
    /// What else the change brings.
    Also,
    /// The example itself.
    Shown(Kind),
}

/// Reads the fences of a page, one line after the other.
#[derive(Default)]
pub(super) struct Fences {
    before: Vec<ExampleFile>,
    also: Vec<ExampleFile>,
    open: Option<(Fence, ExampleFile)>,
}

impl Fences {
    /// Opens a fence by its info string; `None` where it is no part of an example.
    pub(super) fn open(&mut self, info: &str) -> Option<Fence> {
        let mut words = info.split_whitespace().skip(1);
        let fence = match words.next()? {
            "before" => Fence::Before,
            "also" => Fence::Also,
            "violates" => Fence::Shown(Kind::Violates),
            "passes" => Fence::Shown(Kind::Passes),
            _ => return None,
        };
        let mut file = ExampleFile { path: "deploy/example.yaml".to_owned(), text: String::new(), at: None };
        for word in words {
            if let Some(at) = word.strip_prefix("at:") {
                file.at = at.parse().ok();
            } else if let Some(path) = word.strip_prefix("file:") {
                path.clone_into(&mut file.path);
            }
        }
        self.open = Some((fence, file));
        Some(fence)
    }

    /// Is a fence of an example open?
    pub(super) const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// A line within the open fence.
    pub(super) fn line(&mut self, line: &str) {
        if let Some((_, file)) = &mut self.open {
            file.text += line;
            file.text.push('\n');
        }
    }

    /// Closes the open fence, and gives the example that it completes.
    pub(super) fn close(&mut self) -> Option<Example> {
        let (fence, file) = self.open.take()?;
        match fence {
            Fence::Before => self.before.push(file),
            Fence::Also => self.also.push(file),
            Fence::Shown(kind) => {
                let (before, also) = (std::mem::take(&mut self.before), std::mem::take(&mut self.also));
                return Some(Example { kind, before, also, shown: file });
            }
        }
        None
    }
}

/// The examples of `rule`, in the order of its page.
pub fn examples(rule: &RuleMeta) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let mut fences = Fences::default();
    for line in docs(rule.docs) {
        match line.strip_prefix("```") {
            Some("") => found.extend(fences.close()),
            Some(info) => _ = fences.open(info),
            None => fences.line(line),
        }
    }
    found
}

/// Examples are judged on this Tuesday.
const TODAY: &str = "2026-11-24T12:00:00Z";

impl Example {
    /// Checks it under preset `recommended`, or the `rollgate.yaml` that stands before it, by `rule` alone if one is named.
    /// Nothing where the preset or the clock is broken, which the tests would say.
    pub fn check(&self, rule: Option<&str>) -> Option<(Report, Sources)> {
        let choice = Choice { select: rule.map(str::to_owned).into_iter().collect(), ignore: Vec::new() };
        if !self.before.is_empty() {
            return self.check_change(choice);
        }
        let policy = preset("recommended")?;
        let origin = Origin::Memory(self.shown.text.as_bytes().into());
        let files = vec![File { path: Arc::from(&*self.shown.path), origin }];
        Some(check(&Input {
            set: WorkingSet { files, ..WorkingSet::default() },
            policy: &policy,
            choice,
            now: TODAY.parse().ok()?,
            at: self.shown.at,
            git: None,
            fail_on: None,
            baseline: None,
            allow_empty: true,
            fixes: false,
        }))
    }

    /// Tells what stood before as commits, then the change, and judges that.
    fn check_change(&self, choice: Choice) -> Option<(Report, Sources)> {
        let today: Moment = TODAY.parse().ok()?;
        let file = |f: &'_ ExampleFile| (f.path.clone(), f.text.clone());
        let told = |at: Option<Moment>, files: &[(String, String)]| (at.unwrap_or(today), files.to_vec());
        let before: Vec<_> = self.before.iter().map(|f| told(f.at, &[file(f)])).collect();
        let also: Vec<_> = self.also.iter().chain([&self.shown]).map(file).collect();
        let change = told(self.shown.at, &also);
        let (policy, brought) = (self.policy()?, self.brought()?);
        rehearse(&Rehearsal {
            before: &before.iter().map(as_told).collect::<Vec<_>>(),
            change: &as_told(&change),
            policy: &policy,
            brought: brought.as_ref(),
            choice,
        })
        .ok()
    }

    /// The policy that stands before the change.
    fn policy(&self) -> Option<Policy> {
        let written = self.before.iter().rev().find(|f| f.path == POLICY);
        written.map_or_else(|| preset("recommended"), |file| policy_of(&file.text, 0xF000_0000))
    }

    /// The policy that the change brings, if it brings one.
    #[expect(clippy::option_option, reason = "the outer one is a policy that cannot be read")]
    fn brought(&self) -> Option<Option<Policy>> {
        match self.also.iter().chain([&self.shown]).find(|f| f.path == POLICY) {
            Some(file) => policy_of(&file.text, 0xF100_0000).map(Some),
            None => Some(None),
        }
    }
}

const POLICY: &str = "rollgate.yaml";

fn policy_of(text: &str, first_file: u32) -> Option<Policy> {
    let rules: Vec<&'static RuleMeta> = rules::ALL.iter().map(|d| d.meta).collect();
    let systems: Vec<&'static str> = adapters::ALL.iter().map(|a| a.meta().id).collect();
    let known = Known { rules: &rules, systems: &systems, binder: &Registry, first_file };
    let source = Source::File { path: POLICY.into(), text: text.into(), root: String::new() };
    Policy::load(&known, source, &mut |_| Ok(None)).ok()
}

fn as_told((at, files): &(Moment, Vec<(String, String)>)) -> Told<'_> {
    let files = files.iter().map(|(path, text)| (path.as_str(), Some(text.as_bytes()))).collect();
    Told { at: *at, message: "example\n", files }
}
