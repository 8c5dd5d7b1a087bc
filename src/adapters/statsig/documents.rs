//! The documents of Statsig, and what lies in them.

use super::counting::Gates;
use super::spec::{self, Shared, Sort, Spec};
use super::{experiment, handing, pipeline};
use crate::adapters::infra::{Field, Template};
use crate::adapters::{Lowering, Object};
use crate::syntax::Node;
use crate::text::Span;

/// What an object of the Console API is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Rules(Sort),
    Experiment,
    Pipeline,
    /// Its percentage is the share that is kept out.
    Holdout,
}

/// What the object at `node` is, if it is one of Statsig's.
pub(super) fn sort_of(node: Node<'_>) -> Option<What> {
    let list = |key: &str| node.get(key).filter(|n| n.is_seq());
    let has = |key: &str| node.get(key).is_some();
    let any = |key: &str, test: &dyn Fn(Node<'_>) -> bool| list(key).is_some_and(|l| l.items().any(test));
    if any("phases", &|p| p.get("requiredReview").is_some() || p.get("timeIntervalMs").is_some()) {
        return Some(What::Pipeline);
    }
    if has("passPercentage") && (list("gateIDs").is_some() || list("experimentIDs").is_some()) && has("isGlobal") {
        return Some(What::Holdout);
    }
    if any("groups", &|g| g.get("size").is_some()) && has("allocation") && (has("status") || has("idType")) {
        return Some(What::Experiment);
    }
    let rules = list("rules")?;
    let is_segment = node.get("type").and_then(Node::text).is_some_and(|t| t.ends_with("_list") || t == "rule_based");
    let is_rule = |r: Node<'_>| {
        r.get("passPercentage").is_some()
            && r.get("conditions").is_some_and(|c| c.items().all(|c| c.get("type").is_some()))
    };
    let is_empty = rules.items().next().is_none();
    let is_ours = rules.items().any(is_rule) || (is_empty && has("isEnabled") && has("idType"));
    let sort = if has("defaultValue") { Sort::Config } else { Sort::Gate };
    (is_ours && !is_segment).then_some(What::Rules(sort))
}

/// Is it what server SDKs start from? What clients get has the results in place of the rules.
pub(super) fn is_specs(root: Node<'_>) -> bool {
    let lists = ["feature_gates", "dynamic_configs"].map(|key| root.get(key));
    let is_spec = |spec: Node<'_>| spec.get("rules").is_some_and(Node::is_seq) && spec.get("enabled").is_some();
    let any = |list: &Node<'_>| list.items().any(is_spec) || list.entries().any(|(_, spec)| is_spec(spec));
    lists.iter().all(Option::is_some) && lists.iter().flatten().any(any)
}

/// What server SDKs start from.
pub(super) fn specs(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let template = Template::document(object.node);
    let body = template.body();
    let conditions = body.get("condition_map").map(|c| c.entries()).unwrap_or_default();
    let shared: Shared<'_> = conditions.iter().filter_map(|(id, c)| Some((id.text()?, *c))).collect();
    let gates = listed(&body, "feature_gates");
    let find = |name: &str| {
        let (key, field) = gates.iter().find(|(key, _)| key.text() == Some(name))?;
        let counts = !matches!(entity(field), "holdout" | "segment");
        counts.then(|| spec::read((key.text().unwrap_or_default(), key.span()), *field, Sort::Gate, &shared))
    };
    let known = Gates::new(&find);
    let configs = listed(&body, "dynamic_configs");
    for (key, field) in gates.iter().chain(&configs) {
        let sort = match (entity(field), field.get("type").and_then(|t| t.text())) {
            ("holdout" | "segment" | "layer" | "autotune", _) => continue,
            ("experiment", _) => Sort::Experiment,
            (_, Some("feature_gate")) => Sort::Gate,
            _ if is_experiment(field) => Sort::Experiment,
            _ => Sort::Config,
        };
        let Some(name) = key.text().filter(|name| !name.starts_with("segment:")) else { continue };
        handing::hand_in(&spec::read((name, key.span()), *field, sort, &shared), &known, object, cx);
    }
}

/// Old specs do not say what they are: an experiment has rules that only Statsig writes.
fn is_experiment(field: &Field<'_>) -> bool {
    field.get("rules").iter().flat_map(Field::items).any(|rule| {
        let names = ["id", "groupName"].map(|key| rule.get(key).and_then(|f| f.text()));
        rule.get("isExperimentGroup").is_some() || names.into_iter().flatten().any(spec::is_written_by_statsig)
    })
}

fn entity<'d>(field: &Field<'d>) -> &'d str {
    field.get("entity").and_then(|e| e.text()).unwrap_or_default()
}

/// The specs of a list, or of a mapping by name, each with its name.
fn listed<'d>(body: &Field<'d>, key: &str) -> Vec<(Node<'d>, Field<'d>)> {
    let Some(all) = body.get(key) else { return Vec::new() };
    if all.node.is_map() {
        return all.entries();
    }
    all.items().into_iter().filter_map(|spec| Some((spec.node.get("name")?, spec))).collect()
}

/// One object of the Console API, or several.
pub(super) fn objects(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let template = Template::document(object.node);
    let body = template.body();
    let body = if sort_of(body.node).is_some() { body } else { body.get("data").unwrap_or(body) };
    let all = if body.node.is_seq() { body.items() } else { vec![body] };
    let find = |name: &str| {
        let is_it = |f: &&Field<'_>| ["id", "name"].iter().any(|key| f.get(key).and_then(|k| k.text()) == Some(name));
        let gate = |f: &&Field<'_>| sort_of(f.node) == Some(What::Rules(Sort::Gate));
        let found = all.iter().filter(gate).find(is_it)?;
        Some(spec::read(named(found, object), *found, Sort::Gate, &Shared::new()))
    };
    let gates = Gates::new(&find);
    for field in &all {
        one(field, sort_of(field.node), &gates, (object, cx));
    }
}

fn one(field: &Field<'_>, what: Option<What>, gates: &Gates<'_, '_>, (object, cx): (&Object<'_>, &mut Lowering<'_>)) {
    let name = named(field, object);
    match what {
        Some(What::Rules(sort)) => {
            handing::hand_in(&spec::read(name, *field, sort, &Shared::new()), gates, object, cx);
        }
        Some(What::Experiment) => experiment::lower(name, field, (object, cx)),
        Some(What::Pipeline) => pipeline::lower(name, field, (object, cx)),
        Some(What::Holdout) | None => {}
    }
}

/// A resource of Terraform.
pub(super) fn resource(object: &Object<'_>, cx: &mut Lowering<'_>) {
    let Some(body) = object.body() else { return };
    let find = |name: &str| -> Option<Spec<'_>> {
        let others = object.neighbours(&[("terraform", "statsig_gate")]);
        let fields = others.iter().filter_map(|other| Some((other.body()?, other.name_span())));
        let (field, at) = fields.into_iter().find(|(f, _)| f.get("name").and_then(|n| n.text()) == Some(name))?;
        let key = field.get("name").and_then(|n| n.text())?;
        Some(spec::read((key, at), field, Sort::Gate, &Shared::new()))
    };
    let what = match object.kind {
        "statsig_gate" => What::Rules(Sort::Gate),
        "statsig_dynamic_config" => What::Rules(Sort::Config),
        _ => What::Experiment,
    };
    one(&body, Some(what), &Gates::new(&find), (object, cx));
}

/// What an object is called in code: its id, else its name.
fn named<'d>(field: &Field<'d>, object: &Object<'d>) -> (&'d str, Span) {
    let text = |key: &str| field.get(key).and_then(|f| Some((f.text()?, f.span()))).filter(|(t, _)| !t.is_empty());
    let at = |span: Span| if object.in_template().is_some() { object.name_span() } else { span };
    match text("id").or_else(|| text("name")) {
        Some((name, span)) => (name, at(span)),
        None => (object.name(), at(field.anchor())),
    }
}
