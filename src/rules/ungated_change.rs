//! `ungated-change`: shipped, and nobody's rollout.

use super::{Cx, NoParams, Rule};
use crate::catalog::RuleMeta;
use crate::declare_rule;

declare_rule! {
    /// ## What it checks
    ///
    /// A change of what ships without a platform manifest (a prompt, a model's configuration: the `paths` of the policy's
    /// `services:`, and files that a RolloutPlan names as its payload) is carried by a rollout: a RolloutPlan of that
    /// service that is added or edited in the same change, or a platform rollout of the service whose own payload changes
    /// with it. A plan that names payload files carries those and no others; one that names none carries whatever its
    /// service ships. A plan that stands there from the change before covers that change and not this one. A file that is
    /// moved is looked for at both places, and one that only the plan of base names is asked for all the same. A file that
    /// returns to what it was before is going back, and is never stopped. Where the file shows of what kind its change is (the
    /// text of a prompt, the name of a model), that is said.
    ///
    /// ## Why it matters
    ///
    /// A prompt is code that no deploy pipeline sees: merged, it meets everybody with the next start of the process.
    ///
    /// ## What to do
    ///
    /// Add a RolloutPlan for the change, or edit the standing one: its stages, its monitors and what sends it back.
    ///
    /// ## Examples
    ///
    /// ```yaml before at:2026-11-16T09:00:00Z file:rollgate.yaml
    /// services:
    ///   - {name: assistant, paths: ["prompts/**"]}
    /// ```
    ///
    /// ```yaml before at:2026-11-16T10:00:00Z file:prompts/system.md
    /// You are helpful.
    /// ```
    ///
    /// ```yaml violates file:prompts/system.md
    /// You are helpful, and brief.
    /// ```
    ///
    /// ```yaml before at:2026-11-16T09:00:00Z file:rollgate.yaml
    /// services:
    ///   - {name: assistant, paths: ["prompts/**"]}
    /// ```
    ///
    /// ```yaml before at:2026-11-16T10:00:00Z file:prompts/system.md
    /// You are helpful.
    /// ```
    ///
    /// ```yaml also file:prompts/system.md
    /// You are helpful, and brief.
    /// ```
    ///
    /// ```yaml passes file:rollouts/brief-answers.yaml
    /// apiVersion: rollgate/v1
    /// kind: RolloutPlan
    /// metadata: {name: brief-answers, service: assistant}
    /// change: {kind: prompt-tweak, payload: [{file: prompts/system.md}]}
    /// strategy: canary
    /// stages: [{exposure: 5%, hold: 24h}, {exposure: 50%, hold: 24h}, {exposure: 100%}]
    /// monitors: [latency_p95, error_rate]
    /// rollback: {criteria: [{metric: error_rate, above: 0.5%}], method: flag-off, keep-old-for: 24h}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// Files that no service and no plan names. Whether the plan says what the file's change needs.
    pub UngatedChange {
        id: "ungated-change",
        family: Exposure,
        summary: "a change to a governed path that no rollout covers",
        level: Error,
    }
}

impl Rule for UngatedChange {
    type Params = NoParams;
    const META: &'static RuleMeta = &Self::META;
    const COMES_AND_GOES: bool = true;

    fn repository(_params: &NoParams, cx: &mut Cx<'_>) {
        let facts = cx.facts;
        for change in facts.governed.iter().filter(|g| g.carriers.is_empty() && !g.returns) {
            let signs: Vec<String> =
                change.signs.iter().map(|sign| format!("{}: {}", sign.kind.name(), sign.what)).collect();
            let shown = if signs.is_empty() { String::new() } else { format!(" ({})", signs.join("; ")) };
            let what = format!(
                "`{}`, which {} ships, changes{shown}, and no rollout of this change carries it",
                change.path, change.shipped_by
            );
            let help = "add a RolloutPlan of the service to the same change, or edit the one that stands there";
            let raw = cx.report(change.span, what, help);
            raw.measured("no rollout", "a rollout in the same change").about("ungated change");
            raw.because(change.said, "it is named here");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::GovernedChange;
    use crate::rules::testing::{HERE, at, check_facts, facts};

    #[test]
    fn what_is_covered_or_goes_back_passes() {
        let governed = |covered: bool, returns| {
            let mut facts = facts(vec![]);
            facts.governed.push(GovernedChange {
                path: "prompts/a.md".into(),
                span: HERE,
                shipped_by: "service `assistant`".into(),
                said: at(9),
                carriers: covered.then_some(0).into_iter().collect(),
                returns,
                signs: Vec::new(),
            });
            check_facts::<UngatedChange>(json!({}), &facts).0
        };
        assert_eq!((governed(true, false).len(), governed(false, true).len()), (0, 0));
        let found = governed(false, false);
        assert_eq!(
            found[0].what,
            "`prompts/a.md`, which service `assistant` ships, changes, and no rollout of this change carries it"
        );
    }
}
