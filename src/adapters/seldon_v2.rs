//! Seldon Core v2: experiments between models or pipelines.

use std::collections::BTreeSet;

use super::nodes::{items, present, text};
use super::split::{Arm, baseline, of_arms, total};
use super::{Adapter, Lowering, Object, Workload, World, live_stage, payload};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{
    Backing, Basis, Comparer, Destination, Exposure, Fact, ObjectRef, Progression, Remark, RemarkKind, Rollout,
    RouterRule, Shadow, Share, Stage, Strategy, SubjectKind,
};
use crate::syntax::Node;
use crate::text::{Span, Spanned};

declare_adapter! {
    /// ## What is read
    ///
    /// `Experiment` of `mlops.seldon.io`; `Model` and `Pipeline` only for what they ship. `Experiment` of `argoproj.io` is
    /// another system.
    ///
    /// ## Mapping
    ///
    /// | manifest | model | when absent |
    /// |---|---|---|
    /// | `spec.candidates[].weight` | share of requests: weight over the sum, for all but `default` | 0 |
    /// | `spec.default` | the baseline, whose own endpoint the experiment takes over | an endpoint of its own: nobody meets it without asking |
    /// | `spec.mirror.percent` | shadow | 0: nothing is copied |
    /// | `storageUri` of the models, steps of the pipelines, names of the candidates | payload | – |
    ///
    /// ## What bites
    ///
    /// - Weights are proportional: 1 and 1 is half and half.
    /// - Without `default` no user of the normal endpoint is affected, whatever the weights say.
    /// - A mirror without `percent` copies nothing: the opposite of Seldon v1. Its answers are thrown away.
    /// - A model can be the default of one experiment only; it is said where two stand in one file.
    /// - Deleting the Experiment promotes or rolls back: what answers then is the default.
    /// - Nothing in the kind is a rollback criterion.
    ///
    /// Sources: SeldonIO/seldon-core: `operator/apis/mlops/v1alpha1/experiment_types.go`,
    /// `docs-gb/kubernetes/resources/experiment.md`, `scheduler/pkg/store/experiment/errors.go`.
    ///
    /// ## What it cannot see
    ///
    /// How long a split stands: the file's history in git tells. Whether clients send the sticky header back.
    pub SeldonV2 {
        id: "seldon-v2",
        title: "Seldon Core v2",
        summary: "Experiment of mlops.seldon.io",
        kinds: [("mlops.seldon.io", "Experiment"), ("mlops.seldon.io", "Model"), ("mlops.seldon.io", "Pipeline")],
    }
}

impl Adapter for SeldonV2 {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let Some(spec) = object.spec().filter(|s| s.is_map()) else { return };
        let shipped = match object.kind {
            "Model" => spec.get("storageUri").and_then(payload).into_iter().collect(),
            "Pipeline" => items(spec, "steps").filter_map(|s| s.get("name")).filter_map(payload).collect(),
            _ => return experiment(object, spec, cx),
        };
        let replicas = Fact::Absent { near: object.name_span() };
        cx.define(object.id(), Workload { payload: shipped, replicas });
    }
}

/// An experiment takes the endpoint of its default over.
struct TakenOver {
    by: Box<str>,
    span: Span,
}

fn experiment(object: &Object<'_>, spec: Node<'_>, cx: &mut Lowering<'_>) {
    let mut rollout = cx.blank(object, SubjectKind::Model);
    let candidates: Vec<Node<'_>> = items(spec, "candidates").collect();
    let names: Vec<Node<'_>> = candidates.iter().filter_map(|c| c.get("name")).collect();
    rollout.partial = is_patch(spec);
    if rollout.partial {
        return cx.rollout(rollout);
    }
    rollout.payload = names.iter().filter_map(|n| payload(*n)).collect();
    checks(spec, &names, cx);
    let default = cx.read_str(spec, "default");
    let stages = split(spec, &default, &candidates, cx);
    rollout.destinations = destinations(object, &default, &candidates);
    mirror(spec, &mut rollout, cx);
    let strategy = match (&rollout.shadow, stages.is_empty(), default.is_absent()) {
        (Some(_), true, _) => Strategy::Shadow,
        (_, _, true) => Strategy::AbTest,
        (_, _, false) => Strategy::Canary,
    };
    rollout.strategy = Spanned::new(strategy, object.name_span());
    rollout.progression = Progression::Live(stages);
    let kind = if text(spec, "resourceType") == "pipeline" { "Pipeline" } else { "Model" };
    let mirrored = spec.path(&["mirror", "name"]);
    let resources: Vec<ObjectRef> = names
        .into_iter()
        .chain(mirrored)
        .filter_map(Node::text)
        .map(|name| object.neighbour("mlops.seldon.io", kind, name))
        .collect();
    let endpoint = default.written().map(|name| object.neighbour("mlops.seldon.io", &format!("{kind} endpoint"), name));
    if let Some(endpoint) = &endpoint {
        cx.define(endpoint.clone(), TakenOver { by: object.name().into(), span: default.span() });
    }
    cx.rollout_after(rollout, move |rollout, world| {
        if let Some(endpoint) = &endpoint {
            taken_twice(rollout, endpoint, default.span(), world);
        }
        let shipped = resources.iter().filter_map(|id| world.find::<Workload>(id));
        rollout.payload.extend(shipped.flat_map(|w| w.payload.iter().cloned()));
        for destination in &mut rollout.destinations {
            let behind = resources.iter().find(|id| id.name == destination.name);
            let found = behind.and_then(|id| world.find::<Workload>(id));
            destination.backing = found.map(|w| Backing { payload: w.payload.clone(), told_by: Vec::new() });
        }
    });
}

/// Says so where an experiment earlier in the same file has the same default. Files apart may be applied apart.
fn taken_twice(rollout: &mut Rollout, endpoint: &ObjectRef, own: Span, world: &World<'_>) {
    let is_before = |t: &&TakenOver| t.span.file == own.file && t.span.start < own.start && t.by != rollout.id.name;
    let Some(first) = world.all::<TakenOver>(endpoint).into_iter().find(is_before) else { return };
    rollout.remarks.push(Remark {
        kind: RemarkKind::Invalid,
        span: own,
        message: format!("`{}` is already the default of experiment `{}`", endpoint.name, first.by).into(),
        help: "remove `default`, or end the other experiment first".into(),
        found: None,
        required: None,
        related: Some((first.span, "the other one".into())),
        instead: None,
    });
}

/// Does it lack all that an experiment is made of? It changes one then.
fn is_patch(spec: Node<'_>) -> bool {
    let made_of = [&["candidates"][..], &["default"], &["mirror", "name"]];
    made_of.iter().all(|path| spec.path(path).is_none()) && spec.entries().next().is_some()
}

/// What the scheduler refuses.
fn checks(spec: Node<'_>, names: &[Node<'_>], cx: &mut Lowering<'_>) {
    if names.is_empty() {
        let message = "the experiment has no candidates, and Seldon needs at least one";
        cx.invalid(spec.anchor(), message, "add `candidates: [{name: …, weight: …}]`");
        return;
    }
    let mirror = spec.path(&["mirror", "name"]);
    let mut seen = BTreeSet::new();
    for name in names.iter().copied().chain(mirror) {
        let Some(text) = name.text() else { continue };
        if !seen.insert(text) {
            let message = format!("`{text}` stands here twice, and candidates and mirror have to be distinct");
            cx.invalid(name.span(), message, "name each model or pipeline once");
        }
    }
    let Some(default) = present(spec, "default") else { return };
    let known = names.iter().any(|n| n.text() == default.text());
    if !known && default.text().is_some_and(|t| !super::is_template(t)) {
        let message = format!("`default` is `{}`, which is none of the candidates", default.text().unwrap_or_default());
        cx.invalid(default.span(), message, "add it to `candidates`, or name one of them");
    }
}

/// Every candidate but the default. Without a default they answer at an endpoint that people have to ask for.
fn split(spec: Node<'_>, default: &Fact<Box<str>>, candidates: &[Node<'_>], cx: &mut Lowering<'_>) -> Vec<Stage> {
    let arms: Vec<Arm> = candidates.iter().map(|c| arm(*c, cx)).collect();
    if arms.len() > 1 && arms.iter().all(|a| a.weight == Some(0)) {
        let span = present(spec, "candidates").unwrap_or(spec).anchor();
        let message = "all weights are 0, so no candidate answers: a weight left out is 0";
        cx.invalid(span, message, "give the default `weight: 95` and the new one `weight: 5`");
    }
    // Where the default is a template, any of them may be it.
    let total = if default.is_dynamic() { None } else { total(&arms) };
    let named = default.known().and_then(|d| arms.iter().position(|a| *a.service == **d));
    let base = named.unwrap_or_else(|| baseline(&arms));
    let stage = |(_, arm): (usize, &Arm)| {
        let exposure = match (arm.weight, total) {
            (Some(weight), Some(total)) => {
                let written = Share::of(weight, total);
                let served = if default.is_absent() { Share::NONE } else { written };
                Fact::stated(Exposure { written, effective: Some(served), basis: Basis::Requests }, arm.span)
            }
            (Some(_) | None, _) => Fact::Dynamic { expr: "".into(), span: arm.span },
        };
        let mut stage = live_stage(exposure, arm.span);
        stage.name = Some(arm.service.as_str().into());
        stage
    };
    arms.iter().enumerate().filter(|(i, _)| *i != base).map(stage).collect()
}

/// Where the requests to the default's endpoint go; without a default nobody is sent anywhere unasked.
fn destinations(object: &Object<'_>, default: &Fact<Box<str>>, candidates: &[Node<'_>]) -> Vec<Destination> {
    let Some(default) = default.known() else { return Vec::new() };
    let weight = |c: &Node<'_>| match present(*c, "weight") {
        Some(node) => node.as_i64().and_then(|w| u64::try_from(w).ok()),
        None => Some(0),
    };
    let arm = |c: &Node<'_>| Arm {
        service: text(*c, "name").to_owned(),
        version: None,
        weight: weight(c),
        span: present(*c, "weight").unwrap_or(*c).span(),
    };
    let arms: Vec<Arm> = candidates.iter().map(arm).collect();
    let mut all = of_arms(&arms, &RouterRule::only(), Basis::Requests);
    for destination in &mut all {
        destination.kin = object.name().into();
        destination.leaning = if destination.name == *default { -1 } else { 0 };
    }
    all
}

fn arm(candidate: Node<'_>, cx: &mut Lowering<'_>) -> Arm {
    let weight = cx.read_u64(candidate, "weight");
    let number = if weight.is_absent() { Some(0) } else { weight.known().copied() };
    let span = if weight.is_absent() { candidate.span() } else { weight.span() };
    Arm { service: text(candidate, "name").to_owned(), version: None, weight: number, span }
}

/// A mirror copies what `percent` says, and nothing when it says nothing.
fn mirror(spec: Node<'_>, rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    let Some(mirror) = present(spec, "mirror").filter(|m| m.is_map()) else { return };
    let share = super::split::whole_percent(mirror, "percent", cx);
    if share.is_absent() {
        let message = "the mirror has no `percent`, which is 0: nothing is copied to it";
        cx.ignored(mirror.anchor(), message, "add `percent: 100`");
        return;
    }
    if share.known() == Some(&Share::NONE) {
        return;
    }
    let span = mirror.anchor();
    let duration = Fact::Absent { near: span };
    rollout.shadow = Some(Shadow { share, duration, comparer: Comparer::Nothing, span });
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::lower;
    use crate::model::{RemarkKind, Rollout, Share, Strategy};

    fn experiment(spec: &str) -> Rollout {
        let text = format!(
            "apiVersion: mlops.seldon.io/v1alpha1\nkind: Experiment\nmetadata: {{name: e}}\nspec: {{{spec}}}\n---\napiVersion: mlops.seldon.io/v1alpha1\nkind: Model\nmetadata: {{name: m-42}}\nspec: {{storageUri: 'gs://m/42'}}\n"
        );
        lower(&text).remove(0)
    }

    #[test]
    fn weights_are_proportional_and_the_default_is_the_baseline() {
        let rollout = experiment("default: m-42, candidates: [{name: m-41, weight: 1}, {name: m-42, weight: 3}]");
        assert_eq!(rollout.stages()[0].share(), Some(Share::from_percent(25.0)));
        assert_eq!(rollout.stages()[0].name.as_deref(), Some("m-41"));
        assert_eq!(rollout.payload.last().map(|p| &*p.value), Some("gs://m/42"));
    }

    #[test]
    fn without_a_default_nobody_meets_it_unasked() {
        let rollout = experiment("candidates: [{name: m-41, weight: 1}, {name: m-42, weight: 1}]");
        let exposure = rollout.stages()[0].exposure.known().copied().unwrap();
        assert_eq!((exposure.written, exposure.judged()), (Share::from_percent(50.0), Share::NONE));
    }

    #[test]
    fn a_mirror_without_a_percentage_copies_nothing() {
        let candidates = "default: m-41, candidates: [{name: m-41, weight: 100}]";
        let silent = experiment(&format!("{candidates}, mirror: {{name: m-42}}"));
        assert_eq!((silent.shadow.is_none(), silent.remarks[0].kind), (true, RemarkKind::Ignored));
        let half = experiment(&format!("{candidates}, mirror: {{name: m-42, percent: 50}}"));
        assert_eq!((half.shadow.is_some(), half.strategy.value), (true, Strategy::Shadow));
    }

    #[test]
    fn patches_and_templates() {
        assert!(experiment("mirror: {percent: 5}").partial);
        let candidates = "candidates: [{name: m-41, weight: 9}, {name: m-42, weight: 1}]";
        assert!(experiment(&format!("default: '${{STABLE}}', {candidates}")).stages()[0].exposure.is_dynamic());
        assert_eq!(experiment(&format!("default: m-41, {candidates}")).strategy.value, Strategy::Canary);
        assert_eq!(experiment(candidates).strategy.value, Strategy::AbTest);
    }

    #[test]
    fn what_the_scheduler_refuses() {
        for refused in [
            "default: m-41, candidates: [{name: m-41}, {name: m-42}]",
            "default: m-41",
            "default: m-40, candidates: [{name: m-41, weight: 1}]",
            "default: m-41, candidates: [{name: m-41, weight: 1}, {name: m-41, weight: 1}]",
            "default: m-41, candidates: [{name: m-41, weight: 1}], mirror: {name: m-41, percent: 5}",
        ] {
            let rollout = experiment(refused);
            assert_eq!(rollout.remarks.len(), 1, "{refused}");
            assert_eq!(rollout.remarks[0].kind, RemarkKind::Invalid);
        }
    }
}
