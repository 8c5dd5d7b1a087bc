//! `suppression-expired`: an ignore whose last day is over, missing, or too far ahead.

use chrono::NaiveDate;

use super::{Cx, NoParams, Rule, Term};
use crate::catalog::RuleMeta;
use crate::declare_rule;
use crate::finding::Wish;

declare_rule! {
    /// ## What it checks
    ///
    /// Every inline ignore names its last day with `until=YYYY-MM-DD`, that day is not over in the policy's time zone, and
    /// it lies at most `suppressions: {max-age}` (90 days unless the policy says otherwise) ahead. The day itself is
    /// included. An ignore without such a day, or with something that is no day, hides nothing.
    ///
    /// ## Why it matters
    ///
    /// An ignore is a loan. Without a day on which it is due it becomes the rule.
    ///
    /// ## What to do
    ///
    /// Mend what it hides and remove it, or look at the reason again and name another day. What has to stand for longer
    /// is a waiver in `.rollgate/waivers.yaml`.
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
    ///         # rollgate: ignore[canary-too-large] reason="internal users only" until=2026-10-31
    ///         - setWeight: 20
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
    ///         # rollgate: ignore[canary-too-large] reason="internal users only" until=2026-12-31
    ///         - setWeight: 20
    ///         - pause: {duration: 1h}
    /// ```
    ///
    /// ## What it cannot see
    ///
    /// Whether what the ignore waits for has happened.
    pub SuppressionExpired {
        id: "suppression-expired",
        family: Hygiene,
        summary: "an inline ignore past its last day, without one, or too far ahead",
        level: Error,
    }
}

impl Rule for SuppressionExpired {
    type Params = NoParams;
    const META: &'static RuleMeta = &Self::META;

    fn repository(_params: &NoParams, cx: &mut Cx<'_>) {
        for ignore in cx.facts.ignores.iter().filter(|i| i.unread.is_none()) {
            let (what, found, last) = match &ignore.term {
                Term::Holds => continue,
                Term::Missing { last } => ("this ignore has no last day".to_owned(), "no `until`".to_owned(), *last),
                Term::Malformed { text, last } => (format!("`{}` is no day", short(text)), short(text), *last),
                Term::Over(day) => (format!("this ignore ended on {day}"), day.to_string(), None),
                Term::TooFar { day, last } => {
                    (format!("this ignore lasts until {day}, which is too far ahead"), day.to_string(), *last)
                }
            };
            let help = help(last);
            let raw = cx.report(ignore.span, format!("{what}, so it hides nothing"), help).about(&*ignore.beside);
            let required = last.map_or_else(|| "a day that is not over".to_owned(), |day| format!("<= {day}"));
            raw.measured(found, required);
            if let (Term::Missing { last: Some(day) }, true) = (&ignore.term, ignore.is_explained) {
                raw.wish(Wish::Appended { text: format!(" until={day}").into() });
            }
        }
    }
}

/// As much of what is written as a message repeats.
fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

fn help(last: Option<NaiveDate>) -> String {
    match last {
        Some(day) => format!("write a day that is not over and not after {day}: `until={day}`"),
        None => "mend what it hides and remove it, or name another day: `until=YYYY-MM-DD`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::testing::{check_facts, facts, ignore};

    #[test]
    fn every_day_that_does_not_hold_is_named() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let last = Some(day("2027-02-22"));
        let with = |term| {
            let mut one = ignore(&[]);
            one.term = term;
            one
        };
        let mut facts = facts(Vec::new());
        facts.ignores = vec![
            with(Term::Holds),
            with(Term::Missing { last }),
            with(Term::Malformed { text: "soon".into(), last }),
            with(Term::Over(day("2026-10-31"))),
            with(Term::TooFar { day: day("2029-01-01"), last }),
        ];
        let found = check_facts::<SuppressionExpired>(json!({}), &facts).0;
        let told: Vec<(&str, &str)> = found.iter().map(|f| (&*f.what, f.required.as_deref().unwrap())).collect();
        assert_eq!(
            told,
            [
                ("this ignore has no last day, so it hides nothing", "<= 2027-02-22"),
                ("`soon` is no day, so it hides nothing", "<= 2027-02-22"),
                ("this ignore ended on 2026-10-31, so it hides nothing", "a day that is not over"),
                ("this ignore lasts until 2029-01-01, which is too far ahead, so it hides nothing", "<= 2027-02-22"),
            ]
        );
        assert_eq!(found[0].help, "write a day that is not over and not after 2027-02-22: `until=2027-02-22`");
    }
}
