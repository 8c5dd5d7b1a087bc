//! What a component or an LLM service ships.

use crate::adapters::nodes::{items, present};
use crate::adapters::payload;
use crate::model::Payload;
use crate::syntax::Node;

/// Values that name a version of a model or of what serves it.
const SHIPPED: [&str; 5] = ["storageUri", "uri", "image", "modelUri", "runtimeVersion"];

/// Variables of a container that name a model.
const VARIABLES: [&str; 4] = ["STORAGE_URI", "MODEL_URI", "MODEL_ID", "HF_MODEL_ID"];

/// Arguments of a container that name a model.
const ARGUMENTS: [&str; 5] = ["--model_id", "--model-id", "--model", "--model_dir", "--revision"];

/// Storage URIs, images and model names anywhere in `component`, in the order they are written.
pub(super) fn ships(component: Node<'_>) -> Vec<Payload> {
    let mut found = Vec::new();
    gather(component, 0, &mut found);
    found
}

fn gather(node: Node<'_>, depth: usize, found: &mut Vec<Payload>) {
    // Pods of pods of components are no deeper.
    if depth > 8 {
        return;
    }
    for (key, value) in node.entries() {
        match key.text().unwrap_or_default() {
            name if SHIPPED.contains(&name) && value.is_scalar() => found.extend(payload(value)),
            "storage" => found.extend(value.get("path").and_then(payload)),
            "env" => found.extend(variables(value)),
            "args" | "command" => found.extend(arguments(value)),
            // Where payloads are logged, and what looks after the pod.
            "logger" | "batcher" | "volumes" | "volumeMounts" | "resources" | "livenessProbe" | "readinessProbe" => {}
            _ => gather(value, depth + 1, found),
        }
    }
    node.items().for_each(|item| gather(item, depth + 1, found));
}

fn variables(list: Node<'_>) -> Vec<Payload> {
    let named = |v: &Node<'_>| v.get("name").and_then(Node::text).is_some_and(|n| VARIABLES.contains(&n));
    list.items().filter(named).filter_map(|v| v.get("value")).filter_map(payload).collect()
}

/// `--model_id=org/model`, or `--model` followed by it.
fn arguments(list: Node<'_>) -> Vec<Payload> {
    let mut found = Vec::new();
    let mut named = false;
    for argument in list.items() {
        let text = argument.text().unwrap_or_default();
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let telling = ARGUMENTS.contains(&name);
        if named || (telling && value.is_some()) {
            found.extend(payload(argument));
        }
        named = telling && value.is_none();
    }
    found
}

/// The base model, its adapters, and the images of the pods of an LLM service.
pub(super) fn llm(spec: Node<'_>) -> Vec<Payload> {
    let model = present(spec, "model");
    let mut found: Vec<Payload> = model.and_then(|m| m.get("uri")).and_then(payload).into_iter().collect();
    let adapters = model.and_then(|m| present(m, "lora")).into_iter().flat_map(|l| items(l, "adapters"));
    found.extend(adapters.filter_map(|a| a.get("uri")).filter_map(payload));
    for pods in [Some(spec), present(spec, "prefill")].into_iter().flatten() {
        for template in ["template", "worker"].into_iter().filter_map(|k| present(pods, k)) {
            let containers = items(template, "initContainers").chain(items(template, "containers"));
            found.extend(containers.filter_map(|c| c.get("image")).filter_map(payload));
        }
    }
    found
}
