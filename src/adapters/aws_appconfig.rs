//! AWS AppConfig: flags and configuration that spread by a growth law.

use super::cloudwatch::{self, Watched};
use super::infra::Field;
use super::{Adapter, Lowering, Object, payload};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{
    Basis, Ceiling, Exposure, Fact, Hold, Method, Progression, Rollout, Share, Stage, Strategy, SubjectKind, Unresolved,
};
use crate::text::{Span, Spanned};

declare_adapter! {
    /// ## What is read
    ///
    /// Deployment strategies, and deployments that name a predefined one, in CloudFormation, Terraform and its plans. A
    /// rollout is the strategy, which carries the stages; with it go the environments and the configurations of the
    /// deployments in the same template that use it.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `GrowthFactor`: percent; `GrowthType` | shares of the stages | `LINEAR` |
    /// | `DeploymentDurationInMinutes`: the whole growth | hold: an equal part for each step | – |
    /// | `FinalBakeTimeInMinutes` | hold at 100 % | 0 |
    /// | `Monitors[].AlarmArn` of the environment | criteria: the alarm's `Threshold` | no criteria |
    /// | `ConfigurationVersion`, or the content it refers to | payload | – |
    ///
    /// ## What bites
    ///
    /// - The duration is that of the whole growth, not of a step. Exponential growth doubles: a factor of 10 is 10, 20,
    ///   40, 80 and 100 %; so is `AppConfig.Canary10Percent20Minutes`, for all its name.
    /// - A factor of 100, or a duration of 0, is everybody at once, however long the other is.
    /// - Alarms are the environment's. Time to bake without one does nothing.
    /// - A share is one of fetches of the configuration, not of people.
    ///
    /// Sources: hashicorp/terraform-provider-awscc:
    /// `internal/service/cloudformation/schemas/AWS_AppConfig_DeploymentStrategy.json`; botocore:
    /// `appconfig/2019-10-09/service-2.json`; the user guide's page of predefined strategies.
    ///
    /// ## What it cannot see
    ///
    /// An environment in another file or account: without one in the template the criteria are unknown. Rules inside a
    /// flag's content.
    pub AwsAppConfig {
        id: "aws-appconfig",
        title: "AWS AppConfig",
        summary: "deployment strategies and deployments of CloudFormation and Terraform",
        kinds: [
            ("AWS::AppConfig", "DeploymentStrategy"),
            ("AWS::AppConfig", "Deployment"),
            ("terraform", "aws_appconfig_deployment_strategy"),
            ("terraform", "aws_appconfig_deployment"),
            ("terraform", "awscc_appconfig_deployment_strategy"),
            ("terraform", "awscc_appconfig_deployment"),
        ],
    }
}

const DEPLOYMENTS: [(&str, &str); 3] = [
    ("AWS::AppConfig", "Deployment"),
    ("terraform", "aws_appconfig_deployment"),
    ("terraform", "awscc_appconfig_deployment"),
];
const ENVIRONMENTS: [(&str, &str); 3] = [
    ("AWS::AppConfig", "Environment"),
    ("terraform", "aws_appconfig_environment"),
    ("terraform", "awscc_appconfig_environment"),
];

impl Adapter for AwsAppConfig {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        if DEPLOYMENTS.contains(&(object.group, object.kind)) {
            deployment(object, cx);
        } else {
            strategy(object, cx);
        }
    }
}

/// How a configuration spreads.
struct Growth {
    factor: Fact<f64>,
    doubles: bool,
    /// Seconds.
    duration: Fact<u64>,
    bake: Fact<u64>,
    span: Span,
}

fn strategy(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(body) = object.body() else { return };
    let mut rollout = cx.blank(object, SubjectKind::Workload);
    let percent = |f: &Field<'_>| f.number().filter(|n| (1.0..=100.0).contains(n));
    let minutes = "a whole number of minutes, 0 to 1440";
    let length = |f: &Field<'_>| f.whole().filter(|n| *n <= 1440).map(|n| n * 60);
    let growth = Growth {
        factor: cx.field(&body, &["GrowthFactor"], "a percentage from 1 to 100", percent),
        doubles: body.get("GrowthType").and_then(|t| t.text()) == Some("EXPONENTIAL"),
        duration: cx.field(&body, &["DeploymentDurationInMinutes"], minutes, length),
        bake: cx
            .field(&body, &["FinalBakeTimeInMinutes"], minutes, length)
            .or_default(0, "AppConfig: nothing is baked when absent"),
        span: object.name_span(),
    };
    let unknown_law = body.get("GrowthType").filter(|t| t.unknown().is_some());
    if let Some(law) = unknown_law {
        cx.unknown(law.node, "parameter");
        spread(&mut rollout, &Growth { factor: Fact::Dynamic { expr: "".into(), span: law.span() }, ..growth });
    } else {
        spread(&mut rollout, &growth);
    }
    let used: Vec<Object<'_>> = object.neighbours(&DEPLOYMENTS).into_iter().filter(|d| uses(d, object)).collect();
    rollout.payload = used.iter().filter_map(shipped).collect();
    guard(object, rollout, &used, cx);
}

/// Does the deployment name that strategy?
fn uses(deployment: &Object<'_>, strategy: &Object<'_>) -> bool {
    let named = deployment.body().and_then(|b| b.get("DeploymentStrategyId")?.resource());
    named.is_some_and(|o| o.name() == strategy.name() && o.kind == strategy.kind)
}

/// What a deployment brings: the number of the configuration, or the content that it refers to.
fn shipped(deployment: &Object<'_>) -> Option<crate::model::Payload> {
    let version = deployment.body()?.get("ConfigurationVersion")?;
    match version.resource().and_then(|content| content.body()?.get("Content")) {
        Some(content) => payload(content.node),
        None => payload(version.node),
    }
}

/// A deployment of a predefined strategy, or of one that is not in its template.
fn deployment(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(named) = object.body().and_then(|b| b.get("DeploymentStrategyId")) else { return };
    if named.resource().is_some() {
        return;
    }
    let mut rollout = cx.blank(object, SubjectKind::Workload);
    rollout.payload = shipped(object).into_iter().collect();
    match named.text().map(|name| (name, predefined(name))) {
        Some((_, Some((factor, doubles, duration, bake)))) => {
            let growth = Growth {
                factor: named.fact(factor),
                doubles,
                duration: named.fact(duration),
                bake: named.fact(bake),
                span: named.span(),
            };
            spread(&mut rollout, &growth);
        }
        Some((name, None)) => {
            let because = "so its stages are unknown";
            let span = named.span();
            rollout.unresolved.push(Unresolved { kind: "DeploymentStrategy".into(), name: name.into(), span, because });
            unknown(&mut rollout, span);
        }
        None => {
            cx.unknown(named.node, named.unknown().unwrap_or("reference"));
            unknown(&mut rollout, named.span());
        }
    }
    guard(object, rollout, &[*object], cx);
}

/// A factor in percent, whether it doubles, seconds of growth and of bake.
fn predefined(name: &str) -> Option<(f64, bool, u64, u64)> {
    match name {
        "AppConfig.AllAtOnce" => Some((100.0, false, 0, 600)),
        "AppConfig.Linear50PercentEvery30Seconds" => Some((50.0, false, 60, 60)),
        "AppConfig.Linear20PercentEvery6Minutes" => Some((20.0, false, 1800, 1800)),
        "AppConfig.Canary10Percent20Minutes" => Some((10.0, true, 1200, 600)),
        _ => None,
    }
}

fn unknown(rollout: &mut Rollout, span: Span) {
    rollout.strategy = Spanned::new(Strategy::Unknown, span);
    let exposure = Fact::Dynamic { expr: "".into(), span };
    rollout.progression = Progression::Declared(vec![Stage::new(exposure, span)]);
}

/// The shares that a factor comes to before everybody has it.
fn shares(factor: f64, doubles: bool) -> Vec<f64> {
    let mut all = Vec::new();
    let mut share = factor;
    while share < 100.0 && all.len() < 100 {
        all.push(share);
        share = if doubles { share * 2.0 } else { share + factor };
    }
    all
}

/// Gives the rollout the stages of `growth`.
fn spread(rollout: &mut Rollout, growth: &Growth) {
    let exposure = |percent: f64| Exposure::exact(Share::from_percent(percent), Basis::ConfigFetches);
    let baked = growth.bake.clone().map(|s| if s == 0 { Hold::None } else { Hold::Timed(s) });
    let Some(&factor) = growth.factor.known() else {
        unknown(rollout, growth.factor.span());
        return;
    };
    let before = if growth.duration.known() == Some(&0) { Vec::new() } else { shares(factor, growth.doubles) };
    let all_at_once = before.is_empty();
    let steps = before.len() as u64 + 1;
    rollout.ceiling = Some(ceiling(steps));
    let each = growth.duration.clone().map(|seconds| Hold::Timed(seconds / steps));
    let mut stages: Vec<Stage> = before
        .into_iter()
        .map(|percent| {
            let share = growth.factor.clone().map(|_| exposure(percent));
            Stage { hold: held(each.clone(), growth.span), ..Stage::new(share, growth.factor.span()) }
        })
        .collect();
    let said = if growth.duration.known() == Some(&0) { growth.duration.span() } else { growth.factor.span() };
    let mut last = Stage::new(Fact::stated(exposure(100.0), said), said);
    last.hold = held(baked, growth.span);
    last.implied = !all_at_once;
    stages.push(last);
    let strategy = if all_at_once { Strategy::AllAtOnce } else { Strategy::Canary };
    rollout.strategy = Spanned::new(strategy, growth.factor.span());
    rollout.progression = Progression::Declared(stages);
}

/// Growth lasts a day at most, however many steps it has.
const fn ceiling(steps: u64) -> Ceiling {
    Ceiling {
        stage: 86_400 / steps,
        whole: 86_400 / steps * (steps - 1),
        of: "AppConfig",
        instead: "let flags for a part of the users carry the rest",
    }
}

/// A stage has a hold or none: what is not written is none.
fn held(hold: Fact<Hold>, near: Span) -> Fact<Hold> {
    if hold.is_absent() { Fact::stated(Hold::None, near) } else { hold }
}

/// Adds the alarms of the environments that the deployments go to, and hands the rollout in.
fn guard(object: &Object<'_>, mut rollout: Rollout, used: &[Object<'_>], cx: &mut Lowering<'_>) {
    let mut environments: Vec<Object<'_>> = Vec::new();
    let mut hidden = None;
    for named in used.iter().filter_map(|d| d.body()?.get("EnvironmentId")) {
        match named.resource() {
            Some(environment) => environments.push(environment),
            None => hidden = Some(("Environment", named.as_written().unwrap_or("environment"), named.span())),
        }
    }
    if used.is_empty() {
        environments = object.neighbours(&ENVIRONMENTS);
        let whose = "the environment of deployments by";
        hidden = environments.is_empty().then(|| (whose, object.name(), object.name_span()));
    }
    let monitors = environments.iter().filter_map(|e| e.body()?.any(&["Monitors", "monitor"]));
    let alarms: Vec<Field<'_>> = monitors.flat_map(|m| m.items()).map(|m| m.get("AlarmArn").unwrap_or(m)).collect();
    if let Some((kind, name, span)) = hidden.filter(|_| alarms.is_empty()) {
        let because = "so its criteria are unknown";
        rollout.unresolved.push(Unresolved { kind: kind.into(), name: name.into(), span, because });
    }
    let near = environments.first().map_or_else(|| object.name_span(), Object::name_span);
    rollout.rollback.anchor = near;
    rollout.rollback.method = Some(Method::TrafficFlip);
    rollout.rollback.automatic = Fact::Defaulted { value: true, by: "AppConfig: goes back on an alarm", near };
    let watched = Watched::new(object, &alarms, cx);
    let alarmed = watched.finish(&mut rollout, |criterion| cloudwatch::acts(criterion, true));
    cx.rollout_after(rollout, move |rollout, world| {
        alarmed(rollout, world);
        let seconds = |stage: &Stage| stage.hold.known().and_then(|hold| hold.seconds());
        if let Some(watched) = rollout.stages().iter().map(seconds).sum::<Option<u64>>() {
            rollout.rollback.criteria.iter_mut().for_each(|c| cloudwatch::in_time(c, watched));
        }
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::shares;
    use crate::adapters::testing::lower;
    use crate::model::{Rollout, Share, Strategy};

    fn template(strategy: &str, rest: &str) -> String {
        format!(
            "Resources:\n  Ramp: {{Type: 'AWS::AppConfig::DeploymentStrategy', Properties: {{{strategy}}}}}\n{rest}"
        )
    }

    fn table(rollout: &Rollout) -> Vec<(f64, Option<u64>)> {
        let held = |s: &crate::model::Stage| s.hold.known().and_then(|h| h.seconds());
        rollout.stages().iter().map(|s| (s.share().map_or(-1.0, Share::percent), held(s))).collect()
    }

    const PROD: &str = "  Prod: {Type: 'AWS::AppConfig::Environment', Properties: {Monitors: [{AlarmArn: !GetAtt Cost.Arn}]}}\n  Cost: {Type: 'AWS::CloudWatch::Alarm', Properties: {MetricName: CostPerCall, Namespace: App, Period: 60, EvaluationPeriods: 1, Threshold: 0.02, ComparisonOperator: GreaterThanThreshold}}\n";

    #[test]
    fn growth_is_linear_or_doubles_over_the_whole_duration() {
        let linear = "GrowthFactor: '20', DeploymentDurationInMinutes: 30, FinalBakeTimeInMinutes: 30";
        let found = lower(&template(linear, PROD)).remove(0);
        assert_eq!(
            table(&found),
            [20.0, 40.0, 60.0, 80.0]
                .map(|p| (p, Some(360)))
                .into_iter()
                .chain([(100.0, Some(1800))])
                .collect::<Vec<_>>()
        );
        assert_eq!(found.rollback.criteria.len(), 1);
        let doubles = "GrowthFactor: 10, GrowthType: EXPONENTIAL, DeploymentDurationInMinutes: 20";
        let found = lower(&template(doubles, PROD)).remove(0);
        assert_eq!(table(&found).iter().map(|s| s.0).collect::<Vec<_>>(), [10.0, 20.0, 40.0, 80.0, 100.0]);
        assert_eq!(table(&found)[0].1, Some(240));
    }

    #[test]
    fn everybody_at_once_in_two_spellings() {
        for strategy in
            ["GrowthFactor: 100, DeploymentDurationInMinutes: 30", "GrowthFactor: 5, DeploymentDurationInMinutes: 0"]
        {
            let found = lower(&template(strategy, PROD)).remove(0);
            assert_eq!((found.strategy.value, table(&found)), (Strategy::AllAtOnce, vec![(100.0, Some(0))]));
        }
    }

    #[test]
    fn a_strategy_alone_does_not_prove_that_nothing_watches() {
        let found = lower(&template("GrowthFactor: 5, DeploymentDurationInMinutes: 60", "")).remove(0);
        assert!(found.hidden_criteria().is_some());
    }

    #[test]
    fn a_deployment_of_a_predefined_strategy_is_its_own_rollout() {
        let one = "  Go: {Type: 'AWS::AppConfig::Deployment', Properties: {DeploymentStrategyId: AppConfig.Canary10Percent20Minutes, EnvironmentId: !Ref Prod, ConfigurationVersion: '7'}}\n";
        let found = lower(&format!("Resources:\n{one}{PROD}")).remove(0);
        assert_eq!((&*found.id.name, table(&found).len(), &*found.payload[0].value), ("Go", 5, "7"));
        let other = one.replace("AppConfig.Canary10Percent20Minutes", "abc123");
        assert!(lower(&format!("Resources:\n{other}{PROD}"))[0].exposure_is_dynamic());
    }

    #[test]
    fn terraform_says_the_same() {
        let text = "resource \"aws_appconfig_deployment_strategy\" \"ramp\" {\n  growth_factor = 50\n  growth_type = \"LINEAR\"\n  deployment_duration_in_minutes = 60\n}\nresource \"aws_appconfig_environment\" \"prod\" {\n  monitor { alarm_arn = \"arn:aws:cloudwatch:x:1:alarm:cost\" }\n}\n";
        let found = lower(text).remove(0);
        assert_eq!(table(&found), [(50.0, Some(1800)), (100.0, Some(0))]);
        assert!(found.hidden_criteria().is_some(), "an alarm of another file");
    }

    proptest! {
        #[test]
        fn shares_rise_and_stay_below_everybody(factor in 1.0..100.0f64, doubles: bool) {
            let all = shares(factor, doubles);
            prop_assert!(all.is_sorted() && all.iter().all(|s| *s < 100.0) && all.first() == Some(&factor));
        }
    }
}
