//! Amazon Bedrock: aliases that point to one version.

use super::split::{self, Arm};
use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{Basis, Exposure, Fact, Progression, RouterRule, Share, Stage, Strategy, SubjectKind};
use crate::text::Spanned;

declare_adapter! {
    /// ## What is read
    ///
    /// Aliases of agents and of flows, and endpoints of agent runtimes, in CloudFormation, Terraform and its plans. Each
    /// points to one version: between two commits it goes from nobody to everybody.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `RoutingConfiguration[0].AgentVersion`, `.FlowVersion`, `AgentRuntimeVersion` | the one destination of a live split | a new version of the draft: nothing is said |
    /// | `AgentVersion: DRAFT` | all at once: every edit is live | – |
    ///
    /// ## What bites
    ///
    /// - There are no weights: a list of two versions is refused, and a change of the version is a big bang. Put a canary
    ///   in front (a Lambda alias, an ECS service) or ramp the version with AppConfig, and let a plan say so.
    /// - The platform has no rollback criterion; alarms of the namespace `AWS/Bedrock` stand with what carries the ramp.
    ///
    /// Sources: hashicorp/terraform-provider-awscc:
    /// `internal/service/cloudformation/schemas/AWS_Bedrock_AgentAlias.json`, `AWS_Bedrock_FlowAlias.json`,
    /// `AWS_BedrockAgentCore_RuntimeEndpoint.json`.
    ///
    /// ## What it cannot see
    ///
    /// Model ids in variables of a function. Inference profiles spread load over regions, routers choose by quality,
    /// provisioned throughput is capacity: none of them splits traffic between versions.
    pub AwsBedrock {
        id: "aws-bedrock",
        title: "Amazon Bedrock",
        summary: "aliases of agents and flows, endpoints of agent runtimes",
        kinds: [
            ("AWS::Bedrock", "AgentAlias"),
            ("AWS::Bedrock", "FlowAlias"),
            ("AWS::BedrockAgentCore", "RuntimeEndpoint"),
            ("terraform", "aws_bedrockagent_agent_alias"),
            ("terraform", "aws_bedrockagent_flow_alias"),
            ("terraform", "awscc_bedrock_agent_alias"),
            ("terraform", "awscc_bedrock_flow_alias"),
            ("terraform", "awscc_bedrockagentcore_runtime_endpoint"),
        ],
    }
}

impl Adapter for AwsBedrock {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let Some(body) = object.body() else { return };
        let routes = body.get("RoutingConfiguration").map(|r| r.items()).unwrap_or_default();
        if let Some(second) = routes.get(1) {
            let message = format!("the alias routes to {} versions, and Bedrock takes exactly one", routes.len());
            let remark = cx.invalid(second.span(), message, "keep one version: there are no weights");
            remark.found = Some(routes.len().to_string().into());
            remark.required = Some("1".into());
        }
        let version_of_first = || routes.first()?.any(&["AgentVersion", "FlowVersion"]);
        let version = body.get("AgentRuntimeVersion").or_else(version_of_first);
        let mut rollout = cx.blank(object, SubjectKind::Model);
        let Some(version) = version else {
            if cx.has_remarks() {
                cx.rollout(rollout);
            }
            return;
        };
        rollout.strategy = Spanned::new(Strategy::AllAtOnce, version.span());
        if version.text() == Some("DRAFT") {
            let by = "Bedrock: every edit of the draft is live at once";
            let value = Exposure::exact(Share::ALL, Basis::Requests);
            let near = version.span();
            rollout.progression = Progression::Declared(vec![Stage::new(Fact::Defaulted { value, by, near }, near)]);
            return cx.rollout(rollout);
        }
        let name = version.text().or_else(|| version.as_written()).unwrap_or_default();
        let (service, span) = (object.name().to_owned(), version.span());
        let arm = Arm { service, version: Some(name.to_owned()), weight: None, span };
        rollout.destinations = split::of_arms(&[arm], &RouterRule::only(), Basis::Requests);
        rollout.progression = Progression::Live(Vec::new());
        if cx.compares(&rollout) || cx.has_remarks() {
            cx.rollout(rollout);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::lower;
    use crate::model::Strategy;

    fn alias(routes: &str) -> String {
        format!(
            "Resources:\n  Prod: {{Type: 'AWS::Bedrock::AgentAlias', Properties: {{AgentAliasName: prod, RoutingConfiguration: [{routes}]}}}}\n"
        )
    }

    #[test]
    fn a_pointer_alone_is_no_rollout_and_a_draft_is_everybody() {
        assert!(lower(&alias("{AgentVersion: '12'}")).is_empty());
        let draft = lower(&alias("{AgentVersion: DRAFT}")).remove(0);
        assert_eq!((draft.strategy.value, draft.stages().len()), (Strategy::AllAtOnce, 1));
        assert!(
            lower("Resources:\n  Prod: {Type: 'AWS::Bedrock::AgentAlias', Properties: {AgentAliasName: prod}}\n")
                .is_empty()
        );
    }

    #[test]
    fn two_versions_are_refused() {
        assert_eq!(lower(&alias("{AgentVersion: '11'}, {AgentVersion: '12'}"))[0].remarks.len(), 1);
    }
}
