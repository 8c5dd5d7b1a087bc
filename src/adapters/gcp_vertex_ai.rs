//! Vertex AI: endpoints that share their calls between deployed models.

use super::infra::Field;
use super::nodes::present;
use super::split::{self, Arm};
use super::{Adapter, Lowering, Object, payload};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{Fact, SubjectKind};
use crate::syntax::Node;

declare_adapter! {
    /// ## What is read
    ///
    /// `google_vertex_ai_endpoint` of Terraform and its plans, and bodies of `deployModel` and `endpoints.patch` as JSON or
    /// YAML: `trafficSplit` beside `deployedModel` or `deployedModels`. One moment of a split, whose history is the plan.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `trafficSplit.<id>`, `traffic_split`: percent | share of requests | nobody, or in a call: as before |
    /// | `deployedModel.model` | payload | – |
    ///
    /// ## What bites
    ///
    /// - In a body of `deployModel` the id `0` is the model that the call deploys: the new one.
    /// - Terraform's `traffic_split` is JSON in a text.
    /// - Percentages are whole and add up to 100, or there are none.
    ///
    /// Sources: hashicorp/terraform-provider-google: `website/docs/r/vertex_ai_endpoint.html.markdown`; Google's API
    /// reference of `DeployModelRequest`.
    ///
    /// ## What it cannot see
    ///
    /// What an id stands for: the service gives the numbers. Traffic that `gcloud ai endpoints` or a pipeline sets. There
    /// are no holds, criteria or mirrors.
    pub GcpVertexAi {
        id: "gcp-vertex-ai",
        title: "Vertex AI",
        summary: "endpoints of Terraform, bodies of deployModel",
        kinds: [("terraform", "google_vertex_ai_endpoint"), ("gcp-vertex-ai", "Endpoint")],
        words: ["trafficSplit"],
    }
}

impl Adapter for GcpVertexAi {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, _path: &str) -> Option<Object<'d>> {
        let split = present(root, "trafficSplit").is_some_and(Node::is_map);
        let models = root.key("deployedModel").is_some() || root.key("deployedModels").is_some();
        let name = present(root, "displayName").or_else(|| present(root, "name"));
        (split && models).then(|| Object::document(root, "gcp-vertex-ai", "Endpoint", name))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let (anchor, shares) = match object.body() {
            Some(body) => match body.any(&["traffic_split", "TrafficSplit"]) {
                Some(split) => (split.anchor(), of_field(&split, cx)),
                None => return,
            },
            None => match present(object.node, "trafficSplit") {
                Some(split) => (split.anchor(), of_node(split, cx)),
                None => return,
            },
        };
        let arm = |(id, share): &(String, Fact<u64>)| Arm {
            service: object.name().to_owned(),
            // The one that a call deploys is called 0.
            version: Some(if id == "0" { "new".to_owned() } else { id.clone() }),
            weight: share.known().copied(),
            span: share.span(),
        };
        let arms: Vec<Arm> = shares.iter().map(arm).collect();
        split::adds_up(anchor, &arms, "Vertex AI", cx);
        let mut rollout = cx.blank(object, SubjectKind::Model);
        let model = present(object.node, "deployedModel").and_then(|m| present(m, "model"));
        rollout.payload = model.and_then(payload).into_iter().collect();
        split::hand_in(rollout, &arms, |model| !model.name.ends_with("/new"), cx);
    }
}

const PERCENT: &str = "a whole number from 0 to 100, in percent";

fn of_node(table: Node<'_>, cx: &mut Lowering<'_>) -> Vec<(String, Fact<u64>)> {
    let percent = |n: Node<'_>| n.as_i64().and_then(|n| u64::try_from(n).ok()).filter(|n| *n <= 100);
    let entries: Vec<(String, Node<'_>)> =
        table.entries().map(|(id, share)| (id.text().unwrap_or_default().to_owned(), share)).collect();
    entries.into_iter().map(|(id, share)| (id, cx.take(share, "trafficSplit", PERCENT, percent))).collect()
}

/// A mapping, or the text of one.
fn of_field(split: &Field<'_>, cx: &mut Lowering<'_>) -> Vec<(String, Fact<u64>)> {
    if split.node.is_map() {
        let percent = |f: &Field<'_>| f.whole().filter(|n| *n <= 100);
        let one = |(id, share): (Node<'_>, Field<'_>)| {
            (id.text().unwrap_or_default().to_owned(), cx.take_field(&share, "traffic_split", PERCENT, percent))
        };
        return split.entries().into_iter().map(one).collect();
    }
    let table = |f: &Field<'_>| {
        let table: std::collections::BTreeMap<String, u64> = serde_json::from_str(f.text()?).ok()?;
        table.values().all(|n| *n <= 100).then_some(table)
    };
    match cx.take_field(split, "traffic_split", "JSON of ids with percentages", table) {
        Fact::Stated(table) => {
            let span = table.span;
            table.value.into_iter().map(|(id, n)| (id, Fact::stated(n, span))).collect()
        }
        // Whatever it is split into, nobody can know from here.
        Fact::Dynamic { expr, span } => {
            ["one", "another"].map(|id| (id.to_owned(), Fact::Dynamic { expr: expr.clone(), span })).into()
        }
        Fact::Defaulted { .. } | Fact::Absent { .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::lower;
    use crate::model::{Rollout, Share};

    fn body(split: &str) -> Vec<Rollout> {
        lower(&format!(
            r#"{{"deployedModel": {{"model": "projects/p/locations/l/models/ranker@7"}}, "trafficSplit": {split}}}"#
        ))
    }

    #[test]
    fn the_one_that_is_deployed_is_the_new_one() {
        let found = body(r#"{"0": 5, "4211": 95}"#);
        assert_eq!(found[0].stages()[0].share(), Some(Share::from_percent(5.0)));
        let most = body(r#"{"0": 95, "4211": 5}"#);
        assert_eq!(most[0].stages()[0].share(), Some(Share::from_percent(95.0)));
        assert!(body(r#"{"0": 100}"#).is_empty());
        assert_eq!(body(r#"{"0": 5, "4211": 90}"#)[0].remarks.len(), 1);
        assert!(lower(r#"{"trafficSplit": {"0": 5}}"#).is_empty(), "no model beside it");
    }

    #[test]
    fn terraform_writes_json_in_a_text() {
        for split in ["jsonencode({ \"1\" = 90, \"2\" = 10 })", "\"{\\\"1\\\": 90, \\\"2\\\": 10}\""] {
            let text = format!(
                "resource \"google_vertex_ai_endpoint\" \"e\" {{\n  display_name = \"e\"\n  traffic_split = {split}\n}}\n"
            );
            assert_eq!(lower(&text)[0].stages()[0].share(), Some(Share::from_percent(10.0)), "{split}");
        }
        assert!(lower("resource \"google_vertex_ai_endpoint\" \"e\" {\n  display_name = \"e\"\n}\n").is_empty());
        let passed = "resource \"google_vertex_ai_endpoint\" \"e\" {\n  traffic_split = var.split\n}\n";
        assert!(lower(passed)[0].exposure_is_dynamic());
    }
}
