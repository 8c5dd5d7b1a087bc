//! `policy-weakened`: a change that loosens what it is judged by.

use super::{Cx, NoParams, Rule};
use crate::catalog::RuleMeta;
use crate::declare_rule;

declare_rule! {
    /// ## What it checks
    ///
    /// A change that is judged against a base (`--base`, `--staged`, `--ci`) does not make the policy, the list of
    /// waivers or the baseline more permissive. They are compared by what they come to, not by their text: a level that
    /// falls, a minimum that falls, a maximum that rises, a list that asks for less or lets more through, a deploy window
    /// that opens where it was closed, a freeze that ends sooner, a calendar that holds less, a scope or a class that is
    /// taken away and was stricter, ignores and overrides that hide more, environments and services that hold less, drills
    /// that are believed on weaker evidence; a waiver that is new, wider, or holds longer; an entry that is new in the
    /// baseline. A new order, other words for the same, and values that move to a file that the policy extends are no
    /// difference, and what becomes stricter is never reported.
    ///
    /// The change itself is judged by the base's policy all the same; what is reported here holds only once it is merged.
    ///
    /// ## Why it matters
    ///
    /// A limit is lowered at the very moment at which it is in the way. Whoever approves the change should see that it
    /// loosens the gate, and not find it among other files.
    ///
    /// ## What to do
    ///
    /// Take the loosening out, or make it a change of its own, so that whoever owns the policy decides about nothing else.
    /// `rollgate policy diff OLD NEW` says the same of any two policies.
    ///
    /// ## Examples
    ///
    /// ```yaml before at:2026-11-16T10:00:00Z file:rollgate.yaml
    /// version: 1
    /// rules:
    ///   canary-too-small: {level: error, min: 1%}
    /// ```
    ///
    /// ```yaml violates file:rollgate.yaml
    /// version: 1
    /// rules:
    ///   canary-too-small: {level: error, min: 0.5%}
    /// ```
    ///
    /// ```yaml before at:2026-11-16T10:00:00Z file:rollgate.yaml
    /// version: 1
    /// rules:
    ///   canary-too-small: {level: error, min: 1%}
    /// ```
    ///
    /// ```yaml passes file:rollgate.yaml
    /// version: 1
    /// rules:
    ///   canary-too-small: {level: error, min: 2%}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// Whether a glob written in another way takes in less: a glob whose text is gone counts as taken away. Rollouts that
    /// are in three scopes at once are compared by what each two of these say. Limits of size are not compared, since
    /// reaching one never passes. An event that a calendar no longer holds is told even where the week is closed on its days.
    pub PolicyWeakened {
        id: "policy-weakened",
        family: Hygiene,
        summary: "this change makes the policy, waivers or the baseline more permissive",
        level: Warning,
    }
}

impl Rule for PolicyWeakened {
    type Params = NoParams;
    const META: &'static RuleMeta = &Self::META;
    const COMES_AND_GOES: bool = true;

    fn repository(_params: &NoParams, cx: &mut Cx<'_>) {
        let facts = cx.facts;
        for weakened in &facts.weakened {
            cx.report(weakened.span, &*weakened.what, &*weakened.help).about(&*weakened.about);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::Weakened;
    use crate::rules::testing::{at, check_facts, facts};

    #[test]
    fn each_is_reported_at_its_place() {
        let mut facts = facts(Vec::new());
        assert!(check_facts::<PolicyWeakened>(json!({}), &facts).0.is_empty());
        facts.weakened = vec![Weakened {
            span: at(7),
            what: "`canary-too-small.min` falls from 1% to 0.5%".into(),
            about: "canary-too-small.min".into(),
            help: "take it back".into(),
        }];
        let (found, undetermined) = check_facts::<PolicyWeakened>(json!({}), &facts);
        assert!(undetermined.is_empty());
        let parts = (found[0].primary, &*found[0].what, &*found[0].about, &*found[0].help);
        let what = "`canary-too-small.min` falls from 1% to 0.5%";
        assert_eq!(parts, (at(7), what, "canary-too-small.min", "take it back"));
    }
}
