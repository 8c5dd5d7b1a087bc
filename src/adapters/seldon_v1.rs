//! Seldon Core v1: predictors side by side, shadows, and routers inside a graph.

use super::nodes::{items, present, text};
use super::split::{Arm, baseline, of_arms};
use super::{Adapter, Lowering, Object, live_stage, payload};
use crate::catalog::AdapterMeta;
use crate::declare_adapter;
use crate::model::{
    Basis, Comparer, Destination, Exposure, Fact, Payload, Progression, Rollout, RouterRule, Shadow, Share, Stage,
    Strategy, SubjectKind,
};
use crate::syntax::Node;
use crate::text::Spanned;

declare_adapter! {
    /// ## What is read
    ///
    /// `SeldonDeployment` of `machinelearning.seldon.io` in any version, as YAML or JSON.
    ///
    /// ## Mapping
    ///
    /// | manifest | model | when absent |
    /// |---|---|---|
    /// | `spec.predictors[].traffic` | share of requests of every predictor that is not the baseline | 0; a lone predictor takes everything |
    /// | `spec.predictors[].shadow: true` | shadow; its `traffic` is the share mirrored | absent or 0: everything |
    /// | `graph` with `implementation: RANDOM_ABTEST`, parameter `ratioA` | a split inside the predictor | – |
    /// | `graph` with `type: ROUTER` | a split decided at run time: nobody can read its shares here | – |
    /// | `graph.modelUri`, container images | payload | – |
    /// | Istio's `<name>-http` and `<name>-grpc` | owned: judged here | – |
    ///
    /// The baseline is the predictor named as the old side (`main`, `default`, `stable`), else the largest share.
    ///
    /// ## What bites
    ///
    /// - Two or more predictors have to add up to exactly 100, and one without `traffic` counts as 0. A lone one takes
    ///   everything, and may say 100, 0 or nothing.
    /// - Replacing the only predictor, or its model, is a rolling update that everybody meets at once.
    /// - A shadow's traffic is no part of that sum. `traffic: 0` on a shadow copies *everything*, and only Istio honours a
    ///   share.
    /// - Nothing compares a shadow's answers: they are thrown away. A logger keeps them and compares nothing.
    /// - Nothing in the kind is a rollback criterion.
    ///
    /// Sources: SeldonIO/seldon-core (v1.17.1):
    /// `operator/apis/machinelearning.seldon.io/v1/seldondeployment_types.go`,
    /// `operator/apis/machinelearning.seldon.io/v1/seldondeployment_webhook.go`, `operator/controllers/istio_util.go`.
    ///
    /// ## What it cannot see
    ///
    /// How long a split stands: the file's history in git tells. Where a bandit sends requests.
    pub SeldonV1 {
        id: "seldon-v1",
        title: "Seldon Core v1",
        summary: "SeldonDeployment of machinelearning.seldon.io",
        kinds: [("machinelearning.seldon.io", "SeldonDeployment")],
    }
}

impl Adapter for SeldonV1 {
    fn meta(&self) -> &'static AdapterMeta {
        Self::META
    }

    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>) {
        let Some(spec) = object.spec() else { return };
        let predictors: Vec<Node<'_>> = items(spec, "predictors").collect();
        let mut rollout = cx.blank(object, SubjectKind::Model);
        if predictors.is_empty() {
            let Some(list) = present(spec, "predictors") else { return };
            cx.invalid(list.anchor(), "there are no predictors, and Seldon needs one", "add a predictor");
            return cx.rollout(rollout);
        }
        rollout.partial = predictors.iter().all(|p| present(*p, "graph").is_none());
        rollout.payload = predictors.iter().flat_map(|p| shipped(*p)).collect();
        names(&predictors, cx);
        let is_shadow = |p: &Node<'_>| cx.read_bool(*p, "shadow").known() == Some(&true);
        let (shadows, serving): (Vec<Node<'_>>, Vec<Node<'_>>) = predictors.into_iter().partition(is_shadow);
        if let ([only], []) = (&*shadows, &*serving) {
            let span = only.get("shadow").unwrap_or(*only).span();
            let message = "the only predictor is a shadow, so nobody answers, and Seldon refuses it";
            cx.invalid(span, message, "add the predictor that answers people");
        }
        rollout.destinations = destinations(object, &serving);
        let mut stages = split(object, spec, &serving, (rollout.partial, !shadows.is_empty()), cx);
        for predictor in &serving {
            let Some(graph) = present(*predictor, "graph") else { continue };
            let whole = if serving.len() == 1 { Some(Share::ALL) } else { share(*predictor) };
            routers(graph, (0, whole), &mut stages, cx);
        }
        mirror(&shadows, &mut rollout, cx);
        for name in ["http", "grpc"] {
            let router = format!("{}-{name}", object.name());
            rollout.owns.push(object.neighbour("networking.istio.io", "VirtualService", &router));
        }
        let split = stages.iter().any(|s| s.share() != Some(Share::ALL));
        let strategy = match (split, &rollout.shadow) {
            (true, _) => Strategy::Canary,
            (false, Some(_)) => Strategy::Shadow,
            (false, None) => Strategy::AllAtOnce,
        };
        rollout.strategy = Spanned::new(strategy, object.name_span());
        rollout.progression = Progression::Live(stages);
        cx.rollout(rollout);
    }
}

/// The share of requests that `predictor` gets among others, where it is known.
fn share(predictor: Node<'_>) -> Option<Share> {
    let Some(traffic) = present(predictor, "traffic") else { return Some(Share::NONE) };
    traffic.as_i64().and_then(|t| u64::try_from(t).ok()).map(|t| Share::of(t.min(100), 100))
}

/// Each predictor that answers, with what it ships and its share.
fn destinations(object: &Object<'_>, serving: &[Node<'_>]) -> Vec<Destination> {
    let arm = |predictor: &Node<'_>| Arm {
        service: object.name().to_owned(),
        version: Some(text(*predictor, "name").to_owned()),
        weight: share(*predictor).map(|s| u64::from(s.ppm())),
        span: present(*predictor, "traffic").unwrap_or(*predictor).anchor(),
    };
    let mut all = of_arms(&serving.iter().map(arm).collect::<Vec<_>>(), &RouterRule::only(), Basis::Requests);
    for (destination, predictor) in all.iter_mut().zip(serving) {
        destination.ships = shipped(*predictor).into_iter().map(|p| p.value).collect();
    }
    all
}

/// Seldon refuses two predictors of one name.
fn names(predictors: &[Node<'_>], cx: &mut Lowering<'_>) {
    let named: Vec<Node<'_>> = predictors.iter().filter_map(|p| present(*p, "name")).collect();
    for (index, node) in named.iter().enumerate() {
        let Some(first) = named[..index].iter().find(|n| n.text() == node.text()) else { continue };
        let message = format!("two predictors are called `{}`", node.text().unwrap_or_default());
        cx.invalid(node.span(), message, "give each predictor a name of its own").related =
            Some((first.span(), "the first one".into()));
    }
}

/// The shares of the predictors that are not the baseline; of a lone one, everything.
fn split(
    object: &Object<'_>,
    spec: Node<'_>,
    serving: &[Node<'_>],
    (partial, shadowed): (bool, bool),
    cx: &mut Lowering<'_>,
) -> Vec<Stage> {
    let traffic: Vec<Fact<u64>> = serving.iter().map(|p| cx.read_u64(*p, "traffic")).collect();
    if let ([predictor], [traffic]) = (serving, &*traffic) {
        return vec![alone(*predictor, traffic, !shadowed, cx)];
    }
    let known = |t: &Fact<u64>| if t.is_absent() { Some(0) } else { t.known().copied() };
    let sum = traffic.iter().try_fold(0u64, |sum, t| Some(sum.saturating_add(known(t)?)));
    if let Some(sum) = sum.filter(|s| *s != 100 && !partial && serving.len() > 1) {
        let anchor = spec.get("predictors").map_or_else(|| object.name_span(), Node::anchor);
        let message = format!("the traffic of the predictors adds up to {sum}, and Seldon needs exactly 100");
        let remark = cx.invalid(anchor, message, "make the `traffic` of all predictors but the shadow add up to 100");
        remark.found = Some(sum.to_string().into());
        remark.required = Some("100".into());
    }
    let arm = |(predictor, traffic): (&Node<'_>, &Fact<u64>)| Arm {
        service: object.name().to_owned(),
        version: Some(text(*predictor, "name").to_owned()),
        weight: known(traffic),
        span: traffic.span(),
    };
    let arms: Vec<Arm> = serving.iter().zip(&traffic).map(arm).collect();
    let base = baseline(&arms);
    let candidates = serving.iter().zip(traffic).enumerate().filter(|(i, _)| *i != base);
    candidates.map(|(_, (predictor, traffic))| candidate(*predictor, traffic)).collect()
}

fn candidate(predictor: Node<'_>, traffic: Fact<u64>) -> Stage {
    let span = traffic.span();
    let traffic = traffic.or_default(0, "seldon v1: 0 when absent");
    let mut stage = live_stage(traffic.map(|t| Exposure::exact(Share::of(t.min(100), 100), Basis::Requests)), span);
    stage.name = Some(text(predictor, "name").into());
    stage
}

/// A lone predictor takes everything, whatever its traffic says. Beside a shadow nobody checks what it says.
fn alone(predictor: Node<'_>, traffic: &Fact<u64>, checked: bool, cx: &mut Lowering<'_>) -> Stage {
    if let Fact::Stated(written) = traffic
        && checked
        && (1..100).contains(&written.value)
    {
        let message =
            format!("the only predictor has `traffic: {}`, and Seldon takes 100, 0 or none there", written.value);
        cx.invalid(written.span, message, "remove `traffic`, or add the predictor that takes the rest");
    }
    let near = predictor.get("name").map_or(predictor.anchor(), Node::span);
    let value = Exposure::exact(Share::ALL, Basis::Requests);
    let mut stage =
        live_stage(Fact::Defaulted { value, by: "seldon v1: a lone predictor takes everything", near }, near);
    stage.name = Some(text(predictor, "name").into());
    stage
}

/// A shadow copies everything unless a share of 1 to 100 is written.
fn mirror(shadows: &[Node<'_>], rollout: &mut Rollout, cx: &mut Lowering<'_>) {
    let Some(shadow) = shadows.first() else { return };
    let span = shadow.get("shadow").map_or(shadow.anchor(), Node::span);
    if let Some(second) = shadows.get(1) {
        let message = format!("{} predictors are shadows, and Seldon takes at most one", shadows.len());
        let at = second.get("shadow").map_or(second.anchor(), Node::span);
        cx.invalid(at, message, "keep one shadow").related = Some((span, "the first one".into()));
    }
    let traffic = cx.read_u64(*shadow, "traffic");
    if let Some(number) = traffic.written().filter(|t| **t > 100) {
        let message = format!("`traffic` of a shadow is {number}, and at most 100 is allowed");
        cx.invalid(traffic.span(), message, "write a percentage between 1 and 100");
    }
    let share = if traffic.written() == Some(&0) {
        let message = "`traffic: 0` on a shadow is ignored: everything is copied to it";
        cx.ignored(traffic.span(), message, "write a share between 1 and 100, or remove the shadow");
        Fact::Absent { near: traffic.span() }
    } else {
        traffic.map(|t| Share::of(t.min(100), 100))
    };
    rollout.shadow = Some(Shadow {
        share: share.or_default(Share::ALL, "seldon v1: everything when absent"),
        duration: Fact::Absent { near: span },
        comparer: Comparer::Nothing,
        span,
    });
}

/// Splits inside a graph: those with a fixed ratio, and those that move traffic at run time. `whole` is the share of all
/// requests that reaches this node, `None` behind another router.
fn routers(graph: Node<'_>, (depth, whole): (usize, Option<Share>), stages: &mut Vec<Stage>, cx: &mut Lowering<'_>) {
    // No graph of a person is deeper.
    if depth > 16 {
        return;
    }
    let children: Vec<Node<'_>> = items(graph, "children").collect();
    let name = text(graph, "name");
    let mut below = None;
    if text(graph, "implementation") == "RANDOM_ABTEST" {
        stages.extend(random(name, graph, &children, cx).map(|stage| within(stage, whole)));
    } else if text(graph, "type") == "ROUTER" && children.len() > 1 {
        let span = graph.get("type").unwrap_or(graph).span();
        if let Some(kind) = graph.get("type") {
            cx.unknown(kind, "decided-at-run-time");
        }
        let mut stage = live_stage(Fact::Dynamic { expr: format!("router {name}").into(), span }, span);
        stage.name = Some(name.into());
        stages.push(stage);
    } else {
        below = whole;
    }
    for child in children {
        routers(child, (depth + 1, below), stages, cx);
    }
}

/// A stage inside a graph that `whole` of all requests reaches.
fn within(mut stage: Stage, whole: Option<Share>) -> Stage {
    let product =
        |part: Share, whole: Share| Share::of(u64::from(part.ppm()) * u64::from(whole.ppm()), 1_000_000_000_000);
    stage.exposure = stage.exposure.map(|e| Exposure { effective: whole.map(|w| product(e.written, w)), ..e });
    stage
}

/// `ratioA` goes to the first child, the rest to the second.
fn random(name: &str, graph: Node<'_>, children: &[Node<'_>], cx: &mut Lowering<'_>) -> Option<Stage> {
    let [first, second] = children else { return None };
    let parameter = items(graph, "parameters").find(|p| text(*p, "name") == "ratioA");
    let Some(value) = parameter.and_then(|p| present(p, "value")) else {
        let message = format!("router `{name}` has no parameter `ratioA`, and an A/B test needs one");
        let anchor = graph.get("parameters").unwrap_or(graph).anchor();
        cx.invalid(anchor, message, "add `{name: ratioA, value: \"0.95\", type: FLOAT}`");
        return None;
    };
    let ratio = cx.take(value, "ratioA", "a share between 0 and 1", |n| {
        n.text().and_then(|t| t.trim().parse::<f64>().ok()).filter(|r| (0.0..=1.0).contains(r))
    });
    let shares = ratio.known().map(|r| (Share::from_percent(r * 100.0), Share::from_percent((1.0 - r) * 100.0)));
    let arm = |child: &Node<'_>, share: Option<Share>| Arm {
        service: name.to_owned(),
        version: Some(text(*child, "name").to_owned()),
        weight: share.map(|s| u64::from(s.ppm())),
        span: value.span(),
    };
    let arms = [arm(first, shares.map(|s| s.0)), arm(second, shares.map(|s| s.1))];
    super::split::candidates(&arms, None, Basis::Requests).into_iter().next()
}

/// Model URIs of the graph, and images of the containers; old files keep the pod's spec one level up.
fn shipped(predictor: Node<'_>) -> Vec<Payload> {
    let mut found = Vec::new();
    for component in items(predictor, "componentSpecs").chain(present(predictor, "componentSpec")) {
        let pod = present(component, "spec").unwrap_or(component);
        found.extend(items(pod, "containers").filter_map(|c| c.get("image")).filter_map(payload));
    }
    if let Some(graph) = present(predictor, "graph") {
        uris(graph, 0, &mut found);
    }
    found
}

fn uris(graph: Node<'_>, depth: usize, found: &mut Vec<Payload>) {
    if depth > 16 {
        return;
    }
    found.extend(graph.get("modelUri").and_then(payload));
    for child in items(graph, "children") {
        uris(child, depth + 1, found);
    }
}

#[cfg(test)]
mod tests {
    use crate::adapters::testing::lower;
    use crate::model::{RemarkKind, Rollout, Share, Strategy};

    fn deployment(predictors: &str) -> Rollout {
        let text = format!(
            "apiVersion: machinelearning.seldon.io/v1\nkind: SeldonDeployment\nmetadata: {{name: fraud}}\nspec:\n  predictors: [{predictors}]\n"
        );
        lower(&text).remove(0)
    }

    fn shares(rollout: &Rollout) -> Vec<f64> {
        rollout.stages().iter().map(|s| s.share().map_or(-1.0, Share::percent)).collect()
    }

    #[test]
    fn all_but_the_baseline_are_candidates() {
        let two = deployment(
            "{name: main, traffic: 95, graph: {modelUri: s3://m/41}}, {name: next, traffic: 5, graph: {modelUri: s3://m/42}}",
        );
        assert_eq!((shares(&two), two.remarks.len(), two.payload.len()), (vec![5.0], 0, 2));
        let moved = deployment("{name: main, traffic: 20, graph: {}}, {name: a, traffic: 80, graph: {}}");
        assert_eq!(shares(&moved), [80.0]);
    }

    #[test]
    fn a_lone_one_takes_everything_and_sums_are_exact() {
        for traffic in ["", "traffic: 0, ", "traffic: 100, "] {
            let rollout = deployment(&format!("{{name: main, {traffic}graph: {{}}}}"));
            assert_eq!((shares(&rollout), rollout.remarks.len()), (vec![100.0], 0));
        }
        for broken in [
            "{name: main, traffic: 40, graph: {}}",
            "{name: main, traffic: 90, graph: {}}, {name: next, graph: {}}",
            "{name: main, shadow: true, graph: {}}",
            "{name: a, traffic: 60, graph: {}}, {name: a, traffic: 40, graph: {}}",
        ] {
            assert_eq!(deployment(broken).remarks[0].kind, RemarkKind::Invalid, "{broken}");
        }
    }

    #[test]
    fn a_shadow_copies_everything_unless_it_says_how_much() {
        let with = |shadow: &str| {
            deployment(&format!(
                "{{name: main, traffic: 100, graph: {{}}}}, {{name: next, shadow: true, {shadow}graph: {{}}}}"
            ))
        };
        let share = |r: &Rollout| r.shadow.as_ref().and_then(|s| s.share.known().copied());
        let absent = with("");
        assert_eq!((share(&absent), absent.strategy.value), (Some(Share::ALL), Strategy::Shadow));
        assert_eq!((shares(&absent), absent.remarks.len()), (vec![100.0], 0));
        let zero = with("traffic: 0, ");
        assert_eq!((share(&zero), zero.remarks[0].kind), (Some(Share::ALL), RemarkKind::Ignored));
        assert_eq!(share(&with("traffic: 20, ")), Some(Share::from_percent(20.0)));
    }

    #[test]
    fn routers_inside_a_graph() {
        let children = "children: [{name: a, type: MODEL}, {name: b, type: MODEL}]";
        let fixed = format!(
            "{{name: ab, implementation: RANDOM_ABTEST, parameters: [{{name: ratioA, value: '0.9'}}], {children}}}"
        );
        assert_eq!(shares(&deployment(&format!("{{name: p, graph: {fixed}}}"))), [100.0, 10.0]);
        let part = format!("{{name: main, traffic: 80, graph: {{}}}}, {{name: next, traffic: 20, graph: {fixed}}}");
        assert_eq!(shares(&deployment(&part)), [20.0, 2.0]);
        let bandit = deployment(&format!("{{name: p, graph: {{name: eg, type: ROUTER, {children}}}}}"));
        assert!(bandit.stages()[1].exposure.is_dynamic() && !bandit.undetermined.is_empty());
    }
}
