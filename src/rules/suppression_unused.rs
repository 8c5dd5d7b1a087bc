//! `suppression-unused`: an ignore that hides nothing.

use super::{Cx, Fate, NoParams, Rule};
use crate::catalog::RuleMeta;
use crate::declare_rule;

declare_rule! {
    /// ## What it checks
    ///
    /// Every rule that an inline ignore names is one, and has a finding on that line. Only rules that were asked there
    /// are held against it: none that is off or was not selected, none that could not decide, and none whose findings
    /// depend on a change, on the time or on history, so that they come and go.
    ///
    /// ## Why it matters
    ///
    /// An ignore that outlives its finding hides the next one. One that stands beside the wrong line, or has a slip of
    /// the pen in its rule, hides nothing and looks as if it did.
    ///
    /// ## What to do
    ///
    /// Remove it. If it should hide a finding that is still there: it belongs at the end of the line that the finding
    /// underlines, or alone on the line above.
    ///
    /// ## Examples
    ///
    /// ```yaml violates
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Rollout
    /// metadata: {name: web}
    /// spec:
    ///   replicas: 40
    ///   strategy:
    ///     canary:
    ///       steps:
    ///         - setWeight: 5 # rollgate: ignore[canary-too-large] reason="internal users only" until=2026-12-31
    ///         - pause: {duration: 1h}
    /// ```
    ///
    /// ```yaml passes
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
    /// ## What it cannot see
    ///
    /// Ignores of rules whose findings come and go. Ignores beside definitions, an AnalysisTemplate for instance: what is
    /// found there depends on rollouts that may not be in the checked set.
    pub SuppressionUnused {
        id: "suppression-unused",
        family: Hygiene,
        summary: "an inline ignore that hides nothing",
        level: Warning,
    }
}

impl Rule for SuppressionUnused {
    type Params = NoParams;
    const META: &'static RuleMeta = &Self::META;

    fn repository(_params: &NoParams, cx: &mut Cx<'_>) {
        let facts = cx.facts;
        for ignore in facts.ignores.iter().filter(|i| i.unread.is_none()) {
            for (rule, fate) in &ignore.rules {
                let (what, help) = match fate {
                    Fate::HidesNothing => (
                        format!("there is no `{}` here that this ignore would hide", rule.value),
                        format!("take `{}` out of the ignore, or put it where the finding is", rule.value),
                    ),
                    Fate::Unknown(near) => (
                        format!("there is no rule `{}` that this ignore would hide", rule.value),
                        near.map_or_else(
                            || "`rollgate rules` lists them".to_owned(),
                            |near| format!("did you mean `{near}`?"),
                        ),
                    ),
                    Fate::Hides | Fate::NotTold | Fate::Forbidden => continue,
                };
                cx.report(rule.span, what, help).about(format!("{} {}", ignore.beside, rule.value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::testing::{at, check_facts, facts, ignore};

    #[test]
    fn each_rule_that_hides_nothing_is_named() {
        let mut facts = facts(Vec::new());
        facts.ignores = vec![ignore(&[
            ("a", Fate::Hides),
            ("b", Fate::HidesNothing),
            ("c", Fate::NotTold),
            ("d", Fate::Forbidden),
            ("e", Fate::Unknown(Some("f"))),
        ])];
        let found = check_facts::<SuppressionUnused>(json!({}), &facts).0;
        let told: Vec<_> = found.iter().map(|f| (f.primary, &*f.what, &*f.help)).collect();
        assert_eq!(
            told,
            [
                (
                    at(1),
                    "there is no `b` here that this ignore would hide",
                    "take `b` out of the ignore, or put it where the finding is"
                ),
                (at(4), "there is no rule `e` that this ignore would hide", "did you mean `f`?"),
            ]
        );
    }
}
