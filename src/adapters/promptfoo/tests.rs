use crate::adapters::testing::inspect_all;
use crate::model::units::Unit;
use crate::model::{Comparison, Criterion, CriterionClass, Evaluated, ProblemKind};

/// A suite with `more` beside its prompts and its models.
fn suite(more: &str) -> String {
    format!("prompts: [hi]\nproviders: [openai:chat:gpt-4o]\n{more}\n")
}

fn criteria(more: &str) -> Vec<Criterion> {
    inspect_all(&suite(more)).criteria.remove(0).criteria
}

fn told(more: &str) -> Vec<(String, Option<Comparison>, Option<String>)> {
    let one = |c: &Criterion| (c.metric.name.to_string(), c.comparison, c.bound.known().map(ToString::to_string));
    criteria(more).iter().map(one).collect()
}

fn asserts(list: &str) -> Vec<(String, Option<Comparison>, Option<String>)> {
    told(&format!("tests: [{{assert: [{list}]}}]"))
}

fn one(name: &str, comparison: Comparison, bound: &str) -> (String, Option<Comparison>, Option<String>) {
    (name.to_owned(), Some(comparison), Some(bound.to_owned()))
}

use Comparison::{Above, Below};

#[test]
fn the_type_says_direction_and_unit() {
    assert_eq!(
        asserts("{type: latency, threshold: 4000}, {type: cost, threshold: 0.002}, {type: similar, threshold: 0.8}"),
        [one("latency", Above, "4s"), one("cost", Above, "0.002 USD"), one("similar", Below, "0.8")]
    );
    assert_eq!(
        asserts(
            "{type: not-similar, threshold: 0.8}, {type: not-latency, threshold: 50}, {type: levenshtein, threshold: 5}"
        ),
        [one("not-similar", Above, "0.8"), one("not-latency", Below, "0.05s"), one("levenshtein", Above, "5")]
    );
    assert_eq!(asserts("{type: llm-rubric, threshold: 0.7, metric: grounded}"), [one("grounded", Below, "0.7")]);
    let score = &criteria("tests: [{assert: [{type: g-eval, threshold: 0.7}]}]")[0];
    assert_eq!((score.class, &score.bound.known().unwrap().unit), (CriterionClass::Score, &Unit::Ratio));
}

#[test]
fn what_has_no_number_is_opaque_and_what_only_measures_is_nothing() {
    let found =
        criteria("tests: [{assert: [{type: contains, value: x}, {type: contains, value: y}, {type: latency}]}]");
    assert_eq!(found.iter().map(|c| (c.class, c.label())).collect::<Vec<_>>(), [(CriterionClass::Opaque, "contains")]);
    assert_eq!(asserts("{type: is-json, weight: 0}").len(), 1);
    let zero = criteria("tests: [{assert: [{type: similar, threshold: 0.9, weight: 0}]}]");
    assert_eq!(zero[0].evaluated, Evaluated::No("its `weight` is 0".into()));
    let unknown = criteria("tests: [{assert: [{type: similar, threshold: '{{ env.FLOOR }}'}]}]");
    assert!(unknown[0].bound.is_dynamic());
}

#[test]
fn a_threshold_around_asserts_takes_their_place() {
    let found = criteria("tests: [{threshold: 0.5, assert: [{type: similar, threshold: 0.9}]}]");
    assert_eq!(found[0].label(), "test score");
    assert_eq!(found[1].evaluated, Evaluated::No("the `threshold` of its test decides".into()));
    let found = criteria("defaultTest: {threshold: 0.6}\ntests: [{assert: [{type: similar, threshold: 0.9}]}]");
    assert!(found.len() == 2 && !found[1].is_watched());
    let set = "{type: assert-set, threshold: 0.5, metric: tone, assert: [{type: similar, threshold: 0.9}]}";
    let found = criteria(&format!("tests: [{{assert: [{set}, {{type: cost, threshold: 1}}]}}]"));
    assert_eq!(found.iter().map(Criterion::is_watched).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(found[0].label(), "tone");
}

#[test]
fn every_home_of_an_assert_is_looked_into() {
    let all = "assertionTemplates: {t: {type: bleu, threshold: 0.1}}\n\
               defaultTest: {assert: [{type: gleu, threshold: 0.2}]}\n\
               scenarios: [{config: [{assert: [{type: pi, threshold: 0.3}]}], tests: [{assert: [{type: ruby, threshold: 0.4}]}]}]\n\
               tests: [{assert: [{$ref: '#/assertionTemplates/t'}]}, 'more.yaml', {path: 'gen.py'}]\n\
               env: {PROMPTFOO_PASS_RATE_THRESHOLD: '95'}";
    let names: Vec<String> = told(all).into_iter().map(|(name, ..)| name).collect();
    let elsewhere = "tests elsewhere";
    assert_eq!(names, ["gleu", "bleu", elsewhere, elsewhere, "pi", "ruby", "pass rate"]);
    assert_eq!(told(all)[6], one("pass rate", Below, "95%"));
}

#[test]
fn a_key_that_promptfoo_does_not_know_gates_nothing() {
    let found = inspect_all(&suite("passRateThreshold: 0.85\ntests: [{assert: [{type: is-json}]}]"));
    assert_eq!(found.problems.len(), 1);
    assert_eq!(found.problems[0].kind, ProblemKind::Ignored);
    assert_eq!(found.problems[0].message, "promptfoo knows no key `passRateThreshold`, so it fails no run");
    let own = inspect_all(&suite("tests: [{threshold: 0.5, assert: [{type: is-json}]}]"));
    assert!(own.problems.is_empty());
}

#[test]
fn other_documents_with_such_keys_are_nobodys() {
    let other = |text: &str| inspect_all(text).criteria.is_empty();
    assert!(other("providers: [aws]\ntests: [a]\ndefaultTest: x\n"), "no prompts");
    assert!(other("prompts: [a]\nproviders: [b]\n"), "no tests, and its path says nothing");
}
