resource "google_cloud_run_v2_service" "everybody" {
  name = "everybody"
}

resource "google_cloud_run_v2_service" "passed" {
  name = "passed"

  traffic {
    revision = "passed-1"
    percent  = var.old
  }

  traffic {
    type    = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
    percent = var.new
  }
}
