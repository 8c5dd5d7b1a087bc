//! `manifest-unreadable`: a manifest of a known system that cannot be parsed.

use super::{Cx, NoParams, Rule};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::model::ProblemKind;

declare_rule! {
    /// ## What it checks
    ///
    /// Every file that holds a manifest of a known system can be parsed, within the limits of size, depth and aliases.
    /// A file with template syntax that is no YAML before it is rendered is undetermined, and says so.
    ///
    /// ## Why it matters
    ///
    /// What cannot be read cannot be judged. A gate that skips it would be opened by a stray bracket.
    ///
    /// ## What to do
    ///
    /// Mend the syntax at the place shown. Templates are checked after rendering: `helm template … | rollgate check -`.
    ///
    /// ## Examples
    ///
    /// ```yaml violates
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Rollout
    /// metadata: {name: web
    /// spec:
    ///   replicas: 20
    /// ```
    ///
    /// ```yaml passes
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Rollout
    /// metadata: {name: web}
    /// spec:
    ///   replicas: 20
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec: {containers: [{name: web, image: "registry.example/web:1.4"}]}
    ///   strategy:
    ///     canary:
    ///       steps:
    ///         - setWeight: 10
    ///         - pause: {duration: 1h}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// A manifest so broken that the name of its kind cannot be found in it.
    pub ManifestUnreadable {
        id: "manifest-unreadable",
        family: Hygiene,
        summary: "a manifest of a known system that cannot be parsed",
        level: Error,
    }
}

impl Rule for ManifestUnreadable {
    type Params = NoParams;
    const META: &'static RuleMeta = &Self::META;

    fn repository(_params: &NoParams, cx: &mut Cx<'_>) {
        let facts = cx.facts;
        for problem in &facts.problems {
            match problem.kind {
                ProblemKind::Unreadable => {
                    cx.report(problem.span, &*problem.message, &*problem.help).about("syntax");
                }
                ProblemKind::Template => cx.undetermined(problem.span, "template", &*problem.message),
                ProblemKind::Invalid | ProblemKind::Ignored => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Problem;
    use crate::rules::testing::{at, check_facts, facts};

    #[test]
    fn unreadable_is_found_and_a_template_is_undetermined() {
        let mut facts = facts(vec![]);
        for (kind, place) in [(ProblemKind::Invalid, 8), (ProblemKind::Unreadable, 9), (ProblemKind::Template, 10)] {
            facts.problems.push(Problem {
                kind,
                span: at(place),
                message: "m".into(),
                help: "h".into(),
                instead: None,
            });
        }
        let (found, undetermined) = check_facts::<ManifestUnreadable>(json!({}), &facts);
        assert_eq!(found.iter().map(|r| r.primary).collect::<Vec<_>>(), [at(9)]);
        assert_eq!(undetermined, [(at(10), "template", "m".to_owned())]);
    }
}
