resource "google_clouddeploy_delivery_pipeline" "chat" {
  name = "chat-pipeline"
  serial_pipeline {
    stages {
      target_id = google_clouddeploy_target.prod.name
      strategy {
        canary {
          canary_deployment {
            percentages = [10, 50]
            verify      = false
          }
        }
      }
    }
  }
}

# What its stages are is computed elsewhere: nothing can be said of them.
resource "google_clouddeploy_delivery_pipeline" "search" {
  name = "search-pipeline"
  serial_pipeline {
    dynamic "stages" {
      for_each = var.targets
      content {
        target_id = stages.value.name
      }
    }
  }
}
