resource "aws_sagemaker_endpoint_configuration" "ranker" {
  production_variants {
    variant_name           = "stable"
    model_name             = "ranker-v8"
    initial_variant_weight = 95
  }
  production_variants {
    variant_name           = "next"
    model_name             = "ranker-v9"
    initial_variant_weight = 5
  }
}
