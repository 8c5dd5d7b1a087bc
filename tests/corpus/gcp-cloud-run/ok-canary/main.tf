resource "google_cloud_run_v2_service" "chat" {
  name = "chat"

  template {
    containers {
      image = "registry.example/chat:42"
    }
  }

  traffic {
    type     = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
    revision = "chat-00041"
    percent  = 95
  }

  traffic {
    type    = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
    percent = 5
  }
}
