resource "aws_ecs_service" "search" {
  name            = "search"
  task_definition = "search:7"
  desired_count   = 4

  deployment_configuration {
    strategy             = "BLUE_GREEN"
    bake_time_in_minutes = "60"
    lifecycle_hook {
      hook_target_arn  = "arn:aws:lambda:eu-west-1:111122223333:function:smoke"
      role_arn         = "arn:aws:iam::111122223333:role/hooks"
      lifecycle_stages = ["POST_TEST_TRAFFIC_SHIFT"]
    }
  }

  alarms {
    alarm_names = [aws_cloudwatch_metric_alarm.errors.alarm_name, aws_cloudwatch_metric_alarm.slow.alarm_name]
    enable      = true
    rollback    = true
  }
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "search-5xx"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_Target_5XX_Count"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 2
  threshold           = 10
  comparison_operator = "GreaterThanThreshold"
}

resource "aws_cloudwatch_metric_alarm" "slow" {
  alarm_name          = "search-p95"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  extended_statistic  = "p95"
  period              = 60
  evaluation_periods  = 2
  threshold           = 2
  comparison_operator = "GreaterThanThreshold"
}
