resource "gitlab_project_feature_flag_user_list" "friends" {
  project   = "42"
  name      = "friends"
  user_xids = "t-17,t-40"
}

resource "gitlab_project_feature_flag" "answer_v2" {
  project = "42"
  name    = "answer_v2"
  active  = true
  strategies = [
    {
      name         = "gitlabUserList"
      user_list_id = gitlab_project_feature_flag_user_list.friends.list_id
      scopes       = [{ environment_scope = "production" }]
    },
    {
      name       = "gradualRolloutUserId"
      parameters = { percentage = "2", group_id = "answer_v2" }
      scopes     = [{ environment_scope = "production" }]
    },
    {
      name   = "default"
      scopes = [{ environment_scope = "staging" }]
    },
  ]
}
