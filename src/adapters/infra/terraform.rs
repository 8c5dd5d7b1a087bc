//! Terraform: configurations (`.tf`, `.tf.json`) and plans as `terraform show -json` prints them.

use super::field::{Field, Known, Looked};
use super::{Language, Resource, Template};
use crate::adapters::Object;
use crate::syntax::Node;

/// The group of every resource of Terraform's.
pub(super) const GROUP: &str = "terraform";

/// How deep references are followed.
const DEPTH: usize = 8;

const DEFAULT: &str = "the variable's default, which a deployment may override";

/// Is it a configuration: a file that declares resources, each by its type and label?
pub(super) fn is_configuration(root: Node<'_>) -> bool {
    root.get("resource")
        .is_some_and(|all| blocks(all).any(|types| types.entries().any(|(_, named)| named.is_map() || named.is_seq())))
}

/// Is it a plan?
pub(super) fn is_plan(root: Node<'_>) -> bool {
    root.get("format_version").is_some()
        && (root.get("resource_changes").is_some() || root.get("planned_values").is_some())
}

/// A block, or the several that stand beside each other.
fn blocks(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let one = node.is_map().then_some(node);
    one.into_iter().chain(node.items())
}

/// The resources of a configuration.
pub(super) fn objects<'d>(template: &'d Template<'d>) -> Vec<Object<'d>> {
    let mut all = Vec::new();
    for types in template.root.get("resource").into_iter().flat_map(blocks) {
        for (kind, named) in types.entries() {
            for (label, bodies) in blocks(named).flat_map(Node::entries) {
                let kind = kind.text().unwrap_or_default();
                all.extend(blocks(bodies).map(|body| configured(template, kind, label, body)));
            }
        }
    }
    all
}

fn configured<'d>(template: &'d Template<'d>, kind: &'d str, name: Node<'d>, body: Node<'d>) -> Object<'d> {
    let place = Resource { name, body: Some(body), unknown: None, notes: None, dialect: Language::Terraform, template };
    object_of(body, kind, place)
}

/// The object that a resource is: one of azapi is what ARM calls its type.
fn object_of<'d>(node: Node<'d>, kind: &'d str, place: Resource<'d>) -> Object<'d> {
    let plain = || Object::resource(node, GROUP, kind, place);
    let typed = |body: Node<'d>| body.get("type")?.text()?.split_once('@')?.0.split_once('/');
    let azapi = matches!(kind, "azapi_resource" | "azapi_update_resource");
    let Some(body) = place.body.filter(|_| azapi) else { return plain() };
    let Some((group, kind)) = typed(body) else { return plain() };
    let unknown = place.unknown.and_then(|u| u.get("body"));
    Object::resource(node, group, kind, Resource { body: body.get("body"), unknown, dialect: Language::Arm, ..place })
}

/// The properties in the `body` of a resource of azapi, which older versions take as a text of JSON.
pub(super) fn properties<'d>(body: &Field<'d>) -> Option<Field<'d>> {
    if body.text().is_some() { Some(body.opaque("JSON in a text")) } else { body.get("properties") }
}

/// The resource at the address `type.label`.
pub(super) fn object<'d>(template: &'d Template<'d>, address: &str) -> Option<Object<'d>> {
    let (kind, label) = address.split_once('.')?;
    let of_azapi = |o: &Object<'_>| kind.starts_with("azapi_") && o.group != GROUP;
    objects(template).into_iter().find(|o| o.name() == label && (o.kind == kind || of_azapi(o)))
}

/// What a plan changes or leaves as it is; what it takes away is not there any more.
pub(super) fn planned<'d>(template: &'d Template<'d>) -> Vec<Object<'d>> {
    if let Some(changes) = template.root.get("resource_changes") {
        return changes.items().filter_map(|change| changed(template, change, "after")).collect();
    }
    let mut all = Vec::new();
    if let Some(module) = template.root.path(&["planned_values", "root_module"]) {
        of_module(template, module, &mut all, 0);
    }
    all
}

/// The same before the plan is applied, where it changes something.
pub(super) fn before<'d>(template: &'d Template<'d>) -> Vec<Object<'d>> {
    let changes = template.root.get("resource_changes").into_iter().flat_map(Node::items);
    let acts = |node: &Node<'_>| {
        node.path(&["change", "actions"]).is_some_and(|a| a.items().any(|a| a.text() != Some("no-op")))
    };
    changes.filter(acts).filter_map(|change| changed(template, change, "before")).collect()
}

fn changed<'d>(template: &'d Template<'d>, node: Node<'d>, state: &str) -> Option<Object<'d>> {
    if node.get("mode").and_then(Node::text) == Some("data") {
        return None;
    }
    let change = node.get("change")?;
    let body = Some(change.get(state).filter(|state| state.is_map())?);
    let (kind, name) = (node.get("type")?.text()?, node.get("address")?);
    let place = Resource {
        name,
        body,
        unknown: change.get("after_unknown").filter(|_| state == "after"),
        notes: None,
        dialect: Language::Plan,
        template,
    };
    Some(object_of(node, kind, place))
}

fn of_module<'d>(template: &'d Template<'d>, module: Node<'d>, all: &mut Vec<Object<'d>>, depth: usize) {
    for node in module.get("resources").into_iter().flat_map(Node::items) {
        let managed = node.get("mode").and_then(Node::text) != Some("data");
        let (Some(kind), Some(name)) = (node.get("type").and_then(Node::text), node.get("address")) else { continue };
        let place =
            Resource { name, body: node.get("values"), unknown: None, notes: None, dialect: Language::Plan, template };
        all.extend(managed.then(|| object_of(node, kind, place)));
    }
    if depth < DEPTH * 8 {
        for child in module.get("child_modules").into_iter().flat_map(Node::items) {
            of_module(template, child, all, depth + 1);
        }
    }
}

/// The expression that `node` is, if it is one and nothing else: `var.x` of `${var.x}`.
fn expression(node: Node<'_>) -> Option<&str> {
    node.text()?.strip_prefix("${")?.strip_suffix('}').map(str::trim)
}

/// What the configuration makes of `node`.
pub(super) fn look<'d>(root: Node<'d>, node: Node<'d>) -> Option<Looked<'d>> {
    follow(root, node, Known::Written, 0)
}

fn follow<'d>(root: Node<'d>, node: Node<'d>, known: Known, depth: usize) -> Option<Looked<'d>> {
    if !node.text().is_some_and(|text| text.contains("${") || text.contains("%{")) {
        return (!node.is_null()).then_some(Looked { node, known });
    }
    let Some(expression) = expression(node).filter(|_| depth < DEPTH) else {
        return Some(Looked::unknown(node, "expression"));
    };
    let parts: Vec<&str> = expression.split('.').collect();
    match parts[..] {
        ["var", name] => match section(root, "variable", name).map(|v| v.get("default")) {
            Some(Some(default)) => follow(root, default, Known::Default(DEFAULT), depth + 1),
            Some(None) | None => Some(Looked::unknown(node, "variable")),
        },
        ["local", name] => match blocks_of(root, "locals").find_map(|l| l.get(name)) {
            Some(value) => follow(root, value, known, depth + 1),
            None => Some(Looked::unknown(node, "local")),
        },
        _ if referred(node).is_some() => Some(Looked { node, known: Known::Resource }),
        _ => Some(Looked::unknown(node, "expression")),
    }
}

fn blocks_of<'d>(root: Node<'d>, section: &str) -> impl Iterator<Item = Node<'d>> {
    root.get(section).into_iter().flat_map(blocks)
}

fn section<'d>(root: Node<'d>, section: &str, name: &str) -> Option<Node<'d>> {
    let found = blocks_of(root, section).find_map(|all| all.get(name))?;
    blocks(found).next()
}

/// The address `type.label` of the resource that an expression is about: of `${aws_lambda_alias.live.arn}`, with or
/// without an index.
pub(super) fn referred(node: Node<'_>) -> Option<&str> {
    let inner = expression(node)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let (kind, rest) = inner.split_once('.')?;
    let label = rest.find(|c| !plain(c)).map_or(rest, |end| &rest[..end]);
    let of_resource = kind.contains('_') && kind.chars().all(plain) && !label.is_empty();
    let rest_is_path = !rest[label.len()..].contains(|c: char| c.is_whitespace() || matches!(c, '(' | '?' | '+' | ','));
    (of_resource && rest_is_path).then(|| &inner[..kind.len() + 1 + label.len()])
}

#[cfg(test)]
mod tests {
    use super::referred;
    use crate::adapters::testing::with_root;

    #[test]
    fn what_an_expression_is_about() {
        let of = |text: &str| with_root(&format!("\"{text}\""), |node| referred(node).map(str::to_owned));
        assert_eq!(of("${aws_lambda_alias.live.arn}").as_deref(), Some("aws_lambda_alias.live"));
        assert_eq!(of("${aws_cloudwatch_metric_alarm.x[0].id}").as_deref(), Some("aws_cloudwatch_metric_alarm.x"));
        assert_eq!(of("${var.x}"), None);
        assert_eq!(of("${max(aws_a.b, 1)}"), None);
        assert_eq!(of("${aws_a.b ? 1 : 2}"), None);
    }
}
