use std::sync::Arc;

use super::*;
use crate::adapters::testing::lower_all as lower;
use crate::adapters::{Definitions, World};
use crate::model::{Comparer, CriterionClass, Hold, ObjectRef, Rollout, Share, SubjectKind, WaiverTarget};

/// The rollout of a plan whose body follows the head.
fn plan(body: &str) -> (String, Rollout) {
    let text = format!("apiVersion: rollgate/v1\nkind: RolloutPlan\nmetadata: {{name: web}}\n{body}");
    let rollout = lower(&text).rollouts.remove(0).0;
    (text, *rollout)
}

/// What is wrong with a plan: the text underlined, and the message.
fn wrong(body: &str) -> Vec<String> {
    let (text, rollout) = plan(body);
    rollout.remarks.iter().map(|r| format!("{} | {}", r.span.slice(&text), r.message)).collect()
}

const STAGES: &str = "strategy: canary\nstages: [{exposure: 5%, hold: 1h}, {exposure: 100%}]\n";

#[test]
fn a_whole_plan() {
    let text = include_str!("whole_plan.yaml");
    let lowered = lower(text);
    let rollout = &lowered.rollouts[0].0;
    assert!(rollout.remarks.is_empty(), "{:?}", rollout.remarks);
    assert_eq!(rollout.subject, SubjectKind::Model);
    assert_eq!((&*rollout.service, rollout.environment.as_deref()), ("support-assistant", Some("production")));
    assert_eq!(
        rollout.payload.iter().map(|p| &*p.path).collect::<Vec<_>>(),
        ["/change/payload/0/model", "/change/payload/1/file"]
    );
    let stages = rollout.stages();
    assert_eq!(
        stages.iter().map(|s| s.share().map(Share::percent)).collect::<Vec<_>>(),
        [None, None, Some(5.0), Some(25.0), Some(100.0)]
    );
    assert_eq!(stages[0].audience.as_ref().map(|a| (a.size, a.customers)), Some((Some(40), false)));
    assert_eq!(
        stages[1].audience.as_ref().map(|a| (&*a.name, a.size, a.customers)),
        Some(("acme, globex", Some(2), true))
    );
    assert_eq!((stages[3].hold.known(), stages[3].gates.len()), (Some(&Hold::Timed(86_400)), 1));
    let shadow = rollout.shadow.as_ref().unwrap();
    assert_eq!(
        (shadow.duration.known(), &shadow.comparer),
        (Some(&172_800), &Comparer::Named("baseline: eval_score".into()))
    );
    assert_eq!(rollout.rollback.way_back.known(), Some(&86_400));
    assert_eq!(rollout.monitors.len(), 6);
    let criteria: Vec<_> =
        rollout.rollback.criteria.iter().map(|c| (c.span.slice(text), c.class.name(), c.window)).collect();
    assert_eq!(criteria[0], ("3pp", "relative", Some(1800)));
    assert_eq!(criteria[2], ("error rate exceeds 0.5% over 10m", "absolute", Some(600)));
}

#[test]
fn everything_wrong_is_said_at_once() {
    let found = wrong(
        "strategy: cannary\nstages: [{exposre: 5%, hold: 10}, {exposure: 5}, {exposure: 120%}, {name: x}, 7]\nrollback: {criteria: [{metric: error_rate, above: 0.5}, {metric: eval_score}, {drop: 3pp}], automatic: maybe}\nschedule: {start: tomorrow}\ntraffic: 100",
    );
    let expected = [
        "cannary | `strategy` is `cannary`, which is none of `canary`",
        "exposre | `exposre` is no key of a stage; the nearest is `exposure`",
        "10 | `hold`: `10` has no unit: `10s` or `10m`?",
        "5 | `exposure`: `5` has no unit",
        "120% | `exposure`: `120%` is not a percentage",
        "name | a stage needs",
        "7 | a stage is a mapping, and this is `7`",
        "tomorrow | `start` is `tomorrow`",
        "maybe | `automatic` is `maybe`",
        "100 | `traffic`: `100` has no unit: `100/day` or `100/s`?",
        "0.5 | `above`: `0.5` has no unit: `0.5%` or `50%`?",
        "error | the criterion on `eval_score` compares with nothing",
        "drop | a criterion needs `metric`, which is missing",
    ];
    for start in expected {
        let start = start.replace("error | ", "eval_score | ");
        assert!(found.iter().any(|f| f.starts_with(&start)), "{start}\n{found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn a_canary_without_stages_is_wrong_and_goes_nowhere() {
    let (_, rollout) = plan("strategy: canary\n");
    assert!(rollout.stages().is_empty());
    assert_eq!(wrong("strategy: canary\n"), ["canary | strategy `canary` needs `stages`, and there are none"]);
    assert_eq!(wrong("strategy: all-at-once\n"), [""; 0]);
    assert_eq!(plan("strategy: all-at-once\n").1.stages()[0].share(), Some(Share::ALL));
}

#[test]
fn words_templates_and_gates() {
    let (_, rollout) = plan(&format!(
        "{STAGES}rollback: {{criteria: [roll back if users complain, \"error rate above {{{{ x }}}}%\"]}}"
    ));
    let criteria = &rollout.rollback.criteria;
    assert_eq!(criteria[0].class, CriterionClass::Text);
    assert!(criteria[1].bound.is_dynamic() && rollout.undetermined.len() == 1);
    let (_, rollout) =
        plan("strategy: canary\nstages: [{exposure: \"${FIRST}\", hold: 0s}, {exposure: 50%, approval: lead}]\n");
    let stages = rollout.stages();
    assert!(stages[0].exposure.is_dynamic() && rollout.remarks.is_empty());
    assert_eq!((stages[0].hold.known(), stages[1].hold.known()), (Some(&Hold::None), Some(&Hold::Gated)));
    assert!(stages[2].implied && stages.len() == 3);
}

#[test]
fn a_plan_is_found_by_its_file_and_by_what_it_governs() {
    let text = "apiVersion: rollgate/v1\nkind: RolloutPlan\nmetadata: {name: p}\nrollback: {criteria: [error rate above 1%]}\ngoverns: [{system: kserve, name: sentiment, namespace: ml}]\n";
    let lowered = lower(text);
    assert!(lowered.rollouts[0].0.partial && lowered.rollouts[0].0.remarks.is_empty());
    let mut all = Definitions::default();
    for (id, value) in lowered.definitions {
        all.add(id, &Arc::from("test.yaml"), value);
    }
    let world = World::new(&all, "kserve/sentiment.yaml");
    let by = |id: ObjectRef| world.find::<PlanParts>(&id).map(|p| (p.rollback.criteria.len(), p.governs.len()));
    assert_eq!(by(PlanParts::of_file("test.yaml")), Some((1, 1)));
    assert_eq!(by(PlanParts::governing(Some("ml"), "sentiment")), Some((1, 1)));
    assert_eq!(by(ObjectRef::new("rollgate", "RolloutPlan", None, "p")), Some((1, 1)));
}

#[test]
fn drills_and_waivers() {
    let drill = "apiVersion: rollgate/v1\nkind: RollbackDrill\nmetadata: {service: web}\nperformed: 2026-10-14T14:05:00+02:00\noutcome: success\ntime-to-rollback: 4m10s\nevidence: [{commit: 1234567}, {tag: t}]\n";
    let lowered = lower(drill);
    assert!(lowered.problems.is_empty(), "{:?}", lowered.problems);
    assert_eq!(lowered.drills[0].time_to_rollback.map(|t| t.value), Some(250));
    assert_eq!(lowered.drills[0].evidence.len(), 2);
    let waivers = "apiVersion: rollgate/v1\nkind: Waivers\nwaivers:\n  - {rule: big-bang, rollout: web, reason: r, expires: 2027-01-31}\n  - {rule: big-bang, path: p, rollout: web, reason: r, expires: soon}\n";
    let lowered = lower(waivers);
    assert_eq!(lowered.waivers.iter().map(|w| &w.target).collect::<Vec<_>>(), [&WaiverTarget::Rollout("web".into())]);
    assert_eq!(lowered.problems.iter().map(|p| p.span.slice(waivers)).collect::<Vec<_>>(), ["path", "soon"]);
    assert!(matches!(lower(&drill.replace("outcome: success\n", "")).drills.as_slice(), []));
}

#[test]
fn a_misspelled_kind_or_version_is_said() {
    let said = |text: &str| lower(text).problems.remove(0).message;
    assert_eq!(said("apiVersion: rollgate/v1\nkind: RoloutPlan\n"), "`RoloutPlan` is no kind of `rollgate/v1`");
    assert!(said("apiVersion: rollgate/v2\nkind: RolloutPlan\n").starts_with("`rollgate/v2` is no version"));
    assert!(crate::adapters::claiming("rollgate", "RoloutPlan").is_some());
}
