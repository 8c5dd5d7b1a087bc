resource "launchdarkly_feature_flag" "answer_model" {
  key            = "answer-model"
  variation_type = "string"
  variations     = [{ value = "m-1" }, { value = "m-2" }]
}

resource "launchdarkly_feature_flag_environment" "answer_model" {
  flag_id = launchdarkly_feature_flag.answer_model.id
  env_key = "production"
  on      = true
  rules = [
    { description = "staff", variation = 1,
      clauses = [{ attribute = "segmentMatch", op = "segmentMatch", values = ["staff"] }] },
    { description = "friendly accounts", variation = 1,
      clauses = [{ attribute = "key", op = "in", values = ["acct-17", "acct-40"], context_kind = "account" }] },
  ]
  fallthrough   = { rollout_weights = [98000, 2000], context_kind = "account" }
  off_variation = 0
}
