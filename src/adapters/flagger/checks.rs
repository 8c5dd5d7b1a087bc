//! What the schema of `Canary` refuses, and what the controller ignores where it stands.

use super::analysis::{Analysis, Mirrors, Way, fits_pattern};
use crate::adapters::duration::go_seconds;
use crate::adapters::nodes::{items, present};
use crate::adapters::{Lowering, Object};
use crate::model::units::parse_seconds;
use crate::syntax::Node;

/// What the schema asks of `analysis`. Older versions had other schemas.
pub(super) fn schema(object: &Object<'_>, node: Node<'_>, partial: bool, cx: &mut Lowering<'_>) {
    let ways: Vec<Node<'_>> =
        ["iterations", "stepWeight", "stepWeights"].iter().filter_map(|k| present(node, k)).collect();
    if let [first, second, ..] = ways[..]
        && object.version == "v1beta1"
    {
        let names = ["iterations", "stepWeight", "stepWeights"].into_iter().filter(|k| present(node, k).is_some());
        let names = names.map(|k| format!("`{k}`")).collect::<Vec<_>>().join(" and ");
        let message = format!("`analysis` has {names}, and Flagger's schema takes exactly one of them");
        cx.invalid(second.anchor(), message, "keep one of them").related =
            Some((first.anchor(), "the other one".into()));
    }
    if partial {
        return;
    }
    never_advances(object, node, &ways, cx);
    for (key, example) in [("interval", "interval: 10m"), ("threshold", "threshold: 3")] {
        if object.version == "v1beta1" && node.get(key).is_none() {
            let message = format!("`analysis` has no `{key}`, and Flagger's schema needs one");
            cx.invalid(node.anchor(), message, format!("add `{example}`"));
        }
    }
}

/// Without any way to grow the canary stays where it is; without a mesh, ten checks are run.
fn never_advances(object: &Object<'_>, node: Node<'_>, ways: &[Node<'_>], cx: &mut Lowering<'_>) {
    let provider = object.spec().and_then(|s| s.get("provider")).and_then(Node::text);
    let message = match ways {
        [] if object.version == "v1beta1" => {
            "`analysis` has none of `stepWeight`, `stepWeights` and `iterations`, and Flagger's schema takes exactly one of them"
        }
        [] if provider == Some("kubernetes") => return,
        [] => "the analysis has none of `stepWeight`, `stepWeights` and `iterations`, so the canary never advances",
        [list] if list.is_seq() && list.items().next().is_none() => {
            "`stepWeights` is empty, so the canary never advances"
        }
        _ => return,
    };
    cx.invalid(ways.first().map_or(node.anchor(), |n| n.anchor()), message, "write `stepWeights: [5, 20, 50]`");
}

/// Intervals start with digits and `m` or `s`, and the controller has to be able to read them.
pub(super) fn interval(name: &str, node: Node<'_>, cx: &mut Lowering<'_>) {
    let Some(text) = node.text() else {
        cx.invalid(node.span(), format!("`{name}` is no duration"), "write `10m` or `90s`");
        return;
    };
    if crate::adapters::is_template(text) {
        return;
    }
    let message = match node.as_str() {
        Some(text) if fits_pattern(text) && go_seconds(text).is_some() => return,
        Some(text) if fits_pattern(text) => {
            format!("`{name}` is `{text}`, which Flagger can't read and takes for its default of 1m")
        }
        Some(_) | None => format!("`{name}` is `{text}`, and Flagger's schema takes digits followed by `m` or `s`"),
    };
    let remark = cx.invalid(node.span(), message, "write it in minutes or seconds, such as `10m` or `90s`");
    remark.found = Some(text.into());
    remark.required = Some("digits followed by `m` or `s`".into());
    if let Some(seconds) = parse_seconds(text).filter(|s| *s > 0) {
        let whole = if seconds % 60 == 0 { format!("{}m", seconds / 60) } else { format!("{seconds}s") };
        cx.same_as(node.span(), whole);
    }
}

/// What looks safe and does nothing.
pub(super) fn ignored(analysis: &Analysis<'_>, node: Node<'_>, cx: &mut Lowering<'_>) {
    if let Some(skip) = analysis.skip {
        let message = "`skipAnalysis: true` promotes at once, so this analysis never runs";
        cx.ignored(node.anchor(), message, "remove `skipAnalysis`").related =
            Some((skip, "the analysis is skipped here".into()));
        return;
    }
    if analysis.is_kubernetes() {
        return without_mesh(analysis, node, cx);
    }
    listed_over_maximum(node, cx);
    mirror(analysis, node, cx);
}

fn without_mesh(analysis: &Analysis<'_>, node: Node<'_>, cx: &mut Lowering<'_>) {
    let iterations = analysis.iterations.known().map_or_else(|| "its".to_owned(), u64::to_string);
    let what = format!("it runs {iterations} checks and moves everybody");
    for (key, does) in [
        ("stepWeight", "can't split traffic"),
        ("stepWeights", "can't split traffic"),
        ("maxWeight", "can't split traffic"),
        ("match", "can't tell users apart"),
    ] {
        let Some(value) = present(node, key).filter(|n| n.text() != Some("0")) else { continue };
        if value.is_seq() && value.items().next().is_none() {
            continue;
        }
        let message = format!("`{key}` is ignored: provider `kubernetes` {does}; {what}");
        let remark = cx.ignored(value.anchor(), message, "name the router in `provider`, or use `iterations`");
        remark.related = analysis.provider.map(|p| (p.span(), "this provider has no router".into()));
    }
    if let Some(mirror) = present(node, "mirror").filter(|n| n.as_bool() == Some(true)) {
        let message = "`mirror: true` is ignored: provider `kubernetes` can't copy traffic";
        let remark = cx.ignored(mirror.span(), message, "name the router in `provider`, or remove `mirror`");
        remark.related = analysis.provider.map(|p| (p.span(), "this provider has no router".into()));
    }
}

/// `maxWeight` has no say beside `stepWeights`.
fn listed_over_maximum(node: Node<'_>, cx: &mut Lowering<'_>) {
    let last = items(node, "stepWeights").last().and_then(|n| Some((n.as_i64()?, n.span())));
    let max = present(node, "maxWeight").and_then(|n| Some((n.as_i64()?, n.span())));
    let (Some((last, last_span)), Some((max, span))) = (last, max) else { return };
    if max > 0 && max < last.min(100) {
        let message = format!("`maxWeight: {max}` is ignored beside `stepWeights`, whose last entry is {last}");
        cx.ignored(span, message, format!("end `stepWeights` at {max}")).related =
            Some((last_span, "promotion starts from here".into()));
    }
}

fn mirror(analysis: &Analysis<'_>, node: Node<'_>, cx: &mut Lowering<'_>) {
    let Some(mirror) = present(node, "mirror").filter(|n| n.as_bool() == Some(true)) else { return };
    let provider = analysis.provider.and_then(Node::text).unwrap_or_default();
    let works = match (analysis.mirrors(), analysis.way) {
        (Mirrors::Never, _) => false,
        (Mirrors::GatewayApi, way) => way == Way::BlueGreen,
        (Mirrors::Istio | Mirrors::Unknown, way) => way != Way::AbTest,
    };
    if !works {
        let message = match analysis.way {
            Way::AbTest => "`mirror: true` is ignored: an A/B test copies no traffic".to_owned(),
            Way::Skipped | Way::BlueGreen | Way::Canary | Way::Untold => {
                format!("`mirror: true` is ignored: provider `{provider}` copies no traffic here")
            }
        };
        cx.ignored(mirror.span(), message, "use `provider: istio`, or remove `mirror`");
        return;
    }
    if let Some(weight) = present(node, "mirrorWeight").filter(|_| analysis.mirrors() == Mirrors::GatewayApi) {
        let message = format!("`mirrorWeight` is ignored: provider `{provider}` copies everything");
        cx.ignored(weight.span(), message, "remove `mirrorWeight`, or use `provider: istio`");
    }
}
