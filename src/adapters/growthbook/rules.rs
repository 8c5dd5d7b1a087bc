//! The rules of a feature, of which the first that applies wins.

use super::audience;
use super::rest::{Hash, Range, Rest, length};
use super::values::Values;
use super::weights::{self, Weights};
use crate::adapters::Lowering;
use crate::adapters::flag::{Arm, Flag, Ring, Split, basis_of};
use crate::adapters::nodes::{items, present, text};
use crate::model::{Basis, Share};
use crate::syntax::Node;

/// What one rule serves to those it is for.
struct Serving {
    /// Each value, and its part of the hash.
    parts: Vec<Part>,
    hash: Hash,
    /// How many of them are asked at all: a namespace, filters.
    part: f64,
}

struct Part {
    variation: usize,
    /// `None` where it cannot be known.
    range: Option<Range>,
    /// The share that was written, where the engine makes another of it.
    written: Option<f64>,
    node: crate::text::Span,
}

/// Fills `flag` by its `rules`, for those whom they leave by its default.
pub(super) fn read(
    flag: &mut Flag,
    values: &mut Values,
    rules: &[Node<'_>],
    default: Option<Node<'_>>,
    cx: &mut Lowering<'_>,
) {
    let (mut rest, mut arms, mut basis) = (Rest::default(), Vec::new(), None);
    for rule in rules {
        if present(*rule, "enabled").and_then(Node::as_bool) == Some(false) {
            continue;
        }
        let Some(serving) = serving(flag, values, *rule, cx) else { continue };
        if let Some(who) = audience::of(*rule) {
            let split = Split { arms: serving.alone(), span: rule.anchor() };
            flag.rings.push(Ring { name: who.name.into(), size: who.size, customers: who.customers, split });
            continue;
        }
        let Some(mut served) = serving.of_rest(&mut rest) else {
            flag.rest = Split::unknown(rule.anchor());
            return;
        };
        basis = basis.or_else(|| Some(serving.hash.0.clone()));
        arms.append(&mut served);
        if rest.share() < 1e-9 {
            break;
        }
    }
    flag.basis = basis.map_or(Basis::Users, |by| basis_of(&by));
    let left = Share::from_percent(rest.share() * 100.0);
    let (variation, span) = match default {
        Some(node) => (Some(values.place(flag, node, None)), node.span()),
        None => (None, flag.name_span),
    };
    if left != Share::NONE {
        arms.push(Arm { variation, share: Some(left), written: None, span });
    }
    if flag.control().is_none() {
        flag.off = variation;
    }
    flag.rest = Split { arms, span };
}

impl Serving {
    /// The shares of those whom a rule picks.
    fn alone(&self) -> Vec<Arm> {
        let arm = |part: &Part| Arm {
            variation: Some(part.variation),
            share: part.range.map(|(from, to)| Share::from_percent((to - from).max(0.0) * self.part * 100.0)),
            written: None,
            span: part.node,
        };
        self.parts.iter().map(arm).collect()
    }

    /// The shares of everybody, of whom the rules before took theirs; `None` where they cannot be known.
    fn of_rest(&self, rest: &mut Rest) -> Option<Vec<Arm>> {
        let ranges = self.parts.iter().map(|p| p.range).collect::<Option<Vec<Range>>>()?;
        let before = rest.share();
        let shares = rest.take(&self.hash, &ranges, self.part);
        let arm = |(part, share): (&Part, f64)| {
            let written = part.written.map(|w| Share::from_percent(w * before * self.part * 100.0));
            let share = Share::from_percent(share * 100.0);
            Arm { variation: Some(part.variation), share: Some(share), written, span: part.node }
        };
        Some(self.parts.iter().zip(shares).map(arm).collect())
    }
}

/// What `rule` serves; `None` where it serves nothing.
fn serving(flag: &mut Flag, values: &mut Values, rule: Node<'_>, cx: &mut Lowering<'_>) -> Option<Serving> {
    let kind = text(rule, "type");
    let forced = rule.get("force").or_else(|| rule.get("value").filter(|_| matches!(kind, "force" | "rollout")));
    let parts = if let Some(value) = forced {
        vec![one(flag, values, rule, value, cx)]
    } else if kind == "safe-rollout" {
        safe(flag, values, rule)
    } else {
        experiment(flag, values, rule, cx)
    };
    let own = || if forced.is_some() { &*flag.key } else { "" };
    let seeds = ["seed", "trackingKey", "key"].map(|key| text(rule, key));
    let seed = seeds.into_iter().find(|s| !s.is_empty()).unwrap_or_else(own);
    let seed = if seed.is_empty() { &*flag.key } else { seed };
    let by = [text(rule, "hashAttribute"), "id"].into_iter().find(|by| !by.is_empty()).unwrap_or_default();
    let hash = (by.to_owned(), seed.to_owned(), text(rule, "hashVersion").to_owned());
    (!parts.is_empty()).then(|| Serving { parts, hash, part: asked(rule) })
}

/// A forced value, for a part of those it is for.
fn one(flag: &mut Flag, values: &mut Values, rule: Node<'_>, value: Node<'_>, cx: &mut Lowering<'_>) -> Part {
    let variation = values.place(flag, value, None);
    let range = match present(rule, "range") {
        Some(range) => weights::range(range),
        None => weights::fraction(rule, "coverage", cx).map(|coverage| (0.0, coverage)),
    };
    let node = present(rule, "range").or_else(|| present(rule, "coverage")).unwrap_or(value);
    Part { variation, range, written: None, node: node.span() }
}

/// A safe rollout of the REST API: how far it is stands in another object.
fn safe(flag: &mut Flag, values: &mut Values, rule: Node<'_>) -> Vec<Part> {
    let mut part = |key: &str, range| {
        let value = rule.get(key)?;
        Some(Part { variation: values.place(flag, value, None), range, written: None, node: value.span() })
    };
    match text(rule, "status") {
        "released" => part("variationValue", Some((0.0, 1.0))).into_iter().collect(),
        "rolled-back" | "stopped" => part("controlValue", Some((0.0, 1.0))).into_iter().collect(),
        _ => ["controlValue", "variationValue"].into_iter().filter_map(|key| part(key, None)).collect(),
    }
}

fn experiment(flag: &mut Flag, values: &mut Values, rule: Node<'_>, cx: &mut Lowering<'_>) -> Vec<Part> {
    let kind = text(rule, "type");
    let listed: Vec<Node<'_>> = ["variations", "values", "value"]
        .iter()
        .find_map(|key| rule.get(key).filter(|v| v.is_seq()))
        .into_iter()
        .flat_map(Node::items)
        .collect();
    let written = rule.get("weights").filter(|w| w.is_seq());
    let nodes: Vec<Node<'_>> = match written {
        Some(list) => list.items().collect(),
        None => listed.iter().filter(|_| !kind.is_empty()).filter_map(|v| v.get("weight")).collect(),
    };
    let is_elsewhere = kind == "experiment-ref" && nodes.is_empty();
    let own = rule.get("ranges").filter(|r| r.is_seq());
    let coverage = if own.is_none() { weights::fraction(rule, "coverage", cx) } else { Some(1.0) };
    let shared = if own.is_none() { weights::of(written, &nodes, listed.len(), cx) } else { None };
    let ranges = match own {
        Some(list) => list.items().map(weights::range).collect::<Option<Vec<Range>>>(),
        None => shared.as_ref().zip(coverage).map(|(w, c)| weights::ranges(&w.served, c)),
    };
    let ranges = ranges.filter(|_| !is_elsewhere);
    let part = |(index, value): (usize, &Node<'_>)| {
        let label =
            rule.get("meta").and_then(|m| m.items().nth(index)).map(|m| text(m, "name")).filter(|n| !n.is_empty());
        let served = if kind.is_empty() { *value } else { value.get("value").unwrap_or(*value) };
        let written = shared.as_ref().and_then(|w: &Weights| w.written.as_ref()?.get(index).copied());
        Part {
            variation: values.place(flag, served, label),
            range: ranges.as_ref().and_then(|r| r.get(index).copied()),
            written: written.zip(coverage).map(|(w, c)| w * c),
            node: nodes.get(index).map_or_else(|| value.span(), |n| n.span()),
        }
    };
    listed.iter().enumerate().map(part).collect()
}

/// How many are asked at all: those in the namespace and in every filter.
fn asked(rule: Node<'_>) -> f64 {
    let namespace = present(rule, "namespace").map_or(1.0, |n| match n.get("range") {
        _ if n.get("enabled").and_then(Node::as_bool) == Some(false) => 1.0,
        Some(range) => weights::range(range).map_or(1.0, |r| length(&[r])),
        None => {
            let bounds: Vec<f64> = n.items().skip(1).filter_map(Node::as_f64).collect();
            if let [from, to] = *bounds { length(&[(from, to)]) } else { 1.0 }
        }
    });
    let filter = |f: Node<'_>| {
        let ranges: Option<Vec<Range>> = f.get("ranges").and_then(|r| r.items().map(weights::range).collect());
        ranges.map_or(1.0, |r| length(&r))
    };
    // An engine that knows filters does not look at the namespace.
    if items(rule, "filters").next().is_some() { items(rule, "filters").map(filter).product() } else { namespace }
}
