//! Finds every fault in the parameters that a policy gives to rules.
//!
//! Each parameter is bound on its own, and each item of a list, so that all faults are found and each has its rule's own
//! words. Where in a nested value the fault lies, the rule's JSON schema tells.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::{Map, Value, json};

use super::desk::{meant, shown};
use super::fault::{Fault, PolicyFile};
use super::layer::{Layer, is_blank, parse};
use super::setting::Named;
use crate::finding::Weaker;
use crate::syntax::{self, Engine, Node};
use crate::text::{Span, Spanned, nearest};

/// How rules take their parameters, told by whoever holds the rules.
pub trait Binder {
    /// Why the rule does not take these parameters, if it doesn't.
    fn refuses(&self, rule: &str, params: &Value) -> Option<String>;
    /// The JSON schema of the rule's parameters, with its own `$defs`.
    fn schema(&self, rule: &str) -> Value;
    /// Parameters that follow another rule's unless they are set themselves: (own, rule, its parameter).
    fn follows(&self, _rule: &str) -> &'static [(&'static str, &'static str, &'static str)] {
        &[]
    }
    /// Which parameters of `after` ask for less than those of `before`. What is left out has the rule's default.
    fn weakened(&self, _rule: &str, _before: &Value, _after: &Value) -> Vec<Weaker> {
        Vec::new()
    }

    /// Parameters that name calendars by their paths, in a list.
    fn calendars(&self, _rule: &str) -> &'static [&'static str] {
        &[]
    }
}

/// Something wrong with parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamFault {
    /// Where, as a JSON pointer into the parameters.
    pub pointer: String,
    /// What of it to underline.
    pub at: PointsAt,
    /// What is wrong there, no final stop.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// What a [`ParamFault`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointsAt {
    /// The key.
    Key,
    /// The value.
    Value,
}

/// Everything that the JSON schema of `rule` finds wrong with `params`.
pub fn schema_faults(rule: &str, params: &Value, schema: &Value) -> Vec<ParamFault> {
    let Ok(validator) = jsonschema::validator_for(schema) else { return Vec::new() };
    validator.iter_errors(params).flat_map(|error| explain(rule, &error, schema)).collect()
}

fn explain(rule: &str, error: &ValidationError<'_>, schema: &Value) -> Vec<ParamFault> {
    let pointer = error.instance_path().as_str();
    let keyword = error.schema_path().as_str();
    let part = keyword.rsplit_once('/').and_then(|(parent, _)| schema.pointer(parent));
    if let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind() {
        let keys = || part.and_then(|p| p.get("properties")).and_then(Value::as_object).into_iter().flatten();
        let names: Vec<&str> = keys().map(|(key, _)| key.as_str()).collect();
        return unexpected.iter().map(|key| unknown_key(rule, pointer, key, &names)).collect();
    }
    if let ValidationErrorKind::Required { property } = error.kind() {
        let message = format!("`{}` is missing here", property.as_str().unwrap_or_default());
        let help = "add it, or remove the entry".to_owned();
        return vec![ParamFault { pointer: pointer.to_owned(), at: PointsAt::Value, message, help }];
    }
    let value = error.instance();
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let message = format!("`{}` is not a value that this takes", shown(&text));
    vec![ParamFault { pointer: pointer.to_owned(), at: PointsAt::Value, message, help: advice(part) }]
}

fn unknown_key(rule: &str, pointer: &str, key: &str, names: &[&str]) -> ParamFault {
    let here = if pointer.is_empty() {
        format!("`{rule}` has no parameter `{}`", shown(key))
    } else {
        format!("there is no key `{}` here", shown(key))
    };
    let help = match names {
        [] if pointer.is_empty() => format!("`{rule}` takes a level and nothing else"),
        [] => "remove it".to_owned(),
        // A misspelt `level` is a parameter that nobody knows.
        _ if pointer.is_empty()
            && nearest(key, names.iter().copied()).is_none()
            && nearest(key, ["level"]).is_some() =>
        {
            "did you mean `level`?".to_owned()
        }
        _ => meant(key, names.iter().copied(), if pointer.is_empty() { "parameters" } else { "keys" }),
    };
    ParamFault { pointer: format!("{pointer}/{}", escape(key)), at: PointsAt::Key, message: here, help }
}

/// What a schema says that a value should look like.
fn advice(schema: Option<&Value>) -> String {
    let described = schema.and_then(|s| s.get("description")).and_then(Value::as_str).unwrap_or("");
    let line = described.split("\n\n").next().unwrap_or("").replace('\n', " ");
    if let Some(rest) = line.strip_prefix("Written as ") {
        return format!("write {}", rest.trim_end_matches('.'));
    }
    let options = schema.and_then(|s| s.get("enum")).and_then(Value::as_array);
    match options {
        Some(all) => {
            let names: Vec<String> = all.iter().filter_map(Value::as_str).map(|name| format!("`{name}`")).collect();
            format!("the values are {}", names.join(", "))
        }
        None if line.is_empty() => "`rollgate explain RULE` shows the rule's parameters".to_owned(),
        None => line.trim_end_matches('.').to_owned(),
    }
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Every fault of one rule's parameters.
pub fn param_faults(rule: &str, params: &Map<String, Value>, binder: &dyn Binder) -> Vec<ParamFault> {
    let whole = Value::Object(params.clone());
    let Some(first) = binder.refuses(rule, &whole) else { return Vec::new() };
    let schema = binder.schema(rule);
    let mut faults: Vec<ParamFault> =
        params.iter().flat_map(|(name, value)| one_param(rule, name, value, binder, &schema)).collect();
    if faults.is_empty() {
        // Each is well on its own, but not all of them together.
        let help = "`rollgate explain RULE` shows how its parameters belong together".to_owned();
        faults.push(ParamFault { pointer: String::new(), at: PointsAt::Value, message: first, help });
    }
    faults
}

fn one_param(rule: &str, name: &str, value: &Value, binder: &dyn Binder, schema: &Value) -> Vec<ParamFault> {
    let alone = |value: &Value| json!({ name: value });
    let Some(message) = binder.refuses(rule, &alone(value)) else { return Vec::new() };
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let pointer = format!("/{}", escape(name));
    let mut faults = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let only = alone(&json!([item]));
        if let Some(message) = binder.refuses(rule, &only) {
            let found = located(rule, &only, &format!("{pointer}/0"), message, schema);
            faults.extend(found.into_iter().map(|f| moved(f, &pointer, index)));
        }
    }
    if faults.is_empty() { located(rule, &alone(value), &pointer, message, schema) } else { faults }
}

/// A fault of the only item of a list, as one of the item at `index`.
fn moved(fault: ParamFault, list: &str, index: usize) -> ParamFault {
    let rest = fault.pointer.strip_prefix(&format!("{list}/0")).unwrap_or("");
    ParamFault { pointer: format!("{list}/{index}{rest}"), ..fault }
}

/// The places that the schema finds in `params`, with the rule's own `message` where it can only mean one of them.
fn located(rule: &str, params: &Value, fallback: &str, message: String, schema: &Value) -> Vec<ParamFault> {
    let mut faults = schema_faults(rule, params, schema);
    match faults.as_mut_slice() {
        [] => {
            let help = advice_at(schema, fallback);
            faults.push(ParamFault { pointer: fallback.to_owned(), at: PointsAt::Value, message, help });
        }
        // What serde says of its own is less than what the schema knows.
        [only]
            if only.at == PointsAt::Value && !message.starts_with("unknown ") && !message.starts_with("missing ") =>
        {
            only.message = message;
        }
        _ => {}
    }
    faults
}

/// What the schema says about the parameter that `pointer` starts with.
fn advice_at(schema: &Value, pointer: &str) -> String {
    let name = pointer.trim_start_matches('/').split('/').next().unwrap_or("");
    let part = schema.pointer(&format!("/properties/{name}"));
    let referred = part
        .and_then(|p| p.get("$ref"))
        .and_then(Value::as_str)
        .and_then(|r| schema.pointer(r.trim_start_matches('#')));
    advice(referred.or(part))
}

/// Every fault in the parameters that `layer`, the policy's file number `index`, gives to rules.
pub(super) fn faults_in(layer: &Layer, index: usize, file: &PolicyFile, binder: &dyn Binder) -> Vec<Fault> {
    let place = |named: &Named, fault: ParamFault| Fault {
        file: index,
        span: span_at(file, named, &fault.pointer, fault.at).unwrap_or(named.span),
        message: fault.message,
        help: fault.help,
    };
    let of = |named: &Named| -> Vec<Fault> {
        let params: Map<String, Value> = named.params.iter().map(|(k, p)| (k.clone(), p.value.clone())).collect();
        let found = param_faults(named.rule.id, &params, binder);
        found.into_iter().map(|fault| place(named, fault)).collect()
    };
    layer.named().filter(|named| !named.params.is_empty()).flat_map(of).collect()
}

/// The calendars that `layer` names: the path as written, and where in `file` it stands.
pub(super) fn calendars_in(layer: &Layer, file: &PolicyFile, binder: &dyn Binder) -> Vec<Spanned<String>> {
    let mut all = Vec::new();
    for named in layer.named() {
        let takes = binder.calendars(named.rule.id);
        for (name, param) in named.params.iter().filter(|(name, _)| takes.contains(&name.as_str())) {
            let items = param.value.as_array().into_iter().flatten().filter_map(Value::as_str);
            for (index, path) in items.enumerate() {
                let place = format!("/{}/{index}", escape(name));
                let span = span_at(file, named, &place, PointsAt::Value).or(param.span).unwrap_or(named.span);
                all.push(Spanned::new(path.to_owned(), span));
            }
        }
    }
    all
}

/// Where in `file` the value or the key at `pointer` of a rule's parameters stands. The file is parsed again: only faults
/// and calendars ask.
fn span_at(file: &PolicyFile, named: &Named, pointer: &str, at: PointsAt) -> Option<Span> {
    if pointer.is_empty() {
        return None;
    }
    let chunk = syntax::chunks(&file.text).find(|c| !is_blank(c.text))?;
    let document = parse(file, &chunk, Engine::Core12).ok()?;
    let rule = document.root().at(&named.pointer)?;
    match at {
        PointsAt::Value => rule.at(pointer).map(Node::span),
        PointsAt::Key => {
            let (parent, key) = pointer.rsplit_once('/')?;
            rule.at(parent)?.key(&key.replace("~1", "/").replace("~0", "~")).map(Node::span)
        }
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;

    use super::*;
    use crate::model::Share;
    use crate::model::units::Length;
    use crate::policy::tests::faults_bound;

    #[derive(Deserialize, JsonSchema)]
    #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
    struct Params {
        min: Share,
        max_hold: Length,
        require: Vec<Watched>,
        rows: Vec<Row>,
    }

    impl Default for Params {
        fn default() -> Self {
            Self { min: Share::NONE, max_hold: Length(0), require: Vec::new(), rows: Vec::new() }
        }
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    enum Watched {
        Latency,
        ErrorRate,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Row {
        hold: Length,
        name: String,
    }

    struct One;

    impl Binder for One {
        fn refuses(&self, _: &str, params: &Value) -> Option<String> {
            serde_json::from_value::<Params>(params.clone()).err().map(|e| e.to_string())
        }
        fn schema(&self, _: &str) -> Value {
            schemars::schema_for!(Params).to_value()
        }
    }

    fn found(text: &str) -> Vec<String> {
        faults_bound(text, &One)
    }

    #[test]
    fn good_parameters_have_no_faults() {
        assert_eq!(found("rules: {big-bang: {min: 1%, max-hold: 1h, require: [latency]}}"), Vec::<String>::new());
    }

    #[test]
    fn faults_of_the_file_and_of_parameters_are_found_together() {
        assert_eq!(found("extends: [strikt]\nrules: {big-bang: {min: 2}}\n").len(), 2);
    }

    #[test]
    fn every_fault_is_underlined_where_it_is() {
        let text = "rules:
  big-bang: {min: 2, max_hold: 1h, max-hold: 10 parsecs, levl: error}
scopes:
  - match: {environment: staging}
    rules:
      hold-too-short:
        require: [latency, error-rat]
        rows:
          - {hold: 1h, name: a}
          - {hold: 5, name: b}
          - {hold: 1h, nam: c}
          - {hold: 1h}
";
        let expected = [
            "2:19 \"2\" `2` has no unit: `2%`, or a ratio (write it as a percentage)? | write a percentage such as `1%` or `0.1%`",
            "2:22 \"max_hold\" `big-bang` has no parameter `max_hold` | did you mean `max-hold`?",
            "2:46 \"10 parsecs\" `10 parsecs` is not a duration such as `10m`, `1h30m`, `2d` or `1 week` | write a duration such as `10m`, `1h30m`, `2d` or `1 week`",
            "2:58 \"levl\" `big-bang` has no parameter `levl` | did you mean `level`?",
            "7:28 \"error-rat\" `error-rat` is not a value that this takes | the values are `latency`, `error-rate`",
            "10:20 \"5\" `5` has no unit: `5s` or `5m`? | write a duration such as `10m`, `1h30m`, `2d` or `1 week`",
            "11:13 \"{hold: 1h, nam: c}\" `name` is missing here | add it, or remove the entry",
            "11:24 \"nam\" there is no key `nam` here | did you mean `name`?",
            "12:13 \"{hold: 1h}\" `name` is missing here | add it, or remove the entry",
        ];
        assert_eq!(found(text), expected);
    }
}
