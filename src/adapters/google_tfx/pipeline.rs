//! Compiled pipelines: Evaluators, and the Pushers that wait for them or do not.

use super::{config, hand_in};
use crate::adapters::nodes::{items, present, text};
use crate::adapters::{Lowering, Object, is_template};
use crate::model::{Action, Criterion, Evaluated, StageRange};
use crate::syntax::{self, Chunk, Document, Engine, Limits, Node, SyntaxError};
use crate::text::Span;

/// Does the pipeline hold an Evaluator?
pub(super) fn is_pipeline(spec: Node<'_>) -> bool {
    graphs(spec).any(|tasks| evaluators(spec, tasks).next().is_some())
}

/// The tables of tasks: of the pipeline, and of components that are graphs themselves.
fn graphs(spec: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let components = spec.get("components").into_iter().flat_map(Node::entries).map(|(_, component)| component);
    spec.get("root").into_iter().chain(components).filter_map(|graph| graph.path(&["dag", "tasks"]))
}

/// A task and the key it stands under.
#[derive(Clone, Copy)]
struct Task<'d> {
    name: Node<'d>,
    node: Node<'d>,
}

impl<'d> Task<'d> {
    fn label(&self) -> &'d str {
        self.name.text().unwrap_or_default()
    }

    fn parameter(&self, name: &str) -> Option<Node<'d>> {
        self.node.path(&["inputs", "parameters", name])
    }

    /// The text of a parameter that is no matter of the run; older schemas wrap it.
    fn constant(&self, name: &str) -> Option<Node<'d>> {
        let value = present(self.parameter(name)?, "runtimeValue")?;
        present(value, "constant").or_else(|| value.path(&["constantValue", "stringValue"]))
    }

    /// Which task made the model that this one takes, and under which key.
    fn model(&self) -> Option<(&'d str, &'d str)> {
        let model = self.node.path(&["inputs", "artifacts", "model", "taskOutputArtifact"])?;
        Some((text(model, "producerTask"), text(model, "outputArtifactKey"))).filter(|(task, _)| !task.is_empty())
    }

    /// Does it run on a condition, whichever?
    fn is_conditional(&self) -> bool {
        let condition = self.node.path(&["triggerPolicy", "condition"]);
        condition.and_then(Node::text).is_some_and(|c| !c.trim().is_empty())
    }

    /// Is something of `other`'s blessing handed to it?
    fn takes_blessing(&self, other: &Task<'_>) -> bool {
        let artifacts = self.node.path(&["inputs", "artifacts"]).into_iter().flat_map(Node::entries);
        artifacts.filter_map(|(_, artifact)| present(artifact, "taskOutputArtifact")).any(|source| {
            text(source, "producerTask") == other.label() && text(source, "outputArtifactKey") == "blessing"
        })
    }
}

fn tasks(tasks: Node<'_>) -> impl Iterator<Item = Task<'_>> {
    tasks.entries().map(|(name, node)| Task { name, node })
}

/// Tasks with an `eval_config` that is one of TFX: other components have a parameter of that name too.
fn evaluators<'d>(spec: Node<'d>, graph: Node<'d>) -> impl Iterator<Item = Task<'d>> {
    let is_ours = move |task: &Task<'d>| {
        let constant = task.constant("eval_config").and_then(Node::text);
        let is_config = |text| parsed(text, task.name.span()).is_ok_and(|doc| config::is_config(doc.root()));
        task.parameter("eval_config").is_some() && (constant.is_some_and(is_config) || runs_evaluator(spec, task))
    };
    tasks(graph).filter(is_ours)
}

/// Is the Evaluator of TFX what the task executes?
fn runs_evaluator(spec: Node<'_>, task: &Task<'_>) -> bool {
    let component = task.node.path(&["componentRef", "name"]).and_then(Node::text).unwrap_or_default();
    let label = spec.path(&["components", component, "executorLabel"]).and_then(Node::text).unwrap_or_default();
    let container = spec.path(&["deploymentSpec", "executors", label, "container"]);
    container
        .is_some_and(|c| items(c, "args").filter_map(Node::text).any(|arg| arg.starts_with("tfx.components.evaluator")))
}

/// The document that stands in a text.
fn parsed(text: &str, at: Span) -> Result<Document<'_>, SyntaxError> {
    let chunk = Chunk { text, offset: 0, json: true };
    syntax::parse(at.file, &chunk, Engine::Core12, &Limits::default(), false)
}

pub(super) fn lower(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let spec = object.node;
    for graph in graphs(spec) {
        for evaluator in evaluators(spec, graph) {
            let pushers: Vec<Task<'_>> = tasks(graph).filter(|task| pushes_model_of(task, &evaluator)).collect();
            let criteria = criteria(&evaluator, &evaluated(&evaluator, &pushers), cx);
            if !criteria.is_empty() {
                unasked(&evaluator, &pushers, cx);
            }
            hand_in(object, (evaluator.label(), evaluator.name.span()), criteria, cx);
        }
    }
}

fn pushes_model_of(task: &Task<'_>, evaluator: &Task<'_>) -> bool {
    task.parameter("push_destination").is_some() && task.model().is_some() && task.model() == evaluator.model()
}

/// Does a push wait for what the Evaluator finds?
fn evaluated(evaluator: &Task<'_>, pushers: &[Task<'_>]) -> Evaluated {
    if let Some(pusher) = pushers.iter().find(|pusher| !pusher.is_conditional()) {
        return Evaluated::No(format!("`{}` pushes the model without waiting for it", pusher.label()).into());
    }
    let waits = !pushers.is_empty() && pushers.iter().all(|pusher| pusher.takes_blessing(evaluator));
    if waits { Evaluated::Yes } else { Evaluated::Unknown }
}

/// Reports Pushers that never ask for the blessing.
fn unasked(evaluator: &Task<'_>, pushers: &[Task<'_>], cx: &mut Lowering<'_>) {
    for pusher in pushers.iter().filter(|pusher| !pusher.is_conditional()) {
        let (pusher_name, name) = (pusher.label(), evaluator.label());
        let message = format!(
            "`{pusher_name}` has no condition in a `triggerPolicy`, so it pushes the model that `{name}` may have refused"
        );
        let help = format!("give the Pusher the `model_blessing` of `{name}`, and compile the pipeline anew");
        cx.problem(pusher.name.span(), message, help);
    }
}

/// The thresholds of one Evaluator.
fn criteria(evaluator: &Task<'_>, evaluated: &Evaluated, cx: &mut Lowering<'_>) -> Vec<Criterion> {
    let later = |span| {
        let given = Criterion::opaque("eval_config", "given to the run", StageRange::ALL, span);
        vec![Criterion { evaluated: evaluated.clone(), action: Action::Pause, ..given }]
    };
    let Some(node) = evaluator.constant("eval_config") else { return later(evaluator.name.span()) };
    let text = node.text().unwrap_or_default();
    match parsed(text, node.span()) {
        Ok(doc) if config::is_config(doc.root()) => {
            let asked = config::asked(doc.root(), Some(node.span()), evaluated);
            asked.tell(cx);
            asked.criteria
        }
        Ok(_) | Err(_) if is_template(text) => later(node.span()),
        Ok(doc) if doc.root().is_map() => Vec::new(),
        Ok(_) | Err(_) => {
            let message = format!("the `eval_config` of `{}` is a text that holds no JSON object", evaluator.label());
            cx.problem(node.span(), message, "write an `EvalConfig` in JSON");
            Vec::new()
        }
    }
}
