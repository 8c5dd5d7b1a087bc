//! `suppression-unexplained`: an ignore that doesn't say why.

use super::{Cx, NoParams, Rule};
use crate::catalog::RuleMeta;
use crate::declare_rule;

declare_rule! {
    /// ## What it checks
    ///
    /// Every inline ignore can be read and says why: it names its rules in brackets, has a `reason` (unless the policy
    /// says `suppressions: {require-reason: false}`), and nothing else but an `until`. One that doesn't hides nothing.
    ///
    /// ## Why it matters
    ///
    /// In half a year nobody knows whether an ignore without a reason is still needed, so it stays.
    ///
    /// ## What to do
    ///
    /// Write `# rollgate: ignore[RULE] reason="why" until=YYYY-MM-DD` at the end of the line, or alone on the line above.
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
    ///         - setWeight: 20 # rollgate: ignore[canary-too-large] until=2026-12-31
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
    /// Whether the reason is one. Ignores in a document that can't be parsed, and in JSON, which has no comments.
    pub SuppressionUnexplained {
        id: "suppression-unexplained",
        family: Hygiene,
        summary: "an inline ignore without a reason, or one that cannot be read",
        level: Error,
    }
}

impl Rule for SuppressionUnexplained {
    type Params = NoParams;
    const META: &'static RuleMeta = &Self::META;

    fn repository(_params: &NoParams, cx: &mut Cx<'_>) {
        for ignore in &cx.facts.ignores {
            let (what, help) = match &ignore.unread {
                Some((why, help)) => (format!("{why}, so it hides nothing"), help.clone()),
                None if ignore.is_explained => continue,
                None => (
                    "this ignore does not say why, so it hides nothing".to_owned(),
                    "add `reason=\"why\"` behind the brackets".to_owned(),
                ),
            };
            cx.report(ignore.span, what, help).about(&*ignore.beside);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::testing::{check_facts, facts, ignore};

    #[test]
    fn without_a_reason_and_unreadable() {
        let mut facts = facts(Vec::new());
        let mut silent = ignore(&[]);
        silent.is_explained = false;
        let mut unread = ignore(&[]);
        unread.unread = Some(("this ignore names no rule".into(), "name one".into()));
        facts.ignores = vec![ignore(&[]), silent, unread];
        let found = check_facts::<SuppressionUnexplained>(json!({}), &facts).0;
        let what: Vec<(&str, &str)> = found.iter().map(|f| (&*f.what, &*f.help)).collect();
        assert_eq!(
            what,
            [
                ("this ignore does not say why, so it hides nothing", "add `reason=\"why\"` behind the brackets"),
                ("this ignore names no rule, so it hides nothing", "name one"),
            ]
        );
    }
}
