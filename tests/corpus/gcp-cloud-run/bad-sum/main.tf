resource "google_cloud_run_service" "chat" {
  name = "chat"

  traffic {
    percent       = 60
    revision_name = "chat-00041"
  }

  traffic {
    percent         = 30
    latest_revision = true
  }
}
