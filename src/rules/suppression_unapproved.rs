//! `suppression-unapproved`: an ignore that the base branch does not allow.

use super::{Cx, Fate, NoParams, Rule};
use crate::catalog::RuleMeta;
use crate::declare_rule;

declare_rule! {
    /// ## What it checks
    ///
    /// Where a change is judged (`--base`, `--staged`, `--ci`, hooks), an inline ignore counts only when the base branch
    /// has it already: beside the same thing, for the same rule, and for at least as long. One that the change adds, moves
    /// or prolongs hides nothing, unless the base's policy says `suppressions: {trust: head}`. And no ignore names a rule
    /// that the policy's `suppressions: {forbid}` lists, or one that can't be ignored at all: `manifest-unreadable`,
    /// `policy-weakened` and the `suppression` rules themselves.
    ///
    /// ## Why it matters
    ///
    /// A gate that a comment in the same change opens is none.
    ///
    /// ## What to do
    ///
    /// Take the ignore out and mend what it hides, or let somebody who may approve it put a waiver for the rule into
    /// `.rollgate/waivers.yaml` of the base branch first.
    ///
    /// ## Examples
    ///
    /// ```yaml before at:2026-11-16T10:00:00Z file:deploy/web.yaml
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Rollout
    /// metadata: {name: web}
    /// spec:
    ///   replicas: 40
    ///   strategy:
    ///     canary:
    ///       steps:
    ///         - setWeight: 5
    ///         - pause: {duration: 1h}
    /// ```
    ///
    /// ```yaml violates file:deploy/web.yaml
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Rollout
    /// metadata: {name: web}
    /// spec:
    ///   replicas: 40
    ///   strategy:
    ///     canary:
    ///       steps:
    ///         - setWeight: 20 # rollgate: ignore[canary-too-large] reason="internal users only" until=2026-12-31
    ///         - pause: {duration: 1h}
    /// ```
    ///
    /// ```yaml before at:2026-11-16T10:00:00Z file:deploy/web.yaml
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Rollout
    /// metadata: {name: web}
    /// spec:
    ///   replicas: 40
    ///   strategy:
    ///     canary:
    ///       steps:
    ///         - setWeight: 20 # rollgate: ignore[canary-too-large] reason="internal users only" until=2026-12-31
    ///         - pause: {duration: 1h}
    /// ```
    ///
    /// ```yaml passes file:deploy/web.yaml
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Rollout
    /// metadata: {name: web}
    /// spec:
    ///   replicas: 50
    ///   strategy:
    ///     canary:
    ///       steps:
    ///         - setWeight: 20 # rollgate: ignore[canary-too-large] reason="internal users only" until=2026-12-31
    ///         - pause: {duration: 1h}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// That an ignore has moved along with what it stands beside: an item put in above it, or an object that got another
    /// name, makes it a new one.
    pub SuppressionUnapproved {
        id: "suppression-unapproved",
        family: Hygiene,
        summary: "an inline ignore that the base branch does not allow",
        level: Error,
    }
}

impl Rule for SuppressionUnapproved {
    type Params = NoParams;
    const META: &'static RuleMeta = &Self::META;

    fn repository(_params: &NoParams, cx: &mut Cx<'_>) {
        let facts = cx.facts;
        for ignore in &facts.ignores {
            if !ignore.is_approved {
                let what = "the base branch does not have this ignore, so it hides nothing";
                let help = "take it out, or have a waiver put into `.rollgate/waivers.yaml` of the base branch first";
                cx.report(ignore.span, what, help).about(&*ignore.beside);
            }
            for (rule, _) in ignore.rules.iter().filter(|(_, fate)| *fate == Fate::Forbidden) {
                let what = format!("`{}` can't be ignored inline", rule.value);
                let help = format!("take `{}` out of the ignore, and mend what it finds", rule.value);
                cx.report(rule.span, what, help).about(format!("{} {}", ignore.beside, rule.value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::testing::{HERE, at, check_facts, facts, ignore};

    #[test]
    fn what_the_base_lacks_and_what_is_forbidden() {
        let mut facts = facts(Vec::new());
        let mut new = ignore(&[("a", Fate::NotTold)]);
        new.is_approved = false;
        facts.ignores = vec![ignore(&[("b", Fate::Hides), ("c", Fate::Forbidden)]), new];
        let found = check_facts::<SuppressionUnapproved>(json!({}), &facts).0;
        let told: Vec<_> = found.iter().map(|f| (f.primary, &*f.what)).collect();
        let what = "the base branch does not have this ignore, so it hides nothing";
        assert_eq!(told, [(at(1), "`c` can't be ignored inline"), (HERE, what)]);
    }
}
