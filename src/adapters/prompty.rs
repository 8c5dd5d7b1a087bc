//! Prompty: prompts behind front matter, `.prompty`.

use super::nodes::present;
use super::{Adapter, Lowering, Object, prompt_file};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{Fact, PromptFile};
use crate::syntax::Node;

declare_adapter! {
    /// ## What is read
    ///
    /// The front matter of `.prompty` files, of both versions of the format. A prompt rolls nothing out: `inspect` shows which
    /// model it asks, how, and with what. No rule judges it; what a change does to it is told from git.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `model`, `model.id`, `model.configuration.model` | model | not named: the host decides |
    /// | `model.provider`, `model.configuration.type` | vendor | as the model's name tells |
    /// | `model.options`, `model.parameters`, `model.api`, `model.apiType`, names and versions of `model.configuration` | parameters | – |
    /// | `inputs` | variables | – |
    /// | `tools` | tools | – |
    ///
    /// ## What bites
    ///
    /// - `azure_deployment` is the name of a deployment, not of a model: which model answers is decided where that is made.
    /// - `${env:MODEL}` leaves the model to the environment: nobody can review it here.
    /// - `sample` is a test input and changes nothing.
    ///
    /// Sources: microsoft/prompty: `spec/fixtures/`, `runtime/python/prompty/tests/prompts/`; Azure-Samples/contoso-chat:
    /// `src/api/contoso_chat/chat.prompty`.
    ///
    /// ## What it cannot see
    ///
    /// The text behind the front matter. Files without front matter, whose model is the host's. Whether a file is in use:
    /// judges of evaluations and copies of workshops look alike.
    pub Prompty {
        id: "prompty",
        title: "Prompty",
        summary: "front matter of `.prompty` files",
        kinds: [("prompty", "Prompt")],
        paths: [".prompty"],
    }
}

impl Adapter for Prompty {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, path: &str) -> Option<Object<'d>> {
        let is_one = path.ends_with(".prompty") && root.is_map();
        is_one.then(|| Object::document(root, Self::META.id, "Prompt", present(root, "name")))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let named = Some(object.name()).filter(|name| !name.is_empty());
        let name = named.unwrap_or_else(|| prompt_file::stem(cx.path, ".prompty"));
        let mut out = prompt_file::blank(object, "Prompt", name, cx);
        out.variables = prompt_file::names(present(object.node, "inputs"));
        out.tools = prompt_file::names(present(object.node, "tools"));
        if let Some(model) = present(object.node, "model") {
            asked(model, &mut out);
        }
        cx.prompt(|| out);
    }
}

fn asked(model: Node<'_>, out: &mut PromptFile) {
    let inner = present(model, "configuration");
    let named = [Some(model).filter(|n| n.is_scalar()), present(model, "id"), inner.and_then(|i| present(i, "model"))];
    out.model = named.into_iter().flatten().next().map_or(Fact::Absent { near: model.span() }, prompt_file::model);
    let whose = present(model, "provider").or_else(|| inner.and_then(|i| present(i, "type"))).and_then(Node::text);
    out.vendor = whose.map(Into::into);
    for key in ["api", "apiType"] {
        prompt_file::parameter(model, key, out);
    }
    for key in ["azure_deployment", "name", "api_version"] {
        if let Some(inner) = inner {
            prompt_file::parameter(inner, key, out);
        }
    }
    prompt_file::parameters(present(model, "options"), out);
    prompt_file::parameters(present(model, "parameters"), out);
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::prompts_of;

    #[test]
    fn both_versions_and_the_short_form() {
        let one = |text: &str| prompts_of("a/chat.prompty", text).remove(0);
        let short = one("model: gpt-4o\n");
        assert_eq!((short.model.known().map(|m| &**m), &*short.name.value), (Some("gpt-4o"), "chat"));
        let new = one(
            "name: x\nmodel: {id: gpt-4o, provider: openai, options: {temperature: 0, stop: [a, b]}}\ninputs: [{name: q}]\ntools: [{type: function, function: {name: t}}]\n",
        );
        assert_eq!((new.vendor.as_deref(), &*new.name.value), (Some("openai"), "x"));
        let said: Vec<String> = new.parameters.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(said, ["temperature=0", "stop=a, b"]);
        assert_eq!((&*new.variables[0], &*new.tools[0]), ("q", "t"));
        let old = one(
            "model: {api: chat, configuration: {type: azure_openai, azure_deployment: d}}\ninputs: {q: {type: string}}\n",
        );
        assert!(old.model.is_absent() && old.parameters.len() == 2, "a deployment is no model");
        assert_eq!(&*old.variables[0], "q");
        assert!(one("model: {id: '${env:MODEL}'}\n").model.is_dynamic());
        assert!(prompts_of("a/chat.yaml", "model: gpt-4o\n").is_empty());
    }
}
