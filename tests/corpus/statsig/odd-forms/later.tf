resource "statsig_gate" "later" {
  name       = "later"
  is_enabled = true
  id_type    = "userID"
  rules = [
    { name = "staging", pass_percentage = 100, environments = ["staging"], conditions = [{ type = "public" }] },
    { name = "all", pass_percentage = var.share, conditions = [{ type = "public" }] },
  ]
}
