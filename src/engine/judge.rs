//! Runs the bound rules and gives their findings level, rollout and identity.

use rayon::prelude::*;

use super::excuse::judges_ignores;
use super::plan::{BoundRule, Plan, Selection};
use crate::catalog::Family;
use crate::finding::{Finding, Fingerprint, JudgedRollout, Label, RolloutKey, State, Undetermined};
use crate::model::Rollout;
use crate::rules::{Cx, Facts, Raw};

/// What the rules found, in no particular order.
#[derive(Default)]
pub(super) struct Judged {
    /// Findings.
    pub findings: Vec<Finding>,
    /// What could not be decided.
    pub undetermined: Vec<Undetermined>,
}

/// Starting threads takes longer than judging fewer rollouts than this.
const WORTH_SHARING: usize = 64;

/// Runs every rule of `plan` over `facts`; `selections` stand in the order of the rollouts, `base` is the selection
/// outside of all scopes, which judges the repository as a whole.
pub(super) fn judge(plan: &Plan, facts: &Facts, selections: &[Selection], base: &Selection) -> Judged {
    let one = |mut out: Judged, index: usize| {
        let rollout = &facts.rollouts[index];
        let change = facts.change(index);
        let asked = |rule: &&BoundRule| {
            let back = change.filter(|c| c.rollback.is_some()).and_then(|c| c.before.as_deref());
            rollout.is_judged()
                && (rule.def.judges_unplanned || !rollout.unplanned)
                && back.is_none_or(|before| asks_of_a_way_back(rule.def.meta.family, before, rollout))
        };
        for rule in plan.rules(&selections[index]).iter().filter(asked) {
            let mut cx = Cx::new(rule.def.meta, facts, Some(index));
            rule.check.rollout(rollout, &mut cx);
            if let Some(change) = change {
                rule.check.change(change, rollout, &mut cx);
            }
            out.take(rule, cx, Some(rollout));
        }
        out
    };
    let all = 0..facts.rollouts.len();
    let mut whole = if all.len() < WORTH_SHARING {
        all.fold(Judged::default(), one)
    } else {
        all.into_par_iter().fold(Judged::default, one).reduce(Judged::default, Judged::join)
    };
    whole.repository(plan.rules(base).iter(), facts);
    whole
}

/// Is a rule of `family` asked where `before` goes back to `after`? The way back itself is never blocked; what else the
/// change does to what guards the rollout is asked all the same.
fn asks_of_a_way_back(family: Family, before: &Rollout, after: &Rollout) -> bool {
    match family {
        Family::Exposure | Family::Hold | Family::Windows => false,
        Family::Rollback => !before.goes_back_like(after),
        Family::Shadow => !before.is_mirrored_like(after),
        Family::Monitors => !before.is_watched_like(after),
        Family::Drills | Family::Hygiene => true,
    }
}

/// Runs those rules that judge ignores, once it is known what came of each.
pub(super) fn judge_ignores(plan: &Plan, facts: &Facts, base: &Selection, whole: &mut Judged) {
    whole.repository(plan.rules(base).iter().filter(|rule| judges_ignores(rule.def.meta)), facts);
}

impl Judged {
    fn repository<'r>(&mut self, rules: impl Iterator<Item = &'r BoundRule>, facts: &Facts) {
        for rule in rules {
            let mut cx = Cx::new(rule.def.meta, facts, None);
            rule.check.repository(&mut cx);
            self.take(rule, cx, None);
        }
    }

    fn join(mut self, mut more: Self) -> Self {
        self.findings.append(&mut more.findings);
        self.undetermined.append(&mut more.undetermined);
        self
    }

    fn take(&mut self, rule: &BoundRule, cx: Cx<'_>, rollout: Option<&Rollout>) {
        let (found, undetermined) = cx.into_parts();
        if found.is_empty() && undetermined.is_empty() {
            return;
        }
        let key = rollout.map(key_of);
        self.findings.extend(found.into_iter().map(|raw| finding(rule, raw, key.clone())));
        self.undetermined.extend(undetermined.into_iter().map(|(span, reason, what)| Undetermined {
            rule: rule.def.meta,
            level: rule.level,
            span,
            reason,
            what,
            rollout: key.clone(),
        }));
    }
}

/// The rollout as reports name it.
pub(super) fn key_of(rollout: &Rollout) -> RolloutKey {
    RolloutKey {
        system: rollout.adapter.id,
        group: rollout.id.group.clone(),
        kind: rollout.id.kind.clone(),
        namespace: rollout.id.namespace.clone(),
        name: rollout.id.name.clone(),
        service: rollout.service.clone(),
        environment: rollout.environment.clone(),
    }
}

/// The rollout as coverage names it.
pub(super) fn judged_of(rollout: &Rollout) -> JudgedRollout {
    JudgedRollout { file: rollout.name_span.file, title: key_of(rollout).title().into() }
}

fn finding(rule: &BoundRule, raw: Raw, rollout: Option<RolloutKey>) -> Finding {
    let mut related = raw.related;
    if let Some((name, span)) = raw.limit.and_then(|name| Some((name, rule.places.get(name)?))) {
        related.push(Label { span: *span, text: format!("`{name}` is set here") });
    }
    let fingerprint = fingerprint(rule.def.meta.id, rollout.as_ref(), &raw.about, 0);
    Finding {
        rule: rule.def.meta,
        level: rule.level,
        state: State::Active,
        excuse: None,
        primary: raw.primary,
        what: raw.what,
        help: raw.help,
        found: raw.found,
        required: raw.required,
        related,
        rollout,
        about: raw.about,
        wish: raw.wish,
        fixes: Vec::new(),
        commit: None,
        fingerprint,
    }
}

/// Rule, object and subject; `ordinal` tells apart several findings that agree in all of these.
pub(super) fn fingerprint(rule: &str, rollout: Option<&RolloutKey>, about: &str, ordinal: usize) -> Fingerprint {
    let ordinal = ordinal.to_string();
    let object = rollout.map_or(["", "", "", "", ""], |r| {
        [r.system, &*r.group, &*r.kind, r.namespace.as_deref().unwrap_or(""), &*r.name]
    });
    Fingerprint::of(std::iter::once(rule).chain(object).chain([about, ordinal.as_str()]))
}
