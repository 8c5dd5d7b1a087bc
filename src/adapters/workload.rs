//! Pod templates: what a workload ships.

use crate::model::{Fact, Payload};
use crate::syntax::Node;

/// A workload that a rollout of another kind refers to, as definitions hold it.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Its images.
    pub payload: Vec<Payload>,
    /// Its replicas.
    pub replicas: Fact<u64>,
}

/// The images of a pod template: its containers' and its init containers', in order.
pub fn pod_template(template: Node<'_>) -> Vec<Payload> {
    let Some(spec) = template.get("spec") else { return Vec::new() };
    let containers = ["initContainers", "containers"].into_iter().filter_map(|key| spec.get(key));
    let image = |container: Node<'_>| {
        let slot = container.get("name").and_then(Node::text).unwrap_or_default().into();
        Some(Payload { slot, ..payload(container.get("image")?)? })
    };
    containers.flat_map(Node::items).filter_map(image).collect()
}

/// The scalar at `node` as something that is shipped.
pub fn payload(node: Node<'_>) -> Option<Payload> {
    Some(Payload { path: node.pointer().into(), slot: "".into(), value: node.text()?.into(), span: node.span() })
}
