//! SAM, CodeDeploy, aliases of Lambda and of Step Functions.

mod alias;
mod group;
mod named;
mod sam;
mod shape;

use super::{Adapter, Lowering, Object, cloudwatch};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;

declare_adapter! {
    /// ## What is read
    ///
    /// Templates of SAM and CloudFormation, configurations of Terraform and plans that `terraform show -json` prints. A
    /// rollout is a function or a state machine with an alias, a deployment group, an alias with weights, the
    /// `AWS::CodeDeploy::BlueGreen` hook. It is named by the logical id, label or address of that resource.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `DeploymentPreference.Type`, `DeploymentConfigName`: a predefined name, or a `DeploymentConfig` of any checked file | strategy and stages | a group: `AllAtOnce` of its platform, servers `OneAtATime` |
    /// | `AutoPublishAlias` without a preference, or with `Enabled: false` | all at once | – |
    /// | `TimeBasedCanary`, `TimeBasedLinear`: percentage; interval in minutes | exposure; hold | – |
    /// | `MinimumHealthyHosts` of a fleet | batches of a rolling update | – |
    /// | `Alarms`, `AlarmConfiguration.Alarms` | criteria: the alarm's `Threshold`, in whichever checked file it is | no criteria |
    /// | `AlarmConfiguration.Enabled` | whether the alarms are looked at | they are not |
    /// | `AutoRollbackConfiguration` with `DEPLOYMENT_STOP_ON_ALARM` | criteria roll back | they stop the deployment; SAM always switches it on |
    /// | `Hooks.PostTraffic` | a test at 100 % | – |
    /// | `RoutingConfig.AdditionalVersionWeights` (fractions), `RoutingConfiguration` (percent) | a live split | everything to one version |
    /// | `Globals.Function.DeploymentPreference` | key by key under the function's own | – |
    ///
    /// ## What bites
    ///
    /// - Lengths are minutes; weights of a Lambda alias are fractions: 0.05 is 5 %, and 5 is refused.
    /// - A predefined canary begins at 10 % and its last step is 10 % to 100 %. Other names are somebody's own.
    /// - A parameter counts by its default, which a deployment may override; one without is unknown. A condition that
    ///   compares with the name of production is taken as true, others by the parameters' defaults; where an arm can't be
    ///   told, the value is unknown unless both arms agree.
    /// - An alarm that takes longer than all limited stages together can't go off in time.
    /// - `Hooks.PreTraffic` runs before anybody meets the new version, so it is no rollback criterion.
    /// - A function that is another one's hook (`CodeDeployHook_…`) serves nobody and is left out.
    ///
    /// Sources: aws/serverless-application-model: `docs/safe_lambda_deployments.rst`,
    /// `samtranslator/model/preferences/`; hashicorp/terraform-provider-awscc:
    /// `internal/service/cloudformation/schemas/AWS_CodeDeploy_DeploymentGroup.json`; botocore:
    /// `codedeploy/2014-10-06/service-2.json`, `lambda/2015-03-31/service-2.json`.
    ///
    /// ## What it cannot see
    ///
    /// Values that a pipeline passes (`--parameter-overrides`), exports of other stacks, fragments without `Resources`,
    /// what `dynamic` blocks and modules of Terraform come to: read the plan for these. The size of a fleet.
    pub AwsSamCodeDeploy {
        id: "aws-sam-codedeploy",
        title: "AWS SAM and CodeDeploy",
        summary: "functions, deployment groups and aliases of SAM, CloudFormation and Terraform",
        kinds: [
            ("AWS::Serverless", "Function"),
            ("AWS::Serverless", "StateMachine"),
            ("AWS::CodeDeploy", "DeploymentGroup"),
            ("AWS::CodeDeploy", "DeploymentConfig"),
            ("AWS::CodeDeploy", "BlueGreen"),
            ("AWS::CloudWatch", "Alarm"),
            ("AWS::Lambda", "Alias"),
            ("AWS::StepFunctions", "StateMachineAlias"),
            ("terraform", "aws_codedeploy_deployment_group"),
            ("terraform", "aws_codedeploy_deployment_config"),
            ("terraform", "awscc_codedeploy_deployment_config"),
            ("terraform", "awscc_codedeploy_deployment_group"),
            ("terraform", "aws_lambda_alias"),
            ("terraform", "awscc_lambda_alias"),
            ("terraform", "aws_cloudwatch_metric_alarm"),
        ],
    }
}

impl Adapter for AwsSamCodeDeploy {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        match (object.group, object.kind) {
            ("AWS::Serverless", "Function") => sam::function(object, cx),
            ("AWS::Serverless", "StateMachine") => sam::state_machine(object, cx),
            ("AWS::CodeDeploy", "BlueGreen") => group::hook(object, cx),
            (_, "StateMachineAlias") => alias::state_machine(object, cx),
            (_, "Alias" | "aws_lambda_alias" | "awscc_lambda_alias") => alias::lambda(object, cx),
            _ if cloudwatch::is_alarm(object) => cloudwatch::define(object, cx),
            config if shape::CONFIGS.contains(&config) => shape::define(object, cx),
            _ => group::lower(object, cx),
        }
    }
}

#[cfg(test)]
mod tests;
