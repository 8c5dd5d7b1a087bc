resource "unleash_feature_v2" "answer_model" {
  name       = "answer-model"
  type       = "release"
  project_id = "default"

  environment {
    name    = "development"
    enabled = true
  }

  environment {
    name    = "production"
    enabled = true

    strategy {
      name       = "flexibleRollout"
      parameters = { rollout = "5", stickiness = "tenantId", groupId = "answer-model" }
    }
  }
}
