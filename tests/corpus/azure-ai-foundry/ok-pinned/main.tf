resource "azurerm_cognitive_deployment" "chat" {
  name                   = "chat"
  cognitive_account_id   = azurerm_cognitive_account.ai.id
  version_upgrade_option = "NoAutoUpgrade"
  model {
    format  = "OpenAI"
    name    = "gpt-4o"
    version = "2024-11-20"
  }
  sku { name = "GlobalStandard" }
}

resource "azapi_resource" "embeddings" {
  type      = "Microsoft.CognitiveServices/accounts/deployments@2025-06-01"
  name      = "embeddings"
  parent_id = azurerm_cognitive_account.ai.id
  body = {
    properties = {
      model                = { format = "OpenAI", name = "text-embedding-3-large", version = "1" }
      versionUpgradeOption = "NoAutoUpgrade"
    }
  }
}
