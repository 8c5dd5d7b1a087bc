//! Azure Resource Manager: templates as JSON, what Bicep compiles to.

use super::field::{Known, Looked};
use super::{Language, Resource, Template};
use crate::adapters::Object;
use crate::syntax::Node;

const DEFAULT: &str = "the parameter's defaultValue, which a deployment may override";

/// How deep resources lie in resources.
const DEPTH: usize = 16;

/// Is it a template: does it name the schema of one?
pub(super) fn is_template(root: Node<'_>) -> bool {
    let schema = root.get("$schema").and_then(Node::text).unwrap_or_default();
    schema.to_ascii_lowercase().contains("deploymenttemplate.json") && root.get("resources").is_some()
}

/// The resources, those within others included.
pub(super) fn objects<'d>(template: &'d Template<'d>) -> Vec<Object<'d>> {
    let mut all = Vec::new();
    if let Some(resources) = template.root.get("resources") {
        below(template, resources, &mut all, 0);
    }
    all
}

/// A list of resources, or a mapping from symbolic names.
fn below<'d>(template: &'d Template<'d>, resources: Node<'d>, all: &mut Vec<Object<'d>>, depth: usize) {
    let named = resources.entries().map(|(_, resource)| resource);
    for node in resources.items().chain(named) {
        all.extend(resource(template, node));
        let nested = node.path(&["properties", "template", "resources"]);
        for children in [node.get("resources"), nested].into_iter().flatten().filter(|_| depth < DEPTH) {
            below(template, children, all, depth + 1);
        }
    }
}

fn resource<'d>(template: &'d Template<'d>, node: Node<'d>) -> Option<Object<'d>> {
    if node.get("existing").and_then(Node::as_bool) == Some(true) {
        return None;
    }
    let (group, kind) = node.get("type")?.text()?.split_once('/')?;
    let (name, body) = (node.get("name")?, node.get("properties").filter(|p| p.is_map()));
    let place = Resource { name, body, unknown: None, notes: node.get("tags"), dialect: Language::Arm, template };
    Some(Object::resource(node, group, kind, place))
}

/// What the template makes of `node`.
pub(super) fn look<'d>(root: Node<'d>, node: Node<'d>) -> Looked<'d> {
    let Some(inner) = node.text().and_then(|t| t.strip_prefix('[')?.strip_suffix(']')).filter(|t| !t.starts_with('['))
    else {
        return Looked::written(node);
    };
    let call = inner.trim();
    let argument = |name: &str| call.strip_prefix(name)?.strip_prefix("('")?.strip_suffix("')");
    if let Some(name) = argument("parameters") {
        let default = root.path(&["parameters", name, "defaultValue"]);
        let known = default.filter(|d| !d.text().is_some_and(|t| t.starts_with('[')));
        return known
            .map_or(Looked::unknown(node, "parameter"), |node| Looked { node, known: Known::Default(DEFAULT) });
    }
    if let Some(value) = argument("variables").and_then(|name| root.path(&["variables", name])) {
        let literal = !value.text().is_some_and(|t| t.starts_with('['));
        return if literal { Looked::written(value) } else { Looked::unknown(node, "variable") };
    }
    Looked::unknown(node, "expression")
}
