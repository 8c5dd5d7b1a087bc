use crate::adapters::testing::{lower, lower_all};
use crate::model::{Action, CriterionClass, Evaluated, Hold, Rollout, Share, Stage, Strategy};

const BACK: &str = "rollbackSteps: [{step: {type: K8sRollingRollback, name: back}}]";
const STAGE_ROLLBACK: &str = "[{onFailure: {errors: [AllErrors], action: {type: StageRollback}}}]";

fn pipeline(steps: &str, back: &str) -> String {
    format!(
        "pipeline: {{identifier: ship, projectIdentifier: p, stages: [{{stage: {{identifier: prod, type: Deployment, failureStrategies: {STAGE_ROLLBACK}, spec: {{service: {{serviceRef: chat}}, execution: {{steps: [{steps}], {back}}}}}}}}}]}}\n"
    )
}

fn one(steps: &str) -> Rollout {
    lower(&pipeline(steps, BACK)).remove(0)
}

fn step(kind: &str, spec: &str) -> String {
    format!("{{step: {{type: {kind}, name: {kind}, identifier: s, timeout: 10m, spec: {{{spec}}}}}}}")
}

fn group(head: &str, steps: &str) -> String {
    format!("{{stepGroup: {{{head} steps: [{steps}]}}}}")
}

fn canary(percent: &str) -> String {
    step("K8sCanaryDeploy", &format!("instanceSelection: {{type: Percentage, spec: {{percentage: {percent}}}}}"))
}

fn rest() -> String {
    format!("{}, {}", step("K8sCanaryDelete", ""), step("K8sRollingDeploy", ""))
}

fn table(rollout: &Rollout) -> Vec<(f64, Option<Hold>)> {
    let row = |s: &Stage| (s.share().map_or(-1.0, Share::percent), s.hold.known().copied());
    rollout.stages().iter().map(row).collect()
}

#[test]
fn a_canary_that_is_deleted_at_once_is_held_for_nothing() {
    let found = one(&format!("{}, {}", canary("5"), rest()));
    assert_eq!(found.strategy.value, Strategy::Canary);
    assert_eq!(table(&found), [(5.0, Some(Hold::None)), (100.0, Some(Hold::None))]);
    assert_eq!((&*found.id.name, &*found.service), ("ship/prod", "chat"));
    let late = one(&format!(
        "{}, {}, {}, {}",
        canary("5"),
        step("K8sCanaryDelete", ""),
        step("Wait", "duration: 1h"),
        step("K8sRollingDeploy", "")
    ));
    assert_eq!(table(&late)[0], (5.0, Some(Hold::None)), "nobody meets a canary that is gone");
}

#[test]
fn groups_add_up_and_branches_run_at_the_same_time() {
    let (short, long) = (step("Wait", "duration: 10m"), step("Wait", "duration: 1h 30m"));
    let found = one(&format!("{}, {}, {}", group("", &format!("{}, {short}", canary("5"))), long, rest()));
    assert_eq!(table(&found)[0], (5.0, Some(Hold::Timed(6000))));
    let beside = one(&format!("{}, {{parallel: [{short}, {long}]}}, {}", canary("5"), rest()));
    assert_eq!(table(&beside)[0], (5.0, Some(Hold::Timed(5400))));
    let asked = one(&format!("{}, {{parallel: [{}, {long}]}}, {}", canary("5"), step("HarnessApproval", ""), rest()));
    assert_eq!(table(&asked)[0], (5.0, Some(Hold::Gated)));
}

#[test]
fn a_number_of_pods_and_an_expression_are_unknown() {
    let count = step("K8sCanaryDeploy", "instanceSelection: {type: Count, spec: {count: 1}}");
    for canary in [count, canary("<+input>"), canary("<+stage.variables.share>")] {
        let found = one(&format!("{canary}, {}", rest()));
        assert!(found.exposure_is_dynamic() && found.undetermined.len() == 1 && found.remarks.is_empty(), "{canary}");
    }
    let wait = one(&format!("{}, {}, {}", canary("5"), step("Wait", "duration: <+input>"), rest()));
    assert!(wait.stages()[0].hold.is_dynamic());
    assert_eq!(one(&format!("{}, {}", canary("500"), rest())).remarks.len(), 1);
}

#[test]
fn a_condition_leaves_open_whether_it_runs() {
    let wait = |when: &str| {
        let wait = format!("{{step: {{type: Wait, name: w, when: {{{when}}}, spec: {{duration: 1h}}}}}}");
        one(&format!("{}, {wait}, {}", canary("5"), rest())).stages()[0].hold.known().copied()
    };
    assert_eq!(wait("stageStatus: Success"), Some(Hold::Timed(3600)));
    assert_eq!(wait("stageStatus: Success, condition: 'false'"), Some(Hold::None));
    assert_eq!(wait("stageStatus: Failure"), Some(Hold::None));
    assert_eq!(wait("condition: <+env.type> == 'Production'"), Some(Hold::Unknown));
}

#[test]
fn loops_run_once_for_each_value() {
    let shift =
        step("EcsBlueGreenTrafficShift", "ecsTrafficShiftWrapper: {spec: {weightPercentage: <+matrix.weight>}}");
    let body = format!("{}, {shift}", step("HarnessApproval", ""));
    let deploy = step("EcsBlueGreenCreateService", "");
    let looped = |strategy: &str| one(&format!("{deploy}, {}", group(&format!("strategy: {{{strategy}}},"), &body)));
    let found = looped("matrix: {maxConcurrency: 1, weight: [20, 100]}");
    let gated = Some(Hold::Gated);
    assert_eq!(table(&found), [(0.0, gated), (20.0, gated), (100.0, Some(Hold::None))]);
    assert_eq!(found.strategy.value, Strategy::Canary);
    assert!(looped("matrix: {weight: [20, 100]}").exposure_is_dynamic(), "both at the same time");
}

#[test]
fn switches_and_rolls() {
    let swap = format!("{}, {}", step("K8sBlueGreenDeploy", ""), step("K8sBGSwapServices", ""));
    let found = one(&swap);
    assert_eq!((found.strategy.value, found.rollback.way_back.is_absent()), (Strategy::BlueGreen, true));
    let kept = one(&format!("{swap}, {}, {}", step("Wait", "duration: 1h"), step("K8sBlueGreenStageScaleDown", "")));
    assert_eq!(kept.rollback.way_back.known(), Some(&3600));
    assert_eq!(one(&step("K8sRollingDeploy", "")).strategy.value, Strategy::Rolling);
    assert_eq!(one(&step("GoogleCloudRunDeploy", "")).strategy.value, Strategy::AllAtOnce);
    let later = format!(
        "{}, {}",
        step("GoogleCloudRunDeploy", "skipTrafficShift: true"),
        step("GoogleCloudRunTrafficShift", "revisionTrafficDetails: [{revisionName: LATEST, trafficValue: 10}]")
    );
    assert_eq!(one(&later).stages()[1].share(), Some(Share::from_percent(10.0)));
}

#[test]
fn weights_of_routes_are_shares_of_the_named_side() {
    let route = |a: &str, b: &str| {
        let to = |host: &str, weight: u8| format!("{{destination: {{host: {host}, weight: {weight}}}}}");
        let spec = format!(
            "trafficRouting: {{spec: {{routes: [{{route: {{destinations: [{}, {}]}}}}]}}}}",
            to(a, 20),
            to(b, 60)
        );
        one(&format!("{}, {}", step("K8sTrafficRouting", &spec), step("K8sRollingDeploy", ""))).stages()[0].share()
    };
    assert_eq!(route("chat-canary", "chat"), Some(Share::from_percent(25.0)));
    assert_eq!(route("chat-stable", "chat"), Some(Share::from_percent(75.0)));
    assert_eq!(route("a", "b"), None);
}

#[test]
fn routes_decide_where_a_step_sets_them() {
    let to = "destinations: [{destination: {host: canary, weight: 5}}, {destination: {host: stable, weight: 95}}]";
    let inherit =
        step("K8sTrafficRouting", &format!("type: inherit, trafficRouting: {{routes: [{{route: {{{to}}}}}]}}"));
    let found = one(&format!("{}, {inherit}, {}", canary("50"), rest()));
    assert!(found.stages()[0].exposure.is_dynamic(), "nobody tells what fifty percent of the pods get");
    assert_eq!(table(&found)[1].0.to_string(), "5");
    let both = "canaryType: Progressive, instanceSelection: {type: Percentage, spec: {percentage: 50}}";
    let both = step("K8sCanaryDeploy", &format!("{both}, trafficRouting: {{spec: {{routes: [{{route: {{{to}}}}}]}}}}"));
    assert_eq!(one(&format!("{both}, {}", rest())).stages()[0].share(), Some(Share::from_percent(5.0)));
}

#[test]
fn what_a_verification_does_is_told_by_the_nearest_strategy() {
    let verify = |strategies: &str| {
        let verify = format!(
            "{{step: {{type: Verify, name: look, {strategies} spec: {{type: Canary, spec: {{sensitivity: HIGH, duration: 30m}}}}}}}}"
        );
        one(&format!("{}, {verify}, {}", canary("5"), rest()))
    };
    let plain = verify("");
    let criterion = &plain.rollback.criteria[0];
    assert_eq!((criterion.class, criterion.action), (CriterionClass::Statistical, Action::Rollback));
    assert_eq!(table(&plain)[0].1, Some(Hold::Timed(1800)));
    assert_eq!((criterion.window, plain.rollback.automatic.known()), (Some(1800), Some(&true)));
    assert!(plain.hidden_criteria().is_some());
    let on = |errors: &str, action: &str| {
        format!("failureStrategies: [{{onFailure: {{errors: [{errors}], action: {{type: {action}}}}}}}],")
    };
    let ignored = verify(&on("Verification", "Ignore"));
    assert!(
        matches!(ignored.rollback.criteria[0].evaluated, Evaluated::No(_)) && !ignored.stages()[0].gates[0].blocking
    );
    assert_eq!(verify(&on("Timeout", "Ignore")).rollback.criteria[0].action, Action::Rollback);
    assert_eq!(verify(&on("AllErrors", "ManualIntervention")).rollback.criteria[0].action, Action::Pause);
    assert_eq!(verify(&on("AllErrors", "<+input>")).rollback.criteria[0].evaluated, Evaluated::Unknown);
}

#[test]
fn a_rollback_without_steps_does_nothing() {
    let found = lower(&pipeline(&format!("{}, {}", canary("5"), rest()), "rollbackSteps: []")).remove(0);
    assert_eq!((found.remarks.len(), found.rollback.automatic.known()), (1, Some(&false)));
    assert!(found.remarks[0].message.ends_with("is empty"));
    let in_group = format!("{}, {}", group(&format!("{BACK},"), &canary("5")), rest());
    assert!(lower(&pipeline(&in_group, "")).remove(0).remarks.is_empty());
}

#[test]
fn templates_hide_steps() {
    let template =
        |inputs: &str| format!("{{step: {{name: t, template: {{templateRef: judge, versionLabel: v1, {inputs}}}}}}}");
    let found = one(&format!("{}, {}, {}", canary("5"), template(""), rest()));
    assert_eq!((&*found.unresolved[0].name, table(&found)[0].1), ("judge", Some(Hold::Unknown)));
    let told = one(&format!("{}, {}, {}", canary("5"), template("templateInputs: {type: ShellScript}"), rest()));
    assert!(told.unresolved.is_empty());
    let whole = "pipeline: {identifier: a, projectIdentifier: p, stages: [{stage: {identifier: s, template: {templateRef: t, templateInputs: {type: Deployment}}}}]}\n";
    assert!(lower(whole)[0].exposure_is_dynamic());
}

#[test]
fn what_is_no_rollout() {
    let job = pipeline(&step("ShellScript", ""), BACK);
    assert!(lower(&job).is_empty());
    assert!(lower_all("kind: pipeline\nname: ci\nsteps: []\n").rollouts.is_empty());
    let ci = "pipeline: {identifier: a, projectIdentifier: p, stages: [{stage: {type: CI, spec: {}}}]}\n";
    assert!(lower(ci).is_empty());
}
