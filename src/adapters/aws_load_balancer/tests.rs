use crate::adapters::testing::{lower, lower_all};
use crate::model::{Basis, Rollout, Share};

fn listener(rest: &str) -> String {
    format!("resource \"aws_lb_listener\" \"http\" {{\n  port = 80\n{rest}\n}}\n")
}

fn weighted(blue: &str, green: &str, rest: &str) -> String {
    listener(&format!(
        "  default_action {{\n    type = \"forward\"\n    forward {{\n      target_group {{\n        arn = aws_lb_target_group.blue.arn\n        {blue}\n      }}\n      target_group {{\n        arn = aws_lb_target_group.green.arn\n        {green}\n      }}\n      {rest}\n    }}\n  }}"
    ))
}

fn shares(found: &[Rollout]) -> Vec<(&str, f64)> {
    let stages = found[0].stages().iter();
    stages.map(|s| (s.name.as_deref().unwrap(), s.share().map_or(-1.0, Share::percent))).collect()
}

#[test]
fn weights_are_ratios_and_terraform_takes_one_for_none() {
    assert_eq!(shares(&lower(&weighted("weight = 19", "weight = 1", ""))), [("http/green", 5.0)]);
    assert_eq!(shares(&lower(&weighted("weight = 3", "", ""))), [("http/green", 25.0)]);
    assert_eq!(shares(&lower(&weighted("weight = 100", "weight = 0", ""))), [("http/green", 0.0)]);
    assert!(lower(&weighted("weight = 0", "weight = 0", "")).is_empty(), "nobody is served");
    assert_eq!(lower(&weighted("weight = 1000", "weight = 1", ""))[0].remarks.len(), 1);
    assert!(lower(&weighted("weight = var.blue", "weight = 1", ""))[0].exposure_is_dynamic());
    let sticky = lower(&weighted("weight = 9", "weight = 1", "stickiness {\n enabled = true\n duration = 60\n }"));
    assert_eq!(sticky[0].stages()[0].exposure.known().unwrap().basis, Basis::Users);
}

#[test]
fn one_group_and_equals_split_nothing() {
    let lone = "  default_action {\n    type = \"forward\"\n    target_group_arn = aws_lb_target_group.web.arn\n  }";
    assert!(lower(&listener(lone)).is_empty());
    let moved = "  default_action {\n    type = \"redirect\"\n  }";
    assert!(lower(&listener(moved)).is_empty());
    let fleets = weighted("weight = 70", "weight = 30", "").replace(".blue", ".spot").replace(".green", ".fixed");
    assert!(lower(&fleets).is_empty(), "their names tell no versions");
    let versions = weighted("weight = 95", "weight = 5", "").replace(".blue", ".v41").replace(".green", ".v42");
    assert_eq!(shares(&lower(&versions)), [("http/v42", 5.0)]);
}

#[test]
fn what_terraform_leaves_alone_is_unknown() {
    let left = weighted("weight = 95", "weight = 5", "")
        .replace("  port", "  lifecycle {\n    ignore_changes = [default_action]\n  }\n  port");
    assert!(lower(&left)[0].exposure_is_dynamic());
    let other = left.replace("default_action]", "tags]");
    assert_eq!(shares(&lower(&other)), [("http/green", 5.0)]);
}

#[test]
fn cloudformation_says_the_same_and_no_default() {
    let rule = |conditions: &str, weight: &str| {
        format!(
            "Resources:\n  Rule:\n    Type: AWS::ElasticLoadBalancingV2::ListenerRule\n    Properties:\n      Conditions: [{conditions}]\n      Actions:\n        - Type: authenticate-oidc\n        - Type: forward\n          ForwardConfig:\n            TargetGroups:\n              - {{TargetGroupArn: !Ref BlueGroup, Weight: 90}}\n              - {{TargetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/green/9f'{weight}}}\n"
        )
    };
    let path = "{Field: path-pattern, Values: ['/']}";
    assert_eq!(shares(&lower(&rule(path, ", Weight: '10'"))), [("Rule/green", 10.0)]);
    assert!(lower(&rule(path, ""))[0].exposure_is_dynamic());
    let picked = lower(&rule("{Field: http-header, HttpHeaderConfig: {Values: ['beta']}}", ", Weight: 10"));
    assert!(picked[0].stages()[0].audience.is_some() && picked[0].stages()[0].share().is_none());
    let anybody = lower(&rule("{Field: http-header, HttpHeaderConfig: {Values: ['*']}}", ", Weight: 10"));
    assert!(anybody[0].stages()[0].audience.is_none());
}

#[test]
fn a_plan_names_groups_by_their_arn() {
    let text = r#"{"format_version":"1.2","resource_changes":[{"address":"aws_alb_listener_rule.web","mode":"managed","type":"aws_alb_listener_rule","change":{"actions":["update"],"before":{},"after":{"condition":[{"path_pattern":[{"values":["/"]}],"http_header":[],"source_ip":[]}],"action":[{"type":"forward","forward":[{"target_group":[{"arn":"arn:aws:elasticloadbalancing:eu:1:targetgroup/blue/1","weight":90},{"arn":"arn:aws:elasticloadbalancing:eu:1:targetgroup/green/2","weight":10}],"stickiness":[]}]}]},"after_unknown":{}}}]}"#;
    assert_eq!(shares(&lower(text)), [("aws_alb_listener_rule.web/green", 10.0)]);
}

#[test]
fn who_shifts_it_owns_it() {
    let group = "resource \"aws_codedeploy_deployment_group\" \"g\" {\n  deployment_config_name = \"CodeDeployDefault.ECSAllAtOnce\"\n  load_balancer_info {\n    target_group_pair_info {\n      prod_traffic_route {\n        listener_arns = [aws_lb_listener.http.arn]\n      }\n      test_traffic_route {\n        listener_arns = [aws_lb_listener.test[0].arn]\n      }\n    }\n  }\n}\n";
    let owned = |text: &str| -> Vec<String> {
        let all = lower_all(text).rollouts;
        all.iter().flat_map(|(rollout, _)| rollout.owns.iter().map(|o| format!("{}/{}", o.kind, o.name))).collect()
    };
    assert_eq!(owned(group), ["aws_lb_listener/http", "aws_lb_listener/test"]);
    let service = "Resources:\n  Rule: {Type: 'AWS::ElasticLoadBalancingV2::ListenerRule'}\n  S: {Type: 'AWS::ECS::Service', Properties: {TaskDefinition: a, DeploymentConfiguration: {Strategy: BLUE_GREEN}, LoadBalancers: [{AdvancedConfiguration: {ProductionListenerRule: !Ref Rule}}]}}\n";
    assert_eq!(owned(service), ["ListenerRule/Rule"]);
    let hook = "Resources:\n  X: {Type: 'AWS::SNS::Topic'}\nHooks:\n  H: {Type: 'AWS::CodeDeploy::BlueGreen', Properties: {Applications: [{ECSAttributes: {TrafficRouting: {ProdTrafficRoute: {Type: 'AWS::ElasticLoadBalancingV2::Listener', LogicalID: Main}}}}]}}\n";
    assert_eq!(owned(hook), ["Listener/Main"]);
}
