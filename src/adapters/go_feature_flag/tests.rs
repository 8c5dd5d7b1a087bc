use crate::adapters::testing::{Wanted, lower, stages};
use crate::model::{Basis, Hold, Rollout, Share};

/// A flag of three variations with that beside them.
fn flag(rest: &str) -> String {
    format!("model:\n  variations: {{off: m-1, v2: m-2, v3: m-3}}\n  {}\n", rest.replace('\n', "\n  "))
}

fn holds(found: &[Rollout]) -> Vec<Option<Hold>> {
    found.iter().flat_map(Rollout::stages).map(|s| s.hold.known().copied()).collect()
}

#[test]
fn shares_are_those_of_the_engine() {
    let table: [(&str, Wanted); 18] = [
        ("defaultRule: {variation: v2}", &[]),
        ("defaultRule: {percentage: {off: 98, v2: 2}}", &[("v2", 2.0)]),
        ("defaultRule: {percentage: {off: 33, v2: 33, v3: 33}}", &[("v2", 33.3333), ("v3", 33.3333)]),
        ("defaultRule: {variation: v2, percentage: {off: 1, v2: 1}}", &[("v2", 50.0)]),
        ("defaultRule: {percentage: {off: 99.999, v2: 0.001}}", &[("v2", 0.001)]),
        ("defaultRule: {percentage: {off: 99.9996, v2: 0.0004}}", &[("v2", 0.0)]),
        ("defaultRule: {percentage: {off: 0.0004, v2: 99.9996}}", &[("v2", 99.999)]),
        ("defaultRule: {percentage: {off: 66.7, v2: 33.3}}", &[("v2", 33.3)]),
        ("defaultRule: {percentage: {off: 0, v2: 0}}", &[]),
        ("defaultRule: {percentage: {v2: 7}}", &[]),
        ("defaultRule: {percentage: {v9: 10, v2: 20, off: 70}}", &[("v2", 20.0)]),
        ("defaultRule: {variation: v2, percentage: }", &[]),
        ("defaultRule: {percentage: {off: \"${REST}\", v2: 2}}", &[("?", -2.0)]),
        ("disable: true\ndefaultRule: {percentage: {off: 50, v2: 50}}", &[]),
        ("disable: \"{{ off }}\"\ndefaultRule: {percentage: {off: 50, v2: 50}}", &[("?", -2.0)]),
        (
            "targeting: [{name: staff, query: 'email ew \"@our.example\"', variation: v2}, {query: beta eq true, disable: true, variation: v3}]\ndefaultRule: {percentage: {off: 95, v3: 5}}",
            &[("staff: v2", -1.0), ("v3", 5.0)],
        ),
        (
            "targeting: [{query: key eq \"a\", percentage: {off: 100, v2: 0}}, {query: key eq \"b\", percentage: {v3: 1, v2: 0}}]\ndefaultRule: {variation: off}",
            &[("key eq \"b\": v3", -1.0)],
        ),
        ("targeting: [{variation: v2}]\ndefaultRule: {percentage: {off: 95, v3: 5}}", &[]),
    ];
    for (rest, wanted) in table {
        let wanted: Vec<(String, f64)> = wanted.iter().map(|(n, p)| ((*n).to_owned(), *p)).collect();
        assert_eq!(stages(&lower(&flag(rest))), wanted, "{rest}");
    }
}

#[test]
fn what_is_an_error_serves_the_callers_default() {
    for (rest, remarks) in [
        ("defaultRule: {variation: v9}", 1),
        ("defaultRule: {percentage: {off: 0}}", 1),
        ("targeting: [{query: a eq 1, variation: v2}]\ndefaultRule: {name: x}", 1),
        ("defaultRule: {progressiveRollout: {initial: {variation: off}, end: {variation: v2}}}", 1),
        ("targeting: []\ndisable: false", 1),
    ] {
        // Documents are told by a flag that is whole.
        let found = lower(&format!(
            "{}other: {{variations: {{a: 1}}, defaultRule: {{variation: a}}}}\n",
            flag(rest).replace("off", "v1")
        ));
        assert_eq!(found[0].remarks.len(), remarks, "{rest}");
        let served = &found[0].destinations[0];
        assert_eq!((&*served.name, served.share), ("the caller's default", Some(Share::ALL)), "{rest}");
    }
    let found = lower(&flag("defaultRule: {percentage: {off: -5, v2: 105}}"));
    assert_eq!((found[0].remarks.len(), found[0].exposure_is_dynamic()), (1, true));
    assert_eq!(lower(&flag("defaultRule: {variation: off, disable: true}"))[0].remarks.len(), 1);
}

#[test]
fn whichever_is_false_is_the_same() {
    let two = |rest: &str| {
        lower(&format!("new:\n  variations: {{Default: false, False: false, True: true}}\n  defaultRule: {rest}\n"))
    };
    assert_eq!(stages(&two("{percentage: {Default: 80, False: 10, True: 10}}")), [("True".to_owned(), 10.0)]);
    assert!(two("{percentage: {Default: 50, False: 50}}").is_empty());
    let mixed = lower("new: {variations: {a: 1, b: 1.5, c: text}, defaultRule: {variation: a}}\n");
    assert_eq!(mixed[0].remarks.len(), 1);
}

#[test]
fn tenants_and_rings() {
    let found = lower(&flag(
        "bucketingKey: tenantId\ntargeting: [{query: 'tenantId in [\"t-1\", \"t-2\"]', variation: v2}]\ndefaultRule: {percentage: {off: 98, v2: 2}}",
    ));
    let audience = found[0].stages()[0].audience.clone().unwrap();
    assert_eq!((audience.size, audience.customers), (Some(2), true));
    assert_eq!(found[0].stages()[1].exposure.known().unwrap().basis, Basis::Tenants);
    assert_eq!((&*found[0].service, found[0].progression.is_live()), ("model", true));
}

/// The default rule of a ramp over an hour, with those percentages.
fn ramp(initial: &str, end: &str) -> String {
    flag(&format!(
        "defaultRule: {{progressiveRollout: {{initial: {{variation: v2, {initial}date: 2027-03-02T09:00:00Z}}, end: {{variation: v3, {end}date: 2027-03-02T11:00:00+01:00}}}}}}"
    ))
}

#[test]
fn a_ramp_is_a_plan_of_two_stages() {
    for (initial, end, wanted, remarks) in [
        ("", "", [0.0, 100.0], 0),
        ("percentage: 10, ", "percentage: 50, ", [10.0, 50.0], 0),
        ("percentage: 0, ", "percentage: 0, ", [0.0, 100.0], 1),
        ("", "percentage: 150, ", [0.0, 100.0], 1),
    ] {
        let found = lower(&ramp(initial, end));
        let shares: Vec<f64> = stages(&found).iter().map(|(_, p)| *p).collect();
        assert_eq!((&shares[..], found[0].remarks.len()), (&wanted[..], remarks), "{initial}{end}");
        assert_eq!(holds(&found), [Some(Hold::Ramp(3600)), Some(Hold::None)]);
        assert_eq!(found[0].schedule.as_ref().unwrap().start.value.to_rfc3339(), "2027-03-02T09:00:00+00:00");
    }
    let backwards = ramp("", "").replace("09:00:00Z", "10:00:00Z");
    assert_eq!((stages(&lower(&backwards)).len(), lower(&backwards)[0].remarks.len()), (0, 1));
    assert!(lower(&ramp("", "").replace("2027-03-02T09:00:00Z", "\"${START}\""))[0].exposure_is_dynamic());
}

#[test]
fn a_step_may_move_a_ramp() {
    let later = format!(
        "{}  scheduledRollout: [{{date: 2027-03-02T09:30:00Z, defaultRule: {{progressiveRollout: {{end: {{date: 2027-03-02T12:00:00Z}}}}}}}}]\n",
        ramp("", "")
    );
    assert_eq!(holds(&lower(&later)), [Some(Hold::Ramp(3 * 3600)), Some(Hold::None)]);
}

#[test]
fn a_ramp_of_a_ring_is_its_hold() {
    let found = lower(&flag(
        "targeting: [{query: key eq 1, progressiveRollout: {initial: {variation: off, date: 2027-03-02T09:00:00Z}, end: {variation: v2, date: 2027-03-02T09:05:00Z}}}]\ndefaultRule: {variation: off}",
    ));
    assert_eq!((stages(&found), holds(&found)), (vec![("key eq 1: v2".to_owned(), -1.0)], vec![Some(Hold::Ramp(300))]));
    assert!(found[0].progression.is_live());
}

/// A flag at 98 to 2 with that schedule.
fn steps(steps: &str) -> String {
    flag(&format!(
        "targeting: [{{name: friends, query: 'key eq \"a\"', variation: v3}}]\ndefaultRule: {{percentage: {{v2: 98, v3: 2}}}}\nscheduledRollout: {steps}"
    ))
}

#[test]
fn a_schedule_is_replayed_in_the_order_of_its_dates() {
    let found = lower(&steps(
        "[{date: 2027-03-04, defaultRule: {percentage: {v2: 0, v3: 100}}}, {date: 2027-03-02, defaultRule: {percentage: {v2: 73, off: 2, v3: 25}}}, {date: 2027-03-03, trackEvents: false}]",
    ));
    let shares: Vec<f64> = stages(&found).iter().map(|(_, p)| *p).collect();
    // `off` is the control by its name, so both others are new.
    assert_eq!((found[0].progression.is_live(), &shares[..]), (true, &[-1.0, 98.0, 2.0][..]));

    let found = lower(&steps(
        "[{date: 2027-03-04, defaultRule: {percentage: {v2: 0, v3: 100}}}, {date: 2027-03-02, defaultRule: {percentage: {v2: 75, v3: 25}}}, {date: 2027-03-03, trackEvents: false}]",
    )
    .replace("off: m-1, ", ""));
    assert_eq!(
        stages(&found),
        [("friends: v3".to_owned(), -1.0), ("v3".to_owned(), 2.0), ("v3".to_owned(), 25.0), ("v3".to_owned(), 100.0)]
    );
    let day = Some(Hold::Timed(172_800));
    assert_eq!(holds(&found), [Some(Hold::None), Some(Hold::Unknown), day, Some(Hold::None)]);
    assert!(found[0].schedule.is_none(), "2 % have it as soon as the file is there");
}

#[test]
fn a_step_merges_by_name_and_by_key() {
    let without = |text: &str| lower(&steps(text).replace("off: m-1, ", ""));
    // A negative number takes a variation out.
    assert_eq!(
        stages(&without("[{date: 2027-03-02, defaultRule: {percentage: {v2: -1}}}]"))[2],
        ("v3".to_owned(), 100.0)
    );
    // Another audience of the same rule, and one that is switched on.
    let found = without("[{date: 2027-03-02, targeting: [{name: friends, query: beta eq true}]}]");
    assert_eq!(stages(&found)[2], ("friends: v3".to_owned(), -1.0));
    // No name: behind the one that picks the same.
    let found = without("[{date: 2027-03-02, targeting: [{query: 'key eq \"a\"', variation: v2}]}]");
    assert_eq!((found[0].remarks.len(), found[0].stages().len()), (1, 2));
    // The percentages go on to decide.
    let found = without("[{date: 2027-03-02, defaultRule: {variation: v3}}]");
    assert_eq!((found[0].remarks.len(), found[0].progression.is_live()), (1, true));
    assert_eq!(without("[{defaultRule: {variation: v3}}]")[0].remarks.len(), 1, "no date");
    // Switched off: taken back, and no plan.
    assert!(without("[{date: 2027-03-02, disable: true}]")[0].progression.is_live());
    assert!(without("[{date: \"${DATE}\", disable: true}]")[0].exposure_is_dynamic());
}

#[test]
fn a_schedule_starts_with_its_first_share() {
    let found = lower(&flag(
        "disable: true\ndefaultRule: {percentage: {off: 90, v2: 10}}\nscheduledRollout: [{date: 2027-03-02T09:00:00Z, disable: false}, {date: 2027-03-03T09:00:00Z, defaultRule: {percentage: {off: 0, v2: 100}}}]",
    ));
    assert_eq!(stages(&found), [("v2".to_owned(), 10.0), ("v2".to_owned(), 100.0)]);
    assert_eq!(found[0].schedule.as_ref().unwrap().start.value.to_rfc3339(), "2027-03-02T09:00:00+00:00");
    let found =
        lower(&flag("experimentation: {start: 2027-03-02T09:00:00Z}\ndefaultRule: {percentage: {off: 50, v2: 50}}"));
    assert!(found[0].schedule.is_some() && found[0].progression.is_live());
}

#[test]
fn what_only_looks_like_it_is_not_claimed() {
    assert!(lower("features:\n  a: {variations: {x: 1, y: 2}, defaultRule: {percentage: {x: 1, y: 1}}}\n").is_empty());
    assert!(lower("a: {variations: [x, y], defaultRule: {percentage: {x: 1, y: 1}}}\n").is_empty());
    assert!(lower("a: {variations: {x: 1, y: 2}, defaultRule: allow}\n").is_empty());
}
