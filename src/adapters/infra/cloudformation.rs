//! CloudFormation and SAM: resources, parameters, conditions, references.

use super::field::{Known, Looked};
use super::{Language, Resource, Template};
use crate::adapters::{Object, is_template as is_rendered};
use crate::syntax::Node;

/// How deep intrinsic functions are followed.
const DEPTH: usize = 16;

/// By whom a parameter's default counts.
const DEFAULT: &str = "the parameter's default, which a deployment may override";

/// Is it a template: does it say its version, or has it resources of AWS?
pub(super) fn is_template(root: Node<'_>) -> bool {
    let Some(resources) = root.get("Resources").filter(|r| r.is_map()) else { return false };
    let typed = |node: Node<'_>| node.get("Type").and_then(Node::text).is_some_and(is_type);
    root.get("AWSTemplateFormatVersion").is_some()
        || root.get("Transform").is_some()
        || resources.entries().any(|(_, resource)| typed(resource))
}

fn is_type(text: &str) -> bool {
    text.starts_with("AWS::") || text.starts_with("Custom::") || text.starts_with("Alexa::")
}

/// The resources, then the hooks, that may exist.
pub(super) fn objects<'d>(template: &'d Template<'d>) -> Vec<Object<'d>> {
    let sections = ["Resources", "Hooks"].into_iter().filter_map(|name| template.root.get(name));
    let all = sections.flat_map(Node::entries);
    all.filter_map(|(name, node)| resource(template, name, node)).collect()
}

/// The resource of that logical id.
pub(super) fn object<'d>(template: &'d Template<'d>, name: &str) -> Option<Object<'d>> {
    let resources = template.root.get("Resources")?;
    resource(template, resources.key(name)?, resources.get(name)?)
}

fn resource<'d>(template: &'d Template<'d>, name: Node<'d>, node: Node<'d>) -> Option<Object<'d>> {
    let (group, kind) = node.get("Type")?.text()?.rsplit_once("::")?;
    let only_if = node.get("Condition").and_then(Node::text);
    if only_if.is_some_and(|c| condition(template.root, c, 0) == Some(false)) {
        return None;
    }
    let (body, notes) = (node.get("Properties").filter(|p| p.is_map()), node.get("Metadata"));
    let place = Resource { name, body, unknown: None, notes, dialect: Language::CloudFormation, template };
    Some(Object::resource(node, group, kind, place))
}

/// A call of an intrinsic function, in its short or its long form: its name without `Fn::`, its argument.
fn call(node: Node<'_>) -> Option<(&str, Node<'_>)> {
    if let Some(name) = node.tag().and_then(|tag| tag.strip_prefix('!')).filter(|name| !name.starts_with('!')) {
        return Some((name, node));
    }
    let mut entries = node.entries();
    let (key, argument) = entries.next().filter(|_| node.is_map())?;
    let name = key.text()?;
    let is_call = name == "Ref" || name == "Condition" || name.starts_with("Fn::");
    (is_call && entries.next().is_none()).then(|| (name.trim_start_matches("Fn::"), argument))
}

/// What the template makes of `node`; `None` for `AWS::NoValue`.
pub(super) fn look<'d>(root: Node<'d>, node: Node<'d>) -> Option<Looked<'d>> {
    follow(root, node, 0)
}

fn follow<'d>(root: Node<'d>, node: Node<'d>, depth: usize) -> Option<Looked<'d>> {
    let Some((name, argument)) = call(node) else {
        return Some(match node.text() {
            Some(text) if text.contains("{{resolve:") => Looked::unknown(node, "dynamic-reference"),
            _ => Looked::written(node),
        });
    };
    if depth > DEPTH {
        return Some(Looked::unknown(node, "expression"));
    }
    match name {
        "Ref" => refer(root, node, argument),
        "GetAtt" => Some(Looked { node, known: Known::Resource }),
        "If" => choose(root, node, argument, depth),
        "FindInMap" => Some(find_in_map(root, node, argument, depth)),
        "Sub" if argument.text().is_some_and(|t| !is_rendered(t)) => Some(Looked::written(argument)),
        "ImportValue" => Some(Looked::unknown(node, "import")),
        _ => Some(Looked::unknown(node, "expression")),
    }
}

fn refer<'d>(root: Node<'d>, node: Node<'d>, argument: Node<'d>) -> Option<Looked<'d>> {
    let name = argument.text().unwrap_or_default();
    if name == "AWS::NoValue" {
        return None;
    }
    let Some(parameter) = root.path(&["Parameters", name]) else {
        let known = root.path(&["Resources", name]).map_or(Known::No("reference"), |_| Known::Resource);
        return Some(Looked { node, known });
    };
    Some(match parameter.get("Default").filter(|_| !is_stored(parameter)) {
        Some(default) => Looked { node: default, known: Known::Default(DEFAULT) },
        None => Looked::unknown(node, "parameter"),
    })
}

/// Is the value of that parameter kept elsewhere, so that its default is only a name?
fn is_stored(parameter: Node<'_>) -> bool {
    parameter.get("Type").and_then(Node::text).is_some_and(|t| t.starts_with("AWS::SSM::Parameter::Value"))
}

fn choose<'d>(root: Node<'d>, node: Node<'d>, argument: Node<'d>, depth: usize) -> Option<Looked<'d>> {
    let mut items = argument.items();
    let (Some(name), Some(then), Some(other)) = (items.next(), items.next(), items.next()) else {
        return Some(Looked::unknown(node, "condition"));
    };
    match condition(root, name.text().unwrap_or_default(), depth) {
        Some(true) => follow(root, then, depth + 1),
        Some(false) => follow(root, other, depth + 1),
        None => either(node, follow(root, then, depth + 1), follow(root, other, depth + 1)),
    }
}

/// Where nobody can tell which arm it is, the value is known if both say the same.
fn either<'d>(node: Node<'d>, then: Option<Looked<'d>>, other: Option<Looked<'d>>) -> Option<Looked<'d>> {
    let (then, other) = match (then, other) {
        (None, None) => return None,
        (Some(then), Some(other)) => (then, other),
        (Some(_), None) | (None, Some(_)) => return Some(Looked::unknown(node, "condition")),
    };
    let sure = |looked: &Looked<'_>| matches!(looked.known, Known::Written | Known::Default(_));
    let same = sure(&then) && sure(&other) && then.node.text().is_some() && then.node.text() == other.node.text();
    Some(if same { then } else { Looked::unknown(node, "condition") })
}

fn find_in_map<'d>(root: Node<'d>, node: Node<'d>, argument: Node<'d>, depth: usize) -> Looked<'d> {
    let mut known = Known::Written;
    let mut found = root.get("Mappings");
    for key in argument.items().take(3) {
        let Some(looked) = follow(root, key, depth + 1) else { return Looked::unknown(node, "mapping") };
        let in_production = found.and_then(|map| map.entries().find(|(key, _)| key.text().is_some_and(is_production)));
        match (looked.known, in_production) {
            (Known::Written, _) => found = found.and_then(|map| map.get(looked.node.text()?)),
            (_, Some((_, entry))) => {
                (found, known) = (Some(entry), Known::Default("the mapping's entry for production"));
            }
            (Known::Default(_), None) => {
                known = looked.known;
                found = found.and_then(|map| map.get(looked.node.text()?));
            }
            (Known::No(_) | Known::Resource, None) => return Looked::unknown(node, "mapping"),
        }
    }
    found.map_or(Looked::unknown(node, "mapping"), |node| Looked { node, known })
}

/// The logical id that a reference names.
pub(super) fn referred(node: Node<'_>) -> Option<&str> {
    let (name, argument) = call(node)?;
    match name {
        "Ref" => argument.text(),
        "GetAtt" if argument.is_seq() => argument.items().next()?.text(),
        "GetAtt" => argument.text()?.split('.').next(),
        "Sub" => {
            let inner = argument.text()?.strip_prefix("${")?.strip_suffix('}')?;
            Some(inner.split('.').next().unwrap_or(inner)).filter(|name| !name.contains("${"))
        }
        _ => None,
    }
}

/// Names that people give to where their users are.
const PRODUCTION: [&str; 5] = ["production", "prod", "prd", "live", "main"];

fn is_production(text: &str) -> bool {
    PRODUCTION.iter().any(|name| text.eq_ignore_ascii_case(name))
}

/// Does the condition hold where the users are? A comparison with the name of production holds there; others count by
/// the parameters' defaults; `None` where nobody can tell.
fn condition(root: Node<'_>, name: &str, depth: usize) -> Option<bool> {
    holds(root, root.path(&["Conditions", name])?, depth + 1)
}

fn holds(root: Node<'_>, node: Node<'_>, depth: usize) -> Option<bool> {
    if depth > DEPTH {
        return None;
    }
    let (name, argument) = call(node)?;
    let mut all = argument.items().map(|item| holds(root, item, depth + 1));
    match name {
        "Condition" => condition(root, argument.text()?, depth),
        "Not" => all.next()?.map(|held| !held),
        "And" => all.try_fold(true, |sofar, held| Some(sofar && held?)),
        "Or" => {
            let all: Vec<Option<bool>> = all.collect();
            if all.contains(&Some(true)) {
                Some(true)
            } else {
                all.into_iter().collect::<Option<Vec<_>>>().map(|_| false)
            }
        }
        "Equals" => equal(root, argument, depth),
        _ => None,
    }
}

fn equal(root: Node<'_>, argument: Node<'_>, depth: usize) -> Option<bool> {
    let mut items = argument.items();
    let (one, other) = (items.next()?, items.next()?);
    let literal = |node: Node<'_>| call(node).is_none().then(|| node.text().unwrap_or_default().to_owned());
    for (this, that) in [(one, other), (other, one)] {
        // "Is anything given at all" is what the default can't tell.
        if literal(that).is_some_and(|text| text.is_empty()) {
            return None;
        }
        if let (None, Some(text)) = (literal(this), literal(that))
            && is_environment(root, this, &text)
        {
            return Some(is_production(&text));
        }
    }
    let value = |node| follow(root, node, depth + 1).filter(|l| matches!(l.known, Known::Written | Known::Default(_)));
    Some(value(one)?.node.text()? == value(other)?.node.text()?)
}

/// Does the value `node` tell where a stack is deployed to? It is held against the name of production, or is a parameter
/// of that name or with such values.
fn is_environment(root: Node<'_>, node: Node<'_>, against: &str) -> bool {
    if is_production(against) {
        return true;
    }
    let Some(("Ref", argument)) = call(node) else { return false };
    let name = argument.text().unwrap_or_default();
    let allowed = root.path(&["Parameters", name, "AllowedValues"]);
    let named = ["env", "stage", "environment"].iter().any(|word| name.to_ascii_lowercase().ends_with(word));
    match allowed {
        Some(values) => values.items().filter_map(Node::text).any(is_production),
        None => named,
    }
}

#[cfg(test)]
mod tests;
