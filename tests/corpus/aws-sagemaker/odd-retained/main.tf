resource "awscc_sagemaker_endpoint" "kept" {
  endpoint_config_name     = "ranker-v9"
  retain_deployment_config = true
}

resource "aws_sagemaker_endpoint" "rolling" {
  endpoint_config_name = aws_sagemaker_endpoint_configuration.variable.name
  deployment_config {
    rolling_update_policy {
      maximum_batch_size {
        type  = "INSTANCE_COUNT"
        value = 1
      }
      wait_interval_in_seconds = 600
    }
    auto_rollback_configuration {
      alarms {
        alarm_name = "of-another-file"
      }
    }
  }
}

resource "aws_sagemaker_endpoint_configuration" "variable" {
  production_variants {
    variant_name           = "all"
    model_name             = "m9"
    initial_instance_count = var.count_of_instances
  }
}
