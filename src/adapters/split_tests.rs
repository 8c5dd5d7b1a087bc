use super::*;
use crate::text::FileId;

fn arm(service: &str, version: Option<&str>, weight: u64) -> Arm {
    let span = Span::new(FileId(0), 0, 1);
    Arm { service: service.into(), version: version.map(Into::into), weight: Some(weight), span }
}

fn candidate(arms: &[Arm]) -> (String, Share) {
    let stages = candidates(arms, None, Basis::Requests);
    (stages[0].name.as_deref().unwrap().to_owned(), stages[0].share().unwrap())
}

#[test]
fn names_decide_before_shares() {
    let arms = [arm("web", Some("canary"), 90), arm("web", Some("stable"), 10)];
    assert_eq!(candidate(&arms), ("web/canary".to_owned(), Share::from_percent(90.0)));
    let arms = [arm("web-v42", None, 1), arm("web-v41", None, 19)];
    assert_eq!(candidate(&arms), ("web-v42".to_owned(), Share::from_percent(5.0)));
    let arms = [arm("shadow-pay-stable", None, 5), arm("shadow-pay-canary", None, 95)];
    assert_eq!(candidate(&arms), ("shadow-pay-canary".to_owned(), Share::from_percent(95.0)));
    let arms = [arm("web", Some("a"), 30), arm("web", Some("b"), 70)];
    assert_eq!(candidate(&arms), ("web/a".to_owned(), Share::from_percent(30.0)));
    let arms = [arm("web", Some("stable"), 0), arm("web", Some("canary"), 1)];
    assert_eq!(candidate(&arms), ("web/canary".to_owned(), Share::ALL));
    let arms = [arm("web-v43", None, 5), arm("web-v41", None, 0), arm("web-v42", None, 95)];
    assert_eq!(candidate(&arms), ("web-v43".to_owned(), Share::from_percent(5.0)));
}

#[test]
fn different_services_are_no_canary() {
    assert!(!is_one_service(&[arm("cart", None, 1), arm("checkout", None, 1)]));
    assert!(is_one_service(&[arm("cart", None, 1), arm("cart-canary", None, 1)]));
    assert!(is_one_service(&[
        arm("r.prod.svc.cluster.local", Some("v1"), 1),
        arm("r.prod.svc.cluster.local", Some("v3"), 1)
    ]));
    assert!(!is_one_service(&[arm("blue", None, 1), arm("green", None, 1)]));
    assert!(!is_one_service(&[arm("shard-1", None, 1), arm("shard-2", None, 1)]));
}

#[test]
fn people_who_are_picked_have_no_share() {
    let people = Some(Span::new(FileId(0), 5, 6));
    let rule = |arms, people: Option<Span>| Rule {
        name: None,
        key: String::new(),
        arms,
        takes_the_rest: people.is_none(),
        people,
    };
    let rest = rule(vec![arm("web", Some("v1"), 95), arm("web", Some("v2"), 5)], None);
    let all = rule(vec![arm("web", Some("v2"), 1)], people);
    let some = rule(vec![arm("web", Some("v1"), 1), arm("web", Some("v3"), 1)], people);
    let found = stages(&[some, all, rest], Basis::Requests);
    let names: Vec<_> = found.iter().map(|s| (s.name.as_deref().unwrap(), s.audience.is_some())).collect();
    assert_eq!(names, [("web/v3", true), ("web/v2", false), ("web/v2", true)]);
    assert!(found[0].share().is_none() && found[2].share().is_none());
}
