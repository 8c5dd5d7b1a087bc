//! Whether one list of waivers lets more through than another.

use super::Weakening;
use crate::clock::Tz;
use crate::clock::windows::Edge;
use crate::model::{Waiver, WaiverTarget};
use crate::policy::globs::{Over, is_pattern, matcher};

/// Every waiver of `after` that lets through what no waiver of `before` did: a new one, a wider one, one that holds
/// longer. `zone` is that of their dates. Reasons, owners, approvals and tickets make no difference.
pub fn waiver_weakenings(before: &[Waiver], after: &[Waiver], zone: Tz) -> Vec<Weakening> {
    let mut all: Vec<Weakening> = after.iter().filter_map(|waiver| weaker(before, waiver, zone)).collect();
    all.sort();
    all.dedup();
    all
}

fn weaker(before: &[Waiver], waiver: &Waiver, zone: Tz) -> Option<Weakening> {
    let (rule, expires) = (&waiver.rule.value, waiver.expires.value);
    let same_rule = || before.iter().filter(|old| old.rule.value == *rule);
    let covering = same_rule().filter(|old| takes_in(&old.target, &waiver.target));
    let target = target(&waiver.target);
    let (span, what) = match covering.map(|old| old.expires.value).max() {
        Some(last) if last >= expires => return None,
        Some(last) => (
            waiver.expires.span,
            format!("the waiver of `{rule}` for {target} holds until {expires}, which was {last}"),
        ),
        None if same_rule().any(|old| takes_in(&waiver.target, &old.target)) => {
            (waiver.span, format!("the waiver of `{rule}` is wider than it was: {target}, until {expires}"))
        }
        None => (waiver.span, format!("a new waiver of `{rule}` for {target}, until {expires}")),
    };
    let ends = Some(Edge::Day(expires).end(zone));
    Some(Weakening { span: Some(span), about: format!("waiver {rule}: {target}"), what, ends })
}

/// `` rollouts `web-*` ``.
fn target(target: &WaiverTarget) -> String {
    match target {
        WaiverTarget::Rollout(glob) => format!("rollouts `{glob}`"),
        WaiverTarget::Path(glob) => format!("files `{glob}`"),
    }
}

/// Does `wide` cover, as far as globs are told apart by their text, all that `narrow` covers?
fn takes_in(wide: &WaiverTarget, narrow: &WaiverTarget) -> bool {
    let (wide, narrow, over) = match (wide, narrow) {
        (WaiverTarget::Rollout(wide), WaiverTarget::Rollout(narrow)) => (wide, narrow, Over::Names),
        (WaiverTarget::Path(wide), WaiverTarget::Path(narrow)) => (wide, narrow, Over::Paths),
        (WaiverTarget::Rollout(_), WaiverTarget::Path(_)) | (WaiverTarget::Path(_), WaiverTarget::Rollout(_)) => {
            return false;
        }
    };
    wide == narrow || (!is_pattern(narrow) && matcher(wide, over).is_ok_and(|glob| glob.is_match(&**narrow)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{FileId, Span, Spanned};

    const HERE: Span = Span::new(FileId(0), 0, 1);

    fn waiver(rule: &str, target: WaiverTarget, expires: &str) -> Waiver {
        Waiver {
            rule: Spanned::new(rule.into(), HERE),
            target,
            reason: "why".into(),
            owner: None,
            approved_by: None,
            ticket: None,
            expires: Spanned::new(expires.parse().unwrap(), HERE),
            span: HERE,
        }
    }

    fn rollout(glob: &str, expires: &str) -> Waiver {
        waiver("big-bang", WaiverTarget::Rollout(glob.into()), expires)
    }

    fn what(before: &[Waiver], after: &[Waiver]) -> Vec<String> {
        waiver_weakenings(before, after, Tz::UTC).into_iter().map(|w| w.what).collect()
    }

    #[test]
    fn new_later_and_wider_ones() {
        let web = rollout("web", "2026-12-31");
        assert_eq!(
            what(&[], std::slice::from_ref(&web)),
            ["a new waiver of `big-bang` for rollouts `web`, until 2026-12-31"]
        );
        let later = rollout("web", "2027-01-31");
        assert_eq!(
            what(std::slice::from_ref(&web), &[later]),
            ["the waiver of `big-bang` for rollouts `web` holds until 2027-01-31, which was 2026-12-31"]
        );
        assert_eq!(
            what(std::slice::from_ref(&web), &[rollout("w*", "2026-12-31")]),
            ["the waiver of `big-bang` is wider than it was: rollouts `w*`, until 2026-12-31"]
        );
        let path = waiver("big-bang", WaiverTarget::Path("web".into()), "2026-12-31");
        assert_eq!(what(std::slice::from_ref(&web), &[path]).len(), 1);
        let other = waiver("step-too-steep", WaiverTarget::Rollout("web".into()), "2026-12-31");
        assert_eq!(what(std::slice::from_ref(&web), &[other]).len(), 1);
        let ends = waiver_weakenings(&[], &[web], Tz::Europe__Berlin).remove(0).ends.unwrap();
        assert_eq!(ends.to_rfc3339(), "2026-12-31T23:00:00+00:00");
    }

    #[test]
    fn gone_shorter_narrower_and_reworded_ones() {
        let wide = rollout("web-*", "2026-12-31");
        for after in [
            vec![],
            vec![rollout("web-*", "2026-12-30")],
            vec![rollout("web-a", "2026-12-31")],
            vec![Waiver { reason: "because".into(), ticket: Some("T-1".into()), ..wide.clone() }, wide.clone()],
        ] {
            assert_eq!(what(std::slice::from_ref(&wide), &after), Vec::<String>::new());
        }
    }
}
