//! The shape of policy files and of policy tests, as their schemas tell it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use crate::catalog::Level;
use crate::model::units::Period;
use crate::model::{ChangeKind, MetricKind, Risk};

/// The policy of a repository: which rules hold how rollouts may go, at which level and with which limits.
#[derive(JsonSchema)]
#[schemars(rename = "Policy", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct PolicyDoc {
    /// The version of this format.
    version: Option<One>,
    /// Presets by name and files by path from the repository's root; later ones win. Without it: `recommended`. An empty
    /// list starts from nothing.
    extends: Option<Vec<String>>,
    /// The zone of dates and hours, by its IANA name; default `UTC`.
    timezone: Option<String>,
    /// The level from which findings fail the gate; default `error`.
    fail_on: Option<FailOn>,
    /// What a value costs that nobody can know from the files; default `warning`.
    undetermined: Option<Level>,
    /// Which files are checked.
    files: Option<FilesDoc>,
    /// How to tell where an object goes; the first that matches.
    environments: Option<BTreeMap<String, EnvironmentDoc>>,
    /// Rules: a level, or a level and parameters.
    rules: Option<RulesDoc>,
    /// The same rules, tightened or relaxed for some rollouts; later ones win.
    scopes: Option<Vec<ScopeDoc>>,
    /// What each kind of change has to do.
    classes: Option<ClassesDoc>,
    /// What ships without a platform's manifest, and what governs it.
    services: Option<Vec<ServiceDoc>>,
    /// Names of metrics that this organisation uses for the canonical kinds.
    metrics: Option<Vec<MetricDoc>>,
    /// Where evidence of rollback drills is looked for.
    drills: Option<DrillsDoc>,
    /// What inline ignores have to do.
    suppressions: Option<SuppressionsDoc>,
    /// Break-glass by commit trailer.
    overrides: Option<OverridesDoc>,
    /// How much is read.
    limits: Option<LimitsDoc>,
}

/// Which files are checked.
#[derive(JsonSchema)]
#[schemars(rename = "Files", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct FilesDoc {
    /// Only these, as path globs; waivers and drill records are always looked at.
    include: Option<Vec<String>>,
    /// Not these, as path globs.
    exclude: Option<Vec<String>>,
}

/// How to tell that an object goes to this environment: its file or its namespace.
#[derive(JsonSchema)]
#[schemars(rename = "Environment", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct EnvironmentDoc {
    /// Files whose objects go there, as path globs.
    paths: Option<Vec<String>>,
    /// Namespaces that are there, as globs.
    namespaces: Option<Vec<String>>,
}

/// Rules for some rollouts.
#[derive(JsonSchema)]
#[schemars(rename = "Scope", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct ScopeDoc {
    /// Which rollouts; everything that is given must hold.
    r#match: MatchDoc,
    /// What holds for them.
    rules: RulesDoc,
}

/// Which rollouts a scope is for. Values are globs, or lists of which one has to match.
#[derive(JsonSchema)]
#[schemars(rename = "Match", deny_unknown_fields, extend("minProperties" = 1))]
#[expect(dead_code, reason = "only its schema is used")]
struct MatchDoc {
    /// Where it goes.
    environment: Option<PatternDoc>,
    /// The service it belongs to.
    service: Option<PatternDoc>,
    /// Its format, such as `argo-rollouts`.
    system: Option<PatternDoc>,
    /// Kind of the object.
    kind: Option<PatternDoc>,
    /// Namespace of the object.
    namespace: Option<PatternDoc>,
    /// Name of the object.
    name: Option<PatternDoc>,
    /// Labels of the object.
    labels: Option<BTreeMap<String, PatternDoc>>,
    /// Its file, as a path glob.
    path: Option<PatternDoc>,
    /// The kind of change.
    change: Option<PatternDoc>,
    /// The risk: `low`, `medium` or `high`.
    risk: Option<PatternDoc>,
}

/// A glob, or several of which one has to match.
#[derive(JsonSchema)]
#[schemars(rename = "Pattern", untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum PatternDoc {
    One(String),
    Any(Vec<String>),
}

/// What one kind of change has to do.
#[derive(JsonSchema)]
#[schemars(rename = "Class", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct ClassDoc {
    /// What holds for it.
    rules: Option<RulesDoc>,
}

/// A service, what it ships and what governs that.
#[derive(JsonSchema)]
#[schemars(rename = "Service", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct ServiceDoc {
    /// Its name.
    name: String,
    /// What it ships, as path globs.
    paths: Option<Vec<String>>,
    /// Files of the rollouts that govern it, as path globs.
    rollouts: Option<Vec<String>>,
    /// What a change of it is, where nothing else says.
    change: Option<ChangeDoc>,
    /// How many customers share it.
    tenancy: Option<TenancyDoc>,
    /// What a wrong change costs, where nothing else says.
    risk: Option<RiskDoc>,
    /// How many requests it gets: `120000/day`.
    traffic: Option<TrafficDoc>,
}

/// How many customers share a service.
#[derive(JsonSchema)]
#[schemars(rename = "Tenancy", rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
enum TenancyDoc {
    Single,
    Multi,
}

/// Names that mean a canonical kind of metric.
#[derive(JsonSchema)]
#[schemars(rename = "MetricNames", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct MetricDoc {
    /// The kind.
    kind: MetricKindDoc,
    /// The names, as globs.
    r#match: Vec<String>,
}

/// Where evidence of rollback drills is looked for.
#[derive(JsonSchema)]
#[schemars(rename = "Drills", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct DrillsDoc {
    /// Files of records, as path globs.
    records: Option<Vec<String>>,
    /// Tags, as globs.
    tags: Option<Vec<String>>,
    /// Trailers of commits.
    trailers: Option<Vec<String>>,
    /// Does a real rollback in history count as a drill?
    reverts: Option<bool>,
}

/// What inline ignores have to do.
#[derive(JsonSchema)]
#[schemars(rename = "Suppressions", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct SuppressionsDoc {
    /// Must they say why?
    require_reason: Option<bool>,
    /// How far ahead their last day may lie.
    max_age: Option<Period>,
    /// Rules that can't be ignored.
    forbid: Option<Vec<RuleName>>,
    /// Whose ignores count in gate modes.
    trust: Option<TrustDoc>,
}

/// Whose word counts.
#[derive(JsonSchema)]
#[schemars(rename = "Trust", rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
enum TrustDoc {
    Base,
    Head,
}

/// Break-glass by commit trailer.
#[derive(JsonSchema)]
#[schemars(rename = "Overrides", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct OverridesDoc {
    /// Is it allowed?
    allow: Option<bool>,
    /// Rules it never covers.
    forbid: Option<Vec<RuleName>>,
}

/// How much is read; reaching a limit is never a pass.
#[derive(JsonSchema)]
#[schemars(rename = "Limits", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct LimitsDoc {
    /// Bytes of one file; default `256 MiB`.
    file_size: Option<SizeDoc>,
    /// Bytes of one document; default `8 MiB`.
    document_size: Option<SizeDoc>,
    /// Collections nested in each other; default 255.
    #[schemars(range(min = 1, max = 1000))]
    depth: Option<u64>,
    /// Nodes of one document; default 1000000.
    #[schemars(range(min = 1, max = 100_000_000))]
    nodes: Option<u64>,
    /// Commits of history; default 200000.
    #[schemars(range(min = 1, max = 100_000_000))]
    commits: Option<u64>,
    /// Age of history; default `400 days`.
    history: Option<Period>,
}

/// Implements the schema of a type that only has one.
macro_rules! schema_only {
    ($($type:ident $name:literal => $schema:expr;)+) => {
        $(
            struct $type;
            impl JsonSchema for $type {
                fn schema_name() -> Cow<'static, str> {
                    $name.into()
                }
                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    $schema
                }
            }
        )+
    };
}

schema_only! {
    One "Version" => json_schema!({ "const": 1 });
    FailOn "FailOn" => json_schema!({ "enum": ["error", "warning"] });
    ChangeDoc "ChangeKind" => json_schema!({ "enum": ChangeKind::ALL.map(ChangeKind::name) });
    RiskDoc "Risk" => json_schema!({ "enum": Risk::ALL.map(Risk::name) });
    MetricKindDoc "MetricKind" => json_schema!({ "enum": MetricKind::ALL.map(MetricKind::name) });
    TrafficDoc "Traffic" => json_schema!({
        "type": "string",
        "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*/\s*[a-z]+\s*$",
        "description": "Written as a number of requests and a time: `120000/day`, `12/s`."
    });
    SizeDoc "Size" => json_schema!({
        "type": "string",
        "pattern": r"^\s*[0-9]+\s*(B|kB|KB|KiB|Ki|MB|MiB|Mi|GB|GiB|Gi)\s*$",
        "description": "Written as a size such as `64 MiB`."
    });
    // Filled in by `schema`, which is told the rules.
    RulesDoc "Rules" => json_schema!({ "type": "object" });
    RuleName "RuleName" => json_schema!({ "type": "string" });
}

struct ClassesDoc;

impl JsonSchema for ClassesDoc {
    fn schema_name() -> Cow<'static, str> {
        "Classes".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let class = generator.subschema_for::<ClassDoc>();
        let kinds: Map<String, Value> =
            ChangeKind::ALL.iter().map(|kind| (kind.name().to_owned(), class.clone().to_value())).collect();
        json_schema!({ "type": "object", "properties": kinds, "additionalProperties": false })
    }
}

/// Policy tests: what a policy has to find, and what it must not, in files that stand in the test.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct TestsDoc {
    /// The tests.
    #[schemars(length(min = 1))]
    tests: Vec<TestDoc>,
}

/// One policy test.
#[derive(JsonSchema)]
#[schemars(rename = "Test", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct TestDoc {
    /// What it is about.
    name: String,
    /// When the deploy would start: `2026-11-24T10:00:00+01:00`.
    as_of: Option<String>,
    /// What is checked: texts by their paths.
    files: BTreeMap<String, String>,
    /// The commits before it, the oldest first: `files` are then what a change writes on top of them.
    history: Option<Vec<CommitDoc>>,
    /// The policy that judges: a preset's name, a path, or the policy itself; default is the repository's.
    policy: Option<TestPolicyDoc>,
    /// What has to be found, other findings beside it or not. An empty list: nothing at all may be found.
    expect: Option<Vec<ExpectDoc>>,
    /// Rules that must find nothing.
    forbid: Option<Vec<RuleName>>,
}

/// A commit of a test's history.
#[derive(JsonSchema)]
#[schemars(rename = "Commit", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct CommitDoc {
    /// When: `2026-11-24T10:00:00+01:00`.
    at: String,
    /// What it says.
    message: Option<String>,
    /// What it writes: texts by their paths.
    files: BTreeMap<String, String>,
}

/// A preset's name, a path, or a policy.
#[derive(JsonSchema)]
#[schemars(rename = "TestPolicy", untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum TestPolicyDoc {
    Named(String),
    Here(Box<PolicyDoc>),
}

/// A rule's name, or a rule and where it has to find something.
#[derive(JsonSchema)]
#[schemars(rename = "Expect", untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum ExpectDoc {
    Rule(RuleName),
    Finding(ExpectedDoc),
}

/// A finding that a test expects.
#[derive(JsonSchema)]
#[schemars(rename = "Expected", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct ExpectedDoc {
    /// The rule.
    rule: RuleName,
    /// The file, if it matters.
    file: Option<String>,
    /// The line, if it matters.
    #[schemars(range(min = 1))]
    line: Option<u32>,
    /// The rollout's name, if it matters.
    rollout: Option<String>,
}
