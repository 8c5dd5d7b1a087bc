//! Steps of a process: which replace the old version, and which hold back what comes after them.

use crate::adapters::nodes::{items, present, text};
use crate::model::{Strategy, Unresolved};
use crate::syntax::Node;

pub(super) const WINDOW: &str = "Octopus.Action.MaxParallelism";
const STYLE: &str = "Octopus.Action.KubernetesContainers.DeploymentStyle";
const TEMPLATE: &str = "Octopus.Action.Template.Id";

/// A step, or a template that stands for one.
#[derive(Clone, Copy)]
pub(super) struct Part<'d> {
    pub(super) label: Node<'d>,
    pub(super) body: Node<'d>,
    is_template: bool,
}

/// The blocks `kind` with one label. HCL's tree has each as a mapping from its label.
pub(super) fn labelled<'d>(parent: Node<'d>, kind: &str) -> impl Iterator<Item = Part<'d>> {
    let is_template = kind == "process_template";
    items(parent, kind).flat_map(Node::entries).map(move |(label, body)| Part { label, body, is_template })
}

/// Steps and templates in the order in which they are written, which is that in which they run.
pub(super) fn parts(root: Node<'_>) -> Vec<Part<'_>> {
    let mut all: Vec<_> = labelled(root, "step").chain(labelled(root, "process_template")).collect();
    all.sort_by_key(|part| part.label.span().start);
    all
}

/// A step, or one action of it, of which the file tells how it replaces the old version.
pub(super) struct Replacing<'d> {
    pub(super) part: Part<'d>,
    pub(super) action: Node<'d>,
    /// Where the strategy is written.
    pub(super) at: Node<'d>,
    pub(super) strategy: Strategy,
}

/// What can hold the next step back.
#[derive(Clone, Copy)]
pub(super) struct Barrier<'d> {
    pub(super) label: Node<'d>,
    /// The manual action; a template hides what it is.
    pub(super) action: Option<Node<'d>>,
    /// Does the server decide whether it runs?
    pub(super) conditional: bool,
}

impl<'d> Part<'d> {
    /// Its actions that run, none where it runs after a failure only. An action may have no label.
    fn actions(self) -> impl Iterator<Item = Node<'d>> {
        let runs = text(self.body, "condition") != "Failure" && !is_disabled(self.body);
        let one = |block: Node<'d>| if is_action(block) { Some(block) } else { block.entries().map(|(_, a)| a).next() };
        items(self.body, "action").filter_map(one).filter(move |action| runs && !is_disabled(*action))
    }

    pub(super) fn replacing(self) -> Vec<Replacing<'d>> {
        let deploying = |action: &Node<'d>| !is_manual(*action);
        if let Some(at) = property(self.body, WINDOW) {
            let action = self.actions().find(deploying);
            let rolling = |action| Replacing { part: self, action, at, strategy: Strategy::Rolling };
            return action.map(rolling).into_iter().collect();
        }
        let styled = |action: Node<'d>| {
            let at = property(action, STYLE)?;
            Some(Replacing { part: self, action, at, strategy: strategy(at)? })
        };
        self.actions().filter_map(styled).collect()
    }

    pub(super) fn unresolved(self) -> Unresolved {
        let name = present(self.body, "process_template_slug").unwrap_or(self.label);
        Unresolved {
            kind: "ProcessTemplate".into(),
            name: name.text().unwrap_or_default().into(),
            span: name.span(),
            because: "so its steps and criteria are unknown",
        }
    }

    pub(super) fn barriers(self) -> Vec<Barrier<'d>> {
        let conditional = !matches!(text(self.body, "condition"), "" | "Success" | "Always");
        let barrier = |action| Barrier { label: self.label, action, conditional };
        if self.is_template {
            return vec![barrier(None)];
        }
        let of_action = |action: Node<'d>| {
            let hidden = property(action, TEMPLATE).is_some();
            (hidden || is_manual(action)).then(|| barrier(Some(action).filter(|_| !hidden)))
        };
        self.actions().filter_map(of_action).collect()
    }
}

fn strategy(style: Node<'_>) -> Option<Strategy> {
    match style.text()? {
        "RollingUpdate" => Some(Strategy::Rolling),
        "Recreate" => Some(Strategy::Recreate),
        "BlueGreen" => Some(Strategy::BlueGreen),
        _ => None,
    }
}

fn is_action(node: Node<'_>) -> bool {
    node.get("action_type").is_some() || node.get("properties").is_some()
}

fn is_manual(action: Node<'_>) -> bool {
    text(action, "action_type") == "Octopus.Manual"
}

fn is_disabled(node: Node<'_>) -> bool {
    text(node, "is_disabled").eq_ignore_ascii_case("true")
}

/// A property that is written and not empty. A name with dots is an expression to HCL, unless it is in quotes.
pub(super) fn property<'d>(parent: Node<'d>, name: &str) -> Option<Node<'d>> {
    let all = parent.get("properties")?;
    let written = all.get(name).or_else(|| all.get(&format!("${{{name}}}")))?;
    Some(written).filter(|node| node.text().is_some_and(|text| !text.trim().is_empty()))
}
