//! JSON Schemas, from the types that read and write.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use crate::finding::Baseline;
use crate::policy::{self, RuleSchema};
use crate::render::{JsonReport, ModelReport};
use crate::rules;

/// The schemas that `rollgate schema` prints.
pub const SCHEMAS: [&str; 8] =
    ["policy", "policy-tests", "rollout-plan", "rollback-drill", "waivers", "report-v1", "model-v1", "baseline"];

/// The schema of that name, with its identifier.
pub fn schema(name: &str) -> Option<Value> {
    let Value::Object(body) = body(name)? else { return None };
    let mut whole = Map::new();
    whole.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    whole.insert("$id".to_owned(), format!("urn:rollgate:schema:{name}").into());
    whole.extend(body);
    Some(Value::Object(whole))
}

fn body(name: &str) -> Option<Value> {
    let written = || SchemaSettings::draft2020_12().for_serialize().into_generator();
    match name {
        "policy" => Some(policy::schema(&rules())),
        "policy-tests" => Some(policy::tests_schema(&rules())),
        "report-v1" => Some(written().into_root_schema_for::<JsonReport>().into()),
        "model-v1" => Some(written().into_root_schema_for::<ModelReport>().into()),
        "baseline" => Some(written().into_root_schema_for::<Baseline>().into()),
        own => crate::adapters::rollgate::schema(own).map(Into::into),
    }
}

/// Every rule with the schema of its parameters.
fn rules() -> Vec<RuleSchema> {
    rules::ALL.iter().map(|def| (def.meta, def.schema)).collect()
}
