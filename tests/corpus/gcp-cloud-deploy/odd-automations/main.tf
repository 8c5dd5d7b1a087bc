variable "share" {
  type = number
}

resource "google_clouddeploy_delivery_pipeline" "search" {
  name = "search"
  serial_pipeline {
    stages {
      target_id = google_clouddeploy_target.prod.name
      strategy {
        canary {
          canary_deployment {
            percentages = [var.share]
            verify      = true
          }
        }
      }
    }
  }
}

resource "google_clouddeploy_target" "prod" {
  name             = "prod-eu"
  require_approval = true
}

resource "google_clouddeploy_automation" "hold" {
  name              = "hold"
  delivery_pipeline = google_clouddeploy_delivery_pipeline.search.name
  selector {
    targets {
      id = "prod-eu"
    }
  }
  rules {
    advance_rollout_rule {
      id   = "hold"
      wait = "3600s"
    }
  }
}
