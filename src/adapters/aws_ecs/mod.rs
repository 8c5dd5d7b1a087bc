//! Amazon ECS services.

mod guard;
mod service;

use super::infra::Template;
use super::nodes::present;
use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::syntax::Node;

declare_adapter! {
    /// ## What is read
    ///
    /// Services of CloudFormation, of Terraform and its plans, and service definitions as the CLI, ecspresso and PipeCD
    /// take them (`deploymentConfiguration` beside `taskDefinition`, `deploymentController` or `schedulingStrategy`).
    ///
    /// ## Mapping
    ///
    /// | where, below `DeploymentConfiguration` | model | when absent |
    /// |---|---|---|
    /// | `Strategy`: `CANARY`, `LINEAR` | canary | `ROLLING` |
    /// | `Strategy: BLUE_GREEN` | blue-green: all production traffic in one step | – |
    /// | `Strategy: ROLLING` | rolling, a plain workload; with `MinimumHealthyPercent: 0` and `MaximumPercent: 100` recreate | 100 and 200 |
    /// | `CanaryConfiguration.{CanaryPercent,CanaryBakeTimeInMinutes}` | exposure; hold | 5 %; 10 minutes |
    /// | `LinearConfiguration.{StepPercent,StepBakeTimeInMinutes}` | exposures; hold of each | 10 %; 6 minutes |
    /// | `BakeTimeInMinutes` | hold at 100 %, and how long the old revision stays | 15 minutes; rolling: none |
    /// | `Alarms.AlarmNames` | criteria: the alarm's `Threshold`, in whichever checked file it is | no criteria |
    /// | `Alarms.Enable: false` | criteria that nothing looks at | – |
    /// | `Alarms.Rollback: false` | criteria stop the deployment and nothing goes back | – |
    /// | `DeploymentCircuitBreaker` | a gate of the first stage, no criterion | off |
    /// | `LifecycleHooks` of production traffic | gates; one whose time-out continues blocks nothing | – |
    /// | `LifecycleHooks` before it, with `BLUE_GREEN` | gates of a stage for nobody: the switch waits for them | – |
    /// | the task definition's images, else `TaskDefinition` | payload | – |
    /// | `DesiredCount` | replicas | not known |
    ///
    /// ## What bites
    ///
    /// - Lengths are minutes. A canary without its block is valid: 5 % for 10 minutes.
    /// - The circuit breaker counts tasks that don't start: it says nothing of the quality of answers.
    /// - With `DeploymentController.Type: CODE_DEPLOY` the deployment group carries the stages, with `EXTERNAL` some
    ///   other tool: here the stages are unknown, and the service ships nothing. The group is judged in its place.
    /// - Terraform's `ignore_changes = [task_definition]` means that another tool ships: so it is taken there too.
    /// - CloudFormation refuses a plan of more than 33 hours, and any length of more than 1440 minutes.
    /// - A test listener is no exposure: nobody but the tests meets the new revision.
    ///
    /// Sources: hashicorp/terraform-provider-awscc: `internal/service/cloudformation/schemas/AWS_ECS_Service.json`;
    /// aws/aws-cdk-go: `awscdk/awsecs/CfnServicePropsMixin_LinearConfigurationProperty.go`;
    /// aws-samples/sample-amazon-ecs-blue-green-deployment-patterns: `ecs-bluegreen-lifecycle-hooks/`.
    ///
    /// ## What it cannot see
    ///
    /// What an alarm of another account says. Weighted records of Route 53, a home-made canary: a plan can say what they
    /// do. Weighted listeners are read by themselves.
    pub AwsEcs {
        id: "aws-ecs",
        title: "Amazon ECS",
        summary: "services of CloudFormation, Terraform and service definitions",
        kinds: [
            ("AWS::ECS", "Service"),
            ("aws-ecs", "Service"),
            ("terraform", "aws_ecs_service"),
            ("terraform", "awscc_ecs_service"),
        ],
        words: ["deploymentConfiguration"],
    }
}

/// The group of documents known by their form.
const FORM: &str = "aws-ecs";

impl Adapter for AwsEcs {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, _path: &str) -> Option<Object<'d>> {
        let configured = present(root, "deploymentConfiguration").is_some_and(Node::is_map);
        let of_service = ["taskDefinition", "deploymentController", "schedulingStrategy"];
        let is_service = configured && of_service.iter().any(|key| present(root, key).is_some());
        is_service.then(|| Object::document(root, FORM, "Service", present(root, "serviceName")))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        if object.group == FORM {
            let document = Template::document(object.node);
            return service::lower(object, &document.body(), cx);
        }
        if let Some(body) = object.body() {
            service::lower(object, &body, cx);
        }
    }
}

#[cfg(test)]
mod tests;
