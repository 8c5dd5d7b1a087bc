//! Amazon SageMaker: endpoints, their configurations, shadow experiments.

mod endpoint;
mod variants;

use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;

declare_adapter! {
    /// ## What is read
    ///
    /// Endpoints, endpoint configurations and inference experiments of CloudFormation, of Terraform and its plans. An
    /// endpoint is a plan of how an update spreads; the variants of a configuration are a live split, whose history in git
    /// is the plan.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `DeploymentConfig` | strategy and stages | all at once on an update; unknown with `RetainDeploymentConfig` |
    /// | `TrafficRoutingConfiguration.{CanarySize,LinearStepSize}` | exposure: percent of capacity, or instances of the configuration's `InitialInstanceCount` | – |
    /// | `WaitIntervalInSeconds` | hold of each stage | none |
    /// | `TerminationWaitInSeconds` | how long the old fleet stays | 0 |
    /// | `RollingUpdatePolicy.MaximumBatchSize` | exposure by instances, batch after batch | – |
    /// | `AutoRollbackConfiguration.Alarms` | criteria: the alarm's `Threshold`, in whichever checked file it is | no criteria |
    /// | `ProductionVariants[].InitialVariantWeight` | a live split: weight by sum of weights | 1 |
    /// | `ShadowProductionVariants[0]` | shadow; `DataCaptureConfig.EnableCapture` is what a comparison rests on | – |
    /// | `ShadowModeConfig.ShadowModelVariants[0].SamplingPercentage` | shadow of an experiment; `DataStorageConfig` is what a comparison rests on | – |
    /// | `Schedule.{StartTime,EndTime}` of an experiment | how long the shadow lasts | open |
    /// | `ModelName` of the variants, else `EndpointConfigName` | payload | – |
    ///
    /// ## What bites
    ///
    /// - Lengths are seconds, at most 3600 each and 8 hours in all: a longer test needs a shadow or weights before it.
    /// - One instance of two is 50 %. A number of instances without the fleet's size in the same template is unknown.
    /// - A percentage of capacity is nominal on a small fleet: whole instances are moved.
    /// - Weights are ratios: 9 and 1, 0.9 and 0.1 say the same. Variants have no schedule.
    /// - Where a configuration has variants of several models, their weights say who meets the new one, and an update of the
    ///   endpoint exposes nobody else: the configuration is judged. Variants behind a condition may be such, and so unknown.
    /// - An endpoint whose computed name a SAM function with a `DeploymentPreference` is given may be a new one with each
    ///   release: the function moves the callers, and whom an update reaches is unknown.
    /// - A policy acts on updates only: the first creation is everybody by its nature.
    ///
    /// Sources: hashicorp/terraform-provider-awscc:
    /// `internal/service/cloudformation/schemas/AWS_SageMaker_Endpoint.json`, `AWS_SageMaker_InferenceExperiment.json`;
    /// botocore: `sagemaker/2017-07-24/service-2.json`.
    ///
    /// ## What it cannot see
    ///
    /// Parameters that a pipeline keeps in files of its own (`staging-config.json`): which of them a deployment takes is said
    /// elsewhere. Weights that were changed by hand
    /// (`RetainAllVariantProperties`). Fleets whose size an autoscaler changed.
    pub AwsSagemaker {
        id: "aws-sagemaker",
        title: "Amazon SageMaker",
        summary: "endpoints, endpoint configurations and inference experiments",
        kinds: [
            ("AWS::SageMaker", "Endpoint"),
            ("AWS::SageMaker", "EndpointConfig"),
            ("AWS::SageMaker", "InferenceExperiment"),
            ("terraform", "aws_sagemaker_endpoint"),
            ("terraform", "aws_sagemaker_endpoint_configuration"),
            ("terraform", "awscc_sagemaker_endpoint"),
            ("terraform", "awscc_sagemaker_endpoint_config"),
            ("terraform", "awscc_sagemaker_inference_experiment"),
        ],
    }
}

impl Adapter for AwsSagemaker {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let Some(body) = object.body() else { return };
        match object.kind {
            "Endpoint" | "aws_sagemaker_endpoint" | "awscc_sagemaker_endpoint" => endpoint::lower(object, &body, cx),
            "InferenceExperiment" | "awscc_sagemaker_inference_experiment" => variants::experiment(object, &body, cx),
            _ => variants::lower(object, &body, cx),
        }
    }
}

#[cfg(test)]
mod tests;
