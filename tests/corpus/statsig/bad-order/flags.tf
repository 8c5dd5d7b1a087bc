resource "statsig_gate" "wide" {
  name       = "wide"
  is_enabled = true
  id_type    = "userID"
  rules      = [{ name = "all", pass_percentage = 60, conditions = [{ type = "public" }] }]
}

resource "statsig_experiment" "tone" {
  name       = "tone"
  id_type    = "userID"
  allocation = 100
  groups = [
    { name = "Control", size = 50, parameter_values = { tone = "dry" } },
    { name = "Warm", size = 40, parameter_values = { tone = "warm" } },
  ]
}
