//! Weighted splits of routers: which arm is the candidate, and what share it gets.

use super::Lowering;
use crate::model::{
    Audience, Basis, Comparer, Destination, Exposure, Fact, Progression, Rollout, RouterRule, Shadow, Share, Stage,
    Strategy,
};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

/// One destination of a split.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Arm {
    /// The service or host it leads to.
    pub(super) service: String,
    /// The version within the service, where the router names one (an Istio subset).
    pub(super) version: Option<String>,
    /// Its weight after the router's default; `None` where it cannot be known.
    pub(super) weight: Option<u64>,
    /// Where the weight stands, or the arm.
    pub(super) span: Span,
}

impl Arm {
    /// How people call it: `service/version` or `service`.
    pub(super) fn label(&self) -> String {
        self.version.as_ref().map_or_else(|| self.service.clone(), |v| format!("{}/{v}", self.service))
    }

    /// The words of its name that tell a version: those of the subset, else those that end the service's name.
    fn version_words(&self) -> Vec<String> {
        match &self.version {
            Some(version) => words(version),
            None => words(first_label(&self.service)).into_iter().filter(|w| is_version_word(w)).collect(),
        }
    }
}

/// Words that name the new side.
const NEW: [&str; 17] = [
    "canary",
    "candidate",
    "new",
    "green",
    "preview",
    "next",
    "challenger",
    "experiment",
    "experimental",
    "beta",
    "alpha",
    "treatment",
    "test",
    "testing",
    "rc",
    "latest",
    "shadow",
];
/// Words that name the old side.
const OLD: [&str; 14] = [
    "stable",
    "primary",
    "baseline",
    "old",
    "blue",
    "active",
    "current",
    "previous",
    "main",
    "default",
    "control",
    "production",
    "prod",
    "champion",
];

/// `web-green`, `web_green` and `WebGreen` are the words `web` and `green`.
fn words(name: &str) -> Vec<String> {
    let mut apart = String::with_capacity(name.len() + 4);
    let mut after_small = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && after_small {
            apart.push('-');
        }
        after_small = c.is_ascii_lowercase();
        apart.push(c.to_ascii_lowercase());
    }
    apart.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

/// The first label of a host name: `reviews.prod.svc.cluster.local` is `reviews`.
fn first_label(host: &str) -> &str {
    host.split('.').next().unwrap_or(host)
}

/// `v2`, `v41`, `42`, `20260101`.
fn number_of(word: &str) -> Option<u64> {
    word.strip_prefix('v').unwrap_or(word).parse().ok()
}

/// A lone digit tells a shard or a replica as often as a version.
fn is_version_word(word: &str) -> bool {
    NEW.contains(&word) || OLD.contains(&word) || (number_of(word).is_some() && word.len() > 1)
}

/// The name of a service without the words that tell its version.
fn stem(service: &str) -> Vec<String> {
    words(first_label(service)).into_iter().filter(|w| !is_version_word(w)).collect()
}

/// Are these arms versions of one service? The same service in several versions, or names that differ only in words
/// that tell a version. Anything else is a fan-out to different services and no canary.
pub(super) fn is_one_service(arms: &[Arm]) -> bool {
    let Some(first) = arms.first() else { return false };
    let same = arms.iter().all(|a| a.service == first.service);
    let versions = arms.iter().all(|a| a.version.is_some());
    if same {
        return versions;
    }
    let base = stem(&first.service);
    let told = arms.iter().filter(|a| !a.version_words().is_empty()).count();
    !base.is_empty() && told + 1 >= arms.len() && arms.iter().all(|a| stem(&a.service) == base)
}

/// How strongly the words of a version say "new" (above 0) or "old" (below 0).
fn leaning(words: &[String]) -> i8 {
    let any = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    match (any(&NEW), any(&OLD)) {
        (true, _) => 1,
        (false, true) => -1,
        (false, false) => 0,
    }
}

fn version_number(words: &[String]) -> Option<u64> {
    words.iter().filter_map(|w| number_of(w)).max()
}

/// The words of every arm that tell it from the others: one that all of them have tells nothing.
fn telling(arms: &[Arm]) -> Vec<Vec<String>> {
    let all: Vec<Vec<String>> = arms.iter().map(Arm::version_words).collect();
    let differs = |word: &&String| !all.iter().all(|words| words.contains(word));
    all.iter().map(|words| words.iter().filter(differs).cloned().collect()).collect()
}

/// Do the names of the arms tell versions, rather than only one from another?
pub(super) fn tells_versions(arms: &[Arm]) -> bool {
    telling(arms).iter().flatten().any(|word| is_version_word(word))
}

/// The index of the arm that is the baseline, without history (clarifications 13): named as the old side or not named
/// as the new one, then the lower version, then the larger share, then the one written first. Where several arms get
/// requests, one that gets none is not it: it was the baseline of an earlier split.
pub(super) fn baseline(arms: &[Arm]) -> usize {
    let words = telling(arms);
    let numbers: Vec<Option<u64>> = words.iter().map(|w| version_number(w)).collect();
    let numbered = numbers.iter().all(Option::is_some);
    let several = arms.iter().filter(|a| a.weight != Some(0)).count() > 1;
    let key = |index: &usize| {
        let arm = &arms[*index];
        let number = if numbered { numbers[*index].unwrap_or(0) } else { 0 };
        let idle = several && arm.weight == Some(0);
        (idle, leaning(&words[*index]), number, std::cmp::Reverse(arm.weight.unwrap_or(0)), *index)
    };
    (0..arms.len()).min_by_key(key).unwrap_or(0)
}

/// The sum of all weights, where every one is known. Absurd ones do not overflow.
pub(super) fn total(arms: &[Arm]) -> Option<u64> {
    arms.iter().try_fold(0u64, |sum, arm| Some(sum.saturating_add(arm.weight?)))
}

/// One rule of a router.
pub(super) struct Rule {
    /// Its name where a router has several rules.
    pub(super) name: Option<String>,
    /// What tells it from the router's other rules over time: its place changes with every rule that comes before it.
    pub(super) key: String,
    /// Where its requests go.
    pub(super) arms: Vec<Arm>,
    /// Does it take whatever no other rule takes?
    pub(super) takes_the_rest: bool,
    /// Where it picks people (headers, cookies, query parameters), if it does.
    pub(super) people: Option<Span>,
}

impl Rule {
    /// Does it split requests between versions of one service?
    pub(super) fn is_split(&self) -> bool {
        self.arms.len() > 1 && !self.is_dead() && is_one_service(&self.arms)
    }

    /// Do all of its weights come to nothing?
    pub(super) fn is_dead(&self) -> bool {
        self.arms.iter().all(|a| a.weight == Some(0))
    }
}

/// What tells a rule over time: the name that it has itself, else what it matches; the rest has no key.
pub(super) fn rule_key(rule: Node<'_>, matching: &str) -> String {
    let own = rule.get("name").and_then(Node::text).map(str::to_owned);
    own.or_else(|| rule.get(matching).map(|m| m.to_value().to_string())).unwrap_or_default()
}

/// The stages of a router: the candidates of every split, and the people who are sent to another version as a whole.
pub(super) fn stages(rules: &[Rule], basis: Basis) -> Vec<Stage> {
    let mut stages = Vec::new();
    for rule in rules.iter().filter(|r| r.is_split()) {
        let found = candidates(&rule.arms, rule.name.as_deref(), basis);
        stages.extend(found.into_iter().map(|stage| match rule.people {
            // The weights are shares of those it picks, however many they are.
            Some(people) => picked(stage, people),
            None => stage,
        }));
    }
    let rest = rules.iter().filter(|r| r.people.is_none() && (r.arms.len() == 1 || r.is_split()));
    let Some(base) = rest.map(|r| &r.arms[baseline(&r.arms)]).next() else { return stages };
    for rule in rules {
        let ([arm], Some(people)) = (&*rule.arms, rule.people) else { continue };
        let other = arm.service != base.service || arm.version != base.version;
        if other && is_one_service(&[base.clone(), arm.clone()]) {
            let mut stage = super::live_stage(Fact::Absent { near: people }, people);
            stage.name = Some(arm.label().into());
            stages.push(picked(stage, people));
        }
    }
    stages
}

/// Where the requests of every rule go that picks no people: what a later version of the file is held against.
pub(super) fn destinations(rules: &[Rule], basis: Basis) -> Vec<Destination> {
    let mut keys: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for (place, rule) in rules.iter().enumerate().filter(|(_, r)| r.people.is_none()) {
        // Of two that match the same the second is told by its number.
        let same = keys.iter().filter(|k| **k == rule.key).count();
        let key = if same == 0 { rule.key.clone() } else { format!("{}#{}", rule.key, same + 1) };
        keys.push(&rule.key);
        let told = RouterRule { key: key.into(), place, takes_the_rest: rule.takes_the_rest };
        found.extend(of_arms(&rule.arms, &told, basis));
    }
    found
}

/// The destinations of one rule; a lone one takes everything, whatever its weight.
pub(super) fn of_arms(arms: &[Arm], rule: &RouterRule, basis: Basis) -> Vec<Destination> {
    let total = total(arms);
    let one = |arm: &Arm| {
        let words = arm.version_words();
        let share = match (arm.weight, total) {
            _ if arms.len() == 1 => Some(Share::ALL),
            (Some(weight), Some(total)) => Some(Share::of(weight, total)),
            (Some(_) | None, _) => None,
        };
        Destination {
            rule: rule.clone(),
            kin: arm.version.as_ref().map_or_else(|| stem(&arm.service).join("-"), |_| arm.service.clone()).into(),
            name: arm.label().into(),
            ships: Vec::new(),
            backing: None,
            immutable: false,
            share,
            basis,
            leaning: leaning(&words),
            number: version_number(&words),
            span: arm.span,
        }
    };
    arms.iter().map(one).collect()
}

/// Adds what the arms lead to, each name once, to what `rollout` ships.
pub(super) fn ship<'d>(rollout: &mut Rollout, names: impl Iterator<Item = Node<'d>>) {
    for payload in names.filter_map(super::payload) {
        if !rollout.payload.iter().any(|p| p.value == payload.value) {
            rollout.payload.push(payload);
        }
    }
}

/// A stage for people whom a match picks: how many they are is nowhere written.
pub(super) fn picked(mut stage: Stage, people: Span) -> Stage {
    stage.exposure = Fact::Absent { near: people };
    stage.audience = Some(Audience { name: "matched requests".into(), size: None, customers: false });
    stage
}

/// Notes a mirror at `span`: of several the one that copies most; one that copies nothing is none.
pub(super) fn mirrored(rollout: &mut Rollout, share: Fact<Share>, span: Span) {
    let copied = |share: &Fact<Share>| share.known().copied().unwrap_or(Share::ALL);
    let more = rollout.shadow.as_ref().is_none_or(|other| copied(&other.share) < copied(&share));
    if more && share.known() != Some(&Share::NONE) {
        let duration = Fact::Absent { near: span };
        rollout.shadow = Some(Shadow { share, duration, comparer: Comparer::Nothing, span });
    }
}

/// A whole percentage to mirror.
pub(super) fn whole_percent(parent: Node<'_>, key: &str, cx: &mut Lowering<'_>) -> Fact<Share> {
    let take = |n: Node<'_>| n.as_i64().and_then(|p| u64::try_from(p).ok()).filter(|p| *p <= 100);
    cx.read(parent, key, "a whole percentage from 0 to 100", take).map(|percent| Share::of(percent, 100))
}

/// One live stage per arm that is not the baseline; `rule` names the rule where a router has several.
///
/// Shares are weights over their sum. A weight that can't be known makes every share of its rule dynamic.
pub(super) fn candidates(arms: &[Arm], rule: Option<&str>, basis: Basis) -> Vec<Stage> {
    let total = total(arms);
    let base = baseline(arms);
    let candidate = |(_, arm): (usize, &Arm)| {
        let exposure = match (arm.weight, total) {
            (Some(weight), Some(total)) => Fact::stated(Exposure::exact(Share::of(weight, total), basis), arm.span),
            (Some(_) | None, _) => Fact::Dynamic { expr: "".into(), span: arm.span },
        };
        let mut stage = super::live_stage(exposure, arm.span);
        let name = rule.map_or_else(|| arm.label(), |rule| format!("{rule}: {}", arm.label()));
        stage.name = Some(name.into());
        stage
    };
    arms.iter().enumerate().filter(|(i, _)| *i != base).map(candidate).collect()
}

/// Hands in the live split of an endpoint: a candidate for each arm but the baseline. One arm alone splits nothing; only
/// who compares two states wants to see it. What `is_published` says yes to never changes under its name.
pub(super) fn hand_in(
    mut rollout: Rollout,
    arms: &[Arm],
    is_published: impl Fn(&Destination) -> bool,
    cx: &mut Lowering<'_>,
) {
    rollout.destinations = of_arms(arms, &RouterRule::only(), Basis::Requests);
    for destination in &mut rollout.destinations {
        destination.immutable = is_published(destination);
    }
    let stages = if arms.len() > 1 { candidates(arms, None, Basis::Requests) } else { Vec::new() };
    if stages.is_empty() && !cx.compares(&rollout) && !cx.has_remarks() {
        return cx.forget();
    }
    let strategy = if stages.is_empty() { Strategy::AllAtOnce } else { Strategy::Canary };
    rollout.strategy = Spanned::new(strategy, rollout.name_span);
    rollout.progression = Progression::Live(stages);
    cx.rollout(rollout);
}

/// Remarks at `anchor` that the percentages of `arms` do not add up to what `system` takes.
pub(super) fn adds_up(anchor: Span, arms: &[Arm], system: &str, cx: &mut Lowering<'_>) {
    let Some(sum) = total(arms).filter(|sum| *sum != 100 && !arms.is_empty()) else { return };
    let message = format!("the percentages add up to {sum}, and {system} takes exactly 100");
    let remark = cx.invalid(anchor, message, "make the percentages add up to 100");
    remark.found = Some(sum.to_string().into());
    remark.required = Some("100".into());
}

#[cfg(test)]
#[path = "split_tests.rs"]
mod tests;
