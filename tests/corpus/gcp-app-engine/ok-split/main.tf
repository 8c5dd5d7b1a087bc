resource "google_app_engine_service_split_traffic" "web" {
  service = "web"

  split {
    shard_by    = "COOKIE"
    allocations = { v8 = 0.97, v9 = 0.03 }
  }
}
