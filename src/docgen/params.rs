//! A rule's parameters as a table, from their schema.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::levels::flow;
use crate::rules::RuleDef;

/// A parameter of a rule, in words.
pub(super) struct Parameter {
    /// Its name.
    pub(super) name: String,
    /// What may be written.
    value: String,
    /// What is taken where nothing is written.
    default: Default,
    /// What it means.
    about: String,
}

/// What is taken where a parameter is not written.
enum Default {
    /// This.
    Value(String),
    /// Another rule's parameter: (rule, parameter).
    Follows(&'static str, &'static str),
    /// Its description says.
    Described,
}

/// The parameters of `def`, in the order they are declared.
pub(super) fn parameters(def: &RuleDef) -> Vec<Parameter> {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let schema: Value = (def.schema)(&mut generator).into();
    let definitions = generator.take_definitions(true);
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    let parameter = |(name, property): (&String, &Value)| {
        let follows = def.follows.iter().find(|(own, _, _)| own == name);
        let default = match (follows, property.get("default")) {
            (Some((_, rule, parameter)), _) => Default::Follows(rule, parameter),
            (None, Some(Value::Null) | None) => Default::Described,
            (None, Some(value)) => Default::Value(flow(value)),
        };
        let about = property["description"].as_str().unwrap_or("").replace('\n', " ");
        Parameter { name: name.clone(), value: kind(property, &definitions), default, about }
    };
    properties.iter().map(parameter).collect()
}

/// The section of a rule's page that names its parameters.
pub(super) fn section(def: &RuleDef) -> String {
    let parameters = parameters(def);
    if parameters.is_empty() {
        return "## Parameters\n\nNone.\n".to_owned();
    }
    let mut out = "## Parameters\n\n| parameter | value | default | |\n|---|---|---|---|\n".to_owned();
    for parameter in parameters {
        let default = match parameter.default {
            Default::Value(value) => format!("`{value}`"),
            Default::Follows(rule, other) => format!("[`{rule}`]({rule}.md)'s `{other}`"),
            Default::Described => "–".to_owned(),
        };
        out += &format!("| `{}` | {} | {default} | {} |\n", parameter.name, parameter.value, parameter.about);
    }
    out
}

/// The same for a terminal: one paragraph a parameter.
pub(super) fn plain(def: &RuleDef) -> Vec<String> {
    let one = |parameter: Parameter| {
        let default = match parameter.default {
            Default::Value(value) => format!(", default `{value}`"),
            Default::Follows(rule, other) => format!(", default that of `{rule}`: `{other}`"),
            Default::Described => String::new(),
        };
        format!("- `{}`: {}{default}. {}", parameter.name, parameter.value, parameter.about)
    };
    parameters(def).into_iter().map(one).collect()
}

/// What a value of that schema looks like, in words.
fn kind(schema: &Value, definitions: &Map<String, Value>) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|r| r.rsplit('/').next()) {
        return definitions.get(name).map_or_else(|| name.to_owned(), |d| kind(d, definitions));
    }
    if let Some(words) = schema["description"].as_str().and_then(|d| d.strip_prefix("Written as ")) {
        return words.trim_end_matches('.').to_owned();
    }
    if let Some(values) = schema["enum"].as_array() {
        let named = values.iter().filter(|v| !v.is_null()).map(|v| format!("`{}`", flow(v)));
        return named.collect::<Vec<_>>().join(", ");
    }
    let choices = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array());
    if let Some(choices) = choices {
        let shown = choices.iter().filter(|c| c["type"] != "null");
        return shown.map(|c| constant(c, definitions)).collect::<Vec<_>>().join(", ");
    }
    if schema.get("items").is_some() {
        return format!("a list of {}", kind(&schema["items"], definitions));
    }
    if let Some(properties) = schema["properties"].as_object() {
        let keys = properties.keys().map(|k| format!("`{k}`"));
        return format!("mappings of {}", keys.collect::<Vec<_>>().join(", "));
    }
    word(&schema["type"]).to_owned()
}

/// A constant with its name, anything else in words.
fn constant(schema: &Value, definitions: &Map<String, Value>) -> String {
    match schema.get("const") {
        Some(value) => format!("`{}`", flow(value)),
        None => kind(schema, definitions),
    }
}

fn word(kind: &Value) -> &'static str {
    let named = kind.as_array().map_or(kind, |kinds| kinds.iter().find(|k| *k != "null").unwrap_or(kind));
    match named.as_str() {
        Some("string") => "text",
        Some("integer") => "a whole number",
        Some("number") => "a number",
        Some("boolean") => "`true` or `false`",
        Some("array") => "a list",
        Some(_) | None => "a mapping",
    }
}
