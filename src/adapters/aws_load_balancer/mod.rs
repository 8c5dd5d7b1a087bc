//! Load balancers of AWS: listeners that share requests between target groups.

mod forward;

use super::infra::Field;
use super::split;
use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{Basis, ObjectRef, Progression, RouterRule, Strategy, SubjectKind};
use crate::text::Spanned;

declare_adapter! {
    /// ## What is read
    ///
    /// Listeners and their rules in templates of CloudFormation, in Terraform (`aws_alb_*` too) and its plans. The weights
    /// of their target groups are a live split: one moment, whose history in git is the plan.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `ForwardConfig.TargetGroups[].Weight`, `forward.target_group.weight`: 0 to 999 | share of requests: weight by sum of weights | Terraform: 1; CloudFormation: unknown |
    /// | `TargetGroupArn` alone | everything to that group | – |
    /// | `TargetGroupStickinessConfig.Enabled`, `stickiness.enabled` | shares are of people, not of requests | of requests |
    /// | `Conditions` on a header, a query string or an address | the shares are of those people only | everybody |
    ///
    /// ## What bites
    ///
    /// - Weights are ratios: 9 and 1, 90 and 10 say the same. They need not add up to anything.
    /// - A group with weight 0 gets nothing. One group alone gets everything.
    /// - A split is one between versions where the names of the groups tell versions (blue and green, canary, v41 and
    ///   v42). Others share load between equals, as between two fleets; who compares two states sees these moves too.
    /// - What a deployment group, the `AWS::CodeDeploy::BlueGreen` hook or an ECS service shifts is judged there and not
    ///   here. A label of Terraform means something in its folder only.
    /// - With `ignore_changes` on its actions the weights in the file are only those that it began with: they are unknown.
    ///
    /// Sources: botocore: `elbv2/2015-12-01/service-2.json`; hashicorp/terraform-provider-aws:
    /// `internal/service/elbv2/listener.go`. That Terraform's weight is 1 when absent is general knowledge.
    ///
    /// ## What it cannot see
    ///
    /// Weights that a pipeline or the console sets. What runs behind a target group. Weighted records of Route 53. There
    /// are no holds, criteria or mirrors: a plan can say what they are.
    pub AwsLoadBalancer {
        id: "aws-load-balancer",
        title: "AWS load balancers",
        summary: "weighted target groups of listeners and their rules",
        kinds: [
            ("AWS::ElasticLoadBalancingV2", "Listener"),
            ("AWS::ElasticLoadBalancingV2", "ListenerRule"),
            ("terraform", "aws_alb_listener"),
            ("terraform", "aws_alb_listener_rule"),
            ("terraform", "aws_lb_listener"),
            ("terraform", "aws_lb_listener_rule"),
            ("terraform", "awscc_elasticloadbalancingv2_listener"),
            ("terraform", "awscc_elasticloadbalancingv2_listener_rule"),
        ],
    }
}

/// The group of the resources of CloudFormation.
const GROUP: &str = "AWS::ElasticLoadBalancingV2";

impl Adapter for AwsLoadBalancer {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let Some(body) = object.body() else { return };
        let Some(action) = forward::forward(&body) else { return };
        let mut arms = forward::arms(object, &action, cx);
        if let Some(ignored) = forward::ignored(&body).filter(|_| arms.len() > 1) {
            cx.unknown(ignored.node, "ignore-changes");
            for arm in &mut arms {
                arm.weight = None;
            }
        }
        let basis = if forward::is_sticky(&action) { Basis::Users } else { Basis::Requests };
        let mut rollout = cx.blank(object, SubjectKind::Workload);
        let people = forward::people(&body);
        if people.is_none() {
            rollout.destinations = split::of_arms(&arms, &RouterRule::only(), basis);
        }
        let stages = forward::staged(&arms, people, basis);
        if stages.is_empty() && !cx.compares(&rollout) && !cx.has_remarks() {
            return cx.forget();
        }
        let strategy = if stages.is_empty() { Strategy::AllAtOnce } else { Strategy::Canary };
        rollout.strategy = Spanned::new(strategy, object.name_span());
        rollout.progression = Progression::Live(stages);
        cx.rollout(rollout);
    }
}

/// The listener of CloudFormation with that logical id.
pub(super) fn listener(id: &str) -> ObjectRef {
    ObjectRef::new(GROUP, "Listener", None, id)
}

/// The listener or rule that `arn`, a value of the resource `object`, is the name of. In a plan the ARN itself tells.
pub(super) fn routed(object: &Object<'_>, arn: &Field<'_>) -> Option<ObjectRef> {
    let kinds: Vec<(&str, &str)> = AwsLoadBalancer::META.kinds.iter().map(|k| (k.group, k.kind)).collect();
    if let Some(id) = arn.refers_to() {
        return kinds.contains(&(&id.group, &id.kind)).then_some(id);
    }
    let text = arn.text()?;
    let is_it = |o: &Object<'_>| o.body().and_then(|body| body.get("arn")?.text()) == Some(text);
    object.neighbours(&kinds).iter().find(|o| is_it(o)).map(Object::id)
}

#[cfg(test)]
mod tests;
