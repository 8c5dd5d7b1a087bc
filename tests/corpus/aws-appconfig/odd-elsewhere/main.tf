# The environment, and so its alarms, is in another file.
resource "aws_appconfig_deployment_strategy" "doubling" {
  name                           = "doubling"
  growth_type                    = "EXPONENTIAL"
  growth_factor                  = 10
  deployment_duration_in_minutes = 600
  final_bake_time_in_minutes     = 60
  replicate_to                   = "NONE"
}

resource "aws_appconfig_deployment" "flags" {
  application_id           = var.application
  environment_id           = var.environment
  configuration_profile_id = "abc"
  configuration_version    = "9"
  deployment_strategy_id   = aws_appconfig_deployment_strategy.doubling.id
}

resource "aws_appconfig_deployment" "passed" {
  application_id           = var.application
  environment_id           = var.environment
  configuration_profile_id = "abc"
  configuration_version    = "9"
  deployment_strategy_id   = var.strategy
}
