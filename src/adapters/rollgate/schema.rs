//! The shape of our own files as types, for their published schemas.
//!
//! Nothing is read into these types: the reader keeps spans and says all that is wrong at once. A test holds their
//! properties against the reader's key tables.
#![expect(dead_code, reason = "only their schemas are used")]
#![expect(clippy::struct_field_names, reason = "the fields are the keys of the files")]

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema, schema_for};

use crate::model::units::Length;
use crate::model::{Bound, Share};

/// The schema of one of our own files: `rollout-plan`, `rollback-drill`, `waivers`.
pub fn schema(name: &str) -> Option<Schema> {
    match name {
        "rollout-plan" => Some(schema_for!(RolloutPlan)),
        "rollback-drill" => Some(schema_for!(RollbackDrill)),
        "waivers" => Some(schema_for!(Waivers)),
        _ => None,
    }
}

/// A fixed text: `apiVersion` and `kind`.
macro_rules! fixed {
    ($($name:ident = $text:literal;)+) => {
        $(struct $name;
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "const": $text })
            }
        })+
    };
}

fixed! {
    Version = "rollgate/v1";
    PlanKind = "RolloutPlan";
    DrillKind = "RollbackDrill";
    WaiversKind = "Waivers";
}

/// Declares the type of a mapping: keys in kebab-case, no others.
macro_rules! mapping {
    ($($(#[$meta:meta])+ $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)+ })+) => {
        $(#[derive(JsonSchema)]
        $(#[$meta])+
        #[schemars(deny_unknown_fields, rename_all = "kebab-case")]
        struct $name {
            $($(#[$field_meta])* $field: $type,)+
        })+
    };
}

/// Declares a choice of names in kebab-case.
macro_rules! names {
    ($($(#[$meta:meta])+ $name:ident { $($(#[$item_meta:meta])+ $item:ident,)+ })+) => {
        $(#[derive(JsonSchema)]
        $(#[$meta])+
        #[schemars(rename_all = "kebab-case")]
        enum $name {
            $($(#[$item_meta])+ $item,)+
        })+
    };
}

mapping! {
    /// The deploy ticket as a file: what is shipped, to whom in which order, and when it goes back.
    RolloutPlan {
        /// Always `rollgate/v1`.
        #[schemars(rename = "apiVersion")]
        api_version: Version,
        /// Always `RolloutPlan`.
        kind: PlanKind,
        /// Name, service, environment.
        metadata: PlanMetadata,
        /// What is changed.
        change: Option<Change>,
        /// How the new version replaces the old one. Needed unless the plan only governs other objects.
        strategy: Option<Strategy>,
        /// The flag that switches it. Where its file is among the checked ones it takes criteria and monitors from this plan.
        flag: Option<Flag>,
        /// One customer on it, or many.
        tenancy: Option<Tenancy>,
        /// Requests in a time: `120000/day`.
        #[schemars(regex(pattern = r"^\s*[0-9][0-9_,.]*\s*/\s*[a-z]+\s*$"))]
        traffic: Option<String>,
        /// What the canary must be able to see.
        detect: Option<Detect>,
        /// The evaluation that was run before anybody met it.
        offline_eval: Option<OfflineEval>,
        /// Traffic that is mirrored to it first.
        shadow: Option<Shadow>,
        /// The stages in order. May be left out with `strategy: all-at-once` only.
        #[schemars(length(min = 1))]
        stages: Option<Vec<Stage>>,
        /// Names of the metrics that are watched.
        monitors: Option<Vec<String>>,
        /// When and how it goes back.
        rollback: Option<Rollback>,
        /// When it starts.
        schedule: Option<Schedule>,
        /// Who is on call.
        on_call: Option<String>,
        /// Objects in other files that take criteria, monitors and schedule from this plan.
        governs: Option<Vec<Governed>>,
    }

    /// What the plan is called and where it belongs.
    PlanMetadata {
        /// Name of the rollout.
        name: String,
        /// The service it belongs to; the name when absent.
        service: Option<String>,
        /// Where it goes.
        environment: Option<String>,
        /// Labels that a policy can match.
        labels: Option<BTreeMap<String, String>>,
    }

    /// What is changed.
    Change {
        /// Which kind of change it is.
        kind: ChangeKind,
        /// How much a wrong change would hurt; `medium` when absent.
        risk: Option<Risk>,
        /// One line for people.
        summary: Option<String>,
        /// What is shipped.
        payload: Option<Vec<Payload>>,
    }

    /// The flag that switches it.
    Flag {
        /// Where the flag lives, by the name of its format: `launchdarkly`, `flagd`.
        system: Option<String>,
        /// The flag's key.
        key: String,
        /// What it is switched for: `tenant`, `user`, `request`.
        unit: Option<String>,
    }

    /// What the canary must be able to see.
    Detect {
        /// The metric.
        metric: String,
        /// Where it stands today.
        baseline: Amount,
        /// By how much worse it must not get unseen.
        regression: Amount,
    }

    /// The evaluation that was run before anybody met it.
    OfflineEval {
        /// The suite's file.
        suite: Option<String>,
        /// The result's file.
        result: Option<String>,
    }

    /// Traffic that is mirrored, answered by nobody.
    Shadow {
        /// How long.
        duration: Length,
        /// How much of it; `100%` when absent.
        share: Option<Share>,
        /// What the answers are compared with.
        compare: Option<Compare>,
    }

    /// What the mirrored answers are compared with.
    Compare {
        /// The other side; `baseline` when absent.
        against: Option<String>,
        /// What is compared: criteria, or names of metrics.
        #[schemars(length(min = 1))]
        metrics: Vec<CriterionLine>,
    }

    /// One stage: who meets it, and for how long at least.
    #[schemars(extend("anyOf" = [{"required": ["exposure"]}, {"required": ["audience"]}, {"required": ["tenants"]}]))]
    Stage {
        /// Its name.
        name: Option<String>,
        /// The share that meets it.
        exposure: Option<Share>,
        /// The ring it is for: `internal`.
        audience: Option<String>,
        /// How many members the ring has: `40 users`.
        size: Option<Size>,
        /// The tenants it is for.
        #[schemars(length(min = 1))]
        tenants: Option<Vec<String>>,
        /// How long at least before the next stage.
        hold: Option<Length>,
        /// Who has to say yes before the next stage.
        approval: Option<String>,
    }

    /// When and how it goes back.
    Rollback {
        /// What must not happen; any one of them is enough.
        criteria: Option<Vec<CriterionLine>>,
        /// Does something act by itself? People act when this is absent.
        automatic: Option<bool>,
        /// How it goes back.
        method: Option<Method>,
        /// How long the old side stays ready after everybody has the new one.
        keep_old_for: Option<Length>,
    }

    /// One rollback criterion: a metric and the number it is held against.
    #[schemars(extend("oneOf" = [{"required": ["above"]}, {"required": ["below"]}, {"required": ["rise"]}, {"required": ["drop"]}, {"not": {"anyOf": [{"required": ["above"]}, {"required": ["below"]}, {"required": ["rise"]}, {"required": ["drop"]}]}}]))]
    Criterion {
        /// The metric's name.
        metric: String,
        /// Roll back above this.
        above: Option<Amount>,
        /// Roll back below this.
        below: Option<Amount>,
        /// Roll back when it rises by more than this against the baseline: `3pp` points, `3%` relative.
        rise: Option<Amount>,
        /// Roll back when it drops by more than this against the baseline: `3pp` points, `3%` relative.
        drop: Option<Amount>,
        /// Over how long it is looked at.
        window: Option<Length>,
        /// How many failed measurements are tolerated.
        tolerate: Option<u32>,
        /// What happens then; `rollback` when absent.
        action: Option<Action>,
    }

    /// When it starts.
    Schedule {
        /// A moment with its offset.
        #[schemars(extend("format" = "date-time"))]
        start: String,
    }

    /// An object in another file.
    Governed {
        /// The format it is written in: `kserve`.
        system: Option<String>,
        /// Its kind.
        kind: Option<String>,
        /// Its name.
        name: String,
        /// Its namespace.
        namespace: Option<String>,
    }

    /// Evidence that going back works.
    RollbackDrill {
        /// Always `rollgate/v1`.
        #[schemars(rename = "apiVersion")]
        api_version: Version,
        /// Always `RollbackDrill`.
        kind: DrillKind,
        /// Which service, and where.
        metadata: DrillMetadata,
        /// When: a moment with its offset.
        #[schemars(extend("format" = "date-time"))]
        performed: String,
        /// How it went back.
        method: Option<Method>,
        /// How it ended.
        outcome: Outcome,
        /// From the decision to the old version answering.
        time_to_rollback: Option<Length>,
        /// Who took part.
        by: Option<Vec<String>>,
        /// What git can confirm it by.
        evidence: Option<Vec<Evidence>>,
        /// Anything else.
        notes: Option<String>,
    }

    /// Which service was rolled back, and where.
    DrillMetadata {
        /// The service.
        service: String,
        /// The environment.
        environment: Option<String>,
    }

    /// Accepted findings, each with the day on which the acceptance ends.
    Waivers {
        /// Always `rollgate/v1`.
        #[schemars(rename = "apiVersion")]
        api_version: Version,
        /// Always `Waivers`.
        kind: WaiversKind,
        /// The list.
        waivers: Vec<Waiver>,
    }

    /// One accepted finding.
    #[schemars(extend("oneOf" = [{"required": ["rollout"]}, {"required": ["path"]}]))]
    Waiver {
        /// The rule.
        rule: String,
        /// Rollouts by name; a glob.
        rollout: Option<String>,
        /// Files by path; a glob.
        path: Option<String>,
        /// Why.
        reason: String,
        /// The tracker's id.
        ticket: Option<Id>,
        /// Who answers for it.
        owner: Option<String>,
        /// Who approved it.
        approved_by: Option<String>,
        /// The last day it holds.
        #[schemars(extend("format" = "date"))]
        expires: String,
    }
}

names! {
    /// How the new version replaces the old one.
    Strategy {
        /// In stages of growing exposure.
        Canary,
        /// A second stack, then a switch.
        BlueGreen,
        /// A copy of the traffic first.
        Shadow,
        /// Two arms side by side, compared.
        AbTest,
        /// A feature flag.
        Flag,
        /// Everybody at once.
        AllAtOnce,
    }

    /// Which kind of change it is.
    ChangeKind {
        /// Wording or decoding parameters of a prompt.
        PromptTweak,
        /// Another version of a model.
        ModelUpgrade,
        /// Another vendor's model.
        VendorSwitch,
        /// A feature that was not there.
        NewFeature,
        /// How the parts are put together.
        Architecture,
        /// Code.
        Code,
        /// Configuration.
        Config,
    }

    /// How much a wrong change would hurt.
    Risk {
        /// Little.
        Low,
        /// Some.
        Medium,
        /// Much.
        High,
    }

    /// One customer on it, or many.
    Tenancy {
        /// One.
        Single,
        /// Many.
        Multi,
    }

    /// How going back is done.
    Method {
        /// A flag is switched off.
        FlagOff,
        /// Traffic goes back to what still runs.
        TrafficFlip,
        /// The earlier version is deployed again.
        Redeploy,
    }

    /// What happens when a criterion trips.
    Action {
        /// Exposure goes back.
        Rollback,
        /// Exposure stops growing and somebody is asked.
        Pause,
        /// Somebody is told.
        Notify,
    }

    /// How a drill ended.
    Outcome {
        /// The service went back.
        Success,
        /// It did not.
        Failure,
    }
}

/// What is shipped: a model's id, or a file whose content is.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Payload {
    /// A model's id.
    Model(Id),
    /// A file, relative to the repository.
    File(Id),
}

/// What git can confirm a drill by.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
enum Evidence {
    /// A commit's id, maybe abbreviated.
    Commit(Id),
    /// A tag's name.
    Tag(Id),
}

/// A criterion as a mapping or as a line of text: `error rate exceeds 0.5% over 10m`.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum CriterionLine {
    /// A line of text.
    Text(String),
    /// A mapping.
    Mapping(Box<Criterion>),
}

/// A number with its unit; a score or a count needs none.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Amount {
    /// With its unit.
    WithUnit(Bound),
    /// A score or a count.
    Plain(f64),
}

/// How many members a ring has: `40 users`, `5 tenants`, or a number.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Size {
    /// With what is counted.
    Named(String),
    /// Just the number.
    Count(u64),
}

/// An id; it may look like a number.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Id {
    /// Text.
    Text(String),
    /// A number.
    Number(f64),
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::super::keys::{EVIDENCE, PAYLOAD, TABLES};
    use super::schema;

    fn definitions() -> serde_json::Map<String, Value> {
        let mut all = serde_json::Map::new();
        for name in ["rollout-plan", "rollback-drill", "waivers"] {
            let schema = schema(name).unwrap().to_value();
            all.extend(schema["$defs"].as_object().unwrap().clone());
            all.insert(schema["title"].as_str().unwrap().to_owned(), schema);
        }
        all
    }

    #[test]
    fn the_schemas_have_the_keys_that_are_read() {
        let definitions = definitions();
        for table in TABLES {
            let schema = &definitions[table.name];
            let keys: BTreeSet<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(keys, table.all.iter().copied().collect(), "{}", table.name);
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            assert_eq!(required.collect::<BTreeSet<_>>(), table.required.iter().copied().collect(), "{}", table.name);
            assert_eq!(schema["additionalProperties"], false, "{}", table.name);
        }
        let objects = definitions.values().filter(|d| d.get("properties").is_some()).count();
        assert_eq!(objects, TABLES.len(), "every mapping of the schemas has its table");
        for (name, keys) in [("Payload", PAYLOAD), ("Evidence", EVIDENCE)] {
            let choices = definitions[name]["oneOf"].as_array().unwrap();
            let found: Vec<_> = choices.iter().map(|c| c["required"][0].as_str().unwrap()).collect();
            assert_eq!(found, keys);
        }
    }

    #[test]
    fn a_whole_plan_is_valid_and_a_misspelled_one_is_not() {
        let plan = include_str!("whole_plan.yaml");
        let schema = schema("rollout-plan").unwrap().to_value();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let value: Value = serde_yaml::from_str(plan).unwrap();
        let wrong: Vec<_> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        let value: Value = serde_yaml::from_str(&plan.replace("exposure:", "exposre:")).unwrap();
        assert!(!validator.is_valid(&value));
    }
}
