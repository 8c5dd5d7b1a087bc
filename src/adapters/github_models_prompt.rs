//! GitHub Models: prompts with their tests, `.prompt.yml`.

use super::nodes::{items, present, text};
use super::{Adapter, Lowering, Object, prompt_file};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{CriteriaDocument, Criterion, StageRange};
use crate::syntax::Node;
use crate::text::Spanned;

declare_adapter! {
    /// ## What is read
    ///
    /// Files called `*.prompt.yml` or `*.prompt.yaml` that have `messages`. A prompt rolls nothing out: `inspect` shows which model
    /// it asks, how, and with what, and its evaluators as a document of criteria. No rule judges it; what a change does to
    /// it is told from git.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `model` | model; what stands before its `/` is the vendor | not named: who runs it decides |
    /// | `modelParameters`, `responseFormat` | parameters | – |
    /// | `{{name}}` in `messages[].content` | variables | – |
    /// | `evaluators[]`: a `string` test, `uses: github/…`, an `llm` judge | criteria: opaque | – |
    ///
    /// ## What bites
    ///
    /// - Evaluators have no number that must be reached: the file gates nothing by itself.
    /// - Prompts under `.github/prompts/` mostly serve the automation of the repository, not its users.
    ///
    /// Sources: docs.github.com, "Storing prompts in GitHub repositories". The keys inside of an evaluator are partly general
    /// knowledge.
    ///
    /// ## What it cannot see
    ///
    /// Who runs the evaluators, and when. Editors' prompts (`.prompt.md`).
    pub GithubModelsPrompt {
        id: "github-models-prompt",
        title: "GitHub Models prompts",
        summary: "`.prompt.yml` files: models, parameters, evaluators",
        kinds: [("github-models-prompt", "Prompt")],
        paths: [".prompt.y"],
    }
}

impl Adapter for GithubModelsPrompt {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, path: &str) -> Option<Object<'d>> {
        let named = path.ends_with(".prompt.yml") || path.ends_with(".prompt.yaml");
        let is_one = named && root.get("messages").is_some_and(Node::is_seq);
        is_one.then(|| Object::document(root, Self::META.id, "Prompt", present(root, "name")))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let root = object.node;
        let file = prompt_file::stem(cx.path, if cx.path.ends_with(".yml") { ".prompt.yml" } else { ".prompt.yaml" });
        let name = Some(object.name()).filter(|name| !name.is_empty()).unwrap_or(file);
        let mut out = prompt_file::blank(object, "Prompt", name, cx);
        if let Some(node) = present(root, "model") {
            out.model = prompt_file::model(node);
        }
        out.vendor = prompt_file::vendor(&out.model);
        prompt_file::parameters(present(root, "modelParameters"), &mut out);
        prompt_file::parameter(root, "responseFormat", &mut out);
        for message in items(root, "messages") {
            prompt_file::placeholders(text(message, "content"), ("{{", "}}"), &mut out.variables);
        }
        cx.prompt(|| out);
        if items(root, "evaluators").next().is_some() {
            cx.criteria(|| CriteriaDocument {
                system: Self::META.id,
                kind: "Evaluators".into(),
                name: Spanned::new(name.trim().into(), object.name_span()),
                criteria: items(root, "evaluators").filter(|e| e.is_map()).map(evaluator).collect(),
                span: root.span(),
            });
        }
    }
}

fn evaluator(node: Node<'_>) -> Criterion {
    let string = present(node, "string").into_iter().flat_map(Node::entries).next();
    let said = string.map(|(key, value)| format!("{} {}", key.text().unwrap_or_default(), value.text().unwrap_or("…")));
    let uses = || present(node, "uses").and_then(Node::text).map(str::to_owned);
    let judge = || {
        let model = node.path(&["llm", "modelId"]).or_else(|| node.path(&["llm", "model"])).and_then(Node::text);
        node.get("llm").map(|_| model.map_or_else(|| "a model judges".to_owned(), |model| format!("{model} judges")))
    };
    let text = said.or_else(uses).or_else(judge).unwrap_or_default();
    Criterion::opaque(self::text(node, "name"), &text, StageRange::ALL, node.span())
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::{inspect_at, prompts_of};

    #[test]
    fn a_prompt_and_its_evaluators() {
        let text = "name: triage\nmodel: openai/gpt-4o\nmodelParameters: {temperature: 0.2}\nresponseFormat: json_schema\nmessages: [{role: user, content: 'Look at {{issue}}'}]\nevaluators: [{name: short, string: {contains: ok}}, {name: like, uses: github/similarity}, {name: kind, llm: {modelId: openai/gpt-4.1}}]\n";
        let found = prompts_of("x/triage.prompt.yml", text).remove(0);
        assert_eq!(
            (found.vendor.as_deref(), found.parameters.len(), &*found.variables[0]),
            (Some("openai"), 2, "issue")
        );
        let asked = &inspect_at("x/triage.prompt.yml", text).criteria[0].criteria;
        let said: Vec<&str> = asked.iter().filter_map(|c| c.text.as_deref()).collect();
        assert_eq!(said, ["contains ok", "github/similarity", "openai/gpt-4.1 judges"]);
        assert!(prompts_of("x/triage.yml", text).is_empty());
        assert!(prompts_of("x/triage.prompt.yml", "name: x\n").is_empty());
    }
}
