variable "interval" {
  type    = number
  default = 60
}

variable "alarms" {
  type = list(string)
}

locals {
  percentage = 99
}

resource "aws_codedeploy_deployment_config" "canary" {
  deployment_config_name = "${local.percentage}-for-an-hour"
  compute_platform       = "Lambda"

  traffic_routing_config {
    type = "TimeBasedCanary"

    time_based_canary {
      interval   = var.interval
      percentage = local.percentage
    }
  }
}

resource "aws_codedeploy_deployment_group" "answer" {
  app_name               = "answer"
  deployment_group_name  = "answer"
  deployment_config_name = aws_codedeploy_deployment_config.canary.id
  service_role_arn       = "arn:aws:iam::1:role/deploy"

  alarm_configuration {
    enabled = true
    alarms  = var.alarms
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }
}

# A group whose strategy nobody wrote down.
resource "aws_codedeploy_deployment_group" "fleet" {
  app_name              = "fleet"
  deployment_group_name = "fleet"
  service_role_arn      = "arn:aws:iam::1:role/deploy"
}
