resource "aws_bedrockagent_agent_alias" "cuts_a_version" {
  agent_alias_name = "live"
  agent_id         = "A1B2C3"
}

resource "aws_bedrockagent_agent_alias" "pinned" {
  agent_alias_name = "pinned"
  agent_id         = "A1B2C3"
  routing_configuration {
    agent_version = var.version
  }
}
