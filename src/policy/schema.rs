//! The JSON schema of the policy file, for editors. Reading does not use it; a test holds both to the same keys.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::schema_doc::{PolicyDoc, TestsDoc};
use crate::catalog::{Level, RuleMeta};

/// A rule and the schema of its parameters, as the registry of rules gives it.
pub type RuleSchema = (&'static RuleMeta, fn(&mut SchemaGenerator) -> Schema);

/// The schema of policy files, with the parameters of `rules`.
pub fn schema(rules: &[RuleSchema]) -> Value {
    compose::<PolicyDoc>(rules, "Policy of rollgate")
}

/// The schema of files of policy tests.
pub fn tests_schema(rules: &[RuleSchema]) -> Value {
    compose::<TestsDoc>(rules, "Policy tests of rollgate")
}

fn compose<T: JsonSchema>(rules: &[RuleSchema], title: &str) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let root = T::json_schema(&mut generator);
    let parts: Map<String, Value> =
        rules.iter().map(|(meta, params)| (meta.id.to_owned(), rule_schema(meta, params(&mut generator)))).collect();
    let ids: Vec<&str> = rules.iter().map(|(meta, _)| meta.id).collect();
    // Every rule refers to it, whether the root does or not.
    _ = generator.subschema_for::<Level>();
    let mut defs = generator.take_definitions(true);
    defs.insert("Rules".to_owned(), json!({ "type": "object", "properties": parts, "additionalProperties": false }));
    defs.insert("RuleName".to_owned(), json!({ "enum": ids }));
    finish(root, defs, title)
}

/// A whole schema from its root and definitions.
fn finish(root: Schema, mut defs: Map<String, Value>, title: &str) -> Value {
    defs.sort_keys();
    let mut whole = Map::new();
    whole.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    whole.insert("title".to_owned(), json!(title));
    if let Value::Object(root) = root.to_value() {
        whole.extend(root.into_iter().filter(|(key, _)| key != "title" && key != "$schema"));
    }
    whole.insert("$defs".to_owned(), Value::Object(defs));
    let mut whole = Value::Object(whole);
    without_null(&mut whole);
    whole
}

/// A key may be left out, but not written without a value: takes null out of what the types of optional keys allow.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(without_null),
        Value::Object(map) => {
            map.values_mut().for_each(without_null);
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    map.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(choices)) = map.get("anyOf")
                && let [Value::Object(only), null] = choices.as_slice()
                && *null == json!({ "type": "null" })
            {
                let only = only.clone();
                map.remove("anyOf");
                for (key, value) in only {
                    map.entry(key).or_insert(value);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A rule in a policy: a level, or a mapping of a level and its parameters.
fn rule_schema(meta: &RuleMeta, params: Schema) -> Value {
    let level = json!({ "$ref": "#/$defs/Level" });
    let mut params = params.to_value();
    let mut properties = Map::from_iter([("level".to_owned(), level.clone())]);
    if let Some(Value::Object(own)) = params.get_mut("properties").map(Value::take) {
        properties.extend(own);
    }
    json!({
        "description": meta.summary,
        "anyOf": [level, { "type": "object", "properties": properties, "additionalProperties": false }]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{PRESETS, layer, parts, scopes, tests, tests_file};
    use crate::syntax::{Engine, Limits, chunks, parse};
    use crate::text::FileId;

    fn rules() -> Vec<RuleSchema> {
        #[derive(JsonSchema)]
        #[expect(dead_code, reason = "only its schema is used")]
        struct Params {
            min: crate::model::Share,
        }
        let schema: fn(&mut SchemaGenerator) -> Schema = Params::json_schema;
        tests::known().rules.iter().map(|meta| (*meta, schema)).collect()
    }

    fn keys(schema: &Value, of: &str) -> Vec<String> {
        let at = if of.is_empty() { "/properties".to_owned() } else { format!("/$defs/{of}/properties") };
        let map = schema.pointer(&at).and_then(Value::as_object);
        map.unwrap_or_else(|| panic!("no {at}")).keys().cloned().collect()
    }

    #[test]
    fn schema_and_reader_know_the_same_keys() {
        let schema = schema(&rules());
        assert_eq!(keys(&schema, ""), layer::KEYS);
        for (of, expected) in [
            ("Files", layer::FILES_KEYS),
            ("Scope", scopes::SCOPE_KEYS),
            ("Match", scopes::MATCH_KEYS),
            ("Class", scopes::CLASS_KEYS),
            ("Environment", parts::ENVIRONMENT_KEYS),
            ("Service", parts::SERVICE_KEYS),
            ("MetricNames", parts::METRIC_KEYS),
            ("Drills", parts::DRILL_KEYS),
            ("Suppressions", parts::SUPPRESSION_KEYS),
            ("Overrides", parts::OVERRIDE_KEYS),
            ("Limits", parts::LIMIT_KEYS),
        ] {
            assert_eq!(keys(&schema, of), expected, "{of}");
        }
        let schema = tests_schema(&rules());
        assert_eq!(keys(&schema, ""), tests_file::FILE_KEYS);
        assert_eq!(keys(&schema, "Test"), tests_file::TEST_KEYS);
        assert_eq!(keys(&schema, "Expected"), tests_file::EXPECT_KEYS);
    }

    #[test]
    fn texts_that_are_read_fit_the_schema_but_for_parameters() {
        let mut schema = schema(&rules());
        schema["$defs"]["Rules"] = json!({ "type": "object" });
        let validator = jsonschema::validator_for(&schema).unwrap();
        let texts = PRESETS.iter().map(|p| p.text).chain([include_str!("testdata/full.yaml")]);
        for text in texts {
            let chunk = chunks(text).next().unwrap();
            let document = parse(FileId(0), &chunk, Engine::Core12, &Limits::default(), false).unwrap();
            let value = document.root().to_value();
            let errors: Vec<String> =
                validator.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path().as_str())).collect();
            assert_eq!(errors, Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_key_without_a_value_is_not_valid() {
        let schema = schema(&rules());
        let validator = jsonschema::validator_for(&schema).unwrap();
        for key in layer::KEYS {
            assert!(!validator.is_valid(&json!({ *key: null })), "{key}");
        }
        assert!(!schema.to_string().contains("\"null\""));
    }

    #[test]
    fn rules_take_a_level_or_parameters() {
        let validator = jsonschema::validator_for(&schema(&rules())).unwrap();
        let valid = |rules: Value| validator.is_valid(&json!({ "rules": rules }));
        assert!(valid(json!({"big-bang": "off"})) && valid(json!({"big-bang": {"level": "error", "min": "1%"}})));
        assert!(
            !valid(json!({"big-bang": "of"}))
                && !valid(json!({"big-bag": "off"}))
                && !valid(json!({"big-bang": {"mn": "1%"}}))
        );
    }
}
