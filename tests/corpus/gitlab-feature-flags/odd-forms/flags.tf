resource "gitlab_project_feature_flag" "unmanaged" {
  project = "42"
  name    = "unmanaged"
}

resource "gitlab_project_feature_flag" "variable" {
  project = "42"
  name    = "variable"
  strategies = [{
    name       = "gradualRolloutUserId"
    parameters = { percentage = var.share }
    scopes     = [{ environment_scope = "production" }]
  }]
}
