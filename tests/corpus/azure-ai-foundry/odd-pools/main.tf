resource "azapi_resource" "gpt_blue" {
  type = "Microsoft.ApiManagement/service/backends@2024-05-01"
  name = "gpt-blue"
  body = { properties = { url = "https://blue.example", protocol = "http" } }
}

resource "azapi_resource" "gpt_green" {
  type = "Microsoft.ApiManagement/service/backends@2024-05-01"
  name = "gpt-green"
  body = { properties = { url = "https://green.example", protocol = "http" } }
}

resource "azapi_resource" "versions" {
  type = "Microsoft.ApiManagement/service/backends@2024-05-01"
  name = "gpt"
  body = {
    properties = {
      type = "Pool"
      pool = {
        services = [
          { id = azapi_resource.gpt_blue.id, weight = 60, priority = 1 },
          { id = azapi_resource.gpt_green.id, weight = 40, priority = 1 },
          { id = "/backends/gpt-spare", priority = 2 },
        ]
      }
    }
  }
}

resource "azapi_resource" "regions" {
  type = "Microsoft.ApiManagement/service/backends@2024-05-01"
  name = "regions"
  body = {
    properties = { type = "Pool", pool = { services = [{ id = "/backends/gpt-eastus" }, { id = "/backends/gpt-westus" }] } }
  }
}

resource "azapi_resource" "endpoint" {
  type = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints@2024-04-01"
  name = "chat"
  body = { properties = { authMode = "Key", traffic = { blue = 95, green = 5 } } }
}
