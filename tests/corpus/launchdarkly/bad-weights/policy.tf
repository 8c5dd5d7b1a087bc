resource "launchdarkly_release_policy" "models" {
  key            = "models"
  release_method = "guarded-release"
  guarded_release_config = {
    rollback_on_regression = false
    stages                 = [{ allocation = 50, duration_millis = 600000 }]
  }
}

resource "launchdarkly_release_policy" "statistical" {
  key            = "statistical"
  release_method = "guarded-release"
  guarded_release_config = {
    rollback_on_regression = true
    metric_keys            = ["answer-error-rate", "p95-latency"]
    stages                 = [{ allocation = 5, duration_millis = 86400000 }, { allocation = 25, duration_millis = 86400000 }]
  }
}
