//! Azure AI Foundry: deployments of models, and the pools of API Management in front of them.

use super::infra::Field;
use super::split::{self, Arm, Rule};
use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{
    Basis, Exposure, Fact, Payload, Progression, Rollout, RouterRule, Share, Stage, Strategy, SubjectKind,
};
use crate::text::Spanned;

declare_adapter! {
    /// ## What is read
    ///
    /// Deployments of models of Azure OpenAI and of Foundry, and backend pools of API Management, in ARM templates, in
    /// Terraform (`azurerm_cognitive_deployment`, and `azapi_resource` of these types) and in its plans. A deployment has
    /// no weights: its name points to one version of a model.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `versionUpgradeOption: OnceNewDefaultVersionAvailable` | all at once, by the provider | so |
    /// | `versionUpgradeOption: NoAutoUpgrade`, `OnceCurrentVersionExpired` | `model` is the one destination of a live split | – |
    /// | `model.name`, `model.version` | payload | the default version of the day it is created |
    /// | `properties.pool.services[].weight` of a pool | share of requests | the same for all |
    ///
    /// ## What bites
    ///
    /// - Without `versionUpgradeOption` the provider moves the deployment to its new default version: everybody meets it
    ///   at once, and no commit says so. `OnceCurrentVersionExpired` does the same on the day the version is retired.
    /// - With a pinned version, a change of it reaches everybody at once. Put a second deployment behind a pool of API
    ///   Management, or a flag, and let a plan say so.
    /// - A pool sends requests to the backends of the least `priority`; the others wait until those fail.
    /// - The platform has no rollback criterion of its own: a plan supplies it (`rollgate/plan` in a plan's `governs`).
    ///
    /// Sources: hashicorp/terraform-provider-azurerm: `website/docs/r/cognitive_deployment.html.markdown`;
    /// microsoft-foundry/foundry-samples: `infrastructure/`. The fields of pools are as generally known.
    ///
    /// ## What it cannot see
    ///
    /// Which deployment an application calls by name. Bicep's own text: read what it compiles to. The body of an
    /// `azapi_resource` that is a text of JSON in a plan: it counts as unknown.
    pub AzureAiFoundry {
        id: "azure-ai-foundry",
        title: "Azure AI Foundry",
        summary: "deployments of models, pools of API Management in front of them",
        kinds: [
            ("Microsoft.CognitiveServices", "accounts/deployments"),
            ("Microsoft.ApiManagement", "service/backends"),
            ("terraform", "azurerm_cognitive_deployment"),
        ],
    }
}

impl Adapter for AzureAiFoundry {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        match (object.kind, object.body()) {
            (_, None) => {}
            ("service/backends", Some(body)) => pool(object, &body, cx),
            (_, Some(body)) => deployment(object, &body, cx),
        }
    }
}

const OPTIONS: &str = "one of OnceNewDefaultVersionAvailable, OnceCurrentVersionExpired, NoAutoUpgrade";

/// Who switches to a new version of the model, without a commit.
const SWITCHED: &str = "Azure: the provider switches to its new default version (`OnceNewDefaultVersionAvailable`)";
const UNSAID: &str =
    "Azure: without `versionUpgradeOption` the provider switches to its new default version (write `NoAutoUpgrade`)";

fn deployment(object: &Object<'_>, body: &Field<'_>, cx: &mut Lowering<'_>) {
    let mut rollout = cx.blank(object, SubjectKind::Model);
    let switches = |field: &Field<'_>| match field.text()? {
        "OnceNewDefaultVersionAvailable" => Some(true),
        "OnceCurrentVersionExpired" | "NoAutoUpgrade" => Some(false),
        _ => None,
    };
    let option = cx.field(body, &["VersionUpgradeOption"], OPTIONS, switches);
    let near = if option.is_absent() { object.name_span() } else { option.span() };
    rollout.strategy = Spanned::new(Strategy::AllAtOnce, near);
    let pinned = model(body, &mut rollout);
    let value = Exposure::exact(Share::ALL, Basis::Requests);
    let by = if option.is_absent() { UNSAID } else { SWITCHED };
    let exposure = match option {
        Fact::Dynamic { expr, span } => Fact::Dynamic { expr, span },
        Fact::Stated(Spanned { value: false, .. }) | Fact::Defaulted { value: false, .. } => {
            return pointer(object, rollout, pinned, cx);
        }
        Fact::Stated(_) | Fact::Defaulted { .. } | Fact::Absent { .. } => Fact::Defaulted { value, by, near },
    };
    rollout.progression = Progression::Declared(vec![Stage::new(exposure, near)]);
    cx.rollout(rollout);
}

/// The version that a deployment is pinned to; it ships that and the model's name.
fn model(body: &Field<'_>, rollout: &mut Rollout) -> Option<Arm> {
    let model = body.get("Model")?;
    let (name, version) = (model.get("Name"), model.get("Version"));
    for (slot, field) in [("model", name), ("version", version)] {
        let Some((field, value)) = field.and_then(|f| Some((f, f.text()?))) else { continue };
        let path = field.node.pointer().into();
        rollout.payload.push(Payload { path, slot: slot.into(), value: value.into(), span: field.node.span() });
    }
    let written = |field: Field<'_>| field.text().or_else(|| field.as_written()).map(str::to_owned);
    let version = version?;
    let value = format!("{}@{}", name.and_then(written).unwrap_or_default(), written(version)?);
    Some(Arm { service: String::new(), version: Some(value), weight: None, span: version.span() })
}

/// A deployment that stays where it is until a commit moves it.
fn pointer(object: &Object<'_>, mut rollout: Rollout, pinned: Option<Arm>, cx: &mut Lowering<'_>) {
    let arm = pinned.map(|arm| Arm { service: object.name().to_owned(), ..arm });
    rollout.destinations = split::of_arms(arm.as_slice(), &RouterRule::only(), Basis::Requests);
    rollout.progression = Progression::Live(Vec::new());
    if cx.compares(&rollout) || cx.has_remarks() {
        cx.rollout(rollout);
    }
}

const WEIGHT: &str = "a whole number from 0 to 100";

/// A pool of backends: a split where they are versions of one thing, and not regions of it.
fn pool(object: &Object<'_>, body: &Field<'_>, cx: &mut Lowering<'_>) {
    let services = body.path(&["Pool", "Services"]).map(|s| s.items()).unwrap_or_default();
    let mut members: Vec<(Fact<u64>, Arm)> = services.iter().map(|s| member(s, cx)).collect();
    let weightless = members.iter().all(|(_, arm)| arm.weight == Some(0));
    members.iter_mut().filter(|_| weightless).for_each(|(_, arm)| arm.weight = Some(1));
    let first = members.iter().map(|(priority, _)| priority.known().copied()).min().flatten();
    // Those without a priority beside others with one: nobody says which come first.
    let mixed = first.is_none() && members.iter().any(|(priority, _)| !priority.is_absent());
    if mixed {
        for (_, arm) in &mut members {
            arm.weight = None;
        }
    } else {
        members.retain(|(priority, _)| priority.known().copied() == first);
    }
    let arms = members.into_iter().map(|(_, arm)| arm).collect();
    let rule = Rule { name: None, key: String::new(), arms, takes_the_rest: true, people: None };
    let rules = [rule];
    let found = split::stages(&rules, Basis::Requests);
    let mut rollout = cx.blank(object, SubjectKind::Model);
    rollout.destinations = split::destinations(&rules, Basis::Requests);
    rollout.strategy = Spanned::new(Strategy::Canary, object.name_span());
    if found.is_empty() && !cx.has_remarks() && !cx.compares(&rollout) {
        return cx.forget();
    }
    rollout.progression = Progression::Live(found);
    cx.rollout(rollout);
}

/// One backend of a pool with its priority; one without a weight weighs nothing until all turn out to have none.
fn member(service: &Field<'_>, cx: &mut Lowering<'_>) -> (Fact<u64>, Arm) {
    let hundred = |field: &Field<'_>| field.whole().filter(|n| *n <= 100);
    let priority = cx.field(service, &["Priority"], WEIGHT, hundred);
    let weight = cx.field(service, &["Weight"], WEIGHT, hundred);
    let span = if weight.is_absent() { service.span() } else { weight.span() };
    let weight = if weight.is_absent() { Some(0) } else { weight.known().copied() };
    let id = service.get("Id");
    let resource = id.and_then(|id| Some(id.resource()?.name().to_owned()));
    let name = resource.or_else(|| Some(backend(id?.as_written()?).to_owned())).unwrap_or_default();
    (priority, Arm { service: name, version: None, weight, span })
}

/// The backend's own name in its id: what comes last, in a path or in the arguments of a call.
fn backend(id: &str) -> &str {
    let inner = id.trim_end_matches([']', ')', '}', ' ', '\'']);
    inner.rsplit(['/', '\'']).next().unwrap_or(inner)
}

#[cfg(test)]
mod tests {
    use super::backend;
    use crate::adapters::testing::lower;
    use crate::model::{Rollout, Share, Strategy};

    fn terraform(rest: &str) -> Vec<Rollout> {
        lower(&format!("resource \"azurerm_cognitive_deployment\" \"chat\" {{\n  {rest}\n}}\n"))
    }

    fn azapi(kind: &str, body: &str) -> Vec<Rollout> {
        lower(&format!(
            "resource \"azapi_resource\" \"chat\" {{\n  type = \"Microsoft.{kind}@2025-06-01\"\n  body = {body}\n}}\n"
        ))
    }

    #[test]
    fn without_an_option_the_provider_switches_everybody() {
        for rest in ["model { name = \"gpt-4o\" }", "version_upgrade_option = \"OnceNewDefaultVersionAvailable\""] {
            let found = terraform(rest).remove(0);
            assert_eq!((found.strategy.value, found.stages().len()), (Strategy::AllAtOnce, 1));
        }
        assert!(terraform("version_upgrade_option = \"NoAutoUpgrade\"").is_empty());
        assert!(terraform("version_upgrade_option = var.x")[0].exposure_is_dynamic());
        assert_eq!(terraform("version_upgrade_option = \"Never\"")[0].remarks.len(), 1);
    }

    #[test]
    fn azapi_has_names_of_arm() {
        let kind = "CognitiveServices/accounts/deployments";
        assert!(azapi(kind, "{ properties = { versionUpgradeOption = \"NoAutoUpgrade\" } }").is_empty());
        let json = "jsonencode({ properties = { versionUpgradeOption = \"NoAutoUpgrade\" } })";
        assert!(azapi(kind, json).is_empty());
        let found = azapi(kind, "{ properties = { model = { name = \"gpt-4o\", version = \"2024-11-20\" } } }");
        let ships: Vec<&str> = found[0].payload.iter().map(|p| &*p.value).collect();
        assert_eq!(ships, ["gpt-4o", "2024-11-20"]);
        assert!(azapi(kind, "var.body")[0].exposure_is_dynamic());
        assert!(azapi(kind, "\"{}\"")[0].exposure_is_dynamic());
        assert!(azapi("CognitiveServices/accounts", "{}").is_empty());
        let found = azapi(
            "MachineLearningServices/workspaces/onlineEndpoints",
            "{ properties = { traffic = { blue = 95, green = 5 } } }",
        );
        assert_eq!(found[0].stages()[0].share(), Some(Share::from_percent(5.0)));
    }

    fn pool(services: &str) -> Vec<Rollout> {
        azapi(
            "ApiManagement/service/backends",
            &format!("{{ properties = {{ pool = {{ services = [{services}] }} }} }}"),
        )
    }

    #[test]
    fn a_pool_splits_versions_and_not_regions() {
        let found = pool("{ id = \"/backends/gpt-blue\", weight = 19 }, { id = \"/backends/gpt-green\", weight = 1 }");
        assert_eq!(found[0].stages()[0].share(), Some(Share::from_percent(5.0)));
        let equal = pool("{ id = \"/backends/gpt-blue\" }, { id = \"/backends/gpt-green\" }");
        assert_eq!(equal[0].stages()[0].share(), Some(Share::from_percent(50.0)));
        assert!(pool("{ id = \"/backends/gpt-eastus\" }, { id = \"/backends/gpt-westus\" }").is_empty());
        let spare = "{ id = \"/backends/gpt-blue\", priority = 1 }, { id = \"/backends/gpt-green\", priority = 2 }";
        assert!(pool(spare).is_empty(), "the second gets nothing while the first stands");
        let mixed = pool("{ id = \"/backends/gpt-blue\" }, { id = \"/backends/gpt-green\", priority = 2 }");
        assert!(mixed[0].exposure_is_dynamic());
    }

    #[test]
    fn ids_of_backends() {
        let call = "[resourceId('Microsoft.ApiManagement/service/backends', parameters('apim'), 'gpt-green')]";
        assert_eq!(backend(call), "gpt-green");
        assert_eq!(backend("/subscriptions/x/backends/gpt-green"), "gpt-green");
        assert_eq!(backend("/backends/gpt-green"), "gpt-green");
    }
}
