//! promptfoo: suites of evaluations.

mod asserts;
mod suite;
#[cfg(test)]
mod tests;

use super::nodes::{items, present, text};
use super::{Adapter, Lowering, Object};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::CriteriaDocument;
use crate::syntax::Node;
use crate::text::Spanned;

declare_adapter! {
    /// ## What is read
    ///
    /// Configurations in YAML or JSON: a file whose path says `promptfoo` and that has two of `prompts`, `providers` (or
    /// `targets`), `tests` (or `scenarios`), `defaultTest`, `evaluateOptions` and `redteam`; elsewhere one that has `prompts`,
    /// `providers` and tests, and a `defaultTest` or the link of the schema. A suite rolls nothing out: it is a
    /// document of criteria that decide before anybody meets the change, which `inspect` shows.
    ///
    /// ## Mapping
    ///
    /// | where | model | when absent |
    /// |---|---|---|
    /// | `assert[].threshold` of `latency` (milliseconds), `cost` (dollars a call) | criterion: above it, in seconds, in USD | nothing is asked |
    /// | of `perplexity`, `levenshtein` | criterion: above it | opaque |
    /// | of `similar`, `llm-rubric`, `g-eval`, `context-recall`, `javascript` and their like | criterion: score below it | opaque |
    /// | the prefix `not-` of a type | the other direction | – |
    /// | an assert without a number (`contains`, `is-json`, `llm-rubric`) | criterion: opaque | – |
    /// | `threshold` of a test, of `defaultTest`, of an `assert-set` | criterion: its score below it | each assert must pass |
    /// | `env.PROMPTFOO_PASS_RATE_THRESHOLD` | criterion: pass rate below it, in percent | every test must pass |
    /// | `tests` in other files | criterion: opaque | – |
    ///
    /// Criteria that are alike are shown once, where the first of them stands.
    ///
    /// ## What bites
    ///
    /// - A `threshold` beside asserts takes their place: with 0.5 half of their weight may fail. Asserts under it are shown
    ///   as not evaluated.
    /// - A key that promptfoo does not know gates nothing. `passRateThreshold: 0.85` looks like a gate: the rate is asked
    ///   for outside of the file, by `PROMPTFOO_PASS_RATE_THRESHOLD` or the action's `fail-on-threshold`, in percent. Such a
    ///   key is `field-ignored`.
    /// - A test without an assert passes: a suite that is nothing but such tests is green whatever the model says.
    /// - An assert with `weight: 0`, `metricOnly`, or of `latency` or `cost` without a threshold is measured and fails
    ///   nobody.
    ///
    /// Sources: promptfoo/promptfoo: `site/docs/configuration/reference.md`, `site/docs/configuration/expected-outputs/index.md`,
    /// `src/assertions/assertionsResult.ts`, `src/assertions/latency.ts`, `src/assertions/cost.ts`; promptfoo/promptfoo-action:
    /// `action.yml`. The weight of 0 and the direction of types that are not named above are general knowledge.
    ///
    /// ## What it cannot see
    ///
    /// Configurations in JavaScript, TypeScript and Python. Tests and asserts in other files, and what hooks
    /// (`extensions`) add. What a run is given: its environment, its flags, the inputs of an action. Whether a failure
    /// stops anything: `|| true` after the command voids all of this. Plugins of `redteam`. Which of the models is the
    /// one in use: `providers` are candidates.
    pub Promptfoo {
        id: "promptfoo",
        title: "promptfoo",
        summary: "evaluation suites: asserts and their thresholds",
        kinds: [("promptfoo", "Suite")],
        words: ["defaultTest", "promptfoo.dev/config-schema"],
        paths: ["promptfoo"],
    }
}

/// The group of documents known by their form.
const FORM: &str = "promptfoo";

impl Adapter for Promptfoo {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn recognise<'d>(&self, root: Node<'d>, path: &str) -> Option<Object<'d>> {
        is_suite(root, path).then(|| Object::document(root, FORM, "Suite", present(root, "description")))
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let root = object.node;
        let criteria = suite::criteria(root, cx);
        // A suite is no rollout that could carry remarks: what is no number is unknown.
        cx.forget();
        for (key, _) in root.entries().filter(|(key, _)| key.text().is_some_and(looks_like_a_gate)) {
            let name = key.text().unwrap_or_default();
            let message = format!("promptfoo knows no key `{name}`, so it fails no run");
            let help = "ask for the rate where it is read, in percent: `PROMPTFOO_PASS_RATE_THRESHOLD` of the run or the \
                        action's `fail-on-threshold`";
            cx.ignored_alone(key.span(), message, help);
        }
        cx.criteria(|| CriteriaDocument {
            system: Self::META.id,
            kind: object.kind.into(),
            name: Spanned::new(object.name().trim().into(), object.name_span()),
            criteria,
            span: root.span(),
        });
    }
}

fn is_suite(root: Node<'_>, path: &str) -> bool {
    let has = |keys: &[&str]| keys.iter().any(|key| root.get(key).is_some());
    let (prompts, models) = (has(&["prompts"]), has(&["providers", "targets"]));
    let (tests, whole) = (has(&["tests", "scenarios"]), has(&["defaultTest"]));
    let told = [prompts, models, tests, whole, has(&["evaluateOptions"]), has(&["redteam"])];
    let count = told.into_iter().filter(|t| *t).count();
    (path.contains(FORM) && count > 1) || (prompts && models && (tests || whole))
}

/// Does a key on the top level read as if it gated the suite? None that promptfoo knows does.
fn looks_like_a_gate(key: &str) -> bool {
    let folded: String = key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    folded.ends_with("threshold") || matches!(&*folded, "passrate" | "minpassrate" | "minimumpassrate")
}
