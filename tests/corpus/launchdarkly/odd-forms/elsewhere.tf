resource "launchdarkly_feature_flag_environment" "search" {
  flag_id = "shop/new-search"
  env_key = "staging"
  on      = var.search_is_on
  fallthrough {
    rollout_weights = [95000, 5000]
  }
  off_variation = 0
}
