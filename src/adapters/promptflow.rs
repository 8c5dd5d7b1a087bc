//! Prompt flow: graphs of prompts and code, `flow.dag.yaml`.

use super::nodes::{items, present, text};
use super::{Adapter, Lowering, Object, prompt_file};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::PromptFile;
use crate::syntax::Node;
use crate::text::Spanned;

declare_adapter! {
    /// ## What is read
    ///
    /// `flow.dag.yaml` with `nodes`. A flow rolls nothing out: `inspect` shows each node that asks a model, and each variant of
    /// such a node. No rule judges it; what a change does to it is told from git.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `nodes[]` of type `llm` or `prompt`, `node_variants.*.variants.*.node` | one prompt each | – |
    /// | `inputs.model` | model | not named: the deployment or the connection decides |
    /// | `provider` | vendor | as the model's name tells |
    /// | `inputs.deployment_name`, `inputs.temperature` and their like, `connection`, `api`, `source.path` | parameters | – |
    /// | the other `inputs` | variables | – |
    ///
    /// ## What bites
    ///
    /// - `default_variant_id` decides which variant everybody gets: to change it is a change of the prompt in one step.
    /// - `deployment_name` is the name of a deployment, not of a model.
    ///
    /// Sources: microsoft/promptflow: `examples/flows/`.
    ///
    /// ## What it cannot see
    ///
    /// Models and texts in code (`python` nodes, `flow.flex.yaml`), and in the templates that nodes name.
    pub Promptflow {
        id: "promptflow",
        title: "Prompt flow",
        summary: "`flow.dag.yaml`: nodes that ask a model, and their variants",
        kinds: [("promptflow", "Flow")],
        paths: ["flow.dag.y"],
    }
}

/// Inputs of a node that say how the model is asked.
const SETTINGS: [&str; 13] = [
    "best_of",
    "deployment_name",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "max_tokens",
    "n",
    "presence_penalty",
    "response_format",
    "seed",
    "stop",
    "temperature",
    "top_p",
];

impl Adapter for Promptflow {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, path: &str) -> Option<Object<'d>> {
        let named = path.ends_with("flow.dag.yaml") || path.ends_with("flow.dag.yml");
        let is_one = named && root.get("nodes").is_some_and(Node::is_seq);
        is_one.then(|| Object::document(root, Self::META.id, "Flow", present(root, "name")))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        for node in items(object.node, "nodes").filter(|n| asks(*n)) {
            let name = present(node, "name").unwrap_or(node);
            let prompt = prompt(object, node, ("Node", text(node, "name"), name), cx);
            cx.prompt(|| prompt);
        }
        for (name, variants) in present(object.node, "node_variants").into_iter().flat_map(Node::entries) {
            let default = text(variants, "default_variant_id");
            for (id, variant) in present(variants, "variants").into_iter().flat_map(Node::entries) {
                let Some(node) = present(variant, "node").filter(|n| asks(*n)) else { continue };
                let id_text = id.text().unwrap_or_default();
                let called = format!("{}/{id_text}", name.text().unwrap_or_default());
                let kind = if id_text == default { "Default variant" } else { "Variant" };
                let prompt = prompt(object, node, (kind, &called, id), cx);
                cx.prompt(|| prompt);
            }
        }
    }
}

/// Does the node ask a model, or make the text for one?
fn asks(node: Node<'_>) -> bool {
    matches!(text(node, "type"), "llm" | "prompt")
}

fn prompt(
    object: &Object<'_>,
    node: Node<'_>,
    (kind, name, named): (&'static str, &str, Node<'_>),
    cx: &Lowering<'_>,
) -> PromptFile {
    let mut out = prompt_file::blank(object, kind, name, cx);
    (out.name, out.span) = (Spanned::new(name.into(), named.span()), node.span());
    out.vendor = present(node, "provider").and_then(Node::text).map(Into::into);
    for key in ["connection", "api"] {
        prompt_file::parameter(node, key, &mut out);
    }
    if let Some(source) = present(node, "source") {
        prompt_file::parameter(source, "path", &mut out);
    }
    for (key, value) in present(node, "inputs").into_iter().flat_map(Node::entries) {
        match key.text() {
            Some("model") => out.model = prompt_file::model(value),
            Some(key) if SETTINGS.contains(&key) => {
                if let Some(said) = value.text().filter(|s| !s.is_empty()) {
                    out.parameters.push((key.into(), said.into()));
                }
            }
            Some(key) => out.variables.push(key.into()),
            None => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::prompts_of;

    #[test]
    fn nodes_that_ask_and_variants() {
        let text = "nodes:\n- {name: fetch, type: python}\n- {name: ask, use_variants: true}\n- {name: sum, type: llm, provider: AzureOpenAI, inputs: {model: gpt-4o, deployment_name: d, temperature: 0.2, text: '${fetch.output}'}}\nnode_variants:\n  ask:\n    default_variant_id: v1\n    variants:\n      v0: {node: {type: llm, inputs: {q: x}}}\n      v1: {node: {type: llm, inputs: {q: x}}}\n";
        let found = prompts_of("f/flow.dag.yaml", text);
        let names: Vec<(&str, &str)> = found.iter().map(|p| (p.kind, &*p.name.value)).collect();
        assert_eq!(names, [("Node", "sum"), ("Variant", "ask/v0"), ("Default variant", "ask/v1")]);
        assert_eq!((found[0].parameters.len(), found[0].variables.len()), (2, 1));
        assert!(prompts_of("f/other.yaml", text).is_empty());
    }
}
