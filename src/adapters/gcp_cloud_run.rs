//! Cloud Run: services of Terraform and of Config Connector. Services in YAML are Knative's.

use super::infra::Field;
use super::nodes::{items, present};
use super::split::{self, Arm};
use super::{Adapter, Lowering, Object, payload};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{Fact, Payload, Rollout, SubjectKind};
use crate::syntax::Node;
use crate::text::Span;

declare_adapter! {
    /// ## What is read
    ///
    /// `google_cloud_run_v2_service` and `google_cloud_run_service` of Terraform and its plans, and `RunService` of Config
    /// Connector. A service in YAML (`serving.knative.dev`) is read as [Knative](knative.md).
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `traffic` of a revision: `percent` | share of requests | 0 for an entry; without entries everything to the latest revision |
    /// | `TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST`, `latest_revision` | the latest revision: the candidate beside a pinned one | – |
    /// | images of the template | payload | – |
    ///
    /// ## What bites
    ///
    /// - Percentages are whole and add up to 100. An entry without one is a tag: an address, and no exposure.
    /// - Two entries of one revision add up.
    ///
    /// Sources: hashicorp/terraform-provider-google: `website/docs/r/cloud_run_v2_service.html.markdown`,
    /// `cloud_run_service.html.markdown`.
    ///
    /// ## What it cannot see
    ///
    /// Traffic that `gcloud run services update-traffic` or Cloud Deploy sets. There are no holds, criteria or mirrors.
    pub GcpCloudRun {
        id: "gcp-cloud-run",
        title: "Cloud Run",
        summary: "services of Terraform and Config Connector",
        kinds: [
            ("terraform", "google_cloud_run_v2_service"),
            ("terraform", "google_cloud_run_service"),
            ("run.cnrm.cloud.google.com", "RunService"),
        ],
    }
}

impl Adapter for GcpCloudRun {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let mut rollout = cx.blank(object, SubjectKind::Workload);
        let (anchor, entries): (Span, Vec<Entry>) = if let Some(body) = object.body() {
            rollout.payload = images(&body);
            let Some(traffic) = body.get("traffic") else { return latest(object, rollout, cx) };
            (traffic.anchor(), traffic.items().iter().map(|entry| of_field(entry, cx)).collect())
        } else {
            let Some(spec) = object.spec() else { return };
            rollout.payload = shipped(spec);
            let Some(traffic) = present(spec, "traffic") else { return latest(object, rollout, cx) };
            (traffic.anchor(), traffic.items().map(|entry| of_node(entry, cx)).collect())
        };
        let arms = joined(object, entries);
        split::adds_up(anchor, &arms, "Cloud Run", cx);
        split::hand_in(rollout, &arms, |revision| !revision.name.ends_with("/latest"), cx);
    }
}

/// Where a part of the traffic goes: a revision, or "" for the latest, and its share.
type Entry = (String, Fact<u64>);

const PERCENT: &str = "a whole number from 0 to 100";
const NOTHING: &str = "cloud run: 0 when absent";
const LATEST: &str = "latest";

fn of_field(entry: &Field<'_>, cx: &mut Lowering<'_>) -> Entry {
    let percent = |f: &Field<'_>| f.whole().filter(|n| *n <= 100);
    let share = cx.field(entry, &["percent"], PERCENT, percent).or_default(0, NOTHING);
    let revision = entry.any(&["revision", "revision_name"]).and_then(|r| r.text().or_else(|| r.as_written()));
    (revision.filter(|r| !r.is_empty()).unwrap_or(LATEST).to_owned(), share)
}

fn of_node(entry: Node<'_>, cx: &mut Lowering<'_>) -> Entry {
    let percent = |n: Node<'_>| n.as_i64().and_then(|n| u64::try_from(n).ok()).filter(|n| *n <= 100);
    let share = cx.read(entry, "percent", PERCENT, percent).or_default(0, NOTHING);
    let revision = present(entry, "revision");
    let named = revision.and_then(|r| present(r, "external").or_else(|| present(r, "name")).unwrap_or(r).text());
    (named.unwrap_or(LATEST).to_owned(), share)
}

/// One arm for each revision; tags alone are none.
fn joined(object: &Object<'_>, entries: Vec<Entry>) -> Vec<Arm> {
    let mut arms: Vec<Arm> = Vec::new();
    for (revision, share) in entries.into_iter().filter(|(_, share)| share.known() != Some(&0)) {
        let weight = share.known().copied();
        match arms.iter_mut().find(|arm| arm.version.as_ref() == Some(&revision)) {
            Some(arm) => arm.weight = arm.weight.zip(weight).map(|(one, other)| one + other),
            None => arms.push(Arm {
                service: object.name().to_owned(),
                version: Some(revision),
                weight,
                span: share.span(),
            }),
        }
    }
    arms
}

/// Without a table the latest revision takes everything.
fn latest(object: &Object<'_>, rollout: Rollout, cx: &mut Lowering<'_>) {
    let (service, span) = (object.name().to_owned(), object.name_span());
    let arm = Arm { service, version: Some(LATEST.to_owned()), weight: Some(100), span };
    split::hand_in(rollout, &[arm], |_| false, cx);
}

fn images(body: &Field<'_>) -> Vec<Payload> {
    let templates = [&["template"][..], &["template", "spec"]];
    let containers = templates.iter().filter_map(|path| body.path(path)?.get("containers"));
    containers.flat_map(|c| c.items()).filter_map(|c| payload(c.get("image")?.node)).collect()
}

fn shipped(spec: Node<'_>) -> Vec<Payload> {
    let containers = present(spec, "template").into_iter().flat_map(|t| items(t, "containers"));
    containers.filter_map(|c| payload(c.get("image")?)).collect()
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::lower;
    use crate::model::{Rollout, Share};

    fn service(traffic: &str) -> Vec<Rollout> {
        lower(&format!(
            "resource \"google_cloud_run_v2_service\" \"chat\" {{\n  name = \"chat\"\n  template {{\n    containers {{ image = \"chat:2\" }}\n  }}\n{traffic}}}\n"
        ))
    }

    const PINNED: &str = "  traffic {\n    type = \"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION\"\n    revision = \"chat-1\"\n    percent = 95\n  }\n";

    fn to_latest(percent: u32) -> String {
        format!("  traffic {{\n    type = \"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST\"\n    percent = {percent}\n  }}\n")
    }

    #[test]
    fn the_latest_beside_a_pinned_one_is_the_candidate() {
        let found = service(&format!("{PINNED}{}", to_latest(5)));
        assert_eq!(found[0].stages()[0].share(), Some(Share::from_percent(5.0)));
        assert_eq!(&*found[0].payload[0].value, "chat:2");
        assert_eq!(service(&format!("{PINNED}{}", to_latest(4)))[0].remarks.len(), 1);
        assert!(service("").is_empty() && service(&to_latest(100)).is_empty());
    }

    #[test]
    fn entries_of_one_revision_add_up_and_tags_are_none() {
        let again = PINNED.replace("95", "45");
        let tag = "  traffic {\n    tag = \"next\"\n    revision = \"chat-2\"\n  }\n";
        let found = service(&format!("{again}{again}{}{tag}", to_latest(10)));
        assert_eq!((found[0].stages().len(), found[0].stages()[0].share()), (1, Some(Share::from_percent(10.0))));
    }

    #[test]
    fn config_connector_and_the_first_version_say_the_same() {
        let text = "apiVersion: run.cnrm.cloud.google.com/v1beta1\nkind: RunService\nmetadata: {name: chat}\nspec:\n  traffic: [{type: X, percent: 90, revision: {external: chat-1}}, {type: Y, percent: 10}]\n";
        assert_eq!(lower(text)[0].stages()[0].share(), Some(Share::from_percent(10.0)));
        let old = "resource \"google_cloud_run_service\" \"chat\" {\n  traffic {\n    percent = 90\n    revision_name = \"chat-1\"\n  }\n  traffic {\n    percent = 10\n    latest_revision = true\n  }\n}\n";
        assert_eq!(lower(old)[0].stages()[0].share(), Some(Share::from_percent(10.0)));
    }
}
