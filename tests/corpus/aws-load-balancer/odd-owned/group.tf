resource "aws_codedeploy_deployment_group" "web" {
  deployment_config_name = "CodeDeployDefault.ECSCanary10Percent15Minutes"
  load_balancer_info {
    target_group_pair_info {
      prod_traffic_route {
        listener_arns = [aws_lb_listener.http.arn]
      }
    }
  }
}
