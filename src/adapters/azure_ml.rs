//! Azure Machine Learning: online endpoints and their deployments.

use super::nodes::{present, text};
use super::split::{self, Arm};
use super::{Adapter, Lowering, Object, Workload, payload};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{
    Basis, Comparer, Fact, ObjectRef, Payload, Progression, Rollout, RouterRule, Shadow, Share, Strategy, SubjectKind,
};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

declare_adapter! {
    /// ## What is read
    ///
    /// Endpoint files of the CLI (`$schema: …OnlineEndpoint.schema.json`, or `auth_mode` or `mirror_traffic` beside a
    /// name), their deployment files, and `Microsoft.MachineLearningServices/workspaces/onlineEndpoints` of ARM
    /// templates. An endpoint's `traffic` is a live split: one moment, whose history in git is the plan.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `traffic.<deployment>`: percent | share of requests | nobody by this file; an update leaves it as it is |
    /// | `mirror_traffic.<deployment>`: percent, at most 50 | shadow | – |
    /// | `model` of the deployment of that name | payload | – |
    /// | `create_monitor` whose `endpoint_deployment_id` is the mirrored deployment | what compares | nothing compares |
    ///
    /// ## What bites
    ///
    /// - Shares add up to 100, or to 0 where nobody is served. `green: 0` is the same as no `green`: it is taken away
    ///   before it is sent.
    /// - A mirror's answers are thrown away, and the endpoint itself compares nothing; nor does a `data_collector`, which
    ///   only keeps what somebody may compare.
    /// - The platform has no rollback criterion of its own: a plan supplies it (`rollgate/plan` in a plan's `governs`).
    ///
    /// Sources: Azure/azureml-examples: `cli/endpoints/online/managed/sample/`; Azure/azure-sdk-for-python:
    /// `sdk/ml/azure-ai-ml/azure/ai/ml/entities/_endpoint/online_endpoint.py`.
    ///
    /// ## What it cannot see
    ///
    /// Traffic that a pipeline sets (`az ml online-endpoint update --traffic`): most repositories keep no `traffic` in
    /// the file. Which deployment is the new one, without history: names and shares decide.
    pub AzureMl {
        id: "azure-ml",
        title: "Azure Machine Learning",
        summary: "online endpoints and deployments of the CLI and of ARM",
        kinds: [
            ("azure-ml", "OnlineEndpoint"),
            ("azure-ml", "OnlineDeployment"),
            ("azure-ml", "MonitorSchedule"),
            ("Microsoft.MachineLearningServices", "workspaces/onlineEndpoints"),
            ("Microsoft.MachineLearningServices", "workspaces/onlineEndpoints/deployments"),
        ],
        words: ["OnlineEndpoint.schema.json", "OnlineDeployment.schema.json", "auth_mode", "mirror_traffic", "endpoint_name", "create_monitor"],
    }
}

/// The group of documents known by their form.
const FORM: &str = "azure-ml";

impl Adapter for AzureMl {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, _path: &str) -> Option<Object<'d>> {
        let schema = root.get("$schema").and_then(Node::text).unwrap_or_default();
        let name = present(root, "name");
        let has = |keys: &[&str]| name.is_some() && keys.iter().any(|key| root.key(key).is_some());
        let is_endpoint = schema.ends_with("OnlineEndpoint.schema.json")
            || (schema.is_empty() && has(&["auth_mode", "mirror_traffic"]) && root.key("compute_type").is_none());
        let is_deployment = schema.ends_with("OnlineDeployment.schema.json")
            || (schema.is_empty() && has(&["endpoint_name"]) && has(&["model", "instance_type", "instance_count"]));
        let kind = if is_endpoint {
            "OnlineEndpoint"
        } else if is_deployment {
            "OnlineDeployment"
        } else if root.get("create_monitor").is_some_and(Node::is_map) {
            "MonitorSchedule"
        } else {
            return None;
        };
        Some(Object::document(root, FORM, kind, name))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        match object.kind {
            "OnlineEndpoint" => endpoint(object, object.name(), &written(object.node, cx), cx),
            "OnlineDeployment" => deployment(object, cx),
            "MonitorSchedule" => monitor(object, cx),
            "workspaces/onlineEndpoints" => {
                let name = object.name().rsplit('/').next().unwrap_or_default();
                endpoint(object, name, &in_template(object, cx), cx);
            }
            _ => {}
        }
    }
}

/// One entry of a table of shares: the deployment's name, its share.
type Entry = (Box<str>, Fact<u64>);

/// What an endpoint says of its traffic.
struct Tables {
    /// The shares, and the key they stand under.
    traffic: Option<(Span, Vec<Entry>)>,
    mirror: Option<(Span, Vec<Entry>)>,
}

const PERCENT: &str = "a whole number from 0 to 100, in percent";

fn written(root: Node<'_>, cx: &mut Lowering<'_>) -> Tables {
    let mut table = |key: &str| {
        let table = present(root, key).filter(|t| t.is_map())?;
        let percent = |n: Node<'_>| n.text()?.trim().parse().ok().filter(|p| *p <= 100);
        let mut entries = Vec::new();
        for (name, share) in table.entries() {
            let Some(name) = name.text().filter(|name| !super::is_template(name)) else { continue };
            entries.push((Box::from(name), cx.take(share, name, PERCENT, percent)));
        }
        Some((table.anchor(), entries))
    };
    Tables { traffic: table("traffic"), mirror: table("mirror_traffic") }
}

fn in_template(object: &Object<'_>, cx: &mut Lowering<'_>) -> Tables {
    let body = object.body();
    let mut table = |key: &str| {
        let table = body?.get(key)?;
        let percent = |f: &super::infra::Field<'_>| f.whole().filter(|p| *p <= 100);
        let mut entries = Vec::new();
        for (name, share) in table.entries() {
            let name = name.text().unwrap_or_default();
            entries.push((Box::from(name), cx.take_field(&share, name, PERCENT, percent)));
        }
        Some((table.anchor(), entries))
    };
    Tables { traffic: table("Traffic"), mirror: table("MirrorTraffic") }
}

/// What an endpoint's deployment is defined as.
struct Deployment {
    workload: Workload,
}

/// What a monitor's target is defined as.
struct Monitored;

fn monitored(endpoint: &str, deployment: &str) -> ObjectRef {
    ObjectRef::new(FORM, "MonitorSchedule", None, &format!("{endpoint}/{deployment}"))
}

/// A monitor compares what its deployment answers with a reference.
fn monitor(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let target = object.node.path(&["create_monitor", "monitoring_target", "endpoint_deployment_id"]);
    let named = target.and_then(Node::text).and_then(|t| t.strip_prefix("azureml:")?.split_once(':'));
    if let Some((endpoint, deployment)) = named {
        cx.define(monitored(endpoint, deployment), Monitored);
    }
}

fn named(endpoint: &str, deployment: &str) -> ObjectRef {
    ObjectRef::new(FORM, "OnlineDeployment", None, &format!("{endpoint}/{deployment}"))
}

fn deployment(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let root = object.node;
    let model = present(root, "model").and_then(|m| payload(m).or_else(|| payload(m.get("path")?)));
    let environment = present(root, "environment").and_then(payload);
    let payload = model.into_iter().chain(environment).collect();
    let replicas = Fact::Absent { near: object.name_span() };
    let id = named(text(root, "endpoint_name"), object.name());
    cx.define(id, Deployment { workload: Workload { payload, replicas } });
}

fn endpoint(object: &Object<'_>, name: &str, tables: &Tables, cx: &mut Lowering<'_>) {
    let mut rollout = cx.blank(object, SubjectKind::Model);
    let served: Vec<Entry> = tables.traffic.iter().flat_map(|(_, all)| all.iter().cloned()).collect();
    if let Some((anchor, entries)) = &tables.traffic {
        adds_up(*anchor, entries, cx);
    }
    let arms: Vec<Arm> = served.iter().filter(|(_, share)| share.known() != Some(&0)).map(|e| arm(object, e)).collect();
    let stages = if arms.len() > 1 { split::candidates(&arms, None, Basis::Requests) } else { Vec::new() };
    rollout.destinations = split::of_arms(&arms, &RouterRule::only(), Basis::Requests);
    let mirrored = mirror(tables, &mut rollout, cx);
    let strategy = match (stages.is_empty(), &rollout.shadow) {
        (false, _) => Strategy::Canary,
        (true, Some(_)) => Strategy::Shadow,
        (true, None) => Strategy::AllAtOnce,
    };
    rollout.strategy = Spanned::new(strategy, object.name_span());
    if stages.is_empty() && rollout.shadow.is_none() && !cx.compares(&rollout) && !cx.has_remarks() {
        return;
    }
    rollout.progression = Progression::Live(stages);
    let named: Vec<ObjectRef> = served.iter().map(|(deployment, _)| named(name, deployment)).collect();
    let watched = mirrored.as_ref().map(|deployment| monitored(name, deployment));
    let mirrored = mirrored.map(|deployment| self::named(name, &deployment));
    rollout.owns = named.iter().chain(&mirrored).cloned().collect();
    cx.rollout_after(rollout, move |rollout, world| {
        for (destination, id) in rollout.destinations.iter_mut().zip(&named) {
            if let Some(found) = world.find::<Deployment>(id) {
                destination.ships = found.workload.payload.iter().map(|p| p.value.clone()).collect();
            }
        }
        let found = named.iter().filter_map(|id| world.find::<Deployment>(id));
        let shipped: Vec<Payload> = found.flat_map(|d| d.workload.payload.iter().cloned()).collect();
        rollout.payload.extend(shipped);
        let is_watched = watched.as_ref().is_some_and(|id| world.find::<Monitored>(id).is_some());
        if let (Some(shadow), true) = (&mut rollout.shadow, is_watched) {
            shadow.comparer = Comparer::Named("monitor".into());
        }
    });
}

fn arm(object: &Object<'_>, (name, share): &Entry) -> Arm {
    let version = Some(name.to_string());
    Arm { service: object.name().to_owned(), version, weight: share.known().copied(), span: share.span() }
}

/// The service refuses shares that add up to anything but 100 or 0.
fn adds_up(anchor: Span, entries: &[Entry], cx: &mut Lowering<'_>) {
    let known = |(_, share): &Entry| share.known().copied();
    let Some(sum) = entries.iter().map(known).sum::<Option<u64>>().filter(|sum| *sum != 100 && *sum != 0) else {
        return;
    };
    let message = format!("the shares of `traffic` add up to {sum}, and Azure ML takes 100, or 0 for nobody");
    let remark = cx.invalid(anchor, message, "make the shares add up to 100");
    remark.found = Some(sum.to_string().into());
    remark.required = Some("100".into());
}

/// The deployment that gets a copy of the traffic.
fn mirror(tables: &Tables, rollout: &mut Rollout, cx: &mut Lowering<'_>) -> Option<Box<str>> {
    let (anchor, entries) = tables.mirror.as_ref()?;
    let (name, share) = entries.iter().find(|(_, share)| share.known() != Some(&0))?;
    if let Some(percent) = share.written().filter(|p| **p > 50) {
        let message = format!("`mirror_traffic` copies {percent} percent, and Azure ML takes at most 50");
        let remark = cx.invalid(share.span(), message, "write 50 or less");
        remark.found = Some(percent.to_string().into());
        remark.required = Some("<= 50".into());
    }
    rollout.shadow = Some(Shadow {
        share: share.clone().map(|percent| Share::of(percent.min(100), 100)),
        duration: Fact::Absent { near: *anchor },
        comparer: Comparer::Nothing,
        span: share.span(),
    });
    Some(name.clone())
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::lower;
    use crate::model::{Comparer, Rollout, Share};

    fn endpoint(rest: &str) -> String {
        format!(
            "$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineEndpoint.schema.json\nname: chat\nauth_mode: key\n{rest}\n"
        )
    }

    const GREEN: &str = "---\nname: green\nendpoint_name: chat\nmodel: azureml:m:3\ninstance_count: 1\ndata_collector: {collections: {model_outputs: {enabled: 'True'}}}\n";
    const MONITOR: &str =
        "---\nname: watch\ncreate_monitor: {monitoring_target: {endpoint_deployment_id: 'azureml:chat:green'}}\n";

    fn shares(rollout: &Rollout) -> Vec<(String, f64)> {
        rollout.stages().iter().map(|s| (s.name.as_deref().unwrap().to_owned(), s.share().unwrap().percent())).collect()
    }

    #[test]
    fn traffic_is_a_live_split_and_nothing_for_one() {
        let found = lower(&format!("{}{GREEN}", endpoint("traffic: {blue: 95, green: 5}")));
        assert_eq!(shares(&found[0]), [("chat/green".to_owned(), 5.0)]);
        assert_eq!(&*found[0].destinations[1].ships[0], "azureml:m:3");
        assert!(lower(&endpoint("traffic: {blue: 100, green: 0}")).is_empty(), "a zero is taken away");
        assert!(lower(&endpoint("")).is_empty());
        assert!(lower("name: chat\nauth_mode: key\ncompute_type: x\n").is_empty());
    }

    #[test]
    fn a_mirror_copies_at_most_a_half_and_is_compared_by_a_monitor() {
        let mirrored = endpoint("traffic: {blue: 100}\nmirror_traffic: {green: 10}");
        let collected = lower(&format!("{mirrored}{GREEN}"));
        assert_eq!(collected[0].shadow.as_ref().unwrap().comparer, Comparer::Nothing, "kept, and compared by nobody");
        let found = lower(&format!("{mirrored}{GREEN}{MONITOR}"));
        let shadow = found[0].shadow.as_ref().unwrap();
        assert_eq!(shadow.share.known(), Some(&Share::from_percent(10.0)));
        assert_eq!(shadow.comparer, Comparer::Named("monitor".into()));
        let found = lower(&endpoint("mirror_traffic: {green: 80}"));
        assert_eq!((found[0].remarks.len(), &found[0].shadow.as_ref().unwrap().comparer), (1, &Comparer::Nothing));
    }

    #[test]
    fn what_the_service_refuses() {
        assert_eq!(lower(&endpoint("traffic: {blue: 90, green: 5}"))[0].remarks.len(), 1);
        assert_eq!(lower(&endpoint("traffic: {blue: 90, green: many}"))[0].remarks.len(), 1);
        assert!(lower(&endpoint("traffic: {blue: '${BLUE}', green: '${GREEN}'}"))[0].exposure_is_dynamic());
    }

    #[test]
    fn arm_says_the_same() {
        let text = r#"{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "parameters": {"share": {"type": "int", "defaultValue": 5}}, "resources": [{"type": "Microsoft.MachineLearningServices/workspaces/onlineEndpoints", "apiVersion": "2024-04-01", "name": "ws/chat", "properties": {"traffic": {"blue": 95, "green": "[parameters('share')]"}}}]}"#;
        assert_eq!(shares(&lower(text)[0]), [("ws/chat/green".to_owned(), 5.0)]);
    }
}
