resource "google_clouddeploy_target" "prod" {
  name             = "prod"
  require_approval = true
}

resource "google_clouddeploy_automation" "advance" {
  name              = "advance"
  delivery_pipeline = google_clouddeploy_delivery_pipeline.chat.name
  selector {
    targets {
      id = "prod"
    }
  }
  rules {
    advance_rollout_rule {
      id   = "advance"
      wait = "120s"
    }
  }
}
