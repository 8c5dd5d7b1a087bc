# Its configuration is in another file of the folder, and has two models: their weights are judged.
resource "aws_sagemaker_endpoint" "ranker" {
  name                 = "ranker"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.ranker.name
}
