resource "google_app_engine_service_split_traffic" "web" {
  service         = google_app_engine_standard_app_version.v2.service
  migrate_traffic = false

  split {
    allocations = {
      (google_app_engine_standard_app_version.v1.version_id) = 0.75
      (google_app_engine_standard_app_version.v2.version_id) = 0.25
    }
  }
}

resource "google_app_engine_service_split_traffic" "all" {
  service = "all"

  split {
    allocations = { v9 = 1 }
  }
}
