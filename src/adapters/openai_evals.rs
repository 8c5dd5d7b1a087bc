//! OpenAI evals: the registry of evaluations, judges and what is tried.

use super::nodes::{items, present, text};
use super::{Adapter, Lowering, Object, prompt_file};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{CriteriaDocument, Criterion, PromptFile, StageRange};
use crate::syntax::Node;
use crate::text::Spanned;

declare_adapter! {
    /// ## What is read
    ///
    /// YAML under `registry/evals/`, `registry/completion_fns/` and `registry/modelgraded/`. None of it rolls anything out:
    /// `inspect` shows models that are tried, judges, and evaluations as documents of criteria. No rule judges them; what a
    /// change does to them is told from git.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `completion_fns`: `args.model`, `args.cot_completion_fn`, `args.llm_kwargs.model_name` or `repo_id` | model | not named |
    /// | the other texts of `args` | parameters | – |
    /// | `modelgraded`: `{name}` in `prompt` | variables of a judge | – |
    /// | `choice_strings`, `eval_type` | parameters | – |
    /// | `evals`: `metrics`, and the `modelgraded_spec` or class of the version that `id` names | criteria: opaque | – |
    ///
    /// ## What bites
    ///
    /// - Metrics are names. No number in the registry must be reached: an evaluation gates nothing by itself.
    /// - A changed judge moves the ruler, not the product.
    ///
    /// Sources: openai/evals: `evals/registry/`.
    ///
    /// ## What it cannot see
    ///
    /// Samples, which are other files. Registries in other folders. Which model a run is given.
    pub OpenaiEvals {
        id: "openai-evals",
        title: "OpenAI evals",
        summary: "the registry: evaluations, judges, completion functions",
        kinds: [("openai-evals", "Registry")],
        paths: ["registry/evals/", "registry/completion_fns/", "registry/modelgraded/"],
    }
}

impl Adapter for OpenaiEvals {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, path: &str) -> Option<Object<'d>> {
        let lies = Self::META.paths.iter().any(|part| path.contains(part));
        let known = |(_, entry): (Node<'_>, Node<'_>)| is_function(entry) || is_judge(entry) || is_eval(entry);
        (lies && root.entries().any(known)).then(|| Object::document(root, Self::META.id, "Registry", None))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let functions = cx.path.contains("registry/completion_fns/");
        for (name, entry) in object.node.entries() {
            if functions && is_function(entry) {
                let prompt = function(object, name, entry, cx);
                cx.prompt(|| prompt);
            } else if is_judge(entry) {
                let prompt = judge(object, name, entry, cx);
                cx.prompt(|| prompt);
            } else if is_eval(entry) {
                cx.criteria(|| CriteriaDocument {
                    system: Self::META.id,
                    kind: "Eval".into(),
                    name: Spanned::new(name.text().unwrap_or_default().into(), name.span()),
                    criteria: asked(object.node, entry),
                    span: entry.span(),
                });
            }
        }
    }
}

fn is_function(entry: Node<'_>) -> bool {
    text(entry, "class").contains(':')
}

fn is_judge(entry: Node<'_>) -> bool {
    entry.get("prompt").is_some() && entry.get("choice_strings").is_some()
}

fn is_eval(entry: Node<'_>) -> bool {
    entry.get("id").is_some() && entry.get("metrics").is_some_and(Node::is_seq)
}

fn named(
    object: &Object<'_>,
    kind: &'static str,
    (name, entry): (Node<'_>, Node<'_>),
    cx: &Lowering<'_>,
) -> PromptFile {
    let mut out = prompt_file::blank(object, kind, name.text().unwrap_or_default(), cx);
    (out.name.span, out.span) = (name.span(), entry.span());
    out
}

fn function(object: &Object<'_>, name: Node<'_>, entry: Node<'_>, cx: &Lowering<'_>) -> PromptFile {
    let mut out = named(object, "Completion function", (name, entry), cx);
    let places: [&[&str]; 4] = [
        &["args", "model"],
        &["args", "cot_completion_fn"],
        &["args", "llm_kwargs", "model_name"],
        &["args", "llm_kwargs", "repo_id"],
    ];
    if let Some(node) = places.iter().find_map(|place| entry.path(place)) {
        out.model = prompt_file::model(node);
    }
    prompt_file::parameter(entry, "class", &mut out);
    prompt_file::parameters(present(entry, "args"), &mut out);
    out.parameters.retain(|(key, _)| !matches!(&**key, "model" | "cot_completion_fn"));
    out
}

fn judge(object: &Object<'_>, name: Node<'_>, entry: Node<'_>, cx: &Lowering<'_>) -> PromptFile {
    let mut out = named(object, "Judge", (name, entry), cx);
    for key in ["choice_strings", "eval_type"] {
        prompt_file::parameter(entry, key, &mut out);
    }
    prompt_file::placeholders(text(entry, "prompt"), ("{", "}"), &mut out.variables);
    out
}

/// The metrics of an evaluation, and who judges them.
fn asked(root: Node<'_>, entry: Node<'_>) -> Vec<Criterion> {
    let run = present(root, text(entry, "id"));
    let judge = run.and_then(|run| run.path(&["args", "modelgraded_spec"])).and_then(Node::text);
    let class = run.map(|run| text(run, "class")).and_then(|class| class.rsplit(':').next());
    let by = judge.or(class).unwrap_or_default();
    let metrics = items(entry, "metrics").filter_map(|m| Some((m.text()?, m.span())));
    metrics.map(|(name, span)| Criterion::opaque(name, by, StageRange::ALL, span)).collect()
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::{inspect_at, prompts_of};

    #[test]
    fn functions_judges_and_evaluations() {
        let function =
            "cot:\n  class: evals.completion_fns.cot:Cot\n  args: {cot_completion_fn: gpt-3.5-turbo, depth: 2}\n";
        let found = prompts_of("registry/completion_fns/cot.yaml", function).remove(0);
        assert_eq!((found.model.known().map(|m| &**m), found.parameters.len()), (Some("gpt-3.5-turbo"), 2));
        let judge = "fact:\n  prompt: 'Is {completion} like {ideal}?'\n  choice_strings: ABC\n";
        assert_eq!(prompts_of("registry/modelgraded/fact.yaml", judge)[0].variables.len(), 2);
        let eval = "joke: {id: joke.dev.v0, metrics: [accuracy]}\njoke.dev.v0: {class: 'evals.elsuite:Classify', args: {modelgraded_spec: humor}}\n";
        let asked = inspect_at("registry/evals/joke.yaml", eval).criteria;
        assert_eq!((asked.len(), asked[0].criteria[0].text.as_deref()), (1, Some("humor")));
        assert!(inspect_at("other/joke.yaml", eval).criteria.is_empty());
    }
}
