# Traffic is managed outside of git.
resource "google_vertex_ai_endpoint" "bare" {
  display_name = "bare"
}

resource "google_vertex_ai_endpoint" "text" {
  display_name  = "text"
  traffic_split = "{\"111\": 75, \"222\": 25}"
}

resource "google_vertex_ai_endpoint" "passed" {
  display_name  = "passed"
  traffic_split = var.split
}
