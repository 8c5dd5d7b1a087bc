resource "google_app_engine_service_split_traffic" "web" {
  service = "web"

  split {
    shard_by    = "IP"
    allocations = { v8 = 95, v9 = 5 }
  }
}
